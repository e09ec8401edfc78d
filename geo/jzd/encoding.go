package jzd

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"

	"towngrid/geo"
	"towngrid/geo/shapefile"
)

// Encodings of text, by the names that users see.
const (
	gb18030 = "GB18030" // and its subsets GBK and GB 2312
	utf8Set = "UTF-8"
)

// The names of the two sections, which tell the encoding: no text is both.
const (
	attributes = "[属性描述]"
	parcels    = "[地块坐标]"
)

const (
	// sampleBytes is how much text is looked at to tell its encoding.
	sampleBytes = 64 << 10
	bom         = "\ufeff"
)

// tellEncoding decides by the section names, else by whether the text is valid UTF-8.
func tellEncoding(r io.ReaderAt, size int64) (shapefile.Encoding, error) {
	b := make([]byte, min(size, sampleBytes))
	if n, err := r.ReadAt(b, 0); n < len(b) {
		if err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return shapefile.Encoding{}, err
	}
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xfe")), bytes.HasPrefix(b, []byte("\xfe\xff")):
		return shapefile.Encoding{}, geo.Errorf("not_jzd", "文件是 UTF-16 编码；请另存为 GBK 或 UTF-8", "the file is UTF-16; save it as GBK or UTF-8")
	case bytes.HasPrefix(b, []byte(bom)):
		return shapefile.Encoding{Name: utf8Set, Evidence: geo.Text{ZH: "文件以 UTF-8 标记（BOM）开头", EN: "the file begins with the mark of UTF-8 (BOM)"}}, nil
	}
	for _, section := range []string{attributes, parcels} {
		evidence := geo.Textf("%s 是这种编码", "%s is in this encoding", section)
		if bytes.Contains(b, []byte(section)) {
			return shapefile.Encoding{Name: utf8Set, Evidence: evidence}, nil
		}
		if gbk, err := simplifiedchinese.GB18030.NewEncoder().String(section); err == nil && bytes.Contains(b, []byte(gbk)) {
			return shapefile.Encoding{Name: gb18030, Evidence: evidence}, nil
		}
	}
	if valid(b) {
		return shapefile.Encoding{Name: utf8Set, Evidence: geo.Text{ZH: "按内容判断：文字是有效的 UTF-8", EN: "by content: the text is valid UTF-8"}}, nil
	}
	return shapefile.Encoding{Name: gb18030, Evidence: geo.Text{ZH: "按内容判断：文字不是有效的 UTF-8", EN: "by content: the text is not valid UTF-8"}}, nil
}

// valid says that b, which may be cut within its last character, is UTF-8.
func valid(b []byte) bool {
	for cut := range min(len(b)+1, utf8.UTFMax) {
		if utf8.Valid(b[:len(b)-cut]) {
			return true
		}
	}
	return false
}

// decoder turns lines into text.
type decoder struct {
	gbk *encoding.Decoder // nil for UTF-8
}

func newDecoder(name string) decoder {
	if name == gb18030 {
		return decoder{simplifiedchinese.GB18030.NewDecoder()}
	}
	return decoder{}
}

// text decodes a line; ok is false where some bytes are no character.
func (d decoder) text(b []byte) (text []byte, ok bool) {
	if isASCII(b) {
		return b, true
	}
	if d.gbk == nil {
		return bytes.TrimPrefix(b, []byte(bom)), utf8.Valid(b)
	}
	text, err := d.gbk.Bytes(b)
	return text, err == nil && !bytes.ContainsRune(text, utf8.RuneError)
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// newEncoder gives what turns text into the bytes of a file, and its name.
func newEncoder(name string) (encode func(string) (string, error), ok bool) {
	switch strings.ToUpper(name) {
	case "", "GBK", gb18030:
		return simplifiedchinese.GBK.NewEncoder().String, true
	case utf8Set:
		return validText, true
	}
	return nil, false
}

// validText passes text that is UTF-8.
func validText(s string) (string, error) {
	if !utf8.ValidString(s) {
		return "", encoding.ErrInvalidUTF8
	}
	return s, nil
}

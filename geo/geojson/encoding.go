package geojson

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"towngrid/geo"
)

// sampleBytes is how much text is looked at to tell its encoding.
const sampleBytes = 256 << 10

// notUTF8 says why a file that is not UTF-8 from offset bad on cannot be read at all:
// it is GBK as a whole. It is nil for a file that is UTF-8 with some damage.
func notUTF8(r io.ReaderAt, size, bad int64) error {
	b := make([]byte, min(size-bad, sampleBytes))
	if n, err := r.ReadAt(b, bad); n < len(b) && err != io.EOF {
		return err
	}
	if !isGBK(b) {
		return nil
	}
	return geo.Errorf("not_utf8",
		"文件的文字是 GBK 编码，而 GeoJSON 必须是 UTF-8（RFC 8259）；请以 UTF-8 编码重新导出，或在文本编辑器中另存为 UTF-8",
		"the text of the file is GBK, and GeoJSON has to be UTF-8 (RFC 8259); export again as UTF-8, or save it as UTF-8 in a text editor")
}

// isGBK says that text whose first byte is not UTF-8 is GB18030 throughout, with fewer
// characters that UTF-8 would allow than bytes it would not. Damaged UTF-8 has many.
func isGBK(b []byte) bool {
	if whole(b) == 0 {
		return false // the file ends within a character
	}
	broken, wide := 0, 0
	for rest := b; len(rest) > 0; {
		r, n := utf8.DecodeRune(rest)
		switch {
		case r == utf8.RuneError && n == 1:
			broken++
		case n > 2:
			wide++
		}
		rest = rest[n:]
	}
	if len(b) == sampleBytes {
		b = b[:bytes.LastIndexByte(b, '"')+1] // the last character may be cut
	}
	text, err := simplifiedchinese.GB18030.NewDecoder().Bytes(b)
	return err == nil && broken > wide && !bytes.ContainsRune(text, utf8.RuneError)
}

// notJSON says why a file that begins with b cannot be GeoJSON.
func notJSON(b []byte, why geo.Text) error {
	var hint geo.Text
	switch begins := string(b[:min(len(b), 4)]); {
	case len(b) == 0:
		hint = geo.Text{ZH: "文件是空的", EN: "it is empty"}
	case strings.HasPrefix(begins, "PK\x03\x04"):
		hint = geo.Text{ZH: "是 zip 压缩包", EN: "it is a zip archive"}
	case strings.HasPrefix(begins, "\xff\xfe"), strings.HasPrefix(begins, "\xfe\xff"), strings.Contains(begins, "\x00"):
		hint = geo.Text{ZH: "是 UTF-16 编码或二进制文件，请另存为 UTF-8", EN: "it is UTF-16 or binary; save it as UTF-8"}
	case strings.HasPrefix(begins, "<"):
		hint = geo.Text{ZH: "是 XML 或 HTML", EN: "it is XML or HTML"}
	default:
		hint = why
	}
	return geo.Errorf("not_geojson", "文件不是可读取的 GeoJSON：%[1]s；请用 GIS 软件重新导出", "the file is no GeoJSON that can be read: %[2]s; export it again with a GIS program", hint.ZH, hint.EN)
}

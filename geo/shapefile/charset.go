package shapefile

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/transform"
)

// charset is an encoding that is read, by the name that users see.
type charset string

const (
	gb18030 charset = "GB18030" // and its subsets GBK and GB 2312
	utf8Set charset = "UTF-8"
	big5    charset = "Big5"
	latin   charset = "Windows-1252"
	// ascii stands for "no character beyond ASCII was found and nothing stated";
	// it reads what turns up later (memo texts) as UTF-8 or GB18030.
	ascii charset = "US-ASCII"
)

// parseCharset reads the names under which programs state an encoding: in a
// .cpg (936, CP936, "ANSI 936", GBK, UTF-8, 65001, …) or chosen by a person.
func parseCharset(name string) (charset, bool) {
	key := strings.Map(letterOrDigit, strings.ToUpper(name))
	for _, prefix := range []string{"CODEPAGE", "WINDOWS", "OEM", "ANSI", "MS", "CP"} {
		if rest := strings.TrimPrefix(key, prefix); rest != "" {
			key = rest
		}
	}
	switch key {
	case "936", "GBK", "GB2312", "GB18030", "54936", "EUCCN":
		return gb18030, true
	case "UTF8", "65001":
		return utf8Set, true
	case "950", "951", "BIG5", "BIG5HKSCS":
		return big5, true
	case "1252", "ISO88591", "88591", "28591", "LATIN1", "ASCII", "USASCII", "437", "850":
		return latin, true
	}
	return "", false
}

func letterOrDigit(r rune) rune {
	if 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' {
		return r
	}
	return -1
}

// whole is how many leading bytes of b are complete characters where b may have
// been cut inside its last one.
func (c charset) whole(b []byte) int {
	switch c {
	case utf8Set:
		return wholeUTF8(b)
	case gb18030, big5:
		return walkGB(b).whole
	}
	return len(b)
}

func wholeUTF8(b []byte) int {
	for i := len(b) - 1; i >= 0 && i >= len(b)-utf8.UTFMax; i-- {
		if utf8.RuneStart(b[i]) {
			if !utf8.FullRune(b[i:]) {
				return i
			}
			break
		}
	}
	return len(b)
}

// gbText is what a walk over bytes as GB18030 finds.
type gbText struct {
	whole int  // bytes before an unfinished last character
	bad   bool // some bytes fit no character
	// pairs counts two-byte characters, common those in the range of GB 2312
	// (both bytes from 0xA1), where nearly all Chinese text lies.
	pairs, common int
}

// walkGB steps over b character by character: one byte to 0x80, two bytes
// 81–FE 40–7E or 80–FE, four bytes 81–FE 30–39 81–FE 30–39 (GB 18030-2022).
// Big5 has no others than the first two kinds.
func walkGB(b []byte) (t gbText) {
	for t.whole < len(b) {
		c, rest := b[t.whole], b[t.whole+1:]
		n := 1
		switch {
		case c <= 0x80:
		case c == 0xff:
			t.bad = true
		case len(rest) == 0:
			return t
		case '0' <= rest[0] && rest[0] <= '9':
			if len(rest) < 3 {
				return t
			}
			n = 4
			t.bad = t.bad || rest[1] < 0x81 || rest[1] > 0xfe || rest[2] < '0' || rest[2] > '9'
		case rest[0] < 0x40 || rest[0] == 0x7f || rest[0] == 0xff:
			t.bad = true
		default:
			n = 2
			t.pairs++
			if c >= 0xa1 && rest[0] >= 0xa1 {
				t.common++
			}
		}
		t.whole += n
	}
	return t
}

// decoder turns bytes into text. It remembers texts that it has seen, as names
// of towns and streets come back row after row.
type decoder struct {
	set   charset
	trans transform.Transformer
	buf   []byte
	seen  map[string]string
}

// maxSeen bounds what a decoder remembers.
const maxSeen = 4096

func newDecoder(set charset) *decoder {
	d := &decoder{set: set, seen: make(map[string]string)}
	switch set {
	case gb18030, ascii:
		d.trans = simplifiedchinese.GB18030.NewDecoder()
	case big5:
		d.trans = traditionalchinese.Big5.NewDecoder()
	case latin:
		d.trans = charmap.Windows1252.NewDecoder()
	}
	return d
}

// text decodes b; ok is false where some bytes are no character of the set.
func (d *decoder) text(b []byte) (text string, ok bool) {
	if text, ok = d.seen[string(b)]; ok {
		return text, true
	}
	if isASCII(b) || utf8.Valid(b) && (d.set == utf8Set || d.set == ascii) {
		text, ok = string(b), true
	} else if d.trans != nil && (d.set == latin || !walkGB(b).bad) {
		text, ok = d.transform(b)
	}
	if ok && len(b) <= 254 && len(d.seen) < maxSeen {
		d.seen[string(b)] = text
	}
	return text, ok
}

func (d *decoder) transform(b []byte) (string, bool) {
	if need := 3*len(b) + utf8.UTFMax; cap(d.buf) < need {
		d.buf = make([]byte, need)
	}
	d.trans.Reset()
	n, _, err := d.trans.Transform(d.buf[:cap(d.buf)], b, true)
	if err != nil {
		return "", false
	}
	out := d.buf[:n]
	if lost := bytes.Count(out, []byte(string(utf8.RuneError))); lost > 0 {
		// GB18030 can say U+FFFD itself.
		if d.set == big5 || lost != bytes.Count(b, []byte("\x84\x31\xa4\x37")) {
			return "", false
		}
	}
	return string(out), true
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

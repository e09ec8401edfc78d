package export

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"towngrid/geo"
)

// The encodings of text.
const (
	inGBK  = "GBK"
	inUTF8 = "UTF-8"
)

// letters knows what an encoding can write.
type letters struct{ wide bool } // wide: UTF-8

func newLetters(encoding string) *letters { return &letters{encoding == inUTF8} }

// missing stands where the encoding lacks a character: the mark that Chinese
// typesetting puts in place of one (GB 2312 01-94).
const missing = '〓'

// size is how many bytes s takes.
func (l *letters) size(s string) (n int) {
	if l.wide {
		return len(s)
	}
	for _, c := range s {
		n += l.width(c)
	}
	return n
}

// width is how many bytes one character takes, all but ASCII two in GBK.
func (l *letters) width(c rune) int {
	switch {
	case l.wide:
		return utf8.RuneLen(c)
	case c < 0x80:
		return 1
	}
	return 2
}

// cut is what of s fits into n bytes.
func (l *letters) cut(s string, n int) string {
	for i, c := range s {
		if n -= l.width(c); n < 0 {
			return s[:i]
		}
	}
	return s
}

// replace puts the mark of a missing character for each that the encoding lacks.
func (l *letters) replace(s string) string {
	s = strings.ToValidUTF8(s, string(missing))
	if l.wide || l.has(s) {
		return s
	}
	return strings.Map(func(c rune) rune {
		if l.has(string(c)) {
			return c
		}
		return missing
	}, s)
}

// has says whether GBK can write s, and readers, who take GBK for GB 18030, read it again.
func (l *letters) has(s string) bool {
	ascii := true
	for i := range len(s) {
		ascii = ascii && s[i] < 0x80
	}
	if ascii {
		return true
	}
	b, err := simplifiedchinese.GBK.NewEncoder().String(s)
	if err != nil || len(b) != l.size(s) {
		return false
	}
	again, err := simplifiedchinese.GB18030.NewDecoder().String(b)
	return err == nil && again == s
}

// spelled is a text as an encoding and a width of n bytes allow it, without blanks
// around it. What had to change is listed; a code or a reference to one must not.
func (j *job) spelled(c *column, l *letters, n int, it item, s string) (string, error) {
	visible := strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return ' '
		}
		return c
	}, s)
	kept := l.replace(strings.Trim(visible, " "))
	short := l.cut(kept, n)
	if short == s {
		return s, nil
	}
	if j.binding(c) {
		return "", geo.Errorf("not_encodable",
			"要素 %q 的字段 %s 的值 %q 无法用 %s 原样写出；编码不能改动，请改用 UTF-8 或其他格式",
			"the value of feature %q in %s, %q, cannot be written in %s as it is; codes must not change, so choose UTF-8 or another format",
			string(it.Code), c.field.Name, s, j.Encoding)
	}
	switch {
	case len(short) < len(kept):
		j.cut("value_shortened", it.number, "要素 %q 的字段 %s 的值 %.80q 超过 %d 字节，缩短为 %.80q",
			"the value of feature %q in %s, %.80q, is longer than %d bytes and became %.80q", string(it.Code), c.field.Name, s, n, short)
	default:
		j.cut("characters_replaced", it.number, "要素 %q 的字段 %s 的值 %.80q 含有无法写出的字符，写成 %.80q",
			"the value of feature %q in %s, %.80q, has characters that cannot be written and became %.80q", string(it.Code), c.field.Name, s, short)
	}
	return short, nil
}

// binding says that the column holds codes, by which features find each other.
func (j *job) binding(c *column) bool {
	if !c.own {
		return false
	}
	switch c.field.Name {
	case j.schema.Code.Name:
		return true
	case "parent":
		return j.schema.Collection == geo.Units
	case "unit":
		return j.schema.Collection == geo.Cells
	case "town", "land_use":
		return j.schema.Collection == geo.Parcels
	}
	return false
}

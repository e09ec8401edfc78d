package batch

import (
	"bytes"
	"strconv"
)

// appendText is appendField of a text.
func (t *table) appendText(b []byte, s string) []byte {
	from := len(b)
	b = append(b, s...)
	if plainField(b[from:]) {
		return b
	}
	return t.appendField(b[:from], []byte(s))
}

func (t *table) appendField(b, field []byte) []byte { return AppendField(b, field, t.delimiter) }

// AppendField appends a field of CSV, quoted where it must be. One that a spreadsheet would take
// for a formula gets an apostrophe before it, which spreadsheets do not show.
func AppendField(b, field []byte, delimiter byte) []byte {
	if plainField(field) {
		return append(b, field...)
	}
	guard := formula(field)
	quote := bytes.IndexByte(field, delimiter) >= 0 || bytes.ContainsAny(field, "\"\r\n")
	if quote {
		b = append(b, '"')
	}
	if guard {
		b = append(b, '\'')
	}
	if !quote {
		return append(b, field...)
	}
	b = append(b, bytes.ReplaceAll(field, []byte(`"`), []byte(`""`))...)
	return append(b, '"')
}

// plainField says that a field is letters and digits and what stands between them in most
// codes: nothing to quote, and no formula.
func plainField(field []byte) bool {
	for i, c := range field {
		switch {
		case c >= '0' && c <= '9' || c|' ' >= 'a' && c|' ' <= 'z' || c == '_' || c == '.':
		case c == '-' && i > 0:
		default:
			return false
		}
	}
	return true
}

// formula says whether a spreadsheet would calculate with a field: one that begins with
// one of = + - @ (also in their full width), a tab or a carriage return. Numbers are none.
func formula(field []byte) bool {
	if len(field) == 0 {
		return false
	}
	switch field[0] {
	case '=', '@', '\t', '\r':
		return true
	case '+', '-':
		_, err := strconv.ParseFloat(string(field), 64)
		return err != nil
	case 0xef:
		for _, wide := range [...]string{"＝", "＋", "－", "＠"} {
			if bytes.HasPrefix(field, []byte(wide)) {
				return true
			}
		}
	}
	return false
}

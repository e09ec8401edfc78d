package geo

import "strings"

// Guarded is s with an apostrophe before it where it is a text that a spreadsheet could run: one that begins
// with = + - @, their full-width forms, a tab or a line break, blanks before them not
// counting (OWASP, CSV Injection). A negative number in digits is no formula.
func Guarded(s string) string {
	body := strings.TrimLeft(s, " \u00a0\u3000\ufeff")
	if body == "" || !strings.ContainsRune("=+-@＝＋－＠\t\r\n", []rune(body)[0]) || negative(s) {
		return s
	}
	return "'" + s
}

// negative says that s is a minus and digits, with at most one point between them.
func negative(s string) bool {
	digits, minus := strings.CutPrefix(s, "-")
	whole, after, point := strings.Cut(digits, ".")
	return minus && whole != "" && (after != "" || !point) && strings.Trim(whole+after, "0123456789") == ""
}

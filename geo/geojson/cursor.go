package geojson

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"towngrid/geo"
)

// cursor reads the text of one value, whose brackets match. Its errors are refusals
// that name line and column.
type cursor struct {
	b    []byte
	i    int
	from spot // of b[0]
}

// on is a cursor at the start of part, which is a part of c.b.
func (c *cursor) on(s span) *cursor {
	return &cursor{b: c.b[:s.end], i: s.start, from: c.from}
}

// span is a value within a cursor's text; its zero stands for one that is not there.
type span struct{ start, end int }

func (s span) missing() bool { return s.end == 0 }

// of is the text of the span.
func (c *cursor) of(s span) []byte { return c.b[s.start:s.end] }

// spot is where byte i is.
func (c *cursor) spot(i int) spot {
	before := c.b[:min(i, len(c.b))]
	if n := bytes.Count(before, []byte{'\n'}); n > 0 {
		return spot{c.from.line + n, len(before) - bytes.LastIndexByte(before, '\n')}
	}
	return spot{c.from.line, c.from.column + len(before)}
}

// wrong is the refusal of what stands at byte i.
func (c *cursor) wrong(i int, zh, en string, args ...any) error {
	why, s := geo.Textf(zh, en, args...), c.spot(i)
	return badSyntax.refuse(s.line, s.column, why.ZH, why.EN)
}

// want is the refusal of anything but what is wanted at the next byte.
func (c *cursor) want(zh, en string) error {
	return c.wrong(c.i, "应为%[1]s，而不是 %[3]s", "wanted is %[2]s, not %[3]s", zh, en, excerpt(c.b[min(c.i, len(c.b)):]))
}

// excerpt shows how b begins.
func excerpt(b []byte) string {
	if len(b) == 0 {
		return "∅"
	}
	n := min(len(b), 24)
	for n < len(b) && n > 0 && !utf8.RuneStart(b[n]) {
		n--
	}
	return strconv.Quote(string(b[:n]))
}

// peek moves past blanks and gives the byte after them, 0 at the end.
func (c *cursor) peek() byte {
	for c.i < len(c.b) && blank(c.b[c.i]) {
		c.i++
	}
	if c.i < len(c.b) {
		return c.b[c.i]
	}
	return 0
}

// eat moves past what, if it comes next.
func (c *cursor) eat(what byte) bool {
	if c.peek() != what {
		return false
	}
	c.i++
	return true
}

// end wants nothing more to follow.
func (c *cursor) end() error {
	if c.peek() != 0 || c.i < len(c.b) {
		return c.want("结尾", "the end")
	}
	return nil
}

// members calls f for each member of an object, with the cursor before its value,
// which f has to read.
func (c *cursor) members(f func(name []byte) error) error {
	if !c.eat('{') {
		return c.want("对象", "an object")
	}
	for more := !c.eat('}'); more; {
		name, err := c.text()
		if err != nil {
			return err
		}
		if !c.eat(':') {
			return c.want("冒号", "a colon")
		}
		c.peek()
		if err := f(name); err != nil {
			return err
		}
		if more = c.eat(','); !more && !c.eat('}') {
			return c.want("逗号或 }", "a comma or }")
		}
	}
	return nil
}

// elements calls f for each element of an array, with the cursor before it, which f
// has to read.
func (c *cursor) elements(f func() error) error {
	if !c.eat('[') {
		return c.want("数组", "an array")
	}
	for more := !c.eat(']'); more; {
		c.peek()
		if err := f(); err != nil {
			return err
		}
		if more = c.eat(','); !more && !c.eat(']') {
			return c.want("逗号或 ]", "a comma or ]")
		}
	}
	return nil
}

// skip moves past a value by its brackets, without reading it.
func (c *cursor) skip() (span, error) {
	c.peek()
	from := c.i
	if c.i < len(c.b) && (isBracket(c.b[c.i]) || c.b[c.i] == '"') {
		n := nesting{limit: maxDepth}
		took, err := n.take(c.b[c.i:])
		if c.i += took; err != nil || !n.done {
			return span{}, c.want("完整的值", "a complete value")
		}
		return span{from, c.i}, nil
	}
	for c.i < len(c.b) && !blank(c.b[c.i]) && c.b[c.i] != ',' && !isBracket(c.b[c.i]) {
		c.i++
	}
	if c.i == from {
		return span{}, c.want("值", "a value")
	}
	return span{from, c.i}, nil
}

// check moves past a value and refuses it where it is not valid JSON.
func (c *cursor) check() (err error) {
	switch next := c.peek(); {
	case next == '{':
		return c.members(func([]byte) error { return c.check() })
	case next == '[':
		return c.elements(c.check)
	case next == '"':
		_, err = c.text()
	case next == 't' || next == 'f' || next == 'n':
		_, err = c.word()
	default:
		_, err = c.digits()
	}
	return err
}

// word reads true, false or null, which gives nil.
func (c *cursor) word() (any, error) {
	for _, w := range [...]struct {
		text  string
		value any
	}{{"true", true}, {"false", false}, {"null", nil}} {
		if bytes.HasPrefix(c.b[c.i:], []byte(w.text)) {
			c.i += len(w.text)
			return w.value, nil
		}
	}
	return nil, c.want("值", "a value")
}

// text reads a string. It is a part of the cursor's text unless it has escapes.
func (c *cursor) text() ([]byte, error) {
	if !c.eat('"') {
		return nil, c.want("文字", "a string")
	}
	from := c.i
	for ; c.i < len(c.b); c.i++ {
		switch b := c.b[c.i]; {
		case b == '"':
			c.i++
			return c.b[from : c.i-1], nil
		case b == '\\':
			return c.unescape(from)
		case b < ' ':
			return nil, c.wrong(c.i, "文字中有控制字符 0x%02X", "a control character 0x%02X in a string", b)
		}
	}
	return nil, c.want("引号", "a quote")
}

// unescape reads on in a string that began at from and has its first escape here.
func (c *cursor) unescape(from int) ([]byte, error) {
	out := append([]byte(nil), c.b[from:c.i]...)
	for c.i < len(c.b) {
		b := c.b[c.i]
		c.i++
		switch {
		case b == '"':
			return out, nil
		case b < ' ':
			return nil, c.wrong(c.i-1, "文字中有控制字符 0x%02X", "a control character 0x%02X in a string", b)
		case b != '\\':
			out = append(out, b)
		default:
			r, err := c.escape()
			if err != nil {
				return nil, err
			}
			out = utf8.AppendRune(out, r)
		}
	}
	return nil, c.want("引号", "a quote")
}

// escape reads what follows a backslash.
func (c *cursor) escape() (rune, error) {
	at := c.i - 1
	if c.i < len(c.b) {
		b := c.b[c.i]
		c.i++
		switch b {
		case '"', '\\', '/':
			return rune(b), nil
		case 'u':
			return c.unicode(at)
		}
		if i := bytes.IndexByte([]byte("bfnrt"), b); i >= 0 {
			return rune("\b\f\n\r\t"[i]), nil
		}
	}
	return 0, c.wrong(at, "无效的转义 %s", "an escape that does not exist: %s", excerpt(c.b[at:c.i]))
}

// unicode reads the digits of one escape, or of two that make one character.
func (c *cursor) unicode(at int) (rune, error) {
	r := c.hex()
	if utf16.IsSurrogate(r) && bytes.HasPrefix(c.b[c.i:], []byte(`\u`)) {
		c.i += 2
		r = utf16.DecodeRune(r, c.hex())
		if r == utf8.RuneError {
			r = -1
		}
	}
	if r < 0 || utf16.IsSurrogate(r) {
		return 0, c.wrong(at, "无效的转义 %s", "an escape that is no character: %s", excerpt(c.b[at:c.i]))
	}
	return r, nil
}

// hex reads four digits; it is -1 where there are no such.
func (c *cursor) hex() rune {
	if c.i+4 > len(c.b) {
		return -1
	}
	n, err := strconv.ParseUint(string(c.b[c.i:c.i+4]), 16, 32)
	if err != nil {
		return -1
	}
	c.i += 4
	return rune(n)
}

package geojson

import (
	"bytes"
	"math"
	"strconv"
)

// number reads a number; one beyond the range of float64 is an infinity.
func (c *cursor) number() (float64, error) {
	d, err := c.digits()
	if err != nil {
		return 0, err
	}
	if d.short {
		// Both are exact and division rounds once (W. D. Clinger, How to read
		// floating point numbers accurately, 1990).
		v := float64(d.digits) / math.Pow10(d.decimals)
		if c.b[d.start] == '-' {
			v = -v
		}
		return v, nil
	}
	v, _ := strconv.ParseFloat(string(c.of(d.span)), 64)
	return v, nil
}

// digits is a number as written.
type digits struct {
	span
	digits   uint64 // all of them, as a whole number, where short is true
	decimals int    // digits after the point
	short    bool   // no exponent, and digits is below 2⁵³ with at most 22 decimals
	real     bool   // there is a point or an exponent
}

// digits reads the text of a number by the grammar of RFC 8259.
func (c *cursor) digits() (d digits, err error) {
	b, i := c.b, c.i
	d.start = i
	if i < len(b) && b[i] == '-' {
		i++
	}
	from := i
	for i < len(b) && isDigit(b[i]) {
		d.digits = d.digits*10 + uint64(b[i]-'0')
		i++
	}
	n := i - from
	if n == 0 || n > 1 && b[from] == '0' {
		return d, c.want("数字", "a number")
	}
	if i < len(b) && b[i] == '.' {
		i++
		for from = i; i < len(b) && isDigit(b[i]); i++ {
			d.digits = d.digits*10 + uint64(b[i]-'0')
		}
		if d.decimals, d.real = i-from, true; d.decimals == 0 {
			return d, c.want("数字", "a number")
		}
	}
	d.short = n+d.decimals <= 19 && d.digits < 1<<53 && d.decimals <= 22
	if i < len(b) && b[i]|0x20 == 'e' {
		if i = exponent(b, i+1); i == 0 {
			return d, c.want("数字", "a number")
		}
		d.short, d.real = false, true
	}
	d.end, c.i = i, i
	return d, nil
}

// exponent is the end of the exponent that begins at i, 0 where there is none.
func exponent(b []byte, i int) int {
	if i < len(b) && (b[i] == '+' || b[i] == '-') {
		i++
	}
	from := i
	for i < len(b) && isDigit(b[i]) {
		i++
	}
	if i == from {
		return 0
	}
	return i
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// places is how many digits a number needs after the point to be written without an
// exponent.
func places(text []byte) int {
	mantissa, exp, _ := bytes.Cut(bytes.ToLower(text), []byte{'e'})
	n := 0
	if i := bytes.IndexByte(mantissa, '.'); i >= 0 {
		n = len(mantissa) - i - 1
	}
	if e, err := strconv.Atoi(string(exp)); err == nil {
		n -= e
	}
	return max(n, 0)
}

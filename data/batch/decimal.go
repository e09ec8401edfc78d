package batch

import (
	"strconv"
	"unsafe"
)

// powers are the powers of ten that a double holds exactly.
var powers = [...]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// decimal reads a number as strconv.ParseFloat does, but for its hexadecimal form,
// infinities and NaN, which are none here. A number of up to 15 digits without exponent
// is a quotient of two exact doubles, so that one division rounds it correctly.
func decimal(b []byte) (v float64, ok bool) {
	i, negative := 0, false
	if len(b) > 0 && b[0] == '-' {
		i, negative = 1, true
	}
	from, point := i, -1
	n := uint64(0)
	for ; i < len(b); i++ {
		switch d := b[i] - '0'; {
		case d <= 9:
			n = n*10 + uint64(d)
		case b[i] == '.' && point < 0:
			point = i
		default:
			return parsed(b)
		}
	}
	digits, fraction := i-from, 0
	if point >= 0 {
		digits, fraction = digits-1, i-point-1
	}
	if digits == 0 || digits > 15 {
		return parsed(b)
	}
	v = float64(n) / powers[fraction]
	if negative {
		v = -v
	}
	return v, true
}

// parsed is decimal's slow road.
func parsed(b []byte) (v float64, ok bool) {
	for _, c := range b {
		if c >= '0' && c <= '9' || c == '.' || c == '+' || c == '-' || c == 'e' || c == 'E' {
			continue
		}
		return 0, false
	}
	v, err := strconv.ParseFloat(unsafe.String(unsafe.SliceData(b), len(b)), 64)
	return v, err == nil
}

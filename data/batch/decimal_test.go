package batch

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
)

// TestDecimalIsParseFloat holds decimal against strconv.
func TestDecimalIsParseFloat(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 11))
	t.Log("seed 11")
	var b []byte
	for range 100_000 {
		v := 360*r.Float64() - 180
		switch r.IntN(5) {
		case 0:
			b = strconv.AppendFloat(b[:0], v, 'f', r.IntN(18), 64)
		case 1:
			b = strconv.AppendFloat(b[:0], v, 'g', -1, 64)
		case 2:
			b = strconv.AppendFloat(b[:0], v*math.Pow(10, float64(r.IntN(40)-20)), 'e', -1, 64)
		case 3:
			b = strconv.AppendFloat(b[:0], v, 'f', -1, 64)
		default:
			b = b[:0]
			for range r.IntN(8) {
				b = append(b, "0123456789.+-eE_xnaif "[r.IntN(22)])
			}
		}
		agrees(t, b)
	}
	for _, s := range []string{"", "-", ".", "+1", "-0", "1.", ".5", "-.5", "123456789012345", "1234567890123456", "0.000000000000001", "9007199254740993", "99999999999999999999999", "0x1p3", "1_000", "inf", "NaN", "1e400", "1e-400"} {
		agrees(t, []byte(s))
	}
}

func agrees(t *testing.T, b []byte) {
	t.Helper()
	got, ok := decimal(b)
	want, err := strconv.ParseFloat(string(b), 64)
	for _, c := range b {
		if c == 'x' || c == '_' || c == 'n' || c == 'i' || c == 'N' || c == 'f' || c == 'a' {
			err = strconv.ErrSyntax
		}
	}
	if ok != (err == nil) || ok && math.Float64bits(got) != math.Float64bits(want) {
		t.Fatalf("%q is %v %v, want %v %v", b, got, ok, want, err)
	}
}

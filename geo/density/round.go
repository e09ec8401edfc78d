package density

import (
	"math"
	"strconv"
)

// Numbers of a report have four decimals: a square centimetre, a square metre of a
// hectare. Below that lie rounding and the differences between processors.
const decimals = 1e4

// round never gives the negative zero, which would print a sign. Numbers so large
// that they have no decimals pass as they are.
func round(v float64) float64 {
	if math.Abs(v) >= 1<<53/decimals {
		return v
	}
	return math.Round(v*decimals)/decimals + 0
}

// digits writes a number without exponent and without trailing zeros.
func digits(v float64) string { return strconv.FormatFloat(round(v), 'f', -1, 64) }

// share is a proportion in per cent with one decimal.
func share(v float64) string { return strconv.FormatFloat(100*v, 'f', 1, 64) + " %" }

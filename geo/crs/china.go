package crs

import (
	"math"

	"github.com/paulmach/orb"
)

// InChina says whether a position in degrees lies in 73–136° E, 3–54° N, borders
// included: the span of the country's land and sea rounded outward to whole degrees.
// It is false for NaN. A box holds much of the neighbours too: it tells wrong systems
// from right ones, not whose land it is.
func InChina(lon, lat float64) bool {
	return lon >= 73 && lon <= 136 && lat >= 3 && lat <= 54
}

// finite says whether all four numbers of b are numbers.
func finite(b orb.Bound) bool {
	for _, v := range [...]float64{b.Min[0], b.Min[1], b.Max[0], b.Max[1]} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}

// swap exchanges x and y.
func swap(b orb.Bound) orb.Bound {
	return orb.Bound{Min: orb.Point{b.Min[1], b.Min[0]}, Max: orb.Point{b.Max[1], b.Max[0]}}
}

package coverage

import (
	"slices"

	"github.com/paulmach/orb"
)

// placeIn is a point well within a polygon: the middle of the widest of the spans
// that some horizontal lines have in it.
func placeIn(p orb.Polygon) orb.Point {
	b := p[0].Bound()
	best, widest := b.Center(), -1.0
	for _, f := range [...]float64{0.5, 0.27, 0.73, 0.11, 0.89} {
		y := b.Min[1] + f*(b.Max[1]-b.Min[1])
		xs := crossings(p, y)
		for i := 1; i < len(xs); i += 2 {
			if w := xs[i] - xs[i-1]; w > widest {
				best, widest = orb.Point{xs[i-1] + w/2, y}, w
			}
		}
	}
	return best
}

// crossings are the lons, in order, at which the rings cross a latitude.
func crossings(p orb.Polygon, y float64) (xs []float64) {
	for _, r := range p {
		for i := 1; i < len(r); i++ {
			a, b := r[i-1], r[i]
			if (a[1] <= y) != (b[1] <= y) {
				xs = append(xs, a[0]+(y-a[1])/(b[1]-a[1])*(b[0]-a[0]))
			}
		}
	}
	slices.Sort(xs)
	return xs
}

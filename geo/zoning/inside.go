package zoning

import (
	"slices"

	"github.com/paulmach/orb"
)

// inside is a point strictly within a polygon, far from its border for its shape: the
// middle of the widest stretch that one of three horizontals has in it. Of a polygon so
// thin that no float64 lies within it is a point on its border.
func inside(p orb.Polygon) orb.Point {
	b := p[0].Bound()
	best, widest := p[0][0], -1.0
	for _, f := range [3]float64{0.5, 0.31, 0.73} {
		y := b.Min[1] + f*(b.Max[1]-b.Min[1])
		xs := crossings(p, y)
		for i := 0; i+1 < len(xs); i += 2 {
			if w := xs[i+1] - xs[i]; w > widest {
				best, widest = orb.Point{(xs[i] + xs[i+1]) / 2, y}, w
			}
		}
	}
	return best
}

// crossings are the places where a horizontal crosses the rings, from west to east.
func crossings(p orb.Polygon, y float64) (xs []float64) {
	for _, r := range p {
		for i := 1; i < len(r); i++ {
			a, b := r[i-1], r[i]
			if (a[1] > y) != (b[1] > y) {
				xs = append(xs, a[0]+(y-a[1])/(b[1]-a[1])*(b[0]-a[0]))
			}
		}
	}
	slices.Sort(xs)
	return xs
}

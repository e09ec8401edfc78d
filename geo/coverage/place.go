package coverage

import (
	"cmp"
	"slices"

	"github.com/paulmach/orb"
)

// placesIn are some points within a polygon, one with much room beside it first: about
// the middles of the widest spans that some horizontal lines have in it, but not all
// in one column. There is always one.
func placesIn(p orb.Polygon) []orb.Point {
	type span struct {
		place orb.Point
		width float64
	}
	lines := [...]struct{ height, part float64 }{{0.5, 0.5}, {0.27, 0.41}, {0.73, 0.59}, {0.11, 0.45}, {0.89, 0.55}}
	b := p[0].Bound()
	var spans []span
	for _, line := range lines {
		y := b.Min[1] + line.height*(b.Max[1]-b.Min[1])
		xs := crossings(p, y)
		widest := span{width: -1}
		for i := 1; i < len(xs); i += 2 {
			if w := xs[i] - xs[i-1]; w > widest.width {
				widest = span{orb.Point{xs[i-1] + line.part*w, y}, w}
			}
		}
		if widest.width >= 0 {
			spans = append(spans, widest)
		}
	}
	slices.SortStableFunc(spans, func(a, b span) int { return cmp.Compare(b.width, a.width) })
	places := make([]orb.Point, len(spans))
	for i, s := range spans {
		places[i] = s.place
	}
	if len(places) == 0 {
		return []orb.Point{b.Center()}
	}
	return places
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

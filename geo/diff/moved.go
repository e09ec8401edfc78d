package diff

import (
	"math"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"

	"towngrid/geo"
)

// Moved is how far a geometry moved, in metres on the ellipsoid: for points their
// distance; for polygons the greatest distance of a vertex of either border from
// the other border, which is the Hausdorff distance taken at the vertices. It is
// NaN between a point and a polygon, and for an empty one.
func Moved(before, after orb.Geometry) float64 {
	switch b := before.(type) {
	case orb.Point:
		if a, ok := after.(orb.Point); ok {
			return geo.DistanceM(b, a)
		}
	case orb.MultiPolygon:
		if a, ok := after.(orb.MultiPolygon); ok && len(a) > 0 && len(b) > 0 {
			return max(farthest(a, newBorder(b)), farthest(b, newBorder(a)))
		}
	}
	return math.NaN()
}

// border is a polygon's edges for looking up the nearest.
type border struct {
	vertices map[orb.Point]bool
	edges    rtree.RTreeG[[2]orb.Point]
}

func newBorder(mp orb.MultiPolygon) *border {
	b := &border{vertices: map[orb.Point]bool{}}
	for _, p := range mp {
		for _, r := range p {
			for i, v := range r {
				b.vertices[v] = true
				if i > 0 {
					e := orb.LineString{r[i-1], v}.Bound()
					b.edges.Insert(e.Min, e.Max, [2]orb.Point{r[i-1], v})
				}
			}
		}
	}
	return b
}

// farthest is the greatest distance of a vertex of mp from b.
func farthest(mp orb.MultiPolygon, b *border) (m float64) {
	for _, p := range mp {
		for _, r := range p {
			for _, v := range r {
				if !b.vertices[v] {
					m = max(m, b.distanceM(v))
				}
			}
		}
	}
	return m
}

// distanceM is the distance in metres from p to the nearest edge. Edges come in the
// order of their boxes' distance in degrees with longitude shrunk by the cosine of
// the latitude; a metre of either never differs by more than 1 % from the
// ellipsoid's, so edges are looked at until a box is 2 % farther than the best.
func (b *border) distanceM(p orb.Point) float64 {
	shrink := math.Cos(p.Lat() * math.Pi / 180)
	best, bestDegrees := math.Inf(1), math.Inf(1)
	b.edges.Nearby(
		func(low, high [2]float64, _ [2]orb.Point, _ bool) float64 { return boxDegrees(p, low, high, shrink) },
		func(_, _ [2]float64, e [2]orb.Point, degrees float64) bool {
			if degrees > bestDegrees*1.02 {
				return false
			}
			ring := orb.Ring{e[0], e[1], e[0]}
			m, at := geo.BorderDistanceM(orb.MultiPolygon{{ring}}, p)
			if m < best {
				best = m
				bestDegrees = math.Hypot((at[0]-p[0])*shrink, at[1]-p[1])
			}
			return true
		})
	return best
}

// boxDegrees is the distance from p to a box in degrees of latitude.
func boxDegrees(p orb.Point, low, high [2]float64, shrink float64) float64 {
	dx := max(0, low[0]-p[0], p[0]-high[0]) * shrink
	dy := max(0, low[1]-p[1], p[1]-high[1])
	return math.Hypot(dx, dy)
}

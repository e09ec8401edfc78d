package geo

import "github.com/paulmach/orb"

// Intersects says whether g, a Point or MultiPolygon, has a position in common
// with b, borders included. It is exact: corners and edges are compared by Orient.
func Intersects(g orb.Geometry, b orb.Bound) bool {
	switch g := g.(type) {
	case orb.Point:
		return b.Contains(g)
	case orb.MultiPolygon:
		gb := g.Bound()
		if !gb.Intersects(b) {
			return false
		}
		if b.Contains(gb.Min) && b.Contains(gb.Max) {
			return true
		}
		for _, p := range g {
			for _, r := range p {
				if ringMeets(r, b) {
					return true
				}
			}
		}
		return SideOf(g, b.Min) != Outside
	}
	return false
}

// ringMeets says whether a segment of r has a point in b.
func ringMeets(r orb.Ring, b orb.Bound) bool {
	for i := 1; i < len(r); i++ {
		if segmentMeets(r[i-1], r[i], b) {
			return true
		}
	}
	return false
}

// segmentMeets holds the segment's own bound against b first; then the segment
// meets b unless all four corners lie strictly on one side of its line.
func segmentMeets(p, q orb.Point, b orb.Bound) bool {
	if max(p[0], q[0]) < b.Min[0] || min(p[0], q[0]) > b.Max[0] || max(p[1], q[1]) < b.Min[1] || min(p[1], q[1]) > b.Max[1] {
		return false
	}
	if b.Contains(p) || b.Contains(q) {
		return true
	}
	corners := [...]orb.Point{b.Min, {b.Max[0], b.Min[1]}, b.Max, {b.Min[0], b.Max[1]}}
	first := Orient(p, q, corners[0])
	for _, c := range corners {
		if o := Orient(p, q, c); o == 0 || o != first {
			return true
		}
	}
	return false
}

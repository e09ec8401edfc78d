package density

import (
	"sync"

	"github.com/paulmach/orb"
	sf "github.com/peterstace/simplefeatures/geom"

	"towngrid/geo"
	"towngrid/geo/overlay"
)

// area is a valid polygon, ready to be held against others. Shells turn
// counter-clockwise, holes clockwise, so that the inside is to the left of each side.
type area struct {
	shape orb.MultiPolygon
	bound orb.Bound
	// geometry is the shape for simplefeatures, made when first needed.
	geometry func() sf.Geometry
}

// newArea checks and prepares a polygon; the error says what is wrong with it.
func newArea(g orb.Geometry) (*area, error) {
	mp, err := polygons(g)
	if err != nil {
		return nil, err
	}
	if mp, err = sound(turned(mp)); err != nil {
		return nil, err
	}
	return &area{
		shape: mp, bound: mp.Bound(),
		geometry: sync.OnceValue(func() sf.Geometry { return overlay.Geometry(mp) }),
	}, nil
}

// turned gives every ring its direction; what need not be turned is shared.
func turned(mp orb.MultiPolygon) orb.MultiPolygon {
	out := mp
	for i, p := range mp {
		for j, r := range p {
			if (r.Orientation() == orb.CCW) == (j == 0) {
				continue
			}
			if &out[0] == &mp[0] {
				out = mp.Clone()
			}
			out[i][j].Reverse()
		}
	}
	return out
}

// sharesArea says whether two areas have inner points in common. Neighbours that
// share vertices and edges are told apart without an overlay; what that leaves open
// is decided by simplefeatures. Where even that fails it says yes, so that the
// overlay is tried and its failure reported.
func (a *area) sharesArea(b *area) bool {
	if apart(a.bound, b.bound) {
		return false
	}
	switch touch(a, b) {
	case yes:
		return true
	case no:
		return false
	}
	matrix, err := sf.Relate(a.geometry(), b.geometry())
	return err != nil || len(matrix) == 0 || matrix[0] == '2'
}

// apart says that two bounds share no area.
func apart(a, b orb.Bound) bool {
	return a.Min[0] >= b.Max[0] || b.Min[0] >= a.Max[0] || a.Min[1] >= b.Max[1] || b.Min[1] >= a.Max[1]
}

// touch compares sides and vertices by exact orientation. It answers yes where
// sides cross, a vertex of one lies within the other, or both have the same side in
// the same direction. It answers no where
//   - no side crosses another or has a vertex of the other between its ends, so that
//     none can leave the other's outside but through its own ends,
//   - no vertex of one lies inside the other, and
//   - each side with both ends on the other's border runs back along one of its sides.
//
// Then neither border enters the other's inside, and the two lie on opposite sides
// of what they share. Anything else it leaves open.
func touch(a, b *area) answer {
	common := orb.Bound{
		Min: orb.Point{max(a.bound.Min[0], b.bound.Min[0]), max(a.bound.Min[1], b.bound.Min[1])},
		Max: orb.Point{min(a.bound.Max[0], b.bound.Max[0]), min(a.bound.Max[1], b.bound.Max[1])},
	}
	near, far := sidesIn(a.shape, common), sidesIn(b.shape, common)
	for _, s := range near {
		for _, t := range far {
			if met := s.against(t); met != no {
				return met
			}
		}
	}
	if one := enters(near, b.shape, far); one != no {
		return one
	}
	return enters(far, a.shape, near)
}

// sidesIn are the sides of a shape that may reach into a bound.
func sidesIn(mp orb.MultiPolygon, b orb.Bound) (out []segment) {
	for _, p := range mp {
		for _, r := range p {
			for i := 1; i < len(r); i++ {
				if s := between(r[i-1], r[i]); s.bound.Intersects(b) && s.a != s.b {
					out = append(out, s)
				}
			}
		}
	}
	return out
}

// against says whether two sides cross or run along each other in one direction
// (yes), meet at most in common ends or in opposite directions (no), or touch otherwise.
func (s segment) against(t segment) answer {
	switch {
	case !s.bound.Intersects(t.bound), s.a == t.b && s.b == t.a:
		return no
	case s.a == t.a && s.b == t.b:
		return yes
	}
	a, b := geo.Orient(t.a, t.b, s.a), geo.Orient(t.a, t.b, s.b)
	if a*b > 0 {
		return no
	}
	c, d := geo.Orient(s.a, s.b, t.a), geo.Orient(s.a, s.b, t.b)
	switch {
	case c*d > 0:
		return no
	case a*b < 0 && c*d < 0:
		return yes
	case s.a == t.a || s.a == t.b || s.b == t.a || s.b == t.b:
		// On one line they may run along each other from the common end.
		if a != 0 || b != 0 || meetInPoint(s.bound, t.bound) {
			return no
		}
	}
	return unsure
}

// meetInPoint says that two bounds that meet have but one point in common.
func meetInPoint(a, b orb.Bound) bool {
	return max(a.Min[0], b.Min[0]) == min(a.Max[0], b.Max[0]) && max(a.Min[1], b.Min[1]) == min(a.Max[1], b.Max[1])
}

// enters says whether one of the sides goes into a shape, whose own sides nearby are given.
func enters(sides []segment, shape orb.MultiPolygon, its []segment) answer {
	for _, s := range sides {
		start, end := geo.SideOf(shape, s.a), geo.SideOf(shape, s.b)
		if start == geo.Inside || end == geo.Inside {
			return yes
		}
		if start == geo.Edge && end == geo.Edge && !opposed(s, its) {
			return unsure
		}
	}
	return no
}

func opposed(s segment, its []segment) bool {
	for _, t := range its {
		if s.a == t.b && s.b == t.a {
			return true
		}
	}
	return false
}

package density

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/paulmach/orb"
	sf "github.com/peterstace/simplefeatures/geom"

	"towngrid/geo"
)

// outline is a town's border, prepared for many questions. It serves one
// assessment at a time.
type outline struct {
	*area
	sides    []segment // ring after ring
	rings    []span
	ringBy   []int // the ring of each side
	prepared func() (sf.PreparedGeometry, error)
}

// span is where the sides of a ring lie among all.
type span struct{ first, n int }

// segment is one straight piece of a border.
type segment struct {
	a, b  orb.Point
	bound orb.Bound
}

func between(a, b orb.Point) segment {
	return segment{a, b, orb.Bound{
		Min: orb.Point{min(a[0], b[0]), min(a[1], b[1])},
		Max: orb.Point{max(a[0], b[0]), max(a[1], b[1])},
	}}
}

// newOutline checks and prepares a border; the error says what is wrong with it.
func newOutline(g orb.Geometry) (*outline, error) {
	a, err := newArea(g)
	if err != nil {
		return nil, err
	}
	o := &outline{area: a}
	for _, p := range a.shape {
		for _, r := range p {
			sides := sidesOf(orb.MultiPolygon{{r}})
			for range sides {
				o.ringBy = append(o.ringBy, len(o.rings))
			}
			o.rings = append(o.rings, span{len(o.sides), len(sides)})
			o.sides = append(o.sides, sides...)
		}
	}
	o.prepared = sync.OnceValues(func() (sf.PreparedGeometry, error) { return sf.Prepare(a.geometry()) })
	return o, nil
}

// ringOf is the ring that a side belongs to.
func (o *outline) ringOf(side int) int { return o.ringBy[side] }

// sidesOf are the sides of all rings in turn, but those without length.
func sidesOf(mp orb.MultiPolygon) (out []segment) {
	for _, p := range mp {
		for _, r := range p {
			out = slices.Grow(out, len(r))
			for i := 1; i < len(r); i++ {
				if r[i-1] != r[i] {
					out = append(out, between(r[i-1], r[i]))
				}
			}
		}
	}
	return out
}

// polygons is g as a MultiPolygon that is not empty and lies on the earth.
func polygons(g orb.Geometry) (mp orb.MultiPolygon, err error) {
	switch g := g.(type) {
	case orb.MultiPolygon:
		mp = g
	case orb.Polygon:
		mp = orb.MultiPolygon{g}
	case nil:
		return nil, errors.New("no geometry")
	default:
		return nil, fmt.Errorf("a %s, not a MultiPolygon", g.GeoJSONType())
	}
	if len(mp) == 0 {
		return nil, errors.New("no polygon")
	}
	for _, p := range mp {
		if len(p) == 0 {
			return nil, errors.New("a polygon without rings")
		}
		for _, r := range p {
			if len(r) < 4 {
				return nil, fmt.Errorf("a ring of %d positions", len(r))
			}
			for _, v := range r {
				if !(math.Abs(v[0]) <= 180 && math.Abs(v[1]) <= 90) { // NaN included
					return nil, fmt.Errorf("%v is no position in degrees", v)
				}
			}
		}
	}
	return mp, nil
}

// meets says, exactly, whether the segment has a point in b: its own bound reaches
// b, and b's corners do not all lie strictly on one side of its line.
func (s segment) meets(b orb.Bound) bool {
	if !s.bound.Intersects(b) {
		return false
	}
	first := geo.Orient(s.a, s.b, b.Min)
	return first == 0 ||
		geo.Orient(s.a, s.b, b.Max) != first ||
		geo.Orient(s.a, s.b, orb.Point{b.Min[0], b.Max[1]}) != first ||
		geo.Orient(s.a, s.b, orb.Point{b.Max[0], b.Min[1]}) != first
}

// side says where a whole bound lies: geo.Edge where the border passes through it.
func (o *outline) side(b orb.Bound) geo.Side {
	if !o.bound.Intersects(b) {
		return geo.Outside
	}
	for i := range o.sides {
		if o.sides[i].meets(b) {
			return geo.Edge
		}
	}
	return geo.SideOf(o.shape, b.Min)
}

package density

import (
	"fmt"

	"github.com/paulmach/orb"
	sf "github.com/peterstace/simplefeatures/geom"

	"towngrid/geo"
)

// outline is a town's border, prepared for many questions.
type outline struct {
	shape    orb.MultiPolygon
	bound    orb.Bound
	sides    []segment
	geometry sf.Geometry
	prepared sf.PreparedGeometry
}

// segment is one straight piece of a border.
type segment struct {
	a, b  orb.Point
	bound orb.Bound
}

// newOutline checks and prepares a border; the error says what is wrong with it.
func newOutline(g orb.Geometry) (*outline, error) {
	shape, err := polygons(g)
	if err != nil {
		return nil, err
	}
	shape, valid, err := sound(shape)
	if err != nil {
		return nil, err
	}
	o := &outline{shape: shape, bound: shape.Bound(), sides: segments(shape), geometry: valid}
	if o.prepared, err = sf.Prepare(o.geometry); err != nil {
		return nil, err
	}
	return o, nil
}

// polygons is g as a MultiPolygon that is not empty.
func polygons(g orb.Geometry) (orb.MultiPolygon, error) {
	switch g := g.(type) {
	case orb.MultiPolygon:
		if len(g) > 0 {
			return g, nil
		}
		return nil, fmt.Errorf("no polygon")
	case orb.Polygon:
		return orb.MultiPolygon{g}, nil
	case nil:
		return nil, fmt.Errorf("no geometry")
	}
	return nil, fmt.Errorf("a %s, not a MultiPolygon", g.GeoJSONType())
}

func segments(mp orb.MultiPolygon) (out []segment) {
	for _, p := range mp {
		for _, r := range p {
			for i := 1; i < len(r); i++ {
				out = append(out, segment{r[i-1], r[i], orb.MultiPoint{r[i-1], r[i]}.Bound()})
			}
		}
	}
	return out
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

// clip is the part of a valid polygon p that lies within the outline; whole says
// that nothing is cut off, in which case it is mp itself. An error means that the
// overlay could not be computed.
func (o *outline) clip(mp orb.MultiPolygon, p sf.Geometry, side geo.Side) (part orb.MultiPolygon, whole bool, err error) {
	switch side {
	case geo.Outside:
		return nil, false, nil
	case geo.Inside:
		return mp, true, nil
	}
	if covered, err := o.prepared.Covers(p); err != nil {
		return nil, false, err
	} else if covered {
		return mp, true, nil
	}
	cut, err := sf.Intersection(p, o.geometry)
	if err != nil {
		return nil, false, err
	}
	return fromOverlay(cut), false, nil
}

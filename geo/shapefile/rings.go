package shapefile

import (
	"math"
	"slices"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// Rings makes the rings of records into polygons by the package's rules for
// polygons. It is for readers of other formats, so that the same rings mean the
// same polygon, with the same checks, whatever file they come in. The zero Rings is
// ready for use.
type Rings struct {
	// Wound says that the format prescribes the winding of RFC 7946, so that
	// turning a ring is worth a Notice.
	Wound bool

	s      shapes
	around []int32
}

// Nested is what became of a record's rings. All but the geometry is valid until
// the next record.
type Nested struct {
	// Geometry has closed rings, outer ones counter-clockwise and holes
	// clockwise. It is nil where the last of Violations is the Refusal.
	Geometry orb.MultiPolygon
	// Rings tells for each ring of Geometry which part it is. It belongs to the caller.
	Rings []Origin
	// Around tells for each part Outer, LeftOut or, for a hole, the part that is
	// the outer ring around it.
	Around []int32
	// Violations have their record, part and vertex.
	Violations []geo.Violation
}

const (
	Outer   = -1 // the part is an outer ring
	LeftOut = -2 // the part has no area, or no points
)

// Polygons nests the parts of one record: part i is pts[starts[i]:starts[i+1]],
// and starts ends with len(pts). The geometry keeps pts.
func (r *Rings) Polygons(record int, pts []orb.Point, starts []int32) Nested {
	r.begin(starts)
	at := place{"", record, geo.None, geo.None}
	g, err := r.s.polygon(pts, at)
	// What a .shp says by winding is said by other means elsewhere.
	list := slices.DeleteFunc(r.s.led.list, func(v geo.Violation) bool {
		c := check(v.Check)
		return c == ringReversed || c == nestedShell || c == looseHole
	})
	n := Nested{Around: r.around, Violations: list}
	if refused, ok := err.(*refusal); ok {
		n.Violations = append(list, refused.Violation)
		return n
	}
	n.Geometry, n.Rings = g.(orb.MultiPolygon), r.s.origins
	r.place()
	if v, turned := r.turned(at); turned && r.Wound {
		n.Violations = append(n.Violations, v)
	}
	return n
}

// begin forgets the record before.
func (r *Rings) begin(starts []int32) {
	if r.s.led == nil {
		r.s.led = newLedger(nil, math.MaxInt)
	}
	r.s.led.list = r.s.led.list[:0]
	r.s.starts, r.s.rings = starts, r.s.rings[:0]
	r.around = r.around[:0]
	for range len(starts) - 1 {
		r.around = append(r.around, LeftOut)
	}
}

// place fills in where each ring went.
func (r *Rings) place() {
	for i := range r.s.rings {
		switch q := &r.s.rings[i]; {
		case q.hole():
			r.around[q.part] = int32(r.s.rings[q.parent].part)
		default:
			r.around[q.part] = Outer
		}
	}
}

// turned is the notice of rings that came in the other winding.
func (r *Rings) turned(at place) (v geo.Violation, any bool) {
	var t tally
	for i := range r.s.rings {
		if q := &r.s.rings[i]; q.area2 != 0 && !q.astray() {
			t.count(q.part, 0)
		}
	}
	at.part, at.vertex = t.part, t.vertex
	return at.on(ringReversed.breach(t.n)), t.n > 0
}

package shapefile

import (
	"encoding/binary"
	"math"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// shapes decodes the contents of records into geometry.
type shapes struct {
	in   *window
	file string
	kind kind // the file's
	lim  Limits
	led  *ledger

	vertices int     // decoded so far
	work     int     // left for the nesting of the rings at hand, see nestingBase
	starts   []int32 // of the parts of the record at hand; reused
	rings    []ring  // of the record at hand; reused
	// exchanged says that the file has north first; origins are those of the rings of
	// the geometry at hand, not reused.
	exchanged bool
	origins   []Origin
}

// Sizes within the content of a record: type, bounds, one count, one vertex.
const (
	typeBytes  = 4
	boundBytes = 32
	countBytes = 4
	pointBytes = 16
	// partsAt is where counts end and part indices begin.
	partsAt = typeBytes + boundBytes + 2*countBytes
	// pointsAt is where the points of a multipoint begin.
	pointsAt = typeBytes + boundBytes + countBytes
)

// shape decodes the record at f, from whose content nothing was skipped. The
// geometry is nil for a null shape. The error is a *refusal for a record that
// cannot be taken; any other ends the reading.
func (s *shapes) shape(f frame) (orb.Geometry, error) {
	s.in.skip(f.start + frameBytes - s.in.pos)
	s.origins = nil
	at := place{s.file, f.record, geo.None, geo.None}
	switch {
	case f.kind == null:
		s.led.note(nullShape, at)
		return nil, nil
	case !f.kind.readable():
		return nil, typeUnknown.refuse(at, f.kind)
	case f.kind.family() != s.kind.family():
		return nil, typeDiffers.refuse(at, f.kind, s.kind)
	case f.kind != s.kind:
		s.led.note(typeVaries, at, f.kind, s.kind)
	}
	switch f.kind.family() {
	case point:
		return s.point(f, at)
	case multiPoint:
		return s.multiPoint(f, at)
	}
	return s.parted(f, at)
}

func (s *shapes) point(f frame, at place) (orb.Geometry, error) {
	b := s.in.peek(int(min(f.length, typeBytes+pointBytes)))
	if len(b) < typeBytes+pointBytes {
		return nil, s.short(at, 1, 1, f)
	}
	if err := s.admit(1, at); err != nil {
		return nil, err
	}
	s.checkRest(f, at, typeBytes+pointBytes, 1)
	pts := make([]orb.Point, 1)
	if err := s.decode(pts, b[typeBytes:], at); err != nil {
		return nil, err
	}
	return pts[0], nil
}

func (s *shapes) multiPoint(f frame, at place) (orb.Geometry, error) {
	b := s.in.peek(int(min(f.length, pointsAt)))
	if len(b) < pointsAt {
		return nil, s.short(at, 1, 0, f)
	}
	n := int64(int32(binary.LittleEndian.Uint32(b[pointsAt-countBytes:])))
	need := pointsAt + pointBytes*n
	if n < 0 || need > f.length {
		return nil, s.short(at, 1, n, f)
	}
	if err := s.admit(n, at); err != nil {
		return nil, err
	}
	s.checkRest(f, at, need, n)
	if n == 0 {
		s.led.note(nullShape, at)
		return nil, nil
	}
	if b = s.in.peek(int(need)); int64(len(b)) < need {
		return nil, s.short(at, 1, n, f)
	}
	pts := make(orb.MultiPoint, n)
	if err := s.decode(pts, b[pointsAt:], at); err != nil {
		return nil, err
	}
	return pts, nil
}

// parted decodes lines and polygons, which differ in what their parts become.
func (s *shapes) parted(f frame, at place) (orb.Geometry, error) {
	b := s.in.peek(int(min(f.length, partsAt)))
	if len(b) < partsAt {
		return nil, s.short(at, 0, 0, f)
	}
	parts := int64(int32(binary.LittleEndian.Uint32(b[partsAt-2*countBytes:])))
	n := int64(int32(binary.LittleEndian.Uint32(b[partsAt-countBytes:])))
	need := partsAt + 4*parts + pointBytes*n
	if parts < 0 || n < 0 || (parts == 0) != (n == 0) || parts > n || need > f.length {
		return nil, s.short(at, parts, n, f)
	}
	if err := s.admit(n, at); err != nil {
		return nil, err
	}
	s.checkRest(f, at, need, n)
	if n == 0 {
		s.led.note(nullShape, at)
		return nil, nil
	}
	if b = s.in.peek(int(need)); int64(len(b)) < need {
		return nil, s.short(at, parts, n, f)
	}
	if err := s.index(b[partsAt:], int(parts), int(n), at); err != nil {
		return nil, err
	}
	pts := make([]orb.Point, n)
	if err := s.decode(pts, b[partsAt+4*parts:], at); err != nil {
		return nil, s.inPart(err)
	}
	if f.kind.family() == polyLine {
		return s.lines(pts, at)
	}
	return s.polygon(pts, at)
}

func (s *shapes) short(at place, parts, n int64, f frame) error {
	if err := s.in.failure(); err != nil {
		return err
	}
	return badCounts.refuse(at, parts, n, f.length)
}

// admit counts n vertices, which the record really has room for, against the limits.
func (s *shapes) admit(n int64, at place) error {
	if n > int64(s.lim.PolygonVertices) {
		return geo.Errorf("too_many_vertices",
			"%[1]q 第 %[2]d 条记录有 %[3]d 个顶点，最多 %[4]d；请简化或拆分",
			"record %[2]d of %[1]q has %[3]d vertices, at most %[4]d are read; simplify or split it",
			at.file, at.record, n, s.lim.PolygonVertices)
	}
	if s.vertices += int(n); s.vertices > s.lim.Vertices {
		return geo.Errorf("too_many_vertices",
			"%[1]q 的顶点超过 %[2]d 个；请拆分图层",
			"%[1]q has more than %[2]d vertices; split the layer", at.file, s.lim.Vertices)
	}
	return nil
}

// checkRest looks at what follows the plane coordinates of n points: the Z and M
// planes that the type has, which are left out, and what has no business there.
func (s *shapes) checkRest(f frame, at place, need, n int64) {
	plane := 16 + 8*n // range and values
	if f.kind.family() == point {
		plane = 8
	}
	rest := f.length - need
	switch {
	case f.kind.hasZ() && rest < plane:
		s.led.note(planeCut, at)
	case f.kind.hasZ() && (rest == plane || rest == 2*plane), f.kind.hasM() && rest == plane:
	case f.kind.hasZ():
		s.pad(at, rest-plane, plane)
	case f.kind.hasM():
		s.pad(at, rest, plane)
	case rest > 0:
		s.led.note(padding, at, rest)
	}
}

// pad reports what is left of rest after an M plane, which may be missing or cut.
func (s *shapes) pad(at place, rest, plane int64) {
	if rest > plane {
		s.led.note(padding, at, rest-plane)
	}
}

// index reads the starts of the parts, which must begin at 0 and not decrease.
func (s *shapes) index(b []byte, parts, n int, at place) error {
	s.starts = s.starts[:0]
	last := int32(0)
	for i := range parts {
		start := int32(binary.LittleEndian.Uint32(b[4*i:]))
		if i == 0 && start != 0 || start < last || int(start) > n {
			at.part = i
			return badParts.refuse(at, i, start, n)
		}
		s.starts = append(s.starts, start)
		last = start
	}
	s.starts = append(s.starts, int32(n))
	return nil
}

// inPart turns the vertex of a refusal from a count within the record into part
// and vertex within the part.
func (s *shapes) inPart(err error) error {
	if r, ok := err.(*refusal); ok {
		for i := len(s.starts) - 2; i >= 0; i-- {
			if r.Vertex >= int(s.starts[i]) {
				r.Part, r.Vertex = i, r.Vertex-int(s.starts[i])
				break
			}
		}
	}
	return err
}

// decode reads points, east first, and refuses one that is no position.
func (s *shapes) decode(pts []orb.Point, b []byte, at place) error {
	b = b[:pointBytes*len(pts)]
	for i := range pts {
		xy := b[pointBytes*i : pointBytes*i+pointBytes]
		x := math.Float64frombits(binary.LittleEndian.Uint64(xy))
		y := math.Float64frombits(binary.LittleEndian.Uint64(xy[8:]))
		if !(math.Abs(x) <= maxCoordinate && math.Abs(y) <= maxCoordinate) {
			at.vertex = i
			return badCoordinate.refuse(at, x, y)
		}
		pts[i] = orb.Point{x, y}
	}
	if s.exchanged {
		Exchange(pts)
	}
	return nil
}

// Exchange puts the second coordinate of each point first, in place.
func Exchange(pts []orb.Point) {
	for i, p := range pts {
		pts[i] = orb.Point{p[1], p[0]}
	}
}

// lines gives the parts of two points and more.
func (s *shapes) lines(pts []orb.Point, at place) (orb.Geometry, error) {
	lines := make(orb.MultiLineString, 0, len(s.starts)-1)
	var empty, short tally
	for i := range len(s.starts) - 1 {
		a, b := s.starts[i], s.starts[i+1]
		switch b - a {
		case 0:
			empty.count(i, geo.None)
		case 1:
			short.count(i, geo.None)
		default:
			lines = append(lines, pts[a:b:b])
		}
	}
	if len(lines) == 0 {
		return nil, noLine.refuse(at)
	}
	empty.note(s.led, emptyPart, at)
	short.note(s.led, shortLine, at)
	return lines, nil
}

// tally counts one kind of finding within a record and keeps the first place.
type tally struct{ n, part, vertex int }

func (t *tally) count(part, vertex int) {
	if t.n == 0 {
		t.part, t.vertex = part, vertex
	}
	t.n++
}

// note lists the findings, if there are any, as one.
func (t *tally) note(led *ledger, c check, at place, args ...any) {
	if t.n > 0 {
		at.part, at.vertex = t.part, t.vertex
		led.note(c, at, append([]any{t.n}, args...)...)
	}
}

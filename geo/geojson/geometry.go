package geojson

import (
	"math"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/shapefile"
)

// shapes turns the geometries of records into those of orb.
type shapes struct {
	lim      shapefile.Limits
	rings    shapefile.Rings
	vertices int // read so far, in all records

	// Of the record at hand:
	record int
	family string      // Point, LineString or Polygon, "" before the first
	pts    []orb.Point // reused
	starts []int32     // of the parts in pts; reused
	owner  []int32     // of a ring: the part that is listed as its outer ring
	spare  bool        // positions had more than two numbers
	multi  bool        // it is a MultiPoint
	// origins are those of the rings of a polygon.
	origins []shapefile.Origin

	exchanged bool // the file has north first
}

// shape is the geometry of an object, with the violations that do not refuse it. The
// error is a *refusal, or one that ends the reading.
func (s *shapes) shape(o *object, record int) (orb.Geometry, []geo.Violation, error) {
	s.record, s.family, s.spare, s.multi, s.origins = record, "", false, false, nil
	s.pts, s.starts, s.owner = s.pts[:0], s.starts[:0], s.owner[:0]
	if err := s.read(o); err != nil {
		return nil, nil, err
	}
	if s.vertices += len(s.pts); s.vertices > s.lim.Vertices {
		return nil, nil, tooManyVertices(0, s.lim)
	}
	if len(s.pts) == 0 {
		return nil, []geo.Violation{s.at(nullShape.breach(), geo.None, geo.None)}, nil
	}
	s.starts = append(s.starts, int32(len(s.pts)))
	pts := make([]orb.Point, len(s.pts))
	copy(pts, s.pts)
	if s.exchanged {
		shapefile.Exchange(pts)
	}
	switch {
	case s.family == "Polygon":
		return s.polygons(pts)
	case s.family == "LineString":
		return s.lines(pts)
	case s.multi || len(pts) > 1:
		return orb.MultiPoint(pts), nil, nil
	}
	return pts[0], nil, nil
}

func (s *shapes) at(v geo.Violation, part, vertex int) geo.Violation {
	return v.At(s.record, part, vertex)
}

// family is what a geometry of a type is made of, "" for a type that does not exist.
func family(kind string) string {
	switch kind {
	case "Point", "MultiPoint":
		return "Point"
	case "LineString", "MultiLineString":
		return "LineString"
	case "Polygon", "MultiPolygon":
		return "Polygon"
	}
	return ""
}

// read appends the points of a geometry to those of the record.
func (s *shapes) read(o *object) error {
	if o.kind == "GeometryCollection" {
		return s.collection(o)
	}
	f := family(o.kind)
	switch {
	case f == "":
		return typeUnknown.refuse(o.kind)
	case s.family != "" && s.family != f:
		return mixed.refuse(s.family, f)
	}
	s.family = f
	if o.null(o.coordinates) {
		return nil
	}
	c := o.on(o.coordinates)
	if err := s.coordinates(o.kind, c); err != nil {
		return err
	}
	return c.end()
}

func (s *shapes) collection(o *object) error {
	if o.null(o.geometries) {
		return nil
	}
	c := o.on(o.geometries)
	return c.elements(func() error {
		member, err := openObject(c)
		if err != nil {
			return err
		}
		return s.read(&member)
	})
}

func (s *shapes) coordinates(kind string, c *cursor) error {
	switch kind {
	case "Point":
		return s.point(c)
	case "MultiPoint":
		s.multi = true
		return c.elements(func() error { return s.point(c) })
	case "LineString":
		return s.line(c)
	case "MultiLineString":
		return c.elements(func() error { return s.line(c) })
	case "Polygon":
		return s.polygon(c)
	}
	return c.elements(func() error { return s.polygon(c) })
}

// point is a part of its own, or none where it is empty.
func (s *shapes) point(c *cursor) error {
	from := c.i
	if c.eat('[') && c.eat(']') {
		return nil
	}
	c.i = from
	if err := s.begin(); err != nil {
		return err
	}
	return s.position(c)
}

func (s *shapes) line(c *cursor) error {
	if err := s.begin(); err != nil {
		return err
	}
	return c.elements(func() error { return s.position(c) })
}

// polygon has an outer ring and its holes.
func (s *shapes) polygon(c *cursor) error {
	outer := int32(len(s.starts))
	return c.elements(func() error {
		s.owner = append(s.owner, outer)
		return s.line(c)
	})
}

// begin starts a part. Parts are bounded like points, as they can be empty.
func (s *shapes) begin() error {
	if s.starts = append(s.starts, int32(len(s.pts))); len(s.starts) > s.lim.PolygonVertices {
		return tooManyVertices(s.record, s.lim)
	}
	return nil
}

// position appends one point.
func (s *shapes) position(c *cursor) error {
	if !c.eat('[') {
		return s.notPosition(c)
	}
	var v [2]float64
	n := 0
	for more := c.peek() != ']'; more; n++ {
		if b := c.peek(); b != '-' && !isDigit(b) || n == 4 {
			return s.notPosition(c)
		}
		from := c.i
		f, err := c.number()
		if err != nil {
			return err
		}
		if !(math.Abs(f) <= maxCoordinate) {
			return s.refuse(badCoordinate, c.b[from:c.i])
		}
		if n < 2 {
			v[n] = f
		}
		more = c.eat(',')
	}
	if n < 2 {
		return s.notPosition(c)
	}
	if !c.eat(']') {
		return c.want("逗号或 ]", "a comma or ]")
	}
	if len(s.pts) == s.lim.PolygonVertices {
		return tooManyVertices(s.record, s.lim)
	}
	s.spare = s.spare || n > 2
	s.pts = append(s.pts, v)
	return nil
}

// notPosition is the refusal of what stands for a number at the next byte.
func (s *shapes) notPosition(c *cursor) error {
	return s.refuse(badPosition, c.b[min(c.i, len(c.b)):])
}

// refuse names the vertex that would come next.
func (s *shapes) refuse(ch check, text []byte) error {
	part := len(s.starts) - 1
	vertex := len(s.pts) - int(s.starts[part])
	return &refusal{Violation: s.at(ch.breach(excerpt(text)), part, vertex)}
}

// lines gives the parts of two points and more.
func (s *shapes) lines(pts []orb.Point) (orb.Geometry, []geo.Violation, error) {
	out := make(orb.MultiLineString, 0, len(s.starts)-1)
	empty, short := tally{}, tally{}
	for i := range len(s.starts) - 1 {
		switch a, b := s.starts[i], s.starts[i+1]; b - a {
		case 0:
			empty.count(i, "")
		case 1:
			short.count(i, "")
		default:
			out = append(out, pts[a:b:b])
		}
	}
	if len(out) == 0 {
		return nil, nil, noLine.refuse()
	}
	var found []geo.Violation
	if empty.n > 0 {
		found = append(found, s.at(emptyPart.breach(empty.n), empty.first, geo.None))
	}
	if short.n > 0 {
		found = append(found, s.at(shortLine.breach(short.n), short.first, geo.None))
	}
	return out, found, nil
}

// polygons nests the rings and says where this disagrees with how they are listed.
func (s *shapes) polygons(pts []orb.Point) (orb.Geometry, []geo.Violation, error) {
	n := s.rings.Polygons(s.record, pts, s.starts)
	if n.Geometry == nil {
		last := len(n.Violations) - 1
		return nil, n.Violations[:last], &refusal{Violation: n.Violations[last]}
	}
	s.origins = n.Rings
	for i, around := range n.Around {
		part, owner := int32(i), s.owner[i]
		var v geo.Violation
		switch {
		case around == shapefile.LeftOut, around == owner && part != owner, around == shapefile.Outer && part == owner:
			continue
		case around == shapefile.Outer:
			v = looseHole.breach()
		case part == owner:
			v = nestedShell.breach()
		default:
			v = movedHole.breach(owner, around)
		}
		n.Violations = append(n.Violations, s.at(v, i, geo.None))
	}
	return n.Geometry, n.Violations, nil
}

package geojson

import "bytes"

// object is a Feature or geometry by its members, none of them read yet.
type object struct {
	*cursor
	kind string // its type, "" where it has none or one that is no text

	id, crs                 span
	geometry, properties    span // of a Feature
	coordinates, geometries span // of a geometry
	foreign                 string
	kindSpan                span
}

// openObject looks at the members of the object at c. Members that mean nothing here
// are checked; a name that is there twice is refused.
func openObject(c *cursor) (o object, err error) {
	o.cursor = c
	err = c.members(func(name []byte) error {
		at := o.member(name)
		if at == nil {
			return o.other(name)
		}
		if !at.missing() {
			return c.again(name)
		}
		*at, err = c.skip()
		return err
	})
	if err == nil && !o.kindSpan.missing() && c.b[o.kindSpan.start] == '"' {
		var kind []byte
		kind, err = c.on(o.kindSpan).text()
		o.kind = string(kind)
	}
	return o, err
}

// again is the refusal of a member that was there before.
func (c *cursor) again(name []byte) error {
	s := c.spot(c.i)
	return twice.refuse(s.line, s.column, name)
}

// member is the place of a known member, nil for others.
func (o *object) member(name []byte) *span {
	switch string(name) {
	case "type":
		return &o.kindSpan
	case "id":
		return &o.id
	case "crs":
		return &o.crs
	case "geometry":
		return &o.geometry
	case "properties":
		return &o.properties
	case "coordinates":
		return &o.coordinates
	case "geometries":
		return &o.geometries
	}
	return nil
}

// other checks a member that is not read. A bounding box says nothing new.
func (o *object) other(name []byte) error {
	if o.foreign == "" && string(name) != "bbox" {
		o.foreign = string(bytes.ToValidUTF8(name, []byte("?")))
	}
	return o.check()
}

// shaped says that the object has a geometry's members.
func (o *object) shaped() bool { return !o.coordinates.missing() || !o.geometries.missing() }

// null says that the value at s is null or not there.
func (o *object) null(s span) bool { return s.missing() || string(o.of(s)) == "null" }

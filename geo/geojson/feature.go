package geojson

import (
	"errors"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/shapefile"
)

// item reads one item; taken is false for one that was refused.
func (s *scan) item(it item) (r shapefile.Record, taken bool, err error) {
	if s.items > s.f.Records {
		return r, false, errChanged
	}
	r, err = s.record(&it)
	var refused *refusal
	if errors.As(err, &refused) {
		v := refused.Violation
		return r, false, s.led.Refuse(v.At(s.items, v.Part, v.Vertex))
	}
	return r, err == nil, err
}

func (s *scan) record(it *item) (r shapefile.Record, err error) {
	r.Number = s.items
	if it.broken != nil {
		return r, it.broken
	}
	if !utf8.Valid(it.b) {
		return r, it.undecodable()
	}
	o, err := openObject(&it.cursor)
	if err == nil {
		err = it.end()
	}
	if err != nil {
		return r, err
	}
	shape, err := s.open(&o, it.alone)
	if err != nil {
		return r, err
	}
	if r.Geometry, err = s.geometry(shape); err != nil {
		return r, err
	}
	r.Rings = s.shapes.origins
	r.Values, err = s.values.of(&o, s.items)
	return r, err
}

// undecodable is the refusal of text that is not UTF-8.
func (it *item) undecodable() error {
	i := invalid(it.b)
	at := it.spot(i)
	return badText.refuse(at.line, at.column, it.b[i:min(i+8, len(it.b))])
}

// open finds the geometry of a Feature, nil for none. A geometry in the place of a
// Feature is one without properties.
func (s *scan) open(o *object, alone bool) (*object, error) {
	isShape := family(o.kind) != "" || o.kind == "GeometryCollection"
	switch {
	case isShape:
		if !alone {
			s.warn(typeMissing.breach(string(Feature), o.kind))
		}
		o.properties, o.id = span{}, span{}
		return o, nil
	case o.kind == string(Feature):
	case o.geometry.missing() || o.shaped():
		return nil, notFeature.refuse(excerpt(o.b))
	default:
		s.warn(typeMissing.breach(string(Feature), o.kind))
	}
	s.noteMembers(o, alone)
	if o.null(o.geometry) {
		return nil, nil
	}
	shape, err := openObject(o.on(o.geometry))
	return &shape, err
}

// warn lists a violation of the record at hand.
func (s *scan) warn(v geo.Violation) { s.led.Add(v.At(s.items, geo.None, geo.None)) }

// noteMembers counts what a Feature has beside its geometry and properties.
func (s *scan) noteMembers(o *object, alone bool) {
	if !o.null(o.crs) && !(alone && s.f.Kind == Feature) {
		s.tallies.crs.count(s.items, "")
	}
	switch {
	case o.foreign != "":
		s.tallies.foreign.count(s.items, o.foreign)
	case o.shaped():
		s.tallies.foreign.count(s.items, "coordinates")
	}
}

func (s *scan) geometry(o *object) (orb.Geometry, error) {
	if o == nil {
		s.shapes.origins = nil
		s.warn(nullShape.breach())
		return nil, nil
	}
	g, found, err := s.shapes.shape(o, s.items)
	s.led.Add(found...)
	if s.shapes.spare {
		s.tallies.planes.count(s.items, "")
	}
	return g, err
}

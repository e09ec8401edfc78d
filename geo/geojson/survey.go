package geojson

import (
	"bytes"
	"errors"
	"unicode/utf8"

	"towngrid/geo"
	"towngrid/geo/shapefile"
)

// survey is the first run over a file: what its fields are.
type survey struct {
	walk
	lim     shapefile.Limits
	columns columns
	system  system
	stated  []byte // the text of the crs member
	kind    string // type of the last item that is a text of its own
	head    string // type of the last collection
	found   []geo.Violation
	whole   int      // items that are not broken
	wrong   geo.Text // why the last item cannot be read, empty where it can
}

func newSurvey(in *source, lim shapefile.Limits) *survey {
	s := &survey{lim: lim, system: unstated(), columns: columns{lim: lim, index: make(map[string]int)}}
	s.walk = walk{in: in, visit: s.item, head: s.collection}
	return s
}

// item looks at the properties of one item. What is wrong with it is left to the run
// that reads it.
func (s *survey) item(it item) error {
	if s.items > s.lim.Features {
		return tooManyFeatures(s.lim)
	}
	if it.broken != nil {
		// The run that reads the records will not come further than this.
		if s.items-s.whole > s.lim.Refusals {
			return errStop
		}
		return nil
	}
	s.whole++
	if s.in.bad >= 0 && !utf8.Valid(it.b) {
		return nil // its names are no names
	}
	o, err := openObject(&it.cursor)
	if err == nil {
		err = s.object(&o, it.alone)
	}
	var refused *refusal
	if errors.As(err, &refused) {
		s.wrong = refused.Message
		return nil
	}
	s.wrong = geo.Text{}
	return err
}

func (s *survey) object(o *object, alone bool) error {
	if alone {
		s.kind = o.kind
		if !o.null(o.crs) {
			s.state(o)
		}
	}
	if id := o.of(o.id); len(id) > 0 && isID(id) {
		s.columns.ids |= valueKind(id)
	}
	if o.null(o.properties) {
		return nil
	}
	c := o.on(o.properties)
	return c.members(func(name []byte) error {
		at, err := c.skip()
		if err != nil || len(name) > maxName {
			return err
		}
		col, err := s.columns.column(name)
		if err == nil {
			col.note(c.of(at))
		}
		return err
	})
}

// collection takes note of the members of a collection beside its features.
func (s *survey) collection(o object) error {
	if o.kind != "" {
		s.head = o.kind
	}
	if !o.null(o.crs) {
		s.state(&o)
	}
	return nil
}

// state takes the system that a crs member states.
func (s *survey) state(o *object) {
	text := o.of(o.crs)
	switch {
	case s.stated == nil:
		s.stated = bytes.Clone(text)
		system, ok := readCRS(o)
		if !ok {
			var v geo.Violation
			system, v = unread(text)
			s.found = append(s.found, v)
		}
		s.system = system
	case !bytes.Equal(s.stated, text) && len(s.found) == 0:
		s.found = append(s.found, crsVaries.breach(excerpt(s.stated), excerpt(text)))
	}
}

// fileKind is what the file is as a whole, "" for what is none of these.
func (s *survey) fileKind() Kind {
	switch {
	case s.separated || s.texts > 1:
		return Sequence
	case s.collections > 0:
		return FeatureCollection
	case s.arrays > 0:
		return Array
	case s.kind == "Feature":
		return Feature
	case family(s.kind) != "", s.kind == "GeometryCollection":
		return Geometry
	}
	return ""
}

package jzd

import (
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/ledger"
	"towngrid/geo/shapefile"
)

// scan is one run over the parcels of a file.
type scan struct {
	*text
	f     *File
	led   *ledger.Ledger
	yield func(shapefile.Record, error) bool
	rings shapefile.Rings

	record   int // of the parcel at hand, 0 before the first
	vertices int // in all parcels

	// Of the parcel at hand:
	line    parcelLine
	at      int   // its line in the file
	wrong   error // the *refusal, nil while nothing is wrong
	rows    int
	open    bool // the line of its last point has no end
	outline outline
	origins []shapefile.Origin // of the rings of its geometry
}

func (s *scan) run() error {
	for {
		line, k, err := s.read()
		if err == io.EOF {
			return s.finish(true)
		}
		if err == nil {
			err = s.take(line, k)
		}
		if err != nil {
			return err
		}
	}
}

// take reads one line.
func (s *scan) take(line []byte, k kind) error {
	switch {
	case k == aParcel, k == garbled && isParcelLine(line):
		if err := s.finish(false); err != nil {
			return err
		}
		s.begin()
	case k == attributeLine:
		return nil
	case s.record == 0:
		s.begin()
	}
	var err error
	switch {
	case s.wrong != nil:
		s.rows++
	case k == garbled:
		err = undecodable.refuse(s.number, s.f.Encoding.Name, line[:min(len(line), 16)])
	case k == aParcel:
		err = s.parcel(line)
	case s.f.stray && s.record == 1:
		err = strayRows.refuse(s.number, 0) // the count is put in at the end
		s.rows++
	default:
		err = s.point(line)
	}
	if errors.As(err, new(*refusal)) {
		s.wrong, err = err, nil
	}
	return err
}

// begin starts the next record.
func (s *scan) begin() {
	s.record++
	s.origins = nil
	s.line, s.at, s.wrong, s.rows, s.open = parcelLine{}, s.number, nil, 0, false
	s.outline.reset()
}

func (s *scan) parcel(line []byte) error {
	p, columns, ok := parseParcelLine(line)
	switch {
	case !ok:
		return badParcel.refuse(s.number, columns)
	case p.kind != "" && !strings.Contains(p.kind, "面") && !strings.Contains(p.kind, "多边形"):
		return notArea.refuse(s.number, p.kind)
	}
	s.line = p
	return nil
}

func (s *scan) point(line []byte) error {
	s.rows++
	s.open = !s.ended
	s.vertices++
	if err := over(s.record, s.rows, s.vertices, s.f.lim); err != nil {
		return err
	}
	r, err := parseRow(line, s.number)
	if err != nil {
		return s.placed(err)
	}
	warning, err := s.outline.add(r, s.number)
	if warning != nil {
		s.led.Add(warning.At(s.record, len(s.outline.starts)-1, 0))
	}
	return s.placed(err)
}

// placed gives a refusal the part and vertex that would come next.
func (s *scan) placed(err error) error {
	var r *refusal
	if errors.As(err, &r) {
		part := max(len(s.outline.starts)-1, 0)
		vertex := len(s.outline.pts)
		if vertex > 0 {
			vertex -= int(s.outline.starts[part])
		}
		r.Part, r.Vertex = part, vertex
	}
	return err
}

// finish yields or refuses the parcel at hand; last says that the file ends with it.
func (s *scan) finish(last bool) error {
	if s.record == 0 {
		return nil
	}
	g, err := s.geometry(last)
	var refused *refusal
	if errors.As(err, &refused) {
		v := refused.Violation
		if v.Check == string(strayRows) {
			v = strayRows.breach(s.at, s.rows)
		}
		return s.led.Refuse(v.At(s.record, v.Part, v.Vertex))
	}
	if !s.yield(shapefile.Record{Number: s.record, Geometry: g, Rings: s.origins, Values: s.values()}, nil) {
		return errStop
	}
	return nil
}

// geometry makes polygons of the points of the parcel at hand.
func (s *scan) geometry(last bool) (orb.Geometry, error) {
	if s.wrong != nil {
		return nil, s.wrong
	}
	closing, closed := s.outline.end()
	if err := s.checkCount(closing); err != nil {
		return nil, err
	}
	if last && s.open && !closed {
		s.led.Add(noLineEnd.breach(s.number).At(s.record, geo.None, geo.None))
	}
	if s.rows == 0 {
		s.led.Add(nullShape.breach().At(s.record, geo.None, geo.None))
		return nil, nil
	}
	pts := make([]orb.Point, len(s.outline.pts))
	copy(pts, s.outline.pts)
	if s.f.Exchanged {
		shapefile.Exchange(pts)
	}
	n := s.rings.Polygons(s.record, pts, s.outline.starts)
	if n.Geometry == nil {
		i := len(n.Violations) - 1
		s.led.Add(n.Violations[:i]...)
		return nil, &refusal{Violation: n.Violations[i]}
	}
	s.led.Add(n.Violations...)
	s.origins = n.Rings
	return n.Geometry, nil
}

// checkCount holds the stated count of points against the lines, with or without those
// that only close a ring.
func (s *scan) checkCount(closing int) error {
	if s.line.count == "" {
		s.led.Add(noCount.breach(s.at, s.rows).At(s.record, geo.None, geo.None))
		return nil
	}
	if n, err := strconv.Atoi(s.line.count); err != nil || n != s.rows && n != s.rows-closing {
		return badCount.refuse(s.at, s.line.count, s.rows, s.rows-closing)
	}
	return nil
}

// values are those of the parcel at hand, in the order of the fields.
func (s *scan) values() []any {
	out := make([]any, len(s.f.Fields))
	texts := [...]string{
		colCode: s.line.code, colName: s.line.name, colKind: s.line.kind, colSheet: s.line.sheet,
		colUse: s.line.use, colLandUse: s.line.landUse,
	}
	for i, text := range texts[:len(out)] {
		if text != "" {
			out[i] = text
		}
	}
	if s.line.area != "" {
		if f, ok := coordinate([]byte(s.line.area)); ok {
			out[colArea] = f
		} else {
			s.led.Add(badNumber.breach(s.at, s.f.Fields[colArea].Name, s.line.area).At(s.record, geo.None, geo.None))
		}
	}
	if n, err := strconv.ParseInt(s.line.count, 10, 64); err == nil {
		out[colCount] = n
	}
	return out
}

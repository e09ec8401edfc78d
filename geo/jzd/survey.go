package jzd

import (
	"bytes"
	"io"
	"strings"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/shapefile"
)

// survey is the first run over a file: what its header says, what its fields are and
// where its points lie.
type survey struct {
	*text
	header       Header
	stated       bool // there is a header
	classified   int  // the line of conversion parameters, 0 for none
	records      int
	stray        bool // points come before the first parcel
	bound        orb.Bound
	areaDecimals int
	landUse      bool // some parcel has a land-use code
}

func (s *survey) run(lim shapefile.Limits) error {
	s.bound = emptyBound()
	for {
		line, k, err := s.read()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
		switch k {
		case attributeLine:
			s.attribute(line)
		case aParcel:
			s.parcel(line)
		case aPoint:
			s.point(line)
		case garbled:
			s.begin(isParcelLine(line))
		}
		if err := over(s.records, 0, 0, lim); err != nil {
			return err
		}
	}
}

// emptyBound is one that any point extends.
func emptyBound() orb.Bound { return orb.Bound{Min: orb.Point{1, 1}, Max: orb.Point{-1, -1}} }

func (s *survey) attribute(line []byte) {
	s.stated = true
	key, value, ok := strings.Cut(strings.Replace(string(line), "＝", "=", 1), "=")
	if ok && s.header.set(strings.TrimSpace(key), strings.TrimSpace(value)) {
		s.classified = s.number
	}
}

func (s *survey) parcel(line []byte) {
	s.records++
	if p, _, ok := parseParcelLine(line); ok {
		s.landUse = s.landUse || p.landUse != ""
		if _, digits, _ := strings.Cut(p.area, "."); len(digits) <= maxAreaDecimals {
			s.areaDecimals = max(s.areaDecimals, len(digits))
		}
	}
}

// maxAreaDecimals is how many digits after the point a field of a .dbf can have.
const maxAreaDecimals = 15

func (s *survey) point(line []byte) {
	s.begin(false)
	if r, err := parseRow(line, s.number); err == nil {
		if s.bound.IsEmpty() {
			s.bound = r.at.Bound()
		}
		s.bound = s.bound.Extend(r.at)
	}
}

// begin counts a record for a parcel, and for the first points that have none.
func (s *survey) begin(parcel bool) {
	if parcel || s.records == 0 {
		s.records++
		s.stray = !parcel
	}
}

// notes are the violations of the header, and the system that it means.
func (s *survey) notes() (id string, evidence geo.Text, found []geo.Violation) {
	if !s.stated {
		found = append(found, noHeader.breach())
	}
	if s.classified > 0 {
		found = append(found, parameters.breach(s.classified))
	}
	id, evidence, conflict := s.header.identify(s.bound)
	if conflict != nil {
		found = append(found, *conflict)
	}
	return id, evidence, found
}

// isFile says that there is something to read.
func (s *survey) isFile() bool { return s.section == inParcels || s.records > 0 }

// begins shows how a file that is none of ours begins.
func begins(r io.ReaderAt, size int64) string {
	b := make([]byte, min(size, 40))
	n, _ := r.ReadAt(b, 0)
	return excerpt(bytes.ToValidUTF8(b[:n], []byte("?")))
}

package intake

import (
	"math"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/snapshot"
)

// Live is what is published, as far as a file is held against it. Published makes one of
// a Snapshot; where a file is read in a process of its own, it asks the service.
type Live interface {
	// Bound is the box around what is published of a division and of those above and below
	// it; ok is false where nothing is.
	Bound(geo.Division) (b orb.Bound, ok bool)
	// Divisions are those of which a collection is published, in order.
	Divisions(geo.Collection) []geo.Division
	// Codes are the codes of the features published in exactly this division.
	Codes(geo.Collection, geo.Division) []geo.Code
	// Has tells of each code whether a published feature of the collection has it.
	Has(geo.Collection, []geo.Code) []bool
	// Feature is the published feature of a code in exactly this division, or with the
	// division "" in the first that has it; nil where there is none. It must not be
	// changed.
	Feature(geo.Collection, geo.Division, geo.Code) *geo.Feature
	// MisfitM is the distance in metres from a position to the nearest published border
	// of a cell, NaN where there is none.
	MisfitM(orb.Point) float64
}

// Published is a Snapshot as a file is held against it.
func Published(s *snapshot.Snapshot) Live { return published{s} }

type published struct{ *snapshot.Snapshot }

// Bound is one of Live.
func (p published) Bound(of geo.Division) (b orb.Bound, ok bool) {
	for _, c := range geo.Collections() {
		for _, part := range p.Parts(c) {
			d := part.Version().Division
			if part.Len() == 0 || !d.Contains(of) && !of.Contains(d) {
				continue
			}
			if !ok {
				b, ok = part.Bound(), true
				continue
			}
			b = b.Union(part.Bound())
		}
	}
	return b, ok
}

// Divisions is one of Live.
func (p published) Divisions(c geo.Collection) (ds []geo.Division) {
	for _, part := range p.Parts(c) {
		ds = append(ds, part.Version().Division)
	}
	return ds
}

// Codes is one of Live.
func (p published) Codes(c geo.Collection, d geo.Division) (codes []geo.Code) {
	for _, part := range p.Parts(c) {
		if part.Version().Division != d {
			continue
		}
		for i := range part.Len() {
			codes = append(codes, part.At(i).Code)
		}
	}
	return codes
}

// Has is one of Live.
func (p published) Has(c geo.Collection, codes []geo.Code) []bool {
	has := make([]bool, len(codes))
	for i, code := range codes {
		has[i] = p.Feature(c, "", code) != nil
	}
	return has
}

// Feature is one of Live.
func (p published) Feature(c geo.Collection, d geo.Division, code geo.Code) *geo.Feature {
	for _, part := range p.Parts(c) {
		if d != "" && part.Version().Division != d {
			continue
		}
		if f, ok := part.Feature(code); ok {
			return f
		}
	}
	return nil
}

// MisfitM is one of Live.
func (p published) MisfitM(at orb.Point) float64 {
	if m := p.Locate(at); m.Cell != nil {
		return m.BorderM
	} else if m.Nearest != nil {
		return m.NearestM
	}
	return math.NaN()
}

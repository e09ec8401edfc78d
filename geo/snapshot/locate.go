package snapshot

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// Match is the answer to Locate. Its cells have no geometry: that is had from their part, by
// Snapshot.Feature or Part.At.
type Match struct {
	// Cell is the one cell that the position belongs to, nil where none does.
	Cell *geo.Feature
	// Chain is the cell's unit and the units above it: station, room, centre, as far
	// as they are known. The slice is shared.
	Chain []*geo.Feature
	// Town is the town that the position lies in by the same rule as for cells, nil
	// where there is none.
	Town *geo.Feature
	// Side is Edge where the position lies exactly on an edge of Cell, else Inside;
	// Outside without a cell.
	Side geo.Side
	// Others are the further cells that contain the position where cells overlap, in
	// order of code. A cell that is only touched is not among them.
	Others []*geo.Feature
	// Nearest is the nearest cell where no cell matches, and NearestM the distance to
	// its border in metres. Among cells equally near, to a micrometre, it is the one
	// with the lowest code. Nil and NaN where a cell matches or there are no cells.
	Nearest  *geo.Feature
	NearestM float64
	// BorderM is the distance to the border of Cell in metres, 0 on an edge; NaN
	// without a cell.
	BorderM float64

	versions Versions
}

// Versions are the versions of the cells, units and towns from which the match was
// made. The map is shared and must not be changed.
func (m Match) Versions() Versions { return m.versions }

// Locate finds the cell, its units and the town of a position in CGCS2000 degrees.
//
// The match is the cell that covers the position (geo.Covers), of several the one
// with the lowest code. Where no cell does, but the position lies exactly on an edge,
// as on the outer rim in the east and north, it is the cell with the lowest code of
// those whose edge that is. The parts of all divisions count as one. A position with
// a NaN or an infinity matches nothing, and nothing is near it.
func (s *Snapshot) Locate(p orb.Point) Match {
	m := Match{NearestM: math.NaN(), BorderM: math.NaN(), versions: s.located}
	if checkPoint(p) != nil {
		return m
	}
	cell, others := s.cells.match(p)
	if cell.part != nil {
		m.Cell, m.Chain, m.Others = cell.feature(), s.ladder(&cell).chain, others
		m.Side, m.BorderM = geo.Edge, 0
		if !cell.onEdge {
			m.Side = geo.Inside
			cell.part.shape(cell.place, func(mp orb.MultiPolygon) { m.BorderM, _ = geo.BorderDistanceM(mp, p) })
		}
	} else {
		m.Nearest, m.NearestM = s.nearest(geo.Cells, p)
	}
	if town, _ := s.towns.match(p); town.part != nil {
		m.Town = town.feature()
	}
	return m
}

// Find is the feature of a collection that a position belongs to by the rule of Locate,
// nil where there is none, the position's side, and the others that cover it as well, in
// order of code. Of a collection of points there is none. Cells have no geometry, as in Match.
func (s *Snapshot) Find(c geo.Collection, p orb.Point) (f *geo.Feature, side geo.Side, others []*geo.Feature) {
	sh := s.shelves[c]
	if sh == nil || c.Schema().Geometry != geo.MultiPolygon || checkPoint(p) != nil {
		return nil, geo.Outside, nil
	}
	best, others := sh.match(p)
	switch {
	case best.part == nil:
		return nil, geo.Outside, nil
	case best.onEdge:
		return best.feature(), geo.Edge, others
	}
	return best.feature(), geo.Inside, others
}

// SignedM is the distance in metres to the border of the cell, positive inside it; without
// a cell that to the nearest one, negative. It is 0 on an edge, and NaN where there are no
// cells.
func (m Match) SignedM() float64 {
	if m.Cell == nil {
		return -m.NearestM
	}
	return m.BorderM
}

// Place is the answer to LocateCode: codes, "" where there is none.
type Place struct {
	Cell, Station, Room, Centre, Town geo.Code
	Side                              geo.Side
}

// LocateCode is Locate for batches: the same cell, units, town and side, but no
// distances and no other cells. It does not allocate unless cells overlap.
func (s *Snapshot) LocateCode(p orb.Point) (at Place) {
	if c := s.cells.claim(p); c.Cell != none {
		s.fill(&at, &c, s.cells.parts[c.Part].rows[c.Cell])
	}
	if len(s.towns.parts) > 0 {
		if c := s.towns.claim(p); c.Cell != none {
			at.Town = s.towns.parts[c.Part].features[c.Cell].Code
		}
	}
	return at
}

// fill sets what a cell says of a position.
func (s *Snapshot) fill(at *Place, c *Claim, r row) {
	l := &s.climbs[c.Part][r.unit]
	at.Cell, at.Station, at.Room, at.Centre, at.Side = r.code, l.station, l.room, l.centre, c.Side
}

// found is a feature that matches a position; part is nil where none does.
type found struct {
	part    *Part
	ordinal int32 // of the part among those of its collection
	place   int32
	onEdge  bool
}

func (f *found) feature() *geo.Feature { return &f.part.features[f.place] }

// ladder is that of a cell's unit.
func (s *Snapshot) ladder(cell *found) *ladder {
	return &s.climbs[cell.ordinal][cell.part.rows[cell.place].unit]
}

// match is the rule of one cell, over the features of all parts.
func (sh *shelf) match(p orb.Point) (best found, others []*geo.Feature) {
	var touched found
	for _, i := range sh.chart.at(p) {
		if !sh.chart.holds(i, p) {
			continue
		}
		part := sh.parts[i]
		h := part.find(p)
		for _, k := range h.further {
			others = append(others, &part.features[k])
		}
		switch {
		case h.cover == none:
			touched = touched.lower(found{part, i, h.touch, true})
		case best.part == nil:
			best = found{part, i, h.cover, h.onEdge}
		default:
			next := found{part, i, h.cover, h.onEdge}
			lower := best.lower(next)
			if lower == best {
				others = append(others, next.feature())
			} else {
				others = append(others, best.feature())
			}
			best = lower
		}
	}
	if best.part == nil {
		return touched, nil
	}
	slices.SortStableFunc(others, func(a, b *geo.Feature) int { return cmp.Compare(a.Code, b.Code) })
	return best, others
}

// lower is the one of two with the lower code, of equal codes the first; g may have
// no place and f no part.
func (f found) lower(g found) found {
	if g.place != none && (f.part == nil || g.feature().Code < f.feature().Code) {
		return g
	}
	return f
}

package snapshot

import (
	"math"
	"slices"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// Match is the answer to Locate.
type Match struct {
	// Cell is the one cell that the point belongs to, nil where none does.
	Cell *geo.Feature
	// Chain is the cell's unit and the units above it: station, room, centre as far as known.
	Chain []*geo.Feature
	// Town is the town that the point lies in, nil where none.
	Town *geo.Feature
	// Side is Edge where the point lies exactly on an edge of Cell, else Inside, and Outside without a cell.
	Side geo.Side
	// Others are further cells that contain the point, where cells overlap, in order of code.
	Others []*geo.Feature
	// Nearest is the nearest cell where none matches, and NearestM its distance in metres, else NaN.
	Nearest  *geo.Feature
	NearestM float64
	// BorderM is the distance in metres to the border of Cell, NaN without a cell.
	BorderM float64

	snapshot *Snapshot
}

// Versions are the versions of the cells, units and towns that the match was made from.
func (m Match) Versions() Versions {
	if m.snapshot == nil {
		return Versions{}
	}
	return m.snapshot.Versions(geo.Cells, geo.Units, geo.Towns)
}

// Locate finds the cell, its units and the town of a position in CGCS2000 degrees.
func (s *Snapshot) Locate(p orb.Point) Match {
	m := Match{NearestM: math.NaN(), BorderM: math.NaN(), snapshot: s}
	cells, side := s.match(geo.Cells, p)
	if len(cells) > 0 {
		m.Cell, m.Others, m.Side = cells[0], cells[1:], side
		m.Chain = s.Chain(geo.Code(m.Cell.Properties.Text("unit")))
		m.BorderM = 0
		if side != geo.Edge {
			m.BorderM, _ = geo.BorderDistanceM(m.Cell.Geometry.(orb.MultiPolygon), p)
		}
	} else {
		m.Nearest, m.NearestM = s.nearest(geo.Cells, p)
	}
	if towns, _ := s.match(geo.Towns, p); len(towns) > 0 {
		m.Town = towns[0]
	}
	return m
}

// Place is the leaner answer of LocateCode; codes are "" where there is none.
type Place struct {
	Cell, Station, Room, Centre, Town geo.Code
	Side                              geo.Side
}

// LocateCode is Locate for batches: codes only, no distances.
func (s *Snapshot) LocateCode(p orb.Point) Place {
	var at Place
	if cells, side := s.match(geo.Cells, p); len(cells) > 0 {
		at.Cell, at.Side = cells[0].Code, side
		for _, u := range s.Chain(geo.Code(cells[0].Properties.Text("unit"))) {
			switch u.Properties.Text("level") {
			case geo.LevelStation:
				at.Station = u.Code
			case geo.LevelRoom:
				at.Room = u.Code
			case geo.LevelCentre:
				at.Centre = u.Code
			}
		}
	}
	if towns, _ := s.match(geo.Towns, p); len(towns) > 0 {
		at.Town = towns[0].Code
	}
	return at
}

// match is the rule of one cell: the features that cover p in order of code; where
// none does, the one of the lowest code whose edge p lies on.
func (s *Snapshot) match(c geo.Collection, p orb.Point) (fs []*geo.Feature, side geo.Side) {
	var touched *geo.Feature
	s.Search(c, orb.Bound{Min: p, Max: p}, func(part *Part, i int) bool {
		f := &part.features[i]
		mp := f.Geometry.(orb.MultiPolygon)
		if geo.Covers(mp, p) {
			fs = append(fs, f)
		} else if geo.SideOf(mp, p) == geo.Edge && (touched == nil || f.Code < touched.Code) {
			touched = f
		}
		return true
	})
	if len(fs) > 0 {
		slices.SortStableFunc(fs, func(a, b *geo.Feature) int { return a.Code.Compare(b.Code) })
		return fs, geo.SideOf(fs[0].Geometry.(orb.MultiPolygon), p)
	}
	if touched != nil {
		return []*geo.Feature{touched}, geo.Edge
	}
	return nil, geo.Outside
}

// nearest is the feature whose border is nearest to p.
func (s *Snapshot) nearest(c geo.Collection, p orb.Point) (f *geo.Feature, m float64) {
	m = math.NaN()
	for _, part := range s.Parts(c) {
		for i := range part.features {
			d, _ := geo.BorderDistanceM(part.features[i].Geometry.(orb.MultiPolygon), p)
			if f == nil || d < m {
				f, m = &part.features[i], d
			}
		}
	}
	return f, m
}

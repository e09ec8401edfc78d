package snapshot

import (
	"maps"
	"slices"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// Snapshot is an immutable picture of everything published. Its methods are safe for
// concurrent use.
type Snapshot struct {
	shelves map[geo.Collection]*shelf // of every collection
	cells   *shelf                    // these two at hand for looking positions up
	towns   *shelf
	ladders map[geo.Code]*ladder // of units
	climbs  [][]ladder           // of each part of cells, and of each of its units
	located Versions             // of cells, units and towns
	tags    map[uint8]string     // by set of collections
}

// Empty is the snapshot of nothing.
func Empty() *Snapshot {
	s := &Snapshot{shelves: map[geo.Collection]*shelf{}}
	bare := newShelf(nil)
	for _, c := range geo.Collections() {
		s.shelves[c] = bare
	}
	s.connect(geo.Units)
	return s
}

// With is s with parts, each in place of the part of the same collection and division,
// or beside the others where there is none. Of two for one place the later counts. It shares
// all other parts and leaves s as it is.
func (s *Snapshot) With(ps ...*Part) *Snapshot {
	fresh := map[geo.Collection]map[geo.Division]*Part{}
	for _, p := range ps {
		c := p.version.Collection
		if fresh[c] == nil {
			fresh[c] = map[geo.Division]*Part{}
		}
		fresh[c][p.version.Division] = p
	}
	next := s
	for _, c := range geo.Collections() { // units before the cells that name them
		if parts := fresh[c]; parts != nil {
			others := s.shelves[c].others(func(d geo.Division) bool { return parts[d] != nil })
			next = next.replace(c, newShelf(slices.AppendSeq(others, maps.Values(parts))))
		}
	}
	return next
}

// Without is s without the part of a collection in a division.
func (s *Snapshot) Without(c geo.Collection, d geo.Division) *Snapshot {
	if s.shelves[c] == nil {
		return s
	}
	return s.replace(c, newShelf(s.shelves[c].others(func(other geo.Division) bool { return other == d })))
}

func (s *Snapshot) replace(c geo.Collection, sh *shelf) *Snapshot {
	next := &Snapshot{shelves: maps.Clone(s.shelves), ladders: s.ladders, climbs: s.climbs}
	next.shelves[c] = sh
	next.connect(c)
	return next
}

// connect works out what depends on a collection that has changed.
func (s *Snapshot) connect(c geo.Collection) {
	if c == geo.Units {
		s.ladders = ladders(s.Parts(geo.Units))
	}
	if c == geo.Units || c == geo.Cells {
		s.climbs = climbs(s.ladders, s.Parts(geo.Cells))
	}
	s.cells, s.towns = s.shelves[geo.Cells], s.shelves[geo.Towns]
	s.located = s.Versions(geo.Cells, geo.Units, geo.Towns)
	s.tags = tags(s.shelves)
}

// Parts are the parts of a collection in order of division.
func (s *Snapshot) Parts(c geo.Collection) []*Part {
	if sh := s.shelves[c]; sh != nil {
		return sh.parts
	}
	return nil
}

// Len is the number of features of a collection.
func (s *Snapshot) Len(c geo.Collection) int {
	if sh := s.shelves[c]; sh != nil {
		return sh.len
	}
	return 0
}

// Bound is the box around a collection's features; ok is false where it has none.
func (s *Snapshot) Bound(c geo.Collection) (b orb.Bound, ok bool) {
	if s.Len(c) == 0 {
		return orb.Bound{}, false
	}
	return s.shelves[c].bound, true
}

// Feature is the feature of a code, and its part. Where two divisions use the same
// code it is that of the first division.
func (s *Snapshot) Feature(c geo.Collection, code geo.Code) (*geo.Feature, *Part, bool) {
	for _, p := range s.Parts(c) {
		if f, ok := p.Feature(code); ok {
			return f, p, true
		}
	}
	return nil, nil, false
}

// Search calls f with every feature of a collection whose bound meets b, edges
// included, as a part and a place in it, until f returns false. Parts come in order
// of division; the order within a part is not stated.
func (s *Snapshot) Search(c geo.Collection, b orb.Bound, f func(p *Part, i int) bool) {
	for _, p := range s.Parts(c) {
		more := true
		if p.bound.Intersects(b) {
			p.Search(b, func(i int) bool {
				more = f(p, i)
				return more
			})
		}
		if !more {
			return
		}
	}
}

// Chain is a unit and the units above it: station, room, centre, as far as they are
// known. It follows the property parent; a parent that is missing, or whose level is
// not higher, ends it, so there is one unit of each level at most. It is nil where no
// unit has the code.
func (s *Snapshot) Chain(unit geo.Code) []*geo.Feature {
	if l := s.ladders[unit]; l != nil {
		return l.chain
	}
	return nil
}

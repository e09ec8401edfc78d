// Package snapshot is the picture of everything published that answers all reads.
//
// A Snapshot holds one Part for each collection and division. Both are immutable:
// every read is a pure function of a snapshot, takes no lock, and publishing makes
// the next snapshot beside the old one, sharing all parts but one.
package snapshot

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// Snapshot is an immutable picture of everything published. Its methods are safe
// for concurrent use.
type Snapshot struct {
	shelves map[geo.Collection][]*Part // parts in order of division
	chains  map[geo.Code][]*geo.Feature
}

// Empty is the snapshot of nothing.
func Empty() *Snapshot { return &Snapshot{} }

// With is s with p in place of the part of the same collection and division, or
// beside the others where there is none. All other parts are shared; s stays as it is.
func (s *Snapshot) With(p *Part) *Snapshot {
	c := p.version.Collection
	parts := append(s.others(c, p.version.Division), p)
	slices.SortFunc(parts, func(a, b *Part) int {
		if a.version.Division < b.version.Division {
			return -1
		}
		return 1
	})
	return s.shelve(c, parts)
}

// Without is s without the part of a collection in a division.
func (s *Snapshot) Without(c geo.Collection, d geo.Division) *Snapshot {
	return s.shelve(c, s.others(c, d))
}

// others are the parts of c in other divisions than d, in a slice of their own.
func (s *Snapshot) others(c geo.Collection, d geo.Division) (parts []*Part) {
	for _, p := range s.shelves[c] {
		if p.version.Division != d {
			parts = append(parts, p)
		}
	}
	return parts
}

func (s *Snapshot) shelve(c geo.Collection, parts []*Part) *Snapshot {
	t := &Snapshot{shelves: map[geo.Collection][]*Part{}, chains: s.chains}
	for k, v := range s.shelves {
		t.shelves[k] = v
	}
	t.shelves[c] = parts
	if c == geo.Units {
		t.chains = chains(t.Parts(geo.Units))
	}
	return t
}

// Parts are the parts of a collection in order of division.
func (s *Snapshot) Parts(c geo.Collection) []*Part { return s.shelves[c] }

// Len is the number of features of a collection.
func (s *Snapshot) Len(c geo.Collection) int {
	n := 0
	for _, p := range s.shelves[c] {
		n += p.Len()
	}
	return n
}

// Bound is the box around a collection's features; ok is false where it has none.
func (s *Snapshot) Bound(c geo.Collection) (b orb.Bound, ok bool) {
	b = emptyBound
	for _, p := range s.shelves[c] {
		b = b.Union(p.bound)
	}
	return b, s.Len(c) > 0
}

// Feature is the feature of a code, and its part. Where two divisions use the same
// code it is that of the first division.
func (s *Snapshot) Feature(c geo.Collection, code geo.Code) (*geo.Feature, *Part, bool) {
	for _, p := range s.shelves[c] {
		if f, ok := p.Feature(code); ok {
			return f, p, true
		}
	}
	return nil, nil, false
}

// Search calls f with every feature of a collection whose bound meets b, edges
// included, as a part and a place in it, until f returns false. Parts come in
// order of division; the order within a part is not stated.
func (s *Snapshot) Search(c geo.Collection, b orb.Bound, f func(p *Part, i int) bool) {
	for _, p := range s.shelves[c] {
		more := true
		if p.bound.Intersects(b) {
			p.Search(b, func(i int) bool { more = f(p, i); return more })
		}
		if !more {
			return
		}
	}
}

// Versions tells the number of the version that is published for each collection
// and division.
type Versions map[geo.Collection]map[geo.Division]int

// Versions are the versions of the collections named, of all when none is.
func (s *Snapshot) Versions(cols ...geo.Collection) Versions {
	if len(cols) == 0 {
		cols = geo.Collections()
	}
	vs := Versions{}
	for _, c := range cols {
		for _, p := range s.shelves[c] {
			if vs[c] == nil {
				vs[c] = map[geo.Division]int{}
			}
			vs[c][p.version.Division] = p.version.Number
		}
	}
	return vs
}

// Tag is a short hex digest of the version IDs of the collections named, of all
// when none is: two snapshots with the same tag hold the same features of them.
func (s *Snapshot) Tag(cols ...geo.Collection) string {
	h := sha256.New()
	for _, c := range geo.Collections() {
		if len(cols) > 0 && !slices.Contains(cols, c) {
			continue
		}
		h.Write([]byte(c))
		for _, p := range s.shelves[c] {
			h.Write([]byte{0})
			h.Write([]byte(p.version.Division))
			h.Write([]byte{0})
			h.Write([]byte(p.version.ID))
		}
		h.Write([]byte{1})
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// Chain is a unit and the units above it: station, room, centre, as far as they
// are known. A parent that is missing or not of a higher level ends it, so it has
// one unit of each level at most. It is nil where no unit has the code.
func (s *Snapshot) Chain(unit geo.Code) []*geo.Feature { return s.chains[unit] }

package snapshot

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"

	"towngrid/geo"
)

// Versions tells the number of the version published for each collection and
// division, as answers do: {"cells":{"330890":3}}.
type Versions map[geo.Collection]map[geo.Division]int

// Versions are the versions of the collections named, of all when none is.
// Collections without parts are left out.
func (s *Snapshot) Versions(cols ...geo.Collection) Versions {
	if len(cols) == 0 {
		cols = geo.Collections()
	}
	vs := Versions{}
	for _, c := range cols {
		for _, p := range s.Parts(c) {
			if vs[c] == nil {
				vs[c] = map[geo.Division]int{}
			}
			vs[c][p.version.Division] = p.version.Number
		}
	}
	return vs
}

// Tag is a digest of 16 hex digits over the version IDs of the collections named, of
// all when none is; their order does not count. Snapshots with the same tag hold the
// same features of these collections.
func (s *Snapshot) Tag(cols ...geo.Collection) string { return s.tags[setOf(cols)] }

// setOf has a bit for each of the collections, all bits for none.
func setOf(cols []geo.Collection) (set uint8) {
	all := geo.Collections()
	if len(cols) == 0 {
		return 1<<len(all) - 1
	}
	for i, c := range all {
		if slices.Contains(cols, c) {
			set |= 1 << i
		}
	}
	return set
}

// tags are the tags of all sets of collections.
func tags(shelves map[geo.Collection]*shelf) map[uint8]string {
	all := geo.Collections()
	ts := make(map[uint8]string, 1<<len(all))
	for set := range uint8(1 << len(all)) {
		h := sha256.New()
		for i, c := range all {
			if set>>i&1 == 1 {
				h.Write([]byte(c))
				h.Write(shelves[c].digest[:])
			}
		}
		ts[set] = hex.EncodeToString(h.Sum(nil)[:8])
	}
	return ts
}

// Divisions are the divisions of a collection, in their order.
func (vs Versions) Divisions(c geo.Collection) []geo.Division {
	return slices.Sorted(maps.Keys(vs[c]))
}

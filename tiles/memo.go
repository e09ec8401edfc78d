package tiles

import (
	"hash/maphash"
	"slices"
	"strings"
	"sync/atomic"

	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/snapshot"
)

// memo remembers what is known of the tiles of the live snapshot. It is a table in which a tile
// has one place and drives out what stood there, so it never grows beyond its 10 MB or so.
type memo struct {
	snap  *snapshot.Snapshot
	seed  maphash.Seed
	slots [1 << 15]atomic.Pointer[noted]
}

type noted struct {
	key noteKey
	*known
}

// noteKey is a checked request as a key of maps.
type noteKey struct {
	Address
	grid        Grid
	datum       crs.Datum
	content     Content
	collections uint8
	chosen      bool
	properties  string
}

// known is what is known of the tile of a checked request, found out where it is not remembered.
func (m *memo) known(r Request, find func() *known) *known {
	key := noteKey{Address: r.Address, grid: r.Grid, datum: r.Datum, content: r.Content}
	for i, c := range geo.Collections() {
		for _, wanted := range r.Collections {
			if c == wanted {
				key.collections |= 1 << i
			}
		}
	}
	if r.Properties != nil {
		key.chosen, key.properties = true, strings.Join(r.Properties, ",")
	}
	slot := &m.slots[maphash.Comparable(m.seed, key)%uint64(len(m.slots))]
	if n := slot.Load(); n != nil && n.key == key {
		return n.known
	}
	n := &noted{key, find()}
	slot.Store(n)
	return n.known
}

// Follow readies the cache for a snapshot that is about to take the place of old: it marks the
// features of the parts that are new, so that nobody has to wait for that, and
// from then on remembers what it finds out about the tiles of next.
func (c *Cache) Follow(old, next *snapshot.Snapshot) {
	for col, schema := range schemas {
		if !schema.Public {
			continue
		}
		for _, p := range next.Parts(col) {
			if !slices.Contains(old.Parts(col), p) {
				c.markers.marker(p).tally(next, p, true)
			}
		}
	}
	c.live.Store(&memo{snap: next, seed: maphash.MakeSeed()})
}

package tiles

import (
	"context"
	"hash/maphash"
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
	stop  context.CancelFunc // ends what is made in the background for the snapshot
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
func (m *memo) known(r Request, find func() (*known, error)) (*known, error) {
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
		return n.known, nil
	}
	k, err := find()
	if err != nil {
		return nil, err
	}
	slot.Store(&noted{key, k})
	return k, nil
}

// Follow readies the cache for a snapshot that is about to take the place of another: from then on it remembers
// what it finds out about the tiles of next. In the background it renews heavy tiles (see Renew) and marks the
// features that nobody has asked about yet. It does not wait for that.
func (c *Cache) Follow(next *snapshot.Snapshot) {
	ctx, stop := context.WithCancel(context.Background())
	was := c.live.Swap(&memo{snap: next, stop: stop, seed: maphash.MakeSeed()})
	if was != nil {
		was.stop()
	}
	go func() {
		defer stop()
		for _, h := range c.heavyTiles(was) {
			c.renew(ctx, next, h)
		}
		c.markAll(ctx, next)
	}()
}

// markAll marks all features of a snapshot, one cluster after the other, until the context ends.
func (c *Cache) markAll(ctx context.Context, s *snapshot.Snapshot) {
	for _, col := range geo.Collections() {
		if !schemas[col].Public {
			continue
		}
		units := c.markers.climber(s, col)
		for _, p := range s.Parts(col) {
			m := c.markers.marker(p)
			for k := range m.clusters {
				if ctx.Err() != nil {
					return
				}
				marks := m.marks(p, k)
				if units.climbs != nil {
					m.cluster(p, k).climb(units, marks)
				}
			}
		}
	}
}

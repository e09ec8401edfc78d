package tiles

import (
	"context"
	"slices"
	"strings"
	"time"

	"towngrid/geo"
	"towngrid/geo/snapshot"
)

const (
	// heavy is the number of features within a tile's reach from which it is renewed: making it takes some 100 ms of
	// a core and more.
	heavy = 100_000
	// renewalGrace is how long a publication waits for that at the most, for each feature of the parts that it brings:
	// about what checking and indexing the feature has taken.
	renewalGrace = 5 * time.Microsecond
)

// heavyTile is a tile that was asked for and is worth to be made before anybody asks again, in the encodings that
// the cache has.
type heavyTile struct {
	Request
	encodings []Encoding
}

// Renew makes anew, before next takes the place of old, the heavy tiles that the cache has of old, so that
// nobody waits for them. It goes on for a time in proportion to what next brings, so that a small
// publication is not held up; what is left then is renewed once next is live.
func (c *Cache) Renew(old, next *snapshot.Snapshot) {
	live := c.live.Load()
	if live == nil || live.snap != old {
		return
	}
	come := 0
	for col, schema := range schemas {
		for _, p := range next.Parts(col) {
			if schema.Public && !slices.Contains(old.Parts(col), p) {
				come += p.Len()
			}
		}
	}
	ctx, stop := context.WithTimeout(context.Background(), time.Duration(come)*c.grace)
	defer stop()
	for _, h := range c.heavyTiles(live) {
		if ctx.Err() != nil {
			return
		}
		c.renew(ctx, next, h)
	}
}

// renew makes a tile of next, unless the cache has it. What goes wrong, whoever asks for the tile will be told.
func (c *Cache) renew(ctx context.Context, next *snapshot.Snapshot, h heavyTile) {
	k, err := c.know(ctx, next, h.Request)
	for _, e := range h.encodings {
		if err == nil {
			_, err = Tile{c, next, h.Request, k}.Body(ctx, e)
		}
	}
}

// heavyTiles are those that a memo knows of and the cache has, the lowest zooms first.
func (c *Cache) heavyTiles(m *memo) (all []heavyTile) {
	if m == nil {
		return nil
	}
	for i := range m.slots {
		n := m.slots[i].Load()
		if n == nil || !n.known.heavy {
			continue
		}
		h := heavyTile{Request: n.key.request()}
		for k, e := range encodings {
			if _, ok := c.tiles.GetEntryQuietly(entryKey{n.digest, int8(k)}); ok {
				h.encodings = append(h.encodings, e.Encoding)
			}
		}
		if len(h.encodings) > 0 {
			all = append(all, h)
		}
	}
	slices.SortFunc(all, func(a, b heavyTile) int { return int(a.Z) - int(b.Z) })
	return all
}

// request is the checked request of a key.
func (k noteKey) request() Request {
	r := Request{Address: k.Address, Grid: k.grid, Datum: k.datum, Content: k.content}
	for i, c := range geo.Collections() {
		if k.collections>>i&1 == 1 {
			r.Collections = append(r.Collections, c)
		}
	}
	if k.chosen {
		r.Properties = []string{}
		if k.properties != "" {
			r.Properties = strings.Split(k.properties, ",")
		}
	}
	return r
}

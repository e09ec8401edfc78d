package tiles

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/maypok86/otter/v2"
	"github.com/maypok86/otter/v2/stats"

	"towngrid/geo/snapshot"
)

// DefaultCacheBytes is the size of a cache for which none is stated.
const DefaultCacheBytes = 256 << 20

// Cache makes tiles and keeps their encoded bytes, as many as its size allows, those that
// are used more for longer. A tile is made once, however many ask for it at the same
// time. It is safe for concurrent use.
//
// Tiles are kept by the versions that they were made from, so a publication needs no
// invalidation: the old version's tiles are not asked for any more and make room.
type Cache struct {
	builder Builder
	encoder encoder
	tiles   *otter.Cache[digest, []byte]
	counter *stats.Counter
	builds  atomic.Uint64
	blank   atomic.Uint64
}

// entryOverhead is what an entry takes beside its body: key, slice header and the cache's own node.
const entryOverhead = 160

// NewCache makes a cache of at most size bytes, of DefaultCacheBytes where size is 0. A
// negative size is an error. Projected coordinates (see Builder) are not counted.
func NewCache(size int64) (*Cache, error) {
	if size < 0 {
		return nil, fmt.Errorf("tiles: a cache of %d bytes", size)
	}
	if size == 0 {
		size = DefaultCacheBytes
	}
	c := &Cache{counter: stats.NewCounter()}
	tiles, err := otter.New(&otter.Options[digest, []byte]{
		MaximumWeight: uint64(size),
		Weigher:       func(_ digest, body []byte) uint32 { return uint32(len(body) + entryOverhead) },
		StatsRecorder: c.counter,
	})
	c.tiles = tiles
	return c, err
}

// Tile gives the tile in the encoding and its ETag. The body is shared and must not be changed; it
// is empty where nothing is in the tile, whatever the encoding.
//
// A tile outside the bounds of all parts is answered from the bounds alone and leaves no
// entry. The error is the request's, a *geo.Error, or the context's, within the time of a few
// hundred features after it ended; others who wait for the same tile are not disturbed by that.
func (c *Cache) Tile(ctx context.Context, s *snapshot.Snapshot, r Request, e Encoding) (body []byte, etag string, err error) {
	if r, err = r.checked(); err != nil {
		return nil, "", err
	}
	key := digestOf(s, r, e)
	if r.outside(s) {
		c.blank.Add(1)
		return nil, key.etag(), ctx.Err()
	}
	body, err = c.tiles.Get(ctx, key, otter.LoaderFunc[digest, []byte](
		func(ctx context.Context, _ digest) ([]byte, error) { return c.make(ctx, s, r, e) }))
	if err != nil {
		return nil, "", err
	}
	return body, key.etag(), nil
}

// make makes the tile and encodes it.
func (c *Cache) make(ctx context.Context, s *snapshot.Snapshot, r Request, e Encoding) ([]byte, error) {
	c.builds.Add(1)
	body, err := c.builder.Build(ctx, s, r)
	if err != nil {
		return nil, err
	}
	return c.encoder.encode(body, e)
}

// Stats counts what a cache has done since it was made, and what it holds.
type Stats struct {
	// Hits were answered from an entry. Misses were not: they made the tile or waited for it. Blank
	// were answered from the parts' bounds.
	Hits, Misses, Blank uint64
	// Builds counts tiles made, Evictions entries given up for others.
	Builds, Evictions uint64
	// Entries is the number of tiles held, Bytes what they take of the cache's size.
	Entries, Bytes uint64
}

// Stats are the cache's figures for metrics. It first lets the cache do what it has put off, so
// that entries and bytes are those of now.
func (c *Cache) Stats() Stats {
	c.tiles.CleanUp()
	n := c.counter.Snapshot()
	return Stats{
		Hits: n.Hits, Misses: n.Misses, Blank: c.blank.Load(),
		Builds: c.builds.Load(), Evictions: n.Evictions,
		Entries: uint64(c.tiles.EstimatedSize()), Bytes: c.tiles.WeightedSize(),
	}
}

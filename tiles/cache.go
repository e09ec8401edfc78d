package tiles

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
	"github.com/maypok86/otter/v2/stats"

	"towngrid/geo/snapshot"
)

// DefaultCacheBytes is the size of a cache for which none is stated.
const DefaultCacheBytes = 256 << 20

// Cache makes tiles and keeps their encoded bytes, as many as its size allows, those that
// are used more for longer. A tile is made once, however many ask for it at the same
// time and in whatever encodings. It is safe for concurrent use.
//
// Tiles are kept by their content (see digest), so a publication needs no invalidation: the tiles
// that it changed have other digests, whose old ones are not asked for any more and make
// room, and all others are found as before.
type Cache struct {
	builder Builder
	encoder encoder
	quick   encoder // for gzip of tiles that have nothing but fills
	markers markers
	live    atomic.Pointer[memo]
	tiles   *otter.Cache[entryKey, []byte]
	flights flights[entryKey]
	slots   chan struct{} // one for each tile that is being made
	counter *stats.Counter
	builds  atomic.Uint64
	blank   atomic.Uint64
	heavy   int           // features from which a tile is renewed, see Renew
	grace   time.Duration // that a publication waits for that, for each feature of its parts
}

// entryKey names the bytes of a tile in an encoding.
type entryKey struct {
	digest
	encoding int8 // its index, or plain
}

// plain is the encoding of a tile that is made to be encoded, and not kept as it is.
const plain = -1

// entryOverhead is what an entry takes beside its body: key, slice header and the cache's own node.
const entryOverhead = 160

// NewCache makes a cache of at most size bytes, of DefaultCacheBytes where size is 0. A
// negative size is an error. Projected coordinates (see Builder) and marks are not counted.
func NewCache(size int64) (*Cache, error) {
	if size < 0 {
		return nil, fmt.Errorf("tiles: a cache of %d bytes", size)
	}
	if size == 0 {
		size = DefaultCacheBytes
	}
	c := &Cache{heavy: heavy, grace: renewalGrace, counter: stats.NewCounter(), slots: make(chan struct{}, 2*runtime.GOMAXPROCS(0))}
	c.builder.markers = &c.markers
	c.encoder.gzipLevel, c.quick.gzipLevel = GzipLevel(All), GzipLevel(Fills)
	tiles, err := otter.New(&otter.Options[entryKey, []byte]{
		MaximumWeight: uint64(size),
		Weigher:       func(_ entryKey, body []byte) uint32 { return uint32(len(body) + entryOverhead) },
		StatsRecorder: c.counter,
	})
	c.tiles = tiles
	return c, err
}

// Tile is a tile that is known and need not be made yet.
type Tile struct {
	cache *Cache
	snap  *snapshot.Snapshot
	r     Request
	*known
}

// Tile looks for the tile of a request without making it. The error is the request's, a *geo.Error, or the
// context's: features that nobody has asked about yet are marked first.
func (c *Cache) Tile(ctx context.Context, s *snapshot.Snapshot, r Request) (Tile, error) {
	r, err := r.checked()
	if err != nil {
		return Tile{}, err
	}
	find := func() (*known, error) { return c.know(ctx, s, r) }
	var k *known
	if live := c.live.Load(); live != nil && live.snap == s {
		k, err = live.known(r, find)
	} else {
		k, err = find()
	}
	return Tile{c, s, r, k}, err
}

// ETag is the strong entity tag, quoted, of the tile in an encoding; "" where there is no such
// encoding. Every encoding has its own.
func (t Tile) ETag(e Encoding) string {
	if i := e.index(); i >= 0 {
		return t.etags[i]
	}
	return ""
}

// Body gives the tile in the encoding. It is shared and must not be changed; it is empty where
// nothing is in the tile, whatever the encoding.
//
// A tile that no feature meets is empty without being made and leaves no entry. The error is the context's,
// within the time of a few hundred features after it ended; others who wait for the same
// tile are not disturbed by that.
func (t Tile) Body(ctx context.Context, e Encoding) ([]byte, error) {
	c, i := t.cache, e.index()
	if i < 0 {
		return nil, fmt.Errorf("tiles: no encoding %q", e)
	}
	if t.blank {
		c.blank.Add(1)
		return nil, ctx.Err()
	}
	key := entryKey{t.digest, int8(i)}
	if body, ok := c.tiles.GetIfPresent(key); ok {
		return body, nil
	}
	return c.flights.do(ctx, key, func(ctx context.Context) ([]byte, error) { return t.entry(ctx, key, e) })
}

// entry gives the tile in the encoding and has the cache keep it.
func (t Tile) entry(ctx context.Context, key entryKey, e Encoding) ([]byte, error) {
	if entry, ok := t.cache.tiles.GetEntryQuietly(key); ok { // made since somebody looked
		return entry.Value, nil
	}
	body, err := t.encoded(ctx, e)
	if err == nil {
		t.cache.tiles.Set(key, body)
	}
	return body, err
}

// Remade makes the tile in the encoding for who does not see his caller leave: at once, in some milliseconds. ok is false where it would
// take longer or wait for other tiles, where somebody makes it already, and where nothing is in it.
func (t Tile) Remade(e Encoding) (body []byte, ok bool) {
	c, i := t.cache, e.index()
	if i < 0 || t.blank || !t.light || len(c.slots) == cap(c.slots) {
		return nil, false
	}
	key := entryKey{t.digest, int8(i)}
	body, err := c.flights.first(key, func(ctx context.Context) ([]byte, error) { return t.entry(ctx, key, e) })
	return body, err == nil && len(body) > 0
}

// Kept is the tile in the encoding if the cache has it.
func (t Tile) Kept(e Encoding) (body []byte, ok bool) {
	return t.cache.tiles.GetIfPresent(entryKey{t.digest, int8(e.index())})
}

// encoded makes the tile's bytes in an encoding, from another encoding where the cache has it.
func (t Tile) encoded(ctx context.Context, e Encoding) ([]byte, error) {
	c := t.cache
	body, err := c.flights.lead(ctx, entryKey{t.digest, plain}, func(ctx context.Context) ([]byte, error) {
		for i, other := range encodings {
			if entry, ok := c.tiles.GetEntryQuietly(entryKey{t.digest, int8(i)}); ok {
				return c.encoder.decode(entry.Value, other.Encoding)
			}
		}
		return c.build(ctx, t.snap, t.r)
	})
	if err != nil {
		return nil, err
	}
	if e == Gzip && GzipLevel(t.r.Content) == c.quick.gzipLevel {
		return c.quick.encode(body, e)
	}
	return c.encoder.encode(body, e)
}

// build makes a tile when there is a free slot: each takes some megabytes while it is made.
func (c *Cache) build(ctx context.Context, s *snapshot.Snapshot, r Request) ([]byte, error) {
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	c.builds.Add(1)
	return c.builder.Build(ctx, s, r)
}

// Stats counts what a cache has done since it was made, and what it holds.
type Stats struct {
	// Hits were answered from an entry. Misses were not: they made the tile or waited for it. Blank
	// are the tiles that no feature met.
	Hits, Misses, Blank uint64
	// Builds counts tiles made, Evictions entries given up for others.
	Builds, Evictions uint64
	// Entries is the number of encoded tiles held, Bytes what they take of the cache's size.
	Entries, Bytes uint64
	// Making is the number of tiles that are being made.
	Making int
}

// Stats are the cache's figures for metrics. It first lets the cache do what it has put off, so
// that entries and bytes are those of now.
func (c *Cache) Stats() Stats {
	c.tiles.CleanUp()
	n := c.counter.Snapshot()
	return Stats{
		Hits: n.Hits, Misses: n.Misses, Blank: c.blank.Load(),
		Builds: c.builds.Load(), Evictions: n.Evictions,
		Entries: uint64(c.tiles.EstimatedSize()), Bytes: c.tiles.WeightedSize(), Making: len(c.slots),
	}
}

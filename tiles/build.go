package tiles

import (
	"context"
	"runtime"
	"sync"
	"weak"

	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/snapshot"
)

// Build makes the tile that r asks for: the uncompressed bytes of a Mapbox Vector
// Tile 2.1, the same for the same snapshot and request, or none where nothing is in the
// tile. The error is the request's, a *geo.Error.
//
// It projects what the tile shows and keeps nothing. Who makes many tiles uses a Builder or a Cache.
func Build(s *snapshot.Snapshot, r Request) ([]byte, error) {
	b := Builder{forgetful: true}
	return b.Build(context.Background(), s, r)
}

// Builder makes tiles and keeps the generalised lines of the snapshots' parts, for as long as
// the parts are in use elsewhere; those of the part asked for last of a collection and division it
// keeps beyond that, for the version that follows. Each grid and datum asked for takes its own. The
// zero value is ready, and safe for concurrent use.
type Builder struct {
	forgetful bool     // pictures serve one tile
	many      int      // blocks from which a tile takes long, manyBlocks when 0
	markers   *markers // of the cache; nil for its own
	own       markers
	mu        sync.Mutex
	pictures  map[pictureKey]*picture
	latest    map[lineage]*picture
	desks     sync.Pool
}

type pictureKey struct {
	part  weak.Pointer[snapshot.Part]
	grid  Grid
	datum crs.Datum
}

// lineage is what versions that follow one another have in common.
type lineage struct {
	collection geo.Collection
	division   geo.Division
	grid       Grid
	datum      crs.Datum
}

// picture is that of a part.
func (b *Builder) picture(p *snapshot.Part, g Grid, d crs.Datum) *picture {
	pic := b.known(p, g, d)
	pic.prepare(p, b.marker)
	return pic
}

// marker is that of a part, nil where nothing is kept.
func (b *Builder) marker(p *snapshot.Part) *marker {
	switch {
	case b.forgetful:
		return nil
	case b.markers != nil:
		return b.markers.marker(p)
	}
	return b.own.marker(p)
}

// known is the picture of a part, prepared or not.
func (b *Builder) known(p *snapshot.Part, g Grid, d crs.Datum) *picture {
	v := p.Version()
	if b.forgetful {
		return newPicture(v.Collection, g, d, nil)
	}
	key := pictureKey{weak.Make(p), g, d}
	b.mu.Lock()
	defer b.mu.Unlock()
	pic := b.pictures[key]
	if pic == nil {
		if b.pictures == nil {
			b.pictures, b.latest = map[pictureKey]*picture{}, map[lineage]*picture{}
		}
		line := lineage{v.Collection, v.Division, g, d}
		pic = newPicture(v.Collection, g, d, b.latest[line])
		b.pictures[key], b.latest[line] = pic, pic
		runtime.AddCleanup(p, forget, kept{weak.Make(b), key})
	}
	return pic
}

// kept says which builder keeps the picture of a part. It holds neither.
type kept struct {
	builder weak.Pointer[Builder]
	key     pictureKey
}

// forget lets a picture go whose part is gone.
func forget(k kept) {
	if b := k.builder.Value(); b != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.pictures, k.key)
	}
}

// Build is the function Build with a context: when it ends, the work stops within a few
// hundred features and the context's error is returned.
func (b *Builder) Build(ctx context.Context, s *snapshot.Snapshot, r Request) ([]byte, error) {
	r, err := r.checked()
	if err != nil {
		return nil, err
	}
	if r.outside(s) {
		return nil, ctx.Err()
	}
	w, ok := b.desks.Get().(*desk)
	if !ok {
		w = new(desk)
	}
	defer b.desks.Put(w)
	defer w.clear()
	return w.tile(ctx, b, s, r)
}

package tiles

import (
	"context"
	"runtime"
	"sync"
	"weak"

	"towngrid/geo/crs"
	"towngrid/geo/snapshot"
)

// Build makes the tile that r asks for: the uncompressed bytes of a Mapbox Vector
// Tile 2.1, the same for the same snapshot and request, or none where nothing is in the
// tile. The error is the request's, a *geo.Error.
//
// It projects what the tile shows. Who makes many tiles uses a Builder, which keeps that,
// or a Cache.
func Build(s *snapshot.Snapshot, r Request) ([]byte, error) {
	return new(Builder).Build(context.Background(), s, r)
}

// Builder makes tiles and keeps the projected coordinates of the snapshots' parts, for as
// long as the parts are in use elsewhere: 8 bytes for each vertex that a tile has needed,
// for each datum asked for. The zero value is ready, and safe for concurrent use.
type Builder struct {
	mu       sync.Mutex
	pictures map[pictureKey]*picture
	benches  sync.Pool
}

type pictureKey struct {
	part  weak.Pointer[snapshot.Part]
	datum crs.Datum
}

// picture is that of a part. When the part is gone it goes too.
func (b *Builder) picture(p *snapshot.Part, d crs.Datum) *picture {
	key := pictureKey{weak.Make(p), d}
	b.mu.Lock()
	defer b.mu.Unlock()
	pic := b.pictures[key]
	if pic == nil {
		if b.pictures == nil {
			b.pictures = map[pictureKey]*picture{}
		}
		pic = newPicture(p, d)
		b.pictures[key] = pic
		runtime.AddCleanup(p, b.forget, key)
	}
	return pic
}

func (b *Builder) forget(key pictureKey) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.pictures, key)
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
	w, ok := b.benches.Get().(*bench)
	if !ok {
		w = new(bench)
	}
	defer b.benches.Put(w)
	defer w.clear()
	return w.tile(ctx, b, s, r)
}

package tiles

import (
	"cmp"
	"context"
	"encoding/json"
	"iter"
	"runtime"
	"slices"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/snapshot"
)

// Archive says which tiles are written to one file: those of a tileset, of some zooms, that are not empty.
type Archive struct {
	Tileset
	MinZoom, MaxZoom uint8
	// Bound, in CGCS2000 degrees, leaves out tiles that do not meet it, borders included.
	Bound *orb.Bound
}

// Packed is a tile of an archive, compressed by gzip.
type Packed struct {
	Address
	Body []byte
}

// Check is the *geo.Error that says why there is no such archive, if there is none: that of a request for
// one of its tiles, or of code "bad_zooms".
func (a Archive) Check() error {
	a.Address = Address{}
	r, err := a.checked()
	if err != nil {
		return err
	}
	if a.MinZoom > a.MaxZoom || a.MaxZoom > r.Grid.MaxZoom() {
		return geo.Errorf("bad_zooms", "级别 %d 到 %d 无效：应在 0 到 %d 之间，且由小到大",
			"zooms %d to %d: they go from 0 to %d, the lower one first", a.MinZoom, a.MaxZoom, r.Grid.MaxZoom())
	}
	return nil
}

// CheckMercator is the *geo.Error of code "bad_grid" for an archive that is not of WebMercatorQuad. PMTiles (version 3)
// and MBTiles (1.3) have no place to say another grid: their readers would draw its tiles elsewhere.
func (a Archive) CheckMercator() error {
	if a.Grid == "" || a.Grid == WebMercatorQuad {
		return nil
	}
	return geo.Errorf("bad_grid", "PMTiles 与 MBTiles 只能表示 WebMercatorQuad，读取程序会把 %s 的瓦片画错位置；该格网请用 mvt 格式",
		"PMTiles and MBTiles can only say WebMercatorQuad: readers would draw tiles of %s in another place; the format mvt has this grid", a.Grid)
}

// Addresses are those of the tiles that features meet, zoom by zoom and along the Hilbert curve of each.
func (a Archive) Addresses(s *snapshot.Snapshot) iter.Seq[Address] {
	return func(yield func(Address) bool) {
		r, err := a.checked()
		if err != nil {
			return
		}
		columns, rows := r.Grid.Size(0)
		for z := a.MinZoom; z <= a.MaxZoom; z++ {
			for root := range columns * rows {
				if r.Address = (Address{X: root % columns, Y: root / columns}); !a.descend(s, r, z, yield) {
					return
				}
			}
		}
	}
}

// descend yields the tiles of zoom z in or below r's.
func (a Archive) descend(s *snapshot.Snapshot, r Request, z uint8, yield func(Address) bool) bool {
	if !a.wanted(r) || r.empty(s) {
		return true
	}
	if r.Z == z {
		return yield(r.Address)
	}
	below := r.children()
	slices.SortFunc(below[:], func(a, b Address) int { return cmp.Compare(hilbert(a.Z, a.X, a.Y), hilbert(b.Z, b.X, b.Y)) })
	for _, r.Address = range below {
		if !a.descend(s, r, z, yield) {
			return false
		}
	}
	return true
}

// children are the four tiles of the next zoom.
func (a Address) children() [4]Address {
	z, x, y := a.Z+1, 2*a.X, 2*a.Y
	return [4]Address{{z, x, y}, {z, x + 1, y}, {z, x, y + 1}, {z, x + 1, y + 1}}
}

// wanted says whether the tile meets the archive's bound.
func (a Archive) wanted(r Request) bool {
	if a.Bound == nil {
		return true
	}
	b := *a.Bound
	if r.Datum != crs.WGS84 {
		b = b.Pad(farthestShift)
	}
	return r.Grid.Bound(r.Address).Intersects(b)
}

// empty says whether no feature can show in the tile.
func (r Request) empty(s *snapshot.Snapshot) bool {
	some := false
	reach := r.reach()
	for _, c := range r.Collections {
		s.Search(c, reach, func(*snapshot.Part, int) bool {
			some = true
			return false
		})
	}
	return !some
}

// Tiles makes the tiles of an archive in the order of Addresses, several at a time. Some that
// features meet have nothing in them all the same and are left out. It ends with ctx's error when
// ctx does. progress, if not nil, is called with the number of addresses dealt with.
func (a Archive) Tiles(ctx context.Context, s *snapshot.Snapshot, progress func(done int)) iter.Seq2[Packed, error] {
	return func(yield func(Packed, error) bool) {
		if err := a.Check(); err != nil {
			yield(Packed{}, err)
			return
		}
		ctx, stop := context.WithCancel(ctx)
		order := a.make(ctx, s)
		defer func() { // nothing goes on once the caller has left
			stop()
			for made := range order {
				<-made
			}
		}()
		done := 0
		for made := range order {
			t := <-made
			if t.err == nil {
				t.err = ctx.Err()
			}
			if done++; progress != nil {
				progress(done)
			}
			if t.err != nil {
				yield(Packed{}, t.err)
				return
			}
			if len(t.Body) > 0 && !yield(t.Packed, nil) {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(Packed{}, err)
		}
	}
}

// packedOr is a tile or why there is none.
type packedOr struct {
	Packed
	err error
}

// make starts the making of the tiles, as many at a time as there are processors and no more than some
// beyond those that were taken. It ends when ctx does.
func (a Archive) make(ctx context.Context, s *snapshot.Snapshot) <-chan chan packedOr {
	workers := runtime.GOMAXPROCS(0)
	order := make(chan chan packedOr, 4*workers)
	slots := make(chan struct{}, workers)
	var builder Builder
	enc := encoder{gzipLevel: archiveLevel}
	go func() {
		defer close(order)
		for at := range a.Addresses(s) {
			made := make(chan packedOr, 1)
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				return
			}
			order <- made // whoever reads goes on until it is closed
			go func() {
				defer func() { <-slots }()
				r := a.Request
				r.Address = at
				body, err := builder.Build(ctx, s, r)
				if err == nil {
					body, err = enc.encode(body, Gzip)
				}
				made <- packedOr{Packed{at, body}, err}
			}()
		}
	}()
	return order
}

// Metadata describes the tiles of an archive: its TileJSON, with the archive's zooms and bounds.
func (a Archive) Metadata(s *snapshot.Snapshot) (TileJSON, error) {
	d, err := Describe(s, a.Tileset)
	if err != nil {
		return d, err
	}
	d.Tiles, d.MinZoom, d.MaxZoom = []string{}, int(a.MinZoom), int(a.MaxZoom)
	for i := range d.VectorLayers {
		l := &d.VectorLayers[i]
		l.MinZoom, l.MaxZoom = max(l.MinZoom, d.MinZoom), min(l.MaxZoom, d.MaxZoom)
	}
	if a.Bound != nil && d.Bounds != nil {
		b := a.Bound.Pad(0)
		if a.shifted() {
			b = b.Pad(farthestShift)
		}
		d.Bounds = []float64{max(d.Bounds[0], b.Min[0]), max(d.Bounds[1], b.Min[1]), min(d.Bounds[2], b.Max[0]), min(d.Bounds[3], b.Max[1])}
		if d.Bounds[0] > d.Bounds[2] || d.Bounds[1] > d.Bounds[3] {
			d.Bounds, d.Center = nil, nil
		} else {
			d.Center[0], d.Center[1] = floor6((d.Bounds[0]+d.Bounds[2])/2), floor6((d.Bounds[1]+d.Bounds[3])/2)
		}
	}
	if d.Center != nil {
		d.Center[2] = min(max(d.Center[2], float64(d.MinZoom)), float64(d.MaxZoom))
	}
	return d, nil
}

// json is the metadata of an archive as its formats keep it.
func (d TileJSON) json() ([]byte, error) {
	return json.Marshal(map[string]any{
		"name": d.Name, "description": d.Description, "attribution": d.Attribution, "version": d.Version,
		"type": "overlay", "datum": d.Datum, "vector_layers": d.VectorLayers,
	})
}

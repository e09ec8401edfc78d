package tiles_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	kgzip "github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/paulmach/orb"
	"go.uber.org/goleak"

	"towngrid/geo"
	"towngrid/geo/geotest"
	"towngrid/geo/snapshot"
	"towngrid/tiles"
)

func newCache(t testing.TB, size int64) *tiles.Cache {
	t.Helper()
	c, err := tiles.NewCache(size)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// tileOf gives a tile and its ETag.
func tileOf(ctx context.Context, c *tiles.Cache, s *snapshot.Snapshot, r tiles.Request, e tiles.Encoding) (body []byte, etag string, err error) {
	t, err := c.Tile(ctx, s, r)
	if err != nil {
		return nil, "", err
	}
	body, err = t.Body(ctx, e)
	return body, t.ETag(e), err
}

func etagOf(t testing.TB, c *tiles.Cache, s *snapshot.Snapshot, r tiles.Request, e tiles.Encoding) string {
	t.Helper()
	tile, err := c.Tile(t.Context(), s, r)
	if err != nil {
		t.Fatal(err)
	}
	return tile.ETag(e)
}

func TestCacheMakesAHotTileOnce(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	s := snapshotOf(t, geotest.Tessellation(3, 1000, district))
	c := newCache(t, 0)
	r := fillsAt(addressOf(9, district.Center()))
	var wg sync.WaitGroup
	start := make(chan struct{})
	var first []byte
	var once sync.Once
	for range 1000 {
		wg.Go(func() {
			<-start
			body, etag, err := tileOf(context.Background(), c, s, r, tiles.Gzip)
			once.Do(func() { first = body })
			if err != nil || len(body) == 0 || etag == "" {
				t.Errorf("%d bytes, ETag %s, %v", len(body), etag, err)
			}
		})
	}
	close(start)
	wg.Wait()
	if n := c.Stats().Builds; n != 1 {
		t.Errorf("%d builds for 1,000 callers", n)
	}
	if body, _, _ := tileOf(t.Context(), c, s, r, tiles.Gzip); &body[0] != &first[0] {
		t.Error("the bytes are not the kept ones")
	}
	if n := c.Stats(); n.Builds != 1 || n.Entries != 1 || n.Bytes < uint64(len(first)) {
		t.Errorf("%+v", n)
	}
}

// Encodings hold the same tile, made once, under different strong ETags, which are those known beforehand.
func TestEncodingsHoldTheSameTile(t *testing.T) {
	s, c, r := village(t), newCache(t, 0), whole()
	plain, _, err := tileOf(t.Context(), c, s, r, tiles.Identity)
	if err != nil || len(plain) == 0 {
		t.Fatal(err)
	}
	tags := map[string]tiles.Encoding{}
	for _, e := range tiles.Encodings() {
		encoded, tag, err := tileOf(t.Context(), c, s, r, e)
		if err != nil {
			t.Fatal(err)
		}
		if got := unpacked(t, encoded, e); !bytes.Equal(got, plain) {
			t.Errorf("%s holds another tile", e)
		}
		if other, had := tags[tag]; had || tag != etagOf(t, newCache(t, 0), s, r, e) {
			t.Errorf("%s has the ETag %s, like %s", e, tag, other)
		}
		if tags[tag] = e; !strings.HasPrefix(tag, `"`) || !strings.HasSuffix(tag, `"`) || len(tag) < 34 {
			t.Errorf("ETag %s", tag)
		}
	}
	if st := c.Stats(); st.Builds != 1 || int(st.Entries) != len(tags) {
		t.Errorf("%+v", st)
	}
	if _, _, err := tileOf(t.Context(), c, s, r, "lzma"); err == nil {
		t.Error("an unknown encoding is answered")
	}
}

// Gzip packs by content: of fills alone quickly, else well. Both hold the tile.
func TestGzipIsByContent(t *testing.T) {
	s, c := village(t), newCache(t, 0)
	for _, content := range []tiles.Content{tiles.Fills, tiles.Fills | tiles.Labels, tiles.All} {
		r := whole()
		r.Content = content
		plain, _, err := tileOf(t.Context(), c, s, r, tiles.Identity)
		if err != nil || len(plain) == 0 {
			t.Fatal(err)
		}
		packed, _, err := tileOf(t.Context(), c, s, r, tiles.Gzip)
		if err != nil || !bytes.Equal(unpacked(t, packed, tiles.Gzip), plain) {
			t.Errorf("content %s is another tile, or none: %v", content, err)
		}
		var want bytes.Buffer
		w, err := kgzip.NewWriterLevel(&want, tiles.GzipLevel(content))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(plain); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil || !bytes.Equal(packed, want.Bytes()) {
			t.Errorf("content %s takes %d bytes, want %d: %v", content, len(packed), want.Len(), err)
		}
	}
}

// unpacked undoes an encoding by another implementation than ours where the standard library has one.
func unpacked(t *testing.T, body []byte, e tiles.Encoding) []byte {
	t.Helper()
	var r io.Reader = bytes.NewReader(body)
	var err error
	switch e {
	case tiles.Gzip:
		r, err = gzip.NewReader(r)
	case tiles.Brotli:
		r = brotli.NewReader(r)
	case tiles.Zstd:
		r, err = zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
	}
	if err != nil {
		t.Fatal(err)
	}
	body, err = io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// However many ask at the same time, and in whatever encodings, a tile is made once.
func TestEncodingsShareOneMaking(t *testing.T) {
	s, c := snapshotOf(t, geotest.Tessellation(3, 1000, district)), newCache(t, 0)
	r := fillsAt(addressOf(9, district.Center()))
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			if body, _, err := tileOf(t.Context(), c, s, r, tiles.Encodings()[i%4]); err != nil || len(body) == 0 {
				t.Errorf("%d bytes, %v", len(body), err)
			}
		})
	}
	wg.Wait()
	if st := c.Stats(); st.Builds != 1 || st.Entries != 4 {
		t.Errorf("%+v", st)
	}
}

// A publication that changes one feature leaves the tiles that it does not meet in the cache:
// of all that were there, exactly those that it meets are made again.
func TestAPublicationRemakesOnlyWhatItTouches(t *testing.T) {
	fs := cells(geotest.Tessellation(3, 1000, district))
	s := snapshot.Empty().With(part(t, geo.Cells, "330890", fs))
	c := newCache(t, 0)
	moved := slices.Clone(fs)
	at := moved[500].Geometry.Bound()
	moved[500].Name = "新网格"
	next := s.With(part(t, geo.Cells, "330890", moved))
	want, all := 0, 0
	for z := uint8(7); z < 15; z++ {
		for _, a := range around(z, district, 30) {
			all++
			if r := fillsAt(a); tiles.Reach(r).Intersects(at) {
				want++
			}
		}
		for _, a := range []*snapshot.Snapshot{s, next} {
			for _, at := range around(z, district, 30) {
				if _, _, err := tileOf(t.Context(), c, a, fillsAt(at), tiles.Gzip); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	st := c.Stats()
	if made := int(st.Builds+st.Blank/2) - all; made != want || want < 8 || want > all/2 {
		t.Errorf("%d of %d tiles made again where %d are touched", made, all, want)
	}
}

// The ETag differs with whatever makes other bytes, and with nothing else.
func TestETagKnowsWhatDecidesTheBytes(t *testing.T) {
	s, c := village(t), newCache(t, 0)
	r := whole()
	base := etagOf(t, c, s, r, tiles.Gzip)
	vary := func(f func(*tiles.Request)) tiles.Request {
		r := whole()
		f(&r)
		return r
	}
	tags := map[string]string{"base": base}
	for name, other := range map[string]tiles.Request{
		"row":         vary(func(r *tiles.Request) { r.Y++ }),
		"column":      vary(func(r *tiles.Request) { r.X++ }),
		"column 256":  vary(func(r *tiles.Request) { r.X ^= 256 }),
		"zoom":        vary(func(r *tiles.Request) { r.Z++ }),
		"datum":       vary(func(r *tiles.Request) { r.Datum = "gcj02" }),
		"content":     vary(func(r *tiles.Request) { r.Content = tiles.Fills }),
		"collections": vary(func(r *tiles.Request) { r.Collections = public()[:2] }),
	} {
		tags[name] = etagOf(t, c, s, other, tiles.Gzip)
	}
	fs := []geo.Feature{{Code: "F9", Geometry: orb.Point{118.9, 29}}}
	p, err := snapshot.NewPart(geo.Version{ID: "next", Number: 2, Collection: geo.Facilities, Division: "330890"}, fs)
	if err != nil {
		t.Fatal(err)
	}
	tags["version"] = etagOf(t, c, s.With(p), r, tiles.Gzip)
	seen := map[string]string{}
	for name, tag := range tags {
		if old, had := seen[tag]; had {
			t.Errorf("%s and %s have the same ETag", name, old)
		}
		seen[tag] = name
	}
	q := vary(func(r *tiles.Request) {
		r.Collections = []geo.Collection{geo.Cells}
		r.Datum = "WGS-84"
		r.Content = tiles.All
	})
	plain := vary(func(r *tiles.Request) { r.Collections = []geo.Collection{geo.Cells} })
	if etagOf(t, c, s, q, tiles.Gzip) != etagOf(t, c, s.With(p), plain, tiles.Gzip) {
		t.Error("the same bytes have two ETags")
	}
}

// Tiles outside all bounds are answered without an entry and in no time.
func TestTilesOutsideLeaveNoEntry(t *testing.T) {
	s := village(t)
	c := newCache(t, 0)
	start := time.Now()
	const n = 20000
	for i := range uint32(n) {
		r := tiles.Request{Collections: public(), Address: tiles.Address{Z: 22, X: i * 200, Y: i * 100}}
		if body, etag, err := tileOf(t.Context(), c, s, r, tiles.Gzip); err != nil || len(body) != 0 || etag == "" {
			t.Fatalf("%d bytes, %v", len(body), err)
		}
	}
	if st := c.Stats(); st.Entries != 0 || st.Builds != 0 || st.Blank != n {
		t.Errorf("%+v", st)
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("%d tiles took %v", n, took)
	}
}

// The cache keeps to its size, however many tiles are asked for.
func TestCacheKeepsToItsSize(t *testing.T) {
	s := snapshotOf(t, geotest.Tessellation(3, 400, district))
	const size = 64 << 10
	c := newCache(t, size)
	made := 0
	for _, z := range []uint8{12, 13} {
		for _, a := range around(z, district, 400) {
			body, _, err := tileOf(t.Context(), c, s, fillsAt(a), tiles.Identity)
			if err != nil {
				t.Fatal(err)
			}
			made += len(body)
		}
	}
	if st := c.Stats(); st.Bytes > size || st.Bytes < size/2 || st.Evictions == 0 || made < 2*size {
		t.Errorf("made %d bytes: %+v", made, st)
	}
	if _, err := tiles.NewCache(-1); err == nil {
		t.Error("a cache of -1 bytes is made")
	}
}

// A small tile for which the cache has no room is made again at once, with the same bytes; no other is, nor one for which there is no
// place, nor an empty one.
func TestRemade(t *testing.T) {
	remade := func(c *tiles.Cache, s *snapshot.Snapshot, r tiles.Request) (body []byte, ok bool) {
		t.Helper()
		tile, err := c.Tile(t.Context(), s, r)
		if err != nil {
			t.Fatal(err)
		}
		return tile.Remade(tiles.Gzip)
	}
	small := newCache(t, 1)
	s, r := village(t), whole()
	first, _, err := tileOf(t.Context(), small, s, r, tiles.Gzip)
	if err != nil || len(first) == 0 {
		t.Fatal(err)
	}
	made := small.Stats().Builds // which has it give up what it has no room for
	if body, ok := remade(small, s, r); !ok || !bytes.Equal(body, first) || small.Stats().Builds != made+1 {
		t.Errorf("%v, %d bytes of %d, %d tiles made", ok, len(body), len(first), small.Stats().Builds-made)
	}
	leave := tiles.Crowd(small)
	if _, ok := remade(small, s, r); ok {
		t.Error("a tile is made without a place")
	}
	leave()
	far := r
	far.Address = tiles.Address{Z: 22}
	large, of := snapshotOf(t, geotest.Tessellation(9, 2000, district)), fillsAt(addressOf(8, district.Center()))
	made = small.Stats().Builds
	for what, ok := range map[string]func() bool{
		"an empty tile": func() bool { _, ok := remade(small, s, far); return ok },
		"a large tile":  func() bool { _, ok := remade(small, large, of); return ok },
	} {
		if ok() {
			t.Errorf("%s is made", what)
		}
	}
	if n := small.Stats().Builds - made; n != 0 {
		t.Errorf("%d tiles were made", n)
	}
}

// A caller that leaves does not spoil the tile for those who wait.
func TestALeavingCallerDisturbsNobody(t *testing.T) {
	s := snapshotOf(t, geotest.Tessellation(9, 12000, district))
	c := newCache(t, 0)
	r := fillsAt(addressOf(8, district.Center()))
	leaving, leave := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	started := make(chan struct{})
	wg.Go(func() {
		close(started)
		if _, _, err := tileOf(leaving, c, s, r, tiles.Identity); !errors.Is(err, context.Canceled) {
			t.Errorf("the leaving caller has %v", err)
		}
	})
	<-started
	time.Sleep(5 * time.Millisecond)
	for range 10 {
		wg.Go(func() {
			if body, _, err := tileOf(t.Context(), c, s, r, tiles.Identity); err != nil || len(body) == 0 {
				t.Errorf("a waiting caller has %d bytes, %v", len(body), err)
			}
		})
	}
	time.Sleep(5 * time.Millisecond)
	leave()
	wg.Wait()
}

package tiles_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
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
			body, etag, err := c.Tile(context.Background(), s, r, tiles.Gzip)
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
	if body, _, _ := c.Tile(t.Context(), s, r, tiles.Gzip); &body[0] != &first[0] {
		t.Error("the bytes are not the kept ones")
	}
	if n := c.Stats(); n.Builds != 1 || n.Entries != 1 || n.Bytes < uint64(len(first)) {
		t.Errorf("%+v", n)
	}
}

// Encodings hold the same tile under different strong ETags, which are those known beforehand.
func TestEncodingsHoldTheSameTile(t *testing.T) {
	s := village(t)
	c := newCache(t, 0)
	r := whole()
	plain, plainTag, err := c.Tile(t.Context(), s, r, tiles.Identity)
	if err != nil {
		t.Fatal(err)
	}
	zipped, zippedTag, err := c.Tile(t.Context(), s, r, tiles.Gzip)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(z); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("the gzip holds another tile: %v", err)
	}
	if plainTag != tiles.ETag(s, r, tiles.Identity) || zippedTag != tiles.ETag(s, r, tiles.Gzip) || plainTag == zippedTag {
		t.Errorf("ETags %s and %s", plainTag, zippedTag)
	}
	if !strings.HasPrefix(plainTag, `"`) || !strings.HasSuffix(plainTag, `"`) || len(plainTag) != 34 {
		t.Errorf("ETag %s", plainTag)
	}
	if _, _, err := c.Tile(t.Context(), s, r, "lzma"); err == nil {
		t.Error("an unknown encoding is answered")
	}
}

// The ETag differs with whatever makes other bytes, and with nothing else.
func TestETagKnowsWhatDecidesTheBytes(t *testing.T) {
	s := village(t)
	r := whole()
	base := tiles.ETag(s, r, tiles.Gzip)
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
		tags[name] = tiles.ETag(s, other, tiles.Gzip)
	}
	fs := []geo.Feature{{Code: "F9", Geometry: orb.Point{118.9, 29}}}
	p, err := snapshot.NewPart(geo.Version{ID: "next", Number: 2, Collection: geo.Facilities, Division: "330890"}, fs)
	if err != nil {
		t.Fatal(err)
	}
	tags["version"] = tiles.ETag(s.With(p), r, tiles.Gzip)
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
	if tiles.ETag(s, q, tiles.Gzip) != tiles.ETag(s.With(p), plain, tiles.Gzip) {
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
		if body, etag, err := c.Tile(t.Context(), s, r, tiles.Gzip); err != nil || len(body) != 0 || etag == "" {
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
			body, _, err := c.Tile(t.Context(), s, fillsAt(a), tiles.Identity)
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
		if _, _, err := c.Tile(leaving, s, r, tiles.Identity); !errors.Is(err, context.Canceled) {
			t.Errorf("the leaving caller has %v", err)
		}
	})
	<-started
	time.Sleep(5 * time.Millisecond)
	for range 10 {
		wg.Go(func() {
			if body, _, err := c.Tile(t.Context(), s, r, tiles.Identity); err != nil || len(body) == 0 {
				t.Errorf("a waiting caller has %d bytes, %v", len(body), err)
			}
		})
	}
	time.Sleep(5 * time.Millisecond)
	leave()
	wg.Wait()
}

package api

import (
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"

	"towngrid/data"
	"towngrid/data/gpkg"
	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/geotest"
	"towngrid/tiles"
)

// cellsServer serves n irregular cells within a bound, which no tile has been made of.
func cellsServer(t *testing.T, n int, bound orb.Bound, cfg Config) *Server {
	t.Helper()
	store, err := gpkg.Open(t.Context(), filepath.Join(t.TempDir(), "cells.gpkg"), gpkg.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := geotest.NewMesh(geotest.Options{Seed: 4, Cells: n, Bound: bound, Segments: 8})
	if err != nil {
		t.Fatal(err)
	}
	var fs []geo.Feature
	for i, c := range m.Cells() {
		fs = append(fs, geo.Feature{Code: geo.Code(fmt.Sprintf("330890%06d", i)), Name: "网格", Geometry: c,
			Properties: geo.Properties{{Name: "unit", Value: fmt.Sprintf("JZ%04d", i/20)}}})
	}
	sum, err := geo.Checksum(fs)
	if err != nil {
		t.Fatal(err)
	}
	v := geo.Version{ID: "one", Collection: geo.Cells, Division: "330890", State: geo.Draft, Created: time.Now().UTC(), Features: len(fs), Checksum: sum}
	if err := store.SaveDraft(t.Context(), v, geo.InOrder(fs)); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Publish(t.Context(), v.ID, 0, time.Now()); err != nil {
		t.Fatal(err)
	}
	r, err := data.Open(t.Context(), store, data.Options{Spool: filepath.Join(t.TempDir(), "spool"), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return serverOf(t, r, cfg)
}

// tileOf is the path of the tile of a zoom at a place.
func tileOf(collections string, z uint8, at orb.Point) string {
	a := addressAt(z, at[0], at[1])
	return fmt.Sprintf("/tiles/%s/%d/%d/%d.mvt", collections, a.Z, a.X, a.Y)
}

// TestAHotTileIsMadeOnce lets 1,000 callers ask for a tile that nobody has asked for, all at once, over connections
// of their own and in all encodings.
func TestAHotTileIsMadeOnce(t *testing.T) {
	s := cellsServer(t, 3000, orb.Bound{Min: orb.Point{118, 28}, Max: orb.Point{119, 29}}, Config{})
	srv := httptest.NewServer(s)
	defer srv.Close()
	transport := &http.Transport{MaxIdleConnsPerHost: 1000, DisableCompression: true}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: time.Minute}
	path := tileOf("cells", 9, orb.Point{118.5, 28.5})
	var wg sync.WaitGroup
	start := make(chan struct{})
	var failed atomic.Int32
	for i := range 1000 {
		wg.Go(func() {
			<-start
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+path, nil)
			if err != nil {
				t.Error(err)
				return
			}
			req.Header.Set("Accept-Encoding", string(tiles.Encodings()[i%4]))
			res, err := client.Do(req)
			if err != nil {
				failed.Add(1)
				t.Error(err)
				return
			}
			defer res.Body.Close()
			if n, err := io.Copy(io.Discard, res.Body); err != nil || n == 0 || res.StatusCode != http.StatusOK {
				t.Errorf("%d, %d bytes, %v", res.StatusCode, n, err)
			}
		})
	}
	close(start)
	wg.Wait()
	if n := s.tiles.Stats().Builds; n != 1 {
		t.Errorf("%d makings for 1,000 callers", n)
	}
}

// TestClientLeavesTile closes the connection while the tile is being made: the work ends, within 100 ms on
// a machine that has time for it, and leaves nothing.
func TestClientLeavesTile(t *testing.T) {
	bound := orb.Bound{Min: orb.Point{117, 27}, Max: orb.Point{119, 29}}
	s := cellsServer(t, 12_000, bound, Config{})
	srv := httptest.NewServer(s)
	defer srv.Close()
	fastest, tried := time.Hour, 0
	for _, grid := range tiles.Grids() { // the first tile of each grid and datum takes long
		for _, datum := range []crs.Datum{crs.WGS84, crs.GCJ02, crs.BD09} {
			path := tileOf("cells", 7, bound.Center())
			if grid == tiles.CGCS2000Quad {
				path = fmt.Sprintf("/tiles/cells/5/%d/%d.mvt", int((118+180)*32/180), int((90-28)*32/180))
			}
			c, err := net.Dial("tcp", srv.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			before := s.tiles.Stats()
			_, _ = fmt.Fprintf(c, "GET %s?grid=%s&datum=%s HTTP/1.1\r\nHost: localhost\r\n\r\n", path, grid, datum)
			for deadline := time.Now().Add(20 * time.Second); s.tiles.Stats().Making == 0 && time.Now().Before(deadline); {
				time.Sleep(100 * time.Microsecond)
			}
			time.Sleep(5 * time.Millisecond)
			under := s.tiles.Stats().Making
			left := time.Now()
			_ = c.(*net.TCPConn).SetLinger(0)
			_ = c.Close()
			for s.tiles.Stats().Making > 0 {
				if time.Since(left) > 20*time.Second {
					t.Fatal("the work goes on")
				}
				time.Sleep(100 * time.Microsecond)
			}
			took, after := time.Since(left), s.tiles.Stats()
			if under == 0 || after.Builds == before.Builds {
				t.Logf("%s %s: made before anybody could leave", grid, datum)
				continue
			}
			t.Logf("%s %s: the work ended after %v", grid, datum, took)
			if after.Entries != before.Entries {
				t.Errorf("%s %s: a tile that nobody waited for is kept", grid, datum)
			}
			fastest, tried = min(fastest, took), tried+1
		}
	}
	if tried < 2 {
		t.Fatalf("only %d tiles took long enough to be left: the test shows nothing", tried)
	}
	if fastest > 100*time.Millisecond {
		t.Errorf("at best the work ended after %v", fastest)
	}
}

// flood is how TestRandomTiles asks.
type flood struct {
	rate  int           // random tiles a second
	hot   int           // tiles of the hot set, each asked for about once in a fifth of a second
	time  time.Duration // how long
	limit uint64        // bytes of the cache
}

// TestRandomTiles floods a small cache with tiles that were never asked for, at zooms 14 to 22, half of them anywhere in the
// world and half where features are, beside a set of tiles that are asked for all the time. TOWNGRID_LONG=1 does so for
// ten minutes at 2,000 a second.
func TestRandomTiles(t *testing.T) {
	f := flood{rate: 1000, hot: 60, time: 4 * time.Second, limit: 512 << 10}
	if os.Getenv("TOWNGRID_LONG") == "1" {
		f.rate, f.time, f.limit = 2000, 10*time.Minute, 8<<20
	}
	bound := orb.Bound{Min: orb.Point{118, 28}, Max: orb.Point{119, 29}}
	s := cellsServer(t, 3000, bound, Config{TileCache: int64(f.limit)})
	srv := httptest.NewServer(s)
	defer srv.Close()
	transport := &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: time.Minute}
	ask := func(path string) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+path, nil)
		if err != nil {
			t.Error(err)
			return
		}
		req.Header.Set("Accept-Encoding", "gzip")
		res, err := client.Do(req)
		if err != nil {
			t.Error(err)
			return
		}
		defer res.Body.Close()
		if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != http.StatusOK && res.StatusCode != http.StatusNoContent {
			t.Errorf("%s: %d, %v", path, res.StatusCode, err)
		}
	}
	var hot []string
	for i := range f.hot {
		hot = append(hot, tileOf("cells", 13, orb.Point{118.02 + 0.05*float64(i%16), 28.1 + 0.05*float64(i/16)}))
	}
	hot = slices.Compact(hot)
	for _, path := range hot {
		ask(path)
	}
	before := s.tiles.Stats()
	base := held()
	// The time is up, and on a slow machine the cache has been full, or never will be.
	began := time.Now()
	over := func() bool {
		took := time.Since(began)
		return took > f.time && (s.tiles.Stats().Evictions > before.Evictions+100 || took > 20*f.time)
	}
	var wg sync.WaitGroup
	var blanks, inside, asked atomic.Uint64
	random := make(chan string, 64)
	for range 16 {
		wg.Go(func() {
			for path := range random {
				ask(path)
			}
		})
	}
	for k := range 2 { // half of the hot set each
		wg.Go(func() {
			tick := time.NewTicker(200 * time.Millisecond / time.Duration(len(hot)/2))
			defer tick.Stop()
			for i := k; !over(); i += 2 {
				ask(hot[i%len(hot)])
				asked.Add(1)
				<-tick.C
			}
		})
	}
	rnd := rand.New(rand.NewPCG(8, 8))
	seen := map[maptile.Tile]bool{}
	for n := 0; !over(); n++ {
		if due := time.Duration(n) * time.Second / time.Duration(f.rate); due > time.Since(began) {
			time.Sleep(due - time.Since(began))
		}
		var at orb.Point
		var a maptile.Tile
		for draw := true; draw; draw = seen[a] {
			z := 14 + rnd.IntN(9)
			at = orb.Point{rnd.Float64()*360 - 180, rnd.Float64()*170 - 85}
			if n%2 == 0 { // deep enough that hardly a tile comes twice
				at, z = orb.Point{118.01 + 0.98*rnd.Float64(), 28.01 + 0.98*rnd.Float64()}, 18+rnd.IntN(5)
			}
			a = maptile.At(at, maptile.Zoom(z))
		}
		seen[a] = true
		if bound.Contains(at) {
			inside.Add(1)
		} else {
			blanks.Add(1)
		}
		random <- fmt.Sprintf("/tiles/cells/%d/%d/%d.mvt", a.Z, a.X, a.Y)
	}
	close(random)
	wg.Wait()
	after := s.tiles.Stats()
	grown := held() - base
	hits := float64(after.Hits-before.Hits) / float64(asked.Load())
	t.Logf("%d random tiles, %.0f a second; %d inside, %d evictions, %d entries of %d bytes; the hot set was asked %d times, hit %.2f %%; memory grew by %d MB",
		len(seen), float64(len(seen))/time.Since(began).Seconds(), inside.Load(), after.Evictions-before.Evictions, after.Entries, after.Bytes, asked.Load(), 100*hits, grown>>20)
	if after.Bytes > f.limit {
		t.Errorf("the cache holds %d bytes of %d", after.Bytes, f.limit)
	}
	if after.Evictions == before.Evictions {
		t.Error("the cache was never full: the test shows nothing")
	}
	if n := after.Blank - before.Blank; n < blanks.Load()*99/100 {
		t.Errorf("%d of %d tiles outside were answered without being made", n, blanks.Load())
	}
	if hits < 0.95 {
		t.Errorf("the hot set is hit in %.2f %%", 100*hits)
	}
	if grown > 256<<20 {
		t.Errorf("memory grew by %d MB", grown>>20)
	}
}

// sharedCache is a cache between callers and the service, as RFC 9111 lets it be: it keeps what says so, by address and by the
// headers that Vary names, and gives it to whoever asks.
type sharedCache struct {
	next http.Handler
	mu   sync.Mutex
	kept map[string][]keptAnswer
	hits atomic.Int64
}

type keptAnswer struct {
	vary map[string]string
	rec  *httptest.ResponseRecorder
}

func (c *sharedCache) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key := r.Host + r.URL.String()
	c.mu.Lock()
	for _, k := range c.kept[key] {
		same := true
		for name, value := range k.vary {
			same = same && r.Header.Get(name) == value
		}
		if same && r.Header.Get("If-None-Match") == "" {
			c.mu.Unlock()
			c.hits.Add(1)
			give(w, k.rec)
			return
		}
	}
	c.mu.Unlock()
	rec := httptest.NewRecorder()
	c.next.ServeHTTP(rec, r)
	cc := rec.Header().Get("Cache-Control")
	vary := map[string]string{}
	for _, value := range rec.Header().Values("Vary") {
		for name := range strings.SplitSeq(value, ",") {
			vary[strings.TrimSpace(name)] = r.Header.Get(strings.TrimSpace(name))
		}
	}
	// A cache that disregards no-cache as many do, but neither private nor no-store, nor what came
	// with a key unless it is public.
	may := rec.Code == http.StatusOK && !strings.Contains(cc, "private") && !strings.Contains(cc, "no-store") && vary["*"] == "" &&
		(r.Header.Get("Authorization") == "" || strings.Contains(cc, "public"))
	if may {
		c.mu.Lock()
		c.kept[key] = append(c.kept[key], keptAnswer{vary, rec})
		c.mu.Unlock()
	}
	give(w, rec)
}

func give(w http.ResponseWriter, rec *httptest.ResponseRecorder) {
	for name, values := range rec.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(rec.Code)
	_, _ = w.Write(rec.Body.Bytes())
}

// TestRolesAreNotCrossed sends 10,000 requests of one with the key and one without, through a cache that both share, with each
// other's ETags: each gets what it would get alone.
func TestRolesAreNotCrossed(t *testing.T) {
	const key = "0123456789abcdef0123"
	h := newHouse(t, Config{AdminKey: key}, nil)
	open, err := newServer(h.registry, Config{}) // of the same registry, to fill it
	if err != nil {
		t.Fatal(err)
	}
	u := upload(t, open, cellsQuery, cellsZip(t, crs.CGCS2000().WKT(), testCell{"C1", 118.9, 29}))
	if _, err := h.registry.PublishUpload(t.Context(), u.ID, 0); err != nil {
		t.Fatal(err)
	}
	draft := upload(t, open, cellsQuery, cellsZip(t, crs.CGCS2000().WKT(), testCell{"C1", 118.901, 29}))
	place := tileAt(12, 118.905, 29.005)
	paths := []string{
		"/tiles/cells" + place, "/tiles/cells.json", "/style.json", "/collections/cells/items?limit=5", "/versions", "/locate?lon=118.905&lat=29.005",
		"/uploads", "/uploads/" + draft.ID, "/uploads/" + draft.ID + "/violations", "/uploads/" + draft.ID + "/diff", "/uploads/" + draft.ID + "/tiles" + place,
	}
	roles := []string{"", "Bearer " + key}
	codings := []string{"identity", "gzip", "br", "zstd"}
	cache := &sharedCache{next: h.Server, kept: map[string][]keptAnswer{}}
	ask := func(h http.Handler, path, role, coding, etag string) *httptest.ResponseRecorder {
		req := httptest.NewRequest(http.MethodGet, path, nil)
		req.Host = "127.0.0.1"
		req.Header.Set("Accept-Encoding", coding)
		if role != "" {
			req.Header.Set("Authorization", role)
		}
		if etag != "" {
			req.Header.Set("If-None-Match", etag)
		}
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, req)
		return rec
	}
	type question struct{ path, role, coding string }
	alone := map[question]*httptest.ResponseRecorder{}
	var etags []string
	refused := 0
	for _, path := range paths {
		for _, role := range roles {
			for _, coding := range codings {
				rec := ask(h.Server, path, role, coding, "")
				alone[question{path, role, coding}] = rec
				if etag := rec.Header().Get("ETag"); etag != "" && !slices.Contains(etags, etag) {
					etags = append(etags, etag)
				}
				if rec.Code == http.StatusUnauthorized {
					refused++
				}
			}
		}
	}
	if refused != 5*len(codings) || len(etags) < 6 {
		t.Fatalf("%d refusals, %d ETags: the test shows little", refused, len(etags))
	}
	rnd := rand.New(rand.NewPCG(12, 12))
	var asks []question
	var with []string
	for range 10_000 {
		asks = append(asks, question{paths[rnd.IntN(len(paths))], roles[rnd.IntN(2)], codings[rnd.IntN(len(codings))]})
		with = append(with, append(etags, "", "")[rnd.IntN(len(etags)+2)])
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	var crossed atomic.Int64
	for range 8 {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(asks)); i = next.Add(1) - 1 {
				q, etag := asks[i], with[i]
				want, got := alone[q], ask(cache, q.path, q.role, q.coding, etag)
				switch {
				case got.Code == http.StatusNotModified && etag != "" && etag == want.Header().Get("ETag"):
				case got.Code == want.Code && got.Body.String() == want.Body.String() && got.Header().Get("ETag") == want.Header().Get("ETag"):
				default:
					if crossed.Add(1) < 5 {
						t.Errorf("%+v with %q: %d %.80q instead of %d %.80q", q, etag, got.Code, got.Body, want.Code, want.Body)
					}
				}
			}
		})
	}
	wg.Wait()
	if n := crossed.Load(); n > 0 || cache.hits.Load() < 300 {
		t.Errorf("%d of 10,000 answers are another's; %d came from the cache", n, cache.hits.Load())
	}
}

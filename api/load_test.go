package api

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"golang.org/x/sys/unix"

	"towngrid/data"
	"towngrid/data/gpkg"
	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/geotest"
)

// largeServer serves 50,000 cells of some 53 vertices with units above them.
func largeServer(b *testing.B) (*Server, []orb.MultiPolygon) {
	b.Helper()
	cells := geotest.Tessellation(9, 50_000, orb.Bound{Min: orb.Point{116, 27}, Max: orb.Point{122, 33}})
	fs := make([]geo.Feature, len(cells))
	for i, c := range cells {
		fs[i] = geo.Feature{Code: geo.Code(fmt.Sprintf("330890%09d", i)), Name: "网格", Geometry: c, Properties: geo.Properties{{Name: "unit", Value: fmt.Sprintf("JZ%06d", i/20)}}}
	}
	var units []geo.Feature
	for i := range len(cells)/20 + 1 {
		unit := func(code, level, parent string) {
			units = append(units, geo.Feature{Code: geo.Code(code), Name: code, Geometry: cells[i], Properties: geo.Properties{{Name: "level", Value: level}, {Name: "parent", Value: parent}}})
		}
		unit(fmt.Sprintf("JZ%06d", i), geo.LevelStation, fmt.Sprintf("JS%05d", i/10))
		if i%10 == 0 {
			unit(fmt.Sprintf("JS%05d", i/10), geo.LevelRoom, "ZX330890")
		}
	}
	units = append(units, geo.Feature{Code: "ZX330890", Name: "中心", Geometry: cells[0], Properties: geo.Properties{{Name: "level", Value: geo.LevelCentre}}})
	s := serverWith(b, map[geo.Collection][]geo.Feature{geo.Cells: fs, geo.Units: units}, Config{})
	for { // what is got ready in the background is no part of any answer
		used := processorTime(b)
		if time.Sleep(time.Second); processorTime(b)-used < 10_000_000 {
			return s, cells
		}
	}
}

// serverWith serves these features of division 330890, from a GeoPackage.
func serverWith(tb testing.TB, all map[geo.Collection][]geo.Feature, cfg Config) *Server {
	tb.Helper()
	ctx := context.Background()
	store, err := gpkg.Open(ctx, filepath.Join(tb.TempDir(), "a.gpkg"), gpkg.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	for col, fs := range all {
		sum, err := geo.Checksum(fs)
		if err != nil {
			tb.Fatal(err)
		}
		v := geo.Version{ID: string(col), Collection: col, Division: "330890", State: geo.Draft, Created: time.Now().UTC(), Features: len(fs), Checksum: sum}
		if err := store.SaveDraft(ctx, v, geo.InOrder(fs)); err != nil {
			tb.Fatal(err)
		}
		if _, err := store.Publish(ctx, v.ID, 0, time.Now()); err != nil {
			tb.Fatal(err)
		}
	}
	r, err := data.Open(ctx, store, data.Options{Spool: tb.TempDir()})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = r.Close() })
	s, err := newServer(r, cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// BenchmarkLocateBatch posts 1,000,000 rows over loopback HTTP, evenly spread over 50,000
// cells, and reads the answers; seconds are those of one post.
func BenchmarkLocateBatch(b *testing.B) {
	s, cells := largeServer(b)
	server := httptest.NewServer(s)
	defer server.Close()
	const rows = 1_000_000
	r := rand.New(rand.NewPCG(1, 1))
	var nd, cs strings.Builder
	cs.WriteString("id,lon,lat\n")
	for i := range rows {
		c := cells[r.IntN(len(cells))].Bound()
		lon, lat := c.Min[0]+(c.Max[0]-c.Min[0])*r.Float64(), c.Min[1]+(c.Max[1]-c.Min[1])*r.Float64()
		fmt.Fprintf(&nd, `{"id":%d,"lon":%.7f,"lat":%.7f,"ts":"2026-03-01T08:00:00+08:00","kind":"矛盾纠纷","severity":%d}`+"\n", i, lon, lat, i%5)
		fmt.Fprintf(&cs, "%d,%.7f,%.7f\n", i, lon, lat)
	}
	client := &http.Client{Transport: &http.Transport{DisableCompression: true, WriteBufferSize: 256 << 10, ReadBufferSize: 256 << 10}}
	for _, tc := range []struct{ name, media, body string }{{"csv", "text/csv", cs.String()}, {"ndjson", "application/x-ndjson", nd.String()}} {
		b.Run(tc.name, func(b *testing.B) {
			b.SetBytes(int64(len(tc.body)))
			for range b.N {
				res, err := client.Post(server.URL+"/locate", tc.media, strings.NewReader(tc.body))
				if err != nil {
					b.Fatal(err)
				}
				n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, res.Body, make([]byte, 256<<10))
				if err != nil || res.StatusCode != http.StatusOK || n < rows*30 {
					b.Fatalf("%d, %d bytes: %v", res.StatusCode, n, err)
				}
				_ = res.Body.Close()
			}
			b.ReportMetric(float64(b.Elapsed().Seconds())/float64(b.N), "s/million")
		})
	}
}

// BenchmarkLocateLoad asks GET /locate on 32 kept connections at once, beside an Echo
// handler that returns the bytes of one such answer. The generator runs in the same
// process and does little but write and read.
func BenchmarkLocateLoad(b *testing.B) {
	s, cells := largeServer(b)
	r := rand.New(rand.NewPCG(1, 1))
	requests := make([][]byte, 4096)
	var path string
	for i := range requests {
		c := cells[r.IntN(len(cells))].Bound()
		path = fmt.Sprintf("/locate?lon=%.7f&lat=%.7f", c.Min[0]+(c.Max[0]-c.Min[0])*r.Float64(), c.Min[1]+(c.Max[1]-c.Min[1])*r.Float64())
		requests[i] = []byte("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip\r\n\r\n")
	}
	answer := get(b, s, path, http.StatusOK)
	for range 3 {
		b.Run("towngrid", func(b *testing.B) { under32(b, served(b, s), requests) })
		b.Run("behind net/http", func(b *testing.B) { under32(b, handled(b, s), requests) })
		b.Run("echo", func(b *testing.B) { under32(b, handled(b, plainEcho(answer)), requests) })
	}
}

// BenchmarkLocated makes the answers alone, without HTTP.
func BenchmarkLocated(b *testing.B) {
	s, cells := largeServer(b)
	r := rand.New(rand.NewPCG(1, 1))
	points := make([]orb.Point, 4096)
	for i := range points {
		c := cells[r.IntN(len(cells))].Bound()
		points[i] = orb.Point{c.Min[0] + (c.Max[0]-c.Min[0])*r.Float64(), c.Min[1] + (c.Max[1]-c.Min[1])*r.Float64()}
	}
	snap, room := s.registry.Snapshot(), []byte(nil)
	for _, p := range points {
		room = s.appendLocated(room[:0], snap, p, crs.WGS84, nil)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	b.ReportAllocs()
	b.ResetTimer()
	used := threadTime(b)
	for i := range b.N {
		room = s.appendLocated(room[:0], snap, points[i%len(points)], crs.WGS84, nil)
	}
	b.ReportMetric(float64(threadTime(b)-used)/float64(b.N), "cpu-ns/op")
}

// threadTime is what this thread has had of the processors, in nanoseconds.
func threadTime(b *testing.B) int64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		b.Fatal(err)
	}
	return t.Nano()
}

// served serves s as the program does, and gives the address.
func served(tb testing.TB, s *Server) (address string) {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	tb.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			tb.Error(err)
		}
	})
	return l.Addr().String()
}

// handled serves h by net/http alone, and gives the address.
func handled(tb testing.TB, h http.Handler) (address string) {
	server := httptest.NewServer(h)
	tb.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// under32 sends requests on 32 connections, one at a time on each.
func under32(b *testing.B, address string, requests [][]byte) {
	const connections = 32
	took := make([][]time.Duration, connections)
	var next atomic.Int64
	var busy sync.WaitGroup
	b.ResetTimer()
	used := processorTime(b)
	for k := range connections {
		busy.Go(func() {
			c, err := net.Dial("tcp", address)
			if err != nil {
				b.Error(err)
				return
			}
			defer c.Close()
			in := bufio.NewReader(c)
			for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
				sent := time.Now()
				if err := exchange(c, in, requests[int(i)%len(requests)]); err != nil {
					b.Error(err)
					return
				}
				took[k] = append(took[k], time.Since(sent))
			}
		})
	}
	busy.Wait()
	b.StopTimer()
	b.ReportMetric(float64(processorTime(b)-used)/1000/float64(b.N), "cpu-µs/op")
	all := slices.Concat(took...)
	slices.Sort(all)
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "ms-p99")
}

// exchange sends one request and reads its answer.
func exchange(c net.Conn, in *bufio.Reader, request []byte) error {
	if _, err := c.Write(request); err != nil {
		return err
	}
	line, err := in.ReadSlice('\n')
	if err != nil || !strings.HasPrefix(string(line), "HTTP/1.1 200") {
		return fmt.Errorf("%s %w", line, err)
	}
	length := 0
	for len(line) > 2 {
		if line, err = in.ReadSlice('\n'); err != nil {
			return err
		}
		if name, value, _ := strings.Cut(string(line), ": "); name == "Content-Length" {
			if _, err := fmt.Sscan(value, &length); err != nil {
				return err
			}
		}
	}
	_, err = in.Discard(length)
	return err
}

package api

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"

	"towngrid/geo"
)

// plainEcho answers every GET with the same bytes and headers: the least that a
// handler can do.
func plainEcho(answer *httptest.ResponseRecorder) http.Handler {
	e := echo.New()
	body := answer.Body.Bytes()
	e.GET("/*", func(c echo.Context) error {
		for k, v := range answer.Header() {
			c.Response().Header()[k] = v
		}
		return c.Blob(answer.Code, answer.Header().Get("Content-Type"), body)
	})
	return e
}

// overHTTP measures requests over loopback with kept connections.
func overHTTP(b *testing.B, h http.Handler, paths []string) {
	srv := httptest.NewServer(h)
	defer srv.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}}
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			req, err := http.NewRequest(http.MethodGet, srv.URL+paths[i%len(paths)], nil)
			if err != nil {
				b.Error(err)
				return
			}
			req.Header.Set("Accept-Encoding", "gzip")
			res, err := client.Do(req)
			if err != nil {
				b.Error(err)
				return
			}
			if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != http.StatusOK {
				b.Errorf("%d %v", res.StatusCode, err)
			}
			if err := res.Body.Close(); err != nil {
				b.Error(err)
			}
		}
	})
}

// inProcess measures the handler alone, without a network.
func inProcess(b *testing.B, h http.Handler, paths []string) {
	requests := make([]*http.Request, len(paths))
	for i, p := range paths {
		requests[i] = httptest.NewRequest(http.MethodGet, p, nil)
		requests[i].Header.Set("Accept-Encoding", "gzip")
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		h.ServeHTTP(&sink{header: http.Header{}}, requests[i%len(requests)])
	}
}

// sink is a ResponseWriter that keeps nothing.
type sink struct{ header http.Header }

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) Write(b []byte) (int, error) { return len(b), nil }
func (s *sink) WriteHeader(int)             {}

// compare runs both handlers by both ways, side by side.
func compare(b *testing.B, s *Server, paths []string) {
	req := httptest.NewRequest(http.MethodGet, paths[0], nil)
	req.Header.Set("Accept-Encoding", "gzip")
	answer := httptest.NewRecorder()
	s.ServeHTTP(answer, req)
	if answer.Code != http.StatusOK {
		b.Fatalf("%d %s", answer.Code, answer.Body)
	}
	plain := plainEcho(answer)
	b.Run("http/towngrid", func(b *testing.B) { overHTTP(b, s, paths) })
	b.Run("http/echo", func(b *testing.B) { overHTTP(b, plain, paths) })
	b.Run("handler/towngrid", func(b *testing.B) { inProcess(b, s, paths) })
	b.Run("handler/echo", func(b *testing.B) { inProcess(b, plain, paths) })
}

// BenchmarkLocate compares GET /locate with an Echo handler that returns the bytes
// of one such answer.
func BenchmarkLocate(b *testing.B) {
	s := demoServer(b)
	part := s.registry.Snapshot().Parts(geo.Cells)[0]
	var paths []string
	for i := 0; i < part.Len(); i += 7 {
		p := inside(b, part.At(i))
		paths = append(paths, fmt.Sprintf("/locate?lon=%v&lat=%v", p[0], p[1]))
	}
	compare(b, s, paths)
}

// BenchmarkWarmTile compares a tile from the cache with an Echo handler that
// returns the same bytes.
func BenchmarkWarmTile(b *testing.B) {
	s := demoServer(b)
	bound, _ := s.registry.Snapshot().Bound(geo.Cells)
	for _, z := range []maptile.Zoom{10, 13} {
		at := maptile.At(orb.Point{bound.Center()[0], bound.Center()[1]}, z)
		path := (&url.URL{Path: fmt.Sprintf("/tiles/towns,units,cells/%d/%d/%d.mvt", at.Z, at.X, at.Y)}).EscapedPath()
		b.Run(fmt.Sprintf("z%d", z), func(b *testing.B) { compare(b, s, []string{path}) })
	}
}

// BenchmarkUnchangedTile compares the 304 of a tile with the emptiest answer that Echo can give.
func BenchmarkUnchangedTile(b *testing.B) {
	s := demoServer(b)
	path := "/tiles/cells" + tileAt(12, 118.9, 29)
	etag := get(b, s, path, http.StatusOK, "Accept-Encoding", "gzip").Header().Get("ETag")
	e := echo.New()
	e.GET("/*", func(c echo.Context) error { return c.NoContent(http.StatusNotModified) })
	for name, h := range map[string]http.Handler{"towngrid": s, "echo": e} {
		b.Run(name, func(b *testing.B) {
			req := httptest.NewRequest(http.MethodGet, path, nil)
			req.Header.Set("Accept-Encoding", "gzip")
			req.Header.Set("If-None-Match", etag)
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(&sink{header: http.Header{}}, req)
			}
		})
	}
}

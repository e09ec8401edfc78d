package api

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"towngrid/api/front"
)

// TestQuickAnswersAreTheSame asks the same again, which is answered without the router, and holds
// status, headers and body against the answer of the router.
func TestQuickAnswersAreTheSame(t *testing.T) {
	s := emptyServer(t, Config{})
	publishCells(t, s, 0, testCell{"C1", 118.9, 29})
	path := "/tiles/cells" + tileAt(12, 118.905, 29.005)
	etag := get(t, s, path, http.StatusOK, "Accept-Encoding", "br").Header().Get("ETag")
	ask := func(header ...string) (slow, quick *httptest.ResponseRecorder) {
		t.Helper()
		for i, rec := range []**httptest.ResponseRecorder{&slow, &quick} {
			req := httptest.NewRequest(http.MethodGet, path, nil)
			for k := 0; k+1 < len(header); k += 2 {
				req.Header.Set(header[k], header[k+1])
			}
			*rec = httptest.NewRecorder()
			if i == 0 {
				s.handler.ServeHTTP(*rec, req)
			} else if !s.answerQuickly(*rec, req) {
				t.Fatalf("%v is not answered quickly", header)
			}
		}
		return slow, quick
	}
	for _, header := range [][]string{
		{}, {"Accept-Encoding", "gzip"}, {"Accept-Encoding", "br"}, {"Accept-Encoding", "br", "If-None-Match", `"x"`}, {"Accept-Encoding", "br", "If-None-Match", etag},
		{"Accept-Encoding", "gzip", "If-None-Match", etag}, {"Origin", "https://map.example"}, {"Accept-Encoding", "br", "If-None-Match", "*"},
	} {
		slow, quick := ask(header...)
		if slow.Code != quick.Code || slow.Body.String() != quick.Body.String() {
			t.Errorf("%v: %d with %d bytes, quickly %d with %d", header, slow.Code, slow.Body.Len(), quick.Code, quick.Body.Len())
		}
		if diff := cmp.Diff(slow.Header(), quick.Header()); diff != "" {
			t.Errorf("%v: %s", header, diff)
		}
	}
	// Another method, another question, and another snapshot go the long way.
	for _, req := range []*http.Request{
		httptest.NewRequest(http.MethodHead, path, nil), httptest.NewRequest(http.MethodPost, path, nil), httptest.NewRequest(http.MethodGet, path+"?datum=bd09", nil),
		httptest.NewRequest(http.MethodGet, "/collections", nil),
	} {
		if s.answerQuickly(httptest.NewRecorder(), req) {
			t.Errorf("%s %s is answered quickly", req.Method, req.URL)
		}
	}
	before := get(t, s, path, http.StatusOK).Body.String()
	publishCells(t, s, 1, testCell{"C1", 118.901, 29})
	if after := get(t, s, path, http.StatusOK); after.Body.String() == before {
		t.Error("the old tile is answered quickly after a publication")
	}
}

// TestQuickAnswersMakeWhatIsGone asks again for a tile that the cache has no room for: it is made without the router, with the
// same answer.
func TestQuickAnswersMakeWhatIsGone(t *testing.T) {
	s := emptyServer(t, Config{TileCache: 1})
	publishCells(t, s, 0, testCell{"C1", 118.9, 29})
	path := "/tiles/cells" + tileAt(12, 118.905, 29.005)
	for _, enc := range []string{"", "gzip", "br"} {
		req := httptest.NewRequest(http.MethodGet, path, nil)
		req.Header.Set("Accept-Encoding", enc)
		slow, quick := httptest.NewRecorder(), httptest.NewRecorder()
		s.handler.ServeHTTP(slow, req)
		s.tiles.Stats() // lets the cache give up what it has no room for
		made := s.tiles.Stats().Builds
		if !s.answerQuickly(quick, req) || s.tiles.Stats().Builds != made+1 {
			t.Fatalf("%q: not answered quickly, or %d tiles made", enc, s.tiles.Stats().Builds-made)
		}
		if slow.Code != http.StatusOK || quick.Code != slow.Code || quick.Body.String() != slow.Body.String() {
			t.Errorf("%q: %d with %d bytes, quickly %d with %d", enc, slow.Code, slow.Body.Len(), quick.Code, quick.Body.Len())
		}
		if diff := cmp.Diff(slow.Header(), quick.Header()); diff != "" {
			t.Errorf("%q: %s", enc, diff)
		}
		s.tiles.Stats()
	}
}

// TestTheFrontAnswersTheSame asks over one connection what the router and then what the front answers, and
// holds status, headers and body against each other, under several configurations.
func TestTheFrontAnswersTheSame(t *testing.T) {
	tile := "/tiles/cells" + tileAt(12, 118.905, 29.005)
	locate := "/locate?lon=118.905&lat=29.005"
	for name, tc := range map[string]struct {
		cfg    Config
		prefix string
	}{
		"usual": {Config{}, ""}, "with a base path": {Config{BaseURL: "https://map.example/town"}, "/town"}, "below a base path": {Config{BaseURL: "https://map.example/town"}, ""},
		"to one origin": {Config{Origins: []string{"https://map.example"}}, ""}, "without room for tiles": {Config{TileCache: 1}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := emptyServer(t, tc.cfg)
			publishCells(t, s, 0, testCell{"C1", 118.9, 29}, testCell{"C2", 118.91, 29})
			behind := &tallied{Handler: s}
			address := fronted(t, s, behind)
			etag := get(t, s, tile, http.StatusOK, "Accept-Encoding", "br").Header().Get("ETag")
			for _, header := range [][]string{
				{}, {"Accept-Encoding", "gzip"}, {"Accept-Encoding", "br"}, {"Accept-Encoding", "br", "If-None-Match", `"x"`}, {"Accept-Encoding", "br", "If-None-Match", etag},
				{"Accept-Encoding", "gzip", "If-None-Match", etag}, {"Accept-Encoding", "br", "If-None-Match", "W/" + etag + `, "y"`}, {"Origin", "https://map.example"}, {"Origin", "https://other.example"},
				{"Accept-Encoding", "br", "If-None-Match", "*"},
			} {
				for _, path := range []string{tile, locate, locate + "&datum=gcj02", "/locate?lat=-29&lon=-118.9", "/locate?datum=bd09&lat=29.0045&lon=118.91"} {
					slow := overWire(t, s.handler, address, http.MethodGet, path, header) // at the address without the prefix
					first := overWire(t, nil, address, http.MethodGet, tc.prefix+path, header)
					before := behind.n.Load()
					quick := overWire(t, nil, address, http.MethodGet, tc.prefix+path, header)
					if behind.n.Load() != before {
						t.Errorf("%s %v is not answered by the front", path, header)
					}
					for _, other := range []answered{first, quick} {
						if diff := cmp.Diff(slow, other); diff != "" {
							t.Errorf("%s %v: %s", path, header, diff)
						}
					}
				}
			}
			// Other methods, other questions and other words go the long way.
			for _, request := range [][2]string{
				{http.MethodHead, tile}, {http.MethodPost, tile}, {http.MethodOptions, locate}, {http.MethodHead, locate}, {http.MethodGet, tile + "?datum=bd09"}, {http.MethodGet, "/collections"},
				{http.MethodGet, locate + "&at=2026-01-01T00:00:00Z"}, {http.MethodGet, locate + "&collections=cells"}, {http.MethodGet, "/locate?lon=118.905"}, {http.MethodGet, "/locate?lon=1e1&lat=29"},
				{http.MethodGet, locate + "&lon=118.9"}, {http.MethodGet, "/locate?lon=999&lat=29"}, {http.MethodGet, "/locate?lon=NaN&lat=29"}, {http.MethodGet, locate + "&datum=x"}, {http.MethodGet, "/locate"},
				{http.MethodGet, "/locate?lon=118%2E9&lat=29"}, {http.MethodGet, "/locate/?lon=118.905&lat=29.005"}, {http.MethodGet, "/uploads"},
			} {
				before := behind.n.Load()
				got := overWire(t, nil, address, request[0], tc.prefix+request[1], nil)
				if behind.n.Load() != before+1 {
					t.Errorf("%v is answered by the front", request)
				}
				if want := overWire(t, s.handler, address, request[0], request[1], nil); got.Status != want.Status || got.Body != want.Body {
					t.Errorf("%v: %.300v, want %.300v", request, got, want)
				}
			}
			// The next snapshot is another matter, and the metrics know of all.
			before := [2]string{overWire(t, nil, address, http.MethodGet, tile, nil).Body, overWire(t, nil, address, http.MethodGet, locate, nil).Body}
			publishCells(t, s, 1, testCell{"C1", 118.901, 29})
			for range 2 {
				if after := [2]string{overWire(t, nil, address, http.MethodGet, tile, nil).Body, overWire(t, nil, address, http.MethodGet, locate, nil).Body}; after[0] == before[0] || after[1] == before[1] {
					t.Error("the old answer is given after a publication")
				}
			}
			for _, line := range []string{`route="/tiles/:set/:z/:x/:y",status="200"`, `route="/tiles/:set/:z/:x/:y",status="304"`, `route="/locate",status="200"`} {
				n := measured(t, s, line)
				overWire(t, nil, address, http.MethodGet, tile, nil)
				overWire(t, nil, address, http.MethodGet, tile, []string{"If-None-Match", "*"})
				overWire(t, nil, address, http.MethodGet, locate, nil)
				if now := measured(t, s, line); now != n+1 {
					t.Errorf("%s: %v requests, then %v", line, n, now)
				}
			}
		})
	}
}

// measured is how often a route was answered with a status, by the metrics.
func measured(t *testing.T, s *Server, labels string) (n float64) {
	t.Helper()
	for line := range strings.Lines(get(t, s, "/metrics", http.StatusOK).Body.String()) {
		if strings.HasPrefix(line, "towngrid_http_request_duration_seconds_count{") && strings.Contains(line, labels) {
			if _, err := fmt.Sscan(line[strings.LastIndexByte(line, ' '):], &n); err != nil {
				t.Fatal(err)
			}
		}
	}
	return n
}

// tallied counts the requests that come to a handler.
type tallied struct {
	http.Handler
	n atomic.Int64
}

func (c *tallied) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.n.Add(1)
	c.Handler.ServeHTTP(w, r)
}

// fronted serves behind with the front of s, and gives the address.
func fronted(t *testing.T, s *Server, behind http.Handler) string {
	t.Helper()
	server := httptest.NewUnstartedServer(behind)
	server.Listener = front.New(server.Config, s.answerAtOnce).Listener(server.Listener)
	server.Start()
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// answered is an answer without its date.
type answered struct {
	Status int
	Header http.Header
	Body   string
}

// overWire sends a request over HTTP to an address, or to a handler of its own where there is one.
func overWire(t *testing.T, h http.Handler, address, method, path string, header []string) answered {
	t.Helper()
	if h != nil {
		server := httptest.NewServer(h)
		defer server.Close()
		address = server.Listener.Addr().String()
	}
	req, err := http.NewRequest(method, "http://"+address+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "localhost"
	for k := 0; k+1 < len(header); k += 2 {
		req.Header.Set(header[k], header[k+1])
	}
	transport := &http.Transport{DisableCompression: true}
	defer transport.CloseIdleConnections()
	res, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := http.ParseTime(res.Header.Get("Date")); err != nil {
		t.Error(err)
	}
	res.Header.Del("Date")
	return answered{res.StatusCode, res.Header, string(body)}
}

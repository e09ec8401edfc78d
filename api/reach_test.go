package api

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"towngrid/tiles"
)

// TestABasePathStandsBeforeEverything reaches the service under a path, whether the proxy takes it off or not.
func TestABasePathStandsBeforeEverything(t *testing.T) {
	s := emptyServer(t, Config{BaseURL: "https://gis.example.cn/town/grid/"})
	publishCells(t, s, 0, testCell{"C1", 118.9, 29})
	for _, prefix := range []string{"", "/town/grid"} {
		for _, path := range []string{"/?f=json", "/collections", "/tiles/cells.json", "/style.json", "/tiles/cells" + tileAt(12, 118.905, 29.005)} {
			rec := get(t, s, prefix+path, http.StatusOK)
			if body := rec.Body.String(); strings.Contains(body, "://") && strings.Count(body, "gis.example.cn") != strings.Count(body, "https://gis.example.cn/town/grid/") {
				t.Errorf("%s%s has links that lead elsewhere: %.500s", prefix, path, body)
			}
		}
		doc := getJSON[tiles.TileJSON](t, s, prefix+"/tiles/cells.json")
		get(t, s, prefix+strings.TrimPrefix(strings.Replace(doc.Tiles[0], "/{z}/{x}/{y}.mvt", tileAt(12, 118.905, 29.005), 1), "https://gis.example.cn/town/grid"), http.StatusOK)
	}
	if rec := get(t, s, "/town/grid", http.StatusPermanentRedirect); rec.Header().Get("Location") != "/town/grid/" {
		t.Error(rec.Header())
	}
	get(t, s, "/town/gridded/collections", http.StatusNotFound)
	get(t, s, "/town/collections", http.StatusNotFound)
}

// TestProxiesAreBelievedByConfigurationOnly sends forwarding headers from a proxy that is trusted, and from one that is not.
func TestProxiesAreBelievedByConfigurationOnly(t *testing.T) {
	s := emptyServer(t, Config{Proxies: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}})
	ask := func(from string, header ...string) string {
		req := httptest.NewRequest(http.MethodGet, "/tiles/cells.json?addresses=plain", nil)
		req.Host, req.RemoteAddr = "inner:8080", from
		for i := 0; i+1 < len(header); i += 2 {
			req.Header.Add(header[i], header[i+1])
		}
		rec := httptest.NewRecorder()
		s.ServeHTTP(rec, req)
		_, rest, _ := strings.Cut(rec.Body.String(), `"tiles":["`)
		base, _, _ := strings.Cut(rest, "/tiles/cells/")
		return base
	}
	full := []string{"X-Forwarded-Proto", "https", "X-Forwarded-Host", "gis.example.cn", "X-Forwarded-Prefix", "/grid"}
	for _, c := range []struct {
		from   string
		header []string
		want   string
	}{
		{"10.1.2.3:4567", full, "https://gis.example.cn/grid"},
		{"[::ffff:10.1.2.3]:4567", full, "https://gis.example.cn/grid"},
		{"10.2.2.3:4567", full, "http://inner:8080"},
		{"127.0.0.1:4567", full, "http://inner:8080"},
		{"10.1.2.3:4567", nil, "http://inner:8080"},
		{"10.1.2.3:4567", []string{"X-Forwarded-Host", "evil.example, gis.example.cn:8443", "X-Forwarded-Proto", "gopher", "X-Forwarded-Prefix", "/a/../b"}, "http://gis.example.cn:8443"},
		{"10.1.2.3:4567", []string{"X-Forwarded-Host", `a"><script>`, "X-Forwarded-Prefix", "//evil"}, "http://inner:8080"},
	} {
		if got := ask(c.from, c.header...); got != c.want {
			t.Errorf("%s with %v: %s instead of %s", c.from, c.header, got, c.want)
		}
	}
}

// TestOriginsByConfiguration lets pages of the origins named read, and no others.
func TestOriginsByConfiguration(t *testing.T) {
	s := emptyServer(t, Config{Origins: []string{"https://map.example.cn", "https://b.example.cn"}})
	publishCells(t, s, 0, testCell{"C1", 118.9, 29})
	tile := "/tiles/cells" + tileAt(12, 118.905, 29.005)
	for _, path := range []string{tile, tile, "/collections", "/nothing"} { // the second tile is answered quickly
		for origin, want := range map[string]string{"https://map.example.cn": "https://map.example.cn", "https://evil.example": "", "": "", "null": ""} {
			req := httptest.NewRequest(http.MethodGet, path, nil)
			if origin != "" {
				req.Header.Set("Origin", origin)
			}
			rec := httptest.NewRecorder()
			s.ServeHTTP(rec, req)
			if got := rec.Header().Get("Access-Control-Allow-Origin"); got != want || !strings.Contains(strings.Join(rec.Header().Values("Vary"), ","), "Origin") {
				t.Errorf("%s from %q: %q, Vary %v", path, origin, got, rec.Header().Values("Vary"))
			}
		}
	}
	if got := get(t, emptyServer(t, Config{}), "/collections", http.StatusOK, "Origin", "https://a.example").Header().Get("Access-Control-Allow-Origin"); got != "*" {
		t.Errorf("without a list: %q", got)
	}
}

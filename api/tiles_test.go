package api

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/maptile"

	"towngrid/geo/crs"
	"towngrid/tiles"
)

// tileAt is the path of the tile of a zoom at a place, behind the collections and whatever comes between.
func tileAt(z maptile.Zoom, lon, lat float64) string {
	at := maptile.At(orb.Point{lon, lat}, z)
	return fmt.Sprintf("/%d/%d/%d.mvt", at.Z, at.X, at.Y)
}

func TestAcceptEncoding(t *testing.T) {
	for _, c := range []struct {
		header string
		want   tiles.Encoding
	}{
		{"", "identity"}, {"gzip", "gzip"}, {"GZIP", "gzip"}, {"x-gzip", "gzip"}, {"br", "br"}, {"zstd", "zstd"},
		{"gzip, deflate, br, zstd", "zstd"}, {"gzip, deflate, br", "br"}, {"gzip;q=1, br;q=0.9", "gzip"}, {"br;q=0.5,gzip;q=0.501", "gzip"},
		{"deflate", "identity"}, {"deflate, *", "zstd"}, {"*", "zstd"}, {"*;q=0.1", "zstd"}, {"zstd;q=0, br;q=0, *", "gzip"},
		{"gzip;q=0", "identity"}, {"identity", "identity"}, {"identity;q=0.5, gzip;q=0.4", "identity"}, {"identity;q=0.5, gzip;q=0.5", "gzip"},
		{"identity;q=0, gzip;q=0.001", "gzip"}, {"identity;q=0", ""}, {"*;q=0", ""}, {"gzip;q=0, *;q=0", ""}, {"identity, *;q=0", "identity"},
		// What is no weight is no item.
		{"gzip;q=1.5", "identity"}, {"gzip;q=-1", "identity"}, {"gzip;q=abc", "identity"}, {"gzip;q=0.1234", "identity"}, {"gzip;q=NaN", "identity"},
		{"gzip;q=1e0", "identity"}, {"gzip;q=", "identity"}, {"gzip;q", "identity"}, {"gzip;level=9", "identity"}, {"identity;q=x", "identity"},
		{"gzip;q=1.000", "gzip"}, {"gzip;q=1.001", "identity"}, {"gzip ; q=0.5", "gzip"}, {"gzip;Q=0.5", "gzip"}, {"gzip;q=0.", "identity"},
		{",,;q=1, ,gzip,", "gzip"}, {strings.Repeat("a,", 30_000) + "br", "br"},
	} {
		got, err := tileEncoding(c.header)
		if got != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%.60q: %q, %v instead of %q", c.header, got, err, c.want)
		}
	}
}

// TestTilesInEachEncoding holds what is sent against what was asked.
func TestTilesInEachEncoding(t *testing.T) {
	s := demoServer(t)
	path := "/tiles/cells" + tileAt(11, 118.9, 29)
	seen := map[string]bool{}
	for _, e := range tiles.Encodings() {
		rec := get(t, s, path, http.StatusOK, "Accept-Encoding", string(e))
		said := rec.Header().Get("Content-Encoding")
		if e == tiles.Identity && said != "" || e != tiles.Identity && said != string(e) {
			t.Errorf("%s: Content-Encoding %q", e, said)
		}
		if rec.Header().Get("Vary") != "Accept-Encoding" || rec.Header().Get("Content-Length") != num(rec.Body.Len()) {
			t.Errorf("%s: %v", e, rec.Header())
		}
		etag := rec.Header().Get("ETag")
		if seen[etag] {
			t.Errorf("%s has another encoding's ETag", e)
		}
		seen[etag] = true
		get(t, s, path, http.StatusNotModified, "Accept-Encoding", string(e), "If-None-Match", etag)
	}
	if rec := get(t, s, path, http.StatusNotAcceptable, "Accept-Encoding", "identity;q=0, deflate"); problemOf(t, rec).Code != "not_acceptable" {
		t.Error(rec.Body)
	}
}

// TestTaggedTilesNeverChange asks for a tile by the address of TileJSON, publishes, and asks
// again: the address keeps its bytes, and the new TileJSON gives another.
func TestTaggedTilesNeverChange(t *testing.T) {
	s := emptyServer(t, Config{BaseURL: "https://map.example/grid"})
	publishCell := func(base int, lon float64) {
		t.Helper()
		u := upload(t, s, cellsQuery, cellsZip(t, crs.CGCS2000().WKT(), testCell{"C1", lon, 29}))
		if _, err := s.registry.PublishUpload(t.Context(), u.ID, base); err != nil {
			t.Fatal(err)
		}
	}
	address := func() string {
		t.Helper()
		u := getJSON[tiles.TileJSON](t, s, "/tiles/cells.json").Tiles[0]
		path, ok := strings.CutPrefix(u, "https://map.example/grid")
		if !ok {
			t.Fatalf("the tiles are at %s", u)
		}
		return strings.Replace(path, "/{z}/{x}/{y}.mvt", tileAt(12, 118.905, 29.005), 1)
	}
	plain := "/tiles/cells" + tileAt(12, 118.905, 29.005)
	publishCell(0, 118.9)
	first := address()
	was := get(t, s, first, http.StatusOK)
	if cc := was.Header().Get("Cache-Control"); cc != "public, max-age=31536000, immutable" {
		t.Errorf("Cache-Control %q", cc)
	}
	now := get(t, s, plain, http.StatusOK)
	if cc := now.Header().Get("Cache-Control"); cc != "public, max-age=0, must-revalidate" || now.Header().Get("ETag") != was.Header().Get("ETag") {
		t.Errorf("Cache-Control %q, ETag %s and %s", cc, now.Header().Get("ETag"), was.Header().Get("ETag"))
	}
	publishCell(1, 118.901)
	second := address()
	if second == first {
		t.Fatal("the address outlives the publication")
	}
	again := get(t, s, first, http.StatusOK)
	if again.Body.String() != was.Body.String() || again.Header().Get("ETag") != was.Header().Get("ETag") {
		t.Error("the tile at the old address has changed")
	}
	fresh := get(t, s, second, http.StatusOK)
	if fresh.Body.String() == was.Body.String() || fresh.Body.String() != get(t, s, plain, http.StatusOK).Body.String() {
		t.Error("the new tile is the old one")
	}
	// What is not kept leads to the plain address, and no cache may keep that.
	for _, old := range []string{"0123456789abcdef-1", strings.Split(strings.Split(second, "/")[3], "-")[0] + "-999"} {
		gone := get(t, s, "/tiles/cells/"+old+tileAt(12, 118.905, 29.005)+"?content=fills", http.StatusTemporaryRedirect)
		if gone.Header().Get("Location") != "https://map.example/grid"+plain+"?content=fills" || gone.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", old, gone.Header())
		}
	}
	get(t, s, "/tiles/cells/latest"+tileAt(12, 118.905, 29.005), http.StatusBadRequest)

	// Every publication is kept for a while, and the past can be asked for by moment and version.
	history := getJSON[struct {
		Versions []struct{ ID, Published string }
	}](t, s, "/versions").Versions
	for _, q := range []string{"?version=" + history[1].ID, "?at=" + url.QueryEscape(history[1].Published)} {
		if rec := get(t, s, plain+q, http.StatusOK); rec.Body.String() != was.Body.String() || rec.Header().Get("ETag") != was.Header().Get("ETag") {
			t.Errorf("%s is another tile than it was then", q)
		}
		doc := getJSON[tiles.TileJSON](t, s, "/tiles/cells.json"+q)
		if !strings.HasSuffix(doc.Tiles[0], "/tiles/cells/{z}/{x}/{y}.mvt"+q) {
			t.Errorf("%s: tiles at %s", q, doc.Tiles[0])
		}
	}
	get(t, s, plain+"?version="+history[0].ID+"&at="+url.QueryEscape(history[1].Published), http.StatusBadRequest)
	get(t, s, plain+"?version=nothing", http.StatusNotFound)
}

// TestTileOptions asks for some properties, some layers and another grid.
func TestTileOptions(t *testing.T) {
	s := demoServer(t)
	path := "/tiles/cells" + tileAt(12, 118.9, 29)
	layers := func(path string) (names []string, properties map[string]any) {
		t.Helper()
		ls, err := mvt.Unmarshal(get(t, s, path, http.StatusOK).Body.Bytes())
		if err != nil || len(ls) == 0 {
			t.Fatalf("%s: %d layers, %v", path, len(ls), err)
		}
		for _, l := range ls {
			names = append(names, l.Name)
		}
		return names, ls[0].Features[0].Properties
	}
	if names, ps := layers(path + "?content=fills&properties=code"); !slices.Equal(names, []string{"cells"}) || len(ps) != 1 || ps["code"] == nil {
		t.Errorf("%v %v", names, ps)
	}
	if names, ps := layers(path + "?content=labels,fills&properties="); !slices.Equal(names, []string{"cells", "cells_labels"}) || len(ps) != 0 {
		t.Errorf("%v %v", names, ps)
	}
	// Zoom 11 of the grid of degrees has tiles of 180°/2^11.
	layers(fmt.Sprintf("/tiles/cells/11/%d/%d.mvt?grid=CGCS2000Quad", 3400, 694))
	for _, bad := range []string{"?content=roads", "?content=fills,fills", "?properties=nothing", "?properties=" + strings.Repeat("code,", 70), "?grid=EPSG:3857", "?content=", "?addresses=plain"} {
		want := http.StatusBadRequest
		if bad == "?content=" {
			want = http.StatusOK
		}
		get(t, s, path+bad, want)
	}
	get(t, s, "/tiles/cells/0/1/0.mvt?grid=CGCS2000Quad", http.StatusOK)
	get(t, s, "/tiles/cells/22/0/0.mvt?grid=CGCS2000Quad", http.StatusNotFound)
	doc := getJSON[tiles.TileJSON](t, s, "/tiles/cells.json?addresses=plain&content=fills")
	if !strings.HasSuffix(doc.Tiles[0], "/tiles/cells/{z}/{x}/{y}.mvt?content=fills") {
		t.Error(doc.Tiles[0])
	}
	get(t, s, "/tiles/cells.json?properties=nothing", http.StatusBadRequest)
	for _, src := range getJSON[tiles.MapStyle](t, s, "/style.json?addresses=plain&datum=bd09").Sources {
		u, err := url.Parse(src.URL)
		if err != nil {
			t.Fatal(err)
		}
		if doc := getJSON[tiles.TileJSON](t, s, u.RequestURI()); doc.Datum != crs.BD09 || strings.Count(doc.Tiles[0], "/") != 7 {
			t.Errorf("%+v", doc)
		}
	}
}

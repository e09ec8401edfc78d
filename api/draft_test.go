package api

import (
	"encoding/json"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/maptile"

	"towngrid/geo/crs"
)

// TestADraftIsSeenBeforeItIsPublished looks at a draft by its diff, on the map and by
// its events, and at what was live before and after.
func TestADraftIsSeenBeforeItIsPublished(t *testing.T) {
	s := emptyServer(t, Config{})
	wkt := crs.CGCS2000().WKT()
	first := upload(t, s, cellsQuery, cellsZip(t, wkt, testCell{"C1", 118.9, 29}, testCell{"C2", 118.91, 29}))
	beforeAll := time.Now().Format(time.RFC3339Nano)
	time.Sleep(5 * time.Millisecond)
	if rec := send(t, s, http.MethodPost, "/uploads/"+first.ID+"/publish", ""); rec.Code != http.StatusCreated {
		t.Fatal(rec.Code, rec.Body)
	}
	time.Sleep(5 * time.Millisecond)
	between := time.Now().Format(time.RFC3339Nano)
	time.Sleep(5 * time.Millisecond)
	draft := upload(t, s, cellsQuery, cellsZip(t, wkt, testCell{"C2", 118.911, 29}, testCell{"C3", 118.99, 29}))

	type diffView struct {
		Counts  map[string]int
		Changes []changeView
	}
	d := getJSON[diffView](t, s, "/uploads/"+draft.ID+"/diff")
	if d.Counts["added"] != 1 || d.Counts["removed"] != 1 || d.Counts["changed"] != 1 || len(d.Changes) != 3 {
		t.Fatalf("%+v", d)
	}
	// The cell moved by a thousandth of a degree of longitude, 97.4 m at 29° N.
	if moved := d.Changes[1]; moved.Code != "C2" || math.Abs(moved.MovedM-97.4) > 0.2 || math.Abs(moved.AreaChangeMu) > 1e-6 {
		t.Errorf("%+v", moved)
	}
	rec := get(t, s, "/uploads/"+draft.ID+"/diff", 200, "Accept", "application/geo+json")
	var fc featureCollection
	if err := json.Unmarshal(rec.Body.Bytes(), &fc); err != nil || len(fc.Features) != 3 || fc.Features[0].Properties["kind"] != "removed" || fc.Features[0].Geometry.Type != "MultiPolygon" {
		t.Errorf("%v %s", err, rec.Body)
	}

	at := maptile.At(orb.Point{118.995, 29.005}, 14)
	path := "/" + strings.Join([]string{num(int(at.Z)), num(int(at.X)), num(int(at.Y))}, "/") + ".mvt"
	get(t, s, "/tiles/cells"+path, http.StatusNoContent)
	for rel, end := range map[string]string{"diff": "/diff", "tiles": "/tiles/{z}/{x}/{y}.mvt"} {
		if !slices.ContainsFunc(draft.Links, func(l link) bool { return l.Rel == rel && strings.HasSuffix(l.Href, "/uploads/"+draft.ID+end) }) {
			t.Errorf("no link leads to the draft's %s: %v", rel, draft.Links)
		}
	}
	tile := get(t, s, "/uploads/"+draft.ID+"/tiles"+path, 200)
	layers, err := mvt.Unmarshal(tile.Body.Bytes())
	if err != nil || len(layers) == 0 || layers[0].Name != "cells" || layers[0].Features[0].Properties["code"] != "C3" {
		t.Fatalf("%v %+v", err, layers)
	}
	if cc := tile.Header().Get("Cache-Control"); !strings.Contains(cc, "private") {
		t.Errorf("a draft's tile may be kept by others: %s", cc)
	}
	events := get(t, s, "/uploads/"+draft.ID+"/events", 200)
	if ct := events.Header().Get("Content-Type"); ct != "text/event-stream" || !strings.Contains(events.Body.String(), `"state":"draft"`) {
		t.Errorf("%s %s", ct, events.Body)
	}

	published := send(t, s, http.MethodPost, "/uploads/"+draft.ID+"/publish", "")
	if published.Code != http.StatusCreated {
		t.Fatal(published.Code, published.Body)
	}
	get(t, s, "/uploads/"+draft.ID+"/diff", http.StatusConflict)
	for moment, want := range map[string]int{beforeAll: 0, between: 2, "": 2} {
		q := url.Values{"limit": {"1"}}
		if moment != "" {
			q.Set("at", moment)
		}
		page := getJSON[featureCollection](t, s, "/collections/cells/items?"+q.Encode())
		if page.NumberMatched != want {
			t.Errorf("at %q: %d cells, want %d", moment, page.NumberMatched, want)
		}
		for _, l := range page.Links {
			if l.Rel == "next" {
				u, err := url.Parse(l.Href)
				if err != nil {
					t.Fatal(err)
				}
				if next := getJSON[featureCollection](t, s, u.RequestURI()); len(next.Features) != 1 {
					t.Errorf("at %q: the second page has %d", moment, len(next.Features))
				}
			}
		}
	}
	old := getJSON[matchView](t, s, "/locate?lon=118.905&lat=29.005&at="+url.QueryEscape(between))
	if old.Cell == nil || old.Cell.Code != "C1" || old.Versions["cells"]["330890"] != 1 {
		t.Errorf("%+v", old)
	}
	if now := getJSON[matchView](t, s, "/locate?lon=118.905&lat=29.005"); now.Cell != nil {
		t.Errorf("%+v", now)
	}
	get(t, s, "/locate?lon=118.905&lat=29.005&at=yesterday", http.StatusBadRequest)
	row := `{"id":1,"lon":118.905,"lat":29.005}`
	for query, want := range map[string]string{
		"?at=" + url.QueryEscape(between):      `"cell":"C1"`,
		"?compare=" + url.QueryEscape(between): `"cell":null,"station":null,"room":null,"centre":null,"town":null,"side":"outside","was":"C1","changed":true`,
	} {
		if rec := send(t, s, http.MethodPost, "/locate"+query, row, "Content-Type", "application/x-ndjson"); !strings.Contains(rec.Body.String(), want) {
			t.Errorf("%s: %s, want %s", query, rec.Body, want)
		}
	}
	for _, query := range []string{"?at=yesterday", "?keep=maybe", "?keep=true&keep=true", "?delimiter=x"} {
		if rec := send(t, s, http.MethodPost, "/locate"+query, row, "Content-Type", "application/x-ndjson"); rec.Code != http.StatusBadRequest {
			t.Errorf("%s: %d %s", query, rec.Code, rec.Body)
		}
	}

	history := getJSON[struct{ Versions []struct{ ID string } }](t, s, "/versions")
	if d := getJSON[diffView](t, s, "/versions/"+history.Versions[0].ID+"/diff?from="+history.Versions[1].ID); d.Counts["changed"] != 1 {
		t.Errorf("%+v", d)
	}
	get(t, s, "/versions/"+history.Versions[0].ID+"/diff?from=nothing", http.StatusNotFound)
}

func num(n int) string {
	b, _ := json.Marshal(n)
	return string(b)
}

// TestTilesAnswerAsTheyShould asks for tiles that are there, empty, outside and none.
func TestTilesAnswerAsTheyShould(t *testing.T) {
	s := demoServer(t)
	at := maptile.At(orb.Point{118.9, 29.0}, 11)
	tile := "/tiles/towns,units,cells/11/" + num(int(at.X)) + "/" + num(int(at.Y)) + ".mvt"
	plain := get(t, s, tile, 200)
	layers, err := mvt.Unmarshal(plain.Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, l := range layers {
		names[l.Name] = true
		if l.Version != 2 || l.Extent != 4096 {
			t.Errorf("layer %s: version %d, extent %d", l.Name, l.Version, l.Extent)
		}
		for _, f := range l.Features {
			if f.ID == nil {
				t.Fatalf("a feature of %s without ID", l.Name)
			}
			_, has := f.Properties["code"]
			if _, merged := f.Properties["unit"]; !has && !merged && !strings.HasSuffix(l.Name, "_borders") {
				t.Fatalf("a feature of %s without code: %v", l.Name, f.Properties)
			}
		}
	}
	for _, want := range []string{"towns", "units", "cells", "cells_labels", "cells_borders"} {
		if !names[want] {
			t.Errorf("no layer %s in %v", want, names)
		}
	}
	zipped := get(t, s, tile, 200, "Accept-Encoding", "deflate, gzip;q=0.8")
	if zipped.Header().Get("Content-Encoding") != "gzip" || zipped.Header().Get("ETag") == plain.Header().Get("ETag") || zipped.Body.Len() >= plain.Body.Len() {
		t.Errorf("gzip: %v, %d of %d bytes", zipped.Header(), zipped.Body.Len(), plain.Body.Len())
	}
	if got := get(t, s, tile, 200, "Accept-Encoding", "gzip;q=0, identity"); got.Header().Get("Content-Encoding") != "" {
		t.Error("gzip to one who refuses it")
	}
	get(t, s, tile, http.StatusNotModified, "If-None-Match", plain.Header().Get("ETag"))
	if plain.Header().Get("Vary") != "Accept-Encoding" || plain.Header().Get("Content-Type") != "application/vnd.mapbox-vector-tile" {
		t.Errorf("%v", plain.Header())
	}
	shifted := get(t, s, tile+"?datum=gcj02", 200)
	if shifted.Body.String() == plain.Body.String() {
		t.Error("the datum changes nothing")
	}
	srv := httptest.NewServer(s)
	defer srv.Close()
	for path, status := range map[string]int{
		"/tiles/cells/14/0/0.mvt": 204, "/tiles/cells/3/8/0.mvt": 404, "/tiles/cells/23/0/0.mvt": 404, "/tiles/cells/-1/0/0.mvt": 400,
		"/tiles/cells/1.5/0/0.mvt": 400, "/tiles/cells/%2B1/0/0.mvt": 400, "/tiles/cells/99999999999999999999/0/0.mvt": 404,
		"/tiles/nothing/1/0/0.mvt": 404, "/tiles/incidents/1/0/0.mvt": 404, "/tiles/cells/1/0/0": 400, "/tiles/cells/1/0/0.mvt?datum=x": 400,
		"/tiles/cells/１/0/0.mvt": 400, "/tiles/cells/1/0/0.mvt?buffer=1000000": 400,
	} {
		res, err := http.Get(srv.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		if err := res.Body.Close(); err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != status && (status != 404 || res.StatusCode != 400) {
			t.Errorf("%s: %d, want %d", path, res.StatusCode, status)
		}
	}
	res, err := http.Head(srv.URL + tile)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil || res.StatusCode != 200 || res.Header.Get("ETag") == "" {
		t.Errorf("HEAD: %d %v", res.StatusCode, res.Header)
	}
}

// TestServeDrains lets a request run while the service is told to stop.
func TestServeDrains(t *testing.T) {
	s := emptyServer(t, Config{})
	srv := httptest.NewUnstartedServer(nil)
	l := srv.Listener
	ctx, stop := contextWithStop(t)
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	base := "http://" + l.Addr().String()
	res, err := http.Get(base + "/readyz")
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatal(err, res)
	}
	if err := res.Body.Close(); err != nil {
		t.Fatal(err)
	}
	pr, pw := newBatch(t, base)
	stop()
	for range 200 {
		if s.draining.Load() {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if rec := get(t, s, "/readyz", http.StatusServiceUnavailable); !strings.Contains(rec.Body.String(), "draining") {
		t.Errorf("%s", rec.Body)
	}
	pw.line(t, `{"id":2,"lon":118.9,"lat":29}`)
	if got := pr.line(t); !strings.Contains(got, `"id":2`) {
		t.Errorf("a request that was under way: %q", got)
	}
	pw.close(t)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := http.Get(base + "/readyz"); err == nil {
		t.Error("it still answers")
	}
}

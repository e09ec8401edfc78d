package api

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/crs"
)

type nearAnswer struct {
	Features []nearView
	More     bool
	Versions map[string]map[string]int
}

// TestNearestOverHTTP asks for facilities, seats and cells around a cell's middle, in every datum.
func TestNearestOverHTTP(t *testing.T) {
	s := demoServer(t)
	snap := s.registry.Snapshot()
	f := snap.Parts(geo.Cells)[0].At(5)
	p := inside(t, f)
	for _, d := range []crs.Datum{crs.WGS84, crs.GCJ02, crs.BD09} {
		shown := d.FromCGCS2000(p)
		at := fmt.Sprintf("/nearest?lon=%v&lat=%v&datum=%s", shown[0], shown[1], d)
		near := getJSON[nearAnswer](t, s, at+"&limit=4")
		if len(near.Features) != 4 || !near.More || near.Versions["facilities"]["330890"] != 1 {
			t.Fatalf("%+v", near)
		}
		last := 0.0
		for _, n := range near.Features {
			m := geo.DistanceM(p, d.ToCGCS2000(orb.Point{n.Lon, n.Lat}))
			if math.Abs(m-*n.DistanceM) > 0.002 || m < last-0.002 || n.Kind == "" {
				t.Errorf("%s: %+v is %v m away", d, n, m)
			}
			last = m
		}
		cells := getJSON[nearAnswer](t, s, at+"&collection=cells&radius=300")
		if len(cells.Features) < 2 || cells.Features[0].Code != f.Code || *cells.Features[0].DistanceM != 0 || *cells.Features[len(cells.Features)-1].DistanceM > 300 {
			t.Errorf("%+v", cells)
		}
		seats := getJSON[nearAnswer](t, s, at+"&collection=units&kind=room&limit=1")
		if len(seats.Features) != 1 || seats.Features[0].Level != "room" {
			t.Errorf("%+v", seats)
		}
	}
	for _, bad := range []string{"lon=1", "lon=1&lat=91", "lon=1&lat=1&limit=0", "lon=1&lat=1&limit=1001", "lon=1&lat=1&radius=-1", "lon=1&lat=1&radius=NaN", "lon=1&lat=1&radius=0x10", "lon=1&lat=1&kind=pub",
		"lon=1&lat=1&collection=towns", "lon=1&lat=1&collection=incidents", "lon=1&lat=1&collection=cells&kind=dining", "lon=1&lat=1&kind=", "lon=1&lat=1&k=5"} {
		get(t, s, "/nearest?"+bad, http.StatusBadRequest)
	}
}

// TestWithinAndAlongOverHTTP asks for what lies in a cell, and for the way from one cell to another.
func TestWithinAndAlongOverHTTP(t *testing.T) {
	s := demoServer(t)
	doc := loadDocument(t)
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(path string, body any, into any) {
		t.Helper()
		b, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		req := httptest.NewRequest(http.MethodPost, path, strings.NewReader(string(b)))
		req.Header.Set("Content-Type", "application/geo+json")
		rec := validated(t, router, s, req)
		if rec.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", path, rec.Code, rec.Body)
		}
		if err := json.Unmarshal(rec.Body.Bytes(), into); err != nil {
			t.Fatal(err)
		}
	}
	snap := s.registry.Snapshot()
	part := snap.Parts(geo.Cells)[0]
	found := 0
	for i := 0; i < part.Len(); i += 40 {
		f := part.At(i)
		var got nearAnswer
		ask("/within", map[string]any{"type": "MultiPolygon", "coordinates": f.Geometry}, &got)
		for _, n := range got.Features {
			if cell := snap.LocateCode(orb.Point{n.Lon, n.Lat}).Cell; cell != f.Code {
				t.Errorf("%s is within %s, and located in %s", n.Code, f.Code, cell)
			}
		}
		found += len(got.Features)
	}
	if found == 0 {
		t.Error("no facility is within any cell")
	}
	from, to := inside(t, part.At(0)), inside(t, part.At(part.Len()-1))
	var way struct {
		LengthM float64
		Cells   []spanView
	}
	ask("/along", map[string]any{"type": "Feature", "properties": nil, "geometry": map[string]any{"type": "LineString", "coordinates": []orb.Point{from, to}}}, &way)
	n := len(way.Cells)
	if n < 5 || way.Cells[0].Cell.Code != part.At(0).Code || way.Cells[n-1].Cell.Code != part.At(part.Len()-1).Code || way.Cells[0].EntryM != 0 || way.Cells[n-1].ExitM != way.LengthM {
		t.Errorf("%+v", way)
	}
	if m := geo.DistanceM(from, to); math.Abs(way.LengthM-m) > 1e-3*m {
		t.Errorf("the way is %v m long, the ends are %v m apart", way.LengthM, m)
	}
	ask("/along", map[string]any{"type": "LineString", "coordinates": []orb.Point{to, to, to}}, &way)
	if len(way.Cells) != 1 || way.Cells[0].Cell.Code != part.At(part.Len()-1).Code || way.Cells[0].ExitM != 0 || way.LengthM != 0 {
		t.Errorf("who stands still passes %+v", way)
	}
	long := strings.Repeat("[1,1],", 10_001)
	for _, bad := range []string{
		``, `null`, `5`, `{}`, `{"type":"Point","coordinates":[1,1]}`, `{"type":"LineString","coordinates":[[1,1]]}`, `{"type":"LineString","coordinates":[[1,1],[1]]}`, `{"type":"LineString","coordinates":[[1,1],[1,100]]}`,
		`{"type":"LineString","coordinates":[[1,1],[null,2]]}x`, `{"type":"Feature","geometry":null}`, `{"type":"Feature"}`, `{"type":"LineString","coordinates":"x"}`, `{"type":"LineString","coordinates":[[1,1],[30,1]]}`,
		`{"type":"LineString","coordinates":[` + long + `[1,1]]}`, `{"type":"Polygon","coordinates":[]}`, `{"type":"Polygon","coordinates":[[[1,1],[2,2],[1,1]]]}`, `{"type":"Polygon","coordinates":[[[1,1],[2,2],[3,1],[1,2]]]}`,
	} {
		for _, path := range []string{"/along", "/within"} {
			if rec := send(t, s, http.MethodPost, path, bad); rec.Code != http.StatusBadRequest && rec.Code != http.StatusRequestEntityTooLarge {
				t.Errorf("%s %.60s: %d %s", path, bad, rec.Code, rec.Body)
			}
		}
	}
	if rec := send(t, s, http.MethodPost, "/along", `{"type":"Polygon","coordinates":[[[1,1],[2,2],[3,1],[1,1]]]}`); rec.Code != http.StatusBadRequest {
		t.Errorf("a polygon for a line: %d", rec.Code)
	}
}

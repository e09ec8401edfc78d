package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"towngrid/geo/crs"
)

// TestRefusalsSayWhatWouldDo asks in ways that are nearly right.
func TestRefusalsSayWhatWouldDo(t *testing.T) {
	s := demoServer(t)
	unsaid := edit(t, cellsZip(t, crs.CGCS2000().WKT(), testCell{"C1", 118.9, 29}, testCell{"C2", 118.91, 29}), ".prj", drop)
	open := upload(t, s, cellsQuery, unsaid).ID
	square := `{"type":"Polygon","coordinates":[[[1,1],[2,2],[3,1],[1,1]]]}`
	for _, c := range []struct {
		path, body string // POST where there is a body
		status     int
		code, says string
	}{
		{"/tiles/roads/1/0/0.mvt", "", 404, "unknown_collection", "there are towns, units, cells, parcels, facilities"},
		{"/tiles/cells,roads.json", "", 404, "unknown_collection", "there are towns, units, cells, parcels, facilities"},
		{"/tiles/incidents.json", "", 404, "not_public", "incidents"},
		{"/tiles/cells.json?properties=roads", "", 400, "unknown_property", "there are code, name, unit, valid_from, valid_to"},
		{"/tiles/cells/1/0/0.mvt?properties=roads", "", 400, "unknown_property", "there are code, name, unit, valid_from, valid_to"},
		{"/collections/roads/items", "", 404, "unknown_collection", "there are towns, units, cells, parcels, facilities"},
		{"/collections/incidents/items", "", 404, "not_public", "incidents"},
		{"/collections/cells/items/330890001201001?f=html", "", 406, "not_acceptable", "only json"},
		{"/nearest?lon=118.9&lat=29&collection=towns", "", 400, "bad_query", "there are facilities, units, cells"},
		{"/nearest?lon=118.9&lat=29&collection=cells&kind=dining", "", 400, "bad_query", "leave kind out"},
		{"/locate?lon=29&lat=118.9", "", 400, "bad_coordinate", "the wrong way round"},
		{"/locate?lon=118.9&lat=118.9", "", 400, "bad_coordinate", "within ±90"},
		{"/locate?lon=118.9&lat=29&at=2026-11-23T08:00:00+08:00", "", 400, "bad_time", "00%2B08:00"},
		{"/within", `{"type":"LineString","coordinates":[[1,1],[2,2]]}`, 400, "bad_geometry", `wanted is a Polygon or MultiPolygon of GeoJSON; this is of the type "LineString"`},
		{"/along", square, 400, "bad_geometry", `wanted is a LineString of GeoJSON with two positions at least; this is of the type "Polygon"`},
		{"/along", `{"type":"LineString","coordinates":[[1,1],[2,2],[null,3]]}`, 400, "bad_coordinate", "position 3 is not"},
		{"/along", `{"type":"LineString","coordinates":[[1,1],[2,2,null]]}`, 400, "bad_coordinate", "position 2 is not"},
		{"/within", `{"type":"Polygon","coordinates":[[[1,1],[2,2],[300,1],[1,1]]]}`, 400, "bad_coordinate", "position 3 is not"},
		{"/uploads/" + open + "/tiles/1/0/0.mvt", "", 409, "conflict", open + " is needs_choice"},
		{"/uploads/" + open + "/rematch", "", 409, "conflict", "answer its question by PATCH first"},
	} {
		method := http.MethodGet
		if c.body != "" {
			method = http.MethodPost
		}
		rec := send(t, s, method, c.path, c.body, "Accept-Language", "en", "If-None-Match", "*")
		var p Problem
		if err := json.Unmarshal(rec.Body.Bytes(), &p); err != nil || rec.Code != c.status || p.Code != c.code || !strings.Contains(p.Detail, c.says) || strings.HasPrefix(c.code, "unknown") && strings.Contains(p.Detail, "incidents") {
			t.Errorf("%s %s: %d %s, want %d %s: …%s…", c.path, c.body, rec.Code, rec.Body, c.status, c.code, c.says)
		}
		if tag := rec.Header().Get("ETag"); tag != "" {
			t.Errorf("%s: a refusal has the ETag %s", c.path, tag)
		}
	}
}

// TestAddressesStandAsTheyAre: whoever copies an address out of an answer has it whole.
func TestAddressesStandAsTheyAre(t *testing.T) {
	s := demoServer(t)
	for path, want := range map[string]string{
		"/tiles/cells.json?datum=gcj02&content=fills":                "?datum=gcj02&content=fills",
		"/style.json?datum=gcj02&addresses=plain":                    "?datum=gcj02&addresses=plain",
		"/collections/cells/items?bbox=118,28,120,30&limit=2":        "&limit=2",
		"/collections/cells/items?bbox=118,28,120,30&limit=2&f=json": "&f=json",
	} {
		if rec := get(t, s, path, http.StatusOK); !strings.Contains(rec.Body.String(), want) || strings.Contains(rec.Body.String(), `\u0026`) || !json.Valid(rec.Body.Bytes()) {
			t.Errorf("%s: no %s in %.400s", path, want, rec.Body)
		}
	}
	for _, text := range []string{`&`, `\u0026`, `\\u0026`, `\`, `"&"`, `<&>`, "&\u2028", `\&`} {
		b, err := marshal([]string{text})
		var back []string
		if err != nil || json.Unmarshal(b, &back) != nil || back[0] != text || strings.ContainsAny(string(b), "<>\u2028") {
			t.Errorf("%q is written as %s and read as %q, %v", text, b, back, err)
		}
	}
}

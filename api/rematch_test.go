package api

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/routers/gorillamux"

	"towngrid/data"
	"towngrid/geo/crs"
)

// TestRematchOverHTTP asks who would change with a draft, and who changed with a version.
func TestRematchOverHTTP(t *testing.T) {
	router, err := gorillamux.NewRouter(loadDocument(t))
	if err != nil {
		t.Fatal(err)
	}
	s := emptyServer(t, Config{})
	published := func(cells ...testCell) string {
		id := draftOf(t, s, cells...)
		if rec := post(t, s, "/uploads/"+id+"/publish", nil); rec.Code != http.StatusCreated {
			t.Fatalf("%d %s", rec.Code, rec.Body)
		}
		return getJSON[uploadView](t, s, "/uploads/"+id).Version
	}
	first := published(testCell{"C1", 118.9, 29})
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	_, err = s.registry.Store().AddIncidents(context.Background(), []data.Incident{
		{ID: "=1+1", Division: "330890", Time: at, Kind: "x", Lon: 118.905, Lat: 29.005, Cell: "C0"},
		{ID: "b", Division: "330890", Time: at.Add(time.Second), Kind: "x", Lon: 119.5, Lat: 29.005},
	})
	if err != nil {
		t.Fatal(err)
	}
	second := published(testCell{"C2", 118.9, 29})
	draft := draftOf(t, s, testCell{"C3", 118.9, 29})
	for path, want := range map[string]string{
		"/uploads/" + draft + "/rematch":                          "C2 C3",
		"/versions/" + first + "/rematch":                         "C2 C1",
		"/versions/" + second + "/rematch":                        "",
		"/versions/" + second + "/rematch?against=" + first:       "C1 C2",
		"/versions/" + first + "/rematch?against=stored":          "C0 C1",
		"/versions/" + first + "/rematch?to=2026-01-01T00:00:00Z": "",
	} {
		rec := validated(t, router, s, httptest.NewRequest(http.MethodGet, path, nil))
		var got rematchView
		if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil || rec.Code != http.StatusOK {
			t.Fatalf("%s: %d %v %s", path, rec.Code, err, rec.Body)
		}
		said := ""
		for _, m := range got.Moves {
			said += string(*m.From.Cell) + " " + string(*m.To.Cell)
		}
		if said != want || got.Changed != len(got.Moves) || !strings.Contains(path, "to=") && got.Incidents != 2 {
			t.Errorf("%s: %s, want %q", path, rec.Body, want)
		}
		list := get(t, s, path, http.StatusOK, "Accept", "text/csv")
		rows, err := csv.NewReader(list.Body).ReadAll()
		if err != nil || len(rows) != 1+got.Changed || got.Changed > 0 && (rows[1][0] != "'=1+1" || rows[1][4]+" "+rows[1][9] != want) {
			t.Errorf("%s: %v %q", path, err, rows)
		}
		lines := get(t, s, path, http.StatusOK, "Accept", "application/x-ndjson").Body.String()
		if strings.Count(lines, "\n") != got.Changed || got.Changed > 0 && !strings.HasPrefix(lines, `{"id":"=1+1","time":"2026-03-01T08:00:00Z","lon":118.905,"lat":29.005,"from":{"cell":"`+want[:2]+`",`) {
			t.Errorf("%s: %s", path, lines)
		}
	}
	get(t, s, "/versions/"+first+"/rematch?against=nothing", http.StatusNotFound)
	get(t, s, "/versions/nothing/rematch", http.StatusNotFound)
	get(t, s, "/uploads/nothing/rematch", http.StatusNotFound)
	get(t, s, "/versions/"+first+"/rematch?from=yesterday", http.StatusBadRequest)
	rec := validated(t, router, s, httptest.NewRequest(http.MethodGet, "/versions/"+first+"/rematch?collection=facilities", nil))
	if rec.Code != http.StatusOK || !strings.Contains(rec.Body.String(), `"incidents":0,"changed":0,"moves":[]`) {
		t.Errorf("facilities, of which there are none: %d %s", rec.Code, rec.Body)
	}
	get(t, s, "/versions/"+first+"/rematch?collection=facilities&against=stored", http.StatusBadRequest)
	get(t, s, "/versions/"+first+"/rematch?collection=cells", http.StatusBadRequest)
	get(t, s, "/versions/"+first+"/rematch?f=xlsx", http.StatusNotAcceptable)

	locked, err := newServer(s.registry, Config{AdminKey: "0123456789abcdef0123"})
	if err != nil {
		t.Fatal(err)
	}
	get(t, locked, "/versions/"+first+"/rematch", http.StatusUnauthorized)
	get(t, locked, "/uploads/"+draft+"/rematch", http.StatusUnauthorized)
}

// draftOf brings cells to a draft and gives the upload's ID.
func draftOf(t *testing.T, s *Server, cells ...testCell) string {
	t.Helper()
	rec := post(t, s, "/uploads?"+cellsQuery, cellsZip(t, crs.CGCS2000().WKT(), cells...))
	if rec.Code != http.StatusAccepted {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	id := rec.Header().Get("Location")
	id = id[strings.LastIndexByte(id, '/')+1:]
	if u := settled(t, s, id); u.State != data.UploadDraft {
		t.Fatalf("%+v", u)
	}
	return id
}

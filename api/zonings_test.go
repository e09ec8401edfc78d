package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"towngrid/data"
	"towngrid/geo"
	"towngrid/geo/zoning"
)

const hill = `{"type":"Polygon","coordinates":[[[118.9,29],[118.93,29.002],[118.935,29.02],[118.91,29.03],[118.895,29.015],[118.9,29]]]}`

// plan sends a plan, with files by role behind it.
func plan(t *testing.T, s *Server, body string, files ...string) *httptest.ResponseRecorder {
	t.Helper()
	var out bytes.Buffer
	kind := "application/json"
	if len(files) == 0 {
		out.WriteString(body)
	} else {
		form := multipart.NewWriter(&out)
		kind = form.FormDataContentType()
		if err := form.WriteField("plan", body); err != nil {
			t.Fatal(err)
		}
		for i := 0; i+1 < len(files); i += 2 {
			part, err := form.CreateFormFile(files[i], files[i]+".geojson")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := part.Write([]byte(files[i+1])); err != nil {
				t.Fatal(err)
			}
		}
		if err := form.Close(); err != nil {
			t.Fatal(err)
		}
	}
	req := httptest.NewRequest(http.MethodPost, "/zonings", &out)
	req.Header.Set("Content-Type", kind)
	req.Host = "127.0.0.1"
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, req)
	return rec
}

// zoned sends a plan and waits for what becomes of it.
func zoned(t *testing.T, s *Server, body string, files ...string) zoningView {
	t.Helper()
	rec := plan(t, s, body, files...)
	if rec.Code != http.StatusAccepted {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	var v zoningView
	if err := json.Unmarshal(rec.Body.Bytes(), &v); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(rec.Header().Get("Location"), "/zonings/"+v.ID) {
		t.Errorf("Location %q", rec.Header().Get("Location"))
	}
	settled(t, s, v.ID)
	return getJSON[zoningView](t, s, "/zonings/"+v.ID)
}

func ask(s *Server, method, path string, header ...string) *httptest.ResponseRecorder {
	req := httptest.NewRequest(method, path, nil)
	req.Host = "127.0.0.1"
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, req)
	return rec
}

// A proposal goes the whole road: plan, figures, tiles, diff, publication, and a change
// of what was published with its table of codes.
func TestZoningRoad(t *testing.T) {
	s := emptyServer(t, Config{})
	v := zoned(t, s, `{"division":"330890","method":"squares","size_m":400,"files":{"boundary":{"crs":"EPSG:4490"}}}`, "boundary", hill)
	if v.State != data.UploadDraft || v.Report == nil || v.Report.Figures.Cells < 20 || v.Report.Figures.Pieces != 0 || v.Report.Plane != "EPSG:4549" {
		t.Fatalf("%+v", v)
	}
	router, err := gorillamux.NewRouter(loadDocument(t))
	if err != nil {
		t.Fatal(err)
	}
	openapi3filter.RegisterBodyDecoder("text/csv", openapi3filter.PlainBodyDecoder)
	valid := func(path string) {
		t.Helper()
		if rec := validated(t, router, s, httptest.NewRequest(http.MethodGet, path, nil)); rec.Code != http.StatusOK {
			t.Errorf("%s: %d %s", path, rec.Code, rec.Body)
		}
	}
	valid("/zonings/" + v.ID)
	valid("/zonings/" + v.ID + "/codes")
	valid("/uploads/" + v.ID)
	valid("/uploads/" + v.ID + "/violations")
	valid("/zonings/check?upload=" + v.ID + "&scheme=division12&area=1000,200000")
	if rec := ask(s, http.MethodGet, "/uploads/"+v.ID+"/tiles/12/3400/1700.mvt"); rec.Code != http.StatusOK && rec.Code != http.StatusNoContent {
		t.Errorf("tile: %d %s", rec.Code, rec.Body)
	}
	if rec := ask(s, http.MethodGet, "/zonings/"+v.ID+"/events"); !strings.Contains(rec.Body.String(), "event: zoning\ndata: {") {
		t.Errorf("events: %s", rec.Body)
	}
	if rec := ask(s, http.MethodPost, "/uploads/"+v.ID+"/publish?base=0"); rec.Code != http.StatusCreated {
		t.Fatalf("publish: %d %s", rec.Code, rec.Body)
	}

	// Two neighbours in the first row become one.
	merged := zoned(t, s, `{"division":"330890","method":"rezone","change":{"merge":[{"cells":["330890000000010","330890000000011"]}]}}`)
	if merged.State != data.UploadDraft || merged.Report.Figures.Cells != v.Report.Figures.Cells-1 || merged.Report.Moved.Blocks != 1 {
		t.Fatalf("%+v", merged)
	}
	valid("/uploads/" + merged.ID + "/diff")
	d := getJSON[struct {
		Counts map[string]int
		Moved  *zoning.Moved
	}](t, s, "/uploads/"+merged.ID+"/diff")
	if d.Moved == nil || *d.Moved != *merged.Report.Moved || d.Counts["removed"] != 1 || d.Counts["changed"] != 1 {
		t.Errorf("%+v", d)
	}
	rows := strings.Split(strings.TrimSpace(ask(s, http.MethodGet, "/zonings/"+merged.ID+"/codes", "Accept", "text/csv").Body.String()), "\n")
	if len(rows) != 3 || !strings.HasPrefix(rows[0], "old,new,kind") || strings.Count(strings.Join(rows, ""), "whole")+strings.Count(strings.Join(rows, ""), "kept") != 2 {
		t.Errorf("%q", rows)
	}
	if rec := ask(s, http.MethodDelete, "/zonings/"+merged.ID); rec.Code != http.StatusNoContent {
		t.Errorf("delete: %d %s", rec.Code, rec.Body)
	}
	if got := getJSON[zoningView](t, s, "/zonings/"+merged.ID); got.State != data.UploadDiscarded {
		t.Errorf("state %s", got.State)
	}

	// Blocks with people, evenly: a file in metres would do as well.
	blocks := blocksFile(12)
	even := zoned(t, s, `{"division":"330890","method":"balanced","cells":9,"load":[{"of":"column","column":"CZRK"}],"residents":"CZRK",
		"files":{"blocks":{"crs":"EPSG:4490"},"boundary":{"crs":"EPSG:4490"}},"codes":{"scheme":"unit15"}}`, "blocks", blocks, "boundary", `{"type":"Polygon","coordinates":[[[118.9,29],[118.912,29],[118.912,29.012],[118.9,29.012],[118.9,29]]]}`)
	if even.State != data.UploadDraft || even.Report.Figures.Within < 0.9 || even.Report.Naive == nil || even.Report.Bound == nil {
		t.Fatalf("%+v", even)
	}
	valid("/zonings/" + even.ID)
	items := ask(s, http.MethodGet, "/uploads/"+even.ID+"/diff").Body.String()
	if strings.Contains(items, `"code":"330890000000001","name":"330890000000001","attributes"`) && strings.Contains(items, `"kind":"changed"`) {
		t.Error("a code that was given is given again")
	}
}

// blocksFile is a square of n by n blocks with residents.
func blocksFile(n int) string {
	var b strings.Builder
	b.WriteString(`{"type":"FeatureCollection","features":[`)
	for i := range n * n {
		at := func(dx, dy int) string {
			return fmt.Sprintf("[%.3f,%.3f]", 118.9+0.001*float64(i%n+dx), 29+0.001*float64(i/n+dy))
		}
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"type":"Feature","properties":{"CZRK":%d},"geometry":{"type":"Polygon","coordinates":[[%s,%s,%s,%s,%s]]}}`,
			50+i*37%100, at(0, 0), at(1, 0), at(1, 1), at(0, 1), at(0, 0))
	}
	return b.String() + "]}"
}

func TestZoningRefuses(t *testing.T) {
	s := emptyServer(t, Config{})
	code := func(rec *httptest.ResponseRecorder) string {
		var p Problem
		if err := json.Unmarshal(rec.Body.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		if p.Status != rec.Code || rec.Code >= 500 {
			t.Errorf("status %d %s", rec.Code, rec.Body)
		}
		return p.Code
	}
	for body, want := range map[string]string{
		`{"division":"330890","method":"magic"}`:                                                             "bad_plan",
		`{"division":"33","method":"squares","size_m":100}`:                                                  "bad_division",
		`{"division":"330890","method":"squares","size_m":-1}`:                                               "bad_plan",
		`{"division":"330890","method":"squares","sise_m":100}`:                                              "bad_json",
		`{"division":"330890","method":"squares","size_m":100,"within":"planet"}`:                            "bad_plan",
		`{"division":"330890","method":"squares","size_m":100,"blocks_of":"towns"}`:                          "bad_plan",
		`{"division":"330890","method":"squares","size_m":100,"files":{"music":{}}}`:                         "bad_plan",
		`{"division":"330890","method":"squares","size_m":100,"judge_from":"soon"}`:                          "bad_plan",
		`{"division":"330890","method":"balanced","cells":3,"load":[{"of":"incidents","from":"2025-13-1"}]}`: "bad_plan",
		`[]`: "bad_json",
	} {
		if got := code(plan(t, s, body)); got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
	good := `{"division":"330890","method":"squares","size_m":400}`
	if got := code(plan(t, s, good, "music", hill)); got != "unknown_part" {
		t.Errorf("a part of no role: %s", got)
	}
	if got := code(plan(t, s, good, "boundary", hill, "boundary", hill)); got != "unknown_part" {
		t.Errorf("a part twice: %s", got)
	}
	if got := code(plan(t, s, good, "boundary", "")); got != "empty_file" {
		t.Errorf("an empty file: %s", got)
	}
	if got := code(post(t, s, "/zonings", []byte(hill))); got != "no_plan" {
		t.Errorf("no plan: %s", got)
	}
	for _, id := range []string{"nothing", "check"} {
		want := map[string]string{"nothing": "not_found", "check": "bad_division"}[id]
		if got := code(ask(s, http.MethodGet, "/zonings/"+id)); got != want {
			t.Errorf("%s: %s", id, got)
		}
	}
	if got := code(ask(s, http.MethodDelete, "/zonings/nothing")); got != "not_found" {
		t.Errorf("delete: %s", got)
	}
	for query, want := range map[string]string{"division=330890&scheme=roman": "unknown_scheme", "division=330890&area=3": "bad_range", "upload=nothing": "not_found", "division=330890&x=1": "unknown_parameter"} {
		if got := code(ask(s, http.MethodGet, "/zonings/check?"+query)); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	// What only shows while it is made ends as a refusal that says what to do.
	for name, c := range map[string]struct{ plan, role, file, check string }{
		"no system":   {good, "boundary", hill, "crs"},
		"nothing":     {good, "lines", `{"type":"LineString","coordinates":[[118.9,29],[118.91,29]]}`, "crs"},
		"wrong shape": {`{"division":"330890","method":"squares","size_m":400,"files":{"boundary":{"crs":"EPSG:4490"}}}`, "boundary", `{"type":"Point","coordinates":[118.9,29]}`, "wrong_geometry"},
		"no boundary": {`{"division":"330890","method":"squares","size_m":400,"files":{"lines":{"crs":"EPSG:4490"}}}`, "lines", `{"type":"LineString","coordinates":[[118.9,29],[118.91,29]]}`, "no_boundary"},
		"no codes":    {`{"division":"330890","method":"balanced","cells":3,"files":{"units":{"crs":"EPSG:4490"}}}`, "units", hill, "unit_without_code"},
	} {
		v := zoned(t, s, c.plan, c.role, c.file)
		if v.State != data.UploadRefused || len(v.Violations) == 0 || v.Violations[0].Check != c.check {
			t.Errorf("%s: %s %+v", name, v.State, v.Violations)
		}
	}
}

// A zoning that is cancelled while it is made leaves no draft.
func TestZoningIsCancelled(t *testing.T) {
	s := emptyServer(t, Config{})
	rec := plan(t, s, `{"division":"330890","method":"beidou","level":6,"files":{"boundary":{"crs":"EPSG:4490"}}}`, "boundary",
		`{"type":"Polygon","coordinates":[[[118.9,29],[119.1,29],[119.1,29.2],[118.9,29.2],[118.9,29]]]}`)
	var v zoningView
	if err := json.Unmarshal(rec.Body.Bytes(), &v); err != nil {
		t.Fatal(err)
	}
	if got := ask(s, http.MethodDelete, "/zonings/"+v.ID); got.Code != http.StatusNoContent {
		t.Fatalf("%d %s", got.Code, got.Body)
	}
	if got := getJSON[zoningView](t, s, "/zonings/"+v.ID); got.State != data.UploadDiscarded || got.Report != nil {
		t.Errorf("%+v", got)
	}
	versions, err := s.registry.Store().History(t.Context(), data.VersionFilter{Collection: geo.Cells, State: geo.Draft})
	if err != nil || len(versions) != 0 {
		t.Errorf("%v, %v", versions, err)
	}
}

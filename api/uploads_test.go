package api

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"iter"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"towngrid/data"
	"towngrid/geo/crs"
	"towngrid/geo/shapefile"
)

// emptyServer serves a store of its own that nothing is published in.
func emptyServer(t *testing.T, cfg Config) *Server {
	t.Helper()
	r, err := openRegistry(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return serverOf(t, r, cfg)
}

// serverOf serves a registry until the test ends, and closes it then.
func serverOf(t *testing.T, r *data.Registry, cfg Config) *Server {
	t.Helper()
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	s, err := newServer(r, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// testCell is a square cell for the files that the tests write.
type testCell struct {
	code string
	x, y float64 // south-west corner in degrees
}

func (c testCell) geometry() orb.MultiPolygon {
	const w = 0.01
	return orb.MultiPolygon{{{{c.x, c.y}, {c.x + w, c.y}, {c.x + w, c.y + w}, {c.x, c.y + w}, {c.x, c.y}}}}
}

// cellsZip is a zipped shapefile of cells as a planner's program writes it.
func cellsZip(t *testing.T, prj string, cells ...testCell) []byte {
	t.Helper()
	var records iter.Seq2[shapefile.Record, error] = func(yield func(shapefile.Record, error) bool) {
		for i, c := range cells {
			if !yield(shapefile.Record{Number: i + 1, Geometry: c.geometry(), Values: []any{c.code, "格" + c.code, "S1"}}, nil) {
				return
			}
		}
	}
	var out bytes.Buffer
	err := shapefile.Write(&out, shapefile.Output{
		Name: "网格", PRJ: prj, Encoding: "GBK", ShapeType: "Polygon", Records: records,
		Fields: []shapefile.Field{{Name: "WGBM", Type: 'C', Length: 20}, {Name: "WGMC", Type: 'C', Length: 40}, {Name: "SSDYBM", Type: 'C', Length: 20}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// upload sends a file and waits until the upload is settled.
func upload(t testing.TB, s *Server, query string, file []byte) uploadView {
	t.Helper()
	rec := post(t, s, "/uploads?"+query, file)
	if rec.Code != http.StatusAccepted {
		t.Fatalf("POST /uploads: %d %s", rec.Code, rec.Body)
	}
	var u uploadView
	if err := json.Unmarshal(rec.Body.Bytes(), &u); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(rec.Header().Get("Location"), "/uploads/"+u.ID) {
		t.Errorf("Location %q", rec.Header().Get("Location"))
	}
	return settled(t, s, u.ID)
}

func post(t testing.TB, s *Server, path string, file []byte, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "网格.zip")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write(file); err != nil {
		t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequest(http.MethodPost, path, &body)
	req.Header.Set("Content-Type", form.FormDataContentType())
	req.Host = "127.0.0.1"
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, req)
	return rec
}

func settled(t testing.TB, s *Server, id string) uploadView {
	t.Helper()
	for range 2000 {
		if u := getJSON[uploadView](t, s, "/uploads/"+id); u.State.Settled() {
			return u
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("the upload did not settle")
	return uploadView{}
}

// send sends a request without or with a JSON body.
func send(t testing.TB, s http.Handler, method, path, body string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	req := httptest.NewRequest(method, path, strings.NewReader(body))
	req.Host = "127.0.0.1"
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, req)
	return rec
}

func checks(t *testing.T, s *Server, id string) (names []string) {
	t.Helper()
	list := getJSON[struct{ Violations []violationView }](t, s, "/uploads/"+id+"/violations")
	for _, v := range list.Violations {
		if v.Message == "" {
			t.Errorf("%s says nothing", v.Check)
		}
		names = append(names, v.Check)
	}
	return names
}

func has(names []string, want string) bool {
	for _, n := range names {
		if n == want {
			return true
		}
	}
	return false
}

// edit rewrites one entry of a zip; nil drops it.
func edit(t *testing.T, archive []byte, suffix string, change func([]byte) []byte) []byte {
	t.Helper()
	in, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range in.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(f.Name, suffix) {
			if content = change(content); content == nil {
				continue
			}
		}
		e, err := w.Create(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func drop([]byte) []byte { return nil }

const cellsQuery = "collection=cells&division=330890"

// TestBadFilesAreRefusedAndNothingIsStored sends files with one thing wrong each.
func TestBadFilesAreRefusedAndNothingIsStored(t *testing.T) {
	degrees := crs.CGCS2000().WKT()
	good := cellsZip(t, degrees, testCell{"C1", 118.9, 29}, testCell{"C2", 118.91, 29})
	setNaN := func(b []byte) []byte {
		// The first point of the first record stands behind the file header (100 bytes), the
		// record header (8), the type (4), the box (32), two counts (8) and one part (4).
		for i, c := range []byte{1, 0, 0, 0, 0, 0, 0xf8, 0x7f} {
			b[100+8+4+32+8+4+i] = c
		}
		return b
	}
	for name, tc := range map[string]struct {
		file  []byte
		state data.UploadState
		check string
	}{
		"no zip":           {[]byte("this is no archive"), data.UploadRefused, "not_a_zip"},
		"zip without .shp": {edit(t, good, ".shp", drop), data.UploadRefused, "no_shapefile"},
		"missing .prj":     {edit(t, good, ".prj", drop), data.UploadNeedsChoice, ""},
		"unknown CRS": {edit(t, good, ".prj", func([]byte) []byte {
			return []byte(`GEOGCS["X",DATUM["D_X",SPHEROID["Moon",1737400,0]],PRIMEM["Greenwich",0],UNIT["Degree",0.0174532925199433]]`)
		}), data.UploadNeedsChoice, ""},
		"truncated .shp":        {edit(t, good, ".shp", func(b []byte) []byte { return b[:len(b)-20] }), data.UploadRefused, ""},
		"truncated .dbf":        {edit(t, good, ".dbf", func(b []byte) []byte { return b[:len(b)-40] }), data.UploadRefused, ""},
		"truncated zip":         {good[:len(good)/2], data.UploadRefused, "not_a_zip"},
		"outside China":         {cellsZip(t, degrees, testCell{"C1", 18.9, 59}), data.UploadRefused, "crs_contradicted"},
		"metres called degrees": {cellsZip(t, degrees, testCell{"C1", 40500000, 3200000}), data.UploadRefused, "crs_contradicted"},
		"code twice":            {cellsZip(t, degrees, testCell{"C1", 118.9, 29}, testCell{"C1", 118.91, 29}), data.UploadRefused, "duplicate_code"},
		"no code":               {cellsZip(t, degrees, testCell{"", 118.9, 29}), data.UploadRefused, "missing_code"},
		"NaN":                   {edit(t, good, ".shp", setNaN), data.UploadRefused, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := emptyServer(t, Config{})
			u := upload(t, s, cellsQuery, tc.file)
			if u.State != tc.state {
				t.Fatalf("state %s, want %s; %v", u.State, tc.state, checks(t, s, u.ID))
			}
			found := checks(t, s, u.ID)
			if u.State == data.UploadRefused && len(found) == 0 {
				t.Error("refused without a word")
			}
			if tc.check != "" && !has(found, tc.check) {
				t.Errorf("violations %v, want %s", found, tc.check)
			}
			if u.State == data.UploadNeedsChoice && (u.Question == nil || u.Question.About != "crs") {
				t.Errorf("question %+v", u.Question)
			}
			if u.Counts.Records != u.Counts.Features+u.Counts.Refused {
				t.Errorf("counts do not add up: %+v", u.Counts)
			}
			if rec := send(t, s, http.MethodPost, "/uploads/"+u.ID+"/publish", ""); rec.Code != http.StatusConflict {
				t.Errorf("publish: %d", rec.Code)
			}
			if fc := getJSON[featureCollection](t, s, "/collections/cells/items"); fc.NumberMatched != 0 {
				t.Errorf("%d features are stored", fc.NumberMatched)
			}
			if vs := getJSON[struct{ Versions []any }](t, s, "/versions"); len(vs.Versions) != 0 {
				t.Errorf("versions %v", vs.Versions)
			}
		})
	}
}

// TestTheRoadFromUploadToRestore goes the planner's whole road.
func TestTheRoadFromUploadToRestore(t *testing.T) {
	s := emptyServer(t, Config{})
	first := cellsZip(t, crs.CGCS2000().WKT(), testCell{"C1", 118.9, 29}, testCell{"C2", 118.91, 29})
	u := upload(t, s, cellsQuery, edit(t, first, ".prj", drop))
	if u.State != data.UploadNeedsChoice || u.Question.About != "crs" {
		t.Fatalf("%+v", u)
	}
	if rec := send(t, s, http.MethodPatch, "/uploads/"+u.ID, `{"crs":"EPSG:99999"}`); rec.Code != http.StatusBadRequest {
		t.Errorf("an answer that is none: %d %s", rec.Code, rec.Body)
	}
	if rec := send(t, s, http.MethodPatch, "/uploads/"+u.ID, `{"crs":"EPSG:4490"}`); rec.Code != http.StatusAccepted {
		t.Fatalf("PATCH: %d %s", rec.Code, rec.Body)
	}
	u = settled(t, s, u.ID)
	if u.State != data.UploadDraft || u.Counts.Features != 2 || u.CRS.ID != "EPSG:4490" || u.Encoding.Name == "" {
		t.Fatalf("%+v %v", u, checks(t, s, u.ID))
	}
	if rec := send(t, s, http.MethodPost, "/uploads/"+u.ID+"/publish?base=7", ""); rec.Code != http.StatusConflict {
		t.Errorf("publishing on another base: %d", rec.Code)
	}
	rec := send(t, s, http.MethodPost, "/uploads/"+u.ID+"/publish", "")
	if rec.Code != http.StatusCreated {
		t.Fatalf("publish: %d %s", rec.Code, rec.Body)
	}
	at := getJSON[matchView](t, s, "/locate?lon=118.905&lat=29.005")
	if at.Cell == nil || at.Cell.Code != "C1" || at.Cell.Name != "格C1" {
		t.Fatalf("%+v", at)
	}

	second := upload(t, s, cellsQuery+"&author="+url.QueryEscape("张三"), cellsZip(t, crs.CGCS2000().WKT(), testCell{"C9", 118.9, 29}))
	late := upload(t, s, cellsQuery, cellsZip(t, crs.CGCS2000().WKT(), testCell{"C8", 118.9, 29}))
	if rec := send(t, s, http.MethodPost, "/uploads/"+second.ID+"/publish", ""); rec.Code != http.StatusCreated {
		t.Fatalf("publish: %d %s", rec.Code, rec.Body)
	}
	if rec := send(t, s, http.MethodPost, "/uploads/"+late.ID+"/publish", ""); rec.Code != http.StatusConflict || !strings.Contains(rec.Body.String(), `"code":"conflict"`) {
		t.Errorf("a draft of an older base: %d %s", rec.Code, rec.Body)
	} else if p := problemOf(t, rec); !strings.Contains(p.Detail, "张三") || !strings.Contains(p.Detail, "base=2") {
		t.Errorf("the winner is not named: %s", p.Detail)
	}
	// What it was made from, and what it would take the place of.
	for query, want := range map[string]map[string]int{"": {"added": 1, "removed": 2}, "?base=2": {"added": 1, "removed": 1}, "?base=0": {"added": 1}} {
		d := getJSON[struct{ Counts map[string]int }](t, s, "/uploads/"+late.ID+"/diff"+query)
		for _, kind := range []string{"added", "removed", "changed", "unchanged"} {
			if d.Counts[kind] != want[kind] {
				t.Errorf("diff%s: %+v, want %v", query, d.Counts, want)
			}
		}
	}
	get(t, s, "/uploads/"+late.ID+"/diff?base=9", http.StatusNotFound)
	get(t, s, "/uploads/"+late.ID+"/diff?base=x", http.StatusBadRequest)
	if rec := send(t, s, http.MethodDelete, "/uploads/"+late.ID, ""); rec.Code != http.StatusNoContent {
		t.Errorf("discard: %d %s", rec.Code, rec.Body)
	}
	if at := getJSON[matchView](t, s, "/locate?lon=118.905&lat=29.005"); at.Cell.Code != "C9" || at.Versions["cells"]["330890"] != 2 {
		t.Errorf("%+v", at)
	}
	history := getJSON[struct{ Versions []struct{ ID, State string } }](t, s, "/versions?collection=cells&division=330890")
	if len(history.Versions) != 2 {
		t.Fatalf("%+v", history)
	}
	if rec := send(t, s, http.MethodPost, "/versions/"+history.Versions[1].ID+"/restore?base=2", ""); rec.Code != http.StatusCreated {
		t.Fatalf("restore: %d %s", rec.Code, rec.Body)
	}
	if at := getJSON[matchView](t, s, "/locate?lon=118.905&lat=29.005"); at.Cell.Code != "C1" || at.Versions["cells"]["330890"] != 3 {
		t.Errorf("%+v", at)
	}
}

// TestWritesNeedTheKey holds every route that writes against the key.
func TestWritesNeedTheKey(t *testing.T) {
	const key = "0123456789abcdef0123"
	s := emptyServer(t, Config{AdminKey: key})
	file := cellsZip(t, crs.CGCS2000().WKT(), testCell{"C1", 118.9, 29})
	for _, bad := range []string{"", "Bearer", "Bearer wrong", "Basic " + key, key} {
		rec := post(t, s, "/uploads?"+cellsQuery, file, "Authorization", bad)
		if rec.Code != http.StatusUnauthorized || rec.Header().Get("WWW-Authenticate") == "" {
			t.Errorf("Authorization %q: %d", bad, rec.Code)
		}
	}
	if rec := post(t, s, "/uploads?"+cellsQuery, file, "Authorization", "Bearer "+key); rec.Code != http.StatusAccepted {
		t.Errorf("with the key: %d %s", rec.Code, rec.Body)
	}
	for _, r := range s.table {
		if r.Method == http.MethodGet || slices.Contains([]string{"/locate", "/within", "/along", "/compliance/whatif"}, r.Path) {
			continue
		}
		path := strings.NewReplacer(":id", "x").Replace(r.Path)
		if rec := send(t, s, r.Method, path, "{}"); rec.Code != http.StatusUnauthorized {
			t.Errorf("%s %s without a key: %d", r.Method, path, rec.Code)
		}
	}
	get(t, s, "/locate?lon=118.9&lat=29", http.StatusOK)
}

// TestPagesOfOtherSitesMayNotWrite sends what a browser sends for a foreign page.
func TestPagesOfOtherSitesMayNotWrite(t *testing.T) {
	s := emptyServer(t, Config{})
	rec := post(t, s, "/uploads?"+cellsQuery, cellsZip(t, "", testCell{"C1", 118.9, 29}), "Sec-Fetch-Site", "cross-site", "Origin", "http://example.org")
	if rec.Code != http.StatusForbidden {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}

// TestAForeignNameForThisMachineOpensNothing asks by a name that an attacker's server
// resolved to this machine, as a page of that name would.
func TestAForeignNameForThisMachineOpensNothing(t *testing.T) {
	open, keyed := emptyServer(t, Config{}), emptyServer(t, Config{AdminKey: "0123456789abcdef"})
	ask := func(s *Server, method, path, host string, header ...string) int {
		req := httptest.NewRequest(method, path, nil)
		req.Host = host
		for i := 0; i+1 < len(header); i += 2 {
			req.Header.Set(header[i], header[i+1])
		}
		rec := httptest.NewRecorder()
		s.ServeHTTP(rec, req)
		if acao := rec.Header().Get("Access-Control-Allow-Origin"); strings.HasPrefix(path, "/uploads") && acao != "" {
			t.Errorf("%s %s: open to the pages of %q", method, path, acao)
		}
		return rec.Code
	}
	for _, host := range []string{"evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example"} {
		if code := ask(open, http.MethodGet, "/uploads", host); code != http.StatusForbidden {
			t.Errorf("%s: %d", host, code)
		}
		if code := ask(open, http.MethodGet, "/collections", host); code != http.StatusOK {
			t.Errorf("public, %s: %d", host, code)
		}
	}
	for _, host := range []string{"127.0.0.1:8080", "localhost:8080", "[::1]:8080", "localhost"} {
		if code := ask(open, http.MethodGet, "/uploads", host); code != http.StatusOK {
			t.Errorf("%s: %d", host, code)
		}
	}
	if code := ask(keyed, http.MethodGet, "/uploads", "maps.example", "Authorization", "Bearer 0123456789abcdef"); code != http.StatusOK {
		t.Errorf("with the key: %d", code)
	}
}

func TestUploadsThatAreNone(t *testing.T) {
	s := emptyServer(t, Config{})
	for path, body := range map[string]string{
		"/uploads?collection=nothing&division=330890": "",
		"/uploads?collection=cells&division=33089":    "",
		"/uploads?collection=cells":                   "",
		"/uploads?" + cellsQuery + "&colour=red":      "",
		"/uploads?" + cellsQuery:                      "no form",
	} {
		rec := send(t, s, http.MethodPost, path, body)
		if rec.Code < 400 || rec.Code >= 500 || rec.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s", path, rec.Code, rec.Body)
		}
	}
	if rec := post(t, s, "/uploads?"+cellsQuery, nil); rec.Code != http.StatusBadRequest || !strings.Contains(rec.Body.String(), "empty_file") {
		t.Errorf("an empty file: %d %s", rec.Code, rec.Body)
	}
}

// matchView is the answer of GET /locate.
type matchView struct {
	Point struct {
		Lon, Lat float64
		Datum    string
	}
	Cell  *namedView
	Chain []struct{ Level, Code, Name string }
	Town  *namedView
	Side  string
	// BorderDistanceM is null without a cell.
	BorderDistanceM *float64
	Others          []namedView
	Nearest         *struct {
		Code, Name string
		DistanceM  float64
	}
	SignedBorderM *float64
	Neighbour     *struct {
		Code, Name string
		DistanceM  float64
	}
	Beidou *string
	Found  map[string]struct {
		Match  *namedView
		Side   string
		Others []namedView
	}
	Versions map[string]map[string]int
}

type namedView struct{ Code, Name string }

package api

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"towngrid/data"
	"towngrid/data/pgtest"
	"towngrid/data/postgis"
	"towngrid/geo/crs"
)

// replicaServer is a service over PostgreSQL with a folder of its own.
func replicaServer(t *testing.T, dsn string) *Server {
	t.Helper()
	quiet, dir := slog.New(slog.DiscardHandler), t.TempDir()
	store, err := postgis.Open(t.Context(), dsn, postgis.Options{Pool: 8, Patient: true, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	r, err := data.Open(t.Context(), store, data.Options{Spool: filepath.Join(dir, "spool"), Pictures: filepath.Join(dir, "pictures"), Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	s, err := newServer(r, Config{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// readyOf is what a service says of itself.
func readyOf(t *testing.T, s *Server) (r readiness) {
	t.Helper()
	if err := json.Unmarshal(get(t, s, "/readyz", http.StatusOK).Body.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// soon waits until yes.
func soon(t *testing.T, what string, yes func() bool) {
	t.Helper()
	for began := time.Now(); !yes(); time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > 15*time.Second {
			t.Fatalf("%s: not within 15 s", what)
		}
	}
}

// TestReplicasAnswerAlike: a file goes through one replica, and the other serves it, byte
// for byte, under the same tag. While the database is away reads go on and say how old
// they may be, writes are 503 with Retry-After within a second, and it all comes back.
func TestReplicasAnswerAlike(t *testing.T) {
	c := pgtest.New(t)
	dsn := c.Database(t)
	a, b := replicaServer(t, dsn), replicaServer(t, dsn)
	file := cellsZip(t, crs.CGCS2000().WKT(), testCell{"C1", 118.9, 29}, testCell{"C2", 118.91, 29})
	asked := upload(t, a, cellsQuery, edit(t, file, ".prj", drop))
	if rec := send(t, b, http.MethodPatch, "/uploads/"+asked.ID, `{"crs":"EPSG:4490"}`); rec.Code != http.StatusConflict || !strings.Contains(rec.Body.String(), "file_elsewhere") {
		t.Errorf("an answer to the replica that has not the file: %d %s", rec.Code, rec.Body)
	}
	u := upload(t, a, cellsQuery, file).ID
	if rec := send(t, b, http.MethodPost, "/uploads/"+u+"/publish", ""); rec.Code != http.StatusCreated { // by either replica
		t.Fatalf("publish: %d %s", rec.Code, rec.Body)
	}
	a, b = b, a
	tag := get(t, a, "/healthz", http.StatusOK).Header().Get("Towngrid-Snapshot")
	soon(t, "the other replica", func() bool { return get(t, b, "/healthz", http.StatusOK).Header().Get("Towngrid-Snapshot") == tag })
	if r := readyOf(t, b); r.Tag != tag || r.Status != "ready" || r.Durability != data.Single && r.Durability != "" || r.Versions["cells"]["330890"] != 1 {
		t.Errorf("the other replica says %+v", r)
	}
	paths := []string{"/collections/cells/items?limit=10", "/locate?lon=118.905&lat=29.005", "/tiles/cells/12/3400/1702.mvt", "/tiles/cells.json"}
	before := map[string][]byte{}
	for _, path := range paths {
		before[path] = get(t, a, path, http.StatusOK).Body.Bytes()
		if got := get(t, b, path, http.StatusOK).Body.Bytes(); !bytes.Equal(got, before[path]) {
			t.Errorf("%s: the replicas answer differently:\n%.300s\n%.300s", path, before[path], got)
		}
	}

	c.Stop()
	soon(t, "saying that the store is away", func() bool { return readyOf(t, b).Status == "degraded" })
	if r := readyOf(t, b); r.Store != "unavailable" {
		t.Errorf("without its database the replica says %+v", r)
	}
	for _, path := range paths {
		rec := get(t, b, path, http.StatusOK)
		if !bytes.Equal(rec.Body.Bytes(), before[path]) || rec.Header().Get("Towngrid-Data-Age") == "" {
			t.Errorf("%s without a database: %v %.300s", path, rec.Header(), rec.Body)
		}
	}
	for what, write := range map[string]func() *httptest.ResponseRecorder{
		"an upload": func() *httptest.ResponseRecorder { return post(t, b, "/uploads?"+cellsQuery, file) },
		"publish":   func() *httptest.ResponseRecorder { return send(t, b, http.MethodPost, "/uploads/"+u+"/publish", "") },
		"discard":   func() *httptest.ResponseRecorder { return send(t, b, http.MethodDelete, "/uploads/"+u, "") },
	} {
		began := time.Now()
		rec := write()
		if rec.Code != http.StatusServiceUnavailable || rec.Header().Get("Retry-After") == "" || !strings.Contains(rec.Body.String(), "store_unavailable") {
			t.Errorf("%s: %d %v %s", what, rec.Code, rec.Header(), rec.Body)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("%s is refused after %v", what, took)
		}
	}
	c.Run(t)
	soon(t, "the way back", func() bool { return readyOf(t, b).Status == "ready" && readyOf(t, a).Status == "ready" })
}

package api

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"testing"

	"towngrid/data"
	"towngrid/data/apart"
	"towngrid/data/demo"
	"towngrid/data/gpkg"
	"towngrid/data/standards"
	"towngrid/geo"
)

// district is the demonstration district without its incidents, imported once for
// all tests of the package through the planner's road.
type district struct {
	dir      string
	registry *data.Registry
	server   *Server
}

var theDistrict = sync.OnceValues(func() (district, error) {
	dir, err := os.MkdirTemp("", "towngrid-api-")
	if err != nil {
		return district{}, err
	}
	d := district{dir: dir}
	d.registry, err = openRegistry(dir)
	if err != nil {
		return d, err
	}
	files, err := demo.Write(dir, demo.Options{})
	if err != nil {
		return d, err
	}
	for _, f := range files {
		if f.Collection == geo.Incidents {
			continue
		}
		if err := importFile(d.registry, f.Path, f.Collection); err != nil {
			return d, err
		}
	}
	d.server, err = newServer(d.registry, Config{Version: "test"})
	return d, err
})

// readUpload is the argument by which this test is started as the process that reads an upload.
const readUpload = "read-upload"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == readUpload {
		debug.SetGCPercent(50) // as the program does
		if err := apart.Serve(os.Stdin, os.Stdout); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	code := m.Run()
	if d, err := theDistrict(); err == nil {
		_ = d.registry.Close()
		_ = os.RemoveAll(d.dir)
	}
	os.Exit(code)
}

func openRegistry(dir string) (*data.Registry, error) {
	store, err := gpkg.Open(context.Background(), filepath.Join(dir, "test.gpkg"), gpkg.Options{})
	if err != nil {
		return nil, err
	}
	return data.Open(context.Background(), store, data.Options{Spool: filepath.Join(dir, "spool"), Log: slog.New(slog.DiscardHandler)})
}

func newServer(r *data.Registry, cfg Config) (*Server, error) {
	editions, err := standards.Load()
	if err != nil {
		return nil, err
	}
	cfg.Log = slog.New(slog.DiscardHandler)
	return New(r, editions, cfg)
}

func importFile(r *data.Registry, path string, col geo.Collection) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	ctx := context.Background()
	u, err := r.Receive(ctx, data.Receipt{File: filepath.Base(path), Collection: col, Division: demo.Division, Notice: demo.Notice().ZH}, f)
	if err != nil {
		return err
	}
	if u, err = r.Wait(ctx, u.ID); err != nil {
		return err
	}
	if u.State != data.UploadDraft {
		return &geo.Error{Code: string(u.State), Text: geo.Textf("%v", "%v", u.Violations)}
	}
	_, err = r.PublishUpload(ctx, u.ID, u.Base)
	return err
}

// demoServer serves the demonstration district; tests must not publish in it.
func demoServer(t testing.TB) *Server {
	t.Helper()
	d, err := theDistrict()
	if err != nil {
		t.Fatal(err)
	}
	return d.server
}

// get sends a GET request and wants a status.
func get(t testing.TB, s http.Handler, path string, status int, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	req := httptest.NewRequest(http.MethodGet, path, nil)
	req.Host = "127.0.0.1"
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, req)
	if rec.Code != status {
		t.Fatalf("GET %s: %d, want %d: %.300s", path, rec.Code, status, rec.Body)
	}
	return rec
}

// getJSON sends a GET request and decodes the answer.
func getJSON[T any](t testing.TB, s http.Handler, path string) (v T) {
	t.Helper()
	rec := get(t, s, path, http.StatusOK)
	if err := json.Unmarshal(rec.Body.Bytes(), &v); err != nil {
		t.Fatalf("GET %s: %v in %.300s", path, err, rec.Body)
	}
	return v
}

// featureCollection is what the tests read of a page of features.
type featureCollection struct {
	Features []struct {
		ID       string `json:"id"`
		Geometry struct {
			Type        string          `json:"type"`
			Coordinates json.RawMessage `json:"coordinates"`
		} `json:"geometry"`
		Properties map[string]any `json:"properties"`
	} `json:"features"`
	NumberMatched  int            `json:"numberMatched"`
	NumberReturned int            `json:"numberReturned"`
	Links          []link         `json:"links"`
	Versions       map[string]any `json:"versions"`
}

func firstItem(t testing.TB, s http.Handler, col string) string {
	t.Helper()
	fc := getJSON[featureCollection](t, s, "/collections/"+col+"/items?limit=1")
	if len(fc.Features) != 1 {
		t.Fatalf("no %s", col)
	}
	return fc.Features[0].ID
}

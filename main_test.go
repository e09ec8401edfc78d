package main

import (
	"bytes"
	"context"
	"errors"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"towngrid/geo"
)

// allowed says which of our packages a package may import, by its folder. A folder
// that is not listed takes the entry of the folder above it.
func allowed() map[string][]string {
	return map[string][]string{
		".":              {"api", "api/paper", "tiles", "data", "data/batch", "data/demo", "data/export", "data/gpkg", "data/mbtiles", "data/postgis", "data/standards", "geo"},
		"api":            {"api/paper", "api/web", "tiles", "data", "data/batch", "geo"},
		"api/paper":      {"geo"},
		"api/web":        {},
		"tiles":          {"geo"},
		"data":           {"geo"},
		"data/gpkg":      {"data", "data/rows", "data/storetest", "migrations", "geo"},
		"data/postgis":   {"data", "data/rows", "data/storetest", "migrations", "geo"},
		"data/rows":      {"data", "geo"},
		"data/pgtest":    {},
		"data/storetest": {"data", "geo"},
		"data/demo":      {"geo"},
		"data/standards": {"geo"},
		"data/batch":     {"geo"},
		"data/export":    {"data/gpkg", "geo"},
		"data/mbtiles":   {},
		"migrations":     {},
		"geo":            {"geo"},
	}
}

// outside says which folders may import a library that is fenced in. Tests may
// use any of them as a judge.
func outside() map[string][]string {
	return map[string][]string{
		"github.com/labstack/echo":             {"api"},
		"github.com/twpayne/go-geom":           {"data/gpkg", "data/postgis", "data/rows"},
		"github.com/jackc/pgx":                 {"data/postgis", "data/pgtest"},
		"modernc.org/sqlite":                   {"data/gpkg", "data/mbtiles"},
		"database/sql":                         {"data/gpkg", "data/mbtiles"},
		"github.com/pressly/goose":             {"data/gpkg", "data/postgis"},
		"github.com/alecthomas/kong":           {"."},
		"github.com/prometheus":                {"api"},
		"github.com/tidwall/rtree":             {"geo"},
		"net/http":                             {"api", "."},
		"github.com/xuri/excelize":             {"api/paper"},
		"github.com/maypok86/otter":            {"tiles"},
		"github.com/peterstace/simplefeatures": {"geo"},
	}
}

// TestImportsRunOneWay holds the direction main → api → tiles, data → geo and
// data → migrations, by reading every import in the tree.
func TestImportsRunOneWay(t *testing.T) {
	seen := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != "." || d.Name() == "node_modules" || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		seen++
		folder := filepath.ToSlash(filepath.Dir(path))
		for _, imp := range file.Imports {
			checkImport(t, path, folder, strings.Trim(imp.Path.Value, `"`))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 50 {
		t.Fatalf("only %d Go files were found: the test does not see the tree", seen)
	}
}

func checkImport(t *testing.T, path, folder, name string) {
	t.Helper()
	isTest := strings.HasSuffix(path, "_test.go")
	if ours, ok := strings.CutPrefix(name, "towngrid/"); ok {
		if !isTest && !within(ours, rule(folder)) {
			t.Errorf("%s imports %s, which its room may not", path, name)
		}
		return
	}
	for lib, rooms := range outside() {
		if strings.HasPrefix(name, lib) && !isTest && !under(folder, rooms) {
			t.Errorf("%s imports %s, which only %v may", path, name, rooms)
		}
	}
}

// rule finds the entry of the nearest listed folder.
func rule(folder string) []string {
	rules := allowed()
	for {
		if r, ok := rules[folder]; ok {
			return r
		}
		folder = filepath.ToSlash(filepath.Dir(folder))
	}
}

// within says whether a package is one of those listed; geo stands for all of its folders.
func within(pkg string, list []string) bool {
	return slices.Contains(list, pkg) || slices.Contains(list, "geo") && strings.HasPrefix(pkg, "geo/")
}

func under(folder string, rooms []string) bool {
	for _, r := range rooms {
		if folder == r || strings.HasPrefix(folder, r+"/") && r != "." {
			return true
		}
	}
	return false
}

// TestOtherAddressesNeedAKey starts on addresses that others can reach.
func TestOtherAddressesNeedAKey(t *testing.T) {
	for listen, wanted := range map[string]bool{
		"127.0.0.1:8080": false, "localhost:0": false, "[::1]:80": false, "127.9.9.9:1": false,
		"0.0.0.0:8080": true, ":8080": true, "10.1.2.3:80": true, "[::]:80": true, "example.org:80": true,
	} {
		_, err := web{Listen: listen}.key()
		if (err != nil) != wanted {
			t.Errorf("%s without a key: %v", listen, err)
		}
		if _, err := (web{Listen: listen, AdminKey: "0123456789abcdef"}).key(); err != nil {
			t.Errorf("%s with a key: %v", listen, err)
		}
	}
	if _, err := (web{Listen: "127.0.0.1:0", AdminKey: "short"}).key(); err == nil {
		t.Error("a short key is taken")
	}
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := (web{Listen: "127.0.0.1:0", AdminKeyFile: file}).key(); err == nil {
		t.Error("an empty key file opens the service")
	}
	if err := os.WriteFile(file, []byte("0123456789abcdef-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if key, err := (web{Listen: ":1", AdminKeyFile: file}).key(); err != nil || key != "0123456789abcdef-file" {
		t.Errorf("%q %v", key, err)
	}
}

// lines collects a command's output and tells when a line with a prefix came.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) await(t *testing.T, prefix string) string {
	t.Helper()
	for range 6000 { // five minutes, for a busy machine with the race detector
		l.mu.Lock()
		text := l.text.String()
		l.mu.Unlock()
		for _, line := range strings.Split(text, "\n") {
			if rest, ok := strings.CutPrefix(line, prefix); ok && strings.HasSuffix(text, "\n") {
				return strings.TrimSpace(rest)
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("no line %q in:\n%s", prefix, l.text.String())
	return ""
}

// TestDemoServesAndStartsAgain runs the README's main command: the district is
// made, imported and served, a second start serves it from the file, and the end of the
// context drains and stops. The year has fewer incidents here; the end-to-end test of the
// map application runs the command as it is.
func TestDemoServesAndStartsAgain(t *testing.T) {
	plainEnvironment(t)
	if testing.Short() {
		t.Skip("SKIPPED with -short: imports the whole district")
	}
	db := filepath.Join(t.TempDir(), "demo.gpkg")
	for _, start := range []string{"first", "second"} {
		ctx, stop := context.WithCancel(t.Context())
		out := &lines{}
		ended := make(chan error, 1)
		began := time.Now()
		go func() {
			ended <- run(ctx, []string{"demo", "--listen", "127.0.0.1:0", "--db", db, "--incidents", "5000", "--grace", "0s"}, out)
		}()
		base := strings.TrimSuffix(out.await(t, "ready"), "/")
		t.Logf("%s start: %.1f s", start, time.Since(began).Seconds())
		for _, path := range []string{"/readyz", "/collections/cells/items?limit=1", "/tiles/towns,units,cells.json", "/locate?lon=118.9&lat=29"} {
			res, err := http.Get(base + path)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(res.Body)
			if err = errors.Join(err, res.Body.Close()); err != nil || res.StatusCode != http.StatusOK || len(body) == 0 {
				t.Errorf("%s: %d %v", path, res.StatusCode, err)
			}
		}
		if text := out.text.String(); !strings.Contains(text, "合成") || strings.Count(text, "curl ") != 3 {
			t.Errorf("the greeting does not declare the data synthetic, or has not three lines to try:\n%s", text)
		}
		stop()
		select {
		case err := <-ended:
			if err != nil {
				t.Fatal(err)
			}
		case <-time.After(20 * time.Second):
			t.Fatal("the service does not stop")
		}
	}
	for _, format := range []string{"pmtiles", "mbtiles"} {
		var files [2][]byte
		for i := range files {
			to := filepath.Join(t.TempDir(), "district."+format)
			err := run(t.Context(), []string{"export", "--db", db, "--collection", "towns,units,cells", "--format", format, "--max-zoom", "11", to}, io.Discard)
			if err == nil {
				files[i], err = os.ReadFile(to)
			}
			if err != nil || len(files[i]) < 100_000 {
				t.Fatalf("%s: %d bytes, %v", format, len(files[i]), err)
			}
		}
		if !bytes.Equal(files[0], files[1]) {
			t.Errorf("%s: the same version gives other bytes", format)
		}
	}
}

// plainEnvironment clears what the environment says of the configuration.
func plainEnvironment(t *testing.T) {
	t.Helper()
	for _, e := range os.Environ() {
		if name, _, _ := strings.Cut(e, "="); strings.HasPrefix(name, "TOWNGRID_") && name != "TOWNGRID_REQUIRE_TOOLS" {
			t.Setenv(name, "")
			if err := os.Unsetenv(name); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestCommandLine runs the commands on a file of their own.
func TestCommandLine(t *testing.T) {
	plainEnvironment(t)
	dir := t.TempDir()
	db := filepath.Join(dir, "new.gpkg")
	call := func(args ...string) (string, error) {
		var out strings.Builder
		err := run(t.Context(), args, &out)
		return out.String(), err
	}
	bad := filepath.Join(dir, "bad.zip")
	if err := os.WriteFile(bad, []byte("no archive"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := call("import", "--db", db, "--collection", "cells", "--division", "330890", bad)
	if err == nil || !strings.Contains(explain(err), "not_a_zip") {
		t.Errorf("a file that is no zip: %v", err)
	}
	if _, err := call("import", "--db", db, "--collection", "clouds", "--division", "330890", bad); err == nil {
		t.Error("an unknown collection is taken")
	}
	if _, err := call("report", "--db", filepath.Join(dir, "typo.gpkg"), "T1"); err == nil || !strings.Contains(explain(err), "there is no database") {
		t.Errorf("a database that is not there: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "typo*")); len(left) != 0 {
		t.Errorf("made: %v", left)
	}
	if _, err := call("report", "--db", db, "T1"); err == nil {
		t.Error("a report on no town")
	}
	if _, err := call("backup", "--db", db, filepath.Join(dir, "copy.gpkg")); err != nil {
		t.Error(err)
	}
	if _, err := call("export", "--db", db, "--collection", "cells", "--format", "papyrus", filepath.Join(dir, "x")); err == nil {
		t.Error("a format that nobody reads")
	}
	if _, err := call("export", "--db", db, "--collection", "cells", "--format", "geojson", filepath.Join(dir, "empty.geojson")); err == nil || !strings.Contains(explain(err), "published") {
		t.Errorf("nothing to export: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "empty.geojson")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file is left: %v", err)
	}
	for code, args := range map[string][]string{
		"bad_zooms": {"--max-zoom", "23"}, "bad_bbox": {"--bbox", "1,2,3"}, "unknown_datum": {"--datum", "mars"}, "bad_content": {"--content", "roads"},
		"unknown_property": {"--properties", "nothing"}, "bad_flag": {"--division", "330890"}, "nothing_published": nil,
	} {
		to := filepath.Join(dir, "x.pmtiles")
		_, err := call(append([]string{"export", "--db", db, "--collection", "cells,units", "--format", "pmtiles", to}, args...)...)
		if refused := (*geo.Error)(nil); !errors.As(err, &refused) || refused.Code != code {
			t.Errorf("%v: %v", args, err)
		}
		if _, err := os.Stat(to); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%v: a file is left: %v", args, err)
		}
	}
	hill := filepath.Join(dir, "hill.geojson")
	if err := os.WriteFile(hill, []byte(`{"type":"Polygon","coordinates":[[[118.9,29],[118.93,29.002],[118.91,29.03],[118.9,29]]]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	zone := []string{"zone", "--db", db, "--division", "330890", "--boundary", hill, "--crs", "EPSG:4490"}
	if _, err := call(append(zone, "--method", "squares")...); err == nil || !strings.Contains(explain(err), "size_m") {
		t.Errorf("squares without a size: %v", err)
	}
	if out, err := call(append(zone, "--method", "hexagons", "--size", "400", "--publish")...); err != nil || !strings.Contains(out, "published    number 1") {
		t.Errorf("%s %v", out, err)
	}
	codes := filepath.Join(dir, "codes.csv")
	if out, err := call(append(zone, "--method", "beidou", "--level", "5", "--codes", codes)...); err != nil || !strings.Contains(out, "proposed") || !strings.Contains(out, "moved") {
		t.Errorf("%s %v", out, err)
	}
	if table, err := os.ReadFile(codes); err != nil || !strings.HasPrefix(string(table), "old,new,kind") || !strings.Contains(string(table), "N50H") {
		t.Errorf("%.100s %v", table, err)
	}
	if out, err := call("zone", "--db", db, "--division", "330890", "--check", "--scheme", "division12"); err != nil || !strings.Contains(out, "0 breaches") {
		t.Errorf("%s %v", out, err)
	}
	if out, err := call("version"); err != nil || !strings.HasPrefix(out, "towngrid ") {
		t.Errorf("%q %v", out, err)
	}
	_, err = call("serve", "--db", "mysql://user:secret@host/db")
	if err == nil || strings.Contains(explain(err), "secret") {
		t.Errorf("a database of another engine: %v", err)
	}
	_, err = call("serve", "--db", "postgres://user:secret@127.0.0.1:1/db", "--folder", filepath.Join(dir, "service"))
	if err == nil || strings.Contains(explain(err), "secret") || !strings.Contains(explain(err), "cannot be reached") {
		t.Errorf("a database that is not there: %v", err)
	}
	if _, err := call("serve", "--db", db, "--listen", "0.0.0.0:0"); err == nil || !strings.Contains(explain(err), "key") {
		t.Errorf("an open address without a key: %v", err)
	}
}

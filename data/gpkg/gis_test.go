package gpkg

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"towngrid/data"
	"towngrid/data/rows"
	"towngrid/geo"
)

// missing skips the test, or fails it where the tools are required.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("TOWNGRID_REQUIRE_TOOLS") == "1" {
		t.Fatal("missing: " + what)
	}
	t.Skip("SKIPPED, NOT TESTED: missing " + what)
}

// tool runs a program of the GIS tools and gives what it says.
func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if errors.Is(err, exec.ErrNotFound) {
		missing(t, name+": install it with apt-get install gdal-bin")
	}
	out, err := exec.Command(path, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// furnished is the path of a closed store with 40 features in each collection and
// 3 incidents.
func furnished(t *testing.T) string {
	t.Helper()
	s := open(t, filepath.Join(t.TempDir(), "示范区.gpkg"))
	rng := rand.New(rand.NewPCG(31, 0))
	for _, c := range geo.Collections() {
		if !rows.Versioned(c) {
			continue
		}
		v := saveDraft(t, s, c, someFeatures(rng, c, 40))
		if _, err := s.Publish(t.Context(), v.ID, 0, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.AddIncidents(t.Context(), []data.Incident{incidentOf(1), incidentOf(2), incidentOf(3)}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return s.path
}

// TestOGR: GDAL, and with it QGIS, sees every collection in EPSG:4490 with its
// features, finds them by their place, and has nothing to complain of.
func TestOGR(t *testing.T) {
	path := furnished(t)
	all := tool(t, "ogrinfo", "-ro", path)
	for _, c := range geo.Collections() {
		kind := "Multi Polygon"
		if c.Schema().Geometry == geo.Point {
			kind = "Point"
		}
		if want := fmt.Sprintf("%s (%s)", c, kind); !strings.Contains(all, want) {
			t.Errorf("no layer %s:\n%s", want, all)
		}
		count := 40
		if c == geo.Incidents {
			count = 3
		}
		layer := tool(t, "ogrinfo", "-ro", "-al", path, string(c))
		for _, want := range []string{
			fmt.Sprint("Feature Count: ", count), `ID["EPSG",4490]]`, "FID Column = fid", " = geom",
			"IDENTIFIER=" + c.Schema().Title.ZH, "118.", "29.",
		} {
			if !strings.Contains(layer, want) {
				t.Errorf("%s: no %q in\n%.1500s", c, want, layer)
			}
		}
		for _, bad := range []string{"Warning", "ERROR", "�"} {
			if strings.Contains(layer, bad) {
				t.Errorf("%s: %s in\n%.1500s", c, bad, layer)
			}
		}
	}
	if strings.Contains(all, "towngrid_feature") || strings.Contains(all, "gpkg_") {
		t.Errorf("tables that are only ours are shown:\n%s", all)
	}
	cells := tool(t, "ogrinfo", "-ro", "-al", path, "cells")
	for _, want := range []string{"valid_from: Date", "valid_from (Date) = 2026/11/23", "unit (String) = 文字", `{"备注":1.0}`, "name (String) = 名称"} {
		if !strings.Contains(cells, want) {
			t.Errorf("cells: no %q in\n%.3000s", want, cells)
		}
	}
	incidents := tool(t, "ogrinfo", "-ro", "-al", path, "incidents")
	for _, want := range []string{"time (DateTime) = 2023/11/14 22:13:21+00", "code (String) = 事件1", "POINT (118.9 29"} {
		if !strings.Contains(incidents, want) {
			t.Errorf("incidents: no %q in\n%.3000s", want, incidents)
		}
	}
	found := tool(t, "ogrinfo", "-ro", "-q", path, "-sql", "SELECT HasSpatialIndex('cells', 'geom')")
	if !strings.Contains(found, "= 1") {
		t.Errorf("GDAL sees no spatial index of cells: %s", found)
	}
}

// TestOGREdits: an edit by GDAL's own SQLite, with its own ST_ functions, keeps the
// R-trees right by our triggers, and the store goes on.
func TestOGREdits(t *testing.T) {
	path := furnished(t)
	for _, edit := range []string{
		"UPDATE cells SET geom = (SELECT geom FROM cells LIMIT 1) WHERE fid % 3 = 0",
		"DELETE FROM cells WHERE fid % 7 = 0",
		"UPDATE cells SET fid = fid + 100000 WHERE fid % 5 = 0",
		"UPDATE cells SET geom = NULL WHERE fid % 11 = 0",
		"UPDATE cells SET geom = (SELECT geom FROM cells WHERE geom NOT NULL LIMIT 1) WHERE geom IS NULL",
	} {
		tool(t, "ogrinfo", "-q", path, "-dialect", "SQLite", "-sql", edit)
		tool(t, "ogrinfo", "-q", path, "-sql", edit)
	}
	s := open(t, path)
	checkIndex(t, s, "cells")
	if err := s.Verify(t.Context()); err != nil {
		t.Error(err)
	}
	publishRandom(t, s, 4)
	checkIndex(t, s, "cells")
}

// TestOGRReadsBeside: GDAL reads while the store is open and writing.
func TestOGRReadsBeside(t *testing.T) {
	s := open(t, furnished(t))
	if err := s.SaveUpload(t.Context(), uploadOf("u")); err != nil {
		t.Fatal(err)
	}
	if got := tool(t, "ogrinfo", "-ro", "-so", s.path, "cells"); !strings.Contains(got, "Feature Count: 40") {
		t.Error(got)
	}
	publishRandom(t, s, 5)
	if got := tool(t, "ogrinfo", "-ro", "-so", s.path, "cells"); !strings.Contains(got, "Feature Count: 50") {
		t.Error(got)
	}
}

// TestForeignOGR: a GeoPackage that GDAL made is refused as it is.
func TestForeignOGR(t *testing.T) {
	path := filepath.Join(t.TempDir(), "theirs.gpkg")
	tool(t, "ogr2ogr", "-f", "GPKG", path, furnished(t), "cells")
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), path, Options{})
	refused(t, err, "not_a_store")
	after, err := os.ReadFile(path)
	if err != nil || string(before) != string(after) {
		t.Errorf("the file has changed (%v)", err)
	}
}

// TestValidator has GDAL's GeoPackage validator check the file against the standard,
// a warning being an error.
func TestValidator(t *testing.T) {
	const script = "/usr/lib/python3/dist-packages/osgeo_utils/samples/validate_gpkg.py"
	if _, err := os.Stat(script); errors.Is(err, fs.ErrNotExist) {
		missing(t, script+": install it with apt-get install python3-gdal")
	}
	tool(t, "/usr/bin/python3", script, "-k", "--extra", "--warning-as-error", furnished(t))
}

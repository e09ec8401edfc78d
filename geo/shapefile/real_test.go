package shapefile

import (
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"towngrid/geo"
)

// Real files, as many as there are in a folder of yours: no panic, the books
// balance, and GDAL finds the same records with the same rings.
func TestRealFiles(t *testing.T) {
	root := os.Getenv("TOWNGRID_SHAPEFILES")
	if root == "" {
		t.Skip("NOT TESTED on real files: set TOWNGRID_SHAPEFILES to a folder with shapefiles")
	}
	tool(t, "ogr2ogr")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.EqualFold(filepath.Ext(path), ".shp") {
			return err
		}
		t.Run(strings.TrimPrefix(path, root), func(t *testing.T) { compareReal(t, path) })
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func compareReal(t *testing.T, path string) {
	f := files{}
	for _, ext := range []string{"shp", "shx", "dbf", "prj", "cpg", "dbt", "fpt"} {
		for _, e := range []string{ext, strings.ToUpper(ext)} {
			if b, err := os.ReadFile(strings.TrimSuffix(path, filepath.Ext(path)) + "." + e); err == nil {
				f[ext] = b
			}
		}
	}
	o := readFiles(f, Options{}, DefaultLimits())
	if o.err != nil {
		t.Logf("refused: %v", o.err)
		return
	}
	sound(t, o)
	t.Logf("%s, %d records, %d refused, %s: %s", o.file.ShapeType, o.file.Records, o.file.Refused, o.file.Encoding.Name, o.checks())
	if geo.Refused(o.file.Violations) || f["shx"] == nil { // GDAL opens none without
		return
	}
	delete(f, "prj") // GDAL would transform to lon and lat
	theirs := ogr(t, f.pack(t, "cells"), "cells").Features
	if len(theirs) != len(o.records) {
		t.Fatalf("%d features by GDAL, %d by us", len(theirs), len(o.records))
	}
	for i, r := range o.records {
		if diff := gocmp.Diff(rounded(theirs[i].Geometry), rounded(r.Geometry)); diff != "" {
			t.Errorf("record %d: (-GDAL +ours)\n%s", r.Number, diff)
			return
		}
		if a, b := planar.Area(theirs[i].Geometry), planar.Area(r.Geometry); math.Abs(a-b) > 1e-9*math.Abs(a) {
			t.Errorf("record %d: area %v by GDAL, %v by us", r.Number, a, b)
		}
		for k, field := range o.file.Fields {
			want, has := theirs[i].Properties[field.Name]
			if text, _ := want.(string); strings.ContainsRune(text, '\ufffd') {
				continue // GDAL decodes nothing where nothing is stated
			}
			if got := plainValue(r.Values[k]); has && got != want {
				t.Errorf("record %d, %s: %v by GDAL, %v by us", r.Number, field.Name, want, got)
				return
			}
		}
	}
}

// rounded is a rough form of a geometry's rings, which does not depend on how
// many decimals are written.
func rounded(g orb.Geometry) (out [][2]float64) {
	if g == nil {
		return nil
	}
	for _, r := range ringsOf(plain(g)) {
		b := r.Bound()
		out = append(out, [2]float64{float64(len(r)), float64(float32(b.Min[0] + b.Max[1]))})
	}
	return out
}

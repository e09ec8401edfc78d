package export

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	orbjson "github.com/paulmach/orb/geojson"

	"towngrid/geo"
)

// TestOGRReadsGeoPackages: GDAL sees the system, the types, the text and an index.
func TestOGRReadsGeoPackages(t *testing.T) {
	s := cells(t, 60)
	b, rep := written(t, s, geo.Cells, options(t, GeoPackage))
	if len(rep.Cut) > 0 {
		t.Errorf("%+v", rep)
	}
	path := onDisk(t, "网格.gpkg", b)
	out := tool(t, "ogrinfo", "-ro", "-al", path)
	for _, want := range []string{
		`ID["EPSG",4490]]`, "Feature Count: 60", "IDENTIFIER=网格", "合成数据", "330890 v3", "Extent: (118.600000, 28.500000) - (119.100000, 29.000000)",
		"valid_from: Date", "valid_from (Date) = 2026/01/01", "人数: Integer64", "面积: Real", "启用: Integer(Boolean)", "MC (String) = 旧名", "code (String) = 330890000007",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%.3000s", want, out)
		}
	}
	for _, bad := range []string{"Warning", "ERROR", "�"} {
		if strings.Contains(out, bad) {
			t.Errorf("%s in\n%.2000s", bad, out)
		}
	}
	if found := tool(t, "ogrinfo", "-ro", "-q", path, "-sql", "SELECT HasSpatialIndex('cells', 'geom')"); !strings.Contains(found, "= 1") {
		t.Errorf("no spatial index: %s", found)
	}
	// An edit keeps the index right by the triggers.
	tool(t, "ogrinfo", "-q", path, "-dialect", "SQLite", "-sql", "DELETE FROM cells WHERE fid > 10")
	if found := tool(t, "ogrinfo", "-ro", "-q", path, "-sql", "SELECT count(*) FROM rtree_cells_geom"); !strings.Contains(found, "= 10") {
		t.Errorf("the index after an edit: %s", found)
	}
}

// TestGeoPackageIsExact has ogr2ogr write what it reads as GeoJSON, with all digits.
func TestGeoPackageIsExact(t *testing.T) {
	s := furnished(t)
	for _, c := range public() {
		b, _ := written(t, s, c, Options{Format: GeoPackage})
		text := tool(t, "ogr2ogr", "-f", "GeoJSON", "-lco", "COORDINATE_PRECISION=17", "-lco", "RFC7946=NO", "/vsistdout/", onDisk(t, "a.gpkg", b))
		fc, err := orbjson.UnmarshalFeatureCollection([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		want := features(s, c)
		if len(fc.Features) != len(want) {
			t.Fatalf("%s: %d features, want %d", c, len(fc.Features), len(want))
		}
		for i, f := range fc.Features {
			if f.Properties["code"] != string(want[i].Code) || !orb.Equal(f.Geometry, want[i].Geometry) {
				t.Fatalf("%s: feature %d is %v", c, i, f.Properties)
			}
		}
	}
}

// TestValidator has GDAL's validator hold the file against the standard, a warning
// being an error.
func TestValidator(t *testing.T) {
	const script = "/usr/lib/python3/dist-packages/osgeo_utils/samples/validate_gpkg.py"
	if _, err := os.Stat(script); errors.Is(err, fs.ErrNotExist) {
		absent(t, script+": install it with apt-get install python3-gdal")
	}
	s := furnished(t)
	for _, c := range []geo.Collection{geo.Cells, geo.Facilities} {
		b, _ := written(t, s, c, options(t, GeoPackage))
		tool(t, "/usr/bin/python3", script, "-k", "--extra", "--warning-as-error", onDisk(t, "a.gpkg", b))
	}
}

// TestHostileNames: no name of a property reaches SQL as anything but a name.
func TestHostileNames(t *testing.T) {
	ps := geo.Properties{{Name: `a"; DROP TABLE cells; --`, Value: "x"}, {Name: "FID", Value: int64(7)}, {Name: "Geom", Value: "g"}, {Name: "a'b", Value: 1.5}, {Name: "A'B", Value: true}, {Name: "rowid", Value: "r"}}
	s := publish(t, cells(t, 20), geo.Towns, division, []geo.Feature{{Code: "T", Geometry: square(0), Properties: ps}})
	b, rep := written(t, s, geo.Towns, Options{Format: GeoPackage})
	if len(rep.Cut) != 3 {
		t.Errorf("%+v", rep.Cut)
	}
	if !bytes.HasPrefix(b, []byte("SQLite format 3\x00")) {
		t.Fatalf("%.20q", b)
	}
	out := tool(t, "ogrinfo", "-ro", "-al", onDisk(t, "a.gpkg", b))
	for _, want := range []string{`a"; DROP TABLE cells; -- (String) = x`, "FID_2 (Integer64) = 7", "Geom_2 (String) = g", "a'b (Real) = 1.5", "A'B_2 (Integer(Boolean)) = 1", "rowid (String) = r"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

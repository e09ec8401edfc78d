package geojson

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo/geotest"
	"towngrid/geo/shapefile"
)

// gdal runs one of GDAL's tools and gives what it prints.
func gdal(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(tool(t, name, "gdal-bin"), args...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// district is a generated coverage as records with a code, a name and an area.
func district(seed uint64) ([]shapefile.Record, []shapefile.Field) {
	bound := orb.Bound{Min: orb.Point{118.6, 28.5}, Max: orb.Point{119.1, 29}}
	var records []shapefile.Record
	for i, cell := range geotest.Tessellation(seed, 60, bound) {
		records = append(records, shapefile.Record{Number: i + 1, Geometry: cell,
			Values: []any{fmt.Sprintf("330803%06d", i), "网格" + strconv.Itoa(i), int64(i), float64(i)/7 + 0.5}})
	}
	return records, []shapefile.Field{{Name: "code", Type: 'C'}, {Name: "名称", Type: 'C'}, {Name: "n", Type: 'N'}, {Name: "area", Type: 'F', Decimals: 15}}
}

// TestGDALReadsWhatWeWrite has ogr2ogr read our files and write them as CSV with WKT,
// which must have every feature with all digits.
func TestGDALReadsWhatWeWrite(t *testing.T) {
	tool(t, "ogr2ogr", "gdal-bin")
	records, fields := district(1)
	for _, opt := range []Options{{}, {CRS: "urn:ogc:def:crs:EPSG::4490"}, {Sequence: true}} {
		name := filepath.Join(t.TempDir(), map[bool]string{false: "a.geojson", true: "a.geojsonl"}[opt.Sequence])
		if err := os.WriteFile(name, write(t, records, fields, opt), 0o600); err != nil {
			t.Fatal(err)
		}
		info := gdal(t, "ogrinfo", "-ro", "-al", "-so", name)
		for _, want := range []string{fmt.Sprintf("Feature Count: %d", len(records)), "code: String", "名称: String", "n: Integer", "area: Real"} {
			if !strings.Contains(info, want) {
				t.Errorf("%+v: ogrinfo does not say %q:\n%s", opt, want, info)
			}
		}
		if want := `ID["EPSG",4490]`; opt.CRS != "" && !strings.Contains(info, want) {
			t.Errorf("ogrinfo does not say %q:\n%s", want, info)
		}
		out := name + ".json"
		gdal(t, "ogr2ogr", "-f", "GeoJSON", "-lco", "COORDINATE_PRECISION=17", out, name)
		compare(t, readFile(t, out), records)
	}
}

// TestGDALWritesWhatWeRead reads what GDAL makes of generated sets in its several
// flavours of GeoJSON.
func TestGDALWritesWhatWeRead(t *testing.T) {
	tool(t, "ogr2ogr", "gdal-bin")
	for seed := range uint64(2) {
		records, fields := district(100 + seed)
		name := filepath.Join(t.TempDir(), "a.geojson")
		if err := os.WriteFile(name, write(t, records, fields, Options{}), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{
			{"-f", "GeoJSON", "-lco", "COORDINATE_PRECISION=17"},
			{"-f", "GeoJSON", "-lco", "COORDINATE_PRECISION=17", "-lco", "WRITE_BBOX=YES", "-lco", "ID_FIELD=code", "-lco", "ID_TYPE=String", "-nlt", "MULTIPOLYGON25D"},
			{"-f", "GeoJSONSeq", "-lco", "COORDINATE_PRECISION=17"},
			{"-f", "GeoJSONSeq", "-lco", "COORDINATE_PRECISION=17", "-lco", "RS=YES"},
		} {
			out := name + ".out.json"
			os.Remove(out)
			gdal(t, "ogr2ogr", append(args, out, name)...)
			compare(t, readFile(t, out), records)
		}
	}
}

func readFile(t *testing.T, name string) outcome {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return read(t, string(b))
}

// compare holds records against those that were written. GDAL prints 17 digits and may
// begin a ring elsewhere or wind it otherwise; it has no say in the values.
func compare(t *testing.T, o outcome, want []shapefile.Record) {
	t.Helper()
	if len(o.records) != len(want) {
		t.Fatalf("%d records, want %d: %v", len(o.records), len(want), o.file.Violations)
	}
	place := map[string]int{}
	for i, f := range o.file.Fields {
		place[f.Name] = i
	}
	for i, r := range o.records {
		if !reflect.DeepEqual(r.Geometry, want[i].Geometry) {
			t.Fatalf("record %d:\n%v\nwant\n%v", i+1, r.Geometry, want[i].Geometry)
		}
		got := []any{r.Values[place["名称"]], r.Values[place["n"]], r.Values[place["area"]]}
		if _, has := place["code"]; has {
			got = append([]any{r.Values[place["code"]]}, got...)
		} else {
			got = append([]any{r.Values[place["id"]]}, got...)
		}
		if !reflect.DeepEqual(got, want[i].Values) {
			t.Fatalf("record %d: %#v, want %#v", i+1, got, want[i].Values)
		}
	}
}

// TestGDALCountsAsWeDo has GDAL read the kinds of files that we read: it must see as
// many features with as many points.
func TestGDALCountsAsWeDo(t *testing.T) {
	tool(t, "ogr2ogr", "gdal-bin")
	for name, text := range sample() {
		if name == "array" || name == "geometry" {
			continue // GDAL does not read the one, and gives the members of the other
		}
		file := filepath.Join(t.TempDir(), name+".geojson")
		out := file + ".out.json"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		gdal(t, "ogr2ogr", "-f", "GeoJSON", "-lco", "COORDINATE_PRECISION=17", "-dim", "XY", out, file)
		b, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		var theirs struct {
			Features []struct{ Geometry json.RawMessage }
		}
		if err := json.Unmarshal(b, &theirs); err != nil {
			t.Fatal(err)
		}
		ours, again := read(t, text), read(t, string(b))
		if len(theirs.Features) != len(ours.records) {
			t.Fatalf("%s: GDAL has %d features, we have %d", name, len(theirs.Features), len(ours.records))
		}
		for i, r := range ours.records {
			if !orbEqual(r.Geometry, again.records[i].Geometry) {
				t.Errorf("%s, record %d: %v, by GDAL %v", name, i+1, r.Geometry, again.records[i].Geometry)
			}
		}
	}
}

package shapefile

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"
	"github.com/twpayne/go-geom"
	shp "github.com/twpayne/go-shapefile"
)

// tool finds a program that judges from outside, and skips loudly without it.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("TOWNGRID_REQUIRE_TOOLS") == "1" {
			t.Fatalf("%s is missing", name)
		}
		t.Skipf("NOT TESTED against GDAL: %s is missing; apt-get install gdal-bin, or set TOWNGRID_REQUIRE_TOOLS=1 to make this an error", name)
	}
	return path
}

// ogr gives the features of a layer as GDAL reads them.
func ogr(t *testing.T, data []byte, layer string) *geojson.FeatureCollection {
	t.Helper()
	file := filepath.Join(t.TempDir(), "t.zip")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(tool(t, "ogr2ogr"), "-f", "GeoJSON", "-lco", "COORDINATE_PRECISION=15", "/vsistdout/", "/vsizip/"+file, layer)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, errs.String())
	}
	fc, err := geojson.UnmarshalFeatureCollection(out.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return fc
}

// plain brings a geometry into one form: everything multiple, rings oriented by
// role, polygons and holes ordered.
func plain(g orb.Geometry) orb.Geometry {
	switch g := g.(type) {
	case orb.Polygon:
		return plain(orb.MultiPolygon{g})
	case orb.LineString:
		return orb.MultiLineString{g}
	case orb.MultiPolygon:
		out := g.Clone()
		for _, poly := range out {
			for i, r := range poly {
				if area2(r) > 0 == (i > 0) {
					slices.Reverse(r)
				}
			}
			slices.SortFunc(poly[1:], compareRings)
		}
		slices.SortFunc(out, func(a, b orb.Polygon) int { return compareRings(a[0], b[0]) })
		return out
	}
	return g
}

func compareRings(a, b orb.Ring) int {
	return cmp.Or(cmp.Compare(a[0][0], b[0][0]), cmp.Compare(a[0][1], b[0][1]), cmp.Compare(len(a), len(b)))
}

// plainValue brings a value into the form in which GDAL gives it through GeoJSON.
func plainValue(v any) any {
	switch v := v.(type) {
	case int64:
		return float64(v)
	case bool:
		return map[bool]string{true: "T", false: "F"}[v]
	}
	return v
}

// GDAL reads what is written, in both encodings and with names in GBK; and it
// reads the same from what we read.
func TestGDALReadsWhatIsWritten(t *testing.T) {
	tool(t, "ogr2ogr")
	kinds := map[string][]Record{"Polygon": demo(3, 200, 24)}
	kinds["Polygon"][5].Geometry = nil
	rng := rand.New(rand.NewPCG(2, 2))
	for i := range 50 {
		p := func() orb.Point { return orb.Point{float64(rng.IntN(1<<20)) / 1024, float64(rng.IntN(1<<20)) / 1024} }
		v := demo(uint64(i), 1, 5)[0].Values
		kinds["Point"] = append(kinds["Point"], Record{Number: i + 1, Geometry: p(), Values: v})
		kinds["MultiPoint"] = append(kinds["MultiPoint"], Record{Number: i + 1, Geometry: orb.MultiPoint{p(), p()}, Values: v})
		kinds["PolyLine"] = append(kinds["PolyLine"], Record{Number: i + 1, Geometry: orb.MultiLineString{{p(), p()}, {p(), p(), p()}}, Values: v})
	}
	for kind, records := range kinds {
		for _, encoding := range []string{"GBK", "UTF-8"} {
			out := demoOutput(records, encoding)
			out.ShapeType, out.PRJ = kind, ""
			data := write(t, out)
			compareWithGDAL(t, data, "cells", kind+" "+encoding)
			if diff := gocmp.Diff(records, readZip(t, data, "cells.shp").records, cmpopts.IgnoreFields(Record{}, "Rings")); diff != "" {
				t.Fatalf("%s: %s", kind, diff)
			}
		}
	}
}

// A layer of a Chinese name has its attributes in GDAL, too.
func TestGDALReadsChineseLayerNames(t *testing.T) {
	out := demoOutput(demo(4, 30, 5), "GBK")
	out.Name = "网格"
	compareWithGDAL(t, write(t, out), "网格", "网格")
}

func compareWithGDAL(t *testing.T, data []byte, layer, name string) {
	t.Helper()
	theirs, ours := ogr(t, data, layer).Features, readZip(t, data, layer+".shp")
	if len(theirs) != len(ours.records) {
		t.Fatalf("%s: %d features by GDAL, %d by us (%s)", name, len(theirs), len(ours.records), ours.checks())
	}
	for i, r := range ours.records {
		f := theirs[i]
		if diff := gocmp.Diff(plain(f.Geometry), plain(r.Geometry)); diff != "" {
			t.Fatalf("%s: record %d: (-GDAL +ours)\n%s", name, r.Number, diff)
		}
		for k, field := range ours.file.Fields {
			if got, want := plainValue(r.Values[k]), f.Properties[field.Name]; got != want {
				t.Fatalf("%s: record %d, %s: %v by GDAL, %v by us", name, r.Number, field.Name, want, got)
			}
		}
	}
}

// What programs other than ours do to files, as far as GDAL reads it without
// losing anything: both must read the same.
func TestGDALReadsTheSame(t *testing.T) {
	tool(t, "ogr2ogr")
	outer, hole, island := box(0, 0, 12), reversed(box(3, 3, 6)), box(5, 5, 2)
	withRows := func(f files, rows ...string) files {
		f["dbf"] = dbfOf(3, 0x4d, []rawField{{"BM", 'C', 6, 0}, {"\xc3\xfb\xb3\xc6", 'C', 8, 0}, {"MJ", 'N', 9, 3}}, rows...)
		f["cpg"] = []byte("GBK")
		return f
	}
	rows := []string{" 000001\xcd\xf8\xb8\xf1\xd2\xbb  " + "  12.500", " 00002 \xc7\xfa       " + "        ", " 000003        " + "    1.25 "}
	three := rows[:3]
	for i := range three {
		three[i] = pad(three[i], 24)
	}
	deleted := slices.Clone(three)
	deleted[1] = "*" + deleted[1][1:]
	for name, f := range map[string]files{
		"holes first":    withRows(shpOf(polygon, polygonContent(hole, outer), polygonContent(outer, hole, island), polygonContent(box(30, 0, 2), box(20, 0, 2))), three...),
		"PolygonZ":       withRows(shpOf(15, join(partsContent(15, outer), floats(7, 3)), join(partsContent(15, outer, hole), floats(12, 3), floats(12, 4)), le32(0)), three...),
		"PolygonM":       withRows(shpOf(25, partsContent(25, outer), join(partsContent(25, outer), floats(7, 1)), le32(0)), three...),
		"deleted row":    withRows(shpOf(polygon, polygonContent(outer), polygonContent(box(7, 7, 7)), polygonContent(hole, outer)), deleted...),
		"PolyLineZ":      withRows(shpOf(13, join(partsContent(13, outer), floats(7, 3)), join(partsContent(13, outer, hole), floats(12, 3)), le32(0)), three...),
		"three polygons": withRows(shpOf(polygon, polygonContent(outer), polygonContent(box(9, 9, 9)), polygonContent(island)), three...),
	} {
		compareWithGDAL(t, f.pack(t, "cells"), "cells", name)
	}
}

// Areas are those that GDAL computes from the same file.
func TestAreasAgainstGDAL(t *testing.T) {
	ogrinfo := tool(t, "ogrinfo")
	records := demo(11, 300, 40)
	data := write(t, demoOutput(records, "UTF-8"))
	file := filepath.Join(t.TempDir(), "t.zip")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(ogrinfo, "-ro", "-q", "/vsizip/"+file, "-sql", "SELECT SUM(OGR_GEOM_AREA) AS area, COUNT(*) AS n FROM cells").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var area float64
	for line := range strings.Lines(string(out)) {
		if _, v, ok := strings.Cut(line, "(Real) = "); ok {
			fmt.Sscan(v, &area)
		}
	}
	sum := 0.0
	for _, r := range readZip(t, data, "cells.shp").records {
		for _, poly := range r.Geometry.(orb.MultiPolygon) {
			for _, ring := range poly {
				sum += area2(ring) / 2
			}
		}
	}
	if area == 0 || math.Abs(sum-area) > 1e-9*area {
		t.Fatalf("%v by GDAL, %v by us\n%s", area, sum, out)
	}
}

// ringsOf lists the rings of a geometry counter-clockwise and in order, or its
// lines or points as they are, so that readers with other ideas of holes compare.
func ringsOf(g orb.Geometry) (rings []orb.Ring) {
	switch g := g.(type) {
	case orb.Point:
		return []orb.Ring{{g}}
	case orb.MultiPoint:
		return []orb.Ring{orb.Ring(g)}
	case orb.MultiLineString:
		for _, l := range g {
			rings = append(rings, orb.Ring(l))
		}
	case orb.MultiPolygon:
		for _, poly := range g {
			for _, r := range poly {
				r = slices.Clone(r)
				if area2(r) < 0 {
					slices.Reverse(r)
				}
				rings = append(rings, r)
			}
		}
	}
	slices.SortFunc(rings, compareRings)
	return rings
}

// fromGeom turns a geometry of go-geom into one of orb, without heights.
func fromGeom(t *testing.T, g geom.T) orb.Geometry {
	t.Helper()
	points := func(flat []float64, stride int) (out []orb.Point) {
		for i := 0; i < len(flat); i += stride {
			out = append(out, orb.Point{flat[i], flat[i+1]})
		}
		return out
	}
	switch g := g.(type) {
	case *geom.Point:
		return points(g.FlatCoords(), g.Stride())[0]
	case *geom.MultiPoint:
		return orb.MultiPoint(points(g.FlatCoords(), g.Stride()))
	case *geom.MultiLineString:
		var out orb.MultiLineString
		for i := range g.NumLineStrings() {
			out = append(out, points(g.LineString(i).FlatCoords(), g.Stride()))
		}
		return out
	case *geom.MultiPolygon:
		var out orb.MultiPolygon
		for i := range g.NumPolygons() {
			var poly orb.Polygon
			for k := range g.Polygon(i).NumLinearRings() {
				poly = append(poly, points(g.Polygon(i).LinearRing(k).FlatCoords(), g.Stride()))
			}
			out = append(out, poly)
		}
		return out
	}
	t.Fatalf("%T", g)
	return nil
}

// The other reader in Go finds the same coordinates in sound files.
func TestAgainstGoShapefile(t *testing.T) {
	const seed = 21
	rng := rand.New(rand.NewPCG(seed, 0))
	for round := range 40 {
		var contents [][]byte
		k := []kind{1, 3, 5, 8, 11, 13, 15, 18, 21, 23, 25, 28}[round%12]
		for range 1 + rng.IntN(20) {
			contents = append(contents, randomContent(rng, k))
		}
		f := shpOf(k, contents...)
		theirs, err := shp.ReadSHP(bytes.NewReader(f["shp"]), int64(len(f["shp"])), &shp.ReadSHPOptions{MaxParts: 1000, MaxPoints: 10000, MaxRecordSize: 1 << 20})
		if err != nil {
			t.Fatalf("seed %d round %d, %v: %v", seed, round, k, err)
		}
		o := mustRead(t, f, Options{})
		if len(o.records) != len(theirs.Records) {
			t.Fatalf("%d and %d records", len(o.records), len(theirs.Records))
		}
		for i, r := range o.records {
			if diff := gocmp.Diff(ringsOf(fromGeom(t, theirs.Records[i].Geom)), ringsOf(r.Geometry)); diff != "" {
				t.Fatalf("seed %d round %d, %v record %d: (-theirs +ours)\n%s", seed, round, k, i+1, diff)
			}
		}
	}
}

// randomContent is a sound record of kind k.
func randomContent(rng *rand.Rand, k kind) []byte {
	p := func() orb.Point { return orb.Point{1000 * rng.NormFloat64(), 1000 * rng.NormFloat64()} }
	var b []byte
	n := 0
	switch k.family() {
	case point:
		b = join(le32(int(k)), xy(p()))
	case multiPoint:
		n = 1 + rng.IntN(9)
		b = join(le32(int(k)), floats(4, 0), le32(n))
		for range n {
			b = append(b, xy(p())...)
		}
	default:
		parts := [][]orb.Point{reversed(star(rng, 0, 0, 9, 20))}
		if rng.IntN(2) == 0 {
			parts = append(parts, star(rng, 0, 0, 3, 8))
		}
		if rng.IntN(2) == 0 {
			parts = append(parts, reversed(star(rng, 50, 0, 9, 20)))
		}
		for _, part := range parts {
			n += len(part)
		}
		b = partsContent(k, parts...)
	}
	plane := floats(2+n, 7)
	if k.family() == point {
		plane = floats(1, 7)
	}
	switch {
	case k.hasZ():
		return join(b, plane, plane)
	case k.hasM():
		return join(b, plane)
	}
	return b
}

// ogrinfo's own summary of a written file, as a planner would look at it.
func TestOgrinfoSummary(t *testing.T) {
	ogrinfo := tool(t, "ogrinfo")
	out := demoOutput(demo(1, 10, 8), "GBK")
	out.PRJ = `GEOGCS["China Geodetic Coordinate System 2000",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]`
	out.Name, out.ZipNamesGBK = "cells", true
	file := filepath.Join(t.TempDir(), "t.zip")
	if err := os.WriteFile(file, write(t, out), 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := exec.Command(ogrinfo, "-ro", "-so", "-al", "/vsizip/"+file).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	for _, want := range []string{"Feature Count: 10", "Geometry: Polygon", "CGCS2000", "网格名称: String (40.0)", "MJ: Real (18.4)", "QYRQ: Date", "人口: Integer (9.0)"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("ogrinfo does not say %q:\n%s", want, text)
		}
	}
	if strings.Contains(string(text), "Warning") || strings.Contains(string(text), "ERROR") {
		t.Errorf("%s", text)
	}
}

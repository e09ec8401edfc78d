package intake

import (
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/snapshot"
)

// TestAllIsToldAtOnce sends faults of several steps: a planner hears of all of them.
func TestAllIsToldAtOnce(t *testing.T) {
	bow := orb.MultiPolygon{{{{118.92, 29}, {118.93, 29.01}, {118.93, 29}, {118.92, 29.01}, {118.92, 29}}}}
	res := mustRead(t, geo.Cells, Choice{}, zipped(t, sheet{name: "c", prj: degreesPRJ(), fields: text20("WGBM", "SSDYBM"), rows: []row{
		{square(118.9, 29, .01), []any{"C1", nil}}, {square(118.91, 29, .01), []any{"C2", "U1"}}, {bow, []any{"C2", "U1"}},
	}}))
	for _, check := range []string{"missing_value", "duplicate_code", "self_crossing"} {
		wantCheck(t, res, check, geo.Refusal)
	}
	if res.Features != nil || res.Counts != (Counts{3, 2, 1}) {
		t.Errorf("%+v", res.Counts)
	}
}

// TestShapesThatAreAllNull has no position that could contradict a system.
func TestShapesThatAreAllNull(t *testing.T) {
	res := mustRead(t, geo.Cells, Choice{}, zipped(t, sheet{name: "c", prj: degreesPRJ(), fields: text20("WGBM", "SSDYBM"), rows: []row{{nil, []any{"C1", "U1"}}, {nil, []any{"C2", "U1"}}}}))
	wantCheck(t, res, "missing_geometry", geo.Refusal)
	if res.Counts != (Counts{2, 0, 2}) {
		t.Errorf("%+v", res.Counts)
	}
}

// TestFilesWithoutRecords are refused for that, whatever else they lack.
func TestFilesWithoutRecords(t *testing.T) {
	for _, file := range []string{`{"type":"FeatureCollection","features":[]}`} {
		res := mustRead(t, geo.Parcels, Choice{}, []byte(file))
		if !slices.Equal(found(res), []string{"no_features"}) || res.Question != nil {
			t.Errorf("%s: %v %+v", file, found(res), res.Question)
		}
	}
}

// TestFieldsAreFoundByWhatADBFLeavesOfTheirNames reads the names that remain of 10 bytes.
func TestFieldsAreFoundByWhatADBFLeavesOfTheirNames(t *testing.T) {
	for name, left := range map[string][]string{
		"网格编码": {"网格编"}, "land_use_name": {"land_use_n", "land_use_n"}, "valid_from": nil, "网格警务站名称": {"网格警", "网格警务站"},
	} {
		if got := cut(name); !slices.Equal(got, left) {
			t.Errorf("%s: %q, want %q", name, got, left)
		}
	}
	cells := mustRead(t, geo.Cells, Choice{}, zipped(t, sheet{name: "c", prj: degreesPRJ(), fields: text20("网格编", "网格名", "所属单"), rows: []row{{square(118.9, 29, .01), []any{"C1", "格", "U1"}}}}))
	if len(cells.Features) != 1 || cells.Features[0].Code != "C1" || cells.Features[0].Name != "格" || cells.Features[0].Properties.Text("unit") != "U1" {
		t.Errorf("%+v %+v", cells.Question, cells.Features)
	}
	parcels := mustRead(t, geo.Parcels, Choice{}, zipped(t, sheet{name: "p", prj: degreesPRJ(), fields: text20("code", "land_use", "land_use_n", "code_syste", "stated_are"),
		rows: []row{{square(118.9, 29, .01), []any{"P1", "0701", "城镇住宅用地", geo.LandUse2023, "12.5"}}}}))
	if len(parcels.Features) != 1 {
		t.Fatalf("%+v %v", parcels.Question, found(parcels))
	}
	if p := parcels.Features[0].Properties; p.Text("land_use_name") != "城镇住宅用地" || p.Text("code_system") != geo.LandUse2023 || p.Value("stated_area") != 12.5 {
		t.Errorf("%+v", p)
	}
	// A whole name goes before what is left of one.
	both := mustRead(t, geo.Cells, Choice{}, zipped(t, sheet{name: "c", prj: degreesPRJ(), fields: text20("网格编", "WGBM", "SSDYBM"), rows: []row{{square(118.9, 29, .01), []any{"left", "C1", "U1"}}}}))
	if len(both.Features) != 1 || both.Features[0].Code != "C1" || both.Features[0].Properties.Text("网格编") != "left" {
		t.Errorf("%+v", both.Features)
	}
}

// TestIDsOfGeoJSONFeatures are kept where they say something new, and only there.
func TestIDsOfGeoJSONFeatures(t *testing.T) {
	file := inDegrees([]orb.Ring{square(118.9, 29, .01)[0][0]})
	if f := mustRead(t, geo.Cells, Choice{}, file).Features; len(f) != 1 || f[0].Code != "C0" || f[0].Properties.Value("id") != nil {
		t.Errorf("%+v", f)
	}
	other := []byte(strings.Replace(string(file), `"id":"C0"`, `"id":"other"`, 1))
	if f := mustRead(t, geo.Cells, Choice{}, other).Features; len(f) != 1 || f[0].Code != "C0" || f[0].Properties.Text("id") != "other" {
		t.Errorf("%+v", f)
	}
}

// TestCellsOnLongEdges divides a unit of long slanting edges: a vertex that only one side
// has on a common edge, or a cell on the edge of its unit, is no defect.
func TestCellsOnLongEdges(t *testing.T) {
	a, b, c := orb.Point{118.8, 29}, orb.Point{119.3, 29.3}, orb.Point{118.8, 29.4}
	along := func(t float64) orb.Point { return orb.Point{a[0] + t*(b[0]-a[0]), a[1] + t*(b[1]-a[1])} }
	ring := func(pts ...orb.Point) []orb.Ring { return []orb.Ring{append(pts, pts[0])} }
	units, err := snapshot.NewPart(geo.Version{ID: "u", Collection: geo.Units, Division: "330890", Number: 1}, []geo.Feature{
		{Code: "U1", Geometry: orb.MultiPolygon{ring(a, b, c)}, Properties: geo.Properties{{Name: "level", Value: "station"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	file := inDegrees(ring(a, along(1./3), c), ring(along(1./3), along(.5), along(.75), c), ring(along(.75), b, c))
	res, err := Read(t.Context(), Job{File: "c", Source: strings.NewReader(string(file)), Size: int64(len(file)), Collection: geo.Cells, Division: "330890", Live: Published(snapshot.Empty().With(units))})
	if err != nil || len(res.Features) != 3 {
		t.Fatalf("%v %v", err, found(res))
	}
	for _, check := range found(res) {
		if check != "ring_reversed" {
			t.Errorf("%s is told", check)
		}
	}
	for _, v := range res.Violations {
		t.Log(v.Message.EN)
	}
	// Geodesics between the vertices would leave this much between unit and cells.
	sum := 0.0
	for _, f := range res.Features {
		sum += geo.AreaM2(f.Geometry)
	}
	if off := sum - geo.AreaM2(orb.MultiPolygon{ring(a, b, c)}); off > -100 && off < 100 {
		t.Errorf("geodesics differ by %v m²: the test tests nothing", off)
	}
}

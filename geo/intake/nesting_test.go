package intake

import (
	"bytes"
	"context"
	"math"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/snapshot"
)

// nested reads cells of unit S1, a square of 0.01 degrees.
func nested(t *testing.T, rows ...row) Result {
	t.Helper()
	units, err := snapshot.NewPart(geo.Version{ID: "u", Collection: geo.Units, Division: "330890", Number: 1}, []geo.Feature{
		{Code: "S1", Name: "站", Geometry: square(118.9, 29, .01), Properties: geo.Properties{{Name: "level", Value: "station"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	file := zipped(t, sheet{name: "c", prj: degreesPRJ(), fields: text20("WGBM", "SSDYBM"), rows: rows})
	res, err := Read(context.Background(), Job{
		File: "c.zip", Source: bytes.NewReader(file), Size: int64(len(file)), Collection: geo.Cells, Division: "330890",
		Live: Published(snapshot.Empty().With(units)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func half(x float64) orb.MultiPolygon {
	return orb.MultiPolygon{{{{x, 29}, {x + .005, 29}, {x + .005, 29.01}, {x, 29.01}, {x, 29}}}}
}

func TestCellsAreHeldAgainstTheirUnit(t *testing.T) {
	west, east := row{half(118.9), []any{"C1", "S1"}}, row{half(118.905), []any{"C2", "S1"}}
	if res := nested(t, west, east); len(found(res)) != 0 {
		t.Errorf("cells that cover their unit: %v", found(res))
	}
	want := geo.AreaM2(half(118.9))
	res := nested(t, west)
	if v := wantCheck(t, res, "uncovered_unit", geo.Warning); v.Record != geo.None || len(res.Features) != 1 {
		t.Errorf("%+v", v)
	}
	// A cell that lies half a cell further east reaches out with half of it.
	res = nested(t, west, row{half(118.9075), []any{"C2", "S1"}})
	v := wantCheck(t, res, "outside_unit", geo.Warning)
	if v.Record != 2 || !v.Placed() || v.Lon < 118.91 {
		t.Errorf("%+v", v)
	}
	wantCheck(t, res, "uncovered_unit", geo.Warning)
	cut, at := outsideM2(half(118.9075), newBands(square(118.9, 29, .01)))
	if math.Abs(cut/want-.5) > 1e-6 || at.Lon() < 118.91 {
		t.Errorf("%v m² outside, want half of %v", cut, want)
	}
	// A cell around its unit has no vertex inside, and one across it no vertex but outside.
	if cut, _ := outsideM2(square(118.8, 28.9, .3), newBands(square(118.9, 29, .01))); cut < 100*want {
		t.Errorf("a cell around its unit: %v", cut)
	}
	// The unit has a bay that the cell's edge runs across.
	bay := orb.MultiPolygon{{{{118.9, 29}, {118.91, 29}, {118.91, 29.01}, {118.907, 29.01}, {118.905, 29.005}, {118.903, 29.01}, {118.9, 29.01}, {118.9, 29}}}}
	if cut, _ := outsideM2(square(118.9, 29, .01), newBands(bay)); math.Abs(cut/want-.2) > 1e-3 {
		t.Errorf("across a bay: %v of %v", cut, want)
	}
}

// TestSnapIsDoneOnlyWhenAsked reads two cells whose common border is 5 mm apart.
func TestSnapIsDoneOnlyWhenAsked(t *testing.T) {
	file := zipped(t, sheet{name: "c", prj: degreesPRJ(), fields: text20("WGBM", "SSDYBM"), rows: []row{
		{square(118.9, 29, .01), []any{"C1", "U1"}}, {square(118.91000005, 29, .01), []any{"C2", "U1"}},
	}})
	if res := mustRead(t, geo.Cells, Choice{}, file); slices.Contains(found(res), "snapped") {
		t.Errorf("%v", found(res))
	}
	res := mustRead(t, geo.Cells, Choice{Fix: FixSnap, ToleranceM: 0.01}, file)
	if v := wantCheck(t, res, "snapped", geo.Notice); v.Record != 2 || v.Part != 0 || !v.Placed() {
		t.Errorf("%+v", v)
	}
	a, b := res.Features[0].Geometry.(orb.MultiPolygon), res.Features[1].Geometry.(orb.MultiPolygon)
	if !slices.Contains(b[0][0], a[0][0][1]) || !slices.Contains(b[0][0], a[0][0][2]) {
		t.Error("the border is still two")
	}
	for _, bad := range []Choice{{Fix: "all"}, {ToleranceM: -1}, {ToleranceM: 2}, {ToleranceM: math.NaN()}} {
		if _, err := read(t, geo.Cells, bad, file); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}

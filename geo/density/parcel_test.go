package density

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"towngrid/geo"
)

// rowOf finds a parcel's row.
func rowOf(t testing.TB, r Report, code geo.Code) CountedParcel {
	t.Helper()
	for _, p := range r.Parcels {
		if p.Code == code {
			return p
		}
	}
	t.Fatalf("parcel %s is not listed", code)
	return CountedParcel{}
}

// with adds parcels to the quiet town.
func with(parcels ...geo.Feature) world {
	w := quietTown()
	w.parcels = append(w.parcels, parcels...)
	return w
}

// TestParcelsAreClippedToTheTown lets parcels cross the border: half of C1 lies
// east of it, C2 touches it from outside, C3 lies away but is marked as the town's.
func TestParcelsAreClippedToTheTown(t *testing.T) {
	w := with(
		feature("C1", rect(118.9195, 29.004, 0.001, 0.001), "land_use", "0701", "code_system", geo.LandUse2023),
		feature("C2", rect(118.92, 29.006, 0.001, 0.001), "land_use", "0701", "code_system", geo.LandUse2023),
		feature("C3", rect(118.92, 29.008, 0.001, 0.001), "land_use", "0701", "code_system", geo.LandUse2023, "town", "T1"),
		feature("C4", rect(118.8995, 29.0195, 0.001, 0.001), "land_use", "0701", "code_system", geo.LandUse2023),
	)
	w.towns = append(w.towns, feature("T2", rect(118.92, 29, 0.02, 0.02)), feature("T3", rect(118.88, 29, 0.02, 0.02)))
	r := judge(t, w, "zhejiang-2018", Options{})
	c1, c3, c4 := rowOf(t, r, "C1"), rowOf(t, r, "C3"), rowOf(t, r, "C4")

	half := exactRect(29.004, 0.0005, 0.001)
	wants(t, "C1 counted", &c1.AreaM2, half, 1e-3)
	wants(t, "C1 inside", c1.InsideM2, half, 1e-3)
	wants(t, "C1 whole", c1.WholeM2, 2*half, 1e-3)
	if c1.State != Cut || c1.Reason.Code != CutByBorder {
		t.Errorf("C1 is %s: %v", c1.State, c1.Reason)
	}
	if d := cmp.Diff([]geo.Code{"T2"}, c1.AlsoIn); d != "" {
		t.Error(d)
	}
	for _, p := range r.Parcels {
		if p.Code == "C2" {
			t.Error("C2, which only touches the town, is listed")
		}
	}
	if c3.State != LeftOut || c3.Reason.Code != OutsideTown || c3.AreaM2 != 0 || c3.Doubtful {
		t.Errorf("C3: %+v", c3)
	}
	quarter := exactRect(29.0195, 0.0005, 0.0005)
	wants(t, "C4 counted", &c4.AreaM2, quarter, 1e-3)
	if d := cmp.Diff([]geo.Code{"T3"}, c4.AlsoIn); d != "" {
		t.Error(d)
	}
	f := findingOf(t, r, Land)
	wants(t, "land", f.Value, columnM2(8)+half+quarter, 1e-3)
	if number(t, f, "parcelsCut") != 2 {
		t.Errorf("inputs: %v", f.Inputs)
	}
	if got := geo.AreaM2(c1.Shape); math.Abs(got-half) > 1e-3 {
		t.Errorf("the shape of C1 has %v m²", got)
	}
}

// TestBothTownsCountTheirPart: the parts of a parcel that crosses a common border add up to it.
func TestBothTownsCountTheirPart(t *testing.T) {
	w := with(feature("C1", orb.MultiPolygon{{{{118.9183, 29.0041}, {118.9217, 29.0052}, {118.9204, 29.0079}, {118.9191, 29.0083}, {118.9183, 29.0041}}}}, "land_use", "0701", "code_system", geo.LandUse2023))
	w.towns = append(w.towns, feature("T2", rect(118.92, 29, 0.02, 0.02), "residents", int64(3000)))
	all, err := AssessAll(standard(t, "zhejiang-2018"), w.snapshot(t), []geo.Code{"T1", "T2"}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	a, b := rowOf(t, all[0], "C1"), rowOf(t, all[1], "C1")
	parts := degreeArea(a.Shape) + degreeArea(b.Shape)
	whole := degreeArea(w.parcels[len(w.parcels)-1].Geometry.(orb.MultiPolygon))
	if math.Abs(parts/whole-1) > 1e-9 || a.AreaM2 < 1000 || b.AreaM2 < 1000 {
		t.Errorf("%v square degrees of %v", parts, whole)
	}
	// Geodesic edges of 300 m bulge by 0.2 m² more than their pieces do.
	if math.Abs(a.AreaM2+b.AreaM2-*a.WholeM2) > 0.3 {
		t.Errorf("%v + %v m² of %v", a.AreaM2, b.AreaM2, *a.WholeM2)
	}
}

// TestHolesAndParts counts what a town with a hole and an exclave holds.
func TestHolesAndParts(t *testing.T) {
	w := quietTown()
	outer := rect(118.9, 29, 0.02, 0.02)[0][0]
	hole := rect(118.9045, 29.0005, 0.001, 0.001)[0][0] // takes a quarter of P01, whose corner is at 118.905, 29.001
	hole.Reverse()
	w.towns[0].Geometry = orb.MultiPolygon{{outer, hole}, rect(118.95, 29, 0.001, 0.001)[0]}
	w.parcels = append(w.parcels, feature("X1", rect(118.95, 29, 0.001, 0.0005), "land_use", "07", "code_system", geo.LandUse2023))
	r := judge(t, w, "zhejiang-2018", Options{})
	p1, x1 := rowOf(t, r, "P01"), rowOf(t, r, "X1")
	wants(t, "P01", &p1.AreaM2, exactRect(29, 0.001, 0.001)-exactRect(29.0005, 0.0005, 0.0005), 0.01)
	wants(t, "X1", &x1.AreaM2, exactRect(29, 0.001, 0.0005), 1e-3)
	if p1.State != Cut || x1.State != Counted {
		t.Errorf("%s, %s", p1.State, x1.State)
	}
}

// TestOverlapsCountOnce lays parcels on others: O1 covers the upper half of P01 and
// as much above it, O2 is P02 again, O3 overlaps O1 and P02 a little.
func TestOverlapsCountOnce(t *testing.T) {
	w := with(
		feature("Q1", rect(118.905, 29.0005, 0.001, 0.001), "land_use", "0702", "code_system", geo.LandUse2023),
		feature("Q2", rect(118.905, 29.002, 0.001, 0.001), "land_use", "0701", "code_system", geo.LandUse2023),
		feature("Q3", rect(118.9055, 29.00125, 0.0005, 0.001), "land_use", "0701", "code_system", geo.LandUse2023),
	)
	r := judge(t, w, "zhejiang-2018", Options{})
	q1, q2, q3 := rowOf(t, r, "Q1"), rowOf(t, r, "Q2"), rowOf(t, r, "Q3")
	upper := exactRect(29.001, 0.001, 0.0005)
	between := exactRect(29.0015, 0.0005, 0.0005) // of Q3, between Q1 and P02
	wants(t, "Q1", &q1.AreaM2, upper, 1e-3)
	wants(t, "Q1 overlap", &q1.OverlapM2, exactRect(29.0005, 0.001, 0.0005), 1e-3)
	wants(t, "Q3", &q3.AreaM2, between, 1e-3)
	if q1.State != Counted || q1.Reason.Code != CountedAlready {
		t.Errorf("Q1: %s %v", q1.State, q1.Reason)
	}
	if q2.State != LeftOut || q2.AreaM2 != 0 || q2.Reason.Code != CountedAlready || q2.Doubtful {
		t.Errorf("Q2: %+v", q2)
	}
	if d := cmp.Diff([][]geo.Code{{"P01"}, {"P02"}, {"P02", "Q1"}}, [][]geo.Code{q1.Overlaps, q2.Overlaps, q3.Overlaps}); d != "" {
		t.Error(d)
	}
	f := findingOf(t, r, Land)
	wants(t, "land", f.Value, columnM2(8)+upper+between, 1e-3)
	overlap := number(t, f, "overlapM2")
	wants(t, "overlap", &overlap, q1.OverlapM2+q2.OverlapM2+q3.OverlapM2, 1e-3)
	if f.Verdict != Fits {
		t.Errorf("overlaps leave the verdict %s", f.Verdict)
	}
	sum := 0.0
	for _, s := range r.Breakdown {
		sum += s.AreaM2
	}
	wants(t, "the breakdown's sum", &sum, *f.Value, 1e-3)
}

// TestNeighboursDoNotOverlap: parcels that share a whole edge, a part of one, or a
// corner are not reported.
func TestNeighboursDoNotOverlap(t *testing.T) {
	w := with(
		parcelAt("N1", 5, 1, "0701"), parcelAt("N2", 6, 1, "0701"), parcelAt("N3", 6, 0, "0701"),
		feature("N4", rect(118.904, 29.0003, 0.001, 0.0033), "land_use", "0701", "code_system", geo.LandUse2023))
	r := judge(t, w, "zhejiang-2018", Options{})
	for _, p := range r.Parcels {
		if p.OverlapM2 != 0 || p.Overlaps != nil {
			t.Errorf("%s overlaps %v by %v m²", p.Code, p.Overlaps, p.OverlapM2)
		}
	}
	if got := number(t, findingOf(t, r, Land), "parcelsCounted"); got != 12 {
		t.Errorf("%v parcels counted", got)
	}
}

// TestStatedAreas compares with the file row by row.
func TestStatedAreas(t *testing.T) {
	w := quietTown()
	stated := map[int]any{0: 10799.66, 1: 1.07994600, 2: 16.1989, 3: 12000.0, 4: int64(10799), 5: "10,798", 6: math.NaN()}
	for i, v := range stated {
		w.parcels[i].Properties = append(w.parcels[i].Properties, geo.Property{Name: "stated_area", Value: v})
	}
	r := judge(t, w, "zhejiang-2018", Options{})
	for i, want := range map[int]float64{0: 0.0047, 1: 10798.3801, 2: 10783.0564, 3: -1200.9494, 4: -0.1541} {
		wants(t, "difference", r.Parcels[i].StatedDifferenceM2, want, 1e-3)
	}
	for i, unit := range map[int]string{1: "公顷", 2: "亩"} {
		if rm := r.Parcels[i].Remarks; len(rm) != 1 || !strings.Contains(rm[0].ZH, unit) {
			t.Errorf("parcel %d in %s: %v", i, unit, rm)
		}
	}
	for _, i := range []int{0, 3, 4, 5, 6} {
		if rm := r.Parcels[i].Remarks; rm != nil {
			t.Errorf("parcel %d: %v", i, rm)
		}
	}
	for _, i := range []int{5, 6, 7} {
		if r.Parcels[i].StatedM2 != nil || r.Parcels[i].StatedDifferenceM2 != nil {
			t.Errorf("parcel %d states no area: %v", i, *r.Parcels[i].StatedM2)
		}
	}
	if f := findingOf(t, r, LandPerResident); f.Verdict != Fits {
		t.Errorf("stated areas changed the verdict to %s", f.Verdict)
	}
	said := false
	for _, n := range r.Notes {
		said = said || strings.Contains(n.ZH, "5 个图斑有标注面积，其中 3 个")
	}
	if !said {
		t.Errorf("notes: %v", r.Notes)
	}
}

// TestDirtyGeometry: rings that merely touch themselves are read, crossed ones are
// a doubt that is named, and either way no wrong figure comes out.
func TestDirtyGeometry(t *testing.T) {
	ring := func(points ...orb.Point) orb.MultiPolygon { return orb.MultiPolygon{{append(points, points[0])}} }
	at := func(x, y float64) orb.Point { return orb.Point{118.91 + x/1000, 29.01 + y/1000} }
	square := exactRect(29.01, 0.001, 0.001)
	for _, c := range []struct {
		name string
		g    orb.MultiPolygon
		area float64 // 0 where it cannot be told
	}{
		{"clockwise", ring(at(0, 0), at(0, 1), at(1, 1), at(1, 0)), square},
		{"repeated vertices", ring(at(0, 0), at(1, 0), at(1, 0), at(1, 1), at(0, 1), at(0, 1)), square},
		{"vertices on a straight line", ring(at(0, 0), at(.5, 0), at(1, 0), at(1, 1), at(0, 1)), square},
		{"touching itself in a corner", ring(at(0, 0), at(1, 0), at(1, 1), at(2, 1), at(2, 2), at(1, 2), at(1, 1), at(0, 1)), square + exactRect(29.011, 0.001, 0.001)},
		{"hole written into the shell", ring(at(0, 0), at(2, 0), at(2, 2), at(0, 2), at(0, 0), at(.5, 1), at(1, 1), at(1, .5)),
			exactRect(29.01, 0.002, 0.002) - geo.AreaM2(ring(at(0, 0), at(.5, 1), at(1, 1), at(1, .5)))},
		{"bow tie", ring(at(0, 0), at(1, 1), at(1, 0), at(0, 1)), 0},
		{"doubled", ring(at(0, 0), at(1, 0), at(1, 1), at(0, 1), at(0, 0), at(1, 0), at(1, 1), at(0, 1)), 0},
		{"spike", ring(at(0, 0), at(1, 0), at(3, 0), at(1, 0), at(1, 1), at(0, 1)), square},
		{"parts on each other", orb.MultiPolygon{rect(118.91, 29.01, 0.001, 0.001)[0], rect(118.9105, 29.01, 0.001, 0.001)[0]}, 0},
		{"hole outside", orb.MultiPolygon{{rect(118.91, 29.01, 0.001, 0.001)[0][0], rect(118.915, 29.01, 0.0005, 0.0005)[0][0]}}, 0},
		{"no area", ring(at(0, 0), at(1, 0), at(2, 0)), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := judge(t, with(feature("D1", c.g, "land_use", "0701", "code_system", geo.LandUse2023)), "zhejiang-2018", Options{})
			d, f := rowOf(t, r, "D1"), findingOf(t, r, LandPerResident)
			if c.area > 0 {
				wants(t, "area", &d.AreaM2, c.area, 0.01) // a vertex on the parallel takes its bulge
				if d.State != Counted || f.Value == nil {
					t.Errorf("%s %v, value %v", d.State, d.Reason, f.Value)
				}
				return
			}
			if !d.Doubtful || d.Reason.Code != BadGeometry || d.AreaM2 != 0 {
				t.Errorf("%+v", d)
			}
			if f.Verdict != Unknown || f.Value != nil || !strings.Contains(f.Completeness.Missing[0].ZH, "D1") {
				t.Errorf("%s %v %v", f.Verdict, f.Value, f.Completeness)
			}
		})
	}
}

// TestDirtElsewhereIsNoDoubt: a crossed ring of farmland changes nothing.
func TestDirtElsewhereIsNoDoubt(t *testing.T) {
	bow := orb.MultiPolygon{{{{118.91, 29.01}, {118.911, 29.011}, {118.911, 29.01}, {118.91, 29.011}, {118.91, 29.01}}}}
	far := orb.MultiPolygon{{{{118.92, 29.01}, {118.921, 29.011}, {118.921, 29.01}, {118.92, 29.0111}, {118.92, 29.01}}}}
	r := judge(t, with(
		feature("D1", bow, "land_use", "0101", "code_system", geo.LandUse2023),
		feature("D2", far, "land_use", "0101", "code_system", geo.LandUse2023)), "zhejiang-2018", Options{})
	if f := findingOf(t, r, LandPerResident); f.Verdict != Fits {
		t.Errorf("%s %v", f.Verdict, f.Completeness)
	}
	if d := rowOf(t, r, "D1"); d.State != LeftOut || d.Reason.Code != OtherUse || d.WholeM2 != nil {
		t.Errorf("%+v", d)
	}
}

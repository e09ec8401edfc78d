package density

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// TestBadInputIsNamed goes through what is wrong with towns and their parcels. In
// each case the land per resident must be unknown, with the reason, never a number.
func TestBadInputIsNamed(t *testing.T) {
	town := func(pairs ...any) func(*world) {
		return func(w *world) { w.towns[0].Properties = set(w.towns[0].Properties, pairs...) }
	}
	first := func(pairs ...any) func(*world) {
		return func(w *world) { w.parcels[0].Properties = set(w.parcels[0].Properties, pairs...) }
	}
	for _, c := range []struct {
		name  string
		spoil func(*world)
		says  string
	}{
		{"no residents", town("residents", nil), "未填写常住人口"},
		{"zero residents", town("residents", int64(0)), "常住人口为 0"},
		{"negative residents", town("residents", int64(-3500)), "常住人口为 -3500"},
		{"zero as a fraction", town("residents", 0.0), "常住人口为 0"},
		{"ten thousands of residents", town("residents", 0.35), "不是整数"},
		{"half a resident", town("residents", 3000.5), "不是整数"},
		{"residents in words", town("residents", "三千"), "不是数"},
		{"residents NaN", town("residents", math.NaN()), "不是数"},
		{"residents infinite", town("residents", math.Inf(1)), "不是数"},
		{"more residents than people", town("residents", 1e10), "超出常理"},
		{"residents true", town("residents", true), "不是数"},
		{"unknown climate zone", town("climate_zone", "3"), "没有建筑气候区"},
		{"a hundred times too many", town("residents", int64(400000)), "单位或坐标系必有错误"},
		{"residents in ten thousands, rounded", town("residents", int64(3)), "单位或坐标系必有错误"},
		{"no parcels published", func(w *world) { w.parcels = nil }, "没有已发布的用地图斑"},
		{"no parcels in the town", func(w *world) { w.parcels = []geo.Feature{parcelAt("P01", 50, 0, "0701")} }, "小镇范围内没有用地图斑"},
		{"no construction land", func(w *world) { w.parcels = w.parcels[10:] }, "没有建设用地"},
		{"all marked as no construction land", func(w *world) {
			for i := range w.parcels {
				w.parcels[i].Properties = append(w.parcels[i].Properties, geo.Property{Name: "construction", Value: false})
			}
		}, "没有建设用地"},
		{"no code system", first("code_system", nil), "P01：没有代码体系"},
		{"empty code system", first("code_system", " "), "P01：没有代码体系"},
		{"unknown code system", first("code_system", "cjj"), "不认识代码体系"},
		{"no code", first("land_use", nil), "P01：没有用地代码"},
		{"a lost leading zero", first("land_use", "701"), "前导零"},
		{"a code of another system", first("land_use", "05H1"), "没有代码"},
		{"a code that is a number", first("land_use", int64(701)), "没有用地代码"},
		{"the name contradicts the code", first("land_use_name", "工业用地"), "P01：代码 0701（ydyh2023）应为“城镇住宅用地”，名称却写“工业用地”"},
		{"a residential name on farmland", func(w *world) {
			w.parcels[10].Properties = set(w.parcels[10].Properties, "land_use_name", "农村宅基地")
		}, "P12：代码 0101"},
		{"construction in words", first("construction", "是"), "不是布尔值"},
		{"a town that is a bow tie", func(w *world) {
			w.towns[0].Geometry = orb.MultiPolygon{{{{118.9, 29}, {118.92, 29.02}, {118.92, 29}, {118.9, 29.02}, {118.9, 29}}}}
		}, "小镇边界无效"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := quietTown()
			c.spoil(&w)
			r := judge(t, w, "zhejiang-2018", Options{})
			f := findingOf(t, r, LandPerResident)
			if f.Verdict != Unknown || f.Value != nil && f.Band != (Band{}) || f.Completeness.Complete {
				t.Errorf("%s, value %v", f.Verdict, f.Value)
			}
			all := ""
			for _, m := range f.Completeness.Missing {
				all += m.ZH + "\n"
				if m.EN == "" || strings.Contains(m.EN+m.ZH, "%!") {
					t.Errorf("bad text: %+v", m)
				}
			}
			if !strings.Contains(all, c.says) {
				t.Errorf("it says %q, not %q", all, c.says)
			}
			if !strings.Contains(f.Remedy.Text.ZH, c.says) {
				t.Errorf("the remedy says %q", f.Remedy.Text.ZH)
			}
			if _, err := json.Marshal(r); err != nil {
				t.Errorf("the report is no JSON: %v", err)
			}
		})
	}
}

// TestLandIsKnownWithoutResidents: what can be said is said.
func TestLandIsKnownWithoutResidents(t *testing.T) {
	w := quietTown()
	w.towns[0].Properties = set(w.towns[0].Properties, "residents", nil)
	r := judge(t, w, "zhejiang-2018", Options{})
	wants(t, "land", findingOf(t, r, Land).Value, columnM2(8), 1e-3)
	if f := findingOf(t, r, Residents); f.Verdict != Unknown || f.Value != nil {
		t.Errorf("residents: %s %v", f.Verdict, f.Value)
	}
	levers := findingOf(t, r, LandPerResident).Remedy.Levers
	if len(levers) != 1 || levers[0].Quantity != Residents || levers[0].Change != nil {
		t.Fatalf("levers: %+v", levers)
	}
	wants(t, "admissible residents", levers[0].Admissible[0], 2400, 0)
}

// TestLandNeededIsKnownWithoutParcels is the same the other way round.
func TestLandNeededIsKnownWithoutParcels(t *testing.T) {
	w := quietTown()
	w.parcels = nil
	levers := findingOf(t, judge(t, w, "zhejiang-2018", Options{}), LandPerResident).Remedy.Levers
	if len(levers) != 1 || levers[0].Quantity != Land || levers[0].Present != nil || levers[0].Change != nil {
		t.Fatalf("levers: %+v", levers)
	}
	wants(t, "admissible land", levers[0].Admissible[1], 10.8, 0)
}

// TestUnitsMixedUp: parcels drawn in degrees of another size, as by a wrong CRS.
func TestUnitsMixedUp(t *testing.T) {
	w := quietTown()
	w.parcels = w.parcels[8:]
	w.parcels = append(w.parcels, feature("S1", rect(118.905, 29.005, 0.00001, 0.00001), "land_use", "0701", "code_system", geo.LandUse2023))
	r := judge(t, w, "zhejiang-2018", Options{})
	f := findingOf(t, r, Land)
	if f.Verdict != Unknown || f.Value != nil {
		t.Errorf("%s %v", f.Verdict, f.Value)
	}
	if v := number(t, f, "implausibleValue"); v < 1 || v > 1.2 {
		t.Errorf("implausible value %v", v)
	}
	if !strings.Contains(f.Completeness.Missing[0].EN, "10 to the power 5") {
		t.Errorf("%v", f.Completeness.Missing)
	}
}

// TestFarOffStartsAtAHundred holds the border between a poor figure and a wrong unit.
func TestFarOffStartsAtAHundred(t *testing.T) {
	band := Between(23, 36)
	for v, want := range map[float64]bool{0: false, 0.22: true, 0.23: true, 0.24: false, 22: false, 30: false, 3599: false, 3600: true, 360000: true} {
		if got := suspicion(v, band) != nil; got != want {
			t.Errorf("suspicion of %v is %v", v, got)
		}
	}
}

// TestHugeNumbers: whatever numbers a file states, the report is JSON.
func TestHugeNumbers(t *testing.T) {
	for _, v := range []float64{math.MaxFloat64, -math.MaxFloat64, 5e-324, 1e300} {
		w := quietTown()
		w.towns[0].Properties = set(w.towns[0].Properties, "residents", v, "plan_area", v)
		for i := range w.parcels {
			w.parcels[i].Properties = append(w.parcels[i].Properties, geo.Property{Name: "stated_area", Value: v})
		}
		for _, id := range []string{"zhejiang-2018", "zhejiang-2015"} {
			if _, err := json.Marshal(judge(t, w, id, Options{})); err != nil {
				t.Errorf("%v: %v", v, err)
			}
		}
	}
}

func TestRoundingHasNoNegativeZero(t *testing.T) {
	if v := round(-0.00001); math.Signbit(v) || v != 0 {
		t.Errorf("round gives %v", v)
	}
}

package density

import (
	"strings"
	"testing"

	"towngrid/geo"
)

// TestRulesOf2015 judges planned and construction area. The town of 0.02° by 0.02°
// has 4,319,476.9 m² by the closed form, too much for "about 3 km²" but in a tourism town.
func TestRulesOf2015(t *testing.T) {
	town := exactRect(29, 0.02, 0.02)
	for _, c := range []struct {
		name     string
		townType any
		width    float64
		verdict  Verdict
	}{
		{"tourism, relaxed", "旅游小镇", 0.02, Fits},
		{"too large", "金融小镇", 0.02, High},
		{"about 3 km²", "金融小镇", 0.014, Fits}, // 3.02 km²
		{"too small", "金融小镇", 0.01, Low},     // 2.16 km²
		{"too small for tourism too", "旅游小镇", 0.01, Low},
		{"not told whether tourism", nil, 0.014, Unknown},
	} {
		w := quietTown()
		w.towns[0].Geometry = rect(118.9, 29, c.width, 0.02)
		w.towns[0].Properties = set(w.towns[0].Properties, "type", c.townType, "class", nil)
		r := judge(t, w, "zhejiang-2015", Options{})
		f := findingOf(t, r, PlanArea)
		if f.Verdict != c.verdict {
			t.Errorf("%s: %s", c.name, f.Verdict)
		}
		wants(t, c.name, f.Value, town*c.width/0.02, 0.1)
		said := false
		for _, m := range f.Messages {
			said = said || strings.Contains(m.ZH, "设定")
		}
		if said != (c.townType != nil) {
			t.Errorf("%s: the setting is not named as one: %v", c.name, f.Messages)
		}
	}
}

// TestConstructionArea adds up all construction land: 70 columns of five parcels and farmland beside.
func TestConstructionArea(t *testing.T) {
	w := quietTown()
	w.parcels = nil
	want := 0.0
	for i := range 20 {
		w.parcels = append(w.parcels, feature("K"+string(rune('A'+i)), rect(118.9, 29+float64(i)/1000, 0.005, 0.001), "land_use", "1001", "code_system", geo.LandUse2023))
		want += exactRect(29+float64(i)/1000, 0.005, 0.001)
	}
	w.parcels = append(w.parcels, feature("Z1", rect(118.905, 29, 0.015, 0.02), "land_use", "0101", "code_system", geo.LandUse2023))
	f := findingOf(t, judge(t, w, "zhejiang-2015", Options{}), ConstructionArea)
	wants(t, "construction area", f.Value, want, 0.05) // 1.0798 km²
	if f.Verdict != Fits || number(t, f, "townCoveredAtMost") != 1 || number(t, f, "parcelsLeftOut") != 1 {
		t.Errorf("%s %v", f.Verdict, f.Inputs)
	}
	w.parcels = w.parcels[10:]
	f = findingOf(t, judge(t, w, "zhejiang-2015", Options{}), ConstructionArea)
	if f.Verdict != Low || *f.Remedy.Levers[0].Change < 26 || *f.Remedy.Levers[0].Change > 26.1 { // 80 − 53.99 ha
		t.Errorf("%s %+v", f.Verdict, f.Remedy.Levers)
	}
	w.parcels[0].Properties = set(w.parcels[0].Properties, "code_system", nil)
	if f = findingOf(t, judge(t, w, "zhejiang-2015", Options{}), ConstructionArea); f.Verdict != Unknown || f.Value != nil {
		t.Errorf("without a code system: %s", f.Verdict)
	}
	w.parcels = nil
	if f = findingOf(t, judge(t, w, "zhejiang-2015", Options{}), ConstructionArea); f.Verdict != Unknown || f.Value != nil {
		t.Errorf("without parcels: %s", f.Verdict)
	}
}

// TestStatedPlanArea compares what the town states with its boundary.
func TestStatedPlanArea(t *testing.T) {
	for stated, says := range map[any]string{
		4319476.9: "", 431.95: "公顷", 4.32: "km²", 6479.2: "亩", 5000000.0: "超过 1%", nil: "",
	} {
		w := quietTown()
		w.towns[0].Properties = set(w.towns[0].Properties, "plan_area", stated)
		f := findingOf(t, judge(t, w, "zhejiang-2015", Options{}), PlanArea)
		all := ""
		for _, m := range f.Messages {
			all += m.ZH
		}
		if says != "" && !strings.Contains(all, says) || says == "" && strings.Contains(all, "填写") {
			t.Errorf("stated %v: %s", stated, all)
		}
		if f.Verdict != Fits {
			t.Errorf("stated %v changed the verdict to %s", stated, f.Verdict)
		}
	}
	w := quietTown()
	w.towns[0].Geometry = rect(118.9, 29, 2, 2)
	if f := findingOf(t, judge(t, w, "zhejiang-2015", Options{}), PlanArea); f.Verdict != Unknown && f.Verdict != Fits || f.Verdict == Fits && f.Band[1] != nil {
		t.Errorf("a town of two degrees: %s", f.Verdict)
	}
	w.towns[0].Properties = set(w.towns[0].Properties, "type", "金融小镇", "class", int64(1))
	if f := findingOf(t, judge(t, w, "zhejiang-2015", Options{}), PlanArea); f.Verdict != Unknown || f.Value != nil {
		t.Errorf("a town of two degrees: %s %v", f.Verdict, f.Value)
	}
}

// TestOverlappingTownsAreNamed: parcels in both count in each report, which says so.
func TestOverlappingTownsAreNamed(t *testing.T) {
	w := quietTown()
	w.towns = append(w.towns, feature("T2", rect(118.915, 29, 0.02, 0.02)), feature("T3", rect(118.92, 29, 0.02, 0.02)))
	notes := ""
	for _, n := range judge(t, w, "zhejiang-2018", Options{}).Notes {
		notes += n.ZH
	}
	if !strings.Contains(notes, "与 T2 重叠") || strings.Contains(notes, "T3") {
		t.Error(notes)
	}
}

package density

import (
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// TestFacilitiesWithinTheTown counts on the border too, and not beyond it.
func TestFacilitiesWithinTheTown(t *testing.T) {
	w := quietTown()
	w.facilities = []geo.Feature{
		feature("F1", orb.Point{118.9, 29.01}, "kind", "dining"),  // on an edge
		feature("F2", orb.Point{118.92, 29.02}, "kind", "dining"), // on a corner
		feature("F3", orb.Point{118.9200001, 29.01}, "kind", "dining"),
		feature("F4", orb.Point{118.91, 29.01}, "kind", "health"),
		feature("F5", orb.Point{118.91, 29.01}),
	}
	r := judge(t, w, "zhejiang-2018", Options{})
	f := findingOf(t, r, Dining)
	wants(t, "dining", f.Value, 2, 0)
	if f.Verdict != Fits || number(t, f, "facilitiesInTown") != 4 {
		t.Errorf("%s %v", f.Verdict, f.Inputs)
	}
	f = findingOf(t, r, Shopping)
	wants(t, "shopping", f.Value, 0, 0)
	if f.Verdict != Low || *f.Remedy.Levers[0].Change != 1 || !strings.Contains(f.Remedy.Text.ZH, "需增加 1 个") {
		t.Errorf("%s %+v", f.Verdict, f.Remedy)
	}
}

func TestNoFacilitiesPublished(t *testing.T) {
	w := quietTown()
	w.facilities = nil
	r := judge(t, w, "zhejiang-2018", Options{})
	for _, m := range []Metric{Dining, Shopping, Headquarters} {
		if f := findingOf(t, r, m); f.Verdict != Unknown || f.Value != nil || !strings.Contains(f.Remedy.Text.ZH, "没有已发布的设施") {
			t.Errorf("%s: %s %v %s", m, f.Verdict, f.Value, f.Remedy.Text.ZH)
		}
	}
	if f := findingOf(t, r, LandPerResident); f.Verdict != Fits {
		t.Errorf("land: %s", f.Verdict)
	}
}

func TestHeadquartersOfTheOwnIndustry(t *testing.T) {
	firm := func(code, kind, industry string) geo.Feature {
		return feature(code, orb.Point{118.91, 29.01}, "kind", kind, "industry", industry)
	}
	away := firm("E9", "headquarters", "高端装备制造")
	away.Geometry = orb.Point{118.93, 29.01}
	for _, c := range []struct {
		name     string
		townType any
		class    any
		firms    []geo.Feature
		verdict  Verdict
		value    float64 // -1 for unknown
	}{
		{"one of its own", "高端装备制造小镇", int64(2), []geo.Feature{firm("E1", "headquarters", "高端装备制造业")}, Fits, 1},
		{"a hidden champion", "高端装备制造小镇", int64(2), []geo.Feature{firm("E1", "hidden_champion", "高端装备制造")}, Fits, 1},
		{"of another industry", "高端装备制造小镇", int64(2), []geo.Feature{firm("E1", "headquarters", "信息经济")}, Low, 0},
		{"an enterprise that is neither", "高端装备制造小镇", int64(2), []geo.Feature{firm("E1", "enterprise", "高端装备制造")}, Low, 0},
		{"outside the town", "高端装备制造小镇", int64(2), []geo.Feature{away}, Low, 0},
		{"industry not stated", "高端装备制造小镇", int64(2), []geo.Feature{firm("E1", "headquarters", "")}, Unknown, -1},
		{"one silent, one of its own", "高端装备制造小镇", int64(2), []geo.Feature{firm("E1", "headquarters", " "), firm("E2", "headquarters", "高端装备制造")}, Fits, 1},
		{"environmental goods", "环保小镇", int64(2), []geo.Feature{firm("E1", "headquarters", "环保制造")}, Fits, 1},
		{"medicines", "健康小镇A", int64(2), []geo.Feature{firm("E1", "headquarters", "医疗制药")}, Fits, 1},
		{"fashion goods", "时尚小镇B", int64(2), []geo.Feature{firm("E1", "headquarters", "时尚产品制造")}, Fits, 1},
		{"information economy", "信息经济小镇", int64(1), []geo.Feature{firm("E1", "headquarters", "信息经济")}, Fits, 1},
		{"no class stated", "信息经济小镇", nil, []geo.Feature{firm("E1", "headquarters", "信息经济")}, Fits, 1},
		{"none asked for", "金融小镇", int64(1), []geo.Feature{firm("E1", "enterprise", "")}, Fits, 0},
		{"no type", nil, int64(2), []geo.Feature{firm("E1", "headquarters", "信息经济")}, Unknown, -1},
		{"fashion without its letter", "时尚小镇", int64(2), []geo.Feature{firm("E1", "headquarters", "时尚产品制造")}, Unknown, -1},
		{"health without its letter", "健康小镇", int64(3), []geo.Feature{firm("E1", "headquarters", "医疗制药")}, Unknown, -1},
		{"type and class at odds", "健康小镇A", int64(3), []geo.Feature{firm("E1", "headquarters", "医疗制药")}, Unknown, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := quietTown()
			w.towns[0].Properties = set(w.towns[0].Properties, "type", c.townType, "class", c.class)
			w.facilities = c.firms
			f := findingOf(t, judge(t, w, "zhejiang-2018", Options{}), Headquarters)
			if f.Verdict != c.verdict || f.Heading != Industry {
				t.Errorf("%s %v", f.Verdict, f.Completeness)
			}
			if c.value >= 0 {
				wants(t, "headquarters", f.Value, c.value, 0)
			} else if f.Value != nil || len(f.Completeness.Missing) != 1 {
				t.Errorf("value %v, missing %v", f.Value, f.Completeness.Missing)
			}
		})
	}
}

package demo_test

import (
	"maps"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"github.com/peterstace/simplefeatures/geom"

	"towngrid/data/demo"
	"towngrid/geo"
	"towngrid/geo/geotest"
)

// clipped is the area in m² on the ellipsoid of what two shapes on the grid have in common.
func clipped(t *testing.T, a, b orb.MultiPolygon) float64 {
	t.Helper()
	common, err := geom.Intersection(geotest.Judge(degrees(t, a)).AsGeometry(), geotest.Judge(degrees(t, b)).AsGeometry())
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, part := range common.Dump() {
		if !part.IsPolygon() {
			continue
		}
		var mp orb.Polygon
		for _, r := range part.MustAsPolygon().DumpRings() {
			var ring orb.Ring
			for s, i := r.Coordinates(), 0; i < s.Length(); i++ {
				ring = append(ring, orb.Point{s.GetXY(i).X, s.GetXY(i).Y})
			}
			mp = append(mp, ring)
		}
		sum += ellipsoidal(orb.MultiPolygon{mp})
	}
	return sum
}

// The story's figures, worked out by hand: 3400 × 29.5 = 100,300; 3600 × 19.5 = 70,200;
// 2500 × 44 = 110,000 m². The band of 《浙江省特色小镇创建规划指南（试行）》 is 23–36.
func TestStoryAddsUp(t *testing.T) {
	verdicts := map[string]bool{}
	for _, w := range demo.Story().Towns {
		verdict := "符合"
		switch {
		case w.Residents == 0:
			verdict = "无法判定"
		case w.PerResident < 23:
			verdict = "偏低"
		case w.PerResident > 36:
			verdict = "偏高"
		}
		if w.Verdict != verdict {
			t.Errorf("%s: the verdict is %s, not %s", w.Name, verdict, w.Verdict)
		}
		if w.Residents > 0 && float64(w.Residents)*w.PerResident != w.Land {
			t.Errorf("%s: %d × %v is not %v", w.Name, w.Residents, w.PerResident, w.Land)
		}
		verdicts[w.Verdict] = true
	}
	if len(verdicts) != 4 {
		t.Errorf("verdicts: %v", verdicts)
	}
}

func TestTownsAreAsDesigned(t *testing.T) {
	d := open(t)
	parcels := parted(d.rows[geo.Parcels], "XZBM")
	types := geo.TownTypes()
	centre := parted(d.rows[geo.Units], "DYCJ")["指挥中心"][0].shape
	for i, w := range demo.Story().Towns {
		town := d.rows[geo.Towns][i]
		want := map[string]any{
			"XZBM": string(w.Code), "XZMC": w.Name, "XZLB": int64(w.Class), "XZLX": w.Type, "JSJD": w.Stage,
			"CZRK": nil, "QHQ": "III", "GHMJ": town.values["GHMJ"], "BZ": demo.Note,
		}
		if w.Residents > 0 {
			want["CZRK"] = int64(w.Residents)
		}
		if diff := cmp.Diff(want, town.values); diff != "" {
			t.Errorf("%s: %s", w.Name, diff)
		}
		known := false
		for _, name := range types[w.Class-1] {
			known = known || name == w.Type
		}
		if !known {
			t.Errorf("%s: class %d has no type %s", w.Name, w.Class, w.Type)
		}
		if a := ellipsoidal(degrees(t, town.shape)); math.Abs(a-town.number("GHMJ")) > 0.006 || a < 2.2e6 || a > 3.6e6 {
			t.Errorf("%s: %v m², stated %v", w.Name, a, town.number("GHMJ"))
		}
		homes, all := 0.0, 0.0
		for _, p := range parcels[string(w.Code)] {
			a := clipped(t, p.shape, town.shape)
			all += a
			if strings.HasPrefix(p.text("YDYHFLDM"), "07") {
				homes += a
			}
		}
		if math.Abs(homes-w.Land) > 1 {
			t.Errorf("%s: %.3f m² of residential land, %v designed", w.Name, homes, w.Land)
		}
		if w.Residents > 0 && math.Abs(homes/float64(w.Residents)-w.PerResident) > 0.001 {
			t.Errorf("%s: %v m² a resident, %v designed", w.Name, homes/float64(w.Residents), w.PerResident)
		}
		if whole := ellipsoidal(degrees(t, town.shape)); math.Abs(all-whole) > 0.5 {
			t.Errorf("%s: its parcels cover %.2f of %.2f m²", w.Name, all, whole)
		}
		for _, v := range town.shape[0][0] {
			if !geotest.Holds(centre, v) {
				t.Fatalf("%s reaches beyond the district or into the lake at %v", w.Name, v)
			}
		}
	}
}

// Two parcels cross their town's border, one of them with homes: without clipping its
// town would have more residential land than designed.
func TestSomeParcelsCrossTheBorder(t *testing.T) {
	d := open(t)
	towns := parted(d.rows[geo.Towns], "XZBM")
	crossing := map[string]float64{}
	for _, p := range d.rows[geo.Parcels] {
		in := clipped(t, p.shape, towns[p.text("XZBM")][0].shape)
		if out := p.number("JSMJ") - in; out > 1 {
			crossing[p.text("XZBM")+" "+p.text("YDYHFLDM")[:2]] = out
		}
	}
	if len(crossing) != 2 || crossing["TZ330890001 07"] < 5000 || crossing["TZ330890002 03"] < 5000 {
		t.Errorf("parcels that cross borders, by m² outside: %v", crossing)
	}
}

func TestParcelsAreACoverage(t *testing.T) {
	d := open(t)
	rows := d.rows[geo.Parcels]
	if n := len(rows); n < 590 || n > 610 {
		t.Errorf("%d parcels", n)
	}
	// Every edge without a twin lies on the rim of the parcels' union, and the union
	// has the parcels' area: so they do not overlap and have no gaps between them.
	for town, parcels := range parted(rows, "XZBM") {
		var all []geom.Geometry
		sum := 0.0
		for _, p := range parcels {
			all = append(all, geotest.Judge(p.shape).AsGeometry())
			sum += geotest.Area(p.shape)
		}
		union, err := geom.UnionMany(all)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(union.Area()-sum) > 1e-3 || !union.IsPolygon() || union.MustAsPolygon().NumInteriorRings() > 0 {
			t.Errorf("%s: the parcels have %v m², their union %v", town, sum, union.Area())
		}
		if edges := len(rim(parcels)); edges != union.MustAsPolygon().ExteriorRing().Coordinates().Length()-1 {
			t.Errorf("%s: %d edges without a twin, the union has %d", town, edges, union.MustAsPolygon().ExteriorRing().Coordinates().Length()-1)
		}
	}
}

func TestLandUse(t *testing.T) {
	classes := map[string]int{}
	codes, names := map[string]string{}, map[string]string{}
	for _, p := range open(t).rows[geo.Parcels] {
		code, name := p.text("YDYHFLDM"), p.text("YDYHFLMC")
		classes[code[:2]]++
		if codes[code] != "" && codes[code] != name || names[name] != "" && names[name] != code {
			t.Errorf("%s is %s and %s, %s is %s", code, codes[code], name, name, names[name])
		}
		codes[code], names[name] = name, code
		if built := code[:2] >= "07" && code[:2] <= "16"; p.text("SFJSYD") != map[bool]string{true: "是", false: "否"}[built] {
			t.Errorf("parcel %s with code %s: SFJSYD is %s", p.text("TBBH"), code, p.text("SFJSYD"))
		}
		if a := ellipsoidal(degrees(t, p.shape)); math.Abs(a-p.number("JSMJ")) > 0.006 {
			t.Errorf("parcel %s: %v m², stated %v", p.text("TBBH"), a, p.number("JSMJ"))
		}
	}
	for _, class := range []string{"01", "02", "03", "06", "07", "08", "09", "10", "11", "12", "13", "14", "15", "16", "17"} {
		if classes[class] == 0 {
			t.Errorf("no parcel of class %s", class)
		}
	}
	for _, code := range []string{"0702", "0703", "0704", "090101", "090103"} {
		if codes[code] == "" {
			t.Errorf("no parcel with code %s", code)
		}
	}
	// Names as 《国土空间调查、规划、用途管制用地用海分类指南》 (2023) has them.
	for code, name := range map[string]string{
		"0702": "城镇社区服务设施用地", "0703": "农村宅基地", "090103": "餐饮用地", "1207": "城镇村道路用地", "16": "留白用地", "1701": "河流水面",
	} {
		if codes[code] != name {
			t.Errorf("%s is %s, not %s", code, name, codes[code])
		}
	}
}

func TestFacilitiesAreAsDesigned(t *testing.T) {
	d := open(t)
	field, _ := geo.Facilities.Schema().Field("kind")
	kinds := map[string]string{}
	for kind, label := range field.Labels {
		kinds[label] = kind
	}
	rows := d.rows[geo.Facilities]
	if n := len(rows); n < 380 || n > 430 {
		t.Errorf("%d facilities", n)
	}
	seen := map[string]bool{}
	for i, w := range demo.Story().Towns {
		got, own := map[string]int{}, 0
		for _, f := range rows {
			if !geotest.Holds(d.rows[geo.Towns][i].shape, f.at) {
				continue
			}
			kind := kinds[f.text("SSLX")]
			got[kind]++
			if (kind == geo.FacilityHQ || kind == geo.FacilityChamp) && f.text("SSCY") == w.Industry {
				own++
			}
		}
		if !maps.Equal(got, w.Facilities) || own != w.OwnIndustry {
			t.Errorf("%s has %v and %d of its own industry, designed %v and %d", w.Name, got, own, w.Facilities, w.OwnIndustry)
		}
	}
	centre := parted(d.rows[geo.Units], "DYCJ")["指挥中心"][0].shape
	for _, f := range rows {
		if kinds[f.text("SSLX")] == "" || seen[f.text("SSBM")] || !geotest.Holds(centre, f.at) {
			t.Errorf("facility %v at %v", f.values, f.at)
		}
		seen[f.text("SSBM")] = true
	}
}

package zoning

import (
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// Each rule finds the one thing that is broken, at its place, in cells made elsewhere.
func TestRules(t *testing.T) {
	unit := Unit{Code: "U1", Shape: box(orb.Point{118, 29}, orb.Point{118.04, 29.02})}
	cell := func(code geo.Code, x, y float64) geo.Feature {
		return geo.Feature{Code: code, Geometry: box(orb.Point{x, y}, orb.Point{x + 0.01, y + 0.01}), Properties: geo.Properties{{Name: "unit", Value: "U1"}, {Name: "households", Value: int64(400)}}}
	}
	good := func() (fs []geo.Feature) {
		for i := range 8 {
			fs = append(fs, cell(geo.Code("330890001001"+string(rune('1'+i/4))+"0"+string(rune('1'+i%4))), 118+0.01*float64(i%4), 29+0.01*float64(i/4)))
		}
		// Corners as the unit has them, whatever the sums above come to.
		for i := range fs {
			mp := fs[i].Geometry.(orb.MultiPolygon)
			for _, r := range mp[0] {
				for j := range r {
					for k := range r[j] {
						r[j][k] = float64(int(r[j][k]*100+0.5)) / 100
					}
				}
			}
		}
		return fs
	}
	scheme := Schemes()[0]
	rules := Rules{Division: "330890", Units: []Unit{unit}, Scheme: &scheme, AreaM2: [2]float64{1e5, 2e6}, Load: [2]float64{300, 500}, Property: "households"}
	if vs := Check(good(), rules); len(vs) > 0 {
		t.Fatalf("good cells: %+v", vs)
	}
	shape := func(f *geo.Feature) orb.Ring { return f.Geometry.(orb.MultiPolygon)[0][0] }
	for name, c := range map[string]struct {
		spoil func([]geo.Feature) []geo.Feature
		near  orb.Point
	}{
		"overlap": {func(fs []geo.Feature) []geo.Feature {
			shape(&fs[0])[1][0], shape(&fs[0])[2][0] = 118.012, 118.012
			return fs
		}, orb.Point{118.011, 29.005}},
		"uncovered_unit": {func(fs []geo.Feature) []geo.Feature { return slices.Delete(fs, 3, 4) }, orb.Point{118.035, 29.005}},
		"outside_unit": {func(fs []geo.Feature) []geo.Feature {
			shape(&fs[0])[0][1], shape(&fs[0])[1][1], shape(&fs[0])[4][1] = 28.99, 28.99, 28.99
			return fs
		}, orb.Point{118.005, 28.995}},
		"size_range": {func(fs []geo.Feature) []geo.Feature {
			fs[2].Properties = geo.Properties{{Name: "unit", Value: "U1"}, {Name: "households", Value: int64(501)}}
			return fs
		}, orb.Point{118.025, 29.005}},
		"code_scheme":    {func(fs []geo.Feature) []geo.Feature { fs[5].Code = "330890001001ABC"; return fs }, orb.Point{118.015, 29.015}},
		"duplicate_code": {func(fs []geo.Feature) []geo.Feature { fs[5].Code = fs[4].Code; return fs }, orb.Point{118.015, 29.015}},
		"in_pieces": {func(fs []geo.Feature) []geo.Feature {
			fs[0].Geometry = append(fs[0].Geometry.(orb.MultiPolygon), fs[7].Geometry.(orb.MultiPolygon)...)
			return fs[:7]
		}, orb.Point{118.035, 29.015}},
	} {
		vs := Check(c.spoil(good()), rules)
		i := slices.IndexFunc(vs, func(v geo.Violation) bool { return v.Check == name })
		if i < 0 {
			t.Errorf("%s is not found: %+v", name, vs)
			continue
		}
		if v := vs[i]; stepM(orb.Point{v.Lon, v.Lat}, c.near) > 800 || v.Severity != geo.Warning || v.Message.ZH == "" || v.Fix.EN == "" {
			t.Errorf("%s: %+v", name, v)
		}
	}
	lonely := good()
	for i := range lonely {
		lonely[i].Properties = geo.Properties{{Name: "unit", Value: "U9"}, {Name: "households", Value: int64(400)}}
	}
	if vs := Check(lonely, rules); !slices.ContainsFunc(vs, func(v geo.Violation) bool { return v.Check == "unknown_unit" }) {
		t.Errorf("%+v", vs)
	}
	nine := []geo.Feature{}
	for i := range 9 {
		if i != 4 {
			nine = append(nine, cell(geo.Code(rune('a'+i)), 118+0.01*float64(i%3), 29+0.01*float64(i/3)))
		}
	}
	if vs := Check(nine, Rules{ToleranceM: 0.01}); len(vs) != 1 || vs[0].Check != "gap" {
		t.Errorf("%+v", vs)
	}
}

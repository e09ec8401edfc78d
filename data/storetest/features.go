package storetest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/data"
	"towngrid/geo"
)

// cell is a cell with a square of side d, whose lower left corner is at x, y.
func cell(code geo.Code, x, y, d float64) geo.Feature {
	return geo.Feature{
		Code: code, Name: "网格" + string(code),
		Geometry: orb.MultiPolygon{{{{x, y}, {x + d, y}, {x + d, y + d}, {x, y + d}, {x, y}}}},
		Properties: geo.Properties{
			{Name: "unit", Value: "330890001001"}, {Name: "valid_from", Value: "2026-11-23"}, {Name: "valid_to", Value: nil},
			{Name: "说明", Value: "示范区 '引号' \"双引号\" 㙍"},
		},
	}
}

// row is n cells side by side, in order of code, stamped with a property.
func row(n int, stamp any) []geo.Feature {
	fs := make([]geo.Feature, n)
	for i := range fs {
		fs[i] = cell(geo.Code(fmt.Sprintf("330890%06d", i)), 118.9+float64(i)*0.001, 29, 0.001)
		fs[i].Properties = append(fs[i].Properties, geo.Property{Name: "stamp", Value: stamp})
	}
	return fs
}

// random is a MultiPolygon of any finite doubles; it need not be a sensible one.
func random(rng *rand.Rand) orb.MultiPolygon {
	mp := make(orb.MultiPolygon, rng.IntN(4))
	for i := range mp {
		mp[i] = make(orb.Polygon, rng.IntN(4))
		for j := range mp[i] {
			mp[i][j] = make(orb.Ring, rng.IntN(9))
			for k := range mp[i][j] {
				mp[i][j][k] = orb.Point{double(rng), double(rng)}
			}
		}
	}
	return mp
}

func double(rng *rand.Rand) float64 {
	for {
		if v := math.Float64frombits(rng.Uint64()); v-v == 0 {
			return v
		}
	}
}

// testFidelity: what comes out is bit for bit what went in.
func testFidelity(t *testing.T, e Engine) {
	const seed = 2026_1123
	rng := rand.New(rand.NewPCG(seed, 1))
	least, negative := math.SmallestNonzeroFloat64, math.Copysign(0, -1)
	hole := orb.Ring{{0.2, 0.2}, {0.2, 0.4}, {0.4, 0.4}, {0.2, 0.2}}
	shapes := []orb.MultiPolygon{
		{{{{0, 0}, {1, 0}, {1, 1}, {0, 0}}, hole}, {{{5, 5}, {6, 5}, {6, 6}, {5, 5}}}},
		{{{{negative, negative}, {least, negative}, {least, least}, {negative, negative}}}},
		{{{{118.90000000000000568, 28.999999999999996447}, {0.1, 0.2}, {1.0 / 3, 2.0 / 3}, {math.Pi, math.E}, {118.90000000000000568, 28.999999999999996447}}}},
		{{{{-math.MaxFloat64, math.MaxFloat64}, {math.Nextafter(119, 120), math.Nextafter(29, 28)}, {2.2250738585072011e-308, 5e-324}, {-math.MaxFloat64, math.MaxFloat64}}}},
		{{{{180, 90}, {-180, -90}}}}, // no ring, and kept all the same
	}
	for range 200 {
		shapes = append(shapes, random(rng))
	}
	texts := []string{"", "网格", "㙍𠀀", "a'b\"c\\d;--\n\t\u2028", "<img src=x onerror=alert(1)>", "ß e\u0301 \u202e", "0012", " padded ", "null", "%s ?1 $1 :a"}
	values := []any{nil, true, false, "", int64(0), int64(math.MinInt64), int64(math.MaxInt64), int64(1 << 53), 0.0, negative, 3.0, -17.0, 1e20, 1e21, 0.1, least, math.MaxFloat64, 1e-7}
	var fs []geo.Feature
	for i, g := range shapes {
		ps := geo.Properties{{Name: texts[i%len(texts)], Value: values[i%len(values)]}, {Name: "unit", Value: texts[rng.IntN(len(texts))]}}
		for range rng.IntN(6) {
			ps = append(ps, geo.Property{Name: fmt.Sprintf("字段%d", rng.IntN(100)), Value: values[rng.IntN(len(values))]})
		}
		fs = append(fs, geo.Feature{
			Code: geo.Code(fmt.Sprintf("%04d%s", i, texts[rng.IntN(len(texts))])), Name: texts[rng.IntN(len(texts))], Geometry: g, Properties: ps,
		})
	}
	s := e.Open(t)
	v := publish(t, s, geo.Cells, fs, 0)
	same(t, fmt.Sprintf("seed %d: polygons", seed), fs, features(t, s, v.ID))

	points := make([]geo.Feature, 300)
	for i := range points {
		points[i] = geo.Feature{Code: geo.Code(fmt.Sprintf("%04d", i)), Geometry: orb.Point{double(rng), double(rng)}}
	}
	points[0].Geometry, points[1].Geometry = orb.Point{negative, least}, orb.Point{118.9, 29}
	v = publish(t, s, geo.Facilities, points, 0)
	same(t, fmt.Sprintf("seed %d: points", seed), points, features(t, s, v.ID))

	sum, err := geo.Checksum(features(t, s, v.ID))
	must(t, err)
	same(t, "the checksum of what came out", v.Checksum, sum)
}

// testEmptiness: nothing is something that can be kept.
func testEmptiness(t *testing.T, e Engine) {
	s := e.Open(t)
	v := publish(t, s, geo.Cells, nil, 0)
	same(t, "features of an empty version", []geo.Feature(nil), features(t, s, v.ID))
	hollow := []geo.Feature{{Code: "a", Geometry: orb.MultiPolygon{}}, {Code: "b", Geometry: orb.MultiPolygon{{}, {{}}, {{}, {}}}}, {Code: "", Geometry: orb.MultiPolygon(nil)}}
	v = publish(t, s, geo.Cells, hollow, 1)
	slices.SortFunc(hollow, func(a, b geo.Feature) int { return a.Code.Compare(b.Code) })
	same(t, "features without a place", hollow, features(t, s, v.ID))
	v = publish(t, s, geo.Cells, nil, 2)
	same(t, "features of an emptied version", []geo.Feature(nil), features(t, s, v.ID))
	if n, err := s.AddIncidents(t.Context(), nil); n != 0 || err != nil {
		t.Errorf("no incidents: %d added, %v", n, err)
	}
}

// testRefusals: what cannot be kept as it is is an error, and nothing is kept.
func testRefusals(t *testing.T, e Engine) {
	s := e.Open(t)
	publish(t, s, geo.Cells, row(3, "live"), 0)
	at := func(x, y float64) orb.MultiPolygon { return orb.MultiPolygon{{{{0, 0}, {1, 0}, {x, y}, {0, 0}}}} }
	for what, g := range map[string]orb.Geometry{
		"NaN": at(math.NaN(), 1), "infinity": at(1, math.Inf(1)), "-infinity": at(math.Inf(-1), 1),
		"a point among cells": orb.Point{1, 2}, "a polygon for a multipolygon": orb.Polygon{}, "no geometry": nil,
	} {
		fs := []geo.Feature{cell("1", 1, 1, 1), {Code: "2", Geometry: g}, cell("3", 3, 3, 1)}
		v := draftOf(t, geo.Cells, division, nil)
		v.Features = len(fs)
		unchanged(t, s, what, func() error { return s.SaveDraft(t.Context(), v, geo.InOrder(fs)) })
	}
	fs := row(2, 0.5)
	for what, spoil := range map[string]func(*geo.Version, []geo.Feature){
		"a code twice":            func(_ *geo.Version, fs []geo.Feature) { fs[1].Code = fs[0].Code },
		"a property without JSON": func(_ *geo.Version, fs []geo.Feature) { fs[1].Properties[0].Value = math.NaN() },
		"a wrong count":           func(v *geo.Version, _ []geo.Feature) { v.Features++ },
		"a published draft":       func(v *geo.Version, _ []geo.Feature) { v.State = geo.Published },
		"a numbered draft":        func(v *geo.Version, _ []geo.Feature) { v.Number = 7 },
		"a draft without an ID":   func(v *geo.Version, _ []geo.Feature) { v.ID = "" },
		"versions of incidents":   func(v *geo.Version, _ []geo.Feature) { v.Collection = geo.Incidents },
		"an unknown collection":   func(v *geo.Version, _ []geo.Feature) { v.Collection = "towngrid_version" },
	} {
		v, bad := draftOf(t, geo.Cells, division, fs), row(2, 0.5)
		spoil(&v, bad)
		unchanged(t, s, what, func() error { return s.SaveDraft(t.Context(), v, geo.InOrder(bad)) })
	}
	v := draftOf(t, geo.Towns, division, fs)
	v.ID = published(t, s)[0].ID
	err := unchanged(t, s, "an ID that is taken", func() error { return s.SaveDraft(t.Context(), v, geo.InOrder(fs)) })
	isError(t, "an ID that is taken", err, data.ErrConflict)
	for what, in := range map[string]data.Incident{
		"an incident without an ID":       {Time: noon(), Lon: 118.9, Lat: 29},
		"an incident at NaN":              {ID: "x", Time: noon(), Lon: math.NaN(), Lat: 29},
		"an incident at infinity":         {ID: "x", Time: noon(), Lon: 118.9, Lat: math.Inf(1)},
		"an incident without a good year": {ID: "x", Time: noon().AddDate(20000, 0, 0), Lon: 118.9, Lat: 29},
	} {
		unchanged(t, s, what, func() error {
			_, err := s.AddIncidents(t.Context(), []data.Incident{incident("a", 0), in})
			return err
		})
	}
}

package tiles

import (
	"bytes"
	"fmt"
	"math"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"pgregory.net/rapid"

	"towngrid/geo"
)

// Whatever values features have, orb's decoder reads them as they were written.
func TestValuesComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l layer
		keys := []string{"text", "whole", "number", "flag"}
		l.reset("values", keys)
		n := rapid.IntRange(1, 20).Draw(t, "n")
		want := make([]map[string]any, n)
		places := make([]orb.Point, n)
		for i := range n {
			values := []any{
				rapid.OneOf(rapid.Just[any](nil), rapid.Map(rapid.StringN(0, 5, 20), func(s string) any { return s })).Draw(t, "text"),
				rapid.OneOf(rapid.Just[any](nil), rapid.Map(rapid.Int64Range(-1<<52, 1<<52), func(v int64) any { return v })).Draw(t, "whole"),
				rapid.OneOf(rapid.Just[any](nil), rapid.Map(rapid.Float64Range(-1e300, 1e300), func(v float64) any { return v })).Draw(t, "number"),
				rapid.OneOf(rapid.Just[any](nil), rapid.Map(rapid.Bool(), func(v bool) any { return v })).Draw(t, "flag"),
			}
			types := []geo.FieldType{geo.String, geo.Integer, geo.Number, geo.Bool}
			p := square{rapid.Int32Range(-64, 4160).Draw(t, "x"), rapid.Int32Range(-64, 4160).Draw(t, "y")}
			l.point(p)
			want[i], places[i] = map[string]any{}, orb.Point{float64(p.x), float64(p.y)}
			for k, v := range values {
				l.tag(k, string(appendValue(nil, types[k], v)))
				if whole, ok := v.(int64); ok {
					v = float64(whole)
				}
				if v != nil {
					want[i][keys[k]] = v
				}
			}
			l.end(uint64(i+1), pointShape)
		}
		layers, err := mvt.Unmarshal(l.appendTo(nil))
		if err != nil || len(layers) != 1 || layers[0].Name != "values" || len(layers[0].Features) != n {
			t.Fatalf("%v, %v", layers, err)
		}
		for i, f := range layers[0].Features {
			if fmt.Sprint(map[string]any(f.Properties)) != fmt.Sprint(want[i]) || f.Geometry != orb.Geometry(places[i]) || f.ID != float64(i+1) {
				t.Fatalf("feature %d: %v %v %v instead of %v %v", i, f.ID, f.Properties, f.Geometry, want[i], places[i])
			}
		}
	})
}

// A value that many features have stands once in the layer.
func TestValuesStandOnce(t *testing.T) {
	var l layer
	l.reset("values", []string{"unit", "name"})
	text := func(s string) string { return string(appendText(nil, valueString, s)) }
	for i := range 100 {
		l.point(square{int32(i), 0})
		l.tag(0, text(fmt.Sprint("unit", i%3)))
		l.tag(1, text(fmt.Sprint("unit", (i+1)%3)))
		l.end(uint64(i+1), pointShape)
	}
	tile := l.appendTo(nil)
	for i := range 3 {
		if n := bytes.Count(tile, []byte(fmt.Sprint("unit", i))); n != 1 {
			t.Errorf("unit%d stands %d times", i, n)
		}
	}
}

// A feature without a shape is not written, and its properties do not pass on to the next.
func TestFeatureWithoutShapeIsLeftOut(t *testing.T) {
	var l layer
	l.reset("shapes", []string{"code"})
	l.tag(0, string(appendText(nil, valueString, "lost")))
	l.end(1, polygonShape)
	if tile := l.appendTo(nil); len(tile) != 0 {
		t.Errorf("a layer of % x", tile)
	}
	l.point(square{1, 2})
	l.end(2, pointShape)
	layers, err := mvt.Unmarshal(l.appendTo(nil))
	if err != nil || len(layers[0].Features) != 1 || len(layers[0].Features[0].Properties) != 0 {
		t.Errorf("%v, %v", layers, err)
	}
}

// The fine grid holds a position to half its square, and the way there and back likewise.
func TestFineGridIsAsFineAsStated(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := orb.Point{rapid.Float64Range(-180, 179.9).Draw(t, "lon"), rapid.Float64Range(-85, 85).Draw(t, "lat")}
		v := fineAt(p)
		lon, lat := WebMercatorQuad.degreesAt(v.x, v.y)
		const half = 360.0 / (1 << fineBits) / 2
		if math.Abs(lon-p[0]) > half*1.01 || math.Abs(lat-p[1]) > half*1.01 {
			t.Fatalf("%v comes back as %v, %v", p, lon, lat)
		}
	})
}

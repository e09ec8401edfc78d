package diff

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

func box(x, y, w, h float64) orb.MultiPolygon {
	return orb.MultiPolygon{{{{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}, {x, y}}}}
}

func feature(code string, g orb.Geometry, props ...geo.Property) geo.Feature {
	return geo.Feature{Code: geo.Code(code), Name: "名" + code, Geometry: g, Properties: props}
}

func TestBetweenListsWhatCameWentAndChanged(t *testing.T) {
	before := []geo.Feature{
		feature("A", box(118, 29, .01, .01)),
		feature("B", box(118.1, 29, .01, .01), geo.Property{Name: "unit", Value: "S1"}, geo.Property{Name: "old", Value: int64(3)}),
		feature("C", box(118.2, 29, .01, .01)),
		feature("E", orb.Point{118, 29}),
	}
	after := []geo.Feature{
		feature("B", box(118.1, 29, .01, .01), geo.Property{Name: "unit", Value: "S2"}, geo.Property{Name: "new", Value: true}),
		feature("C", box(118.2, 29, .01, .02)),
		feature("D", box(118.3, 29, .01, .01)),
		feature("E", orb.Point{118, 29}),
	}
	d := Between(before, after)
	if d.Unchanged != 1 || len(d.Changes) != 4 || d.Count(Added) != 1 || d.Count(Removed) != 1 || d.Count(Changed) != 2 {
		t.Fatalf("%+v", d)
	}
	a, b, c, add := d.Changes[0], d.Changes[1], d.Changes[2], d.Changes[3]
	if a.Kind != Removed || a.Code != "A" || a.After != nil || a.AreaBeforeM2 <= 0 || a.AreaAfterM2 != 0 {
		t.Errorf("%+v", a)
	}
	want := []Attribute{{"unit", "S1", "S2"}, {"new", nil, true}, {"old", int64(3), nil}}
	if len(b.Attributes) != 3 || b.Attributes[0] != want[0] || b.Attributes[1] != want[1] || b.Attributes[2] != want[2] || b.MovedM != 0 || b.AreaBeforeM2 != b.AreaAfterM2 {
		t.Errorf("%+v", b)
	}
	// A hundredth of a degree of latitude at 29° N is 1108.6 m.
	if len(c.Attributes) != 0 || math.Abs(c.AreaAfterM2/c.AreaBeforeM2-2) > 1e-3 || math.Abs(c.MovedM-1108.6) > 0.5 {
		t.Errorf("%+v", c)
	}
	if add.Kind != Added || add.Code != "D" || add.Before != nil {
		t.Errorf("%+v", add)
	}
	if d := Between(after, after); len(d.Changes) != 0 || d.Unchanged != 4 {
		t.Errorf("against itself: %+v", d)
	}
}

// TestRoundingIsNoChange moves every vertex by what a Gauss-Krüger grid and back moves it,
// and one vertex by a micrometre and a half.
func TestRoundingIsNoChange(t *testing.T) {
	at := func(by float64) orb.Geometry {
		mp := box(118.9, 29, .01, .01)
		for i := range mp[0][0] {
			mp[0][0][i][0] += 5e-14
		}
		mp[0][0][2][1] += by
		return mp
	}
	before := []geo.Feature{feature("A", box(118.9, 29, .01, .01)), feature("P", orb.Point{118, 29})}
	after := []geo.Feature{feature("A", at(0)), feature("P", orb.Point{118, 29 + 5e-14})}
	if d := Between(before, after); d.Unchanged != 2 || len(d.Changes) != 0 {
		t.Errorf("rounding: %+v", d)
	}
	after[0].Geometry = at(1.5e-6 / 111_000)
	if d := Between(before, after); len(d.Changes) != 1 || math.Abs(d.Changes[0].MovedM-1.5e-6) > 1e-7 {
		t.Errorf("a micrometre and a half: %+v", d)
	}
	// The same vertices as two polygons, or in another ring, are no rounding.
	after[0].Geometry = orb.MultiPolygon{box(118.9, 29, .01, .01)[0], box(118.9, 29, .01, .01)[0]}
	if d := Between(before, after); len(d.Changes) != 1 {
		t.Errorf("twice: %+v", d)
	}
}

// TestMovedAgreesWithEveryVertexAgainstEveryEdge holds the look-up against plain search.
func TestMovedAgreesWithEveryVertexAgainstEveryEdge(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	star := func(n int) orb.MultiPolygon {
		ring := make(orb.Ring, 0, n+1)
		for i := range n {
			a := 2 * math.Pi * float64(i) / float64(n)
			d := .01 * (1 + .3*r.Float64())
			ring = append(ring, orb.Point{118.9 + d*math.Cos(a), 29 + d*math.Sin(a)})
		}
		return orb.MultiPolygon{{append(ring, ring[0])}}
	}
	for round := range 50 {
		a, b := star(3+r.IntN(60)), star(3+r.IntN(60))
		want := 0.0
		for _, pair := range [][2]orb.MultiPolygon{{a, b}, {b, a}} {
			for _, v := range pair[0][0][0] {
				m, _ := geo.BorderDistanceM(pair[1], v)
				want = max(want, m)
			}
		}
		if got := Moved(a, b); math.Abs(got-want) > 1e-6 {
			t.Fatalf("round %d (seed 7, 7): %v, want %v", round, got, want)
		}
	}
	if !math.IsNaN(Moved(orb.Point{1, 2}, star(5))) || !math.IsNaN(Moved(orb.MultiPolygon{}, star(5))) {
		t.Error("a distance between what has none")
	}
	if m := Moved(orb.Point{118, 29}, orb.Point{118, 29.01}); math.Abs(m-1108.6) > 0.5 {
		t.Errorf("%v", m)
	}
}

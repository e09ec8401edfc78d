package intake

import (
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/geotest"
)

// TestBandsAgreeWithSideOf asks for vertices, points on edges and points anywhere.
func TestBandsAgreeWithSideOf(t *testing.T) {
	bound := orb.Bound{Min: orb.Point{118, 29}, Max: orb.Point{118.2, 29.2}}
	cells := geotest.Tessellation(11, 80, bound)
	points := geotest.Points(11, cells, 2000)
	r := rand.New(rand.NewPCG(11, 11))
	for range 500 {
		points = append(points, orb.Point{118 + .2*r.Float64(), 29 + .2*r.Float64()})
	}
	sides := map[geo.Side]int{}
	for i, c := range cells {
		b := newBands(c)
		for _, p := range points {
			want := geo.SideOf(c, p)
			sides[want]++
			if got := b.side(p); got != want {
				t.Fatalf("cell %d, %v: %v, want %v (seed 11)", i, p, got, want)
			}
		}
	}
	if sides[geo.Edge] == 0 || sides[geo.Inside] == 0 {
		t.Fatalf("%v: the points test nothing", sides)
	}
	flat := newBands(orb.MultiPolygon{{{{1, 1}, {2, 1}, {3, 1}, {1, 1}}}})
	if flat.side(orb.Point{1.5, 1}) != geo.Edge || flat.side(orb.Point{1.5, 1.1}) != geo.Outside {
		t.Error("a polygon without height")
	}
}

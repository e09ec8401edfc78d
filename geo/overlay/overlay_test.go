package overlay

import (
	"math"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/geotest"
)

func box(x, y, w, h float64) orb.MultiPolygon {
	return orb.MultiPolygon{{{{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}, {x, y}}}}
}

func TestBoxes(t *testing.T) {
	a, b := box(0, 0, 2, 2), box(1, 1, 2, 2)
	for name, tc := range map[string]struct {
		op   func(a, b orb.MultiPolygon) (orb.MultiPolygon, error)
		a, b orb.MultiPolygon
		want float64
	}{
		"corner in common":  {Intersection, a, b, 1},
		"corner cut off":    {Difference, a, b, 3},
		"side by side":      {Intersection, a, box(2, 0, 1, 2), 0},
		"covered":           {Difference, a, box(-1, -1, 9, 9), 0},
		"apart":             {Difference, a, box(9, 9, 1, 1), 4},
		"hole cut":          {Difference, a, box(.5, .5, 1, 1), 3},
		"in two parts":      {Difference, a, box(.5, -1, 1, 4), 2},
		"against itself":    {Intersection, a, a, 4},
		"nothing of itself": {Difference, a, a, 0},
	} {
		got, err := tc.op(tc.a, tc.b)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		area := 0.0
		for _, p := range got {
			for i, r := range p {
				s := 0.0
				for k := 1; k < len(r); k++ {
					s += r[k-1][0]*r[k][1] - r[k][0]*r[k-1][1]
				}
				if (s > 0) != (i == 0) {
					t.Errorf("%s: ring %d runs the wrong way round", name, i)
				}
				area += s / 2
			}
		}
		if math.Abs(area-tc.want) > 1e-12 {
			t.Errorf("%s: %v, want %v", name, area, tc.want)
		}
	}
}

// TestCellsAddUpInAnyBox cuts a coverage with boxes: pieces inside and outside add up
// to each cell.
func TestCellsAddUpInAnyBox(t *testing.T) {
	cells := geotest.Tessellation(3, 60, orb.Bound{Min: orb.Point{118, 29}, Max: orb.Point{118.2, 29.2}})
	cut := box(118.05, 29.03, .1, .12)
	for i, c := range cells {
		in, err := Intersection(c, cut)
		if err != nil {
			t.Fatal(err)
		}
		out, err := Difference(c, cut)
		if err != nil {
			t.Fatal(err)
		}
		whole, parts := geo.AreaM2(c), geo.AreaM2(in)+geo.AreaM2(out)
		// A new vertex on an edge moves the geodesic by some nanometres.
		if math.Abs(whole-parts) > 1e-3*math.Sqrt(whole) {
			t.Errorf("cell %d: %.6f m² in parts of %.6f", i, whole, parts)
		}
	}
}

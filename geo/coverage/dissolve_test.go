package coverage_test

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/coverage"
	"towngrid/geo/geotest"
)

// TestDissolveUnites groups faces at random. The unions must be valid polygons,
// have the area of their faces and cover the points that their faces cover.
func TestDissolveUnites(t *testing.T) {
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 3))
		var cells []orb.MultiPolygon
		if seed%2 == 0 {
			cells = geotest.Tessellation(seed, 250, district)
		} else {
			cells = checkers(16)
		}
		groups := 2 + r.IntN(4)
		group := make([]int, len(cells))
		for i := range group {
			group[i] = r.IntN(groups+1) - 1
		}
		unions := coverage.Build(cells).Dissolve(group)
		for g := range groups {
			checkUnion(t, seed, cells, group, g, unions[g])
		}
	}
}

// checkers is n×n squares: grouped at random they meet in many single points.
func checkers(n int) []orb.MultiPolygon {
	var cells []orb.MultiPolygon
	for x := range n {
		for y := range n {
			cells = append(cells, orb.MultiPolygon{{box(118+float64(x)/16, 29+float64(y)/16, 1./16)}})
		}
	}
	return cells
}

func checkUnion(t *testing.T, seed uint64, cells []orb.MultiPolygon, group []int, g int, union orb.MultiPolygon) {
	t.Helper()
	if err := geotest.Valid(union); err != nil {
		t.Errorf("seed %d: the union of group %d is not valid: %v", seed, g, err)
	}
	want := 0.0
	vertices := map[orb.Point]bool{}
	for i, mp := range cells {
		if group[i] == g {
			want += geo.AreaM2(mp)
			each(mp, func(p orb.Point) { vertices[p] = true })
		}
	}
	if got := geo.AreaM2(union); math.Abs(got-want) > 1e-9*want {
		t.Errorf("seed %d: group %d has %v m², its faces %v", seed, g, got, want)
	}
	each(union, func(p orb.Point) {
		if !vertices[p] {
			t.Errorf("seed %d: group %d has a vertex %v that is none of its faces'", seed, g, p)
		}
	})
	for _, p := range geotest.Points(seed, cells, 400) {
		in := false
		for i, mp := range cells {
			in = in || group[i] == g && geo.Covers(mp, p)
		}
		if geo.Covers(union, p) != in {
			t.Errorf("seed %d: group %d covers %v: %v, its faces %v", seed, g, p, !in, in)
		}
	}
}

func each(mp orb.MultiPolygon, f func(orb.Point)) {
	for _, poly := range mp {
		for _, r := range poly {
			for _, p := range r {
				f(p)
			}
		}
	}
}

func TestDissolveOfAllIsTheOutline(t *testing.T) {
	cells := geotest.Tessellation(2, 400, district)
	all := coverage.Build(cells).Dissolve(make([]int, len(cells)))
	if len(all) != 1 || len(all[0]) != 1 || len(all[0][0]) != 1 {
		t.Fatalf("the outline of a district without lakes is one ring, not %d polygons", len(all[0]))
	}
	if got, want := all[0].Bound(), district; got != want {
		t.Errorf("outline %v, want %v", got, want)
	}
}

func TestDissolveNamesGroupsByNumber(t *testing.T) {
	cells := checkers(2)
	got := coverage.Build(cells).Dissolve([]int{3, -1, -7, 1})
	if len(got) != 4 || got[0] != nil || got[2] != nil {
		t.Fatalf("groups %v", got)
	}
	if !reflect.DeepEqual(got[3].Bound(), cells[0].Bound()) || !reflect.DeepEqual(got[1].Bound(), cells[3].Bound()) {
		t.Errorf("groups 3 and 1 are not faces 0 and 3: %v", got)
	}
}

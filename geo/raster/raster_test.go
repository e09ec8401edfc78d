package raster_test

import (
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/geotest"
	"towngrid/geo/raster"
)

var district = orb.Bound{Min: orb.Point{118.5, 28.7}, Max: orb.Point{119.25, 29.3}}

// long says whether the long forms of the tests are wanted.
func long() bool { return os.Getenv("TOWNGRID_LONG") != "" }

// lay lays the coordinates of polygons one behind another.
func lay(polys []orb.MultiPolygon) (points []orb.Point, rings []raster.Ring) {
	for i, mp := range polys {
		for _, poly := range mp {
			for _, ring := range poly {
				first := len(points)
				points = append(points, ring...)
				rings = append(rings, raster.Ring{First: uint32(first), End: uint32(len(points)), Polygon: int32(i)})
			}
		}
	}
	return points, rings
}

func newRaster(polys []orb.MultiPolygon) *raster.Raster {
	points, rings := lay(polys)
	return raster.New(points, rings, len(polys))
}

// judge is the exact test of polygons near a position: which cover it, and whether it
// lies on an edge of any.
type judge struct {
	polys  []orb.MultiPolygon
	bounds []orb.Bound
	grid   map[[2]int][]int
	step   float64
}

func newJudge(polys []orb.MultiPolygon, step float64) *judge {
	j := &judge{polys: polys, grid: map[[2]int][]int{}, step: step}
	for i, mp := range polys {
		b := orb.Bound{Min: orb.Point{math.Inf(1), math.Inf(1)}, Max: orb.Point{math.Inf(-1), math.Inf(-1)}}
		for _, poly := range mp {
			for _, ring := range poly {
				b = b.Union(ring.Bound())
			}
		}
		j.bounds = append(j.bounds, b)
		for x := int(math.Floor(b.Min[0] / step)); x <= int(math.Floor(b.Max[0]/step)); x++ {
			for y := int(math.Floor(b.Min[1] / step)); y <= int(math.Floor(b.Max[1]/step)); y++ {
				j.grid[[2]int{x, y}] = append(j.grid[[2]int{x, y}], i)
			}
		}
	}
	return j
}

func (j *judge) at(p orb.Point) (cover, touch []int32) {
	for _, i := range j.grid[[2]int{int(math.Floor(p[0] / j.step)), int(math.Floor(p[1] / j.step))}] {
		if !j.bounds[i].Contains(p) {
			continue
		}
		if geo.Covers(j.polys[i], p) {
			cover = append(cover, int32(i))
		}
		if geo.SideOf(j.polys[i], p) == geo.Edge {
			touch = append(touch, int32(i))
		}
	}
	return cover, touch
}

// agree holds one answer of a raster against the judge.
func agree(t *testing.T, r *raster.Raster, j *judge, p orb.Point) {
	t.Helper()
	cover, touch := j.at(p)
	got := r.Find(p)
	switch {
	case got == raster.Unsure:
		c := r.Candidates(p, nil)
		if !slices.IsSorted(c) {
			t.Fatalf("%v: candidates %v are not in order", p, c)
		}
		for _, i := range append(cover, touch...) {
			if !slices.Contains(c, i) {
				t.Fatalf("%v: candidates %v, without %d", p, c, i)
			}
		}
	case len(touch) > 0:
		t.Fatalf("%v: %d, but it is on an edge of %v", p, got, touch)
	case got == raster.None && len(cover) > 0, got >= 0 && !slices.Equal(cover, []int32{got}):
		t.Fatalf("%v: %d, want %v", p, got, cover)
	}
}

// TestFindAgreesWithTheExactTest takes whole and broken coverages and adversarial
// points of them.
func TestFindAgreesWithTheExactTest(t *testing.T) {
	tessellations, points := 8, 20_000
	if long() {
		tessellations, points = 40, 250_000
	}
	for seed := range uint64(tessellations) {
		r := rand.New(rand.NewPCG(seed, 21))
		cells := geotest.Tessellation(seed, 60+r.IntN(1500), district)
		switch seed % 4 {
		case 1:
			cells, _ = geotest.Break(seed, cells, 9)
		case 2:
			cells = geotest.Tremble(seed, cells, r.IntN(len(cells)), 1e-4)
		}
		t.Logf("seed %d: %d cells", seed, len(cells))
		x, j := newRaster(cells), newJudge(cells, 0.01)
		for _, p := range geotest.Points(seed, cells, points) {
			agree(t, x, j, p)
		}
	}
}

package raster_test

import (
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"runtime"
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
	step   float64 // of the grid in degrees, infinite for none
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
		if math.IsInf(step, 1) {
			j.grid[[2]int{}] = append(j.grid[[2]int{}], i)
			continue
		}
		for x := int(math.Floor(b.Min[0] / step)); x <= int(math.Floor(b.Max[0]/step)); x++ {
			for y := int(math.Floor(b.Min[1] / step)); y <= int(math.Floor(b.Max[1]/step)); y++ {
				j.grid[[2]int{x, y}] = append(j.grid[[2]int{x, y}], i)
			}
		}
	}
	return j
}

func (j *judge) at(p orb.Point) (cover, touch []int32) {
	key := [2]int{}
	if !math.IsInf(j.step, 1) {
		key = [2]int{int(math.Floor(p[0] / j.step)), int(math.Floor(p[1] / j.step))}
	}
	for _, i := range j.grid[key] {
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
	if plain := r.FindPlainly(p); got != plain {
		t.Fatalf("%v: %d by vectors, %d without", p, got, plain)
	}
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

// soup is polygons that are no coverage at all: crossing themselves and each other, with
// spikes, holes outside of shells, repeated points and repeated polygons, at any size.
func soup(r *rand.Rand, n int) []orb.MultiPolygon {
	scale := math.Pow(10, float64(r.IntN(12)-8))
	at := orb.Point{float64(r.IntN(3)-1) * 118.9, float64(r.IntN(3)-1) * 29}
	snap := r.IntN(2) == 0 // onto few places, so that edges and corners are shared
	place := func(around orb.Point, size float64) orb.Point {
		p := orb.Point{around[0] + (r.Float64()-.5)*size, around[1] + (r.Float64()-.5)*size}
		if snap {
			for i := range p {
				p[i] = at[i] + math.Round((p[i]-at[i])/scale*8)/8*scale
			}
		}
		return p
	}
	polys := make([]orb.MultiPolygon, n)
	for i := range polys {
		if i > 0 && r.IntN(10) == 0 {
			polys[i] = polys[r.IntN(i)]
			continue
		}
		middle, size := place(at, scale*3), scale*math.Pow(2, -r.Float64()*6)
		for range 1 + r.IntN(2) {
			var poly orb.Polygon
			for range 1 + r.IntN(2) {
				var ring orb.Ring
				for range 3 + r.IntN(9) {
					ring = append(ring, place(middle, size))
					if r.IntN(9) == 0 {
						ring = append(ring, ring[len(ring)-1])
					}
				}
				poly = append(poly, append(ring, ring[0]))
			}
			polys[i] = append(polys[i], poly)
		}
	}
	return polys
}

func TestFindInAnyPolygons(t *testing.T) {
	rounds := 150
	if long() {
		rounds = 5000
	}
	made := 0
	for seed := range uint64(rounds) {
		r := rand.New(rand.NewPCG(seed, 22))
		polys := soup(r, 1+r.IntN(60))
		x := newRaster(polys)
		if x == nil {
			continue
		}
		made++
		t.Logf("seed %d", seed)
		j := newJudge(polys, math.Inf(1))
		for _, p := range geotest.Points(seed, polys, 300) {
			agree(t, x, j, p)
		}
	}
	if made < rounds*9/10 {
		t.Errorf("only %d of %d have a raster", made, rounds)
	}
}

// TestRandomPointsAreMostlySure: the exact test is left what is close to an edge, which is a
// small part of all positions.
func TestRandomPointsAreMostlySure(t *testing.T) {
	cells := geotest.Quilt(3, 3000, district)
	x, r, unsure := newRaster(cells), rand.New(rand.NewPCG(3, 3)), 0
	const n = 200_000
	for range n {
		p := orb.Point{district.Min[0] + r.Float64()*0.75, district.Min[1] + r.Float64()*0.6}
		if x.Find(p) == raster.Unsure {
			unsure++
		}
	}
	t.Logf("%d of %d positions are left to the exact test", unsure, n)
	if unsure > n/200 {
		t.Errorf("%d of %d positions are left to the exact test", unsure, n)
	}
}

// TestSameRasterFromAnyNumberOfProcessors compares what New makes of the same cells with
// one worker and with many.
func TestSameRasterFromAnyNumberOfProcessors(t *testing.T) {
	cells := geotest.Quilt(4, 2000, district)
	before := runtime.GOMAXPROCS(1)
	one := newRaster(cells)
	runtime.GOMAXPROCS(7)
	many := newRaster(cells)
	runtime.GOMAXPROCS(before)
	if !reflect.DeepEqual(one, many) {
		t.Error("one worker makes another raster than seven")
	}
}

// TestFindAllAgreesWithFind takes positions in lots, in one raster and in many.
func TestFindAllAgreesWithFind(t *testing.T) {
	cells := geotest.Tessellation(5, 400, district)
	broken, _ := geotest.Break(5, cells, 20)
	a, b := newRaster(cells), newRaster(broken)
	ps := geotest.Points(5, cells, 5000)
	ps = append(ps, orb.Point{math.NaN(), 29}, orb.Point{118.9, math.Inf(1)}, orb.Point{-1e300, 29}, orb.Point{118.9, 1e300})
	all, each, rs := make([]int32, len(ps)), make([]int32, len(ps)), make([]*raster.Raster, len(ps))
	for i := range rs {
		rs[i] = []*raster.Raster{a, b}[i%2]
	}
	a.FindAll(ps, all)
	raster.FindEach(rs, ps, each)
	for i, p := range ps {
		if want := a.Find(p); all[i] != want {
			t.Fatalf("%v: %d in a lot, %d alone", p, all[i], want)
		}
		if want := rs[i].Find(p); each[i] != want {
			t.Fatalf("%v: %d among rasters, %d alone", p, each[i], want)
		}
	}
}

// TestNoRaster: where there are no squares to be had, or polygons are heaped up so
// thickly that these would take very long, there is none.
func TestNoRaster(t *testing.T) {
	square := func(x, y, side float64) orb.MultiPolygon {
		return orb.MultiPolygon{{{{x, y}, {x + side, y}, {x + side, y + side}, {x, y + side}, {x, y}}}}
	}
	heap := make([]orb.MultiPolygon, 20_000)
	for i := range heap {
		heap[i] = square(118, 29, 1)
	}
	for name, polys := range map[string][]orb.MultiPolygon{
		"nothing": nil, "too large": {square(-1e300, 0, 1e300)}, "a heap": heap,
	} {
		if newRaster(polys) != nil {
			t.Errorf("%s has a raster", name)
		}
	}
	for name, polys := range map[string][]orb.MultiPolygon{
		"small": {square(118, 29, 1e-13)}, "at the origin": {square(0, 0, 1e-30)}, "without height": {{{{{0, 0}, {1, 0}, {2, 0}, {0, 0}}}}},
		"a few over one another": heap[:40],
	} {
		x := newRaster(polys)
		if x == nil {
			t.Errorf("%s has no raster", name)
			continue
		}
		j := newJudge(polys, math.Inf(1))
		for _, p := range geotest.Points(1, polys, 2000) {
			agree(t, x, j, p)
		}
	}
}

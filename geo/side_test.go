package geo_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/geotest"
)

// seeds are those of the random tests here; every failure prints the seed.
var seeds = []uint64{1, 2, 3}

func TestOrientAgreesWithRationals(t *testing.T) {
	for _, seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 0))
		signs := map[int]int{}
		for range 15_000 {
			a, b, p := adversarial(r)
			want := geotest.Turn(a, b, p)
			signs[want]++
			if got := geo.Orient(a, b, p); got != want {
				t.Fatalf("seed %d: Orient(%v, %v, %v) = %d, want %d", seed, a, b, p, got, want)
			}
			if got := geo.Orient(b, a, p); got != -want {
				t.Fatalf("seed %d: Orient(%v, %v, %v) = %d, want %d", seed, b, a, p, got, -want)
			}
		}
		if signs[0] < 300 || signs[1] < 1000 || signs[-1] < 1000 {
			t.Errorf("seed %d: too few cases of a kind: %v", seed, signs)
		}
	}
}

// adversarial is three points that are nearly in line, or of very unequal size, or
// at the ends of what a double can hold.
func adversarial(r *rand.Rand) (a, b, p orb.Point) {
	size := []float64{1, 100, 1e-9, 0x1p-500, 0x1p-530, 0x1p-540, 0x1p-1060, 0x1p500, 0x1p1000, 0x1p1022}[r.IntN(10)]
	point := func() orb.Point { return orb.Point{(r.Float64() - .5) * size, (r.Float64() - .5) * size} }
	a, b, p = point(), point(), point()
	switch r.IntN(5) {
	case 0: // near the line, mostly some ulps off
		f := r.Float64()
		p = orb.Point{a[0] + f*(b[0]-a[0]), a[1] + f*(b[1]-a[1])}
	case 1: // exactly on it, for the midpoint of short fractions
		for i := range 2 {
			a[i], b[i] = float64(r.IntN(1<<20))/(1<<20)*size, float64(r.IntN(1<<20))/(1<<20)*size
			p[i] = a[i]/2 + b[i]/2
		}
	case 2: // one ulp off that
		for i := range 2 {
			a[i], b[i] = float64(r.IntN(1<<20))/(1<<20)*size, float64(r.IntN(1<<20))/(1<<20)*size
			p[i] = math.Nextafter(a[i]/2+b[i]/2, float64(r.IntN(3)-1)*math.MaxFloat64)
		}
	case 3: // unequal sizes
		b[0] *= 1e-30
		p[1] *= 1e30
		if math.IsInf(p[1], 0) {
			p[1] = math.MaxFloat64
		}
	}
	return a, b, p
}

func TestOrientWithoutNumbersIsZero(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, p := range []orb.Point{{nan, 0}, {0, nan}, {inf, 0}, {0, -inf}} {
		if got := geo.Orient(orb.Point{0, 0}, orb.Point{1, 1}, p); got != 0 {
			t.Errorf("Orient to %v = %d", p, got)
		}
		if geo.Covers(square(-1, -1, 2), p) {
			t.Errorf("%v is covered", p)
		}
		if side := geo.SideOf(square(-1, -1, 2), p); side != geo.Outside {
			t.Errorf("%v is %v", p, side)
		}
	}
}

func square(x, y, side float64) orb.MultiPolygon {
	return orb.MultiPolygon{{{{x, y}, {x + side, y}, {x + side, y + side}, {x, y + side}, {x, y}}}}
}

func TestSidesOfASquareWithAHole(t *testing.T) {
	mp := square(0, 0, 4)
	mp[0] = append(mp[0], orb.Ring{{1, 1}, {1, 3}, {3, 3}, {3, 1}, {1, 1}})
	for _, c := range []struct {
		p      orb.Point
		side   geo.Side
		covers bool
	}{
		{orb.Point{.5, .5}, geo.Inside, true},
		{orb.Point{2, 2}, geo.Outside, false},
		{orb.Point{5, 2}, geo.Outside, false},
		{orb.Point{-1, 0}, geo.Outside, false},
		{orb.Point{0, 2}, geo.Edge, true},  // western edge
		{orb.Point{4, 2}, geo.Edge, false}, // eastern edge
		{orb.Point{2, 0}, geo.Edge, true},  // southern edge
		{orb.Point{2, 4}, geo.Edge, false}, // northern edge
		{orb.Point{0, 0}, geo.Edge, true},
		{orb.Point{4, 0}, geo.Edge, false},
		{orb.Point{4, 4}, geo.Edge, false},
		{orb.Point{0, 4}, geo.Edge, false},
		{orb.Point{1, 2}, geo.Edge, false}, // the hole's western edge
		{orb.Point{3, 2}, geo.Edge, true},
		{orb.Point{2, 1}, geo.Edge, false},
		{orb.Point{2, 3}, geo.Edge, true},
		{orb.Point{1, 1}, geo.Edge, false},
		{orb.Point{3, 3}, geo.Edge, true},
		{orb.Point{1, 3}, geo.Edge, true},
		{orb.Point{3, 1}, geo.Edge, true},
		{orb.Point{math.Nextafter(1, 0), 2}, geo.Inside, true},
		{orb.Point{math.Nextafter(1, 2), 2}, geo.Outside, false},
	} {
		if got := geo.SideOf(mp, c.p); got != c.side {
			t.Errorf("SideOf(%v) = %v, want %v", c.p, got, c.side)
		}
		if got := geo.Covers(mp, c.p); got != c.covers {
			t.Errorf("Covers(%v) = %v, want %v", c.p, got, c.covers)
		}
	}
	if s := fmt.Sprint(geo.Outside, geo.Edge, geo.Inside); s != "outside edge inside" {
		t.Errorf("sides spell %q", s)
	}
}

// TestEveryPointHasOneCell takes, for each of three tessellations, 30,000 shared
// vertices, 30,000 points on shared edges and their neighbours one ulp away.
func TestEveryPointHasOneCell(t *testing.T) {
	bound := orb.Bound{Min: orb.Point{118.5, 28.7}, Max: orb.Point{119.25, 29.3}}
	for _, seed := range seeds {
		cells := geotest.Tessellation(seed, 600, bound)
		vertices, edges := sharedPlaces(cells, bound)
		r := rand.New(rand.NewPCG(seed, 7))
		ix := newIndex(cells)
		for i := range 30_000 {
			v, e := vertices[i%len(vertices)], edges[i%len(edges)]
			ix.oneCell(t, seed, v, true)
			ix.oneCell(t, seed, onEdge(r, e), false)
			ix.oneCell(t, seed, nudge(r, v), false)
			ix.oneCell(t, seed, nudge(r, onEdge(r, e)), false)
		}
	}
}

// index finds cells by bound: the candidates of a point.
type index struct {
	cells  []orb.MultiPolygon
	bounds []orb.Bound
	grid   map[[2]int][]int
}

const step = 0.01 // degrees, of the grid

func newIndex(cells []orb.MultiPolygon) *index {
	ix := &index{cells: cells, grid: map[[2]int][]int{}}
	for i, c := range cells {
		b := c.Bound()
		ix.bounds = append(ix.bounds, b)
		for x := int(b.Min[0] / step); x <= int(b.Max[0]/step); x++ {
			for y := int(b.Min[1] / step); y <= int(b.Max[1]/step); y++ {
				ix.grid[[2]int{x, y}] = append(ix.grid[[2]int{x, y}], i)
			}
		}
	}
	return ix
}

// oneCell asserts that exactly one cell covers p, that the sides agree with it, and
// now and then that the oracle in rational numbers finds the same cell.
func (ix *index) oneCell(t *testing.T, seed uint64, p orb.Point, shared bool) {
	t.Helper()
	owner, owners, edges := -1, 0, 0
	for _, i := range ix.grid[[2]int{int(p[0] / step), int(p[1] / step)}] {
		if !ix.bounds[i].Contains(p) {
			continue
		}
		covers, side := geo.Covers(ix.cells[i], p), geo.SideOf(ix.cells[i], p)
		if covered, onEdge := geo.Stand(ix.cells[i], p); covered != covers || onEdge != (side == geo.Edge) {
			t.Fatalf("seed %d: %v is %v of cell %d, covered: %v; Stand says %v, %v", seed, p, side, i, covers, covered, onEdge)
		}
		if covers {
			owner, owners = i, owners+1
		}
		if side == geo.Edge {
			edges++
		} else if (side == geo.Inside) != covers {
			t.Fatalf("seed %d: %v is %v of cell %d, covered: %v", seed, p, side, i, covers)
		}
	}
	if owners != 1 {
		t.Fatalf("seed %d: %v has %d cells", seed, p, owners)
	}
	if shared && edges < 2 {
		t.Fatalf("seed %d: shared vertex %v is on the edge of %d cells", seed, p, edges)
	}
	if math.Float64bits(p[0])%61 == 0 && !geotest.Holds(ix.cells[owner], p) {
		t.Fatalf("seed %d: rational numbers do not put %v into cell %d", seed, p, owner)
	}
}

// sharedPlaces are the vertices and edges that lie strictly within the bound: all
// of these are shared by cells.
func sharedPlaces(cells []orb.MultiPolygon, b orb.Bound) (vertices []orb.Point, edges [][2]orb.Point) {
	inner := func(p orb.Point) bool {
		return p[0] > b.Min[0] && p[0] < b.Max[0] && p[1] > b.Min[1] && p[1] < b.Max[1]
	}
	for _, mp := range cells {
		for _, poly := range mp {
			for _, ring := range poly {
				for i := 1; i < len(ring); i++ {
					if inner(ring[i]) {
						vertices = append(vertices, ring[i])
						edges = append(edges, [2]orb.Point{ring[i-1], ring[i]})
					}
				}
			}
		}
	}
	return vertices, edges
}

func onEdge(r *rand.Rand, e [2]orb.Point) orb.Point {
	f := r.Float64()
	if r.IntN(3) == 0 {
		f = .5
	}
	return orb.Point{e[0][0] + f*(e[1][0]-e[0][0]), e[0][1] + f*(e[1][1]-e[0][1])}
}

func nudge(r *rand.Rand, p orb.Point) orb.Point {
	for i := range p {
		p[i] = math.Nextafter(p[i], float64(r.IntN(3)-1)*1000)
	}
	return p
}

func BenchmarkOrient(b *testing.B) {
	for _, c := range []struct {
		name string
		p    orb.Point
	}{
		{"filter", orb.Point{118.87, 29.05}},
		{"exact", orb.Point{118.95, 29.05}},
		{"sum", orb.Point{1.0000000000000002e-3, 1e-3}},
	} {
		b.Run(c.name, func(b *testing.B) {
			a, z := orb.Point{118.9, 29}, orb.Point{119, 29.1}
			if c.name == "sum" {
				a, z = orb.Point{1e-20, 1e-20}, orb.Point{1, 1}
			}
			for b.Loop() {
				geo.Orient(a, z, c.p)
			}
		})
	}
}

func BenchmarkCovers(b *testing.B) {
	cells := geotest.Tessellation(1, 100, orb.Bound{Min: orb.Point{118, 29}, Max: orb.Point{119, 30}})
	n := 0
	for _, ring := range cells[50][0] {
		n += len(ring)
	}
	p := cells[50].Bound().Center()
	b.ReportMetric(float64(n), "vertices")
	for b.Loop() {
		geo.Covers(cells[50], p)
	}
}

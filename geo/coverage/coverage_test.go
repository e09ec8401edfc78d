package coverage_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo/coverage"
	"towngrid/geo/geotest"
)

var district = orb.Bound{Min: orb.Point{118.5, 28.7}, Max: orb.Point{119.25, 29.3}}

// edge is a directed edge.
type edge [2]orb.Point

// edgesOf maps each directed edge of the faces, walked with the face on the left,
// to its face.
func edgesOf(cells []orb.MultiPolygon) map[edge]int32 {
	edges := map[edge]int32{}
	for i, mp := range cells {
		for _, poly := range mp {
			for j, r := range poly {
				if (r.Orientation() == orb.CCW) == (j > 0) {
					r = r.Clone()
					r.Reverse()
				}
				for k := 1; k < len(r); k++ {
					edges[edge{r[k-1], r[k]}] = int32(i)
				}
			}
		}
	}
	return edges
}

// TestArcsAreTheSharedEdges compares with a map of all directed edges: every edge
// lies in one arc, with the faces of both its directions, and arcs are maximal.
func TestArcsAreTheSharedEdges(t *testing.T) {
	for seed := range uint64(5) {
		cells := geotest.Tessellation(seed, 300, district)
		c := coverage.Build(cells)
		edges := edgesOf(cells)
		seen := 0
		for n, a := range c.Arcs() {
			for i := 1; i < len(a.Points); i++ {
				left, ok := edges[edge{a.Points[i-1], a.Points[i]}]
				right, shared := edges[edge{a.Points[i], a.Points[i-1]}]
				if !shared {
					right = coverage.Rim
				} else {
					seen++
				}
				if seen++; !ok || left != a.Left || right != a.Right {
					t.Fatalf("seed %d: arc %d has faces %d and %d, its edge %d has %d and %d", seed, n, a.Left, a.Right, i, left, right)
				}
			}
		}
		if seen != len(edges) {
			t.Errorf("seed %d: arcs hold %d directed edges of %d", seed, seen, len(edges))
		}
		maximal(t, seed, c)
	}
}

// maximal asserts that no two arcs with the same faces could be one.
func maximal(t *testing.T, seed uint64, c *coverage.Coverage) {
	t.Helper()
	type end struct {
		arc         int
		left, right int32
	}
	ends := map[orb.Point][]end{}
	for i, a := range c.Arcs() {
		first, last := a.Points[0], a.Points[len(a.Points)-1]
		if first == last && len(ends[first]) == 0 {
			continue
		}
		ends[first] = append(ends[first], end{i, a.Right, a.Left}) // seen from the node
		ends[last] = append(ends[last], end{i, a.Left, a.Right})
	}
	for p, es := range ends {
		if len(es) == 2 && es[0].arc != es[1].arc && es[0].left == es[1].right && es[0].right == es[1].left {
			t.Errorf("seed %d: arcs %d and %d meet at %v without need", seed, es[0].arc, es[1].arc, p)
		}
	}
}

// TestPolygonsComeBackFromArcs rebuilds every face, whatever the direction and
// first vertex of its rings.
func TestPolygonsComeBackFromArcs(t *testing.T) {
	for seed := range uint64(5) {
		cells := geotest.Tessellation(seed, 300, district)
		r := rand.New(rand.NewPCG(seed, 1))
		c := coverage.Build(shuffled(r, cells))
		if c.Faces() != len(cells) {
			t.Fatalf("%d faces of %d cells", c.Faces(), len(cells))
		}
		arcs := len(c.Arcs())
		if plain := len(coverage.Build(cells).Arcs()); plain != arcs {
			t.Errorf("seed %d: %d arcs, after turning rings %d", seed, plain, arcs)
		}
		for i, mp := range cells {
			polys := c.Polygons(i)
			if len(polys) != len(mp) {
				t.Fatalf("seed %d: face %d has %d polygons of %d", seed, i, len(polys), len(mp))
			}
			for j, poly := range polys {
				for k, refs := range poly {
					ring := coverage.Join(refs, c.Points)
					want := orb.CCW
					if k > 0 {
						want = orb.CW
					}
					if ring.Orientation() != want {
						t.Errorf("seed %d: ring %d.%d.%d turns the wrong way", seed, i, j, k)
					}
					if !sameRing(ring, mp[j][k]) {
						t.Errorf("seed %d: ring %d.%d.%d does not come back", seed, i, j, k)
					}
				}
			}
		}
	}
}

// shuffled copies polygons, starting rings anywhere, turning some round and
// repeating some points.
func shuffled(r *rand.Rand, cells []orb.MultiPolygon) []orb.MultiPolygon {
	out := make([]orb.MultiPolygon, len(cells))
	for i, mp := range cells {
		out[i] = mp.Clone()
		for _, poly := range out[i] {
			for j, ring := range poly {
				n, k := len(ring)-1, r.IntN(len(ring)-1)
				ring = append(slices.Concat(ring[k:n], ring[:k]), ring[k])
				if r.IntN(2) == 0 {
					ring.Reverse()
				}
				if r.IntN(4) == 0 {
					k := r.IntN(n)
					ring = slices.Insert(ring, k, ring[k])
				}
				poly[j] = ring
			}
		}
	}
	return out
}

// sameRing compares closed rings that may begin anywhere and turn either way.
func sameRing(a, b orb.Ring) bool { return reflect.DeepEqual(canonical(a), canonical(b)) }

func canonical(r orb.Ring) orb.Ring {
	r = slices.Clone(r[:len(r)-1])
	if orb.Ring(append(slices.Clone(r), r[0])).Orientation() == orb.CW {
		r.Reverse()
	}
	low := 0
	for i := range r {
		if slices.Compare(r[i][:], r[low][:]) < 0 {
			low = i
		}
	}
	return slices.Concat(r[low:], r[:low])
}

func TestRingsPutShellsFirst(t *testing.T) {
	cells := []orb.MultiPolygon{{
		{box(0, 0, 4), box(1, 1, 1)},
		{box(10, 0, 4), box(11, 1, 1)},
	}, {{box(1, 1, 1)}}}
	c := coverage.Build(cells)
	var lows []float64
	for _, r := range c.Rings(0) {
		lows = append(lows, orb.Ring(coverage.Join(r, c.Points)).Bound().Min[0])
	}
	if want := []float64{0, 10, 1, 11}; !slices.Equal(lows, want) {
		t.Errorf("rings begin at %v, want %v", lows, want)
	}
	if ns := c.Neighbours(0); !slices.Equal(ns, []int32{1}) {
		t.Errorf("neighbours of the outer face: %v", ns)
	}
	if n := len(c.Arcs()); n != 4 {
		t.Errorf("%d arcs: an island's shore is one closed arc", n)
	}
}

// box is a square ring.
func box(x, y, side float64) orb.Ring {
	return orb.Ring{{x, y}, {x + side, y}, {x + side, y + side}, {x, y + side}, {x, y}}
}

func TestNeighboursShareAnEdge(t *testing.T) {
	cells := geotest.Tessellation(9, 200, district)
	c := coverage.Build(cells)
	edges := edgesOf(cells)
	want := make([]map[int32]bool, len(cells))
	for i := range want {
		want[i] = map[int32]bool{}
	}
	for e, f := range edges {
		if g, ok := edges[edge{e[1], e[0]}]; ok && g != f {
			want[f][g] = true
		}
	}
	for i := range cells {
		got := c.Neighbours(i)
		if len(got) != len(want[i]) {
			t.Errorf("face %d has %d neighbours, want %d", i, len(got), len(want[i]))
		}
		for _, n := range got {
			if !want[i][n] {
				t.Errorf("face %d does not touch %d", i, n)
			}
		}
	}
}

func TestBuildIsDeterministic(t *testing.T) {
	cells := geotest.Tessellation(4, 150, district)
	a, b := coverage.Build(cells), coverage.Build(cells)
	if !reflect.DeepEqual(a.Arcs(), b.Arcs()) {
		t.Error("two builds of the same polygons differ")
	}
}

func TestBuildTakesOddFaces(t *testing.T) {
	spike := orb.Ring{{0, 0}, {2, 0}, {2, 2}, {1, 2}, {1, 3}, {1, 2}, {0, 2}, {0, 0}}
	for name, cells := range map[string][]orb.MultiPolygon{
		"none":           nil,
		"empty":          {nil, {}, {{}}, {{{}}}},
		"a point":        {{{{{1, 1}, {1, 1}, {1, 1}, {1, 1}}}}},
		"there and back": {{{{{1, 1}, {2, 2}, {1, 1}}}}},
		"spike":          {{{spike}}},
		"twice":          {{{box(0, 0, 1)}}, {{box(0, 0, 1)}}, {{box(1, 0, 1)}}},
		"same parts":     {{{box(0, 0, 1)}, {box(0, 0, 1)}}},
		"minus zero":     {{{box(0, 0, 1)}}, {{box(-1, 0, 1)}}},
	} {
		c := coverage.Build(cells)
		for i := range cells {
			for _, refs := range c.Rings(i) {
				if r := coverage.Join(refs, c.Points); len(r) < 3 || r[0] != r[len(r)-1] {
					t.Errorf("%s: face %d: %v is not closed", name, i, r)
				}
			}
			c.Neighbours(i)
		}
		c.Dissolve(make([]int, len(cells)))
	}
}

// petals is a face whose ring comes back to one vertex n times.
func petals(n int) orb.MultiPolygon {
	ring := orb.Ring{{0, 0}}
	for i := range n {
		x := float64(i)
		ring = append(ring, orb.Point{x, 1e5}, orb.Point{x + .5, 1e5}, orb.Point{0, 0})
	}
	return orb.MultiPolygon{{ring}}
}

func TestManyEdgesAtOneVertex(t *testing.T) {
	const n = 100_000 // looking at all pairs of edges there would take minutes
	c := coverage.Build([]orb.MultiPolygon{petals(n)})
	if got := len(c.Arcs()); got != n {
		t.Errorf("%d arcs of %d petals", got, n)
	}
}

func BenchmarkBuild(b *testing.B) {
	cells := grid(224, 15)
	b.ReportAllocs()
	for b.Loop() {
		coverage.Build(cells)
	}
}

// grid is n×n cells with k vertices along each side, borders bent, corners shared.
func grid(n, k int) []orb.MultiPolygon {
	line := func(a, b orb.Point) []orb.Point { // from a to b without b, the same both ways
		ps := make([]orb.Point, k)
		for i := range ps {
			f := float64(i) / float64(k)
			bend := 0.15 * f * (1 - f) * float64(1+i%3)
			dx, dy := b[0]-a[0], b[1]-a[1]
			ps[i] = orb.Point{a[0] + f*dx - bend*dy, a[1] + f*dy + bend*dx}
		}
		return ps
	}
	at := func(x, y int) orb.Point { return orb.Point{118 + float64(x)*0.005, 29 + float64(y)*0.005} }
	back := func(a, b orb.Point) []orb.Point { // the line from b to a, walked from a
		ps := append(line(b, a)[1:], a)
		slices.Reverse(ps)
		return ps
	}
	var cells []orb.MultiPolygon
	for y := range n {
		for x := range n {
			p, q, r, s := at(x, y), at(x+1, y), at(x+1, y+1), at(x, y+1)
			ring := slices.Concat(line(p, q), line(q, r), back(r, s), back(s, p), []orb.Point{p})
			cells = append(cells, orb.MultiPolygon{{ring}})
		}
	}
	return cells
}

package coverage_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"towngrid/geo/coverage"
	"towngrid/geo/geotest"
)

// side is an edge of a geometry, with its place there.
type side struct {
	a, b               orb.Point
	part, ring, vertex int
}

func sides(mp orb.MultiPolygon) (all []side) {
	for i, poly := range mp {
		for j, r := range poly {
			for k := 1; k < len(r); k++ {
				if r[k-1] != r[k] {
					all = append(all, side{r[k-1], r[k], i, j, k - 1})
				}
			}
		}
	}
	return all
}

// bruteCrossings looks at all pairs of edges, and at all pairs of chains that meet,
// by rational numbers: "1.2.3×4.5.6" for edges that cross, "=" where they run along
// one another, and "*x,y" for chains that cross in a vertex.
func bruteCrossings(mp orb.MultiPolygon) map[string]bool {
	found := map[string]bool{}
	all := sides(mp)
	for i, e := range all {
		for _, f := range all[i+1:] {
			switch {
			case along(e, f):
				found[pairName(e, f, "=")] = true
			case geotest.Turn(e.a, e.b, f.a)*geotest.Turn(e.a, e.b, f.b) < 0 && geotest.Turn(f.a, f.b, e.a)*geotest.Turn(f.a, f.b, e.b) < 0:
				found[pairName(e, f, "×")] = true
			}
		}
	}
	for p, chains := range chainsOf(mp, all) {
		for i, c := range chains {
			for _, d := range chains[i+1:] {
				if interleave(p, c, d) {
					found[fmt.Sprint("*", p)] = true
				}
			}
		}
	}
	return found
}

func pairName(e, f side, sign string) string {
	name := func(s side) string { return fmt.Sprintf("%d.%d.%d", s.part, s.ring, s.vertex) }
	return name(e) + sign + name(f)
}

// along says whether two edges have more than a point in common.
func along(e, f side) bool {
	if geotest.Turn(e.a, e.b, f.a) != 0 || geotest.Turn(e.a, e.b, f.b) != 0 {
		return false
	}
	lo := func(s side) orb.Point { return slices.MinFunc([]orb.Point{s.a, s.b}, order) }
	hi := func(s side) orb.Point { return slices.MaxFunc([]orb.Point{s.a, s.b}, order) }
	return order(slices.MaxFunc([]orb.Point{lo(e), lo(f)}, order), slices.MinFunc([]orb.Point{hi(e), hi(f)}, order)) < 0
}

func order(p, q orb.Point) int { return slices.Compare(p[:], q[:]) }

// chainsOf maps every vertex to the chains through it: where they come from and go to.
func chainsOf(mp orb.MultiPolygon, all []side) map[orb.Point][][2]orb.Point {
	at := map[orb.Point][][2]orb.Point{}
	for _, poly := range mp {
		for _, r := range poly {
			r = slices.Compact(slices.Clone(r))
			for n, i := len(r)-1, 0; i < n; i++ {
				at[r[i]] = append(at[r[i]], [2]orb.Point{r[(i+n-1)%n], r[i+1]})
			}
		}
	}
	for p := range at {
		for _, e := range all {
			if e.a != p && e.b != p && geotest.OnEdge(orb.MultiPolygon{{{e.a, e.b, e.a}}}, p) {
				at[p] = append(at[p], [2]orb.Point{e.a, e.b})
			}
		}
	}
	return at
}

// interleave says whether chain d changes sides of chain c at p. Chains that share a
// direction are no case of it.
func interleave(p orb.Point, c, d [2]orb.Point) bool {
	between := func(q orb.Point) int { // 1 within the turn from c[0] to c[1], -1 without, 0 on either
		for _, e := range c {
			if geotest.Turn(p, e, q) == 0 && (e[0]-p[0])*(q[0]-p[0])+(e[1]-p[1])*(q[1]-p[1]) > 0 {
				return 0
			}
		}
		angle := func(q orb.Point) float64 {
			a := math.Atan2(q[1]-p[1], q[0]-p[0]) - math.Atan2(c[0][1]-p[1], c[0][0]-p[0])
			return math.Mod(a+4*math.Pi, 2*math.Pi)
		}
		if angle(q) < angle(c[1]) {
			return 1
		}
		return -1
	}
	return between(d[0])*between(d[1]) < 0
}

// TestSelfCrossingsAgreesWithAllPairs takes rings on a small lattice, where nearly
// everything degenerate happens, and rings of random doubles.
func TestSelfCrossingsAgreesWithAllPairs(t *testing.T) {
	clean, crossed := 0, 0
	for seed := range uint64(700) {
		r := rand.New(rand.NewPCG(seed, 9))
		mp := randomRings(r)
		want := bruteCrossings(mp)
		got := coverage.SelfCrossings(mp, 1000)
		if (len(got) > 0) != (len(want) > 0) {
			t.Fatalf("seed %d: %v\ngot %+v\nwant %v", seed, mp, got, want)
		}
		for _, c := range got {
			if !want[nameOf(mp, c)] {
				t.Fatalf("seed %d: %v\n%s is none of %v", seed, mp, nameOf(mp, c), want)
			}
		}
		if len(want) == 0 {
			clean++
		} else {
			crossed++
		}
	}
	if clean < 60 || crossed < 300 {
		t.Errorf("%d clean, %d crossed: too few of a kind", clean, crossed)
	}
}

func nameOf(mp orb.MultiPolygon, c coverage.Crossing) string {
	vertex := func(part, ring, vertex int) side {
		r := mp[part][ring]
		k := vertex + 1
		for r[k] == r[vertex] {
			k++
		}
		return side{r[vertex], r[k], part, ring, k - 1}
	}
	e := vertex(c.Part, c.Ring, c.Vertex)
	f := vertex(c.Other.Part, c.Other.Ring, c.Other.Vertex)
	switch {
	case c.Along:
		return pairName(e, f, "=")
	case e.a == c.Place || f.a == c.Place:
		return fmt.Sprint("*", c.Place)
	}
	return pairName(e, f, "×")
}

func randomRings(r *rand.Rand) orb.MultiPolygon {
	size := 3 + r.IntN(12)
	coordinate := func() float64 { return float64(r.IntN(size)) }
	if r.IntN(4) == 0 {
		coordinate = r.Float64
	}
	var mp orb.MultiPolygon
	for range 1 + r.IntN(2) {
		var poly orb.Polygon
		for range 1 + r.IntN(2) {
			var ring orb.Ring
			for range 3 + r.IntN(4) {
				p := orb.Point{coordinate(), coordinate()}
				ring = append(ring, p)
				if r.IntN(9) == 0 {
					ring = append(ring, p)
				}
			}
			poly = append(poly, append(ring, ring[0]))
		}
		mp = append(mp, poly)
	}
	return mp
}

func TestSelfCrossingsOfSmallCases(t *testing.T) {
	ring := func(xy ...float64) orb.Ring {
		var r orb.Ring
		for i := 0; i < len(xy); i += 2 {
			r = append(r, orb.Point{xy[i], xy[i+1]})
		}
		return append(r, r[0])
	}
	type place struct {
		vertex, other int
		at            orb.Point
		along         bool
	}
	for _, c := range []struct {
		name string
		mp   orb.MultiPolygon
		want []place
	}{
		{"square", orb.MultiPolygon{{ring(0, 0, 2, 0, 2, 2, 0, 2)}}, nil},
		{"bow tie", orb.MultiPolygon{{ring(0, 0, 2, 2, 2, 0, 0, 2)}}, []place{{0, 2, orb.Point{1, 1}, false}}},
		{"figure of eight in a vertex", orb.MultiPolygon{{ring(0, 0, 1, 1, 2, 2, 2, 0, 1, 1, 0, 2)}}, []place{{1, 4, orb.Point{1, 1}, false}}},
		{"touch in a vertex", orb.MultiPolygon{{ring(0, 0, 2, 0, 1, 1, 2, 2, 0, 2, 1, 1)}}, nil},
		{"touch of an edge", orb.MultiPolygon{{ring(0, 0, 4, 0, 4, 4, 2, 0, 0, 4)}}, nil},
		{"through an edge at a vertex", orb.MultiPolygon{{ring(0, 0, 4, 0, 4, 4, 3, 0, 1, -2, 0, -2)}}, []place{{0, 3, orb.Point{3, 0}, false}}},
		{"spike", orb.MultiPolygon{{ring(0, 0, 2, 0, 2, 2, 1, 2, 1, 3, 1, 2, 0, 2)}}, []place{{3, 4, orb.Point{1, 2}, true}}},
		{"hole that shares an edge", orb.MultiPolygon{{ring(0, 0, 4, 0, 4, 4, 0, 4), ring(0, 1, 0, 2, 1, 2, 1, 1)}}, []place{{3, 0, orb.Point{0, 1}, true}}},
		{"hole that touches", orb.MultiPolygon{{ring(0, 0, 4, 0, 4, 4, 0, 4), ring(0, 1, 1, 2, 1, 1)}}, nil},
		{"two parts that touch", orb.MultiPolygon{{ring(0, 0, 1, 0, 1, 1, 0, 1)}, {ring(1, 1, 2, 1, 2, 2, 1, 2)}}, nil},
		{"beyond an edge along another", orb.MultiPolygon{{ring(5, 0, 0, 0, 0, 9, 4, 9, 4, -1, 6, -1)}, {ring(0, 0, 1, 0, 1, -1, 0, -1)}},
			[]place{{0, 0, orb.Point{0, 0}, true}, {0, 3, orb.Point{4, 0}, false}}},
		{"nothing", nil, nil},
		{"no ring", orb.MultiPolygon{{}, {{}}}, nil},
		{"a point", orb.MultiPolygon{{ring(1, 1, 1, 1, 1, 1)}}, nil},
		{"there and back", orb.MultiPolygon{{ring(1, 1, 2, 2)}}, []place{{0, 1, orb.Point{1, 1}, true}}},
	} {
		var got []place
		for _, x := range coverage.SelfCrossings(c.mp, 0) {
			got = append(got, place{x.Vertex, x.Other.Vertex, x.Place, x.Along})
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestSelfCrossingsOfValidGeometry(t *testing.T) {
	for i, mp := range geotest.Tessellation(3, 200, district) {
		if c := coverage.SelfCrossings(mp, 0); c != nil {
			t.Errorf("cell %d: %+v", i, c[0])
		}
	}
	for _, upright := range []bool{false, true} {
		if c := coverage.SelfCrossings(comb(60_000, upright), 0); c != nil {
			t.Errorf("comb: %+v", c[0])
		}
	}
}

// TestSelfCrossingsOfRandomVertices is the ring that brings repairs in a database down.
func TestSelfCrossingsOfRandomVertices(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var ring orb.Ring
	for range 200_000 {
		ring = append(ring, orb.Point{118 + r.Float64(), 29 + r.Float64()})
	}
	ring = append(ring, ring[0])
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	got := coverage.SelfCrossings(orb.MultiPolygon{{ring}}, 0)
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	if len(got) != 100 {
		t.Errorf("%d crossings, want 100", len(got))
	}
	if took > 20*time.Second {
		t.Errorf("took %v", took)
	}
	if mb := (after.TotalAlloc - before.TotalAlloc) >> 20; mb > 32 {
		t.Errorf("took %d MB", mb)
	}
}

func TestSelfCrossingsTakesHostileGeometry(t *testing.T) {
	crossed := map[string]bool{
		"bow_tie": true, "spike": true, "twice_around": true, "random_walk": true,
		"no_area": true, "two_points": true, "hole_across_shell": true, "hole_is_shell": true,
		"hole_shares_edge": true, "holes_overlap": true, "parts_overlap": true, "parts_equal": true, "parts_share_edge": true,
	}
	tame := map[string]bool{"clockwise_shell": true, "inner_touch": true, "figure_eight": true, "star": true, "needle": true, "hole_outside": true, "part_in_hole": true, "repeated_points": true}
	for _, h := range geotest.Hostiles(1, district) {
		if !h.Finite {
			continue
		}
		got := len(coverage.SelfCrossings(h.Geometry, 0)) > 0
		if crossed[h.Name] && !got || tame[h.Name] && got {
			t.Errorf("%s: crossed: %v", h.Name, got)
		}
	}
}

func BenchmarkSelfCrossings(b *testing.B) {
	mp := comb(60_000, false)
	for b.Loop() {
		coverage.SelfCrossings(mp, 0)
	}
}

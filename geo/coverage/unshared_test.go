package coverage

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"towngrid/geo/geotest"
)

// loose is an edge that nobody shares.
type loose struct {
	face int32
	a, b orb.Point
}

func inOrder(edges []loose) []loose {
	slices.SortFunc(edges, func(x, y loose) int {
		return cmp.Or(cmp.Compare(x.face, y.face), cmp.Compare(x.a[0], y.a[0]), cmp.Compare(x.a[1], y.a[1]), cmp.Compare(x.b[0], y.b[0]), cmp.Compare(x.b[1], y.b[1]))
	})
	return edges
}

// atTheRim are the edges of the arcs at the rim.
func atTheRim(faces []orb.MultiPolygon) (edges []loose) {
	for _, a := range Build(faces).Arcs() {
		for i := 1; i < len(a.Points) && a.Right == Rim; i++ {
			edges = append(edges, loose{a.Left, a.Points[i-1], a.Points[i]})
		}
	}
	return inOrder(edges)
}

// bruteLoose pairs each edge with the first before it that goes back and has no other.
func bruteLoose(u *unshared) (edges []loose) {
	var all []loose
	u.walk(func(face int32, a, b orb.Point) { all = append(all, loose{face, a, b}) })
	paired := make([]bool, len(all))
	for i, e := range all {
		for k := range i {
			if !paired[k] && all[k].a == e.b && all[k].b == e.a {
				paired[i], paired[k] = true, true
				break
			}
		}
	}
	for i, e := range all {
		if !paired[i] {
			edges = append(edges, e)
		}
	}
	return inOrder(edges)
}

func found(u *unshared) (edges []loose) {
	u.each(func(face int32, a, b orb.Point) { edges = append(edges, loose{face, a, b}) })
	return inOrder(edges)
}

// TestUnsharedAgainstBruteForce tries rings of few positions, so that edges are shared by
// many, run back on themselves, are unclosed, repeat points, turn either way.
func TestUnsharedAgainstBruteForce(t *testing.T) {
	const seed = 20261126
	rng := rand.New(rand.NewPCG(seed, 1))
	for range 3000 {
		var faces []orb.MultiPolygon
		for range 1 + rng.IntN(8) {
			var mp orb.MultiPolygon
			for range rng.IntN(3) {
				var poly orb.Polygon
				for range 1 + rng.IntN(3) {
					r := make(orb.Ring, rng.IntN(7))
					for i := range r {
						r[i] = orb.Point{float64(rng.IntN(3)), float64(rng.IntN(3))}
						if r[i][0] == 0 && rng.IntN(2) == 0 {
							r[i][0] = math.Copysign(0, -1)
						}
					}
					if len(r) > 0 && rng.IntN(2) == 0 {
						r = append(r, r[0])
					}
					poly = append(poly, r)
				}
				mp = append(mp, poly)
			}
			faces = append(faces, mp)
		}
		u := newUnshared(faces)
		got, want := found(u), bruteLoose(u)
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d: %v\ngot  %v\nwant %v", seed, faces, got, want)
		}
		if arcs := atTheRim(faces); len(arcs) != len(got) {
			t.Fatalf("seed %d: %v\n%d edges, %d at the rim of arcs: %v %v", seed, faces, len(got), len(arcs), got, arcs)
		}
	}
}

// TestUnsharedOfADistrict takes a table of several parts.
func TestUnsharedOfADistrict(t *testing.T) {
	cells, _ := geotest.District(3, 12_000, 100)
	cells = append(cells[:7000:7000], cells[7001:]...)
	u := newUnshared(cells)
	if u.edges < partEdges {
		t.Fatalf("%d edges are one part", u.edges)
	}
	got, want := found(u), atTheRim(cells)
	if len(got) == 0 || !slices.Equal(got, want) {
		t.Errorf("%d edges, %d at the rim of arcs", len(got), len(want))
	}
}

// TestUnsharedOfOneFaceManyTimes: what lies on itself 100,000 times is no slower.
func TestUnsharedOfOneFaceManyTimes(t *testing.T) {
	faces := make([]orb.MultiPolygon, 100_000)
	for i := range faces {
		faces[i] = orb.MultiPolygon{{{{0, 0}, {1, 0}, {1, 1}, {0, 1}, {0, 0}}}}
	}
	began := time.Now()
	if n := len(found(newUnshared(faces))); n != 4*len(faces) {
		t.Errorf("%d edges", n)
	}
	if took := time.Since(began); took > 20*time.Second { // edge by edge it takes minutes
		t.Errorf("it took %v", took)
	}
}

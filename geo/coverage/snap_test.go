package coverage

import (
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/geotest"
)

// TestSnapClosesWhatTrembled moves each face's copy of every vertex by less than a
// third of the tolerance, and wants one border again.
func TestSnapClosesWhatTrembled(t *testing.T) {
	const toleranceM = 0.01
	cells := geotest.Tessellation(9, 60, orb.Bound{Min: orb.Point{118, 29}, Max: orb.Point{118.1, 29.1}})
	if moves := Snap(cells, toleranceM); len(moves) != 0 {
		t.Fatalf("%d moves in a coverage without fault", len(moves))
	}
	r := rand.New(rand.NewPCG(9, 9))
	for _, mp := range cells {
		for _, p := range mp {
			for _, ring := range p {
				for k := range ring[:len(ring)-1] {
					if r.IntN(5) == 0 {
						ring[k][0] += (r.Float64() - .5) * 4e-8 // 2 mm at most
						ring[k][1] += (r.Float64() - .5) * 4e-8
					}
				}
				ring[len(ring)-1] = ring[0]
			}
		}
	}
	before := Build(cells).Check(Options{ToleranceM: 1e-6})
	moves := Snap(cells, toleranceM)
	if len(before) == 0 || len(moves) == 0 {
		t.Fatalf("%d defects and %d moves: the test tests nothing", len(before), len(moves))
	}
	for _, m := range moves {
		if m.DistanceM > toleranceM || m.From == m.To || geo.DistanceM(m.From, m.To) != m.DistanceM {
			t.Fatalf("%+v", m)
		}
	}
	if left := Build(cells).Check(Options{ToleranceM: 1e-6}); len(left) != 0 {
		t.Errorf("%d defects of %d are left, the first %+v", len(left), len(before), left[0])
	}
	if again := Snap(cells, toleranceM); len(again) != 0 {
		t.Errorf("snapping again moves %d", len(again))
	}
}

// TestSnapKeepsNarrowShapes leaves a face alone whose own vertices are nearer than
// the tolerance, and moves nothing that is farther.
func TestSnapKeepsNarrowShapes(t *testing.T) {
	thin := orb.MultiPolygon{{{{118, 29}, {118.001, 29}, {118.001, 29.0000000001}, {118, 29.0000000001}, {118, 29}}}}
	far := orb.MultiPolygon{{{{118.00100002, 29}, {118.002, 29}, {118.002, 29.001}, {118.00100002, 29.001}, {118.00100002, 29}}}}
	want := orb.Clone(thin).(orb.MultiPolygon)
	if moves := Snap([]orb.MultiPolygon{thin, far}, 0.001); len(moves) != 0 || !orb.Equal(thin, want) {
		t.Errorf("%+v", moves)
	}
	if moves := Snap([]orb.MultiPolygon{thin, far}, 0.003); len(moves) != 1 || moves[0].Face != 1 {
		t.Errorf("%+v", moves)
	}
}

package coverage

import (
	"testing"

	"github.com/paulmach/orb"
)

func TestKnotStopsWithoutEffort(t *testing.T) {
	effort := -1
	if _, ok := newWeave(0.001).knot(&effort); ok {
		t.Error("a knot was made without effort")
	}
	w := newWeave(0.001)
	w.add(orb.Point{0, 0}, orb.Point{1, 1}, 7)
	w.add(orb.Point{0, 1}, orb.Point{1, 0}, 8)
	effort = 1
	if stuck, ok := w.knot(&effort); ok || stuck.face != 7 && stuck.face != 8 {
		t.Errorf("stuck at face %d: %v", stuck.face, ok)
	}
}

// TestOverlapsAreKeptWithoutEffort: what cannot be taken apart is still reported.
func TestOverlapsAreKeptWithoutEffort(t *testing.T) {
	box := func(x float64) orb.MultiPolygon {
		return orb.MultiPolygon{{{{x, 0}, {x + 2, 0}, {x + 2, 2}, {x, 2}, {x, 0}}}}
	}
	k := newChecker([]orb.MultiPolygon{box(0), box(1)}, Options{})
	effort := -1
	k.takeApart([]region{{outline: orb.Polygon{{{1, 0}, {2, 0}, {2, 2}, {1, 2}, {1, 0}}}}}, &effort)
	if len(k.defects) != 1 || k.defects[0].Kind != Overlap {
		t.Errorf("defects %+v", k.defects)
	}
}

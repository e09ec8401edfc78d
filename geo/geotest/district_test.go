package geotest_test

import (
	"math"
	"testing"

	"github.com/paulmach/orb"

	. "towngrid/geo/geotest"
)

// TestDistrict holds the cells against their units by area, and counts vertices.
func TestDistrict(t *testing.T) {
	const n, perUnit = 2000, 100
	cells, units := District(7, n, perUnit)
	if len(cells) != n || len(units) != n/perUnit {
		t.Fatalf("%d cells, %d units", len(cells), len(units))
	}
	covered, vertices := make([]float64, len(units)), 0
	for i, mp := range cells {
		covered[i/perUnit] += Area(mp)
		vertices += len(mp[0][0]) - 1
		if r := mp[0][0]; len(r) < 4 || r[0] != r[len(r)-1] {
			t.Fatalf("cell %d is %v", i, r)
		}
	}
	for i, mp := range units {
		if whole := Area(mp); math.Abs(covered[i]-whole) > 1e-3 {
			t.Errorf("unit %d has %.3f m², its cells %.3f", i, whole, covered[i])
		}
	}
	if mean := float64(vertices) / n; math.Abs(mean-60) > 2 {
		t.Errorf("%.1f vertices a cell", mean)
	}
	all := 0.0
	for _, mp := range cells {
		all += Area(mp)
	}
	if want := 200.0 * 200 * n; math.Abs(all-want) > 1e-6*want {
		t.Errorf("%.1f m² in all, want %.1f", all, want)
	}
	if again, _ := District(7, n, perUnit); !orb.Equal(again[n-1], cells[n-1]) {
		t.Error("another run gives other cells")
	}
}

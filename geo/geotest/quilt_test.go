package geotest_test

import (
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo/geotest"
)

func TestQuiltIsACoverage(t *testing.T) {
	bound := orb.Bound{Min: orb.Point{116, 27}, Max: orb.Point{122, 33}}
	for seed, n := range []int{4, 20, 700, 1500} {
		cells := geotest.Quilt(uint64(seed), n, bound)
		if len(cells) != n {
			t.Fatalf("seed %d: %d cells, want %d", seed, len(cells), n)
		}
		if err := geotest.Contiguous(cells, bound); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		again := geotest.Quilt(uint64(seed), n, bound)
		if !slices.EqualFunc(cells, again, func(a, b orb.MultiPolygon) bool { return a.Equal(b) }) {
			t.Errorf("seed %d: another call gives other cells", seed)
		}
	}
}

func TestQuiltIsLikeAProvince(t *testing.T) {
	cells := geotest.Quilt(1, 20_000, orb.Bound{Min: orb.Point{116, 27}, Max: orb.Point{122, 33}})
	points, holes, parts := 0, 0, 0
	var areas []float64
	for _, mp := range cells {
		for _, p := range mp {
			holes += len(p) - 1
			for _, r := range p {
				points += len(r) - 1
			}
		}
		parts += len(mp) - 1
		areas = append(areas, geotest.Area(mp))
	}
	spread := slices.Max(areas) / slices.Min(areas)
	t.Logf("%.1f vertices a cell, %d holes, %d second parts, sizes 1 : %.0f", float64(points)/float64(len(cells)), holes, parts, spread)
	if mean := float64(points) / float64(len(cells)); mean < 50 || mean > 57 {
		t.Errorf("%.1f vertices a cell", mean)
	}
	if spread < 1000 || holes < len(cells)/50 || parts < len(cells)/100 {
		t.Errorf("sizes 1 : %.0f, %d holes, %d second parts", spread, holes, parts)
	}
}

func BenchmarkQuilt(b *testing.B) {
	for b.Loop() {
		geotest.Quilt(1, 50_000, orb.Bound{Min: orb.Point{116, 27}, Max: orb.Point{122, 33}})
	}
}

package geotest_test

import (
	"testing"

	"github.com/paulmach/orb"

	. "towngrid/geo/geotest"
)

var degrees = orb.Bound{Min: orb.Point{118, 28}, Max: orb.Point{119, 29}}

func TestTessellationCoversItsBound(t *testing.T) {
	for _, n := range []int{1, 2, 3, 5, 19, 20, 100, 1000} {
		for seed := range uint64(5) {
			cells := Tessellation(seed, n, degrees)
			if len(cells) != n {
				t.Errorf("seed %d: %d cells, %d wanted", seed, len(cells), n)
			}
			if err := Contiguous(cells, degrees); err != nil {
				t.Errorf("seed %d, %d cells: %v", seed, n, err)
			}
		}
	}
}

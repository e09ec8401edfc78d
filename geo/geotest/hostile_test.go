package geotest_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	. "towngrid/geo/geotest"
)

func TestHostilesAreWhatTheirNamesSay(t *testing.T) {
	valid := map[string]bool{
		"nothing": true, "empty_polygon": true, "clockwise_shell": true, "repeated_points": true,
		"needle": true, "part_in_hole": true, "star": true, "last_bits": true, "huge": true,
	}
	infinite := map[string]bool{"not_a_number": true, "infinite": true}
	for seed := range uint64(50) {
		seen := map[string]bool{}
		for _, h := range Hostiles(seed, degrees) {
			if seen[h.Name] {
				t.Errorf("%s occurs twice", h.Name)
			}
			seen[h.Name] = true
			if err := Valid(h.Geometry); (err == nil) != valid[h.Name] {
				t.Errorf("seed %d: %s: %v", seed, h.Name, err)
			}
			if h.Finite == infinite[h.Name] {
				t.Errorf("seed %d: %s: finite is %v", seed, h.Name, h.Finite)
			}
		}
	}
}

func TestHostilesFollowTheirSeed(t *testing.T) {
	if d := cmp.Diff(fmt.Sprint(Hostiles(1, degrees)), fmt.Sprint(Hostiles(1, degrees))); d != "" {
		t.Error(d)
	}
	fixed := map[string]bool{"nothing": true, "empty_polygon": true, "empty_ring": true}
	a, b := Hostiles(1, degrees), Hostiles(2, degrees)
	for i := range a {
		if fmt.Sprint(a[i]) == fmt.Sprint(b[i]) && !fixed[a[i].Name] {
			t.Errorf("%s is the same for two seeds", a[i].Name)
		}
	}
}

// Crossings are counted in a ring as it stands: one that is not closed, or that leaves
// the bound, holds points elsewhere. All others hold only points within the bound.
func TestOraclesTakeHostileGeometry(t *testing.T) {
	elsewhere := map[string]bool{"unclosed": true, "subnormal": true, "huge": true}
	for seed := range uint64(5) {
		points := Points(seed, Tessellation(seed, 5, degrees), 50)
		for _, h := range Hostiles(seed, degrees) {
			Area(h.Geometry)
			if !h.Finite {
				continue
			}
			for _, p := range points {
				if (Holds(h.Geometry, p) || OnEdge(h.Geometry, p)) && !elsewhere[h.Name] && !degrees.Contains(p) {
					t.Errorf("%s holds %v outside the bound", h.Name, p)
				}
			}
		}
	}
}

package geotest_test

import (
	"math"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	. "towngrid/geo/geotest"
)

func square(x0, y0, x1, y1 float64) orb.MultiPolygon {
	return orb.MultiPolygon{{{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}, {x0, y0}}}}
}

func TestHoldsIsHalfOpen(t *testing.T) {
	s := square(0, 0, 2, 2)
	s[0] = append(s[0], orb.Ring{{.5, .5}, {.5, 1}, {1, 1}, {1, .5}, {.5, .5}})
	for _, c := range []struct {
		p     orb.Point
		holds bool
		edge  bool
	}{
		{orb.Point{1.5, 1.5}, true, false},
		{orb.Point{3, 1.5}, false, false},
		{orb.Point{0, 1}, true, true},                       // west edge
		{orb.Point{2, 1}, false, true},                      // east edge
		{orb.Point{1, 0}, true, true},                       // south edge
		{orb.Point{1, 2}, false, true},                      // north edge
		{orb.Point{0, 0}, true, true},                       // south-west corner
		{orb.Point{2, 0}, false, true},                      // south-east corner
		{orb.Point{0, 2}, false, true},                      // north-west corner
		{orb.Point{.75, .75}, false, false},                 // in the hole
		{orb.Point{.5, .75}, false, true},                   // the hole's west edge
		{orb.Point{1, .75}, true, true},                     // the hole's east edge
		{orb.Point{.75, .5}, false, true},                   // the hole's south edge
		{orb.Point{.75, 1}, true, true},                     // the hole's north edge
		{orb.Point{math.Nextafter(0, -1), 1}, false, false}, // the least step outside
	} {
		if Holds(s, c.p) != c.holds || OnEdge(s, c.p) != c.edge {
			t.Errorf("%v: holds %v, on edge %v; wanted %v, %v", c.p, Holds(s, c.p), OnEdge(s, c.p), c.holds, c.edge)
		}
	}
}

func TestTurnIsExact(t *testing.T) {
	a, b := orb.Point{0.1, 0.1}, orb.Point{0.5, 0.5}
	for _, c := range []struct {
		p    orb.Point
		want int
	}{
		{orb.Point{0.3, 0.3}, 0},
		{orb.Point{0.3, math.Nextafter(0.3, 1)}, 1},
		{orb.Point{0.3, math.Nextafter(0.3, 0)}, -1},
		{orb.Point{1e300, 1e300}, 0},
		{orb.Point{5e-324, 0}, -1},
	} {
		if got := Turn(a, b, c.p); got != c.want {
			t.Errorf("Turn at %v = %d, %d wanted", c.p, got, c.want)
		}
		if got := Turn(b, a, c.p); got != -c.want {
			t.Errorf("Turn at %v, the other way = %d, %d wanted", c.p, got, -c.want)
		}
	}
}

// On a gap-free coverage every point within the bound has one cell, on borders too.
func TestLocateFindsOneCell(t *testing.T) {
	for seed := range uint64(3) {
		cells := Tessellation(seed, 150, degrees)
		touching := 0
		for _, p := range Points(seed, cells, 1500) {
			got := Locate(cells, p)
			inside := p[0] >= 118 && p[0] < 119 && p[1] >= 28 && p[1] < 29
			if len(got) > 1 || (len(got) == 1) != inside {
				t.Fatalf("seed %d: %v is held by %v", seed, p, got)
			}
			if on := Touching(cells, p); len(on) > 0 {
				touching++
				if len(got) == 1 && !slices.Contains(on, got[0]) {
					t.Fatalf("seed %d: %v on the edges of %v is held by %v", seed, p, on, got)
				}
			}
		}
		if touching < 200 {
			t.Errorf("seed %d: only %d of the points lie exactly on an edge", seed, touching)
		}
	}
}

func TestContiguousNoticesDefects(t *testing.T) {
	cells := Tessellation(2, 200, degrees)
	if err := Contiguous(cells, degrees); err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(10) {
		broken, d := Break(seed, cells, 3)
		if err := Contiguous(broken, degrees); err == nil {
			t.Errorf("seed %d: a broken coverage passed", seed)
		}
		if len(broken) != 200 || len(d.Shifted) != 3 || len(d.Dropped) != 3 || len(d.Duplicated) != 3 {
			t.Errorf("seed %d: %d cells, %+v", seed, len(broken), d)
		}
	}
	if err := Contiguous(cells[1:], degrees); err == nil {
		t.Error("a coverage without its first cell passed")
	}
	if err := Contiguous(append(slices.Clone(cells), cells[5]), degrees); err == nil {
		t.Error("a coverage with a cell twice passed")
	}
	if err := Contiguous(Tremble(1, cells, 7, 1e-8), degrees); err == nil {
		t.Error("a coverage with a sliver passed")
	}
	outer := Tessellation(2, 1, orb.Bound{Min: orb.Point{118, 28}, Max: orb.Point{119, 28.5}})
	if err := Contiguous(outer, degrees); err == nil {
		t.Error("half the bound passed")
	}
}

func TestBreakDoesWhatItSays(t *testing.T) {
	cells := Tessellation(9, 100, degrees)
	broken, d := Break(9, cells, 4)
	at := func(i int) int { return len(Locate(broken, inside(t, cells[i]))) }
	for _, i := range d.Dropped {
		if n := at(i); n > 1 {
			t.Errorf("dropped cell %d is held %d times", i, n)
		}
	}
	for _, i := range d.Duplicated {
		if n := at(i); n < 2 {
			t.Errorf("duplicated cell %d is held %d times", i, n)
		}
	}
	kept := len(cells) - len(d.Dropped) - len(d.Shifted)
	same := 0
	for _, b := range broken[:len(cells)-len(d.Dropped)] {
		if slices.ContainsFunc(cells, func(c orb.MultiPolygon) bool { return orb.Equal(c, b) }) {
			same++
		}
	}
	if same != kept {
		t.Errorf("%d cells are as they were, %d wanted", same, kept)
	}
}

// inside finds a point of a cell, its holes left out.
func inside(t *testing.T, c orb.MultiPolygon) orb.Point {
	t.Helper()
	b := c.Bound()
	for i := range 10_000 {
		p := orb.Point{
			b.Min[0] + math.Mod(float64(i)*0.7548776662466927, 1)*(b.Max[0]-b.Min[0]),
			b.Min[1] + math.Mod(float64(i)*0.5698402909980532, 1)*(b.Max[1]-b.Min[1]),
		}
		if Holds(c, p) {
			return p
		}
	}
	t.Fatalf("no point inside %v", c)
	return orb.Point{}
}

package tiles

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"

	"towngrid/geo/geotest"
)

// outlined leads rings, given in squares, through the hot squares of their vertices, and
// gives what is drawn.
func outlined(t testing.TB, shells []bool, rings ...[]square) orb.MultiPolygon {
	t.Helper()
	var p plotter
	p.begin(frame{sub: 1}, 0)
	middles := make([][]corner, len(rings))
	for i, r := range rings {
		for _, s := range r {
			middles[i] = append(middles[i], corner{vertex: vertex{int64(s.x) * 2, int64(s.y) * 2}, along: straight})
			p.hot.put(s)
		}
	}
	for i := range rings {
		p.addCorners(nil, middles[i], shells[i])
	}
	var l layer
	l.reset("shape", nil)
	p.shape.draw(&l)
	l.end(1, polygonShape)
	layers, err := mvt.Unmarshal(l.appendTo(nil))
	if err != nil {
		t.Fatal(err)
	}
	if len(layers) == 0 {
		return nil
	}
	switch g := layers[0].Features[0].Geometry.(type) {
	case orb.Polygon:
		return orb.MultiPolygon{g}
	case orb.MultiPolygon:
		return g
	}
	t.Fatalf("a %T", layers[0].Features[0].Geometry)
	return nil
}

func box4(x0, y0, x1, y1 int32) []square {
	return []square{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}}
}

func turned(r []square) []square {
	r = slices.Clone(r)
	slices.Reverse(r)
	return r
}

// What touches itself on the grid becomes a valid polygon of the same area.
func TestOutlinesThatTouch(t *testing.T) {
	yes := []bool{true}
	for _, c := range []struct {
		name   string
		shells []bool
		rings  [][]square
		want   string // polygons as their numbers of rings
		area   float64
	}{
		{"simple", yes, [][]square{box4(0, 0, 9, 9)}, "[1]", 81},
		{"a point", yes, [][]square{{{5, 5}, {5, 5}, {5, 5}}}, "[]", 0},
		{"there and back", yes, [][]square{{{0, 0}, {9, 3}}}, "[]", 0},
		{"a spike", yes, [][]square{{{0, 0}, {9, 0}, {9, 9}, {15, 12}, {9, 9}, {0, 9}}}, "[1]", 81},
		{"a neck of no width", yes, [][]square{{{0, 0}, {4, 0}, {4, 4}, {8, 4}, {8, 0}, {12, 0}, {12, 9}, {8, 9}, {8, 4}, {4, 4}, {4, 9}, {0, 9}}}, "[1 1]", 72},
		{"two squares at a corner", yes, [][]square{{{0, 0}, {4, 0}, {4, 4}, {8, 4}, {8, 8}, {4, 8}, {4, 4}, {0, 4}}}, "[1 1]", 32},
		{"a hole", []bool{true, false}, [][]square{box4(0, 0, 9, 9), turned(box4(3, 3, 6, 6))}, "[2]", 72},
		{"a hole that touches the shell", []bool{true, false}, [][]square{box4(0, 0, 9, 9), {{0, 4}, {3, 6}, {3, 3}}}, "[2]", 76.5},
		{"a shell that turns in to be its own hole", yes, [][]square{{{0, 0}, {9, 0}, {9, 9}, {0, 9}, {0, 4}, {3, 6}, {3, 3}, {0, 4}}}, "[2]", 76.5},
		{"a hole that cuts the shell in two", []bool{true, false}, [][]square{box4(0, 0, 8, 8), {{0, 4}, {4, 6}, {8, 4}, {4, 2}}}, "[1 1]", 48},
		{"two holes that touch", []bool{true, false, false}, [][]square{box4(0, 0, 9, 9), turned(box4(2, 2, 4, 4)), turned(box4(4, 4, 6, 6))}, "[3]", 73},
		{"two holes with an edge between", []bool{true, false, false}, [][]square{box4(0, 0, 9, 9), turned(box4(2, 2, 4, 4)), turned(box4(4, 2, 6, 4))}, "[2]", 73},
		{"a hole along the shell's edge", []bool{true, false}, [][]square{box4(0, 0, 9, 9), turned(box4(0, 3, 3, 6))}, "[1]", 72},
		{"a hole as large as the shell", []bool{true, false}, [][]square{box4(0, 0, 9, 9), turned(box4(0, 0, 9, 9))}, "[]", 0},
		{"an island in a lake that it touches", []bool{true, false, true}, [][]square{box4(0, 0, 9, 9), turned(box4(2, 2, 7, 7)), {{2, 4}, {5, 3}, {5, 5}}}, "[2 1]", 59},
		{"an island in a lake, and the lake touches the shell", []bool{true, false, true}, [][]square{box4(0, 0, 9, 9), {{0, 4}, {4, 8}, {8, 4}, {4, 1}}, box4(3, 3, 5, 5)}, "[2 1]", 57},
		{"two polygons with an edge in common", []bool{true, true}, [][]square{box4(0, 0, 4, 4), box4(4, 0, 8, 4)}, "[1]", 32},
		{"a lake beside a polygon that touches itself", []bool{true, false, true}, [][]square{box4(0, 0, 9, 9), turned(box4(3, 3, 6, 6)), {{20, 0}, {24, 0}, {24, 4}, {28, 4}, {28, 8}, {24, 8}, {24, 4}, {20, 4}}}, "[2 1 1]", 104},
	} {
		mp := outlined(t, c.shells, c.rings...)
		sizes := []int{}
		for _, p := range mp {
			sizes = append(sizes, len(p))
		}
		slices.SortFunc(sizes, func(a, b int) int { return b - a })
		if got := fmt.Sprint(sizes); got != c.want || geotest.Area(mp) != c.area {
			t.Errorf("%s: %s of area %v instead of %s of %v: %v", c.name, got, geotest.Area(mp), c.want, c.area, mp)
		}
		if err := geotest.Valid(mp); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// Rings that cross themselves, which checks at the door refuse, neither end nor hold up the program.
func TestOutlinesOfNonsense(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 500 {
		var rings [][]square
		var shells []bool
		for range 1 + r.IntN(3) {
			var ring []square
			for range 3 + r.IntN(40) {
				ring = append(ring, square{r.Int32N(12), r.Int32N(12)})
			}
			rings, shells = append(rings, ring), append(shells, r.IntN(2) == 0)
		}
		outlined(t, shells, rings...)
	}
}

// A map emptied by counting forgets, also when the count has gone round.
func TestSquareMapForgets(t *testing.T) {
	var m squareMap
	m.reset(10)
	for round := range 5 {
		if round == 2 {
			m.round = 1<<32 - 2
		}
		m.reset(10)
		for k := range uint32(10) {
			if _, had := m.put(k, 7); had {
				t.Fatalf("round %d remembers %d", round, k)
			}
		}
		for k := range uint32(10) {
			if old, had := m.put(k, 8); !had || old != 7 {
				t.Fatalf("round %d has forgotten %d", round, k)
			}
		}
	}
}

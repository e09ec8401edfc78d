package geotest

import (
	"fmt"
	"math"
	"math/big"

	"github.com/paulmach/orb"
	"github.com/peterstace/simplefeatures/geom"
)

// Holds says whether the polygons hold p by the half-open rule: whether they contain
// the point an infinitesimal step east of p and an infinitely smaller one north.
// It is exact for finite coordinates, and counts crossings of all rings alike, so
// that neither their direction nor their order matters.
func Holds(mp orb.MultiPolygon, p orb.Point) bool {
	inside := false
	eachEdge(mp, func(a, b orb.Point) {
		if (a[1] <= p[1]) == (b[1] <= p[1]) {
			return
		}
		turn := Turn(a, b, p)
		if b[1] < a[1] {
			turn = -turn
		}
		if turn > 0 {
			inside = !inside
		}
	})
	return inside
}

// OnEdge says whether p lies exactly on an edge of the polygons.
func OnEdge(mp orb.MultiPolygon, p orb.Point) bool {
	on := false
	eachEdge(mp, func(a, b orb.Point) {
		within := math.Min(a[0], b[0]) <= p[0] && p[0] <= math.Max(a[0], b[0]) &&
			math.Min(a[1], b[1]) <= p[1] && p[1] <= math.Max(a[1], b[1])
		on = on || within && Turn(a, b, p) == 0
	})
	return on
}

// Turn is the exact direction of the path a, b, c: 1 left, -1 right, 0 straight.
// The coordinates must be finite.
func Turn(a, b, c orb.Point) int {
	rat := func(v float64) *big.Rat { return new(big.Rat).SetFloat64(v) }
	sub := func(v, w float64) *big.Rat { return new(big.Rat).Sub(rat(v), rat(w)) }
	l := new(big.Rat).Mul(sub(b[0], a[0]), sub(c[1], a[1]))
	r := new(big.Rat).Mul(sub(b[1], a[1]), sub(c[0], a[0]))
	return l.Cmp(r)
}

// Locate lists the indices of all cells that hold p, in ascending order: one for a
// point in a gap-free coverage, none in a gap, several in an overlap.
func Locate(cells []orb.MultiPolygon, p orb.Point) []int {
	var out []int
	for i, c := range cells {
		if spans(c, p) && Holds(c, p) {
			out = append(out, i)
		}
	}
	return out
}

// Touching lists the indices of all cells with p on an edge, in ascending order.
func Touching(cells []orb.MultiPolygon, p orb.Point) []int {
	var out []int
	for i, c := range cells {
		if spans(c, p) && OnEdge(c, p) {
			out = append(out, i)
		}
	}
	return out
}

// spans says whether p lies within the box around one of the rings, holes included: those of
// an invalid polygon may reach beyond its shell.
func spans(mp orb.MultiPolygon, p orb.Point) bool {
	for _, polygon := range mp {
		for _, r := range polygon {
			if r.Bound().Contains(p) {
				return true
			}
		}
	}
	return false
}

// Edge is one edge of one of several cells, in the direction in which its ring runs.
type Edge struct {
	Cell int
	A, B orb.Point
}

// Untwinned lists the edges that do not have exactly one twin: the same edge in the
// other direction, or that occur more than once. In a gap-free coverage these are
// the edges of its rim and no other. The order is that of cells and rings.
func Untwinned(cells []orb.MultiPolygon) []Edge {
	uses := make(map[[2]orb.Point]int)
	var all []Edge
	for i, c := range cells {
		eachEdge(c, func(a, b orb.Point) {
			uses[[2]orb.Point{a, b}]++
			all = append(all, Edge{i, a, b})
		})
	}
	var out []Edge
	for _, e := range all {
		if uses[[2]orb.Point{e.A, e.B}] != 1 || uses[[2]orb.Point{e.B, e.A}] != 1 {
			out = append(out, e)
		}
	}
	return out
}

// Area is the planar area of the polygons in the square of their unit: shells less
// holes, whatever way they turn.
func Area(mp orb.MultiPolygon) float64 {
	sum := 0.0
	for _, p := range mp {
		for i, r := range p {
			if a := math.Abs(signedArea(r)); i == 0 {
				sum += a
			} else {
				sum -= a
			}
		}
	}
	return sum
}

// Valid says what makes the polygons invalid by the OGC's rules, nil if nothing does;
// the judgement is that of simplefeatures.
func Valid(mp orb.MultiPolygon) error {
	return Judge(mp).Validate()
}

// Judge gives the polygons to simplefeatures as they are, for overlays and predicates.
func Judge(mp orb.MultiPolygon) geom.MultiPolygon {
	polygons := make([]geom.Polygon, len(mp))
	for i, p := range mp {
		rings := make([]geom.LineString, len(p))
		for k, r := range p {
			rings[k] = geom.NewLineString(sequence(r))
		}
		polygons[i] = geom.NewPolygon(rings)
	}
	return geom.NewMultiPolygon(polygons)
}

func sequence(r orb.Ring) geom.Sequence {
	flat := make([]float64, 0, 2*len(r))
	for _, p := range r {
		flat = append(flat, p[0], p[1])
	}
	return geom.NewSequence(flat, geom.DimXY)
}

// Contiguous says why the polygons are not a coverage of the bound, nil if they are:
// each is valid, every edge has its twin or lies on the bound, and the areas add up
// to the bound's within one part in 10¹².
func Contiguous(cells []orb.MultiPolygon, b orb.Bound) error {
	sum := 0.0
	for i, c := range cells {
		if err := Valid(c); err != nil {
			return fmt.Errorf("cell %d: %w", i, err)
		}
		sum += Area(c)
	}
	for _, e := range Untwinned(cells) {
		if !onRim(b, e) {
			return fmt.Errorf("cell %d: the edge from %v to %v has no twin", e.Cell, e.A, e.B)
		}
	}
	want := (b.Max[0] - b.Min[0]) * (b.Max[1] - b.Min[1])
	if math.Abs(sum-want) > 1e-12*want {
		return fmt.Errorf("the areas add up to %v, the bound's is %v", sum, want)
	}
	return nil
}

func onRim(b orb.Bound, e Edge) bool {
	for axis := range 2 {
		if e.A[axis] == e.B[axis] && (e.A[axis] == b.Min[axis] || e.A[axis] == b.Max[axis]) {
			return true
		}
	}
	return false
}

func eachEdge(mp orb.MultiPolygon, f func(a, b orb.Point)) {
	for _, p := range mp {
		for _, r := range p {
			for i := range len(r) - 1 {
				f(r[i], r[i+1])
			}
		}
	}
}

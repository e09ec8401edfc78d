package zoning

import (
	"cmp"
	"slices"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/coverage"
)

// graph is blocks and which of them share a border. Two blocks are neighbours where they
// share an edge, not where they touch in a point.
type graph struct {
	cover *coverage.Coverage
	arcs  []arc
	next  [][]link // of blocks: the neighbours, in order
	area  []float64
	rim   []float64 // of blocks: metres of border that nobody shares
	unit  []int32   // of blocks
	load  []float64
	// residents, incidents and area of each block, for what a change moves.
	residents, incidents []float64
	block                []int32 // the block of the input that it is (a part of), -1 for none
}

// arc is a piece of border between two blocks, or of the rim.
type arc struct {
	left, right int32 // right is -1 on the rim
	lengthM     float64
	// real is the part of it, 0 to 1, that lies on a line of the ground: a road, a river.
	real float64
}

// link is a neighbour with the metres of border shared, and how many of them lie on
// lines of the ground.
type link struct {
	to           int32
	border, real float64
}

// newGraph finds who borders on whom. faces share their edges to the last bit. onLine
// tells what part of a chain lies on a line of the ground; nil for none.
func newGraph(faces []orb.MultiPolygon, onLine func([]orb.Point) float64) *graph {
	g := &graph{
		cover: coverage.Build(faces), next: make([][]link, len(faces)), area: make([]float64, len(faces)), rim: make([]float64, len(faces)),
		unit: make([]int32, len(faces)), load: make([]float64, len(faces)), residents: make([]float64, len(faces)), incidents: make([]float64, len(faces)),
		block: make([]int32, len(faces)),
	}
	for i, f := range faces {
		g.area[i] = geo.AreaM2(f)
	}
	for _, a := range g.cover.Arcs() {
		out := arc{left: a.Left, right: a.Right, lengthM: lengthM(a.Points)}
		if a.Right == coverage.Rim {
			out.right = -1
			g.rim[a.Left] += out.lengthM
		} else {
			if onLine != nil {
				out.real = onLine(a.Points)
			}
			if a.Left != a.Right {
				real := out.real * out.lengthM
				g.next[a.Left] = append(g.next[a.Left], link{a.Right, out.lengthM, real})
				g.next[a.Right] = append(g.next[a.Right], link{a.Left, out.lengthM, real})
			}
		}
		g.arcs = append(g.arcs, out)
	}
	for i, links := range g.next {
		slices.SortStableFunc(links, func(a, b link) int { return cmp.Compare(a.to, b.to) })
		merged := links[:0]
		for _, l := range links {
			if n := len(merged); n > 0 && merged[n-1].to == l.to {
				merged[n-1].border += l.border
				merged[n-1].real += l.real
			} else {
				merged = append(merged, l)
			}
		}
		g.next[i] = merged
	}
	return g
}

func (g *graph) len() int { return len(g.next) }

// lengthM is the length of a chain on the ellipsoid, by the metres that a degree has at
// each edge's middle; it is good to a part in a million for edges of kilometres.
func lengthM(ps []orb.Point) (sum float64) {
	for i := 1; i < len(ps); i++ {
		sum += stepM(ps[i-1], ps[i])
	}
	return sum
}

// components numbers the connected parts of the blocks of each unit: neighbours in
// different units do not connect.
func (g *graph) components() (of []int32, count int) {
	of = make([]int32, g.len())
	for i := range of {
		of[i] = -1
	}
	var stack []int32
	for i := range of {
		if of[i] >= 0 {
			continue
		}
		of[i] = int32(count)
		stack = append(stack[:0], int32(i))
		for len(stack) > 0 {
			v := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			for _, l := range g.next[v] {
				if of[l.to] < 0 && g.unit[l.to] == g.unit[v] {
					of[l.to] = int32(count)
					stack = append(stack, l.to)
				}
			}
		}
		count++
	}
	return of, count
}

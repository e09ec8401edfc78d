package geotest

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/paulmach/orb"
)

// Options say what a Mesh looks like.
type Options struct {
	Seed  uint64
	Cells int
	Bound orb.Bound
	// Density is the relative number of cells per area, in (0, 1]; nil for the same everywhere.
	// Drawing sites takes time in proportion to its maximum over its mean.
	Density func(orb.Point) float64
	// Relax is how often sites move to the middle of their cells: 0 gives ragged
	// cells of very unequal size, 2 gives round ones.
	Relax int
	// Segments is the number of straight pieces of a long border between two cells,
	// rounded up to a power of two; 0 means 8, 1 gives convex cells.
	Segments int
	// Decimals is the number of decimals that coordinates are rounded to. Cells must
	// be some thousand times as wide as the last decimal; 0 means 9.
	Decimals int
}

// Mesh is a gap-free coverage of its bound with its topology: faces, and the arcs
// that each divide two faces or a face from the outside. An arc's vertices are kept
// once, so that whatever is made of faces shares them bit for bit.
type Mesh struct {
	sites []orb.Point
	nodes []orb.Point
	arcs  []arc
	faces [][]half
}

// arc runs from one node to another between a face on its left and one on its right.
type arc struct {
	from, to    int32
	left, right int32 // right is outside where the arc lies on the bound
	points      []orb.Point
}

const outside = -1

// half is an arc as one of its two faces sees it, the face on its left.
type half struct {
	arc      int32
	reversed bool
}

// errDegenerate says that rounding left the topology in doubt; other sites will do.
var errDegenerate = errors.New("degenerate sites")

// NewMesh makes a mesh. It fails if there is no cell, the bound is empty, or the
// cells are too small for the decimals.
func NewMesh(o Options) (*Mesh, error) {
	if o.Cells < 1 || !(o.Bound.Max[0] > o.Bound.Min[0]) || !(o.Bound.Max[1] > o.Bound.Min[1]) {
		return nil, fmt.Errorf("mesh of %d cells in %v: at least one cell and a bound with an area are wanted", o.Cells, o.Bound)
	}
	if o.Decimals == 0 {
		o.Decimals = 9
	}
	if o.Segments == 0 {
		o.Segments = 8
	}
	const attempts = 8
	for i := range uint64(attempts) {
		m, err := o.attempt(rand.New(rand.NewPCG(o.Seed, i)))
		if !errors.Is(err, errDegenerate) {
			return m, err
		}
	}
	return nil, fmt.Errorf("mesh of %d cells in %v at %d decimals: the cells are too small for the decimals", o.Cells, o.Bound, o.Decimals)
}

func (o Options) attempt(r *rand.Rand) (*Mesh, error) {
	sites := newKDTree(scatter(r, o.Cells, o.Bound, o.Density)).ordered()
	for range o.Relax {
		sites = relax(sites, o.Bound)
	}
	m := &Mesh{sites: sites}
	g := grid{scale: math.Pow10(o.Decimals)}
	if err := m.connect(o.Bound, g); err != nil {
		return nil, err
	}
	for i := range m.arcs {
		m.bend(&m.arcs[i], r, o.Segments, g)
	}
	return m, nil
}

// grid is the lattice of coordinates with a fixed number of decimals.
type grid struct{ scale float64 }

func (g grid) round(p orb.Point) orb.Point {
	return orb.Point{math.Round(p[0]*g.scale) / g.scale, math.Round(p[1]*g.scale) / g.scale}
}

// Len is the number of faces.
func (m *Mesh) Len() int { return len(m.sites) }

// Site is a point inside face i from which all of its border can be seen as long
// as Segments is 1, and which stays inside it in any case.
func (m *Mesh) Site(i int) orb.Point { return m.sites[i] }

// Neighbours lists the faces that share a border with face i, in ascending order.
func (m *Mesh) Neighbours(i int) []int {
	var out []int
	for _, h := range m.faces[i] {
		if j := m.beyond(h); j != outside {
			out = append(out, int(j))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Outer says whether face i touches the bound along an edge.
func (m *Mesh) Outer(i int) bool {
	return slices.ContainsFunc(m.faces[i], func(h half) bool { return m.beyond(h) == outside })
}

// Face is face i as a polygon.
func (m *Mesh) Face(i int) orb.Polygon {
	return orb.Polygon{m.ring(m.faces[i])}
}

// Cells are all faces, in order.
func (m *Mesh) Cells() []orb.MultiPolygon {
	out := make([]orb.MultiPolygon, m.Len())
	for i := range out {
		out[i] = orb.MultiPolygon{m.Face(i)}
	}
	return out
}

func (m *Mesh) beyond(h half) int32 {
	if h.reversed {
		return m.arcs[h.arc].left
	}
	return m.arcs[h.arc].right
}

func (m *Mesh) start(h half) int32 {
	if h.reversed {
		return m.arcs[h.arc].to
	}
	return m.arcs[h.arc].from
}

func (m *Mesh) end(h half) int32 { return m.start(half{h.arc, !h.reversed}) }

// ring joins a closed chain of halves.
func (m *Mesh) ring(chain []half) orb.Ring {
	n := 1
	for _, h := range chain {
		n += len(m.arcs[h.arc].points) - 1
	}
	r := make(orb.Ring, 0, n)
	for _, h := range chain {
		ps := m.arcs[h.arc].points
		for k := range len(ps) - 1 {
			if h.reversed {
				k = len(ps) - 1 - k
			}
			r = append(r, ps[k])
		}
	}
	return append(r, r[0])
}

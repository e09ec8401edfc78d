package geotest

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/paulmach/orb"
)

// Tessellation makes a gap-free coverage of the bound from n cells of very unequal
// size: irregular polygons whose shared borders are fractal lines with identical
// vertices on both sides. From 20 cells on, one in a hundred (at least one) is
// an enclave, the hole of the one cell around it, and as many, where the
// count allows, have an exclave, a second part elsewhere. Shells turn
// counter-clockwise, holes clockwise, rings are closed, coordinates have nine decimals.
//
// The bound is that of the coordinates' plane, degrees as well as metres. A call
// that NewMesh would refuse panics.
func Tessellation(seed uint64, n int, b orb.Bound) []orb.MultiPolygon {
	enclaves := 0
	if n >= 20 {
		enclaves = max(1, n/100)
	}
	m, err := NewMesh(Options{
		Seed: seed, Cells: n + 10*enclaves, Bound: b, Relax: 1,
		Density: hills(rand.New(rand.NewPCG(seed, 1<<32)), b),
	})
	if err != nil {
		panic(fmt.Sprintf("geotest: %v", err))
	}
	g := newGrouping(m, rand.New(rand.NewPCG(seed, 2<<32)))
	g.encircle(enclaves, n)
	g.join(n, enclaves)
	return m.Dissolve(g.dense())
}

// grouping unites faces of a mesh until the wanted number of cells is left.
type grouping struct {
	mesh   *Mesh
	label  []int // per face: the lowest face of its group
	size   []int // per label: the number of its faces
	groups int
	rand   *rand.Rand
}

func newGrouping(m *Mesh, r *rand.Rand) *grouping {
	g := &grouping{mesh: m, label: make([]int, m.Len()), size: make([]int, m.Len()), groups: m.Len(), rand: r}
	for i := range g.label {
		g.label[i], g.size[i] = i, 1
	}
	return g
}

// single says whether the face is a group of its own.
func (g *grouping) single(face int) bool { return g.size[g.label[face]] == 1 }

// unite makes one group of faces that are groups of their own.
func (g *grouping) unite(faces ...int) {
	into := slices.Min(faces)
	for _, f := range faces {
		g.size[f]--
		g.size[into]++
		g.label[f] = into
	}
	g.groups -= len(faces) - 1
}

// encircle unites the neighbours of inner faces, which become enclaves, as long as
// at least least groups remain.
func (g *grouping) encircle(count, least int) {
	for _, f := range g.rand.Perm(g.mesh.Len()) {
		if count == 0 {
			return
		}
		around := g.mesh.Neighbours(f)
		inner := func(i int) bool { return g.single(i) && !g.mesh.Outer(i) }
		lone := !slices.ContainsFunc(append(around, f), func(i int) bool { return !inner(i) })
		if lone && g.groups-len(around)+1 >= least {
			g.unite(around...)
			count--
		}
	}
}

// join unites pairs of faces until want groups remain: first pairs that do not
// touch, exclaves of them, then neighbours.
func (g *grouping) join(want, exclaves int) {
	for g.groups > want {
		a := g.rand.IntN(g.mesh.Len())
		around := g.mesh.Neighbours(a)
		b := around[g.rand.IntN(len(around))]
		if exclaves > 0 {
			b = g.rand.IntN(g.mesh.Len())
		}
		if a == b || exclaves > 0 && slices.Contains(around, b) || !g.single(a) || !g.single(b) {
			continue
		}
		g.unite(a, b)
		exclaves = max(0, exclaves-1)
	}
}

// dense numbers the groups from 0 in the order of their lowest face.
func (g *grouping) dense() []int {
	number := make(map[int]int, g.groups)
	out := make([]int, len(g.label))
	for i, l := range g.label {
		if _, ok := number[l]; !ok {
			number[l] = len(number)
		}
		out[i] = number[l]
	}
	return out
}

package coverage

import (
	"slices"

	"github.com/paulmach/orb"
)

// Coverage is a set of polygons, its faces, with the edges they share. It is
// immutable and safe for concurrent use.
type Coverage struct {
	faces []orb.MultiPolygon
	arcs  []Arc
	ends  [][2]int32 // of arcs: the nodes at their first and last points, counted from 0
	nodes int

	refs  []ArcRef // of all rings, one after another
	rings []int32  // ring i has refs[rings[i]:rings[i+1]]
	polys []int32  // polygon i has rings polys[i] to polys[i+1], its shell first
	start []int32  // face i has polygons start[i] to start[i+1]
}

// Faces is the number of faces.
func (c *Coverage) Faces() int { return len(c.faces) }

// Face is the polygon of face i, as it was given to Build.
func (c *Coverage) Face(i int) orb.MultiPolygon { return c.faces[i] }

// Arcs are all arcs, each once, in the order in which the faces' rings first meet
// them. The slice must not be changed.
func (c *Coverage) Arcs() []Arc { return c.arcs }

// Points are the points of arc i.
func (c *Coverage) Points(i int) []orb.Point { return c.arcs[i].Points }

// Polygons are a face's polygons as rings of arcs, in the order of the face's own
// polygons and rings: of each the shell, then its holes. Walked so, shells turn
// counter-clockwise and holes clockwise whatever they did before: the face is on
// the left. Repeated points are left out, and rings of fewer than two edges.
func (c *Coverage) Polygons(face int) [][][]ArcRef {
	polys := make([][][]ArcRef, 0, c.start[face+1]-c.start[face])
	for p := c.start[face]; p < c.start[face+1]; p++ {
		polys = append(polys, c.polygon(p))
	}
	return polys
}

func (c *Coverage) polygon(p int32) [][]ArcRef {
	rings := make([][]ArcRef, 0, c.polys[p+1]-c.polys[p])
	for r := c.polys[p]; r < c.polys[p+1]; r++ {
		rings = append(rings, c.refs[c.rings[r]:c.rings[r+1]:c.rings[r+1]])
	}
	return rings
}

// Rings are a face's rings as in Polygons, shells first, then the holes of all.
func (c *Coverage) Rings(face int) [][]ArcRef {
	var shells, holes [][]ArcRef
	for _, poly := range c.Polygons(face) {
		if len(poly) > 0 {
			shells, holes = append(shells, poly[0]), append(holes, poly[1:]...)
		}
	}
	return append(shells, holes...)
}

// Neighbours are the faces that share an edge with a face, in order.
func (c *Coverage) Neighbours(face int) []int32 {
	var ns []int32
	for _, ring := range c.Rings(face) {
		for _, ref := range ring {
			a := &c.arcs[ref.Arc()]
			for _, f := range [2]int32{a.Left, a.Right} {
				if f != Rim && f != int32(face) {
					ns = append(ns, f)
				}
			}
		}
	}
	slices.Sort(ns)
	return slices.Compact(ns)
}

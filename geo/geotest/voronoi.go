package geotest

import (
	"math"

	"github.com/paulmach/orb"
)

// The sides of the bound, which stand where a cell has no neighbour.
const (
	south = -1 - iota
	east
	north
	west
)

// cutter cuts the Voronoi cell of one site out of the bound. It works relative to
// the site, so that large coordinates cost no precision.
type cutter struct {
	tree  *kdTree
	self  int32
	site  orb.Point
	verts []orb.Point // counter-clockwise, relative to site
	gens  []int32     // gens[i] made the edge from verts[i] to the next: a site or a side
	reach float64     // sites at this distance and further cannot cut
	from  float64     // sites nearer than this have been seen
	to    float64     // sites at this distance and further wait for a wider walk

	dist     []float64
	oldVerts []orb.Point
	oldGens  []int32
}

// cell leaves the cell of site i within b in verts and gens.
func (c *cutter) cell(i int32, b orb.Bound) {
	c.self, c.site = i, c.tree.sites[i]
	w, e := b.Min[0]-c.site[0], b.Max[0]-c.site[0]
	s, n := b.Min[1]-c.site[1], b.Max[1]-c.site[1]
	c.verts = append(c.verts[:0], orb.Point{w, s}, orb.Point{e, s}, orb.Point{e, n}, orb.Point{w, n})
	c.gens = append(c.gens[:0], south, east, north, west)
	c.measure()
	c.from, c.to = 0, math.Sqrt((e-w)*(n-s)/float64(len(c.tree.order)))/2
	for c.from < c.reach {
		c.walk(0, len(c.tree.order), 0)
		c.from, c.to = c.to, 2*c.to
	}
}

// walk meets the sites of a range of the tree between from and to, and passes over
// halves that are out of reach. Rings that grow keep the walk short: until a cell is
// closed on all sides everything is within its reach.
func (c *cutter) walk(lo, hi, axis int) {
	if lo >= hi {
		return
	}
	mid := (lo + hi) / 2
	other := c.tree.order[mid]
	delta := c.tree.sites[other][axis] - c.site[axis]
	far := math.Min(c.reach, c.to)
	if delta > -far {
		c.walk(lo, mid, 1-axis)
	}
	if d := distance(c.site, c.tree.sites[other]); other != c.self && c.from <= d && d < c.to {
		c.cut(other)
	}
	if delta < far {
		c.walk(mid+1, hi, 1-axis)
	}
}

// cut takes from the cell what lies nearer to the other site.
func (c *cutter) cut(other int32) {
	q := orb.Point{c.tree.sites[other][0] - c.site[0], c.tree.sites[other][1] - c.site[1]}
	if !c.side(q) {
		return
	}
	c.oldVerts = append(c.oldVerts[:0], c.verts...)
	c.oldGens = append(c.oldGens[:0], c.gens...)
	c.verts, c.gens = c.verts[:0], c.gens[:0]
	for i, v := range c.oldVerts {
		j := (i + 1) % len(c.oldVerts)
		in, nextIn := c.dist[i] <= 0, c.dist[j] <= 0
		if in {
			c.verts, c.gens = append(c.verts, v), append(c.gens, c.oldGens[i])
		}
		switch {
		case in && !nextIn:
			c.verts, c.gens = append(c.verts, c.cross(i, j)), append(c.gens, other)
		case !in && nextIn:
			c.verts, c.gens = append(c.verts, c.cross(i, j)), append(c.gens, c.oldGens[i])
		}
	}
	c.measure()
}

// side fills dist with each vertex's place beside the bisector with the site at q,
// positive beyond it, and says whether any is beyond.
func (c *cutter) side(q orb.Point) bool {
	half := (float64(q[0]*q[0]) + float64(q[1]*q[1])) / 2
	c.dist = c.dist[:0]
	beyond := false
	for _, v := range c.verts {
		d := float64(v[0]*q[0]) + float64(v[1]*q[1]) - half
		beyond = beyond || d > 0
		c.dist = append(c.dist, d)
	}
	return beyond
}

func (c *cutter) cross(i, j int) orb.Point {
	a, b := c.oldVerts[i], c.oldVerts[j]
	t := c.dist[i] / (c.dist[i] - c.dist[j])
	return orb.Point{a[0] + float64(t*(b[0]-a[0])), a[1] + float64(t*(b[1]-a[1]))}
}

// measure sets reach to twice the distance of the farthest vertex.
func (c *cutter) measure() {
	far := 0.0
	for _, v := range c.verts {
		far = math.Max(far, float64(v[0]*v[0])+float64(v[1]*v[1]))
	}
	c.reach = 2 * math.Sqrt(far)
}

// centroid is the middle of the cell's area.
func (c *cutter) centroid() orb.Point {
	var x, y, sum float64
	for i, a := range c.verts {
		b := c.verts[(i+1)%len(c.verts)]
		w := float64(a[0]*b[1]) - float64(a[1]*b[0])
		x += float64(w * (a[0] + b[0]))
		y += float64(w * (a[1] + b[1]))
		sum += w
	}
	return orb.Point{c.site[0] + x/(3*sum), c.site[1] + y/(3*sum)}
}

// relax moves every site to the middle of its cell, which makes the cells rounder
// and keeps sites apart (one step of Lloyd's iteration).
func relax(sites []orb.Point, b orb.Bound) []orb.Point {
	c := cutter{tree: newKDTree(sites)}
	out := make([]orb.Point, len(sites))
	for i := range sites {
		c.cell(int32(i), b)
		out[i] = c.centroid()
	}
	return out
}

package coverage

import (
	"slices"

	"github.com/paulmach/orb"
)

// Build finds the shared edges. polys[i] is face i, lon and lat in degrees, all
// coordinates finite; rings are taken with their interior on the left whatever
// their direction, the first ring of a polygon being its shell. It keeps polys,
// which must not be changed any more. Edges shared by more than two faces pair up in
// order of face; the rest count as rim, as edges that nobody shares do.
//
// The same polygons give the same coverage. Time and memory grow linearly with the
// number of vertices.
func Build(polys []orb.MultiPolygon) *Coverage {
	b := newBuilder(polys)
	for _, r := range b.mesh.rings {
		b.cut(r)
		b.c.rings = append(b.c.rings, int32(len(b.c.refs)))
	}
	b.c.nodes = int(b.nodes)
	return b.c
}

// builder cuts the rings of a mesh into arcs.
type builder struct {
	mesh  *mesh
	c     *Coverage
	faces []int32 // of edges: the face on the left
	lines []int32 // of vertices: the number of edges that meet there, twins counted once
	arc   []int32 // of edges: the arc, none while not cut
	node  []int32 // of vertices: the node, none while no arc ends there
	nodes int32
}

func newBuilder(polys []orb.MultiPolygon) *builder {
	m := newMesh(polys)
	b := &builder{
		mesh:  m,
		c:     &Coverage{faces: polys, rings: []int32{0}, polys: m.polys, start: m.start},
		faces: make([]int32, len(m.from)),
		lines: make([]int32, len(m.at)),
		arc:   make([]int32, len(m.from)),
		node:  make([]int32, len(m.at)),
	}
	for i := range b.node {
		b.node[i] = none
	}
	for _, r := range m.rings {
		for e := r.first; e < r.end; e++ {
			b.faces[e], b.arc[e] = r.face, none
			if t := m.twin[e]; t == none || t > e {
				b.lines[m.from[e]]++
				b.lines[m.from[r.after(e)]]++
			}
		}
	}
	return b
}

// after is the edge that follows e.
func (r ring) after(e int32) int32 {
	if e+1 == r.end {
		return r.first
	}
	return e + 1
}

// before is the edge that e follows.
func (r ring) before(e int32) int32 {
	if e == r.first {
		return r.end - 1
	}
	return e - 1
}

// ends says whether an arc ends at the beginning of edge e.
func (b *builder) ends(r ring, e int32) bool {
	return b.lines[b.mesh.from[e]] != 2 ||
		b.mesh.right(b.faces, e) != b.mesh.right(b.faces, r.before(e))
}

// cut divides a ring into arcs and refers to them.
func (b *builder) cut(r ring) {
	first := r.first
	for first < r.end && !b.ends(r, first) {
		first++
	}
	if first == r.end {
		b.refer(r, b.lowest(r), r.end-r.first)
		return
	}
	for done := int32(0); done < r.end-r.first; {
		n, last := int32(1), r.after(first)
		for !b.ends(r, last) {
			n, last = n+1, r.after(last)
		}
		b.refer(r, first, n)
		first, done = last, done+n
	}
}

// lowest is the edge that begins at the ring's lowest vertex by lon, then lat.
func (b *builder) lowest(r ring) int32 {
	low := r.first
	for e := r.first; e < r.end; e++ {
		p, q := b.mesh.at[b.mesh.from[e]], b.mesh.at[b.mesh.from[low]]
		if p[0] < q[0] || p[0] == q[0] && p[1] < q[1] {
			low = e
		}
	}
	return low
}

// refer adds the arc of n edges from edge first on to the ring: the arc of their
// twins where that is cut already, else a new one.
func (b *builder) refer(r ring, first, n int32) {
	if t := b.mesh.twin[first]; t != none && b.arc[t] != none {
		b.c.refs = append(b.c.refs, ^ArcRef(b.arc[t]))
		return
	}
	number := int32(len(b.c.arcs))
	last := first
	for e, i := first, int32(0); i < n; e, i = r.after(e), i+1 {
		b.arc[e], last = number, e
	}
	from, to := b.mesh.from[first], b.mesh.from[r.after(last)]
	b.c.arcs = append(b.c.arcs, Arc{Points: b.points(r, first, n), Left: r.face, Right: b.mesh.right(b.faces, first)})
	b.c.ends = append(b.c.ends, [2]int32{b.number(from), b.number(to)})
	b.c.refs = append(b.c.refs, ArcRef(number))
}

// number is the node at a vertex.
func (b *builder) number(vertex int32) int32 {
	if b.node[vertex] == none {
		b.node[vertex] = b.nodes
		b.nodes++
	}
	return b.node[vertex]
}

// points are the n+1 points of n edges, taken from the ring as given where they
// stand there one after another.
func (b *builder) points(r ring, first, n int32) []orb.Point {
	if i := first - r.first; r.source != nil && first+n <= r.end {
		return slices.Clip(r.source[i : i+n+1])
	}
	ps := make([]orb.Point, 0, n+1)
	for e := first; int32(len(ps)) < n; e = r.after(e) {
		ps = append(ps, b.mesh.at[b.mesh.from[e]])
	}
	end := first + n
	if end >= r.end {
		end -= r.end - r.first
	}
	return append(ps, b.mesh.at[b.mesh.from[end]])
}

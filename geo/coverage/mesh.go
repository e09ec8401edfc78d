package coverage

import (
	"slices"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// mesh is the edges of all rings, each ring walked with its face on the left.
// Edges are numbered ring by ring; an edge's successor is the next number, after
// the ring's last its first.
type mesh struct {
	at    []orb.Point // of vertices
	from  []int32     // of edges: the vertex where it begins
	twin  []int32     // of edges: the same edge in the other direction, none where nobody shares it
	rings []ring
	polys []int32 // polygon i has rings polys[i] to polys[i+1]
	start []int32 // face i has polygons start[i] to start[i+1]
}

// ring is one ring of the mesh, its edges those from first to end.
type ring struct {
	first, end int32
	face       int32
	// source is the ring as given, where it has the same vertices in the same order.
	source orb.Ring
}

const none int32 = -1

func newMesh(faces []orb.MultiPolygon) *mesh {
	n := 0
	for _, mp := range faces {
		n += vertexCount(mp)
	}
	m := &mesh{from: make([]int32, 0, n), polys: []int32{0}, start: []int32{0}}
	vs := newVertices(n)
	for i, mp := range faces {
		for _, poly := range mp {
			for j, r := range poly {
				m.add(vs, r, int32(i), j > 0)
			}
			m.polys = append(m.polys, int32(len(m.rings)))
		}
		m.start = append(m.start, int32(len(m.polys)-1))
	}
	m.at = vs.at
	m.pair()
	return m
}

// vertexCount counts closing vertices twice.
func vertexCount(mp orb.MultiPolygon) (n int) {
	for _, poly := range mp {
		for _, r := range poly {
			n += len(r)
		}
	}
	return n
}

// add walks a ring, without repeated points, so that its face lies on the left.
func (m *mesh) add(vs *vertices, r orb.Ring, face int32, hole bool) {
	first := len(m.from)
	for _, p := range r {
		if v := vs.number(p); len(m.from) == first || m.from[len(m.from)-1] != v {
			m.from = append(m.from, v)
		}
	}
	if n := len(m.from); n > first+1 && m.from[n-1] == m.from[first] {
		m.from = m.from[:n-1]
	}
	n := len(m.from) - first
	if n < 2 {
		m.from = m.from[:first] // no edges
		return
	}
	added := ring{first: int32(first), end: int32(len(m.from)), face: face}
	if turnsLeft(r) == hole {
		slices.Reverse(m.from[first+1:]) // the same first vertex, the other way round
	} else if len(r) == n+1 && r[0] == r[n] {
		added.source = r
	}
	m.rings = append(m.rings, added)
}

// turnsLeft says whether a closed ring turns counter-clockwise. The turn at its
// lowest vertex decides, which is exact; where the ring doubles back there, its
// area does.
func turnsLeft(r orb.Ring) bool {
	n := len(r)
	if n > 1 && r[0] == r[n-1] {
		n--
	}
	low := 0
	for i := range n {
		if r[i][1] < r[low][1] || r[i][1] == r[low][1] && r[i][0] < r[low][0] {
			low = i
		}
	}
	before, after := low, low
	for i := 1; i < n && r[before] == r[low]; i++ {
		before = (low + n - i) % n
	}
	for i := 1; i < n && r[after] == r[low]; i++ {
		after = (low + i) % n
	}
	if n > 0 {
		if turn := geo.Orient(r[before], r[low], r[after]); turn != 0 {
			return turn > 0
		}
	}
	return shoelace(r) > 0
}

// shoelace is the area in square degrees, positive for counter-clockwise.
func shoelace(r orb.Ring) (sum float64) {
	for i := 2; i < len(r); i++ {
		ax, ay := r[i-1][0]-r[0][0], r[i-1][1]-r[0][1]
		bx, by := r[i][0]-r[0][0], r[i][1]-r[0][1]
		sum += ax*by - ay*bx
	}
	return sum / 2
}

// pair finds the twins. Each edge waits at that of its ends which has fewer edges,
// so that a vertex with very many costs no more than others. Where several edges
// fit, the lowest number is taken.
func (m *mesh) pair() {
	to := m.ends()
	degree := make([]int32, len(m.at))
	for i := range m.from {
		degree[m.from[i]]++
		degree[to[i]]++
	}
	m.twin = make([]int32, len(m.from))
	waiting := make([]int32, len(m.at)) // the first edge waiting at a vertex, plus 1
	next := make([]int32, len(m.from))  // the one behind it, plus 1
	for i := range m.from {
		u, v := m.from[i], to[i]
		at := u
		if degree[v] < degree[u] || degree[v] == degree[u] && v < u {
			at = v
		}
		m.twin[i] = none
		for link := &waiting[at]; ; link = &next[*link-1] {
			if *link == 0 {
				*link = int32(i) + 1
				break
			}
			if j := *link - 1; m.from[j] == v && to[j] == u {
				m.twin[i], m.twin[j] = j, int32(i)
				*link = next[j]
				break
			}
		}
	}
}

// ends are the vertices where the edges end.
func (m *mesh) ends() []int32 {
	to := make([]int32, len(m.from))
	for _, r := range m.rings {
		copy(to[r.first:], m.from[r.first+1:r.end])
		to[r.end-1] = m.from[r.first]
	}
	return to
}

// right is the face on the right of an edge.
func (m *mesh) right(faces []int32, e int32) int32 {
	if t := m.twin[e]; t != none {
		return faces[t]
	}
	return Rim
}

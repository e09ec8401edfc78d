package geotest

import (
	"math"
	"math/bits"
	"slices"

	"github.com/paulmach/orb"
)

// shortest is the shortest border that stays one, as a part of the distance between
// the two sites. The two ends of a shorter one become one node.
const shortest = 1.0 / 50

// connect finds the nodes, arcs and faces of the Voronoi diagram of the sites.
func (m *Mesh) connect(b orb.Bound, g grid) error {
	w := &weaver{mesh: m, bound: b, known: make(map[[3]int32]int32, 2*len(m.sites))}
	if err := w.weave(); err != nil {
		return err
	}
	w.merge(g)
	return m.check()
}

// weaver builds a mesh's topology cell by cell.
type weaver struct {
	mesh  *Mesh
	bound orb.Bound
	known map[[3]int32]int32 // three sites or sides, ascending → the node where they meet
	sides []uint8            // per node: a bit for each side of the bound that it lies on
}

func (w *weaver) weave() error {
	m := w.mesh
	c := cutter{tree: newKDTree(m.sites)}
	m.faces = make([][]half, len(m.sites))
	twins := make(map[[2]int32]int32, 3*len(m.sites))
	for i := range int32(len(m.sites)) {
		c.cell(i, w.bound)
		nodes := w.meet(&c)
		for k, other := range c.gens {
			from, to := nodes[k], nodes[(k+1)%len(nodes)]
			if other >= 0 && other < i {
				t, ok := twins[[2]int32{other, i}]
				if !ok || m.arcs[t].from != to || m.arcs[t].to != from {
					return errDegenerate
				}
				delete(twins, [2]int32{other, i})
				m.faces[i] = append(m.faces[i], half{t, true})
				continue
			}
			id := int32(len(m.arcs))
			m.arcs = append(m.arcs, arc{from: from, to: to, left: i, right: max(other, outside)})
			m.faces[i] = append(m.faces[i], half{id, false})
			if other >= 0 {
				twins[[2]int32{i, other}] = id
			}
		}
	}
	if len(twins) > 0 {
		return errDegenerate
	}
	return nil
}

// meet gives the nodes at the vertices of the cutter's cell.
func (w *weaver) meet(c *cutter) []int32 {
	nodes := make([]int32, len(c.verts))
	for k, v := range c.verts {
		before := c.gens[(k+len(c.gens)-1)%len(c.gens)]
		key := [3]int32{c.self, before, c.gens[k]}
		slices.Sort(key[:])
		id, ok := w.known[key]
		if !ok {
			id = int32(len(w.mesh.nodes))
			w.known[key] = id
			w.add(key, orb.Point{c.site[0] + v[0], c.site[1] + v[1]})
		}
		nodes[k] = id
	}
	return nodes
}

// add keeps a node, exactly on the bound where it belongs there.
func (w *weaver) add(key [3]int32, p orb.Point) {
	var sides uint8
	for _, k := range key {
		switch k {
		case south:
			p[1] = w.bound.Min[1]
		case east:
			p[0] = w.bound.Max[0]
		case north:
			p[1] = w.bound.Max[1]
		case west:
			p[0] = w.bound.Min[0]
		}
		if k < 0 {
			sides |= 1 << (-k)
		}
	}
	w.mesh.nodes = append(w.mesh.nodes, p)
	w.sides = append(w.sides, sides)
}

// merge makes one node of the two ends of every border that is too short to be one,
// and rounds the nodes.
func (w *weaver) merge(g grid) {
	m := w.mesh
	into := make([]int32, len(m.nodes))
	for i := range into {
		into[i] = int32(i)
	}
	find := func(i int32) int32 {
		for into[i] != i {
			i = into[i]
		}
		return i
	}
	for _, a := range m.arcs {
		from, to := find(a.from), find(a.to)
		if from != to && m.short(a, g) && w.mergeable(from, to) {
			keep, lose := w.prefer(from, to)
			into[lose] = keep
		}
	}
	for i := range m.arcs {
		m.arcs[i].from, m.arcs[i].to = find(m.arcs[i].from), find(m.arcs[i].to)
	}
	for i, p := range m.nodes {
		m.nodes[i] = g.round(p)
	}
	for i := range m.faces {
		m.faces[i] = slices.DeleteFunc(m.faces[i], func(h half) bool {
			return m.arcs[h.arc].from == m.arcs[h.arc].to
		})
	}
}

// mergeable says whether one of two nodes lies on every side of the bound that the other lies on.
func (w *weaver) mergeable(a, b int32) bool {
	both := w.sides[a] & w.sides[b]
	return both == w.sides[a] || both == w.sides[b]
}

// prefer keeps the corner before the side, the side before the inside, then the older node.
func (w *weaver) prefer(a, b int32) (keep, lose int32) {
	na, nb := bits.OnesCount8(w.sides[a]), bits.OnesCount8(w.sides[b])
	if na > nb || na == nb && a < b {
		return a, b
	}
	return b, a
}

func (m *Mesh) short(a arc, g grid) bool {
	l := distance(m.nodes[a.from], m.nodes[a.to])
	return l*g.scale < 2 || l < shortest*m.spacing(a)
}

// spacing is the distance between the sites that an arc divides; beyond the bound
// the site's mirror image stands for the missing one.
func (m *Mesh) spacing(a arc) float64 {
	if a.right == outside {
		return 2 * math.Abs(cross(m.nodes[a.from], m.nodes[a.to], m.sites[a.left])) / distance(m.nodes[a.from], m.nodes[a.to])
	}
	return distance(m.sites[a.left], m.sites[a.right])
}

// check holds that every face still winds once around its site after merging and
// rounding, which makes the triangles of site and arc disjoint.
func (m *Mesh) check() error {
	for i, f := range m.faces {
		if len(f) < 3 {
			return errDegenerate
		}
		for k, h := range f {
			next := f[(k+1)%len(f)]
			if m.end(h) != m.start(next) || cross(m.sites[i], m.nodes[m.start(h)], m.nodes[m.end(h)]) <= 0 {
				return errDegenerate
			}
		}
	}
	return nil
}

func distance(a, b orb.Point) float64 {
	dx, dy := b[0]-a[0], b[1]-a[1]
	return math.Sqrt(float64(dx*dx) + float64(dy*dy))
}

// cross is twice the area of the triangle a, b, c, positive when it turns left.
func cross(a, b, c orb.Point) float64 {
	return float64((b[0]-a[0])*(c[1]-a[1])) - float64((b[1]-a[1])*(c[0]-a[0]))
}

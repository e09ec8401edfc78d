package coverage

import (
	"cmp"
	"slices"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// border is an edge between two vertices of a weave, one for all strands there.
type border struct {
	ends  [2]int32
	net   int      // strands from ends[0] to ends[1] less those that go back
	faces []strand // the strands
}

// borders unites the strands between the same two vertices.
func (w *weave) borders() []border {
	key := func(s strand) [2]int32 { return [2]int32{min(s.from, s.to), max(s.from, s.to)} }
	slices.SortFunc(w.strands, func(a, b strand) int {
		if ka, kb := key(a), key(b); ka != kb {
			return slices.Compare(ka[:], kb[:])
		}
		return cmp.Or(cmp.Compare(a.face, b.face), cmp.Compare(a.from, b.from))
	})
	var bs []border
	for i := 0; i < len(w.strands); {
		b := border{ends: key(w.strands[i])}
		j := i
		for ; j < len(w.strands) && key(w.strands[j]) == b.ends; j++ {
			if w.strands[j].from == b.ends[0] {
				b.net++
			} else {
				b.net--
			}
		}
		b.faces = w.strands[i:j]
		bs, i = append(bs, b), j
	}
	return bs
}

// region is a connected part of the plane between borders.
type region struct {
	outline orb.Polygon
	faces   []int32 // those with an edge along the outline's shell, in order
}

// plane is borders that meet in vertices only, walked in both directions: edge 2i
// is border i from its first end to its second, 2i+1 the way back.
type plane struct {
	at      []orb.Point
	borders []border
	around  []int32 // edges by the vertex where they begin, counter-clockwise around it
	first   []int32 // vertex v has the edges around[first[v]:first[v+1]]
	place   []int32 // of edges: their place in around
}

func newPlane(at []orb.Point, borders []border) *plane {
	p := &plane{at: at, borders: borders, first: make([]int32, len(at)+2)}
	for _, b := range borders {
		p.first[b.ends[0]+2]++
		p.first[b.ends[1]+2]++
	}
	for i := 2; i < len(p.first); i++ {
		p.first[i] += p.first[i-1]
	}
	p.around, p.place = make([]int32, 2*len(borders)), make([]int32, 2*len(borders))
	for e := range int32(2 * len(borders)) {
		v := p.from(e)
		p.around[p.first[v+1]] = e
		p.first[v+1]++
	}
	for v := range at {
		p.sort(orb.Point(at[v]), p.around[p.first[v]:p.first[v+1]])
	}
	for i, e := range p.around {
		p.place[e] = int32(i)
	}
	return p
}

// from is the vertex where an edge begins.
func (p *plane) from(e int32) int32 { return p.borders[e/2].ends[e%2] }

// sort orders the edges that leave a vertex counter-clockwise from the east.
func (p *plane) sort(o orb.Point, edges []int32) {
	lower := func(q orb.Point) bool { return q[1] < o[1] || q[1] == o[1] && q[0] < o[0] }
	slices.SortFunc(edges, func(a, b int32) int {
		qa, qb := p.at[p.from(a^1)], p.at[p.from(b^1)]
		if la, lb := lower(qa), lower(qb); la != lb {
			if la {
				return 1
			}
			return -1
		}
		return cmp.Or(-geo.Orient(o, qa, qb), cmp.Compare(a, b))
	})
}

// next is the edge that follows e around the region on the left.
func (p *plane) next(e int32) int32 {
	back := e ^ 1
	v, i := p.from(back), p.place[back]
	if i == p.first[v] {
		i = p.first[v+1]
	}
	return p.around[i-1]
}

// regions are the bounded regions. One that surrounds another part of the plane has
// that part's outline as a hole; the parts are told apart by their borders.
func (p *plane) regions() []region {
	parts := p.parts()
	var shells, holes []orb.Ring
	var shellPart, holePart []int32
	var regions []region
	done := make([]bool, 2*len(p.borders))
	for e := range int32(2 * len(p.borders)) {
		if done[e] {
			continue
		}
		ring, faces := p.walk(e, done)
		switch area := shoelace(ring); {
		case area > 0:
			shells, shellPart = append(shells, ring), append(shellPart, parts[p.from(e)])
			regions = append(regions, region{faces: faces})
		case area < 0:
			holes, holePart = append(holes, ring), append(holePart, parts[p.from(e)])
		}
	}
	mp, _ := nest(shells, holes, func(i, j int) bool { return shellPart[i] != holePart[j] })
	for i := range mp {
		regions[i].outline = mp[i]
	}
	return regions
}

// parts numbers the vertices so that those that borders connect have the same number.
func (p *plane) parts() []int32 {
	part := make([]int32, len(p.at))
	for i := range part {
		part[i] = int32(i)
	}
	root := func(v int32) int32 {
		for part[v] != v {
			part[v] = part[part[v]]
			v = part[v]
		}
		return v
	}
	for _, b := range p.borders {
		u, v := root(b.ends[0]), root(b.ends[1])
		part[max(u, v)] = min(u, v)
	}
	for i := range part {
		part[i] = root(int32(i))
	}
	return part
}

// walk goes once around the region to the left of an edge.
func (p *plane) walk(e int32, done []bool) (ring orb.Ring, faces []int32) {
	for ; !done[e]; e = p.next(e) {
		done[e] = true
		ring = append(ring, p.at[p.from(e)])
		for _, s := range p.borders[e/2].faces {
			faces = append(faces, s.face)
		}
	}
	slices.Sort(faces)
	return append(ring, ring[0]), slices.Compact(faces)
}

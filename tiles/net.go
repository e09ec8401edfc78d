package tiles

import (
	"cmp"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"

	"github.com/paulmach/orb"
)

// net is the edges of a block's features while the block is made: each vertex once, each edge
// once with the features at its sides, and the chains into which rings are cut.
//
// Of the block's own features it has all edges, of those around it the edges of which an end is
// in box, where all own features are. So at each vertex of an own feature it knows every edge.
type net struct {
	pic *picture
	box orb.Bound

	at     []orb.Point // of vertices
	places []offset
	degree []int32 // of vertices: the number of edges that end there
	index  []int32 // hash table of vertices: number + 1
	seeds  [2]uint64

	edges []netEdge
	table []int32 // hash table of edges: number + 1

	chains []netChain
	in     []int32 // of vertices: the chain that they are within, none for its ends and others
	pos    []int32 // of vertices within a chain: the place in it
}

// netEdge is an edge between two vertices, from the lower number to the higher.
type netEdge struct {
	from, to    int32
	left, right int32 // the first feature at each side by slot, none where there is none
	chain       int32
}

// netChain is a chain of vertices from one end to another: a vertex at which not two edges
// meet. A closed chain, which has no such vertex, has its first vertex last again and begins at
// its lowest by x, then y. Chains run from the lower of their ends, and closed ones from the
// first towards the lower of the two neighbours: the same way whoever cuts them.
type netChain struct {
	ids         []int32
	left, right int32
}

// none stands for no feature, chain, edge, loop or number.
const none = -1

// newNet makes room for so many uses of vertices.
func newNet(pic *picture, box orb.Bound, uses int) *net {
	size := 1 << bits.Len(uint(uses*3/2)|15)
	return &net{
		pic: pic, box: box,
		at: make([]orb.Point, 0, uses*2/3), degree: make([]int32, 0, uses*2/3),
		index: make([]int32, size), seeds: [2]uint64{rand.Uint64(), rand.Uint64()},
		edges: make([]netEdge, 0, uses*2/3), table: make([]int32, size),
	}
}

// vertex is the number of a position. Seeds are random, so that no file can be made whose
// positions all collide; numbers do not depend on them.
func (n *net) vertex(p orb.Point) int32 {
	p[0], p[1] = p[0]+0, p[1]+0 // minus zero is zero
	hi, lo := bits.Mul64(math.Float64bits(p[0])^n.seeds[0], math.Float64bits(p[1])^n.seeds[1])
	mask := uint64(len(n.index) - 1)
	for i := ((hi ^ lo) * 0x9e3779b97f4a7c15) >> 32 & mask; ; i = (i + 1) & mask {
		switch k := n.index[i]; {
		case k == 0:
			n.at, n.degree = append(n.at, p), append(n.degree, 0)
			n.index[i] = int32(len(n.at))
			return int32(len(n.at) - 1)
		case n.at[k-1] == p:
			return k - 1
		}
	}
}

// edge is the number of the edge between two vertices, a new one where there is none.
func (n *net) edge(u, v int32) int32 {
	if u > v {
		u, v = v, u
	}
	h := (uint64(uint32(u))<<32 | uint64(uint32(v))) ^ n.seeds[0]
	mask := uint64(len(n.table) - 1)
	for i := (h * 0x9e3779b97f4a7c15) >> 32 & mask; ; i = (i + 1) & mask {
		k := n.table[i]
		if k == 0 {
			n.edges = append(n.edges, netEdge{u, v, none, none, none})
			n.degree[u]++
			n.degree[v]++
			n.table[i] = int32(len(n.edges))
			return int32(len(n.edges) - 1)
		}
		if e := &n.edges[k-1]; e.from == u && e.to == v {
			return k - 1
		}
	}
}

// use notes that a ring of the feature at a slot runs from u to v, with the feature on its right as
// a map is seen. Features come in the order of their numbers at either side.
func (n *net) use(u, v, slot int32, side func(a, b int32) bool) {
	e := &n.edges[n.edge(u, v)]
	at := &e.left
	if e.from == u {
		at = &e.right
	}
	if slot != none && (*at == none || side(slot, *at)) {
		*at = slot
	}
}

// walk calls f with the vertices of a ring, each once, and turned so that its feature is on the
// right as a map is seen: shells clockwise, holes counter-clockwise.
func walk(r orb.Ring, reversed bool, f func(p orb.Point)) {
	n := len(r)
	if n > 1 && r[0] == r[n-1] {
		n--
	}
	var last orb.Point
	for i := range n {
		p := r[i]
		if reversed {
			p = r[n-1-i]
		}
		if i == 0 || p != last {
			f(p)
		}
		last = p
	}
}

// cut cuts a ring of vertices into chains and gives them in order: c for chain c as it stands,
// ^c for it from its end to its start.
func (n *net) cut(ids []int32, refs []int32) []int32 {
	first := slices.IndexFunc(ids, func(v int32) bool { return n.degree[v] != 2 })
	if first < 0 {
		for i := range ids {
			if first < 0 || n.lower(ids[i], ids[first]) {
				first = i
			}
		}
		return append(refs, n.refer(ids, first, len(ids)))
	}
	for done := 0; done < len(ids); {
		count := 1
		for n.degree[ids[(first+count)%len(ids)]] == 2 {
			count++
		}
		refs = append(refs, n.refer(ids, first, count))
		first, done = (first+count)%len(ids), done+count
	}
	return refs
}

// refer gives the chain of count edges from place first of a ring.
func (n *net) refer(ids []int32, first, count int) int32 {
	at := func(i int) int32 { return ids[(first+i)%len(ids)] }
	e := n.edge(at(0), at(1))
	if c := n.edges[e].chain; c != none {
		if chain := n.chains[c].ids; chain[0] == at(0) && chain[1] == at(1) {
			return c
		}
		return ^n.edges[e].chain
	}
	c := int32(len(n.chains))
	chain := make([]int32, count+1)
	for i := range chain {
		chain[i] = at(i)
		if i > 0 {
			n.edges[n.edge(chain[i-1], chain[i])].chain = c
		}
	}
	a, b := chain[0], chain[count]
	if a == b {
		a, b = chain[1], chain[count-1]
	}
	back := n.lower(b, a)
	if back {
		slices.Reverse(chain)
	}
	k := netChain{ids: chain, left: n.edges[e].left, right: n.edges[e].right}
	if (n.edges[e].from == at(0)) == back {
		k.left, k.right = k.right, k.left
	}
	n.chains = append(n.chains, k)
	if back {
		return ^c
	}
	return c
}

// lower orders vertices by place, and those of one place by position.
func (n *net) lower(a, b int32) bool {
	p, q := n.places[a], n.places[b]
	return cmp.Or(cmp.Compare(p.x, q.x), cmp.Compare(p.y, q.y),
		cmp.Compare(n.at[a][0], n.at[b][0]), cmp.Compare(n.at[a][1], n.at[b][1])) < 0
}

// project finds the places of all vertices.
func (n *net) project() {
	n.places = make([]offset, len(n.at))
	for i, p := range n.at {
		n.places[i] = n.pic.project(p)
	}
}

// locate notes for each vertex the chain that it is within.
func (n *net) locate() {
	n.in, n.pos = make([]int32, len(n.at)), make([]int32, len(n.at))
	for i := range n.in {
		n.in[i] = none
	}
	for c, chain := range n.chains {
		for i := 1; i < len(chain.ids)-1; i++ {
			n.in[chain.ids[i]], n.pos[chain.ids[i]] = int32(c), int32(i)
		}
	}
}

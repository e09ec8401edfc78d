package zoning

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// splitter cuts connected sets of blocks in two connected parts along an edge of a
// spanning tree. Taking away an edge of a tree leaves two trees, so both parts are of
// one piece by construction: the step of ReCom (D. DeFord, M. Duchin, J. Solomon,
// Recombination: a family of Markov chains for redistricting, Harvard Data Science
// Review 3(1), 2021), here with trees that keep long borders together and with the
// best of all cuts in place of a random one.
//
// It is scratch space for one goroutine; its slices are as long as the graph.
type splitter struct {
	g    *graph
	cost cost
	rand *rand.Rand

	in     []int32 // of blocks: the place in set, -1 outside
	set    []int32
	edges  []weighted
	sets   union
	parent []int32 // of places, in the tree; the root's is -1
	order  []int32 // places, parents first
	depth  []int32
	head   []int32 // of places: the highest of the path of heaviest subtrees that it is on
	tree   [][]int32
	load   []float64 // of subtrees, as the following
	cut    []float64
	nodes  []int32
	stay   [2][]float64 // residents whose cell was the first, the second
}

// weighted is an edge between places in a set.
type weighted struct {
	i, j   int32
	border float64
	key    float64
}

func newSplitter(g *graph, c cost, r *rand.Rand) *splitter {
	s := &splitter{g: g, cost: c, rand: r, in: make([]int32, g.len())}
	for i := range s.in {
		s.in[i] = -1
	}
	return s
}

// enter makes a set of blocks the one that is worked on; leave undoes it.
func (s *splitter) enter(set []int32) {
	s.set = set
	for i, v := range set {
		s.in[v] = int32(i)
	}
	s.edges = s.edges[:0]
	for i, v := range set {
		for _, l := range s.g.next[v] {
			if j := s.in[l.to]; j > int32(i) && s.g.unit[l.to] == s.g.unit[v] {
				s.edges = append(s.edges, weighted{i: int32(i), j: j, border: s.cost.border(l)})
			}
		}
	}
	n := len(set)
	s.parent, s.depth, s.head, s.nodes = grown(s.parent, n), grown(s.depth, n), grown(s.head, n), grown(s.nodes, n)
	s.load, s.cut = grown(s.load, n), grown(s.cut, n)
	s.stay[0], s.stay[1] = grown(s.stay[0], n), grown(s.stay[1], n)
	for len(s.tree) < n {
		s.tree = append(s.tree, nil)
	}
}

func (s *splitter) leave() {
	for _, v := range s.set {
		s.in[v] = -1
	}
}

func grown[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/2)
	}
	return s[:n]
}

// plant makes a random spanning tree of the set in which long borders are likely to be
// edges, and sums over its subtrees. from tells of each block the cell that its
// residents come from, nil where that does not matter.
func (s *splitter) plant(from []int32, first, second int32) {
	for i := range s.edges {
		e := &s.edges[i]
		e.key = s.rand.ExpFloat64() / math.Sqrt(e.border+1e-9)
	}
	slices.SortFunc(s.edges, func(a, b weighted) int { return cmp.Compare(a.key, b.key) })
	n := len(s.set)
	s.sets = grown(s.sets, n)
	for i := range n {
		s.sets[i] = int32(i)
		s.tree[i] = s.tree[i][:0]
	}
	for _, e := range s.edges {
		if s.sets.join(e.i, e.j) {
			s.tree[e.i] = append(s.tree[e.i], e.j)
			s.tree[e.j] = append(s.tree[e.j], e.i)
		}
	}
	s.order = append(s.order[:0], 0)
	s.parent[0], s.depth[0] = -1, 0
	for k := 0; k < len(s.order); k++ {
		i := s.order[k]
		for _, j := range s.tree[i] {
			if j != s.parent[i] {
				s.parent[j], s.depth[j] = i, s.depth[i]+1
				s.order = append(s.order, j)
			}
		}
	}
	for i, v := range s.set {
		s.load[i], s.cut[i], s.nodes[i] = s.g.load[v], 0, 1
		s.stay[0][i], s.stay[1][i] = 0, 0
		if from != nil && from[v] == first {
			s.stay[0][i] = s.g.residents[v]
		} else if from != nil && from[v] == second {
			s.stay[1][i] = s.g.residents[v]
		}
	}
	s.paths()
	// A border is cut by the subtrees that hold one of its ends: those below the lowest
	// common root of both.
	for _, e := range s.edges {
		s.cut[e.i] += e.border
		s.cut[e.j] += e.border
		s.cut[s.meet(e.i, e.j)] -= 2 * e.border
	}
	for k := len(s.order) - 1; k > 0; k-- {
		i := s.order[k]
		p := s.parent[i]
		s.load[p] += s.load[i]
		s.cut[p] += s.cut[i]
		s.stay[0][p] += s.stay[0][i]
		s.stay[1][p] += s.stay[1][i]
	}
}

// paths counts the subtrees and strings each place together with its heaviest subtree:
// from any place a few paths lead to the root (D. D. Sleator, R. E. Tarjan, A data
// structure for dynamic trees, 1983).
func (s *splitter) paths() {
	heavy := s.sets // done with
	for k := len(s.order) - 1; k >= 0; k-- {
		heavy[s.order[k]] = -1
	}
	for k := len(s.order) - 1; k > 0; k-- {
		i := s.order[k]
		p := s.parent[i]
		s.nodes[p] += s.nodes[i]
		if heavy[p] < 0 || s.nodes[i] > s.nodes[heavy[p]] {
			heavy[p] = i
		}
	}
	for _, i := range s.order {
		s.head[i] = i
		if p := s.parent[i]; p >= 0 && heavy[p] == i {
			s.head[i] = s.head[p]
		}
	}
}

// meet is the lowest common root of two places.
func (s *splitter) meet(i, j int32) int32 {
	for s.head[i] != s.head[j] {
		if s.depth[s.head[i]] < s.depth[s.head[j]] {
			i, j = j, i
		}
		i = s.parent[s.head[i]]
	}
	if s.depth[i] < s.depth[j] {
		return i
	}
	return j
}

// below lists the blocks of the subtree of a place, and the others of the set, each in
// the set's order.
func (s *splitter) below(root int32) (inside, outside []int32) {
	mark := make([]bool, len(s.set))
	mark[root] = true
	for _, i := range s.order {
		if p := s.parent[i]; p >= 0 && mark[p] {
			mark[i] = true
		}
	}
	for i, v := range s.set {
		if mark[i] {
			inside = append(inside, v)
		} else {
			outside = append(outside, v)
		}
	}
	return inside, outside
}

// divide cuts a connected set into k connected parts of about even load: in two along
// the best edge of some trees, each part again.
func (s *splitter) divide(set []int32, k int, part func([]int32)) {
	if k <= 1 || len(set) <= 1 {
		part(set)
		return
	}
	s.enter(set)
	total := 0.0
	for _, v := range set {
		total += s.g.load[v]
	}
	tries := 4
	if len(set) < 500 {
		tries = 12
	}
	best, least := cutting{}, math.Inf(1)
	for range tries {
		s.plant(nil, 0, 0)
		for _, i := range s.order[1:] {
			c, score := s.judge(i, k, total)
			if score < least {
				best, least = c, score
				best.inside, best.outside = nil, nil
			} else {
				continue
			}
			best.inside, best.outside = s.below(i)
		}
	}
	s.leave()
	s.divide(best.inside, best.k, part)
	s.divide(best.outside, k-best.k, part)
}

// cutting is one way to cut a set in two; k cells are for the inside.
type cutting struct {
	inside, outside []int32
	k               int
}

// judge scores the cut above a place: how far both sides are from whole numbers of
// cells, how unequal they are, how long the cut is.
func (s *splitter) judge(i int32, k int, total float64) (cutting, float64) {
	inside, outside := int(s.nodes[i]), len(s.set)-int(s.nodes[i])
	share := float64(k) / 2
	if total > 0 {
		share = s.load[i] / total * float64(k)
	}
	j := min(max(int(math.Round(share)), 1, k-outside), k-1, inside)
	if j < 1 || k-j > outside {
		return cutting{}, math.Inf(1)
	}
	off := math.Abs(share - float64(j))
	uneven := math.Abs(float64(2*j-k)) / float64(k)
	// Cells at a cut share its error; near the leaves there are few to share it.
	error := off / math.Sqrt(float64(min(j, k-j)))
	return cutting{k: j}, 4*error + 0.5*uneven*uneven + s.cost.length(s.cut[i])/math.Sqrt(float64(k))
}

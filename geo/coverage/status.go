package coverage

import (
	"github.com/paulmach/orb"

	"towngrid/geo"
)

// status is the edges that the line of a sweep meets, in order from south to north: a
// treap in arrays by edge. A tree, or a piece of one, is named by its top edge, none
// for an empty one. Priorities are hashes, so its shape depends on the edges alone.
type status struct {
	sweep     *sweep
	top       int32
	low, high []int32 // of edges: the trees below them
}

func newStatus(s *sweep) status {
	return status{sweep: s, top: none, low: make([]int32, len(s.at)), high: make([]int32, len(s.at))}
}

// priority is higher for the edge that stands higher.
func priority(e int32) uint64 {
	h := (uint64(e) + 1) * 0x9e3779b97f4a7c15
	h = (h ^ h>>31) * 0xd6e8feb86659fd93
	return h ^ h>>32
}

// split takes the line apart at v, where it is: the edges that pass south of v,
// those that v lies on, those that pass north.
func (t *status) split(v orb.Point) (below, on, above int32) {
	below, on = t.cut(t.top, v, 0)
	on, above = t.cut(on, v, -1)
	t.top = none
	return below, on, above
}

// cut parts a tree: low has the edges to which v turns left more than the given sign.
func (t *status) cut(tree int32, v orb.Point, sign int) (low, high int32) {
	if tree == none {
		return none, none
	}
	if l, r := t.sweep.ends(tree); geo.Orient(l, r, v) > sign {
		low, high = t.cut(t.high[tree], v, sign)
		t.high[tree] = low
		return tree, high
	}
	low, high = t.cut(t.low[tree], v, sign)
	t.low[tree] = high
	return low, tree
}

// join makes the line of two pieces and the edges between them.
func (t *status) join(below int32, edges []int32, above int32) {
	for _, e := range edges {
		t.low[e], t.high[e] = none, none
		below = t.merge(below, e)
	}
	t.top = t.merge(below, above)
}

func (t *status) merge(a, b int32) int32 {
	switch {
	case a == none:
		return b
	case b == none:
		return a
	case priority(a) > priority(b):
		t.high[a] = t.merge(t.high[a], b)
		return a
	}
	t.low[b] = t.merge(a, t.low[b])
	return b
}

// first is the southernmost edge of a tree that is not empty, last the northernmost.
func (t *status) first(tree int32) int32 {
	for t.low[tree] != none {
		tree = t.low[tree]
	}
	return tree
}

func (t *status) last(tree int32) int32 {
	for t.high[tree] != none {
		tree = t.high[tree]
	}
	return tree
}

// dropFirst is a tree without its first edge, dropLast without its last.
func (t *status) dropFirst(tree int32) int32 {
	if t.low[tree] == none {
		return t.high[tree]
	}
	t.low[tree] = t.dropFirst(t.low[tree])
	return tree
}

func (t *status) dropLast(tree int32) int32 {
	if t.high[tree] == none {
		return t.low[tree]
	}
	t.high[tree] = t.dropLast(t.high[tree])
	return tree
}

// each calls f with the edges of a tree from south to north.
func (t *status) each(tree int32, f func(e int32)) {
	if tree != none {
		t.each(t.low[tree], f)
		f(tree)
		t.each(t.high[tree], f)
	}
}

package tiles

import (
	"cmp"
	"slices"

	"github.com/paulmach/orb"

	"towngrid/geo/snapshot"
)

// tally adds up the marks of a part's features by place, so that the sum over all that meet
// a box takes a look at those on the box's rim, not at all within.
//
// It is a tree of boxes: its leaves are the features in the order of a Hilbert curve, each node is
// around fan nodes or features that follow each other. Memory: 20 bytes a feature.
type tally struct {
	order  []int32       // leaf k is feature order[k]
	marks  []mark        // by leaf
	levels [][]tallyNode // the lowest first; node j of a level has the nodes or leaves from fan·j on below it
}

// tallyNode is a node of the tree.
type tallyNode struct {
	bound orb.Bound
	sum   sum
}

// sum is the sum of the marks of n features.
type sum struct {
	mark mark
	n    int
}

func (s sum) plus(t sum) sum { return sum{s.mark.plus(t.mark), s.n + t.n} }

// fan is the number of branches of a node.
const fan = 16

// byPlace are the features of a part in the order of the Hilbert curve through the centres of
// their bounds.
func byPlace(p *snapshot.Part) []int32 {
	type placed struct {
		at uint64
		i  int32
	}
	all := p.Bound()
	places := make([]placed, p.Len())
	for i := range places {
		places[i] = placed{placeIn(all, p.FeatureBound(i)), int32(i)}
	}
	slices.SortFunc(places, func(a, b placed) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.i, b.i)) })
	order := make([]int32, len(places))
	for k, at := range places {
		order[k] = at.i
	}
	return order
}

// placeIn is where the centre of b lies along a Hilbert curve through all.
func placeIn(all, b orb.Bound) uint64 {
	const bits = 16
	c := b.Center()
	scale := func(axis int) uint32 {
		size := all.Max[axis] - all.Min[axis]
		if !(size > 0) {
			return 0
		}
		return uint32(min(max((c[axis]-all.Min[axis])/size, 0), 1) * (1<<bits - 1))
	}
	return hilbert(bits, scale(0), scale(1))
}

// newTally adds up marks, given by feature.
func newTally(p *snapshot.Part, order []int32, of []mark) *tally {
	t := &tally{order: order, marks: make([]mark, len(order))}
	below := make([]tallyNode, len(order))
	for k, i := range order {
		t.marks[k] = of[i]
		below[k] = tallyNode{p.FeatureBound(int(i)), sum{of[i], 1}}
	}
	for len(below) > 1 || len(t.levels) == 0 && len(below) > 0 {
		level := make([]tallyNode, 0, (len(below)+fan-1)/fan)
		for branches := range slices.Chunk(below, fan) {
			n := branches[0]
			for _, b := range branches[1:] {
				n = tallyNode{unite(n.bound, b.bound), n.sum.plus(b.sum)}
			}
			level = append(level, n)
		}
		t.levels = append(t.levels, level)
		below = level
	}
	return t
}

// unite is the box around both.
func unite(a, b orb.Bound) orb.Bound {
	return orb.Bound{
		Min: orb.Point{min(a.Min[0], b.Min[0]), min(a.Min[1], b.Min[1])},
		Max: orb.Point{max(a.Max[0], b.Max[0]), max(a.Max[1], b.Max[1])},
	}
}

// meeting is the sum over the features whose bound meets b, borders included.
func (t *tally) meeting(p *snapshot.Part, b orb.Bound) sum {
	if len(t.levels) == 0 {
		return sum{}
	}
	top := len(t.levels) - 1
	return t.node(p, b, top, 0)
}

// node is the sum of meeting below a node.
func (t *tally) node(p *snapshot.Part, b orb.Bound, level, j int) (s sum) {
	n := &t.levels[level][j]
	switch {
	case !b.Intersects(n.bound):
		return s
	case b.Contains(n.bound.Min) && b.Contains(n.bound.Max):
		return n.sum
	case level > 0:
		for k := j * fan; k < min((j+1)*fan, len(t.levels[level-1])); k++ {
			s = s.plus(t.node(p, b, level-1, k))
		}
		return s
	}
	for k := j * fan; k < min((j+1)*fan, len(t.order)); k++ {
		if b.Intersects(p.FeatureBound(int(t.order[k]))) {
			s = s.plus(sum{t.marks[k], 1})
		}
	}
	return s
}

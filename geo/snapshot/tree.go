package snapshot

import "github.com/paulmach/orb"

// tree finds features by their bounds. It is an R-tree without pointers: features in
// Z-order, the bounds of sixteen of them after one another, those of sixteen of
// these, and so on. It takes 6 bytes a feature beside the bounds themselves, a twelfth
// of what a tree that can change takes.
type tree struct {
	bounds []orb.Bound   // of the features
	order  []int32       // the features in Z-order
	levels [][]orb.Bound // the lowest first; the highest has at most fan
}

const fan = 16

func newTree(bounds []orb.Bound, all orb.Bound) *tree {
	t := &tree{bounds: bounds, order: zOrder(bounds, all)}
	n := len(bounds)
	below := func(i int) orb.Bound { return bounds[t.order[i]] }
	for n > fan {
		level := make([]orb.Bound, (n+fan-1)/fan)
		for i := range level {
			level[i] = nothing()
			for k := i * fan; k < min((i+1)*fan, n); k++ {
				level[i] = union(level[i], below(k))
			}
		}
		t.levels = append(t.levels, level)
		n, below = len(level), func(i int) orb.Bound { return level[i] }
	}
	return t
}

// union is the box around two; unlike orb's it takes nothing for the empty box.
func union(a, b orb.Bound) orb.Bound {
	return orb.Bound{
		Min: orb.Point{min(a.Min[0], b.Min[0]), min(a.Min[1], b.Min[1])},
		Max: orb.Point{max(a.Max[0], b.Max[0]), max(a.Max[1], b.Max[1])},
	}
}

// size is the number of nodes of a level; level 0 is the features.
func (t *tree) size(level int) int {
	if level == 0 {
		return len(t.order)
	}
	return len(t.levels[level-1])
}

// bound is that of a node; level 0 is the features.
func (t *tree) bound(level, i int) *orb.Bound {
	if level == 0 {
		return &t.bounds[t.order[i]]
	}
	return &t.levels[level-1][i]
}

// search calls f with every feature whose bound meets b, edges included, until f
// returns false.
func (t *tree) search(b orb.Bound, f func(i int32) bool) {
	t.descend(len(t.levels), 0, &b, f)
}

// descend searches the nodes of a level from first, as many as one node has below it.
func (t *tree) descend(level, first int, b *orb.Bound, f func(i int32) bool) bool {
	if level == 0 {
		for _, i := range t.order[first:min(first+fan, len(t.order))] {
			if meet(&t.bounds[i], b) && !f(i) {
				return false
			}
		}
		return true
	}
	nodes := t.levels[level-1]
	nodes = nodes[first:min(first+fan, len(nodes))]
	for i := range nodes {
		if meet(&nodes[i], b) && !t.descend(level-1, (first+i)*fan, b, f) {
			return false
		}
	}
	return true
}

func meet(a, b *orb.Bound) bool {
	return a.Min[0] <= b.Max[0] && a.Max[0] >= b.Min[0] && a.Min[1] <= b.Max[1] && a.Max[1] >= b.Min[1]
}

// awaited is a node or a feature that nearby has yet to come to.
type awaited struct {
	far      float64
	level, i int32
}

// nearby calls f with features in the order of far, which tells how far a bound is at
// least and must not fall from a bound to one within it, until f returns false.
func (t *tree) nearby(far func(b *orb.Bound) float64, f func(i int32, far float64) bool) {
	var few [8 * fan]awaited // of a usual search: it is not allocated
	queue := few[:0]
	open := func(level, first int) {
		for i := first; i < min(first+fan, t.size(level)); i++ {
			queue = append(queue, awaited{far(t.bound(level, i)), int32(level), int32(i)})
			for k := len(queue) - 1; k > 0 && queue[k].far < queue[(k-1)/2].far; k = (k - 1) / 2 {
				queue[k], queue[(k-1)/2] = queue[(k-1)/2], queue[k]
			}
		}
	}
	open(len(t.levels), 0)
	for len(queue) > 0 {
		next := queue[0]
		last := len(queue) - 1
		queue[0], queue = queue[last], queue[:last]
		for k := 0; 2*k+1 < last; {
			child := 2*k + 1
			if child+1 < last && queue[child+1].far < queue[child].far {
				child++
			}
			if queue[k].far <= queue[child].far {
				break
			}
			queue[k], queue[child], k = queue[child], queue[k], child
		}
		if next.level > 0 {
			open(int(next.level)-1, int(next.i)*fan)
		} else if !f(t.order[next.i], next.far) {
			return
		}
	}
}

package zoning

import (
	"cmp"
	"container/heap"
	"slices"
)

// absorb joins each block that may not stand alone to a neighbour of its own unit with
// which it shares the longest border, the smallest first, until none is left that has a
// neighbour. group[i] is the lowest block of the group that block i is in. A group may
// not stand alone when it is smaller than leastM2 or all its blocks are loose. Between
// equal borders the lower number decides. loose may be nil and is changed.
func (g *graph) absorb(leastM2 float64, loose []bool) (group []int32) {
	n := g.len()
	sets := newUnion(n)                     // by any member, the one whose neighbours are kept
	borders := make([]map[int32]float64, n) // of groups: metres shared with each neighbour
	low := make([]int32, n)                 // of groups: the lowest block
	size := slices.Clone(g.area)
	if loose == nil {
		loose = make([]bool, n)
	}
	for i := range low {
		low[i] = int32(i)
	}
	around := func(i int32) map[int32]float64 {
		if borders[i] == nil {
			borders[i] = map[int32]float64{}
			for _, l := range g.next[i] {
				if g.unit[l.to] == g.unit[i] {
					borders[i][sets.find(l.to)] += l.border
				}
			}
		}
		return borders[i]
	}
	var waiting bySize
	wait := func(i int32) {
		if size[i] < leastM2 || loose[i] {
			heap.Push(&waiting, sized{size[i], low[i], i})
		}
	}
	for i := range n {
		wait(int32(i))
	}
	for len(waiting) > 0 {
		w := heap.Pop(&waiting).(sized)
		i := w.group
		if sets.find(i) != i || size[i] != w.area {
			continue // it has grown since
		}
		best, longest := int32(-1), 0.0
		for j, border := range around(i) {
			if best < 0 || border > longest || border == longest && low[j] < low[best] {
				best, longest = j, border
			}
		}
		if best < 0 {
			continue
		}
		// The group with more neighbours takes the other in: only the other's neighbours
		// hear of it, so that a block with very many costs no more than others.
		into, gone := i, best
		if len(around(best)) > len(around(i)) {
			into, gone = best, i
		}
		sets[gone] = into
		for j, border := range borders[gone] {
			if j == into {
				continue
			}
			borders[into][j] += border
			if other := borders[j]; other != nil {
				other[into] += other[gone]
				delete(other, gone)
			}
		}
		delete(borders[into], gone)
		borders[gone] = nil
		size[into], loose[into], low[into] = size[i]+size[best], loose[i] && loose[best], min(low[i], low[best])
		wait(into)
	}
	group = make([]int32, n)
	for i := range group {
		group[i] = low[sets.find(int32(i))]
	}
	return group
}

// sized is a group with its area and its lowest block, waiting to be joined to another.
type sized struct {
	area       float64
	low, group int32
}

type bySize []sized

func (h bySize) Len() int { return len(h) }
func (h bySize) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(h[i].area, h[j].area), cmp.Compare(h[i].low, h[j].low)) < 0
}
func (h bySize) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *bySize) Push(x any)   { *h = append(*h, x.(sized)) }
func (h *bySize) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}

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
	sets := newUnion(g.len())
	borders := make([]map[int32]float64, g.len())
	size := slices.Clone(g.area)
	if loose == nil {
		loose = make([]bool, g.len())
	}
	small := func(i int32) bool { return size[i] < leastM2 || loose[i] }
	var waiting bySize
	for i := range g.len() {
		if small(int32(i)) {
			waiting = append(waiting, sized{size[i], int32(i)})
		}
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
	heap.Init(&waiting)
	for len(waiting) > 0 {
		w := heap.Pop(&waiting).(sized)
		i := sets.find(w.block)
		if i != w.block || size[i] != w.area {
			continue
		}
		best, longest := int32(-1), 0.0
		for j, border := range around(i) {
			if border > longest || border == longest && j < best {
				best, longest = j, border
			}
		}
		if best < 0 {
			continue
		}
		merged, fewer := around(i), around(best)
		if len(fewer) > len(merged) {
			merged, fewer = fewer, merged
		}
		sets.join(i, best)
		into, gone := min(i, best), max(i, best)
		for j, border := range fewer {
			merged[j] += border
		}
		delete(merged, i)
		delete(merged, best)
		for j := range merged {
			if other := borders[j]; other != nil {
				if x, ok := other[gone]; ok {
					other[into] += x
					delete(other, gone)
				}
			}
		}
		borders[gone], borders[into] = nil, merged
		size[into], loose[into] = size[i]+size[best], loose[i] && loose[best]
		if small(into) {
			heap.Push(&waiting, sized{size[into], into})
		}
	}
	group = make([]int32, g.len())
	for i := range group {
		group[i] = sets.find(int32(i))
	}
	return group
}

// sized is a group by its lowest block, waiting to be joined to another.
type sized struct {
	area  float64
	block int32
}

type bySize []sized

func (h bySize) Len() int { return len(h) }
func (h bySize) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(h[i].area, h[j].area), cmp.Compare(h[i].block, h[j].block)) < 0
}
func (h bySize) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *bySize) Push(x any)   { *h = append(*h, x.(sized)) }
func (h *bySize) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}

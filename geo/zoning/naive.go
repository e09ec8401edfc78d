package zoning

import (
	"cmp"
	"container/heap"
	"slices"
)

// naive is how cells are drawn without a method, for comparison: in each part of the
// blocks, from the west on, a cell grows block by block over neighbours until it
// carries the mean load, and the next begins at the westernmost block left (the growth
// of W. Vickrey, On the prevention of gerrymandering, Political Science Quarterly 76,
// 1961). What is left enclosed in the end goes to the lightest neighbour.
func (g *graph) naive(parts []share) []int32 {
	cell := make([]int32, g.len())
	for i := range cell {
		cell[i] = -1
	}
	next := int32(0)
	for _, p := range parts {
		west := slices.Clone(p.blocks)
		slices.SortFunc(west, func(a, b int32) int {
			return cmp.Or(cmp.Compare(g.west(a), g.west(b)), cmp.Compare(a, b))
		})
		loads := make([]float64, p.cells)
		for k := range p.cells {
			for len(west) > 0 && cell[west[0]] >= 0 {
				west = west[1:]
			}
			if len(west) == 0 {
				break
			}
			loads[k] = g.grow(cell, west[0], next+int32(k), p.load/float64(p.cells))
		}
		g.leftover(cell, p.blocks, next, loads)
		next += int32(p.cells)
	}
	return cell
}

// west is the western edge of a block.
func (g *graph) west(v int32) float64 { return g.cover.Face(int(v)).Bound().Min[0] }

// grow takes blocks from v on, each the neighbour with the longest border to the cell,
// until the load is reached.
func (g *graph) grow(cell []int32, v, k int32, mean float64) (load float64) {
	borders := map[int32]float64{v: 0}
	beside := byBorder{{0, v}}
	for len(beside) > 0 {
		best := heap.Pop(&beside).(neighbour)
		if cell[best.block] >= 0 || borders[best.block] != best.border {
			continue // taken, or its border has grown since
		}
		if load > 0 && load+g.load[best.block]/2 > mean {
			break
		}
		cell[best.block] = k
		load += g.load[best.block]
		for _, l := range g.next[best.block] {
			if cell[l.to] < 0 && g.unit[l.to] == g.unit[best.block] {
				borders[l.to] += l.border
				heap.Push(&beside, neighbour{borders[l.to], l.to})
			}
		}
	}
	return load
}

// neighbour is a block that a cell may take, with the border that they share.
type neighbour struct {
	border float64
	block  int32
}

type byBorder []neighbour

func (h byBorder) Len() int { return len(h) }
func (h byBorder) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(h[j].border, h[i].border), cmp.Compare(h[i].block, h[j].block)) < 0
}
func (h byBorder) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *byBorder) Push(x any)   { *h = append(*h, x.(neighbour)) }
func (h *byBorder) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}

// leftover gives blocks that no cell took to the lightest cell beside them.
func (g *graph) leftover(cell []int32, blocks []int32, first int32, loads []float64) {
	for open := true; open; {
		open = false
		for _, v := range blocks {
			if cell[v] >= 0 {
				continue
			}
			best := int32(-1)
			for _, l := range g.next[v] {
				if k := cell[l.to]; k >= 0 && g.unit[l.to] == g.unit[v] && (best < 0 || loads[k-first] < loads[best-first]) {
					best = k
				}
			}
			if best >= 0 {
				cell[v] = best
				loads[best-first] += g.load[v]
				open = true
			}
		}
	}
}

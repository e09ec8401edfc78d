package zoning

import (
	"cmp"
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
			i := slices.IndexFunc(west, func(v int32) bool { return cell[v] < 0 })
			if i < 0 {
				break
			}
			loads[k] = g.grow(cell, west[i], next+int32(k), p.load/float64(p.cells))
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
	for len(borders) > 0 {
		best := int32(-1)
		for w, b := range borders {
			if best < 0 || b > borders[best] || b == borders[best] && w < best {
				best = w
			}
		}
		if load > 0 && load+g.load[best]/2 > mean {
			break
		}
		delete(borders, best)
		cell[best] = k
		load += g.load[best]
		for _, l := range g.next[best] {
			if cell[l.to] < 0 && g.unit[l.to] == g.unit[best] {
				borders[l.to] += l.border
			}
		}
	}
	return load
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

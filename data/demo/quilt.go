package demo

import (
	"cmp"
	"slices"
)

// quilt is a graph whose nodes are cells or blocks of cells.
type quilt struct {
	graph
	groups [][]int     // per node: its cells
	node   map[int]int // of each cell
}

func newQuilt(f *fabric, groups [][]int) *quilt {
	q := &quilt{groups: groups, node: map[int]int{}}
	for n, block := range groups {
		for _, g := range block {
			q.node[g] = n
		}
		q.at = append(q.at, f.mesh.Site(block[0]))
		q.weight = append(q.weight, len(block))
	}
	for n, block := range groups {
		var near []int
		for _, g := range block {
			for _, b := range f.beside(g) {
				if m := q.node[b]; m != n {
					near = append(near, m)
				}
			}
		}
		slices.Sort(near)
		q.near = append(q.near, slices.Compact(near))
	}
	return q
}

// divide parts nodes among seeds, and again among the middles of these parts, which
// makes them rounder; the parts go from west to east.
func (q *quilt) divide(nodes, seeds []int) ([]branch, error) {
	const rounds = 3
	var out []branch
	for range rounds {
		slices.SortFunc(seeds, func(a, b int) int { return cmp.Compare(q.at[a][0], q.at[b][0]) })
		part, err := q.grow(nodes, seeds)
		if err != nil {
			return nil, err
		}
		out = make([]branch, len(seeds))
		for _, n := range nodes {
			out[part[n]].nodes = append(out[part[n]].nodes, n)
		}
		for i, b := range out {
			seeds[i] = q.middle(b.nodes)
		}
	}
	return out, nil
}

// share parts nodes into n, or as many as there are.
func (q *quilt) share(nodes []int, n int) ([]branch, error) {
	return q.divide(nodes, q.spread(nodes, min(n, len(nodes)), q.at[q.middle(nodes)]))
}

// weigh counts the cells of nodes.
func (q *quilt) weigh(nodes []int) int {
	sum := 0
	for _, n := range nodes {
		sum += q.weight[n]
	}
	return sum
}

// cells lists the cells of nodes.
func (q *quilt) cells(nodes []int) []int {
	var out []int
	for _, n := range nodes {
		out = append(out, q.groups[n]...)
	}
	return out
}

// forget takes a cell that is a node of its own out of the graph.
func (q *quilt) forget(group int) {
	n := q.node[group]
	for _, m := range q.near[n] {
		q.near[m] = without(q.near[m], []int{n})
	}
	q.near[n] = nil
}

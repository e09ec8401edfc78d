package demo

import (
	"cmp"
	"errors"
	"slices"

	"github.com/paulmach/orb"
)

// graph tells which nodes border on which. Its nodes are cells, or groups of cells
// that must stay together; a node's weight is the number of its cells.
type graph struct {
	at     []orb.Point
	weight []int
	near   [][]int
}

// grow divides the members among the seeds, themselves members, so that every part
// hangs together and the parts weigh about the same: the lightest part that can takes
// from its border what lies nearest to its seed. The answer gives each member's part
// by its node. It fails if the members do not hang together.
func (g graph) grow(members, seeds []int) (map[int]int, error) {
	part := make(map[int]int, len(members))
	free := make(map[int]bool, len(members))
	for _, m := range members {
		free[m] = true
	}
	weight := make([]int, len(seeds))
	border := make([][]int, len(seeds))
	take := func(node, p int) {
		part[node] = p
		delete(free, node)
		weight[p] += g.weight[node]
		border[p] = append(border[p], g.near[node]...)
	}
	for p, s := range seeds {
		take(s, p)
	}
	for len(free) > 0 {
		p, node := -1, -1
		for q := range seeds {
			border[q] = slices.DeleteFunc(border[q], func(n int) bool { return !free[n] })
			if len(border[q]) > 0 && (p < 0 || weight[q] < weight[p]) {
				p = q
			}
		}
		if p < 0 {
			return nil, errors.New("cells do not hang together")
		}
		node = g.nearest(border[p], g.at[seeds[p]])
		take(node, p)
	}
	return part, nil
}

func (g graph) nearest(nodes []int, to orb.Point) int {
	return slices.MinFunc(nodes, func(a, b int) int {
		return cmp.Or(cmp.Compare(distance(g.at[a], to), distance(g.at[b], to)), cmp.Compare(a, b))
	})
}

// spread chooses n members that lie many steps from each other, the first of them the
// one nearest to the given point. Steps, not metres: so crowded places get their share.
func (g graph) spread(members []int, n int, from orb.Point) []int {
	out := []int{g.nearest(members, from)}
	for len(out) < n {
		out = append(out, g.farthest(members, out))
	}
	return out
}

// farthest is the member that lies the most steps from all sources, the last one that a
// walk in breadth reaches.
func (g graph) farthest(members, sources []int) int {
	open := make(map[int]bool, len(members))
	for _, m := range members {
		open[m] = true
	}
	queue := slices.Clone(sources)
	for _, s := range sources {
		open[s] = false
	}
	for i := 0; i < len(queue); i++ {
		for _, m := range g.near[queue[i]] {
			if open[m] {
				open[m] = false
				queue = append(queue, m)
			}
		}
	}
	return queue[len(queue)-1]
}

// connected says whether the members hang together.
func (g graph) connected(members []int) bool {
	_, err := g.grow(members, members[:1])
	return err == nil
}

// middle is the member nearest to the mean of the members' places.
func (g graph) middle(members []int) int {
	var sum orb.Point
	for _, n := range members {
		sum[0] += g.at[n][0]
		sum[1] += g.at[n][1]
	}
	n := float64(len(members))
	return g.nearest(members, orb.Point{sum[0] / n, sum[1] / n})
}

// apportion shares n out to groups of the given sizes: in proportion, but at least
// least each, and in whole numbers that add up to n.
func apportion(n, least int, sizes []int) []int {
	total := 0
	for _, s := range sizes {
		total += s
	}
	out := make([]int, len(sizes))
	left := n
	for i, s := range sizes {
		out[i] = max(least, s*n/total)
		left -= out[i]
	}
	want := func(i int) float64 { return float64(sizes[i])*float64(n)/float64(total) - float64(out[i]) }
	for ; left != 0; left -= sign(left) {
		best := -1
		for i := range out {
			if left < 0 && out[i] == least {
				continue
			}
			if best < 0 || float64(sign(left))*want(i) > float64(sign(left))*want(best) {
				best = i
			}
		}
		out[best] += sign(left)
	}
	return out
}

func sign(n int) int {
	if n < 0 {
		return -1
	}
	return 1
}

package demo

import (
	"cmp"
	"errors"
	"math"
	"slices"
)

// tree is the governance of the district: which station each cell belongs to, and in
// which village it lies. Its numbers are positions in the lists of tree and fabric.
type tree struct {
	fabric *fabric
	graph  graph
	node   map[int]int // group → node of graph
	groups [][]int     // per node: its cells
	rooms  []branch    // from west to east
	exile  exclave
}

// branch is a room with its stations, a station with its villages, or a village with
// its cells; nodes are all those under it.
type branch struct {
	nodes    []int
	branches []branch
}

// exclave says that a face, alone amid the cells of one station, belongs to a cell elsewhere.
type exclave struct{ face, group int }

// newTree shares the cells out: rooms around the hearts of their townships, stations
// within rooms, villages within stations, each hanging together.
func newTree(f *fabric, t *terrain) (*tree, error) {
	tr := &tree{fabric: f}
	tr.connect()
	all := make([]int, len(tr.groups))
	for i := range all {
		all[i] = i
	}
	var hearts []int
	for _, p := range t.places {
		n := tr.graph.nearest(without(all, hearts), fromOrigin(p))
		hearts = append(hearts, n)
	}
	rooms, err := tr.divide(all, hearts)
	if err != nil {
		return nil, err
	}
	tr.rooms = rooms
	if err := tr.addStations(); err != nil {
		return nil, err
	}
	if err := tr.banish(); err != nil {
		return nil, err
	}
	return tr, tr.addVillages()
}

func without(list, gone []int) []int {
	return slices.DeleteFunc(slices.Clone(list), func(i int) bool { return slices.Contains(gone, i) })
}

// connect makes the graph of cells. Those around the lake are one node: they stay
// together, so that the lake is a hole of one station.
func (tr *tree) connect() {
	f := tr.fabric
	tr.node = map[int]int{}
	var shore []int
	for _, g := range f.groups() {
		if f.onShore(g) {
			shore = append(shore, g)
		} else {
			tr.addNode(g)
		}
	}
	tr.addNode(shore...)
	for n, groups := range tr.groups {
		var near []int
		for _, g := range groups {
			for _, b := range f.beside(g) {
				if m := tr.node[b]; m != n {
					near = append(near, m)
				}
			}
		}
		slices.Sort(near)
		tr.graph.near = append(tr.graph.near, slices.Compact(near))
	}
}

func (tr *tree) addNode(groups ...int) {
	for _, g := range groups {
		tr.node[g] = len(tr.groups)
	}
	tr.groups = append(tr.groups, groups)
	tr.graph.at = append(tr.graph.at, tr.fabric.mesh.Site(groups[0]))
	tr.graph.weight = append(tr.graph.weight, len(groups))
}

// divide parts nodes among seeds, and again among the middles of these parts, which
// makes them rounder; the parts go from west to east.
func (tr *tree) divide(nodes, seeds []int) ([]branch, error) {
	const rounds = 3
	var out []branch
	for range rounds {
		slices.SortFunc(seeds, func(a, b int) int { return cmp.Compare(tr.graph.at[a][0], tr.graph.at[b][0]) })
		part, err := tr.graph.grow(nodes, seeds)
		if err != nil {
			return nil, err
		}
		out = make([]branch, len(seeds))
		for _, n := range nodes {
			out[part[n]].nodes = append(out[part[n]].nodes, n)
		}
		for i, b := range out {
			seeds[i] = tr.graph.middle(b.nodes)
		}
	}
	return out, nil
}

// share parts nodes into n.
func (tr *tree) share(nodes []int, n int) ([]branch, error) {
	at := tr.graph.at[tr.graph.middle(nodes)]
	return tr.divide(nodes, tr.graph.spread(nodes, min(n, len(nodes)), at))
}

func (tr *tree) weigh(nodes []int) int {
	sum := 0
	for _, n := range nodes {
		sum += tr.graph.weight[n]
	}
	return sum
}

func (tr *tree) addStations() error {
	var sizes []int
	for _, r := range tr.rooms {
		sizes = append(sizes, tr.weigh(r.nodes))
	}
	for i, n := range apportion(Stations, 2, sizes) {
		r := &tr.rooms[i]
		var err error
		if r.branches, err = tr.share(r.nodes, n); err != nil {
			return err
		}
	}
	return nil
}

// addVillages gives each station at least two villages, of about four cells each.
func (tr *tree) addVillages() error {
	for i := range tr.rooms {
		for k := range tr.rooms[i].branches {
			s := &tr.rooms[i].branches[k]
			var err error
			if s.branches, err = tr.share(s.nodes, max(2, tr.weigh(s.nodes)/4)); err != nil {
				return err
			}
		}
	}
	return nil
}

// banish finds the exclave: a cell that has only cells of its own station around it
// becomes the second part of the nearest cell of another room that lies apart from it.
func (tr *tree) banish() error {
	const least, most = 100_000, 4_000_000
	home := tr.stationOf()
	for ri := range tr.rooms {
		for si := range tr.rooms[ri].branches {
			s := &tr.rooms[ri].branches[si]
			for _, n := range s.nodes {
				g := tr.groups[n][0]
				if f := tr.fabric; tr.lone(n) && f.size[g] > least && f.size[g] < most && tr.amid(n, home) &&
					tr.graph.connected(without(s.nodes, []int{n})) {
					s.nodes = without(s.nodes, []int{n})
					tr.rooms[ri].nodes = without(tr.rooms[ri].nodes, []int{n})
					tr.exile = exclave{face: g, group: tr.nearestElsewhere(n, ri, home)}
					tr.forget(n)
					return nil
				}
			}
		}
	}
	return errors.New("no cell can become an exclave")
}

// stationOf tells of each node the room and the station within it.
func (tr *tree) stationOf() map[int][2]int {
	out := map[int][2]int{}
	for ri, r := range tr.rooms {
		for si, s := range r.branches {
			for _, n := range s.nodes {
				out[n] = [2]int{ri, si}
			}
		}
	}
	return out
}

// lone says whether a node is one cell of one face.
func (tr *tree) lone(n int) bool {
	return len(tr.groups[n]) == 1 && len(tr.fabric.faces(tr.groups[n][0])) == 1
}

// amid says whether a node has neighbours of its own station alone, on all sides.
func (tr *tree) amid(n int, home map[int][2]int) bool {
	for _, i := range tr.fabric.around([]int{tr.groups[n][0]}) {
		g := tr.fabric.group[i]
		if g == none || home[tr.node[g]] != home[n] {
			return false
		}
	}
	return true
}

func (tr *tree) nearestElsewhere(n, room int, home map[int][2]int) int {
	best, least := none, math.Inf(1)
	for m := range tr.groups {
		if d := distance(tr.graph.at[n], tr.graph.at[m]); home[m][0] != room && tr.lone(m) && d < least {
			best, least = tr.groups[m][0], d
		}
	}
	return best
}

// forget takes a node out of the graph.
func (tr *tree) forget(n int) {
	for _, m := range tr.graph.near[n] {
		tr.graph.near[m] = without(tr.graph.near[m], []int{n})
	}
	tr.graph.near[n] = nil
}

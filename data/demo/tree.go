package demo

import (
	"errors"
	"math"
	"slices"
)

// tree is the governance of the district: which station each cell belongs to, and in
// which village it lies.
type tree struct {
	fabric *fabric
	blocks *quilt // the cells around the lake are one node, so that the lake is a hole of one station
	cells  *quilt // every cell is a node
	rooms  []branch
	exile  exclave
}

// branch is a room with its stations, a station with its villages, or a village. Its
// nodes are those of blocks, a village's those of cells; branches go from west to east.
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
	tr.patch()
	all := make([]int, len(tr.blocks.groups))
	for i := range all {
		all[i] = i
	}
	var hearts []int
	for _, p := range t.places {
		hearts = append(hearts, tr.blocks.nearest(without(all, hearts), fromOrigin(p)))
	}
	var err error
	if tr.rooms, err = tr.blocks.divide(all, hearts); err != nil {
		return nil, err
	}
	if err := tr.addStations(); err != nil {
		return nil, err
	}
	if err := tr.banish(); err != nil {
		return nil, err
	}
	return tr, tr.addVillages()
}

// patch makes the two quilts.
func (tr *tree) patch() {
	var single, blocks [][]int
	var shore []int
	for _, g := range tr.fabric.groups() {
		single = append(single, []int{g})
		if tr.fabric.onShore(g) {
			shore = append(shore, g)
		} else {
			blocks = append(blocks, []int{g})
		}
	}
	tr.cells, tr.blocks = newQuilt(tr.fabric, single), newQuilt(tr.fabric, append(blocks, shore))
}

func without(list, gone []int) []int {
	return slices.DeleteFunc(slices.Clone(list), func(i int) bool { return slices.Contains(gone, i) })
}

func (tr *tree) addStations() error {
	var sizes []int
	for _, r := range tr.rooms {
		sizes = append(sizes, tr.blocks.weigh(r.nodes))
	}
	for i, n := range apportion(Stations, 2, sizes) {
		r := &tr.rooms[i]
		var err error
		if r.branches, err = tr.blocks.share(r.nodes, n); err != nil {
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
			var nodes []int
			for _, g := range tr.blocks.cells(s.nodes) {
				nodes = append(nodes, tr.cells.node[g])
			}
			var err error
			if s.branches, err = tr.cells.share(nodes, max(2, len(nodes)/4)); err != nil {
				return err
			}
		}
	}
	return nil
}

// banish finds the exclave: a cell that has only cells of its own station around it
// becomes the second part of the nearest cell of another room.
func (tr *tree) banish() error {
	home := tr.stationOf()
	for n, groups := range tr.blocks.groups {
		station := &tr.rooms[home[n][0]].branches[home[n][1]]
		rest := without(station.nodes, []int{n})
		if !tr.small(n) || !tr.amid(n, home) || !tr.blocks.connected(rest) {
			continue
		}
		station.nodes = rest
		tr.exile = exclave{face: groups[0], group: tr.nearestElsewhere(n, home)}
		tr.blocks.forget(groups[0])
		tr.cells.forget(groups[0])
		return nil
	}
	return errors.New("no cell can become an exclave")
}

// small says whether a node is one cell of one face and of a size that an exclave has.
func (tr *tree) small(n int) bool {
	const least, most = 100_000, 4_000_000
	size := tr.fabric.size[tr.blocks.groups[n][0]]
	return tr.lone(n) && size > least && size < most
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
	return tr.blocks.weight[n] == 1 && len(tr.fabric.faces(tr.blocks.groups[n][0])) == 1
}

// amid says whether a node has neighbours of its own station alone, on all sides.
func (tr *tree) amid(n int, home map[int][2]int) bool {
	for _, i := range tr.fabric.around([]int{tr.blocks.groups[n][0]}) {
		g := tr.fabric.group[i]
		if g == none || home[tr.blocks.node[g]] != home[n] {
			return false
		}
	}
	return true
}

// nearestElsewhere is the cell of one face nearest to a node in another room.
func (tr *tree) nearestElsewhere(n int, home map[int][2]int) int {
	best, least := none, math.Inf(1)
	for m := range tr.blocks.groups {
		if d := distance(tr.blocks.at[n], tr.blocks.at[m]); home[m][0] != home[n][0] && tr.lone(m) && d < least {
			best, least = tr.blocks.groups[m][0], d
		}
	}
	return best
}

package demo

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// unit is a node of the governance tree.
type unit struct {
	code, parent geo.Code
	name         string
	level        string
	seat         orb.Point // on the grid
	officers     int       // grid officers of a station, 0 for the levels above
	shape        orb.MultiPolygon
}

// cell is one cell of the coverage.
type cell struct {
	code, unit geo.Code
	name       string
	shape      orb.MultiPolygon
}

// townships are the names of the 21 townships, from west to east.
func townships() [Rooms]string {
	return [Rooms]string{
		"晨露", "云雀", "松涛", "白鹭", "桂影", "竹韵", "荷风", "梅影", "星野", "月桥", "霜林",
		"雨巷", "虹谷", "雪岭", "雁滩", "麦浪", "石语", "溪声", "芦花", "萤火", "银杏",
	}
}

// township is the three-digit code of a room's township. The last one is an office
// without a statistical code: its units are numbered from 901, which no statistics use.
func township(room int) string {
	if room == Rooms-1 {
		return "901"
	}
	return fmt.Sprintf("%03d", room+1)
}

// govern gives codes, names and shapes to all units and cells.
func (d *District) govern(tr *tree) {
	g := governor{tree: tr, label: slices.Repeat([]int{none}, tr.fabric.mesh.Len())}
	g.units = append(g.units, unit{code: "ZX" + geo.Code(Division), level: geo.LevelCentre, name: "示范·区大联动综合指挥中心"})
	for i := range tr.rooms {
		g.room(i)
	}
	g.shape()
	d.units, d.cells = g.units, g.cells
}

// governor walks down the tree.
type governor struct {
	tree     *tree
	units    []unit // the centre, then each room followed by its stations
	cells    []cell
	label    []int    // per face: its cell's position in cells
	above    [][2]int // per cell: the positions of its station and room in units
	villages int      // numbered so far in the present township
}

func (g *governor) room(i int) {
	r := g.tree.rooms[i]
	at := len(g.units)
	g.villages = 0
	g.units = append(g.units, unit{
		code: geo.Code(fmt.Sprintf("JS%s%s", Division, township(i))), parent: g.units[0].code,
		level: geo.LevelRoom, name: "示范·" + townships()[i] + "网格警务室",
	})
	for k, s := range r.branches {
		g.units = append(g.units, unit{
			code: geo.Code(fmt.Sprintf("JZ%s%s%02d", Division, township(i), k+1)), parent: g.units[at].code,
			level: geo.LevelStation, name: fmt.Sprintf("示范·%s第%d网格警务站", townships()[i], k+1),
		})
		for _, v := range s.branches {
			g.village(i, at, v)
		}
	}
}

// village numbers its cells from west to east, and from north to south where that is the same.
func (g *governor) village(room, roomAt int, v branch) {
	g.villages++
	groups := g.tree.cells.cells(v.nodes)
	mesh := g.tree.fabric.mesh
	slices.SortFunc(groups, func(a, b int) int {
		p, q := mesh.Site(a), mesh.Site(b)
		return cmp.Or(cmp.Compare(p[0], q[0]), cmp.Compare(q[1], p[1]))
	})
	station := &g.units[len(g.units)-1]
	for i, group := range groups {
		for _, face := range g.tree.fabric.faces(group) {
			g.label[face] = len(g.cells)
		}
		if group == g.tree.exile.group {
			g.label[g.tree.exile.face] = len(g.cells)
		}
		station.officers++
		g.above = append(g.above, [2]int{len(g.units) - 1, roomAt})
		g.cells = append(g.cells, cell{
			code: geo.Code(fmt.Sprintf("%s%s%03d%03d", Division, township(room), 200+g.villages, i+1)), unit: station.code,
			name: fmt.Sprintf("示范·%s%d村%02d网格", townships()[room], g.villages, i+1),
		})
	}
}

// shape draws cells and units from the same arcs, and seats every unit.
func (g *governor) shape() {
	mesh := g.tree.fabric.mesh
	labels := make([]int, len(g.label))
	level := func(of func(cell int) int) []orb.MultiPolygon {
		for face, c := range g.label {
			labels[face] = none
			if c != none {
				labels[face] = of(c)
			}
		}
		return mesh.Dissolve(labels)
	}
	for i, mp := range level(func(c int) int { return c }) {
		g.cells[i].shape = mp
	}
	for k := range 2 {
		for i, mp := range level(func(c int) int { return g.above[c][k] }) {
			if mp != nil {
				g.units[i].shape, g.units[i].seat = mp, g.seat(labels, i)
			}
		}
	}
	g.units[0].shape = level(func(int) int { return 0 })[0]
	g.units[0].seat = g.seat(labels, 0)
}

// seat is a point in one of the unit's faces, the one nearest to the mean of their sites.
func (g *governor) seat(labels []int, unit int) orb.Point {
	mesh := g.tree.fabric.mesh
	var sum orb.Point
	n := 0.0
	for face, l := range labels {
		if l == unit {
			sum[0] += mesh.Site(face)[0]
			sum[1] += mesh.Site(face)[1]
			n++
		}
	}
	mean := orb.Point{sum[0] / n, sum[1] / n}
	best := none
	for face, l := range labels {
		if l == unit && (best == none || distance(mesh.Site(face), mean) < distance(mesh.Site(best), mean)) {
			best = face
		}
	}
	return mesh.Site(best)
}

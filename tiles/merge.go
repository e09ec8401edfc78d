package tiles

import (
	"math"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/snapshot"
)

// Visible is the area, in squares of a tile's grid, from which a feature of a coverage stands
// alone: 64 by 64 squares, 8 by 8 pixels of a map that draws a tile with 512. Below, its
// border takes more room than what it encloses, and no name fits.
const Visible = 64 * 64

// mergingColumns are the columns by whose values the features of a collection are merged where they are
// too small: cells by unit, parcels by town and whether they are construction land. Other
// collections are not merged.
func mergingColumns(c geo.Collection) (columns []int) {
	by := map[geo.Collection][]string{geo.Cells: {"unit"}, geo.Parcels: {"town", "construction"}}[c]
	for i, f := range columnsOf(c) {
		for _, name := range by {
			if f.Name == name {
				columns = append(columns, i)
			}
		}
	}
	return columns
}

// zoomOf is the lowest zoom at which so many square degrees at a latitude are visible, the zoom after the
// deepest where there is none.
func (g Grid) zoomOf(area, lat float64) uint8 {
	squares := area * g.squaresOf(0, lat)
	for z := range g.MaxZoom() + 1 {
		if squares >= Visible {
			return z
		}
		squares *= 4
	}
	return g.MaxZoom() + 1
}

// squaresOf is the number of squares of a zoom that a square degree at this latitude has.
func (g Grid) squaresOf(z uint8, lat float64) float64 {
	columns, _ := g.Size(z)
	side := float64(columns) * Extent / 360
	if g.degrees() {
		return side * side
	}
	return side * side / math.Cos(min(max(lat, -maxLat), maxLat)*(math.Pi/180))
}

// standing is the zoom from which a feature of a collection stands alone. It is 0 for collections that
// are not merged, and where there is no feature.
func (g Grid) standing(s *snapshot.Snapshot, c geo.Collection) uint8 {
	if len(mergingColumns(c)) == 0 || s.Len(c) == 0 {
		return 0
	}
	lowest := g.MaxZoom()
	for _, p := range s.Parts(c) {
		for i := range p.Len() {
			b := p.FeatureBound(i)
			room := (b.Max[0] - b.Min[0]) * (b.Max[1] - b.Min[1])
			if g.zoomOf(room, b.Center()[1]) >= lowest {
				continue // no larger than its bound
			}
			mp, _ := p.At(i).Geometry.(orb.MultiPolygon)
			lowest = min(lowest, g.zoomOf(landArea(mp), b.Center()[1]))
		}
	}
	return lowest
}

// unitOf is the unit that a feature belongs to or is; ok is false in collections without.
func (pic *picture) unitOf(f *geo.Feature) (u geo.Code, ok bool) {
	switch pic.collection {
	case geo.Cells:
		return geo.Code(f.Properties.Text("unit")), true
	case geo.Units:
		return f.Code, true
	}
	return "", false
}

// merger collects the merged features of a tile by group.
type merger struct {
	numbers []int32          // per group of each block: its number in the tile, none until it has one
	known   map[string]int32 // key with the part's number → number
	list    []*group
	members [][]int32 // per number: features by their places among those shown
}

// reset forgets all groups.
func (m *merger) reset() {
	clear(m.known)
	clear(m.list)
	for i := range m.members {
		m.members[i] = m.members[i][:0]
	}
	m.list, m.numbers = m.list[:0], m.numbers[:0]
}

// room gives the groups of a block a place in the tile.
func (m *merger) room(b *block) int32 {
	from := int32(len(m.numbers))
	for range b.groups {
		m.numbers = append(m.numbers, none)
	}
	return from
}

// number is that of a feature's group in the tile. Groups are numbered as they are met, which is in the
// order of the lowest code of each.
func (m *merger) number(d *drawn, b *block, from *base, slot int32) int32 {
	g := b.group[slot]
	at := &m.numbers[from.groupBase+g]
	if *at != none {
		return *at
	}
	if m.known == nil {
		m.known = map[string]int32{}
	}
	key := string(d.part.Version().Division) + "\x00" + b.groups[g].key
	k, ok := m.known[key]
	if !ok {
		k = int32(len(m.list))
		m.known[key] = k
		m.list = append(m.list, &b.groups[g])
		if len(m.members) < len(m.list) {
			m.members = append(m.members, nil)
		}
	}
	*at = k
	return k
}

// add takes a feature, by its place among those shown, up into its group.
func (m *merger) add(s *shown, at int32) {
	k := m.number(s.drawn, s.block, s.base, s.slot)
	m.members[k] = append(m.members[k], at)
}

// groups yields the groups that have members in the order of their numbers.
func (m *merger) groups() func(yield func(*group, []int32) bool) {
	return func(yield func(*group, []int32) bool) {
		for k, g := range m.list {
			if len(m.members[k]) > 0 && !yield(g, m.members[k]) {
				return
			}
		}
	}
}

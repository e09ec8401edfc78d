package tiles

import (
	"cmp"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/snapshot"
)

// block is some hundred features that lie close together, as tiles need them: their lines cut into
// chains that each stand once, with the lowest zoom of each vertex, and their encoded
// properties. It is the same for whatever part has these features and the same ones
// around them, so it names features by slot: first its own, in order of code, then
// those whose bounds meet the box of its own, in order of code.
//
// Memory: 9 bytes a vertex of each chain, half of what the source's doubles take where
// two features share the chain, 16 bytes a chain, 4 bytes for each place of a chain in a ring, and some 150 bytes a feature.
type block struct {
	key     blockKey
	content uint64 // a digest of what the block is made of, 0 where it serves one tile
	own     int    // slots of its own features
	origin  vertex // of its picture

	box    offsetBox   // holds its own features
	bounds []offsetBox // per slot: a box that holds the feature
	alone  []uint8     // per slot: the lowest zoom at which the feature is not merged
	group  []int32     // per slot: the group with which it is merged
	groups []group
	units  []geo.Code // the units that features belong to, each once
	unit   []int32    // per slot, of cells and units

	points []offset
	from   []uint8     // per point: the lowest zoom that shows it
	starts []uint32    // chain c is points[starts[c]:starts[c+1]]
	boxes  []offsetBox // per chain: the least box around all its points
	left   []int32     // per chain: the slot of the first feature at its left as a map is seen, or none
	right  []int32

	refs   []int32  // the chains of rings: c, or ^c against its direction
	rings  []uint32 // ring r is refs[rings[r]:rings[r+1]]
	shells []bool   // per ring: it is a shell
	first  []uint32 // slot k has the rings from first[k] to first[k+1]

	lines    []line
	lineRefs []int32  // the chains of lines: c, or ^c against its direction
	linesOf  []uint32 // slot k has the lines from linesOf[k] to linesOf[k+1]: those whose lower code it is
	levels   atomic.Pointer[levels]

	ids    []uint64
	labels []labelSlot
	text   string   // encoded values
	offs   []uint32 // value v is text[offs[v]:offs[v+1]]; value 0 is none
	values []uint32 // per own slot and column
	codes  []uint32 // per slot: the value that is its code

	led [MaxZoom + 1]atomic.Pointer[ways] // by zoom: the ways made last
}

// line is the whole border between two features, or between one and the outside. Its chains run with the
// feature of the lower code at their left.
type line struct {
	left, right int32 // slots; right is none outside
	first       uint32
	id          uint64
}

// group is what merged features have in common.
type group struct {
	key    string   // its values, one after the other
	name   string   // what tells it from a code, with the key
	values []string // encoded, per merging column
	id     uint64
}

// maker makes a block.
type maker struct {
	*block
	pic  *picture
	part *snapshot.Part
	all  []int32 // per slot: the feature's index in the part
	set  *valueSet
}

// newBlock makes the block of a bunch. It gives the features of its slots by index.
func newBlock(pic *picture, p *snapshot.Part, members bunch) (*block, []int32) {
	m := &maker{block: &block{key: members.key, own: len(members.members), origin: pic.origin}, pic: pic, part: p}
	m.all = pic.slots(p, members)
	m.describe()
	if schemas[pic.collection].Geometry == geo.Point {
		m.place()
	} else {
		m.draw()
	}
	return m.block, m.all
}

// slots are the features of a bunch's block by index: its own, then those around.
func (pic *picture) slots(p *snapshot.Part, b bunch) []int32 {
	if len(pic.places) == len(b.members) || schemas[pic.collection].Geometry == geo.Point {
		return b.members
	}
	return slices.Concat(b.members, b.around(p, b.box(p)))
}

// box is the bound of the own features.
func (m *maker) box() orb.Bound {
	b := m.part.FeatureBound(int(m.all[0]))
	for _, i := range m.all[1:m.own] {
		b = b.Union(m.part.FeatureBound(int(i)))
	}
	return b
}

func (m *maker) feature(slot int) *geo.Feature { return m.part.At(int(m.all[slot])) }

// describe fills in what does not concern lines.
func (m *maker) describe() {
	m.set = newValueSet()
	m.labels = make([]labelSlot, m.own)
	groups, units := map[string]int32{}, map[geo.Code]int32{}
	for slot := range m.all {
		f := m.part.Bare(int(m.all[slot]))
		m.bounds = append(m.bounds, m.pic.box(m.part.FeatureBound(int(m.all[slot]))))
		m.codes = append(m.codes, m.set.add(geo.String, string(f.Code)))
		if slot < m.own {
			m.ids = append(m.ids, geo.FeatureID(m.pic.collection, f.Code))
			for _, column := range m.pic.columns {
				m.values = append(m.values, m.set.add(column.Type, valueOf(f, column.Name)))
			}
		}
		if len(m.pic.merging) > 0 {
			m.merge(slot, groups)
		}
		if u, ok := m.pic.unitOf(f); ok {
			k, known := units[u]
			if !known {
				k = int32(len(m.units))
				u = geo.Code(strings.Clone(string(u)))
				units[u], m.units = k, append(m.units, u)
			}
			m.unit = append(m.unit, k)
		}
	}
	m.text, m.offs = string(m.set.text), m.set.offs
	m.block.box = m.bounds[0]
	for _, b := range m.bounds[1:m.own] {
		m.block.box.add(b.min)
		m.block.box.add(b.max)
	}
}

// merge finds with what a feature is merged, and below which zoom.
func (m *maker) merge(slot int, groups map[string]int32) {
	f := m.feature(slot)
	g := group{}
	for _, column := range m.pic.merging {
		field := m.pic.columns[column]
		v := string(appendValue(nil, field.Type, valueOf(f, field.Name)))
		g.values = append(g.values, v)
		g.key += v + "\x00"
	}
	k, known := groups[g.key]
	if !known {
		k = int32(len(m.groups))
		g.name = "merged\x00" + g.key
		g.id = geo.FeatureID(m.pic.collection, geo.Code(g.name))
		groups[g.key], m.groups = k, append(m.groups, g)
	}
	m.group = append(m.group, k)
	mp, _ := f.Geometry.(orb.MultiPolygon)
	m.alone = append(m.alone, m.pic.grid.zoomOf(landArea(mp), m.part.FeatureBound(int(m.all[slot])).Center()[1]))
}

// valueOf is the feature's value in a column.
func valueOf(f *geo.Feature, column string) any {
	switch column {
	case "code":
		return string(f.Code)
	case "name":
		return f.Name
	}
	return f.Properties.Value(column)
}

// place fills in the places of points.
func (m *maker) place() {
	for slot := range m.own {
		p, _ := m.feature(slot).Geometry.(orb.Point)
		m.points = append(m.points, m.pic.project(p))
	}
}

// draw cuts the lines of polygons into chains and finds the zooms of their vertices.
func (m *maker) draw() {
	box := m.box()
	n := newNet(m.pic, box, m.uses(box))
	own := m.weave(n)
	n.project()
	m.first = append(m.first, 0)
	m.rings = append(m.rings, 0)
	for _, rings := range own {
		for _, r := range rings {
			if len(r.ids) >= 2 {
				m.refs = n.cut(r.ids, m.refs)
				m.rings, m.shells = append(m.rings, uint32(len(m.refs))), append(m.shells, r.shell)
			}
		}
		m.first = append(m.first, uint32(len(m.shells)))
	}
	g := newGeneraliser(n)
	for c, chain := range n.chains {
		m.starts = append(m.starts, uint32(len(m.points)))
		box := offsetBox{n.places[chain.ids[0]], n.places[chain.ids[0]]}
		for _, v := range chain.ids {
			m.points = append(m.points, n.places[v])
			box.add(n.places[v])
		}
		m.boxes = append(m.boxes, box)
		m.from = append(m.from, g.chain(c)...)
		m.left, m.right = append(m.left, chain.left), append(m.right, chain.right)
	}
	m.starts = append(m.starts, uint32(len(m.points)))
	if gives(m.pic.collection, Borders) {
		m.border()
	}
}

// wovenRing is a ring of the net's vertices, turned so that its feature is on the right as a map is seen.
type wovenRing struct {
	ids   []int32
	shell bool
}

// uses counts the vertices of which a net is made, those of rings around outside the box not.
func (m *maker) uses(box orb.Bound) (uses int) {
	for slot := range m.all {
		mp, _ := m.feature(slot).Geometry.(orb.MultiPolygon)
		for _, polygon := range mp {
			for _, r := range polygon {
				if slot < m.own {
					uses += len(r)
					continue
				}
				for _, p := range r {
					if box.Contains(p) {
						uses += 3 // its two edges may lead out
					}
				}
			}
		}
	}
	return uses
}

// weave puts all edges into the net and gives the rings of each own feature.
func (m *maker) weave(n *net) [][]wovenRing {
	own := make([][]wovenRing, m.own)
	first := func(a, b int32) bool { return m.all[a] < m.all[b] }
	for slot := range m.all {
		f := m.feature(slot)
		side := int32(slot)
		if m.pic.feet != nil && !m.pic.feet[m.all[slot]] {
			side = none // the edges of what lies above are those of the feet
		}
		mp, _ := f.Geometry.(orb.MultiPolygon)
		for _, polygon := range mp {
			for k, r := range polygon {
				reversed := ringArea(r) > 0 == (k == 0)
				if slot < m.own {
					ring := wovenRing{shell: k == 0}
					walk(r, reversed, func(p orb.Point) { ring.ids = append(ring.ids, n.vertex(p)) })
					for i, v := range ring.ids {
						if w := ring.ids[(i+1)%len(ring.ids)]; v != w {
							n.use(v, w, side, first)
						}
					}
					own[slot] = append(own[slot], ring)
				} else {
					m.weaveAround(n, r, reversed, side, first)
				}
			}
		}
	}
	return own
}

// weaveAround puts into the net those edges of a ring of which an end is in the box.
func (m *maker) weaveAround(n *net, r orb.Ring, reversed bool, side int32, first func(a, b int32) bool) {
	var start, last orb.Point
	seen := false
	edge := func(a, b orb.Point) {
		if a != b && (n.box.Contains(a) || n.box.Contains(b)) {
			n.use(n.vertex(a), n.vertex(b), side, first)
		}
	}
	walk(r, reversed, func(p orb.Point) {
		if !seen {
			start, seen = p, true
		} else {
			edge(last, p)
		}
		last = p
	})
	edge(last, start)
}

// border makes the lines of the own features that have the lower code.
func (m *maker) border() {
	type side struct {
		left, right int32 // slots
		order       int32 // of the right one
		ref         int32
	}
	var sides []side
	for c := range m.left {
		l, r, ref := m.left[c], m.right[c], int32(c)
		if l == r {
			continue // one feature on both sides, or no foot at all
		}
		if l == none || r != none && m.all[r] < m.all[l] {
			l, r, ref = r, l, ^ref
		}
		if int(l) >= m.own {
			continue
		}
		order := int32(none)
		if r != none {
			order = m.all[r]
		}
		sides = append(sides, side{l, r, order, ref})
	}
	slices.SortStableFunc(sides, func(a, b side) int {
		return cmp.Or(cmp.Compare(a.left, b.left), cmp.Compare(a.order, b.order), m.compare(a.ref, b.ref))
	})
	m.linesOf = make([]uint32, m.own+1)
	for i, s := range sides {
		if i == 0 || s.left != sides[i-1].left || s.right != sides[i-1].right {
			m.lines = append(m.lines, line{s.left, s.right, uint32(len(m.lineRefs)), m.lineID(s.left, s.right)})
			m.linesOf[s.left+1]++
		}
		m.lineRefs = append(m.lineRefs, s.ref)
	}
	for k := range m.own {
		m.linesOf[k+1] += m.linesOf[k]
	}
	m.lines = slices.Clip(m.lines)
}

// compare orders chains by their first point, then their second.
func (b *block) compare(p, q int32) int {
	c, d := b.chain(p), b.chain(q)
	return cmp.Or(cmp.Compare(c[0].x, d[0].x), cmp.Compare(c[0].y, d[0].y), cmp.Compare(c[1].x, d[1].x), cmp.Compare(c[1].y, d[1].y))
}

// chain is the points of a chain as it stands, whichever direction it is referred to in.
func (b *block) chain(ref int32) []offset {
	c := index(ref)
	return b.points[b.starts[c]:b.starts[c+1]]
}

// ring is ring r as the chains that it runs along.
func (b *block) ring(r uint32) []int32 { return b.refs[b.rings[r]:b.rings[r+1]] }

// index is the chain that a reference is to.
func index(ref int32) int32 {
	if ref < 0 {
		return ^ref
	}
	return ref
}

// lineID is the feature ID of a line. It depends on the codes at its sides alone.
func (m *maker) lineID(left, right int32) uint64 {
	pair := m.part.Bare(int(m.all[left])).Code + "|"
	if right != none {
		pair += m.part.Bare(int(m.all[right])).Code
	}
	return geo.FeatureID(geo.Collection(layerName(m.pic.collection, Borders)), pair)
}

// value is the encoded value of an own feature in a column, "" for none.
func (b *block) value(slot, column, columns int) string {
	return b.encoded(b.values[slot*columns+column])
}

// code is the encoded code of a feature.
func (b *block) code(slot int32) string { return b.encoded(b.codes[slot]) }

func (b *block) encoded(v uint32) string { return b.text[b.offs[v]:b.offs[v+1]] }

// linesEnd is where the chains of line l end in lineRefs.
func (b *block) linesEnd(l uint32) uint32 {
	if int(l+1) < len(b.lines) {
		return b.lines[l+1].first
	}
	return uint32(len(b.lineRefs))
}

package zoning

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/coverage"
)

// maker is one proposal in the making.
type maker struct {
	ctx  context.Context
	plan Plan
	in   Input
	// units are those of the input, or its boundary as one; ofBlocks says that there is
	// neither, and all blocks together are one.
	units    []Unit
	ofBlocks bool

	graph  *graph
	shapes []orb.MultiPolygon // of blocks
	at     []orb.Point        // an inner point of each block
	out    Proposal
	done   func(float64)
}

func (m *maker) say(v geo.Violation) {
	m.out.Violations = append(m.out.Violations, v)
}

// mostPlaces bounds how many places of one kind are listed one by one.
const mostPlaces = 200

// borders are lines that no block runs across: those of units, or of all of them
// together where cells may run across, and in rezoning those of the published cells.
func (m *maker) borders() []orb.LineString {
	shapes := m.unitShapes()
	if m.plan.Cross {
		shapes = coverage.Build(shapes).Dissolve(make([]int, len(shapes)))
	}
	lines := rings(shapes)
	if m.plan.Method == Rezone {
		lines = append(lines, rings(shapesOf(m.in.Current))...)
	}
	return lines
}

func shapesOf(fs []geo.Feature) []orb.MultiPolygon {
	shapes := make([]orb.MultiPolygon, len(fs))
	for i, f := range fs {
		shapes[i], _ = f.Geometry.(orb.MultiPolygon)
	}
	return shapes
}

func (m *maker) unitShapes() []orb.MultiPolygon {
	shapes := make([]orb.MultiPolygon, len(m.units))
	for i, u := range m.units {
		shapes[i] = u.Shape
	}
	return shapes
}

func rings(shapes []orb.MultiPolygon) (lines []orb.LineString) {
	for _, mp := range shapes {
		for _, p := range mp {
			for _, r := range p {
				lines = append(lines, orb.LineString(r))
			}
		}
	}
	return lines
}

// arrange cuts lines with the borders of units and makes the faces within units the
// blocks. Lines that bound nothing are listed.
func (m *maker) arrange(lines []orb.LineString) error {
	a, err := Arrange(m.ctx, append(m.borders(), lines...))
	if err != nil {
		return err
	}
	m.listDangles(a.Dangles)
	find := newFinder(m.unitShapes())
	var faces []orb.MultiPolygon
	var unit []int32
	var at []orb.Point
	for _, f := range a.Faces {
		p := inside(f)
		u := find.find(p)
		if u < 0 {
			continue
		}
		faces, unit, at = append(faces, orb.MultiPolygon{f}), append(unit, u), append(at, p)
	}
	if len(faces) == 0 {
		return geo.Errorf("lines_enclose_nothing",
			"线条与边界没有围成任何面；请检查坐标系与范围", "lines and boundary enclose nothing; check the reference system and the area")
	}
	m.setBlocks(faces, unit, nil, at)
	return nil
}

// setBlocks makes faces the blocks, with the unit, the block of the input (nil for none)
// and an inner point of each.
func (m *maker) setBlocks(faces []orb.MultiPolygon, unit, block []int32, at []orb.Point) {
	var onLine func([]orb.Point) float64
	if len(m.in.Lines) > 0 {
		onLine = newGround(m.in.Lines, m.plan.lineToleranceM()).share
	}
	m.shapes, m.at = faces, at
	m.graph = newGraph(faces, onLine)
	copy(m.graph.unit, unit)
	for i := range m.graph.block {
		m.graph.block[i] = -1
	}
	copy(m.graph.block, block)
}

func (m *maker) listDangles(ds []Dangle) {
	for i, d := range ds {
		if i == mostPlaces {
			m.say(geo.Breach("dangles", geo.Notice,
				geo.Textf("另有 %d 段未围成面的线未逐一列出", "%d more lines that bound nothing are not listed", len(ds)-i), geo.Text{}))
			return
		}
		check, text := "dangle", geo.Textf("线有悬挂端，%.1f m 未围成任何面，已略去", "a line ends freely: %.1f m of it bound no face and are left out", d.LengthM)
		if d.Bridge {
			check, text = "bridge", geo.Textf("线两侧为同一个面，%.1f m 未围成任何面，已略去", "a line has the same face on both sides: %.1f m of it bound no face and are left out", d.LengthM)
		}
		m.say(geo.Breach(check, geo.Warning, text,
			geo.Text{ZH: "如应与其他线相接，请在绘图软件中延长", EN: "if it is to meet another line, draw it on"}).On(d.End[0], d.End[1]))
	}
}

// takeBlocks makes the blocks of the input the blocks, cut at the borders of units where
// they cross them. Where they are no coverage, faces that several claim go to the first
// and faces that none claims to the neighbour with the longest shared border, if they
// are small; larger ones stay a gap. Each is listed.
func (m *maker) takeBlocks() error {
	shapes := make([]orb.MultiPolygon, len(m.in.Blocks))
	for i, b := range m.in.Blocks {
		shapes[i] = b.Shape
	}
	if !m.ofBlocks && m.exact(shapes) {
		m.takeExact(shapes)
		return nil
	}
	a, err := Arrange(m.ctx, append(m.borders(), rings(shapes)...))
	if err != nil {
		return err
	}
	find, units := newFinder(shapes), newFinder(m.unitShapes())
	var faces []orb.MultiPolygon
	var unit, block []int32
	var inner []orb.Point
	overlaps, outside := 0, 0.0
	for _, f := range a.Faces {
		at := inside(f)
		u, claims := units.find(at), find.all(at)
		if m.ofBlocks {
			u = 0
		}
		if u < 0 {
			if len(claims) > 0 {
				outside += geo.AreaM2(f)
			}
			continue
		}
		if len(claims) > 1 && widthM(orb.MultiPolygon{f}) > sliverM {
			if overlaps++; overlaps <= mostPlaces {
				m.say(geo.Breach("overlap", geo.Warning,
					geo.Textf("地块 %s 与 %s 重叠 %.1f m²，归前者", "blocks %s and %s overlap by %.1f m²; it goes to the first", m.blockName(claims[0]), m.blockName(claims[1]), geo.AreaM2(f)),
					geo.Text{ZH: "请检查共用边界", EN: "check the shared border"}).At(m.in.Blocks[claims[0]].Record, geo.None, geo.None).On(at[0], at[1]))
			}
		}
		b := int32(-1)
		if len(claims) > 0 {
			b = claims[0]
		}
		faces, unit, block, inner = append(faces, orb.MultiPolygon{f}), append(unit, u), append(block, b), append(inner, at)
	}
	if !slices.ContainsFunc(block, func(b int32) bool { return b >= 0 }) {
		return geo.Errorf("blocks_elsewhere", "地块不在所划分的范围内；请检查坐标系", "the blocks do not lie in the area to be divided; check the reference system")
	}
	if outside > 1 {
		m.say(geo.Breach("blocks_outside", geo.Warning,
			geo.Textf("地块有 %.0f m² 在划分范围之外，未计入", "%.0f m² of the blocks lie outside of the area to be divided and are left out", outside), geo.Text{}))
	}
	m.setBlocks(faces, unit, block, inner)
	m.closeGaps()
	if m.ofBlocks {
		m.units[0].Shape = m.graph.cover.Dissolve(make([]int, m.graph.len()))[0]
	}
	return nil
}

// exact says whether the blocks share all their edges with each other and with the
// borders to the last bit: then they are used as they are. That is so when no edge
// has two blocks on the same side, all edges of the borders are edges of blocks, and the
// edges with one block only are edges of borders.
func (m *maker) exact(blocks []orb.MultiPolygon) bool {
	const forth, back, border = 1, 2, 4
	edges := map[[2]orb.Point]uint8{}
	edge := func(a, b orb.Point) (e [2]orb.Point, way uint8) {
		if before(b, a) {
			return [2]orb.Point{b, a}, back
		}
		return [2]orb.Point{a, b}, forth
	}
	for _, l := range rings(blocks) {
		for i := 1; i < len(l); i++ {
			e, way := edge(l[i-1], l[i])
			if edges[e]&way != 0 {
				return false
			}
			edges[e] |= way
		}
	}
	for _, l := range m.borders() {
		for i := 1; i < len(l); i++ {
			e, _ := edge(l[i-1], l[i])
			if edges[e] == 0 {
				return false
			}
			edges[e] |= border
		}
	}
	for _, sides := range edges {
		if sides == forth || sides == back {
			return false
		}
	}
	return true
}

func (m *maker) takeExact(shapes []orb.MultiPolygon) {
	units := newFinder(m.unitShapes())
	var faces []orb.MultiPolygon
	var unit, block []int32
	var at []orb.Point
	for i, mp := range shapes {
		for _, p := range mp {
			inner := inside(p)
			if u := units.find(inner); u >= 0 {
				faces, unit, block, at = append(faces, orb.MultiPolygon{p}), append(unit, u), append(block, int32(i)), append(at, inner)
			}
		}
	}
	m.setBlocks(faces, unit, block, at)
}

func (m *maker) blockName(b int32) string {
	if n := m.in.Blocks[b].Name; n != "" {
		return n
	}
	return fmt.Sprintf("#%d", m.in.Blocks[b].Record)
}

// leastM2 is the area below which a piece of a block or a face between lines does not
// stand alone, and up to which a gap between blocks is closed.
func (m *maker) leastM2() float64 {
	if m.plan.LeastM2 > 0 {
		return m.plan.LeastM2
	}
	return 100
}

// sliverM is the mean width in metres up to which a gap or an overlap is none: planners'
// files have coordinates to the millimetre.
const sliverM = 0.001

// closeGaps joins faces that no block claims, and slivers of blocks, to their neighbours.
// A gap larger than the least area stays one.
func (m *maker) closeGaps() {
	g, least := m.graph, m.leastM2()
	gaps, slivers := 0, 0
	keep := make([]bool, g.len())
	for v := range g.next {
		keep[v] = true
		if g.block[v] >= 0 {
			continue
		}
		closed := g.area[v] < least
		if keep[v] = closed; closed && widthM(m.shapes[v]) <= sliverM {
			slivers++
			continue
		}
		if gaps++; gaps > mostPlaces {
			continue
		}
		text := geo.Textf("地块之间有 %.1f m² 的空隙，并入相邻地块", "between the blocks is a gap of %.1f m²; it goes to a neighbour", g.area[v])
		if !closed {
			text = geo.Textf("地块之间有 %.1f m² 的空隙，网格中也留空", "between the blocks is a gap of %.1f m²; the cells leave it too", g.area[v])
		}
		m.say(geo.Breach("gap", geo.Warning, text,
			geo.Text{ZH: "湖泊等有意留空可忽略；否则请补上地块", EN: "leave it if it is meant, such as a lake; else draw a block"}).On(m.at[v][0], m.at[v][1]))
	}
	if slivers > 0 {
		m.say(geo.Breach("sliver", geo.Notice,
			geo.Textf("地块之间不足 %.0[2]f mm 宽的 %[1]d 处缝隙已并入相邻地块", "%d gaps between blocks less than %.0f mm wide went to neighbours", slivers, 1000*sliverM), geo.Text{}))
	}
	m.keepOnly(keep)
	loose := m.slivers(least)
	m.unite(m.graph.absorb(0, slices.Clone(loose)), loose)
}

// slivers marks what belongs to no block, and the pieces of blocks that are smaller than
// the least area and not the largest of their block.
func (m *maker) slivers(least float64) []bool {
	g := m.graph
	largest := largestBlocks(g, g.block)
	loose := make([]bool, g.len())
	for v, b := range g.block {
		loose[v] = b < 0 || largest[b] != int32(v) && g.area[v] < least
	}
	return loose
}

// keepOnly drops blocks.
func (m *maker) keepOnly(keep []bool) {
	if !slices.Contains(keep, false) {
		return
	}
	var faces []orb.MultiPolygon
	var unit, block []int32
	var at []orb.Point
	for v, k := range keep {
		if k {
			faces, unit, block, at = append(faces, m.shapes[v]), append(unit, m.graph.unit[v]), append(block, m.graph.block[v]), append(at, m.at[v])
		}
	}
	m.setBlocks(faces, unit, block, at)
}

// unite makes one block of each group. It is in the unit of the group's largest member,
// and a part of the same block; loose members do not count unless all are. loose may be nil.
func (m *maker) unite(group []int32, loose []bool) {
	cell := compact(group)
	labels := make([]int, len(cell))
	var largest []int32
	for v, k := range cell {
		labels[v] = int(k)
		if int(k) == len(largest) {
			largest = append(largest, int32(v))
			continue
		}
		best := largest[k]
		if light := loose != nil && loose[v]; loose != nil && light != loose[best] {
			if !light {
				largest[k] = int32(v)
			}
		} else if m.graph.area[v] > m.graph.area[best] {
			largest[k] = int32(v)
		}
	}
	if len(largest) == len(group) {
		return
	}
	faces := m.graph.cover.Dissolve(labels)
	unit, block, at := make([]int32, len(faces)), make([]int32, len(faces)), make([]orb.Point, len(faces))
	for k, v := range largest {
		unit[k], block[k], at[k] = m.graph.unit[v], m.graph.block[v], m.at[v]
	}
	m.setBlocks(faces, unit, block, at)
}

// loads gives each block its load, its residents and its incidents. A part of a block
// has of the columns its part by area. The error is a *geo.Error, bad_load, with a violation for
// each value that is no load.
func (m *maker) loads() error {
	g := m.graph
	whole := make([]float64, len(m.in.Blocks))
	for v, b := range g.block {
		if b >= 0 {
			whole[b] += g.area[v]
		}
	}
	column := func(name string) ([]float64, error) { return m.column(name, whole) }
	find := sync.OnceValue(func() *finder { return newFinder(m.shapes) })
	count := func(ps []orb.Point) []float64 {
		n := make([]float64, g.len())
		for _, p := range ps {
			if v := find().find(p); v >= 0 {
				n[v]++
			}
		}
		return n
	}
	terms := m.plan.Load
	if len(terms) == 0 {
		terms = []Term{{Of: OfArea}}
	}
	for i, t := range terms {
		var values []float64
		switch t.Of {
		case OfArea:
			values = make([]float64, g.len())
			for v, a := range g.area {
				values[v] = a / 10_000
			}
		case OfIncidents:
			if i < len(m.in.PeriodIncidents) {
				values = count(m.in.PeriodIncidents[i])
			}
		case OfAddresses:
			values = count(m.in.Addresses)
		case OfColumn:
			var err error
			if values, err = column(t.Column); err != nil {
				return err
			}
		}
		for v, x := range values {
			g.load[v] += t.weight() * x
		}
	}
	g.incidents = count(m.in.Incidents)
	copy(g.residents, g.load)
	if m.plan.Residents != "" {
		var err error
		if g.residents, err = column(m.plan.Residents); err != nil {
			return err
		}
	}
	return nil
}

func sum(xs []float64) (s float64) {
	for _, x := range xs {
		s += x
	}
	return s
}

// column is a column of the input's blocks, each value shared by area among the parts of
// its block.
func (m *maker) column(name string, whole []float64) ([]float64, error) {
	refused := &geo.Error{Code: "bad_load", Text: geo.Textf("负荷列 %.40q 有无效的值", "the column %.40q holds values that are no load", name)}
	values := make([]float64, len(m.in.Blocks))
	for i, b := range m.in.Blocks {
		x, ok := b.Values.Number(name)
		if ok && x >= 0 && !math.IsInf(x, 1) {
			values[i] = x
			continue
		}
		if len(refused.Violations) < mostPlaces {
			at := inside(b.Shape[0])
			refused.Violations = append(refused.Violations, geo.Breach("bad_load", geo.Refusal,
				geo.Textf("地块 %s 的 %s 为 %.40s，应为非负数", "block %s: %s is %.40s; wanted is a number that is not negative", m.blockName(int32(i)), name, shown(b.Values.Value(name))),
				geo.Text{ZH: "请更正该值，没有负荷请填 0", EN: "correct it; write 0 where there is no load"}).At(b.Record, geo.None, geo.None).On(at[0], at[1]))
		}
	}
	if len(refused.Violations) > 0 {
		return nil, refused
	}
	out := make([]float64, m.graph.len())
	for v, b := range m.graph.block {
		if b >= 0 && whole[b] > 0 {
			out[v] = values[b] * m.graph.area[v] / whole[b]
		}
	}
	return out, nil
}

func shown(v any) string {
	if v == nil {
		return "∅"
	}
	return fmt.Sprintf("%v", v)
}

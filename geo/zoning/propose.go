package zoning

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/crs"
)

// Proposal is cells, with what is to be said of them.
type Proposal struct {
	// Cells are in order of code, ready to become a draft of the collection cells.
	Cells []geo.Feature `json:"-"`
	Report
	Violations []geo.Violation `json:"-"`
}

// Report is what a planner judges a proposal by.
type Report struct {
	Method Method `json:"method"`
	// Plane is the projection in which sizes in metres were laid out, "" for none.
	Plane   string  `json:"plane,omitempty"`
	Blocks  int     `json:"blocks"`
	Figures Figures `json:"figures"`
	// Naive are the figures of cells grown from west to east, Before those of the cells
	// that are published, over the same blocks; nil where there is nothing to compare.
	Naive  *Figures `json:"naive,omitempty"`
	Before *Figures `json:"before,omitempty"`
	Bound  *Heavy   `json:"bound,omitempty"`
	// Recodes is the table from old codes to new ones, Moved what changes its cell.
	Recodes []Recode `json:"recodes,omitempty"`
	Moved   *Moved   `json:"moved,omitempty"`
}

// Propose makes cells. progress hears how far the work has come, from 0 to 1; it may be
// nil. The error is a *geo.Error that says what is wrong with plan or input, or the
// context's.
func Propose(ctx context.Context, p Plan, in Input, progress func(float64)) (Proposal, error) {
	if progress == nil {
		progress = func(float64) {}
	}
	m := &maker{ctx: ctx, plan: p, in: in, done: progress}
	m.out.Method = p.Method
	if err := p.Check(); err != nil {
		return m.out, err
	}
	if err := m.findUnits(); err != nil {
		return m.out, err
	}
	step := map[Method]func() (grouping, error){
		Squares: m.regular, Hexagons: m.regular, Beidou: m.regular, Lines: m.alongLines, Balanced: m.even, Rezone: m.rezone,
	}[p.Method]
	g, err := step()
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return m.out, err
	}
	progress(0.9)
	return m.out, m.finish(g)
}

// grouping is the cells as groups of blocks: cell[v] is the cell of block v, negative for
// none. own are codes that cells have already, "" for none; nil for none at all.
type grouping struct {
	cell []int32
	own  []geo.Code
}

func (m *maker) findUnits() error {
	m.units = m.in.Units
	if len(m.units) == 0 && len(m.in.Boundary) > 0 {
		m.units = []Unit{{Code: geo.Code(m.in.Division), Shape: m.in.Boundary}}
	}
	if len(m.units) == 0 && len(m.in.Blocks) > 0 && m.plan.Method != Rezone {
		// The blocks as a whole are the unit; takeBlocks finds its shape.
		m.units, m.ofBlocks = []Unit{{Code: geo.Code(m.in.Division)}}, true
		if m.plan.Method != Balanced {
			whole := &maker{ctx: m.ctx, plan: m.plan, in: m.in, units: m.units, ofBlocks: true}
			if err := whole.takeBlocks(); err != nil {
				return err
			}
			m.units, m.ofBlocks = whole.units, false
		}
	}
	if len(m.units) == 0 && m.plan.Method != Rezone {
		return geo.Errorf("no_boundary",
			"没有可划分的范围：请先发布单元，或提供边界或地块", "there is nothing to divide: publish units first, or give a boundary or blocks")
	}
	if m.plan.Method == Rezone {
		m.unitsOfCells()
	}
	parts := 0
	for _, u := range m.units {
		parts += len(u.Shape)
	}
	if parts > len(m.units) {
		m.say(geo.Breach("islands", geo.Notice,
			geo.Textf("%d 个单元由 %d 个互不相连的部分组成；每部分单独划分，网格不跨部分", "%d units consist of %d parts; each is divided by itself, and no cell spans two", len(m.units), parts), geo.Text{}))
	}
	return nil
}

// plane is the Gauss-Krüger zone of 3° whose central meridian is nearest to the middle
// of the units; everything is laid out in this one, also what lies beyond the zone's border.
func (m *maker) plane() (crs.CRS, error) {
	b := m.bound()
	zone := int(math.Round(b.Center()[0] / 3))
	c, err := crs.GaussKrueger(3, zone, false)
	if err != nil {
		return c, err
	}
	m.out.Plane = c.ID()
	text := geo.Textf("尺寸按 %s（%s）计算", "sizes are laid out in %s (%s)", c.ID(), c.Title().ZH)
	text.EN = fmt.Sprintf("sizes are laid out in %s (%s)", c.ID(), c.Title().EN)
	if limit := 3*float64(zone) - 1.5; b.Min[0] < limit || b.Max[0] > limit+3 {
		far := max(math.Abs(b.Min[0]-3*float64(zone)), math.Abs(b.Max[0]-3*float64(zone)))
		east, _ := perDegree(b.Center()[1])
		off := far * east / geo.SemiMajorM
		text.ZH += fmt.Sprintf("；范围跨出该 3° 带，全部按此一带计算，长度最多差 %.3f%%", 50*off*off)
		text.EN += fmt.Sprintf("; the area reaches beyond this zone of 3° and is laid out in it as a whole, with lengths off by %.3f %% at most", 50*off*off)
	}
	m.say(geo.Breach("plane", geo.Notice, text, geo.Text{}))
	return c, nil
}

func (m *maker) bound() orb.Bound {
	b := m.units[0].Shape.Bound()
	for _, u := range m.units {
		b = b.Union(u.Shape.Bound())
	}
	return b
}

// regular makes a regular grid, cut at the borders of units.
func (m *maker) regular() (grouping, error) {
	var plane crs.CRS
	var err error
	if m.plan.Method != Beidou {
		if plane, err = m.plane(); err != nil {
			return grouping{}, err
		}
	}
	l, err := newLattice(m.plan, plane)
	if err != nil {
		return grouping{}, err
	}
	shapes := m.unitShapes()
	var all orb.MultiPolygon
	for _, s := range shapes {
		all = append(all, s...)
	}
	outlines, err := l.cover(all)
	if err != nil {
		return grouping{}, err
	}
	m.done(0.1)
	if err := m.arrange(outlines); err != nil {
		return grouping{}, err
	}
	m.done(0.6)
	least := m.plan.LeastM2
	if least == 0 {
		least = l.fullM2(m.bound().Center()) / 4
	}
	group := m.graph.absorb(least, m.loose(l))
	if err := m.loads(); err != nil {
		return grouping{}, err
	}
	g := grouping{cell: compact(group)}
	if l.beidou() && m.plan.scheme().ID == "beidou" {
		g.own, err = m.beidouCodes(g.cell)
	}
	return g, err
}

// loose marks the pieces of a cell of the lattice within a unit that are not the largest there.
func (m *maker) loose(l lattice) []bool {
	type place struct {
		tick tick
		unit int32
	}
	largest := make(map[place]int32, m.graph.len())
	key := func(v int) place { return place{l.cell(l.into(m.at[v])), m.graph.unit[v]} }
	for v := range m.at {
		if best, known := largest[key(v)]; !known || m.graph.area[v] > m.graph.area[best] {
			largest[key(v)] = int32(v)
		}
	}
	loose := make([]bool, len(m.at))
	for v := range m.at {
		loose[v] = largest[key(v)] != int32(v)
	}
	return loose
}

// beidouCodes gives each cell the Beidou code of its largest piece. Where a border of
// units divides a square the largest cell has the square's code, and the others that of
// a square of a finer level at an inner point of theirs.
func (m *maker) beidouCodes(cell []int32) ([]geo.Code, error) {
	main := largestBlocks(m.graph, cell)
	order := make([]int, len(main))
	for k := range order {
		order[k] = k
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(m.graph.area[main[b]], m.graph.area[main[a]]) })
	codes := make([]geo.Code, len(main))
	taken := make(map[geo.Code]bool, len(main))
	for _, k := range order {
		at := m.at[main[k]]
		for level := m.plan.Level; ; level++ {
			c, err := crs.BeidouCode(at[0], at[1], level)
			if err != nil {
				return nil, err
			}
			if !taken[geo.Code(c)] {
				codes[k], taken[geo.Code(c)] = geo.Code(c), true
				break
			}
		}
	}
	return codes, nil
}

// largestBlocks is of each cell the block with the most area.
func largestBlocks(g *graph, cell []int32) []int32 {
	var main []int32
	for v, k := range cell {
		for int(k) >= len(main) {
			main = append(main, -1)
		}
		if k >= 0 && (main[k] < 0 || g.area[v] > g.area[main[k]]) {
			main[k] = int32(v)
		}
	}
	return main
}

// compact numbers groups from 0 in the order of their lowest members.
func compact(group []int32) []int32 {
	number := map[int32]int32{}
	out := make([]int32, len(group))
	for v, root := range group {
		k, known := number[root]
		if !known {
			k = int32(len(number))
			number[root] = k
		}
		out[v] = k
	}
	return out
}

// alongLines makes the faces between lines the cells.
func (m *maker) alongLines() (grouping, error) {
	if len(m.in.Lines) == 0 {
		return grouping{}, geo.Errorf("no_lines", "此方法需要线（道路、河流等）；请上传 lines", "this method needs lines, such as roads and rivers; send them as lines")
	}
	if err := m.arrange(m.in.Lines); err != nil {
		return grouping{}, err
	}
	m.done(0.6)
	group := m.graph.absorb(m.leastM2(), nil)
	return grouping{cell: compact(group)}, m.loads()
}

// prepare makes the blocks that cells are put together from: those of the input, else
// the faces between lines.
func (m *maker) prepare() error {
	var err error
	switch {
	case len(m.in.Blocks) > 0:
		err = m.takeBlocks()
	case len(m.in.Lines) > 0:
		if err = m.arrange(m.in.Lines); err == nil {
			m.unite(m.graph.absorb(m.leastM2(), nil), nil)
		}
	default:
		err = geo.Errorf("no_blocks", "此方法需要地块；请上传 blocks，或上传 lines 由线围成地块", "this method needs blocks; send them as blocks, or lines that enclose them")
	}
	if err == nil {
		err = m.loads()
	}
	m.done(0.3)
	return err
}

// even makes cells of even load.
func (m *maker) even() (grouping, error) {
	if err := m.prepare(); err != nil {
		return grouping{}, err
	}
	if !(sum(m.graph.load) > 0) {
		return grouping{}, geo.Errorf("no_load", "所有地块的负荷之和为 0，无法均衡；请检查负荷列或时段", "the blocks carry no load at all, so that it cannot be evened; check the column or the period")
	}
	if m.plan.Cross {
		clear(m.graph.unit)
	}
	cells := m.plan.Cells
	if r := m.plan.LoadPerCell; r != nil {
		n, ok := cellsFor(sum(m.graph.load), *r)
		if cells = n; !ok {
			m.say(geo.Breach("load_range", geo.Warning,
				geo.Textf("总负荷 %.0f 无法平均分为每格 %g–%g，按 %d 个网格划分", "a load of %.0f cannot be shared evenly at %g–%g a cell; %d cells are made", sum(m.graph.load), r[0], r[1], n), geo.Text{}))
		}
		// Each island and unit needs one.
		if _, parts := m.graph.components(); cells < parts {
			cells = parts
		}
		cells = min(cells, m.graph.len())
	}
	cell, err := m.graph.balance(m.ctx, m.plan, cells, func(f float64) { m.done(0.3 + 0.6*f) })
	if err != nil {
		return grouping{}, err
	}
	parts, err := m.graph.shares(cells)
	if err != nil {
		return grouping{}, err
	}
	naive := m.graph.figures(m.graph.naive(parts), m.plan.tolerance())
	m.out.Naive = &naive
	bound := m.graph.bound(parts, sum(m.graph.load)/float64(cells), m.plan.tolerance())
	m.out.Bound = &bound
	return grouping{cell: cell}, nil
}

// finish makes features of the cells, numbers them, compares them with those published
// and judges them.
func (m *maker) finish(g grouping) error {
	labels := make([]int, len(g.cell))
	for v, k := range g.cell {
		labels[v] = int(k)
	}
	shapes := m.graph.cover.Dissolve(labels)
	if len(shapes) > mostCells {
		return tooManyCells(float64(len(shapes)))
	}
	main := largestBlocks(m.graph, g.cell)
	sites := make([]site, len(shapes))
	load, incidents := make([]float64, len(shapes)), make([]float64, len(shapes))
	for v, k := range g.cell {
		if k >= 0 {
			load[k] += m.graph.load[v]
			incidents[k] += m.graph.incidents[v]
			sites[k].areaM2 += m.graph.area[v]
		}
	}
	units := newFinder(m.unitShapes())
	for k := range sites {
		sites[k].at = m.at[main[k]]
		sites[k].unit = m.units[max(0, units.find(sites[k].at))].Code
		if g.own != nil {
			sites[k].own = g.own[k]
		}
	}
	codes, err := number(m.plan.scheme(), m.plan.Scheme, m.in.Division, sites, m.in.Used)
	if err != nil {
		return err
	}
	current := m.currentOf()
	m.out.Blocks = m.graph.len()
	m.out.Figures = m.graph.figures(g.cell, m.plan.tolerance())
	m.compare(g.cell, codes, current)
	m.out.Cells = make([]geo.Feature, len(shapes))
	for k, mp := range shapes {
		f := geo.Feature{Code: codes[k], Name: string(codes[k]), Geometry: mp}
		since := m.in.Date
		if old := m.old(codes[k]); old != nil {
			f.Name = old.Name
			if shape, ok := old.Geometry.(orb.MultiPolygon); ok && sameRings(shape, mp) {
				f.Geometry = shape // what did not change shows no difference
			}
			if from := old.Properties.Text("valid_from"); from != "" {
				since = from
			}
		}
		f.Properties = geo.Properties{{Name: "unit", Value: string(sites[k].unit)}}
		if since != "" {
			f.Properties = append(f.Properties, geo.Property{Name: "valid_from", Value: since})
		}
		f.Properties = append(f.Properties, geo.Property{Name: "load", Value: rounded(load[k])}, geo.Property{Name: "incidents", Value: int64(incidents[k])})
		m.out.Cells[k] = f
	}
	slices.SortFunc(m.out.Cells, func(a, b geo.Feature) int { return a.Code.Compare(b.Code) })
	m.done(0.95)
	m.out.Violations = append(m.out.Violations, Check(m.out.Cells, m.rules())...)
	m.done(1)
	return nil
}

func rounded(x float64) float64 { return math.Round(x*1e6) / 1e6 }

// sameRings says whether two shapes have the same rings, wherever these begin.
func sameRings(a, b orb.MultiPolygon) bool {
	return slices.EqualFunc(sortedRings(a), sortedRings(b), func(r, s orb.LineString) bool { return slices.Equal(r, s) })
}

// sortedRings are the rings of a shape, each from its lowest vertex on, in order of it.
func sortedRings(mp orb.MultiPolygon) []orb.LineString {
	all := rings([]orb.MultiPolygon{mp})
	for i, r := range all {
		open := r[:len(r)-1]
		low := 0
		for j := range open {
			if before(open[j], open[low]) {
				low = j
			}
		}
		all[i] = slices.Concat(open[low:], open[:low])
	}
	slices.SortFunc(all, func(r, s orb.LineString) int {
		for j := range min(len(r), len(s)) {
			if r[j] != s[j] {
				return cmp.Or(cmp.Compare(r[j][0], s[j][0]), cmp.Compare(r[j][1], s[j][1]))
			}
		}
		return cmp.Compare(len(r), len(s))
	})
	return all
}

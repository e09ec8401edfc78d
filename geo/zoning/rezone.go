package zoning

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/coverage"
)

// rezoner changes published cells along blocks. Cells 0 to n-1 are those published, in
// their order; splitting adds cells behind them.
type rezoner struct {
	*maker
	change Change
	index  map[geo.Code]int32
	cell   []int32 // of blocks
	origin []int32 // of blocks: the cell at the beginning
	codes  []geo.Code
	fixed  []bool
}

// unitsOfCells makes the unions of the published cells of each unit the units: no block
// leaves the unit that its cell belongs to, wherever that unit's border is drawn.
func (m *maker) unitsOfCells() {
	names := map[geo.Code]string{}
	for _, u := range m.units {
		names[u.Code] = u.Name
	}
	number := map[geo.Code]int{}
	labels := make([]int, len(m.in.Current))
	m.units = nil
	for i, f := range m.in.Current {
		code := geo.Code(f.Properties.Text("unit"))
		k, known := number[code]
		if !known {
			k = len(number)
			number[code] = k
			m.units = append(m.units, Unit{Code: code, Name: names[code]})
		}
		labels[i] = k
	}
	for k, mp := range coverage.Build(shapesOf(m.in.Current)).Dissolve(labels) {
		m.units[k].Shape = mp
	}
}

// rezone carries out the orders of a change, then evens loads where it is asked for.
func (m *maker) rezone() (grouping, error) {
	if len(m.in.Current) == 0 {
		return grouping{}, geo.Errorf("nothing_published", "还没有已发布的网格可供调整；请先发布网格", "no cells are published that could be changed; publish some first")
	}
	if len(m.in.Blocks) == 0 && len(m.in.Lines) == 0 {
		for i, f := range m.in.Current {
			mp, _ := f.Geometry.(orb.MultiPolygon)
			m.in.Blocks = append(m.in.Blocks, Block{Name: string(f.Code), Record: i + 1, Shape: mp, Values: f.Properties})
		}
	}
	if err := m.prepare(); err != nil {
		return grouping{}, err
	}
	r := &rezoner{maker: m, change: *m.plan.Change, index: map[geo.Code]int32{}}
	for i, f := range m.in.Current {
		r.index[f.Code] = int32(i)
		r.codes = append(r.codes, f.Code)
	}
	r.origin = m.currentOf()
	r.cell = slices.Clone(r.origin)
	r.fixed = make([]bool, len(r.codes))
	for _, step := range []func() error{r.fix, r.merge, r.split, r.move, r.even} {
		if err := step(); err != nil {
			return grouping{}, err
		}
	}
	return r.grouping(), nil
}

// grouping leaves out the cells that have no blocks any more.
func (r *rezoner) grouping() grouping {
	has := make([]bool, len(r.codes))
	for _, k := range r.cell {
		if k >= 0 {
			has[k] = true
		}
	}
	number := make([]int32, len(r.codes))
	g := grouping{cell: make([]int32, len(r.cell))}
	for k := range number {
		if has[k] {
			number[k] = int32(len(g.own))
			g.own = append(g.own, r.codes[k])
		}
	}
	for v, k := range r.cell {
		g.cell[v] = -1
		if k >= 0 {
			g.cell[v] = number[k]
		}
	}
	return g
}

func (r *rezoner) known(c geo.Code) (int32, error) {
	k, ok := r.index[c]
	if !ok {
		return 0, badPlan("change", "没有已发布的网格 %.64q", "no cell %.64q is published", string(c))
	}
	return k, nil
}

// open is a cell that may be changed.
func (r *rezoner) open(c geo.Code) (int32, error) {
	k, err := r.known(c)
	if err == nil && r.fixed[k] {
		err = badPlan("change", "网格 %.64q 已固定，不能调整", "cell %.64q is fixed and cannot be changed", string(c))
	}
	return k, err
}

func (r *rezoner) fix() error {
	for _, c := range r.change.Fixed {
		k, err := r.known(c)
		if err != nil {
			return err
		}
		r.fixed[k] = true
	}
	return nil
}

func (r *rezoner) blocks(k int32) (of []int32) {
	for v, c := range r.cell {
		if c == k {
			of = append(of, int32(v))
		}
	}
	return of
}

// whole says whether blocks hang together by edges within one unit.
func (r *rezoner) whole(blocks []int32) bool {
	if len(blocks) == 0 {
		return false
	}
	in := map[int32]bool{}
	for _, v := range blocks {
		in[v] = true
	}
	stack := []int32{blocks[0]}
	delete(in, blocks[0])
	for len(stack) > 0 {
		v := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		for _, l := range r.graph.next[v] {
			if in[l.to] && r.graph.unit[l.to] == r.graph.unit[v] {
				delete(in, l.to)
				stack = append(stack, l.to)
			}
		}
	}
	return len(in) == 0
}

func (r *rezoner) residents(blocks []int32) (n float64) {
	for _, v := range blocks {
		n += r.graph.residents[v]
	}
	return n
}

// merge gives the blocks of several cells to the one with the most residents.
func (r *rezoner) merge() error {
	for _, o := range r.change.Merge {
		into, most := int32(-1), -1.0
		var all []int32
		for _, c := range o.Cells {
			k, err := r.open(c)
			if err != nil {
				return err
			}
			blocks := r.blocks(k)
			all = append(all, blocks...)
			if n := r.residents(blocks); n > most {
				into, most = k, n
			}
		}
		if !r.whole(all) {
			return badPlan("change.merge", "网格 %.200q 不相邻或不属于同一单元，合并后不成一片", "the cells %.200q are not neighbours in one unit: together they would not be of one piece", o.Cells)
		}
		for _, v := range all {
			r.cell[v] = into
		}
	}
	return nil
}

// split divides a cell; the part with the most residents keeps its code.
func (r *rezoner) split() error {
	for i, o := range r.change.Split {
		k, err := r.open(o.Cell)
		if err != nil {
			return err
		}
		blocks := r.blocks(k)
		if len(blocks) < o.Into {
			return geo.Errorf("more_cells_than_blocks", "网格 %[1]s 只有 %[2]d 个地块，分不成 %[3]d 个", "cell %s has only %d blocks and cannot be split into %d", string(o.Cell), len(blocks), o.Into)
		}
		if !r.whole(blocks) {
			return badPlan("change.split", "网格 %.64q 不是一片，不能划分", "cell %.64q is not of one piece and cannot be split", string(o.Cell))
		}
		for v, part := range r.parts(blocks, o.Into, uint64(i)) {
			if v == 0 {
				continue
			}
			for _, b := range part {
				r.cell[b] = int32(len(r.codes))
			}
			r.codes, r.fixed = append(r.codes, ""), append(r.fixed, false)
		}
	}
	return nil
}

// parts divides blocks evenly, the part with the most residents first.
func (r *rezoner) parts(blocks []int32, into int, stream uint64) [][]int32 {
	load := 0.0
	for _, v := range blocks {
		load += r.graph.load[v]
	}
	s := newSplitter(r.graph, r.graph.cost(r.plan, load/float64(into), len(r.codes)), rand.New(rand.NewPCG(r.plan.Seed, 1<<32+stream)))
	cell := make([]int32, r.graph.len())
	s.part(r.ctx, share{blocks: blocks, cells: into}, cell, 0, func(float64) {})
	parts := make([][]int32, into)
	for _, v := range blocks {
		parts[cell[v]] = append(parts[cell[v]], v)
	}
	slices.SortStableFunc(parts, func(a, b []int32) int {
		return -int(math.Copysign(1, r.residents(a)-r.residents(b)))
	})
	return parts
}

// move gives blocks to a cell that they border on.
func (r *rezoner) move() error {
	names := map[string][]int32{}
	for v, b := range r.graph.block {
		if b >= 0 {
			n := r.blockName(b)
			names[n] = append(names[n], int32(v))
		}
	}
	find := newFinder(r.shapes)
	for _, o := range r.change.Move {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		to, err := r.open(o.To)
		if err != nil {
			return err
		}
		var blocks []int32
		for _, n := range o.Blocks {
			if len(names[n]) == 0 {
				return badPlan("change.move", "没有地块 %.64q", "there is no block %.64q", n)
			}
			blocks = append(blocks, names[n]...)
		}
		for _, p := range o.Points {
			v := find.find(p)
			if v < 0 {
				return badPlan("change.move", "点 %.6f, %.6f 不在任何地块内", "the point %.6f, %.6f lies in no block", p[0], p[1])
			}
			blocks = append(blocks, v)
		}
		if err := r.give(blocks, to); err != nil {
			return err
		}
	}
	return nil
}

// give moves blocks to a cell; all cells concerned stay of one piece.
func (r *rezoner) give(blocks []int32, to int32) error {
	touched := []int32{to}
	for _, v := range blocks {
		if k := r.cell[v]; k >= 0 && k != to {
			if r.fixed[k] {
				return badPlan("change.move", "网格 %.64q 已固定，不能调整", "cell %.64q is fixed and cannot be changed", string(r.codes[k]))
			}
			touched = append(touched, k)
		}
		r.cell[v] = to
	}
	for _, k := range touched {
		if blocks := r.blocks(k); !r.whole(blocks) {
			return badPlan("change.move", "移动后网格 %.64q 不成一片或不剩地块", "after the move cell %.64q would not be of one piece, or have no block left", string(r.codes[k]))
		}
	}
	return nil
}

// even moves borders along blocks so that loads are even, within what the change allows.
func (r *rezoner) even() error {
	if !r.change.Even {
		return nil
	}
	var blocks []int32
	total := 0.0
	for v, k := range r.cell {
		if k >= 0 {
			blocks = append(blocks, int32(v))
			total += r.graph.load[v]
		}
	}
	cells := len(r.grouping().own)
	c := r.graph.cost(r.plan, total/float64(cells), cells)
	if all := r.residents(blocks); all > 0 {
		c.stay = 0.1 * float64(cells) / all
	}
	s := newSplitter(r.graph, c, rand.New(rand.NewPCG(r.plan.Seed, 2<<32)))
	ref := newRefiner(s, r.cell, blocks, 0, len(r.codes))
	ref.from = r.origin
	for k := range r.codes {
		ref.fixed[k] = r.fixed[k] || !r.whole(ref.blocks[k])
		ref.moved += ref.away(ref.blocks[k], int32(k))
	}
	if most := r.change.MostResidents; most != nil {
		if ref.moved > *most {
			r.say(geo.Breach("moved_by_orders", geo.Warning,
				geo.Textf("指定的调整已使 %.0f 人换格，超过上限 %.0f；不再作均衡调整", "the orders alone move %.0f residents, over the limit of %.0f; loads are not evened further", ref.moved, *most), geo.Text{}))
			return nil
		}
		ref.budget = *most
	}
	ref.run(r.ctx, func(f float64) { r.done(0.3 + 0.6*f) })
	return r.ctx.Err()
}

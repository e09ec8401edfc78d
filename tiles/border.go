package tiles

import (
	"cmp"
	"context"
	"slices"

	"towngrid/geo"
	"towngrid/geo/snapshot"
)

// border is a stretch of line in a tile, with who is at its sides: squares[lo:hi] of the tracer. A tile of many features has
// a hundred thousand of them and more, so there is no pointer in it.
type border struct {
	left, right side
	id          uint64 // 0 where it is to be found
	lo, hi      int32
	level       level
}

// side is who is at one side of a border.
type side struct {
	key  uint32 // borders are drawn in the order of the left one's key, then the right one's
	at   int32  // the number among those shown of a feature of whose block the slot is
	slot int32
}

// The kinds of sides in their order, in the highest bits of a side's key.
const (
	outerSide  = 0
	aloneSide  = 1 << 30
	mergedSide = 2 << 30
)

// side says as what a slot of the block of a feature shows, which is number at among those shown.
func (w *desk) side(at, slot int32) side {
	s := &w.shown[at]
	switch {
	case slot == none:
		return side{outerSide, at, slot}
	case s.standsAlone(slot, w.zoom):
		return side{aloneSide + uint32(s.before) + uint32(s.pic.feature(s.part, s.home, slot)), at, slot}
	}
	return side{mergedSide + uint32(w.merger.number(s.drawn, s.block, s.base, slot)), at, slot}
}

// alone says whether the side is a feature that stands alone.
func (s side) alone() bool { return s.key&(aloneSide|mergedSide) == aloneSide }

// unit is the unit that a side belongs to or is.
func (w *desk) unit(e side) geo.Code { return w.shown[e.at].units[w.shown[e.at].unit[e.slot]] }

// facing is a border with these sides, the lower one at the left, but that the outside is always at the right, and
// whether they had to be exchanged.
func facing(left, right side) (b border, flipped bool) {
	if left.key == outerSide || right.key != outerSide && right.key < left.key {
		return border{left: right, right: left}, true
	}
	return border{left: left, right: right}, false
}

// sides are the keys of both sides as one number.
func (b *border) sides() uint64 { return uint64(b.left.key)<<32 | uint64(b.right.key) }

// rank is the place of a border in the order in which borders are drawn: by their sides, those of the same sides as they were
// found, which is by their numbers.
type rank struct {
	sides  uint64
	number int32
}

// arrange finds the order of the borders.
func (t *tracer) arrange() {
	t.ranks = slices.Grow(t.ranks[:0], len(t.borders))
	for i := range t.borders {
		t.ranks = append(t.ranks, rank{t.borders[i].sides(), int32(i)})
	}
	compare := func(p, q rank) int {
		if p.sides != q.sides {
			return cmp.Compare(p.sides, q.sides)
		}
		return int(p.number - q.number)
	}
	if !slices.IsSortedFunc(t.ranks, compare) {
		slices.SortFunc(t.ranks, compare)
	}
}

// borders draws each border once, those of one pair of sides as one feature.
func (w *desk) borders(ctx context.Context, snap *snapshot.Snapshot, c geo.Collection) error {
	t := &w.tracer
	t.reset()
	units := snap.Tag(geo.Units)
	for n := range w.shown {
		if n%patience == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		s := &w.shown[n]
		for l := s.linesOf[s.slot]; l < s.linesOf[s.slot+1]; l++ {
			b, flipped := facing(w.side(int32(n), s.lines[l].left), w.side(int32(n), s.lines[l].right))
			if b.left.key != b.right.key {
				b.level = s.levelsOf(snap, units)[l]
				if b.left.alone() && (b.right.alone() || b.right.key == outerSide) {
					b.id = s.lines[l].id
				}
				w.trace(s, l, b, flipped)
			}
		}
	}
	t.separate(func(left, right side) level {
		switch {
		case right.key == outerSide:
			return rimLevel
		case w.shown[left.at].unit == nil:
			return plainLevel
		}
		return levelBetween(unitsAbove(snap, w.unit(left)), unitsAbove(snap, w.unit(right)))
	})
	t.arrange()
	names := levelNames(c)
	for i := 0; i < len(t.ranks); {
		if i%patience == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		from := t.borders[t.ranks[i].number]
		for ; i < len(t.ranks); i++ {
			b := &t.borders[t.ranks[i].number]
			if b.sides() != from.sides() {
				break
			}
			w.layer.line(t.squares[b.lo:b.hi])
			from.level = max(from.level, b.level)
		}
		w.endBorder(c, from, names[from.level])
	}
	return nil
}

// trace adds the chains of a line of s to the borders.
func (w *desk) trace(s *shown, l uint32, b border, flipped bool) {
	right := s.lines[l].right
	whole := s.inside || right != none && s.inner.holds(s.bounds[right])
	for _, ref := range s.lineRefs[s.lines[l].first:s.linesEnd(l)] {
		if flipped {
			ref = ^ref
		}
		w.plotter.lineWays(s, ref, whole, func(way []square) { w.tracer.add(b, way) })
	}
}

// endBorder gives the current border its properties and writes it.
func (w *desk) endBorder(c geo.Collection, b border, level string) {
	w.layer.tag(0, level)
	left, right := w.tagSide(b.left, 1), w.tagSide(b.right, 2)
	if b.id == 0 {
		b.id = geo.FeatureID(geo.Collection(layerName(c, Borders)), geo.Code(left+"|"+right))
	}
	w.layer.end(b.id, lineShape)
}

// tagSide says what is at a side of the current border: the code of a feature that stands alone, in the
// key given, or the unit of merged cells, two keys on. It gives what names the side.
func (w *desk) tagSide(e side, key int) string {
	s := &w.shown[e.at]
	switch {
	case e.slot == none:
		return ""
	case s.standsAlone(e.slot, w.zoom):
		code := s.code(e.slot)
		w.layer.tag(key, code)
		return textOf(code)
	}
	g := &s.groups[s.group[e.slot]]
	if key += 2; key < len(w.layer.keys) {
		w.layer.tag(key, g.values[0])
	}
	return g.name
}

// tracer collects the borders of a tile. Where something between two lines has collapsed to nothing
// they run along the same edges; such an edge is drawn once, between those that are left at its sides.
type tracer struct {
	squares []square
	borders []border
	edges   []tracedEdge
	ranks   []rank
	common  []tracedEdge // those that several borders have
	taken   bitSet       // of squares from which a common edge leads
	spare   []border
	known   edgeMap
}

// tracedEdge is an edge of a border.
type tracedEdge struct {
	key    uint64 // its ends, the lower first
	border int32
	at     int32 // it runs from squares[at] to squares[at+1]
}

func (t *tracer) reset() {
	t.squares, t.borders, t.edges, t.spare = t.squares[:0], t.borders[:0], t.edges[:0], t.spare[:0]
}

// add adds a way to the borders.
func (t *tracer) add(b border, way []square) {
	b.lo = int32(len(t.squares))
	t.squares = append(t.squares, way...)
	b.hi = int32(len(t.squares))
	for i := b.lo; i < b.hi-1; i++ {
		u, v := uint64(t.squares[i].key()), uint64(t.squares[i+1].key())
		t.edges = append(t.edges, tracedEdge{min(u, v)<<keyBits | max(u, v), int32(len(t.borders)), i})
	}
	t.borders = append(t.borders, b)
}

// separate takes the edges that several borders have out of them and draws each once, between those that are
// left at its sides, if any are. levelBetween gives the level of two sides.
func (t *tracer) separate(levelBetween func(left, right side) level) {
	t.compare()
	if len(t.common) == 0 {
		return
	}
	slices.SortFunc(t.common, func(a, b tracedEdge) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.at, b.at)) })
	t.taken.reset(len(t.squares))
	for _, e := range t.common {
		t.taken.add(int(e.at))
	}
	t.spare = slices.Grow(t.spare[:0], len(t.borders)+len(t.common))
	for _, b := range t.borders {
		from, last := b.lo, b.hi-1
		for i := b.lo; i <= last; i++ {
			if i == last || t.taken.has(int(i)) {
				if b.lo, b.hi = from, i+1; i > from {
					t.spare = append(t.spare, b)
				}
				from = i + 1
			}
		}
	}
	for i := 0; i < len(t.common); {
		from := i
		for ; i < len(t.common) && t.common[i].key == t.common[from].key; i++ {
		}
		if b, ok := t.resolve(t.common[from:i]); ok {
			b.level = levelBetween(b.left, b.right)
			t.spare = append(t.spare, b)
		}
	}
	t.borders, t.spare = t.spare, t.borders
}

// compare finds the edges that several borders have.
func (t *tracer) compare() {
	t.known.reset(len(t.edges))
	t.common = t.common[:0]
	for i, e := range t.edges {
		first := t.known.first(e.key, int32(i))
		if *first == int32(i) {
			continue
		}
		if *first != none {
			t.common = append(t.common, t.edges[*first])
			*first = none // it is among them
		}
		t.common = append(t.common, e)
	}
}

// resolve is the border along an edge that several have: who is at both sides of it cancels out.
func (t *tracer) resolve(edges []tracedEdge) (b border, ok bool) {
	var lefts, rights []side
	for _, e := range edges {
		l, r := t.borders[e.border].left, t.borders[e.border].right
		if t.squares[e.at].key() > t.squares[e.at+1].key() {
			l, r = r, l
		}
		lefts, rights = append(lefts, l), append(rights, r)
	}
	for i := 0; i < len(lefts); {
		k := slices.IndexFunc(rights, func(r side) bool { return r.key == lefts[i].key })
		if k < 0 {
			i++
			continue
		}
		lefts, rights = slices.Delete(lefts, i, i+1), slices.Delete(rights, k, k+1)
	}
	if len(lefts) == 0 {
		return b, false
	}
	e := edges[0]
	from, to := t.squares[e.at], t.squares[e.at+1]
	if from.key() > to.key() {
		from, to = to, from
	}
	b, flipped := facing(lefts[0], rights[0])
	if flipped {
		from, to = to, from
	}
	b.lo = int32(len(t.squares))
	t.squares = append(t.squares, from, to)
	b.hi = b.lo + 2
	return b, true
}

// edgeMap maps edges to numbers. It is emptied by counting, not by clearing.
type edgeMap struct {
	slots []edgeSlot
	round uint32
}

type edgeSlot struct {
	key   uint64
	round uint32
	value int32
}

// reset empties the map and makes room for n edges.
func (m *edgeMap) reset(n int) {
	m.round++
	if len(m.slots) >= 2*n && m.round != 0 {
		return
	}
	size := 64
	for size < 2*n {
		size *= 2
	}
	m.slots, m.round = make([]edgeSlot, size), 1
}

// first is where the number of an edge stands, set to value where the edge has none.
func (m *edgeMap) first(key uint64, value int32) *int32 {
	mask := uint64(len(m.slots) - 1)
	for i := key * 0x9e3779b97f4a7c15 >> 32 & mask; ; i = (i + 1) & mask {
		at := &m.slots[i]
		if at.round != m.round {
			at.key, at.round, at.value = key, m.round, value
			return &at.value
		}
		if at.key == key {
			return &at.value
		}
	}
}

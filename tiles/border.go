package tiles

import (
	"cmp"
	"context"
	"slices"

	"towngrid/geo"
	"towngrid/geo/snapshot"
)

// border is a stretch of line in a tile, with who is at its sides: squares[lo:hi] of the tracer.
type border struct {
	left, right side
	level       level
	id          uint64 // 0 where it is to be found
	lo, hi      int32
	number      int32 // in the order in which they were found
}

// side is who is at one side of a border.
type side struct {
	key  uint64 // borders are drawn in the order of the left one's key, then the right one's
	s    *shown // a feature of whose block the slot is
	slot int32
}

// The kinds of sides in their order, in the highest bits of a side's key.
const (
	outerSide  = 0
	aloneSide  = 1 << 62
	mergedSide = 2 << 62
)

// side says as what a slot of a feature's block shows.
func (w *desk) side(s *shown, slot int32) side {
	switch {
	case slot == none:
		return side{outerSide, s, slot}
	case s.standsAlone(slot, w.zoom):
		return side{aloneSide | uint64(s.number)<<32 | uint64(s.pic.feature(s.part, s.home, slot)), s, slot}
	}
	return side{mergedSide | uint64(w.merger.number(s.drawn, s.block, s.base, slot)), s, slot}
}

// alone says whether the side is a feature that stands alone.
func (s side) alone() bool { return s.key&(aloneSide|mergedSide) == aloneSide }

// unit is the unit that the side belongs to or is.
func (s side) unit() geo.Code { return s.s.units[s.s.unit[s.slot]] }

// facing is a border with these sides, the lower one at the left, but that the outside is always at the right, and
// whether they had to be exchanged.
func facing(left, right side) (b border, flipped bool) {
	if left.key == outerSide || right.key != outerSide && right.key < left.key {
		return border{left: right, right: left}, true
	}
	return border{left: left, right: right}, false
}

// compare orders borders by their sides.
func (b *border) compare(c *border) int {
	return cmp.Or(cmp.Compare(b.left.key, c.left.key), cmp.Compare(b.right.key, c.right.key))
}

// arrange puts the borders in order, those of the same sides as they were found.
func (t *tracer) arrange() {
	sorted := true
	for i := range t.borders {
		t.borders[i].number = int32(i)
		sorted = sorted && (i == 0 || t.borders[i-1].compare(&t.borders[i]) <= 0)
	}
	if !sorted {
		slices.SortFunc(t.borders, func(b, c border) int { return cmp.Or(b.compare(&c), cmp.Compare(b.number, c.number)) })
	}
}

// borders draws each border once, those of one pair of sides as one feature.
func (w *desk) borders(ctx context.Context, snap *snapshot.Snapshot, c geo.Collection) error {
	t := &w.tracer
	t.reset()
	units := snap.Tag(geo.Units)
	err := w.each(ctx, func(s *shown) {
		for l := s.linesOf[s.slot]; l < s.linesOf[s.slot+1]; l++ {
			b, flipped := facing(w.side(s, s.lines[l].left), w.side(s, s.lines[l].right))
			if b.left.key != b.right.key {
				b.level = s.levelsOf(snap, units)[l]
				if b.left.alone() && (b.right.alone() || b.right.key == outerSide) {
					b.id = s.lines[l].id
				}
				w.trace(s, l, b, flipped)
			}
		}
	})
	if err != nil {
		return err
	}
	t.separate(func(left, right side) level {
		switch {
		case right.key == outerSide:
			return rimLevel
		case left.s.unit == nil:
			return plainLevel
		}
		return levelBetween(unitsAbove(snap, left.unit()), unitsAbove(snap, right.unit()))
	})
	t.arrange()
	names := levelNames(c)
	for i := 0; i < len(t.borders); {
		if i%patience == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		from := t.borders[i]
		for ; i < len(t.borders) && t.borders[i].compare(&from) == 0; i++ {
			w.layer.line(t.squares[t.borders[i].lo:t.borders[i].hi])
			from.level = max(from.level, t.borders[i].level)
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
	switch {
	case e.slot == none:
		return ""
	case e.s.standsAlone(e.slot, w.zoom):
		code := e.s.code(e.slot)
		w.layer.tag(key, code)
		return textOf(code)
	}
	g := &e.s.groups[e.s.group[e.slot]]
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
	spare   []border
	known   edgeSet
}

// tracedEdge is an edge of a border.
type tracedEdge struct {
	key    uint64 // its ends, the lower first
	border int32
	at     int32 // it runs from squares[at] to squares[at+1]
}

func (t *tracer) reset() {
	clear(t.borders)
	clear(t.spare)
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
	if !t.doubled() {
		return
	}
	slices.SortFunc(t.edges, func(a, b tracedEdge) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.at, b.at)) })
	var common [][]tracedEdge
	taken := map[int32]bool{}
	for i := 0; i < len(t.edges); {
		from := i
		for ; i < len(t.edges) && t.edges[i].key == t.edges[from].key; i++ {
		}
		if i > from+1 {
			common = append(common, t.edges[from:i])
			for _, e := range t.edges[from:i] {
				taken[e.at] = true
			}
		}
	}
	t.spare = t.spare[:0]
	for _, b := range t.borders {
		from, last := b.lo, b.hi-1
		for i := b.lo; i <= last; i++ {
			if i == last || taken[i] {
				if b.lo, b.hi = from, i+1; i > from {
					t.spare = append(t.spare, b)
				}
				from = i + 1
			}
		}
	}
	for _, edges := range common {
		if b, ok := t.resolve(edges); ok {
			b.level = levelBetween(b.left, b.right)
			t.spare = append(t.spare, b)
		}
	}
	t.borders, t.spare = t.spare, t.borders
}

// doubled says whether several borders have one edge.
func (t *tracer) doubled() bool {
	t.known.reset(len(t.edges))
	for _, e := range t.edges {
		if t.known.put(e.key) {
			return true
		}
	}
	return false
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

// edgeSet is a set of edges. It is emptied by counting, not by clearing.
type edgeSet struct {
	slots []struct {
		key   uint64
		round uint32
	}
	round uint32
}

// reset empties the set and makes room for n edges.
func (s *edgeSet) reset(n int) {
	s.round++
	if len(s.slots) >= 2*n && s.round != 0 {
		return
	}
	size := 64
	for size < 2*n {
		size *= 2
	}
	s.slots, s.round = make([]struct {
		key   uint64
		round uint32
	}, size), 1
}

// put adds an edge and says whether it was there.
func (s *edgeSet) put(key uint64) bool {
	mask := uint64(len(s.slots) - 1)
	for i := key * 0x9e3779b97f4a7c15 >> 32 & mask; ; i = (i + 1) & mask {
		at := &s.slots[i]
		if at.round != s.round {
			at.key, at.round = key, s.round
			return false
		}
		if at.key == key {
			return true
		}
	}
}

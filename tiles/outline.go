package tiles

import "math"

// outline is the shape of one polygon feature on a tile's grid: rings one after the other,
// each without its first point repeated. Shells have positive area by the surveyor's
// formula and holes negative, as MVT 2.1 wants it with y to the south.
type outline struct {
	squares []square
	rings   []ring
	// led is around the squares of the lines that were led in this tile. Where simple is true, no other square comes twice.
	led    squareBox
	simple bool
	seen   squareMap
	tangle tangle
}

// ring is squares[lo:hi] of an outline.
type ring struct {
	lo, hi int
	shell  bool // it begins a polygon; the rings up to the next shell are its holes
	open   bool // it is a line that others close
}

func (o *outline) reset() {
	o.squares, o.rings, o.led, o.simple = o.squares[:0], o.rings[:0], noSquares, false
}

// squareBox is the squares from min to max, none where min is greater.
type squareBox struct{ min, max square }

// noSquares is the box of none, to which others are added.
var noSquares = squareBox{square{math.MaxInt32, math.MaxInt32}, square{math.MinInt32, math.MinInt32}}

func (b *squareBox) add(p square) {
	b.min.x, b.max.x = min(b.min.x, p.x), max(b.max.x, p.x)
	b.min.y, b.max.y = min(b.min.y, p.y), max(b.max.y, p.y)
}

func (b *squareBox) holds(p square) bool {
	return b.min.x <= p.x && p.x <= b.max.x && b.min.y <= p.y && p.y <= b.max.y
}

// drawUnion writes what the rings and lines of the outline enclose together as the current shape of l.
// They meet in common squares only, and the lines close one another.
func (o *outline) drawUnion(l *layer) {
	squares, rings := o.tangle.trace(o)
	write(l, squares, rings)
}

// draw writes the outline as the current shape of l. If no square comes twice, the
// rings are simple and apart, and stand as they are; otherwise what touches is traced anew.
func (o *outline) draw(l *layer) {
	squares, rings := o.squares, o.rings
	if !o.apart() {
		squares, rings = o.tangle.trace(o)
	}
	write(l, squares, rings)
}

// write writes rings that make valid polygons, but those of fewer than three squares and the holes of such.
func write(l *layer, squares []square, rings []ring) {
	visible := false
	for _, r := range rings {
		if r.shell {
			visible = r.hi-r.lo >= 3
		}
		if visible && r.hi-r.lo >= 3 {
			l.ring(squares[r.lo:r.hi])
		}
	}
}

// apart says whether no square comes twice in the outline.
func (o *outline) apart() bool {
	o.seen.reset(len(o.squares))
	for _, p := range o.squares {
		if o.simple && !o.led.holds(p) {
			continue
		}
		if _, twice := o.seen.put(p.key(), 0); twice {
			return false
		}
	}
	return true
}

// area2 is twice the area within the ring by the surveyor's formula.
func area2(ps []square) (a int64) {
	last := ps[len(ps)-1]
	for _, p := range ps {
		a += int64(last.x)*int64(p.y) - int64(p.x)*int64(last.y)
		last = p
	}
	return a
}

// squareMap maps keys of squares to numbers. It is emptied by counting, not by clearing.
type squareMap struct {
	slots []squareSlot
	round uint32
}

type squareSlot struct {
	key, round uint32
	value      int32
}

// reset empties the map and makes room for n keys.
func (m *squareMap) reset(n int) {
	m.round++
	if len(m.slots) >= 2*n && m.round != 0 {
		return
	}
	size := 64
	for size < 2*n {
		size *= 2
	}
	m.slots, m.round = make([]squareSlot, size), 1
}

// put sets the key's value and gives the one that it had.
func (m *squareMap) put(key uint32, value int32) (old int32, had bool) {
	s, had := m.slot(key)
	if had {
		old = s.value
	}
	s.value = value
	return old, had
}

// first gives the key's value, or sets it where it has none.
func (m *squareMap) first(key uint32, value int32) (known int32, had bool) {
	s, had := m.slot(key)
	if !had {
		s.value = value
	}
	return s.value, had
}

// slot is that of a key, and whether it was there.
func (m *squareMap) slot(key uint32) (s *squareSlot, had bool) {
	const golden = 2654435769 // 2^32 over the golden ratio spreads neighbouring keys
	mask := uint32(len(m.slots) - 1)
	for i := key * golden >> 7 & mask; ; i = (i + 1) & mask {
		s := &m.slots[i]
		if s.round != m.round {
			s.key, s.round = key, m.round
			return s, false
		}
		if s.key == key {
			return s, true
		}
	}
}

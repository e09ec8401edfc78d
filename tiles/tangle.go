package tiles

import (
	"cmp"
	"math"
	"slices"
)

// tangle traces an outline anew whose rings touch themselves or one another. All its
// edges meet at common ends only, because they were led through the hot squares; so
// the work is purely combinatorial and exact:
//
// Edges that run there and back cancel. The others have the feature on their left (y
// counted to the north; it is the right as drawn). From each edge the walk goes on along the
// first edge clockwise from the way back, which keeps to the border of one connected piece
// of the feature, so a walk is the whole border that the piece has there. It is
// taken apart where it comes to a square again, into simple loops: at most one shell, and
// holes that touch it or each other at single points. That is what a valid polygon may have.
type tangle struct {
	edges   []uint64 // undirected: lower key, higher key, direction
	ways    []uint64 // directed edges that remain: from key, to key
	used    []bool
	stack   []uint32
	at      squareMap // square → place on the stack
	squares []square
	loops   []loop
	rings   []ring
}

// loop is a simple ring found by a walk.
type loop struct {
	lo, hi int
	area   int64
	shell  int // the loop around it, itself for a shell, none where it is not known
}

const (
	keyBits = 25 // of a square's key
)

// trace gives the outline's rings anew. They hold until the next call.
func (t *tangle) trace(o *outline) ([]square, []ring) {
	t.gather(o)
	t.cancel()
	t.squares, t.loops = t.squares[:0], t.loops[:0]
	t.used = append(t.used[:0], make([]bool, len(t.ways))...)
	for i := range t.ways {
		if !t.used[i] {
			first := len(t.loops)
			t.walk(i)
			t.adopt(t.loops[first:], first)
		}
	}
	t.house()
	return t.squares, t.order()
}

// gather lists the outline's edges.
func (t *tangle) gather(o *outline) {
	t.edges = t.edges[:0]
	for _, r := range o.rings {
		if r.lo == r.hi {
			continue
		}
		ps := o.squares[r.lo:r.hi]
		u := ps[len(ps)-1].key()
		if r.open {
			u, ps = ps[0].key(), ps[1:]
		}
		for _, p := range ps {
			v := p.key()
			if u < v {
				t.edges = append(t.edges, uint64(u)<<(keyBits+1)|uint64(v)<<1)
			} else {
				t.edges = append(t.edges, uint64(v)<<(keyBits+1)|uint64(u)<<1|1)
			}
			u = v
		}
	}
}

// cancel leaves of each edge what its two directions do not cancel, sorted by start.
func (t *tangle) cancel() {
	const mask = 1<<keyBits - 1
	slices.Sort(t.edges)
	t.ways = t.ways[:0]
	for i := 0; i < len(t.edges); {
		e := t.edges[i] >> 1
		low, high := e>>keyBits, e&mask
		sum := 0
		for ; i < len(t.edges) && t.edges[i]>>1 == e; i++ {
			sum += 1 - 2*int(t.edges[i]&1)
		}
		for ; sum > 0; sum-- {
			t.ways = append(t.ways, low<<keyBits|high)
		}
		for ; sum < 0; sum++ {
			t.ways = append(t.ways, high<<keyBits|low)
		}
	}
	slices.Sort(t.ways)
}

// walk follows the border from edge i until it is closed, and adds its loops.
func (t *tangle) walk(i int) {
	const mask = 1<<keyBits - 1
	t.stack = t.stack[:0]
	t.at.reset(len(t.ways) + 1)
	for i != none {
		t.used[i] = true
		u, v := uint32(t.ways[i]>>keyBits), uint32(t.ways[i]&mask)
		t.visit(u)
		i = t.next(u, v)
	}
	t.close(0)
}

// visit puts a square on the stack; if it is on it already, what is above becomes a loop.
func (t *tangle) visit(v uint32) {
	here := int32(len(t.stack))
	k, had := t.at.put(v, here)
	if had && int(k) < len(t.stack) && t.stack[k] == v {
		t.close(int(k))
		t.at.put(v, k)
	}
	t.stack = append(t.stack, v)
}

// close takes the stack from place k as a loop.
func (t *tangle) close(k int) {
	lo := len(t.squares)
	for _, v := range t.stack[k:] {
		t.squares = append(t.squares, squareOf(v))
	}
	t.stack = t.stack[:k]
	if hi := len(t.squares); hi-lo >= 3 {
		t.loops = append(t.loops, loop{lo, hi, area2(t.squares[lo:hi]), none})
	} else {
		t.squares = t.squares[:lo]
	}
}

// next is the edge from v that comes first clockwise from the way back to u, or none
// where it is used: then the walk is closed.
func (t *tangle) next(u, v uint32) int {
	i, _ := slices.BinarySearch(t.ways, uint64(v)<<keyBits)
	best := none
	for ; i < len(t.ways) && uint32(t.ways[i]>>keyBits) == v; i++ {
		if best == none || clockwise(squareOf(v), squareOf(u), t.end(i), t.end(best)) {
			best = i
		}
	}
	if best == none || t.used[best] {
		return none
	}
	return best
}

func (t *tangle) end(i int) square { return squareOf(uint32(t.ways[i] & (1<<keyBits - 1))) }

// clockwise says whether, turning clockwise about v from the direction of u, the direction
// of p is reached before that of q.
func clockwise(v, u, p, q square) bool {
	a, b := quarter(v, u, p), quarter(v, u, q)
	if a != b {
		return a < b
	}
	return turn(v, p, q) < 0
}

// quarter orders the directions from v clockwise from that of u: less than half a turn, half
// a turn, more, and the direction of u itself.
func quarter(v, u, p square) int {
	switch c := turn(v, u, p); {
	case c < 0:
		return 0
	case c > 0:
		return 2
	case int64(u.x-v.x)*int64(p.x-v.x)+int64(u.y-v.y)*int64(p.y-v.y) < 0:
		return 1
	}
	return 3
}

// turn is positive where the way from v turns counter-clockwise from p to q, negative
// clockwise, and 0 where both lie on one line with v.
func turn(v, p, q square) int64 {
	return int64(p.x-v.x)*int64(q.y-v.y) - int64(p.y-v.y)*int64(q.x-v.x)
}

// adopt gives the holes of one walk to its shell; first is the number of the first loop.
func (t *tangle) adopt(loops []loop, first int) {
	shell := none
	for i := range loops {
		if loops[i].area > 0 {
			loops[i].shell = first + i
			shell = first + i
		}
	}
	for i := range loops {
		if loops[i].area <= 0 {
			loops[i].shell = shell
		}
	}
}

// house finds the shell of holes that touch none: the smallest one around them.
func (t *tangle) house() {
	for i := range t.loops {
		h := &t.loops[i]
		if h.shell != none {
			continue
		}
		least := int64(math.MaxInt64)
		for k, s := range t.loops {
			if s.area > 0 && s.area < least && within(t.squares[s.lo:s.hi], t.squares[h.lo], t.squares[h.lo+1]) {
				h.shell, least = k, s.area
			}
		}
	}
}

// within says whether the middle of the edge from a to b, which is no edge of the ring, is
// inside the ring. Coordinates are doubled, so it is exact.
func within(ring []square, a, b square) bool {
	m := square{a.x + b.x, a.y + b.y}
	in := false
	p := ring[len(ring)-1]
	for _, q := range ring {
		p2, q2 := square{2 * p.x, 2 * p.y}, square{2 * q.x, 2 * q.y}
		if (p2.y > m.y) != (q2.y > m.y) && (turn(p2, q2, m) > 0) == (q2.y > p2.y) {
			in = !in
		}
		p = q
	}
	return in
}

// order lists the rings shell by shell, each followed by its holes.
func (t *tangle) order() []ring {
	slices.SortStableFunc(t.loops, func(a, b loop) int {
		return cmp.Or(cmp.Compare(a.shell, b.shell), cmp.Compare(b.area, a.area))
	})
	t.rings = t.rings[:0]
	for _, l := range t.loops {
		if l.shell != none {
			t.rings = append(t.rings, ring{lo: l.lo, hi: l.hi, shell: l.area > 0})
		}
	}
	return t.rings
}

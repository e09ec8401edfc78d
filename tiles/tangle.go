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
	numbers squareMap    // of the squares at which edges end, as they are met
	at      []square     // by number
	first   []int32      // by number: the first edge from there, or none
	place   []int32      // by number: where it was put on the stack last
	edges   []tangleEdge // directed
	surplus []int32      // by number: lines that begin there, less those that end there
	lower   []bool       // by number: an edge comes from a square with a higher key
	starts  []uint64     // the numbers of squares, below their keys, from which walks may begin
	spare   []uint64
	ends    []uint32 // scratch of sorting
	stack   []int32
	squares []square
	loops   []loop
	rings   []ring
}

// tangleEdge is an edge to a square, and the next one from where it comes.
type tangleEdge struct {
	to, next int32
	used     bool
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
	if !t.closed() || !t.walks(false) {
		for e := range t.edges {
			t.edges[e].used = false
		}
		t.walks(true)
	}
	t.house()
	return t.squares, t.order()
}

// walks follows all borders, beginning from all squares or only from such from which walks begin where each is
// closed. Of the latter it says whether each was.
func (t *tangle) walks(all bool) (closed bool) {
	t.arrange(all)
	t.squares, t.loops = t.squares[:0], t.loops[:0]
	for _, start := range t.starts {
		u := int32(start & (1<<32 - 1))
		for e := t.unused(u); e != none; e = t.unused(u) {
			first := len(t.loops)
			if end := t.walk(u, e); end != u && !all {
				return false
			}
			t.adopt(t.loops[first:], first)
		}
	}
	return true
}

// gather takes up the outline's edges, less those that run there and back.
func (t *tangle) gather(o *outline) {
	t.numbers.reset(len(o.squares))
	t.at, t.first, t.edges, t.surplus = t.at[:0], t.first[:0], t.edges[:0], t.surplus[:0]
	for _, r := range o.rings {
		if r.lo == r.hi {
			continue
		}
		ps := o.squares[r.lo:r.hi]
		u := int32(none)
		if r.open {
			u, ps = t.number(ps[0]), ps[1:]
			t.surplus[u]++
		} else {
			u = t.number(ps[len(ps)-1])
		}
		for _, p := range ps {
			v := t.number(p)
			t.edge(u, v)
			u = v
		}
		if r.open {
			t.surplus[u]--
		}
	}
}

// number is that of a square.
func (t *tangle) number(p square) int32 {
	k := int32(len(t.at))
	if known, had := t.numbers.first(p.key(), k); had {
		return known
	}
	t.at, t.first, t.surplus = append(t.at, p), append(t.first, none), append(t.surplus, 0)
	return k
}

// edge adds an edge, or takes away one that runs back.
func (t *tangle) edge(u, v int32) {
	if u == v {
		return
	}
	for at := &t.first[v]; *at != none; at = &t.edges[*at].next {
		if t.edges[*at].to == u {
			*at = t.edges[*at].next
			return
		}
	}
	t.edges = append(t.edges, tangleEdge{to: v, next: t.first[u]})
	t.first[u] = int32(len(t.edges) - 1)
}

// higher says whether p has a higher key than q.
func (p square) higher(q square) bool { return p.y > q.y || p.y == q.y && p.x > q.x }

// closed says whether the lines close one another: as many edges lead to each square as from it.
func (t *tangle) closed() bool {
	return !slices.ContainsFunc(t.surplus, func(n int32) bool { return n != 0 })
}

// arrange lists the squares from which walks may begin, all with an edge or fewer, in the order of their keys. A walk begins
// from the lowest key with an edge that none has taken. Where the walks before were closed, as many such edges lead to
// each square as from it. So one leads from there to a higher key and one from a higher key to it.
func (t *tangle) arrange(all bool) {
	t.starts = t.starts[:0]
	t.lower = slices.Grow(t.lower[:0], len(t.at))[:len(t.at)]
	clear(t.lower)
	rises := func(k int, e int32) (rises bool) {
		for ; e != none; e = t.edges[e].next {
			if to := t.edges[e].to; t.at[to].higher(t.at[k]) {
				rises = true
			} else {
				t.lower[to] = true
			}
		}
		return rises
	}
	for k, e := range t.first {
		if e != none && (rises(k, e) || all) {
			t.starts = append(t.starts, uint64(t.at[k].key())<<32|uint64(k))
		}
	}
	if !all {
		t.starts = slices.DeleteFunc(t.starts, func(s uint64) bool { return !t.lower[s&(1<<32-1)] })
	}
	t.place = slices.Grow(t.place[:0], len(t.at))[:len(t.at)]
	if len(t.starts) < 512 {
		slices.Sort(t.starts)
		return
	}
	t.spare = slices.Grow(t.spare[:0], len(t.starts))[:len(t.starts)]
	const digit = 13
	for shift := 32; shift < 32+keyBits; shift += digit {
		t.ends = slices.Grow(t.ends[:0], 1<<digit)[:1<<digit] // 32 KB, which every stack would have to hold
		clear(t.ends)
		for _, s := range t.starts {
			t.ends[s>>shift&(1<<digit-1)]++
		}
		sum := uint32(0)
		for d, n := range t.ends {
			t.ends[d] = sum
			sum += n
		}
		for _, s := range t.starts {
			d := s >> shift & (1<<digit - 1)
			t.spare[t.ends[d]] = s
			t.ends[d]++
		}
		t.starts, t.spare = t.spare, t.starts
	}
}

// unused is the edge from u that no walk has taken, of several the one to the lowest key, or none.
func (t *tangle) unused(u int32) (best int32) {
	best = none
	for e := t.first[u]; e != none; e = t.edges[e].next {
		if !t.edges[e].used && (best == none || t.end(e).key() < t.end(best).key()) {
			best = e
		}
	}
	return best
}

// walk follows the border from edge e of u until it is closed, and adds its loops. It ends at u again, or elsewhere where
// borders cross.
func (t *tangle) walk(u, e int32) (end int32) {
	t.stack = t.stack[:0]
	for e != none {
		t.edges[e].used = true
		t.visit(u)
		v := t.edges[e].to
		u, e = v, t.next(u, v)
	}
	t.close(0)
	return u
}

// visit puts a square on the stack; if it is on it already, what is above becomes a loop.
func (t *tangle) visit(v int32) {
	if k := int(t.place[v]); k < len(t.stack) && t.stack[k] == v {
		t.close(k)
	}
	t.place[v] = int32(len(t.stack))
	t.stack = append(t.stack, v)
}

// close takes the stack from place k as a loop.
func (t *tangle) close(k int) {
	lo := len(t.squares)
	for _, v := range t.stack[k:] {
		t.squares = append(t.squares, t.at[v])
	}
	t.stack = t.stack[:k]
	if hi := len(t.squares); hi-lo >= 3 {
		t.loops = append(t.loops, loop{lo, hi, area2(t.squares[lo:hi]), none})
	} else {
		t.squares = t.squares[:lo]
	}
}

// next is the edge from v that comes first clockwise from the way back to u, or none
// where it is used: then the walk is closed. Of several in one direction it is the one to the lowest key, and of
// several to one square the one that is used first.
func (t *tangle) next(u, v int32) (best int32) {
	best = t.first[v]
	if best == none {
		return none
	}
	used := t.edges[best].used
	for e := t.edges[best].next; e != none; e = t.edges[e].next {
		switch c := t.turns(v, u, e, best); {
		case c < 0 || c == 0 && t.end(e).key() < t.end(best).key():
			best, used = e, t.edges[e].used
		case t.edges[e].to == t.edges[best].to:
			used = used || t.edges[e].used
		}
	}
	if used {
		return none
	}
	return best
}

func (t *tangle) end(e int32) square { return t.at[t.edges[e].to] }

// turns is negative where, turning clockwise about v from the direction of u, the direction of edge e
// is reached before that of f, and 0 where they are the same.
func (t *tangle) turns(v, u, e, f int32) int {
	at, from, p, q := t.at[v], t.at[u], t.end(e), t.end(f)
	if a, b := quarter(at, from, p), quarter(at, from, q); a != b {
		return a - b
	}
	return cmp.Compare(turn(at, p, q), 0)
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

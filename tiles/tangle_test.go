package tiles

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// sortedTangle traces as tangle does, in the straightforward way: all edges are sorted, and those that lead from a
// square are found by halving.
type sortedTangle struct {
	edges  []uint64 // undirected: lower key, higher key, direction
	ways   []uint64 // directed edges that remain: from key, to key
	used   []bool
	stack  []uint32
	at     squareMap // square → place on the stack
	tangle           // for what it does with loops
}

// squareOf undoes key.
func squareOf(key uint32) square {
	return square{int32(key%hotSide) - Buffer, int32(key/hotSide) - Buffer}
}

// trace gives the outline's rings anew. They hold until the next call.
func (t *sortedTangle) trace(o *outline) ([]square, []ring) {
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
func (t *sortedTangle) gather(o *outline) {
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
func (t *sortedTangle) cancel() {
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
func (t *sortedTangle) walk(i int) {
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
func (t *sortedTangle) visit(v uint32) {
	here := int32(len(t.stack))
	k, had := t.at.put(v, here)
	if had && int(k) < len(t.stack) && t.stack[k] == v {
		t.close(int(k))
		t.at.put(v, k)
	}
	t.stack = append(t.stack, v)
}

// close takes the stack from place k as a loop.
func (t *sortedTangle) close(k int) {
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
func (t *sortedTangle) next(u, v uint32) int {
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

func (t *sortedTangle) end(i int) square { return squareOf(uint32(t.ways[i] & (1<<keyBits - 1))) }

// clockwise says whether, turning clockwise about v from the direction of u, the direction
// of p is reached before that of q.
func clockwise(v, u, p, q square) bool {
	a, b := quarter(v, u, p), quarter(v, u, q)
	if a != b {
		return a < b
	}
	return turn(v, p, q) < 0
}

// Rings that run anywhere on a small grid, there and back, along each other and over each other, are traced as by the
// straightforward way.
func TestTangleIsTheSortedOne(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	var fast tangle
	var slow sortedTangle
	loops := 0
	for round := range 4000 {
		var o outline
		side := 2 + r.Int32N(12)
		long := 4 + r.IntN(40)
		if round%100 == 0 {
			side, long = 60, 3000
		}
		for range 1 + r.IntN(6) {
			lo := len(o.squares)
			p := square{r.Int32N(side), r.Int32N(side)}
			for range 1 + r.IntN(long) {
				o.squares = append(o.squares, p)
				p.x = min(max(p.x+r.Int32N(3)-1, 0), side)
				p.y = min(max(p.y+r.Int32N(3)-1, 0), side)
			}
			o.squares = slices.Compact(o.squares)
			for len(o.squares)-lo > 1 && o.squares[lo] == o.squares[len(o.squares)-1] {
				o.squares = o.squares[:len(o.squares)-1]
			}
			if lo = min(lo, len(o.squares)); len(o.squares)-lo < 2 {
				o.squares = o.squares[:lo]
				continue
			}
			o.rings = append(o.rings, ring{lo: lo, hi: len(o.squares), shell: true, open: r.IntN(9) == 0})
		}
		want, wantRings := slow.trace(&o)
		got, gotRings := fast.trace(&o)
		if !slices.Equal(got, want) || !slices.Equal(gotRings, wantRings) {
			t.Fatalf("round %d: %d rings of %d squares instead of %d of %d", round, len(gotRings), len(got), len(wantRings), len(want))
		}
		loops += len(wantRings)
	}
	if loops < 4000 {
		t.Errorf("only %d loops were traced", loops)
	}
}

package coverage

import (
	"math/bits"
	"math/rand/v2"

	"github.com/paulmach/orb"
)

// unshared finds the edges that no other face has in the other direction, which are those
// that Build gives to arcs at the Rim, in much less memory than Build takes: rings are
// walked as often as there are parts of a hash table, of which one is there at a time.
type unshared struct {
	faces  []orb.MultiPolygon
	turned []bool // of rings: walked against their order, so that the face is on the left
	edges  int
	shared []uint64 // of edges in the order of walk, a bit each
	seeds  [2]uint64
}

// partEdges is about how many edges go into one part of the table.
const partEdges = 1 << 19

// newUnshared looks at all edges. Edges shared by more than two faces pair up as in Build:
// each with the first that waits for it, in the order of faces.
func newUnshared(faces []orb.MultiPolygon) *unshared {
	u := &unshared{faces: faces, seeds: [2]uint64{rand.Uint64(), rand.Uint64()}}
	for _, mp := range faces {
		for _, poly := range mp {
			for j, r := range poly {
				u.turned = append(u.turned, turnsLeft(r) == (j > 0))
			}
		}
	}
	u.walk(func(int32, orb.Point, orb.Point) { u.edges++ })
	u.shared = make([]uint64, (u.edges+63)/64)
	parts := bits.Len(uint(u.edges / partEdges))
	for part := range uint64(1) << parts {
		u.pair(part, parts)
	}
	return u
}

// walk calls f with every edge from a to b of every face, the face on its left.
func (u *unshared) walk(f func(face int32, a, b orb.Point)) {
	ring := 0
	for i, mp := range u.faces {
		for _, poly := range mp {
			for _, r := range poly {
				walkRing(r, u.turned[ring], func(a, b orb.Point) { f(int32(i), a, b) })
				ring++
			}
		}
	}
}

// walkRing calls f with the edges of a ring from its first vertex on, closing it, without
// those that have no length.
func walkRing(r orb.Ring, turned bool, f func(a, b orb.Point)) {
	if len(r) == 0 {
		return
	}
	at := r[0]
	for i := range r {
		p := r[i]
		if turned {
			p = r[len(r)-1-i]
		}
		if p != at {
			f(at, p)
			at = p
		}
	}
	if at != r[0] {
		f(at, r[0])
	}
}

// waiting is an edge from a to b and those of its number that wait for one that goes back,
// by their places in the queue, plus 1.
type waiting struct {
	a, b        orb.Point
	first, last int32
}

// queued is an edge that waits, and the one behind it.
type queued struct{ edge, next int32 }

// pair pairs the edges of one of 1<<parts parts.
func (u *unshared) pair(part uint64, parts int) {
	table := newEdgeTable(min(u.edges, 2*partEdges))
	edge := int32(-1)
	u.walk(func(_ int32, a, b orb.Point) {
		edge++
		h := u.hash(a) + u.hash(b) // the same both ways
		h ^= h >> 32
		h *= 0x9e3779b97f4a7c15
		if h>>(64-parts) != part { // a shift by 64 gives 0
			return
		}
		if other, ok := table.meet(h<<parts, b, a); ok {
			u.shared[edge/64] |= 1 << (edge % 64)
			u.shared[other/64] |= 1 << (other % 64)
		} else {
			table.wait(h<<parts, a, b, edge)
		}
	})
}

// hash mixes both coordinates; see vertices.hash.
func (u *unshared) hash(p orb.Point) uint64 { return hashPoint(p, u.seeds) }

// each calls f with the edges that are not shared.
func (u *unshared) each(f func(face int32, a, b orb.Point)) {
	edge := -1
	u.walk(func(face int32, a, b orb.Point) {
		if edge++; u.shared[edge/64]&(1<<(edge%64)) == 0 {
			f(face, a, b)
		}
	})
}

// edgeTable is edges that wait, by where they run: a hash table with open addresses that
// grows. Many that run alike stand in one queue, so that they cost no more than others.
type edgeTable struct {
	slots   []int32 // place in waiting, plus 1; 0 for free
	shift   int
	hashes  []uint32 // of waiting: the high half
	waiting []waiting
	queue   []queued
}

// newEdgeTable makes room for some of n edges.
func newEdgeTable(n int) *edgeTable {
	size := bits.Len(uint(n/2) | 15)
	return &edgeTable{slots: make([]int32, 1<<size), shift: 32 - size}
}

// find is the place of the edges from a to b, and the slot where it stands or would.
func (t *edgeTable) find(hash uint64, a, b orb.Point) (w *waiting, slot uint32) {
	high := uint32(hash >> 32)
	mask := uint32(len(t.slots) - 1)
	for slot = high >> t.shift; ; slot = (slot + 1) & mask {
		n := t.slots[slot]
		if n == 0 {
			return nil, slot
		}
		if w = &t.waiting[n-1]; t.hashes[n-1] == high && w.a == a && w.b == b {
			return w, slot
		}
	}
}

// meet takes the first edge that waits from a to b.
func (t *edgeTable) meet(hash uint64, a, b orb.Point) (edge int32, ok bool) {
	w, _ := t.find(hash, a, b)
	if w == nil || w.first == 0 {
		return 0, false
	}
	q := t.queue[w.first-1]
	if w.first = q.next; w.first == 0 {
		w.last = 0
	}
	return q.edge, true
}

// wait lets an edge from a to b wait.
func (t *edgeTable) wait(hash uint64, a, b orb.Point, edge int32) {
	t.queue = append(t.queue, queued{edge: edge})
	place := int32(len(t.queue))
	w, slot := t.find(hash, a, b)
	switch {
	case w == nil:
		t.waiting = append(t.waiting, waiting{a, b, place, place})
		t.hashes = append(t.hashes, uint32(hash>>32))
		t.slots[slot] = int32(len(t.waiting))
		if 4*len(t.waiting) > 3*len(t.slots) {
			t.grow()
		}
	case w.first == 0:
		w.first, w.last = place, place
	default:
		t.queue[w.last-1].next, w.last = place, place
	}
}

func (t *edgeTable) grow() {
	t.slots = make([]int32, 2*len(t.slots))
	t.shift--
	mask := uint32(len(t.slots) - 1)
	for i, high := range t.hashes {
		slot := high >> t.shift
		for t.slots[slot] != 0 {
			slot = (slot + 1) & mask
		}
		t.slots[slot] = int32(i) + 1
	}
}

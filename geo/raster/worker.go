package raster

import (
	"math"
	"math/bits"
	"slices"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// edge is an edge between two points of a ring, kept once for both polygons that share
// it.
type edge struct {
	segment
	first uint32   // of its two points
	sides [2]int32 // polygons whose ring it is part of, None in the second place for one
}

// worker divides squares.
type worker struct {
	*builder
	arena  []uint32
	stack  []edge // of the squares at work, one after another
	twins  twins
	pieces []piece
	here   []int32  // sides of the block at work
	met    []uint32 // squares that edges meet, one edge after another
	ends   []uint32 // of an edge, where its squares end
	next   []uint32 // of a square, where its next edge comes
	work   int      // edges and polygons that were looked at
}

const (
	// mostInBlock is the number of edges above which a square is divided.
	mostInBlock = 12
	// mean is how many edges its parts have on average, if these are spread evenly.
	mean = 6
	// mostSteps is by how many bits a square is divided at once.
	mostSteps = 7
	// mostVain is how often a square is divided in vain, where several polygons meet in
	// a point or share an edge.
	mostVain = 3
)

// row writes the entries of a row of the root, whose blocks it lays into the arena.
func (w *worker) row(row int, entries []entry) {
	var inside []int32
	for column := range entries {
		if w.work > w.most {
			return // it is given up
		}
		i := row*w.columns + column
		runs := w.runs[w.first[i]:w.first[i+1]]
		a := area{float64(column), float64(row), 1, 0}
		w.stack = w.load(w.stack[:0], runs)
		edges := w.stack
		entries[column] = w.entry(a, edges, inside, 0, 0)
		inside = w.follow(a, edges, inside, w.start(a), w.start(a.part(1, 0, 0)))
	}
}

// load appends the edges of runs to es, each once with both its sides.
func (w *worker) load(es []edge, runs []run) []edge {
	n := 0
	for _, r := range runs {
		n += int(r.edges)
	}
	if n == 0 {
		return es
	}
	base := len(es)
	w.twins.reset(n)
	for _, r := range runs {
		au, av := w.place(w.points[r.first])
		for k := r.first; k < r.first+r.edges; k++ {
			bu, bv := w.place(w.points[k+1])
			if slot, known := w.twins.find(es[base:], w.points, k); known {
				es[base+slot].sides[1] = r.polygon
			} else {
				es = append(es, edge{segment{au, av, bu, bv}, k, [2]int32{r.polygon, None}})
			}
			au, av = bu, bv
		}
	}
	return es
}

// entry lays down what is known of an area that edges meet, and gives its entry. inside
// are the polygons that cover its start; base is the place of the divided square
// that it is part of, and vain how often dividing has left no fewer edges before.
func (w *worker) entry(a area, edges []edge, inside []int32, base, vain int) entry {
	if w.work += len(edges) + len(inside); w.work > w.most {
		return 0 // it is given up
	}
	if len(edges) == 0 {
		switch len(inside) {
		case 0:
			return 0
		case 1:
			return entry(inside[0]) + 1
		}
		return w.list(inside, base)
	}
	last := a.depth == w.depth || vain == mostVain
	if len(edges) <= mostInBlock || last {
		if e, ok := w.block(a, edges, inside, base); ok {
			return e
		}
	}
	if !last {
		return w.divide(a, edges, inside, base, vain)
	}
	return w.list(w.polygons(edges, inside), base)
}

// polygons are those that have one of the edges or are inside, ascending.
func (w *worker) polygons(edges []edge, inside []int32) []int32 {
	all := slices.Clone(inside)
	for i := range edges {
		for _, s := range edges[i].sides {
			if s != None {
				all = append(all, s)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// list lays down polygons that only an exact test can tell apart.
func (w *worker) list(polygons []int32, base int) entry {
	at := len(w.arena)
	w.arena = append(w.arena, uint32(listBit|len(polygons)))
	w.sides(polygons)
	return block | entry(at-base)
}

func (w *worker) sides(polygons []int32) {
	for _, p := range polygons {
		w.arena = append(w.arena, uint32(p))
	}
}

// divide lays down the smaller squares of an area.
func (w *worker) divide(a area, edges []edge, inside []int32, base, vain int) entry {
	steps := min(max((bits.Len(uint((len(edges)-1)/mean))+1)/2, 1), mostSteps, w.depth-a.depth)
	if vain > 0 {
		steps = 1
	}
	n := 1 << steps
	at := len(w.arena)
	w.arena = append(w.arena, make([]uint32, n*n)...)
	from, bottom := w.frame.start(a), len(w.stack)
	first := w.share(a, edges, steps)
	in, west := []int32(nil), w.follow(a, edges, slices.Clone(inside), from, w.frame.start(a.part(0, 0, steps)))
	for row := range n {
		if row > 0 { // along the western side, by way of the corner between two parts
			below, above := a.part(0, row-1, steps), a.part(0, row, steps)
			corner := w.frame.corner(above)
			west = w.follow(below, w.stack[first[(row-1)*n]:first[(row-1)*n+1]], west, w.frame.start(below), corner)
			west = w.follow(above, w.stack[first[row*n]:first[row*n+1]], west, corner, w.frame.start(above))
		}
		in = append(in[:0], west...)
		for column := range n {
			i := row*n + column
			p, some := a.part(column, row, steps), w.stack[first[i]:first[i+1]]
			futile := 0
			if 4*len(some) > 3*len(edges) {
				futile = vain + 1
			}
			e := w.entry(p, some, in, at, futile)
			w.arena[at+i] = uint32(e)
			if column+1 < n {
				in = w.follow(p, some, in, w.frame.start(p), w.frame.start(a.part(column+1, row, steps)))
			}
		}
	}
	w.stack = w.stack[:bottom]
	return divided | entry(steps)<<stepsShift | entry(at-base)
}

// share puts edges onto the stack for each of the parts of an area; part i has those
// from first[i] to first[i+1].
func (w *worker) share(a area, edges []edge, steps int) (first []uint32) {
	n := 1 << steps
	l := lattice{a.u, a.v, math.Ldexp(a.side, -steps), n, n}
	first = make([]uint32, n*n+1)
	met, ends := w.met[:0], w.ends[:0]
	for i := range edges {
		met = l.met(met, &edges[i].segment)
		ends = append(ends, uint32(len(met)))
	}
	for _, s := range met {
		first[s+1]++
	}
	first[0] = uint32(len(w.stack))
	for i := range n * n {
		first[i+1] += first[i]
	}
	w.stack = slices.Grow(w.stack, len(met))[:len(w.stack)+len(met)]
	next, k := append(w.next[:0], first...), uint32(0)
	for i := range edges {
		for ; k < ends[i]; k++ {
			w.stack[next[met[k]]] = edges[i]
			next[met[k]]++
		}
	}
	w.met, w.ends, w.next = met, ends, next
	return first
}

// follow goes from one position of an area to another and gives the polygons that
// cover it, of which those that cover the first one are inside.
func (w *worker) follow(a area, edges []edge, inside []int32, from, to stop) []int32 {
	w.work += len(edges)
	for i := range edges {
		if w.work > w.most {
			break // it is given up
		}
		if w.apart(a, &edges[i], from, to) || w.crosses(a, &edges[i], from.Point) == w.crosses(a, &edges[i], to.Point) {
			continue
		}
		w.work += len(inside)
		for _, s := range edges[i].sides {
			if s == None {
				continue
			}
			if k, in := slices.BinarySearch(inside, s); in {
				inside = slices.Delete(inside, k, k+1)
			} else {
				inside = slices.Insert(inside, k, s)
			}
		}
	}
	return inside
}

// apart says that the rays from two positions of an area to the east cross an edge alike, in
// the usual cases that need no more than comparing: it lies to the west of both, or
// passes the latitude of neither, or lies to the east of both, which have the same latitude.
// Most often places in squares tell, by far more than these are rounded.
func (w *worker) apart(a area, e *edge, p, q stop) bool {
	far := enlarged * a.side
	if max(e.au, e.bu) < min(p.u, q.u)-far {
		return true
	}
	beyond := a.beyond(max(e.au, e.bu))
	if !beyond && (max(e.av, e.bv) < min(p.v, q.v)-far || min(e.av, e.bv) > max(p.v, q.v)+far ||
		p.v == q.v && min(e.au, e.bu) > max(p.u, q.u)+far) {
		return true
	}
	from, to := w.points[e.first], w.points[e.first+1]
	if max(from[0], to[0]) <= min(p.Point[0], q.Point[0]) {
		return true
	}
	if beyond {
		return false
	}
	south, north := min(p.Point[1], q.Point[1]), max(p.Point[1], q.Point[1])
	return max(from[1], to[1]) <= south || min(from[1], to[1]) > north ||
		south == north && min(from[0], to[0]) > max(p.Point[0], q.Point[0])
}

// crosses says whether the ray from p to the east crosses an edge of an area, where the
// edge goes on for ever behind the eastern side.
func (w *worker) crosses(a area, e *edge, p orb.Point) bool {
	from, to := w.points[e.first], w.points[e.first+1]
	starts, ends := from[1] <= p[1], to[1] <= p[1]
	if a.beyond(e.au) {
		starts = from[1] <= to[1]
	}
	if a.beyond(e.bu) {
		ends = to[1] <= from[1]
	}
	switch {
	case starts == ends:
		return false
	case from[0] > p[0] && to[0] > p[0]:
		return true
	case from[0] <= p[0] && to[0] <= p[0]:
		return false
	}
	turn := geo.Orient(from, to, p)
	return turn > 0 && starts || turn < 0 && !starts
}

// twins finds edges that have been seen, in either direction, by a hash of both ends.
type twins struct {
	slots []twin
	mask  uint32
	round uint32
}

type twin struct {
	round uint32
	edge  int32
}

// reset forgets all edges and makes room for n.
func (t *twins) reset(n int) {
	if want := 1 << bits.Len(uint(2*n)); len(t.slots) < want {
		t.slots, t.round = make([]twin, want), 0
	}
	t.mask = uint32(1)<<bits.Len(uint(2*n)) - 1
	if t.round++; t.round == 0 {
		clear(t.slots)
		t.round = 1
	}
}

// find is the place among es of an edge that has the same ends as the one that begins at
// point k and no second side yet. Where there is none, it keeps the next place for it, if there is room.
func (t *twins) find(es []edge, points []orb.Point, k uint32) (i int, known bool) {
	a, b := points[k], points[k+1]
	h := hash(a) + hash(b)
	h ^= h >> 32
	const tries = 64 // many polygons have the same edge when there are more
	for n, s := 0, uint32(h)&t.mask; n < tries; n, s = n+1, (s+1)&t.mask {
		if t.slots[s].round != t.round {
			t.slots[s] = twin{t.round, int32(len(es))}
			return 0, false
		}
		e := &es[t.slots[s].edge]
		if c, d := points[e.first], points[e.first+1]; e.sides[1] == None && (a == d && b == c || a == c && b == d) {
			return int(t.slots[s].edge), true
		}
	}
	return 0, false
}

func hash(p orb.Point) uint64 {
	x, y := math.Float64bits(p[0]), math.Float64bits(p[1])
	return (x*0x9e3779b97f4a7c15 ^ bits.RotateLeft64(y*0xc2b2ae3d27d4eb4f, 31)) * 0x9e3779b97f4a7c15
}

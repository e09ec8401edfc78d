package zoning

import (
	"cmp"
	"context"
	"slices"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// Arrangement is the faces into which lines divide the plane, the outside left out.
type Arrangement struct {
	// Faces share their edges to the last bit; shells turn counter-clockwise, holes
	// clockwise. They are in order of their lowest vertex by lon, then lat.
	Faces []orb.Polygon
	// Dangles are the lines that bound no face.
	Dangles []Dangle
}

// Dangle is a chain of lines that has the same face on both sides: one with a free end,
// or a bridge between two rings. It is left out of the arrangement.
type Dangle struct {
	// End is the free end, or the lowest node of a bridge.
	End     orb.Point
	LengthM float64
	Bridge  bool
}

// Arrange cuts lines where they meet, in degrees, and finds the faces between them. A
// vertex stays where it is to the last bit unless another lies within 13 µm of it; then
// the one that was given first is the place of both. A line that passes a vertex or a
// crossing of others within 13 µm is led through it.
//
// The error is a *geo.Error, lines_tangled, or the context's.
func Arrange(ctx context.Context, lines []orb.LineString) (*Arrangement, error) {
	n, err := newNet(ctx, lines)
	if err != nil {
		return nil, err
	}
	t := newTracer(n)
	cycles := t.trace()
	a := &Arrangement{Dangles: t.dropDangles(cycles)}
	if len(a.Dangles) > 0 {
		cycles = t.trace()
	}
	a.Faces = t.faces(cycles)
	return a, nil
}

// tracer walks around the faces of a net. Half-edge 2i goes along segment i, 2i+1 back.
type tracer struct {
	net  *net
	gone []bool    // of segments
	next []int32   // of half-edges: the one behind it around the face on its left
	ring [][]int32 // of nodes: the half-edges that leave it, counter-clockwise
	of   []int32   // of half-edges: the cycle, set by trace
}

func newTracer(n *net) *tracer {
	t := &tracer{net: n, gone: make([]bool, len(n.segments)), next: make([]int32, 2*len(n.segments)), of: make([]int32, 2*len(n.segments))}
	degree := make([]int32, len(n.at))
	for _, s := range n.segments {
		degree[s.from]++
		degree[s.to]++
	}
	t.ring = make([][]int32, len(n.at))
	store := make([]int32, 2*len(n.segments))
	for v, d := range degree {
		t.ring[v], store = store[:0:d], store[d:]
	}
	for i, s := range n.segments {
		t.ring[s.from] = append(t.ring[s.from], int32(2*i))
		t.ring[s.to] = append(t.ring[s.to], int32(2*i+1))
	}
	for v := range t.ring {
		o := n.at[v]
		slices.SortFunc(t.ring[v], func(g, h int32) int { return turn(o, n.at[t.to(g)], n.at[t.to(h)]) })
	}
	return t
}

// turn orders directions from o counter-clockwise, beginning in the east.
func turn(o, p, q orb.Point) int {
	hp, hq := lower(o, p), lower(o, q)
	if hp != hq {
		return cmp.Compare(hp, hq)
	}
	return -geo.Orient(o, p, q)
}

// lower is 0 for directions from east up to before west, 1 for the others.
func lower(o, p orb.Point) int {
	if p[1] > o[1] || p[1] == o[1] && p[0] > o[0] {
		return 0
	}
	return 1
}

func (t *tracer) from(h int32) int32 {
	if s := t.net.segments[h/2]; h%2 == 0 {
		return s.from
	} else {
		return s.to
	}
}

func (t *tracer) to(h int32) int32 { return t.from(h ^ 1) }

// trace lists the cycles of half-edges around faces, the face on the left.
func (t *tracer) trace() [][]int32 {
	for v, ring := range t.ring {
		ring = slices.DeleteFunc(ring, func(h int32) bool { return t.gone[h/2] })
		t.ring[v] = ring
		for i, h := range ring {
			// Who arrives against h goes on along the next one clockwise.
			t.next[h^1] = ring[(i+len(ring)-1)%len(ring)]
		}
	}
	for h := range t.of {
		t.of[h] = -1
	}
	var cycles [][]int32
	for h := range t.next {
		if t.of[h] >= 0 || t.gone[h/2] {
			continue
		}
		var cycle []int32
		for g := int32(h); t.of[g] < 0; g = t.next[g] {
			t.of[g] = int32(len(cycles))
			cycle = append(cycle, g)
		}
		cycles = append(cycles, cycle)
	}
	return cycles
}

// dropDangles takes out the segments with the same face on both sides, and lists them by
// connected chains.
func (t *tracer) dropDangles(cycles [][]int32) []Dangle {
	var idle []int32
	for i := range t.net.segments {
		if t.of[2*i] == t.of[2*i+1] {
			idle = append(idle, int32(i))
			t.gone[i] = true
		}
	}
	joined := newUnion(len(t.net.at))
	for _, i := range idle {
		s := t.net.segments[i]
		joined.join(s.from, s.to)
	}
	of := map[int32]int{}
	var dangles []Dangle
	for _, i := range idle {
		s := t.net.segments[i]
		root := joined.find(s.from)
		k, known := of[root]
		if !known {
			k = len(dangles)
			of[root] = k
			dangles = append(dangles, Dangle{End: t.net.given[s.from], Bridge: true})
		}
		d := &dangles[k]
		d.LengthM += geo.DistanceM(t.net.given[s.from], t.net.given[s.to])
		for _, v := range [2]int32{s.from, s.to} {
			if len(t.ring[v]) == 1 && (d.Bridge || before(t.net.given[v], d.End)) {
				d.End, d.Bridge = t.net.given[v], false
			}
		}
	}
	slices.SortStableFunc(dangles, func(a, b Dangle) int { return cmp.Compare(b.LengthM, a.LengthM) })
	return dangles
}

func before(p, q orb.Point) bool { return p[0] < q[0] || p[0] == q[0] && p[1] < q[1] }

// faces makes polygons of the cycles: one that turns counter-clockwise is a face, its
// loops at nodes that it passes twice are holes of it; any other cycle is the rim of
// what lies within another face, or of everything.
func (t *tracer) faces(cycles [][]int32) []orb.Polygon {
	var faces []orb.Polygon
	var loose []orb.Ring
	for _, c := range cycles {
		var shell orb.Ring
		var holes []orb.Ring
		for _, ring := range t.simple(c) {
			if area(ring) > 0 && shell == nil {
				shell = ring
			} else {
				holes = append(holes, ring)
			}
		}
		if shell == nil {
			loose = append(loose, holes...)
			continue
		}
		faces = append(faces, append(orb.Polygon{shell}, holes...))
	}
	nest(faces, loose)
	keys := make(map[*orb.Point]orb.Point, len(faces))
	for _, f := range faces {
		keys[&f[0][0]] = lowest(f[0])
	}
	slices.SortFunc(faces, func(f, g orb.Polygon) int {
		p, q := keys[&f[0][0]], keys[&g[0][0]]
		return cmp.Or(cmp.Compare(p[0], q[0]), cmp.Compare(p[1], q[1]), cmp.Compare(area(f[0]), area(g[0])))
	})
	return faces
}

func lowest(r orb.Ring) orb.Point {
	low := r[0]
	for _, p := range r {
		if before(p, low) {
			low = p
		}
	}
	return low
}

// simple cuts a cycle where it passes a node again, and gives the rings closed.
func (t *tracer) simple(cycle []int32) []orb.Ring {
	var rings []orb.Ring
	place := map[int32]int{}
	path := make([]int32, 0, len(cycle))
	close := func(k int) {
		r := make(orb.Ring, 0, len(path)-k+1)
		for _, v := range path[k:] {
			r = append(r, t.net.given[v])
			delete(place, v)
		}
		rings = append(rings, append(r, r[0]))
		path = path[:k]
	}
	for _, h := range cycle {
		v := t.from(h)
		if k, again := place[v]; again {
			close(k)
		}
		place[v] = len(path)
		path = append(path, v)
	}
	close(0)
	return rings
}

// nest gives each loose ring to the smallest face whose shell is around it: the one that
// has a point from inside the ring, which no other ring divides from it.
func nest(faces []orb.Polygon, loose []orb.Ring) {
	if len(loose) == 0 {
		return
	}
	shells, sizes := make([]orb.MultiPolygon, len(faces)), make([]float64, len(faces))
	for i, f := range faces {
		shells[i], sizes[i] = orb.MultiPolygon{{f[0]}}, area(f[0])
	}
	find := newFinder(shells)
	for _, r := range loose {
		// A component that is one face has that face's shell as its rim, with the same area
		// but for rounding.
		own, best := -area(r)*(1+1e-11), int32(-1)
		for _, i := range find.all(inside(orb.Polygon{r})) {
			if sizes[i] > own && (best < 0 || sizes[i] < sizes[best]) {
				best = i
			}
		}
		if best >= 0 {
			faces[best] = append(faces[best], r)
		}
	}
}

// area is that of a closed ring in square degrees, positive where it turns counter-clockwise.
func area(r orb.Ring) (sum float64) {
	for i := 2; i < len(r); i++ {
		ax, ay := r[i-1][0]-r[0][0], r[i-1][1]-r[0][1]
		bx, by := r[i][0]-r[0][0], r[i][1]-r[0][1]
		sum += ax*by - ay*bx
	}
	return sum / 2
}

// union is a forest of sets that grow together.
type union []int32

func newUnion(n int) union {
	u := make(union, n)
	for i := range u {
		u[i] = int32(i)
	}
	return u
}

func (u union) find(i int32) int32 {
	for u[i] != i {
		u[i] = u[u[i]]
		i = u[i]
	}
	return i
}

// join makes one set of two; the lower number leads it. It says whether they were two.
func (u union) join(i, j int32) bool {
	a, b := u.find(i), u.find(j)
	if a == b {
		return false
	}
	u[max(a, b)] = min(a, b)
	return true
}

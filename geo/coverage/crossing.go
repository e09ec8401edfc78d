package coverage

import (
	"cmp"
	"slices"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// Crossing is a place where the rings of one geometry cross themselves or another.
type Crossing struct {
	// Part, Ring and Vertex, from 0, name the vertex where one of the two edges
	// begins; Other names that of the other edge. Where a ring crosses in a vertex of
	// its own, it is that vertex.
	Part, Ring, Vertex int
	Other              struct{ Part, Ring, Vertex int }
	Place              orb.Point
	// Along says that the edges do not cross but run along one another, as a spike's do.
	Along bool
}

// defaultCrossings is how many crossings are named where the caller does not say.
const defaultCrossings = 100

// SelfCrossings finds where edges of mp cross, or run along one another, and where
// rings cross in a vertex: up to max places, from west to east, 100 where max is 0.
// Nil means that there are none: then even and odd, shell and hole, area and
// direction all agree on what is inside, provided that holes lie in their shells.
// Rings that touch themselves or another in single points are no crossing.
//
// Of an edge that crosses several others not all crossings are named: after one, one
// of the two edges is left out. Coordinates must be finite. A ring that is not closed
// is taken as closed. It is exact, takes time by n·log n for n vertices whatever their
// order, and some 40 bytes of memory for each.
//
// The method is Shamos and Hoey's (Geometric intersection problems, 1976): a line
// sweeps from west to east, and before two edges cross they are neighbours on it.
func SelfCrossings(mp orb.MultiPolygon, max int) []Crossing {
	if max <= 0 {
		max = defaultCrossings
	}
	s := newSweep(mp, max)
	for i := 0; i < len(s.order) && len(s.found) < s.max; {
		j := i + 1
		for j < len(s.order) && s.at[s.order[j]] == s.at[s.order[i]] {
			j++
		}
		s.pass(s.order[i:j])
		i = j
	}
	return s.found[:min(len(s.found), max)]
}

// sweep is the state of the line. An edge has the number of the vertex where it begins.
type sweep struct {
	at    []orb.Point
	next  []int32   // of vertices: the one that follows in the ring
	prev  []int32   // and the one before
	rings []outline // in order of their vertices
	order []int32   // vertices by lon, then lat
	line  status    // the edges that the line meets, from south to north
	max   int
	found []Crossing
}

// outline is a ring's place in the geometry and among the vertices of a sweep.
type outline struct {
	part, ring int
	first      int32
	source     []int32 // of vertices: their place in the ring, nil where none was left out
}

func newSweep(mp orb.MultiPolygon, max int) *sweep {
	n := vertexCount(mp)
	s := &sweep{max: max, at: make([]orb.Point, 0, n), next: make([]int32, 0, n), prev: make([]int32, 0, n)}
	for i, poly := range mp {
		for j, r := range poly {
			s.add(r, i, j)
		}
	}
	s.order = make([]int32, len(s.at))
	for i := range s.order {
		s.order[i] = int32(i)
	}
	slices.SortFunc(s.order, func(a, b int32) int {
		return cmp.Or(comparePoints(s.at[a], s.at[b]), cmp.Compare(a, b))
	})
	s.line = newStatus(s)
	return s
}

// comparePoints orders by lon, then lat.
func comparePoints(p, q orb.Point) int {
	return cmp.Or(cmp.Compare(p[0], q[0]), cmp.Compare(p[1], q[1]))
}

// add takes in a ring without its repeated points, if two vertices are left.
func (s *sweep) add(r orb.Ring, part, ring int) {
	first := int32(len(s.at))
	o := outline{part: part, ring: ring, first: first}
	for i, p := range r {
		p = orb.Point{p[0] + 0, p[1] + 0} // minus zero is zero
		n := len(s.at)
		if n > int(first) && p == s.at[n-1] {
			if o.source == nil {
				o.source = identity(n - int(first))
			}
			continue
		}
		s.at = append(s.at, p)
		if o.source != nil {
			o.source = append(o.source, int32(i))
		}
	}
	end := int32(len(s.at))
	if end > first+1 && s.at[end-1] == s.at[first] {
		end--
	}
	if end-first < 2 {
		s.at = s.at[:first]
		return
	}
	s.at = s.at[:end]
	for v := first; v < end; v++ {
		s.next, s.prev = append(s.next, v+1), append(s.prev, v-1)
	}
	s.next[end-1], s.prev[first] = first, end-1
	s.rings = append(s.rings, o)
}

func identity(n int) []int32 {
	s := make([]int32, n)
	for i := range s {
		s[i] = int32(i)
	}
	return s
}

// ends are an edge's ends, the western one first, of a meridian's the southern.
func (s *sweep) ends(e int32) (l, r orb.Point) {
	l, r = s.at[e], s.at[s.next[e]]
	if comparePoints(l, r) > 0 {
		return r, l
	}
	return l, r
}

// pass moves the line over one position, which all these vertices have.
func (s *sweep) pass(here []int32) {
	v := s.at[here[0]]
	below, on, above := s.line.split(v)
	through := s.through(on, v)
	if len(here)+len(through) > 1 {
		s.checkTurns(v, here, through)
	}
	leaving := s.leaving(v, here, through)
	for i := 1; i < len(leaving); i++ {
		if a, b := leaving[i-1], leaving[i]; s.parallel(v, a, b) {
			s.report(a, b, v, true)
			if _, ra := s.ends(a); comparePoints(ra, s.farEnd(b)) > 0 {
				leaving[i] = a // the longer one stays
			}
			leaving[i-1] = none
		}
	}
	leaving = slices.DeleteFunc(leaving, func(e int32) bool { return e == none })
	below, above = s.part(below, above, leaving)
	s.line.join(below, leaving, above)
}

func (s *sweep) farEnd(e int32) orb.Point {
	_, r := s.ends(e)
	return r
}

// through are the edges of a piece of the line that go on beyond v.
func (s *sweep) through(piece int32, v orb.Point) (edges []int32) {
	s.line.each(piece, func(e int32) {
		if s.farEnd(e) != v {
			edges = append(edges, e)
		}
	})
	return edges
}

// leaving are the edges that the line meets just beyond v, from south to north.
func (s *sweep) leaving(v orb.Point, here, through []int32) []int32 {
	edges := slices.Clone(through)
	for _, o := range here {
		for _, e := range [2]int32{o, s.prev[o]} {
			if l, _ := s.ends(e); l == v {
				edges = append(edges, e)
			}
		}
	}
	slices.SortFunc(edges, func(a, b int32) int {
		return cmp.Or(-geo.Orient(v, s.farEnd(a), s.farEnd(b)), cmp.Compare(a, b))
	})
	return edges
}

func (s *sweep) parallel(v orb.Point, a, b int32) bool {
	return geo.Orient(v, s.farEnd(a), s.farEnd(b)) == 0
}

// part looks at the neighbours that the edges leaving a position have below and
// above, and at these themselves where none leaves. Edges of them that cross are
// reported and taken off the line.
func (s *sweep) part(below, above int32, leaving []int32) (int32, int32) {
	for below != none && len(s.found) < s.max {
		low := s.line.last(below)
		var high int32
		switch {
		case len(leaving) > 0:
			high = leaving[0]
		case above != none:
			high = s.line.first(above)
		default:
			return below, above
		}
		if !s.crosses(low, high) {
			break
		}
		below = s.line.dropLast(below)
	}
	for above != none && len(leaving) > 0 && len(s.found) < s.max {
		if !s.crosses(s.line.first(above), leaving[len(leaving)-1]) {
			break
		}
		above = s.line.dropFirst(above)
	}
	return below, above
}

// crosses reports two edges that cross inside both.
func (s *sweep) crosses(e, f int32) bool {
	a, b := s.ends(e)
	c, d := s.ends(f)
	if !cross(a, b, c, d) {
		return false
	}
	s.report(e, f, meeting(a, b, c, d), false)
	return true
}

// turn is one of the two ways in which a chain of edges leaves a position.
type turn struct {
	to    orb.Point
	chain int32 // the vertex, or the edge that passes through
}

// checkTurns reports it where chains of edges that meet at v change sides there. In
// the order around v, chains that only touch are nested like brackets.
func (s *sweep) checkTurns(v orb.Point, here, through []int32) {
	var turns []turn
	for _, o := range here {
		turns = append(turns, turn{s.at[s.prev[o]], o}, turn{s.at[s.next[o]], o})
	}
	for _, e := range through {
		l, r := s.ends(e)
		turns = append(turns, turn{l, e}, turn{r, e})
	}
	slices.SortFunc(turns, func(a, b turn) int { return cmp.Or(compareAround(v, a.to, b.to), cmp.Compare(a.chain, b.chain)) })
	var open []turn
	for i, t := range turns {
		if i > 0 && compareAround(v, turns[i-1].to, t.to) == 0 {
			return // edges along one another, which is reported elsewhere
		}
		if n := len(open); n > 0 && open[n-1].chain == t.chain {
			open = open[:n-1]
		} else {
			open = append(open, t)
		}
	}
	if len(open) > 0 {
		s.report(open[0].chain, open[1].chain, v, false)
	}
}

// compareAround orders directions from o counter-clockwise from the east.
func compareAround(o, p, q orb.Point) int {
	south := func(p orb.Point) bool { return p[1] < o[1] || p[1] == o[1] && p[0] < o[0] }
	if sp, sq := south(p), south(q); sp != sq {
		if sp {
			return 1
		}
		return -1
	}
	return -geo.Orient(o, p, q)
}

// report adds a crossing of the edges that begin at two vertices.
func (s *sweep) report(e, f int32, place orb.Point, along bool) {
	if len(s.found) >= s.max {
		return
	}
	c := Crossing{Place: place, Along: along}
	c.Part, c.Ring, c.Vertex = s.source(min(e, f))
	c.Other.Part, c.Other.Ring, c.Other.Vertex = s.source(max(e, f))
	s.found = append(s.found, c)
}

// source is where a vertex stands in the geometry.
func (s *sweep) source(v int32) (part, ring, vertex int) {
	i, exact := slices.BinarySearchFunc(s.rings, v, func(o outline, v int32) int { return cmp.Compare(o.first, v) })
	if !exact {
		i--
	}
	o := s.rings[i]
	k := v - o.first
	if o.source != nil {
		k = o.source[k]
	}
	return o.part, o.ring, int(k)
}

package tiles

import (
	"math"

	"github.com/paulmach/orb"
)

// Tolerance is how far, in squares of a tile's grid, a line may leave out a vertex: half a
// pixel of a map that draws a tile with 512.
const Tolerance = 4

// never is the zoom of a vertex that no zoom shows.
const never = 0xff

// generaliser finds for each vertex of a net's chains the lowest zoom that shows it.
//
// A chain is cut as Douglas and Peucker (1973) do: a piece that is replaced by the straight line
// between its ends is cut at the vertex farthest from that line, which stands from the first zoom at
// which this distance is more than the tolerance, and not before the ends do. So what a zoom
// shows is part of what the next one shows.
//
// No line comes to cross another. A piece is replaced only where no vertex of any other piece,
// whether it is shown or not, lies between the piece and its line, on the line included; else it is cut
// at once. Let a piece P be replaced by the line p, and Q by q. The ends of Q are not between P and p,
// so q, which joins them, crosses the closed way of P and p evenly often. If p and q crossed, which
// two lines do once, q would cross P oddly often. But the ends of P are not between Q and q either, and
// P does not cross Q, so P crosses q evenly often.
//
// All that decides about a vertex lies in the bound of its chain.
type generaliser struct {
	net    *net
	bins   bins
	from   []uint8
	limits [MaxZoom + 1]float64 // of each zoom: the square of the tolerance in offsets
	stack  []piece
}

// piece is the part of a chain from place lo to place hi.
type piece struct{ lo, hi int }

func newGeneraliser(n *net) *generaliser {
	g := &generaliser{net: n}
	n.locate()
	g.bins.fill(n.places)
	for z := range g.limits {
		g.limits[z] = math.Inf(-1)
		if z <= int(n.pic.grid.MaxZoom()) {
			side := math.Ldexp(Tolerance, int(n.pic.grid.bits(uint8(z)))-extentBits-int(n.pic.lift))
			g.limits[z] = side * side
		}
	}
	return g
}

// zoom is the lowest one at which a distance of this square is more than the tolerance.
func (g *generaliser) zoom(d2 float64) uint8 {
	for z := range g.net.pic.grid.MaxZoom() + 1 {
		if d2 > g.limits[z] {
			return z
		}
	}
	return never
}

// chain gives the lowest zoom of each vertex of a chain. The ends stand at every zoom; of a closed chain
// two more do, so that it never collapses: the one farthest from its beginning, and the
// one farthest from the line between these.
func (g *generaliser) chain(c int) []uint8 {
	ids := g.net.chains[c].ids
	g.from = make([]uint8, len(ids))
	last := len(ids) - 1
	g.stack = g.stack[:0]
	if ids[0] != ids[last] {
		g.stack = append(g.stack, piece{0, last})
	} else if far, _ := g.farthest(ids, piece{0, last}); far > 0 {
		cuts := [4]int{0, far, last, last}
		m, d := g.farthest(ids, piece{0, far})
		if k, e := g.farthest(ids, piece{far, last}); e > d {
			cuts[2] = k
		} else if m > 0 {
			cuts[1], cuts[2] = m, far
		}
		for i := range 3 {
			g.stack = append(g.stack, piece{cuts[i], cuts[i+1]})
		}
	}
	for len(g.stack) > 0 {
		p := g.stack[len(g.stack)-1]
		g.stack = g.stack[:len(g.stack)-1]
		g.cut(c, ids, p)
	}
	return g.from
}

// cut cuts a piece in two, if anything is in it.
func (g *generaliser) cut(c int, ids []int32, p piece) {
	if p.hi-p.lo < 2 {
		return
	}
	m, d2 := g.farthest(ids, p)
	stands := max(g.from[p.lo], g.from[p.hi])
	z := max(g.zoom(d2), stands)
	if z > stands && !g.clear(c, ids, p) {
		z = stands
	}
	g.from[m] = z
	g.stack = append(g.stack, piece{p.lo, m}, piece{m, p.hi})
}

// farthest is the vertex within a piece that is farthest from the line between its ends, the
// first of several, and the square of that distance.
func (g *generaliser) farthest(ids []int32, p piece) (at int, most float64) {
	a, b := g.net.places[ids[p.lo]], g.net.places[ids[p.hi]]
	dx, dy := float64(b.x)-float64(a.x), float64(b.y)-float64(a.y)
	l2 := float64(dx*dx) + float64(dy*dy)
	most = -1
	for i := p.lo + 1; i < p.hi; i++ {
		v := g.net.places[ids[i]]
		px, py := float64(v.x)-float64(a.x), float64(v.y)-float64(a.y)
		d2 := float64(px*px) + float64(py*py)
		if t := float64(px*dx) + float64(py*dy); t > 0 && l2 > 0 {
			if t >= l2 {
				px, py = px-dx, py-dy
				d2 = float64(px*px) + float64(py*py)
			} else {
				cross := float64(dx*py) - float64(dy*px)
				d2 = cross * cross / l2
			}
		}
		if d2 > most {
			at, most = i, d2
		}
	}
	return at, most
}

// proofMost is the most steps that the proof takes that a piece is clear.
const proofMost = 1 << 18

// clear says whether no vertex of another piece lies between a piece and its line. Where that
// would take too long to find out, it says no.
func (g *generaliser) clear(c int, ids []int32, p piece) bool {
	b := offsetBox{g.net.places[ids[p.lo]], g.net.places[ids[p.lo]]}
	for _, v := range ids[p.lo+1 : p.hi+1] {
		b.add(g.net.places[v])
	}
	if int64(b.max.x)-int64(b.min.x) >= 1<<30 || int64(b.max.y)-int64(b.min.y) >= 1<<30 {
		return false
	}
	steps := 0
	return g.bins.each(b, func(v int32) bool {
		if steps++; steps > proofMost {
			return false
		}
		if g.net.in[v] == int32(c) && int(g.net.pos[v]) >= p.lo && int(g.net.pos[v]) <= p.hi {
			return true
		}
		at := g.net.places[v]
		if at == g.net.places[ids[p.lo]] || at == g.net.places[ids[p.hi]] {
			return true
		}
		steps += p.hi - p.lo
		return steps <= proofMost && !g.between(ids, p, at)
	})
}

// between says whether a place within the bound of a piece lies between it and its line, or on the line.
func (g *generaliser) between(ids []int32, p piece, at offset) bool {
	in := false
	from := g.net.places[ids[p.hi]]
	for i := p.lo; i <= p.hi; i++ {
		to := g.net.places[ids[i]]
		ax, ay := int64(from.x)-int64(at.x), int64(from.y)-int64(at.y)
		bx, by := int64(to.x)-int64(at.x), int64(to.y)-int64(at.y)
		cross := ax*by - ay*bx
		if i == p.lo && cross == 0 && ax*bx <= 0 && ay*by <= 0 {
			return true
		}
		if (ay > 0) != (by > 0) && (cross > 0) == (by > ay) {
			in = !in
		}
		from = to
	}
	return in
}

// bins find the vertices in a box. They are squares over the places of all.
type bins struct {
	low     offset
	shift   uint
	columns int64
	rows    int64
	starts  []int32 // bin k has of[starts[k]:starts[k+1]]
	of      []int32
	places  []offset
}

// fill puts the places into bins of about two each.
func (s *bins) fill(places []offset) {
	s.places = places
	if len(places) == 0 {
		return
	}
	b := boxAround(places)
	s.low = b.min
	w, h := int64(b.max.x)-int64(b.min.x)+1, int64(b.max.y)-int64(b.min.y)+1
	for (w>>s.shift+1)*(h>>s.shift+1) > int64(len(places)/2+16) {
		s.shift++
	}
	s.columns, s.rows = w>>s.shift+1, h>>s.shift+1
	s.starts = make([]int32, s.columns*s.rows+1)
	for _, p := range places {
		s.starts[s.bin(p)+1]++
	}
	for k := range s.starts[1:] {
		s.starts[k+1] += s.starts[k]
	}
	s.of = make([]int32, len(places))
	next := append([]int32(nil), s.starts...)
	for i, p := range places {
		k := s.bin(p)
		s.of[next[k]] = int32(i)
		next[k]++
	}
}

func (s *bins) bin(p offset) int64 {
	return (int64(p.y)-int64(s.low.y))>>s.shift*s.columns + (int64(p.x)-int64(s.low.x))>>s.shift
}

// each calls f with the vertices in the box until f returns false, and says whether it never did.
func (s *bins) each(b offsetBox, f func(v int32) bool) bool {
	column := func(x int32) int64 { return min(max((int64(x)-int64(s.low.x))>>s.shift, 0), s.columns-1) }
	row := func(y int32) int64 { return min(max((int64(y)-int64(s.low.y))>>s.shift, 0), s.rows-1) }
	for y := row(b.min.y); y <= row(b.max.y); y++ {
		lo, hi := s.starts[y*s.columns+column(b.min.x)], s.starts[y*s.columns+column(b.max.x)+1]
		for _, v := range s.of[lo:hi] {
			if p := s.places[v]; p.x >= b.min.x && p.x <= b.max.x && p.y >= b.min.y && p.y <= b.max.y && !f(v) {
				return false
			}
		}
	}
	return true
}

// landArea is the area of a geometry in square degrees: that of its shells without its holes.
func landArea(mp orb.MultiPolygon) (sum float64) {
	for _, polygon := range mp {
		for k, r := range polygon {
			if a := math.Abs(ringArea(r)); k == 0 {
				sum += a
			} else {
				sum -= a
			}
		}
	}
	return sum
}

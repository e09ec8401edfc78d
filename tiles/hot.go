package tiles

import (
	"math/bits"
	"slices"
)

// square is a square of the tile's grid by its middle, from the tile's north-west
// corner. Within the buffer its coordinates go from -Buffer to Extent+Buffer.
type square struct{ x, y int32 }

const (
	// hotSide is the number of squares along a tile with its buffer; those on the rim have
	// their middle on the border to which shapes are clipped.
	hotSide = Extent + 2*Buffer + 1
	hotRow  = (hotSide + 63) / 64 // words in a row
)

// key numbers the squares of a tile with its buffer, row by row from 0.
func (p square) key() uint32 { return uint32(p.y+Buffer)*hotSide + uint32(p.x+Buffer) }

// hotGrid is the set of hot squares of a tile, those that hold a vertex, 2.3 MB of bits, and leads edges
// through them. A square is half-open: it holds its western and northern edges and not the
// other two, so each place is in exactly one.
type hotGrid struct {
	sub     uint     // bits of a square in fine units, at least 1
	words   []uint64 // column of words by column, so that what lies near in y lies near in memory
	rows    []uint64 // per column of words and 64 rows: the rows whose word is not 0
	touched []uint32 // the words that are not 0
}

// reset empties the set and prepares it for squares of 2^sub fine units.
func (g *hotGrid) reset(sub uint) {
	if g.words == nil {
		g.words = make([]uint64, hotSide*hotRow)
		g.rows = make([]uint64, hotRow*hotRow)
	}
	for _, i := range g.touched {
		g.words[i] = 0
		g.rows[i/hotSide*hotRow+i%hotSide/64] = 0
	}
	g.sub, g.touched = sub, g.touched[:0]
}

// square is the one that holds v.
func (g *hotGrid) square(v vertex) square {
	half := int64(1) << (g.sub - 1)
	return square{int32((v.x + half) >> g.sub), int32((v.y + half) >> g.sub)}
}

// middle is the middle of a square.
func (g *hotGrid) middle(p square) vertex { return vertex{int64(p.x) << g.sub, int64(p.y) << g.sub} }

// mark makes the square of v hot.
func (g *hotGrid) mark(v vertex) { g.put(g.square(v)) }

// put makes a square hot.
func (g *hotGrid) put(p square) {
	x, y := uint32(p.x+Buffer), uint32(p.y+Buffer)
	i := x/64*hotSide + y
	if g.words[i] == 0 {
		g.touched = append(g.touched, i)
		g.rows[x/64*hotRow+y/64] |= 1 << (y % 64)
	}
	g.words[i] |= 1 << (x % 64)
}

// lead appends to out the way of the edge from a to b: the hot squares that it passes, in its
// order, and the square of b, without that of a. Both squares must be hot. It appends
// nothing where they are the same.
func (g *hotGrid) lead(out []square, a, b vertex) []square {
	p, q := g.square(a), g.square(b)
	if p == q {
		return out
	}
	if dx, dy := p.x-q.x, p.y-q.y; dx*dx+dy*dy > 1 {
		out = g.passed(out, a, b, p, q)
	}
	return append(out, q)
}

// passed appends the hot squares that the edge passes between p, the square of a, and q, that of b.
func (g *hotGrid) passed(out []square, a, b vertex, p, q square) []square {
	west, east := min(p.x, q.x), max(p.x, q.x)
	north, south := uint32(min(p.y, q.y)+Buffer), uint32(max(p.y, q.y)+Buffer)
	first, last := uint32(west+Buffer)/64, uint32(east+Buffer)/64
	e := edge{a, b, p, q}
	for n := range south/64 - north/64 + 1 {
		k := north/64 + n
		if q.y < p.y {
			k = south/64 - n
		}
		rows := uint64(0)
		for c := first; c <= last; c++ {
			rows |= g.rows[c*hotRow+k]
		}
		for rows &= between64(north, south, k); rows != 0; {
			bit := bits.TrailingZeros64(rows)
			if q.y < p.y {
				bit = 63 - bits.LeadingZeros64(rows)
			}
			rows &^= 1 << bit
			y := int32(k*64) + int32(bit) - Buffer
			if last-first > 1 || g.hasOthers(&e, y, first, last) {
				out = g.row(out, &e, y, west, east)
			}
		}
	}
	return out
}

// hasOthers says whether row y has a hot square in its words a and b, which may be one, beside those of the edge's ends: mostly it
// has none.
func (g *hotGrid) hasOthers(e *edge, y int32, a, b uint32) bool {
	row := uint32(y + Buffer)
	w, v := g.words[a*hotSide+row], g.words[b*hotSide+row]
	for _, end := range [2]square{e.p, e.q} {
		if x := uint32(end.x + Buffer); end.y == y {
			if x/64 == a {
				w &^= 1 << (x % 64)
			}
			if x/64 == b {
				v &^= 1 << (x % 64)
			}
		}
	}
	return w|v != 0
}

// edge is an edge that is led through the hot squares, with the squares of its ends.
type edge struct {
	a, b vertex
	p, q square
}

// between64 has the bits of the numbers from lo to hi among the 64 that begin at 64·k.
func between64(lo, hi, k uint32) uint64 {
	w := ^uint64(0)
	if k == lo/64 {
		w &= ^uint64(0) << (lo % 64)
	}
	if k == hi/64 {
		w &= ^uint64(0) >> (63 - hi%64)
	}
	return w
}

// columns are the first and last column that the edge, its ends in different rows, can pass in row y, with an
// allowance of some fine units for the rounding of float64.
func (g *hotGrid) columns(e *edge, y int32) (lo, hi int32) {
	north := int64(y)<<g.sub - 1<<(g.sub-1)
	south := north + 1<<g.sub
	low, high := min(e.a.y, e.b.y), max(e.a.y, e.b.y)
	slope := float64(e.b.x-e.a.x) / float64(e.b.y-e.a.y)
	x0 := e.a.x + int64(slope*float64(max(north, low)-e.a.y))
	x1 := e.a.x + int64(slope*float64(min(south, high)-e.a.y))
	return g.square(vertex{x: min(x0, x1) - 2}).x, g.square(vertex{x: max(x0, x1) + 2}).x
}

// row appends the hot squares of row y, between the columns west and east, that the edge
// passes, in its order, but not the squares of its ends.
func (g *hotGrid) row(out []square, e *edge, y, west, east int32) []square {
	if e.p.y != e.q.y {
		lo, hi := g.columns(e, y)
		west, east = max(lo, west), min(hi, east)
	}
	from := len(out)
	first, last := uint32(west+Buffer), uint32(east+Buffer)
	for i := first / 64; i <= last/64; i++ {
		for w := g.words[i*hotSide+uint32(y+Buffer)] & between64(first, last, i); w != 0; w &= w - 1 {
			s := square{int32(i*64) + int32(bits.TrailingZeros64(w)) - Buffer, y}
			if s != e.p && s != e.q && g.passes(e.a, e.b, s) {
				out = append(out, s)
			}
		}
	}
	if e.q.x < e.p.x {
		slices.Reverse(out[from:])
	}
	return out
}

// passes says whether the edge from a to b has a point in the half-open square. It is exact:
// the edge misses the square where an axis or the edge's own line parts them. The
// corners that the square does not hold are taken as drawn in by an infinitesimal,
// which decides where the line goes through one.
func (g *hotGrid) passes(a, b vertex, p square) bool {
	size := int64(1) << g.sub
	x0, y0 := int64(p.x)<<g.sub-size/2, int64(p.y)<<g.sub-size/2
	if max(a.x, b.x) < x0 || min(a.x, b.x) >= x0+size || max(a.y, b.y) < y0 || min(a.y, b.y) >= y0+size {
		return false
	}
	dx, dy := b.x-a.x, b.y-a.y
	ex, ey := x0-a.x, y0-a.y
	side := sideOf(dx, dy, ex, ey, 0)
	return side == 0 ||
		sideOf(dx, dy, ex+size, ey, dy) != side ||
		sideOf(dx, dy, ex, ey+size, -dx) != side ||
		sideOf(dx, dy, ex+size, ey+size, dy-dx) != side
}

// sideOf is the sign of dx·ey − dy·ex, or that of tie where this is 0.
func sideOf(dx, dy, ex, ey, tie int64) int {
	h, l := multiply(dx, ey)
	k, m := multiply(dy, ex)
	switch {
	case h > k || h == k && l > m:
		return 1
	case h < k || l < m:
		return -1
	case tie > 0:
		return 1
	case tie < 0:
		return -1
	}
	return 0
}

// multiply gives the 128 bits of the product, the high word signed.
func multiply(a, b int64) (high int64, low uint64) {
	h, l := bits.Mul64(uint64(a), uint64(b))
	return int64(h) - a>>63&b - b>>63&a, l
}

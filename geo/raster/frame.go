package raster

import (
	"math"

	"github.com/paulmach/orb"
)

// frame is where the squares of the root lie. They are counted from the south-western
// one in rows from west to east.
type frame struct {
	origin        orb.Point
	side          float64 // of a square, in degrees
	finest        float64 // finest squares per degree, 1<<fraction in a square
	columns, rows int
	extent        orb.Point // in finest squares
	depth         int       // bits by which a square may be divided
}

const (
	// perPolygon is how many squares the root has for each polygon.
	perPolygon = 1
	// mostColumns keeps the number of finest squares along an axis within 32 bits.
	mostColumns = 1<<15 - 2
	// fraction is the bits of a position within a square of the root, and deepest how
	// often these may be divided.
	fraction = 32
	deepest  = 16
	// enlarged is the part of its side by which a square is taken to be larger at each
	// side. Within twice that, edges are looked at.
	enlarged = float64(unitsBeyond) / unitsWide
)

// newFrame lays squares over a bound. ok is false where no squares would do: the bound
// is empty, or coordinates are so large that their differences are not finite.
//
// The place of a position in squares is wrong by three roundings, 2⁻⁵⁰ of the largest
// coordinate or of the bound's width at most. A square is not divided where this
// would be more than a part in 2¹⁷ of its side, a thirtieth of a unit.
func newFrame(b orb.Bound, polygons int) (f frame, ok bool) {
	w, h := b.Max[0]-b.Min[0], b.Max[1]-b.Min[1]
	largest := 0.0
	for _, v := range []float64{b.Min[0], b.Min[1], b.Max[0], b.Max[1]} {
		largest = max(largest, math.Abs(v))
	}
	if !(w >= 0 && h >= 0) || largest > 0x1p60 {
		return f, false
	}
	least := max(largest, 0x1p-60) * 0x1p-33
	side := max(math.Sqrt(w*h/(perPolygon*float64(polygons)+1)), max(w, h)/(mostColumns-2), least)
	f = frame{side: side, finest: (1 << fraction) / side}
	f.origin = orb.Point{b.Min[0] - side/8, b.Min[1] - side/8}
	f.columns, f.rows = int((w+side/4)/side)+1, int((h+side/4)/side)+1
	f.extent = orb.Point{float64(f.columns) * (1 << fraction), float64(f.rows) * (1 << fraction)}
	f.depth = min(deepest, math.Ilogb(side/least))
	return f, f.columns <= mostColumns && f.rows <= mostColumns
}

// place is a position in squares of the root from the origin.
func (f *frame) place(p orb.Point) (u, v float64) {
	return (p[0] - f.origin[0]) * f.finest / (1 << fraction), (p[1] - f.origin[1]) * f.finest / (1 << fraction)
}

// area is a square: its south-western corner and side in squares of the root, and the
// bits that have divided it.
type area struct {
	u, v, side float64
	depth      int
}

// stop is a position that is gone to, and its place in squares of the root.
type stop struct {
	orb.Point
	u, v float64
}

func (f *frame) stop(u, v float64) stop {
	return stop{orb.Point{f.origin[0] + u*f.side, f.origin[1] + v*f.side}, u, v}
}

// start is where the rows of an area are followed from, amid its western side.
func (f *frame) start(a area) stop { return f.stop(a.u, a.v+a.side/2) }

// corner is the south-western corner of an area.
func (f *frame) corner(a area) stop { return f.stop(a.u, a.v) }

// beyond says whether a place lies behind an area's eastern side.
func (a area) beyond(u float64) bool { return u > a.u+a.side*(1+enlarged) }

// part is the smaller square in a column and row, where each axis is divided by a
// number of bits.
func (a area) part(column, row, steps int) area {
	side := math.Ldexp(a.side, -steps)
	return area{a.u + float64(column)*side, a.v + float64(row)*side, side, a.depth + steps}
}

// segment is an edge in squares of the root.
type segment struct{ au, av, bu, bv float64 }

// lattice is squares of one size, counted in rows from the south-western one.
type lattice struct {
	u, v, side    float64
	columns, rows int
}

// met appends the squares that a segment comes near to: all in which it has a point or
// within whose frame it has an end, except those that it lies wholly to the east of.
func (l lattice) met(squares []uint32, s *segment) []uint32 {
	const wider = 2 * enlarged
	perSide := 1 / l.side // without rounding, as sides are powers of two
	t := segment{(s.au - l.u) * perSide, (s.av - l.v) * perSide, (s.bu - l.u) * perSide, (s.bv - l.v) * perSide}
	west, east := min(t.au, t.bu), max(t.au, t.bu)
	south, north := min(t.av, t.bv), max(t.av, t.bv)
	if east < -wider || north < -wider || west > float64(l.columns)+enlarged || south > float64(l.rows)+wider {
		return squares
	}
	low, high := max(int(south-wider), 0), min(int(north+wider), l.rows-1)
	for row := low; row <= high; row++ {
		w, e := west, east
		if low < high {
			w, e = t.reach(float64(row)-wider, float64(row+1)+wider)
		}
		first, last := max(int(w-wider), 0), min(int(e+wider), l.columns-1)
		if first < last && west > float64(first+1)+enlarged {
			first++
		}
		for column := first; column <= last && e >= -wider; column++ {
			squares = append(squares, uint32(row*l.columns+column))
		}
	}
	return squares
}

// reach is between which lon a segment lies while its lat is between low and high.
func (s *segment) reach(low, high float64) (west, east float64) {
	if s.av == s.bv {
		return min(s.au, s.bu), max(s.au, s.bu)
	}
	at := func(v float64) float64 {
		f := min(max((v-s.av)/(s.bv-s.av), 0), 1)
		return s.au + f*(s.bu-s.au)
	}
	l, h := at(low), at(high)
	return min(l, h), max(l, h)
}

package raster

import (
	"math/bits"

	"github.com/paulmach/orb"
)

// Raster is the index. It is immutable and safe for concurrent use.
type Raster struct {
	frame
	bound    orb.Bound // of the polygons' points
	polygons int
	root     []entry
	arena    []uint32 // divided squares, and what is known of those that edges cross
}

// What Find says in place of a polygon.
const (
	None   int32 = -1 // no polygon covers the position, nor does it lie on an edge
	Unsure int32 = -2 // it lies on an edge or close to one, or several polygons cover it
)

// entry is what is known of a square: the polygon that covers it, plus one, 0 for none;
// or the place of its block; or, of a divided square, the place of its parts and the
// number of bits that divide each axis. Places are in the arena, relative to the divided
// square that the entry is part of.
type entry uint32

const (
	block   entry = 1 << 30
	divided entry = 2 << 30

	blockPlace   = block - 1
	stepsShift   = 27
	stepsMask    = 7
	dividedPlace = 1<<stepsShift - 1
)

// Find is the polygon that covers p, or None, or Unsure: then an exact test of the
// Candidates has to tell.
func (r *Raster) Find(p orb.Point) int32 {
	if vectors {
		if found := findByVectors(r, &p); found != untold {
			return found
		}
	}
	return r.find(p)
}

// untold is what findByVectors leaves to find.
const untold int32 = -3

// find is Find by itself.
func (r *Raster) find(p orb.Point) int32 {
	e, place, x, y, shift := r.square(p)
	if e < block {
		return int32(e) - 1
	}
	return look(r.arena[place:], newSpot(x, y, shift))
}

// Candidates appends the polygons that can cover p or have it on an edge to buf, in
// ascending order.
func (r *Raster) Candidates(p orb.Point, buf []int32) []int32 {
	e, place, _, _, _ := r.square(p)
	switch {
	case e == 0:
		return buf
	case e < block:
		return append(buf, int32(e)-1)
	}
	for _, s := range sides(r.arena[place:]) {
		buf = append(buf, int32(s))
	}
	return buf
}

// square is the entry of the smallest square around p, the place of its block if it has
// one, and p in finest squares, of which the square has 1<<shift along a side. Around a
// position outside the raster, or one that is none, is nothing.
func (r *Raster) square(p orb.Point) (e entry, place uint32, x, y uint64, shift uint) {
	u, v := (p[0]-r.origin[0])*r.finest, (p[1]-r.origin[1])*r.finest
	if !(u >= 0 && v >= 0 && u < r.extent[0] && v < r.extent[1]) {
		return 0, 0, 0, 0, 0
	}
	x, y, shift = uint64(int64(u)), uint64(int64(v)), fraction
	e = r.root[int(y>>fraction)*r.columns+int(x>>fraction)]
	for e >= divided {
		k := uint(e>>stepsShift) & stepsMask
		place += uint32(e & dividedPlace)
		shift -= k
		e = entry(r.arena[place+part(x, y, k, shift)])
	}
	return e, place + uint32(e&blockPlace), x, y, shift
}

// part is which part of a square a position lies in, where k bits divide each axis and
// of the part there are shift bits left.
func part(x, y uint64, k, shift uint) uint32 {
	m := uint64(1)<<(k&63) - 1
	return uint32((y>>(shift&63)&m)<<(k&63) | x>>(shift&63)&m)
}

// A block is what is known of a square that edges cross:
//
//	head      base, the bits of polygons; 3 bits polygons; 8 bits vertices
//	vertices  12 bits x and 12 bits y; 7 bits of the polygons that the edge from the vertex
//	          before divides; 1 bit that there is one
//	sides     the polygons, ascending
//
// So a chain begins at a vertex without an edge. Of more polygons than that there is
// only a list: the list bit, 31 bits polygons; then these like sides.
//
// x is in bits 3 to 14 of a vertex, y in bits 19 to 30, so that each half of it is a
// coordinate in fine units. The bits of polygons are 0 to 2 and 15 to 18.
const (
	mostSides     = 7
	sidesMask     = 0x78007
	countShift    = 20
	countMask     = 7
	verticesShift = 23
	mostVertices  = 1<<8 - 1
	listBit       = 1 << 31
	mostListed    = listBit - 1

	axisBits = 12
	axisMask = (1<<axisBits - 1) << fineBits
	drawn    = 1 << 31

	mostPolygons = int(block) - 2
)

// Vertices are kept in units: unitsWide along a square, which lies amid a frame of
// unitsBeyond on each side. Positions are taken in fine units.
const (
	fineBits    = 3
	unitsWide   = 4064
	unitsBeyond = 16
	mostUnits   = unitsWide + 2*unitsBeyond - 1
	// near is how close to an edge a position is left to an exact test, in fine units:
	// half a unit in either axis for the rounding of vertices, an eighth of one for that of
	// the position, another for finding both in their square, and an eighth to spare.
	near = 7
)

// spread puts a number of mostSides bits where the bits of polygons are in a vertex.
func spread(bits uint32) uint32 { return bits&7 | bits>>3<<15 }

// gathered is the number whose bits are those of polygons in v.
func gathered(v uint32) uint32 { return v&7 | v>>12&0x78 }

// spot is where in a square a position lies, in fine units from its frame: x, and y in the
// upper half.
type spot uint32

func (s spot) xy() (x, y int32) { return int32(s & 0xffff), int32(s >> 16) }

// southWest is the spot of a square's south-western corner.
const southWest = unitsBeyond<<fineBits<<16 | unitsBeyond<<fineBits

// newSpot is the spot of a position in finest squares, of which the square has 1<<shift
// along a side.
func newSpot(x, y uint64, shift uint) spot {
	return spot(fine(x, shift)|fine(y, shift)<<16) + southWest
}

func fine(x uint64, shift uint) uint64 {
	return (x & (1<<(shift&63) - 1)) * (unitsWide << fineBits) >> (shift & 63)
}

// nowhere is the block at place 0, which findByVectors looks at where a square has none: of
// one polygon and no edge.
func nowhere() []uint32 { return []uint32{1 | 1<<countShift, 0} }

// atOnce is how many edges vectors take, and how many words there are behind the last
// block, which they read too.
const atOnce = 16

// sides are the polygons of a block.
func sides(b []uint32) []uint32 {
	if head := b[0]; head&listBit != 0 {
		return b[1 : 1+head&mostListed]
	}
	n := 1 + b[0]>>verticesShift
	return b[n : n+b[0]>>countShift&countMask]
}

// look finds the polygon of a position in a block of an arena.
func look(b []uint32, at spot) int32 {
	if b[0]&listBit != 0 {
		return Unsure
	}
	var odd uint32
	var close bool
	if vectors {
		odd, close = countByVectors(&b[0], at)
	} else {
		odd, close = count(b, at)
	}
	return tell(b, at, odd, close)
}

// tell is look where the edges are counted.
func tell(b []uint32, at spot, odd uint32, close bool) int32 {
	if close && beside(b, at) {
		return Unsure
	}
	head := b[0]
	switch in := gathered(head ^ odd); {
	case in == 0:
		return None
	case in&(in-1) == 0:
		return int32(b[1+head>>verticesShift+uint32(bits.TrailingZeros32(in))])
	}
	return Unsure
}

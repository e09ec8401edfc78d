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
	e, place, x, y := r.square(p)
	if e < block {
		return int32(e) - 1
	}
	return look(r.arena[place:], x, y)
}

// Candidates appends the polygons that can cover p or have it on an edge to buf, in
// ascending order.
func (r *Raster) Candidates(p orb.Point, buf []int32) []int32 {
	e, place, _, _ := r.square(p)
	switch {
	case e == 0:
		return buf
	case e < block:
		return append(buf, int32(e)-1)
	}
	b := r.arena[place:]
	n := b[0] >> sidesShift & sidesMask
	if b[0]&listBit != 0 {
		n = b[0] & mostListed
	}
	for _, s := range b[1 : 1+n] {
		buf = append(buf, int32(s))
	}
	return buf
}

// square is the entry of the smallest square around p, the place of its block if it has
// one, and where p lies in it, in fine units. Around a position outside the raster, or
// one that is none, is nothing.
func (r *Raster) square(p orb.Point) (e entry, place uint32, fx, fy int64) {
	u, v := (p[0]-r.origin[0])*r.finest, (p[1]-r.origin[1])*r.finest
	if !(u >= 0 && v >= 0 && u < r.width && v < r.height) {
		return 0, 0, 0, 0
	}
	x, y := uint64(int64(u)), uint64(int64(v))
	e = r.root[int(y>>fraction)*r.columns+int(x>>fraction)]
	if e < block {
		return e, 0, 0, 0
	}
	shift := uint(fraction)
	for e >= divided {
		k := uint(e>>stepsShift) & stepsMask
		place += uint32(e & dividedPlace)
		shift -= k
		e = entry(r.arena[place+part(x, y, k, shift)])
	}
	return e, place + uint32(e&blockPlace), fine(x, shift), fine(y, shift)
}

// part is which part of a square a position lies in, where k bits divide each axis and
// of the part there are shift bits left.
func part(x, y uint64, k, shift uint) uint32 {
	m := uint64(1)<<(k&63) - 1
	return uint32((y>>(shift&63)&m)<<(k&63) | x>>(shift&63)&m)
}

// A block is what is known of a square that edges cross:
//
//	head      7 bits base, one for each polygon; 3 bits polygons; 8 bits vertices
//	sides     the polygons, ascending
//	vertices  12 bits x, 12 bits y; 7 bits of the polygons that the edge from the vertex
//	          before divides; 1 bit that there is one
//
// So a chain begins at a vertex without an edge. Of more polygons than that there is
// only a list: the list bit, 31 bits polygons; then these like sides.
const (
	baseMask      = 1<<mostSides - 1
	mostSides     = 7
	sidesShift    = 7
	sidesMask     = 7
	verticesShift = 10
	mostVertices  = 1<<8 - 1
	listBit       = 1 << 31
	mostListed    = listBit - 1

	axisBits  = 12
	axisMask  = 1<<axisBits - 1
	sideShift = 2 * axisBits
	drawn     = 1 << 31

	mostPolygons = int(block) - 2
)

// Vertices are kept in units: unitsWide along a square, which lies amid a frame of
// unitsBeyond on each side. Positions are taken in fine units.
const (
	fineBits    = 4
	unitsWide   = 4064
	unitsBeyond = 16
	mostUnits   = unitsWide + 2*unitsBeyond - 1
	// near is how close to an edge a position is left to an exact test, in fine units:
	// a unit for the rounding of both ends, half of one in either axis, and some for the
	// rounding of the position.
	near = 20
)

// fine is how far a position lies from the frame around a square, by one of its
// coordinates in finest squares, of which the square has 1<<shift along a side.
func fine(x uint64, shift uint) int64 {
	return int64((x&(1<<(shift&63)-1))*(unitsWide<<fineBits)>>(shift&63)) + unitsBeyond<<fineBits
}

// look finds the polygon of a position in a block.
func look(b []uint32, px, py int64) int32 {
	in, sure := count(b, px, py)
	switch {
	case !sure:
		return Unsure
	case in == 0:
		return None
	case in&(in-1) == 0:
		return int32(b[1+bits.TrailingZeros32(in)])
	}
	return Unsure
}

// count is the base of a block and the sides that the ray from a position to the east
// enters or leaves an odd number of times. It is not sure where an edge is near.
//
// There is no branch on what an edge does, which could not be foreseen: signs tell
// whether its ends lie on both sides of the position's latitude, and whether it passes
// that to the east. Vertices are taken as they are seen from the position.
func count(b []uint32, px, py int64) (in uint32, sure bool) {
	head := b[0]
	if head&listBit != 0 {
		return 0, false
	}
	from := 1 + head>>sidesShift&sidesMask
	vertices := b[from : from+head>>verticesShift]
	var ax, ay int64
	odd := uint32(0)
	for _, v := range vertices {
		bx, by := toward(v, px, py)
		turn, x, y := ax*by-bx*ay, ax-bx, ay-by
		if max(turn, -turn) <= near*(max(x, -x)+max(y, -y)) && v >= drawn {
			return countWithCare(vertices, head, px, py)
		}
		odd ^= v & uint32(((ay^by)&^(turn^ay))>>63)
		ax, ay = bx, by
	}
	return (head ^ odd>>sideShift) & baseMask, true
}

// countWithCare is count where the line on which an edge lies is near: it is not sure where
// the edge is.
func countWithCare(vertices []uint32, head uint32, px, py int64) (in uint32, sure bool) {
	var ax, ay int64
	odd := uint32(0)
	for _, v := range vertices {
		bx, by := toward(v, px, py)
		turn, x, y := ax*by-bx*ay, ax-bx, ay-by
		if max(turn, -turn) <= near*(max(x, -x)+max(y, -y)) && v >= drawn && beside(ax, bx) && beside(ay, by) {
			return 0, false
		}
		odd ^= v & uint32(((ay^by)&^(turn^ay))>>63)
		ax, ay = bx, by
	}
	return (head ^ odd>>sideShift) & baseMask, true
}

// toward is the way from a vertex to a position, in fine units.
func toward(v uint32, px, py int64) (x, y int64) {
	return px - int64(v<<fineBits&(axisMask<<fineBits)), py - int64(v>>(axisBits-fineBits)&(axisMask<<fineBits))
}

// beside says whether a position lies between the ends of an edge in one axis, or near
// to one of them, by the ways from there.
func beside(a, b int64) bool { return min(a, b) <= near && max(a, b) >= -near }

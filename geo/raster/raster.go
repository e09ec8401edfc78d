package raster

import (
	"encoding/binary"
	"math/bits"

	"github.com/paulmach/orb"
)

// Raster is the index. It is immutable and safe for concurrent use.
type Raster struct {
	frame
	root  []entry
	arena []byte // divided squares, and what is known of those that edges cross
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
	dividedPlace = 1<<stepsShift - 1
	entryBytes   = 4
)

// Find is the polygon that covers p, or None, or Unsure: then an exact test of the
// Candidates has to tell.
func (r *Raster) Find(p orb.Point) int32 {
	e, base, x, y := r.square(p)
	if e < block {
		return int32(e) - 1
	}
	return look(r.arena[base+uint32(e&blockPlace):], x, y)
}

// Candidates appends the polygons that can cover p or have it on an edge to buf, in
// ascending order.
func (r *Raster) Candidates(p orb.Point, buf []int32) []int32 {
	e, base, _, _ := r.square(p)
	switch {
	case e == 0:
		return buf
	case e < block:
		return append(buf, int32(e)-1)
	}
	b := r.arena[base+uint32(e&blockPlace):]
	head := binary.LittleEndian.Uint32(b)
	n := head >> sidesShift & sidesMask
	if head&listBit != 0 {
		n = head & mostListed
	}
	for i := range n {
		buf = append(buf, side(b, i))
	}
	return buf
}

// square is the entry of the smallest square around p, what its place is relative
// to, and where p lies in it, in fine units. Around a position outside the raster, or
// one that is none, is nothing.
func (r *Raster) square(p orb.Point) (e entry, base uint32, fx, fy int64) {
	u, v := (p[0]-r.origin[0])*r.finest, (p[1]-r.origin[1])*r.finest
	if !(u >= 0 && v >= 0 && u < r.width && v < r.height) {
		return 0, 0, 0, 0
	}
	x, y := uint64(int64(u)), uint64(int64(v))
	e = r.root[int(y>>fraction)*r.columns+int(x>>fraction)]
	shift := uint(fraction)
	for e >= divided {
		k := uint(e >> stepsShift & 7)
		base += uint32(e & dividedPlace)
		shift -= k
		i := (y>>shift&(1<<k-1))<<k | x>>shift&(1<<k-1)
		e = entry(binary.LittleEndian.Uint32(r.arena[uint64(base)+i*entryBytes:]))
	}
	return e, base, fine(x, shift), fine(y, shift)
}

// A block is what is known of a square that edges cross:
//
//	head    8 bits base, one for each polygon; 4 bits polygons; 8 bits chains
//	sides   24 bits for each polygon, ascending
//	chains  8 bits of the polygons that it divides, 8 bits edges; then its vertices:
//	        12 bits x, 12 bits y
//
// Of more polygons than that there is only a list: the list bit, 31 bits polygons; then
// these like sides.
const (
	baseMask    = 1<<mostSides - 1
	sidesShift  = 8
	mostSides   = 8
	sidesMask   = 15
	chainsShift = 12
	chainsMask  = mostChains
	mostChains  = 1<<8 - 1
	listBit     = 1 << 31
	mostListed  = listBit - 1

	headBytes    = 4
	sideBytes    = 3
	chainBytes   = 2
	vertexBytes  = 3
	mostEdges    = 1<<8 - 1 // of a chain
	edgesShift   = 8
	mostPolygons = 1 << (8 * sideBytes)

	// padding behind the arena lets the last vertex be read as 32 bits.
	padding = 1
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
	return int64((x&(1<<shift-1))*(unitsWide<<fineBits)>>shift) + unitsBeyond<<fineBits
}

func side(block []byte, i uint32) int32 {
	return int32(binary.LittleEndian.Uint32(block[headBytes+i*sideBytes:]) & (mostPolygons - 1))
}

// look finds the polygon of a position in a block.
func look(b []byte, px, py int64) int32 {
	in, sure := count(b, px, py)
	switch {
	case !sure:
		return Unsure
	case in == 0:
		return None
	case in&(in-1) == 0:
		return side(b, uint32(bits.TrailingZeros32(in)))
	}
	return Unsure
}

// count is the base of a block and the sides that the ray from a position to the east
// enters or leaves an odd number of times. It is not sure where an edge is near.
//
// There is no branch on what an edge does, which could not be foreseen: signs tell
// whether its ends lie on both sides of the position's latitude, and whether it passes
// that to the east.
func count(b []byte, px, py int64) (in uint32, sure bool) {
	head := binary.LittleEndian.Uint32(b)
	if head&listBit != 0 {
		return 0, false
	}
	in = head & baseMask
	b = b[headBytes+int(head>>sidesShift&sidesMask)*sideBytes:]
	for n := head >> chainsShift & chainsMask; n > 0; n-- {
		chain := binary.LittleEndian.Uint16(b)
		ax, ay := vertex(b[chainBytes:])
		b = b[chainBytes+vertexBytes:]
		odd, to := int64(0), py-ay<<fineBits
		for edges := chain >> edgesShift; edges > 0 && len(b) > vertexBytes; edges-- {
			bx, by := vertex(b)
			b = b[vertexBytes:]
			dx, dy := bx-ax, by-ay
			turn := dx*to - dy*(px-ax<<fineBits)
			if within := near * (max(dx, -dx) + max(dy, -dy)); max(turn, -turn) <= within && beside(ax, bx, px) && beside(ay, by, py) {
				return 0, false
			}
			next := py - by<<fineBits
			odd ^= (to ^ next) &^ (turn ^ to)
			ax, ay, to = bx, by, next
		}
		in ^= uint32(chain) & baseMask & uint32(odd>>63)
	}
	return in, true
}

// beside says whether a position lies between the ends of an edge in one axis, or near
// to one of them.
func beside(a, b, p int64) bool {
	return p >= min(a, b)<<fineBits-near && p <= max(a, b)<<fineBits+near
}

// vertex is a vertex in units.
func vertex(b []byte) (x, y int64) {
	v := binary.LittleEndian.Uint32(b)
	return int64(v & 0xfff), int64(v >> 12 & 0xfff)
}

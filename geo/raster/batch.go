package raster

import (
	"encoding/binary"

	"github.com/paulmach/orb"
)

// lot is how many positions FindAll takes at once.
const lot = 32

// spot is a position on the way to its square.
type spot struct {
	arena []byte
	x, y  uint64 // in finest squares
	e     entry
	place uint32 // in the arena, of what the entry is relative to
	shift uint   // bits of x and y within the square
	line  byte   // of the block's second line, read so that it is fetched
}

// reached is the entry of a spot whose place is that of its block.
const reached entry = 3 << 30

// lineBytes is how much is fetched from memory at once.
const lineBytes = 64

// FindAll is Find of many positions, each in a raster of its own: out[i] is what rs[i]
// says of ps[i]. It takes them in lots, all of a lot one step after another, so that the
// processor fetches what it needs for many of them at once instead of waiting for each.
func FindAll(rs []*Raster, ps []orb.Point, out []int32) {
	var spots [lot]spot
	for len(ps) > 0 {
		n := min(lot, len(ps))
		for i, p := range ps[:n] {
			spots[i] = rs[i].enter(p)
		}
		for more := true; more; {
			more = descend(spots[:n])
		}
		for i := range spots[:n] {
			if s := &spots[i]; s.e < block {
				out[i] = int32(s.e) - 1
			} else {
				out[i] = look(s.arena[s.place:], fine(s.x, s.shift), fine(s.y, s.shift))
			}
		}
		rs, ps, out = rs[n:], ps[n:], out[n:]
	}
}

// enter finds the square of the root.
func (r *Raster) enter(p orb.Point) spot {
	u, v := (p[0]-r.origin[0])*r.finest, (p[1]-r.origin[1])*r.finest
	if !(u >= 0 && v >= 0 && u < r.width && v < r.height) {
		return spot{}
	}
	x, y := uint64(int64(u)), uint64(int64(v))
	return spot{arena: r.arena, x: x, y: y, shift: fraction, e: r.root[int(y>>fraction)*r.columns+int(x>>fraction)]}
}

// descend goes from divided squares to their parts, and says whether any is left to be
// looked at again. Where one comes to a block, it begins to fetch that.
func descend(spots []spot) (more bool) {
	for i := range spots {
		switch s := &spots[i]; {
		case s.e < block || s.e == reached:
		case s.e < divided:
			s.place += uint32(s.e & blockPlace)
			s.e, s.line = reached, s.arena[min(int(s.place)+lineBytes, len(s.arena)-1)]
		default:
			k := uint(s.e >> stepsShift & 7)
			s.place += uint32(s.e & dividedPlace)
			s.shift -= k
			j := (s.y>>s.shift&(1<<k-1))<<k | s.x>>s.shift&(1<<k-1)
			s.e = entry(binary.LittleEndian.Uint32(s.arena[uint64(s.place)+j*entryBytes:]))
			more = true
		}
	}
	return more
}

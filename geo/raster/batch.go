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

// FindAll is Find of many positions: out[i] is the answer to ps[i]. It takes them in
// lots, all of a lot one step after another, so that the processor fetches what it needs
// for many of them at once instead of waiting for each.
func (r *Raster) FindAll(ps []orb.Point, out []int32) {
	var spots [lot]spot
	for len(ps) > 0 {
		n := min(lot, len(ps))
		for i, p := range ps[:n] {
			r.enter(&spots[i], p)
		}
		finish(spots[:n], out)
		ps, out = ps[n:], out[n:]
	}
}

// FindEach is FindAll where each position has a raster of its own.
func FindEach(rs []*Raster, ps []orb.Point, out []int32) {
	var spots [lot]spot
	for len(ps) > 0 {
		n := min(lot, len(ps))
		for i, p := range ps[:n] {
			rs[i].enter(&spots[i], p)
		}
		finish(spots[:n], out)
		rs, ps, out = rs[n:], ps[n:], out[n:]
	}
}

// finish goes from squares of the root to answers.
func finish(spots []spot, out []int32) {
	for more := true; more; {
		more = descend(spots)
	}
	for i := range spots {
		if s := &spots[i]; s.e < block {
			out[i] = int32(s.e) - 1
		} else {
			out[i] = look(s.arena[s.place:], fine(s.x, s.shift), fine(s.y, s.shift))
		}
	}
}

// enter sets out from the square of the root.
func (r *Raster) enter(s *spot, p orb.Point) {
	u, v := (p[0]-r.origin[0])*r.finest, (p[1]-r.origin[1])*r.finest
	if !(u >= 0 && v >= 0 && u < r.width && v < r.height) {
		s.e = 0
		return
	}
	s.x, s.y = uint64(int64(u)), uint64(int64(v))
	s.e = r.root[int(s.y>>fraction)*r.columns+int(s.x>>fraction)]
	s.arena, s.place, s.shift = r.arena, 0, fraction
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

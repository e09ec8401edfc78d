package raster

import "github.com/paulmach/orb"

// lot is how many positions FindAll takes at once.
const lot = 64

// journeys are positions on the way to their squares.
type journeys struct {
	at      [lot]journey
	divided [lot]uint8 // of those in divided squares, the place in at
	blocks  [lot]uint8 // of those in squares with a block
	// How many there are of either.
	divideds, blockeds int
	fetched            uint32
}

type journey struct {
	arena []uint32
	x, y  uint64 // in finest squares
	e     entry
	place uint32 // in the arena, of what the entry is relative to
	shift uint32 // bits of x and y within the square
}

// FindAll is Find of many positions: out[i] is the answer to ps[i]. It takes them in
// lots, all of a lot one step after another, so that the processor fetches what it needs
// for many of them at once instead of waiting for each.
func (r *Raster) FindAll(ps []orb.Point, out []int32) {
	var s journeys
	for len(ps) > 0 {
		n := min(lot, len(ps))
		for i, p := range ps[:n] {
			s.at[i&(lot-1)].enter(r, p)
		}
		s.finish(out[:n])
		ps, out = ps[n:], out[n:]
	}
}

// FindEach is FindAll where each position has a raster of its own.
func FindEach(rs []*Raster, ps []orb.Point, out []int32) {
	var s journeys
	for len(ps) > 0 {
		n := min(lot, len(ps))
		for i, p := range ps[:n] {
			s.at[i&(lot-1)].enter(rs[i], p)
		}
		s.finish(out[:n])
		rs, ps, out = rs[n:], ps[n:], out[n:]
	}
}

// enter sets out from the square of the root.
func (s *journey) enter(r *Raster, p orb.Point) {
	u, v := (p[0]-r.origin[0])*r.finest, (p[1]-r.origin[1])*r.finest
	if !(u >= 0 && v >= 0 && u < r.extent[0] && v < r.extent[1]) {
		s.e = 0
		return
	}
	s.x, s.y = uint64(int64(u)), uint64(int64(v))
	s.e = r.root[int(s.y>>fraction)*r.columns+int(s.x>>fraction)]
	s.arena, s.place, s.shift = r.arena, 0, fraction
}

// finish goes from squares of the root to answers. What is known of a square decides by
// sums, not by branches, into which of the lists its position comes.
func (s *journeys) finish(out []int32) {
	s.divideds, s.blockeds = 0, 0
	for i := range out {
		s.sort(uint8(i), out)
	}
	for n := s.divideds; n > 0; n = s.divideds {
		for _, i := range s.divided[:n] {
			s.at[i&(lot-1)].descend()
		}
		s.divideds = 0
		for _, i := range s.divided[:n] {
			s.sort(i, out)
		}
	}
	for _, i := range s.blocks[:s.blockeds] {
		t := &s.at[i&(lot-1)]
		t.place += uint32(t.e & blockPlace)
		b := t.arena[t.place:]
		s.fetched = b[0] ^ b[min(lineWords, len(b)-1)]
	}
	for _, i := range s.blocks[:s.blockeds] {
		t := &s.at[i&(lot-1)]
		out[i] = look(t.arena[t.place:], newSpot(t.x, t.y, uint(t.shift)))
	}
}

// lineWords is how much is fetched from memory at once.
const lineWords = 16

// sort puts a spot into the list for its entry, and takes it for the answer where it is one.
func (s *journeys) sort(i uint8, out []int32) {
	e := s.at[i&(lot-1)].e
	out[i] = int32(e) - 1
	s.divided[s.divideds&(lot-1)] = i
	s.divideds += int(e >> 31)
	s.blocks[s.blockeds&(lot-1)] = i
	s.blockeds += int(e >> 30 & 1)
}

// descend goes from a divided square to its part.
func (s *journey) descend() {
	k := uint(s.e>>stepsShift) & stepsMask
	s.place += uint32(s.e & dividedPlace)
	s.shift -= uint32(k)
	s.e = entry(s.arena[s.place+part(s.x, s.y, k, uint(s.shift))])
}

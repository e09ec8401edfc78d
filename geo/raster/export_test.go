package raster

import "github.com/paulmach/orb"

// FindPlainly is Find without vectors.
func (r *Raster) FindPlainly(p orb.Point) int32 {
	e, place, x, y, shift := r.square(p)
	if e < block {
		return int32(e) - 1
	}
	b, at := r.arena[place:], newSpot(x, y, shift)
	if b[0]&listBit != 0 {
		return Unsure
	}
	odd, close := count(b, at)
	return tell(b, at, odd, close)
}

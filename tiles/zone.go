package tiles

// zone is a part of a tile with its buffer, in patches of 64 by 64 squares.
type zone struct {
	rows [zoneSide][2]uint64 // per row of patches: those that are in it
	some bool
}

const (
	patchBits = 6
	zoneSide  = (hotSide-1)>>patchBits + 1
)

// patches are the first and last column and row of the patches that a box of squares meets; what lies outside the tile
// with its buffer is brought to its rim.
func patches(low, high square) (x0, y0, x1, y1 int32) {
	at := func(v int32) int32 { return min(max(v+Buffer, 0), hotSide-1) >> patchBits }
	return at(low.x), at(low.y), at(high.x), at(high.y)
}

// patchRow has the bits of a row's patches from x0 to x1.
func patchRow(x0, x1 int32) [2]uint64 {
	var w [2]uint64
	if x1 < 64 {
		w[0] = ^uint64(0) << x0 & (^uint64(0) >> (63 - x1))
		return w
	}
	for k := range int32(2) {
		if lo, hi := max(x0-64*k, 0), min(x1-64*k, 63); lo <= hi {
			w[k] = ^uint64(0) << lo & (^uint64(0) >> (63 - hi))
		}
	}
	return w
}

func (z *zone) reset() {
	if z.some {
		clear(z.rows[:])
		z.some = false
	}
}

// add adds the patches that a box of squares meets.
func (z *zone) add(low, high square) {
	x0, y0, x1, y1 := patches(low, high)
	w := patchRow(x0, x1)
	for y := y0; y <= y1; y++ {
		z.rows[y][0] |= w[0]
		z.rows[y][1] |= w[1]
	}
	z.some = true
}

// meets says whether a box of squares meets one of the zone's patches.
func (z *zone) meets(low, high square) bool {
	if !z.some {
		return false
	}
	x0, y0, x1, y1 := patches(low, high)
	w := patchRow(x0, x1)
	for y := y0; y <= y1; y++ {
		if z.rows[y][0]&w[0]|z.rows[y][1]&w[1] != 0 {
			return true
		}
	}
	return false
}

// has says whether a square of the tile with its buffer lies in one of the zone's patches.
func (z *zone) has(p square) bool {
	x, y := uint32(p.x+Buffer)>>patchBits, uint32(p.y+Buffer)>>patchBits
	return z.rows[y][x/64]>>(x%64)&1 != 0
}

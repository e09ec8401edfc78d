package tiles

// hilbert is the place of the square in column x and row y along the Hilbert curve through
// the 2^bits by 2^bits squares of a grid. Squares that follow each other on the curve are neighbours.
func hilbert(bits uint8, x, y uint32) (at uint64) {
	for s := uint32(1) << bits >> 1; s > 0; s >>= 1 {
		right, low := x&s != 0, y&s != 0
		quarter := uint64(0)
		switch {
		case right && !low:
			quarter = 3
		case right:
			quarter = 2
		case low:
			quarter = 1
		}
		at = at<<2 | quarter
		if !low { // the curve through an upper quarter is turned over
			if right {
				x, y = s-1-x&(s-1), s-1-y&(s-1)
			}
			x, y = y, x
		}
	}
	return at
}

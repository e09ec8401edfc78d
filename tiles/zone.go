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

// owners says of each patch of a tile in which features of several parts lie, whose they are.
type owners struct {
	bits uint // of a patch's side in squares
	side int32
	of   []uint16 // row by row: the number of the part and 1, 0 for no part, or shared
}

// shared stands for a patch of several parts.
const shared = 1<<16 - 1

// reset prepares for so many features: for many, the patches are small.
func (o *owners) reset(features int) {
	o.bits = patchBits
	if features > 1000 {
		o.bits = 4
	}
	o.side = (hotSide-1)>>o.bits + 1
	n := int(o.side * o.side)
	if cap(o.of) < n {
		o.of = make([]uint16, n)
	}
	o.of = o.of[:n]
	clear(o.of)
}

// each calls f with the patches of each row that the box of squares meets.
func (o *owners) each(low, high square, f func(row []uint16)) {
	at := func(v int32) int32 { return min(max(v+Buffer, 0), hotSide-1) >> o.bits }
	x0, x1 := at(low.x), at(high.x)
	for y := at(low.y); y <= at(high.y); y++ {
		f(o.of[y*o.side+x0 : y*o.side+x1+1])
	}
}

// owner is the number by which patches of a part are known.
func owner(part int) uint16 { return uint16(min(part+1, shared)) }

// add notes that a feature of a part lies in a box of squares.
func (o *owners) add(part int, low, high square) {
	own := owner(part)
	o.each(low, high, func(row []uint16) {
		for i, p := range row {
			if p == 0 {
				row[i] = own
			} else if p != own {
				row[i] = shared
			}
		}
	})
}

// alone says whether no other part has a feature in the patches of the box.
func (o *owners) alone(part int, low, high square) bool {
	own := owner(part)
	alone := own != shared
	o.each(low, high, func(row []uint16) {
		for _, p := range row {
			alone = alone && p == own
		}
	})
	return alone
}

package tiles

// zone is a part of a tile with its buffer, in patches of 64 by 64 squares; the last row and column have what is left.
type zone struct {
	shift uint             // bits of a patch in fine units
	first int64            // added to fine units, counts them from where the first patch begins
	pad   int64            // a square, in fine units
	rows  [zoneSide]uint64 // per row of patches: those that are in it
	some  bool
}

const (
	patchBits = 6
	zoneSide  = 64
)

// reset empties the zone and prepares it for squares of 2^sub fine units.
func (z *zone) reset(sub uint) {
	z.shift, z.pad = sub+patchBits, 1<<sub
	z.first = z.pad*Buffer + z.pad/2
	if z.some {
		clear(z.rows[:])
		z.some = false
	}
}

// patch is the row or column of a place; what lies outside the tile with its buffer is brought to its rim.
func (z *zone) patch(v int64) int { return int(min(max((v+z.first)>>z.shift, 0), zoneSide-1)) }

// patches are those that a box or the squares beside it meet: their columns, and the first and last row.
func (z *zone) patches(b box) (columns uint64, y0, y1 int) {
	x0, x1 := z.patch(b.x0-z.pad), z.patch(b.x1+z.pad)
	return ^uint64(0) << x0 & (^uint64(0) >> (zoneSide - 1 - x1)), z.patch(b.y0 - z.pad), z.patch(b.y1 + z.pad)
}

// add adds the patches that a box or the squares beside it meet.
func (z *zone) add(b box) {
	columns, y0, y1 := z.patches(b)
	for y := y0; y <= y1; y++ {
		z.rows[y] |= columns
	}
	z.some = true
}

// meets says whether a box or the squares beside it meet one of the zone's patches.
func (z *zone) meets(b box) bool {
	columns, y0, y1 := z.patches(b)
	for y := y0; y <= y1; y++ {
		if z.rows[y]&columns != 0 {
			return true
		}
	}
	return false
}

// has says whether a square of the tile with its buffer lies in one of the zone's patches.
func (z *zone) has(p square) bool {
	x, y := min(uint32(p.x+Buffer)>>patchBits, zoneSide-1), min(uint32(p.y+Buffer)>>patchBits, zoneSide-1)
	return z.rows[y]>>x&1 != 0
}

package tiles

import (
	"math"

	"github.com/paulmach/orb"
)

const (
	// fineBits is the size of the fine grid: the world of Web Mercator is 2^35 wide and
	// high, 1.17 mm at the equator. It holds the tile grid of every zoom with at least one bit to
	// spare, so that squares of a tile's grid have a middle and edges on it.
	fineBits = 35
	// extentBits is the tile's grid: 2^12 = 4096 squares wide and high.
	extentBits = 12
	// Extent is the number of squares of a tile's grid along its side.
	Extent = 1 << extentBits
	// Buffer is how far a tile's geometry reaches beyond it on each side, in squares.
	Buffer = 64
	// maxLat ends the square world of Web Mercator.
	maxLat = 85.05112877980659
)

// vertex is a place on the fine grid, from the north-west corner of the world or of
// a tile: x to the east, y to the south.
type vertex struct{ x, y int64 }

// fineAt projects degrees to the fine grid, rounding half up. Latitudes beyond the square world
// are brought to its rim.
func fineAt(p orb.Point) vertex {
	const world = 1 << fineBits
	sin := math.Sin(min(max(p[1], -maxLat), maxLat) * (math.Pi / 180))
	y := 0.5 - math.Log((1+sin)/(1-sin))/(4*math.Pi)
	return vertex{
		x: int64(math.Floor(float64((p[0]+180)/360*world) + 0.5)),
		y: int64(math.Floor(float64(y*world) + 0.5)),
	}
}

// box is an axis-aligned box on the fine grid, borders included.
type box struct{ x0, y0, x1, y1 int64 }

// boxOf is the least box that holds two places.
func boxOf(v, w vertex) box { return box{min(v.x, w.x), min(v.y, w.y), max(v.x, w.x), max(v.y, w.y)} }

// holds says whether c lies in b.
func (b box) holds(c box) bool {
	return b.x0 <= c.x0 && c.x1 <= b.x1 && b.y0 <= c.y0 && c.y1 <= b.y1
}

// frame places a tile on the fine grid: its north-west corner, and how many bits a
// square of the tile's grid has in fine units.
type frame struct {
	x, y int64
	sub  uint
}

// box is the tile with a buffer of so many squares.
func (f frame) box(buffer int64) box {
	low, high := -buffer<<f.sub, (Extent+buffer)<<f.sub
	return box{f.x + low, f.y + low, f.x + high, f.y + high}
}

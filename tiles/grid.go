package tiles

import (
	"math"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// Grid names a family of tiles, an OGC tile matrix set.
type Grid string

const (
	// WebMercatorQuad is the grid of web maps, EPSG:3857: 2^z columns and as many rows, from 85.0511°
	// north to as far south, zooms 0 to 22.
	WebMercatorQuad Grid = "WebMercatorQuad"
	// CGCS2000Quad is the grid of degrees, EPSG:4490: at zoom 0 two tiles of 180°, at zoom z 2^(z+1)
	// columns and 2^z rows, zooms 0 to 21. It is aligned with WorldCRS84Quad, and zoom z is
	// TileMatrix z+1 of Tianditu's set c, which begins at 1.
	CGCS2000Quad Grid = "CGCS2000Quad"
)

// Grids lists the grids, the default first.
func Grids() []Grid { return []Grid{WebMercatorQuad, CGCS2000Quad} }

// ParseGrid reads a grid's name as OGC writes it; "" is WebMercatorQuad. Another name is a
// *geo.Error with the code "unknown_grid".
func ParseGrid(s string) (Grid, error) {
	switch g := Grid(s); g {
	case "":
		return WebMercatorQuad, nil
	case WebMercatorQuad, CGCS2000Quad:
		return g, nil
	}
	return "", geo.Errorf("unknown_grid",
		"没有名为 %q 的瓦片矩阵集，可用：WebMercatorQuad、CGCS2000Quad（与天地图 c 对齐）",
		"there is no tile matrix set %q; there are WebMercatorQuad and CGCS2000Quad (aligned with Tianditu's c)", brief(s))
}

// degrees says whether the grid's plane is that of lon and lat.
func (g Grid) degrees() bool { return g == CGCS2000Quad }

// MaxZoom is the grid's deepest zoom.
func (g Grid) MaxZoom() uint8 {
	if g.degrees() {
		return MaxZoom - 1
	}
	return MaxZoom
}

// Size is the number of columns and rows of a zoom.
func (g Grid) Size(z uint8) (columns, rows uint32) {
	if g.degrees() {
		return 2 << z, 1 << z
	}
	return 1 << z, 1 << z
}

// Valid says whether the address names a tile of the grid.
func (g Grid) Valid(a Address) bool {
	columns, rows := g.Size(a.Z)
	return a.Z <= g.MaxZoom() && a.X < columns && a.Y < rows
}

// Bound is the tile without its buffer in degrees.
func (g Grid) Bound(a Address) orb.Bound { return g.degreesOf(g.frame(a).box(0)) }

// bits is the number of bits of the fine grid that a tile's side has.
func (g Grid) bits(z uint8) uint {
	if g.degrees() {
		return fineBits - 1 - uint(z)
	}
	return fineBits - uint(z)
}

// frame is the tile's place on the grid's fine grid.
func (g Grid) frame(a Address) frame {
	shift := g.bits(a.Z)
	return frame{x: int64(a.X) << shift, y: int64(a.Y) << shift, sub: shift - extentBits}
}

// project brings degrees to the grid's fine grid, rounding half up.
func (g Grid) project(p orb.Point) vertex {
	if !g.degrees() {
		return fineAt(p)
	}
	const world = 1 << fineBits
	return vertex{
		x: int64(math.Floor(float64((p[0]+180)/360*world) + 0.5)),
		y: int64(math.Floor(float64((90-p[1])/360*world) + 0.5)),
	}
}

// degreesOf is the bound of a box on the grid's fine grid.
func (g Grid) degreesOf(b box) orb.Bound {
	w, n := g.degreesAt(b.x0, b.y0)
	e, s := g.degreesAt(b.x1, b.y1)
	return orb.Bound{Min: orb.Point{w, s}, Max: orb.Point{e, n}}
}

// degreesAt undoes project without its rounding.
func (g Grid) degreesAt(x, y int64) (lon, lat float64) {
	lon = math.Ldexp(float64(x), -fineBits)*360 - 180
	if g.degrees() {
		return lon, 90 - math.Ldexp(float64(y), -fineBits)*360
	}
	lat = math.Atan(math.Sinh(math.Pi*(1-2*math.Ldexp(float64(y), -fineBits)))) * 180 / math.Pi
	return lon, lat
}

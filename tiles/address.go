package tiles

import (
	"math"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// MaxZoom is the deepest zoom: a square of its grid is 2.3 mm at the equator.
const MaxZoom = 22

// Address names one tile of WebMercatorQuad: zoom Z from 0 to MaxZoom, column X from
// the west and row Y from the north, both below 2^Z.
type Address struct {
	Z    uint8
	X, Y uint32
}

// ParseAddress reads the three segments of a tile's path, without suffix. A segment is
// one to ten ASCII digits without sign, space or leading zero; anything else is a
// *geo.Error with the code "bad_tile". Numbers for which there is no tile, beyond MaxZoom
// or the zoom's grid, are one with the code "no_such_tile". The cost does not depend on the
// length of the segments.
func ParseAddress(z, x, y string) (Address, error) {
	var n [3]uint64
	for i, s := range [3]string{z, x, y} {
		v, ok := parseIndex(s)
		if !ok {
			return Address{}, geo.Errorf("bad_tile",
				"瓦片地址 z/x/y 中的 %q 不是数字：应为不带正负号和前导零的整数",
				"%q in the tile's z/x/y is not a number: whole numbers without sign or leading zeros are wanted", brief(s))
		}
		n[i] = v
	}
	if n[0] > MaxZoom {
		return Address{}, geo.Errorf("no_such_tile",
			"没有第 %d 级瓦片：级别为 0 到 %d", "there is no zoom %d: zooms go from 0 to %d", n[0], MaxZoom)
	}
	if side := uint64(1) << n[0]; n[1] >= side || n[2] >= side {
		return Address{}, geo.Errorf("no_such_tile",
			"第 %d 级没有瓦片 %d/%d：行列号应小于 %d", "zoom %d has no tile %d/%d: column and row must be below %d",
			n[0], n[1], n[2], side)
	}
	return Address{Z: uint8(n[0]), X: uint32(n[1]), Y: uint32(n[2])}, nil
}

// parseIndex reads up to ten digits.
func parseIndex(s string) (v uint64, ok bool) {
	if len(s) == 0 || len(s) > 10 || len(s) > 1 && s[0] == '0' {
		return 0, false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		v = 10*v + uint64(s[i]-'0')
	}
	return v, true
}

// brief cuts text that comes from outside to what a message can carry.
func brief(s string) string {
	const most = 24
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}

// Valid says whether the address names a tile.
func (a Address) Valid() bool {
	return a.Z <= MaxZoom && a.X < 1<<a.Z && a.Y < 1<<a.Z
}

// Bound is the tile without its buffer in degrees. Rows reach from 85.0511° north to as
// far south.
func (a Address) Bound() orb.Bound {
	return degreesOf(a.fine().box(0))
}

// fine is the tile's place on the fine grid.
func (a Address) fine() frame {
	shift := fineBits - uint(a.Z)
	return frame{x: int64(a.X) << shift, y: int64(a.Y) << shift, sub: shift - extentBits}
}

// degreesOf is the bound of a box on the fine grid.
func degreesOf(b box) orb.Bound {
	w, n := degreesAt(b.x0, b.y0)
	e, s := degreesAt(b.x1, b.y1)
	return orb.Bound{Min: orb.Point{w, s}, Max: orb.Point{e, n}}
}

// degreesAt undoes fineAt without its rounding.
func degreesAt(x, y int64) (lon, lat float64) {
	lon = math.Ldexp(float64(x), -fineBits)*360 - 180
	lat = math.Atan(math.Sinh(math.Pi*(1-2*math.Ldexp(float64(y), -fineBits)))) * 180 / math.Pi
	return lon, lat
}

package tiles

import (
	"github.com/paulmach/orb"

	"towngrid/geo"
)

// MaxZoom is the deepest zoom of WebMercatorQuad: a square of its tiles' grid is 2.3 mm at the equator.
const MaxZoom = 22

// Address names one tile of a grid: zoom Z from 0, column X from the west and row Y from the
// north.
type Address struct {
	Z    uint8
	X, Y uint32
}

// ParseAddress reads the address of a tile of WebMercatorQuad. See Grid.ParseAddress.
func ParseAddress(z, x, y string) (Address, error) { return WebMercatorQuad.ParseAddress(z, x, y) }

// ParseAddress reads the three segments of a tile's path, zoom, column and row, without suffix. A segment is
// one to ten ASCII digits without sign, space or leading zero; anything else is a
// *geo.Error with the code "bad_tile". Numbers for which there is no tile, beyond the grid's
// deepest zoom or its columns and rows, are one with the code "no_such_tile". The cost does not depend on the
// length of the segments.
func (g Grid) ParseAddress(z, x, y string) (Address, error) {
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
	if n[0] > uint64(g.MaxZoom()) {
		return Address{}, geo.Errorf("no_such_tile",
			"没有第 %d 级瓦片：级别为 0 到 %d", "there is no zoom %d: zooms go from 0 to %d", n[0], g.MaxZoom())
	}
	if columns, rows := g.Size(uint8(n[0])); n[1] >= uint64(columns) || n[2] >= uint64(rows) {
		return Address{}, geo.Errorf("no_such_tile",
			"第 %d 级没有瓦片 %d/%d：列号应小于 %d，行号应小于 %d", "zoom %d has no tile %d/%d: the column must be below %d and the row below %d",
			n[0], n[1], n[2], columns, rows)
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

// Valid says whether the address names a tile of WebMercatorQuad.
func (a Address) Valid() bool { return WebMercatorQuad.Valid(a) }

// Bound is the tile of WebMercatorQuad without its buffer in degrees.
func (a Address) Bound() orb.Bound { return WebMercatorQuad.Bound(a) }

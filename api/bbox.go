package api

import (
	"math"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// box is the bbox parameter: one bound, or two where it crosses the antimeridian.
// No bound at all selects everything.
type box []orb.Bound

// parseBox reads four numbers (west, south, east, north) or six, whose heights are
// passed over, in CRS84 degrees. West may exceed east: the box then crosses the
// antimeridian. South above north, NaN and infinity are refused.
func parseBox(s string) (box, error) {
	if s == "" {
		return nil, nil
	}
	items := strings.Split(s, ",")
	if len(items) == 6 {
		for _, height := range []string{items[2], items[5]} {
			if n, err := strconv.ParseFloat(strings.TrimSpace(height), 64); err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
				return nil, badBox(s)
			}
		}
		items = []string{items[0], items[1], items[3], items[4]}
	}
	if len(items) != 4 {
		return nil, badBox(s)
	}
	var v [4]float64
	for i, item := range items {
		n, err := strconv.ParseFloat(strings.TrimSpace(item), 64)
		if err != nil || !(n >= -360 && n <= 360) {
			return nil, badBox(s)
		}
		v[i] = n
	}
	if v[1] > v[3] {
		return nil, badBox(s)
	}
	west, east := orb.Bound{Min: orb.Point{v[0], v[1]}, Max: orb.Point{v[2], v[3]}}, orb.Bound{}
	if v[0] <= v[2] {
		return box{west}, nil
	}
	west.Max[0], east = 180, orb.Bound{Min: orb.Point{-180, v[1]}, Max: orb.Point{v[2], v[3]}}
	return box{west, east}, nil
}

func badBox(s string) error {
	return geo.Errorf("bad_bbox", "bbox=%.80q 应为 西,南,东,北 四个度数（或含高程的六个数）", "bbox=%.80q: wanted are west,south,east,north in degrees, or six numbers with heights", s)
}

package coverage

import (
	"math"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"

	"towngrid/geo"
)

// nest makes polygons of simple rings that touch in points at most: a ring that
// turns counter-clockwise is a shell, any other the hole of the smallest shell
// around it. A hole without a shell becomes a shell. Polygons keep the order of
// their shells, holes that of the rings.
func nest(rings []orb.Ring) orb.MultiPolygon {
	var mp orb.MultiPolygon
	var holes []orb.Ring
	var shells rtree.RTreeG[int]
	for _, r := range rings {
		if turnsLeft(r) {
			b := r.Bound()
			shells.Insert(b.Min, b.Max, len(mp))
			mp = append(mp, orb.Polygon{r})
		} else {
			holes = append(holes, r)
		}
	}
	for _, h := range holes {
		if i := around(&shells, mp, h); i >= 0 {
			mp[i] = append(mp[i], h)
		} else {
			h.Reverse()
			mp = append(mp, orb.Polygon{h})
		}
	}
	return mp
}

// around is the smallest of the shells that contain the ring, -1 where none does.
func around(shells *rtree.RTreeG[int], mp orb.MultiPolygon, ring orb.Ring) int {
	b := ring.Bound()
	best, least := -1, math.Inf(1)
	shells.Search(b.Min, b.Max, func(low, high [2]float64, i int) bool {
		if low[0] > b.Min[0] || low[1] > b.Min[1] || high[0] < b.Max[0] || high[1] < b.Max[1] {
			return true
		}
		if area := shoelace(mp[i][0]); area < least && within(ring, mp[i][0]) {
			best, least = i, area
		}
		return true
	})
	return best
}

// within says whether a ring lies in a shell that it does not cross: whether the
// first of its vertices that is not on the shell does, or else its first edge's middle.
func within(ring, shell orb.Ring) bool {
	mp := orb.MultiPolygon{{shell}}
	for _, v := range ring {
		if side := geo.SideOf(mp, v); side != geo.Edge {
			return side == geo.Inside
		}
	}
	for i := 1; i < len(ring); i++ {
		middle := orb.Point{(ring[i-1][0] + ring[i][0]) / 2, (ring[i-1][1] + ring[i][1]) / 2}
		if side := geo.SideOf(mp, middle); side != geo.Edge {
			return side == geo.Inside
		}
	}
	return false
}

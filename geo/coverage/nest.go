package coverage

import (
	"math"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"

	"towngrid/geo"
)

// nest makes a polygon of each shell, in order: with it go the holes of which it is
// the smallest shell around. Rings touch in points at most; may says whether a hole
// is to be looked for in a shell at all. Holes that lie in no shell are left over.
func nest(shells, holes []orb.Ring, may func(shell, hole int) bool) (mp orb.MultiPolygon, orphans []orb.Ring) {
	var tree rtree.RTreeG[int]
	for i, r := range shells {
		b := r.Bound()
		tree.Insert(b.Min, b.Max, i)
		mp = append(mp, orb.Polygon{r})
	}
	for j, h := range holes {
		if i := around(&tree, mp, h, func(i int) bool { return may(i, j) }); i >= 0 {
			mp[i] = append(mp[i], h)
		} else {
			orphans = append(orphans, h)
		}
	}
	return mp, orphans
}

// around is the smallest of the shells that contain the ring, -1 where none does.
func around(shells *rtree.RTreeG[int], mp orb.MultiPolygon, ring orb.Ring, may func(shell int) bool) int {
	b := ring.Bound()
	best, least := -1, math.Inf(1)
	shells.Search(b.Min, b.Max, func(low, high [2]float64, i int) bool {
		if low[0] > b.Min[0] || low[1] > b.Min[1] || high[0] < b.Max[0] || high[1] < b.Max[1] {
			return true
		}
		if area := shoelace(mp[i][0]); area < least && may(i) && within(ring, mp[i][0]) {
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

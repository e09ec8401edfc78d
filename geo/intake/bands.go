package intake

import (
	"github.com/paulmach/orb"

	"towngrid/geo"
)

// bands answers on which side of a polygon points lie, when many are asked: edges
// are sorted into bands of latitude, and a point is held only against the edges of
// its own band. The answers are geo.SideOf's.
type bands struct {
	polygons  orb.MultiPolygon
	bound     orb.Bound
	perDegree float64
	// runs are, of each band, the pieces of rings whose edges reach it, each as long as it
	// can be. They lie in the rings themselves: sides are counted edge by edge, whether a
	// ring is whole or not.
	runs []orb.Polygon
}

// newBands sorts the edges of mp, four to a band on average.
func newBands(mp orb.MultiPolygon) *bands {
	edges := 0
	for _, p := range mp {
		for _, r := range p {
			edges += max(0, len(r)-1)
		}
	}
	b := &bands{polygons: mp, bound: mp.Bound(), runs: make([]orb.Polygon, edges/4+1)}
	if height := b.bound.Max[1] - b.bound.Min[1]; height > 0 {
		b.perDegree = float64(len(b.runs)) / height
	}
	for _, p := range mp {
		for _, r := range p {
			for i := 1; i < len(r); i++ {
				b.add(r[i-1:], min(r[i-1][1], r[i][1]), max(r[i-1][1], r[i][1]))
			}
		}
	}
	return b
}

// add puts the first edge of rest, the end of a ring, into each band from low to high, which
// are latitudes.
func (b *bands) add(rest orb.Ring, low, high float64) {
	for k := b.band(low); k <= b.band(high); k++ {
		runs := b.runs[k]
		if last := len(runs) - 1; last >= 0 && &runs[last][len(runs[last])-1] == &rest[0] {
			runs[last] = runs[last][:len(runs[last])+1]
			continue
		}
		b.runs[k] = append(runs, rest[:2])
	}
}

// band is the band of a latitude; it never falls as the latitude rises.
func (b *bands) band(lat float64) int {
	return min(max(int((lat-b.bound.Min[1])*b.perDegree), 0), len(b.runs)-1)
}

// side is geo.SideOf.
func (b *bands) side(p orb.Point) geo.Side {
	if !b.bound.Contains(p) {
		return geo.Outside
	}
	return geo.SideOf(orb.MultiPolygon{b.runs[b.band(p[1])]}, p)
}

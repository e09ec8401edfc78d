package intake

import (
	"github.com/paulmach/orb"

	"towngrid/geo"
)

// bands answers on which side of a polygon points lie, when many are asked: edges
// are sorted into bands of latitude, and a point is held only against the edges of
// its own band. The answers are geo.SideOf's.
type bands struct {
	polygons   orb.MultiPolygon
	bound      orb.Bound
	perDegree  float64
	bandedEdge []orb.MultiPolygon
}

// newBands sorts the edges of mp, four to a band on average.
func newBands(mp orb.MultiPolygon) *bands {
	edges := 0
	for _, p := range mp {
		for _, r := range p {
			edges += max(0, len(r)-1)
		}
	}
	b := &bands{polygons: mp, bound: mp.Bound(), bandedEdge: make([]orb.MultiPolygon, edges/4+1)}
	if height := b.bound.Max[1] - b.bound.Min[1]; height > 0 {
		b.perDegree = float64(len(b.bandedEdge)) / height
	}
	for _, p := range mp {
		for _, r := range p {
			for i := 1; i < len(r); i++ {
				b.add(r[i-1], r[i])
			}
		}
	}
	return b
}

// add puts an edge into each band that it reaches. An edge stands there as a ring of
// two points: sides are counted edge by edge, whichever ring an edge is of.
func (b *bands) add(p, q orb.Point) {
	for k := b.band(min(p[1], q[1])); k <= b.band(max(p[1], q[1])); k++ {
		b.bandedEdge[k] = append(b.bandedEdge[k], orb.Polygon{{p, q}})
	}
}

// band is the band of a latitude; it never falls as the latitude rises.
func (b *bands) band(lat float64) int {
	return min(max(int((lat-b.bound.Min[1])*b.perDegree), 0), len(b.bandedEdge)-1)
}

// side is geo.SideOf.
func (b *bands) side(p orb.Point) geo.Side {
	if !b.bound.Contains(p) {
		return geo.Outside
	}
	return geo.SideOf(b.bandedEdge[b.band(p[1])], p)
}

package snapshot

import (
	"slices"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"

	"towngrid/geo"
)

// hit is what a part finds at a position, as places in the order of codes.
type hit struct {
	cover   int32   // the lowest feature that covers the position, none if no feature does
	touch   int32   // the lowest on whose edge it lies without being covered by it, or none
	onEdge  bool    // it lies on an edge of cover
	further []int32 // more features that cover it, where they overlap
}

const none int32 = -1

// add takes feature i into account, which lies so towards the position.
func (h *hit) add(i int32, covers, onEdge bool) {
	switch {
	case !covers:
		if onEdge && (h.touch == none || i < h.touch) {
			h.touch = i
		}
	case h.cover == none:
		h.cover, h.onEdge = i, onEdge
	case i < h.cover:
		h.further = append(h.further, h.cover)
		h.cover, h.onEdge = i, onEdge
	default:
		h.further = append(h.further, i)
	}
}

// polygons finds features by their bounds first and then by all their edges. The
// even-odd rule does not ask which ring belongs to which polygon, so a feature's rings
// are taken from one array, without the way through its geometry.
type polygons struct {
	tree  *rtree.RTreeG[int32]
	rings []orb.Ring
	first []int32 // feature i has the rings from first[i] to first[i+1]
}

func (ps *polygons) find(p orb.Point) hit {
	h := hit{cover: none, touch: none}
	ps.tree.Search(p, p, func(_, _ [2]float64, i int32) bool {
		all := orb.MultiPolygon{ps.rings[ps.first[i]:ps.first[i+1]]}
		switch geo.SideOf(all, p) {
		case geo.Inside:
			h.add(i, true, false)
		case geo.Edge:
			h.add(i, geo.Covers(all, p), true)
		}
		return true
	})
	slices.Sort(h.further)
	return h
}

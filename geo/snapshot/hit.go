package snapshot

import (
	"slices"

	"github.com/paulmach/orb"

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

// polygons finds features by their bounds first and then by all their edges.
type polygons struct{ *Part }

func (ps polygons) find(p orb.Point) hit {
	h := hit{cover: none, touch: none}
	ps.tree.Search(p, p, func(_, _ [2]float64, i int32) bool {
		mp := ps.features[i].Geometry.(orb.MultiPolygon)
		switch geo.SideOf(mp, p) {
		case geo.Inside:
			h.add(i, true, false)
		case geo.Edge:
			h.add(i, geo.Covers(mp, p), true)
		}
		return true
	})
	slices.Sort(h.further)
	return h
}

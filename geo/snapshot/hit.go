package snapshot

import (
	"slices"

	"github.com/paulmach/orb"

	"towngrid/geo/raster"
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

// find finds the part's polygons at a position. The raster answers where it is sure;
// else, and where there is none, all edges of the polygons that come into question do.
func (p *Part) find(at orb.Point) hit {
	if p.raster == nil {
		h := hit{cover: none, touch: none}
		p.tree.search(orb.Bound{Min: at, Max: at}, func(i int32) bool {
			p.test(&h, i, at)
			return true
		})
		slices.Sort(h.further)
		return h
	}
	if i := p.raster.Find(at); i != raster.Unsure {
		return hit{cover: i, touch: none}
	}
	return p.among(at)
}

// among finds the polygons at a position by an exact test of those near it.
func (p *Part) among(at orb.Point) hit {
	h := hit{cover: none, touch: none}
	var few [16]int32
	for _, i := range p.raster.Candidates(at, few[:0]) {
		if p.bounds[i].Contains(at) {
			p.test(&h, i, at)
		}
	}
	return h
}

func (p *Part) test(h *hit, i int32, at orb.Point) {
	if covered, onEdge := p.stand(i, at); covered || onEdge {
		h.add(i, covered, onEdge)
	}
}

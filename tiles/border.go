package tiles

import (
	"cmp"
	"context"
	"slices"

	"towngrid/geo"
	"towngrid/geo/snapshot"
)

// frontier is a line in a tile between two features, each alone or merged, or between one and the outside.
type frontier struct {
	left, right uint64 // who is at the sides, in the order in which frontiers are drawn
	s           *shown // the feature whose line it is
	line        uint32
	flipped     bool // the side of the line's lower code is at the right
}

// The kinds of sides in their order, in the highest bits of a side's key.
const (
	outerSide  = 0
	aloneSide  = 1 << 62
	mergedSide = 2 << 62
)

// side is the key of what a slot of a feature's block shows as.
func (w *desk) side(s *shown, slot int32) uint64 {
	switch {
	case slot == none:
		return outerSide
	case s.standsAlone(slot, w.zoom):
		return aloneSide | uint64(s.number)<<32 | uint64(s.home.all[slot])
	}
	return mergedSide | uint64(w.merger.number(s.drawn, s.block, s.base, slot))
}

// borders draws each border once, those of one pair of sides as one feature.
func (w *desk) borders(ctx context.Context, snap *snapshot.Snapshot, c geo.Collection) error {
	w.edges = w.edges[:0]
	err := w.each(ctx, func(s *shown) {
		for l := s.linesOf[s.slot]; l < s.linesOf[s.slot+1]; l++ {
			e := frontier{left: w.side(s, s.lines[l].left), right: w.side(s, s.lines[l].right), s: s, line: l}
			if e.right != outerSide && e.right < e.left {
				e.left, e.right, e.flipped = e.right, e.left, true
			}
			if e.left != e.right {
				w.edges = append(w.edges, e)
			}
		}
	})
	if err != nil {
		return err
	}
	if !slices.IsSortedFunc(w.edges, frontier.compare) {
		slices.SortStableFunc(w.edges, frontier.compare)
	}
	units := snap.Tag(geo.Units)
	names := levelNames(c)
	for i := 0; i < len(w.edges); {
		if i%patience == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		from := i
		for ; i < len(w.edges) && w.edges[i].compare(w.edges[from]) == 0; i++ {
			w.drawFrontier(&w.edges[i])
		}
		e := &w.edges[from]
		w.endFrontier(c, e, names[e.s.levelsOf(snap, units)[e.line]])
	}
	return nil
}

// compare orders frontiers by their sides, the left one first.
func (e frontier) compare(f frontier) int {
	return cmp.Or(cmp.Compare(e.left, f.left), cmp.Compare(e.right, f.right))
}

// drawFrontier adds the chains of a frontier to the current shape.
func (w *desk) drawFrontier(e *frontier) {
	s := e.s
	right := s.lines[e.line].right
	whole := s.inside || right != none && s.inner.holds(s.bounds[right])
	for _, ref := range s.lineRefs[s.lines[e.line].first:s.linesEnd(e.line)] {
		if e.flipped {
			ref = ^ref
		}
		w.plotter.addLine(s, ref, whole, &w.layer)
	}
}

// endFrontier gives the current border its properties, if it has a shape, and writes it.
func (w *desk) endFrontier(c geo.Collection, e *frontier, level string) {
	if len(w.layer.shape) == 0 {
		w.layer.end(0, lineShape)
		return
	}
	left, right := e.s.lines[e.line].left, e.s.lines[e.line].right
	if e.flipped {
		left, right = right, left
	}
	id := e.s.lines[e.line].id
	w.layer.tag(0, level)
	if e.left >= mergedSide || e.right >= mergedSide {
		id = geo.FeatureID(geo.Collection(layerName(c, Borders)), geo.Code(w.tagSide(e, left, 1)+"|"+w.tagSide(e, right, 2)))
	} else {
		w.tagSide(e, left, 1)
		w.tagSide(e, right, 2)
	}
	w.layer.end(id, lineShape)
}

// tagSide says what is at a side of the current border: the code of a feature that stands alone, in the
// key given, or the unit of merged cells, two keys on. It gives what names the side.
func (w *desk) tagSide(e *frontier, slot int32, key int) string {
	switch {
	case slot == none:
		return ""
	case e.s.standsAlone(slot, w.zoom):
		w.layer.tag(key, e.s.code(slot))
		return e.s.code(slot)
	}
	g := &e.s.groups[e.s.group[slot]]
	if key += 2; key < len(w.layer.keys) {
		w.layer.tag(key, g.values[0])
	}
	return g.key
}

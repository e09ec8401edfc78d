package tiles

import (
	"context"
	"math/bits"
	"slices"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/coverage"
	"towngrid/geo/snapshot"
)

// desk is what a tile is made with: buffers that are kept from tile to tile, and the parts
// and features of the collection that is being drawn.
type desk struct {
	plotter plotter
	layer   layer
	parts   []drawn
	finds   []find
	chosen  bitSet
	keys    []string // of the layer
	columns []int    // of the layer's keys
	out     []byte
}

// drawn is a part of the collection that is drawn.
type drawn struct {
	part *snapshot.Part
	pic  *picture
	at   place
}

// find is a feature that may show in the tile: number i of part p.
type find struct{ p, i int32 }

// shown is a feature that shows in the tile: number k of its chunk.
type shown struct {
	*drawn
	*chunk
	i, k  int
	bound box // in the tile
}

// clear lets go of what the tile was made of.
func (w *desk) clear() {
	clear(w.parts)
	w.parts = w.parts[:0]
	w.layer.reset("", nil)
}

// tile makes the tile of a checked request.
func (w *desk) tile(ctx context.Context, b *Builder, s *snapshot.Snapshot, r Request) ([]byte, error) {
	w.out = w.out[:0]
	for _, c := range r.Collections {
		w.plotter.begin(r.frame())
		w.gather(b, s, c, r)
		for _, kind := range kinds() {
			if r.Content&kind == 0 || !gives(c, kind) || len(w.finds) == 0 {
				continue
			}
			if err := w.draw(ctx, s, r, c, kind); err != nil {
				return nil, err
			}
			w.out = w.layer.appendTo(w.out)
		}
	}
	return slices.Clone(w.out), ctx.Err()
}

// draw fills the layer of one kind.
func (w *desk) draw(ctx context.Context, s *snapshot.Snapshot, r Request, c geo.Collection, kind Content) error {
	w.keys, w.columns = w.keys[:0], w.columns[:0]
	for i, column := range columns(c, kind) {
		if r.wants(kind, column.Name) {
			w.keys, w.columns = append(w.keys, column.Name), append(w.columns, i)
		}
	}
	w.layer.reset(layerName(c, kind), w.keys)
	switch {
	case kind == Labels:
		return w.labels(ctx)
	case kind == Borders:
		return w.borders(ctx, s)
	case schemas[c].Geometry == geo.Point:
		return w.points(ctx)
	}
	return w.fills(ctx)
}

// gather finds the collection's features whose bound meets the window, in order of code.
func (w *desk) gather(b *Builder, s *snapshot.Snapshot, c geo.Collection, r Request) {
	clear(w.parts)
	w.parts, w.finds = w.parts[:0], w.finds[:0]
	reach := r.reach()
	for _, p := range s.Parts(c) {
		if !p.Bound().Intersects(reach) {
			continue
		}
		pic := b.picture(p, r.Grid, r.Datum)
		n := int32(len(w.parts))
		w.parts = append(w.parts, drawn{p, pic, w.plotter.place(pic)})
		w.choose(p, reach)
		for i := range w.chosen.all {
			w.finds = append(w.finds, find{n, int32(i)})
		}
	}
	if len(w.parts) > 1 && !slices.IsSortedFunc(w.finds, w.byCode) {
		slices.SortStableFunc(w.finds, w.byCode)
	}
}

// byCode orders finds by code; of one code, the stable sort keeps the order of divisions.
func (w *desk) byCode(a, b find) int { return w.code(a).Compare(w.code(b)) }

func (w *desk) code(f find) geo.Code { return w.parts[f.p].part.At(int(f.i)).Code }

// choose chooses each feature whose bound meets b.
func (w *desk) choose(p *snapshot.Part, b orb.Bound) {
	w.chosen.reset(p.Len())
	p.Search(b, func(i int) bool {
		w.chosen.add(i)
		return true
	})
}

// visit calls f with every find whose bound meets the window, until the context ends.
func (w *desk) visit(ctx context.Context, f func(shown)) error {
	for n, find := range w.finds {
		if n%chunkLen == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		d := &w.parts[find.p]
		s := shown{drawn: d, chunk: d.pic.chunk(d.part, int(find.i)), i: int(find.i), k: int(find.i) & (chunkLen - 1)}
		s.bound = d.at.box(s.bounds[s.k])
		if s.bound.meets(w.plotter.window) {
			f(s)
		}
	}
	return nil
}

// value is the feature's encoded value in a column of its collection.
func (s shown) value(column int) string { return s.chunk.value(s.k, column, len(s.pic.columns)) }

// fills draws the collection's polygons: first all their vertices make their squares hot,
// then every ring is led through them.
func (w *desk) fills(ctx context.Context) error {
	err := w.visit(ctx, func(s shown) {
		for r := s.first[s.k]; r < s.first[s.k+1]; r++ {
			w.plotter.markRing(s.at, s.ring(r), s.bound)
		}
	})
	if err != nil {
		return err
	}
	return w.visit(ctx, func(s shown) {
		w.plotter.shape.reset()
		for r := s.first[s.k]; r < s.first[s.k+1]; r++ {
			w.plotter.addRing(s.at, s.ring(r), s.bound, s.shells[r])
		}
		w.plotter.shape.draw(&w.layer)
		w.end(s, polygonShape)
	})
}

// points draws the collection's points.
func (w *desk) points(ctx context.Context) error {
	return w.visit(ctx, func(s shown) {
		w.layer.point(w.plotter.hot.square(vertex{s.bound.x0, s.bound.y0}))
		w.end(s, pointShape)
	})
}

// end gives the current feature its properties, if it has a shape, and writes it.
func (w *desk) end(s shown, t shapeType) {
	if len(w.layer.shape) > 0 {
		for key, column := range w.columns {
			w.layer.tag(key, s.value(column))
		}
	}
	w.layer.end(s.ids[s.k], t)
}

// labels draws the label points that lie in the tile itself, without its buffer, so that
// each label is in exactly one tile of a zoom.
func (w *desk) labels(ctx context.Context) error {
	f := w.plotter.frame
	return w.visit(ctx, func(s shown) {
		l := s.pic.label(s.part, s.i)
		p := w.plotter.hot.square(vertex{l.at.x - f.x, l.at.y - f.y})
		if p.x < 0 || p.x >= Extent || p.y < 0 || p.y >= Extent {
			return
		}
		w.layer.point(p)
		for column, v := range [...]string{s.value(0), s.value(1), l.rank, l.size} {
			w.layer.tag(column, v)
		}
		w.layer.end(s.ids[s.k], pointShape)
	})
}

// borders draws the borders of the features found, through the hot squares of all of them.
func (w *desk) borders(ctx context.Context, snap *snapshot.Snapshot) error {
	for n := range w.parts {
		set := w.chooseLines(n)
		for l := range w.chosen.all {
			w.eachArc(n, set, l, w.plotter.markLine)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	for n := range w.parts {
		set := w.chooseLines(n)
		levels := set.levelsOf(snap, w.parts[n].part)
		for l := range w.chosen.all {
			w.eachArc(n, set, l, w.drawLine)
			w.endLine(&w.parts[n], set.lines[l], set.names[levels[l]])
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// chooseLines chooses the borders of the features found in part n.
func (w *desk) chooseLines(n int) *borderSet {
	d := &w.parts[n]
	set := d.pic.borderSet(d.part)
	w.chosen.reset(len(set.lines))
	for _, f := range w.finds {
		if int(f.p) == n {
			for _, l := range set.of[set.from[f.i]:set.from[f.i+1]] {
				w.chosen.add(int(l))
			}
		}
	}
	return set
}

// eachArc calls f with the arcs of a border whose bound meets the window.
func (w *desk) eachArc(n int, set *borderSet, line int, f func(at place, arc []offset, bound box)) {
	at := w.parts[n].at
	for a := set.first[line]; a < set.first[line+1]; a++ {
		if bound := at.box(set.bounds[a]); bound.meets(w.plotter.window) {
			f(at, set.arcs[set.starts[a]:set.starts[a+1]], bound)
		}
	}
}

func (w *desk) drawLine(at place, arc []offset, bound box) {
	w.plotter.addLine(at, arc, bound, &w.layer)
}

// endLine gives the current border its properties, if it has a shape, and writes it.
func (w *desk) endLine(d *drawn, f frontier, level string) {
	if len(w.layer.shape) > 0 {
		w.layer.tag(0, level)
		w.layer.tag(1, d.pic.code(d.part, int(f.left)))
		if f.right != coverage.Rim {
			w.layer.tag(2, d.pic.code(d.part, int(f.right)))
		}
	}
	w.layer.end(f.id, lineShape)
}

// bitSet is a set of small numbers.
type bitSet []uint64

// reset empties the set and makes room for numbers below n.
func (s *bitSet) reset(n int) {
	words := (n + 63) / 64
	*s = slices.Grow((*s)[:0], words)[:words]
	clear(*s)
}

func (s bitSet) add(i int) { s[i/64] |= 1 << (i % 64) }

// all yields the numbers in ascending order.
func (s bitSet) all(yield func(i int) bool) {
	for k, word := range s {
		for ; word != 0; word &= word - 1 {
			if !yield(k*64 + bits.TrailingZeros64(word)) {
				return
			}
		}
	}
}

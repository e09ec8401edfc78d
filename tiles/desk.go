package tiles

import (
	"cmp"
	"context"
	"math/bits"
	"slices"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/snapshot"
)

// desk is what a tile is made with: buffers that are kept from tile to tile, and the parts
// and features of the collection that is being drawn.
type desk struct {
	zoom    uint8
	many    int  // blocks from which the tile takes long, see manyBlocks
	keeps   bool // the builder keeps what it makes
	lists   bool // features that are drawn by a hull are listed as well
	plotter plotter
	layer   layer
	parts   []drawn
	bases   []base  // of the blocks that may show in the tile, those of one part together
	baseOf  []int32 // per block of a part: its place among the part's bases
	finds   []find
	shown   []shown
	around  *surroundings
	chosen  bitSet
	missing []int32
	keys    []string // of the layer
	columns []int    // of the layer's keys
	merger  merger
	unions  unions
	tracer  tracer
	pixels  pixels
	out     []byte
}

// drawn is a part of the collection that is drawn.
type drawn struct {
	before int // the number of features of the parts that are drawn before it
	part   *snapshot.Part
	pic    *picture
	at     place
	// window is the tile with its buffer in the picture's offsets, inner what lies within it and
	// touches none of the squares on its rim.
	window, inner offsetBox
	begin         int    // of its bases among those of all parts
	bases         []base // in the order of their blocks
}

// base is what a tile needs of block k: where its chains and groups begin among those of the tile, or none, and its
// ways, which may be nil, with how to bring them to the tile.
type base struct {
	k                    int32
	within               bool // the bound of each feature meets the tile's reach
	chainBase, groupBase int32
	ways                 *ways
	shift                square
	whole                bool // the tile holds all merged features of the block, and draws their hulls
	anew                 bool // lines are led anew where the block lies
}

// find is a feature that may show in the tile: number i of part p, in a slot of the block of the part's base number b.
type find struct{ p, i, b, slot int32 }

// shown is a feature that shows in the tile.
type shown struct {
	*drawn
	*block
	home *blockSlot
	*base
	i, slot int32
	cut     int32 // the number of its first ring among those that are cut
	inside  bool  // it is not cut by the window, and no square on the window's rim is its own
	alone   bool  // it is not merged with others
	smooth  bool  // it is drawn along ways that are kept
	stands  bool  // it stands for all merged features of its group and block, which are drawn by their hull
}

// patience is the number of features between two looks at whether the context has ended.
const patience = 256

// clear lets go of what the tile was made of.
func (w *desk) clear() {
	clear(w.parts)
	clear(w.bases)
	clear(w.shown)
	w.around = nil
	w.parts, w.bases, w.shown = w.parts[:0], w.bases[:0], w.shown[:0]
	w.layer.reset("", nil)
	w.merger.reset()
	w.unions.reset()
	w.tracer.reset()
}

// tile makes the tile of a checked request.
func (w *desk) tile(ctx context.Context, b *Builder, s *snapshot.Snapshot, r Request) ([]byte, error) {
	w.many = cmp.Or(b.many, manyBlocks)
	w.out, w.zoom, w.keeps, w.lists = w.out[:0], r.Z, !b.forgetful, r.Content&Borders != 0
	for _, c := range r.Collections {
		w.plotter.begin(r.frame(), r.Z)
		w.gather(b, s, c, r)
		if err := w.show(ctx, r.reach()); err != nil {
			return nil, err
		}
		if len(w.shown) == 0 {
			continue
		}
		if r.Content&(Fills|Borders) != 0 && schemas[c].Geometry != geo.Point {
			if err := w.mark(ctx); err != nil {
				return nil, err
			}
		}
		borders, err := w.ahead(ctx, s, r, c)
		if err != nil {
			return nil, err
		}
		for _, kind := range kinds() {
			if r.Content&kind == 0 || !gives(c, kind) {
				continue
			}
			if kind == Borders && borders != nil {
				w.out = append(w.out, borders...)
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

// ahead has unions made where that takes long, and meanwhile draws the layer of borders, which is nil where that is not done.
func (w *desk) ahead(ctx context.Context, s *snapshot.Snapshot, r Request, c geo.Collection) (borders []byte, err error) {
	w.unions.reset()
	if len(w.bases) < w.many || r.Content&Fills == 0 || len(mergingColumns(c)) == 0 {
		return nil, nil
	}
	defer w.unions.begin(ctx, w)()
	if r.Content&Borders == 0 || !gives(c, Borders) {
		return nil, nil
	}
	err = w.draw(ctx, s, r, c, Borders)
	return w.layer.appendTo([]byte{}), err
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
		return w.borders(ctx, s, c)
	case schemas[c].Geometry == geo.Point:
		return w.points(ctx)
	}
	return w.fills(ctx)
}

// gather finds the collection's blocks that have a feature whose bound meets the tile's reach.
func (w *desk) gather(b *Builder, s *snapshot.Snapshot, c geo.Collection, r Request) {
	clear(w.parts)
	clear(w.bases)
	w.parts, w.bases = w.parts[:0], w.bases[:0]
	w.around = b.surroundings(s, c, r)
	reach := r.reach()
	for _, p := range w.around.parts {
		if !p.Bound().Intersects(reach) {
			continue
		}
		d := w.drawing(p, b.picture(p, r.Grid, r.Datum), len(w.bases))
		for k, whole := range d.pic.tree.meeting(reach) {
			if whole || d.pic.blocks[k].shows(p, reach, d.window) {
				w.bases = append(w.bases, base{k: int32(k), within: whole, chainBase: none, groupBase: none})
			}
		}
		if len(w.bases) > d.begin {
			w.parts = append(w.parts, d)
		}
	}
	end := len(w.bases)
	for n := len(w.parts) - 1; n >= 0; n-- { // now that they stay where they are
		d := &w.parts[n]
		d.bases, end = w.bases[d.begin:end], d.begin
	}
}

// shows says whether a member may show in a window, by its offsets where the block has been made, else by the window's reach.
func (s *blockSlot) shows(p *snapshot.Part, reach orb.Bound, window offsetBox) bool {
	if b := s.block.Load(); b != nil {
		return slices.ContainsFunc(b.bounds[:b.own], window.meets)
	}
	return s.meets(p, reach)
}

// meets says whether the bound of a member meets b.
func (b *bunch) meets(p *snapshot.Part, box orb.Bound) bool {
	return slices.ContainsFunc(b.members, func(i int32) bool { return box.Intersects(p.FeatureBound(int(i))) })
}

// drawing is a part whose bases begin at first.
func (w *desk) drawing(p *snapshot.Part, pic *picture, first int) drawn {
	d := drawn{part: p, pic: pic, at: w.plotter.place(pic), begin: first}
	if n := len(w.parts); n > 0 {
		d.before = w.parts[n-1].before + w.parts[n-1].part.Len()
	}
	d.window, d.inner = d.at.offsets(w.plotter.window), d.at.offsets(w.plotter.inner)
	return d
}

// choose lists the features that meet the window, in order of code. Of the merged features of a block that the tile holds
// as a whole it lists those only that stand for the others, or have borders that are drawn.
func (w *desk) choose(reach orb.Bound) {
	w.finds = w.finds[:0]
	for n := range w.parts {
		d := &w.parts[n]
		begin := len(w.finds)
		for at := range d.bases {
			w.chooseOf(d, n, at, reach)
		}
		w.order(d, n, w.finds[begin:])
	}
	if len(w.parts) > 1 && !slices.IsSortedFunc(w.finds, w.byCode) {
		slices.SortStableFunc(w.finds, w.byCode)
	}
}

// chooseOf chooses from the block of base number at of part n.
func (w *desk) chooseOf(d *drawn, n, at int, reach orb.Bound) {
	from := &d.bases[at]
	b := d.pic.blocks[from.k].block.Load()
	for slot, i := range d.pic.blocks[from.k].members {
		var shows bool
		if from.whole && !b.standsAlone(int32(slot), w.zoom) {
			shows = from.ways.heads.has(slot) || w.lists && from.ways.edged.has(slot)
		} else {
			shows = b.bounds[slot].meets(d.window) && (from.within || reach.Intersects(d.part.FeatureBound(int(i))))
		}
		if shows {
			w.finds = append(w.finds, find{int32(n), i, int32(at), int32(slot)})
		}
	}
}

// order sorts the finds of a part by number: by comparing where they are few in a large part, else by a set of the part's numbers.
func (w *desk) order(d *drawn, n int, finds []find) {
	if few := 2 * len(finds) * bits.Len(uint(len(finds))); few < d.part.Len()/64 {
		slices.SortFunc(finds, func(a, b find) int { return cmp.Compare(a.i, b.i) })
		return
	}
	w.chosen.reset(d.part.Len())
	for _, f := range finds {
		w.chosen.add(int(f.i))
	}
	w.baseOf = slices.Grow(w.baseOf[:0], len(d.pic.blocks))[:len(d.pic.blocks)]
	for at := range d.bases {
		w.baseOf[d.bases[at].k] = int32(at)
	}
	k := 0
	for i := range w.chosen.all {
		at := d.pic.places[i]
		finds[k] = find{int32(n), int32(i), w.baseOf[at.block], at.slot}
		k++
	}
}

// byCode orders finds by code; of one code, the stable sort keeps the order of divisions.
func (w *desk) byCode(a, b find) int { return w.code(a).Compare(w.code(b)) }

func (w *desk) code(f find) geo.Code { return w.parts[f.p].part.Bare(int(f.i)).Code }

// show has the blocks made that were found, and lists the features that meet the window.
func (w *desk) show(ctx context.Context, reach orb.Bound) error {
	clear(w.shown)
	w.shown = w.shown[:0]
	w.merger.reset()
	if err := w.make(ctx); err != nil {
		return err
	}
	for n := range w.parts {
		d := &w.parts[n]
		for at := range d.bases {
			w.open(d, &d.bases[at])
		}
	}
	w.choose(reach)
	w.shown = slices.Grow(w.shown, len(w.finds))
	for n, f := range w.finds {
		if n%patience == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		d := &w.parts[f.p]
		from := &d.bases[f.b]
		home := &d.pic.blocks[from.k]
		b := home.block.Load()
		s := shown{drawn: d, block: b, home: home, base: from, i: f.i, slot: f.slot, alone: b.standsAlone(f.slot, w.zoom)}
		switch {
		case from.whole && !s.alone:
			s.inside, s.smooth, s.stands = true, true, from.ways.heads.has(int(s.slot))
		default:
			s.inside = d.inner.holds(b.bounds[s.slot])
			s.smooth = s.inside && s.ways != nil && s.ways.smooth.has(int(s.slot))
		}
		if !s.alone && (s.stands || !from.whole) {
			w.merger.add(&s, int32(len(w.shown)))
		}
		w.shown = append(w.shown, s)
	}
	return nil
}

// open readies a block for the tile.
func (w *desk) open(d *drawn, from *base) {
	from.groupBase = w.merger.room(d.pic.blocks[from.k].block.Load())
	if from.ways, _ = w.around.known(d.pic, from.k, w.zoom); from.ways != nil {
		frame := w.plotter.frame
		from.whole = from.within && from.ways.whole && d.inner.holds(from.ways.held)
		from.shift = square{int32(from.ways.origin.x - frame.x>>frame.sub), int32(from.ways.origin.y - frame.y>>frame.sub)}
	}
}

// way is that of a chain which is kept and holds for the tile, or nil.
func (s *shown) way(c int32) []spot {
	if s.ways == nil {
		return nil
	}
	return s.ways.way(c)
}

// make has the blocks made that are not yet made, and the ways of such as are asked for often.
func (w *desk) make(ctx context.Context) error {
	for n := range w.parts {
		d := &w.parts[n]
		w.missing = w.missing[:0]
		for _, b := range d.bases {
			if d.pic.blocks[b.k].block.Load() == nil {
				w.missing = append(w.missing, b.k)
			}
		}
		if err := each(ctx, w.missing, func(k int32) { d.pic.block(d.part, k) }); err != nil {
			return err
		}
		if !w.keeps || schemas[d.pic.collection].Geometry == geo.Point {
			continue
		}
		if err := w.lead(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// lead has the ways taken over that hold, and those made of such blocks as are asked for often.
func (w *desk) lead(ctx context.Context, d *drawn) error {
	unknown := func() {
		w.missing = w.missing[:0]
		for _, b := range d.bases {
			if _, known := w.around.known(d.pic, b.k, w.zoom); !known {
				w.missing = append(w.missing, b.k)
			}
		}
	}
	unknown()
	if len(w.missing) == 0 {
		return nil
	}
	if err := each(ctx, w.missing, func(k int32) { w.around.adopt(d.part, d.pic, k, w.zoom) }); err != nil {
		return err
	}
	unknown()
	if len(w.bases) < w.many {
		w.missing = slices.DeleteFunc(w.missing, func(k int32) bool { return !d.pic.worth(k, w.zoom) })
		w.missing = w.missing[:min(len(w.missing), wayBatch)]
	}
	return each(ctx, w.missing, func(k int32) { w.around.lead(d.part, d.pic, k, w.zoom) })
}

// standsAlone says whether the feature is not merged with others at a zoom.
func (b *block) standsAlone(slot int32, zoom uint8) bool {
	return b.alone == nil || b.alone[slot] <= zoom
}

// hidden says whether a chain of the feature, inside the window and merged, lies between it and another such
// of its group, so that it is not drawn.
func (s *shown) hidden(c int32, zoom uint8) bool {
	if s.ways != nil && !s.ways.seams.has(int(c)) {
		return false
	}
	other := s.left[c]
	switch s.slot {
	case other:
		other = s.right[c]
	case s.right[c]:
	default:
		return false
	}
	return other != none && s.group[other] == s.group[s.slot] && !s.standsAlone(other, zoom) && s.inner.holds(s.bounds[other])
}

// value is the feature's encoded value in a column of its collection.
func (s *shown) value(column int) string {
	return s.block.value(int(s.slot), column, len(s.pic.columns))
}

// each calls f with the features shown, until the context ends.
func (w *desk) each(ctx context.Context, f func(s *shown)) error {
	for n := range w.shown {
		if n%patience == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		f(&w.shown[n])
	}
	return nil
}

// mark makes the squares hot in which the vertices of the features that are shown lie, and their cuts, wherever lines are
// led anew.
func (w *desk) mark(ctx context.Context) error {
	p := &w.plotter
	p.anew.reset(p.hot.sub)
	err := w.each(ctx, func(s *shown) {
		if s.smooth {
			return
		}
		s.cut = int32(len(p.cuts) - 1)
		for r := s.first[s.slot]; r < s.first[s.slot+1]; r++ {
			if !s.inside {
				p.clip(s, s.ring(r))
				continue
			}
			for _, ref := range s.ring(r) {
				if len(s.way(index(ref))) == 0 {
					p.anew.add(s.at.box(s.boxes[index(ref)]))
				}
			}
		}
	})
	if err != nil || !p.anew.some {
		return err
	}
	for _, v := range p.corners {
		if q := p.hot.square(v.vertex); p.anew.has(q) || p.onRim(v.vertex) {
			p.hot.put(q)
		}
	}
	for _, of := range p.kept {
		p.markStretch(of)
	}
	for n := range w.parts {
		d := &w.parts[n]
		for k := range d.bases {
			from := &d.bases[k]
			from.anew = p.anew.meets(d.at.box(d.pic.blocks[from.k].block.Load().box))
		}
	}
	return w.each(ctx, func(s *shown) {
		if !s.anew {
			return
		}
		if !s.stands {
			p.markSlot(s, s.slot)
			return
		}
		for slot := range int32(s.own) {
			if s.group[slot] == s.group[s.slot] && !s.standsAlone(slot, w.zoom) {
				p.markSlot(s, slot)
			}
		}
	})
}

// fills draws the collection's polygons: those that stand alone, then what is merged.
func (w *desk) fills(ctx context.Context) error {
	err := w.each(ctx, func(s *shown) {
		if !s.alone {
			return
		}
		if s.smooth && s.ways.plain.has(int(s.slot)) {
			w.plain(s)
		} else {
			w.plotter.shape.reset()
			w.plotter.shape.simple = s.ways != nil && s.ways.plain.has(int(s.slot))
			w.addRings(s)
			w.plotter.shape.draw(&w.layer)
		}
		w.end(s, polygonShape)
	})
	if err != nil {
		return err
	}
	return w.merged(ctx)
}

// addRings takes the rings of a feature up into the current shape.
func (w *desk) addRings(s *shown) {
	for r := s.first[s.slot]; r < s.first[s.slot+1]; r++ {
		if s.inside {
			w.plotter.addRing(s, s.ring(r), s.shells[r])
		} else {
			w.plotter.addCut(s, s.cut+int32(r-s.first[s.slot]), s.shells[r])
		}
	}
}

// plain draws a feature that stands as its ways are.
func (w *desk) plain(s *shown) {
	if !s.ways.shapes.kept() {
		w.layer.plain(s.block, s.ways, s.slot, s.shift)
	} else if first, rest := s.ways.shapes.shape(s.slot); len(rest) > 0 {
		w.layer.begun(first.square(s.shift), rest)
	}
}

// merged draws the merged features, each group as one.
func (w *desk) merged(ctx context.Context) error {
	number := 0
	for g, members := range w.merger.groups() {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if number < len(w.unions.all) && w.unions.all[number].made {
			w.layer.shape = append(w.layer.shape, w.unions.all[number].shape...)
		} else {
			w.unite(members)
		}
		number++
		if len(w.layer.shape) > 0 {
			for key, column := range w.columns {
				if k := slices.Index(w.shown[members[0]].pic.merging, column); k >= 0 {
					w.layer.tag(key, g.values[k])
				}
			}
		}
		w.layer.end(g.id, polygonShape)
	}
	return nil
}

// unite draws the members of a group as one shape.
func (w *desk) unite(members []int32) {
	w.plotter.shape.reset()
	for _, n := range members {
		s := &w.shown[n]
		if !s.inside {
			w.addRings(s)
			continue
		}
		if s.stands {
			w.addHull(s)
			continue
		}
		for r := s.first[s.slot]; r < s.first[s.slot+1]; r++ {
			for _, ref := range s.ring(r) {
				if !s.hidden(index(ref), w.zoom) {
					w.plotter.addChain(s, ref)
				}
			}
		}
	}
	w.plotter.shape.drawUnion(&w.layer)
}

// addHull takes up the hull of the features that one stands for.
func (w *desk) addHull(s *shown) {
	h := s.ways.hull(s.group[s.slot])
	for _, ref := range h.refs {
		w.plotter.addChain(s, ref)
	}
	own := *s
	for _, at := range h.seams {
		own.slot = at.slot
		if !own.hidden(index(at.ref), w.zoom) {
			w.plotter.addChain(&own, at.ref)
		}
	}
}

// end gives the current feature its properties, if it has a shape, and writes it.
func (w *desk) end(s *shown, t shapeType) {
	if len(w.layer.shape) > 0 {
		for key, column := range w.columns {
			if v := s.value(column); column == codeColumn {
				w.layer.tagNew(key, v)
			} else {
				w.layer.tag(key, v)
			}
		}
	}
	w.layer.end(s.ids[s.slot], t)
}

// bitSet is a set of small numbers.
type bitSet []uint64

// reset empties the set and makes room for numbers below n.
func (s *bitSet) reset(n int) {
	words := (n + 63) / 64
	*s = slices.Grow((*s)[:0], words)[:words]
	clear(*s)
}

func (s bitSet) has(i int) bool { return s[i/64]>>(i%64)&1 != 0 }

func (s bitSet) some() bool {
	return slices.ContainsFunc(s, func(word uint64) bool { return word != 0 })
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

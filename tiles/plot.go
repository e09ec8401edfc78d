package tiles

import (
	"math"
	"slices"
)

// plotter draws the shapes of one tile: it brings kept offsets to the tile, leaves out what the
// zoom does not show, clips and leads the rest through the hot squares. It keeps its buffers from
// tile to tile.
type plotter struct {
	zoom   uint8
	frame  frame
	window box // the tile with its buffer, from the tile's corner
	inner  box // what lies in the window and in no square on its rim
	sides  [4]limit
	hot    hotGrid
	shape  outline

	// A chain is marked once and brought to the tile once.
	chains []plotted // of the blocks of which it is needed
	ways   []square  // of chains that are not cut
	trims  []corner  // of chains that are
	kept   []stretch // of these, where their ways are kept; numbers of stretches begin at 1

	anew    zone     // where lines are led in this tile only
	cuts    []uint32 // cut ring n is corners[cuts[n]:cuts[n+1]]
	corners []corner

	ring  []corner // scratch of clipping
	spare []corner
	line  []corner // scratch of lines
	way   []square
}

// plotted is a chain in the tile: ways[from:to] once it has been led or, where it crosses the rim, trims[from:to] once it has
// been trimmed.
type plotted struct {
	from, to uint32
	marked   bool
}

// stretch is a part of a kept way with both ends, and how to bring it to the tile.
type stretch struct {
	way   []spot
	shift square
}

// begin prepares for the shapes of one collection in the tile.
func (p *plotter) begin(f frame, zoom uint8) {
	p.frame, p.zoom = f, zoom
	p.window = frame{sub: f.sub}.box(Buffer)
	half := int64(1) << (f.sub - 1)
	low, high := (1-Buffer)<<f.sub-half, (Extent+Buffer)<<f.sub-half-1
	p.inner = box{low, low, high, high}
	p.sides = p.window.limits()
	p.hot.reset(f.sub)
	p.chains, p.ways, p.trims = p.chains[:0], p.ways[:0], p.trims[:0]
	clear(p.kept)
	p.kept = p.kept[:0]
	p.corners, p.cuts = p.corners[:0], append(p.cuts[:0], 0)
}

// room is the number in the tile of the first chain of a feature's block.
func (s *shown) room(p *plotter) int32 {
	if s.chainBase == none {
		s.chainBase = p.room(s.block)
	}
	return s.chainBase
}

// room gives the chains of a block numbers in the tile, from the one that is returned.
func (p *plotter) room(b *block) int32 {
	from := len(p.chains)
	n := from + max(len(b.starts)-1, 0)
	p.chains = slices.Grow(p.chains, n-from)[:n]
	clear(p.chains[from:])
	return int32(from)
}

// place says how to bring a picture's offsets to a tile: shift left by lift, then add.
type place struct {
	lift uint
	add  vertex
}

// place is that of a picture in the tile.
func (p *plotter) place(pic *picture) place {
	return place{pic.lift, vertex{pic.origin.x<<pic.lift - p.frame.x, pic.origin.y<<pic.lift - p.frame.y}}
}

func (at place) vertex(o offset) vertex {
	return vertex{int64(o.x)<<at.lift + at.add.x, int64(o.y)<<at.lift + at.add.y}
}

func (at place) box(b offsetBox) box {
	low, high := at.vertex(b.min), at.vertex(b.max)
	return box{low.x, low.y, high.x, high.y}
}

// offsets are those that lie in a box of the tile.
func (at place) offsets(b box) offsetBox {
	x0, x1 := offsetRange(b.x0-at.add.x, b.x1-at.add.x, at.lift)
	y0, y1 := offsetRange(b.y0-at.add.y, b.y1-at.add.y, at.lift)
	return offsetBox{offset{x0, y0}, offset{x1, y1}}
}

// offsetRange is the range of numbers that, shifted left by lift, lie from low to high; the first is
// greater than the last where there are none.
func offsetRange(low, high int64, lift uint) (first, last int32) {
	low, high = -(-low >> lift), high>>lift
	if low > math.MaxInt32 || high < math.MinInt32 {
		return math.MaxInt32, math.MinInt32
	}
	return int32(max(low, math.MinInt32)), int32(min(high, math.MaxInt32))
}

// markChain makes the squares of a chain's vertices hot, once: of one whose way is kept those where lines are led anew.
func (p *plotter) markChain(s *shown, c int32) {
	k := &p.chains[s.room(p)+c]
	if k.marked {
		return
	}
	k.marked = true
	if way := s.way(c); len(way) > 0 {
		p.markStretch(stretch{way, s.shift})
		return
	}
	from := s.from[s.starts[c]:s.starts[c+1]]
	for i, o := range s.points[s.starts[c]:s.starts[c+1]] {
		if from[i] <= p.zoom {
			p.hot.put(p.hot.square(s.at.vertex(o)))
		}
	}
}

// markStretch makes the squares of a stretch hot that lie where lines are led anew.
func (p *plotter) markStretch(of stretch) {
	for _, at := range of.way {
		if q := at.square(of.shift); p.anew.has(q) {
			p.hot.put(q)
		}
	}
}

// markSlot makes the squares of those vertices of a slot hot that lie where lines are led anew, but of lines at the rim.
func (p *plotter) markSlot(s *shown, slot int32) {
	if s.smooth && !p.anew.meets(s.at.box(s.bounds[slot])) {
		return
	}
	from := s.room(p)
	for _, ref := range s.refs[s.rings[s.first[slot]]:s.rings[s.first[slot+1]]] {
		if p.chains[from+index(ref)].marked {
			continue
		}
		if b := &s.boxes[index(ref)]; (s.inside || s.inner.holds(*b)) && p.anew.meets(s.at.box(*b)) {
			p.markChain(s, index(ref))
		}
	}
}

// appendRef appends the way of a chain that is not cut, in the direction of ref, without its last square.
func (p *plotter) appendRef(out []square, s *shown, ref int32) []square {
	c := index(ref)
	kept := s.way(c)
	if len(kept) == 0 {
		way := p.chainWay(s, c)
		if ref >= 0 {
			return append(out, way[:len(way)-1]...)
		}
		for i := len(way) - 1; i > 0; i-- {
			out = append(out, way[i])
		}
		return out
	}
	return appendSpots(out, kept, s.shift, ref < 0)
}

// appendSpots appends the squares of a stretch, from its end to its start where it is turned, without the last.
func appendSpots(out []square, way []spot, shift square, turned bool) []square {
	n, end := len(out), len(way)-1
	out = slices.Grow(out, end)[:n+end]
	if to := out[n:]; turned {
		for i := range to {
			to[i] = way[end-i].square(shift)
		}
	} else {
		for i := range to {
			to[i] = way[i].square(shift)
		}
	}
	return out
}

// appendAlong appends the way of a chain or a stretch of it along which a ring goes on at a corner, without its last square.
func (p *plotter) appendAlong(out []square, s *shown, v corner) []square {
	if v.kept == 0 {
		return p.appendRef(out, s, v.along)
	}
	return appendSpots(out, p.stretch(v.kept).way, s.shift, v.along < 0)
}

// stretch is that of a number.
func (p *plotter) stretch(n uint32) *stretch { return &p.kept[n-1] }

// end is the last square of the way of a chain in the direction of ref.
func (p *plotter) end(s *shown, ref int32) square {
	c := index(ref)
	if kept := s.way(c); len(kept) > 0 {
		if ref < 0 {
			return kept[0].square(s.shift)
		}
		return kept[len(kept)-1].square(s.shift)
	}
	if ref < 0 {
		return p.hot.square(s.at.vertex(s.points[s.starts[c]]))
	}
	return p.hot.square(s.at.vertex(s.points[s.starts[c+1]-1]))
}

// chainWay is the way of a chain that is not cut, as the chain stands, with both ends.
func (p *plotter) chainWay(s *shown, c int32) []square {
	k := &p.chains[s.room(p)+c]
	if k.to == 0 {
		k.from = uint32(len(p.ways))
		p.ways = p.appendWay(p.ways, s, c)
		k.to = uint32(len(p.ways))
	}
	return p.ways[k.from:k.to]
}

// appendWay appends the way of a chain that is not cut. Where it is not kept, all vertices around are marked.
func (p *plotter) appendWay(way []square, s *shown, c int32) []square {
	if kept := s.way(c); len(kept) > 0 {
		for _, q := range kept {
			way = append(way, q.square(s.shift))
		}
		return way
	}
	last := s.at.vertex(s.points[s.starts[c]])
	way = append(way, p.hot.square(last))
	for i := s.starts[c] + 1; i < s.starts[c+1]; i++ {
		if s.from[i] <= p.zoom {
			v := s.at.vertex(s.points[i])
			way = p.hot.lead(way, last, v)
			last = v
		}
	}
	return way
}

// trim gives a chain that crosses the rim by its corners, as it stands, with both ends. Where its way is kept, it holds
// for the edges that pass no square on the rim, as for chains that do not (see ways): these are stretches. The others are led in this tile.
func (p *plotter) trim(s *shown, c int32) []corner {
	k := &p.chains[s.room(p)+c]
	if k.to == 0 {
		k.from = uint32(len(p.trims))
		if way := s.way(c); len(way) > 0 {
			p.trimKept(s, c, way)
		} else {
			p.anew.add(s.at.box(s.boxes[c]))
			for i := s.starts[c]; i < s.starts[c+1]; i++ {
				if s.from[i] <= p.zoom {
					p.trims = append(p.trims, corner{vertex: s.at.vertex(s.points[i]), along: straight})
				}
			}
		}
		k.to = uint32(len(p.trims))
	}
	return p.trims[k.from:k.to]
}

// trimKept appends the corners of a chain whose way is kept. The squares of its vertices come in their order in the way,
// and none comes again before the next has come. Of vertices that lie beyond the same sides of the window one after the other the first
// and the last stand for all: nothing is left of the others, nor do the edges between them make a cut.
func (p *plotter) trimKept(s *shown, c int32, way []spot) {
	first := len(p.trims)
	var at, was, lo int // where the vertex, the one before and the start of the stretch are in the way
	var side, before, beforeThat uint8
	inner := false // the stretch goes on
	end := func() {
		if inner {
			p.kept[len(p.kept)-1].way, inner = way[lo:was+1], false
		}
	}
	from := s.from[s.starts[c]:s.starts[c+1]]
	for i, o := range s.points[s.starts[c]:s.starts[c+1]] {
		if from[i] > p.zoom {
			continue
		}
		v := corner{vertex: s.at.vertex(o), along: straight}
		for q := p.hot.square(v.vertex); way[at].square(s.shift) != q; {
			at++
		}
		n := len(p.trims)
		if side = innerSide; !s.inner.has(o) {
			side = s.window.beyond(o)
		}
		if side != innerSide || before != innerSide {
			end()
		} else if inner {
			p.trims[n-1].vertex, was = v.vertex, at
			continue
		}
		switch {
		case n == first:
		case side == innerSide && before == innerSide:
			inner, lo, p.kept = true, was, append(p.kept, stretch{shift: s.shift})
			p.trims[n-1].along, p.trims[n-1].kept = c, uint32(len(p.kept))
		case side&before&beyondSides == 0:
			p.anew.add(boxOf(p.trims[n-1].vertex, v.vertex))
		case side == before && side == beforeThat:
			n--
		}
		p.trims = append(p.trims[:n], v)
		was, before, beforeThat = at, side, before
	}
	end()
}

// The sides of the window beyond which a vertex lies.
const (
	beyondSides = 0xf
	innerSide   = 0x10 // beyond none, and in no square on the rim
)

// beyond says beyond which sides of the window a place lies.
func (b *offsetBox) beyond(o offset) (sides uint8) {
	switch {
	case o.x < b.min.x:
		sides = 1
	case o.x > b.max.x:
		sides = 2
	}
	switch {
	case o.y < b.min.y:
		sides |= 4
	case o.y > b.max.y:
		sides |= 8
	}
	return sides
}

// appendTurned appends the corners of a trimmed chain in the direction of ref, without the last.
func appendTurned(out, cs []corner, ref int32) []corner {
	if ref >= 0 {
		return append(out, cs[:len(cs)-1]...)
	}
	for k := len(cs) - 1; k > 0; k-- {
		v := cs[k-1] // how the edge before goes
		if v.vertex = cs[k].vertex; v.along != straight {
			v.along = ^v.along
		}
		out = append(out, v)
	}
	return out
}

// The places of a chain in the window.
const (
	crosses = iota // somewhere across its rim, or near it
	keeps          // in no square on its rim
	loses          // beyond one of its sides
)

// onRim says whether a vertex of the window lies on one of its sides.
func (p *plotter) onRim(v vertex) bool {
	return v.x == p.window.x0 || v.x == p.window.x1 || v.y == p.window.y0 || v.y == p.window.y1
}

// lies says where chain c lies in the window.
func (s *shown) lies(c int32) int {
	b, w := &s.boxes[c], &s.window
	switch {
	case s.inner.holds(*b):
		return keeps
	case b.max.x < w.min.x || b.min.x > w.max.x || b.max.y < w.min.y || b.min.y > w.max.y:
		return loses
	}
	return crosses
}

// clip appends a ring cut at the window. A chain within stays as it is; of a chain beyond the window its first vertex
// stands for all, since nothing of it is left.
func (p *plotter) clip(s *shown, refs []int32) {
	p.ring = p.ring[:0]
	led := false // the chain before goes along a kept way
	for _, ref := range refs {
		c := index(ref)
		where := s.lies(c)
		if where == crosses {
			p.ring, led = appendTurned(p.ring, p.trim(s, c), ref), false
			continue
		}
		v := corner{along: straight}
		before := led
		led = where == keeps && len(s.way(c)) > 0
		if where == keeps {
			if v.along = ref; !led {
				p.anew.add(s.at.box(s.boxes[c]))
			}
		}
		switch {
		case before && led: // no edge ends here that is cut or led, so any vertex of the square does
			v.vertex = p.hot.middle(p.end(s, ^ref))
		case ref < 0:
			v.vertex = s.at.vertex(s.points[s.starts[c+1]-1])
		default:
			v.vertex = s.at.vertex(s.points[s.starts[c]])
		}
		p.ring = append(p.ring, v)
	}
	bound := s.at.box(s.bounds[s.slot])
	for _, limit := range p.sides {
		if limit.cuts(bound) {
			p.spare = clipRing(p.spare[:0], p.ring, limit)
			p.ring, p.spare = p.spare, p.ring
		}
	}
	p.corners = append(p.corners, p.ring...)
	p.cuts = append(p.cuts, uint32(len(p.corners)))
}

// addCut takes cut n up into the current shape.
func (p *plotter) addCut(s *shown, n int32, shell bool) {
	p.addCorners(s, p.corners[p.cuts[n]:p.cuts[n+1]], shell)
}

// addCorners takes up what is left of a clipped ring when it is led through the hot squares.
func (p *plotter) addCorners(s *shown, vs []corner, shell bool) {
	out := p.shape.squares
	lo := len(out)
	for i, v := range vs {
		if v.along != straight {
			out = p.appendAlong(out, s, v)
			continue
		}
		next := vs[0].vertex
		if i+1 < len(vs) {
			next = vs[i+1].vertex
		}
		if at := p.hot.square(v.vertex); at != p.hot.square(next) {
			from := len(out)
			out = p.hot.lead(append(out, at), v.vertex, next)
			out = out[:len(out)-1]
			for _, q := range out[from:] {
				p.shape.led.add(q)
			}
		}
	}
	p.shape.squares = out
	p.shape.rings = append(p.shape.rings, ring{lo: lo, hi: len(out), shell: shell})
}

// addRing takes a ring that is not cut up into the current shape.
func (p *plotter) addRing(s *shown, refs []int32, shell bool) {
	lo := len(p.shape.squares)
	for _, ref := range refs {
		p.shape.squares = p.appendRef(p.shape.squares, s, ref)
	}
	p.shape.rings = append(p.shape.rings, ring{lo: lo, hi: len(p.shape.squares), shell: shell})
}

// addChain takes a chain up into the current shape as an open line.
func (p *plotter) addChain(s *shown, ref int32) {
	lo := len(p.shape.squares)
	p.shape.squares = append(p.appendRef(p.shape.squares, s, ref), p.end(s, ref))
	p.shape.rings = append(p.shape.rings, ring{lo: lo, hi: len(p.shape.squares), open: true})
}

// lineWays calls f with the ways of a chain in the tile, led through the same squares as the
// polygons at its sides; whole says that the window does not cut it. Where it runs there and straight
// back, as between features that have collapsed, that much is left out. What f gets holds until it returns.
func (p *plotter) lineWays(s *shown, ref int32, whole bool, f func(way []square)) {
	if whole {
		p.way = append(p.appendRef(p.way[:0], s, ref), p.end(s, ref))
		p.giveWay(f)
		return
	}
	switch s.lies(index(ref)) {
	case loses:
		return
	case keeps:
		p.lineWays(s, ref, true, f)
		return
	}
	cs := p.trim(s, index(ref))
	last := cs[len(cs)-1]
	if ref < 0 {
		last = corner{vertex: cs[0].vertex, along: straight}
	}
	p.line = append(appendTurned(p.line[:0], cs, ref), last)
	p.inWindow(func(vs []corner) {
		p.way = append(p.way[:0], p.hot.square(vs[0].vertex))
		for i, v := range vs[1:] {
			if before := vs[i]; before.along == straight {
				p.way = p.hot.lead(p.way, before.vertex, v.vertex)
			} else {
				p.way = append(p.appendAlong(p.way[:len(p.way)-1], s, before), p.hot.square(v.vertex))
			}
		}
		p.giveWay(f)
	})
}

func (p *plotter) giveWay(f func(way []square)) {
	if p.way = straightened(p.way); len(p.way) >= 2 {
		f(p.way)
	}
}

// inWindow calls f with the parts of the line that lie in the window. What f gets holds until it returns.
func (p *plotter) inWindow(f func([]corner)) {
	lo := len(p.line) // what is left of the current part lies behind the line
	for i := 1; i < lo; i++ {
		a, b := p.line[i-1], p.line[i]
		from, to, ok := a, corner{vertex: b.vertex, along: straight}, true
		if a.along == straight {
			from.vertex, to.vertex, ok = clipEdge(a.vertex, b.vertex, &p.sides)
		}
		if len(p.line) > lo && (!ok || from.vertex != a.vertex) {
			f(p.line[lo:])
			p.line = p.line[:lo]
		}
		if !ok {
			continue
		}
		if len(p.line) == lo {
			p.line = append(p.line, from)
		}
		p.line[len(p.line)-1] = from
		p.line = append(p.line, to)
	}
	if len(p.line) > lo {
		f(p.line[lo:])
	}
}

// straightened takes out of a way what runs there and back.
func straightened(way []square) []square {
	out := way[:0]
	for _, q := range way {
		if n := len(out); n >= 2 && out[n-2] == q {
			out = out[:n-1]
			continue
		}
		out = append(out, q)
	}
	return out
}

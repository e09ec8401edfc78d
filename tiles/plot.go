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

	// A chain that is not cut is brought to the tile once and led once.
	chains   []plotted // of all blocks in the tile
	vertices []vertex  // of chains
	ways     []square  // of chains

	ring  []vertex // scratch of clipping
	spare []vertex
	way   []square // scratch of lines
}

// plotted is a chain in the tile: vertices[lo:hi] and, once it has been led, ways[from:to].
type plotted struct{ lo, hi, from, to uint32 }

// begin prepares for the shapes of one collection in the tile.
func (p *plotter) begin(f frame, zoom uint8) {
	p.frame, p.zoom = f, zoom
	p.window = frame{sub: f.sub}.box(Buffer)
	half := int64(1) << (f.sub - 1)
	low, high := (1-Buffer)<<f.sub-half, (Extent+Buffer)<<f.sub-half-1
	p.inner = box{low, low, high, high}
	p.sides = p.window.limits()
	p.hot.reset(f.sub)
	p.chains, p.vertices, p.ways = p.chains[:0], p.vertices[:0], p.ways[:0]
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

// markChain makes the squares of a chain's vertices hot, once.
func (p *plotter) markChain(s *shown, c int32) {
	k := &p.chains[s.chainBase+c]
	if k.hi > 0 {
		return
	}
	k.lo = uint32(len(p.vertices))
	points := s.points[s.starts[c]:s.starts[c+1]]
	from := s.from[s.starts[c]:][:len(points)]
	for i, o := range points {
		if from[i] <= p.zoom {
			v := s.at.vertex(o)
			p.vertices = append(p.vertices, v)
			p.hot.mark(v)
		}
	}
	k.hi = uint32(len(p.vertices))
}

// chainWay is the way of a chain that is not cut, as the chain stands, with both ends.
func (p *plotter) chainWay(s *shown, c int32) []square {
	k := &p.chains[s.chainBase+c]
	if k.to == 0 {
		p.markChain(s, c)
		k.from = uint32(len(p.ways))
		vs := p.vertices[k.lo:k.hi]
		p.ways = append(p.ways, p.hot.square(vs[0]))
		for i := 1; i < len(vs); i++ {
			p.ways = p.hot.lead(p.ways, vs[i-1], vs[i])
		}
		k.to = uint32(len(p.ways))
	}
	return p.ways[k.from:k.to]
}

// appendShown appends the vertices of a chain, in the direction of ref, that the zoom shows.
func (p *plotter) appendShown(vs []vertex, s *shown, ref int32) []vertex {
	c := index(ref)
	lo, hi := s.starts[c], s.starts[c+1]
	if ref >= 0 {
		for i := lo; i < hi; i++ {
			if s.from[i] <= p.zoom {
				vs = append(vs, s.at.vertex(s.points[i]))
			}
		}
		return vs
	}
	for i := hi; i > lo; i-- {
		if s.from[i-1] <= p.zoom {
			vs = append(vs, s.at.vertex(s.points[i-1]))
		}
	}
	return vs
}

// clipped is a ring cut at the window. It holds until the next call.
func (p *plotter) clipped(s *shown, refs []int32) []vertex {
	p.ring = p.ring[:0]
	for _, ref := range refs {
		p.ring = p.appendShown(p.ring, s, ref)
		p.ring = p.ring[:len(p.ring)-1] // the next chain begins there
	}
	bound := s.at.box(s.bounds[s.slot])
	for _, limit := range p.sides {
		if limit.cuts(bound) {
			p.spare = clipRing(p.spare[:0], p.ring, limit)
			p.ring, p.spare = p.spare, p.ring
		}
	}
	return p.ring
}

// markRing makes the squares of a ring's vertices and cuts hot.
func (p *plotter) markRing(s *shown, refs []int32) {
	for _, v := range p.clipped(s, refs) {
		p.hot.mark(v)
	}
}

// addRing takes a ring up into the current shape.
func (p *plotter) addRing(s *shown, refs []int32, shell bool) {
	if !s.inside {
		p.shape.add(&p.hot, p.clipped(s, refs), shell)
		return
	}
	lo := len(p.shape.squares)
	for _, ref := range refs {
		p.shape.append(p.chainWay(s, index(ref)), ref < 0)
	}
	p.shape.rings = append(p.shape.rings, ring{lo: lo, hi: len(p.shape.squares), shell: shell})
}

// addChain takes a chain up into the current shape as an open line.
func (p *plotter) addChain(s *shown, ref int32) {
	lo := len(p.shape.squares)
	way := p.chainWay(s, index(ref))
	p.shape.squares = append(p.shape.squares, way...)
	if ref < 0 {
		slices.Reverse(p.shape.squares[lo:])
	}
	p.shape.rings = append(p.shape.rings, ring{lo: lo, hi: len(p.shape.squares), open: true})
}

// lineWays calls f with the ways of a chain in the tile, led through the same squares as the
// polygons at its sides; whole says that the window does not cut it. Where it runs there and straight
// back, as between features that have collapsed, that much is left out. What f gets holds until it returns.
func (p *plotter) lineWays(s *shown, ref int32, whole bool, f func(way []square)) {
	if whole {
		p.way = append(p.way[:0], p.chainWay(s, index(ref))...)
		if ref < 0 {
			slices.Reverse(p.way)
		}
		p.giveWay(f)
		return
	}
	p.ring = p.appendShown(p.ring[:0], s, ref)
	p.pieces(func(vs []vertex) {
		p.way = append(p.way[:0], p.hot.square(vs[0]))
		for i := 1; i < len(vs); i++ {
			p.way = p.hot.lead(p.way, vs[i-1], vs[i])
		}
		p.giveWay(f)
	})
}

func (p *plotter) giveWay(f func(way []square)) {
	if p.way = straightened(p.way); len(p.way) >= 2 {
		f(p.way)
	}
}

// pieces calls f with the pieces of the line in ring that lie in the window. What f gets holds until it
// returns.
func (p *plotter) pieces(f func([]vertex)) {
	p.spare = p.spare[:0]
	for i := 1; i < len(p.ring); i++ {
		a, b := p.ring[i-1], p.ring[i]
		from, to, ok := clipEdge(a, b, &p.sides)
		if len(p.spare) > 0 && (!ok || from != a) {
			f(p.spare)
			p.spare = p.spare[:0]
		}
		if ok && len(p.spare) == 0 {
			p.spare = append(p.spare, from)
		}
		if ok {
			p.spare = append(p.spare, to)
		}
	}
	if len(p.spare) > 0 {
		f(p.spare)
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

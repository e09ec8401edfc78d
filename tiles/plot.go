package tiles

// plotter draws the shapes of one tile: it brings kept offsets to the tile, clips them and
// leads them through the hot squares. It keeps its buffers from tile to tile.
type plotter struct {
	frame  frame
	window box // the tile with its buffer, from the tile's corner
	sides  [4]limit
	hot    hotGrid
	shape  outline
	ring   []vertex // scratch of clipping
	spare  []vertex
	way    []square // scratch of lines
}

// begin prepares for the shapes of one collection in the tile.
func (p *plotter) begin(f frame) {
	p.frame = f
	p.window = frame{sub: f.sub}.box(Buffer)
	p.sides = p.window.limits()
	p.hot.reset(f.sub)
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

// clipped is a ring in the tile, cut at the window where its bound leaves it. It holds
// until the next call.
func (p *plotter) clipped(at place, ring []offset, bound box) []vertex {
	p.ring = p.ring[:0]
	for _, o := range ring {
		p.ring = append(p.ring, at.vertex(o))
	}
	for _, s := range p.sides {
		if s.cuts(bound) {
			p.spare = clipRing(p.spare[:0], p.ring, s)
			p.ring, p.spare = p.spare, p.ring
		}
	}
	return p.ring
}

// markRing makes the squares of a ring's vertices and cuts hot.
func (p *plotter) markRing(at place, ring []offset, bound box) {
	for _, v := range p.clipped(at, ring, bound) {
		p.hot.mark(v)
	}
}

// addRing takes a ring up into the current shape.
func (p *plotter) addRing(at place, ring []offset, bound box, shell bool) {
	p.shape.add(&p.hot, p.clipped(at, ring, bound), shell)
}

// pieces calls f with the pieces of a line that lie in the window. What f gets holds until it returns.
func (p *plotter) pieces(at place, line []offset, bound box, f func([]vertex)) {
	p.ring = p.ring[:0]
	if p.window.holds(bound) {
		for _, o := range line {
			p.ring = append(p.ring, at.vertex(o))
		}
		f(p.ring)
		return
	}
	for i := 1; i < len(line); i++ {
		a, b := at.vertex(line[i-1]), at.vertex(line[i])
		from, to, ok := clipEdge(a, b, &p.sides)
		if len(p.ring) > 0 && (!ok || from != a) {
			f(p.ring)
			p.ring = p.ring[:0]
		}
		if ok && len(p.ring) == 0 {
			p.ring = append(p.ring, from)
		}
		if ok {
			p.ring = append(p.ring, to)
		}
	}
	if len(p.ring) > 0 {
		f(p.ring)
	}
}

// markLine makes the squares of a line's vertices and cuts hot.
func (p *plotter) markLine(at place, line []offset, bound box) {
	p.pieces(at, line, bound, func(vs []vertex) {
		for _, v := range vs {
			p.hot.mark(v)
		}
	})
}

// addLine draws a line as part of l's current shape, led through the same squares as the
// polygons at its sides. Where it runs there and straight back, as between cells that
// have collapsed, that much is left out.
func (p *plotter) addLine(at place, line []offset, bound box, l *layer) {
	p.pieces(at, line, bound, func(vs []vertex) {
		p.way = append(p.way[:0], p.hot.square(vs[0]))
		for i := 1; i < len(vs); i++ {
			p.way = p.hot.lead(p.way, vs[i-1], vs[i])
		}
		if p.way = straightened(p.way); len(p.way) >= 2 {
			l.line(p.way)
		}
	})
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

package raster

import "math"

// piece is what of an edge lies within an area and its frame, in units, rounded.
type piece struct {
	edge     *edge
	from, to corner
}

// corner is an end of a piece. It is cut where the edge goes on beyond the frame.
type corner struct {
	x, y uint32
	cut  bool
}

// eastern says whether an edge leaves the area's frame here over its eastern side.
func (c corner) eastern() bool { return c.cut && c.x == mostUnits }

// cut appends the piece of an edge to ps, if it has one.
func (a area) cut(ps []piece, e *edge) []piece {
	scale := unitsWide / a.side
	ax, ay := (e.au-a.u)*scale+unitsBeyond, (e.av-a.v)*scale+unitsBeyond
	bx, by := (e.bu-a.u)*scale+unitsBeyond, (e.bv-a.v)*scale+unitsBeyond
	from, to, ok := clip(ax, ay, bx, by)
	if !ok {
		return ps
	}
	at := func(f float64) corner {
		switch f {
		case 0:
			return corner{x: units(ax), y: units(ay)}
		case 1:
			return corner{x: units(bx), y: units(by)}
		}
		return corner{units(ax + f*(bx-ax)), units(ay + f*(by-ay)), true}
	}
	return append(ps, piece{e, at(from), at(to)})
}

// units is a coordinate rounded to units within the frame.
func units(v float64) uint32 {
	if !(v > 0) {
		return 0
	}
	return uint32(min(v+0.5, mostUnits))
}

// clip gives the part of a line from a to b that lies between 0 and mostUnits in both
// axes, as fractions of its length; ok is false where there is none.
func clip(ax, ay, bx, by float64) (from, to float64, ok bool) {
	switch {
	case min(ax, bx) >= 0 && max(ax, bx) <= mostUnits && min(ay, by) >= 0 && max(ay, by) <= mostUnits:
		return 0, 1, true
	case max(ax, bx) < 0 || min(ax, bx) > mostUnits || max(ay, by) < 0 || min(ay, by) > mostUnits:
		return 0, 0, false
	}
	from, to = clipAxis(ax, bx, 0, 1)
	from, to = clipAxis(ay, by, from, to)
	return from, to, from <= to
}

// clipAxis is clip in one axis of what is left of the line.
func clipAxis(a, b, from, to float64) (float64, float64) {
	if min(a, b) >= 0 && max(a, b) <= mostUnits {
		return from, to
	}
	d := b - a // not zero, as the line does not lie all beyond
	low, high := (0-a)/d, (mostUnits-a)/d
	if d < 0 {
		low, high = high, low
	}
	return max(from, low), min(to, high)
}

// block lays down the edges of an area as chains, and gives its entry; an area whose
// frame no edge enters is all inside or outside. ok is false where they are too many, or
// so many are near every place that might be the base.
func (w *worker) block(a area, edges []edge, inside []int32, base int) (e entry, ok bool) {
	ps := w.pieces[:0]
	for i := range edges {
		ps = a.cut(ps, &edges[i])
	}
	w.pieces = ps
	if len(ps) == 0 {
		return w.entry(a, nil, inside, base, 0), true
	}
	sides := append(w.here[:0], inside...)
	for i := range ps {
		sides = adding(sides, ps[i].edge.sides[0])
		sides = adding(sides, ps[i].edge.sides[1])
		if len(sides) > mostSides {
			return 0, false
		}
	}
	w.here = sides
	at := len(w.arena)
	w.arena = append(w.arena, 0)
	if n := w.chains(ps, sides); n <= mostVertices {
		w.arena[at] = uint32(n<<verticesShift | len(sides)<<countShift)
		if in, ok := w.base(a, edges, inside, sides, at); ok {
			w.arena[at] |= spread(in)
			w.sides(sides)
			return block | entry(at-base), true
		}
	}
	w.arena = w.arena[:at]
	return 0, false
}

// chains lays down pieces, those that go on from one another as one chain, and gives the
// number of vertices. Over the eastern side a chain goes on to the north.
func (w *worker) chains(ps []piece, sides []int32) (n int) {
	at, last := len(w.arena), uint32(math.MaxUint32)
	add := func(x, y, edge uint32) {
		if v := x<<fineBits | y<<(16+fineBits); edge != 0 || v != last {
			w.arena, last = append(w.arena, v|edge), v
		}
	}
	for i := range ps {
		edge := drawn | spread(ps[i].divides(sides))
		if from := ps[i].from; from.eastern() {
			add(mostUnits, mostUnits, 0)
			add(from.x, from.y, edge)
		} else {
			add(from.x, from.y, 0)
		}
		add(ps[i].to.x, ps[i].to.y, edge)
		if ps[i].to.eastern() {
			add(mostUnits, mostUnits, edge)
		}
	}
	return len(w.arena) - at
}

// divides are the bits of the sides that an edge divides. One that is a polygon's twice
// divides nothing.
func (p *piece) divides(sides []int32) uint32 {
	return bit(sides, p.edge.sides[0]) ^ bit(sides, p.edge.sides[1])
}

// base finds which sides have to be added to the crossings that look counts. It holds
// count against what is known of a place that no edge is near to.
func (w *worker) base(a area, edges []edge, inside, sides []int32, at int) (in uint32, ok bool) {
	const perAxis = 5
	b := w.arena[at:]
	start := w.frame.start(a)
	for i := range perAxis * perAxis { // the first are on the latitude of the start
		x, y := 0.5+float64(i%perAxis), 0.5+float64((i/perAxis+perAxis/2)%perAxis)
		fine := func(v float64) spot { return spot(v*(unitsWide<<fineBits)/perAxis) + unitsBeyond<<fineBits }
		at := fine(x) | fine(y)<<16
		odd, close := count(b, at)
		if close && beside(b, at) {
			continue
		}
		p := w.frame.stop(a.u+x/perAxis*a.side, a.v+y/perAxis*a.side)
		for _, s := range inside {
			in |= bit(sides, s)
		}
		for k := range edges {
			if !w.apart(a, &edges[k], start, p) && w.crosses(a, &edges[k], start.Point) != w.crosses(a, &edges[k], p.Point) {
				in ^= bit(sides, edges[k].sides[0]) ^ bit(sides, edges[k].sides[1])
			}
		}
		return in ^ gathered(odd), true
	}
	return 0, false
}

// adding is an ascending list with p in it; None is left out.
func adding(list []int32, p int32) []int32 {
	if p == None {
		return list
	}
	i := len(list)
	for i > 0 && list[i-1] > p {
		i--
	}
	if i > 0 && list[i-1] == p {
		return list
	}
	list = append(list, 0)
	copy(list[i+1:], list[i:])
	list[i] = p
	return list
}

// bit is that of a side; None has none.
func bit(sides []int32, p int32) uint32 {
	for i, q := range sides {
		if q == p {
			return 1 << i
		}
	}
	return 0
}

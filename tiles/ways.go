package tiles

import (
	"cmp"
	"slices"
)

// ways are those of a block's chains at one zoom: the squares of the zoom's grid through which each runs when it
// is led through the hot squares (see hotGrid) of all vertices that the zoom shows. They are made once and serve every
// tile.
//
// A tile's hot squares are those of the vertices that it shows, and of cuts. A chain within the tile's inner box
// passes no square on the rim, where the cuts are, and a vertex in a square that it passes lies in the window, so
// its feature is in the tile. So the chain's way in the tile is the one that is kept. The same goes for each of its edges, so of a chain
// that crosses the rim only the edges that touch squares on it are led in the tile (see plotter.trim).
//
// Memory: 4 bytes a square, 2 bytes a chain, 4 bytes for each chain of a hull, and up to some 90 bytes for a feature that stands
// alone with few vertices.
type ways struct {
	none   bool   // there are no ways of this zoom, and the rest is empty
	origin vertex // the square of the zoom's grid to which spots count
	starts starts // the way of chain c is spots[starts.of(c):starts.of(c+1)], empty for a seam
	spots  []spot
	seams  bitSet   // chains between two merged features of one group
	smooth bitSet   // own slots all of whose chains have a way, or are a seam at whose side the feature is
	plain  bitSet   // own slots in whose rings no square comes twice
	shapes shapes   // of these
	around []*block // of whose vertices the ways were made; some may be of other parts

	whole bool      // all merged own slots are smooth, so that a tile which holds them may draw their hulls
	held  offsetBox // around the merged own slots
	hulls []hull    // of each group that has merged own slots
	heads bitSet    // of each group the first of these slots
	edged bitSet    // of these slots those with a line that is not between two merged features of one group
}

// hull is what the merged own features of one group have around them, without what lies between two of them.
type hull struct {
	group int32
	refs  []int32 // chains with a way
	seams []seam  // those between one of them and a feature of another block
}

// seam is a chain that lies between a merged feature and another of its group.
type seam struct{ slot, ref int32 }

// spot is a square from an origin.
type spot struct{ x, y int16 }

// square is the one in the tile, from whose origin shift counts.
func (s spot) square(shift square) square { return square{int32(s.x) + shift.x, int32(s.y) + shift.y} }

// noWays stands for the ways of a zoom that has none.
var noWays = &ways{none: true}

const (
	// widestBlock is the number of squares beyond which a block has no ways: spots have 16 bits.
	widestBlock = 1<<15 - 2
	// largestFeature is the number of squares that the features of a block with ways are wide and high in the
	// middle: of larger ones few lie within a tile.
	largestFeature = Extent / 2
	// shapeMost is the number of bytes a feature up to which the shapes of a block are kept encoded: of longer ones it takes
	// more memory and saves less.
	shapeMost = 80
	// wayWorth is how often a block is asked for at a zoom before its ways are made, and wayBatch for how many blocks
	// one tile makes them. Until then its lines are led in each tile. A tile of manyBlocks, which takes long anyhow and is
	// asked for once in each version, makes all of them at once.
	wayWorth, wayBatch, manyBlocks = 2, 16, 256
)

// way is that of a chain, empty for a seam.
func (w *ways) way(c int32) []spot { return w.spots[w.starts.of(c):w.starts.of(c+1)] }

// starts are rising numbers, kept as the distance from the first of 16.
type starts struct {
	bases []uint32
	offs  []uint16
}

func (s *starts) of(c int32) uint32 { return s.bases[c>>4] + uint32(s.offs[c]) }

// add adds a number, unless it is too far from the first of its 16.
func (s *starts) add(n uint32) bool {
	if len(s.offs)&15 == 0 {
		s.bases = append(s.bases, n)
	}
	off := n - s.bases[len(s.bases)-1]
	s.offs = append(s.offs, uint16(off))
	return off < 1<<16
}

// wayMaker makes the ways of a block.
type wayMaker struct {
	*block
	pic    *picture
	zoom   uint8
	sub    uint
	at     place // from offsets to fine units from the origin's middle
	origin vertex
	grid   hotGrid // for its arithmetic only
	bins   bins
	steps  int
	found  []square
	seen   squareMap
}

// settle finds whether the block has ways at the zoom, and the origin.
func (m *wayMaker) settle() bool {
	if len(m.starts) < 2 {
		return false
	}
	m.sub = m.pic.grid.bits(m.zoom) - extentBits
	m.grid.sub = m.sub
	var wide, high int64
	for _, b := range m.bounds[:m.own] {
		wide, high = wide+int64(b.max.x)-int64(b.min.x), high+int64(b.max.y)-int64(b.min.y)
	}
	lift := m.pic.lift
	squares := func(n int64) int64 { return n << lift >> m.sub }
	if max(squares(int64(m.box.max.x)-int64(m.box.min.x)), squares(int64(m.box.max.y)-int64(m.box.min.y))) >= widestBlock ||
		squares(max(wide, high)/int64(m.own)) > largestFeature {
		return false
	}
	world := place{lift, vertex{m.pic.origin.x << lift, m.pic.origin.y << lift}}
	low, high2 := world.vertex(m.box.min), world.vertex(m.box.max)
	m.origin = vertex{(low.x + high2.x) / 2 >> m.sub, (low.y + high2.y) / 2 >> m.sub}
	m.at = place{lift, vertex{world.add.x - m.origin.x<<m.sub, world.add.y - m.origin.y<<m.sub}}
	return true
}

// make makes the ways, with the vertices of the blocks around, the own one among them.
func (m *wayMaker) make(around []*block) *ways {
	m.gather(around)
	chains := len(m.starts) - 1
	w := &ways{origin: m.origin, around: around, starts: starts{make([]uint32, 0, chains>>4+1), make([]uint16, 0, chains+1)}}
	w.seams.reset(chains)
	w.starts.add(0)
	most := 64*len(m.bins.places) + 1<<20 // steps; more take hostile lines only
	var way []square
	for c := range int32(chains) {
		if m.seam(c) {
			w.seams.add(int(c))
		} else {
			way = m.lead(way[:0], c)
			for _, q := range way {
				w.spots = append(w.spots, spot{int16(q.x), int16(q.y)})
			}
		}
		if !w.starts.add(uint32(len(w.spots))) || m.steps > most {
			return &ways{none: true, around: around}
		}
	}
	w.spots = slices.Clip(slices.Clone(w.spots))
	w.smooth.reset(m.own)
	w.plain.reset(m.own)
	for slot := range int32(m.own) {
		if m.smooth(w, slot) {
			w.smooth.add(int(slot))
		}
		if m.standsAlone(slot, m.zoom) && m.apart(w, slot) {
			w.plain.add(int(slot))
		}
	}
	m.surround(w)
	m.encode(w)
	return w
}

// shapes are polygons along kept ways, encoded as geometries of MVT 2.1 but for the first point, on which nothing else in them
// depends.
type shapes struct {
	firsts []spot   // per own slot
	ends   []uint32 // per own slot: where it ends in bytes
	bytes  []byte
}

// kept says whether there are any.
func (s *shapes) kept() bool { return s.ends != nil }

// shape is that of an own slot; rest is empty where nothing is seen of it.
func (s *shapes) shape(slot int32) (first spot, rest []byte) {
	from := uint32(0)
	if slot > 0 {
		from = s.ends[slot-1]
	}
	return s.firsts[slot], s.bytes[from:s.ends[slot]]
}

// encode encodes the shapes of plain slots.
func (m *wayMaker) encode(w *ways) {
	if !w.plain.some() {
		return
	}
	var l layer
	w.shapes = shapes{make([]spot, m.own), make([]uint32, m.own), nil}
	for slot := range int32(m.own) {
		if w.plain.has(int(slot)) {
			l.shape, l.x, l.y = l.shape[:0], 0, 0
			if first, n := l.plain(m.block, w, slot, square{}); n > 0 {
				w.shapes.firsts[slot] = spot{int16(first.x), int16(first.y)}
				w.shapes.bytes = append(w.shapes.bytes, l.shape[n:]...)
			}
		}
		w.shapes.ends[slot] = uint32(len(w.shapes.bytes))
	}
	if len(w.shapes.bytes) > shapeMost*m.own {
		w.shapes = shapes{}
		return
	}
	w.shapes.bytes = slices.Clip(slices.Clone(w.shapes.bytes))
}

// surround finds the hulls.
func (m *wayMaker) surround(w *ways) {
	of := map[int32]int{}
	w.heads.reset(m.own)
	w.edged.reset(m.own)
	for slot := range int32(m.own) {
		if m.standsAlone(slot, m.zoom) {
			continue
		}
		if !w.smooth.has(int(slot)) {
			w.hulls, w.whole, w.heads, w.edged = nil, false, nil, nil
			return
		}
		if m.edged(slot) {
			w.edged.add(int(slot))
		}
		if !w.whole {
			w.whole, w.held = true, m.bounds[slot]
		}
		w.held.add(m.bounds[slot].min)
		w.held.add(m.bounds[slot].max)
		k, known := of[m.group[slot]]
		if !known {
			k = len(w.hulls)
			of[m.group[slot]], w.hulls = k, append(w.hulls, hull{group: m.group[slot]})
			w.heads.add(int(slot))
		}
		h := &w.hulls[k]
		for _, ref := range m.refs[m.rings[m.first[slot]]:m.rings[m.first[slot+1]]] {
			if c := index(ref); !w.seams.has(int(c)) {
				h.refs = append(h.refs, ref)
			} else if int(m.left[c]) >= m.own || int(m.right[c]) >= m.own {
				h.seams = append(h.seams, seam{slot, ref})
			}
		}
	}
	for k := range w.hulls {
		w.hulls[k].refs, w.hulls[k].seams = slices.Clip(w.hulls[k].refs), slices.Clip(w.hulls[k].seams)
	}
}

// edged says whether one of the lines of a merged slot is not between two merged features of one group.
func (m *wayMaker) edged(slot int32) bool {
	if m.linesOf == nil {
		return false
	}
	return slices.ContainsFunc(m.lines[m.linesOf[slot]:m.linesOf[slot+1]], func(l line) bool {
		return l.right == none || m.group[l.left] != m.group[l.right] || m.standsAlone(l.right, m.zoom)
	})
}

// hull is that of a group.
func (w *ways) hull(group int32) *hull {
	for k := range w.hulls {
		if w.hulls[k].group == group {
			return &w.hulls[k]
		}
	}
	return nil
}

// gather puts the shown vertices that may lie in squares that the block's lines pass into bins.
func (m *wayMaker) gather(around []*block) {
	room := int64(1)<<m.sub>>m.pic.lift + 1
	reach := offsetBox{
		offset{int32(max(int64(m.box.min.x)-room, -1<<31)), int32(max(int64(m.box.min.y)-room, -1<<31))},
		offset{int32(min(int64(m.box.max.x)+room, 1<<31-1)), int32(min(int64(m.box.max.y)+room, 1<<31-1))},
	}
	var places []offset
	for _, b := range around {
		dx, dy := b.origin.x-m.block.origin.x, b.origin.y-m.block.origin.y // to the own offsets
		x0, y0, x1, y1 := int64(reach.min.x)-dx, int64(reach.min.y)-dy, int64(reach.max.x)-dx, int64(reach.max.y)-dy
		within := func(p offset) bool {
			return x0 <= int64(p.x) && int64(p.x) <= x1 && y0 <= int64(p.y) && int64(p.y) <= y1
		}
		for c, box := range b.boxes {
			if int64(box.max.x) < x0 || x1 < int64(box.min.x) || int64(box.max.y) < y0 || y1 < int64(box.min.y) {
				continue
			}
			for i := b.starts[c]; i < b.starts[c+1]; i++ {
				if p := b.points[i]; b.from[i] <= m.zoom && within(p) {
					places = append(places, offset{int32(int64(p.x) + dx), int32(int64(p.y) + dy)})
				}
			}
		}
	}
	m.bins.fill(places)
}

// seam says whether a chain lies between two merged features of one group.
func (m *wayMaker) seam(c int32) bool {
	l, r := m.left[c], m.right[c]
	return m.group != nil && l != none && r != none && l != r && m.group[l] == m.group[r] &&
		!m.standsAlone(l, m.zoom) && !m.standsAlone(r, m.zoom)
}

// lead appends the way of a chain.
func (m *wayMaker) lead(way []square, c int32) []square {
	var last vertex
	for i := m.starts[c]; i < m.starts[c+1]; i++ {
		if m.from[i] > m.zoom {
			continue
		}
		v := m.at.vertex(m.points[i])
		if i == m.starts[c] {
			way = append(way, m.grid.square(v))
		} else {
			way = m.edge(way, last, v)
		}
		last = v
	}
	return way
}

// edge appends the way of an edge as hotGrid.lead does.
func (m *wayMaker) edge(way []square, a, b vertex) []square {
	p, q := m.grid.square(a), m.grid.square(b)
	if p == q {
		return way
	}
	dx, dy := p.x-q.x, p.y-q.y
	if int64(dx)*int64(dx)+int64(dy)*int64(dy) <= 1 {
		return append(way, q)
	}
	half := int64(1) << (m.sub - 1)
	near := m.at.offsets(box{min(a.x, b.x) - 2*half, min(a.y, b.y) - 2*half, max(a.x, b.x) + 2*half, max(a.y, b.y) + 2*half})
	m.found = m.found[:0]
	m.bins.each(near, func(v int32) bool {
		m.steps++
		if s := m.grid.square(m.at.vertex(m.bins.places[v])); s != p && s != q && m.grid.passes(a, b, s) {
			m.found = append(m.found, s)
		}
		return true
	})
	slices.SortFunc(m.found, func(s, t square) int {
		down, across := cmp.Compare(s.y, t.y), cmp.Compare(s.x, t.x)
		if q.y < p.y {
			down = -down
		}
		if q.x < p.x {
			across = -across
		}
		return cmp.Or(down, across)
	})
	return append(append(way, slices.Compact(m.found)...), q)
}

// smooth says whether all chains of a slot have a way, or are a seam at whose side the slot is.
func (m *wayMaker) smooth(w *ways, slot int32) bool {
	for _, ref := range m.refs[m.rings[m.first[slot]]:m.rings[m.first[slot+1]]] {
		if c := index(ref); w.seams.has(int(c)) && m.left[c] != slot && m.right[c] != slot {
			return false
		}
	}
	return true
}

// apart says whether no square comes twice in the rings of a slot.
func (m *wayMaker) apart(w *ways, slot int32) bool {
	refs := m.refs[m.rings[m.first[slot]]:m.rings[m.first[slot+1]]]
	n := 0
	for _, ref := range refs {
		n += len(w.way(index(ref)))
	}
	m.seen.reset(n)
	for _, ref := range refs {
		way := w.way(index(ref))
		if ref >= 0 && len(way) > 0 { // all but the last, which the next chain begins with
			way = way[:len(way)-1]
		} else if len(way) > 0 {
			way = way[1:]
		}
		for _, s := range way {
			if _, twice := m.seen.put(uint32(uint16(s.x))<<16|uint32(uint16(s.y)), 0); twice {
				return false
			}
		}
	}
	return true
}

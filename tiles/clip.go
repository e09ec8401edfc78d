package tiles

import "math"

// limit is one side of the window to which a tile's geometry is clipped: the half
// plane sign·(c − at) ≥ 0, where c is x for a vertical side and y for a horizontal one.
type limit struct {
	vertical bool
	sign     int64
	at       int64
}

// limits are the four sides of the box, in the order in which everything is clipped.
// Rings and lines keep to it, so that a line along a ring gets the ring's cuts.
func (b box) limits() [4]limit {
	return [4]limit{{true, 1, b.x0}, {true, -1, b.x1}, {false, 1, b.y0}, {false, -1, b.y1}}
}

// keeps says whether v is on the side that is kept; the limit itself is.
func (s limit) keeps(v vertex) bool {
	if s.vertical {
		return s.sign*(v.x-s.at) >= 0
	}
	return s.sign*(v.y-s.at) >= 0
}

// cuts says whether something in the box lies beyond the limit.
func (s limit) cuts(b box) bool {
	return !s.keeps(vertex{b.x0, b.y0}) || !s.keeps(vertex{b.x1, b.y1})
}

// cut is where the edge from a to b, one of them kept and the other not, meets the limit, rounded
// to the fine grid. It is computed from the lower end to the higher, so that both directions
// give the same point.
func (s limit) cut(a, b vertex) vertex {
	if s.vertical {
		return vertex{s.at, between(a.x, b.x, a.y, b.y, s.at)}
	}
	return vertex{between(a.y, b.y, a.x, b.x, s.at), s.at}
}

// between is the value at u of the line from (u0, v0) to (u1, v1), u0 ≠ u1.
func between(u0, u1, v0, v1, u int64) int64 {
	if u0 > u1 {
		u0, u1, v0, v1 = u1, u0, v1, v0
	}
	part := float64(u-u0) / float64(u1-u0)
	return v0 + int64(math.Floor(float64(part*float64(v1-v0))+0.5))
}

// corner is a vertex of a ring or line that is cut, and the chain along which it goes on to the next corner: c, ^c for
// chain c against its direction, or straight for the edge to the next corner. It takes the whole chain where
// kept is 0, else the stretch of that number (see plotter.stretch) as the chain stands.
type corner struct {
	vertex
	along int32
	kept  uint32
}

// straight stands for no chain: its number is greater than that of any.
const straight = math.MaxInt32

// clipRing appends to out the ring cut at the limit (Sutherland and Hodgman 1974). Where a
// ring leaves and comes back, the result runs along the limit, possibly there and
// back: such edges cancel when the feature is traced. Chains between corners must be kept whole.
func clipRing(out, ring []corner, s limit) []corner {
	if len(ring) == 0 {
		return out
	}
	prev := ring[len(ring)-1]
	kept := s.keeps(prev.vertex)
	for _, v := range ring {
		k := s.keeps(v.vertex)
		if k != kept {
			out = append(out, corner{vertex: s.cut(prev.vertex, v.vertex), along: straight})
		}
		if k {
			out = append(out, v)
		}
		prev, kept = v, k
	}
	return out
}

// clipEdge cuts the edge from a to b at the four limits; ok is false where nothing is left.
func clipEdge(a, b vertex, sides *[4]limit) (p, q vertex, ok bool) {
	for _, s := range sides {
		ka, kb := s.keeps(a), s.keeps(b)
		switch {
		case !ka && !kb:
			return a, b, false
		case !ka:
			a = s.cut(a, b)
		case !kb:
			b = s.cut(a, b)
		}
	}
	return a, b, true
}

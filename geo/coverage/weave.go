package coverage

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"

	"towngrid/geo"
)

// weave is edges of several faces, made to meet in common vertices only: vertices
// closer than a tolerance become one, edges are cut where another vertex lies
// within the tolerance of them and where they cross.
type weave struct {
	tolerance float64 // metres
	at        []orb.Point
	strands   []strand
	near      map[square][]int32  // vertices by square of the plane
	limit     int                 // of vertices
	tree      rtree.RTreeG[int32] // strands by bound
	cut       []bool              // of strands: pieces have taken its place
}

// strand is an edge of a face, which lies on its left.
type strand struct{ from, to, face int32 }

// square is a square of the plane with a side of some tolerances.
type square struct{ x, y int64 }

func newWeave(tolerance float64) *weave {
	return &weave{tolerance: tolerance, near: map[square][]int32{}}
}

// add takes in the edge a→b of a face.
func (w *weave) add(a, b orb.Point, face int32) {
	if from, to := w.vertex(a), w.vertex(b); from != to {
		w.strands = append(w.strands, strand{from, to, face})
	}
}

// vertex is a vertex within the tolerance of p, the nearest, or else a new one at p.
func (w *weave) vertex(p orb.Point) int32 {
	m := metricAt(p[1])
	side := 4 * w.tolerance / m.north
	dx, dy := w.tolerance/m.east, w.tolerance/m.north
	best, least := none, w.tolerance
	for x := floor((p[0] - dx) / side); x <= floor((p[0]+dx)/side); x++ {
		for y := floor((p[1] - dy) / side); y <= floor((p[1]+dy)/side); y++ {
			for _, v := range w.near[square{x, y}] {
				if d := m.length(p, w.at[v]); d <= least && (d < least || best == none) {
					best, least = v, d
				}
			}
		}
	}
	if best != none {
		return best
	}
	v := int32(len(w.at))
	w.at = append(w.at, p)
	s := square{floor(p[0] / side), floor(p[1] / side)}
	w.near[s] = append(w.near[s], v)
	return v
}

// floor keeps off the ends of the integers, for coordinates that no place has.
func floor(x float64) int64 { return int64(math.Floor(min(max(x, -1<<60), 1<<60))) }

// cut is a vertex at which a strand is to be cut.
type cut struct {
	strand, vertex int32
	along          float64
}

// knot cuts the strands until they meet in vertices only. It takes one from effort
// for each comparison; where that runs out, or where there are too many crossings for
// so many strands, it gives up and tells at which one.
func (w *weave) knot(effort *int) (stuck strand, ok bool) {
	const rounds = 12 // each but the first looks at what the one before has made
	w.limit = len(w.at) + 100_000 + 2*len(w.strands)
	from := 0
	for i := range w.strands {
		w.enter(int32(i))
	}
	for range rounds {
		cuts, at := w.meetings(from, effort)
		if *effort < 0 {
			return at, false
		}
		if len(cuts) == 0 {
			break
		}
		from = len(w.strands)
		w.apply(cuts)
	}
	whole := w.strands[:0]
	for i, s := range w.strands {
		if !w.cut[i] {
			whole = append(whole, s)
		}
	}
	w.strands = whole
	return strand{}, true
}

// enter lets others find a strand.
func (w *weave) enter(i int32) {
	b := w.bound(i)
	w.tree.Insert(b.Min, b.Max, i)
	w.cut = append(w.cut, false)
}

// meetings compares the strands from a number on with all. at is where the effort
// ran out.
func (w *weave) meetings(from int, effort *int) (cuts []cut, at strand) {
	for i := from; i < len(w.strands); i++ {
		b := w.bound(int32(i))
		m := metricAt(b.Min[1])
		dx, dy := w.tolerance/m.east, w.tolerance/m.north
		b = orb.Bound{Min: orb.Point{b.Min[0] - dx, b.Min[1] - dy}, Max: orb.Point{b.Max[0] + dx, b.Max[1] + dy}}
		w.tree.Search(b.Min, b.Max, func(_, _ [2]float64, j int32) bool {
			if !w.cut[j] && (int(j) < from || int(j) > i) { // each pair once
				cuts = w.compare(cuts, m, int32(i), j)
			}
			if *effort--; len(w.at) > w.limit {
				*effort = -1
			}
			return *effort >= 0
		})
		if *effort < 0 {
			return nil, w.strands[i]
		}
	}
	return cuts, strand{}
}

func (w *weave) bound(i int32) orb.Bound {
	a, b := w.at[w.strands[i].from], w.at[w.strands[i].to]
	return orb.Bound{
		Min: orb.Point{min(a[0], b[0]), min(a[1], b[1])},
		Max: orb.Point{max(a[0], b[0]), max(a[1], b[1])},
	}
}

// compare finds where two strands must be cut because of one another.
func (w *weave) compare(cuts []cut, m metric, i, j int32) []cut {
	s, t := w.strands[i], w.strands[j]
	n := len(cuts)
	for _, end := range [2]int32{t.from, t.to} {
		cuts = w.touch(cuts, m, i, end)
	}
	for _, end := range [2]int32{s.from, s.to} {
		cuts = w.touch(cuts, m, j, end)
	}
	if len(cuts) > n || s.from == t.from || s.from == t.to || s.to == t.from || s.to == t.to {
		return cuts
	}
	a, b, c, d := w.at[s.from], w.at[s.to], w.at[t.from], w.at[t.to]
	if !cross(a, b, c, d) {
		return cuts
	}
	v := w.vertex(meeting(a, b, c, d))
	for _, k := range [2]int32{i, j} {
		if s := w.strands[k]; v != s.from && v != s.to {
			_, along := m.beside(w.at[s.from], w.at[s.to], w.at[v])
			cuts = append(cuts, cut{k, v, along})
		}
	}
	return cuts
}

// touch cuts a strand at a vertex that lies within the tolerance of it.
func (w *weave) touch(cuts []cut, m metric, i, v int32) []cut {
	s := w.strands[i]
	if v == s.from || v == s.to {
		return cuts
	}
	off, along := m.beside(w.at[s.from], w.at[s.to], w.at[v])
	if off > w.tolerance || along <= 0 || along >= 1 {
		return cuts
	}
	return append(cuts, cut{i, v, along})
}

// apply cuts the strands; the pieces become strands of their own.
func (w *weave) apply(cuts []cut) {
	slices.SortFunc(cuts, func(a, b cut) int {
		switch {
		case a.strand != b.strand:
			return cmp.Compare(a.strand, b.strand)
		case a.along != b.along:
			return cmp.Compare(a.along, b.along)
		}
		return cmp.Compare(a.vertex, b.vertex)
	})
	piece := func(s strand) {
		w.strands = append(w.strands, s)
		w.enter(int32(len(w.strands) - 1))
	}
	for len(cuts) > 0 {
		i := cuts[0].strand
		s := w.strands[i]
		w.cut[i] = true
		for ; len(cuts) > 0 && cuts[0].strand == i; cuts = cuts[1:] {
			if v := cuts[0].vertex; v != s.from && v != s.to {
				piece(strand{s.from, v, s.face})
				s.from = v
			}
		}
		piece(s)
	}
}

// cross says whether two edges cross at a point inside both.
func cross(a, b, c, d orb.Point) bool {
	return geo.Orient(a, b, c)*geo.Orient(a, b, d) < 0 && geo.Orient(c, d, a)*geo.Orient(c, d, b) < 0
}

// meeting is the point in which two edges cross, as near as doubles come to it.
func meeting(a, b, c, d orb.Point) orb.Point {
	rx, ry := b[0]-a[0], b[1]-a[1]
	sx, sy := d[0]-c[0], d[1]-c[1]
	f := 0.5
	if den := rx*sy - ry*sx; den != 0 {
		f = min(max(((c[0]-a[0])*sy-(c[1]-a[1])*sx)/den, 0), 1)
	}
	return orb.Point{a[0] + f*rx, a[1] + f*ry}
}

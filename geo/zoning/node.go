package zoning

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"

	"towngrid/geo"
)

// gridUnit is the width of a square of the grid on which lines are cut, in degrees:
// 13 µm northward. It is a power of two, so that positions on the grid and the corners
// of its squares are float64 without rounding.
const gridUnit = 1.0 / (1 << 33)

// knot is a square of the grid by its middle: the place in which all vertices and
// crossings within the square become one.
type knot struct{ x, y int64 }

// knotOf is the square that holds p; a square holds its western and southern edges.
func knotOf(p orb.Point) knot {
	return knot{int64(math.Floor(p[0]/gridUnit + 0.5)), int64(math.Floor(p[1]/gridUnit + 0.5))}
}

func (k knot) point() orb.Point { return orb.Point{float64(k.x) * gridUnit, float64(k.y) * gridUnit} }

// segment is a straight piece of a line, between the numbers of two nodes.
type segment struct{ from, to int32 }

// net is lines that meet in nodes only, made by snap rounding: each vertex and each
// crossing makes its square of a fine grid hot, and every line that passes a hot square
// is led through its node (J. D. Hobby, Practical segment intersection with finite
// precision output, Computational Geometry 13, 1999). What comes out does not cross,
// whatever went in: no line moves by more than a square.
type net struct {
	// at are the nodes on the grid, by which topology is decided; given are the places
	// that they have: that of the first vertex in the square, else the grid's.
	at, given []orb.Point
	// segments are without direction (from < to), each once, in ascending order.
	segments []segment
	// cuts counts the pieces beyond the first that input segments fell into, twins the
	// segments that came more than once.
	cuts, twins int
}

// nodes numbers hot squares.
type nodes struct {
	number map[knot]int32
	at     []orb.Point
	given  []orb.Point
}

func (ns *nodes) add(p orb.Point, given bool) int32 {
	k := knotOf(p)
	if n, known := ns.number[k]; known {
		return n
	}
	n := int32(len(ns.at))
	ns.number[k] = n
	ns.at = append(ns.at, k.point())
	if !given {
		p = k.point()
	}
	ns.given = append(ns.given, p)
	return n
}

// effortPer is how many comparisons each segment may take on average. Maps take ten or
// twenty; lines that all lie across one another take as many as there are segments.
const effortPer = 600

// newNet cuts lines where they meet. The error is a *geo.Error, lines_tangled, where so
// many lie across one another that it would take too long, or the context's.
func newNet(ctx context.Context, lines []orb.LineString) (*net, error) {
	n := 0
	for _, l := range lines {
		n += len(l)
	}
	ns := &nodes{number: make(map[knot]int32, n/2), at: make([]orb.Point, 0, n/2), given: make([]orb.Point, 0, n/2)}
	raw := make([]segment, 0, n)
	for _, l := range lines {
		last := int32(-1)
		for _, p := range l {
			v := ns.add(p, true)
			if last >= 0 && last != v {
				raw = append(raw, segment{min(last, v), max(last, v)})
			}
			last = v
		}
	}
	total := len(raw)
	raw = distinct(raw)
	w := &weaver{ctx: ctx, nodes: ns, segments: raw, effort: 2_000_000 + effortPer*len(raw), limit: len(ns.at) + 200_000 + 4*len(raw)}
	out := &net{twins: total - len(raw)}
	if err := w.cross(); err != nil {
		return nil, err
	}
	pieces, err := w.lead()
	if err != nil {
		return nil, err
	}
	out.cuts = len(pieces) - len(raw)
	out.segments = distinct(pieces)
	out.twins += len(pieces) - len(out.segments)
	out.at, out.given = ns.at, ns.given
	return out, nil
}

func distinct(s []segment) []segment {
	slices.SortFunc(s, func(a, b segment) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	return slices.Compact(s)
}

// weaver finds crossings and leads segments through nodes.
type weaver struct {
	ctx      context.Context
	nodes    *nodes
	segments []segment
	tree     rtree.RTreeG[int32]
	effort   int // comparisons left
	limit    int // of nodes
}

func (w *weaver) ends(i int32) (a, b orb.Point) {
	s := w.segments[i]
	return w.nodes.at[s.from], w.nodes.at[s.to]
}

// spend takes one from the effort, and says whether to go on.
func (w *weaver) spend() bool {
	w.effort--
	return w.effort >= 0
}

func (w *weaver) fault(at orb.Point) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if w.effort >= 0 {
		return nil
	}
	return geo.Errorf("lines_tangled",
		"线条相互穿插过多，无法求交（约在 %.6f, %.6f 附近）；请检查是否重复叠加了图层", "so many lines lie across one another that they cannot be cut (near %.6f, %.6f); check whether one layer was laid over another", at[0], at[1])
}

// cross makes a node of every place in which two segments cross.
func (w *weaver) cross() error {
	for i := range w.segments {
		a, b := w.ends(int32(i))
		box := orb.Bound{Min: a, Max: a}.Extend(b)
		w.tree.Search(box.Min, box.Max, func(_, _ [2]float64, j int32) bool {
			if c, d := w.ends(j); properly(a, b, c, d) {
				if w.nodes.add(meeting(a, b, c, d), false); len(w.nodes.at) > w.limit {
					w.effort = 0
				}
			}
			return w.spend()
		})
		if w.effort < 0 || i%8192 == 0 {
			if err := w.fault(a); err != nil {
				return err
			}
		}
		w.tree.Insert(box.Min, box.Max, int32(i))
	}
	return nil
}

// properly says whether two segments cross at a point inside both.
func properly(a, b, c, d orb.Point) bool {
	return geo.Orient(a, b, c)*geo.Orient(a, b, d) < 0 && geo.Orient(c, d, a)*geo.Orient(c, d, b) < 0
}

// meeting is the point in which two segments that cross do so.
func meeting(a, b, c, d orb.Point) orb.Point {
	rx, ry, sx, sy := b[0]-a[0], b[1]-a[1], d[0]-c[0], d[1]-c[1]
	f := 0.5
	if den := rx*sy - ry*sx; den != 0 {
		f = min(max(((c[0]-a[0])*sy-(c[1]-a[1])*sx)/den, 0), 1)
	}
	return orb.Point{a[0] + f*rx, a[1] + f*ry}
}

// stop is a node that a segment passes on its way.
type stop struct {
	segment, node int32
	along         float64
}

// lead cuts the segments at all nodes whose squares they pass.
func (w *weaver) lead() ([]segment, error) {
	var stops []stop
	for v := range w.nodes.at {
		p := w.nodes.at[v]
		const half = gridUnit / 2
		w.tree.Search([2]float64{p[0] - half, p[1] - half}, [2]float64{p[0] + half, p[1] + half}, func(_, _ [2]float64, i int32) bool {
			if s := w.segments[i]; int(s.from) != v && int(s.to) != v {
				if a, b := w.ends(i); passes(a, b, p) {
					stops = append(stops, stop{i, int32(v), (p[0]-a[0])*(b[0]-a[0]) + (p[1]-a[1])*(b[1]-a[1])})
				}
			}
			return w.spend()
		})
		if w.effort < 0 || v%8192 == 0 {
			if err := w.fault(p); err != nil {
				return nil, err
			}
		}
	}
	slices.SortFunc(stops, func(s, t stop) int {
		return cmp.Or(cmp.Compare(s.segment, t.segment), cmp.Compare(s.along, t.along), cmp.Compare(s.node, t.node))
	})
	pieces := make([]segment, 0, len(w.segments)+len(stops))
	for i, s := range w.segments {
		at := s.from
		for ; len(stops) > 0 && int(stops[0].segment) == i; stops = stops[1:] {
			v := stops[0].node
			pieces = append(pieces, segment{min(at, v), max(at, v)})
			at = v
		}
		pieces = append(pieces, segment{min(at, s.to), max(at, s.to)})
	}
	return pieces, nil
}

// passes says whether the segment from a to b, both on the grid, has a point in the
// square around p. It is exact: the segment misses the square where an axis or its own
// line parts them. The corners that the square does not hold count as drawn in by an
// infinitesimal, which decides where the line goes through one.
func passes(a, b, p orb.Point) bool {
	const half = gridUnit / 2
	x0, y0, x1, y1 := p[0]-half, p[1]-half, p[0]+half, p[1]+half
	if max(a[0], b[0]) < x0 || min(a[0], b[0]) >= x1 || max(a[1], b[1]) < y0 || min(a[1], b[1]) >= y1 {
		return false
	}
	dx, dy := b[0]-a[0], b[1]-a[1]
	side := geo.Orient(a, b, orb.Point{x0, y0})
	return side == 0 ||
		tied(geo.Orient(a, b, orb.Point{x1, y0}), dy) != side ||
		tied(geo.Orient(a, b, orb.Point{x0, y1}), -dx) != side ||
		tied(geo.Orient(a, b, orb.Point{x1, y1}), dy-dx) != side
}

// tied is a side, or where it is 0 the sign of tie.
func tied(side int, tie float64) int {
	switch {
	case side != 0:
		return side
	case tie > 0:
		return 1
	case tie < 0:
		return -1
	}
	return 0
}

package snapshot

import (
	"context"
	"errors"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// Span is a stretch of a line in one cell.
type Span struct {
	Cell *geo.Feature // nil where no cell lies
	// EntryM and ExitM are metres along the line from its beginning.
	EntryM, ExitM float64
}

// ErrTooManySpans means that a line passes more cells than are told of.
var ErrTooManySpans = errors.New("the line passes too many cells")

// Along are the stretches of a line in the cells that it passes, in order; one that is passed
// twice is there twice. The line is straight in lon and lat between its vertices, as borders are.
// Which cell a stretch lies in is the rule of one cell (Locate) for its middle, so that along a border
// it is the cell that owns it; a cell that is only touched at a point, or passed for less than a
// micrometre, is none.
//
// Lengths are of geodesics between positions at most 0.02° apart on the line, good to a hundred-millionth of
// it; where borders are crossed is as good as doubles are, some nanometres on the ground.
// More than most stretches are ErrTooManySpans; the only other error is an end of ctx.
func (s *Snapshot) Along(ctx context.Context, line orb.LineString, most int) ([]Span, error) {
	w := walk{snap: s, most: most}
	for i := 1; i < len(line); i++ {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err := w.segment(line[i-1], line[i]); err != nil {
			return nil, err
		}
	}
	return w.spans, nil
}

// walk goes along a line.
type walk struct {
	snap  *Snapshot
	most  int
	spans []Span
	cuts  []float64 // of the segment, as fractions of it
	gone  float64   // metres
}

// segment goes from a to b.
func (w *walk) segment(a, b orb.Point) error {
	if a == b {
		return nil
	}
	w.cuts = append(w.cuts[:0], 0, 1)
	pieces := w.pieces(a, b)
	for i := range pieces {
		w.cross(a, b, float64(i)/float64(pieces), float64(i+1)/float64(pieces))
	}
	w.sort(math.Hypot(b[0]-a[0], b[1]-a[1]))
	for i := 1; i < len(w.cuts); i++ {
		from, till := w.cuts[i-1], w.cuts[i]
		entry := w.gone
		w.gone += lengthM(at(a, b, from), at(a, b, till))
		cell, _ := w.snap.cells.match(at(a, b, from+(till-from)/2))
		if err := w.pass(cell, entry); err != nil {
			return err
		}
	}
	return nil
}

// sort puts the cuts of a segment of some degrees in order, and leaves out those less than a micrometre
// behind another: two neighbours' crossings of one border differ in their last bits.
func (w *walk) sort(degrees float64) {
	const micro = 1e-11 // degrees
	slices.Sort(w.cuts)
	kept := w.cuts[:1]
	for _, c := range w.cuts[1 : len(w.cuts)-1] {
		if (c-kept[len(kept)-1])*degrees > micro && (1-c)*degrees > micro {
			kept = append(kept, c)
		}
	}
	w.cuts = append(kept, 1)
}

// pass adds a stretch up to where the walk is, to the one before where that is in the same cell.
func (w *walk) pass(cell found, entry float64) error {
	var f *geo.Feature
	if cell.part != nil {
		f = cell.feature()
	}
	if n := len(w.spans); n > 0 && w.spans[n-1].Cell == f {
		w.spans[n-1].ExitM = w.gone
		return nil
	}
	if len(w.spans) == w.most {
		return ErrTooManySpans
	}
	w.spans = append(w.spans, Span{f, entry, w.gone})
	return nil
}

// pieces is in how many pieces a segment is held against cells, so that the bounds of the pieces
// meet few more cells than the segment does.
func (w *walk) pieces(a, b orb.Point) int {
	across := math.Min(math.Abs(b[0]-a[0]), math.Abs(b[1]-a[1]))
	bound, ok := w.snap.Bound(geo.Cells)
	if !ok {
		return 1
	}
	cell := math.Sqrt((bound.Max[0] - bound.Min[0]) * (bound.Max[1] - bound.Min[1]) / float64(w.snap.Len(geo.Cells)))
	return int(min(max(1, math.Ceil(across/cell)), 256))
}

// cross notes where the piece of a→b between two fractions meets the borders of cells.
func (w *walk) cross(a, b orb.Point, from, till float64) {
	p, q := at(a, b, from), at(a, b, till)
	bound := orb.Bound{Min: p, Max: p}.Extend(q).Pad(1e-12) // p and q are rounded
	w.snap.Search(geo.Cells, bound, func(part *Part, i int) bool {
		if !meetsLine(part.bounds[i], p, q) {
			return true
		}
		part.shape(int32(i), func(mp orb.MultiPolygon) {
			for _, poly := range mp {
				for _, ring := range poly {
					for k := 1; k < len(ring); k++ {
						w.meet(a, b, ring[k-1], ring[k], bound)
					}
				}
			}
		})
		return true
	})
}

// meetsLine says whether a box has corners on both sides of the line through p and q, or on it.
func meetsLine(b orb.Bound, p, q orb.Point) bool {
	first := geo.Orient(p, q, b.Min)
	return first == 0 || first != geo.Orient(p, q, b.Max) ||
		first != geo.Orient(p, q, orb.Point{b.Min[0], b.Max[1]}) || first != geo.Orient(p, q, orb.Point{b.Max[0], b.Min[1]})
}

// meet notes where a→b meets the edge c→d within a box: at a point, or where they lie on
// one another, at the edge's ends.
func (w *walk) meet(a, b, c, d orb.Point, bound orb.Bound) {
	if max(c[0], d[0]) < bound.Min[0] || min(c[0], d[0]) > bound.Max[0] || max(c[1], d[1]) < bound.Min[1] || min(c[1], d[1]) > bound.Max[1] {
		return
	}
	left, right := geo.Orient(a, b, c), geo.Orient(a, b, d)
	switch {
	case left == 0 && right == 0:
		w.cut(fraction(a, b, c))
		w.cut(fraction(a, b, d))
	case left == 0:
		w.cut(fraction(a, b, c))
	case right == 0:
		w.cut(fraction(a, b, d))
	case left != right && geo.Orient(c, d, a) != geo.Orient(c, d, b):
		// Where the lines cross: along c→d by the distances of its ends from a→b.
		l, r := math.Abs(turn(a, b, c)), math.Abs(turn(a, b, d))
		if l+r == 0 { // all four are on one line but for less than a double shows
			l = 1
		}
		f := l / (l + r)
		w.cut(fraction(a, b, orb.Point{c[0] + f*(d[0]-c[0]), c[1] + f*(d[1]-c[1])}))
	}
}

func (w *walk) cut(f float64) {
	if f > 0 && f < 1 {
		w.cuts = append(w.cuts, f)
	}
}

// turn is twice the area of the triangle a, b, p.
func turn(a, b, p orb.Point) float64 {
	return (b[0]-a[0])*(p[1]-a[1]) - (b[1]-a[1])*(p[0]-a[0])
}

// fraction is how far along a→b the place p on it is.
func fraction(a, b, p orb.Point) float64 {
	if math.Abs(b[0]-a[0]) > math.Abs(b[1]-a[1]) {
		return (p[0] - a[0]) / (b[0] - a[0])
	}
	return (p[1] - a[1]) / (b[1] - a[1])
}

// at is the place at a fraction of a→b, b itself at 1.
func at(a, b orb.Point, f float64) orb.Point {
	if f == 1 {
		return b
	}
	return orb.Point{a[0] + f*(b[0]-a[0]), a[1] + f*(b[1]-a[1])}
}

// shortPiece is the length in degrees up to which a line that is straight in lon and lat is
// taken for a geodesic: their lengths differ by four billionths of it.
const shortPiece = 0.02

// lengthM is the length of the line that is straight in lon and lat.
func lengthM(a, b orb.Point) (m float64) {
	pieces := math.Ceil(math.Hypot(b[0]-a[0], b[1]-a[1]) / shortPiece)
	from := a
	for i := 1.0; i <= pieces; i++ {
		next := at(a, b, i/pieces)
		m += geo.DistanceM(from, next)
		from = next
	}
	return m
}

// LengthM is the length in metres of a line that is straight in lon and lat between its
// vertices, as Along measures it.
func LengthM(line orb.LineString) (m float64) {
	for i := 1; i < len(line); i++ {
		m += lengthM(line[i-1], line[i])
	}
	return m
}

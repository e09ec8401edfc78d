package coverage

import (
	"cmp"
	"slices"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"

	"towngrid/geo"
)

// Kind tells what is wrong with a coverage at a place.
type Kind int8

const (
	// Gap is an area enclosed by faces that none of them covers. A lake that is
	// left out on purpose looks the same: its size tells.
	Gap Kind = iota + 1
	// Overlap is what two faces both cover.
	Overlap
	// Tangle is a place where so many edges lie across one another that gaps and
	// overlaps were not looked for at all.
	Tangle
)

// String is "gap", "overlap" or "tangle".
func (k Kind) String() string {
	switch k {
	case Gap:
		return "gap"
	case Overlap:
		return "overlap"
	case Tangle:
		return "tangle"
	}
	return "none"
}

// Defect is a place where the faces are not a coverage.
type Defect struct {
	Kind Kind
	// Faces are in order: the two that overlap, or those along the shell of a gap.
	Faces []int32
	// AreaM2 is the area in m², see geo.StraightAreaM2.
	AreaM2 float64
	// WidthM is twice the area by the perimeter, in metres: the width of a sliver,
	// half the side of a square; of several pieces that of the widest.
	WidthM float64
	// Place lies within the defect, within its largest piece if there are several.
	Place orb.Point
	// Outline is the defect's shape, moved by the tolerance at most; nil for a Tangle.
	Outline orb.MultiPolygon
}

// Options of Check. Their zero value is the default.
type Options struct {
	// ToleranceM is the distance in metres within which vertices and edges count as
	// lying on one another, and the mean width up to which a gap or an overlap is
	// none. 0 means a millimetre, which planners' checks use.
	ToleranceM float64
	// Max is how many defects are given, the largest first; 0 means 1,000.
	Max int
}

// Check is the function of this name for the coverage's faces.
func (c *Coverage) Check(o Options) []Defect { return Check(c.faces, o) }

// Check finds gaps and overlaps of faces, as Build takes them, the largest first; nil
// where there are none.
// Each gap is a defect of its own; all that two faces have in common is one. A gap
// that is open to the outside is part of the outside. Vertices that one face has on
// an edge and its neighbour has not do no harm, to within the tolerance.
//
// Only edges without an exact twin can bound a gap or an overlap: the number of
// faces over a place does not change elsewhere. So Check weaves these together,
// looks at every region between them how many faces cover it, and takes apart the
// regions that more than one covers.
func Check(faces []orb.MultiPolygon, o Options) []Defect {
	k := newChecker(faces, o)
	w := newWeave(k.tolerance)
	newUnshared(faces).each(func(face int32, a, b orb.Point) { w.add(a, b, face) })
	effort := 3_000_000 + 150*len(w.strands)
	if stuck, ok := w.knot(&effort); !ok {
		return []Defect{{Kind: Tangle, Faces: []int32{stuck.face}, Place: w.at[stuck.from]}}
	}
	unbalanced := slices.DeleteFunc(w.borders(), func(b border) bool { return b.net == 0 })
	var overlaps []region
	for _, r := range k.wide(newPlane(w.at, unbalanced).regions()) {
		switch place, faces := k.typical(r.outline); {
		case len(faces) == 0:
			k.gap(r, place)
		case len(faces) > 1:
			overlaps = append(overlaps, r)
		}
	}
	effort = 20_000_000
	for _, mp := range faces {
		effort += 20 * vertexCount(mp)
	}
	k.takeApart(overlaps, &effort)
	return k.largest()
}

// checker collects what Check finds.
type checker struct {
	faces     []orb.MultiPolygon
	tolerance float64
	max       int
	tree      rtree.RTreeG[piece] // by bound
	pairs     map[[2]int32]int    // defects of two faces that overlap
	defects   []Defect
}

// manyRings is from how many rings on a face is kept ring by ring.
const manyRings = 16

// piece is a face, or one ring of a face that has many.
type piece struct {
	face  int32
	rings orb.MultiPolygon
}

func newChecker(faces []orb.MultiPolygon, o Options) *checker {
	k := &checker{faces: faces, tolerance: o.ToleranceM, max: o.Max, pairs: map[[2]int32]int{}}
	if !(k.tolerance > 0) {
		k.tolerance = 0.001
	}
	if k.max <= 0 {
		k.max = 1000
	}
	for i, mp := range faces {
		for _, rings := range pieces(mp) {
			if b := bound(rings); !b.IsEmpty() {
				k.tree.Insert(b.Min, b.Max, piece{int32(i), rings})
			}
		}
	}
	return k
}

// pieces are a face as it is kept: whole, or ring by ring where it has many.
func pieces(mp orb.MultiPolygon) []orb.MultiPolygon {
	n := 0
	for _, poly := range mp {
		n += len(poly)
	}
	if n < manyRings {
		return []orb.MultiPolygon{mp}
	}
	list := make([]orb.MultiPolygon, 0, n)
	for _, poly := range mp {
		for _, r := range poly {
			list = append(list, orb.MultiPolygon{{r}})
		}
	}
	return list
}

// bound is the box around all rings, an empty one where there is none.
func bound(mp orb.MultiPolygon) orb.Bound {
	b := orb.Bound{Min: orb.Point{1, 1}, Max: orb.Point{-1, -1}}
	for _, poly := range mp {
		for _, r := range poly {
			if rb := r.Bound(); b.IsEmpty() {
				b = rb
			} else if len(r) > 0 {
				b = b.Union(rb)
			}
		}
	}
	return b
}

// wide are the regions that are wider than the tolerance.
func (k *checker) wide(rs []region) []region {
	return slices.DeleteFunc(rs, func(r region) bool { return width(r.outline) <= k.tolerance })
}

// over are the faces that cover p, in order: those of which an odd number of pieces
// cover it.
func (k *checker) over(p orb.Point) (faces []int32) {
	k.tree.Search(p, p, func(_, _ [2]float64, one piece) bool {
		if geo.Covers(one.rings, p) {
			faces = append(faces, one.face)
		}
		return true
	})
	slices.Sort(faces)
	return odd(faces)
}

// odd keeps one of each number that stands an odd number of times in an ascending list.
func odd(list []int32) []int32 {
	kept := list[:0]
	for _, n := range list {
		if last := len(kept) - 1; last >= 0 && kept[last] == n {
			kept = kept[:last]
		} else {
			kept = append(kept, n)
		}
	}
	return kept
}

// typical is a place in a region over which all has the same number of faces, and the
// faces there. A place may by chance lie in a crack that the tolerance has closed, or
// in a fold, so of several places the one counts that has the median number.
func (k *checker) typical(p orb.Polygon) (place orb.Point, faces []int32) {
	places := placesIn(p)
	over := make([][]int32, len(places))
	counts := make([]int, len(places))
	for i, q := range places {
		over[i] = k.over(q)
		counts[i] = len(over[i])
	}
	slices.Sort(counts)
	i := slices.IndexFunc(over, func(fs []int32) bool { return len(fs) == counts[len(counts)/2] })
	return places[i], over[i]
}

func (k *checker) gap(r region, place orb.Point) {
	k.defects = append(k.defects, Defect{
		Kind: Gap, Faces: r.faces, AreaM2: geo.StraightAreaM2(orb.MultiPolygon{r.outline}), WidthM: width(r.outline),
		Place: place, Outline: orb.MultiPolygon{r.outline},
	})
}

// takeApart divides the regions that several faces cover by the edges of all faces
// there, the largest first, until there are defects enough. Where the effort for that
// runs out, what is left counts for the faces that cover its place.
func (k *checker) takeApart(rs []region, effort *int) {
	slices.SortStableFunc(rs, func(a, b region) int { return cmp.Compare(size(b.outline), size(a.outline)) })
	for _, r := range rs {
		if len(k.pairs) >= k.max {
			return
		}
		w := newWeave(k.tolerance)
		k.weaveIn(w, r.outline[0].Bound(), effort)
		if _, ok := w.knot(effort); !ok {
			place, faces := k.typical(r.outline)
			k.overlap(r, place, faces)
			continue
		}
		whole := orb.MultiPolygon{r.outline}
		for _, part := range k.wide(newPlane(w.at, w.borders()).regions()) {
			if place, faces := k.typical(part.outline); geo.Covers(whole, place) {
				k.overlap(part, place, faces)
			}
		}
	}
}

// weaveIn takes in the edges of all faces that reach into a bound, looking at a few
// vertices for each comparison's worth of effort.
func (k *checker) weaveIn(w *weave, b orb.Bound, effort *int) {
	if *effort < 0 {
		return
	}
	var faces []int32
	k.tree.Search(b.Min, b.Max, func(_, _ [2]float64, one piece) bool {
		faces = append(faces, one.face)
		return true
	})
	slices.Sort(faces)
	faces = slices.Compact(faces)
	for _, f := range faces {
		for _, poly := range k.faces[f] {
			for _, r := range poly {
				*effort -= len(r) / 8
				for i := 1; i < len(r); i++ {
					if (orb.MultiPoint{r[i-1], r[i]}).Bound().Intersects(b) {
						w.add(r[i-1], r[i], f)
					}
				}
			}
		}
	}
}

// overlap adds a piece to what each two of the faces have in common.
func (k *checker) overlap(piece region, place orb.Point, faces []int32) {
	for i, a := range faces {
		for _, b := range faces[i+1:] {
			n, known := k.pairs[[2]int32{a, b}]
			if !known {
				n = len(k.defects)
				k.pairs[[2]int32{a, b}] = n
				k.defects = append(k.defects, Defect{Kind: Overlap, Faces: []int32{a, b}, Place: place})
			}
			d := &k.defects[n]
			d.Outline = append(d.Outline, piece.outline)
			if size(piece.outline) > size(d.Outline[0]) {
				d.Place = place
				d.Outline[0], d.Outline[len(d.Outline)-1] = piece.outline, d.Outline[0]
			}
			d.WidthM = max(d.WidthM, width(piece.outline))
			d.AreaM2 += geo.StraightAreaM2(orb.MultiPolygon{piece.outline})
		}
	}
}

// size is the area in square degrees, good for comparing.
func size(p orb.Polygon) float64 {
	a := shoelace(p[0])
	for _, hole := range p[1:] {
		a += shoelace(hole)
	}
	return a
}

// largest are the largest defects in order of area.
func (k *checker) largest() []Defect {
	slices.SortStableFunc(k.defects, func(a, b Defect) int {
		return cmp.Or(cmp.Compare(b.AreaM2, a.AreaM2), slices.Compare(a.Faces, b.Faces))
	})
	return k.defects[:min(len(k.defects), k.max)]
}

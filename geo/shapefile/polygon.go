package shapefile

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"
)

// polygon makes the rings of a record into polygons, by the rules of the
// package's comment.
func (s *shapes) polygon(pts []orb.Point, at place) (orb.Geometry, error) {
	var f findings
	s.rings = s.rings[:0]
	for i := range len(s.starts) - 1 {
		a, b := s.starts[i], s.starts[i+1]
		if a == b {
			f.empty.count(i, 0)
		} else if r, ok := newRing(i, pts[a:b:b], &f); ok {
			s.rings = append(s.rings, r)
		}
	}
	if len(s.rings) == 0 {
		return nil, noArea.refuse(at)
	}
	if len(s.rings) > 1 {
		if err := s.nest(at); err != nil {
			return nil, err
		}
	}
	s.report(&f, pts, at)
	s.reportWinding(at)
	for i := range s.rings {
		s.rings[i].orient()
	}
	var out orb.MultiPolygon
	out, s.origins = assemble(s.rings)
	return out, nil
}

func (s *shapes) report(f *findings, pts []orb.Point, at place) {
	f.empty.note(s.led, emptyPart, at)
	f.degenerate.note(s.led, degenerate, at)
	f.open.note(s.led, ringClosed, at)
	s.reportVertex(&f.repeated, repeated, pts, at)
	s.reportVertex(&f.spike, spike, pts, at)
}

func (s *shapes) reportVertex(t *tally, c check, pts []orb.Point, at place) {
	if t.n > 0 {
		a, b := s.starts[t.part], s.starts[t.part+1]
		p := pts[a+int32(t.vertex)%(b-a)] // the vertex that closes a ring may not be in the file
		t.note(s.led, c, at, p[0], p[1])
	}
}

// reportWinding tells windings that are merely reversed, or say nothing because
// no ring is wound like an outer one, from those that contradict the nesting.
func (s *shapes) reportWinding(at place) {
	astray, clockwise := tally{}, 0
	for i := range s.rings {
		r := &s.rings[i]
		if r.astray() {
			astray.count(r.part, 0)
		}
		if r.clockwise() {
			clockwise++
		}
	}
	if astray.n == len(s.rings) || clockwise == 0 {
		if !s.exchanged { // which may have been done before or after the rings were wound
			astray.note(s.led, ringReversed, at)
		}
		return
	}
	for i := range s.rings {
		if r := &s.rings[i]; r.astray() {
			at.part = r.part
			if r.hole() {
				s.led.note(nestedShell, at)
			} else {
				s.led.note(looseHole, at)
			}
		}
	}
}

// assemble puts each hole into the polygon of its parent; polygons keep the
// order of their outer rings. It also tells where each ring comes from.
func assemble(rings []ring) (orb.MultiPolygon, []Origin) {
	if len(rings) == 1 {
		origins := turnedFirst
		if o := rings[0].origin(); o != origins[0] {
			origins = []Origin{o}
		}
		return orb.MultiPolygon{orb.Polygon{rings[0].points}}, origins
	}
	var out orb.MultiPolygon
	polygonOf := make([]int, len(rings))
	for i := range rings {
		if !rings[i].hole() {
			polygonOf[i] = len(out)
			out = append(out, orb.Polygon{rings[i].points})
		}
	}
	for i := range rings {
		if rings[i].hole() {
			polygonOf[i] = polygonOf[rings[i].parent]
			out[polygonOf[i]] = append(out[polygonOf[i]], rings[i].points)
		}
	}
	return out, originsOf(rings, polygonOf, out)
}

// originsOf lists the origins of the rings in their order in mp; polygonOf is the polygon
// that each went to, an outer ring first there.
func originsOf(rings []ring, polygonOf []int, mp orb.MultiPolygon) []Origin {
	first, holes, n := make([]int, len(mp)), make([]int, len(mp)), 0
	for i, p := range mp {
		first[i] = n
		n += len(p)
	}
	origins := make([]Origin, n)
	for i := range rings {
		k := polygonOf[i]
		at := first[k]
		if rings[i].hole() {
			holes[k]++
			at += holes[k]
		}
		origins[at] = rings[i].origin()
	}
	return origins
}

// nest finds for each ring the smallest one around it. Rings are taken from the
// largest bound to the smallest, so that what may lie around a ring has been
// placed before it; an R-tree of bounds keeps a record of 100,000 rings from
// comparing each with each, and a few rings need none.
func (s *shapes) nest(at place) error {
	s.work = nestingBase
	for i := range s.rings {
		s.work += nestingPerVertex * len(s.rings[i].points)
	}
	order := bySize(s.rings)
	var placed rtree.RTreeG[int]
	for rank, i := range order {
		r := &s.rings[i]
		twin := s.enclose(r, order, s.candidates(&placed, order, rank))
		if s.work < 0 {
			return tangled.refuse(at, len(s.rings))
		}
		if twin != nil {
			at.part = max(twin.part, r.part)
			return sameRing.refuse(at, min(twin.part, r.part))
		}
		if len(order) > fewRings {
			placed.Insert(r.bound.Min, r.bound.Max, rank)
		}
	}
	return nil
}

// enclose sets parent and depth of r by the last of the ranks, the smallest ring,
// that is around it. It gives the ring that is the same as r, if there is one.
func (s *shapes) enclose(r *ring, order, ranks []int) (twin *ring) {
	for _, rank := range slices.Backward(ranks) {
		outer := &s.rings[order[rank]]
		switch s.relate(outer, r) {
		case same:
			return outer
		case within:
			r.parent, r.depth = order[rank], outer.depth+1
			return nil
		}
	}
	return nil
}

// bySize orders rings by bound, the larger first; where bounds are equal, by area.
func bySize(rings []ring) []int {
	order := make([]int, len(rings))
	size := make([]float64, len(rings))
	for i := range rings {
		order[i] = i
		b := rings[i].bound
		size[i] = (b.Max[0] - b.Min[0]) * (b.Max[1] - b.Min[1])
	}
	slices.SortFunc(order, func(i, j int) int {
		return cmp.Or(cmp.Compare(size[j], size[i]),
			cmp.Compare(math.Abs(rings[j].area2), math.Abs(rings[i].area2)), cmp.Compare(i, j))
	})
	return order
}

// fewRings are compared each with each.
const fewRings = 12

// candidates lists the ranks of placed rings whose bounds hold that of the ring
// of a rank, rising.
func (s *shapes) candidates(placed *rtree.RTreeG[int], order []int, rank int) (ranks []int) {
	b := s.rings[order[rank]].bound
	look := func(_, _ [2]float64, above int) bool {
		outer := s.rings[order[above]].bound
		if s.work--; outer.Contains(b.Min) && outer.Contains(b.Max) {
			ranks = append(ranks, above)
		}
		return s.work >= 0
	}
	if len(order) <= fewRings {
		for above := range rank {
			look(b.Min, b.Max, above)
		}
		return ranks
	}
	placed.Search(b.Min, b.Min, look)
	s.work -= len(ranks) * bits.Len(uint(len(ranks)))
	slices.Sort(ranks)
	return ranks
}

// relation is how a ring lies towards a larger one.
type relation int

const (
	apart relation = iota
	within
	same
)

// relate says how r lies towards outer. A few vertices decide where they agree;
// where they do not (rings that touch, or cross, which is for a later check to
// find) all vertices vote; where all lie on outer's edges a point inside r decides.
func (s *shapes) relate(outer, r *ring) relation {
	vertices := r.points[:len(r.points)-1]
	in, out := s.poll(outer, vertices, max(1, len(vertices)/4))
	if (in > 0) == (out > 0) {
		in, out = s.poll(outer, vertices, 1)
	}
	if in+out == 0 {
		return s.relateInscribed(outer, r)
	}
	if in > out {
		return within
	}
	return apart
}

func (s *shapes) relateInscribed(outer, r *ring) relation {
	a, b := math.Abs(outer.area2), math.Abs(r.area2)
	if math.Abs(a-b) <= 1e-9*a {
		if in, out := s.poll(r, outer.points, 1); in+out == 0 {
			return same
		}
	}
	if in, _ := s.poll(outer, []orb.Point{r.interior()}, 1); in > 0 {
		return within
	}
	return apart
}

// poll counts how many of every step-th point lie inside and outside of r.
func (s *shapes) poll(r *ring, points []orb.Point, step int) (in, out int) {
	for i := 0; i < len(points) && s.work >= 0; i += step {
		where, work := r.side(points[i])
		s.work -= work
		switch where {
		case inside:
			in++
		case outside:
			out++
		}
	}
	return in, out
}

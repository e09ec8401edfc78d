package snapshot

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// Near is a feature and its distance from a position.
type Near struct {
	Feature *geo.Feature // a cell without its geometry, as in Match
	// Point is the feature's own, a unit's seat, or of a cell the point of its border that is nearest,
	// the position itself where that is in it.
	Point orb.Point
	// M is the length of the geodesic in metres, good to ten nanometres for points and to what
	// geo.BorderDistanceM is good to for cells; 0 for a position in a cell.
	M float64
}

// micrometre is what distances are told apart by: features that are equally near to it are in the
// order of their codes.
const micrometre = 1e-6

func (a Near) compare(b Near) int {
	return cmp.Or(cmp.Compare(math.Round(a.M/micrometre), math.Round(b.M/micrometre)), a.Feature.Code.Compare(b.Feature.Code))
}

// NearestPoints are the features of a collection that are nearest to a position, the
// nearest first: up to limit, and none farther than radius metres, which may be infinite. Of
// units it is the distance to their seat that counts, and one without a seat is not found. kinds
// selects facilities by kind and units by level; all are meant by none.
//
// The order is that of the geodesics. Candidates are taken by their straight distance, which a
// geodesic never falls short of, and up to where one that is longest (geo.MostArcM) could still come
// before the last that is wanted; where that leaves two in question, the geodesics are measured.
func (s *Snapshot) NearestPoints(c geo.Collection, p orb.Point, limit int, radius float64, kinds ...string) []Near {
	if checkPoint(p) != nil || limit < 1 {
		return nil
	}
	q := search{from: geo.Geocentric(p), wanted: limit, radius: radius, within: math.Inf(1)}
	q.limit(radius)
	for _, part := range s.Parts(c) {
		g := part.grove()
		if len(kinds) == 0 {
			q.in(part, g.all)
		}
		for i, k := range kinds {
			if t := g.kinds[k]; t != nil && !slices.Contains(kinds[:i], k) {
				q.in(part, t)
			}
		}
	}
	return q.ordered(p)
}

// search is the look for the points nearest to a place.
type search struct {
	from   [3]float64
	wanted int
	radius float64
	within float64 // the square of the longest chord that still counts
	found  []candidate
	part   *Part
	tree   *pointTree
}

// candidate is a point that may be among the nearest.
type candidate struct {
	square float64 // of the chord
	part   *Part
	place  int32
}

// limit takes only chords into account that do not exceed metres, by more than rounding can do.
func (q *search) limit(metres float64) {
	metres += micrometre
	q.within = min(q.within, metres*metres)
}

func (q *search) in(part *Part, t *pointTree) {
	q.part, q.tree = part, t
	q.visit(0, len(t.nodes))
}

// visit looks through a range of the tree, the side of each node on which the place lies first.
func (q *search) visit(low, high int) {
	if high-low <= shortRange {
		for i := low; i < high; i++ {
			q.try(&q.tree.nodes[i])
		}
		return
	}
	middle := (low + high) / 2
	n := &q.tree.nodes[middle]
	d := q.from[q.tree.axes[middle]] - n.at[q.tree.axes[middle]]
	if d < 0 {
		q.visit(low, middle)
	} else {
		q.visit(middle+1, high)
	}
	q.try(n)
	switch {
	case d*d > q.within:
	case d < 0:
		q.visit(middle+1, high)
	default:
		q.visit(low, middle)
	}
}

// try takes a point into account.
func (q *search) try(n *pointNode) {
	x, y, z := n.at[0]-q.from[0], n.at[1]-q.from[1], n.at[2]-q.from[2]
	square := x*x + y*y + z*z
	if square > q.within {
		return
	}
	i := len(q.found)
	q.found = append(q.found, candidate{})
	for ; i > 0 && q.found[i-1].square > square; i-- {
		q.found[i] = q.found[i-1]
	}
	q.found[i] = candidate{square, q.part, n.place}
	if len(q.found) < q.wanted {
		return
	}
	q.limit(geo.MostArcM(math.Sqrt(q.found[q.wanted-1].square)) + micrometre)
	for q.found[len(q.found)-1].square > q.within {
		q.found = q.found[:len(q.found)-1]
	}
}

// ordered measures what was found, as far as it is wanted.
func (q *search) ordered(p orb.Point) []Near {
	all := make([]Near, 0, min(len(q.found), q.wanted+1))
	for from := 0; from < len(q.found) && len(all) < q.wanted; {
		till := q.inQuestion(from)
		begin := len(all)
		for _, c := range q.found[from:till] {
			n := Near{Feature: &c.part.features[c.place], Point: c.part.grove().points[c.place]}
			if till-from > 1 {
				n.M = geo.DistanceM(p, n.Point)
			} else {
				n.M = geo.ChordDistanceM(p, n.Point, math.Sqrt(c.square))
			}
			if n.M <= q.radius {
				all = append(all, n)
			}
		}
		slices.SortStableFunc(all[begin:], Near.compare)
		from = till
	}
	return all[:min(len(all), q.wanted)]
}

// inQuestion is the end of those from a candidate on whose order their chords leave open.
func (q *search) inQuestion(from int) (till int) {
	for till = from + 1; till < len(q.found); till++ {
		if math.Sqrt(q.found[till].square) > geo.MostArcM(math.Sqrt(q.found[till-1].square))+2*micrometre {
			break
		}
	}
	return till
}

// NearestCells are the cells that are nearest to a position, by the distance to their
// border and 0 for a cell that the position is in, the nearest first: up to limit, and none
// farther than radius metres. geo.BorderDistanceM says how exact that is.
func (s *Snapshot) NearestCells(p orb.Point, limit int, radius float64) []Near {
	if checkPoint(p) != nil || limit < 1 {
		return nil
	}
	return s.nearestBorders(geo.Cells, p, limit, radius)
}

// nearestBorders takes polygons in the order of their bounds' distance, up to where no bound can
// hold one that is near enough. They are taken one by one: the bound of an exclave and its mainland
// together may hold much that is far from both.
func (s *Snapshot) nearestBorders(c geo.Collection, p orb.Point, limit int, radius float64) (all []Near) {
	enough, from := haversineOf(radius+micrometre), sightFrom(p)
	for _, part := range s.Parts(c) {
		ps := part.pieces()
		ps.tree.nearby(
			func(b *orb.Bound) float64 { return from.haversine(b.Min, b.Max) },
			func(i int32, haversine float64) bool {
				if haversine > enough {
					return false
				}
				n := Near{Feature: &part.features[ps.of[i]], Point: p}
				if covered, onEdge := part.stand(ps.of[i], p); !covered && !onEdge {
					part.polygon(ps, i, func(mp orb.MultiPolygon) { n.M, n.Point = geo.BorderDistanceM(mp, p) })
				}
				if n.M > radius {
					return true
				}
				if all = nearer(all, n, limit); len(all) == limit {
					enough = min(enough, haversineOf(all[limit-1].M+micrometre))
				}
				return true
			})
	}
	return all
}

// nearer puts n into the order of all, of which limit are kept, in the place of what was known of its feature.
func nearer(all []Near, n Near, limit int) []Near {
	if i := slices.IndexFunc(all, func(a Near) bool { return a.Feature == n.Feature }); i >= 0 {
		if all[i].M <= n.M {
			return all
		}
		all = slices.Delete(all, i, i+1)
	}
	at, _ := slices.BinarySearchFunc(all, n, Near.compare)
	all = slices.Insert(all, at, n)
	return all[:min(len(all), limit)]
}

// pieces are the single polygons of a part.
type pieces struct {
	polygons orb.MultiPolygon // none where they are packed
	of       []int32          // the feature that each belongs to
	tree     *tree
}

// polygon calls f with a piece, which must not be kept.
func (p *Part) polygon(ps *pieces, i int32, f func(orb.MultiPolygon)) {
	if p.shapes == nil {
		f(ps.polygons[i : i+1])
		return
	}
	b := p.shapes.buffers.Get().(*buffer)
	f(p.shapes.unpack(b, uint32(i), uint32(i)+1))
	p.shapes.buffers.Put(b)
}

func (p *Part) cutUp() *pieces {
	ps := &pieces{}
	var bounds []orb.Bound
	for i := range p.features {
		p.shape(int32(i), func(mp orb.MultiPolygon) {
			for k, poly := range mp {
				if ps.of = append(ps.of, int32(i)); p.shapes == nil {
					ps.polygons = append(ps.polygons, poly)
				}
				bounds = append(bounds, boundOf(mp[k:k+1]))
			}
		})
	}
	ps.tree = newTree(bounds, p.bound)
	return ps
}

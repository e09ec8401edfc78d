package snapshot

import (
	"math"
	"slices"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// Neighbour is the cell nearest to a position apart from those that cover it there, of
// which m is the match, and its distance in metres: 0 where the position lies on its edge. Of cells
// that are equally near to a micrometre it is the one with the lowest code.
// Nil and NaN where there is no other cell.
//
// Mostly it begins where the match ends, so that it is looked for that far at first.
func (s *Snapshot) Neighbour(p orb.Point, m Match) (f *geo.Feature, metres float64) {
	const slack = 0.001
	if f, metres = s.adjacent(p, m, m.BorderM+slack); f != nil {
		return f, metres
	}
	for _, n := range s.NearestCells(p, 2+len(m.Others), math.Inf(1)) {
		if !m.covers(n.Feature) {
			return n.Feature, n.M
		}
	}
	return nil, math.NaN()
}

// covers says whether a cell is one of those of the match.
func (m *Match) covers(f *geo.Feature) bool { return f == m.Cell || slices.Contains(m.Others, f) }

// bordering is a polygon that may be the nearest.
type bordering struct {
	part    *Part
	feature int32
	piece   int32
	square  float64 // of its rough distance
}

// adjacent is the neighbour where that is no farther than radius metres, nil where none is
// or where radius is too long for a box in degrees. It does not allocate unless a great many polygons meet.
func (s *Snapshot) adjacent(p orb.Point, m Match, radius float64) (best *geo.Feature, metres float64) {
	box, ok := around(p, radius+micrometre)
	if !ok {
		return nil, math.NaN()
	}
	var few [16]bordering
	found, least, ruler := few[:0], math.Inf(1), geo.RulerAt(p)
	limit := math.Inf(1)
	for _, part := range s.Parts(geo.Cells) {
		if !meet(&part.bound, &box) {
			continue
		}
		ps := part.pieces()
		ps.tree.search(box, func(i int32) bool {
			if m.covers(&part.features[ps.of[i]]) {
				return true
			}
			square := limit
			part.polygon(ps, i, func(mp orb.MultiPolygon) { square = ruler.Roughly(mp[0], limit) })
			if square < limit {
				found = append(found, bordering{part, ps.of[i], i, square})
				if square < least {
					least = square
					limit = ruler.Doubt(least)
				}
			}
			return true
		})
	}
	nearest := Near{M: math.Inf(1)}
	for _, b := range found {
		if b.square > limit {
			continue
		}
		n := Near{Feature: &b.part.features[b.feature]}
		covered, onEdge := false, false
		if b.square <= 1 {
			covered, onEdge = b.part.stand(b.feature, p)
		}
		if !covered && !onEdge {
			b.part.polygon(b.part.pieces(), b.piece, func(mp orb.MultiPolygon) { n.M, n.Point = ruler.Exactly(mp, limit) })
		}
		if nearest.Feature == nil || n.compare(nearest) < 0 {
			nearest = n
		}
	}
	if !(nearest.M <= radius) {
		return nil, math.NaN()
	}
	return nearest.Feature, nearest.M
}

// around is a box that holds all positions up to radius metres from p, whose degrees of lat are nowhere
// shorter than by the least radius of curvature, and of lon than by the semi-major axis at the box's
// highest lat. ok is false where it would be large, or reach a pole or the date line.
func around(p orb.Point, radius float64) (b orb.Bound, ok bool) {
	const most = 50_000 // metres
	north := radius / leastRadius / radian
	highest := math.Abs(p[1]) + north
	if !(radius <= most && highest < 85) {
		return b, false
	}
	east := radius / (geo.SemiMajorM * math.Cos(highest*radian)) / radian
	return orb.Bound{Min: orb.Point{p[0] - east, p[1] - north}, Max: orb.Point{p[0] + east, p[1] + north}}, math.Abs(p[0])+east < 180
}

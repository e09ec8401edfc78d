package tiles

import (
	"math"

	"github.com/paulmach/orb"
)

// pole is the place for a feature's label: the point of its largest polygon that is
// farthest from the polygon's border, its pole of inaccessibility, and that distance in
// metres. It is in the polygon, never in a hole, and its distance is within 2 % of the
// greatest. Of a polygon without area it is some vertex, at 0 m.
//
// Distances are planar with a degree of longitude and of latitude taken at the
// ellipsoid's own length in the middle of the polygon, which is right to a few parts in a
// thousand for polygons up to 100 km.
//
// The method is that of Agafonkin's polylabel (2016), by whole levels of squares instead of a
// queue: the plane is cut into squares, those that cannot hold a better point are dropped, the
// others are cut into four.
func pole(mp orb.MultiPolygon) (orb.Point, float64) {
	s := newSearch(largest(mp))
	if len(s.edges) == 0 {
		return mp[0][0][0], 0
	}
	const most = 1 << 12 // squares; only a sliver has more that none lies inside of
	for half := s.cover(); len(s.squares) > 0 && len(s.squares) <= most && half > s.finest; half /= 2 {
		s.halve(half)
	}
	if s.best <= 0 {
		s.try(s.acrossMiddle())
	}
	return s.degrees(s.at), max(s.best, 0)
}

// largest is the polygon of the largest shell in degrees.
func largest(mp orb.MultiPolygon) orb.Polygon {
	best, most := mp[0], -1.0
	for _, p := range mp {
		if a := math.Abs(ringArea(p[0])); a > most {
			best, most = p, a
		}
	}
	return best
}

// ringArea is the signed area of a closed ring in the coordinates' unit.
func ringArea(r orb.Ring) (a float64) {
	for i := 1; i < len(r); i++ {
		a += (r[i-1][0]-r[0][0])*(r[i][1]-r[0][1]) - (r[i][0]-r[0][0])*(r[i-1][1]-r[0][1])
	}
	return a / 2
}

// metre is a point in metres about the middle of a polygon.
type metre struct{ x, y float64 }

// pace is an edge in metres: its start, the way to its end, and one over the square of its length.
type pace struct {
	metre
	dx, dy, inverse float64
}

func newPace(a, b metre) pace {
	dx, dy := b.x-a.x, b.y-a.y
	return pace{a, dx, dy, 1 / (dx*dx + dy*dy)}
}

// search looks for the pole of one polygon.
type search struct {
	middle  orb.Point // degrees
	scale   metre     // metres of a degree
	edges   []pace
	low     metre // the corners of the polygon's bound
	high    metre
	squares []metre // middles of the squares that may hold a better point
	spare   []metre
	at      metre // the best point so far
	best    float64
	finest  float64 // half the side of the smallest squares
}

func newSearch(p orb.Polygon) *search {
	b := p.Bound()
	s := &search{middle: b.Center(), best: math.Inf(-1)}
	s.scale = metresPerDegree(s.middle[1])
	s.low, s.high = s.metres(b.Min), s.metres(b.Max)
	for _, r := range p {
		for i := 1; i < len(r); i++ {
			if r[i] != r[i-1] {
				s.edges = append(s.edges, newPace(s.metres(r[i-1]), s.metres(r[i])))
			}
		}
	}
	s.try(s.centroid(p[0]))
	return s
}

// metresPerDegree is the length of a degree along the parallel and along the meridian of a
// latitude on the CGCS2000 ellipsoid.
func metresPerDegree(lat float64) metre {
	const a, f = 6378137, 1 / 298.257222101
	const e2 = f * (2 - f)
	sin, cos := math.Sincos(lat * math.Pi / 180)
	w := math.Sqrt(1 - e2*sin*sin)
	return metre{x: a / w * cos * math.Pi / 180, y: a * (1 - e2) / (w * w * w) * math.Pi / 180}
}

func (s *search) metres(p orb.Point) metre {
	return metre{(p[0] - s.middle[0]) * s.scale.x, (p[1] - s.middle[1]) * s.scale.y}
}

func (s *search) degrees(m metre) orb.Point {
	return orb.Point{s.middle[0] + m.x/s.scale.x, s.middle[1] + m.y/s.scale.y}
}

// centroid is the centre of gravity of what the ring encloses, or its first vertex where that
// is nothing.
func (s *search) centroid(r orb.Ring) metre {
	var x, y, area float64
	o := s.metres(r[0])
	for i := 1; i < len(r); i++ {
		p, q := s.metres(r[i-1]), s.metres(r[i])
		c := (p.x-o.x)*(q.y-o.y) - (q.x-o.x)*(p.y-o.y)
		x += c * (p.x + q.x - 2*o.x)
		y += c * (p.y + q.y - 2*o.y)
		area += 3 * c
	}
	if area == 0 {
		return o
	}
	return metre{o.x + x/area, o.y + y/area}
}

// cover lays squares over the bound and gives half their side: the shorter side of the
// bound, but not so short that there are more than 64 of them.
func (s *search) cover() (half float64) {
	w, h := s.high.x-s.low.x, s.high.y-s.low.y
	side := max(min(w, h), max(w, h)/64)
	for x := s.low.x; x < s.high.x; x += side {
		for y := s.low.y; y < s.high.y; y += side {
			s.squares = append(s.squares, metre{x + side/2, y + side/2})
		}
	}
	s.finest = side / (1 << 12)
	s.sift(side / 2)
	return side / 2
}

// halve cuts the squares, of this half side, into four and looks at each.
func (s *search) halve(half float64) {
	q := half / 2
	s.spare = s.spare[:0]
	for _, m := range s.squares {
		s.spare = append(s.spare, metre{m.x - q, m.y - q}, metre{m.x + q, m.y - q},
			metre{m.x - q, m.y + q}, metre{m.x + q, m.y + q})
	}
	s.squares, s.spare = s.spare, s.squares
	s.sift(q)
}

// sift tries the middle of each square and keeps the squares that can hold a point better by
// more than 2 %: one whose middle is so near to an edge that it cannot is dropped
// at the first such edge.
func (s *search) sift(half float64) {
	reach := half * math.Sqrt2
	kept := s.squares[:0]
	for _, m := range s.squares {
		if d := s.distance(m, s.wanted()-reach); d > s.wanted()-reach {
			kept = append(kept, m)
			s.note(m, d)
		}
	}
	s.squares = kept
}

// wanted is the distance that is worth looking for.
func (s *search) wanted() float64 { return s.best + 0.02*math.Abs(s.best) }

func (s *search) try(m metre) { s.note(m, s.distance(m, math.Inf(-1))) }

func (s *search) note(m metre, d float64) {
	if d > s.best {
		s.at, s.best = m, d
	}
}

// distance is that of m from the nearest edge, negative outside the polygon. Once an edge
// is found to be no farther than enough, the answer may be any value up to enough.
func (s *search) distance(m metre, enough float64) float64 {
	least, in := math.Inf(1), false
	limit := -1.0
	if enough > 0 {
		limit = enough * enough
	}
	for i := range s.edges {
		e := &s.edges[i]
		px, py := m.x-e.x, m.y-e.y
		if (py < 0) != (py < e.dy) && (e.dx*py-e.dy*px < 0) == (e.dy > 0) {
			in = !in
		}
		if t := (px*e.dx + py*e.dy) * e.inverse; t > 0 {
			t = min(t, 1)
			px, py = px-t*e.dx, py-t*e.dy
		}
		if d := px*px + py*py; d < least {
			if least = d; least <= limit {
				return enough
			}
		}
	}
	if in {
		return math.Sqrt(least)
	}
	return -math.Sqrt(least)
}

// acrossMiddle is the middle of the widest stretch that a parallel through the polygon has
// inside it, for polygons so narrow that no square's middle lay inside.
func (s *search) acrossMiddle() metre {
	y := s.low.y + (s.high.y-s.low.y)*(math.Sqrt2-1) // not where a vertex is likely
	at, widest := s.at, 0.0
	for _, x := range s.crossings(y) {
		next := math.Inf(1)
		for _, o := range s.crossings(y) {
			if o > x && o < next {
				next = o
			}
		}
		m := metre{(x + next) / 2, y}
		if next-x > widest && !math.IsInf(next, 1) && s.distance(m, math.Inf(-1)) > 0 {
			at, widest = m, next-x
		}
	}
	return at
}

// crossings are where the polygon's edges cross the parallel at y.
func (s *search) crossings(y float64) (xs []float64) {
	for _, e := range s.edges {
		if up := y - e.y; (up < 0) != (up < e.dy) {
			xs = append(xs, e.x+e.dx*up/e.dy)
		}
	}
	return xs
}

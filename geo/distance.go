package geo

import (
	"math"

	"github.com/paulmach/orb"
)

// DistanceM is the length in metres of the shortest line between a and b on the
// CGCS2000 ellipsoid (C. F. F. Karney, Algorithms for geodesics, 2013), good to
// some ten nanometres anywhere.
func DistanceM(a, b orb.Point) float64 {
	var m float64
	ellipsoid.Inverse(a[1], a[0], b[1], b[0], &m, nil, nil)
	return m
}

// BorderDistanceM is the distance in metres from p to the nearest point of mp's
// rings, and that point. Edges are straight in lon and lat, as they are for SideOf.
// It is good to a micrometre up to 10 km and to some centimetres up to 100 km; an
// edge across the date line is taken the long way round. Without any edge the
// distance is NaN and the point p.
//
// Edges are compared in the plane that touches the ellipsoid at p. Those that its
// distortion leaves in question are measured by chords through the ellipsoid,
// whose order is that of the geodesics at these lengths.
func BorderDistanceM(mp orb.MultiPolygon, p orb.Point) (m float64, nearest orb.Point) {
	r := RulerAt(p)
	least := math.Inf(1)
	for _, poly := range mp {
		least = r.Roughly(poly, least)
	}
	return r.Exactly(mp, r.Doubt(least))
}

// Ruler measures from one position to borders: to many of them roughly, and to those exactly
// that this leaves in question.
type Ruler struct {
	plane tangent
	from  vector
}

// RulerAt is the ruler of position p.
func RulerAt(p orb.Point) Ruler {
	from, _, _ := geocentric(p)
	return Ruler{tangentAt(p), from}
}

// Roughly is the square of the distance in metres to poly's rings in the plane that touches
// the ellipsoid at the position, or least where that is smaller.
func (r *Ruler) Roughly(poly orb.Polygon, least float64) float64 {
	for _, ring := range poly {
		least = r.plane.least(ring, least)
	}
	return least
}

// Doubt is how large a square told by Roughly may be for the border still to be the nearest, or as near
// to a micrometre, least being the smallest.
func (r *Ruler) Doubt(least float64) float64 { return r.plane.doubt(least) }

// Exactly is BorderDistanceM of mp where Roughly tells of no more than limit; beyond, NaN.
func (r *Ruler) Exactly(mp orb.MultiPolygon, limit float64) (m float64, nearest orb.Point) {
	s := seeker{from: r.from, least: math.Inf(1), nearest: r.plane.at}
	for _, poly := range mp {
		for _, ring := range poly {
			r.plane.within(ring, limit, &s)
		}
	}
	if math.IsInf(s.least, 1) {
		return math.NaN(), r.plane.at
	}
	return ChordDistanceM(r.plane.at, s.nearest, math.Sqrt(s.least)), s.nearest
}

// tangent is the plane at a position: metres east and north by degrees of lon and lat.
type tangent struct {
	at          orb.Point
	east, north float64 // metres per degree
}

func tangentAt(p orb.Point) tangent {
	sin, cos := math.Sincos(p[1] * radian)
	prime, meridian := radii(sin)
	return tangent{at: p, east: prime * cos * radian, north: meridian * radian}
}

const radian = math.Pi / 180

// eccentricity2 is the square of the ellipsoid's first eccentricity.
const eccentricity2 = Flattening * (2 - Flattening)

// radii are the radii of curvature, prime vertical and meridian, in metres, at the
// latitude of this sine.
func radii(sin float64) (prime, meridian float64) {
	w2 := 1 - eccentricity2*sin*sin
	prime = SemiMajorM / math.Sqrt(w2)
	return prime, prime * (1 - eccentricity2) / w2
}

// least is the least of some square and those of the distances from the plane's origin to ring's edges.
func (t *tangent) least(ring orb.Ring, least float64) float64 {
	var ax, ay float64
	for i, v := range ring {
		bx, by := (v[0]-t.at[0])*t.east, (v[1]-t.at[1])*t.north
		if i > 0 {
			if dx, dy := bx-ax, by-ay; mayBe(ax, ay, dx, dy, least) {
				square, _ := squared(ax, ay, dx, dy)
				least = min(least, square)
			}
		}
		ax, ay = bx, by
	}
	return least
}

// within lets s try the edges of ring whose squared distance from the plane's origin does not exceed limit.
func (t *tangent) within(ring orb.Ring, limit float64, s *seeker) {
	var ax, ay float64
	for i, v := range ring {
		bx, by := (v[0]-t.at[0])*t.east, (v[1]-t.at[1])*t.north
		if i > 0 {
			if dx, dy := bx-ax, by-ay; mayBe(ax, ay, dx, dy, limit) {
				if square, f := squared(ax, ay, dx, dy); square <= limit {
					s.try(ring[i-1], v, f)
				}
			}
		}
		ax, ay = bx, by
	}
}

// mayBe is false where the line through an edge, which begins at a and is d long, is farther from the
// origin than the root of square: it spares most edges the division.
func mayBe(ax, ay, dx, dy, square float64) bool {
	cross := ax*dy - ay*dx
	return !(cross*cross > square*(dx*dx+dy*dy))
}

// squared is the square of the distance from the origin to the edge that begins at a and is d long, and
// the fraction of the edge at which it is nearest.
func squared(ax, ay, dx, dy float64) (square, f float64) {
	if along := -(ax*dx + ay*dy); along > 0 {
		f = min(along/(dx*dx+dy*dy), 1)
		ax, ay = ax+f*dx, ay+f*dy
	}
	return ax*ax + ay*ay, f
}

// doubt is how large a squared distance in the plane may be for the edge still to
// be the nearest, least being the smallest. Within a band of δ radians of latitude
// the plane stretches lengths by no more than (1+tan φ)·δ: tan φ·δ because meridians
// converge, the rest amply for the second order and the ellipsoid's own curvature. A
// micrometre is for rounding, and for who asks what is as near to one.
func (t *tangent) doubt(least float64) float64 {
	band := 2 * math.Sqrt(least) / (SemiMajorM * (1 - Flattening))
	stretch := (1 + math.Abs(math.Tan(t.at[1]*radian))) * band
	if stretch > 0.5 {
		return math.Inf(1) // hundreds of kilometres: the plane says nothing
	}
	wider := (1 + stretch) / (1 - stretch)
	limit := math.Sqrt(least)*wider + 1e-6
	return limit * limit
}

// seeker looks for the point of edges that is nearest to a place, by chords.
type seeker struct {
	from    vector
	least   float64 // squared chord, m²
	nearest orb.Point
}

// vector is a position in geocentric metres.
type vector [3]float64

func (v vector) dot(w vector) float64 { return v[0]*w[0] + v[1]*w[1] + v[2]*w[2] }

func (v vector) minus(w vector) vector { return vector{v[0] - w[0], v[1] - w[1], v[2] - w[2]} }

// geocentric is p on the ellipsoid, and how that moves per degree of lon and of lat.
func geocentric(p orb.Point) (at, perLon, perLat vector) {
	sinLon, cosLon := math.Sincos(p[0] * radian)
	sin, cos := math.Sincos(p[1] * radian)
	prime, meridian := radii(sin)
	at = vector{prime * cos * cosLon, prime * cos * sinLon, prime * (1 - eccentricity2) * sin}
	k, m := prime*cos*radian, meridian*radian
	return at, vector{-k * sinLon, k * cosLon, 0}, vector{-m * sin * cosLon, -m * sin * sinLon, m * cos}
}

// longest is the length in degrees up to which an edge is searched in one piece:
// over it the edge is so nearly straight in space that it has one nearest point.
const longest = 0.5

// try takes the edge a→b into account, which is nearest at about the fraction f of it.
func (s *seeker) try(a, b orb.Point, f float64) {
	d := orb.Point{b[0] - a[0], b[1] - a[1]}
	pieces := max(1, math.Ceil(min(max(math.Abs(d[0]), math.Abs(d[1]))/longest, 720)))
	for i := 0.0; i < pieces; i++ {
		from, to := i/pieces, (i+1)/pieces
		s.piece(a, d, min(max(f, from), to), from, to)
	}
}

// piece searches the part of the line a+f·d with from ≤ f ≤ to by Gauss and
// Newton's iteration from f; the step's error shrinks with its square over the earth's radius.
func (s *seeker) piece(a, d orb.Point, f, from, to float64) {
	const steps, still = 8, 1e-12
	for range steps {
		q, perLon, perLat := geocentric(along(a, d, f))
		var way vector
		for i := range way {
			way[i] = perLon[i]*d[0] + perLat[i]*d[1]
		}
		pace := way.dot(way)
		if pace == 0 {
			break // an edge without length
		}
		next := min(max(f+s.from.minus(q).dot(way)/pace, from), to)
		moved := math.Abs(next - f)
		if f = next; moved < still {
			break
		}
	}
	q := along(a, d, f)
	at, _, _ := geocentric(q)
	if c := at.minus(s.from); c.dot(c) < s.least {
		s.least, s.nearest = c.dot(c), q
	}
}

func along(a, d orb.Point, f float64) orb.Point { return orb.Point{a[0] + f*d[0], a[1] + f*d[1]} }

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
	t := tangentAt(p)
	least := math.Inf(1)
	for _, poly := range mp {
		for _, ring := range poly {
			for i := 1; i < len(ring); i++ {
				least = min(least, t.squared(ring[i-1], ring[i]))
			}
		}
	}
	if math.IsInf(least, 1) {
		return math.NaN(), p
	}
	limit, s := t.doubt(least), seekFrom(p)
	for _, poly := range mp {
		for _, ring := range poly {
			for i := 1; i < len(ring); i++ {
				if t.squared(ring[i-1], ring[i]) <= limit {
					s.try(ring[i-1], ring[i])
				}
			}
		}
	}
	return DistanceM(p, s.nearest), s.nearest
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

// squared is the square of the distance from the plane's origin to the edge a→b.
func (t tangent) squared(a, b orb.Point) float64 {
	ax, ay := (a[0]-t.at[0])*t.east, (a[1]-t.at[1])*t.north
	dx, dy := (b[0]-a[0])*t.east, (b[1]-a[1])*t.north
	if along := -(ax*dx + ay*dy); along > 0 {
		f := min(along/(dx*dx+dy*dy), 1)
		ax, ay = ax+f*dx, ay+f*dy
	}
	return ax*ax + ay*ay
}

// doubt is how large a squared distance in the plane may be for the edge still to
// be the nearest, least being the smallest. Within a band of δ radians of latitude
// the plane stretches lengths by no more than (1+tan φ)·δ: tan φ·δ because meridians
// converge, the rest amply for the second order and the ellipsoid's own curvature.
func (t tangent) doubt(least float64) float64 {
	band := 2 * math.Sqrt(least) / (SemiMajorM * (1 - Flattening))
	stretch := (1 + math.Abs(math.Tan(t.at[1]*radian))) * band
	if stretch > 0.5 {
		return math.Inf(1) // hundreds of kilometres: the plane says nothing
	}
	wider := (1 + stretch) / (1 - stretch)
	return least * wider * wider
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

func seekFrom(p orb.Point) seeker {
	from, _, _ := geocentric(p)
	return seeker{from: from, least: math.Inf(1), nearest: p}
}

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

// try takes the edge a→b into account.
func (s *seeker) try(a, b orb.Point) {
	d := orb.Point{b[0] - a[0], b[1] - a[1]}
	pieces := max(1, math.Ceil(min(max(math.Abs(d[0]), math.Abs(d[1]))/longest, 720)))
	for i := 0.0; i < pieces; i++ {
		s.piece(a, d, i/pieces, (i+1)/pieces)
	}
}

// piece searches the part of the line a+f·d with from ≤ f ≤ to by Gauss and
// Newton's iteration; the step's error shrinks with its square over the earth's radius.
func (s *seeker) piece(a, d orb.Point, from, to float64) {
	const steps, still = 8, 1e-14
	f := (from + to) / 2
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

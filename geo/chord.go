package geo

import (
	"math"

	"github.com/paulmach/orb"
)

// Geocentric is a position on the CGCS2000 ellipsoid in geocentric metres: x towards lon 0
// and y towards lon 90 in the plane of the equator, z towards the north pole.
func Geocentric(p orb.Point) [3]float64 {
	at, _, _ := geocentric(p)
	return at
}

// leastRadiusM is the least radius of curvature of the ellipsoid, b²/a, that of the meridian at
// the equator.
const leastRadiusM = SemiMajorM * (1 - Flattening) * (1 - Flattening)

// MostArcM is a length that the geodesic between two positions does not exceed, given the
// straight distance through the ellipsoid in metres, which it never falls short of. A geodesic is nowhere more
// curved than the ellipsoid, so that by Schur's theorem it is no longer than the arc of a
// circle of the least radius over the same chord. The two differ by 1 mm at 10 km. Beyond
// what the theorem says, some 12,000 km, it is infinite.
func MostArcM(chord float64) float64 {
	half := chord / (2 * leastRadiusM)
	if half > 0.95 {
		return math.Inf(1)
	}
	return 2 * leastRadiusM * math.Asin(half)
}

// ChordDistanceM is DistanceM for positions whose straight distance is known, from the arc of a circle
// of the ellipsoid's curvature halfway and in their direction (Euler's radius). Up to ShortM it is good
// to ten nanometres, in a tenth of the time; beyond, DistanceM is asked.
func ChordDistanceM(a, b orb.Point, chord float64) float64 {
	if chord > ShortM {
		return DistanceM(a, b)
	}
	sin, cos := math.Sincos((a[1] + b[1]) / 2 * radian)
	prime, meridian := radii(sin)
	east, north := prime*cos*math.Remainder(b[0]-a[0], 360), meridian*(b[1]-a[1])
	square := east*east + north*north
	if square == 0 {
		return chord
	}
	// 1/R = cos²α/M + sin²α/N
	k := (north*north/meridian + east*east/prime) / square
	x := chord * k / 2
	x *= x
	return chord * (1 + x/6*(1+x*9/20))
}

// ShortM is how far ChordDistanceM goes without geodesics, in metres.
const ShortM = 10_000

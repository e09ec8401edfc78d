package density

import (
	"math"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// areaM2 is geo.AreaM2, in a fraction of the time and with less rounding for
// polygons with short edges, as parcels have; others are left to geo.AreaM2.
func areaM2(mp orb.MultiPolygon) float64 {
	sum := 0.0
	for _, p := range mp {
		area := 0.0
		for i, r := range p {
			if i == 0 {
				area = ringM2(r)
			} else {
				area -= ringM2(r)
			}
		}
		sum += max(area, 0)
	}
	return sum
}

// shortEdge is how far apart in degrees, some 5 km, the ends of an edge may lie for
// the series of ringM2, and highest the latitude up to which it is used: what the
// series leaves out is then below 10⁻¹¹ of the area.
const (
	shortEdge = 0.05
	highest   = 60.0
)

// ringM2 is the area within a closed ring with geodesic edges. In the plane of
// longitude λ and q, the area of the ellipsoid from the equator for each radian of
// longitude, areas are true. There the ring of chords has its area by the shoelace
// formula, and to it comes what lies between each chord and its geodesic.
//
// With arc length s, azimuth α and the parallel's radius ρ a geodesic has
// λ′ = sin α/ρ and q′ = ρ cos α, hence by Clairaut's ρ sin α = const
// λ″ = 2 sin α cos α sin φ/ρ² and q″ = −sin φ, so that the area beside the chord, to
// the order s³, is (λ′q″−q′λ″) s³/12 = −sin φ Δλ ((ρ Δλ)² + 3(M Δφ)²)/12, taken
// in the middle of the edge; M is the radius of curvature of the meridian.
func ringM2(r orb.Ring) float64 {
	const e2 = geo.Flattening * (2 - geo.Flattening)
	const minor2 = geo.SemiMajorM * geo.SemiMajorM * (1 - e2)
	sum := 0.0
	for i := 1; i < len(r); i++ {
		a, b := r[i-1], r[i]
		if math.Abs(a[0]-b[0]) > shortEdge || math.Abs(a[1]-b[1]) > shortEdge || math.Abs(a[1]) > highest {
			return geo.AreaM2(r)
		}
		dLon, dLat := (b[0]-a[0])*math.Pi/180, (b[1]-a[1])*math.Pi/180
		sin, cos := math.Sincos((a[1] + b[1]) * math.Pi / 360)
		w := 1 - e2*sin*sin
		// dq/dφ = MN cos φ = b² cos φ/w², and its second derivative without e⁴.
		slope := minor2 * cos / (w * w)
		bend := -slope * (1 + 4*e2*(3*sin*sin-cos*cos)/w)
		dq := dLat * (slope + bend*dLat*dLat/24)
		mean := ((a[0] - r[0][0]) + (b[0] - r[0][0])) * math.Pi / 360
		radius := geo.SemiMajorM * cos / math.Sqrt(w)
		north, east := dLat*slope/radius, radius*dLon
		sum += mean*dq - sin*dLon*(east*east+3*north*north)/12
	}
	return math.Abs(sum)
}

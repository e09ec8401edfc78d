package geo

import (
	"math"

	"github.com/paulmach/orb"
	"github.com/tidwall/geodesic"
)

// The ellipsoid of CGCS2000 (GB 22021-2008; EPSG ellipsoid 1024).
const (
	SemiMajorM = 6378137.0         // metres
	Flattening = 1 / 298.257222101 // of the ellipsoid
)

var ellipsoid = geodesic.NewEllipsoid(SemiMajorM, Flattening)

// AreaM2 is the area of g in square metres on the CGCS2000 ellipsoid, with
// geodesics between its vertices; it is exact to some 10⁻³ m² at the size of a
// province. Rings of short edges, as boundaries have, are summed up by a series, others
// by C. F. F. Karney's Algorithms for geodesics (2013). Holes are subtracted; the
// order and direction of a ring's vertices do not count. Of a polygon that covers
// more than half of the earth it is the area of the rest. Points and lines have none.
func AreaM2(g orb.Geometry) float64 {
	switch g := g.(type) {
	case orb.Ring:
		return ringAreaM2(g)
	case orb.Polygon:
		return polygonAreaM2(g)
	case orb.MultiPolygon:
		sum := 0.0
		for _, p := range g {
			sum += polygonAreaM2(p)
		}
		return sum
	case orb.Bound:
		return polygonAreaM2(g.ToPolygon())
	case orb.Collection:
		sum := 0.0
		for _, m := range g {
			sum += AreaM2(m)
		}
		return sum
	}
	return 0
}

// StraightAreaM2 is the area of polygons in square metres on the CGCS2000 ellipsoid, with
// edges that are straight in longitude and latitude, as cuts and matches take them. Of
// boundaries with short edges it is nearly AreaM2; but where one border of a sliver
// has a vertex on an edge of the other, geodesics between the vertices would lie metres
// apart, and this area is what lies between the borders. Cutting a polygon in two cuts it in two.
func StraightAreaM2(mp orb.MultiPolygon) (sum float64) {
	for _, p := range mp {
		for i, ring := range p {
			if area := straightM2(ring); i == 0 {
				sum += area
			} else {
				sum -= area
			}
		}
	}
	return max(sum, 0)
}

// straightM2 is the area within a ring. In the plane of seriesM2 the area is ∮ λ dq, and
// along an edge λ is linear in φ: the shoelace formula gives all but Δλ Δφ² q″/12.
func straightM2(ring orb.Ring) float64 {
	const e2 = Flattening * (2 - Flattening)
	const minor2 = SemiMajorM * SemiMajorM * (1 - e2)
	if len(ring) < 3 {
		return 0
	}
	sum, a := 0.0, ring[len(ring)-1]
	for _, b := range ring {
		// A piece of a straight edge is straight; of short ones no more terms are needed.
		pieces := max(1, math.Ceil(math.Abs(b[1]-a[1])/shortEdge))
		dLon, dLat := (b[0]-a[0])/pieces*math.Pi/180, (b[1]-a[1])/pieces*math.Pi/180
		for k := 0.5; k < pieces; k++ {
			sin, cos := math.Sincos((a[1] + (b[1]-a[1])*k/pieces) * math.Pi / 180)
			w := 1 - e2*sin*sin
			slope := minor2 * cos / (w * w)
			bend := -slope * (1 + 4*e2*(3*sin*sin-cos*cos)/w)
			fall := -minor2 * sin / (w * w) * (1 - 4*e2*cos*cos/w) // q″
			mean := (a[0] - ring[0][0] + (b[0]-a[0])*k/pieces) * math.Pi / 180
			sum += mean*dLat*(slope+bend*dLat*dLat/24) + dLon*dLat*dLat*fall/12
		}
		a = b
	}
	return math.Abs(sum)
}

func polygonAreaM2(p orb.Polygon) float64 {
	area := 0.0
	for i, ring := range p {
		if i == 0 {
			area = ringAreaM2(ring)
		} else {
			area -= ringAreaM2(ring)
		}
	}
	return max(area, 0)
}

func ringAreaM2(ring orb.Ring) float64 {
	if n := len(ring); n > 1 && ring[0] == ring[n-1] {
		ring = ring[:n-1]
	}
	if len(ring) < 3 {
		return 0
	}
	if area, ok := seriesM2(ring); ok {
		return area
	}
	return geodesicM2(ring)
}

// geodesicM2 is the area within a ring, whose last vertex need not repeat the first.
func geodesicM2(ring orb.Ring) float64 {
	p := ellipsoid.PolygonInit(false)
	for _, v := range ring {
		p.AddPoint(v[1], v[0])
	}
	var area float64
	p.Compute(false, true, &area, nil)
	return math.Abs(area)
}

// shortEdge is how far apart in degrees, some 5 km, the ends of an edge may lie for
// seriesM2, and highest the latitude up to which it is used: what the series leaves
// out is then below 10⁻¹¹ of the area.
const (
	shortEdge = 0.05
	highest   = 60.0
)

// seriesM2 is the area within a ring, whose last vertex need not repeat the first, with
// geodesic edges; ok is false where an edge is not short. In the plane of
// longitude λ and q, the area of the ellipsoid from the equator for each radian of
// longitude, areas are true. There the ring of chords has its area by the shoelace
// formula, and to it comes what lies between each chord and its geodesic.
//
// With arc length s, azimuth α and the parallel's radius ρ a geodesic has
// λ′ = sin α/ρ and q′ = ρ cos α, hence by Clairaut's ρ sin α = const
// λ″ = 2 sin α cos α sin φ/ρ² and q″ = −sin φ, so that the area beside the chord, to
// the order s³, is (λ′q″−q′λ″) s³/12 = −sin φ Δλ ((ρ Δλ)² + 3(M Δφ)²)/12, taken
// in the middle of the edge; M is the radius of curvature of the meridian.
func seriesM2(ring orb.Ring) (area float64, ok bool) {
	const e2 = Flattening * (2 - Flattening)
	const minor2 = SemiMajorM * SemiMajorM * (1 - e2)
	sum, a := 0.0, ring[len(ring)-1]
	for _, b := range ring {
		// Written so that a NaN is not short either.
		if !(math.Abs(a[0]-b[0]) <= shortEdge && math.Abs(a[1]-b[1]) <= shortEdge && math.Abs(a[1]) <= highest) {
			return 0, false
		}
		dLon, dLat := (b[0]-a[0])*math.Pi/180, (b[1]-a[1])*math.Pi/180
		sin, cos := math.Sincos((a[1] + b[1]) * math.Pi / 360)
		w := 1 - e2*sin*sin
		// dq/dφ = MN cos φ = b² cos φ/w², and its second derivative without e⁴.
		slope := minor2 * cos / (w * w)
		bend := -slope * (1 + 4*e2*(3*sin*sin-cos*cos)/w)
		dq := dLat * (slope + bend*dLat*dLat/24)
		// From the first vertex, so that no digits are lost on small rings.
		mean := ((a[0] - ring[0][0]) + (b[0] - ring[0][0])) * math.Pi / 360
		radius := SemiMajorM * cos / math.Sqrt(w)
		north, east := dLat*slope/radius, radius*dLon
		sum += mean*dq - sin*dLon*(east*east+3*north*north)/12
		a = b
	}
	return math.Abs(sum), true
}

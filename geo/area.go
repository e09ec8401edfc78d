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
// geodesics between its vertices (C. F. F. Karney, Algorithms for geodesics, 2013);
// it is exact to some 10⁻³ m² at the size of a province. Holes are subtracted; the
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
	p := ellipsoid.PolygonInit(false)
	for _, v := range ring {
		p.AddPoint(v[1], v[0])
	}
	var area float64
	p.Compute(false, true, &area, nil)
	return math.Abs(area)
}

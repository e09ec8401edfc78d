package geo

import (
	"math"

	"github.com/paulmach/orb"
)

// DistanceM is the length in metres of the shortest line between a and b on the
// CGCS2000 ellipsoid (C. F. F. Karney, Algorithms for geodesics, 2013), exact to nanometres.
func DistanceM(a, b orb.Point) float64 {
	var m float64
	ellipsoid.Inverse(a[1], a[0], b[1], b[0], &m, nil, nil)
	return m
}

// BorderDistanceM is the distance in metres from p to the nearest point of mp's
// rings, and that point. Edges are straight in lon and lat. Without an edge it is NaN.
func BorderDistanceM(mp orb.MultiPolygon, p orb.Point) (m float64, nearest orb.Point) {
	best, k := math.Inf(1), math.Cos(p[1]*math.Pi/180)
	for _, poly := range mp {
		for _, ring := range poly {
			for i := 1; i < len(ring); i++ {
				q := closest(ring[i-1], ring[i], p, k)
				if d := math.Hypot((q[0]-p[0])*k, q[1]-p[1]); d < best {
					best, nearest = d, q
				}
			}
		}
	}
	if math.IsInf(best, 1) {
		return math.NaN(), p
	}
	return DistanceM(p, nearest), nearest
}

func closest(a, b, p orb.Point, k float64) orb.Point {
	dx, dy := (b[0]-a[0])*k, b[1]-a[1]
	px, py := (p[0]-a[0])*k, p[1]-a[1]
	t := 0.0
	if l := dx*dx + dy*dy; l > 0 {
		t = min(max((px*dx+py*dy)/l, 0), 1)
	}
	return orb.Point{a[0] + t*(b[0]-a[0]), a[1] + t*(b[1]-a[1])}
}

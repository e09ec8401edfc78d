package coverage

import (
	"math"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// metric is metres per degree of lon and of lat near a latitude.
type metric struct{ east, north float64 }

// metricAt is good to a part in a thousand over ten kilometres: enough to compare
// lengths with a tolerance. Within half a degree of a pole it is wrong, but finite.
func metricAt(lat float64) metric {
	const radian = math.Pi / 180
	sin, cos := math.Sincos(lat * radian)
	e2 := geo.Flattening * (2 - geo.Flattening)
	w2 := 1 - e2*sin*sin
	prime := geo.SemiMajorM / math.Sqrt(w2)
	return metric{prime * max(cos, 0.01) * radian, prime * (1 - e2) / w2 * radian}
}

// length is the distance from a to b in metres.
func (m metric) length(a, b orb.Point) float64 {
	return math.Hypot((b[0]-a[0])*m.east, (b[1]-a[1])*m.north)
}

// beside is how far p lies from the line a→b, in metres, and where along it: 0 at
// a, 1 at b. Of an edge without length it is the distance to a.
func (m metric) beside(a, b, p orb.Point) (off, at float64) {
	dx, dy := (b[0]-a[0])*m.east, (b[1]-a[1])*m.north
	px, py := (p[0]-a[0])*m.east, (p[1]-a[1])*m.north
	l2 := dx*dx + dy*dy
	if l2 == 0 {
		return math.Hypot(px, py), 0
	}
	return math.Abs(dx*py-dy*px) / math.Sqrt(l2), (dx*px + dy*py) / l2
}

// width is the mean width in metres of a polygon: twice its area by its perimeter.
// That of a long strip is its width, that of a square half its side.
func width(p orb.Polygon) float64 {
	m := metricAt(p[0].Bound().Center()[1])
	area, perimeter := 0.0, 0.0
	for i, r := range p {
		if a := math.Abs(shoelace(r)) * m.east * m.north; i == 0 {
			area = a
		} else {
			area -= a
		}
		for j := 1; j < len(r); j++ {
			perimeter += m.length(r[j-1], r[j])
		}
	}
	if perimeter == 0 {
		return 0
	}
	return max(0, 2*area/perimeter)
}

package snapshot

import (
	"math"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// nearest is the feature whose border is nearest to a position that none contains,
// and the distance in metres; nil and NaN where there is none. Of features that are equally near to
// a micrometre it is the one with the lowest code.
func (s *Snapshot) nearest(c geo.Collection, p orb.Point) (best *geo.Feature, m float64) {
	if all := s.nearestBorders(c, p, 1, math.Inf(1)); len(all) > 0 {
		return all[0].Feature, all[0].M
	}
	return nil, math.NaN()
}

// sight is a position from which bounds are seen.
type sight struct {
	at  orb.Point
	cos float64 // of the latitude
}

const radian = math.Pi / 180

func sightFrom(p orb.Point) sight { return sight{p, math.Cos(p[1] * radian)} }

// haversine is the square of the sine of half an angle that the angle to no position
// in a box falls short of: made of the smallest differences in lat and in lon, and of
// the smallest cosine in the box.
func (s sight) haversine(low, high [2]float64) float64 {
	h := 0.0
	if d := max(low[1]-s.at[1], s.at[1]-high[1]); d > 0 {
		h = sin2(d)
	}
	if s.at[0] >= low[0] && s.at[0] <= high[0] {
		return h
	}
	cos := min(math.Cos(low[1]*radian), math.Cos(high[1]*radian))
	return h + s.cos*max(cos, 0)*min(sin2(low[0]-s.at[0]), sin2(high[0]-s.at[0]))
}

// sin2 is the square of the sine of half an angle in degrees.
func sin2(degrees float64) float64 {
	sin := math.Sin(degrees / 2 * radian)
	return sin * sin
}

// leastRadius is b²/a in metres.
const leastRadius = geo.SemiMajorM * (1 - geo.Flattening) * (1 - geo.Flattening)

// haversineOf is the haversine of the longest angle that a geodesic of this length
// can span: on a sphere of the ellipsoid's least radius of curvature, b²/a, which no
// part of the ellipsoid is smaller than.
func haversineOf(m float64) float64 {
	if angle := m / leastRadius; angle < math.Pi {
		sin := math.Sin(angle / 2)
		return sin * sin
	}
	return 1
}

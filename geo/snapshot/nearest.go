package snapshot

import (
	"cmp"
	"math"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// nearest is the feature whose border is nearest to a position that none contains,
// and the distance in metres. Features that come within a micrometre of one another
// count as equally near; the one with the lowest code is taken.
func (s *Snapshot) nearest(c geo.Collection, p orb.Point) (best *geo.Feature, m float64) {
	const micrometre = 1e-6
	m = math.NaN()
	least, from := math.Inf(1), sightFrom(p)
	for _, part := range s.Parts(c) {
		part.tree.Nearby(
			func(low, high [2]float64, _ int32, _ bool) float64 { return from.atLeastM(low, high) },
			func(_, _ [2]float64, i int32, bound float64) bool {
				if bound > least+micrometre {
					return false
				}
				f := &part.features[i]
				d, _ := geo.BorderDistanceM(f.Geometry.(orb.MultiPolygon), p)
				if r := cmp.Compare(math.Round(d/micrometre), math.Round(least/micrometre)); r < 0 || r == 0 && f.Code < best.Code {
					best, m = f, d
				}
				least = min(least, d)
				return true
			})
	}
	return best, m
}

// sight is a position from which bounds are seen.
type sight struct {
	at  orb.Point
	cos float64 // of the latitude
}

const radian = math.Pi / 180

func sightFrom(p orb.Point) sight { return sight{p, math.Cos(p[1] * radian)} }

// atLeastM is a length in metres that the distance to no position in a box falls
// short of. It is the haversine of the smallest differences in lat and lon and the
// smallest cosine in the box, on a sphere of the ellipsoid's least radius of
// curvature, b²/a: no geodesic between two positions is shorter than there.
func (s sight) atLeastM(low, high [2]float64) float64 {
	const leastRadius = geo.SemiMajorM * (1 - geo.Flattening) * (1 - geo.Flattening)
	lat := sin2(max(low[1]-s.at[1], s.at[1]-high[1], 0))
	lon := 0.0
	if s.at[0] < low[0] || s.at[0] > high[0] {
		lon = min(sin2(low[0]-s.at[0]), sin2(high[0]-s.at[0]))
	}
	cos := max(0, min(math.Cos(low[1]*radian), math.Cos(high[1]*radian)))
	return 2 * leastRadius * math.Asin(math.Sqrt(min(1, lat+s.cos*cos*lon)))
}

// sin2 is the square of the sine of half an angle in degrees.
func sin2(degrees float64) float64 {
	sin := math.Sin(degrees / 2 * radian)
	return sin * sin
}

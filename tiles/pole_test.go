package tiles

import (
	"math"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/tidwall/geodesic"

	"towngrid/geo/geotest"
)

// geodesicM is the length of the ellipsoid's shortest line between two positions.
func geodesicM(p, q orb.Point) (m float64) {
	geodesic.WGS84.Inverse(p[1], p[0], q[1], q[0], &m, nil, nil)
	return m
}

// planarM is nearly the same in the small, by the lengths of a degree at 29.05° N that the ellipsoid has.
func planarM(p, q orb.Point) float64 {
	return math.Hypot((p[0]-q[0])*97_382, (p[1]-q[1])*110_856)
}

// depth is the distance in metres from a point to the nearest of points close together on the
// border of a polygon, negative outside.
func depth(mp orb.MultiPolygon, p orb.Point, distance func(p, q orb.Point) float64) float64 {
	least := math.Inf(1)
	for _, polygon := range mp {
		for _, r := range polygon {
			for i := 1; i < len(r); i++ {
				for k := range 20 {
					t := float64(k) / 20
					least = min(least, distance(p, orb.Point{r[i-1][0] + t*(r[i][0]-r[i-1][0]), r[i-1][1] + t*(r[i][1]-r[i-1][1])}))
				}
			}
		}
	}
	if least != 0 && !geotest.Holds(mp, p) {
		return -least
	}
	return least
}

// The pole is at least nearly as far from the border as the best of a fine grid of points.
func TestPoleIsFarthestFromTheBorder(t *testing.T) {
	b := orb.Bound{Min: orb.Point{118.9, 29}, Max: orb.Point{119, 29.1}}
	for i, mp := range geotest.Tessellation(21, 25, b) {
		p, radius := pole(mp)
		if got := depth(mp, p, geodesicM); math.Abs(got-radius) > 0.01*radius+1 {
			t.Errorf("cell %d: %.1f m instead of %.1f", i, radius, got)
		}
		large := orb.MultiPolygon{largest(mp)}
		bound, best := large.Bound(), 0.0
		for x := range 24 {
			for y := range 24 {
				q := orb.Point{
					bound.Min[0] + (float64(x)+.5)/24*(bound.Max[0]-bound.Min[0]),
					bound.Min[1] + (float64(y)+.5)/24*(bound.Max[1]-bound.Min[1]),
				}
				if planarM(q, p) < 4*radius || x%4+y%4 == 0 {
					best = max(best, depth(large, q, planarM))
				}
			}
		}
		if radius < 0.97*best {
			t.Errorf("cell %d: a circle of %.1f m where %.1f would do", i, radius, best)
		}
	}
}

func TestPoleOfOddShapes(t *testing.T) {
	box := func(w, s, e, n float64) orb.Ring { return orb.Ring{{w, s}, {e, s}, {e, n}, {w, n}, {w, s}} }
	hole := box(118.901, 29.001, 118.999, 29.099)
	hole.Reverse()
	comb := orb.Ring{{118.9, 29}}
	for i := range 50 {
		x := 118.9 + float64(i)*0.001
		comb = append(comb, orb.Point{x + 0.0005, 29.05}, orb.Point{x + 0.001, 29})
	}
	comb = append(comb, orb.Point{118.95, 28.9999}, orb.Point{118.9, 28.9999}, comb[0])
	for name, c := range map[string]struct {
		mp      orb.MultiPolygon
		low, up float64
	}{
		"frame of 0.001°":           {orb.MultiPolygon{{box(118.9, 29, 119, 29.1), hole}}, 48, 72},
		"sliver of a metre":         {orb.MultiPolygon{{box(118.9, 29, 119, 29.00001)}}, 0.5, 0.6},
		"diagonal sliver":           {orb.MultiPolygon{{{{118.9, 29}, {119, 29.1}, {119, 29.100002}, {118.9, 29}}}}, 0.001, 0.2},
		"comb":                      {orb.MultiPolygon{{comb}}, 40, 49},
		"a line":                    {orb.MultiPolygon{{{{118.9, 29}, {119, 29.1}, {118.9, 29}, {118.9, 29}}}}, 0, 0},
		"a point":                   {orb.MultiPolygon{{{{118.9, 29}, {118.9, 29}, {118.9, 29}, {118.9, 29}}}}, 0, 0},
		"the larger of two squares": {orb.MultiPolygon{{box(118, 29, 118.01, 29.01)}, {box(118.9, 29, 119, 29.1)}}, 4800, 4900},
	} {
		start := time.Now()
		p, radius := pole(c.mp)
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%s: took %v", name, took)
		}
		if radius < c.low || radius > c.up {
			t.Errorf("%s: a circle of %v m", name, radius)
		}
		if inside := geotest.Holds(c.mp, p); inside != (c.up > 0) {
			t.Errorf("%s: %v is inside: %v", name, p, inside)
		}
	}
}

func TestRankIsTheZoomWithRoom(t *testing.T) {
	const mercator, degrees = WebMercatorQuad, CGCS2000Quad
	for _, c := range []struct {
		grid        Grid
		radius, lat float64
		want        int64
	}{
		{mercator, 0, 29, MaxZoom}, {mercator, math.NaN(), 29, MaxZoom}, {mercator, 1e9, 0, 0}, {degrees, 0, 29, MaxZoom - 1},
		// At zoom 0 a pixel is 78,271.52 m at the equator: 12 pixels are 939,258.2 m.
		{mercator, 939259, 0, 0}, {mercator, 939257, 0, 1}, {mercator, 939259. / 1024, 0, 10}, {mercator, 939257. / 1024, 0, 11},
		{mercator, 939259. / 2048, 60, 10},
		// Of the grid of degrees, 39,135.76 m high wherever it is.
		{degrees, 939259. / 2, 0, 0}, {degrees, 939257. / 2, 0, 1}, {degrees, 939259. / 2048, 60, 10}, {degrees, 939257. / 2048, 60, 11},
	} {
		if got := c.grid.rank(c.radius, c.lat); got != c.want {
			t.Errorf("%s: rank of %v m at %v° is %d instead of %d", c.grid, c.radius, c.lat, got, c.want)
		}
	}
}

func BenchmarkPole(b *testing.B) {
	cells := geotest.Tessellation(21, 200, orb.Bound{Min: orb.Point{118.9, 29}, Max: orb.Point{119, 29.1}})
	for i := 0; b.Loop(); i++ {
		pole(cells[i%len(cells)])
	}
}

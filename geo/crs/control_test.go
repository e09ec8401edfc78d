package crs_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo/crs"
)

// plane is a similarity of the test's own, by its definition.
type plane struct {
	angle, scale, east, north float64
}

func (s plane) move(p orb.Point) orb.Point {
	sin, cos := math.Sincos(s.angle)
	return orb.Point{s.east + s.scale*(cos*p[0]-sin*p[1]), s.north + s.scale*(sin*p[0]+cos*p[1])}
}

// drawPlane is a similarity from a city's plane, turned in any direction, to the grid of
// zone 40 with its number in the coordinates.
func drawPlane(r *rand.Rand) plane {
	return plane{between(r, -math.Pi, math.Pi), between(r, 0.995, 1.005), between(r, 40.4e6, 40.6e6), between(r, 3e6, 4e6)}
}

// controls are points known on both planes with an error of up to noise metres in each
// coordinate, either in degrees or on the grid. They stand in the four quarters of a
// ring in turn, so that none of them weighs more than half of a fit.
func controls(t *testing.T, r *rand.Rand, s plane, n int, noise float64) (from, to []orb.Point, list []any) {
	grid := epsg(t, 4528)
	for i := range n {
		p := orb.Point{between(r, 20000, 30000), between(r, 20000, 30000)}
		if i%2 == 1 {
			p[0] = -p[0]
		}
		if i%4 >= 2 {
			p[1] = -p[1]
		}
		q := s.move(p)
		q[0], q[1] = q[0]+between(r, -noise, noise), q[1]+between(r, -noise, noise)
		point := object{"east": p[0], "north": p[1]}
		if i%2 == 0 {
			point["grid_east"], point["grid_north"] = q[0], q[1]
		} else {
			point["lon"], point["lat"] = grid.ToGeographic(q[0], q[1])
		}
		from, to, list = append(from, p), append(to, q), append(list, point)
	}
	return from, to, list
}

// A transformation that control points obey is found, in both directions, for any
// number of them.
func TestControlPointsFindTheTransformation(t *testing.T) {
	r, grid := seeded(t), epsg(t, 4528)
	var worst float64
	for round := range 100 {
		s := drawPlane(r)
		_, _, list := controls(t, r, s, 4+r.IntN(20), 0)
		c := named(t, operator(t, with(city(), object{"onto": object{"epsg": 4528}, "control_points": list, "max_residual": 1e-5})), "local:example-1990")
		for range 20 {
			p := orb.Point{between(r, -50000, 50000), between(r, -50000, 50000)}
			lon, lat := c.ToGeographic(p[0], p[1])
			x, y := grid.FromGeographic(lon, lat)
			q := s.move(p)
			backX, backY := c.FromGeographic(lon, lat)
			worst = math.Max(worst, math.Max(math.Hypot(x-q[0], y-q[1]), math.Hypot(backX-p[0], backY-p[1])))
			if !(worst < 1e-6) {
				t.Fatalf("round %d: %v comes to %v %v, want %v, and back to %v %v", round, p, x, y, q, backX, backY)
			}
		}
	}
	t.Logf("largest error %.2g m", worst)
}

// With errors in the points the fit is the one of least squares: any other similarity
// leaves more.
func TestControlPointsLeastSquares(t *testing.T) {
	r, grid := seeded(t), epsg(t, 4528)
	for range 50 {
		s := drawPlane(r)
		from, to, list := controls(t, r, s, 4+r.IntN(8), 0.5)
		c := named(t, operator(t, with(city(), object{"onto": object{"epsg": 4528}, "control_points": list, "max_residual": 2})), "local:example-1990")
		fitted := func(p orb.Point) orb.Point {
			x, y := grid.FromGeographic(c.ToGeographic(p[0], p[1]))
			return orb.Point{x, y}
		}
		least := squares(from, to, fitted)
		if truth := squares(from, to, s.move); least > truth+1e-6 {
			t.Fatalf("the fit leaves %g m², the similarity that it began from %g", least, truth)
		}
		for range 50 {
			// Another similarity near it: stretched, turned and moved a little more.
			d := plane{between(r, -1e-5, 1e-5), 1 + between(r, -1e-5, 1e-5), between(r, -0.3, 0.3), between(r, -0.3, 0.3)}
			centre := fitted(orb.Point{})
			other := func(p orb.Point) orb.Point {
				q := fitted(p)
				m := d.move(orb.Point{q[0] - centre[0], q[1] - centre[1]})
				return orb.Point{centre[0] + m[0], centre[1] + m[1]}
			}
			if more := squares(from, to, other); more < least-1e-6 {
				t.Fatalf("the fit leaves %g m², another one %g", least, more)
			}
		}
	}
}

// squares is the sum of squared residuals of control points.
func squares(from, to []orb.Point, move func(orb.Point) orb.Point) (sum float64) {
	for i, p := range from {
		q := move(p)
		sum += math.Pow(q[0]-to[i][0], 2) + math.Pow(q[1]-to[i][1], 2)
	}
	return sum
}

// One point whose coordinates are wrong is named, wherever it stands among good ones.
func TestControlPointNamed(t *testing.T) {
	r := seeded(t)
	for round := range 100 {
		n := 6 + r.IntN(10)
		_, _, list := controls(t, r, drawPlane(r), n, 0.01)
		wrong := r.IntN(n)
		p := list[wrong].(object)
		p["east"] = p["east"].(float64) + 25
		_, err := crs.ReadOperator(strings.NewReader(file(t, with(city(), object{"onto": object{"epsg": 4528}, "control_points": list, "max_residual": 1}))))
		want := fmt.Sprintf("bad_crs_parameters: the file of reference systems is wrong: systems[0].control_points[%d]: ", wrong)
		if got := fmt.Sprint(err); code(t, err) == "" || got[:min(len(got), len(want))] != want {
			t.Fatalf("round %d: got %v, want %q", round, err, want)
		}
	}
}

// A fit that replaces Xian 1980 takes its projection's grid for the one on CGCS2000
// unless another is named, and leads there from a .prj.
func TestControlPointsForADatum(t *testing.T) {
	shifted, points := epsg(t, 4528), []any{}
	for _, p := range []orb.Point{{40380000, 3190000}, {40420000, 3195000}, {40410000, 3230000}, {40375000, 3221000}} {
		lon, lat := shifted.ToGeographic(p[0]+60, p[1]-30) // of no datum
		points = append(points, object{"east": p[0], "north": p[1], "lon": lon, "lat": lat})
	}
	o := operator(t, with(city(), object{"replaces": "xian1980", "projection": object{"epsg": 2364}, "onto": nil, "control_points": points}))
	c, err := o.ParseWKT(xianWKT(120, 40500000))
	if err != nil || c.ID() != "local:example-1990" {
		t.Fatalf("got %s, %v", c, err)
	}
	lon, lat := c.ToGeographic(40400000, 3210000)
	if x, y := shifted.FromGeographic(lon, lat); math.Hypot(x-40400060, y-3209970) > 1e-6 {
		t.Errorf("got %.6f %.6f", x, y)
	}
}

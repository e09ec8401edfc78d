package crs

import (
	"math"

	"github.com/paulmach/orb"
)

// similarity ties a plane to a transverse Mercator grid on CGCS2000 by four parameters:
// a shift, a rotation and a scale, which keep shapes. They are kept as the centres of
// the control points on both planes and the complex factor a+ib that turns and stretches
// what lies around them, so that coordinates of 40 million metres lose no digits.
type similarity struct {
	grid     CRS
	from, to orb.Point
	a, b     float64
}

func (s *similarity) toGeographic(x, y float64) (lon, lat float64) {
	p := s.move(orb.Point{x, y})
	return s.grid.toGeographic(p[0], p[1])
}

func (s *similarity) fromGeographic(lon, lat float64) (x, y float64) {
	x, y = s.grid.fromGeographic(lon, lat)
	dx, dy, size := x-s.to[0], y-s.to[1], s.a*s.a+s.b*s.b
	return s.from[0] + (s.a*dx+s.b*dy)/size, s.from[1] + (s.a*dy-s.b*dx)/size
}

// move brings coordinates of the plane to those of the grid.
func (s *similarity) move(p orb.Point) orb.Point {
	dx, dy := p[0]-s.from[0], p[1]-s.from[1]
	return orb.Point{s.to[0] + s.a*dx - s.b*dy, s.to[1] + s.b*dx + s.a*dy}
}

// scale is the length on the grid of a metre of the plane.
func (s *similarity) scale() float64 { return math.Hypot(s.a, s.b) }

// fitSimilarity is the similarity that leaves the least sum of squared residuals on the
// grid. Its normal equations are solved in closed form, being diagonal about the centres.
func fitSimilarity(grid CRS, points []control) *similarity {
	s := similarity{grid: grid}
	n := float64(len(points))
	for _, p := range points {
		s.from[0], s.from[1] = s.from[0]+p.from[0]/n, s.from[1]+p.from[1]/n
		s.to[0], s.to[1] = s.to[0]+p.to[0]/n, s.to[1]+p.to[1]/n
	}
	var size float64
	for _, p := range points {
		u, v := p.from[0]-s.from[0], p.from[1]-s.from[1]
		x, y := p.to[0]-s.to[0], p.to[1]-s.to[1]
		s.a, s.b, size = s.a+u*x+v*y, s.b+u*y-v*x, size+u*u+v*v
	}
	s.a, s.b = s.a/size, s.b/size
	return &s
}

// worst is the point that the fit leaves furthest from where it is, and how far, metres.
func (s *similarity) worst(points []control) (index int, residual float64) {
	for i, p := range points {
		q := s.move(p.from)
		if d := math.Hypot(q[0]-p.to[0], q[1]-p.to[1]); !(d <= residual) {
			index, residual = i, d
		}
	}
	return index, residual
}

// spread is how far the points reach from their centre on the system's own plane, as
// the root of the mean square: along the line that they follow most, and across it.
func (s *similarity) spread(points []control) (along, across float64) {
	var uu, uv, vv float64
	n := float64(len(points))
	for _, p := range points {
		u, v := p.from[0]-s.from[0], p.from[1]-s.from[1]
		uu, uv, vv = uu+u*u/n, uv+u*v/n, vv+v*v/n
	}
	mean, half := (uu+vv)/2, math.Hypot((uu-vv)/2, uv)
	return math.Sqrt(mean + half), math.Sqrt(math.Max(0, mean-half))
}

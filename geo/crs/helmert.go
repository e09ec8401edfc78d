package crs

import (
	"math"

	"github.com/paulmach/orb"
)

// helmert ties a system to CGCS2000 by seven parameters between the Cartesian
// coordinates of the two ellipsoids, in the linear form that Bursa and Wolf gave and
// that surveyors' software and PROJ compute with:
//
//	⎡X⎤            ⎡  1  −rz   ry⎤ ⎡x⎤
//	⎢Y⎥ = shift + m⎢ rz    1  −rx⎥ ⎢y⎥
//	⎣Z⎦            ⎣−ry   rx    1⎦ ⎣z⎦
//
// with rotations of the position vector; those of the coordinate frame have the other
// sign. Rotations of some seconds, for which it is meant, make the exact rotation differ
// by millimetres: parameters hold for the form that they were determined in.
//
// Positions have no height: that on the system's ellipsoid is taken for 0, and the one
// that results is dropped. fromGeographic is the exact reverse of this.
type helmert struct {
	plane  CRS // the system on its own ellipsoid, not tied
	shift  [3]float64
	rotate [3]float64 // radians, of the position vector
	m      float64    // 1 + scale
}

func (h *helmert) toGeographic(x, y float64) (lon, lat float64) {
	lon, lat = h.plane.toGeographic(x, y)
	p := h.move(orb.Point{lon, lat})
	return p[0], p[1]
}

func (h *helmert) fromGeographic(lon, lat float64) (x, y float64) {
	p, ok := retrace(h.move, orb.Point{lon, lat})
	if !ok {
		return math.NaN(), math.NaN()
	}
	return h.plane.fromGeographic(p[0], p[1])
}

// retrace is undo where it leads back to p. It may not near a pole, where longitudes
// run together.
func retrace(f func(orb.Point) orb.Point, p orb.Point) (q orb.Point, ok bool) {
	q = undo(f, p)
	r := f(q)
	return q, math.Abs(r[0]-p[0])+math.Abs(r[1]-p[1]) < 1e-10
}

// move brings degrees on the system's ellipsoid to degrees of CGCS2000.
func (h *helmert) move(p orb.Point) orb.Point {
	v := h.plane.ellipsoid.geocentric(p[0], p[1])
	r := h.rotate
	v = [3]float64{
		h.shift[0] + h.m*(v[0]-r[2]*v[1]+r[1]*v[2]),
		h.shift[1] + h.m*(r[2]*v[0]+v[1]-r[0]*v[2]),
		h.shift[2] + h.m*(-r[1]*v[0]+r[0]*v[1]+v[2]),
	}
	lon, lat := china2000.ellipsoid().geodetic(v)
	return orb.Point{lon, lat}
}

// readHelmert reads the seven parameters of a system, and the projection and ellipsoid
// that they begin from.
func readHelmert(o object, f frame) *helmert {
	for _, name := range []string{"onto", "max_residual"} {
		if o.has(name) {
			o.refuse(name, "只能与 control_points 同用", "this belongs to control_points only")
		}
	}
	h := &helmert{plane: readPlane(o, f)}
	p := o.object("helmert", "convention dx dy dz rx ry rz scale", "")
	for i, axis := range []string{"x", "y", "z"} {
		h.shift[i] = p.number("d"+axis, -10000, 10000)
		h.rotate[i] = readSign(p) * radians(p.number("r"+axis, -60, 60)/3600)
	}
	h.m = 1 + 1e-6*p.number("scale", -1000, 1000)
	return h
}

// readSign reads whose rotations are given: 1 for those of the position vector.
func readSign(p object) float64 {
	switch p.text("convention", 20) {
	case "position_vector":
		return 1
	case "coordinate_frame":
		return -1
	}
	p.refuse("convention", `应为 "position_vector"（位置矢量）或 "coordinate_frame"（坐标框架）：两者旋转角符号相反，请向参数提供者确认`,
		`"position_vector" or "coordinate_frame" belongs here: their rotations have opposite signs; ask who gave the parameters`)
	return 1
}

// readPlane reads a system on its own ellipsoid: that of the datum which it replaces or
// of the code that it goes by, else the one written.
func readPlane(o object, f frame) CRS {
	if !o.has("projection") {
		o.refuse("projection", "缺少此成员", "this member is missing")
		return CRS{}
	}
	c := readProjection(o, "projection", f)
	switch known := c.ellipsoid != (ellipsoid{}); {
	case known && o.has("ellipsoid"):
		o.refuse("ellipsoid", "椭球已由 replaces 或 EPSG 代码确定，请删去此成员", "replaces or the EPSG code tells the ellipsoid: leave this member out")
	case !known:
		e := o.object("ellipsoid", "a inverse_flattening", "")
		c.ellipsoid = ellipsoid{e.number("a", 6370000, 6390000), e.number("inverse_flattening", 290, 310)}
	}
	return c.drawn()
}

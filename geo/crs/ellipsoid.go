package crs

import "math"

// ellipsoid is an ellipsoid of revolution: its semi-major axis in metres and the
// reciprocal of its flattening.
type ellipsoid struct {
	a, inverseF float64
}

// n is the third flattening (a−b)/(a+b), the small number of the Krüger series.
func (e ellipsoid) n() float64 { return 1 / (2*e.inverseF - 1) }

// near says whether e and o are one ellipsoid but for rounding in how it was written:
// CGCS2000 and WGS84 count as near, since their inverse flattenings differ by 1.5e-6,
// which is 0.1 mm in the position of a pole.
func (e ellipsoid) near(o ellipsoid) bool {
	return math.Abs(e.a-o.a) < 1e-3 && math.Abs(e.inverseF-o.inverseF) < 2e-6
}

// frame is the datum that a system rests on. The two that can be read without
// parameters are treated as equal in position: both realise the ITRF, and differ by
// the drift of the plates, some decimetres, which no planner's file states.
type frame string

const (
	china2000 frame = "CGCS2000"
	wgs1984   frame = "WGS84"
)

// ellipsoid is the ellipsoid that the datum's definition names: GB 22021-2008 for
// CGCS2000, NIMA TR8350.2 for WGS84.
func (f frame) ellipsoid() ellipsoid {
	if f == wgs1984 {
		return ellipsoid{6378137, 298.257223563}
	}
	return ellipsoid{6378137, 298.257222101}
}

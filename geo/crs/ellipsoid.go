package crs

import (
	"math"

	"towngrid/geo"
)

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

// resembles says whether e and o are meant to be one ellipsoid, however roughly they
// were written: half a metre in the axis, 0.001 in the inverse flattening.
func (e ellipsoid) resembles(o ellipsoid) bool {
	return agree(e.a, o.a, 0.5) && agree(e.inverseF, o.inverseF, 0.001)
}

// frame is the datum that a system rests on. The two that can be read without
// parameters are treated as equal in position: both realise the ITRF, and differ by
// the drift of the plates, some decimetres, which no planner's file states.
type frame string

const (
	china2000   frame = "CGCS2000"
	wgs1984     frame = "WGS84"
	xian1980          = frame(xian)
	beijing1954       = frame(beijing)
)

// ellipsoid is the ellipsoid that the datum's definition names: GB 22021-2008 for
// CGCS2000, NIMA TR8350.2 for WGS84, IAG 1975 for Xian 1980, Krassovsky 1940 for
// Beijing 1954. It is zero for the datum "", whose systems have to bring their own.
func (f frame) ellipsoid() ellipsoid {
	switch f {
	case china2000:
		return ellipsoid{6378137, 298.257222101}
	case wgs1984:
		return ellipsoid{6378137, 298.257223563}
	case xian1980:
		return ellipsoid{6378140, 298.257}
	case beijing1954:
		return ellipsoid{6378245, 298.3}
	}
	return ellipsoid{}
}

// foreign says whether the datum's tie to CGCS2000 is not public.
func (f frame) foreign() bool { return f == xian1980 || f == beijing1954 }

// title is the datum's name for people.
func (f frame) title() geo.Text {
	if f.foreign() {
		return geo.Text{ZH: foreign(f).chinese(), EN: string(f)}
	}
	return geo.Text{ZH: string(f), EN: string(f)}
}

package crs

import (
	"errors"
	"strings"

	"towngrid/geo"
)

// about100m is what the ID of a system adds that is read without a datum shift.
const about100m = "~100m"

// Approximate says whether positions in the system are good to some 100 m only: it is
// on Xian 1980 or Beijing 1954, and its longitude and latitude on the ellipsoid of that
// datum are taken for those of CGCS2000. Only a person can decide that this will do.
func (c CRS) Approximate() bool { return c.frame.foreign() }

// accuracy is the end of the ID.
func (c CRS) accuracy() string {
	if c.Approximate() {
		return about100m
	}
	return ""
}

// ParseApproximate reads a .prj text or a system's name like ParseWKT and Parse, and
// instead of refusing Xian 1980 and Beijing 1954 gives a system that is Approximate,
// geographic or transverse Mercator, with an ID such as "EPSG:2364~100m". It is for
// callers whom a person has told that this is good enough. A shift that the text brings
// is not used.
//
// What can be read exactly is read exactly, and what else is refused stays so: systems
// of New Beijing, a local datum, and a text whose datum and ellipsoid contradict each
// other among them.
func ParseApproximate(s string) (CRS, error) {
	if !looksLikeWKT(s) {
		c, err := Parse(s)
		if rough, ok := foreignNamed(s); ok {
			return rough, nil
		}
		return c, err
	}
	c, err := ParseWKT(s)
	if rough, ok := foreignWKT(s, err); ok {
		return rough, nil
	}
	return c, err
}

// looksLikeWKT tells a .prj text from a name, which may stand in brackets but has none
// within.
func looksLikeWKT(s string) bool {
	s = strings.TrimLeftFunc(s, blank)
	return len(s) > 1 && strings.ContainsAny(s[1:], "[(")
}

// foreignWKT reads a text that ParseWKT refused with err for its datum, once more, as a
// system on its own ellipsoid.
func foreignWKT(wkt string, err error) (CRS, bool) {
	var refusal *geo.Error
	if !errors.As(err, &refusal) || refusal.Code != "datum_needs_parameters" {
		return CRS{}, false
	}
	c, err := parseWKT(wkt, true)
	return c, err == nil && c.frame.foreign() && c.kind != webMercator
}

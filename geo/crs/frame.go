package crs

import (
	"math"
	"strings"
)

// readFrame finds the datum and the ellipsoid of a GEOGCS node. The ellipsoid's
// numbers refuse Xian 1980 and Beijing 1954 under any name. For the rest the datum's
// name counts, then that of the system, then codes. With tieless the two are given
// where the name and the numbers agree.
func readFrame(n node, tieless bool) (frame, ellipsoid, error) {
	datum, ok := n.child("DATUM")
	if !ok {
		return "", ellipsoid{}, missing("DATUM")
	}
	e, err := readEllipsoid(datum)
	if err != nil {
		return "", ellipsoid{}, err
	}
	if err := readPrimeMeridian(n); err != nil {
		return "", ellipsoid{}, err
	}
	shift, err := readShift(datum)
	if err != nil {
		return "", ellipsoid{}, err
	}
	named := n.text(0)
	f, other := nameFrame(datum, n)
	if own := frame(other); tieless && own.foreign() && own.ellipsoid().resembles(e) {
		return own, canonical(own, e), nil
	}
	if other == "" {
		other = foreignEllipsoid(e)
	}
	switch {
	case other != "":
		return "", ellipsoid{}, other.refused(named)
	case shift == shiftSome:
		return "", ellipsoid{}, local.refused(named)
	case f == "" && shift == shiftNone:
		// A datum without a name of its own that states that it is not shifted.
		f = nearestFrame(e)
	case f == "":
		return "", ellipsoid{}, unsupported("基准面", "datum", datum.text(0))
	}
	return f, canonical(f, e), nil
}

// readEllipsoid reads a DATUM's ellipsoid: one of those that systems in China rest
// on, the inverse flattening 0 standing for a sphere.
func readEllipsoid(datum node) (ellipsoid, error) {
	s, ok := datum.child("SPHEROID", "ELLIPSOID")
	if !ok {
		return ellipsoid{}, missing("SPHEROID")
	}
	a, err := s.float(1)
	if err != nil {
		return ellipsoid{}, err
	}
	inverseF, err := s.float(2)
	if err != nil {
		return ellipsoid{}, err
	}
	e := ellipsoid{a, inverseF}
	modern := agree(a, mercatorRadius, 0.01) && (inverseF == 0 || agree(inverseF, 298.257, 0.001))
	if !modern && foreignEllipsoid(e) == "" {
		return e, unsupported("椭球", "ellipsoid", s.text(0)+" "+number(a)+" "+number(inverseF))
	}
	return e, nil
}

// foreignEllipsoid tells the ellipsoids of IAG 1975 and Krassovsky 1940 by their axes.
func foreignEllipsoid(e ellipsoid) foreign {
	switch math.Round(e.a) {
	case 6378140:
		return xian
	case 6378245:
		return beijing
	}
	return ""
}

// canonical drops what is only rounding in the ellipsoid of a datum, or an exchange of
// the two that differ by 0.1 mm; what is written otherwise is used as it is written.
func canonical(f frame, e ellipsoid) ellipsoid {
	if e.near(f.ellipsoid()) {
		return f.ellipsoid()
	}
	return e
}

// nearestFrame is the datum to which a nameless one on e belongs.
func nearestFrame(e ellipsoid) frame {
	if math.Abs(e.inverseF-wgs1984.ellipsoid().inverseF) < 1e-7 {
		return wgs1984
	}
	return china2000
}

// nameFrame tells the datum by its name, else by the name of the system, else by the
// codes of either; "", "" if nothing tells.
func nameFrame(datum, geogcs node) (frame, foreign) {
	for _, name := range []string{datum.text(0), geogcs.text(0)} {
		if f, other := frameNamed(fold(name)); f != "" || other != "" {
			return f, other
		}
	}
	switch d, g := datum.authority(), geogcs.authority(); {
	case d == 1043 || g == 4490:
		return china2000, ""
	case d == 6326 || g == 4326:
		return wgs1984, ""
	}
	return "", ""
}

// frameNamed tells a datum by parts of its folded name. A name that says "unknown" or
// "based on" speaks of an ellipsoid, not of a datum.
func frameNamed(name string) (frame, foreign) {
	has := func(parts ...string) bool {
		for _, p := range parts {
			if strings.Contains(name, p) {
				return true
			}
		}
		return false
	}
	switch {
	case has("unknown", "basedon", "unspecified", "notspecified"):
		return "", ""
	case has("newbeijing", "新1954", "新北京"):
		return "", newBeijing
	case has("xian1980", "xian80", "西安80", "西安1980", "1980西安", "80西安"):
		return "", xian
	case has("beijing1954", "beijing54", "北京54", "北京1954", "1954北京", "1954年北京", "54北京"):
		return "", beijing
	case has("local", "独立", "地方坐标", "城建坐标"):
		return "", local
	case has("china2000", "cgcs2000", "chinageodeticcoordinatesystem2000", "2000国家大地", "国家2000"):
		return china2000, ""
	case has("wgs84", "wgs1984", "worldgeodeticsystem1984"):
		return wgs1984, ""
	}
	return "", ""
}

// shift is what a TOWGS84 node says.
type shift int

const (
	shiftUnsaid shift = iota // there is no such node
	shiftNone                // all its numbers are 0
	shiftSome
)

func readShift(datum node) (shift, error) {
	t, ok := datum.child("TOWGS84")
	if !ok {
		return shiftUnsaid, nil
	}
	for i := range t.texts {
		v, err := t.float(i)
		if err != nil {
			return shiftUnsaid, err
		}
		if v != 0 {
			return shiftSome, nil
		}
	}
	return shiftNone, nil
}

// readPrimeMeridian refuses longitudes that do not count from Greenwich.
func readPrimeMeridian(n node) error {
	p, ok := n.child("PRIMEM")
	if !ok {
		return nil
	}
	v, err := p.float(1)
	if err == nil && v != 0 {
		err = unsupported("本初子午线", "prime meridian", p.text(0)+" "+p.text(1))
	}
	return err
}

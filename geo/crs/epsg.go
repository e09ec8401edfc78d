package crs

import (
	"fmt"
	"strconv"
	"strings"

	"towngrid/geo"
)

// FromEPSG is the system of a code: 4490 and the Gauss-Krüger zones on CGCS2000
// (4491–4554), 4326, 3857, and UTM on WGS84 (32601–32660, 32701–32760). Errors are
// *geo.Error: "datum_needs_parameters" for the codes of Xian 1980, Beijing 1954 and
// New Beijing, "unknown_crs" for all others.
func FromEPSG(code int) (CRS, error) {
	if datum := classified(code); datum != "" {
		return CRS{}, datum.refused(fmt.Sprintf("EPSG:%d", code))
	}
	if c, ok := fromCode(code); ok {
		return c, nil
	}
	return CRS{}, unknownCode(strconv.Itoa(code))
}

// fromCode is the system of a code by its projection and ellipsoid, on Xian 1980 and
// Beijing 1954 too.
func fromCode(code int) (CRS, bool) {
	switch {
	case code == 4490:
		return onDegrees(china2000, code), true
	case code == 4326:
		return onDegrees(wgs1984, code), true
	case code == 4610:
		return onDegrees(xian1980, code), true
	case code == 4214:
		return onDegrees(beijing1954, code), true
	case code == 3857:
		return onMercator(wgs1984), true
	case code >= 32601 && code <= 32660:
		return utm(code-32600, 0, code), true
	case code >= 32701 && code <= 32760:
		return utm(code-32700, 10000000, code), true
	}
	if r, zone, ok := zoneOfCode(code); ok {
		return onZone(r.frame, zone, r.prefixed, code), true
	}
	return CRS{}, false
}

func utm(zone int, fn float64, code int) CRS {
	return onGrid(wgs1984, grid{cm: float64(6*zone - 183), scale: 0.9996, fe: 500000, fn: fn}, code)
}

// onMercator is Web Mercator in metres; only the one on WGS84 has a code.
func onMercator(f frame) CRS {
	c := CRS{kind: webMercator, frame: f, ellipsoid: f.ellipsoid(), unit: 1}
	if f == wgs1984 {
		c.code = 3857
	}
	return c
}

// identified gives c the code that has its parameters, if there is one. The 6-degree
// zones without a prefix have the parameters of every second 3-degree zone: they are
// taken for the latter, which planning uses, unless six says otherwise.
func (c CRS) identified(six bool) CRS {
	if c.unit != 1 || c.ellipsoid != c.frame.ellipsoid() {
		return c
	}
	for _, code := range c.candidates(six) {
		if k, ok := fromCode(code); ok && k.kind == c.kind && k.frame == c.frame && k.tm.grid.near(c.tm.grid) {
			return k
		}
	}
	return c
}

// candidates are the codes that could have the parameters of c, best first.
func (c CRS) candidates(six bool) (codes []int) {
	if c.kind != transverseMercator {
		return []int{4490, 4326, 3857, 4610, 4214}
	}
	if c.frame == wgs1984 {
		zone := nearest((c.tm.cm + 183) / 6)
		return []int{32600 + zone, 32700 + zone}
	}
	sixth, third := nearest((c.tm.cm+3)/6), nearest(c.tm.cm/3)
	for _, prefixed := range []bool{true, false} {
		codes = append(codes, zoneCode(c.frame, sixth, prefixed), zoneCode(c.frame, third, prefixed))
	}
	if !six {
		codes[2], codes[3] = codes[3], codes[2]
	}
	return codes
}

func nearest(v float64) int { return int(v + 0.5) }

// near says whether two grids are one but for rounding in how they were written: a
// tenth of a micrometre on the ground.
func (g grid) near(h grid) bool {
	return agree(g.cm, h.cm, 1e-12) && agree(g.lat0, h.lat0, 1e-12) && agree(g.scale, h.scale, 1e-14) &&
		agree(g.fe, h.fe, 1e-7) && agree(g.fn, h.fn, 1e-7)
}

func agree(a, b, tolerance float64) bool { return a-b <= tolerance && b-a <= tolerance }

// codeName is the register's name for a system with a code, else "".
func codeName(code int) string {
	switch {
	case code == 4490:
		return "China Geodetic Coordinate System 2000"
	case code == 4326:
		return "WGS 84"
	case code == 4610:
		return string(xian)
	case code == 4214:
		return string(beijing)
	case code == 3857:
		return "WGS 84 / Pseudo-Mercator"
	case code >= 32701:
		return fmt.Sprintf("WGS 84 / UTM zone %dS", code-32700)
	case code >= 32601:
		return fmt.Sprintf("WGS 84 / UTM zone %dN", code-32600)
	}
	if r, zone, ok := zoneOfCode(code); ok {
		return r.name(zone)
	}
	return ""
}

// classified is the datum of the codes whose tie to CGCS2000 is not public: the
// geographic systems and the Gauss-Krüger zones of Xian 1980, Beijing 1954 and New
// Beijing, as the register lists them; "" for other codes.
func classified(code int) foreign {
	ranges := []struct {
		first, last int
		datum       foreign
	}{
		{4610, 4610, xian}, {2327, 2390, xian},
		{4214, 4214, beijing}, {2401, 2442, beijing},
		{21413, 21423, beijing}, {21453, 21463, beijing}, {21473, 21483, beijing},
		{4555, 4555, newBeijing}, {4568, 4589, newBeijing}, {4652, 4656, newBeijing},
		{4766, 4800, newBeijing}, {4812, 4812, newBeijing}, {4822, 4822, newBeijing},
	}
	for _, r := range ranges {
		if code >= r.first && code <= r.last {
			return r.datum
		}
	}
	return ""
}

// Parse reads a system's name, without regard to case:
//
//   - a code: "4549", "EPSG:4549", "urn:ogc:def:crs:EPSG::4549",
//     "http://www.opengis.net/def/crs/EPSG/0/4549", square brackets around it allowed;
//   - CRS84 in the same forms;
//   - "GCJ-02" or "BD-09", hyphens and underscores left out or not: degrees with that
//     shift against CGCS2000;
//   - a code of Xian 1980 or Beijing 1954 with the words that its coordinates are good
//     enough without a datum shift: "EPSG:2364~100m", see ParseApproximate.
//
// Errors are those of FromEPSG.
func Parse(s string) (CRS, error) {
	name := strings.ToLower(strings.TrimSpace(s))
	name = strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")
	switch name {
	case "crs84", "ogc:crs84",
		"urn:ogc:def:crs:ogc:1.3:crs84", "urn:ogc:def:crs:ogc::crs84",
		"http://www.opengis.net/def/crs/ogc/1.3/crs84", "https://www.opengis.net/def/crs/ogc/1.3/crs84",
		"http://www.opengis.net/def/crs/ogc/0/crs84", "https://www.opengis.net/def/crs/ogc/0/crs84":
		c := onDegrees(wgs1984, 4326)
		c.lonFirst = true
		return c, nil
	}
	switch d := Datum(plain(name)); d {
	case GCJ02, BD09:
		return onShifted(d), nil
	}
	if code, ok := codeNamed(name); ok {
		return FromEPSG(code)
	}
	if rough, ok := strings.CutSuffix(name, about100m); ok {
		if c, ok := foreignNamed(rough); ok {
			return c, nil
		}
	}
	return CRS{}, unknownCode(s)
}

// codeNamed is the code that a name in small letters, without brackets, means.
func codeNamed(name string) (code int, ok bool) {
	n, err := strconv.ParseUint(withoutAuthority(name), 10, 24)
	return int(n), err == nil
}

// foreignNamed is the system of Xian 1980 or Beijing 1954 whose code a name means, on
// its own ellipsoid.
func foreignNamed(s string) (CRS, bool) {
	name := strings.ToLower(strings.TrimSpace(s))
	code, ok := codeNamed(strings.TrimSuffix(strings.TrimPrefix(name, "["), "]"))
	if !ok {
		return CRS{}, false
	}
	c, ok := fromCode(code)
	return c, ok && c.frame.foreign()
}

// withoutAuthority cuts what may stand before a code; versions of the register may be
// named there, since none has changed these systems.
func withoutAuthority(name string) string {
	for _, prefix := range []string{"http://www.opengis.net/def/crs/epsg/", "https://www.opengis.net/def/crs/epsg/", "urn:ogc:def:crs:epsg:"} {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			if _, code, ok := strings.Cut(rest, prefix[len(prefix)-1:]); ok {
				return code
			}
			return ""
		}
	}
	return strings.TrimPrefix(name, "epsg:")
}

func unknownCode(s string) error {
	return geo.Errorf("unknown_crs",
		"不支持坐标系 %q。可用：EPSG:4490（CGCS2000 经纬度）、4491–4554（CGCS2000 高斯-克吕格 3 度带与 6 度带）、4326、3857、32601–32660 与 32701–32760（UTM）、CRS84、GCJ-02、BD-09；其他坐标系请先转换",
		"the system %q is not supported. There are EPSG:4490 (CGCS2000 longitude and latitude), 4491–4554 (CGCS2000 Gauss-Krüger, 3 and 6 degrees), 4326, 3857, 32601–32660 and 32701–32760 (UTM), CRS84, GCJ-02 and BD-09; convert data in other systems first", brief(s))
}

package crs

import (
	"fmt"
	"strconv"
	"strings"

	"towngrid/geo"
)

// GaussKrueger is a Gauss-Krüger system on CGCS2000: scale 1, origin on the equator,
// false easting 500,000 m, before which the zone number stands when prefixed is true.
// width is 3 with zone 25–45 (central meridian 3·zone) or 6 with zone 13–23 (central
// meridian 6·zone − 3); anything else is a *geo.Error with the code "unknown_crs".
func GaussKrueger(width, zone int, prefixed bool) (CRS, error) {
	if zoneWidth(zone) != width || width == 0 {
		return CRS{}, geo.Errorf("unknown_crs",
			"没有 %d 度带第 %d 带：3 度带为 25–45，6 度带为 13–23",
			"there is no %d-degree zone %d: 3-degree zones are 25–45, 6-degree zones 13–23", width, zone)
	}
	g := grid{cm: zoneMeridian(zone), scale: 1, fe: 500000}
	if prefixed {
		g.fe += float64(zone) * 1e6
	}
	return onGrid(china2000, g, zoneCode(zone, prefixed)), nil
}

// zoneWidth is 3 or 6 for the numbers of Gauss-Krüger zones that meet China, which
// never mean one of each, and 0 for others.
func zoneWidth(zone int) int {
	switch {
	case zone >= 13 && zone <= 23:
		return 6
	case zone >= 25 && zone <= 45:
		return 3
	}
	return 0
}

// zoneMeridian is the central meridian of a Gauss-Krüger zone by its number, in degrees.
func zoneMeridian(zone int) float64 {
	if zoneWidth(zone) == 6 {
		return float64(6*zone - 3)
	}
	return float64(3 * zone)
}

// zoneCode is the EPSG code of a Gauss-Krüger zone on CGCS2000.
func zoneCode(zone int, prefixed bool) int {
	switch six := zoneWidth(zone) == 6; {
	case six && prefixed:
		return 4491 + zone - 13
	case six:
		return 4502 + zone - 13
	case prefixed:
		return 4513 + zone - 25
	}
	return 4534 + zone - 25
}

// FromEPSG is the system of a code: 4490 and the Gauss-Krüger zones on CGCS2000
// (4491–4554), 4326, 3857, and UTM on WGS84 (32601–32660, 32701–32760). Errors are
// *geo.Error: "datum_needs_parameters" for the codes of Xian 1980, Beijing 1954 and
// New Beijing, "unknown_crs" for all others.
func FromEPSG(code int) (CRS, error) {
	switch {
	case code == 4490:
		return CGCS2000(), nil
	case code >= 4491 && code <= 4501:
		return GaussKrueger(6, code-4491+13, true)
	case code >= 4502 && code <= 4512:
		return GaussKrueger(6, code-4502+13, false)
	case code >= 4513 && code <= 4533:
		return GaussKrueger(3, code-4513+25, true)
	case code >= 4534 && code <= 4554:
		return GaussKrueger(3, code-4534+25, false)
	case code == 4326:
		return onDegrees(wgs1984, code), nil
	case code == 3857:
		return onMercator(wgs1984), nil
	case code >= 32601 && code <= 32660:
		return utm(code-32600, 0, code), nil
	case code >= 32701 && code <= 32760:
		return utm(code-32700, 10000000, code), nil
	}
	if datum := classified(code); datum != "" {
		return CRS{}, datum.refused(fmt.Sprintf("EPSG:%d", code))
	}
	return CRS{}, unknownCode(strconv.Itoa(code))
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
		if k, err := FromEPSG(code); err == nil && k.kind == c.kind && k.frame == c.frame && k.tm.grid.near(c.tm.grid) {
			return k
		}
	}
	return c
}

// candidates are the codes that could have the parameters of c, best first.
func (c CRS) candidates(six bool) (codes []int) {
	if c.kind != transverseMercator {
		return []int{4490, 4326, 3857}
	}
	if c.frame == wgs1984 {
		zone := nearest((c.tm.cm + 183) / 6)
		return []int{32600 + zone, 32700 + zone}
	}
	sixth, third := nearest((c.tm.cm+3)/6), nearest(c.tm.cm/3)
	for _, prefixed := range []bool{true, false} {
		codes = append(codes, zoneCode(sixth, prefixed), zoneCode(third, prefixed))
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
func codeName(c CRS) string {
	zone3, zone6 := nearest(c.tm.cm/3), nearest((c.tm.cm+3)/6)
	switch code := c.code; {
	case code == 4490:
		return "China Geodetic Coordinate System 2000"
	case code == 4326:
		return "WGS 84"
	case code == 3857:
		return "WGS 84 / Pseudo-Mercator"
	case code >= 32701:
		return fmt.Sprintf("WGS 84 / UTM zone %dS", code-32700)
	case code >= 32601:
		return fmt.Sprintf("WGS 84 / UTM zone %dN", code-32600)
	case code >= 4534:
		return "CGCS2000 / 3-degree Gauss-Kruger CM " + meridian(c.tm.cm)
	case code >= 4513:
		return fmt.Sprintf("CGCS2000 / 3-degree Gauss-Kruger zone %d", zone3)
	case code >= 4502:
		return "CGCS2000 / Gauss-Kruger CM " + meridian(c.tm.cm)
	case code >= 4491:
		return fmt.Sprintf("CGCS2000 / Gauss-Kruger zone %d", zone6)
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

// Parse reads a system's name: a code ("4549", "EPSG:4549", "urn:ogc:def:crs:EPSG::4549",
// "http://www.opengis.net/def/crs/EPSG/0/4549", square brackets around it allowed) or
// CRS84 in the same forms, without regard to case. Errors are those of FromEPSG.
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
	digits := withoutAuthority(name)
	if code, err := strconv.ParseUint(digits, 10, 24); err == nil {
		return FromEPSG(int(code))
	}
	return CRS{}, unknownCode(s)
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
		"不支持坐标系 %q。可用：EPSG:4490（CGCS2000 经纬度）、4491–4554（CGCS2000 高斯-克吕格 3 度带与 6 度带）、4326、3857、32601–32660 与 32701–32760（UTM）、CRS84；其他坐标系请先转换",
		"the system %q is not supported. There are EPSG:4490 (CGCS2000 longitude and latitude), 4491–4554 (CGCS2000 Gauss-Krüger, 3 and 6 degrees), 4326, 3857, 32601–32660 and 32701–32760 (UTM), CRS84; convert data in other systems first", brief(s))
}

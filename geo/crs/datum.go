package crs

import (
	"math"
	"strings"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// Datum is how a caller's longitude and latitude are shifted against CGCS2000.
type Datum string

const (
	// WGS84 is no shift: what GPS gives, treated as equal to CGCS2000.
	WGS84 Datum = "wgs84"
	// GCJ02 is the shift of Amap, Tencent maps and phones sold in China, some 300 to 700 m.
	GCJ02 Datum = "gcj02"
	// BD09 is Baidu's further shift of GCJ-02.
	BD09 Datum = "bd09"
)

// ParseDatum reads a datum's name without regard to case, hyphens and underscores.
// "" and "cgcs2000" are WGS84; another name is a *geo.Error with the code "unknown_datum".
func ParseDatum(s string) (Datum, error) {
	switch d := Datum(plain(s)); d {
	case "", "cgcs2000":
		return WGS84, nil
	case WGS84, GCJ02, BD09:
		return d, nil
	}
	return "", geo.Errorf("unknown_datum",
		"没有名为 %q 的坐标基准，可用：wgs84（与 CGCS2000 等同）、gcj02（高德、腾讯、手机）、bd09（百度）",
		"there is no datum %q; there are wgs84 (the same as CGCS2000), gcj02 (Amap, Tencent, phones) and bd09 (Baidu)", brief(s))
}

// label is the datum as people write it, which is also the ID of the system of degrees
// on GCJ-02 or BD-09.
func (d Datum) label() string {
	switch d {
	case GCJ02:
		return "GCJ-02"
	case BD09:
		return "BD-09"
	}
	return "WGS84"
}

// title is the system of degrees on GCJ-02 or BD-09, for people.
func (d Datum) title() geo.Text {
	if d == BD09 {
		return geo.Text{ZH: "BD-09 经纬度（百度）", EN: "BD-09 longitude and latitude (Baidu)"}
	}
	return geo.Text{ZH: "GCJ-02 经纬度（高德、腾讯、手机）", EN: "GCJ-02 longitude and latitude (Amap, Tencent, phones)"}
}

// plain is a datum's name in small letters without hyphens and underscores. Names
// that are so already, which is nearly always, are returned as they are.
func plain(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(strings.ToLower(s), "-", ""), "_", "")
}

// FromCGCS2000 shifts lon, lat in CGCS2000 degrees to the datum.
//
// GCJ-02 is defined on the rectangle 72.004–137.8347° E, 0.8293–55.8271° N, borders
// included; positions outside it, and NaN, are returned as they are, for BD-09 too.
func (d Datum) FromCGCS2000(p orb.Point) orb.Point {
	if d == WGS84 || !within(p, 0) {
		return p
	}
	p = gcjForward(p)
	if d == BD09 {
		p = bdForward(p)
	}
	return p
}

// ToCGCS2000 undoes the shift: the position in the rectangle of FromCGCS2000 that is
// shifted to p, to better than a micrometre. Where there is none, p is returned as it
// is; so every position in the rectangle survives the way there and back, and outside
// it every one that no shifted position covers.
func (d Datum) ToCGCS2000(p orb.Point) orb.Point {
	const farthest = 0.1 // degrees; no position is shifted by more than a fifth of it
	if d == WGS84 || !within(p, farthest) {
		return p
	}
	q := p
	if d == BD09 {
		q = undo(bdForward, q)
	}
	q = undo(gcjForward, q)
	if !within(q, 0) {
		return p
	}
	return q
}

// within says whether p lies in the rectangle that the published algorithm shifts, or
// not further than margin degrees outside it. It is false for NaN.
func within(p orb.Point, margin float64) bool {
	return p[0] >= 72.004-margin && p[0] <= 137.8347+margin &&
		p[1] >= 0.8293-margin && p[1] <= 55.8271+margin
}

// undo finds the position that f moves to p, by fixed-point steps: the move changes
// by less than 3 % of the distance between two positions, so each step leaves less than
// 3 % of the error before it, and a step below 1e-11° (1 µm) is the last one needed. It
// ends after 16 steps at the latest: within a micrometre of the meridian of 105°, where
// the slope of the shift's square root has no bound, it may not come to rest.
func undo(f func(orb.Point) orb.Point, p orb.Point) orb.Point {
	q := p
	for range 16 {
		r := f(q)
		dx, dy := p[0]-r[0], p[1]-r[1]
		q = orb.Point{q[0] + dx, q[1] + dy}
		if math.Abs(dx)+math.Abs(dy) < 1e-11 {
			break
		}
	}
	return q
}

// gcjForward is the published algorithm: a shift in metres east and north that
// depends on the position against 105° E, 35° N, turned into degrees on the ellipsoid
// of Krassovsky.
func gcjForward(p orb.Point) orb.Point {
	const a, ee = 6378245, 0.00669342162296594323
	x, y := p[0]-105, p[1]-35
	longX, shortX, fine := waves(x, 150, 300)
	longY, shortY, _ := waves(y, 160, 320)
	root := math.Sqrt(math.Abs(x))
	dn := -100 + 2*x + 3*y + 0.2*y*y + 0.1*x*y + 0.2*root + 2./3*(fine+shortY+longY)
	de := 300 + x + 2*y + 0.1*x*x + 0.1*x*y + 0.1*root + 2./3*(fine+shortX+longX)

	sin, cos := math.Sincos(radians(p[1]))
	w2 := 1 - ee*sin*sin
	w := math.Sqrt(w2)
	return orb.Point{
		p[0] + degrees(de*w/(a*cos)),
		p[1] + degrees(dn*w2*w/(a*(1-ee))),
	}
}

// waves are the sums of the shift's sine waves along one axis, v degrees from its
// origin, in metres: the long ones of 24° and 60° with their amplitudes, the short ones
// of 2° and 6°, and the fine ones of 1° and 1/3°. The angles being multiples of one, its
// sine and cosine give the others.
func waves(v, amp24, amp60 float64) (long, short, fine float64) {
	s1, c1 := math.Sincos(math.Pi / 12 * v)
	s2, c2 := 2*s1*c1, 1-2*s1*s1
	s4, c4 := 2*s2*c2, 1-2*s2*s2
	s12, c12 := s4*(3-4*s4*s4), c4*(4*c4*c4-3)
	s24 := 2 * s12 * c12
	s72 := s24 * (3 - 4*s24*s24)
	return amp24*s1 + amp60*math.Sin(math.Pi/30*v), 20*s12 + 40*s4, 20*s72 + 20*s24
}

// bdForward is Baidu's published shift of a GCJ-02 position, in polar coordinates
// about 0° E, 0° N.
func bdForward(p orb.Point) orb.Point {
	const k = math.Pi * 3000 / 180
	r := math.Hypot(p[0], p[1]) + 0.00002*math.Sin(p[1]*k)
	theta := math.Atan2(p[1], p[0]) + 0.000003*math.Cos(p[0]*k)
	sin, cos := math.Sincos(theta)
	return orb.Point{r*cos + 0.0065, r*sin + 0.006}
}

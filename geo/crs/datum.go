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
	switch d := Datum(strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(s))); d {
	case "", "cgcs2000":
		return WGS84, nil
	case WGS84, GCJ02, BD09:
		return d, nil
	}
	return "", geo.Errorf("unknown_datum",
		"没有名为 %q 的坐标基准，可用：wgs84（与 CGCS2000 等同）、gcj02（高德、腾讯、手机）、bd09（百度）",
		"there is no datum %q; there are wgs84 (the same as CGCS2000), gcj02 (Amap, Tencent, phones) and bd09 (Baidu)", brief(s))
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
// by less than 2 % of the step between neighbouring positions, so each step gains two
// digits or more. It ends when the position rests, 1e-13° being the rounding of
// float64, or after 16 steps: within a micrometre of the meridian of 105°, where the
// shift's square root has no slope, it may never rest.
func undo(f func(orb.Point) orb.Point, p orb.Point) orb.Point {
	q := p
	for range 16 {
		r := f(q)
		dx, dy := p[0]-r[0], p[1]-r[1]
		q = orb.Point{q[0] + dx, q[1] + dy}
		if math.Abs(dx)+math.Abs(dy) < 1e-13 {
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
	sin2 := math.Sin(2 * math.Pi * x)
	sin6 := sin2 * (3 - 4*sin2*sin2) // sin 3θ from sin θ
	common := 20*sin6 + 20*sin2
	root := math.Sqrt(math.Abs(x))
	dn := -100 + 2*x + 3*y + 0.2*y*y + 0.1*x*y + 0.2*root + 2./3*(common+waves(y, 160, 320))
	de := 300 + x + 2*y + 0.1*x*x + 0.1*x*y + 0.1*root + 2./3*(common+waves(x, 150, 300))

	sin, cos := math.Sincos(radians(p[1]))
	w2 := 1 - ee*sin*sin
	w := math.Sqrt(w2)
	return orb.Point{
		p[0] + degrees(de*w/(a*cos)),
		p[1] + degrees(dn*w2*w/(a*(1-ee))),
	}
}

// waves are the four long waves along one axis, in metres; amp12 and amp30 are the
// amplitudes of those of 24° and 60°.
func waves(v, amp12, amp30 float64) float64 {
	return 20*math.Sin(math.Pi*v) + 40*math.Sin(math.Pi/3*v) +
		amp12*math.Sin(math.Pi/12*v) + amp30*math.Sin(math.Pi/30*v)
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

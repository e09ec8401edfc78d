package crs

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// kind is the computation behind a system. The zero kind computes nothing.
type kind uint8

const (
	nowhere kind = iota
	geographic
	transverseMercator
	webMercator
)

// CRS is a coordinate reference system by its parameters: an immutable value, safe to
// copy, to compare and to share. Two that are == have the same parameters and the same
// ID. The zero CRS is no system: it transforms to NaN and has the ID "".
type CRS struct {
	kind      kind
	frame     frame
	ellipsoid ellipsoid
	unit      float64 // degrees or metres in one unit of the coordinates
	code      int     // EPSG, 0 where no code has these parameters
	lonFirst  bool    // CRS84: the parameters of EPSG:4326 with its axes in the other order
	tm        transverse
}

// CGCS2000 is the geographic system of the whole program, EPSG:4490 in degrees.
func CGCS2000() CRS { return onDegrees(china2000, 4490) }

// onDegrees is a geographic system in degrees.
func onDegrees(f frame, code int) CRS {
	return CRS{kind: geographic, frame: f, ellipsoid: f.ellipsoid(), unit: 1, code: code}
}

// onGrid is a transverse Mercator system in metres.
func onGrid(f frame, g grid, code int) CRS {
	e := f.ellipsoid()
	return CRS{kind: transverseMercator, frame: f, ellipsoid: e, unit: 1, code: code, tm: newTransverse(e, g)}
}

// Geographic says whether coordinates are longitude and latitude.
func (c CRS) Geographic() bool { return c.kind == geographic }

// ToGeographic brings coordinates, east first as in .shp and GeoJSON, to CGCS2000
// degrees. It gives NaN, NaN for what has no position: a coordinate that is not
// finite, a latitude beyond ±90 or a longitude beyond ±180, and projected positions
// further than 65° from the central meridian, where the series would pass 0.2 mm.
// Whether the position is in China is not its question; see Contradiction.
func (c CRS) ToGeographic(x, y float64) (lon, lat float64) { return c.toGeographic(x, y) }

func (c *CRS) toGeographic(x, y float64) (lon, lat float64) {
	switch x, y = x*c.unit, y*c.unit; c.kind {
	case geographic:
		return valid(x, y)
	case transverseMercator:
		lon, lat = c.tm.inverse(x, y)
		if math.Abs(lon) > 180 {
			lon = math.Remainder(lon, 360)
		}
		return lon, lat
	case webMercator:
		return mercatorInverse(x, y)
	}
	return math.NaN(), math.NaN()
}

// FromGeographic brings CGCS2000 degrees to the system's coordinates, east first. It
// gives NaN, NaN where ToGeographic could not lead back.
func (c CRS) FromGeographic(lon, lat float64) (x, y float64) { return c.fromGeographic(lon, lat) }

func (c *CRS) fromGeographic(lon, lat float64) (x, y float64) {
	x, y = valid(lon, lat)
	switch c.kind {
	case geographic:
	case transverseMercator:
		x, y = c.tm.forward(x, y)
	case webMercator:
		x, y = mercatorForward(x, y)
	default:
		return math.NaN(), math.NaN()
	}
	return x / c.unit, y / c.unit
}

// valid passes a longitude and latitude that exist, and turns others into NaN.
func valid(lon, lat float64) (float64, float64) {
	if !(math.Abs(lon) <= 180) || !(math.Abs(lat) <= 90) {
		return math.NaN(), math.NaN()
	}
	return lon, lat
}

// ToGeographicAll does in place, for many points, what ToGeographic does for one.
func (c CRS) ToGeographicAll(pts []orb.Point) {
	for i, p := range pts {
		pts[i][0], pts[i][1] = c.toGeographic(p[0], p[1])
	}
}

// FromGeographicAll does in place, for many points, what FromGeographic does for one.
func (c CRS) FromGeographicAll(pts []orb.Point) {
	for i, p := range pts {
		pts[i][0], pts[i][1] = c.fromGeographic(p[0], p[1])
	}
}

// LatFirst says whether the register of EPSG lists the northern axis before the
// eastern one, as for EPSG:4490, 4326 and all Gauss-Krüger codes: the order in which
// OGC API and GML speak the coordinates. It is false for a system without a code.
func (c CRS) LatFirst() bool {
	switch {
	case c.code == 0 || c.lonFirst:
		return false
	case c.kind == geographic:
		return true
	}
	return c.kind == transverseMercator && c.frame == china2000
}

// ID names the system: "EPSG:4549" where its parameters are those of a known code,
// "OGC:CRS84", or else a description such as "CGCS2000 / GK CM 118.5E FE 500000".
func (c CRS) ID() string {
	switch {
	case c.lonFirst:
		return "OGC:CRS84"
	case c.code != 0:
		return "EPSG:" + strconv.Itoa(c.code)
	}
	return c.description()
}

// URI is the OGC's name for the system, as in OGC API's crs parameter, "" where it has none.
func (c CRS) URI() string {
	switch {
	case c.lonFirst:
		return "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
	case c.code != 0:
		return "http://www.opengis.net/def/crs/EPSG/0/" + strconv.Itoa(c.code)
	}
	return ""
}

// Name is the register's name for the system, such as "CGCS2000 / 3-degree
// Gauss-Kruger CM 120E", or else the same description as ID.
func (c CRS) Name() string {
	if c.lonFirst {
		return "WGS 84 (CRS84)"
	}
	if name := codeName(c); name != "" {
		return name
	}
	return c.description()
}

// Title is the system in the words of people who choose one from a list.
func (c CRS) Title() geo.Text {
	datum := string(c.frame)
	switch c.kind {
	case geographic:
		return geo.Textf("%s 经纬度", "%s longitude and latitude", datum)
	case webMercator:
		return geo.Textf("%s Web 墨卡托", "%s Web Mercator", datum)
	case transverseMercator:
		return c.gridTitle(datum)
	}
	return geo.Text{ZH: "未知坐标系", EN: "no system"}
}

func (c CRS) gridTitle(datum string) geo.Text {
	g := c.tm.grid
	if z, width := c.prefix(); width != 0 {
		return geo.Textf("%s 高斯-克吕格 %d 度带第 %d 带，中央经线 %s，坐标含带号",
			"%s Gauss-Krüger, %d-degree zone %d, central meridian %s, zone number in the coordinates",
			datum, width, z, meridian(g.cm))
	}
	zh, en := "高斯-克吕格", "Gauss-Krüger"
	if g.scale != 1 {
		zh, en = "横轴墨卡托，比例 "+number(g.scale), "transverse Mercator, scale "+number(g.scale)
	}
	return geo.Text{
		ZH: fmt.Sprintf("%s %s，中央经线 %s，坐标不含带号，东偏 %s 米", datum, zh, meridian(g.cm), number(g.fe)),
		EN: fmt.Sprintf("%s %s, central meridian %s, no zone number in the coordinates, false easting %s m", datum, en, meridian(g.cm), number(g.fe)),
	}
}

// description says the parameters, leaving out those that have their usual values.
func (c CRS) description() string {
	var b strings.Builder
	switch b.WriteString(string(c.frame)); c.kind {
	case nowhere:
		return ""
	case webMercator:
		b.WriteString(" / Web Mercator")
	case transverseMercator:
		c.describeGrid(&b)
	}
	if e := c.ellipsoid; e != c.frame.ellipsoid() {
		b.WriteString(" 1/f " + number(e.inverseF))
	}
	if c.unit != 1 {
		b.WriteString(" unit " + number(c.unit))
	}
	return b.String()
}

func (c CRS) describeGrid(b *strings.Builder) {
	g := c.tm.grid
	if g.scale == 1 {
		b.WriteString(" / GK CM " + meridian(g.cm))
	} else {
		b.WriteString(" / TM CM " + meridian(g.cm) + " k " + number(g.scale))
	}
	if g.lat0 != 0 {
		b.WriteString(" lat0 " + number(g.lat0))
	}
	b.WriteString(" FE " + number(g.fe))
	if g.fn != 0 {
		b.WriteString(" FN " + number(g.fn))
	}
}

// prefix is the zone number, with its zone's width in degrees, that eastings of the
// system begin with; 0, 0 where they begin with none.
func (c CRS) prefix() (zone, width int) {
	if c.kind != transverseMercator || c.unit != 1 || c.tm.fe < 1e6 || c.tm.fe >= 100e6 {
		return 0, 0
	}
	zone = int(c.tm.fe / 1e6)
	return zone, zoneWidth(zone)
}

// meridian writes a longitude as 118.5E or 75W.
func meridian(lon float64) string {
	if lon < 0 {
		return number(-lon) + "W"
	}
	return number(lon) + "E"
}

// number writes a number in full, without an exponent and without needless digits.
func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// brief shortens text that came from outside before it is put into a sentence.
func brief(s string) string {
	const most = 60
	n := 0
	for i := range s {
		if n++; n > most {
			return s[:i] + "…"
		}
	}
	return s
}

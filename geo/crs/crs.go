package crs

import (
	"fmt"
	"io"
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
	owned // all of it is the operator's
)

// CRS is a coordinate reference system by its parameters: an immutable value, safe to
// copy, to compare and to share. Two that are == have the same parameters and the same
// ID; of an operator's systems only those that one Operator gave out can be ==. The
// zero CRS is no system: it transforms to NaN and has the ID "".
//
// Printed by any verb of fmt a CRS is its ID.
type CRS struct {
	kind      kind
	frame     frame
	ellipsoid ellipsoid
	unit      float64 // degrees or metres in one unit of the coordinates
	code      int     // EPSG, 0 where no code has these parameters
	lonFirst  bool    // CRS84: the parameters of EPSG:4326 with its axes in the other order
	tm        transverse
	datum     Datum   // GCJ02 or BD09 where degrees are shifted so, else ""
	own       *sealed // the system where kind is owned
}

// CGCS2000 is the geographic system of the whole program, EPSG:4490 in degrees.
func CGCS2000() CRS { return onDegrees(china2000, 4490) }

// onShifted is the geographic system of degrees on GCJ-02 or BD-09.
func onShifted(d Datum) CRS {
	c := onDegrees(china2000, 0)
	c.datum = d
	return c
}

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
func (c CRS) Geographic() bool {
	return c.kind == geographic || c.kind == owned && c.own.open().stands.kind == geographic
}

// Own says whether the system is one of the operator's own, whose parameters are secrets.
func (c CRS) Own() bool { return c.kind == owned }

// ToGeographic brings coordinates, east first as in .shp and GeoJSON, to CGCS2000
// degrees. It gives NaN, NaN for what has no position: a coordinate that is not
// finite, a latitude beyond ±90 or a longitude beyond ±180, and projected positions
// further than 65° from the central meridian, where the series would pass 0.2 mm.
// Of a system that is Approximate the degrees are those of its own ellipsoid. Whether the position is in China is not its question; see Contradiction.
func (c CRS) ToGeographic(x, y float64) (lon, lat float64) { return c.toGeographic(x, y) }

func (c *CRS) toGeographic(x, y float64) (lon, lat float64) {
	switch x, y = x*c.unit, y*c.unit; c.kind {
	case geographic:
		return c.unshifted(valid(x, y))
	case transverseMercator:
		lon, lat = c.tm.inverse(x, y)
		if math.Abs(lon) > 180 {
			lon = math.Remainder(lon, 360)
		}
		return lon, lat
	case webMercator:
		return mercatorInverse(x, y)
	case owned:
		return c.own.open().tie.toGeographic(x, y)
	}
	return math.NaN(), math.NaN()
}

// unshifted undoes the shift of GCJ-02 or BD-09 where the system has one.
func (c *CRS) unshifted(lon, lat float64) (float64, float64) {
	if c.datum == "" {
		return lon, lat
	}
	p := c.datum.ToCGCS2000(orb.Point{lon, lat})
	return p[0], p[1]
}

// shifted is the reverse of unshifted.
func (c *CRS) shifted(lon, lat float64) (float64, float64) {
	if c.datum == "" {
		return lon, lat
	}
	p := c.datum.FromCGCS2000(orb.Point{lon, lat})
	return p[0], p[1]
}

// FromGeographic brings CGCS2000 degrees to the system's coordinates, east first. It
// gives NaN, NaN where ToGeographic could not lead back.
func (c CRS) FromGeographic(lon, lat float64) (x, y float64) { return c.fromGeographic(lon, lat) }

func (c *CRS) fromGeographic(lon, lat float64) (x, y float64) {
	x, y = valid(lon, lat)
	switch c.kind {
	case geographic:
		x, y = c.shifted(x, y)
	case transverseMercator:
		x, y = c.tm.forward(x, y)
	case webMercator:
		x, y = mercatorForward(x, y)
	case owned:
		return c.own.open().tie.fromGeographic(x, y)
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
// OGC API and GML speak the coordinates. It is false for a system without a code, and
// for one that is Approximate, which the register does not know.
func (c CRS) LatFirst() bool {
	switch {
	case c.code == 0 || c.lonFirst || c.Approximate():
		return false
	case c.kind == geographic:
		return true
	}
	return c.kind == transverseMercator && c.frame == china2000
}

// ID names the system: "EPSG:4549" where its parameters are those of a known code,
// "OGC:CRS84", "GCJ-02", "BD-09", the id that the operator gave to a system of his own,
// or else a description such as "CGCS2000 / GK CM 118.5E FE 500000". That of a system
// that is Approximate ends with "~100m". Parse and Operator.Parse read all of these
// except descriptions.
func (c CRS) ID() string {
	switch {
	case c.kind == owned:
		return c.own.open().id
	case c.datum != "":
		return c.datum.label()
	case c.lonFirst:
		return "OGC:CRS84"
	case c.code != 0:
		return "EPSG:" + strconv.Itoa(c.code) + c.accuracy()
	}
	return c.description() + c.accuracy()
}

// String is ID.
func (c CRS) String() string { return c.ID() }

// Format prints ID for every verb, so that no way of printing shows parameters.
func (c CRS) Format(s fmt.State, _ rune) { io.WriteString(s, c.ID()) }

// URI is the OGC's name for the system, as in OGC API's crs parameter, "" where it has none.
func (c CRS) URI() string {
	switch {
	case c.lonFirst:
		return "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
	case c.code != 0 && !c.Approximate():
		return "http://www.opengis.net/def/crs/EPSG/0/" + strconv.Itoa(c.code)
	}
	return ""
}

// Name is the register's name for the system, such as "CGCS2000 / 3-degree
// Gauss-Kruger CM 120E", or else the same as ID.
func (c CRS) Name() string {
	if c.lonFirst {
		return "WGS 84 (CRS84)"
	}
	if name := codeName(c.code); name != "" {
		return name + c.accuracy()
	}
	return c.ID()
}

// Title is the system in the words of people who choose one from a list.
func (c CRS) Title() geo.Text {
	switch {
	case c.kind == owned:
		return c.own.open().title
	case c.datum != "":
		return c.datum.title()
	}
	title, datum := geo.Text{ZH: "未知坐标系", EN: "no system"}, c.frame.title()
	switch c.kind {
	case geographic:
		title = geo.Text{ZH: datum.ZH + " 经纬度", EN: datum.EN + " longitude and latitude"}
	case webMercator:
		title = geo.Text{ZH: datum.ZH + " Web 墨卡托", EN: datum.EN + " Web Mercator"}
	case transverseMercator:
		title = c.gridTitle(datum)
	}
	if c.Approximate() {
		title.ZH += "（不作基准转换，位置误差约 100 米）"
		title.EN += " (without a datum shift: positions are good to about 100 m)"
	}
	return title
}

func (c CRS) gridTitle(datum geo.Text) geo.Text {
	g := c.tm.grid
	if z, width := c.prefix(); width != 0 {
		t := geo.Textf("高斯-克吕格 %d 度带第 %d 带，中央经线 %s，坐标含带号",
			"Gauss-Krüger, %d-degree zone %d, central meridian %s, zone number in the coordinates",
			width, z, meridian(g.cm))
		return geo.Text{ZH: datum.ZH + " " + t.ZH, EN: datum.EN + " " + t.EN}
	}
	zh, en := "高斯-克吕格", "Gauss-Krüger"
	if r, _, ok := zoneOfCode(c.code); ok && r.width == 6 {
		zh, en = zh+" 6 度带", en+", 6-degree zone"
	}
	if g.scale != 1 {
		zh, en = "横轴墨卡托，比例 "+number(g.scale), "transverse Mercator, scale "+number(g.scale)
	}
	return geo.Text{
		ZH: fmt.Sprintf("%s %s，中央经线 %s，坐标不含带号，东偏 %s 米", datum.ZH, zh, meridian(g.cm), number(g.fe)),
		EN: fmt.Sprintf("%s %s, central meridian %s, no zone number in the coordinates, false easting %s m", datum.EN, en, meridian(g.cm), number(g.fe)),
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
	if c.kind == owned {
		c = c.own.open().stands
	}
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

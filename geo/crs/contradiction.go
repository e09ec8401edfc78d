package crs

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// Contradiction says why coordinates with the bound b, east first, cannot be in c: nil,
// or a *geo.Error with the code "crs_contradicted" that tells what was read, what it
// would mean and what it looks like instead. The coordinates contradict c when
//
//   - one is not a finite number,
//   - they begin with another zone number than c, or with one where c has none,
//   - one side of b lies outside China as a whole, which tells degrees in a projected
//     system, metres in a geographic one, exchanged axes and a latitude of 0 throughout.
//
// An empty bound contradicts nothing. What is found is certain, since every side of a
// bound is touched by a coordinate; a few points outside China within a bound that
// meets it on all sides are not seen here.
func (c CRS) Contradiction(b orb.Bound) error {
	if b.IsEmpty() {
		return nil
	}
	if !finite(b) {
		return contradicted(
			"坐标中有非数值（NaN 或无穷大），请检查几何数据",
			"there are coordinates that are not numbers (NaN or infinite): check the geometry")
	}
	if c.kind == nowhere {
		return contradicted("未指定坐标系", "no system is given")
	}
	if err := c.zoneContradiction(b); err != nil && !c.exchanged(b) {
		return err
	}
	if c.holds(b) {
		return nil
	}
	why, advice := c.misfit(b), c.advice(b)
	return contradicted(
		"坐标 x %[1]s、y %[2]s 与坐标系 %[3]s 矛盾：%[4]s。%[6]s",
		"coordinates x %[1]s, y %[2]s contradict the system %[3]s: %[5]s. %[7]s",
		span(b.Min[0], b.Max[0]), span(b.Min[1], b.Max[1]), c.ID(), why.ZH, why.EN, advice.ZH, advice.EN)
}

// Holds says whether a point, east first, has a position in China by c and begins with
// c's zone number where that has one.
func (c CRS) Holds(p orb.Point) bool {
	if zone, width := c.prefix(); width != 0 && zoneOf(p[0]) != zone {
		return false
	}
	return InChina(c.ToGeographic(p[0], p[1]))
}

func contradicted(zh, en string, args ...any) error {
	return geo.Errorf("crs_contradicted", zh, en, args...)
}

// zoneContradiction compares the zone number that c's eastings begin with and the one
// that b's begin with. Without it a file of zone 39 read as zone 40 would still lie in
// China, ten degrees off.
func (c CRS) zoneContradiction(b orb.Bound) error {
	zone, width := c.prefix()
	if width == 0 {
		return nil
	}
	low, high := zoneOf(b.Min[0]), zoneOf(b.Max[0])
	if low == zone && high == zone || low == 0 && high == 0 {
		return nil // the latter is no other zone's number, but none at all
	}
	advice := c.advice(b)
	if low != high && zoneWidth(low) != 0 && zoneWidth(high) != 0 {
		advice = geo.Text{ZH: "文件中混有几个带的坐标：请按带拆分后分别上传", EN: "Coordinates of several zones are mixed: split the file by zone and upload each part"}
	}
	return contradicted(
		"坐标 x %[1]s 的带号与坐标系 %[2]s 的带号 %[3]d 不一致。%[4]s",
		"coordinates x %[1]s do not begin with %[3]d, the zone number of the system %[2]s. %[5]s",
		span(b.Min[0], b.Max[0]), c.ID(), zone, advice.ZH, advice.EN)
}

// zoneOf is the number of up to two digits that an easting begins with, before its last
// six digits; 0 if there is none.
func zoneOf(x float64) int {
	if !(x >= 0 && x < 100e6) {
		return 0
	}
	return int(x / 1e6)
}

// misfit says in which way b does not fit c.
func (c CRS) misfit(b orb.Bound) geo.Text {
	switch {
	case flat(b):
		return geo.Text{ZH: "所有点的 y 都是 0", EN: "all points have the y 0"}
	case c.exchanged(b):
		return geo.Text{ZH: "x 与 y 似乎颠倒", EN: "x and y seem to be exchanged"}
	case c.Geographic() && c.unit == 1 && !small(b):
		return geo.Text{ZH: "经纬度坐标系中出现了以米计的坐标", EN: "these are metres in a system of degrees"}
	case !c.Geographic() && small(b):
		return geo.Text{ZH: "投影坐标系中出现了以度计的坐标", EN: "these are degrees in a projected system"}
	}
	x, y := c.outlier(b)
	lon, lat := c.ToGeographic(x, y)
	switch {
	case math.IsNaN(lon):
		return geo.Text{ZH: "这些坐标在该坐标系中不存在", EN: "the system has no such coordinates"}
	case c.kind == owned:
		// A pair of coordinates and position would give away part of the operator's parameters.
		return geo.Text{ZH: "它们将位于中国（东经 73–136°，北纬 3–54°）之外", EN: "they would lie outside China (73–136° E, 3–54° N)"}
	}
	return geo.Textf("(%s, %s) 将位于经度 %.4f、纬度 %.4f，在中国（东经 73–136°，北纬 3–54°）之外",
		"(%s, %s) would lie at longitude %.4f, latitude %.4f, outside China (73–136° E, 3–54° N)",
		coordinate(x), coordinate(y), lon, lat)
}

// flat says whether all y are 0, as exports leave them that have lost the real ones.
func flat(b orb.Bound) bool { return math.Abs(b.Min[1]) < 1e-3 && math.Abs(b.Max[1]) < 1e-3 }

// small says whether all of b could be degrees.
func small(b orb.Bound) bool {
	return b.Min[0] >= -180 && b.Max[0] <= 180 && b.Min[1] >= -90 && b.Max[1] <= 90
}

// exchanged says whether b fits c when the axes are exchanged.
func (c CRS) exchanged(b orb.Bound) bool {
	b = swap(b)
	return c.holds(b) && (c.Geographic() || northings(b))
}

// advice says what b looks like, and what to do.
func (c CRS) advice(b orb.Bound) geo.Text {
	guesses := Sniff(b)
	switch {
	case flat(b):
		return geo.Text{ZH: "几何数据已损坏：请重新导出", EN: "The geometry is damaged: export it again"}
	case c.exchanged(b):
		return geo.Textf("请互换坐标轴后再上传，或在上传时指定 %[1]s~yx", "Exchange the axes and upload again, or name %[1]s~yx with the upload", c.ID())
	case len(guesses) > 0 && guesses[0].Known:
		g := guesses[0]
		return geo.Textf("按数值像是 %[1]s（%[2]s）：请改正 .prj，或在上传时指定坐标系",
			"The numbers look like %[1]s (%[3]s): correct the .prj, or name the system with the upload",
			g.CRS.ID(), g.Evidence.ZH, g.Evidence.EN)
	case len(guesses) > 0:
		return geo.Text{
			ZH: "按数值像是不含带号的高斯-克吕格坐标：请确认中央经线，在上传时指定坐标系",
			EN: "The numbers look like Gauss-Krüger without a zone number: find out the central meridian and name the system with the upload",
		}
	case c.meetsPartly(b):
		return geo.Text{ZH: "其余坐标相符：请检查该处的几何数据", EN: "Others fit: check the geometry there"}
	}
	return geo.Text{
		ZH: "按数值不像任何已知坐标系，可能是地方独立坐标，或不在中国：请向数据提供者确认",
		EN: "The numbers look like no known system in China, perhaps a local one: ask the author of the data",
	}
}

// holds says whether each side of b has a position in China.
func (c CRS) holds(b orb.Bound) bool {
	for side := range 4 {
		if !c.meets(b, side) {
			return false
		}
	}
	return true
}

// meetsPartly says whether some side of b has a position in China.
func (c CRS) meetsPartly(b orb.Bound) bool {
	for side := range 4 {
		if c.meets(b, side) {
			return true
		}
	}
	return false
}

// sideSteps is into how many pieces a side is cut to look for a position in China. A
// side of 4,000 km is looked at every 62 km.
const sideSteps = 64

// meets says whether side 0–3 of b has a position in China.
func (c CRS) meets(b orb.Bound, side int) bool {
	for i := range sideSteps + 1 {
		if x, y := along(b, side, float64(i)/sideSteps); InChina(c.ToGeographic(x, y)) {
			return true
		}
	}
	return false
}

// outlier is the middle of a side of b that lies outside China as a whole, of the last
// side if none does.
func (c CRS) outlier(b orb.Bound) (x, y float64) {
	side := 0
	for side < 3 && c.meets(b, side) {
		side++
	}
	return along(b, side, 0.5)
}

// along is the place on side 0–3 of b at the fraction t of it.
func along(b orb.Bound, side int, t float64) (x, y float64) {
	x, y = b.Min[0]+t*(b.Max[0]-b.Min[0]), b.Min[1]+t*(b.Max[1]-b.Min[1])
	switch side {
	case 0:
		return b.Min[0], y
	case 1:
		return b.Max[0], y
	case 2:
		return x, b.Min[1]
	}
	return x, b.Max[1]
}

// span writes a range of coordinates.
func span(low, high float64) string {
	if low == high {
		return coordinate(low)
	}
	return coordinate(low) + "–" + coordinate(high)
}

// coordinate writes a coordinate with as many digits as help a reader: degrees to
// 10 m, metres whole, and what is neither in short.
func coordinate(v float64) string {
	switch size := math.Abs(v); {
	case size <= 360:
		return fmt.Sprintf("%.4f", v)
	case size < 1e9:
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g", v)
}

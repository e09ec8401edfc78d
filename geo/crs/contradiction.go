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
	if err := c.zoneContradiction(b); err != nil {
		return err
	}
	if c.holds(b) {
		return nil
	}
	why := c.misfit(b)
	instead := instead(c, b)
	return contradicted(
		"坐标 x %[1]s、y %[2]s 与坐标系 %[3]s 矛盾：%[4]s。%[6]s",
		"coordinates x %[1]s, y %[2]s contradict the system %[3]s: %[5]s. %[7]s",
		span(b.Min[0], b.Max[0]), span(b.Min[1], b.Max[1]), c.ID(), why.ZH, why.EN, instead.ZH, instead.EN)
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
	low, high := math.Floor(b.Min[0]/1e6), math.Floor(b.Max[0]/1e6)
	if low == float64(zone) && high == float64(zone) || low < 1 && high < 1 {
		return nil // the latter is no other zone's number, but none at all
	}
	return contradicted(
		"坐标 x %[1]s 的带号与坐标系 %[2]s 的带号 %[3]d 不一致。%[4]s",
		"coordinates x %[1]s do not begin with %[3]d, the zone number of the system %[2]s. %[5]s",
		span(b.Min[0], b.Max[0]), c.ID(), zone, instead(c, b).ZH, instead(c, b).EN)
}

// misfit says in which way b does not fit c.
func (c CRS) misfit(b orb.Bound) geo.Text {
	small := math.Max(math.Abs(b.Min[0]), math.Abs(b.Max[0])) <= 180 && math.Max(math.Abs(b.Min[1]), math.Abs(b.Max[1])) <= 90
	flat := math.Abs(b.Min[1]) < 1e-3 && math.Abs(b.Max[1]) < 1e-3
	switch {
	case flat:
		return geo.Text{ZH: "所有点的 y 都是 0", EN: "all points have the y 0"}
	case c.holds(swap(b)):
		return geo.Text{ZH: "x 与 y 似乎颠倒", EN: "x and y seem to be exchanged"}
	case c.Geographic() && c.unit == 1 && !small:
		return geo.Text{ZH: "经纬度坐标系中出现了以米计的坐标", EN: "these are metres in a system of degrees"}
	case !c.Geographic() && small:
		return geo.Text{ZH: "投影坐标系中出现了以度计的坐标", EN: "these are degrees in a projected system"}
	}
	x, y := c.outlier(b)
	lon, lat := c.ToGeographic(x, y)
	if math.IsNaN(lon) {
		return geo.Text{ZH: "这些坐标在该坐标系中不存在", EN: "the system has no such coordinates"}
	}
	return geo.Textf("(%[1]s, %[2]s) 将位于经度 %.4[3]f、纬度 %.4[4]f，在中国（东经 73–136°，北纬 3–54°）之外",
		"(%[1]s, %[2]s) would lie at longitude %.4[3]f, latitude %.4[4]f, outside China (73–136° E, 3–54° N)",
		number(x), number(y), lon, lat)
}

// instead says what b looks like, and what to do.
func instead(c CRS, b orb.Bound) geo.Text {
	for _, g := range Sniff(b) {
		if g.Known && g.CRS.ID() == c.ID() && g.Swapped {
			return geo.Text{ZH: "请互换坐标轴后再上传", EN: "Exchange the axes and upload again"}
		}
		if g.Known {
			return geo.Textf("按数值像是 %[1]s（%[2]s）：请改正 .prj，或在上传时指定坐标系",
				"The numbers look like %[1]s (%[3]s): correct the .prj, or name the system with the upload",
				g.CRS.ID(), g.Evidence.ZH, g.Evidence.EN)
		}
		return geo.Text{
			ZH: "按数值像是不含带号的高斯-克吕格坐标：请确认中央经线，在上传时指定坐标系",
			EN: "The numbers look like Gauss-Krüger without a zone number: find out the central meridian and name the system with the upload",
		}
	}
	return geo.Text{
		ZH: "按数值不像任何已知坐标系，可能是地方独立坐标：请向数据提供者确认",
		EN: "The numbers look like no known system, perhaps a local one: ask the author of the data",
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

// outlier is the middle of a side of b that lies outside China as a whole.
func (c CRS) outlier(b orb.Bound) (x, y float64) {
	for side := range 4 {
		if !c.meets(b, side) {
			return along(b, side, 0.5)
		}
	}
	return b.Center()[0], b.Center()[1]
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
	format := "%.0f"
	if math.Max(math.Abs(low), math.Abs(high)) < 1000 {
		format = "%.4f"
	}
	if low == high {
		return fmt.Sprintf(format, low)
	}
	return fmt.Sprintf(format+"–"+format, low, high)
}

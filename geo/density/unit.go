package density

import (
	"math"

	"towngrid/geo"
)

// The units in which planners state areas, beside m². 15 亩 are a hectare.
var areaUnits = [...]struct {
	name string
	m2   float64
}{
	{"公顷(ha)", 1e4},
	{"亩(mu)", 1e4 / 15.0},
	{"km²", 1e6},
}

// unitOf names the unit in which a stated area seems to be, when it is not m²:
// the one in which it agrees with the measured area within a tenth; "" for none.
func unitOf(stated, measuredM2 float64) string {
	for _, u := range areaUnits {
		if r := stated * u.m2 / measuredM2; 0.9 < r && r < 1.1 {
			return u.name
		}
	}
	return ""
}

// farOff is how many times over or under its band a figure must lie before only a
// wrong unit or a wrong CRS explains it: m² against 公顷 is 10,000, one side of a
// square in the wrong unit 100 and more.
const farOff = 100

// suspicion says that v misses the band by so much that a unit or the CRS must be
// wrong; nil where it does not. A v of 0 cannot come from units.
func suspicion(v float64, b Band) *geo.Text {
	times := b.missesBy(v)
	if v <= 0 || times < farOff {
		return nil
	}
	power := math.Round(math.Log10(times))
	text := geo.Textf(
		"结果 %[1]s 偏离指标 %[2]s 约 %[3]s 倍（10 的 %[4]s 次方量级）：单位或坐标系必有错误，请核对常住人口、面积单位与 CRS",
		"the result %[1]s misses the band %[2]s by a factor of %[3]s, of the order of 10 to the power %[4]s: a unit or the CRS must be wrong; check residents, units of area and the CRS",
		digits(v), b, digits(math.Round(times)), digits(power))
	return &text
}

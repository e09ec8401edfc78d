package paper

import (
	"math"
	"strconv"
	"strings"

	"towngrid/geo/density"
)

// muM2 is one 亩 in square metres.
const muM2 = 2000.0 / 3

// digits writes a number without exponent in the shortest form.
func digits(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// number writes a number with its thousands apart, with the decimals that it has, at
// most so many.
func number(v float64, decimals int) string {
	scale := math.Pow(10, float64(decimals))
	if scaled := v * scale; math.Abs(scaled) < 1<<53 {
		v = math.Round(scaled)/scale + 0
	}
	whole, rest, point := strings.Cut(strconv.FormatFloat(math.Abs(v), 'f', -1, 64), ".")
	var b strings.Builder
	if v < 0 {
		b.WriteString("−")
	}
	for i, c := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(c)
	}
	if point {
		b.WriteString("." + rest)
	}
	return b.String()
}

// value writes a figure with its unit. It is the very number that is judged, four
// decimals, and areas besides in ha and 亩.
func (s Style) value(v *float64, unit string) string {
	if v == nil {
		return s.say("无", "none")
	}
	if unit == "m²" {
		return number(*v, 4) + " m² = " + s.hectares(*v)
	}
	return number(*v, 4) + s.unit(unit)
}

// hectares writes an area in ha, and in Chinese in 亩 too.
func (s Style) hectares(m2 float64) string {
	return s.say("%s 公顷（%s 亩）", "%[1]s ha", number(m2/1e4, 4), number(m2/muM2, 2))
}

// unit is a unit behind a number.
func (s Style) unit(unit string) string {
	if s.Lang == "en" {
		switch unit {
		case "人", "个":
			return ""
		case "m²/人":
			return " m² per resident"
		}
	}
	return " " + unit
}

// band writes a band with its unit, areas in ha.
func (s Style) band(b density.Band, unit string) string {
	if b.Open() {
		return "—"
	}
	scale := 1.0
	if unit == "m²" {
		scale, unit = 1e4, s.say("公顷", "ha")
	}
	by := func(v *float64) string { return number(*v/scale, 4) }
	switch {
	case b[0] == nil:
		return "≤ " + by(b[1]) + s.unit(unit)
	case b[1] == nil:
		return "≥ " + by(b[0]) + s.unit(unit)
	case *b[0] == *b[1]:
		return by(b[0]) + s.unit(unit)
	}
	return by(b[0]) + "–" + by(b[1]) + s.unit(unit)
}

package crs

import (
	"fmt"
	"strconv"

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
	return onZone(china2000, zone, prefixed, zoneCode(china2000, zone, prefixed)), nil
}

// ForeignZone is the code, such as "EPSG:2364", of a Gauss-Krüger system on "xian1980" or
// "beijing1954", which nothing but an operator's parameters ties to CGCS2000; "" where
// there is no such zone.
func ForeignZone(datum string, width, zone int, prefixed bool) string {
	f := map[string]frame{"xian1980": xian1980, "beijing1954": beijing1954}[datum]
	if code := zoneCode(f, zone, prefixed); code != 0 && f != "" && zoneWidth(zone) == width {
		return "EPSG:" + strconv.Itoa(code)
	}
	return ""
}

// onZone is the Gauss-Krüger system of a zone on a datum.
func onZone(f frame, zone int, prefixed bool, code int) CRS {
	g := grid{cm: zoneMeridian(zone), scale: 1, fe: 500000}
	if prefixed {
		g.fe += float64(zone) * 1e6
	}
	return onGrid(f, g, code)
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

// zoneRun is a run of codes for the Gauss-Krüger zones of one width on one datum, in
// the order of their numbers.
type zoneRun struct {
	frame    frame
	first    int // the code of zone 13 or 25
	width    int // degrees
	prefixed bool
}

// zoneRuns are all runs of the register, as it lists them. The last has been withdrawn
// there, being the same as one before.
func zoneRuns() [13]zoneRun {
	return [...]zoneRun{
		{china2000, 4491, 6, true}, {china2000, 4502, 6, false},
		{china2000, 4513, 3, true}, {china2000, 4534, 3, false},
		{xian1980, 2327, 6, true}, {xian1980, 2338, 6, false},
		{xian1980, 2349, 3, true}, {xian1980, 2370, 3, false},
		{beijing1954, 21413, 6, true}, {beijing1954, 21453, 6, false},
		{beijing1954, 2401, 3, true}, {beijing1954, 2422, 3, false},
		{beijing1954, 21473, 6, false},
	}
}

// zone is the number of the zone that a code of the run has.
func (r zoneRun) zone(code int) (zone int, ok bool) {
	zone = code - r.first + 25
	if r.width == 6 {
		zone = code - r.first + 13
	}
	return zone, zoneWidth(zone) == r.width
}

// zoneCode is the code of a Gauss-Krüger zone on a datum, 0 if there is none.
func zoneCode(f frame, zone int, prefixed bool) int {
	for _, r := range zoneRuns() {
		if r.frame == f && r.width == zoneWidth(zone) && r.prefixed == prefixed {
			if r.width == 6 {
				return r.first + zone - 13
			}
			return r.first + zone - 25
		}
	}
	return 0
}

// zoneOfCode is the run that a code belongs to, and its zone.
func zoneOfCode(code int) (r zoneRun, zone int, ok bool) {
	for _, r := range zoneRuns() {
		if zone, ok := r.zone(code); ok {
			return r, zone, true
		}
	}
	return zoneRun{}, 0, false
}

// name is the register's name for a zone on a datum.
func (r zoneRun) name(zone int) string {
	width := ""
	if r.width == 3 {
		width = "3-degree "
	}
	if r.prefixed {
		return fmt.Sprintf("%s / %sGauss-Kruger zone %d", r.frame, width, zone)
	}
	return fmt.Sprintf("%s / %sGauss-Kruger CM %s", r.frame, width, meridian(zoneMeridian(zone)))
}

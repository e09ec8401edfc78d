package crs

import (
	"github.com/paulmach/orb"

	"towngrid/geo"
)

// Guess is a system that coordinates could be in, going by their size.
type Guess struct {
	CRS CRS
	// Swapped says that the coordinates stand north first and have to be exchanged.
	Swapped bool
	// Known is false where the numbers do not tell the central meridian: the CRS is
	// one of several among which a person has to choose.
	Known    bool
	Evidence geo.Text
}

// Sniff says what numbers alone tell about the system of coordinates with the bound b,
// east first: the guesses that put all of b into China, best first, with the evidence.
//
//   - up to 180 by 90: degrees. Numbers cannot tell GCJ-02 or BD-09 from CGCS2000.
//   - x 13–46 million, y 2–6 million: Gauss-Krüger with x/10⁶ the zone number.
//   - x 8–15 million: Web Mercator; where a zone number fits as well, both are given.
//   - x 200,000–800,000, y 2–6 million: Gauss-Krüger without a zone number, one guess
//     for each central meridian, none of them Known.
//
// The same with the axes exchanged gives guesses that are Swapped. Nothing is given for
// numbers that fit none of these, such as a city's own grid, for several zone numbers
// in one file, and for an empty bound.
func Sniff(b orb.Bound) []Guess {
	if b.IsEmpty() || !finite(b) {
		return nil
	}
	guesses := sniff(b)
	for _, g := range sniff(swap(b)) {
		g.Swapped = true
		g.Evidence.ZH += "；坐标为北在前、东在后，需互换"
		g.Evidence.EN += "; the coordinates stand north first and have to be exchanged"
		guesses = append(guesses, g)
	}
	return guesses
}

func sniff(b orb.Bound) (guesses []Guess) {
	for _, find := range []func(orb.Bound) []Guess{sniffDegrees, sniffMercator, sniffPrefixed, sniffBare} {
		for _, g := range find(b) {
			if g.CRS.holds(b) {
				guesses = append(guesses, g)
			}
		}
	}
	return guesses
}

func sniffDegrees(b orb.Bound) []Guess {
	return []Guess{{CRS: CGCS2000(), Known: true, Evidence: geo.Textf(
		"x %.4f 至 %.4f、y %.4f 至 %.4f 是中国范围内的经纬度",
		"x %.4f to %.4f, y %.4f to %.4f are degrees in China",
		b.Min[0], b.Max[0], b.Min[1], b.Max[1])}}
}

func sniffMercator(b orb.Bound) []Guess {
	return []Guess{{CRS: onMercator(wgs1984), Known: true, Evidence: geo.Textf(
		"x %.0f 至 %.0f、y %.0f 至 %.0f 作为 Web 墨卡托落在中国范围内",
		"x %.0f to %.0f, y %.0f to %.0f lie in China as Web Mercator",
		b.Min[0], b.Max[0], b.Min[1], b.Max[1])}}
}

func sniffPrefixed(b orb.Bound) []Guess {
	zone := zoneOf(b.Min[0])
	if zone != zoneOf(b.Max[0]) || !northings(b) {
		return nil // two zones in one file are in no one system
	}
	c, err := GaussKrueger(zoneWidth(zone), zone, true)
	if err != nil {
		return nil
	}
	return []Guess{{CRS: c, Known: true, Evidence: geo.Textf(
		"x %.0f 至 %.0f 的前两位 %d 是 %d 度带带号",
		"x %.0f to %.0f begin with %d, the number of a %d-degree zone",
		b.Min[0], b.Max[0], zone, zoneWidth(zone))}}
}

func sniffBare(b orb.Bound) (guesses []Guess) {
	if !northings(b) || b.Min[0] < 200000 || b.Max[0] > 800000 {
		return nil // 300 km are 3° of longitude at 26° N, more than planners' grids span
	}
	for zone := 25; zone <= 45; zone++ {
		c, err := GaussKrueger(3, zone, false)
		if err != nil {
			continue
		}
		guesses = append(guesses, Guess{CRS: c, Evidence: geo.Textf(
			"x %.0f 至 %.0f、y %.0f 至 %.0f 像不含带号的高斯-克吕格坐标，中央经线需由人选定",
			"x %.0f to %.0f, y %.0f to %.0f look like Gauss-Krüger without a zone number; a person has to choose the central meridian",
			b.Min[0], b.Max[0], b.Min[1], b.Max[1])})
	}
	return guesses
}

// northings says whether y are northings of the country's mainland and larger islands.
func northings(b orb.Bound) bool { return b.Min[1] >= 2e6 && b.Max[1] <= 6e6 }

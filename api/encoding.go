package api

import (
	"strconv"
	"strings"

	"towngrid/geo"
	"towngrid/tiles"
)

// tileEncoding is the encoding that an Accept-Encoding header likes best among those we have: of equal
// ones the first of tiles.Encodings, and identity only where nothing else is liked as much. An
// item that is none (RFC 9110, 12.4.2 and 12.5.3) is passed over. It is an error when
// not even identity is taken.
func tileEncoding(header string) (tiles.Encoding, error) {
	if header == "" {
		return tiles.Identity, nil
	}
	weights := map[tiles.Encoding]int{}
	rest, others := -1, false
	for item := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(item, ";")
		weight, ok := weightOf(params)
		if name = strings.ToLower(strings.TrimSpace(name)); !ok || name == "" {
			continue
		}
		switch e := tiles.Encoding(strings.TrimPrefix(name, "x-")); {
		case name == "*":
			rest, others = weight, true
		case name == string(e), e == tiles.Gzip:
			weights[e] = weight
		}
	}
	best, most := tiles.Identity, 0
	for _, e := range tiles.Encodings() {
		weight, named := weights[e]
		if !named && others {
			weight = rest
		}
		if !named && e == tiles.Identity && rest != 0 {
			weight = max(weight, 1) // taken where nobody refuses it, after all that is named
		}
		if weight > most {
			best, most = e, weight
		}
	}
	if most == 0 {
		return "", geo.Errorf("not_acceptable",
			"Accept-Encoding 排除了所有可用编码；可用 zstd、br、gzip 或 identity",
			"Accept-Encoding rules out all that there is: zstd, br, gzip and identity")
	}
	return best, nil
}

// weightOf reads the weight of an item in thousandths: 0 to 1 with three decimals at most, 1 where
// there is none. Other parameters are none that an encoding has.
func weightOf(params string) (thousandths int, ok bool) {
	params = strings.TrimSpace(params)
	if params == "" {
		return 1000, true
	}
	name, value, ok := strings.Cut(params, "=")
	if !ok || !strings.EqualFold(strings.TrimSpace(name), "q") {
		return 0, false
	}
	value = strings.TrimSpace(value)
	whole, fraction, _ := strings.Cut(value, ".")
	if whole != "0" && whole != "1" || len(fraction) > 3 || strings.Trim(fraction, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi((whole + fraction + "000")[:4])
	return n, err == nil && n <= 1000
}

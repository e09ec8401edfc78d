package geo

import (
	"cmp"
	"hash/fnv"
)

// Code names a feature within its collection: 330890001004 for a cell, 0701-17
// for a parcel. It is text: leading zeros count, and no arithmetic is done on it.
type Code string

// Compare orders codes byte by byte, which for codes of one length is their
// numerical order. The lowest code is the match where several cells claim a point.
func (c Code) Compare(d Code) int { return cmp.Compare(c, d) }

// FeatureID is the number by which a vector tile knows the feature of code c in
// collection col: the low 53 bits (so that JavaScript holds it exactly) of the
// 64-bit FNV-1a hash of "collection/code". It depends on nothing else, so it is
// the same in every tile and every version. It is never 0, which MapLibre takes
// for "no ID".
func FeatureID(col Collection, c Code) uint64 {
	h := fnv.New64a()
	h.Write([]byte(col))
	h.Write([]byte{'/'})
	h.Write([]byte(c))
	if id := h.Sum64() & (1<<53 - 1); id != 0 {
		return id
	}
	return 1
}

// Division is an administrative division by its code of 6, 9 or 12 digits
// (county, township, village; GB/T 2260 and its continuation). It is the scope
// of an upload.
type Division string

// ParseDivision reads a division code. A code padded to 12 digits with zeros is
// cut to its own level: 330803000000 is the county 330803.
// The error says what was wrong, in both languages.
func ParseDivision(s string) (Division, error) {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return "", divisionError(s)
		}
	}
	switch {
	case len(s) == 12 && s[6:] == "000000", len(s) == 9 && s[6:] == "000":
		return Division(s[:6]), nil
	case len(s) == 12 && s[9:] == "000":
		return Division(s[:9]), nil
	case len(s) == 6, len(s) == 9, len(s) == 12:
		return Division(s), nil
	}
	return "", divisionError(s)
}

func divisionError(s string) error {
	return Errorf("bad_division",
		"行政区划代码 %q 无效：应为 6、9 或 12 位数字",
		"division code %q is not valid: 6, 9 or 12 digits are wanted", s)
}

// Contains says whether e is d or lies within it.
func (d Division) Contains(e Division) bool {
	return len(e) >= len(d) && e[:len(d)] == d
}

package density

import (
	"encoding/json"
	"fmt"
	"math"
)

// Band is a range of values that includes both of its ends: the lowest and the
// highest. A nil end is open. In JSON it is [23, 36], or [3000, null].
type Band [2]*float64

// Between is the band from lo to hi.
func Between(lo, hi float64) Band { return Band{&lo, &hi} }

// AtLeast is the band from lo upwards.
func AtLeast(lo float64) Band { return Band{&lo, nil} }

// Open says whether the band sets no limit at all.
func (b Band) Open() bool { return b[0] == nil && b[1] == nil }

// Verdict places v, a finite number, in the band. Both ends belong to it.
func (b Band) Verdict(v float64) Verdict {
	switch {
	case b[0] != nil && v < *b[0]:
		return Low
	case b[1] != nil && v > *b[1]:
		return High
	}
	return Fits
}

// Times is the band of products of a value of b and one of c, none negative.
func (b Band) Times(c Band) Band {
	var out Band
	for i := range out {
		if b[i] != nil && c[i] != nil {
			v := *b[i] * *c[i]
			out[i] = &v
		}
	}
	return out
}

// Within is the part that b and c have in common; ok is false where they have none.
func (b Band) Within(c Band) (common Band, ok bool) {
	common = Band{higher(b[0], c[0]), lower(b[1], c[1])}
	return common, common[0] == nil || common[1] == nil || *common[0] <= *common[1]
}

func higher(a, b *float64) *float64 {
	if a == nil || b != nil && *b > *a {
		return b
	}
	return a
}

func lower(a, b *float64) *float64 {
	if a == nil || b != nil && *b < *a {
		return b
	}
	return a
}

// missesBy is how many times v, a positive number, lies over or under the band; 1 within it.
func (b Band) missesBy(v float64) float64 {
	switch {
	case b[0] != nil && v < *b[0]:
		return *b[0] / v
	case b[1] != nil && v > *b[1]:
		return v / *b[1]
	}
	return 1
}

// String is the band as people write it: 23–36, ≥ 1, ≤ 36, or "—" where it is open.
func (b Band) String() string {
	switch {
	case b.Open():
		return "—"
	case b[0] == nil:
		return "≤ " + digits(*b[1])
	case b[1] == nil:
		return "≥ " + digits(*b[0])
	case *b[0] == *b[1]:
		return digits(*b[0])
	}
	return digits(*b[0]) + "–" + digits(*b[1])
}

// UnmarshalJSON reads an array of exactly two numbers or nulls.
func (b *Band) UnmarshalJSON(text []byte) error {
	var ends []*float64
	if err := json.Unmarshal(text, &ends); err != nil {
		return err
	}
	if len(ends) != 2 {
		return fmt.Errorf("band: write [lowest, highest], not %d values", len(ends))
	}
	*b = Band(ends)
	return nil
}

// valid says whether there is a limit at all, and the ends are finite, not negative,
// in order, the upper one with room for a positive value below it.
func (b Band) valid() bool {
	for _, end := range b {
		if end != nil && (math.IsNaN(*end) || math.IsInf(*end, 0) || *end < 0) {
			return false
		}
	}
	return !b.Open() && (b[1] == nil || *b[1] > 0) && (b[0] == nil || b[1] == nil || *b[0] <= *b[1])
}

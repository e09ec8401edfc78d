package geotest

import "math/rand/v2"

// Damage bends a file at some place, as a careless program or hand does: by a character of those given, by
// leaving out up to most bytes, or by its end. What it gives may lie in the same memory.
func Damage(rng *rand.Rand, b []byte, characters string, most int) []byte {
	at := rng.IntN(len(b))
	switch rng.IntN(3) {
	case 0:
		b[at] = characters[rng.IntN(len(characters))]
		return b
	case 1:
		return append(b[:at:at], b[min(len(b), at+1+rng.IntN(most)):]...)
	}
	return b[:at]
}

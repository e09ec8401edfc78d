package coverage

import (
	"math"
	"math/bits"
	"math/rand/v2"

	"github.com/paulmach/orb"
)

// vertices numbers positions: equal ones get the same number. It is a hash table
// with open addresses, of a size known beforehand.
type vertices struct {
	at    []orb.Point // by number
	slots []int32     // number+1, 0 for free
	shift int
	seeds [2]uint64
}

// newVertices makes room for up to n positions.
func newVertices(n int) *vertices {
	size := bits.Len(uint(n+n/2) | 15)
	return &vertices{
		at:    make([]orb.Point, 0, n/2+1),
		slots: make([]int32, 1<<size), shift: 64 - size,
		seeds: [2]uint64{rand.Uint64(), rand.Uint64()},
	}
}

// number is the number of p, a new one where p was not seen yet.
func (v *vertices) number(p orb.Point) int32 {
	p[0], p[1] = p[0]+0, p[1]+0 // minus zero is zero
	for i := v.hash(p) >> v.shift; ; i = (i + 1) & uint64(len(v.slots)-1) {
		switch n := v.slots[i]; {
		case n == 0:
			v.at = append(v.at, p)
			v.slots[i] = int32(len(v.at))
			return int32(len(v.at) - 1)
		case v.at[n-1] == p:
			return n - 1
		}
	}
}

// hash mixes both coordinates into the high bits. Its seeds are random, so that no
// file can be made whose positions all collide; numbers do not depend on them.
func (v *vertices) hash(p orb.Point) uint64 { return hashPoint(p, v.seeds) }

// hashPoint takes minus zero for zero.
func hashPoint(p orb.Point, seeds [2]uint64) uint64 {
	hi, lo := bits.Mul64(math.Float64bits(p[0]+0)^seeds[0], math.Float64bits(p[1]+0)^seeds[1])
	return (hi ^ lo) * 0x9e3779b97f4a7c15
}

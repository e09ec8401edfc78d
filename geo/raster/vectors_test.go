package raster

import (
	"math/rand/v2"
	"testing"
)

// anyBlock is an arena of one block, of any chains, and any words behind it.
func anyBlock(r *rand.Rand) []uint32 {
	n := r.IntN(20)
	if r.IntN(10) == 0 {
		n = r.IntN(mostVertices + 1)
	}
	polygons := 1 + r.IntN(mostSides)
	b := []uint32{uint32(n<<verticesShift|polygons<<countShift) | spread(uint32(r.IntN(1<<polygons)))}
	x, y := r.IntN(mostUnits+1), r.IntN(mostUnits+1)
	for i := range n {
		if wide := r.IntN(3); wide == 0 {
			x, y = r.IntN(mostUnits+1), r.IntN(mostUnits+1)
		} else { // close to the vertex before, or in the same place
			x, y = (x+r.IntN(2*wide))%(mostUnits+1), (y+r.IntN(2*wide))%(mostUnits+1)
		}
		v := uint32(x<<fineBits | y<<(16+fineBits))
		if i > 0 && r.IntN(4) > 0 {
			v |= drawn | spread(uint32(r.IntN(1<<polygons)))
		}
		b = append(b, v)
	}
	for range polygons {
		b = append(b, uint32(r.IntN(1<<30)))
	}
	for range atOnce {
		b = append(b, r.Uint32())
	}
	return b
}

// anySpot is in any place of a block, often close to a vertex of it or on the line of an edge.
func anySpot(r *rand.Rand, b []uint32) spot {
	const most = (mostUnits + 1) << fineBits
	n := int(b[0] >> verticesShift)
	if n == 0 || r.IntN(3) == 0 {
		return spot(r.IntN(most) | r.IntN(most)<<16)
	}
	at := func(k int) (x, y int) { return int(b[1+k] & axisMask), int(b[1+k] >> 16 & axisMask) }
	k := r.IntN(n)
	x, y := at(k)
	if k > 0 && r.IntN(2) == 0 {
		p, q := at(k - 1)
		t := r.Float64()
		x, y = x+int(t*float64(p-x)), y+int(t*float64(q-y))
	}
	x, y = x+r.IntN(4*near)-2*near, y+r.IntN(4*near)-2*near
	return spot(min(max(x, 0), most-1) | min(max(y, 0), most-1)<<16)
}

// TestVectorsCountTheSame compares the two ways of counting bit for bit.
func TestVectorsCountTheSame(t *testing.T) {
	if !vectors {
		t.Skip("nothing is written for the vectors of this processor")
	}
	const rounds = 100_000
	var crossed, closes int
	for seed := range uint64(rounds) {
		r := rand.New(rand.NewPCG(seed, 31))
		b := anyBlock(r)
		for range 4 {
			at := anySpot(r, b)
			odd, close := count(b, at)
			v, vClose := countByVectors(&b[0], at)
			if v&sidesMask != odd || vClose != close {
				t.Fatalf("seed %d: block %x at %x: %x, %v; by vectors %x, %v", seed, b, at, odd, close, v&sidesMask, vClose)
			}
			if odd != 0 {
				crossed++
			}
			if close {
				closes++
			}
		}
	}
	t.Logf("of %d, %d cross an edge and %d are close to one", 4*rounds, crossed, closes)
}

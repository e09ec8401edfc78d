package tiles

import (
	"math/bits"

	"github.com/paulmach/orb"

	"towngrid/geo/snapshot"
)

// blockMost is the most features that a block has, but where more lie upon one place.
const blockMost = 384

// blockKey is the place of a block in a quadtree over the earth: the first so many bits of the
// places of its features' middles along a Z-order curve.
type blockKey struct {
	place uint64
	bits  int
}

// bunch is the features of one block by index, in order.
type bunch struct {
	key     blockKey
	members []int32
}

// partition cuts a part's features into bunches of such as lie close together. A bunch depends on
// the features around alone: where other features change, it stays the same.
func partition(p *snapshot.Part) []bunch {
	n := p.Len()
	s := splitter{places: make([]uint64, n), order: make([]int32, n), spare: make([]int32, n)}
	for i := range n {
		s.places[i], s.order[i] = placeAlong(p.FeatureBound(i).Center()), int32(i)
	}
	s.split(0, n, 0)
	return s.bunches
}

// placeAlong is the place of a position along a Z-order curve over all lons and lats.
func placeAlong(p orb.Point) uint64 {
	x := uint32(min(max((p[0]+180)/360, 0), 1) * (1<<32 - 1))
	y := uint32(min(max((p[1]+90)/180, 0), 1) * (1<<32 - 1))
	return spread(x) | spread(y)<<1
}

// spread puts a zero before each bit.
func spread(v uint32) uint64 {
	x := uint64(v)
	x = (x | x<<16) & 0x0000ffff0000ffff
	x = (x | x<<8) & 0x00ff00ff00ff00ff
	x = (x | x<<4) & 0x0f0f0f0f0f0f0f0f
	x = (x | x<<2) & 0x3333333333333333
	return (x | x<<1) & 0x5555555555555555
}

type splitter struct {
	places       []uint64
	order, spare []int32
	bunches      []bunch
}

// split makes bunches of order[lo:hi], whose places have so many bits in common.
func (s *splitter) split(lo, hi, common int) {
	if hi == lo {
		return
	}
	first := s.places[s.order[lo]]
	if hi-lo <= blockMost || common == 64 {
		key := blockKey{first &^ (1<<(64-common) - 1), common}
		s.bunches = append(s.bunches, bunch{key, s.order[lo:hi:hi]})
		return
	}
	differ := uint64(0)
	for _, i := range s.order[lo:hi] {
		differ |= s.places[i] ^ first
	}
	// The four quarters of the first square in which they do not all lie in the same one.
	shift := 62
	if differ != 0 {
		shift = (63 - bits.LeadingZeros64(differ)) &^ 1
	} else {
		shift = 0
	}
	var starts [5]int
	for _, i := range s.order[lo:hi] {
		starts[s.places[i]>>shift&3+1]++
	}
	for q := range 4 {
		starts[q+1] += starts[q]
	}
	next := starts
	for _, i := range s.order[lo:hi] {
		q := s.places[i] >> shift & 3
		s.spare[lo+next[q]] = i
		next[q]++
	}
	copy(s.order[lo:hi], s.spare[lo:hi])
	for q := range 4 {
		s.split(lo+starts[q], lo+starts[q+1], 64-shift)
	}
}

package tiles

import (
	"slices"

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
	s := splitter{all: make([]placed, n), spare: make([]placed, n), order: make([]int32, n)}
	for i := range n {
		s.all[i] = placed{placeAlong(p.FeatureBound(i).Center()), int32(i)}
	}
	s.split(0, n, 62, 0)
	return s.bunches
}

// placed is a feature at its place along the curve.
type placed struct {
	at uint64
	i  int32
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
	all, spare []placed
	order      []int32 // the members of all bunches
	bunches    []bunch
}

// split makes bunches of all[lo:hi], whose places differ in the two bits from shift on at the highest; common is the
// number of bits that tell them from the others.
func (s *splitter) split(lo, hi, shift, common int) {
	if hi == lo {
		return
	}
	if hi-lo <= blockMost || shift < 0 {
		for k := lo; k < hi; k++ {
			s.order[k] = s.all[k].i
		}
		key := blockKey{s.all[lo].at &^ (1<<(64-common) - 1), common}
		s.bunches = append(s.bunches, bunch{key, s.order[lo:hi:hi]})
		return
	}
	var starts [5]int
	for _, f := range s.all[lo:hi] {
		starts[f.at>>shift&3+1]++
	}
	if slices.Max(starts[:]) == hi-lo { // all in one quarter, which tells them from no other
		s.split(lo, hi, shift-2, common)
		return
	}
	for q := range 4 {
		starts[q+1] += starts[q]
	}
	next := starts
	for _, f := range s.all[lo:hi] {
		q := f.at >> shift & 3
		s.spare[lo+next[q]] = f
		next[q]++
	}
	copy(s.all[lo:hi], s.spare[lo:hi])
	for q := range 4 {
		s.split(lo+starts[q], lo+starts[q+1], shift-2, 64-shift)
	}
}

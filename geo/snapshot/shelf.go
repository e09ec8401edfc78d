package snapshot

import (
	"cmp"
	"crypto/sha256"
	"slices"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/raster"
)

// shelf is the parts of one collection, in order of division. It is immutable.
type shelf struct {
	parts  []*Part
	len    int // of features
	bound  orb.Bound
	digest [sha256.Size]byte // over divisions and version IDs
	chart  *chart
	only   *raster.Raster // of the part, where there is but one and it has one
}

// newShelf makes a shelf of parts, which it sorts.
func newShelf(parts []*Part) *shelf {
	slices.SortFunc(parts, func(a, b *Part) int { return cmp.Compare(a.version.Division, b.version.Division) })
	s := &shelf{parts: parts, bound: nothing()}
	h := sha256.New()
	for _, p := range parts {
		s.len += p.Len()
		s.bound = s.bound.Union(p.bound)
		h.Write([]byte(p.version.Division))
		h.Write([]byte{0})
		h.Write([]byte(p.version.ID))
		h.Write([]byte{0})
	}
	h.Sum(s.digest[:0])
	s.chart = newChart(parts, s.bound)
	if len(parts) == 1 {
		s.only = parts[0].raster
	}
	return s
}

// others are the parts in divisions that are not gone, in a slice of their own.
func (s *shelf) others(gone func(geo.Division) bool) []*Part {
	return slices.DeleteFunc(slices.Clone(s.parts), func(p *Part) bool { return gone(p.version.Division) })
}

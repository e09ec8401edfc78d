package tiles

import (
	"math"
	"math/bits"

	"github.com/paulmach/orb"
)

// contentSum is a digest of 64 bits, begun with a secret seed so that nobody can make content of which it is the
// same as of other content. It is compared within the program only.
type contentSum uint64

// number adds a number by folding a product of 128 bits.
func (s *contentSum) number(v uint64) {
	hi, lo := bits.Mul64(uint64(*s)^0x9e3779b97f4a7c15, v^0xd6e8feb86659fd93)
	*s = contentSum(hi ^ lo)
}

func (s *contentSum) text(t string) {
	s.number(uint64(len(t)))
	for len(t) >= 8 {
		s.number(uint64(t[0]) | uint64(t[1])<<8 | uint64(t[2])<<16 | uint64(t[3])<<24 |
			uint64(t[4])<<32 | uint64(t[5])<<40 | uint64(t[6])<<48 | uint64(t[7])<<56)
		t = t[8:]
	}
	rest := uint64(0)
	for i := range len(t) {
		rest |= uint64(t[i]) << (8 * i)
	}
	s.number(rest)
}

// value adds a property's value with its type.
func (s *contentSum) value(v any) {
	switch v := v.(type) {
	case string:
		s.number(1)
		s.text(v)
	case float64:
		s.number(2)
		s.number(math.Float64bits(v))
	case int64:
		s.number(3)
		s.number(uint64(v))
	case bool:
		s.number(4)
		if v {
			s.number(1)
		}
	}
	s.number(5)
}

func (s *contentSum) geometry(g orb.Geometry) {
	switch g := g.(type) {
	case orb.Point:
		s.point(g)
	case orb.MultiPolygon:
		s.number(uint64(len(g)))
		for _, polygon := range g {
			s.number(uint64(len(polygon)))
			for _, r := range polygon {
				s.number(uint64(len(r)))
				for _, p := range r {
					s.point(p)
				}
			}
		}
	}
}

// point adds a position: both coordinates in one step, which is what most of the time goes to.
func (s *contentSum) point(p orb.Point) {
	hi, lo := bits.Mul64(uint64(*s)^math.Float64bits(p[0]), math.Float64bits(p[1])^0xd6e8feb86659fd93)
	*s = contentSum(hi ^ lo ^ uint64(*s)<<1)
}

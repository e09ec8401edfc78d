package tiles

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/snapshot"
)

// mark is a digest of 128 bits of what a feature gives to the tiles that it meets. Marks are added, modulo
// 2^128, so that the sum over some features does not depend on their order.
//
// A feature's mark is over its collection and division, code, name, properties and
// geometry with every bit, over the geometries of the features whose bounds meet its own, which decide with it
// how its lines are generalised, and of a unit over whether it is another's parent.
// With the units above it (see markOfClimb) these are all by which a feature decides the bytes of a tile.
type mark struct{ hi, lo uint64 }

func (m mark) plus(o mark) mark {
	lo, carry := bits.Add64(m.lo, o.lo, 0)
	hi, _ := bits.Add64(m.hi, o.hi, carry)
	return mark{hi, lo}
}

// sum is the sum of the marks of n features.
type sum struct {
	mark mark
	n    int
}

func (s sum) plus(t sum) sum { return sum{s.mark.plus(t.mark), s.n + t.n} }

// markOf is that of some bytes.
func markOf(b []byte) mark {
	sum := sha256.Sum256(b)
	return mark{binary.LittleEndian.Uint64(sum[:8]), binary.LittleEndian.Uint64(sum[8:16])}
}

// markOfClimb is the mark of a unit's chain: codes and levels up to the centre.
func markOfClimb(s *snapshot.Snapshot, unit geo.Code) mark {
	b := []byte{'u'}
	for _, u := range s.Chain(unit) {
		b = appendSized(appendSized(b, string(u.Code)), u.Properties.Text("level"))
	}
	return markOf(b)
}

// appendFeature appends everything that a feature is, its geometry by the mark of that.
func appendFeature(b []byte, f *geo.Feature, shape mark) []byte {
	b = appendSized(appendSized(b, string(f.Code)), f.Name)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(f.Properties)))
	for _, p := range f.Properties {
		b = appendTyped(appendSized(b, p.Name), p.Value)
	}
	return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(append(b, 'g'), shape.hi), shape.lo)
}

// appendShape appends a geometry.
func appendShape(b []byte, g orb.Geometry) []byte {
	switch g := g.(type) {
	case orb.Point:
		return appendPoint(append(b, 'p'), g)
	case orb.MultiPolygon:
		b = binary.LittleEndian.AppendUint64(append(b, 'm'), uint64(len(g)))
		for _, polygon := range g {
			b = binary.LittleEndian.AppendUint64(b, uint64(len(polygon)))
			for _, ring := range polygon {
				b = binary.LittleEndian.AppendUint64(b, uint64(len(ring)))
				for _, v := range ring {
					b = appendPoint(b, v)
				}
			}
		}
	}
	return b
}

// appendTyped appends a property's value with its type.
func appendTyped(b []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return appendSized(append(b, 's'), v)
	case float64:
		return binary.LittleEndian.AppendUint64(append(b, 'f'), math.Float64bits(v))
	case int64:
		return binary.LittleEndian.AppendUint64(append(b, 'i'), uint64(v))
	case bool:
		if v {
			return append(b, 't')
		}
		return append(b, 'n')
	}
	return append(b, '0')
}

func appendSized(b []byte, s string) []byte {
	return append(binary.LittleEndian.AppendUint64(b, uint64(len(s))), s...)
}

func appendPoint(b []byte, p orb.Point) []byte {
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(p[0]))
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(p[1]))
}

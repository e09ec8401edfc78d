package geo

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// Checksum is the hex SHA-256 over features in order of code: code, name,
// geometry with every bit of its doubles, and properties, each with its length
// before it. Two stores that hold the same features agree on it.
// A geometry other than a Point or MultiPolygon, or a property that JSON cannot
// say, is an error.
func Checksum(fs []Feature) (string, error) {
	order := make([]int, len(fs))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return fs[a].Code.Compare(fs[b].Code) })
	h := sha256.New()
	var buf []byte
	for _, i := range order {
		f := &fs[i]
		buf = appendSized(buf[:0], []byte(f.Code))
		buf = appendSized(buf, []byte(f.Name))
		props, err := f.Properties.AppendJSON(nil)
		if err != nil {
			return "", fmt.Errorf("feature %s: %w", f.Code, err)
		}
		h.Write(appendSized(buf, props))
		if err := sumGeometry(h, buf[:0], f.Geometry); err != nil {
			return "", fmt.Errorf("feature %s: %w", f.Code, err)
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func appendSized(b, part []byte) []byte {
	return append(binary.LittleEndian.AppendUint64(b, uint64(len(part))), part...)
}

func sumGeometry(h hash.Hash, buf []byte, g orb.Geometry) error {
	switch g := g.(type) {
	case orb.Point:
		h.Write(appendPoint(append(buf, 1), g))
	case orb.MultiPolygon:
		buf = binary.LittleEndian.AppendUint64(append(buf, 6), uint64(len(g)))
		for _, p := range g {
			buf = binary.LittleEndian.AppendUint64(buf, uint64(len(p)))
			for _, r := range p {
				buf = binary.LittleEndian.AppendUint64(buf, uint64(len(r)))
				for _, v := range r {
					buf = appendPoint(buf, v)
				}
				h.Write(buf)
				buf = buf[:0]
			}
		}
		h.Write(buf)
	default:
		return fmt.Errorf("no checksum for a geometry of type %T", g)
	}
	return nil
}

func appendPoint(b []byte, p orb.Point) []byte {
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(p[0]))
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(p[1]))
}

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
	h := sha256.New()
	var buf []byte
	for f := range InOrder(fs) {
		buf = appendSized(buf[:0], f.Code)
		buf = appendSized(buf, f.Name)
		at := len(buf)
		var err error
		if buf, err = f.Properties.AppendJSON(append(buf, make([]byte, 8)...)); err != nil {
			return "", fmt.Errorf("feature %s: %w", f.Code, err)
		}
		binary.LittleEndian.PutUint64(buf[at:], uint64(len(buf)-at-8))
		if buf, err = sumGeometry(h, buf, f.Geometry); err != nil {
			return "", fmt.Errorf("feature %s: %w", f.Code, err)
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func appendSized[T ~string](b []byte, part T) []byte {
	return append(binary.LittleEndian.AppendUint64(b, uint64(len(part))), part...)
}

// sumGeometry adds buf and what g says to h; it gives buf back, to be used again.
func sumGeometry(h hash.Hash, buf []byte, g orb.Geometry) ([]byte, error) {
	switch g := g.(type) {
	case orb.Point:
		buf = appendPoints(append(buf, 1), orb.Ring{g})
	case orb.MultiPolygon:
		const much = 64 << 10
		buf = binary.LittleEndian.AppendUint64(append(buf, 6), uint64(len(g)))
		for _, p := range g {
			buf = binary.LittleEndian.AppendUint64(buf, uint64(len(p)))
			for _, r := range p {
				buf = binary.LittleEndian.AppendUint64(buf, uint64(len(r)))
				buf = appendPoints(buf, r)
				if len(buf) > much {
					h.Write(buf)
					buf = buf[:0]
				}
			}
		}
	default:
		return buf, fmt.Errorf("no checksum for a geometry of type %T", g)
	}
	h.Write(buf)
	return buf, nil
}

func appendPoints(b []byte, ps orb.Ring) []byte {
	at := len(b)
	b = slices.Grow(b, 16*len(ps))[:at+16*len(ps)]
	for out := b[at:]; len(ps) > 0; ps, out = ps[1:], out[16:] {
		binary.LittleEndian.PutUint64(out, math.Float64bits(ps[0][0]))
		binary.LittleEndian.PutUint64(out[8:], math.Float64bits(ps[0][1]))
	}
	return b
}

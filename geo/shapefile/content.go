package shapefile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/paulmach/orb"
)

// appendFrame begins a record; setFrameLength completes it.
func appendFrame(b []byte, number int) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(number)), 0, 0, 0, 0)
}

func setFrameLength(b []byte, words uint32) { binary.BigEndian.PutUint32(b[4:], words) }

func appendIndexEntry(b []byte, at, words uint32) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(b, at), words)
}

// appendShape appends the content of a record of kind k.
func appendShape(b []byte, k kind, g orb.Geometry) ([]byte, error) {
	switch g := g.(type) {
	case nil:
		return appendNull(b), nil
	case orb.Point:
		if k == point {
			return appendPoints(appendKind(b, k), g)
		}
	case orb.MultiPoint:
		if k == multiPoint {
			return appendMultiPoint(b, g)
		}
	case orb.LineString:
		if k == polyLine {
			return appendLines(b, orb.MultiLineString{g})
		}
	case orb.MultiLineString:
		if k == polyLine {
			return appendLines(b, g)
		}
	case orb.Polygon:
		if k == polygon {
			return appendPolygons(b, orb.MultiPolygon{g})
		}
	case orb.MultiPolygon:
		if k == polygon {
			return appendPolygons(b, g)
		}
	}
	return b, fmt.Errorf("a %s is no %s", g.GeoJSONType(), k)
}

func appendKind(b []byte, k kind) []byte { return binary.LittleEndian.AppendUint32(b, uint32(k)) }

func appendNull(b []byte) []byte { return appendKind(b, null) }

func appendPoints(b []byte, points ...orb.Point) ([]byte, error) {
	for _, p := range points {
		if !(math.Abs(p[0]) <= maxCoordinate && math.Abs(p[1]) <= maxCoordinate) {
			return b, fmt.Errorf("(%v, %v) is no position", p[0], p[1])
		}
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(p[0]))
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(p[1]))
	}
	return b, nil
}

func appendMultiPoint(b []byte, g orb.MultiPoint) ([]byte, error) {
	if len(g) == 0 {
		return appendNull(b), nil
	}
	b = appendBound(appendKind(b, multiPoint), g.Bound())
	return appendPoints(binary.LittleEndian.AppendUint32(b, uint32(len(g))), g...)
}

func appendBound(b []byte, bound orb.Bound) []byte {
	for _, v := range []float64{bound.Min[0], bound.Min[1], bound.Max[0], bound.Max[1]} {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	return b
}

// appendCounts begins a record of parts: type, bounds, counts and part indices.
func appendCounts(b []byte, k kind, bound orb.Bound, sizes []int) []byte {
	total := 0
	for _, n := range sizes {
		total += n
	}
	b = appendBound(appendKind(b, k), bound)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(sizes)))
	b = binary.LittleEndian.AppendUint32(b, uint32(total))
	at := 0
	for _, n := range sizes {
		b = binary.LittleEndian.AppendUint32(b, uint32(at))
		at += n
	}
	return b
}

func appendLines(b []byte, g orb.MultiLineString) ([]byte, error) {
	if len(g) == 0 {
		return appendNull(b), nil
	}
	var sizes []int
	for _, line := range g {
		if len(line) < 2 {
			return b, errors.New("a line has fewer than two points")
		}
		sizes = append(sizes, len(line))
	}
	b = appendCounts(b, polyLine, g.Bound(), sizes)
	var err error
	for _, line := range g {
		if b, err = appendPoints(b, line...); err != nil {
			return b, err
		}
	}
	return b, nil
}

// appendPolygons writes outer rings clockwise and holes counter-clockwise,
// whatever their winding, and closes what is not closed.
func appendPolygons(b []byte, g orb.MultiPolygon) ([]byte, error) {
	var sizes []int
	for _, poly := range g {
		for _, r := range poly {
			n := len(r)
			if n > 0 && r[0] != r[n-1] {
				n++
			}
			if n < 4 {
				return b, errors.New("a ring has fewer than three vertices")
			}
			sizes = append(sizes, n)
		}
	}
	if len(sizes) == 0 {
		return appendNull(b), nil
	}
	b = appendCounts(b, polygon, g.Bound(), sizes)
	var err error
	for _, poly := range g {
		for i, r := range poly {
			if b, err = appendRing(b, r, i > 0); err != nil {
				return b, err
			}
		}
	}
	return b, nil
}

func appendRing(b []byte, r orb.Ring, hole bool) ([]byte, error) {
	closed := r[0] == r[len(r)-1]
	var err error
	if clockwise := area2(r) < 0; clockwise == hole {
		if !closed {
			b, err = appendPoints(b, r[0])
		}
		for i := len(r) - 1; i >= 0 && err == nil; i-- {
			b, err = appendPoints(b, r[i])
		}
		return b, err
	}
	if b, err = appendPoints(b, r...); err == nil && !closed {
		b, err = appendPoints(b, r[0])
	}
	return b, err
}

// area2 is twice the signed area of a ring, closed or not, summed relative to
// its first vertex.
func area2(r orb.Ring) (sum float64) {
	o := r[0]
	for i := 1; i < len(r); i++ {
		a, b := r[i-1], r[i]
		sum += (a[0]-o[0])*(b[1]-o[1]) - (b[0]-o[0])*(a[1]-o[1])
	}
	return sum
}

// contentBound reads the bounds of a record's content, ok false for a null shape.
func contentBound(b []byte) (lo, hi [2]float64, ok bool) {
	at := func(i int) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b[typeBytes+8*i:])) }
	switch kind(binary.LittleEndian.Uint32(b)) {
	case null:
		return lo, hi, false
	case point:
		lo = [2]float64{at(0), at(1)}
		return lo, lo, true
	}
	return [2]float64{at(0), at(1)}, [2]float64{at(2), at(3)}, true
}

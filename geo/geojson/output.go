package geojson

import (
	"errors"
	"fmt"
	"math"

	"github.com/paulmach/orb"
)

// appendGeometry appends a geometry, null for none and for one without points.
func appendGeometry(b []byte, g orb.Geometry) ([]byte, error) {
	if empty(g) {
		return append(b, "null"...), nil
	}
	b = fmt.Appendf(b, `{"type":%q,"coordinates":`, g.GeoJSONType())
	var err error
	switch g := g.(type) {
	case orb.Point:
		b, err = appendPosition(b, g)
	case orb.MultiPoint:
		b, err = appendList(b, g, appendPosition)
	case orb.LineString:
		b, err = appendLine(b, g)
	case orb.MultiLineString:
		b, err = appendList(b, g, appendLine)
	case orb.Polygon:
		b, err = appendPolygon(b, g)
	case orb.MultiPolygon:
		b, err = appendList(b, g, appendPolygon)
	default:
		return b, fmt.Errorf("a %s is not written", g.GeoJSONType())
	}
	return append(b, '}'), err
}

// empty says that g has no parts.
func empty(g orb.Geometry) bool {
	switch g := g.(type) {
	case nil:
		return true
	case orb.MultiPoint:
		return len(g) == 0
	case orb.LineString:
		return len(g) == 0
	case orb.MultiLineString:
		return len(g) == 0
	case orb.Polygon:
		return len(g) == 0
	case orb.MultiPolygon:
		return len(g) == 0
	}
	return false
}

// appendList appends an array of what one appends.
func appendList[E any, L ~[]E](b []byte, list L, one func([]byte, E) ([]byte, error)) (_ []byte, err error) {
	b = append(b, '[')
	for i, e := range list {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = one(b, e); err != nil {
			return b, err
		}
	}
	return append(b, ']'), nil
}

func appendPosition(b []byte, p orb.Point) ([]byte, error) {
	if !(math.Abs(p[0]) <= maxCoordinate && math.Abs(p[1]) <= maxCoordinate) {
		return b, fmt.Errorf("(%v, %v) is no position", p[0], p[1])
	}
	b = appendFloat(append(b, '['), p[0])
	b = appendFloat(append(b, ','), p[1])
	return append(b, ']'), nil
}

func appendLine(b []byte, line orb.LineString) ([]byte, error) {
	if len(line) < 2 {
		return b, errors.New("a line has fewer than two points")
	}
	return appendList(b, line, appendPosition)
}

// appendPolygon writes the outer ring counter-clockwise and holes clockwise, whatever
// their winding, and closes what is not closed.
func appendPolygon(b []byte, p orb.Polygon) ([]byte, error) {
	if len(p) == 0 {
		return b, errors.New("a polygon has no rings")
	}
	b = append(b, '[')
	var err error
	for i, r := range p {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendRing(b, r, i > 0); err != nil {
			return b, err
		}
	}
	return append(b, ']'), nil
}

func appendRing(b []byte, r orb.Ring, hole bool) (_ []byte, err error) {
	if n := len(r); n > 1 && r[0] == r[n-1] {
		r = r[:n-1]
	}
	if len(r) < 3 {
		return b, errors.New("a ring has fewer than three vertices")
	}
	n := len(r)
	backward := (area2(r) < 0) != hole
	b = append(b, '[')
	for i := range n + 1 {
		if i > 0 {
			b = append(b, ',')
		}
		at := i % n
		if backward {
			at = (n - i) % n
		}
		if b, err = appendPosition(b, r[at]); err != nil {
			return b, err
		}
	}
	return append(b, ']'), nil
}

// area2 is twice the signed area of a ring without its last vertex, positive
// counter-clockwise, summed relative to its first.
func area2(r orb.Ring) (sum float64) {
	o := r[0]
	for i := 1; i < len(r); i++ {
		p, q := r[i-1], r[i]
		sum += (p[0]-o[0])*(q[1]-o[1]) - (q[0]-o[0])*(p[1]-o[1])
	}
	return sum
}

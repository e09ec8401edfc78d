package rows

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/twpayne/go-geom/encoding/wkbcommon"
)

// SRID is the reference system of every geometry kept: CGCS2000, lon and lat in degrees.
const SRID = 4490

// Append appends a geometry to b: as little-endian well-known binary but for its head, the
// byte order and type, which is the caller's. kind is the type: that of a Point or a MultiPolygon,
// and an error for anything else.
func Append(b []byte, g orb.Geometry, head func(b []byte, kind uint32) []byte) ([]byte, error) {
	switch g := g.(type) {
	case orb.Point:
		return appendPoint(head(b, wkbcommon.PointID), g), nil
	case orb.MultiPolygon:
		b = appendCount(head(b, wkbcommon.MultiPolygonID), len(g))
		for _, p := range g {
			b = appendCount(AppendHead(b, wkbcommon.PolygonID), len(p))
			for _, r := range p {
				b = slices.Grow(appendCount(b, len(r)), 16*len(r))
				for _, v := range r {
					b = appendPoint(b, v)
				}
			}
		}
		return b, nil
	}
	return b, fmt.Errorf("a geometry of type %T cannot be kept", g)
}

// AppendHead appends the head that Head cuts off.
func AppendHead(b []byte, kind uint32) []byte {
	return binary.LittleEndian.AppendUint32(append(b, wkbcommon.NDRID), kind)
}

func appendCount(b []byte, n int) []byte { return binary.LittleEndian.AppendUint32(b, uint32(n)) }

func appendPoint(b []byte, p orb.Point) []byte {
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(p[0]))
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(p[1]))
}

// Empty is the bound of nothing.
func Empty() orb.Bound {
	return orb.Bound{Min: orb.Point{math.Inf(1), math.Inf(1)}, Max: orb.Point{math.Inf(-1), math.Inf(-1)}}
}

// BoundOf is the bound of a Point or a MultiPolygon, empty where it has no point; it is an
// error where a coordinate is not finite.
func BoundOf(g orb.Geometry) (orb.Bound, error) {
	b, finite := Empty(), true
	reach := func(p orb.Point) {
		for i, v := range p {
			finite = finite && v-v == 0
			b.Min[i], b.Max[i] = min(b.Min[i], v), max(b.Max[i], v)
		}
	}
	switch g := g.(type) {
	case orb.Point:
		reach(g)
	case orb.MultiPolygon:
		for _, p := range g {
			for _, r := range p {
				for _, v := range r {
					reach(v)
				}
			}
		}
	}
	if !finite {
		return b, errors.New("a coordinate is not finite, which is no place")
	}
	return b, nil
}

var errCounts = errors.New("WKB: its counts do not fit its length")

// Geometry reads a little-endian WKB Point or MultiPolygon, of which kind and body are
// what Head gives: every double bit for bit. It is an error where body is not exactly
// that, and then, whatever its counts claim, nothing is allocated for it.
func Geometry(kind uint32, body []byte) (orb.Geometry, error) {
	var n counts
	if err := n.add(kind, body); err != nil {
		return nil, err
	}
	r := n.room()
	return r.geometry(kind, body), nil
}

// Head cuts the byte order and type from little-endian WKB; of anything else the kind is 0.
func Head(b []byte) (kind uint32, body []byte) {
	if len(b) < wkbHead || b[0] != wkbcommon.NDRID {
		return 0, nil
	}
	return binary.LittleEndian.Uint32(b[1:]), b[wkbHead:]
}

// counts is how much there is of geometries.
type counts struct{ polygons, rings, points int }

// add adds a geometry, of which kind and body are as Geometry has them, or an error where its
// counts do not fit the bytes present.
func (n *counts) add(kind uint32, body []byte) error {
	switch kind {
	case wkbcommon.PointID:
		if len(body) != 16 {
			return errCounts
		}
		return nil
	case wkbcommon.MultiPolygonID:
		polygons, b, err := count(body, wkbHead+4)
		n.polygons += polygons
		for ; polygons > 0 && err == nil; polygons-- {
			b, err = n.polygon(b)
		}
		if err == nil && len(b) > 0 {
			err = errCounts
		}
		return err
	}
	return errCounts
}

func (n *counts) polygon(b []byte) (rest []byte, err error) {
	kind, b := Head(b)
	if kind != wkbcommon.PolygonID {
		return nil, errCounts
	}
	rings, b, err := count(b, 4)
	n.rings += rings
	for ; rings > 0 && err == nil; rings-- {
		var points int
		if points, b, err = count(b, 16); err == nil {
			n.points += points
			b = b[16*points:]
		}
	}
	return b, err
}

// count cuts the count of things that take size bytes each, at least, from b.
func count(b []byte, size int) (n int, rest []byte, err error) {
	if len(b) < 4 {
		return 0, nil, errCounts
	}
	many := binary.LittleEndian.Uint32(b)
	if b = b[4:]; uint64(many) > uint64(len(b)/size) {
		return 0, nil, errCounts
	}
	return int(many), b, nil
}

// room is memory for geometries that were counted, laid one behind the other.
type room struct {
	polygons []orb.Polygon
	rings    []orb.Ring
	points   []orb.Point
}

func (n counts) room() room {
	return room{make([]orb.Polygon, n.polygons), make([]orb.Ring, n.rings), make([]orb.Point, n.points)}
}

// geometry reads what was counted.
func (r *room) geometry(kind uint32, body []byte) orb.Geometry {
	if kind == wkbcommon.PointID {
		return point(body)
	}
	le := binary.LittleEndian
	polygons := take(&r.polygons, le.Uint32(body))
	body = body[4:]
	for i := range polygons {
		polygons[i] = take(&r.rings, le.Uint32(body[wkbHead:]))
		body = body[wkbHead+4:]
		for j := range polygons[i] {
			ring := take(&r.points, le.Uint32(body))
			body = body[4:]
			for k := range ring {
				ring[k] = point(body[16*k : 16*k+16])
			}
			polygons[i][j], body = ring, body[16*len(ring):]
		}
	}
	return orb.MultiPolygon(polygons)
}

// take cuts the first n from what is left.
func take[T any](left *[]T, n uint32) []T {
	first := (*left)[:n:n]
	*left = (*left)[n:]
	return first
}

func point(b []byte) orb.Point {
	_ = b[15]
	return orb.Point{math.Float64frombits(binary.LittleEndian.Uint64(b)), math.Float64frombits(binary.LittleEndian.Uint64(b[8:]))}
}

// wkbHead is the size of the byte order and type that every WKB begins with.
const wkbHead = 5

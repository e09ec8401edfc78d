package rows

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/paulmach/orb"
	"github.com/twpayne/go-geom"
	"github.com/twpayne/go-geom/encoding/wkbcommon"
)

// SRID is the reference system of every geometry kept: CGCS2000, lon and lat in degrees.
const SRID = 4490

// Flat is g as go-geom holds it, with its coordinates.
func Flat(g orb.Geometry) (geom.T, []float64, error) {
	switch g := g.(type) {
	case orb.Point:
		xy := []float64{g[0], g[1]}
		return geom.NewPointFlat(geom.XY, xy), xy, nil
	case orb.MultiPolygon:
		n := 0
		for _, p := range g {
			for _, r := range p {
				n += 2 * len(r)
			}
		}
		xy, ends := make([]float64, 0, n), make([][]int, len(g))
		for i, p := range g {
			ends[i] = make([]int, len(p))
			for j, r := range p {
				for _, v := range r {
					xy = append(xy, v[0], v[1])
				}
				ends[i][j] = len(xy)
			}
		}
		return geom.NewMultiPolygonFlat(geom.XY, xy, ends), xy, nil
	}
	return nil, nil, fmt.Errorf("a geometry of type %T cannot be kept", g)
}

// BoundOf is the bound of coordinates x, y, x, y, …; of none it is empty.
func BoundOf(xy []float64) (orb.Bound, error) {
	b := orb.Bound{Min: orb.Point{math.Inf(1), math.Inf(1)}, Max: orb.Point{math.Inf(-1), math.Inf(-1)}}
	for i, v := range xy {
		if v-v != 0 {
			return b, fmt.Errorf("a coordinate is %v, which is no place", v)
		}
		b.Min[i&1], b.Max[i&1] = min(b.Min[i&1], v), max(b.Max[i&1], v)
	}
	return b, nil
}

// Geometry is what Flat was made from; another kind of geometry is an error.
func Geometry(t geom.T) (orb.Geometry, error) {
	switch t := t.(type) {
	case *geom.Point:
		return orb.Point{t.X(), t.Y()}, nil
	case *geom.MultiPolygon:
		return multiPolygon(t.FlatCoords(), t.Endss()), nil
	}
	return nil, fmt.Errorf("a geometry of type %T is not of this store", t)
}

// multiPolygon puts all points into one array that the rings share.
func multiPolygon(xy []float64, endss [][]int) orb.MultiPolygon {
	points := make([]orb.Point, len(xy)/2)
	for i := range points {
		points[i] = orb.Point{xy[2*i], xy[2*i+1]}
	}
	mp, start := make(orb.MultiPolygon, len(endss)), 0
	for i, ends := range endss {
		mp[i] = make(orb.Polygon, len(ends))
		for j, end := range ends {
			mp[i][j] = orb.Ring(points[start : end/2 : end/2])
			start = end / 2
		}
	}
	return mp
}

var errCounts = errors.New("WKB: its counts do not fit its length")

// CheckCounts says whether b is exactly one little-endian WKB Point or
// MultiPolygon whose counts fit the bytes present.
func CheckCounts(b []byte) error {
	head, body := take(b, wkbHead)
	return CheckBody(wkbKind(head), body)
}

// CheckBody is CheckCounts of what follows the head, which named the kind.
func CheckBody(kind uint32, b []byte) error {
	switch kind {
	case wkbcommon.PointID:
		if len(b) != 16 {
			return errCounts
		}
		return nil
	case wkbcommon.MultiPolygonID:
		b, err := skip(b, func(b []byte) ([]byte, error) {
			kind, b := take(b, wkbHead)
			if wkbKind(kind) != wkbcommon.PolygonID {
				return nil, errCounts
			}
			return skip(b, skipRing)
		})
		if err == nil && len(b) > 0 {
			err = errCounts
		}
		return err
	}
	return errCounts
}

// wkbHead is the size of the byte order and type that every WKB begins with.
const wkbHead = 5

// wkbKind is the type that a little-endian WKB head names, 0 for any other head.
func wkbKind(head []byte) uint32 {
	if len(head) < wkbHead || head[0] != wkbcommon.NDRID {
		return 0
	}
	return binary.LittleEndian.Uint32(head[1:])
}

// take cuts n bytes from b, nil when there are fewer.
func take(b []byte, n int) (head, rest []byte) {
	if len(b) < n {
		return nil, nil
	}
	return b[:n], b[n:]
}

// skip passes over a count and so many parts.
func skip(b []byte, part func([]byte) ([]byte, error)) ([]byte, error) {
	count, b := take(b, 4)
	if count == nil {
		return nil, errCounts
	}
	var err error
	// Each part takes bytes or fails, so the loop ends with the bytes.
	for range binary.LittleEndian.Uint32(count) {
		if b, err = part(b); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func skipRing(b []byte) ([]byte, error) {
	count, b := take(b, 4)
	if count == nil || uint64(binary.LittleEndian.Uint32(count)) > uint64(len(b)/16) {
		return nil, errCounts
	}
	return b[16*int(binary.LittleEndian.Uint32(count)):], nil
}

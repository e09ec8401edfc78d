package gpkg

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"

	"github.com/paulmach/orb"

	"towngrid/data/rows"
)

// The header of a GeoPackage geometry (OGC 12-128r17, 2.1.3): "GP", version 0,
// flags, SRID, then the bound as min x, max x, min y, max y unless the geometry
// is empty. WKB follows.
const (
	headerSize = 8
	boundSize  = 4 * 8

	flagLittle = 1 << 0 // of the header's numbers
	flagBound  = 1 << 1 // a bound without z and m
	flagEmpty  = 1 << 4
)

// form is how a GeoPackage keeps a geometry.
var form = rows.NewForm(encode, bodyOf)

// encode appends g as a GeoPackage geometry, little-endian throughout, every double
// bit for bit, and gives its bound. It is an error when g is neither a Point nor a
// MultiPolygon or a coordinate is not finite.
func encode(b []byte, g orb.Geometry) ([]byte, orb.Bound, error) {
	bound, err := rows.BoundOf(g)
	if err != nil {
		return b, bound, err
	}
	b, err = rows.Append(appendHeader(b, bound), g, rows.AppendHead)
	return b, bound, err
}

func appendHeader(b []byte, around orb.Bound) []byte {
	flags := byte(flagLittle | flagBound)
	if around.IsEmpty() {
		flags = flagLittle | flagEmpty
	}
	b = binary.LittleEndian.AppendUint32(append(b, 'G', 'P', 0, flags), rows.SRID)
	if around.IsEmpty() {
		return b
	}
	for _, v := range [...]float64{around.Min[0], around.Max[0], around.Min[1], around.Max[1]} {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	return b
}

// decode reads what encode made. Anything else is an error.
func decode(blob []byte) (orb.Geometry, error) {
	kind, body, err := bodyOf(blob)
	if err != nil {
		return nil, err
	}
	return rows.Geometry(kind, body)
}

// bodyOf is the kind of geometry that a blob holds, and what follows the head of its WKB.
func bodyOf(blob []byte) (kind uint32, body []byte, err error) {
	b, err := afterHeader(blob)
	if err != nil {
		return 0, nil, err
	}
	kind, body = rows.Head(b)
	return kind, body, nil
}

var errHeader = errors.New("not a GeoPackage geometry in EPSG:4490")

// afterHeader is the WKB of a GeoPackage geometry as encode makes it.
func afterHeader(blob []byte) ([]byte, error) {
	if len(blob) < headerSize || !bytes.Equal(blob[:3], []byte{'G', 'P', 0}) || binary.LittleEndian.Uint32(blob[4:]) != rows.SRID {
		return nil, errHeader
	}
	switch blob[3] {
	case flagLittle | flagEmpty:
		return blob[headerSize:], nil
	case flagLittle | flagBound:
		if len(blob) >= headerSize+boundSize {
			return blob[headerSize+boundSize:], nil
		}
	}
	return nil, errHeader
}

// bound reads the bound from a geometry's header, as encode makes it; it is empty
// for an empty geometry.
func bound(blob []byte) (orb.Bound, error) {
	empty := rows.Empty()
	body, err := afterHeader(blob)
	if err != nil || len(blob)-len(body) == headerSize {
		return empty, err
	}
	at := func(i int) float64 {
		return math.Float64frombits(binary.LittleEndian.Uint64(blob[headerSize+8*i:]))
	}
	return orb.Bound{Min: orb.Point{at(0), at(2)}, Max: orb.Point{at(1), at(3)}}, nil
}

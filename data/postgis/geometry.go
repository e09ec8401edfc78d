package postgis

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/paulmach/orb"
	"github.com/twpayne/go-geom/encoding/wkbcommon"

	"towngrid/data/rows"
)

// form is how the engine keeps a geometry: as EWKB, little-endian, with the SRID.
var form = rows.NewForm(encode, kindOf)

// codec hands PostGIS's geometries over as EWKB, in the binary protocol only. It is
// what the server sends and takes, byte for byte, so the doubles stay as they are.
// The server must be little-endian, as all machines are that PostgreSQL is packaged
// for but s390x: another's bytes would not agree with their checksums.
type codec struct{ pgtype.ByteaCodec }

// FormatSupported is so for the binary format.
func (codec) FormatSupported(format int16) bool { return format == pgtype.BinaryFormatCode }

// headSize is the size of the byte order, type and SRID with which EWKB begins.
const headSize = 1 + 4 + 4

// hasSRID is the bit of EWKB's type that says that an SRID follows.
const hasSRID = 0x20000000

// encode appends g as EWKB, every double bit for bit, and gives its bound. It is an error
// when g is neither a Point nor a MultiPolygon or a coordinate is not finite.
func encode(b []byte, g orb.Geometry) ([]byte, orb.Bound, error) {
	bound, err := rows.BoundOf(g)
	if err != nil {
		return b, bound, err
	}
	b, err = rows.Append(b, g, func(b []byte, kind uint32) []byte {
		return binary.LittleEndian.AppendUint32(rows.AppendHead(b, kind|hasSRID), rows.SRID)
	})
	return b, bound, err
}

var errHead = errors.New("not an EWKB geometry in EPSG:4490")

// kindOf is the kind of geometry that EWKB holds, and what follows its head.
func kindOf(b []byte) (kind uint32, body []byte, err error) {
	if len(b) < headSize || b[0] != wkbcommon.NDRID || binary.LittleEndian.Uint32(b[5:]) != rows.SRID {
		return 0, nil, errHead
	}
	kind = binary.LittleEndian.Uint32(b[1:])
	if kind&hasSRID == 0 {
		return 0, nil, errHead
	}
	return kind &^ hasSRID, b[headSize:], nil
}

// decode reads what encode made. Anything else is an error.
func decode(b []byte) (orb.Geometry, error) {
	kind, body, err := kindOf(b)
	if err != nil {
		return nil, err
	}
	return rows.Geometry(kind, body)
}

// columns are a geometry's area, place and odd, of which one is not nil. PostGIS takes
// polygons of closed rings of four points and more. What it takes without any, such as
// an empty polygon among others, does not come back as it was.
func columns(b []byte) (area, place, odd []byte) {
	kind, body, err := kindOf(b)
	switch {
	case err == nil && kind == wkbcommon.PointID:
		return nil, b, nil
	case err == nil && kind == wkbcommon.MultiPolygonID && closed(body):
		return b, nil, nil
	}
	return nil, nil, b
}

// closed says whether the body of a MultiPolygon, as encode makes it, has polygons
// only of closed rings of four points and more, and at least one.
func closed(b []byte) bool {
	le := binary.LittleEndian
	polygons := le.Uint32(b)
	b = b[4:]
	for range polygons {
		count := le.Uint32(b[5:]) // behind byte order and type
		b = b[9:]
		for range count {
			n := int(le.Uint32(b))
			if n < 4 || !bytes.Equal(b[4:20], b[4+16*(n-1):4+16*n]) {
				return false
			}
			b = b[4+16*n:]
		}
		if count == 0 {
			return false
		}
	}
	return polygons > 0
}

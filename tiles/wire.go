package tiles

import (
	"encoding/binary"
	"math/bits"
)

// Field headers of the Mapbox Vector Tile specification 2.1 in protobuf: number << 3 | wire
// type, which is 0 for varints, 1 for 64 bits and 2 for bytes with their length.
const (
	tileLayer = 3<<3 | 2

	layerTitle   = 1<<3 | 2
	layerFeature = 2<<3 | 2
	layerKey     = 3<<3 | 2
	layerValue   = 4<<3 | 2
	layerExtent  = 5 << 3
	layerVersion = 15 << 3

	featureID       = 1 << 3
	featureTags     = 2<<3 | 2
	featureType     = 3 << 3
	featureGeometry = 4<<3 | 2

	valueString = 1<<3 | 2
	valueDouble = 3<<3 | 1
	valueInt    = 4 << 3
	valueSint   = 6 << 3
	valueBool   = 7 << 3
)

// Commands of a geometry; a command integer is id | count << 3.
const (
	moveTo    = 1
	lineTo    = 2
	closePath = 7
)

// zigzag maps small numbers of either sign to small unsigned ones.
func zigzag(v int64) uint64 { return uint64(v<<1) ^ uint64(v>>63) }

func zigzag32(v int32) uint32 { return uint32(v<<1) ^ uint32(v>>31) }

// appendStep appends a zigzag varint of 32 bits; most steps of a geometry take one byte or two.
func appendStep(b []byte, v int32) []byte {
	u := zigzag32(v)
	switch {
	case u < 1<<7:
		return append(b, byte(u))
	case u < 1<<14:
		return append(b, byte(u)|0x80, byte(u>>7))
	}
	return binary.AppendUvarint(b, uint64(u))
}

// pointMost is the number of bytes that the two steps to a point take at most.
const pointMost = 2 * binary.MaxVarintLen32

// putPoint is appendStep of two steps into b, of which pointMost bytes must be left from n on; it gives where they end. Whether
// a step takes one byte or two is hard to foresee, so there is no branch for it.
func putPoint(b []byte, n int, dx, dy int32) int {
	u, v := zigzag32(dx), zigzag32(dy)
	if u|v >= 1<<14 {
		n += binary.PutUvarint(b[n:], uint64(u))
		return n + binary.PutUvarint(b[n:], uint64(v))
	}
	moreU, moreV := -(u>>7)>>31, -(v>>7)>>31 // 1 where there is a second byte
	first := u&0x7f | moreU<<7 | u>>7<<8
	second := v&0x7f | moreV<<7 | v>>7<<8
	binary.LittleEndian.PutUint32(b[n:], first|second<<(8+8*moreU))
	return n + 2 + int(moreU+moreV)
}

// varintLen is the number of bytes of v as a varint.
func varintLen(v uint64) int { return (bits.Len64(v|1) + 6) / 7 }

// appendBytes appends a length-delimited field.
func appendBytes(b []byte, header byte, v []byte) []byte {
	b = binary.AppendUvarint(append(b, header), uint64(len(v)))
	return append(b, v...)
}

// appendText appends a length-delimited field.
func appendText(b []byte, header byte, v string) []byte {
	b = binary.AppendUvarint(append(b, header), uint64(len(v)))
	return append(b, v...)
}

package tiles

import (
	"encoding/binary"
	"math"

	"towngrid/geo"
)

// appendValue appends the encoded message of a property value: text, int, double or bool as the
// schema's type says, or, where the value does not fit that, as the value's own type. Null, and what is no
// property value at all, appends nothing.
func appendValue(b []byte, t geo.FieldType, v any) []byte {
	switch v := v.(type) {
	case string:
		return appendText(b, valueString, v)
	case bool:
		flag := byte(0)
		if v {
			flag = 1
		}
		return append(b, valueBool, flag)
	case int64:
		if t == geo.Number {
			return appendDouble(b, float64(v))
		}
		return appendInt(b, v)
	case float64:
		if t == geo.Integer && v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return appendInt(b, int64(v))
		}
		return appendDouble(b, v)
	}
	return b
}

// appendInt appends a whole number in the shorter of the two encodings.
func appendInt(b []byte, v int64) []byte {
	if v < 0 {
		return binary.AppendUvarint(append(b, valueSint), zigzag(v))
	}
	return binary.AppendUvarint(append(b, valueInt), uint64(v))
}

func appendDouble(b []byte, v float64) []byte {
	return binary.LittleEndian.AppendUint64(append(b, valueDouble), math.Float64bits(v))
}

// valueSet collects encoded values, each once. Value 0 is none.
type valueSet struct {
	text    []byte
	offs    []uint32
	index   map[string]uint32
	scratch []byte
}

func newValueSet() *valueSet {
	return &valueSet{offs: []uint32{0, 0}, index: map[string]uint32{"": 0}}
}

// add gives the number of a value.
func (s *valueSet) add(t geo.FieldType, v any) uint32 {
	s.scratch = appendValue(s.scratch[:0], t, v)
	if i, ok := s.index[string(s.scratch)]; ok {
		return i
	}
	i := uint32(len(s.offs) - 1)
	s.index[string(s.scratch)] = i
	s.text = append(s.text, s.scratch...)
	s.offs = append(s.offs, uint32(len(s.text)))
	return i
}

// textOf is the text of an encoded value of text.
func textOf(message string) string {
	n := 1
	for message[n] >= 0x80 {
		n++
	}
	return message[n+1:]
}

package tiles

import (
	"encoding/binary"
	"slices"
)

// shapeType is a feature's geometry type in a tile.
type shapeType byte

const (
	pointShape   shapeType = 1
	lineShape    shapeType = 2
	polygonShape shapeType = 3
)

// layer writes one layer of a tile. Its features come one after the other: first their
// tags, then their shape, then end. Nothing is allocated for a feature once the buffers
// have grown.
type layer struct {
	name string
	keys []string
	// features and values are the encoded fields of the layer, with their headers.
	features, values []byte
	count            int               // of features
	index            map[string]uint32 // value message → its number in the layer
	last             []lastValue       // per key: the value written last

	tags, shape []byte // of the current feature
	x, y        int32  // the cursor of its geometry
}

type lastValue struct {
	message string
	index   uint32
}

// reset begins a layer of this name with these keys.
func (l *layer) reset(name string, keys []string) {
	const mapKept = 1 << 14 // clearing a map costs its capacity, so a big one is not kept
	l.name, l.keys, l.count = name, keys, 0
	l.features, l.values = l.features[:0], l.values[:0]
	l.tags, l.shape, l.x, l.y = l.tags[:0], l.shape[:0], 0, 0
	if l.index == nil || len(l.index) > mapKept {
		l.index = make(map[string]uint32)
	}
	clear(l.index)
	l.last = l.last[:0]
	for range keys {
		l.last = append(l.last, lastValue{})
	}
}

// tag gives the current feature a value: key is an index into the layer's keys, message an
// encoded value (see appendValue) that lives as long as the layer; "" is no value and is left out.
func (l *layer) tag(key int, message string) {
	if message == "" {
		return
	}
	last := &l.last[key]
	if last.message != message {
		last.message, last.index = message, l.value(message)
	}
	l.tags = binary.AppendUvarint(l.tags, uint64(key))
	l.tags = binary.AppendUvarint(l.tags, uint64(last.index))
}

// value is the number of the value in the layer, which gets it if it is new.
func (l *layer) value(message string) uint32 {
	if i, ok := l.index[message]; ok {
		return i
	}
	i := uint32(len(l.index))
	l.index[message] = i
	l.values = appendText(l.values, layerValue, message)
	return i
}

// command begins n operations of one kind.
func (l *layer) command(id, n int) {
	l.shape = binary.AppendUvarint(l.shape, uint64(id|n<<3))
}

// to moves the cursor.
func (l *layer) to(p square) {
	l.shape = binary.AppendUvarint(l.shape, zigzag(int64(p.x-l.x)))
	l.shape = binary.AppendUvarint(l.shape, zigzag(int64(p.y-l.y)))
	l.x, l.y = p.x, p.y
}

// point adds a point to the current shape, which must be of one point.
func (l *layer) point(p square) {
	l.command(moveTo, 1)
	l.to(p)
}

// line adds a line of two or more points to the current shape.
func (l *layer) line(ps []square) {
	l.command(moveTo, 1)
	l.to(ps[0])
	l.command(lineTo, len(ps)-1)
	for _, p := range ps[1:] {
		l.to(p)
	}
}

// ring adds a ring of three or more points, the first not repeated, to the current shape.
func (l *layer) ring(ps []square) {
	l.line(ps)
	l.command(closePath, 1)
}

// spots adds a ring of n points, three or more, that runs along kept ways, to the current shape.
func (l *layer) spots(w *ways, refs []int32, n int, shift square) {
	l.shape = slices.Grow(l.shape, 10*n+16)
	first := true
	for _, ref := range refs {
		way := w.way(index(ref))
		for i := range len(way) - 1 {
			s := way[i]
			if ref < 0 {
				s = way[len(way)-1-i]
			}
			p := s.square(shift)
			if first {
				l.command(moveTo, 1)
				l.to(p)
				l.command(lineTo, n-1)
				first = false
				continue
			}
			l.to(p)
		}
	}
	l.command(closePath, 1)
}

// end writes the current feature, unless its shape is empty.
func (l *layer) end(id uint64, t shapeType) {
	if len(l.shape) > 0 {
		l.count++
		size := 1 + varintLen(id) + 2 + fieldLen(l.shape)
		if len(l.tags) > 0 {
			size += fieldLen(l.tags)
		}
		b := binary.AppendUvarint(append(l.features, layerFeature), uint64(size))
		b = binary.AppendUvarint(append(b, featureID), id)
		if len(l.tags) > 0 {
			b = appendBytes(b, featureTags, l.tags)
		}
		b = append(b, featureType, byte(t))
		l.features = appendBytes(b, featureGeometry, l.shape)
	}
	l.tags, l.shape, l.x, l.y = l.tags[:0], l.shape[:0], 0, 0
}

// fieldLen is the length of a length-delimited field with a header of one byte.
func fieldLen(v []byte) int { return 1 + varintLen(uint64(len(v))) + len(v) }

// appendTo appends the layer to a tile; a layer without features adds nothing.
func (l *layer) appendTo(tile []byte) []byte {
	if l.count == 0 {
		return tile
	}
	head := appendText([]byte{layerVersion, 2}, layerTitle, l.name)
	var keys []byte
	for _, k := range l.keys {
		keys = appendText(keys, layerKey, k)
	}
	size := len(head) + len(l.features) + len(keys) + len(l.values) + 1 + varintLen(Extent)
	tile = binary.AppendUvarint(append(tile, tileLayer), uint64(size))
	tile = append(append(append(append(tile, head...), l.features...), keys...), l.values...)
	return binary.AppendUvarint(append(tile, layerExtent), Extent)
}

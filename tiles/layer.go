package tiles

import (
	"encoding/binary"
	"hash/maphash"
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
	count            int         // of features
	index            valueTable  // of the values
	last             []lastValue // per key: the value written last

	tags, shape []byte // of the current feature
	x, y        int32  // the cursor of its geometry
}

type lastValue struct {
	message string
	index   uint32
}

// reset begins a layer of this name with these keys.
func (l *layer) reset(name string, keys []string) {
	l.name, l.keys, l.count = name, keys, 0
	l.features, l.values = l.features[:0], l.values[:0]
	l.tags, l.shape, l.x, l.y = l.tags[:0], l.shape[:0], 0, 0
	l.index.reset()
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

// tagNew is tag with a value that no feature has that comes before: it is not looked up.
func (l *layer) tagNew(key int, message string) {
	l.tags = binary.AppendUvarint(l.tags, uint64(key))
	l.tags = binary.AppendUvarint(l.tags, uint64(len(l.index.offs)))
	l.values = appendText(l.values, layerValue, message)
	l.index.ends(len(l.values))
}

// value is the number of the value in the layer, which gets it if it is new.
func (l *layer) value(message string) uint32 {
	i, known := l.index.number(message, l.values)
	if !known {
		l.values = appendText(l.values, layerValue, message)
		l.index.ends(len(l.values))
	}
	return i
}

// command begins n operations of one kind.
func (l *layer) command(id, n int) {
	l.shape = binary.AppendUvarint(l.shape, uint64(id|n<<3))
}

// to moves the cursor.
func (l *layer) to(p square) {
	l.shape = appendStep(appendStep(l.shape, p.x-l.x), p.y-l.y)
	l.x, l.y = p.x, p.y
}

// along moves the cursor from point to point.
func (l *layer) along(ps []square) {
	b, n, x, y := slices.Grow(l.shape, pointMost*len(ps)), len(l.shape), l.x, l.y
	b = b[:cap(b)]
	for _, p := range ps {
		n = putPoint(b, n, p.x-x, p.y-y)
		x, y = p.x, p.y
	}
	l.shape, l.x, l.y = b[:n], x, y
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
	l.along(ps[1:])
}

// ring adds a ring of three or more points, the first not repeated, to the current shape.
func (l *layer) ring(ps []square) {
	l.line(ps)
	l.command(closePath, 1)
}

// plain adds to the current shape, which must be empty, the rings of a slot as its ways are. It gives the first point and
// where in the shape it ends; that is 0 where nothing is added.
func (l *layer) plain(b *block, w *ways, slot int32, shift square) (first square, end int) {
	visible := false
	for r := b.first[slot]; r < b.first[slot+1]; r++ {
		refs := b.ring(r)
		n := 0
		for _, ref := range refs {
			n += len(w.way(index(ref))) - 1
		}
		if b.shells[r] {
			visible = n >= 3
		}
		if visible && n >= 3 {
			at, to := l.spots(w, refs, n, shift)
			if end == 0 {
				first, end = at, to
			}
		}
	}
	return first, end
}

// spots adds a ring of n points, three or more, that runs along kept ways, to the current shape. It gives the first point and
// where in the shape it ends.
func (l *layer) spots(w *ways, refs []int32, n int, shift square) (first square, end int) {
	l.shape = slices.Grow(l.shape, pointMost*n+16)
	for _, ref := range refs {
		way, step := w.way(index(ref)), 1
		at := 0
		if ref < 0 {
			at, step = len(way)-1, -1
		}
		left := len(way) - 1 // all but the last, which the next chain begins with
		if end == 0 && left > 0 {
			first = way[at].square(shift)
			l.command(moveTo, 1)
			l.to(first)
			end = len(l.shape)
			l.command(lineTo, n-1)
			at, left = at+step, left-1
		}
		b, n, x, y := l.shape[:cap(l.shape)], len(l.shape), l.x-shift.x, l.y-shift.y
		for ; left > 0; left-- {
			p := way[at]
			n = putPoint(b, n, int32(p.x)-x, int32(p.y)-y)
			x, y, at = int32(p.x), int32(p.y), at+step
		}
		l.shape, l.x, l.y = b[:n], x+shift.x, y+shift.y
	}
	l.command(closePath, 1)
	return first, end
}

// begun adds to the current shape, which must be empty, one that is encoded but for its first point.
func (l *layer) begun(first square, rest []byte) {
	l.command(moveTo, 1)
	l.to(first)
	l.shape = append(l.shape, rest...)
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
func fieldLen(v []byte) int { return fieldSize(len(v)) }

// fieldSize is the length of such a field of n bytes.
func fieldSize(n int) int { return 1 + varintLen(uint64(n)) + n }

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

// valueTable finds the numbers of a layer's values. It is emptied by counting, not by clearing.
type valueTable struct {
	seed  maphash.Seed
	slots []valueSlot
	round uint32
	offs  []uint32 // value i ends at offs[i] in the layer's values
}

type valueSlot struct{ hash, round, number uint32 }

func (t *valueTable) reset() {
	if t.slots == nil {
		t.seed, t.slots = maphash.MakeSeed(), make([]valueSlot, 1<<10)
	}
	if t.offs = t.offs[:0]; t.round == 1<<32-1 {
		clear(t.slots)
		t.round = 0
	}
	t.round++
}

// number is that of a value among those encoded in values. Where it is not known, that is the number that it gets: the caller
// encodes it and says where it ends.
func (t *valueTable) number(message string, values []byte) (n uint32, known bool) {
	if 2*len(t.offs) >= len(t.slots) {
		t.grow()
	}
	hash := uint32(maphash.String(t.seed, message))
	mask := uint32(len(t.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		s := &t.slots[i]
		if s.round != t.round {
			*s = valueSlot{hash, t.round, uint32(len(t.offs))}
			return s.number, false
		}
		if s.hash == hash && t.size(s.number) == fieldSize(len(message)) {
			if end := int(t.offs[s.number]); string(values[end-len(message):end]) == message {
				return s.number, true
			}
		}
	}
}

// size is how many bytes value n takes with its header.
func (t *valueTable) size(n uint32) int {
	if n == 0 {
		return int(t.offs[0])
	}
	return int(t.offs[n] - t.offs[n-1])
}

// ends notes where the newest value ends.
func (t *valueTable) ends(at int) { t.offs = append(t.offs, uint32(at)) }

// grow doubles the table.
func (t *valueTable) grow() {
	old := t.slots
	t.slots = make([]valueSlot, 2*len(old))
	mask := uint32(len(t.slots) - 1)
	for _, s := range old {
		if s.round == t.round {
			i := s.hash & mask
			for t.slots[i].round == t.round {
				i = (i + 1) & mask
			}
			t.slots[i] = s
		}
	}
}

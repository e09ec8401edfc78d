package raster

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// layout numbers what Append writes. It is raised whenever the same polygons give other
// bytes, so that what an earlier release wrote is made anew and not taken for what it is not.
const layout = 2

// ErrUnusable means that bytes are no raster of this layout.
var ErrUnusable = errors.New("not a raster of this layout")

// Append appends a raster to b, in a form that Read reads: the layout, the number of
// polygons, the bound of their points as west, south, east, north; then, each after its
// length, the root and the arena. Numbers are little-endian and of 32 bits, coordinates
// doubles. The same raster gives the same bytes.
func (r *Raster) Append(b []byte) []byte {
	b = slices.Grow(b, r.Bytes())
	b = binary.LittleEndian.AppendUint32(b, layout)
	b = binary.LittleEndian.AppendUint32(b, uint32(r.polygons))
	for _, v := range []float64{r.bound.Min[0], r.bound.Min[1], r.bound.Max[0], r.bound.Max[1]} {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(r.root)))
	for _, e := range r.root {
		b = binary.LittleEndian.AppendUint32(b, uint32(e))
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(r.arena)))
	for _, w := range r.arena {
		b = binary.LittleEndian.AppendUint32(b, w)
	}
	return b
}

// Bytes is how many bytes Append appends.
func (r *Raster) Bytes() int { return headBytes + 4 + 4*len(r.root) + 4 + 4*len(r.arena) }

// headBytes is what Append writes before the root.
const headBytes = 4 + 4 + 4*8

// Read is the raster that Append wrote, of so many polygons whose points have this bound;
// of any other, and where bytes are missing, left over or changed so that an answer could
// lie outside of them, it is ErrUnusable. That answers are right it cannot tell: who keeps
// a raster keeps a checksum. Nothing is allocated that is not there.
func Read(b []byte, bound orb.Bound, polygons int) (*Raster, error) {
	if len(b) < headBytes || binary.LittleEndian.Uint32(b) != layout {
		return nil, ErrUnusable
	}
	if n := binary.LittleEndian.Uint32(b[4:]); polygons < 0 || polygons > mostPolygons || n != uint32(polygons) {
		return nil, fmt.Errorf("%w: it is of %d polygons, not %d", ErrUnusable, n, polygons)
	}
	for i, v := range []float64{bound.Min[0], bound.Min[1], bound.Max[0], bound.Max[1]} {
		if binary.LittleEndian.Uint64(b[8+8*i:]) != math.Float64bits(v) {
			return nil, fmt.Errorf("%w: it lies elsewhere", ErrUnusable)
		}
	}
	f, ok := newFrame(bound, polygons)
	if !ok {
		return nil, ErrUnusable
	}
	r := &Raster{frame: f, bound: bound, polygons: polygons}
	root, b, ok := words(b[headBytes:])
	if !ok || len(root)/4 != f.columns*f.rows {
		return nil, fmt.Errorf("%w: its root does not fit its bound", ErrUnusable)
	}
	arena, b, ok := words(b)
	if !ok || len(b) > 0 {
		return nil, fmt.Errorf("%w: its bytes are too few or too many", ErrUnusable)
	}
	r.root, r.arena = make([]entry, len(root)/4), make([]uint32, len(arena)/4)
	for i := range r.root {
		r.root[i] = entry(binary.LittleEndian.Uint32(root[4*i:]))
	}
	for i := range r.arena {
		r.arena[i] = binary.LittleEndian.Uint32(arena[4*i:])
	}
	left := len(r.arena) - len(nowhere()) - atOnce
	if left < 0 || !slices.Equal(r.arena[:len(nowhere())], nowhere()) {
		return nil, fmt.Errorf("%w: it lacks the block of nowhere", ErrUnusable)
	}
	for _, e := range r.root {
		if !r.sound(e, 0, fraction, &left) {
			return nil, fmt.Errorf("%w: its squares do not fit one another", ErrUnusable)
		}
	}
	return r, nil
}

// words are the bytes of as many numbers as a number before them says, and what follows.
func words(b []byte) (w, rest []byte, ok bool) {
	if len(b) < 4 {
		return nil, nil, false
	}
	n := uint64(binary.LittleEndian.Uint32(b))
	if b = b[4:]; n > uint64(len(b))/4 {
		return nil, nil, false
	}
	return b[:4*n], b[4*n:], true
}

// sound says whether an entry and all below it can be followed: every place lies in the
// arena, no square is divided further than positions can be, and only polygons are named.
// left is how much of the arena has not been looked at: none of it is there twice.
func (r *Raster) sound(e entry, place uint32, shift uint, left *int) bool {
	switch {
	case e < block:
		return int(e) <= r.polygons
	case e < divided:
		return r.soundBlock(uint64(place)+uint64(e&blockPlace), left)
	}
	k := uint(e>>stepsShift) & stepsMask
	at, n := uint64(place)+uint64(e&dividedPlace), uint64(1)<<(2*k)
	if e>>(stepsShift+3) != divided>>(stepsShift+3) || k == 0 || k > shift || at+n > uint64(len(r.arena)) {
		return false
	}
	if *left -= int(n); *left < 0 {
		return false
	}
	for _, part := range r.arena[at : at+n] {
		if !r.sound(entry(part), uint32(at), shift-k, left) {
			return false
		}
	}
	return true
}

// soundBlock is sound for a block, behind which there have to be as many words as are
// looked at with it.
func (r *Raster) soundBlock(at uint64, left *int) bool {
	if at >= uint64(len(r.arena)) {
		return false
	}
	b := r.arena[at:]
	head := b[0]
	polygons, vertices := head>>countShift&countMask, head>>verticesShift
	if head&listBit != 0 {
		polygons, vertices = head&mostListed, 0
	}
	size := 1 + uint64(vertices) + uint64(polygons)
	if size+atOnce > uint64(len(b)) {
		return false
	}
	if *left -= int(size); *left < 0 {
		return false
	}
	for _, s := range sides(b) {
		if uint64(s) >= uint64(r.polygons) {
			return false
		}
	}
	if head&listBit != 0 {
		return true
	}
	named := gathered(head)
	for _, v := range b[1 : 1+vertices] {
		named |= gathered(v)
	}
	return named>>polygons == 0 && (vertices == 0 || b[1]&(drawn|sidesMask) == 0)
}

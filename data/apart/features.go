package apart

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// The file of features: a head of five counts (features, properties, polygons, rings,
// points), then the features as appendFeature writes them. Numbers are little-endian;
// counts, which lengths are as well, are varints in a feature.

// counts are how much of each a file holds, or is still to come.
type counts struct{ features, properties, polygons, rings, points uint64 }

func (c *counts) add(f *geo.Feature) {
	c.features++
	c.properties += uint64(len(f.Properties))
	switch g := f.Geometry.(type) {
	case orb.Point:
		c.points++
	case orb.MultiPolygon:
		c.polygons += uint64(len(g))
		for _, p := range g {
			c.rings += uint64(len(p))
			for _, r := range p {
				c.points += uint64(len(r))
			}
		}
	}
}

// fits says whether a file of size bytes can hold so much: each takes a byte at least,
// and a point 16.
func (c *counts) fits(size int64) bool {
	most := uint64(max(size, 0))
	return c.features <= most && c.properties <= most && c.polygons <= most && c.rings <= most && c.points <= most/16
}

const headBytes = 5 * 8

func (c *counts) list() []*uint64 {
	return []*uint64{&c.features, &c.properties, &c.polygons, &c.rings, &c.points}
}

// Kinds of geometry and of values.
const (
	isNone = iota
	isPoint
	isPolygons
	isText
	isInteger
	isNumber
	isTrue
	isFalse
)

// writeFeatures writes features to w, in order of code.
func writeFeatures(w io.Writer, fs []geo.Feature) error {
	var c counts
	for i := range fs {
		c.add(&fs[i])
	}
	var b []byte
	for _, n := range c.list() {
		b = binary.LittleEndian.AppendUint64(b, *n)
	}
	out := bufio.NewWriterSize(w, 1<<18)
	for f := range geo.InOrder(fs) {
		if _, err := out.Write(b); err != nil {
			return err
		}
		var err error
		if b, err = appendFeature(b[:0], f); err != nil {
			return err
		}
	}
	_, err := out.Write(b)
	return errors.Join(err, out.Flush())
}

// appendFeature appends one feature; it is an error where it holds what no feature may.
func appendFeature(b []byte, f *geo.Feature) ([]byte, error) {
	b = appendText(appendText(b, string(f.Code)), f.Name)
	b = binary.AppendUvarint(b, uint64(len(f.Properties)))
	for _, p := range f.Properties {
		b = appendText(b, p.Name)
		switch v := p.Value.(type) {
		case nil:
			b = append(b, isNone)
		case string:
			b = appendText(append(b, isText), v)
		case int64:
			b = binary.AppendVarint(append(b, isInteger), v)
		case float64:
			b = binary.LittleEndian.AppendUint64(append(b, isNumber), math.Float64bits(v))
		case bool:
			b = append(b, isFalse)
			if v {
				b[len(b)-1] = isTrue
			}
		default:
			return b, fmt.Errorf("feature %s: a value of type %T", f.Code, v)
		}
	}
	switch g := f.Geometry.(type) {
	case nil:
		return append(b, isNone), nil
	case orb.Point:
		return appendPoints(append(b, isPoint), []orb.Point{g}), nil
	case orb.MultiPolygon:
		b = binary.AppendUvarint(append(b, isPolygons), uint64(len(g)))
		for _, p := range g {
			b = binary.AppendUvarint(b, uint64(len(p)))
			for _, r := range p {
				b = appendPoints(binary.AppendUvarint(b, uint64(len(r))), r)
			}
		}
		return b, nil
	}
	return b, fmt.Errorf("feature %s: a geometry of type %T", f.Code, f.Geometry)
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendPoints(b []byte, ps []orb.Point) []byte {
	for _, p := range ps {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(p[0]))
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(p[1]))
	}
	return b
}

// errDamaged means that a file of features is not what was written.
var errDamaged = errors.New("the file of features is damaged")

// eachFeature yields what writeFeatures wrote in size bytes. A feature and all that it refers
// to, but texts, are the reader's until the next is asked for: they stand in the same memory.
// None is taken that the size does not account for.
func eachFeature(r io.Reader, size int64) iter.Seq2[*geo.Feature, error] {
	return func(yield func(*geo.Feature, error) bool) {
		d := decoder{in: bufio.NewReaderSize(r, 1<<18), names: map[string]string{}}
		many := d.head(size)
		var room room
		for ; many > 0 && d.err == nil; many-- {
			var f geo.Feature
			d.room, d.left.features = room, d.left.features-1
			before := d.left
			d.feature(&f)
			if d.err == nil && !yield(&f, nil) {
				return
			}
			room.grow(before, d.left)
		}
		if _, err := d.in.ReadByte(); d.err == nil && err != io.EOF {
			d.fail(errDamaged)
		}
		if d.err != nil {
			yield(nil, d.err)
		}
	}
}

// head reads the counts and gives that of features.
func (d *decoder) head(size int64) uint64 {
	var head [headBytes]byte
	d.read(head[:])
	for i, n := range d.left.list() {
		*n = binary.LittleEndian.Uint64(head[8*i:])
	}
	if !d.left.fits(size) {
		d.fail(errDamaged)
	}
	return d.left.features
}

// readFeature reads one feature that appendFeature wrote.
func readFeature(b []byte) (*geo.Feature, error) {
	n := uint64(len(b))
	d := decoder{in: bufio.NewReaderSize(bytes.NewReader(b), 16), names: map[string]string{}}
	d.left = counts{1, n, n, n, n / 16}
	f := &geo.Feature{}
	d.feature(f)
	return f, d.err
}

// decoder takes features from a stream, their parts from memory made beforehand as far as
// that goes.
type decoder struct {
	in   *bufio.Reader
	err  error // the first; what follows it is worth nothing
	left counts
	room
	names map[string]string // of properties, each once
	text  []byte
}

// room is memory for the parts of a feature.
type room struct {
	properties []geo.Property
	polygons   []orb.Polygon
	rings      []orb.Ring
	points     []orb.Point
}

// grow makes room for a feature as large as one that has left so much of what was left before.
func (r *room) grow(before, left counts) {
	r.properties = grown(r.properties, before.properties-left.properties)
	r.polygons = grown(r.polygons, before.polygons-left.polygons)
	r.rings = grown(r.rings, before.rings-left.rings)
	r.points = grown(r.points, before.points-left.points)
}

func grown[T any](have []T, used uint64) []T {
	if uint64(len(have)) >= used {
		return have
	}
	return make([]T, used+used/4)
}

// take cuts n from an array, or makes them where there are not so many, and counts them against
// what is left.
func take[T any](d *decoder, from *[]T, left *uint64, n uint64) []T {
	if n > *left {
		d.fail(errDamaged)
		return nil
	}
	*left -= n
	if n == 0 {
		return nil
	}
	if uint64(len(*from)) < n {
		return make([]T, n)
	}
	part := (*from)[:n:n]
	*from = (*from)[n:]
	return part
}

func (d *decoder) fail(err error) {
	if d.err == nil {
		d.err = err
	}
}

func (d *decoder) feature(f *geo.Feature) {
	f.Code, f.Name = geo.Code(d.string()), d.string()
	if ps := take(d, &d.properties, &d.left.properties, d.count()); len(ps) > 0 {
		f.Properties = ps
		for i := range ps {
			ps[i] = geo.Property{Name: d.name(), Value: d.value()}
		}
	}
	switch d.byte() {
	case isNone:
	case isPoint:
		var p [1]orb.Point
		d.fill(p[:])
		f.Geometry = p[0]
	case isPolygons:
		f.Geometry = d.multiPolygon()
	default:
		d.fail(errDamaged)
	}
}

func (d *decoder) multiPolygon() orb.MultiPolygon {
	mp := orb.MultiPolygon(take(d, &d.polygons, &d.left.polygons, d.count()))
	for i := range mp {
		mp[i] = take(d, &d.rings, &d.left.rings, d.count())
		for k := range mp[i] {
			mp[i][k] = take(d, &d.points, &d.left.points, d.count())
			d.fill(mp[i][k])
		}
		if d.err != nil {
			return nil
		}
	}
	return mp
}

func (d *decoder) value() any {
	switch d.byte() {
	case isNone:
	case isText:
		return d.string()
	case isInteger:
		n, err := binary.ReadVarint(d.in)
		d.check(err)
		return n
	case isNumber:
		var b [8]byte
		d.read(b[:])
		return math.Float64frombits(binary.LittleEndian.Uint64(b[:]))
	case isTrue:
		return true
	case isFalse:
		return false
	default:
		d.fail(errDamaged)
	}
	return nil
}

// fill reads points.
func (d *decoder) fill(ps []orb.Point) {
	var b [64 * 16]byte
	for len(ps) > 0 && d.err == nil {
		n := min(len(ps), 64)
		d.read(b[:16*n])
		for i := range n {
			ps[i][0] = math.Float64frombits(binary.LittleEndian.Uint64(b[16*i:]))
			ps[i][1] = math.Float64frombits(binary.LittleEndian.Uint64(b[16*i+8:]))
		}
		ps = ps[n:]
	}
}

// bytes reads a text, valid until the next one. Its buffer grows with the bytes that are
// there, whatever length they are said to have.
func (d *decoder) bytes() []byte {
	n := d.count()
	d.text = d.text[:0]
	for n > 0 && d.err == nil {
		part := min(n, 1<<16)
		at := len(d.text)
		d.text = append(d.text, make([]byte, part)...)
		d.read(d.text[at:])
		n -= part
	}
	return d.text
}

func (d *decoder) string() string { return string(d.bytes()) }

// name reads the name of a property, of which there are few.
func (d *decoder) name() string {
	b := d.bytes()
	if s, ok := d.names[string(b)]; ok {
		return s
	}
	s := string(b)
	d.names[s] = s
	return s
}

func (d *decoder) count() uint64 {
	n, err := binary.ReadUvarint(d.in)
	d.check(err)
	if d.err != nil {
		return 0
	}
	return n
}

func (d *decoder) byte() byte {
	b, err := d.in.ReadByte()
	d.check(err)
	return b
}

func (d *decoder) read(b []byte) {
	_, err := io.ReadFull(d.in, b)
	d.check(err)
}

func (d *decoder) check(err error) {
	if err != nil {
		d.fail(errors.Join(errDamaged, err))
	}
}

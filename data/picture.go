package data

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"

	"github.com/paulmach/orb"
	"golang.org/x/sync/errgroup"

	"towngrid/geo"
	"towngrid/geo/snapshot"
)

// A picture is a version with its features in a file of our own, made to be read fast:
//
//	"TGPART1\n"
//	header      its length as four bytes, then JSON: version, the features of each chunk, and
//	            whether an index follows
//	chunks      each its length as four bytes, then the SHA-256 of its bytes, then the bytes
//	index       like a chunk: what snapshot.Part.AppendIndex gave
//	checksum    SHA-256 over all before it but the chunks' bytes, for which their own stand
//
// A chunk holds features in order of code, in columns: see pen.encode. Numbers are
// little-endian or varints. What a file claims is held against the bytes that are there
// before anything is allocated for it.
const pictureMagic = "TGPART1\n"

const (
	chunkFeatures = 4096
	maxHeader     = 16 << 20
	maxChunk      = 1 << 30
	mostRoom      = 16 << 20 // that a pen keeps for the next picture
)

// pictureHeader is the header of a picture.
type pictureHeader struct {
	Version geo.Version `json:"version"`
	Chunks  []int       `json:"chunks"` // features of each
	Index   bool        `json:"index,omitempty"`
}

// pen writes pictures, one after another.
type pen struct{ texts, shape, chunk []byte } // room that is used again

// write writes a part as a picture.
func (pen *pen) write(w io.Writer, p *snapshot.Part) error {
	h := pictureHeader{Version: p.Version(), Index: p.IndexBytes() > 0 && p.IndexBytes() <= maxChunk}
	for n := p.Len(); n > 0; n -= chunkFeatures {
		h.Chunks = append(h.Chunks, min(n, chunkFeatures))
	}
	head, err := json.Marshal(h)
	if err != nil {
		return err
	}
	sum := sha256.New()
	both := io.MultiWriter(w, sum)
	if _, err := both.Write(append(binary.LittleEndian.AppendUint32([]byte(pictureMagic), uint32(len(head))), head...)); err != nil {
		return err
	}
	piece := func(b []byte) error {
		digest := sha256.Sum256(b)
		if _, err := both.Write(append(binary.LittleEndian.AppendUint32(nil, uint32(len(b))), digest[:]...)); err != nil {
			return err
		}
		_, err := w.Write(b)
		return err
	}
	for i, first := 0, 0; i < len(h.Chunks); i++ {
		buf, err := pen.encode(p, first, h.Chunks[i])
		if err != nil {
			return err
		}
		if len(buf) > maxChunk {
			return fmt.Errorf("%d features take %d bytes, more than a chunk may", h.Chunks[i], len(buf))
		}
		if err := piece(buf); err != nil {
			return err
		}
		first += h.Chunks[i]
	}
	if h.Index {
		pen.chunk = p.AppendIndex(pen.chunk[:0])
		if err := piece(pen.chunk); err != nil {
			return err
		}
		if cap(pen.chunk) > mostRoom {
			pen.chunk = nil
		}
	}
	_, err = w.Write(sum.Sum(nil))
	return err
}

// picture is what a file holds.
type picture struct {
	version  geo.Version
	features []geo.Feature
	index    []byte // nil where it has none
}

// readPicture reads what a pen wrote, of so many bytes in all. Anything else is
// ErrDamaged. Chunks are checked and decoded on all cores.
func readPicture(r io.Reader, size int64) (*picture, error) {
	left := size
	sum := sha256.New()
	take := func(n int64, most int64) ([]byte, error) {
		if n > most || n > left {
			return nil, fmt.Errorf("%w: a picture claims %d bytes where %d are left", ErrDamaged, n, left)
		}
		left -= n
		b := make([]byte, n)
		if _, err := io.ReadFull(r, b); err != nil {
			return nil, fmt.Errorf("%w: a picture is cut off: %w", ErrDamaged, err)
		}
		return b, nil
	}
	start, err := take(int64(len(pictureMagic))+4, maxHeader)
	if err != nil {
		return nil, err
	}
	if string(start[:len(pictureMagic)]) != pictureMagic {
		return nil, fmt.Errorf("%w: not a picture", ErrDamaged)
	}
	head, err := take(int64(binary.LittleEndian.Uint32(start[len(pictureMagic):])), maxHeader)
	if err != nil {
		return nil, err
	}
	var h pictureHeader
	if err := json.Unmarshal(head, &h); err != nil {
		return nil, fmt.Errorf("%w: a picture's header: %w", ErrDamaged, err)
	}
	sum.Write(start)
	sum.Write(head)
	total := 0
	for _, n := range h.Chunks {
		if total += n; n <= 0 || n > chunkFeatures || int64(total) > left {
			return nil, fmt.Errorf("%w: a picture's header counts %d features in a chunk", ErrDamaged, n)
		}
	}
	got := &picture{version: h.Version, features: make([]geo.Feature, total)}
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	// piece reads the next bytes that have a checksum of their own, and has them used.
	piece := func(use func(body []byte) error) ([]byte, error) {
		lead, err := take(4+sha256.Size, maxChunk)
		if err != nil {
			return nil, err
		}
		body, err := take(int64(binary.LittleEndian.Uint32(lead)), maxChunk)
		if err != nil {
			return nil, err
		}
		sum.Write(lead)
		work.Go(func() error {
			if sha256.Sum256(body) != [sha256.Size]byte(lead[4:]) {
				return fmt.Errorf("%w: a chunk does not agree with its checksum", ErrDamaged)
			}
			return use(body)
		})
		return body, nil
	}
	for i, first := 0, 0; i < len(h.Chunks) && err == nil; i++ {
		out := got.features[first : first+h.Chunks[i]]
		_, err = piece(func(body []byte) error { return decodeChunk(body, out) })
		first += h.Chunks[i]
	}
	if h.Index && err == nil {
		got.index, err = piece(func([]byte) error { return nil })
	}
	if err = errors.Join(err, work.Wait()); err != nil {
		return nil, err
	}
	end, err := take(sha256.Size, sha256.Size)
	if err != nil {
		return nil, err
	}
	if left != 0 || string(end) != string(sum.Sum(nil)) {
		return nil, fmt.Errorf("%w: a picture does not agree with its checksum", ErrDamaged)
	}
	return got, nil
}

// Tags of a property's value.
const (
	tagNil = iota
	tagFalse
	tagTrue
	tagInteger
	tagNumber
	tagText
)

// encode is n features of a part as a chunk, good until the next: their texts one after
// another, each of their geometries' points, and then, feature by feature, how these are cut up.
func (pen *pen) encode(p *snapshot.Part, first, n int) ([]byte, error) {
	texts, shape, points := pen.texts[:0], pen.shape[:0], 0
	text := func(s string) {
		shape = binary.AppendUvarint(shape, uint64(len(s)))
		texts = append(texts, s...)
	}
	names := map[string]uint64{}
	var order []string
	for i := first; i < first+n; i++ {
		f := p.At(i)
		text(string(f.Code))
		text(f.Name)
		shape = binary.AppendUvarint(shape, uint64(len(f.Properties)))
		for _, prop := range f.Properties {
			k, known := names[prop.Name]
			if !known {
				k = uint64(len(order))
				names[prop.Name], order = k, append(order, prop.Name)
			}
			shape = binary.AppendUvarint(shape, k)
			switch v := prop.Value.(type) {
			case nil:
				shape = append(shape, tagNil)
			case bool:
				tag := byte(tagFalse)
				if v {
					tag = tagTrue
				}
				shape = append(shape, tag)
			case int64:
				shape = binary.AppendVarint(append(shape, tagInteger), v)
			case float64:
				shape = binary.LittleEndian.AppendUint64(append(shape, tagNumber), math.Float64bits(v))
			case string:
				shape = append(shape, tagText)
				text(v)
			default:
				return nil, fmt.Errorf("feature %s: a property of type %T", f.Code, v)
			}
		}
		switch g := f.Geometry.(type) {
		case orb.Point:
			shape = append(shape, 0)
			points++
		case orb.MultiPolygon:
			shape = binary.AppendUvarint(append(shape, 1), uint64(len(g)))
			for _, poly := range g {
				shape = binary.AppendUvarint(shape, uint64(len(poly)))
				for _, ring := range poly {
					shape = binary.AppendUvarint(shape, uint64(len(ring)))
					points += len(ring)
				}
			}
		default:
			return nil, fmt.Errorf("feature %s: a geometry of type %T", f.Code, g)
		}
	}
	b := binary.AppendUvarint(pen.chunk[:0], uint64(len(order)))
	for _, name := range order {
		b = append(binary.AppendUvarint(b, uint64(len(name))), name...)
	}
	b = append(binary.AppendUvarint(b, uint64(len(texts))), texts...)
	b = slices.Grow(binary.AppendUvarint(b, uint64(points)), 16*points+len(shape))
	for i := first; i < first+n; i++ {
		switch g := p.At(i).Geometry.(type) {
		case orb.Point:
			b = appendPoints(b, orb.Ring{g})
		case orb.MultiPolygon:
			for _, poly := range g {
				for _, ring := range poly {
					b = appendPoints(b, ring)
				}
			}
		}
	}
	b = append(b, shape...)
	pen.texts, pen.shape, pen.chunk = texts, shape, b
	return b, nil
}

func appendPoints(b []byte, ps orb.Ring) []byte {
	for _, p := range ps {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(p[0]))
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(p[1]))
	}
	return b
}

// decodeChunk reads as many features as out has place for. They share one string and
// one array of points.
func decodeChunk(b []byte, out []geo.Feature) error {
	c := chunk{rest: b, known: map[string]any{}}
	names := make([]string, c.count(1))
	for i := range names {
		names[i] = string(c.bytes(c.count(1)))
	}
	c.texts = string(c.bytes(c.count(1)))
	c.points = make([]orb.Point, c.count(16))
	for i, raw := 0, c.bytes(16*len(c.points)); i < len(c.points) && raw != nil; i++ {
		c.points[i] = orb.Point{
			math.Float64frombits(binary.LittleEndian.Uint64(raw[16*i:])),
			math.Float64frombits(binary.LittleEndian.Uint64(raw[16*i+8:])),
		}
	}
	for i := 0; i < len(out) && !c.bad; i++ {
		out[i] = c.feature(names)
	}
	if c.bad || len(c.rest) > 0 || len(c.texts) > 0 || len(c.points) > 0 {
		return fmt.Errorf("%w: a chunk's counts do not fit its bytes", ErrDamaged)
	}
	return nil
}

// chunk is what is left to read of a chunk; bad says that it is not what was written.
type chunk struct {
	rest   []byte
	texts  string
	points []orb.Point
	bad    bool
	known  map[string]any // texts that are values and may come again
	// Room for what is read.
	properties []geo.Property
	polygons   []orb.Polygon
	rings      []orb.Ring
}

// cut takes n things from room, and makes more where there are fewer.
func cut[T any](room *[]T, n int) []T {
	const lot = 512
	if n > len(*room) {
		*room = make([]T, max(n, lot))
	}
	first := (*room)[:n:n]
	*room = (*room)[n:]
	return first
}

// count reads a number of things that take size bytes each, at least; 0 where so many
// cannot be there.
func (c *chunk) count(size int) int {
	n, used := binary.Uvarint(c.rest)
	if used <= 0 || n > uint64(len(c.rest)-used)/uint64(size) {
		c.bad = true
		return 0
	}
	c.rest = c.rest[used:]
	return int(n)
}

// bytes takes n bytes, nil where there are fewer.
func (c *chunk) bytes(n int) []byte {
	if c.bad || n > len(c.rest) {
		c.bad = true
		return nil
	}
	b := c.rest[:n]
	c.rest = c.rest[n:]
	return b
}

// number reads a length that lies within the texts or points, which bound it.
func (c *chunk) number(most int) int {
	n, used := binary.Uvarint(c.rest)
	if used <= 0 || n > uint64(most) {
		c.bad = true
		return 0
	}
	c.rest = c.rest[used:]
	return int(n)
}

func (c *chunk) text() string {
	n := c.number(len(c.texts))
	s := c.texts[:n]
	c.texts = c.texts[n:]
	return s
}

func (c *chunk) feature(names []string) geo.Feature {
	f := geo.Feature{Code: geo.Code(c.text()), Name: c.text()}
	if n := c.count(2); n > 0 {
		f.Properties = cut(&c.properties, n)
	}
	for i := range f.Properties {
		k := c.number(len(names))
		if k >= len(names) {
			c.bad = true
			return f
		}
		f.Properties[i] = geo.Property{Name: names[k], Value: c.value()}
	}
	f.Geometry = c.geometry()
	return f
}

func (c *chunk) value() any {
	tag := c.bytes(1)
	if tag == nil {
		return nil
	}
	switch tag[0] {
	case tagNil:
		return nil
	case tagFalse:
		return false
	case tagTrue:
		return true
	case tagInteger:
		n, used := binary.Varint(c.rest)
		if used <= 0 {
			c.bad = true
			return nil
		}
		c.rest = c.rest[used:]
		return n
	case tagNumber:
		if b := c.bytes(8); b != nil {
			return math.Float64frombits(binary.LittleEndian.Uint64(b))
		}
		return nil
	case tagText:
		return c.textValue()
	}
	c.bad = true
	return nil
}

// textValue is a text as a value: the same for texts that are the same, mostly.
func (c *chunk) textValue() any {
	const most = 256
	t := c.text()
	if v, known := c.known[t]; known {
		return v
	}
	v := any(t)
	if len(c.known) < most {
		c.known[t] = v
	}
	return v
}

func (c *chunk) geometry() orb.Geometry {
	kind := c.bytes(1)
	switch {
	case kind != nil && kind[0] == 0 && len(c.points) > 0:
		p := c.points[0]
		c.points = c.points[1:]
		return p
	case kind != nil && kind[0] == 1:
		mp := orb.MultiPolygon(cut(&c.polygons, c.count(1)))
		for i := range mp {
			mp[i] = cut(&c.rings, c.count(1))
			for j := range mp[i] {
				n := c.number(len(c.points))
				mp[i][j] = orb.Ring(c.points[:n:n])
				c.points = c.points[n:]
			}
		}
		return mp
	}
	c.bad = true
	return nil
}

package rows

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"iter"
	"runtime"
	"sync"

	"towngrid/data"
	"towngrid/geo"
)

// Stored is a row as an engine reads it, which keeps its bytes: they may change when the
// next row is read.
type Stored struct{ Code, Name, Properties, Geometry, Sum []byte }

// Features yields the features of rows in their order, and ends with data.ErrDamaged at the
// first that is not what was written. Rows are checked and decoded a lot at a time, on all
// cores; the features of a lot share the memory of their texts and of their points.
func (form Form) Features(rows iter.Seq2[Stored, error]) iter.Seq2[geo.Feature, error] {
	return func(yield func(geo.Feature, error) bool) {
		l := form.lots.Get().(*lot)
		defer form.lots.Put(l)
		readers := make([]reader, runtime.GOMAXPROCS(0))
		l.clear()
		for r, err := range rows {
			if err != nil {
				if form.yieldLot(l, readers, yield) {
					yield(geo.Feature{}, err)
				}
				return
			}
			if l.add(r); l.full() {
				if !form.yieldLot(l, readers, yield) {
					return
				}
				l.clear()
			}
		}
		form.yieldLot(l, readers, yield)
	}
}

// lot is rows that are decoded together. Of each the parts lie behind one another with their lengths
// before them, as its digest has them, and then its sum.
type lot struct {
	bytes []byte
	ends  []int // of the rows
}

// A lot is full when it has so many rows or bytes.
const (
	lotRows  = 512
	lotBytes = 4 << 20
)

func (l *lot) clear() { l.bytes, l.ends = l.bytes[:0], l.ends[:0] }

func (l *lot) full() bool { return len(l.ends) == lotRows || len(l.bytes) >= lotBytes }

func (l *lot) add(r Stored) {
	for _, part := range [][]byte{r.Code, r.Name, r.Properties, r.Geometry} {
		l.bytes = appendSized(l.bytes, part)
	}
	l.bytes = append(l.bytes, r.Sum...)
	l.ends = append(l.ends, len(l.bytes))
}

// row is row i without its sum, and that.
func (l *lot) row(i int) (row, sum []byte) {
	from := 0
	if i > 0 {
		from = l.ends[i-1]
	}
	at := from
	for range 4 {
		at += sizeBytes + int(binary.LittleEndian.Uint64(l.bytes[at:]))
	}
	return l.bytes[from:at], l.bytes[at:l.ends[i]]
}

// part cuts the first part from a row.
func part(row []byte) (first, rest []byte) {
	n := int(binary.LittleEndian.Uint64(row))
	return row[sizeBytes : sizeBytes+n], row[sizeBytes+n:]
}

// yieldLot yields the features of a lot up to the first that is damaged, and says
// whether the loop goes on.
func (form Form) yieldLot(l *lot, readers []reader, yield func(geo.Feature, error) bool) bool {
	const least = 64 // rows for which a goroutine is worth while
	n := len(l.ends)
	readers = readers[:max(1, min(len(readers), n/least))]
	var work sync.WaitGroup
	for i := range readers {
		r := &readers[i]
		r.from, r.to = i*n/len(readers), (i+1)*n/len(readers)
		if i+1 < len(readers) {
			work.Go(func() { r.read(form, l) })
		} else {
			r.read(form, l)
		}
	}
	work.Wait()
	for i := range readers {
		for _, f := range readers[i].features {
			if !yield(f, nil) {
				return false
			}
		}
		if err := readers[i].err; err != nil {
			yield(geo.Feature{}, err)
			return false
		}
	}
	return true
}

// reader reads some rows of a lot: what it has read, and why it went no further.
type reader struct {
	from, to   int
	features   []geo.Feature
	err        error
	properties geo.PropertyReader
	texts      []byte
}

// read makes the features' memory in one piece, when all rows have been checked.
func (r *reader) read(form Form, l *lot) {
	r.err, r.texts = nil, r.texts[:0]
	var n counts
	for i := r.from; i < r.to; i++ {
		if err := r.check(form, l, i, &n); err != nil {
			r.to, r.err = i, err
		}
	}
	texts, room := string(r.texts), n.room()
	r.features = make([]geo.Feature, 0, r.to-r.from)
	for i := r.from; i < r.to; i++ {
		row, _ := l.row(i)
		code, row := part(row)
		name, row := part(row)
		properties, row := part(row)
		f := geo.Feature{Code: geo.Code(texts[:len(code)]), Name: texts[len(code) : len(code)+len(name)]}
		texts = texts[len(code)+len(name):]
		geometry, _ := part(row)
		kind, body, _ := form.body(geometry) // it was checked
		f.Geometry = room.geometry(kind, body)
		var err error
		if f.Properties, err = r.properties.Read(properties); err != nil {
			r.err = damaged(code, err)
			return
		}
		r.features = append(r.features, f)
	}
}

// check says what keeps row i from being read, and else counts what it takes.
func (r *reader) check(form Form, l *lot, i int, n *counts) error {
	row, sum := l.row(i)
	digest := sha256.Sum256(row)
	code, rest := part(row)
	if !bytes.Equal(digest[:], sum) {
		return fmt.Errorf("%w: feature %s does not agree with its checksum", data.ErrDamaged, code)
	}
	name, rest := part(rest)
	_, rest = part(rest)
	geometry, _ := part(rest)
	kind, body, err := form.body(geometry)
	if err == nil {
		err = n.add(kind, body)
	}
	if err != nil {
		return damaged(code, err)
	}
	r.texts = append(append(r.texts, code...), name...)
	return nil
}

func damaged(code []byte, err error) error {
	return fmt.Errorf("%w: feature %s: %w", data.ErrDamaged, code, err)
}

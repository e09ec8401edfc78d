// Package rows is the form in which the engines keep features: each as a row of code,
// name, properties and geometry with a checksum over them, the geometry as well-known
// binary with what the engine puts around it.
package rows

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"iter"
	"sync"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// Form is how an engine keeps a geometry.
type Form struct {
	encode func([]byte, orb.Geometry) ([]byte, orb.Bound, error)
	body   func([]byte) (kind uint32, body []byte, err error)
	lots   *sync.Pool // of *lot
}

// NewForm makes a form. encode appends a geometry as bytes and gives its bound, every double
// bit for bit, or an error for what is neither a Point nor a MultiPolygon or not finite;
// body finds, in what encode appended, the kind of well-known binary and what follows the head that names it,
// see Geometry, or an error in anything else.
func NewForm(encode func([]byte, orb.Geometry) ([]byte, orb.Bound, error), body func([]byte) (uint32, []byte, error)) Form {
	return Form{encode, body, &sync.Pool{New: func() any { return new(lot) }}}
}

// Row is a feature as an engine keeps it.
type Row struct {
	Code, Name           string
	Properties, Geometry []byte
	Sum                  [sha256.Size]byte
	Bound                orb.Bound // of one that was encoded
}

// fill makes r the row of f, in the memory that it has; scratch is memory for the time of
// the call. It is an error when f has not the geometry of its collection or a value that
// cannot be kept.
func (form Form) fill(r *Row, f *geo.Feature, kind geo.GeometryKind, scratch *[]byte) error {
	if f.Geometry == nil || f.Geometry.GeoJSONType() != string(kind) {
		return fmt.Errorf("feature %s: a %s is wanted, not %T", f.Code, kind, f.Geometry)
	}
	r.Code, r.Name = string(f.Code), f.Name
	var err error
	if r.Properties, err = f.Properties.AppendJSON(r.Properties[:0]); err != nil {
		return fmt.Errorf("feature %s: %w", f.Code, err)
	}
	if r.Geometry, r.Bound, err = form.encode(r.Geometry[:0], f.Geometry); err != nil {
		return fmt.Errorf("feature %s: %w", f.Code, err)
	}
	r.Sum = r.Digest(scratch)
	return nil
}

// Digest is the SHA-256 over the row's parts, each with its length before it; scratch is
// memory for the time of the call.
func (r *Row) Digest(scratch *[]byte) [sha256.Size]byte {
	b := appendSized((*scratch)[:0], r.Code)
	b = appendSized(b, r.Name)
	b = appendSized(b, r.Properties)
	*scratch = appendSized(b, r.Geometry)
	return sha256.Sum256(*scratch)
}

// sizeBytes is how many bytes tell the length of a part of a row.
const sizeBytes = 8

func appendSized[T ~string | ~[]byte](b []byte, part T) []byte {
	return append(binary.LittleEndian.AppendUint64(b, uint64(len(part))), part...)
}

// Each yields the rows of features that come in order of code, none of nil; each is the
// reader's until the next is asked for. It ends with an error where one cannot be kept, two have one code,
// or ctx has ended.
func (form Form) Each(ctx context.Context, fs iter.Seq2[*geo.Feature, error], kind geo.GeometryKind) iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		if fs == nil {
			return
		}
		var r Row
		var scratch []byte
		n := 0
		for f, err := range fs {
			switch {
			case err != nil:
			case n%64 == 0 && ctx.Err() != nil:
				err = ctx.Err()
			case n > 0 && string(f.Code) == r.Code:
				err = fmt.Errorf("two features have the code %s", f.Code)
			case n > 0 && string(f.Code) < r.Code:
				err = fmt.Errorf("the feature %s comes behind %s", f.Code, r.Code)
			default:
				err = form.fill(&r, f, kind, &scratch)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(&r, nil) {
				return
			}
			n++
		}
	}
}

// Rows makes the rows that Each yields.
func (form Form) Rows(ctx context.Context, fs iter.Seq2[*geo.Feature, error], kind geo.GeometryKind) (rows []Row, err error) {
	for r, err := range form.Each(ctx, fs, kind) {
		if err != nil {
			return nil, err
		}
		one := *r
		one.Properties, one.Geometry = bytes.Clone(r.Properties), bytes.Clone(r.Geometry)
		rows = append(rows, one)
	}
	return rows, nil
}

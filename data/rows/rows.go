// Package rows is the form in which the engines keep features: each as a row of code,
// name, properties and geometry with a checksum over them, the geometry as well-known
// binary with what the engine puts around it.
package rows

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// Form is how an engine keeps a geometry.
type Form struct {
	encode func(orb.Geometry) ([]byte, orb.Bound, error)
	body   func([]byte) (kind uint32, body []byte, err error)
	lots   *sync.Pool // of *lot
}

// NewForm makes a form. encode gives a geometry as bytes with its bound, every double
// bit for bit, or an error for what is neither a Point nor a MultiPolygon or not finite;
// body finds, in what encode gave, the kind of well-known binary and what follows the head that names it,
// see Geometry, or an error in anything else.
func NewForm(encode func(orb.Geometry) ([]byte, orb.Bound, error), body func([]byte) (uint32, []byte, error)) Form {
	return Form{encode, body, &sync.Pool{New: func() any { return new(lot) }}}
}

// Row is a feature as an engine keeps it.
type Row struct {
	Code, Name           string
	Properties, Geometry []byte
	Sum                  [sha256.Size]byte
	Bound                orb.Bound // of one that was encoded
}

// row makes the row of f, which is an error when f has not the geometry of
// its collection or a value that cannot be kept.
func (form Form) row(f *geo.Feature, kind geo.GeometryKind) (Row, error) {
	if f.Geometry == nil || f.Geometry.GeoJSONType() != string(kind) {
		return Row{}, fmt.Errorf("feature %s: a %s is wanted, not %T", f.Code, kind, f.Geometry)
	}
	r := Row{Code: string(f.Code), Name: f.Name}
	var err error
	if r.Properties, err = f.Properties.AppendJSON(nil); err != nil {
		return r, fmt.Errorf("feature %s: %w", f.Code, err)
	}
	if r.Geometry, r.Bound, err = form.encode(f.Geometry); err != nil {
		return r, fmt.Errorf("feature %s: %w", f.Code, err)
	}
	r.Sum = r.Digest()
	return r, nil
}

// Digest is the SHA-256 over the row's parts, each with its length before it.
func (r *Row) Digest() [sha256.Size]byte {
	b := make([]byte, 0, len(r.Code)+len(r.Name)+len(r.Properties)+len(r.Geometry)+4*sizeBytes)
	b = appendSized(b, r.Code)
	b = appendSized(b, r.Name)
	b = appendSized(b, r.Properties)
	return sha256.Sum256(appendSized(b, r.Geometry))
}

// sizeBytes is how many bytes tell the length of a part of a row.
const sizeBytes = 8

func appendSized[T ~string | ~[]byte](b []byte, part T) []byte {
	return append(binary.LittleEndian.AppendUint64(b, uint64(len(part))), part...)
}

// Rows makes the rows of fs in order of code, on all cores. It is an error
// when two have one code.
func (form Form) Rows(ctx context.Context, fs []geo.Feature, kind geo.GeometryKind) ([]Row, error) {
	rows := make([]Row, 0, len(fs))
	each, err := form.Each(ctx, fs, kind)
	if err != nil {
		return nil, err
	}
	for r, err := range each {
		if err != nil {
			return nil, err
		}
		rows = append(rows, *r)
	}
	return rows, nil
}

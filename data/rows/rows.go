// Package rows is the form in which the engines keep features: each as a row of code,
// name, properties and geometry with a checksum over them, the geometry as well-known
// binary with what the engine puts around it.
package rows

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"iter"
	"runtime"
	"sync"

	"github.com/paulmach/orb"

	"towngrid/data"
	"towngrid/geo"
)

// Form is how an engine keeps a geometry: Encode with its bound, every double bit for
// bit, an error for what is neither a Point nor a MultiPolygon or not finite; Decode
// what Encode made, an error for anything else.
type Form struct {
	Encode func(orb.Geometry) ([]byte, orb.Bound, error)
	Decode func([]byte) (orb.Geometry, error)
}

// Row is a feature as an engine keeps it.
type Row struct {
	Code, Name           string
	Properties, Geometry []byte
	Sum                  [sha256.Size]byte
	Bound                orb.Bound // of one that was encoded
}

// encode makes the row of f, which is an error when f has not the geometry of
// its collection or a value that cannot be kept.
func (form Form) encode(f *geo.Feature, kind geo.GeometryKind) (Row, error) {
	if f.Geometry == nil || f.Geometry.GeoJSONType() != string(kind) {
		return Row{}, fmt.Errorf("feature %s: a %s is wanted, not %T", f.Code, kind, f.Geometry)
	}
	r := Row{Code: string(f.Code), Name: f.Name}
	var err error
	if r.Properties, err = f.Properties.AppendJSON(nil); err != nil {
		return r, fmt.Errorf("feature %s: %w", f.Code, err)
	}
	if r.Geometry, r.Bound, err = form.Encode(f.Geometry); err != nil {
		return r, fmt.Errorf("feature %s: %w", f.Code, err)
	}
	r.Sum = r.Digest()
	return r, nil
}

// Digest is the SHA-256 over the row's parts, each with its length before it.
func (r *Row) Digest() (sum [sha256.Size]byte) {
	h := sha256.New()
	var size [8]byte
	for _, part := range [][]byte{[]byte(r.Code), []byte(r.Name), r.Properties, r.Geometry} {
		binary.LittleEndian.PutUint64(size[:], uint64(len(part)))
		h.Write(size[:])
		h.Write(part)
	}
	h.Sum(sum[:0])
	return sum
}

// feature is what the row holds, or data.ErrDamaged where that is not what was written.
func (form Form) feature(r *Row) (geo.Feature, error) {
	f := geo.Feature{Code: geo.Code(r.Code), Name: r.Name}
	if r.Digest() != r.Sum {
		return f, fmt.Errorf("%w: feature %s does not agree with its checksum", data.ErrDamaged, r.Code)
	}
	var err error
	if f.Geometry, err = form.Decode(r.Geometry); err != nil {
		return f, fmt.Errorf("%w: feature %s: %w", data.ErrDamaged, r.Code, err)
	}
	if err := f.Properties.UnmarshalJSON(r.Properties); err != nil {
		return f, fmt.Errorf("%w: feature %s: %w", data.ErrDamaged, r.Code, err)
	}
	return f, nil
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

// Features yields the features of rows in their order. Checking and decoding take
// longer than reading, so they are done for a batch at a time on all cores.
func (form Form) Features(rows iter.Seq2[Row, error]) iter.Seq2[geo.Feature, error] {
	return func(yield func(geo.Feature, error) bool) {
		batch := make([]Row, 0, 512)
		for r, err := range rows {
			if err != nil {
				if form.yieldBatch(batch, yield) {
					yield(geo.Feature{}, err)
				}
				return
			}
			if batch = append(batch, r); len(batch) == cap(batch) {
				if !form.yieldBatch(batch, yield) {
					return
				}
				batch = batch[:0]
			}
		}
		form.yieldBatch(batch, yield)
	}
}

// yieldBatch yields the features of rows up to the first that is damaged, and says
// whether the loop goes on.
func (form Form) yieldBatch(rows []Row, yield func(geo.Feature, error) bool) bool {
	features, errs := make([]geo.Feature, len(rows)), make([]error, len(rows))
	workers := runtime.GOMAXPROCS(0)
	var work sync.WaitGroup
	for w := range workers {
		work.Go(func() {
			for i := w; i < len(rows); i += workers {
				features[i], errs[i] = form.feature(&rows[i])
			}
		})
	}
	work.Wait()
	for i, f := range features {
		if errs[i] != nil {
			yield(geo.Feature{}, errs[i])
			return false
		}
		if !yield(f, nil) {
			return false
		}
	}
	return true
}

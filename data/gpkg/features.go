package gpkg

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"sync"

	"github.com/paulmach/orb"
	"golang.org/x/sync/errgroup"

	"towngrid/data"
	"towngrid/geo"
)

// row is a feature as towngrid_feature keeps it.
type row struct {
	code, name           string
	properties, geometry []byte
	sum                  [sha256.Size]byte
	bound                orb.Bound
}

// encodeRow makes the row of f, which is an error when f has not the geometry of
// its collection or a value that cannot be kept.
func encodeRow(f *geo.Feature, kind geo.GeometryKind) (row, error) {
	if f.Geometry == nil || f.Geometry.GeoJSONType() != string(kind) {
		return row{}, fmt.Errorf("feature %s: a %s is wanted, not %T", f.Code, kind, f.Geometry)
	}
	r := row{code: string(f.Code), name: f.Name}
	var err error
	if r.properties, err = f.Properties.AppendJSON(nil); err != nil {
		return r, fmt.Errorf("feature %s: %w", f.Code, err)
	}
	if r.geometry, r.bound, err = encode(f.Geometry); err != nil {
		return r, fmt.Errorf("feature %s: %w", f.Code, err)
	}
	r.sum = r.digest()
	return r, nil
}

// digest is the SHA-256 over the row's parts, each with its length before it.
func (r *row) digest() (sum [sha256.Size]byte) {
	h := sha256.New()
	var size [8]byte
	for _, part := range [][]byte{[]byte(r.code), []byte(r.name), r.properties, r.geometry} {
		binary.LittleEndian.PutUint64(size[:], uint64(len(part)))
		h.Write(size[:])
		h.Write(part)
	}
	h.Sum(sum[:0])
	return sum
}

// feature is what the row holds, or data.ErrDamaged where that is not what was written.
func (r *row) feature() (geo.Feature, error) {
	f := geo.Feature{Code: geo.Code(r.code), Name: r.name}
	if r.digest() != r.sum {
		return f, fmt.Errorf("%w: feature %s does not agree with its checksum", data.ErrDamaged, r.code)
	}
	var err error
	if f.Geometry, err = decode(r.geometry); err != nil {
		return f, fmt.Errorf("%w: feature %s: %w", data.ErrDamaged, r.code, err)
	}
	if err := f.Properties.UnmarshalJSON(r.properties); err != nil {
		return f, fmt.Errorf("%w: feature %s: %w", data.ErrDamaged, r.code, err)
	}
	return f, nil
}

// inOrder are the places of fs in order of code. It is an error when two have one code.
func inOrder(fs []geo.Feature) ([]int, error) {
	order := make([]int, len(fs))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return fs[a].Code.Compare(fs[b].Code) })
	for i := range order[min(1, len(order)):] {
		if code := fs[order[i]].Code; code == fs[order[i+1]].Code {
			return nil, fmt.Errorf("two features have the code %s", code)
		}
	}
	return order, nil
}

// encodedRows yields the rows of fs in this order. Two batches of them are there at a
// time: while one is written, the next is encoded on all cores. A row holds until the
// next is asked for.
func encodedRows(ctx context.Context, fs []geo.Feature, order []int, kind geo.GeometryKind) iter.Seq2[*row, error] {
	type encoded struct {
		rows []row
		err  error
	}
	const batch = 1000
	encode := func(part []int) encoded {
		rows := make([]row, len(part))
		work, ctx := errgroup.WithContext(ctx)
		workers := runtime.GOMAXPROCS(0)
		for w := range workers {
			work.Go(func() (err error) {
				for i := w; i < len(part) && err == nil; i += workers {
					rows[i], err = encodeRow(&fs[part[i]], kind)
				}
				return errors.Join(err, ctx.Err())
			})
		}
		return encoded{rows, work.Wait()}
	}
	return func(yield func(*row, error) bool) {
		next, due := make(chan encoded, 1), 0
		ahead := func() {
			part := order[:min(batch, len(order))]
			order = order[len(part):]
			due++
			go func() { next <- encode(part) }()
		}
		defer func() {
			for ; due > 0; due-- {
				<-next // nobody looks at fs once the loop is over
			}
		}()
		ahead()
		for due > 0 {
			e := <-next
			due--
			if len(order) > 0 {
				ahead()
			}
			if e.err != nil {
				yield(nil, e.err)
				return
			}
			for i := range e.rows {
				if !yield(&e.rows[i], nil) {
					return
				}
			}
		}
	}
}

// Features yields the features of a version in order of code. A feature that is
// not what was written ends them with data.ErrDamaged, and so does a number of
// features other than the version's. The loop holds one of the reading
// connections and keeps the file's log from shrinking, so it should not wait for
// slow clients.
func (s *Store) Features(ctx context.Context, id string) iter.Seq2[geo.Feature, error] {
	return func(yield func(geo.Feature, error) bool) {
		stopped := false
		err := s.read(ctx, func(tx *sql.Tx) error {
			v, err := versionOf(ctx, tx, id)
			if err != nil {
				return err
			}
			n := 0
			for f, err := range featuresOf(ctx, tx, v) {
				if err != nil {
					return err
				}
				n++
				if stopped = !yield(f, nil); stopped {
					return nil
				}
			}
			if n != v.Features {
				return fmt.Errorf("%w: version %s has %d features, but %d are there", data.ErrDamaged, id, v.Features, n)
			}
			return nil
		})
		if err != nil && !stopped {
			yield(geo.Feature{}, fmt.Errorf("features of version %s: %w", id, err))
		}
	}
}

const (
	draftFeatures = `
		SELECT f.code, f.name, f.properties, f.geometry, f.sum
		FROM towngrid_draft d JOIN towngrid_feature f ON f.id = d.feature
		WHERE d.version = ? ORDER BY d.code`
	// The history of a division is read in order of its key; of each code at most
	// one row holds at a time.
	historyFeatures = `
		SELECT f.code, f.name, f.properties, f.geometry, f.sum
		FROM towngrid_history h JOIN towngrid_feature f ON f.id = h.feature
		WHERE h.collection = ? AND h.division = ? AND h.first <= ?3 AND (h.last IS NULL OR h.last >= ?3)
		ORDER BY h.code`
)

func featuresOf(ctx context.Context, tx *sql.Tx, v version) iter.Seq2[geo.Feature, error] {
	query, args := historyFeatures, []any{v.Collection, v.Division, v.Number}
	switch v.State {
	case geo.Draft:
		query, args = draftFeatures, []any{v.seq}
	case geo.Discarded:
		return func(yield func(geo.Feature, error) bool) {
			yield(geo.Feature{}, fmt.Errorf("%w: version %s was discarded", data.ErrConflict, v.ID))
		}
	}
	return decoded(scan(ctx, tx, query, args, scanRow))
}

func scanRow(rows *sql.Rows) (r row, err error) {
	var sum sql.RawBytes
	err = rows.Scan(&r.code, &r.name, &r.properties, &r.geometry, &sum)
	copy(r.sum[:], sum)
	return r, err
}

// decoded yields the features of rows in their order. Checking and decoding take
// longer than reading, so they are done for a batch at a time on all cores.
func decoded(rows iter.Seq2[row, error]) iter.Seq2[geo.Feature, error] {
	return func(yield func(geo.Feature, error) bool) {
		batch := make([]row, 0, 512)
		for r, err := range rows {
			if err != nil {
				if yieldBatch(batch, yield) {
					yield(geo.Feature{}, err)
				}
				return
			}
			if batch = append(batch, r); len(batch) == cap(batch) {
				if !yieldBatch(batch, yield) {
					return
				}
				batch = batch[:0]
			}
		}
		yieldBatch(batch, yield)
	}
}

// yieldBatch yields the features of rows up to the first that is damaged, and says
// whether the loop goes on.
func yieldBatch(rows []row, yield func(geo.Feature, error) bool) bool {
	features, errs := make([]geo.Feature, len(rows)), make([]error, len(rows))
	workers := runtime.GOMAXPROCS(0)
	var work sync.WaitGroup
	for w := range workers {
		work.Go(func() {
			for i := w; i < len(rows); i += workers {
				features[i], errs[i] = rows[i].feature()
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

// scan yields what read makes of each row of a query, and ends with an error where
// one comes up. The rows are closed however the loop ends.
func scan[T any](ctx context.Context, tx *sql.Tx, query string, args []any, read func(*sql.Rows) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		rows, err := tx.QueryContext(ctx, query, args...)
		if err != nil {
			yield(none, err)
			return
		}
		defer rows.Close()
		for rows.Next() {
			v, err := read(rows)
			if err != nil {
				yield(none, err)
				return
			}
			if !yield(v, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(none, err)
		}
	}
}

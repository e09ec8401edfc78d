package postgis

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/jackc/pgx/v5"

	"towngrid/data"
	"towngrid/data/rows"
	"towngrid/geo"
)

// Features yields the features of a version in order of code. A feature that is
// not what was written ends them with data.ErrDamaged, and so does a number of
// features other than the version's. The loop holds a connection, so it should not
// wait for slow clients. A standby that has caught up answers for what is superseded.
func (s *Store) Features(ctx context.Context, id string) iter.Seq2[geo.Feature, error] {
	return func(yield func(geo.Feature, error) bool) {
		stopped := false
		err := s.featuresOf(ctx, id, func(f geo.Feature) bool {
			stopped = !yield(f, nil)
			return !stopped
		})
		if err != nil && !stopped {
			yield(geo.Feature{}, fmt.Errorf("features of version %s: %w", id, err))
		}
	}
}

// featuresOf gives the features of a version to take until that returns false.
func (s *Store) featuresOf(ctx context.Context, id string, take func(geo.Feature) bool) error {
	from := s.read
	if s.standby != nil {
		v, err := s.Version(ctx, id)
		if err != nil && !errors.Is(err, data.ErrUnavailable) {
			return err
		}
		if err != nil || v.State == geo.Superseded {
			from = s.recall
		}
	}
	given := 0 // by a standby that failed: they are not given again
	return from(ctx, func(tx pgx.Tx) error {
		v, err := versionOf(ctx, tx, id, "")
		if err != nil {
			return err
		}
		if v.Features > many {
			if err := s.follow(ctx, tx, v.Features); err != nil {
				return err
			}
		}
		n := 0
		for f, err := range features(ctx, tx, v) {
			if err != nil {
				return err
			}
			if n++; n <= given {
				continue
			}
			if given = n; !take(f) {
				return nil
			}
		}
		if n != v.Features {
			return fmt.Errorf("%w: version %s has %d features, but %d are there", data.ErrDamaged, id, v.Features, n)
		}
		return nil
	})
}

const (
	// Geometries are not coalesced, which would take the server a tenth longer.
	rowColumns    = `f.code, f.name, f.properties, f.area, f.place, f.odd, f.sum`
	draftFeatures = `SELECT ` + rowColumns + `
		FROM towngrid_draft d JOIN towngrid_feature f ON f.id = d.feature
		WHERE d.version = $1 ORDER BY d.code`
	// The history of a division is read in order of its key; of each code at most
	// one row holds at a time.
	historyFeatures = `SELECT ` + rowColumns + `
		FROM towngrid_history h JOIN towngrid_feature f ON f.id = h.feature
		WHERE h.collection = $1 AND h.division = $2 AND h.first <= $3 AND (h.last IS NULL OR h.last >= $3)
		ORDER BY h.code`
)

func features(ctx context.Context, tx pgx.Tx, v version) iter.Seq2[geo.Feature, error] {
	query, args := historyFeatures, []any{v.Collection, v.Division, v.Number}
	switch v.State {
	case geo.Draft:
		query, args = draftFeatures, []any{v.seq}
	case geo.Discarded:
		return func(yield func(geo.Feature, error) bool) {
			yield(geo.Feature{}, fmt.Errorf("%w: version %s was discarded", data.ErrConflict, v.ID))
		}
	}
	return form.Features(scan(ctx, tx, query, args, scanRow))
}

// many features are more than the server should sort, or read within the usual time.
const many = 5000

// follow has the statements of a transaction follow the index and take the time that n
// features take. Features were written in order of code, so that this reads the table in
// its own order; sorting them would move all their geometries to disk.
func (s *Store) follow(ctx context.Context, tx pgx.Tx, n int) error {
	if err := s.allow(ctx, tx, n); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_sort = off; SET LOCAL enable_seqscan = off")
	return err
}

// scanRow takes the bytes as they came: text is the same in both of PostgreSQL's formats,
// and geometries are asked for in the binary one.
func scanRow(found pgx.CollectableRow) (rows.Stored, error) {
	v := found.RawValues()
	r := rows.Stored{Code: v[0], Name: v[1], Properties: v[2], Sum: v[6]}
	for _, geometry := range v[3:6] {
		if geometry != nil {
			r.Geometry = geometry
		}
	}
	return r, nil
}

// silence is how long the server may say nothing while rows are read.
const silence = time.Minute

// scan yields what read makes of each row of a query, and ends with an error where
// one comes up, or where the server falls silent. The rows are closed however the loop ends.
func scan[T any](ctx context.Context, tx pgx.Tx, query string, args []any, read pgx.RowToFunc[T]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		patience := time.AfterFunc(silence, stop)
		defer patience.Stop()
		found, err := tx.Query(ctx, query, args...)
		if err != nil {
			yield(none, err)
			return
		}
		defer found.Close()
		for found.Next() {
			v, err := read(found)
			if err != nil {
				yield(none, err)
				return
			}
			patience.Stop() // what is done with a row takes its own time
			if !yield(v, nil) {
				return
			}
			patience.Reset(silence)
		}
		if err := found.Err(); err != nil {
			yield(none, err)
		}
	}
}

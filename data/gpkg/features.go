package gpkg

import (
	"context"
	"database/sql"
	"fmt"
	"iter"

	"towngrid/data"
	"towngrid/data/rows"
	"towngrid/geo"
)

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
	return form.Features(scan(ctx, tx, query, args, scanRow))
}

func scanRow(found *sql.Rows) (r rows.Stored, err error) {
	err = found.Scan((*sql.RawBytes)(&r.Code), (*sql.RawBytes)(&r.Name), (*sql.RawBytes)(&r.Properties), (*sql.RawBytes)(&r.Geometry), (*sql.RawBytes)(&r.Sum))
	return r, err
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

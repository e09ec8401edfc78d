package postgis

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"github.com/jackc/pgx/v5"

	"towngrid/data"
	"towngrid/data/rows"
	"towngrid/geo"
)

// SaveDraft keeps a draft and its features, or a discarded one without. A feature that
// is live already, bit for bit, is not kept again. An ID that is taken is data.ErrConflict; a
// version that is no draft or does not count its features, a collection without versions,
// a geometry not of the collection's kind, a coordinate that is not finite and a
// code that comes twice are errors as well.
func (s *Store) SaveDraft(ctx context.Context, v geo.Version, fs iter.Seq2[*geo.Feature, error]) error {
	if err := s.saveDraft(ctx, v, fs); err != nil {
		return fmt.Errorf("save draft of %s in %s: %w", v.Collection, v.Division, err)
	}
	return nil
}

func (s *Store) saveDraft(ctx context.Context, v geo.Version, fs iter.Seq2[*geo.Feature, error]) error {
	if err := rows.CheckDraft(v); err != nil {
		return err
	}
	// Encoding comes before the transaction, to hold up others no longer than need be.
	kept, err := form.Rows(ctx, fs, v.Collection.Schema().Geometry)
	if err == nil {
		err = rows.CheckCount(v, len(kept))
	}
	if err != nil {
		return err
	}
	return s.write(ctx, len(kept), func(ctx context.Context, tx pgx.Tx) error {
		seq, err := insertVersion(ctx, tx, v)
		if err != nil || len(kept) == 0 {
			return err
		}
		return insertRows(ctx, tx, version{v, seq}, kept)
	})
}

// insertVersion keeps a draft without its features, as the newest version.
func insertVersion(ctx context.Context, tx pgx.Tx, v geo.Version) (seq int64, err error) {
	created, err := maybe(v.Created)
	if err != nil {
		return 0, err
	}
	source, err := json.Marshal(v.Source)
	if err != nil {
		return 0, err
	}
	err = tx.QueryRow(ctx, `INSERT INTO towngrid_version
		(id, collection, division, number, state, base, author, created, source, features, warnings, checksum)
		VALUES ($1, $2, $3, 0, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (id) DO NOTHING RETURNING seq`,
		v.ID, v.Collection, v.Division, v.State, v.Base, v.Author, created, source, v.Features, v.Warnings, v.Checksum).Scan(&seq)
	if errors.Is(err, pgx.ErrNoRows) {
		err = fmt.Errorf("%w: there is a version %s already", data.ErrConflict, v.ID)
	}
	return seq, err
}

// insertRows keeps the features of a draft: those that are live where they are the
// same, else as its own.
func insertRows(ctx context.Context, tx pgx.Tx, draft version, kept []rows.Row) error {
	live, err := liveFeatures(ctx, tx, draft)
	if err != nil {
		return err
	}
	ids, own := make([]int64, len(kept)), make([]bool, len(kept))
	var fresh []int // places in kept
	for i := range kept {
		same, ok := live[kept[i].Code]
		if ids[i] = same.id; !ok || same.sum != kept[i].Sum {
			own[i], fresh = true, append(fresh, i)
		}
	}
	given, err := newIDs(ctx, tx, len(fresh))
	if err != nil {
		return err
	}
	for n, i := range fresh {
		ids[i] = given[n]
	}
	_, err = tx.CopyFrom(ctx, pgx.Identifier{"towngrid_feature"}, []string{"id", "code", "name", "sum", "properties", "area", "place", "odd"},
		pgx.CopyFromSlice(len(fresh), func(n int) ([]any, error) {
			r := &kept[fresh[n]]
			area, place, odd := columns(r.Geometry)
			return []any{ids[fresh[n]], r.Code, r.Name, r.Sum[:], r.Properties, area, place, odd}, nil
		}))
	if err != nil {
		return err
	}
	_, err = tx.CopyFrom(ctx, pgx.Identifier{"towngrid_draft"}, []string{"version", "code", "feature", "own"},
		pgx.CopyFromSlice(len(kept), func(i int) ([]any, error) { return []any{draft.seq, kept[i].Code, ids[i], own[i]}, nil }))
	return err
}

// newIDs takes IDs for features, in growing order.
func newIDs(ctx context.Context, tx pgx.Tx, n int) ([]int64, error) {
	found, err := tx.Query(ctx, "SELECT nextval(pg_get_serial_sequence('towngrid_feature', 'id')) FROM generate_series(1, $1)", n)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, pgx.RowTo[int64])
}

// liveFeature is a row of towngrid_feature that is live.
type liveFeature struct {
	id  int64
	sum [sha256.Size]byte
}

// liveFeatures lists by code what is live where the draft would be. A feature that
// is no longer what was written is left out, so that a draft never builds on it
// and a new upload of the same file mends what was damaged.
func liveFeatures(ctx context.Context, tx pgx.Tx, draft version) (map[string]liveFeature, error) {
	live := map[string]liveFeature{}
	type kept struct {
		id  int64
		row rows.Row
	}
	read := func(found pgx.CollectableRow) (k kept, err error) {
		var area, place, odd, sum []byte
		err = found.Scan(&k.id, &k.row.Code, &k.row.Name, &k.row.Properties, &area, &place, &odd, &sum)
		copy(k.row.Sum[:], sum)
		k.row.Geometry = bytes.Join([][]byte{area, place, odd}, nil) // two of them are nil
		return k, err
	}
	var scratch []byte
	for k, err := range scan(ctx, tx, `SELECT f.id, `+rowColumns+`
		FROM towngrid_history h JOIN towngrid_feature f ON f.id = h.feature
		WHERE h.collection = $1 AND h.division = $2 AND h.last IS NULL`, []any{draft.Collection, draft.Division}, read) {
		if err != nil {
			return nil, err
		}
		if k.row.Digest(&scratch) == k.row.Sum {
			live[k.row.Code] = liveFeature{k.id, k.row.Sum}
		}
	}
	return live, nil
}

package gpkg

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"iter"

	"github.com/paulmach/orb"

	"towngrid/data"
	"towngrid/data/rows"
	"towngrid/geo"
)

// SaveDraft keeps a draft and its features, or a discarded one without. A feature that is live already, bit
// for bit, is not kept again. An ID that is taken is data.ErrConflict; a version
// that is no draft or does not count its features, a collection without versions,
// a geometry not of the collection's kind, a coordinate that is not finite and a
// code that comes twice are errors as well.
func (s *Store) SaveDraft(ctx context.Context, v geo.Version, fs []geo.Feature) error {
	if err := s.saveDraft(ctx, v, fs); err != nil {
		return fmt.Errorf("save draft of %s in %s: %w", v.Collection, v.Division, err)
	}
	return nil
}

func (s *Store) saveDraft(ctx context.Context, v geo.Version, fs []geo.Feature) error {
	if err := rows.CheckDraft(v, len(fs)); err != nil {
		return err
	}
	kept, err := form.Each(ctx, fs, v.Collection.Schema().Geometry)
	if err != nil {
		return err
	}
	return s.write(ctx, func(tx *sql.Tx) error {
		seq, err := insertVersion(ctx, tx, v, rows.BoundOfFeatures(fs))
		if err != nil {
			return err
		}
		return insertRows(ctx, tx, version{v, seq}, kept)
	})
}

// insertVersion keeps a draft without its features, as the newest version.
func insertVersion(ctx context.Context, tx *sql.Tx, v geo.Version, b orb.Bound) (seq int64, err error) {
	var taken int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM towngrid_version WHERE id = ?`, v.ID).Scan(&taken); err != nil {
		return 0, err
	}
	if taken > 0 {
		return 0, fmt.Errorf("%w: there is a version %s already", data.ErrConflict, v.ID)
	}
	created, err := maybeMicros(v.Created)
	if err != nil {
		return 0, err
	}
	source, err := json.Marshal(v.Source)
	if err != nil {
		return 0, err
	}
	args := []any{v.ID, v.Collection, v.Division, v.Base, v.Author, string(source), v.Features, v.Warnings, v.Checksum, created}
	if b.IsEmpty() {
		args = append(args, nil, nil, nil, nil)
	} else {
		args = append(args, b.Min[0], b.Min[1], b.Max[0], b.Max[1])
	}
	args = append(args, v.State)
	done, err := tx.ExecContext(ctx, `INSERT INTO towngrid_version
		(turn, id, collection, division, number, state, base, author, source, features, warnings, checksum,
			created_micros, created, min_x, min_y, max_x, max_y)
		VALUES ((SELECT coalesce(max(turn), 0) + 1 FROM towngrid_version), ?1, ?2, ?3, 0, ?15, ?4, ?5, ?6, ?7, ?8, ?9,
			?10, `+readable("?10")+`, ?11, ?12, ?13, ?14)`, args...)
	if err != nil {
		return 0, err
	}
	return done.LastInsertId()
}

// insertRows keeps the features of a draft.
func insertRows(ctx context.Context, tx *sql.Tx, draft version, kept iter.Seq2[*rows.Row, error]) error {
	live, err := liveFeatures(ctx, tx, draft)
	if err != nil {
		return err
	}
	k := keeper{seq: draft.seq, live: live}
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(id), 0) FROM towngrid_feature`).Scan(&k.last); err != nil {
		return err
	}
	if k.feature, err = prepare(ctx, tx, `INSERT INTO towngrid_feature (id, code, name, sum, properties, geometry) VALUES (?, ?, ?, ?, ?, ?)`); err != nil {
		return err
	}
	defer k.feature.Close()
	if k.member, err = prepare(ctx, tx, `INSERT INTO towngrid_draft (version, code, feature, own) VALUES (?, ?, ?, ?)`); err != nil {
		return err
	}
	defer k.member.Close()
	for r, err := range kept {
		if err != nil {
			return err
		}
		if err := k.keep(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// keeper puts the features of one draft into the tables.
type keeper struct {
	seq             int64 // of the draft
	last            int64 // ID given to a feature
	live            map[string]liveFeature
	feature, member *bulk
}

// keep makes r a feature of the draft: the one that is live where it is the same,
// else one of its own.
func (k *keeper) keep(ctx context.Context, r *rows.Row) error {
	same, ok := k.live[r.Code]
	own := !ok || same.sum != r.Sum
	if own {
		k.last++
		same.id = k.last
		if _, err := k.feature.exec(ctx, same.id, r.Code, r.Name, r.Sum[:], string(r.Properties), r.Geometry); err != nil {
			return err
		}
	}
	_, err := k.member.exec(ctx, k.seq, r.Code, same.id, own)
	return err
}

// liveFeature is a row of towngrid_feature that is live.
type liveFeature struct {
	id  int64
	sum [sha256.Size]byte
}

// liveFeatures lists by code what is live where the draft would be. A feature that
// is no longer what was written is left out, so that a draft never builds on it
// and a new upload of the same file mends what was damaged.
func liveFeatures(ctx context.Context, tx *sql.Tx, draft version) (map[string]liveFeature, error) {
	live := map[string]liveFeature{}
	found, err := tx.QueryContext(ctx, `SELECT f.id, f.code, f.name, f.properties, f.geometry, f.sum
		FROM towngrid_history h JOIN towngrid_feature f ON f.id = h.feature
		WHERE h.collection = ? AND h.division = ? AND h.last IS NULL`, draft.Collection, draft.Division)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	for found.Next() {
		var id int64
		var r rows.Row
		var properties, geometry, sum sql.RawBytes // valid until the next row
		if err := found.Scan(&id, &r.Code, &r.Name, &properties, &geometry, &sum); err != nil {
			return nil, err
		}
		r.Properties, r.Geometry = properties, geometry
		if digest := r.Digest(); bytes.Equal(digest[:], sum) {
			live[r.Code] = liveFeature{id, digest}
		}
	}
	return live, found.Err()
}

// bulk is a statement that is run very many times in a transaction.
type bulk struct {
	*sql.Stmt
	runs int
}

func prepare(ctx context.Context, tx *sql.Tx, query string) (*bulk, error) {
	stmt, err := tx.PrepareContext(ctx, query)
	return &bulk{Stmt: stmt}, err
}

// exec runs the statement. The driver watches a context by a goroutine for each
// run, which takes longer than the run; so the context is only looked at, every
// few runs, and each run, which takes microseconds, is left to end.
func (b *bulk) exec(ctx context.Context, args ...any) (sql.Result, error) {
	if b.runs++; b.runs%64 == 0 && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return b.ExecContext(context.WithoutCancel(ctx), args...)
}

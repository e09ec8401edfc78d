package gpkg

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"iter"

	"towngrid/data"
	"towngrid/data/rows"
	"towngrid/geo"
)

// SaveDraft keeps a draft and its features, or a discarded one without. A feature that is live already, bit
// for bit, is not kept again. An ID that is taken is data.ErrConflict; a version
// that is no draft or does not count its features, a collection without versions,
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
	return s.write(ctx, func(tx *sql.Tx) error {
		seq, err := insertVersion(ctx, tx, v)
		if err != nil {
			return err
		}
		return insertRows(ctx, tx, version{v, seq}, form.Each(ctx, fs, v.Collection.Schema().Geometry))
	})
}

// insertVersion keeps a draft without its features, as the newest version.
func insertVersion(ctx context.Context, tx *sql.Tx, v geo.Version) (seq int64, err error) {
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
	done, err := tx.ExecContext(ctx, `INSERT INTO towngrid_version
		(turn, id, collection, division, number, state, base, author, source, features, warnings, checksum,
			created_micros, created)
		VALUES ((SELECT coalesce(max(turn), 0) + 1 FROM towngrid_version), ?1, ?2, ?3, 0, ?11, ?4, ?5, ?6, ?7, ?8, ?9,
			?10, `+readable("?10")+`)`,
		v.ID, v.Collection, v.Division, v.Base, v.Author, string(source), v.Features, v.Warnings, v.Checksum, created, v.State)
	if err != nil {
		return 0, err
	}
	return done.LastInsertId()
}

// insertRows keeps the features of a draft, and in its version the box around them.
func insertRows(ctx context.Context, tx *sql.Tx, draft version, kept iter.Seq2[*rows.Row, error]) error {
	live, err := liveFeatures(ctx, tx, draft)
	if err != nil {
		return err
	}
	k := keeper{seq: draft.seq, live: live}
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(id), 0) FROM towngrid_feature`).Scan(&k.last); err != nil {
		return err
	}
	k.before = k.last
	if k.feature, err = prepare(ctx, tx, `INSERT INTO towngrid_feature (id, code, name, sum, properties, geometry) VALUES (?, ?, ?, ?, ?, ?)`); err != nil {
		return err
	}
	defer k.feature.Close()
	if k.member, err = prepare(ctx, tx, `INSERT INTO towngrid_draft (version, code, feature, own) VALUES (?, ?, ?, ?)`); err != nil {
		return err
	}
	defer k.member.Close()
	count, bound := 0, rows.Empty()
	for r, err := range kept {
		if err != nil {
			return err
		}
		if err := k.keep(ctx, r); err != nil {
			return err
		}
		if count++; !r.Bound.IsEmpty() {
			bound = bound.Union(r.Bound)
		}
	}
	if err := rows.CheckCount(draft.Version, count); err != nil {
		return err
	}
	if k.shared(count) {
		if err := k.mend(ctx, tx, kept); err != nil {
			return err
		}
	}
	if bound.IsEmpty() {
		return nil
	}
	_, err = tx.ExecContext(ctx, `UPDATE towngrid_version SET min_x = ?, min_y = ?, max_x = ?, max_y = ? WHERE seq = ?`,
		bound.Min[0], bound.Min[1], bound.Max[0], bound.Max[1], draft.seq)
	return err
}

// keeper puts the features of one draft into the tables.
type keeper struct {
	seq             int64 // of the draft
	before, last    int64 // IDs given to features: before this draft, and by now
	live            map[string]liveFeature
	feature, member *bulk
}

// keep makes r a feature of the draft: the one that is live where it is the same,
// else one of its own.
func (k *keeper) keep(ctx context.Context, r *rows.Row) error {
	same, ok := k.live[r.Code]
	own := !ok || same.sum != r.Sum
	if own {
		if err := k.write(ctx, r); err != nil {
			return err
		}
		same.id = k.last
	}
	_, err := k.member.exec(ctx, k.seq, r.Code, same.id, own)
	return err
}

// write keeps r as a feature, the last.
func (k *keeper) write(ctx context.Context, r *rows.Row) error {
	k.last++
	_, err := k.feature.exec(ctx, k.last, r.Code, r.Name, r.Sum[:], string(r.Properties), r.Geometry)
	return err
}

// shared says whether features of the draft are some that are live.
func (k *keeper) shared(count int) bool { return int64(count) > k.last-k.before }

// mend gives the draft features of its own in place of live ones that it shares and that
// are no longer what was written, so that a draft never builds on them and a new upload of
// the same file mends what was damaged. The rows are those that were kept.
func (k *keeper) mend(ctx context.Context, tx *sql.Tx, kept iter.Seq2[*rows.Row, error]) error {
	damaged, err := damagedOf(ctx, tx, k.seq)
	if err != nil || len(damaged) == 0 {
		return err
	}
	for r, err := range kept {
		if err != nil {
			return err
		}
		if !damaged[k.live[r.Code].id] {
			continue
		}
		if err := k.write(ctx, r); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE towngrid_draft SET feature = ?, own = 1 WHERE version = ? AND code = ? AND NOT own`, k.last, k.seq, r.Code); err != nil {
			return err
		}
	}
	return nil
}

// damagedOf are the features that a draft shares and that do not agree with their sum.
func damagedOf(ctx context.Context, tx *sql.Tx, seq int64) (map[int64]bool, error) {
	found, err := tx.QueryContext(ctx, `SELECT f.id, f.code, f.name, f.properties, f.geometry, f.sum
		FROM towngrid_draft d JOIN towngrid_feature f ON f.id = d.feature WHERE d.version = ? AND NOT d.own`, seq)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	damaged := map[int64]bool{}
	var scratch []byte
	for found.Next() {
		var id int64
		var r rows.Row
		var properties, geometry, sum sql.RawBytes // valid until the next row
		if err := found.Scan(&id, &r.Code, &r.Name, &properties, &geometry, &sum); err != nil {
			return nil, err
		}
		r.Properties, r.Geometry = properties, geometry
		if digest := r.Digest(&scratch); !bytes.Equal(digest[:], sum) {
			damaged[id] = true
		}
	}
	return damaged, found.Err()
}

// liveFeature is a row of towngrid_feature that is live, with the sum that it was written with.
type liveFeature struct {
	id  int64
	sum [sha256.Size]byte
}

// liveFeatures lists by code what is live where the draft would be.
func liveFeatures(ctx context.Context, tx *sql.Tx, draft version) (map[string]liveFeature, error) {
	live := map[string]liveFeature{}
	found, err := tx.QueryContext(ctx, `SELECT f.id, f.code, f.sum
		FROM towngrid_history h JOIN towngrid_feature f ON f.id = h.feature
		WHERE h.collection = ? AND h.division = ? AND h.last IS NULL`, draft.Collection, draft.Division)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	for found.Next() {
		var f liveFeature
		var code string
		var sum sql.RawBytes // valid until the next row
		if err := found.Scan(&f.id, &code, &sum); err != nil {
			return nil, err
		}
		if copy(f.sum[:], sum) == len(sum) {
			live[code] = f
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

package postgis

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"towngrid/data"
	"towngrid/data/rows"
	"towngrid/geo"
)

// version is a geo.Version with its row in towngrid_version.
type version struct {
	geo.Version
	seq int64
}

// The columns of towngrid_version in the order in which scanVersion reads them.
const versionColumns = `seq, id, collection, division, number, state, base, author,
	created, published, source, features, warnings, checksum`

func scanVersion(row pgx.CollectableRow) (v version, err error) {
	var created, published *time.Time
	var source []byte
	if err := row.Scan(&v.seq, &v.ID, &v.Collection, &v.Division, &v.Number, &v.State, &v.Base, &v.Author,
		&created, &published, &source, &v.Features, &v.Warnings, &v.Checksum); err != nil {
		return v, err
	}
	v.Created, v.Version.Published = moment(created), moment(published)
	if err := json.Unmarshal(source, &v.Source); err != nil {
		return v, fmt.Errorf("%w: version %s: %w", data.ErrDamaged, v.ID, err)
	}
	return v, nil
}

// versionsWhere lists the versions of a query that ends as given.
func versionsWhere(ctx context.Context, tx pgx.Tx, end string, args ...any) ([]version, error) {
	found, err := tx.Query(ctx, "SELECT "+versionColumns+" FROM towngrid_version v "+end, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, scanVersion)
}

// versionOf finds a version by its ID, or data.ErrNotFound. lock is what the query ends with.
func versionOf(ctx context.Context, tx pgx.Tx, id, lock string) (version, error) {
	vs, err := versionsWhere(ctx, tx, "WHERE id = $1 "+lock, id)
	if err == nil && len(vs) == 0 {
		err = fmt.Errorf("%w: version %s", data.ErrNotFound, id)
	}
	if err != nil {
		return version{}, err
	}
	return vs[0], nil
}

// Published lists the live versions, by collection and division.
func (s *Store) Published(ctx context.Context) ([]geo.Version, error) {
	var vs []geo.Version
	err := s.brief(ctx, func(ctx context.Context, tx pgx.Tx) (err error) {
		vs, err = list(ctx, tx, "WHERE state = 'published' ORDER BY collection, division")
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list what is published: %w", err)
	}
	return vs, nil
}

// list reads versions as the contract has them.
func list(ctx context.Context, tx pgx.Tx, end string, args ...any) ([]geo.Version, error) {
	found, err := versionsWhere(ctx, tx, end, args...)
	return plain(found), err
}

// Latest is the ID of the version that went live last, "" before the first. What it
// was read from is what the standby must have reached.
func (s *Store) Latest(ctx context.Context) (id string, err error) {
	err = s.brief(ctx, func(ctx context.Context, tx pgx.Tx) error {
		err := tx.QueryRow(ctx, "SELECT id FROM towngrid_version WHERE number > 0 ORDER BY turn DESC LIMIT 1").Scan(&id)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	if err != nil {
		return "", fmt.Errorf("find the latest version: %w", err)
	}
	s.mark(ctx)
	return id, nil
}

// Since lists what went live after the version of an ID and still is, in the order of turns.
func (s *Store) Since(ctx context.Context, id string) (vs []geo.Version, known bool, err error) {
	err = s.brief(ctx, func(ctx context.Context, tx pgx.Tx) error {
		var turn int64
		err := tx.QueryRow(ctx, "SELECT turn FROM towngrid_version WHERE id = $1 AND number > 0", id).Scan(&turn)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		known = true
		found, err := versionsWhere(ctx, tx, "WHERE number > 0 AND turn > $1 AND state = 'published' ORDER BY turn", turn)
		vs = plain(found)
		return err
	})
	if err != nil {
		return nil, false, fmt.Errorf("list what was published after version %s: %w", id, err)
	}
	s.mark(ctx)
	return vs, known, nil
}

// plain are versions as the contract has them.
func plain(found []version) (vs []geo.Version) {
	for _, v := range found {
		vs = append(vs, v.Version)
	}
	return vs
}

// History lists the versions that f selects, the newest first. A standby answers where
// there is one that has caught up.
func (s *Store) History(ctx context.Context, f data.VersionFilter) ([]geo.Version, error) {
	var w where
	if f.Collection != "" {
		w.and("collection = ?", f.Collection)
	}
	if f.Division != "" {
		w.and("division = ?", f.Division)
	}
	if f.State != "" {
		w.and("state = ?", f.State)
	}
	if !f.At.IsZero() {
		// Numbers follow the order of publishing even where a clock stepped back.
		if err := w.andMoment(`number = (SELECT max(l.number) FROM towngrid_version l
			WHERE l.collection = v.collection AND l.division = v.division AND l.published <= ?)`, f.At); err != nil {
			return nil, fmt.Errorf("list versions: %w", err)
		}
	}
	var vs []geo.Version
	err := s.recall(ctx, func(tx pgx.Tx) error {
		return within(ctx, s.opts.StatementTimeout, func(ctx context.Context) (err error) {
			vs, err = list(ctx, tx, w.String()+" ORDER BY turn DESC"+limited(f.Limit), w.args...)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list versions: %w", err)
	}
	return vs, nil
}

// Version finds a version by its ID, or data.ErrNotFound.
func (s *Store) Version(ctx context.Context, id string) (v geo.Version, err error) {
	err = s.brief(ctx, func(ctx context.Context, tx pgx.Tx) error {
		found, err := versionOf(ctx, tx, id, "")
		v = found.Version
		return err
	})
	return v, err
}

// Publish makes a draft live, in one transaction with its history, and tells who listens.
func (s *Store) Publish(ctx context.Context, id string, base int, at time.Time) (geo.Version, error) {
	if err := rows.CheckMoment(at); err != nil {
		return geo.Version{}, fmt.Errorf("publish: %w", err)
	}
	// How long it may take depends on the features, so they are asked for first.
	draft, err := s.Version(ctx, id)
	if err != nil {
		return geo.Version{}, fmt.Errorf("publish version %s: %w", id, err)
	}
	var done version
	err = s.write(ctx, draft.Features, func(ctx context.Context, tx pgx.Tx) error {
		draft, err := draftOf(ctx, tx, id)
		if err != nil {
			return err
		}
		live, err := liveNumber(ctx, tx, draft)
		if err != nil {
			return err
		}
		if live != base {
			return fmt.Errorf("%w: number %d of %s in %s is live, not %d", data.ErrConflict, live, draft.Collection, draft.Division, base)
		}
		if err := goLive(ctx, tx, draft, live+1, at); err != nil {
			return err
		}
		done, err = versionOf(ctx, tx, id, "")
		return err
	})
	if err != nil {
		return geo.Version{}, fmt.Errorf("publish version %s: %w", id, err)
	}
	return done.Version, nil
}

// draftOf finds a version that must be a draft, and keeps it one until tx ends.
func draftOf(ctx context.Context, tx pgx.Tx, id string) (version, error) {
	v, err := versionOf(ctx, tx, id, "FOR UPDATE")
	if err == nil && v.State != geo.Draft {
		err = fmt.Errorf("%w: version %s is %s, not a draft", data.ErrConflict, id, v.State)
	}
	return v, err
}

// liveNumber is the number that is live where v would be, 0 for none. Until tx ends
// nobody else publishes there.
func liveNumber(ctx context.Context, tx pgx.Tx, v version) (n int, err error) {
	if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtext('towngrid publish'), hashtext($1))", string(v.Collection)+" "+string(v.Division)); err != nil {
		return 0, err
	}
	err = tx.QueryRow(ctx, `SELECT number FROM towngrid_version
		WHERE state = 'published' AND collection = $1 AND division = $2`, v.Collection, v.Division).Scan(&n)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	}
	return n, err
}

// goLive ends the rows of the history that the draft does not go on with, begins
// those that it brings, and gives it its number. The old version steps down before
// the new one is live, for there can only be one. The turn is taken last, and from
// then on until the commit by one at a time, so that turns are seen in their order:
// whoever knows the latest version knows all before it. All of it is one message to the server.
func goLive(ctx context.Context, tx pgx.Tx, draft version, number int, at time.Time) error {
	var b pgx.Batch
	// Fresh rows have no statistics yet, and without them the joins may be planned as
	// loops over loops.
	b.Queue(`SET LOCAL enable_nestloop = off`)
	b.Queue(`UPDATE towngrid_history h SET last = $3::bigint - 1
		WHERE collection = $1 AND division = $2 AND last IS NULL
		AND NOT EXISTS (SELECT FROM towngrid_draft d WHERE d.version = $4 AND d.feature = h.feature)`,
		draft.Collection, draft.Division, number, draft.seq)
	b.Queue(`INSERT INTO towngrid_history (collection, division, code, first, feature)
		SELECT $1, $2, d.code, $3, d.feature FROM towngrid_draft d
		WHERE d.version = $4 AND NOT EXISTS (
			SELECT FROM towngrid_history h WHERE h.collection = $1 AND h.division = $2 AND h.last IS NULL AND h.feature = d.feature)`,
		draft.Collection, draft.Division, number, draft.seq)
	b.Queue(`DELETE FROM towngrid_draft WHERE version = $1`, draft.seq)
	b.Queue(`SELECT pg_advisory_xact_lock(hashtext('towngrid turn'))`)
	b.Queue(`UPDATE towngrid_version SET state = 'superseded'
		WHERE collection = $1 AND division = $2 AND state = 'published'`, draft.Collection, draft.Division)
	b.Queue(`UPDATE towngrid_version SET state = 'published', number = $2, base = $4, published = $3, turn = nextval('towngrid_turn')
		WHERE seq = $1`, draft.seq, number, at, number-1)
	b.Queue(`SELECT pg_notify('`+channel+`', $1)`, draft.ID)
	return tx.SendBatch(ctx, &b).Close()
}

// Discard drops a draft and its features; the version stays listed as discarded.
func (s *Store) Discard(ctx context.Context, id string) error {
	draft, err := s.Version(ctx, id)
	if err != nil {
		return fmt.Errorf("discard version %s: %w", id, err)
	}
	err = s.write(ctx, draft.Features, func(ctx context.Context, tx pgx.Tx) error {
		draft, err := draftOf(ctx, tx, id)
		if err != nil {
			return err
		}
		for _, change := range []string{
			`DELETE FROM towngrid_feature WHERE id IN (SELECT feature FROM towngrid_draft WHERE version = $1 AND own)`,
			`DELETE FROM towngrid_draft WHERE version = $1`,
			`UPDATE towngrid_version SET state = 'discarded' WHERE seq = $1`,
		} {
			if _, err := tx.Exec(ctx, change, draft.seq); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("discard version %s: %w", id, err)
	}
	return nil
}

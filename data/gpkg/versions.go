package gpkg

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"towngrid/data"
	"towngrid/geo"
)

// version is a geo.Version with its row in towngrid_version.
type version struct {
	geo.Version
	seq int64
}

// The columns of towngrid_version in the order in which scanVersion reads them.
const versionColumns = `seq, id, collection, division, number, state, base, author,
	created_micros, published_micros, source, features, warnings, checksum`

func scanVersion(rows *sql.Rows) (v version, err error) {
	var created, published sql.NullInt64
	var source []byte
	if err := rows.Scan(&v.seq, &v.ID, &v.Collection, &v.Division, &v.Number, &v.State, &v.Base, &v.Author,
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
func versionsWhere(ctx context.Context, tx *sql.Tx, end string, args ...any) ([]version, error) {
	var vs []version
	for v, err := range scan(ctx, tx, "SELECT "+versionColumns+" FROM towngrid_version v "+end, args, scanVersion) {
		if err != nil {
			return nil, err
		}
		vs = append(vs, v)
	}
	return vs, nil
}

// versionOf finds a version by its ID, or data.ErrNotFound.
func versionOf(ctx context.Context, tx *sql.Tx, id string) (version, error) {
	vs, err := versionsWhere(ctx, tx, "WHERE id = ?", id)
	if err == nil && len(vs) == 0 {
		err = fmt.Errorf("%w: version %s", data.ErrNotFound, id)
	}
	if err != nil {
		return version{}, err
	}
	return vs[0], nil
}

// list reads versions as the contract has them.
func (s *Store) list(ctx context.Context, end string, args ...any) (list []geo.Version, err error) {
	err = s.read(ctx, func(tx *sql.Tx) error {
		vs, err := versionsWhere(ctx, tx, end, args...)
		for _, v := range vs {
			list = append(list, v.Version)
		}
		return err
	})
	return list, err
}

// Published lists the live versions, by collection and division.
func (s *Store) Published(ctx context.Context) ([]geo.Version, error) {
	vs, err := s.list(ctx, "WHERE state = 'published' ORDER BY collection, division")
	if err != nil {
		return nil, fmt.Errorf("list what is published: %w", err)
	}
	return vs, nil
}

// Latest is the ID of the version that went live last, "" before the first.
func (s *Store) Latest(ctx context.Context) (string, error) {
	vs, err := s.list(ctx, "WHERE number > 0 ORDER BY turn DESC LIMIT 1")
	if err != nil || len(vs) == 0 {
		return "", err
	}
	return vs[0].ID, nil
}

// History lists the versions that f selects, the newest first.
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
			WHERE l.collection = v.collection AND l.division = v.division AND l.published_micros <= ?)`, f.At); err != nil {
			return nil, fmt.Errorf("list versions: %w", err)
		}
	}
	vs, err := s.list(ctx, w.String()+" ORDER BY turn DESC"+limited(f.Limit), w.args...)
	if err != nil {
		return nil, fmt.Errorf("list versions: %w", err)
	}
	return vs, nil
}

// Version finds a version by its ID, or data.ErrNotFound.
func (s *Store) Version(ctx context.Context, id string) (v geo.Version, err error) {
	err = s.read(ctx, func(tx *sql.Tx) error {
		found, err := versionOf(ctx, tx, id)
		v = found.Version
		return err
	})
	return v, err
}

// Publish makes a draft live, in one transaction with the feature tables.
func (s *Store) Publish(ctx context.Context, id string, base int, at time.Time) (geo.Version, error) {
	when, err := micros(at)
	if err != nil {
		return geo.Version{}, fmt.Errorf("publish: %w", err)
	}
	var done version
	err = s.write(ctx, func(tx *sql.Tx) error {
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
		if err := goLive(ctx, tx, draft, live+1, when); err != nil {
			return err
		}
		done, err = versionOf(ctx, tx, id)
		return err
	})
	if err != nil {
		return geo.Version{}, fmt.Errorf("publish version %s: %w", id, err)
	}
	return done.Version, nil
}

// draftOf finds a version that must be a draft.
func draftOf(ctx context.Context, tx *sql.Tx, id string) (version, error) {
	v, err := versionOf(ctx, tx, id)
	if err == nil && v.State != geo.Draft {
		err = fmt.Errorf("%w: version %s is %s, not a draft", data.ErrConflict, id, v.State)
	}
	return v, err
}

// liveNumber is the number that is live where v would be, 0 for none.
func liveNumber(ctx context.Context, tx *sql.Tx, v version) (n int, err error) {
	err = tx.QueryRowContext(ctx, `SELECT number FROM towngrid_version
		WHERE state = 'published' AND collection = ? AND division = ?`, v.Collection, v.Division).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return n, err
}

// goLive ends the rows of the history that the draft does not go on with, begins
// those that it brings, and gives it its number. The old version steps down
// before the new one is live, for there can only be one.
func goLive(ctx context.Context, tx *sql.Tx, draft version, number int, when int64) error {
	place := []any{draft.Collection, draft.Division, number, draft.seq, when}
	for _, change := range []string{
		`UPDATE towngrid_history SET last = ?3 - 1
			WHERE collection = ?1 AND division = ?2 AND last IS NULL
			AND feature NOT IN (SELECT feature FROM towngrid_draft WHERE version = ?4)`,
		`INSERT INTO towngrid_history (collection, division, code, first, feature)
			SELECT ?1, ?2, d.code, ?3, d.feature FROM towngrid_draft d
			WHERE d.version = ?4 AND d.feature NOT IN (
				SELECT feature FROM towngrid_history WHERE collection = ?1 AND division = ?2 AND last IS NULL)`,
		`DELETE FROM towngrid_draft WHERE version = ?4`,
		`UPDATE towngrid_version SET state = 'superseded'
			WHERE collection = ?1 AND division = ?2 AND state = 'published'`,
		`UPDATE towngrid_version SET state = 'published', number = ?3, base = ?3 - 1, published_micros = ?5, published = ` + readable("?5") + `,
			turn = (SELECT max(turn) + 1 FROM towngrid_version)
			WHERE seq = ?4`,
	} {
		if _, err := tx.ExecContext(ctx, change, place...); err != nil {
			return err
		}
	}
	return copyLive(ctx, tx, draft, number)
}

// Discard drops a draft and its features; the version stays listed as discarded.
func (s *Store) Discard(ctx context.Context, id string) error {
	err := s.write(ctx, func(tx *sql.Tx) error {
		draft, err := draftOf(ctx, tx, id)
		if err != nil {
			return err
		}
		for _, change := range []string{
			`DELETE FROM towngrid_feature WHERE id IN (SELECT feature FROM towngrid_draft WHERE version = ? AND own)`,
			`DELETE FROM towngrid_draft WHERE version = ?`,
			`UPDATE towngrid_version SET state = 'discarded' WHERE seq = ?`,
		} {
			if _, err := tx.ExecContext(ctx, change, draft.seq); err != nil {
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

package postgis

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"towngrid/data"
	"towngrid/data/rows"
)

// SaveUpload keeps u under its ID, over what was kept before.
func (s *Store) SaveUpload(ctx context.Context, u data.Upload) error {
	violations, err := json.Marshal(u.Violations)
	err = errors.Join(err, rows.CheckMoment(u.Created))
	u.Violations = nil
	upload, merr := json.Marshal(u)
	if err = errors.Join(err, merr); err == nil {
		err = s.write(ctx, 0, func(ctx context.Context, tx pgx.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO towngrid_upload (id, created, upload, violations) VALUES ($1, $2, $3, $4)
				ON CONFLICT (id) DO UPDATE SET created = excluded.created, upload = excluded.upload, violations = excluded.violations`,
				u.ID, u.Created, upload, violations)
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("save upload %s: %w", u.ID, err)
	}
	return nil
}

// Upload finds an upload, violations included, or data.ErrNotFound.
func (s *Store) Upload(ctx context.Context, id string) (data.Upload, error) {
	us, err := s.uploads(ctx, "SELECT upload, violations FROM towngrid_upload WHERE id = $1", id)
	if err == nil && len(us) == 0 {
		err = data.ErrNotFound
	}
	if err != nil {
		return data.Upload{}, fmt.Errorf("upload %s: %w", id, err)
	}
	return us[0], nil
}

// RecentUploads lists uploads without their violations, the newest first; all of
// them when limit is 0.
func (s *Store) RecentUploads(ctx context.Context, limit int) ([]data.Upload, error) {
	us, err := s.uploads(ctx, "SELECT upload, 'null'::json FROM towngrid_upload ORDER BY created DESC, id DESC"+limited(limit))
	if err != nil {
		return nil, fmt.Errorf("list uploads: %w", err)
	}
	return us, nil
}

// ForgetUpload drops an upload; one that is not there is no error.
func (s *Store) ForgetUpload(ctx context.Context, id string) error {
	err := s.write(ctx, 0, func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM towngrid_upload WHERE id = $1`, id)
		return err
	})
	if err != nil {
		return fmt.Errorf("forget upload %s: %w", id, err)
	}
	return nil
}

func (s *Store) uploads(ctx context.Context, query string, args ...any) (us []data.Upload, err error) {
	err = s.brief(ctx, func(ctx context.Context, tx pgx.Tx) error {
		found, err := tx.Query(ctx, query, args...)
		if err == nil {
			us, err = pgx.CollectRows(found, scanUpload)
		}
		return err
	})
	return us, err
}

func scanUpload(row pgx.CollectableRow) (u data.Upload, err error) {
	var upload, violations []byte
	if err := row.Scan(&upload, &violations); err != nil {
		return u, err
	}
	if err := errors.Join(json.Unmarshal(upload, &u), json.Unmarshal(violations, &u.Violations)); err != nil {
		return u, fmt.Errorf("%w: upload %s: %w", data.ErrDamaged, u.ID, err)
	}
	return u, nil
}

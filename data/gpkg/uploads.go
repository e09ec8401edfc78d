package gpkg

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"towngrid/data"
)

// SaveUpload keeps u under its ID, over what was kept before.
func (s *Store) SaveUpload(ctx context.Context, u data.Upload) error {
	violations, err := json.Marshal(u.Violations)
	if err != nil {
		return fmt.Errorf("save upload %s: %w", u.ID, err)
	}
	created, err := micros(u.Created)
	if err != nil {
		return fmt.Errorf("save upload %s: %w", u.ID, err)
	}
	u.Violations = nil
	upload, err := json.Marshal(u)
	if err != nil {
		return fmt.Errorf("save upload %s: %w", u.ID, err)
	}
	err = s.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO towngrid_upload (id, created, upload, violations) VALUES (?, ?, ?, ?)`,
			u.ID, created, string(upload), string(violations))
		return err
	})
	if err != nil {
		return fmt.Errorf("save upload %s: %w", u.ID, err)
	}
	return nil
}

// Upload finds an upload, violations included, or data.ErrNotFound.
func (s *Store) Upload(ctx context.Context, id string) (data.Upload, error) {
	us, err := s.uploads(ctx, "SELECT upload, violations FROM towngrid_upload WHERE id = ?", id)
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
	us, err := s.uploads(ctx, "SELECT upload, 'null' FROM towngrid_upload ORDER BY created DESC, id DESC"+limited(limit))
	if err != nil {
		return nil, fmt.Errorf("list uploads: %w", err)
	}
	return us, nil
}

// ForgetUpload drops an upload; one that is not there is no error.
func (s *Store) ForgetUpload(ctx context.Context, id string) error {
	err := s.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM towngrid_upload WHERE id = ?`, id)
		return err
	})
	if err != nil {
		return fmt.Errorf("forget upload %s: %w", id, err)
	}
	return nil
}

func (s *Store) uploads(ctx context.Context, query string, args ...any) (us []data.Upload, err error) {
	err = s.read(ctx, func(tx *sql.Tx) error {
		for u, err := range scan(ctx, tx, query, args, scanUpload) {
			if err != nil {
				return err
			}
			us = append(us, u)
		}
		return nil
	})
	return us, err
}

func scanUpload(rows *sql.Rows) (u data.Upload, err error) {
	var upload, violations sql.RawBytes
	if err := rows.Scan(&upload, &violations); err != nil {
		return u, err
	}
	if err := json.Unmarshal(upload, &u); err != nil {
		return u, fmt.Errorf("%w: %w", data.ErrDamaged, err)
	}
	if err := json.Unmarshal(violations, &u.Violations); err != nil {
		return u, fmt.Errorf("%w: upload %s: %w", data.ErrDamaged, u.ID, err)
	}
	return u, nil
}

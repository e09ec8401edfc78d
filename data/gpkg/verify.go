package gpkg

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"towngrid/data"
	"towngrid/geo"
)

// Verify checks everything that is kept: the file's pages and indexes, and of every
// version that its features agree with its checksum. What it finds is
// data.ErrDamaged, all of it joined; other errors mean that it could not check.
// It holds the features of one version at a time.
func (s *Store) Verify(ctx context.Context) error {
	err := s.checkPages(ctx)
	if err != nil && !errors.Is(err, data.ErrDamaged) {
		return fmt.Errorf("verify: %w", err)
	}
	found := []error{err}
	versions, err := s.History(ctx, data.VersionFilter{})
	if err != nil {
		return fmt.Errorf("verify: %w", errors.Join(append(found, err)...))
	}
	for _, v := range versions {
		if v.State == geo.Discarded {
			continue
		}
		err := s.verifyVersion(ctx, v)
		if errors.Is(err, data.ErrConflict) {
			continue // it was discarded meanwhile
		}
		if err != nil && !errors.Is(err, data.ErrDamaged) {
			return fmt.Errorf("verify: %w", errors.Join(append(found, err)...))
		}
		found = append(found, err)
	}
	return errors.Join(found...)
}

func (s *Store) checkPages(ctx context.Context) error {
	return s.read(ctx, func(tx *sql.Tx) error { return checkPages(ctx, tx) })
}

// checkPages has SQLite check every page and index.
func checkPages(ctx context.Context, db interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
}) error {
	var verdict string
	err := db.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&verdict)
	if err == nil && verdict != "ok" {
		err = fmt.Errorf("%w: %s", data.ErrDamaged, verdict)
	}
	return err
}

func (s *Store) verifyVersion(ctx context.Context, v geo.Version) error {
	var fs []geo.Feature
	for f, err := range s.Features(ctx, v.ID) {
		if err != nil {
			return err
		}
		fs = append(fs, f)
	}
	sum, err := geo.Checksum(fs)
	if err != nil {
		return fmt.Errorf("%w: version %s: %w", data.ErrDamaged, v.ID, err)
	}
	if sum != v.Checksum {
		return fmt.Errorf("%w: version %s has the checksum %s, but %s was published", data.ErrDamaged, v.ID, sum, v.Checksum)
	}
	return nil
}

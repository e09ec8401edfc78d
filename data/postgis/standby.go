package postgis

import (
	"context"

	"github.com/jackc/pgx/v5"

	"towngrid/data"
)

// recall runs look as read does, on the standby where there is one that has caught up
// with what this service has written and seen.
func (s *Store) recall(ctx context.Context, look func(pgx.Tx) error) error {
	if s.standby == nil || !s.prepared.Load() {
		return s.read(ctx, look)
	}
	tx, err := s.begin(ctx, s.standby, asOf)
	if err != nil {
		return s.read(ctx, look)
	}
	yes := false
	_ = within(ctx, s.opts.Answer, func(ctx context.Context) error { yes = s.caughtUp(ctx, tx); return nil })
	if !yes {
		s.rollback(ctx, tx)
		return s.read(ctx, look)
	}
	return s.look(ctx, tx, look)
}

// caughtUp says whether a transaction sees all that this service has written and seen.
func (s *Store) caughtUp(ctx context.Context, tx pgx.Tx) (yes bool) {
	reached := s.reached.Load()
	if reached == nil || *reached == "" {
		return false
	}
	err := tx.QueryRow(ctx, "SELECT coalesce(pg_last_wal_replay_lsn() >= $1::text::pg_lsn, NOT pg_is_in_recovery())", *reached).Scan(&yes)
	return err == nil && yes
}

// mark notes how far the write-ahead log has come, for caughtUp.
func (s *Store) mark(ctx context.Context) {
	if s.standby == nil {
		return
	}
	end, stop := context.WithTimeout(context.WithoutCancel(ctx), s.opts.Answer)
	defer stop()
	var at string
	err := s.pool.QueryRow(end, "SELECT pg_current_wal_insert_lsn()::text").Scan(&at)
	if err != nil {
		at = ""
	}
	s.reached.Store(&at)
}

// Durability tells what a commit survives. Without the right to see other sessions a
// standby that is not synchronous may go unseen.
func (s *Store) Durability(ctx context.Context) (said string, err error) {
	var names bool
	var standbys int
	err = s.brief(ctx, func(ctx context.Context, tx pgx.Tx) error {
		return tx.QueryRow(ctx, `SELECT current_setting('synchronous_standby_names') <> '' AND current_setting('synchronous_commit') NOT IN ('off', 'local'),
			(SELECT count(*) FROM pg_stat_replication)`).Scan(&names, &standbys)
	})
	switch {
	case err != nil:
		return "", err
	case names:
		return data.Synchronous, nil
	case standbys > 0:
		return data.Asynchronous, nil
	}
	return data.Single, nil
}

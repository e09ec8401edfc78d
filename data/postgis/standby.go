package postgis

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"towngrid/data"
)

// place is a point in the write-ahead log: of which cluster, timeline and database, and
// where in it, as PostgreSQL writes it.
type place struct{ origin, at string }

// rest is how long a standby that could not be reached is not asked again.
const rest = 5 * time.Second

// recall runs look as read does, on the standby where there is one that has caught up
// with what this service has written and seen. Where that fails in the midst of it, as when
// the standby's replay needs what look still reads, look runs again on the primary: it
// must be fit for that.
func (s *Store) recall(ctx context.Context, look func(pgx.Tx) error) error {
	if s.standby == nil || !s.prepared.Load() || time.Now().UnixNano() < s.resting.Load() {
		return s.read(ctx, look)
	}
	tx, err := s.beginOn(ctx, s.standby, asOf, s.caughtUp)
	if err != nil {
		if !errors.Is(err, errBehind) && ctx.Err() == nil {
			s.resting.Store(time.Now().Add(rest).UnixNano())
			s.unused(err)
		}
		return s.read(ctx, look)
	}
	s.warned.Store(false)
	if err = s.look(ctx, tx, look); errors.Is(err, data.ErrUnavailable) {
		return s.read(ctx, look)
	}
	return err
}

// unused says, once until it is used again, that the standby is of no use.
func (s *Store) unused(cause error) {
	if s.warned.CompareAndSwap(false, true) {
		s.opts.Log.Warn("the standby cannot be used; the primary answers in its place", "cause", cause)
	}
}

// errBehind means that a standby lacks what this service has written or seen.
var errBehind = errors.New("the standby has not caught up")

// caughtUp is nil when a transaction that begins now sees all that this service has
// written and seen; one that has begun may see less than the server has come to meanwhile. Only a
// server that still follows does, for one that was promoted or started by itself goes its own
// way: its connection is closed. On another timeline the same place holds something
// else. A standby tells its timeline when it has come to a restart point on it.
func (s *Store) caughtUp(ctx context.Context, conn *pgx.Conn) error {
	reached := s.reached.Load()
	if reached == nil {
		return errBehind
	}
	var follows, yes bool
	err := conn.QueryRow(ctx, `SELECT pg_is_in_recovery(), coalesce(pg_last_wal_replay_lsn() >= $1::text::pg_lsn AND $2::text = concat_ws(' ',
		(SELECT system_identifier FROM pg_control_system()),
		greatest((SELECT timeline_id FROM pg_control_checkpoint()), (SELECT min_recovery_end_timeline FROM pg_control_recovery())),
		current_database()), false)`, reached.at, reached.origin).Scan(&follows, &yes)
	switch {
	case err != nil:
		return err
	case !follows:
		return errors.Join(errBehind, conn.Close(ctx))
	case !yes:
		return errBehind
	}
	return nil
}

// mark notes how far the write-ahead log has come, for caughtUp: what a transaction sees
// of others had been flushed before it could be seen. What comes after may be flushed, and sent
// to the standby, only much later.
func (s *Store) mark(ctx context.Context) {
	if s.standby == nil {
		return
	}
	end, stop := context.WithTimeout(context.WithoutCancel(ctx), s.opts.Answer)
	defer stop()
	var p place
	err := s.pool.QueryRow(end, `SELECT pg_current_wal_flush_lsn()::text, concat_ws(' ', (SELECT system_identifier FROM pg_control_system()),
		('x' || left(pg_walfile_name(pg_current_wal_flush_lsn()), 8))::bit(32)::integer, current_database())`).Scan(&p.at, &p.origin)
	if err != nil {
		if s.reached.Store(nil); kindOfError(err) == nil {
			s.unused(err)
		}
		return
	}
	s.reached.Store(&p)
}

// Durability tells what a commit survives. Without the right to see other sessions a
// standby that is not synchronous may go unseen.
func (s *Store) Durability(ctx context.Context) (said string, err error) {
	var names bool
	var standbys int
	err = s.brief(ctx, func(ctx context.Context, tx pgx.Tx) error {
		return tx.QueryRow(ctx, `SELECT current_setting('synchronous_standby_names') <> '' AND current_setting('synchronous_commit') <> 'local',
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

package postgis

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"towngrid/data"
)

// months knows which months of incidents have a partition.
type months struct {
	// making has room for the one who makes partitions. It is waited for no longer than
	// for a server's first answer, so that writers do not queue up behind one that is slow.
	making chan struct{}
	mu     sync.Mutex
	have   map[string]bool // by month, as 2026_11
}

// ahead is how many months have their partition before they begin.
const ahead = 3

// partitioned says whether a month has a partition of its own; the others share one.
func partitioned(t time.Time) bool { return t.Year() >= 1990 && t.Year() <= 2100 }

// ensure makes partitions for the months of moments, where they have none. It is
// data.ErrUnavailable when another call has been at it for Options.Answer.
func (m *months) ensure(ctx context.Context, s *Store, at []time.Time) error {
	if len(m.missing(at)) == 0 {
		return nil
	}
	patience := time.NewTimer(s.opts.Answer)
	defer patience.Stop()
	select {
	case m.making <- struct{}{}:
		defer func() { <-m.making }()
	case <-patience.C:
		return fmt.Errorf("%w: partitions of incidents are being made", data.ErrUnavailable)
	case <-ctx.Done():
		return ctx.Err()
	}
	for _, t := range m.missing(at) {
		if err := s.write(ctx, 0, func(ctx context.Context, tx pgx.Tx) error { return addMonth(ctx, tx, t) }); err != nil {
			return fmt.Errorf("make a partition for %s: %w", monthOf(t), err)
		}
		m.made(t)
	}
	return nil
}

// monthOf names a month as its partition does.
func monthOf(t time.Time) string { return t.UTC().Format("2006_01") }

// missing gives the first of the moments in each month that is not known to have a partition.
func (m *months) missing(at []time.Time) (first []time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var seen map[string]bool
	for _, t := range at {
		t = t.UTC()
		name := monthOf(t)
		if !partitioned(t) || m.have[name] || seen[name] {
			continue
		}
		if seen == nil {
			seen = map[string]bool{}
		}
		seen[name] = true
		first = append(first, t)
	}
	return first
}

// made notes that the month of t has its partition.
func (m *months) made(t time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.have == nil {
		m.have = map[string]bool{}
	}
	m.have[monthOf(t)] = true
}

// forget is called when partitions may be gone.
func (m *months) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.have = nil
}

// addMonth makes the partition of the month that t is in. It is made beside the table
// and attached, which lets others read and write the table meanwhile. Incidents of the
// month may lie in the partition of the others, written by a service that had not yet
// heard that the month was dropped; they move.
func addMonth(ctx context.Context, tx pgx.Tx, t time.Time) error {
	if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtext('towngrid months'))"); err != nil {
		return err
	}
	begin := time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
	name := "incidents_" + begin.Format("2006_01")
	var there bool
	if err := tx.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", name).Scan(&there); err != nil || there {
		return err
	}
	const moment = "2006-01-02 15:04:05Z07:00"
	from, to := begin.Format(moment), begin.AddDate(0, 1, 0).Format(moment)
	month := fmt.Sprintf("time >= '%s' AND time < '%s'", from, to)
	if _, err := tx.Exec(ctx, "CREATE TABLE "+name+" (LIKE incidents INCLUDING DEFAULTS)"); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "LOCK TABLE incidents_other IN ACCESS EXCLUSIVE MODE"); err != nil { // as attaching does
		return err
	}
	if err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT FROM incidents_other WHERE "+month+")").Scan(&there); err != nil {
		return err
	}
	var statements []string
	if there {
		statements = append(statements, "INSERT INTO "+name+" SELECT * FROM incidents_other WHERE "+month, "DELETE FROM incidents_other WHERE "+month)
	}
	for _, statement := range append(statements, fmt.Sprintf("ALTER TABLE incidents ATTACH PARTITION %s FOR VALUES FROM ('%s') TO ('%s')", name, from, to)) {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// tend makes the months to come and drops those that are past keeping, now and twice
// a day, until ctx ends.
func (s *Store) tend(ctx context.Context) {
	const halfDay, soon = 12 * time.Hour, 30 * time.Second
	for {
		wait := halfDay
		if err := s.tendOnce(ctx); err != nil && ctx.Err() == nil {
			if wait = soon; !errors.Is(err, data.ErrUnavailable) {
				wait = time.Hour
				s.opts.Log.Warn("the months of incidents could not be tended", "cause", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

func (s *Store) tendOnce(ctx context.Context) error {
	var now time.Time // the database's, for the clocks of the services may differ
	if err := s.brief(ctx, func(ctx context.Context, tx pgx.Tx) error { return tx.QueryRow(ctx, "SELECT now()").Scan(&now) }); err != nil {
		return err
	}
	now = now.UTC()
	first := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	var wanted []time.Time
	for n := range ahead + 1 {
		wanted = append(wanted, first.AddDate(0, n, 0))
	}
	if err := s.months.ensure(ctx, s, wanted); err != nil || s.opts.KeepMonths == 0 {
		return err
	}
	return s.DropIncidents(ctx, first.AddDate(0, -s.opts.KeepMonths, 0))
}

// droppedAtOnce is how many rows are dropped in one transaction.
const droppedAtOnce = 10_000

// dropSome drops rows of a table that lie before a moment, and tells how many there
// were. They are chosen by one statement and dropped by another, by what they hold and
// not by where they lie, so that it works on a table that is spread over several servers.
func dropSome(ctx context.Context, tx pgx.Tx, table string, before time.Time) (n int, err error) {
	found, err := tx.Query(ctx, "SELECT code FROM "+table+" WHERE time < $1 ORDER BY time LIMIT $2", before, droppedAtOnce)
	if err != nil {
		return 0, err
	}
	codes, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err == nil && len(codes) > 0 {
		_, err = tx.Exec(ctx, "DELETE FROM "+table+" WHERE code = ANY($1::text[]) AND time < $2", codes, before)
	}
	return len(codes), err
}

// DropIncidents drops whole months of incidents that lie before a moment, with what is
// known of their IDs; an incident of them that is delivered again is new.
func (s *Store) DropIncidents(ctx context.Context, before time.Time) error {
	before = before.UTC()
	before = time.Date(before.Year(), before.Month(), 1, 0, 0, 0, 0, time.UTC)
	defer s.months.forget()
	err := s.write(ctx, 0, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtext('towngrid months'))"); err != nil {
			return err
		}
		found, err := tx.Query(ctx, `SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
			WHERE i.inhparent = 'incidents'::regclass AND c.relname ~ '^incidents_[0-9]{4}_[0-9]{2}$' AND c.relname < $1::text ORDER BY 1`,
			"incidents_"+before.Format("2006_01"))
		if err != nil {
			return err
		}
		names, err := pgx.CollectRows(found, pgx.RowTo[string])
		for _, name := range names {
			if _, err := tx.Exec(ctx, "DROP TABLE "+pgx.Identifier{name}.Sanitize()); err != nil {
				return err
			}
			s.opts.Log.Info("a month of incidents is past keeping and was dropped", "partition", name)
		}
		return err
	})
	for _, table := range []string{"incidents_other", "towngrid_incident"} {
		for n := droppedAtOnce; err == nil && n == droppedAtOnce; {
			err = s.write(ctx, droppedAtOnce, func(ctx context.Context, tx pgx.Tx) (err error) {
				n, err = dropSome(ctx, tx, table, before)
				return err
			})
		}
	}
	if err != nil {
		return fmt.Errorf("drop incidents before %s: %w", before.Format(time.DateOnly), err)
	}
	return nil
}

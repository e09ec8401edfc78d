// Package postgis keeps a data.Store in PostgreSQL with PostGIS, for several services
// at once.
//
// It holds the same history as the GeoPackage engine: a feature that stays the same over
// many versions is kept once, in towngrid_feature, with its geometry as PostGIS's own.
// The views towns, units, cells, parcels and facilities show what is published, in
// EPSG:4490, to GIS programs and to whoever is granted towngrid_reader.
package postgis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"towngrid/data"
	"towngrid/geo"
	"towngrid/migrations"
)

// Options are the engine's settings; zero members take the defaults.
type Options struct {
	// Pool bounds the connections of this service, the one that listens included (16), and
	// Replicas is how many services share the database (1): together they must leave 10 of
	// its connections to others.
	Pool, Replicas int
	// Standby is the DSN of a server that replicates the database; it answers reads of
	// history and incidents as far as it has caught up with this service's own writes.
	Standby string
	// Answer is how long the server may take to begin (900 ms), and Write how long a write
	// may take (3 s), with a millisecond more for each feature or incident.
	Answer, Write time.Duration
	// StatementTimeout and LockTimeout are set for every connection (60 s, 3 s).
	StatementTimeout, LockTimeout time.Duration
	// KeepMonths is how many whole months of incidents are kept beside the running one; 0
	// keeps all.
	KeepMonths int
	// Patient lets Open return a store whose server does not answer: it is data.ErrUnavailable
	// until it does.
	Patient bool
	// Log receives what the engine has to say; slog.Default() when nil.
	Log *slog.Logger
	// steps are the migrations; the program's own when nil.
	steps fs.FS
}

func (o Options) withDefaults() Options {
	o.Pool, o.Replicas = cmp.Or(o.Pool, 16), cmp.Or(o.Replicas, 1)
	o.Answer, o.Write = cmp.Or(o.Answer, 900*time.Millisecond), cmp.Or(o.Write, 3*time.Second)
	o.StatementTimeout, o.LockTimeout = cmp.Or(o.StatementTimeout, time.Minute), cmp.Or(o.LockTimeout, 3*time.Second)
	o.Log = cmp.Or(o.Log, slog.Default())
	if o.steps == nil {
		o.steps = migrations.PostGIS()
	}
	return o
}

// check is a geo.Error for settings that cannot be worked with.
func (o Options) check() error {
	switch {
	case o.Pool < 4:
		return geo.Errorf("bad_database_settings", "连接池 %d 太小，至少须有 4 个连接", "a pool of %d connections is too small, it takes 4", o.Pool)
	case o.Replicas < 1, o.KeepMonths < 0:
		return geo.Errorf("bad_database_settings", "服务个数至少为 1，保留月数不能为负", "at least one service shares the database, and the months kept are not negative")
	case o.Answer < 50*time.Millisecond, o.Write < o.Answer, o.StatementTimeout < o.Write, o.LockTimeout < time.Millisecond:
		return geo.Errorf("bad_database_settings",
			"数据库时限不合理：应答至少 50ms，写入不短于应答，语句不短于写入（现为 %[1]s、%[2]s、%[3]s），锁等待须为正（%[4]s）",
			"the database's limits make no sense: an answer takes 50ms at least, a write no less than an answer, a statement no less than a write (%[1]s, %[2]s, %[3]s), and locks are waited for (%[4]s)",
			o.Answer, o.Write, o.StatementTimeout, o.LockTimeout)
	}
	return nil
}

// perRow is what each feature or incident adds to the time that a statement may take.
const perRow = time.Millisecond

// Store is a data.Store in a PostgreSQL database.
type Store struct {
	opts    Options
	hosts   hosts
	listen  *pgx.ConnConfig
	pool    *pgxpool.Pool
	standby *pgxpool.Pool // nil for none
	// reached is the place in the write-ahead log up to which this service has written and
	// read, nil when it is not known; resting is when the standby is asked again, in
	// nanoseconds since 1970; warned says that it was said to be of no use.
	reached atomic.Pointer[place]
	resting atomic.Int64
	warned  atomic.Bool

	// eased says that the server acknowledges commits before they are on the disk, by default.
	eased atomic.Bool

	preparing sync.Mutex
	prepared  atomic.Bool
	months    months

	stop    context.CancelFunc
	tending sync.WaitGroup
}

var _ data.Shared = (*Store)(nil)

// Open opens the database of a DSN, brings its tables up to date and makes sure that
// the services together do not ask for more connections than it has.
//
// It is a geo.Error when the DSN cannot be read (bad_database_address), the server does
// not let us in (database_refused), PostGIS is missing (postgis_missing), the tables are
// another program's (not_a_store) or need a newer program (store_newer), or there are
// too few connections (too_few_connections); data.ErrUnavailable when the server does
// not answer, unless Options are Patient.
func Open(ctx context.Context, dsn string, opts Options) (*Store, error) {
	opts = opts.withDefaults()
	if err := opts.check(); err != nil {
		return nil, err
	}
	s := &Store{opts: opts, months: months{making: make(chan struct{}, 1)}}
	// The pool has one connection fewer than the service: the other one listens.
	cfg, err := configure(dsn, "pool", opts)
	if err != nil {
		return nil, err
	}
	prefer(cfg, dsn, pgconn.ValidateConnectTargetSessionAttrsReadWrite)
	cfg.MaxConns--
	s.hosts.watch(cfg.ConnConfig)
	cfg.BeforeConnect = func(_ context.Context, c *pgx.ConnConfig) error { s.hosts.order(c); return nil }
	cfg.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error { s.hosts.reached(conn); return s.durable(ctx, conn) }
	s.listen = cfg.ConnConfig.Copy()
	s.listen.RuntimeParams["application_name"] = "towngrid listen"
	if s.pool, err = pgxpool.NewWithConfig(context.WithoutCancel(ctx), cfg); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	if opts.Standby != "" {
		cfg, err := configure(opts.Standby, "history", opts)
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		prefer(cfg, opts.Standby, pgconn.ValidateConnectTargetSessionAttrsStandby)
		if s.standby, err = pgxpool.NewWithConfig(context.WithoutCancel(ctx), cfg); err != nil {
			return nil, errors.Join(fmt.Errorf("open store: %w", err), s.Close())
		}
	}
	tending, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	// At worst, hosts that are gone without a word come before the one that answers.
	patience := opts.Answer + time.Duration(count(cfg.ConnConfig)-1)*connecting
	if !opts.Patient {
		patience += connecting
	}
	if err := s.prepareWithin(ctx, patience); err != nil && !(opts.Patient && errors.Is(err, data.ErrUnavailable)) {
		return nil, errors.Join(fmt.Errorf("open store: %w", err), s.Close())
	}
	s.tending.Go(func() { s.tend(tending) })
	return s, nil
}

// Close waits for what runs, loops over features and incidents included. Closing twice
// does no harm.
func (s *Store) Close() error {
	if s.stop != nil {
		s.stop()
	}
	s.tending.Wait()
	s.pool.Close()
	if s.standby != nil {
		s.standby.Close()
	}
	return nil
}

// write runs change, which keeps about n rows, in one transaction. It returns nil only
// when the change has been committed. After an error nothing has changed, but for
// data.ErrUnavailable from the commit itself, of which the server alone knows.
func (s *Store) write(ctx context.Context, n int, change func(context.Context, pgx.Tx) error) error {
	if err := s.prepare(ctx); err != nil {
		return classify(ctx, err)
	}
	work, stop := context.WithTimeout(ctx, s.opts.Write+time.Duration(n)*perRow)
	defer stop()
	tx, err := s.begin(work, s.pool, s.writing())
	if err != nil {
		return classify(ctx, err)
	}
	conn := tx.Conn()
	if err = s.allow(work, tx, n); err == nil {
		err = change(work, tx)
	}
	if err != nil {
		err = broken(conn, err)
		s.rollback(ctx, tx)
		return classify(ctx, err)
	}
	// Once it is sent, a commit is seen through: only its answer tells what has happened.
	end, stop := context.WithTimeout(context.WithoutCancel(ctx), s.opts.Write)
	defer stop()
	if err := ctx.Err(); err != nil {
		s.rollback(ctx, tx)
		return err
	}
	if err := tx.Commit(end); err != nil {
		return classify(context.WithoutCancel(ctx), broken(conn, err))
	}
	s.mark(ctx)
	return nil
}

// allow gives the statements of a transaction the time that n rows take.
func (s *Store) allow(ctx context.Context, tx pgx.Tx, n int) error {
	if n == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, "SELECT set_config('statement_timeout', $1, true)", millis(s.opts.StatementTimeout+time.Duration(n)*perRow))
	return err
}

// rollback ends a transaction, or its connection where the server does not answer.
func (s *Store) rollback(ctx context.Context, tx pgx.Tx) {
	end, stop := context.WithTimeout(context.WithoutCancel(ctx), s.opts.Answer)
	defer stop()
	_ = tx.Rollback(end)
}

// begin begins a transaction, or is data.ErrUnavailable when that takes longer than
// Options.Answer. Connections that broke while nobody used them are passed over.
func (s *Store) begin(ctx context.Context, pool *pgxpool.Pool, o pgx.TxOptions) (pgx.Tx, error) {
	return s.beginOn(ctx, pool, o, func(context.Context, *pgx.Conn) error { return nil })
}

// beginOn is begin on a connection that fits, which is asked before the transaction begins.
func (s *Store) beginOn(ctx context.Context, pool *pgxpool.Pool, o pgx.TxOptions, fits func(context.Context, *pgx.Conn) error) (pgx.Tx, error) {
	quick, stop := context.WithTimeout(ctx, s.opts.Answer)
	defer stop()
	for try := 0; ; try++ {
		conn, err := pool.Acquire(quick)
		if err != nil {
			return nil, err
		}
		if err = fits(quick, conn.Conn()); err == nil {
			var tx pgx.Tx
			if tx, err = conn.BeginTx(quick, o); err == nil {
				return held{tx, conn}, nil
			}
		}
		err = broken(conn.Conn(), err)
		conn.Release()
		if !errors.Is(err, errBroken) || quick.Err() != nil || try == s.opts.Pool {
			return nil, err
		}
	}
}

// held is a transaction that gives its connection back when it ends.
type held struct {
	pgx.Tx
	conn *pgxpool.Conn
}

// Commit ends the transaction.
func (h held) Commit(ctx context.Context) error {
	defer h.conn.Release()
	return h.Tx.Commit(ctx)
}

// Rollback ends the transaction.
func (h held) Rollback(ctx context.Context) error {
	defer h.conn.Release()
	return h.Tx.Rollback(ctx)
}

// asOf is how reads begin: they see one state of the store, whatever is written meanwhile.
var asOf = pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}

// brief runs look, which reads little, over one state of the store: it is
// data.ErrUnavailable where the server falls silent meanwhile for as long as a write may take.
func (s *Store) brief(ctx context.Context, look func(context.Context, pgx.Tx) error) error {
	return s.read(ctx, func(tx pgx.Tx) error {
		return within(ctx, s.opts.Write, func(ctx context.Context) error { return look(ctx, tx) })
	})
}

// read runs look over one state of the store.
func (s *Store) read(ctx context.Context, look func(pgx.Tx) error) error {
	if err := s.prepare(ctx); err != nil {
		return classify(ctx, err)
	}
	tx, err := s.begin(ctx, s.pool, asOf)
	if err != nil {
		return classify(ctx, err)
	}
	return s.look(ctx, tx, look)
}

// look runs look and ends its transaction, in which nothing was written, in whatever way
// look ends: it may be another's loop, and panic.
func (s *Store) look(ctx context.Context, tx pgx.Tx, look func(pgx.Tx) error) error {
	defer s.rollback(ctx, tx)
	return classify(ctx, broken(tx.Conn(), look(tx)))
}

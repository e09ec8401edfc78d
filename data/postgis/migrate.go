package postgis

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"towngrid/data"
	"towngrid/geo"
)

// The table in which goose notes what was applied. Its name also tells our databases
// from others.
const migrationTable = "towngrid_migration"

// prepare makes the database fit to be used, once: before the first use of a store
// that was opened while its server did not answer.
func (s *Store) prepare(ctx context.Context) error { return s.prepareWithin(ctx, s.opts.Answer) }

// prepareWithin is prepare with how long the server may take to begin to answer.
func (s *Store) prepareWithin(ctx context.Context, patience time.Duration) error {
	if s.prepared.Load() {
		return nil
	}
	if !s.preparing.TryLock() {
		return fmt.Errorf("%w: it is being made ready", data.ErrUnavailable)
	}
	defer s.preparing.Unlock()
	if s.prepared.Load() {
		return nil
	}
	if err := s.greet(ctx, patience); err != nil {
		return err
	}
	if err := s.migrate(ctx); err != nil {
		return classify(ctx, err)
	}
	s.prepared.Store(true)
	s.mark(ctx)
	return nil
}

// greet asks the server for a first answer and counts its connections.
func (s *Store) greet(ctx context.Context, patience time.Duration) error {
	quick, stop := context.WithTimeout(ctx, patience)
	defer stop()
	var limit int
	err := s.pool.QueryRow(quick, "SELECT current_setting('max_connections')::integer").Scan(&limit)
	if refusedCredentials(err) {
		return unreachable(err)
	}
	if err != nil {
		return classify(ctx, err)
	}
	if want := s.opts.Replicas * s.opts.Pool; want > limit-10 {
		return geo.Errorf("too_few_connections",
			"%d 个服务各用 %d 个连接，共 %d 个，而数据库只允许 %d 个并须留出 10 个；请减小 --db-pool，或增大 max_connections",
			"%d services with %d connections each take %d, but the database has %d and 10 must stay free; lower --db-pool or raise max_connections",
			s.opts.Replicas, s.opts.Pool, want, limit)
	}
	return nil
}

// migrate brings the tables up to date, each migration in one transaction, under a lock
// that lets one service do it while the others wait.
func (s *Store) migrate(ctx context.Context) error {
	var extension bool
	if err := s.pool.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'postgis')").Scan(&extension); err != nil {
		return err
	}
	if !extension {
		if err := extend(ctx, s.pool); err != nil {
			return err
		}
		s.pool.Reset() // connections made before do not know the geometry type
	}
	known, err := newest(s.opts.steps)
	if err != nil {
		return err
	}
	have, err := inspect(ctx, s.pool, known)
	if err != nil || have >= known {
		return err
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 60), lock.WithUnlockTimeout(1, 10))
	if err != nil {
		return err
	}
	db := stdlib.OpenDBFromPool(s.pool)
	p, err := goose.NewProvider(goose.DialectPostgres, db, s.opts.steps,
		goose.WithTableName(migrationTable), goose.WithDisableGlobalRegistry(true), goose.WithSessionLocker(locker))
	if err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return errors.Join(fmt.Errorf("bring the tables up to date: %w", err), db.Close())
	}
	return db.Close()
}

// extend makes PostGIS known to the database. Two services that start at once may both
// try; one of them fails, and finds it there.
func extend(ctx context.Context, pool *pgxpool.Pool) error {
	_, err := pool.Exec(ctx, "CREATE EXTENSION IF NOT EXISTS postgis")
	var said *pgconn.PgError
	if !errors.As(err, &said) {
		return err
	}
	var there bool
	if qerr := pool.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'postgis')").Scan(&there); qerr != nil || there {
		return qerr
	}
	return fmt.Errorf("%w: %w", geo.Errorf("postgis_missing",
		"数据库没有 PostGIS 扩展，且本程序无法创建；请由管理员在该库执行 CREATE EXTENSION postgis",
		"the database has no PostGIS and this program could not add it; have an administrator run CREATE EXTENSION postgis there"), err)
}

// newest is the number of the last of the migrations.
func newest(steps fs.FS) (int64, error) {
	names, err := fs.Glob(steps, "*.sql")
	if err != nil {
		return 0, err
	}
	return goose.NumericComponent(names[len(names)-1])
}

// inspect gives the edition of the tables, 0 for none. It refuses a database that holds
// another program's tables under the names of ours, and tables that need a newer program.
// Tables newer than this program that do not need one are fine: the programs of two
// releases run together while one is replaced by the other.
func inspect(ctx context.Context, pool *pgxpool.Pool, known int64) (have int64, err error) {
	var ours, others bool
	if err := pool.QueryRow(ctx, `SELECT to_regclass('`+migrationTable+`') IS NOT NULL, coalesce(to_regclass('towns'), to_regclass('units'),
		to_regclass('cells'), to_regclass('parcels'), to_regclass('facilities'), to_regclass('incidents')) IS NOT NULL`).Scan(&ours, &others); err != nil {
		return 0, err
	}
	if !ours && others {
		return 0, geo.Errorf("not_a_store",
			"数据库中已有同名的表（towns、cells 等），不是 towngrid 建立的，未作任何改动；请另用一个空库或空模式",
			"the database holds tables named as ours (towns, cells, …) that towngrid did not make, and was left as it is; use an empty database or schema")
	}
	if !ours {
		return 0, nil
	}
	if err := pool.QueryRow(ctx, `SELECT coalesce(max(version_id), 0) FROM `+migrationTable).Scan(&have); err != nil || have == 0 {
		return 0, err
	}
	var needs int64
	if err := pool.QueryRow(ctx, "SELECT needs FROM towngrid_program").Scan(&needs); err != nil {
		return 0, err
	}
	if needs > known {
		return 0, geo.Errorf("store_newer",
			"数据库的表结构需要第 %d 版以上的 towngrid（本程序只识别到第 %d 版）；请升级 towngrid",
			"the tables of the database need a towngrid of edition %d or later (this one knows %d); update towngrid", needs, known)
	}
	return have, nil
}

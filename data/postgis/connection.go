package postgis

import (
	"context"
	"errors"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"towngrid/geo"
)

// configure reads a DSN, as libpq has them, and adds what the engine needs of its
// connections. role tells, in pg_stat_activity, what a connection is for.
func configure(dsn, role string, o Options) (*pgxpool.Config, error) {
	cfg, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		// What is said may hold parts of the address, but never its password.
		return nil, geo.Errorf("bad_database_address", "数据库地址无效（%s）；应为 postgres://用户:密码@主机:端口/库名", "the database address is not valid (%s); give postgres://user:password@host:port/name", err)
	}
	if mode := cfg.ConnConfig.DefaultQueryExecMode; mode == pgx.QueryExecModeSimpleProtocol || mode == pgx.QueryExecModeExec {
		// Neither gives geometries in the binary format.
		return nil, geo.Errorf("bad_database_address", "数据库地址要求 default_query_exec_mode=%[1]s，本程序不使用该方式", "the database address asks for default_query_exec_mode=%[1]s, which this program never uses", mode)
	}
	for name, value := range map[string]string{
		"application_name": "towngrid " + role, "timezone": "UTC",
		"statement_timeout": millis(o.StatementTimeout), "lock_timeout": millis(o.LockTimeout),
		// A service that died in a transaction must not hold its locks.
		"idle_in_transaction_session_timeout": millis(o.StatementTimeout),
		// Compiling a plan takes longer than any of these statements run.
		"jit": "off",
	} {
		if _, given := cfg.ConnConfig.RuntimeParams[name]; !given {
			cfg.ConnConfig.RuntimeParams[name] = value
		}
	}
	cfg.ConnConfig.ConnectTimeout = connecting
	cfg.ConnConfig.DialFunc = (&net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: time.Second, Count: 3}}).DialContext
	cfg.AfterConnect = register
	cfg.MaxConns = int32(o.Pool)
	cfg.MinIdleConns = 1
	cfg.PingTimeout = o.Answer / 2
	return cfg, nil
}

// connecting is how long it may take to connect to one host.
const connecting = 2 * time.Second

func millis(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// prefer has connections made only to a server that fits, whichever of several hosts it
// is on the day, unless the DSN says itself which it wants.
func prefer(cfg *pgxpool.Config, dsn string, fits pgconn.ValidateConnectFunc) {
	if cfg.ConnConfig.ValidateConnect == nil && !strings.Contains(dsn, "target_session_attrs") {
		cfg.ConnConfig.ValidateConnect = fits
	}
}

// register makes a new connection know PostGIS's geometry, where the database has it, and steadies it.
func register(ctx context.Context, conn *pgx.Conn) error {
	var oid *uint32
	if err := conn.QueryRow(ctx, "SELECT to_regtype('geometry')::oid").Scan(&oid); err != nil || oid == nil {
		return err
	}
	conn.TypeMap().RegisterType(&pgtype.Type{Name: "geometry", OID: *oid, Codec: codec{}})
	return steady(ctx, conn)
}

// steadying makes a server process safe to interrupt. PostGIS has a handler of its own for SIGINT, by which PostgreSQL
// cancels a statement, and the handler sets a flag of its polygon clipper that each thread has for itself. That of a library which
// was loaded late gets its memory when it is first touched: by malloc, in the handler, and where the signal came in the middle of
// another malloc the heap is broken and the process aborts ("malloc assertion failure in sysmalloc"), and with it every
// connection of the server. Clipping a polygon touches the flag where that does no harm. Found with PostGIS 3.3 in
// some of a thousand COPYs that were broken off.
const steadying = "SELECT ST_AsMVTGeom(ST_MakeEnvelope(0, 0, 2, 2), ST_MakeBox2D(ST_Point(0, 0), ST_Point(1, 1)), 16, 0, true) IS NULL"

// steady runs it. A PostGIS without that function has no such flag.
func steady(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, steadying, pgx.QueryExecModeSimpleProtocol)
	var said *pgconn.PgError
	if errors.As(err, &said) && said.Code == "42883" { // undefined_function
		return nil
	}
	return err
}

// durable notes whether the server would acknowledge commits before they are on the
// disk, if it were not told otherwise with each.
func (s *Store) durable(ctx context.Context, conn *pgx.Conn) error {
	var commit string
	if err := conn.QueryRow(ctx, "SELECT current_setting('synchronous_commit')").Scan(&commit); err != nil {
		return err
	}
	s.eased.Store(commit == "off")
	return register(ctx, conn)
}

// writing is how transactions that write begin: a commit that was acknowledged is on the
// disk, whatever the server's default. It is said in the transaction, for what is said to a
// connection is lost on a pooler behind it.
func (s *Store) writing() (o pgx.TxOptions) {
	if s.eased.Load() {
		o.BeginQuery = "begin; set local synchronous_commit = on"
	}
	return o
}

// Known says whether an address is of this engine.
func Known(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "postgres" || u.Scheme == "postgresql") || strings.HasPrefix(address, "postgres://") || strings.HasPrefix(address, "postgresql://")
}

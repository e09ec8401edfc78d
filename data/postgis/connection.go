package postgis

import (
	"context"
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
	cfg.ConnConfig.ConnectTimeout = 2 * time.Second
	cfg.ConnConfig.DialFunc = (&net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: time.Second, Count: 3}}).DialContext
	cfg.AfterConnect = ready
	cfg.MaxConns = int32(o.Pool)
	cfg.MinIdleConns = 1
	cfg.PingTimeout = o.Answer / 2
	return cfg, nil
}

func millis(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// primary has connections made only to a server that takes writes, which among several
// hosts is the primary of the day, unless the DSN says otherwise.
func primary(cfg *pgxpool.Config, dsn string) {
	if !strings.Contains(dsn, "target_session_attrs") {
		cfg.ConnConfig.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
}

// ready makes a new connection know PostGIS's geometry, where the database has it, and
// keeps commits durable whatever the server's default is: a commit that was
// acknowledged is on the disk.
func ready(ctx context.Context, conn *pgx.Conn) error {
	var oid *uint32
	var commit string
	if err := conn.QueryRow(ctx, "SELECT to_regtype('geometry')::oid, current_setting('synchronous_commit')").Scan(&oid, &commit); err != nil {
		return err
	}
	if commit == "off" {
		if _, err := conn.Exec(ctx, "SET synchronous_commit = on"); err != nil {
			return err
		}
	}
	if oid != nil {
		conn.TypeMap().RegisterType(&pgtype.Type{Name: "geometry", OID: *oid, Codec: codec{}})
	}
	return nil
}

// Known says whether an address is of this engine.
func Known(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "postgres" || u.Scheme == "postgresql") || strings.HasPrefix(address, "postgres://") || strings.HasPrefix(address, "postgresql://")
}

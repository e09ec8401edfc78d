package postgis

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"towngrid/data"
	"towngrid/geo"
)

// classify puts before what PostgreSQL or the way to it reports the contract's error.
// When the caller's context has ended, whatever was said is its consequence.
func classify(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	kind := kindOfError(err)
	if kind == nil || errors.Is(err, kind) {
		return err
	}
	return fmt.Errorf("%w: %w", kind, err)
}

// kindOfError is the contract's error for err, nil where it has none.
func kindOfError(err error) error {
	var said *pgconn.PgError
	var unconnected *pgconn.ConnectError
	switch {
	case errors.As(err, &said):
		return kindOfCode(said.Code)
	case errors.As(err, &unconnected), errors.Is(err, context.DeadlineExceeded), errors.Is(err, errBroken):
		return data.ErrUnavailable
	}
	return nil
}

// kindOfCode is the contract's error for an SQLSTATE (PostgreSQL's appendix A).
func kindOfCode(code string) error {
	switch code {
	case "53100": // disk full
		return data.ErrFull
	case "XX001", "XX002": // a page or an index is corrupted
		return data.ErrDamaged
	case "23505": // unique: another came between
		return data.ErrConflict
	case "57014", // the statement took longer than statement_timeout
		"55P03",          // lock_timeout
		"40001", "40P01", // not serialisable, deadlock
		"25006": // the server was a primary and is a standby now
		return data.ErrUnavailable
	}
	switch code[:2] {
	case "08", "53", "57": // connection, resources (too many connections), operator intervention
		return data.ErrUnavailable
	}
	return nil
}

// errBroken means that the connection broke.
var errBroken = errors.New("the connection to the database broke")

// broken adds errBroken to an error after which the connection is closed, unless the
// server itself had said why.
func broken(conn *pgx.Conn, err error) error {
	var said *pgconn.PgError
	if err == nil || errors.As(err, &said) || !conn.IsClosed() {
		return err
	}
	return fmt.Errorf("%w: %w", errBroken, err)
}

// refusedCredentials says whether the server did not let us in: nothing that waiting mends.
func refusedCredentials(err error) bool {
	var said *pgconn.PgError
	return errors.As(err, &said) && (strings.HasPrefix(said.Code, "28") || said.Code == "3D000")
}

// unreachable tells who starts the program what to do about a database that does not let it in.
func unreachable(err error) error {
	return fmt.Errorf("%w: %w", geo.Errorf("database_refused",
		"数据库拒绝了连接：用户名、密码或数据库名不正确；请检查 --db", "the database refused the connection: user, password or database name is wrong; check --db"), err)
}

package pgtest

import (
	"testing"

	"github.com/jackc/pgx/v5"
)

// ask is what a query of one text says.
func ask(t *testing.T, dsn, query string) (s string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if err := conn.QueryRow(t.Context(), query).Scan(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStart(t *testing.T) {
	a, b := Start(t), Start(t)
	if a == b {
		t.Error("two calls give one database")
	}
	if got := ask(t, a, "SELECT ST_AsText('SRID=4490;POINT(118.9 29)'::geometry)"); got != "POINT(118.9 29)" {
		t.Errorf("PostGIS says %s", got)
	}
}

// TestFailover: a standby holds what the primary committed, and takes writes once
// the primary is gone and it is promoted.
func TestFailover(t *testing.T) {
	c := New(t)
	c.Exec(t, "postgres", "CREATE TABLE a AS SELECT 'one' AS b")
	s := c.Standby(t)
	c.Synchronous(t)
	c.Exec(t, "postgres", "UPDATE a SET b = 'two'")
	c.Kill()
	s.Promote(t)
	if got := ask(t, s.DSN("postgres"), "UPDATE a SET b = b || '!' RETURNING b"); got != "two!" {
		t.Errorf("the standby holds %s", got)
	}
	c.Run(t)
	if got := ask(t, c.DSN("postgres"), "SELECT b FROM a"); got != "two" {
		t.Errorf("the primary, started again, holds %s", got)
	}
}

package postgis

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"towngrid/data"
	"towngrid/data/pgtest"
	"towngrid/geo"
	"towngrid/migrations"
)

// another is a connection of another program to a database.
func another(t testing.TB, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func run(t testing.TB, conn *pgx.Conn, statement string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// one is the single value that a query gives.
func one[T any](t testing.TB, conn *pgx.Conn, query string, args ...any) (v T) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), query, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v
}

// refused fails the test when err is not a geo.Error of the code.
func refused(t testing.TB, err error, code string) {
	t.Helper()
	var known *geo.Error
	if !errors.As(err, &known) || known.Code != code {
		t.Errorf("want %s, got %v", code, err)
	}
}

// TestFiveAtOnce: of five services that meet an empty database one makes its tables.
func TestFiveAtOnce(t *testing.T) {
	dsn := pgtest.Start(t)
	run(t, another(t, dsn), "DROP EXTENSION postgis")
	stores, errs := make([]*Store, 5), make([]error, 5)
	var work sync.WaitGroup
	for i := range stores {
		work.Go(func() { stores[i], errs[i] = Open(t.Context(), dsn, Options{Pool: 4, Replicas: 5}) })
	}
	work.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	for _, s := range stores {
		defer s.Close()
	}
	known, err := newest(migrations.PostGIS())
	if err != nil {
		t.Fatal(err)
	}
	if n := one[int64](t, another(t, dsn), "SELECT count(*) FROM "+migrationTable+" WHERE version_id > 0"); n != known {
		t.Errorf("%d migrations were applied, not %d", n, known)
	}
	for i, s := range stores {
		if err := s.SaveUpload(t.Context(), data.Upload{ID: fmt.Sprint(i), Created: time.Now()}); err != nil {
			t.Errorf("store %d: %v", i, err)
		}
	}
}

// TestTwoReleases: a program goes on upon tables that the next release has added to, and
// one that is too old for them is refused and leaves them alone.
func TestTwoReleases(t *testing.T) {
	dsn := pgtest.Start(t)
	open(t, dsn, Options{})
	conn := another(t, dsn)
	run(t, conn, "INSERT INTO "+migrationTable+" (version_id, is_applied) VALUES (99, true)")
	run(t, conn, "ALTER TABLE towngrid_version ADD COLUMN mood text; ALTER TABLE towngrid_upload ADD COLUMN mood text DEFAULT 'calm'")
	s := open(t, dsn, Options{})
	if err := s.SaveUpload(t.Context(), data.Upload{ID: "u", Created: time.Now()}); err != nil {
		t.Errorf("writing beside a newer program: %v", err)
	}
	run(t, conn, "UPDATE towngrid_program SET needs = 99")
	_, err := Open(t.Context(), dsn, Options{})
	refused(t, err, "store_newer")
}

// TestAFailedMigrationLeavesTheTables: a migration that waits for a lock gives up after
// lock_timeout, and nothing of it is left.
func TestAFailedMigrationLeavesTheTables(t *testing.T) {
	dsn := pgtest.Start(t)
	conn := another(t, dsn)
	run(t, conn, "CREATE TABLE held (a int)")
	run(t, conn, "BEGIN; LOCK TABLE pg_catalog.pg_class IN SHARE MODE")
	_, err := Open(t.Context(), dsn, Options{LockTimeout: 300 * time.Millisecond})
	if !errors.Is(err, data.ErrUnavailable) {
		t.Errorf("while another holds what it needs: %v", err)
	}
	run(t, conn, "ROLLBACK")
	if one[bool](t, conn, "SELECT to_regclass('towngrid_version') IS NOT NULL") {
		t.Error("a migration that failed has left a table")
	}
	open(t, dsn, Options{})
}

// TestForeignTables: a database that holds other tables under our names is left alone.
func TestForeignTables(t *testing.T) {
	dsn := pgtest.Start(t)
	conn := another(t, dsn)
	run(t, conn, "CREATE TABLE towns (a int)")
	_, err := Open(t.Context(), dsn, Options{})
	refused(t, err, "not_a_store")
	if n := one[int](t, conn, "SELECT count(*) FROM pg_class WHERE relname LIKE 'towngrid%'"); n != 0 {
		t.Errorf("%d things were made in a database that is another's", n)
	}
}

// TestAddresses: what is wrong with an address is said, and no password with it.
func TestAddresses(t *testing.T) {
	dsn := pgtest.Start(t)
	for address, code := range map[string]string{
		"postgres://u:geheim@host:notaport/db":                      "bad_database_address",
		dsn + "&default_query_exec_mode=simple_protocol":            "bad_database_address",
		dsn + "&default_query_exec_mode=exec":                       "bad_database_address",
		"postgres://postgres:geheim@" + hostOf(t, dsn) + "/no_such": "database_refused",
		"postgres://nobody:geheim@" + hostOf(t, dsn) + "/postgres":  "database_refused",
	} {
		_, err := Open(t.Context(), address, Options{})
		refused(t, err, code)
		if err != nil && contains(err.Error(), "geheim") {
			t.Errorf("%s: the error tells the password: %v", code, err)
		}
	}
}

package gpkg

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// held are the connections of a pool, all at once.
func held(t *testing.T, db *sql.DB) (conns []*sql.Conn) {
	t.Helper()
	for range db.Stats().MaxOpenConnections {
		c, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		conns = append(conns, c)
	}
	return conns
}

func setting(t *testing.T, c *sql.Conn, name string) (value string) {
	t.Helper()
	if err := c.QueryRowContext(t.Context(), "PRAGMA "+name).Scan(&value); err != nil {
		t.Fatalf("pragma %s: %v", name, err)
	}
	return value
}

// TestEveryConnectionSyncs asks every connection of both pools, which must be so
// many different ones: FULL is 2.
func TestEveryConnectionSyncs(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "s.gpkg"))
	writer, readers := held(t, s.writer), held(t, s.readers)
	if len(writer) != 1 || len(readers) != 16 {
		t.Fatalf("%d connections write and %d read", len(writer), len(readers))
	}
	for i, c := range append(writer, readers...) {
		trusted := "0"
		if i == 0 {
			trusted = "1"
		}
		for name, want := range map[string]string{
			"synchronous": "2", "journal_mode": "wal", "foreign_keys": "1", "cell_size_check": "1",
			"temp_store": "2", "busy_timeout": "5000", "trusted_schema": trusted,
		} {
			if got := setting(t, c, name); got != want {
				t.Errorf("connection %d: %s is %s and not %s", i, name, got, want)
			}
		}
	}
	for _, c := range readers {
		if _, err := c.ExecContext(t.Context(), "DELETE FROM towngrid_version"); err == nil || !strings.Contains(err.Error(), "readonly") {
			t.Errorf("a reading connection wrote: %v", err)
		}
	}
}

// TestAPragmaThatDoesNotTake: a connection that is not set up as it should be is not used.
func TestAPragmaThatDoesNotTake(t *testing.T) {
	for _, p := range []pragma{{"synchronous", "7"}, {"journal_mode", "no such mode"}, {"no_such_pragma", "1"}} {
		d := writing(filepath.Join(t.TempDir(), "s.gpkg"), time.Second)
		d.pragmas = append(d.pragmas, p)
		db := pool(d, 1)
		if err := db.PingContext(t.Context()); err == nil {
			t.Errorf("a connection was opened in which %s(%s) cannot hold", p.name, p.value)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestPaths: a path is a path, whatever a URI would make of it.
func TestPaths(t *testing.T) {
	for _, name := range []string{"a b", "示范区", "50%25?mode=memory&x=#1", "a+b;c'd\"e", "file:x"} {
		path := filepath.Join(t.TempDir(), name+".gpkg")
		s := open(t, path)
		if err := s.SaveUpload(t.Context(), uploadOf("u")); err != nil {
			t.Fatal(err)
		}
		found, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
		if err != nil {
			t.Fatal(err)
		}
		want := []string{path, path + "-lock", path + "-shm", path + "-wal"}
		if d := cmp.Diff(want, found); d != "" {
			t.Errorf("files (-want +got):\n%s", d)
		}
	}
}

// TestClose: closing waits for what runs and lets nothing more begin.
func TestClose(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "s.gpkg"))
	inside, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- s.write(context.Background(), func(tx *sql.Tx) error {
			close(inside)
			time.Sleep(50 * time.Millisecond)
			_, err := tx.Exec("UPDATE gpkg_contents SET description = 'late'")
			return err
		})
	}()
	<-inside
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Fatalf("what ran when the store was closed: %v", err)
		}
	case <-time.After(time.Second):
		t.Fatal("the store was closed while a change ran")
	}
	if _, err := s.Published(t.Context()); err != errClosed && !strings.Contains(fmt.Sprint(err), errClosed.Error()) {
		t.Errorf("a closed store: %v", err)
	}
	again := open(t, s.path)
	var n int
	if err := again.readers.QueryRow("SELECT count(*) FROM gpkg_contents WHERE description = 'late'").Scan(&n); err != nil || n == 0 {
		t.Errorf("what ran when the store was closed is in %d rows, %v", n, err)
	}
}

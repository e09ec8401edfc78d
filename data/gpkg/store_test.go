package gpkg

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"time"

	"towngrid/data"
	"towngrid/data/storetest"
)

// open opens the store at path until the test ends.
func open(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// another is a connection of another program, such as QGIS, to the store's file.
func another(t *testing.T, s *Store) *sql.DB {
	t.Helper()
	d := writing(s.path, 5*time.Second)
	d.params = "mode=rw" // it does not begin its transactions as we do
	db := pool(d, 1)
	t.Cleanup(func() { db.Close() })
	return db
}

// TestAnotherWriterComesBetween: a change that has read is not overtaken by another
// program's before it writes, which SQLite would make it fail for at once.
func TestAnotherWriterComesBetween(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "s.gpkg"))
	db, done := another(t, s), make(chan error, 1)
	err := s.write(t.Context(), func(tx *sql.Tx) error {
		var n int
		if err := tx.QueryRow("SELECT count(*) FROM gpkg_contents").Scan(&n); err != nil {
			return err
		}
		go func() {
			_, err := db.Exec("UPDATE gpkg_contents SET description = 'theirs'")
			done <- err
		}()
		select {
		case err := <-done:
			done <- err
		case <-time.After(100 * time.Millisecond): // it waits for us
		}
		_, err := tx.Exec("UPDATE gpkg_contents SET description = 'ours'")
		return err
	})
	if err != nil {
		t.Errorf("our change: %v", err)
	}
	if err := <-done; err != nil {
		t.Errorf("their change: %v", err)
	}
}

// TestAnotherWriterHolds: a change waits while another program writes, and fails
// when that goes on for longer than Options.Wait.
func TestAnotherWriterHolds(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "s.gpkg"), Options{Wait: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	db := another(t, s)
	hold := func() *sql.Tx {
		tx, err := db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec("UPDATE gpkg_contents SET description = 'theirs'"); err != nil {
			t.Fatal(err)
		}
		return tx
	}
	tx := hold()
	time.AfterFunc(100*time.Millisecond, func() { _ = tx.Commit() })
	if _, err := s.AddIncidents(t.Context(), []data.Incident{incidentOf(1)}); err != nil {
		t.Errorf("a change that had to wait: %v", err)
	}
	tx = hold()
	_, err = s.AddIncidents(t.Context(), []data.Incident{incidentOf(2)})
	refused(t, err, "store_busy")
	if _, err := s.Published(t.Context()); err != nil {
		t.Errorf("reading while another program writes: %v", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Error(err)
	}
	if n, err := s.AddIncidents(t.Context(), []data.Incident{incidentOf(2)}); n != 1 || err != nil {
		t.Errorf("the same change later: %d, %v", n, err)
	}
}

func TestStore(t *testing.T) {
	storetest.Run(t, storetest.Engine{
		Open: func(t *testing.T) data.Store { return open(t, filepath.Join(t.TempDir(), "s.gpkg")) },
		Reopen: func(t *testing.T, s data.Store) data.Store {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			return open(t, s.(*Store).path)
		},
		Restore: func(t *testing.T, backup []byte) data.Store {
			path := filepath.Join(t.TempDir(), "restored.gpkg")
			if err := os.WriteFile(path, backup, 0o600); err != nil {
				t.Fatal(err)
			}
			return open(t, path)
		},
	})
}

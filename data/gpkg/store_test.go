package gpkg

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
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

// TestBesideAnotherWriter: a GIS program that writes to the file all the time makes
// changes wait, and none fail.
func TestBesideAnotherWriter(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "s.gpkg"))
	d := writing(s.path, 5*time.Second)
	d.params = "mode=rw" // it is not ours, so it does not begin its transactions as we do
	theirs := pool(d, 1)
	var edits atomic.Int32
	var other sync.WaitGroup
	ctx, stop := context.WithCancel(t.Context())
	other.Go(func() {
		for ctx.Err() == nil {
			if _, err := theirs.Exec("UPDATE gpkg_contents SET description = ?", edits.Add(1)); err != nil {
				t.Error(err)
				return
			}
		}
	})
	// Whoever waits for the lock looks at it now and then, so the other may be slow to come by it.
	for i := 0; i < 20 || edits.Load() < 3 && i < 1000; i++ {
		publishRandom(t, s, uint64(i))
		if _, err := s.AddIncidents(t.Context(), []data.Incident{incidentOf(i)}); err != nil {
			t.Error(err)
		}
	}
	stop()
	other.Wait()
	if n := edits.Load(); n < 3 {
		t.Errorf("the other program wrote %d times: the test shows nothing", n)
	}
	if err := theirs.Close(); err != nil {
		t.Error(err)
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

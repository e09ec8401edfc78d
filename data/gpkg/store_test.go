package gpkg

import (
	"os"
	"path/filepath"
	"testing"

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

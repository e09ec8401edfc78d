package postgis

import (
	"bytes"
	"testing"

	"towngrid/data"
	"towngrid/data/pgtest"
	"towngrid/data/storetest"
)

// open opens the store of a DSN until the test ends.
func open(t testing.TB, dsn string, o Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), dsn, o)
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
	dsns := map[data.Store]string{}
	fresh := func(t *testing.T, dsn string) data.Store {
		s := open(t, dsn, Options{})
		dsns[s] = dsn
		return s
	}
	storetest.Run(t, storetest.Engine{
		Open: func(t *testing.T) data.Store { return fresh(t, pgtest.Start(t)) },
		Reopen: func(t *testing.T, s data.Store) data.Store {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			return fresh(t, dsns[s])
		},
		Restore: func(t *testing.T, backup []byte) data.Store {
			s := open(t, pgtest.Start(t), Options{})
			if err := s.Restore(t.Context(), bytes.NewReader(backup)); err != nil {
				t.Fatal(err)
			}
			return s
		},
	})
}

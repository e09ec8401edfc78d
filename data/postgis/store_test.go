package postgis

import (
	"bytes"
	"net/url"
	"os"
	"strings"
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
	conform(t, pgtest.Start, func(string) Options { return Options{} })
}

// TestStoreByOtherRoads: the contract holds with a standby that answers reads and, in the
// long form, behind PgBouncer in transaction mode.
func TestStoreByOtherRoads(t *testing.T) {
	c := pgtest.New(t, "fsync=off")
	t.Run("PgBouncer", func(t *testing.T) {
		if os.Getenv("TOWNGRID_LONG") != "1" {
			t.Skip("in the long form")
		}
		pooled := c.Pooled(t, c.DSN("postgres"))
		conform(t, func(t testing.TB) string {
			u, err := url.Parse(pooled)
			if err != nil {
				t.Fatal(err)
			}
			u.Path = pathOf(t, c.Database(t))
			return u.String()
		}, func(string) Options { return Options{Pool: 8} })
	})
	t.Run("standby", func(t *testing.T) {
		standby := c.Standby(t)
		conform(t, func(t testing.TB) string { return c.Database(t) }, func(dsn string) Options {
			return Options{Pool: 8, Standby: standby.DSN(strings.Trim(pathOf(t, dsn), "/"))}
		})
	})
}

// conform holds stores in databases that make gives against the contract.
func conform(t *testing.T, make func(testing.TB) string, options func(dsn string) Options) {
	dsns := map[data.Store]string{}
	fresh := func(t *testing.T, dsn string) data.Store {
		s := open(t, dsn, options(dsn))
		dsns[s] = dsn
		return s
	}
	storetest.Run(t, storetest.Engine{
		Open: func(t *testing.T) data.Store { return fresh(t, make(t)) },
		Reopen: func(t *testing.T, s data.Store) data.Store {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			return fresh(t, dsns[s])
		},
		Restore: func(t *testing.T, backup []byte) data.Store {
			s := open(t, make(t), Options{})
			if err := s.Restore(t.Context(), bytes.NewReader(backup)); err != nil {
				t.Fatal(err)
			}
			return s
		},
	})
}

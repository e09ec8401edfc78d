package postgis

import (
	"context"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"towngrid/data"
	"towngrid/data/pgtest"
	"towngrid/geo"
)

// TestSilentHost: a service starts though the first of its hosts takes connections and
// says nothing, and it asks the host that answered first from then on.
func TestSilentHost(t *testing.T) {
	dsn := pgtest.Start(t)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	var dials atomic.Int64
	go func() {
		for {
			c, err := silent.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			dials.Add(1)
		}
	}()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	u.Host = silent.Addr().String() + ",localhost:" + u.Port() // which is looked up
	s := open(t, u.String(), Options{})
	if _, err := s.AddIncidents(t.Context(), []data.Incident{incidentAt("a", time.Now())}); err != nil {
		t.Fatal(err)
	}
	if dials.Load() == 0 {
		t.Fatal("the silent host was not tried")
	}
	time.Sleep(connecting + 500*time.Millisecond) // for what is still being connected
	before := dials.Load()
	var held [8]*pgxpool.Conn
	var work sync.WaitGroup
	for i := range held {
		work.Go(func() {
			var err error
			if held[i], err = s.pool.Acquire(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	work.Wait()
	for _, c := range held {
		c.Release()
	}
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	if err := s.Listen(ctx, stop); ctx.Err() == nil {
		t.Error(err)
	}
	if n := dials.Load() - before; n > 0 {
		t.Errorf("the silent host was tried %d times more", n)
	}
}

// TestHostsInOrder: the host that was reached last goes first, with and without TLS as it
// was; a name of several addresses begins with the one that was reached.
func TestHostsInOrder(t *testing.T) {
	cfg, err := pgx.ParseConfig("postgres://u@one,two:5433,three/db?sslmode=prefer")
	if err != nil {
		t.Fatal(err)
	}
	if n := count(cfg); n != 3 {
		t.Errorf("%d hosts, not 3", n)
	}
	cfg.LookupFunc = func(_ context.Context, host string) ([]string, error) {
		return map[string][]string{"two": {"10.0.0.2", "10.0.0.3", "10.0.0.4"}}[host], nil
	}
	var h hosts
	h.watch(cfg)
	list := func() (got string) {
		c := cfg.Copy()
		h.order(c)
		for _, e := range choices(c) {
			got += " " + e.Host
			if e.TLSConfig != nil {
				got += "+"
			}
		}
		return strings.TrimSpace(got)
	}
	if got := list(); got != "one+ one two+ two three+ three" {
		t.Error(got)
	}
	if _, err := cfg.LookupFunc(t.Context(), "two"); err != nil {
		t.Fatal(err)
	}
	h.last = &net.TCPAddr{IP: net.ParseIP("10.0.0.3"), Port: 5433}
	if got := list(); got != "two+ two one+ one three+ three" {
		t.Error(got)
	}
	if got, _ := cfg.LookupFunc(t.Context(), "two"); !slices.Equal(got, []string{"10.0.0.3", "10.0.0.2", "10.0.0.4"}) {
		t.Error(got)
	}
	h.last = &net.TCPAddr{IP: net.ParseIP("10.0.0.3"), Port: 5432}
	if got := list(); got != "one+ one two+ two three+ three" {
		t.Error(got)
	}
}

// TestSettings: connections have the limits of the options, and what the address sets goes
// before; a database in a schema of its own works like any other, for readers as well.
func TestSettings(t *testing.T) {
	dsn := pgtest.Start(t)
	conn := another(t, dsn)
	run(t, conn, "CREATE SCHEMA gis")
	s := open(t, dsn+"&search_path=gis,public&lock_timeout=1234", Options{StatementTimeout: 42 * time.Second, LockTimeout: 5 * time.Second})
	for name, want := range map[string]string{
		"statement_timeout": "42s", "lock_timeout": "1234ms", "idle_in_transaction_session_timeout": "42s", "TimeZone": "UTC", "jit": "off", "application_name": "towngrid pool",
	} {
		var got string
		if err := s.pool.QueryRow(t.Context(), "SELECT current_setting($1)", name).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %s, not %s: %v", name, got, want, err)
		}
	}
	v := publish(t, s, geo.Towns, 0, geo.Feature{Code: "1", Geometry: square(118, 29, 1)})
	if _, err := s.AddIncidents(t.Context(), []data.Incident{incidentAt("a", time.Now())}); err != nil {
		t.Error(err)
	}
	if vs, err := s.Published(t.Context()); err != nil || len(vs) != 1 || vs[0].ID != v.ID {
		t.Errorf("it lists %v, %v", vs, err)
	}
	if n := one[int](t, conn, "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND (relname LIKE 'towngrid%' OR relname LIKE 'incidents%')"); n > 0 {
		t.Errorf("%d things lie beside the schema", n)
	}
	run(t, conn, "SET ROLE towngrid_reader")
	if n := one[int](t, conn, "SELECT count(*) FROM gis.towns"); n != 1 {
		t.Errorf("the reader sees %d towns", n)
	}
}

// TestCommitsAreOnTheDisk: a write waits for the disk though the database would not, also
// where a pooler gives each transaction another connection.
func TestCommitsAreOnTheDisk(t *testing.T) {
	c := pgtest.New(t)
	dsn := c.Database(t)
	open(t, dsn, Options{})
	run(t, another(t, dsn), "ALTER DATABASE "+strings.Trim(pathOf(t, dsn), "/")+" SET synchronous_commit = off")
	for what, address := range map[string]string{"directly": dsn, "by way of PgBouncer": c.Pooled(t, dsn)} {
		s := open(t, address, Options{})
		for range 3 {
			var said string
			err := s.write(t.Context(), 0, func(ctx context.Context, tx pgx.Tx) error {
				return tx.QueryRow(ctx, "SELECT current_setting('synchronous_commit')").Scan(&said)
			})
			if err != nil || said != "on" {
				t.Errorf("%s, commits wait for the disk: %s, %v", what, said, err)
			}
		}
	}
}

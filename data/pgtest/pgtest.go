// Package pgtest runs PostgreSQL with PostGIS for tests: clusters of their own, on
// free ports of the loopback address, under a temporary folder and, where the tests
// run as root, as the user postgres. A cluster and its folder are gone when the test
// binary has ended, in whatever way it ended.
package pgtest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Start gives the address of a new, empty database that has the PostGIS extension.
// All databases of one test binary lie in one cluster, started at the first call.
// Without PostgreSQL the test is skipped; it fails where TOWNGRID_REQUIRE_TOOLS is set.
func Start(t testing.TB) string {
	t.Helper()
	need(t)
	c, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return c.Database(t)
}

// shared is the cluster of the test binary. It does not sync its files: what is
// tested in it survives no loss of power, and no test takes it away.
var shared = sync.OnceValues(func() (*Cluster, error) { return create("fsync=off") })

// New starts a cluster of the test's own, which the test may stop, kill and pause.
// Settings are lines of postgresql.conf. It is skipped as Start is.
func New(t testing.TB, settings ...string) *Cluster {
	t.Helper()
	need(t)
	c, err := create(settings...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			c.tell(t)
		}
		c.remove()
	})
	return c
}

// tell logs what the server has said of processes of its own that ended as they should not.
func (c *Cluster) tell(t testing.TB) {
	said, _ := os.ReadFile(filepath.Join(c.dir, "log"))
	for line := range strings.Lines(string(said)) {
		if strings.Contains(line, "terminated by signal") || strings.Contains(line, "exited with exit code") || strings.Contains(line, "PANIC") || strings.Contains(line, "process was running") {
			t.Logf("PostgreSQL on %s: %.300s", c.Addr(), line)
		}
	}
}

// template is the database that all others are made from.
const template = "towngrid_template"

// Database makes a database with PostGIS and gives its address. It is dropped when
// the test has ended, if the cluster still answers.
func (c *Cluster) Database(t testing.TB) string {
	t.Helper()
	name := "t" + strings.ReplaceAll(uuid.NewString(), "-", "")
	if err := c.execute(t.Context(), "postgres", fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s STRATEGY file_copy", name, template)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = c.execute(ctx, "postgres", fmt.Sprintf("DROP DATABASE IF EXISTS %s WITH (FORCE)", name))
	})
	return c.DSN(name)
}

// DSN is the address of a database of the cluster.
func (c *Cluster) DSN(database string) string { return c.dsn(database).String() }

func (c *Cluster) dsn(database string) *url.URL {
	return &url.URL{Scheme: "postgres", User: url.User("postgres"), Host: c.Addr(), Path: "/" + database, RawQuery: "sslmode=disable"}
}

// Addr is the cluster's host and port.
func (c *Cluster) Addr() string { return fmt.Sprintf("127.0.0.1:%d", c.port) }

// Exec runs a statement in a database of the cluster.
func (c *Cluster) Exec(t testing.TB, database, statement string) {
	t.Helper()
	if err := c.execute(t.Context(), database, statement); err != nil {
		t.Fatal(err)
	}
}

func (c *Cluster) execute(ctx context.Context, database, statement string) error {
	conn, err := pgx.Connect(ctx, c.DSN(database))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, statement)
	return err
}

// need skips the test where PostgreSQL or PostGIS is not installed.
func need(t testing.TB) {
	t.Helper()
	if bin, ok := programs(); ok {
		if found, _ := filepath.Glob("/usr/share/postgresql/*/extension/postgis.control"); found != nil {
			return
		}
		if found, _ := filepath.Glob(filepath.Join(bin, "../share/*/extension/postgis.control")); found != nil {
			return
		}
	}
	skip(t, "PostgreSQL with PostGIS is missing; apt-get install postgresql postgresql-postgis")
}

// skip skips the test for want of a tool, or fails it where the tools are required.
func skip(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("TOWNGRID_REQUIRE_TOOLS") == "1" {
		t.Fatal(what)
	}
	t.Skip("SKIPPED, NOT TESTED: " + what + ", or set TOWNGRID_REQUIRE_TOOLS=1 to make this an error")
}

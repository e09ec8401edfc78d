package pgtest

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// ConnectQuery is what PgBouncer runs on each of its connections to the server first, as the README asks for.
const ConnectQuery = "SELECT ST_AsMVTGeom(ST_MakeEnvelope(0, 0, 2, 2), ST_MakeBox2D(ST_Point(0, 0), ST_Point(1, 1)), 16, 0, true) IS NULL"

// Pooled puts PgBouncer before the cluster, in transaction mode, and gives the address of
// a database by way of it, for statements that are not prepared, with the settings that the README asks for. Without PgBouncer the
// test is skipped; it fails where TOWNGRID_REQUIRE_TOOLS is set.
func (c *Cluster) Pooled(t testing.TB, dsn string) string {
	t.Helper()
	path, err := exec.LookPath("pgbouncer")
	if err != nil {
		path = "/usr/sbin/pgbouncer"
		if _, err := os.Stat(path); err != nil {
			skip(t, "PgBouncer is missing; apt-get install pgbouncer")
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().(*net.TCPAddr)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	settings := filepath.Join(c.dir, "pgbouncer.ini")
	text := fmt.Sprintf(`[databases]
* = host=127.0.0.1 port=%d user=postgres connect_query='%s'
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = any
pool_mode = transaction
ignore_startup_parameters = statement_timeout,lock_timeout,idle_in_transaction_session_timeout,jit,extra_float_digits
logfile = %s
`, c.port, ConnectQuery, at.Port, filepath.Join(c.dir, "pgbouncer.log"))
	if err := os.WriteFile(settings, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := c.command(path, "-q", settings)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	u.Host = at.String()
	q := u.Query()
	q.Set("default_query_exec_mode", "cache_describe")
	u.RawQuery = q.Encode()
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		if conn, err := net.Dial("tcp", u.Host); err == nil {
			_ = conn.Close()
			return u.String()
		}
		if time.Since(began) > 20*time.Second {
			said, _ := os.ReadFile(filepath.Join(c.dir, "pgbouncer.log"))
			t.Fatalf("PgBouncer does not answer: %s", strings.TrimSpace(string(said)))
		}
	}
}

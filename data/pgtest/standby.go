package pgtest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Standby starts a copy of the cluster that follows it by streaming replication and
// answers reads. It is gone with the test.
func (c *Cluster) Standby(t testing.TB) *Cluster {
	t.Helper()
	s, err := place()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.remove)
	source := c.dsn("")
	q := source.Query()
	q.Set("application_name", "standby")
	source.RawQuery = q.Encode()
	err = s.program("pg_basebackup", "-d", source.String(), "-D", s.files(), "-R", "-X", "stream", "-c", "fast", "--no-sync")
	if err == nil {
		err = errors.Join(s.configure(fmt.Sprintf("port=%d", s.port), "unix_socket_directories='"+s.dir+"'"), s.run())
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Synchronous has every commit of the cluster wait for its standby.
func (c *Cluster) Synchronous(t testing.TB) {
	t.Helper()
	c.Exec(t, "postgres", "ALTER SYSTEM SET synchronous_standby_names = 'standby'")
	c.Exec(t, "postgres", "SELECT pg_reload_conf()")
	c.wait(t, "no synchronous standby", "SELECT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'sync')")
}

// Promote makes a standby a primary, and waits until it takes writes.
func (c *Cluster) Promote(t testing.TB) {
	t.Helper()
	c.Exec(t, "postgres", "SELECT pg_promote(true, 30)")
	c.wait(t, "not promoted", "SELECT NOT pg_is_in_recovery()")
}

// wait asks a question until its answer is true.
func (c *Cluster) wait(t testing.TB, failure, question string) {
	t.Helper()
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		yes, err := c.asked(t.Context(), question)
		if err == nil && yes {
			return
		}
		if time.Since(began) > time.Minute {
			t.Fatal(failure, err)
		}
	}
}

func (c *Cluster) asked(ctx context.Context, question string) (yes bool, err error) {
	conn, err := pgx.Connect(ctx, c.DSN("postgres"))
	if err != nil {
		return false, err
	}
	defer conn.Close(ctx)
	err = conn.QueryRow(ctx, question).Scan(&yes)
	return yes, err
}

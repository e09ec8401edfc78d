package pgtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Cluster is a PostgreSQL server with its files.
type Cluster struct {
	bin, dir string
	port     int
	owner    *syscall.Credential // nil for the user who runs the tests
	server   *exec.Cmd           // nil while the server is down
	janitor  io.Closer           // closing it ends the server and removes the files
}

// programs is the folder of the newest PostgreSQL's programs.
func programs() (string, bool) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	slices.SortFunc(found, func(a, b string) int { return len(a) - len(b) })
	if len(found) > 0 {
		return filepath.Dir(found[len(found)-1]), true
	}
	path, err := exec.LookPath("initdb")
	return filepath.Dir(path), err == nil
}

// create makes and starts a cluster with the template of the tests' databases. Its
// databases sort text by ICU's Chinese order, so that a query which leans on the
// order of a database's own collation shows.
func create(settings ...string) (*Cluster, error) {
	c, err := place()
	if err != nil {
		return nil, err
	}
	if err := c.program("initdb", "-D", c.files(), "-U", "postgres", "-A", "trust", "-E", "UTF8",
		"--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=zh", "--no-sync", "--no-instructions"); err != nil {
		return nil, errors.Join(err, c.janitor.Close())
	}
	lines := append([]string{
		"listen_addresses='127.0.0.1'", "unix_socket_directories='" + c.dir + "'", "port=" + strconv.Itoa(c.port),
		"max_connections=100", "shared_buffers=64MB", "wal_level=replica", "max_wal_senders=6", "max_replication_slots=6", "hot_standby=on",
		"recovery_init_sync_method=syncfs", // after a kill, not each file by itself
	}, settings...)
	if err := c.configure(lines...); err != nil {
		return nil, errors.Join(err, c.janitor.Close())
	}
	err = c.run()
	if err == nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		err = errors.Join(c.execute(ctx, "postgres", "CREATE DATABASE "+template), c.execute(ctx, template, "CREATE EXTENSION postgis"))
	}
	if err != nil {
		c.remove()
		return nil, err
	}
	return c, nil
}

// place finds a folder and a port for a cluster. A process of its own waits to
// clear up behind it: it lives for as long as the test binary.
func place() (*Cluster, error) {
	bin, _ := programs()
	c := &Cluster{bin: bin}
	if os.Getuid() == 0 {
		u, err := user.Lookup("postgres")
		if err != nil {
			return nil, err
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		c.owner = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	var err error
	if c.dir, err = os.MkdirTemp("", "towngrid-pg-"); err != nil {
		return nil, err
	}
	if c.owner != nil {
		if err := os.Chown(c.dir, int(c.owner.Uid), int(c.owner.Gid)); err != nil {
			return nil, errors.Join(err, os.Remove(c.dir))
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	c.port = l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		return nil, err
	}
	sweep := c.command("/bin/sh", "-c", `cat >/dev/null
		# A server that was killed has left its file, and its number may be another process's by now.
		runs() { [ -f data/postmaster.pid ] && grep -qaF "$0/data" "/proc/$(head -n 1 data/postmaster.pid)/cmdline" 2>/dev/null; }
		runs && kill -QUIT "$(head -n 1 data/postmaster.pid)"
		while runs; do sleep 0.1; done
		cd / && rm -rf "$0"`, c.dir)
	if c.janitor, err = sweep.StdinPipe(); err != nil {
		return nil, err
	}
	return c, sweep.Start()
}

// command is a program run as the cluster's owner, out of reach of the terminal's signals.
func (c *Cluster) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = c.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: c.owner}
	return cmd
}

// program runs one of PostgreSQL's programs to its end.
func (c *Cluster) program(name string, args ...string) error {
	if out, err := c.command(filepath.Join(c.bin, name), args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", name, err, out)
	}
	return nil
}

func (c *Cluster) files() string { return filepath.Join(c.dir, "data") }

// configure adds lines to the cluster's settings, for its next start.
func (c *Cluster) configure(lines ...string) error {
	f, err := os.OpenFile(filepath.Join(c.files(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString("\n" + strings.Join(lines, "\n") + "\n")
	return errors.Join(err, f.Close())
}

// run starts the server and waits until it answers.
func (c *Cluster) run() error {
	log, err := os.OpenFile(filepath.Join(c.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := c.command(filepath.Join(c.bin, "postgres"), "-D", c.files())
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	c.server = cmd
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		conn, err := pgx.Connect(ctx, c.DSN("postgres"))
		if err == nil {
			err = conn.Close(ctx)
		}
		cancel()
		if err == nil {
			return nil
		}
		if time.Since(began) > time.Minute {
			said, _ := os.ReadFile(log.Name())
			return fmt.Errorf("PostgreSQL does not answer: %w\n%s", err, said)
		}
	}
}

// remove ends the server and removes the cluster's files.
func (c *Cluster) remove() {
	c.end(syscall.SIGQUIT)
	_ = c.janitor.Close()
}

// end sends the server a signal that ends it, and waits.
func (c *Cluster) end(signal syscall.Signal) {
	if c.server == nil {
		return
	}
	_ = c.server.Process.Signal(signal)
	_ = c.server.Wait()
	c.server = nil
}

// Run starts the server again after Stop or Kill.
func (c *Cluster) Run(t testing.TB) {
	t.Helper()
	if err := c.run(); err != nil {
		t.Fatal(err)
	}
}

// Stop ends the server in good order, breaking off what is under way.
func (c *Cluster) Stop() { c.end(syscall.SIGINT) }

// Kill ends the server and all its processes as kill -9 does.
func (c *Cluster) Kill() {
	if c.server != nil {
		c.signal(syscall.SIGKILL)
		_ = c.server.Wait()
		c.server = nil
	}
}

// Pause stops all processes of the server where they stand: connections stay open
// and nobody answers. Resume lets them go on.
func (c *Cluster) Pause() { c.signal(syscall.SIGSTOP) }

// Resume ends a Pause.
func (c *Cluster) Resume() { c.signal(syscall.SIGCONT) }

// signal sends a signal to the server and to the processes that it has started.
func (c *Cluster) signal(s syscall.Signal) {
	server := c.server.Process.Pid
	all := append([]int{server}, children(server)...) // found before any is orphaned
	for _, pid := range all {
		_ = syscall.Kill(pid, s)
	}
	for _, pid := range all[1:] {
		for s == syscall.SIGKILL && syscall.Kill(pid, 0) == nil {
			time.Sleep(time.Millisecond) // until the last of them is gone a new server does not start
		}
	}
}

// children are the processes that a process has started.
func children(parent int) (pids []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		raw, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended meanwhile
		}
		// pid (name) state parent …; the name may hold anything but ends with the last bracket.
		fields := strings.Fields(string(raw[strings.LastIndexByte(string(raw), ')')+1:]))
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil && fields[1] == strconv.Itoa(parent) {
			pids = append(pids, pid)
		}
	}
	return pids
}

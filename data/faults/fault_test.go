package faults

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"towngrid/data"
	"towngrid/data/pgtest"
	"towngrid/data/postgis"
	"towngrid/geo"
)

// ask is a number that a query gives.
func ask(t testing.TB, dsn, query string) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if err := conn.QueryRow(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// told is an incident of this ID.
func told(id string) data.Incident {
	return data.Incident{ID: id, Division: "330890", Time: time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC), Kind: "矛盾纠纷", Lon: 118.9, Lat: 29}
}

// TestDatabaseGone (F2): whatever keeps the database from answering, reads go on,
// writes are refused within a second, and all is well again soon after it is back.
func TestDatabaseGone(t *testing.T) {
	t.Parallel()
	c := pgtest.New(t)
	direct := c.Database(t)
	p := newProxy(t, c.Addr())
	r := running(t, p.dsn(t, direct))
	v := published(t, r, "330890", grid(500, 1))
	id := drafted(t, r, "330890", grid(500, 2))
	for _, outage := range []struct {
		name       string
		begin, end func()
	}{
		{"stopped", c.Stop, func() { c.Run(t) }},
		{"stands still", c.Pause, c.Resume},
		{"refuses", func() { p.set(refuses) }, func() { p.set(passes) }},
		{"drops packets", func() { p.set(drops) }, func() { p.set(passes) }},
		{"accepts and stays silent", func() { p.set(refuses); p.set(silent) }, func() { p.set(refuses); p.set(passes) }},
	} {
		t.Run(outage.name, func(t *testing.T) {
			outage.begin()
			began := time.Now()
			lasts := time.Duration(rounds(2, 600)) * time.Second
			var writes []time.Duration
			for time.Since(began) < lasts {
				for _, write := range []func() error{
					func() error {
						_, err := r.Store().AddIncidents(t.Context(), []data.Incident{told("in doubt")})
						return err
					},
					func() error { _, err := r.Publish(t.Context(), id, 1); return err },
					func() error {
						return r.Store().SaveUpload(t.Context(), data.Upload{ID: "u", Created: began, Updated: began})
					},
				} {
					sent := time.Now()
					if err := write(); !errors.Is(err, data.ErrUnavailable) {
						t.Fatalf("a write while the database is away: %v", err)
					}
					writes = append(writes, time.Since(sent))
				}
				if !serves(r, v) || r.Snapshot().LocateCode(grid(1, 0)[0].Geometry.Bound().Center()).Cell == "" {
					t.Fatal("a read from memory fails")
				}
			}
			report(t, "a write is refused", writes, 2*time.Second)
			if _, away := r.Away(); !away {
				t.Error("the replica does not say that the store is away")
			}
			outage.end()
			back := eventually(t, "the way back", 10*time.Second, func() bool {
				_, err := r.Store().AddIncidents(t.Context(), []data.Incident{told("after " + outage.name)})
				_, away := r.Away()
				return err == nil && !away
			})
			t.Logf("writes go through %v after the database is back", back)
		})
	}
	if _, err := r.Publish(t.Context(), id, 1); err != nil {
		t.Errorf("publishing once all is well: %v", err)
	}
	held := func() int {
		return ask(t, direct, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'towngrid%'")
	}
	eventually(t, "connections that were given up", 30*time.Second, func() bool { return held() <= 8 })
}

// TestStartWithoutDatabase (F3): a replica starts from its folder while the database is
// away, refuses what was damaged there for what is older, and follows once it is back.
func TestStartWithoutDatabase(t *testing.T) {
	t.Parallel()
	c, dir := pgtest.New(t), t.TempDir()
	dsn := c.Database(t)
	r, err := replica(t, dsn, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	first := published(t, r, "330890", grid(20_000, 1))
	eventually(t, "the first picture", 30*time.Second, func() bool { return pictures(t, dir) == 1 })
	published(t, r, "330890", grid(20_000, 2))
	tag := r.Snapshot().Tag()
	shut(t, r)
	c.Stop()

	began := time.Now()
	if r, err = replica(t, dsn, dir, nil); err != nil {
		t.Fatal(err)
	}
	t.Logf("20,000 cells are served %v after a start without the database", time.Since(began))
	if took := time.Since(began); long() && took > 2*time.Second {
		t.Errorf("it takes %v", took)
	}
	if age, away := r.Away(); !away || age <= 0 || r.Snapshot().Tag() != tag {
		t.Errorf("it serves %s where %s was served, %v old, away %v", r.Snapshot().Tag(), tag, age, away)
	}
	if _, err := r.Receive(t.Context(), data.Receipt{Collection: geo.Cells, Division: "330890"}, strings.NewReader("x")); !errors.Is(err, data.ErrUnavailable) {
		t.Errorf("an upload meanwhile: %v", err)
	}
	shut(t, r)

	spoil(t, newestPicture(t, dir))
	if r, err = replica(t, dsn, dir, nil); err != nil {
		t.Fatal(err)
	}
	if !serves(r, first) {
		t.Errorf("with the newest picture spoilt it serves %v", r.View().Versions())
	}
	c.Run(t)
	eventually(t, "following once the database is back", 10*time.Second, func() bool {
		_, away := r.Away()
		return r.Snapshot().Tag() == tag && !away
	})
	if _, err := r.Receive(t.Context(), data.Receipt{Collection: geo.Cells, Division: "330890"}, strings.NewReader("x")); err != nil {
		t.Errorf("an upload once the database is back: %v", err)
	}
	shut(t, r)

	c.Stop()
	for _, name := range files(t, dir) {
		spoil(t, name)
	}
	if _, err := replica(t, dsn, dir, nil); !errors.Is(err, data.ErrDamaged) || !errors.Is(err, data.ErrUnavailable) {
		t.Errorf("with everything spoilt: %v", err)
	}
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "pictures", "*.part"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func pictures(t *testing.T, dir string) int { return len(files(t, dir)) }

// newestPicture is the picture that was written last.
func newestPicture(t *testing.T, dir string) (newest string) {
	t.Helper()
	var at time.Time
	for _, name := range files(t, dir) {
		if info, err := os.Stat(name); err == nil && info.ModTime().After(at) {
			newest, at = name, info.ModTime()
		}
	}
	return newest
}

// spoil changes one byte in the middle of a file.
func spoil(t *testing.T, name string) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// delivery adds incidents by several writers until it is stopped, each again and again
// until it is acknowledged, and remembers what was.
type delivery struct {
	store data.Store
	stop  context.CancelFunc
	work  sync.WaitGroup
	mu    sync.Mutex
	acked map[string]bool
	tried int
}

func begin(t *testing.T, s data.Store, writers int, prefix string) *delivery {
	ctx, stop := context.WithCancel(t.Context())
	in := &delivery{store: s, stop: stop, acked: map[string]bool{}}
	for w := range writers {
		in.work.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				in.deliver(ctx, fmt.Sprintf("%s-%d-%d", prefix, w, n))
			}
		})
	}
	return in
}

// deliver sends one incident until it is acknowledged.
func (in *delivery) deliver(ctx context.Context, id string) {
	for ctx.Err() == nil {
		in.mu.Lock()
		in.tried++
		in.mu.Unlock()
		// Not the caller's end: an acknowledgement that is under way counts.
		if _, err := in.store.AddIncidents(context.WithoutCancel(ctx), []data.Incident{told(id)}); err == nil {
			in.mu.Lock()
			in.acked[id] = true
			in.mu.Unlock()
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// end stops the writers and gives what was acknowledged.
func (in *delivery) end() map[string]bool {
	in.stop()
	in.work.Wait()
	return in.acked
}

// kept holds what a store keeps against what was acknowledged: nothing lost, nothing twice.
func kept(t *testing.T, s data.Store, acked map[string]bool) {
	t.Helper()
	seen := map[string]int{}
	for in, err := range s.Incidents(t.Context(), data.IncidentFilter{}) {
		if err != nil {
			t.Fatal(err)
		}
		seen[in.ID]++
	}
	lost, doubled := 0, 0
	for id := range acked {
		if seen[id] == 0 {
			lost++
		}
	}
	for _, n := range seen {
		if n > 1 {
			doubled++
		}
	}
	t.Logf("%d incidents were acknowledged, %d are kept: %d lost, %d doubled", len(acked), len(seen), lost, doubled)
	if lost > 0 || doubled > 0 || len(acked) == 0 {
		t.Errorf("%d acknowledged incidents are lost and %d are there twice", lost, doubled)
	}
}

// TestDatabaseKilled (F1): kill -9 of PostgreSQL loses nothing that was acknowledged, and
// doubles nothing that is sent again.
func TestDatabaseKilled(t *testing.T) {
	t.Parallel()
	c := pgtest.New(t)
	r := running(t, c.Database(t))
	acked := map[string]bool{}
	for round := range rounds(2, 100) {
		in := begin(t, r.Store(), 8, fmt.Sprint("r", round))
		time.Sleep(time.Duration(100+round*37%400) * time.Millisecond)
		c.Kill()
		time.Sleep(50 * time.Millisecond)
		c.Run(t)
		eventually(t, "an acknowledgement after the restart", 10*time.Second, func() bool {
			_, err := r.Store().AddIncidents(t.Context(), []data.Incident{told(fmt.Sprint("again", round))})
			return err == nil
		})
		for id := range in.end() {
			acked[id] = true
		}
	}
	kept(t, r.Store(), acked)
}

// TestFailover (F4): with a synchronous standby, promoting it loses nothing that was
// acknowledged; the service finds the new primary by itself.
func TestFailover(t *testing.T) {
	t.Parallel()
	for round := range rounds(1, 20) {
		t.Run(fmt.Sprint(round), func(t *testing.T) { failover(t, round) })
	}
}

func failover(t *testing.T, round int) {
	c := pgtest.New(t)
	dsn := c.Database(t)
	s := c.Standby(t)
	c.Synchronous(t)
	r := running(t, twoHosts(t, dsn, s))
	v := published(t, r, "330890", grid(100, 1))
	eventually(t, "durability", 10*time.Second, func() bool { return r.Standing(t.Context()).Durability == data.Synchronous })
	in := begin(t, r.Store(), 8, "f")
	time.Sleep(time.Duration(300+round*53%500) * time.Millisecond)
	c.Kill()
	s.Promote(t)
	took := eventually(t, "a write after the failover", 15*time.Second, func() bool {
		_, err := r.Store().AddIncidents(t.Context(), []data.Incident{told("after")})
		return err == nil
	})
	t.Logf("writes go through %v after the promotion", took)
	kept(t, r.Store(), in.end())
	if !serves(r, v) || len(r.Standing(t.Context()).Lost) > 0 {
		t.Errorf("after the failover it serves %v and holds %v lost", r.View().Versions(), r.Standing(t.Context()).Lost)
	}
	published(t, r, "330890", grid(100, 2))
}

// twoHosts is the address of a database on a primary or its standby, whichever takes writes.
func twoHosts(t *testing.T, dsn string, standby *pgtest.Cluster) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	u.Host += "," + standby.Addr()
	return u.String()
}

// TestDatabaseComesBackOlder (F5): after a failover to a standby that lacked the last
// version, replicas go back to the one before within 5 s, and say what was lost; a version of
// the same number published then is another.
func TestDatabaseComesBackOlder(t *testing.T) {
	t.Parallel()
	c := pgtest.New(t)
	dsn := c.Database(t)
	s := c.Standby(t)
	address := twoHosts(t, dsn, s)
	both := []*data.Registry{running(t, address), running(t, address)}
	old := published(t, both[0], "330890", grid(100, 1))
	eventually(t, "a warning that commits may be lost", 40*time.Second, func() bool {
		return both[0].Standing(t.Context()).Durability == data.Asynchronous
	})
	caughtUp := func() bool {
		return ask(t, c.DSN("postgres"), "SELECT count(*) FROM pg_stat_replication WHERE replay_lsn = pg_current_wal_lsn()") == 1
	}
	eventually(t, "replication", 10*time.Second, caughtUp)
	s.Kill() // what follows never reaches it
	lost := published(t, both[0], "330890", grid(100, 2))
	gone := published(t, both[0], "330899", grid(10, 3))
	eventually(t, "the other replica", 3*time.Second, func() bool { return serves(both[1], lost) && serves(both[1], gone) })
	c.Kill()
	s.Run(t)
	s.Promote(t)
	for i, r := range both {
		took := eventually(t, "going back", 5*time.Second+2*time.Second, func() bool { return serves(r, old) && len(r.Snapshot().Parts(geo.Cells)) == 1 })
		t.Logf("replica %d serves what there is %v after the promotion", i, took)
		eventually(t, "saying what was lost", time.Second, func() bool { return len(r.Standing(t.Context()).Lost) == 2 })
	}
	again := published(t, both[1], "330890", grid(100, 4))
	if again.Number != lost.Number || again.ID == lost.ID {
		t.Errorf("number %d was lost, and number %d is published as %s", lost.Number, again.Number, again.ID)
	}
	eventually(t, "a version of the number that was lost", 3*time.Second, func() bool { return serves(both[0], again) })
}

// TestSlowDatabase (F12): while the database answers late, and then a byte a second, reads
// go on, writes fail within 3 s and a little, and nothing piles up.
func TestSlowDatabase(t *testing.T) {
	dsn := pgtest.Start(t)
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	p := newProxy(t, u.Host)
	r := running(t, p.dsn(t, dsn))
	v := published(t, r, "330890", grid(100, 1))
	before := runtime.NumGoroutine()
	for _, mode := range []int32{slow, trickle} {
		p.set(mode)
		var writes []time.Duration
		var mu sync.Mutex
		var work sync.WaitGroup
		most := 0
		for w := range 16 {
			work.Go(func() {
				for n := range rounds(2, 20) {
					in := told(fmt.Sprintf("slow %d %d %d", mode, w, n))
					in.Time = in.Time.AddDate(5*(n%2), 0, 0) // every other one in a month without a partition yet
					sent := time.Now()
					_, err := r.Store().AddIncidents(t.Context(), []data.Incident{in})
					mu.Lock()
					if err == nil {
						t.Error("a write went through")
					} else if !errors.Is(err, data.ErrUnavailable) {
						t.Error(err)
					}
					writes = append(writes, time.Since(sent))
					most = max(most, runtime.NumGoroutine())
					mu.Unlock()
				}
			})
		}
		work.Wait()
		report(t, "a write fails", writes, 4*time.Second)
		t.Logf("%d goroutines before, %d at most", before, most)
		if most > before+200 {
			t.Errorf("%d goroutines where there were %d", most, before)
		}
		if !serves(r, v) {
			t.Error("it serves something else")
		}
	}
	p.set(refuses)
	p.set(passes)
	eventually(t, "a write once the database is quick again", 10*time.Second, func() bool {
		_, err := r.Store().AddIncidents(t.Context(), []data.Incident{told("quick")})
		return err == nil
	})
}

// TestTooManyConnections (F20): replicas that would take all connections do not start,
// and a server that has none left is one that does not answer.
func TestTooManyConnections(t *testing.T) {
	t.Parallel()
	c := pgtest.New(t, "max_connections=30")
	dsn := c.Database(t)
	_, err := postgis.Open(t.Context(), dsn, postgis.Options{Pool: 8, Replicas: 3})
	var refused *geo.Error
	if !errors.As(err, &refused) || refused.Code != "too_few_connections" {
		t.Errorf("24 connections of 30: %v", err)
	}
	r := running(t, dsn)
	v := published(t, r, "330890", grid(10, 1))
	// Others take what is left, and the service's own connections are lost.
	var others []*pgx.Conn
	taken := func() {
		for {
			conn, err := pgx.Connect(t.Context(), dsn)
			if err != nil {
				return
			}
			others = append(others, conn)
		}
	}
	taken()
	if _, err := others[0].Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'towngrid%'"); err != nil {
		t.Fatal(err)
	}
	taken()
	sent := time.Now()
	if _, err := r.Store().AddIncidents(t.Context(), []data.Incident{told("no room")}); !errors.Is(err, data.ErrUnavailable) {
		t.Errorf("a write without a connection to be had: %v", err)
	}
	t.Logf("a write without a connection to be had is refused after %v", time.Since(sent))
	if !serves(r, v) {
		t.Error("a read from memory fails")
	}
	for _, conn := range others {
		conn.Close(t.Context())
	}
	eventually(t, "a write once there is room", 10*time.Second, func() bool {
		_, err := r.Store().AddIncidents(t.Context(), []data.Incident{told("room")})
		return err == nil
	})
}

package faults

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
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

// TestDatabaseGone (F2): whatever keeps the database from answering, every read goes on,
// as quickly and with its age; writes are 503 with Retry-After within a second, and all is
// well again soon after it is back, with no more connections than before.
func TestDatabaseGone(t *testing.T) {
	t.Parallel()
	c := pgtest.New(t)
	direct := c.Database(t)
	p := newProxy(t, c.Addr())
	r := running(t, p.dsn(t, direct))
	published(t, r, "330890", grid(500, 1))
	s, id := compared(t, r, grid(500, 1)), draftOf(t, r, "330890", 1, grid(500, 2))
	goroutines := runtime.NumGoroutine()
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
			lasts := time.Duration(rounds(2, 600)) * time.Second
			reading := s.read(t)
			defer reading.halt()
			outage.begin()
			began, stalled := time.Now(), stalls()
			var writes []time.Duration
			for time.Since(began) < lasts || s.standing(t).Status != "degraded" {
				if time.Since(began) > lasts+10*time.Second {
					t.Fatalf("it says of itself %+v", s.standing(t))
				}
				writes = append(writes, refusedWrites(t, s, id)...)
				time.Sleep(50 * time.Millisecond)
				sent := time.Now()
				if _, err := r.Store().AddIncidents(t.Context(), []data.Incident{told("in doubt")}); !errors.Is(err, data.ErrUnavailable) {
					t.Fatalf("incidents while the database is away: %v", err)
				}
				writes = append(writes, time.Since(sent))
			}
			reading.asQuick(t)
			stood := stalled()
			t.Logf("the machine let it stand for %v at most", stood)
			if reading.aged == 0 {
				t.Error("no answer says how old the data may be")
			}
			report(t, "a write is refused", writes, patience(time.Second)+stood)
			outage.end()
			back := eventually(t, "the way back", patience(5*time.Second), func() bool {
				_, err := r.Store().AddIncidents(t.Context(), []data.Incident{told("after " + outage.name)})
				return err == nil && s.standing(t).Status == "ready"
			})
			t.Logf("all is well %v after the database is back", back)
		})
	}
	if got := s.send(t, http.MethodPost, "/uploads/"+id+"/publish", ""); got.status != http.StatusCreated {
		t.Errorf("publishing once all is well: %d %s", got.status, got.body)
	}
	held := func() int {
		return ask(t, direct, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'towngrid%'")
	}
	eventually(t, "connections that were given up", 30*time.Second, func() bool { return held() <= 8 })
	s.client.CloseIdleConnections()
	if !long() {
		return // goroutines of other tests would be counted
	}
	eventually(t, "goroutines that were given up", 30*time.Second, func() bool { return runtime.NumGoroutine() <= goroutines+30 })
}

// refusedWrites tries the planner's writes while the database is away, and tells how
// long each refusal took.
func refusedWrites(t *testing.T, s service, id string) (took []time.Duration) {
	t.Helper()
	file := "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.zip\"\r\n\r\nx\r\n--b--\r\n"
	for _, write := range [][3]string{
		{http.MethodPost, "/uploads?collection=cells&division=330890", file}, {http.MethodPost, "/uploads/" + id + "/publish"},
		{http.MethodDelete, "/uploads/" + id}, {http.MethodPost, "/versions/" + id + "/restore"},
	} {
		got := s.send(t, write[0], write[1], write[2])
		if got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" {
			t.Errorf("%s %s while the database is away: %d %v %s", write[0], write[1], got.status, got.header, got.body)
		}
		took = append(took, got.took)
	}
	return took
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
	s := serving(t, r)
	if said := s.standing(t); said.Status != "degraded" || said.Store != "unavailable" {
		t.Errorf("it says of itself %+v", said)
	}
	if got := s.send(t, http.MethodGet, readPaths[0], ""); got.status != http.StatusOK || got.header.Get("Towngrid-Data-Age") == "" || got.header.Get("Towngrid-Snapshot") != tag {
		t.Errorf("a read: %d %v", got.status, got.header)
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

// TestDatabaseKilled (F1): kill -9 of PostgreSQL loses nothing that was acknowledged, and
// what was in doubt is there once when it has been sent again once.
func TestDatabaseKilled(t *testing.T) {
	t.Parallel()
	c := pgtest.New(t)
	r := running(t, c.Database(t))
	var acked []string
	doubted, there, acks := 0, 0, int64(0)
	enough := int64(100)
	if long() {
		enough = 3000 // 300,000 in all rounds
	}
	for round := range rounds(3, 100) {
		in := begin(t, r.Store(), 8, fmt.Sprint("r", round))
		in.await(t, enough)
		time.Sleep(time.Duration(round*37%100) * time.Millisecond)
		c.Kill()
		in.end()
		c.Run(t)
		again := fmt.Sprint("again", round)
		eventually(t, "an acknowledgement after the restart", 10*time.Second, func() bool {
			_, err := r.Store().AddIncidents(t.Context(), []data.Incident{told(again)})
			return err == nil
		})
		d, k := in.settle(t)
		doubted, there, acks = doubted+d, there+k, acks+in.acks.Load()
		acked = append(append(acked, in.acked...), again)
	}
	t.Logf("%d kills, %d incidents acknowledged before them; %d were in doubt, and the database had %d of these", rounds(3, 100), acks, doubted, there)
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
	in.await(t, 100)
	time.Sleep(time.Duration(round*53%500) * time.Millisecond)
	c.Kill()
	in.end()
	s.Promote(t)
	took := eventually(t, "a write after the failover", 15*time.Second, func() bool {
		_, err := r.Store().AddIncidents(t.Context(), []data.Incident{told("after")})
		return err == nil
	})
	doubted, there := in.settle(t)
	t.Logf("writes go through %v after the promotion; %d incidents were in doubt, and the database had %d of them", took, doubted, there)
	kept(t, r.Store(), append(in.acked, "after"))
	if !serves(r, v) || len(r.Standing(t.Context()).Lost) > 0 {
		t.Errorf("after the failover it serves %v and holds %v lost", r.View().Versions(), r.Standing(t.Context()).Lost)
	}
	published(t, r, "330890", grid(100, 2))
}

// TestMachineLost (F4): a primary that is gone without a word, as when its machine is lost, is
// followed by its standby; then no write waits for it, nor does a service that is only started.
func TestMachineLost(t *testing.T) {
	t.Parallel()
	c := pgtest.New(t)
	dsn := c.Database(t)
	s := c.Standby(t)
	c.Synchronous(t)
	p := newProxy(t, c.Addr())
	address := twoHosts(t, p.dsn(t, dsn), s)
	r := running(t, address)
	v := published(t, r, "330890", grid(100, 1))
	p.set(drops)
	s.Promote(t)
	took := eventually(t, "16 writes at once after the failover", patience(15*time.Second), func() bool { return !anyRefused(t, r, 16) })
	t.Logf("16 writes at once go through %v after the promotion", took)
	dials := p.dials.Load()
	for range 3 {
		if anyRefused(t, r, 8) {
			t.Error("a write is refused though the new primary is well")
		}
	}
	late := running(t, address)
	if !serves(late, v) {
		t.Errorf("a service started then serves %v", late.View().Versions())
	}
	again := published(t, late, "330890", grid(100, 2))
	eventually(t, "what the late one published", 3*time.Second, func() bool { return serves(r, again) })
	t.Logf("the lost machine was tried %d times more, by two services", p.dials.Load()-dials)
	p.set(refuses) // so that nobody waits for it in the end
}

// anyRefused writes as many incidents at once, and says whether one was refused.
func anyRefused(t *testing.T, r *data.Registry, writers int) bool {
	var refused atomic.Bool
	var work sync.WaitGroup
	for range writers {
		work.Go(func() {
			if _, err := r.Store().AddIncidents(t.Context(), []data.Incident{told(uuid.NewString())}); err != nil {
				refused.Store(true)
				if !errors.Is(err, data.ErrUnavailable) {
					t.Error(err)
				}
			}
		})
	}
	work.Wait()
	return refused.Load()
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
	if said := serving(t, both[0]).standing(t); said.Durability != data.Asynchronous {
		t.Errorf("it says of itself %+v", said)
	}
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
		took := eventually(t, "going back", patience(5*time.Second), func() bool { return serves(r, old) && len(r.Snapshot().Parts(geo.Cells)) == 1 })
		t.Logf("replica %d serves what there is %v after the promotion", i, took)
		eventually(t, "saying what was lost", time.Second, func() bool { return len(r.Standing(t.Context()).Lost) == 2 })
		// Who published learns it at the address that he was given, and the operator at /readyz.
		s := serving(t, r)
		if got := s.send(t, http.MethodGet, "/versions/"+lost.ID, ""); got.status != http.StatusGone || !strings.Contains(string(got.body), "version_lost") {
			t.Errorf("of a version that was lost it says %d %s", got.status, got.body)
		}
		if said := s.standing(t); said.Status != "degraded" || len(said.Lost) != 2 {
			t.Errorf("it says of itself %+v", said)
		}
	}
	again := published(t, both[1], "330890", grid(100, 4))
	if again.Number != lost.Number || again.ID == lost.ID {
		t.Errorf("number %d was lost, and number %d is published as %s", lost.Number, again.Number, again.ID)
	}
	eventually(t, "a version of the number that was lost", 3*time.Second, func() bool { return serves(both[0], again) })
}

// TestSlowDatabase (F12): while the database answers late, and then a byte a second, reads
// go on as quickly, writes fail within 3 s, nothing piles up, and what fails is not
// tried again by itself: the database is asked no more often than the service is.
func TestSlowDatabase(t *testing.T) {
	dsn := pgtest.Start(t)
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	p := newProxy(t, u.Host)
	r := running(t, p.dsn(t, dsn))
	published(t, r, "330890", grid(500, 1))
	s := compared(t, r, grid(500, 1))
	running := func() int { return runtime.NumGoroutine() - int(p.own.Load()) }
	before := running()
	for _, mode := range []int32{slow, trickle} {
		p.set(mode)
		begins, dials, began, stalled := p.begins.Load(), p.dials.Load(), time.Now(), stalls()
		reading := s.read(t)
		defer reading.halt()
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
					most = max(most, running())
					mu.Unlock()
				}
			})
		}
		work.Wait()
		reading.asQuick(t)
		stood := stalled()
		t.Logf("the machine let it stand for %v at most", stood)
		report(t, "a write fails", writes, patience(3*time.Second)+stood)
		polls := 2 + int64(time.Since(began)/(1600*time.Millisecond)) // by the one who follows
		t.Logf("%d writes: %d transactions were begun, %d connections made; %d goroutines before, %d at most", len(writes), p.begins.Load()-begins, p.dials.Load()-dials, before, most)
		if tried := p.begins.Load() - begins; tried > int64(len(writes))*11/10+polls {
			t.Errorf("%d transactions were begun for %d writes and %d polls", tried, len(writes), polls)
		}
		if most > before+100 {
			t.Errorf("%d goroutines where there were %d", most, before)
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
	s := serving(t, r)
	refusedWrites(t, s, v.ID)
	if got := s.send(t, http.MethodGet, readPaths[0], ""); got.status != http.StatusOK {
		t.Errorf("a read meanwhile: %d %s", got.status, got.body)
	}
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

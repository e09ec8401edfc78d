package postgis

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"towngrid/data"
	"towngrid/data/pgtest"
	"towngrid/geo"
)

// beside starts a standby of a cluster, and gives the address of a database there.
func beside(t *testing.T, c *pgtest.Cluster, dsn string) (*pgtest.Cluster, string) {
	t.Helper()
	s := c.Standby(t)
	return s, s.DSN(strings.Trim(pathOf(t, dsn), "/"))
}

// caughtUp waits until the standby has what the service has written.
func caughtUp(t *testing.T, s *Store) {
	t.Helper()
	s.mark(t.Context())
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		tx, err := s.beginOn(t.Context(), s.standby, asOf, s.caughtUp)
		if err == nil {
			s.rollback(t.Context(), tx)
			return
		}
		if time.Since(began) > 20*time.Second {
			t.Fatal("the standby does not catch up:", err)
		}
	}
}

// TestStandby: history and incidents are read from the standby, even while the primary stands
// still, and from the primary while the standby lags behind what this service has written,
// or is gone.
func TestStandby(t *testing.T) {
	c := pgtest.New(t)
	dsn := c.Database(t)
	standby, there := beside(t, c, dsn)
	s := open(t, dsn, Options{Standby: there, Answer: 2 * time.Second, Write: 5 * time.Second})
	old := publish(t, s, geo.Cells, 0, geo.Feature{Code: "1", Geometry: square(118, 29, 1)})
	v := publish(t, s, geo.Cells, old.Number, geo.Feature{Code: "2", Geometry: square(118, 29, 1)})
	if _, err := s.AddIncidents(t.Context(), []data.Incident{incidentAt("a", time.Now())}); err != nil {
		t.Fatal(err)
	}
	if err := s.tendOnce(t.Context()); err != nil { // the months that it makes when it opens are there
		t.Fatal(err)
	}
	caughtUp(t, s)
	c.Pause()
	if vs, err := s.History(t.Context(), data.VersionFilter{}); len(vs) != 2 || err != nil {
		t.Errorf("with the primary standing still it lists %v, %v", vs, err)
	}
	if n, err := s.CountIncidents(t.Context(), data.IncidentFilter{}); n != 1 || err != nil {
		t.Errorf("with the primary standing still it counts %d incidents, %v", n, err)
	}
	for in, err := range s.Incidents(t.Context(), data.IncidentFilter{}) {
		if in.ID != "a" || err != nil {
			t.Errorf("with the primary standing still it gives %v, %v", in, err)
		}
	}
	n := 0
	for f, err := range s.Features(t.Context(), old.ID) {
		if n++; f.Code != "1" || err != nil {
			t.Errorf("with the primary standing still it gives %v, %v", f, err)
		}
	}
	if n != 1 {
		t.Errorf("with the primary standing still it gives %d features", n)
	}
	c.Resume()
	run(t, another(t, there), "SELECT pg_wal_replay_pause()")
	v = publish(t, s, geo.Cells, v.Number, geo.Feature{Code: "3", Geometry: square(118, 29, 1)})
	if vs, err := s.History(t.Context(), data.VersionFilter{}); len(vs) != 3 || err != nil || vs[0].ID != v.ID {
		t.Errorf("with a standby that lags it lists %v, %v", vs, err)
	}
	run(t, another(t, there), "SELECT pg_wal_replay_resume()")
	standby.Stop()
	if vs, err := s.History(t.Context(), data.VersionFilter{}); len(vs) != 3 || err != nil {
		t.Errorf("with the standby gone it lists %v, %v", vs, err)
	}
}

// TestStandbyOfNoUse: of a standby that cannot be used it is said why, once, and the primary
// answers.
func TestStandbyOfNoUse(t *testing.T) {
	dsn := pgtest.Start(t)
	var said bytes.Buffer
	log := slog.New(slog.NewTextHandler(&said, nil))
	s := open(t, dsn, Options{Standby: "postgres://nobody:geheim@" + hostOf(t, dsn) + "/postgres?sslmode=disable", Log: log})
	publish(t, s, geo.Cells, 0, geo.Feature{Code: "1", Geometry: square(118, 29, 1)})
	for range 3 {
		s.resting.Store(0)
		if vs, err := s.History(t.Context(), data.VersionFilter{}); len(vs) != 1 || err != nil {
			t.Errorf("it lists %v, %v", vs, err)
		}
	}
	if text := said.String(); strings.Count(text, "the standby cannot be used") != 1 || !contains(text, "nobody") || contains(text, "geheim") {
		t.Errorf("it says %s", text)
	}
}

// TestStandbyGivesWay: a standby whose replay needs the rows that are read ends the reading,
// and the primary goes on with it: nothing is missing and nothing comes twice.
func TestStandbyGivesWay(t *testing.T) {
	c := pgtest.New(t, "max_standby_streaming_delay=100ms")
	dsn := c.Database(t)
	_, there := beside(t, c, dsn)
	s, conn, replay := open(t, dsn, Options{Standby: there}), another(t, dsn), another(t, there)
	ins := make([]data.Incident, 20_000)
	for i := range ins {
		ins[i] = incidentAt(fmt.Sprintf("%05d", i), time.Date(2026, 11, 1, 0, 0, i/3, 0, time.UTC))
		ins[i].Kind = strings.Repeat("x", 600) // more than connections hold on the way
	}
	if _, err := s.AddIncidents(t.Context(), ins); err != nil {
		t.Fatal(err)
	}
	if _, err := s.AddIncidents(t.Context(), []data.Incident{incidentAt("before", time.Date(2026, 10, 31, 0, 0, 0, 0, time.UTC))}); err != nil {
		t.Fatal(err)
	}
	caughtUp(t, s)
	seen := -1 // the one before is the first
	for in, err := range s.Incidents(t.Context(), data.IncidentFilter{}) {
		if err != nil {
			t.Fatalf("after %d: %v", seen, err)
		}
		if seen >= 0 && in.ID != ins[seen].ID {
			t.Fatalf("incident %d is %s", seen, in.ID)
		}
		if seen++; seen != 1 {
			continue
		}
		run(t, conn, "DELETE FROM incidents WHERE code = 'before'")
		run(t, conn, "VACUUM incidents")
		for began := time.Now(); !one[bool](t, replay, "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event LIKE 'RecoveryConflict%')"); time.Sleep(10 * time.Millisecond) {
			if time.Since(began) > 20*time.Second {
				t.Fatal("nothing came into conflict")
			}
		}
		time.Sleep(500 * time.Millisecond) // until the standby has lost patience
	}
	if seen != len(ins) {
		t.Errorf("%d of %d incidents came", seen, len(ins))
	}
	for began := time.Now(); one[int](t, replay, "SELECT sum(confl_snapshot)::int FROM pg_stat_database_conflicts") == 0; time.Sleep(50 * time.Millisecond) {
		if time.Since(began) > 20*time.Second { // it is counted some time after
			t.Fatal("the standby has not ended the reading")
		}
	}
}

// TestStandbyGoesItsOwnWay: after a failover the old primary, started again by itself, is no
// standby though it once held the same, and nor is a server that still waits for it.
func TestStandbyGoesItsOwnWay(t *testing.T) {
	old := pgtest.New(t)
	dsn := old.Database(t)
	next, there := beside(t, old, dsn)
	_, third := beside(t, old, dsn)
	first := open(t, dsn, Options{Standby: third})
	v := publish(t, first, geo.Cells, 0, geo.Feature{Code: "1", Geometry: square(118, 29, 1)})
	caughtUp(t, first)
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		if one[bool](t, another(t, there), "SELECT to_regclass('towngrid_version') IS NOT NULL") && one[int](t, another(t, there), "SELECT count(*) FROM towngrid_version WHERE number > 0") == 1 {
			break
		}
		if time.Since(began) > 20*time.Second {
			t.Fatal("the standby does not catch up")
		}
	}
	old.Stop()
	next.Promote(t)
	old.Run(t)
	// It goes on by itself, beyond the place that the new primary comes to.
	run(t, another(t, dsn), "CREATE TABLE noise AS SELECT repeat(md5(i::text), 50) AS a FROM generate_series(1, 20000) AS i")
	for what, address := range map[string]string{"the old primary": dsn, "a standby of the old primary": third, "the primary itself": there} {
		s := open(t, there, Options{Standby: address})
		v = publish(t, s, geo.Cells, v.Number, geo.Feature{Code: geo.Code(what), Geometry: square(118, 29, 1)})
		vs, err := s.History(t.Context(), data.VersionFilter{})
		if err != nil || len(vs) != v.Number || vs[0].ID != v.ID {
			t.Errorf("with %s as its standby it lists %d versions of %d: %v", what, len(vs), v.Number, err)
		}
	}
	// One that stays connected to a standby which is promoted does not use it any more.
	if vs, err := first.History(t.Context(), data.VersionFilter{}); err != nil || len(vs) != 1 {
		t.Errorf("who is still with the old primary lists %d versions: %v", len(vs), err)
	}
}

// TestPanicInALoop: a loop that panics gives its connection back.
func TestPanicInALoop(t *testing.T) {
	s := open(t, pgtest.Start(t), Options{})
	if _, err := s.AddIncidents(t.Context(), []data.Incident{incidentAt("a", time.Now())}); err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() { _ = recover() }()
		for range s.Incidents(t.Context(), data.IncidentFilter{}) {
			panic("in the loop")
		}
	}()
	for began := time.Now(); s.pool.Stat().AcquiredConns() > 0; time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > 10*time.Second {
			t.Fatal("a connection is still held")
		}
	}
}

// TestWhoReadsTakesHisTime: a loop over incidents that is slower than statements may be is
// not broken off.
func TestWhoReadsTakesHisTime(t *testing.T) {
	s := open(t, pgtest.Start(t), Options{Answer: time.Second, Write: time.Second, StatementTimeout: time.Second})
	ins := make([]data.Incident, 20_000)
	for i := range ins {
		ins[i] = incidentAt(fmt.Sprint(i), time.Date(2026, 11, 1, 0, 0, i, 0, time.UTC))
		ins[i].Kind = strings.Repeat("x", 600) // more than connections hold on the way
	}
	if _, err := s.AddIncidents(t.Context(), ins); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, err := range s.Incidents(t.Context(), data.IncidentFilter{}) {
		if errors.Is(err, data.ErrUnavailable) {
			t.Fatalf("broken off after %d: %v", n, err)
		}
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 100 {
			time.Sleep(1500 * time.Millisecond)
		}
	}
	if n != len(ins) {
		t.Errorf("%d of %d incidents came", n, len(ins))
	}
}

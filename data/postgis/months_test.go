package postgis

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"towngrid/data"
	"towngrid/data/pgtest"
	"towngrid/geo"
)

// missing skips the test, or fails it where the tools are required.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("TOWNGRID_REQUIRE_TOOLS") == "1" {
		t.Fatal("missing: " + what)
	}
	t.Skip("SKIPPED, NOT TESTED: missing " + what)
}

func isDamaged(err error) bool { return errors.Is(err, data.ErrDamaged) }

func incidentAt(id string, at time.Time) data.Incident {
	return data.Incident{ID: id, Division: "330890", Time: at, Kind: "矛盾纠纷", Lon: 118.9, Lat: 29}
}

// TestMonths: incidents lie in the month of their time by UTC, months to come are there
// before they begin, and what is past keeping goes with its month and its IDs.
func TestMonths(t *testing.T) {
	dsn := pgtest.Start(t)
	s, conn := open(t, dsn, Options{}), another(t, dsn)
	shanghai := time.FixedZone("CST", 8*3600)
	var ins []data.Incident
	for i, at := range []time.Time{
		time.Date(2026, 11, 1, 7, 59, 59, 999999000, shanghai), // October by UTC
		time.Date(2026, 11, 1, 8, 0, 0, 0, shanghai),
		time.Date(1989, 12, 31, 0, 0, 0, 0, time.UTC), time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2101, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		ins = append(ins, incidentAt(fmt.Sprint(i), at))
	}
	if n, err := s.AddIncidents(t.Context(), ins); n != len(ins) || err != nil {
		t.Fatal(n, err)
	}
	for table, want := range map[string]int{"incidents_2026_10": 1, "incidents_2026_11": 1, "incidents_1990_01": 1, "incidents_other": 2, "towngrid_incident": 5} {
		if n := one[int](t, conn, "SELECT count(*) FROM "+table); n != want {
			t.Errorf("%s holds %d incidents, not %d", table, n, want)
		}
	}
	if err := s.tendOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	for n := range ahead + 1 {
		name := one[string](t, conn, "SELECT to_char(date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => $1), '\"incidents_\"YYYY_MM')", n)
		if !one[bool](t, conn, "SELECT to_regclass($1) IS NOT NULL", name) {
			t.Errorf("%s is not there ahead of its time", name)
		}
	}
	if err := s.DropIncidents(t.Context(), time.Date(2026, 11, 17, 0, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	if n, err := s.CountIncidents(t.Context(), data.IncidentFilter{}); n != 2 || err != nil {
		t.Errorf("%d incidents are left, 2 are of November and later: %v", n, err)
	}
	if n := one[int](t, conn, "SELECT count(*) FROM towngrid_incident"); n != 2 {
		t.Errorf("%d IDs are still known", n)
	}
	if n, err := s.AddIncidents(t.Context(), ins[:1]); n != 1 || err != nil {
		t.Errorf("one of a dropped month, delivered again: %d, %v", n, err)
	}
}

// TestMonthsAreMadeOnce: several services that meet a new month at once make one partition.
func TestMonthsAreMadeOnce(t *testing.T) {
	dsn := pgtest.Start(t)
	errs := make(chan error, 6)
	for i := range 6 {
		s := open(t, dsn, Options{Pool: 4})
		go func() {
			_, err := s.AddIncidents(t.Context(), []data.Incident{incidentAt(fmt.Sprint(i), time.Date(2031, 5, 1+i, 0, 0, 0, 0, time.UTC))})
			errs <- err
		}()
	}
	for range 6 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if n := one[int](t, another(t, dsn), "SELECT count(*) FROM incidents_2031_05"); n != 6 {
		t.Errorf("the month holds %d of 6", n)
	}
}

// TestSpoiltBackups: an archive that is cut off or changed anywhere is refused, and leaves
// an empty store; one into a store that holds something as well.
func TestSpoiltBackups(t *testing.T) {
	s := open(t, pgtest.Start(t), Options{})
	publish(t, s, geo.Cells, 0, geo.Feature{Code: "1", Geometry: square(118, 29, 1)})
	if _, err := s.AddIncidents(t.Context(), []data.Incident{incidentAt("a", time.Now())}); err != nil {
		t.Fatal(err)
	}
	var backup bytes.Buffer
	if err := s.Backup(t.Context(), &backup); err != nil {
		t.Fatal(err)
	}
	whole := backup.Bytes()
	refused(t, s.Restore(t.Context(), bytes.NewReader(whole)), "store_not_empty")
	empty := open(t, pgtest.Start(t), Options{})
	refused(t, empty.Restore(t.Context(), bytes.NewReader([]byte("GeoPackage, surely, and no archive"))), "not_a_backup")
	for at := 0; at < len(whole); at += 1 + len(whole)/40 {
		if err := empty.Restore(t.Context(), bytes.NewReader(whole[:at])); err == nil {
			t.Errorf("%d of %d bytes were restored", at, len(whole))
		}
		spoilt := bytes.Clone(whole)
		spoilt[at] ^= 0x20
		if err := empty.Restore(t.Context(), bytes.NewReader(spoilt)); err == nil {
			t.Errorf("an archive with byte %d changed was restored", at)
		}
	}
	if vs, err := empty.History(t.Context(), data.VersionFilter{}); len(vs) != 0 || err != nil {
		t.Errorf("refused archives have left %d versions, %v", len(vs), err)
	}
	if err := empty.Restore(t.Context(), bytes.NewReader(whole)); err != nil {
		t.Errorf("the whole archive: %v", err)
	}
}

// TestStandby: history is read from the standby, and from the primary while the standby
// lags behind what this service has written.
func TestStandby(t *testing.T) {
	c := pgtest.New(t)
	dsn := c.Database(t)
	standby := c.Standby(t)
	there := standby.DSN(strings.Trim(pathOf(t, dsn), "/"))
	s := open(t, dsn, Options{Standby: there})
	v := publish(t, s, geo.Cells, 0, geo.Feature{Code: "1", Geometry: square(118, 29, 1)})
	wait := func(t *testing.T) {
		for began := time.Now(); !one[bool](t, another(t, c.DSN("postgres")), "SELECT coalesce(bool_and(replay_lsn = pg_current_wal_lsn()), false) FROM pg_stat_replication"); time.Sleep(10 * time.Millisecond) {
			if time.Since(began) > 20*time.Second {
				t.Fatal("the standby does not catch up")
			}
		}
	}
	wait(t)
	if vs, err := s.History(t.Context(), data.VersionFilter{}); len(vs) != 1 || err != nil {
		t.Fatalf("%v, %v", vs, err)
	}
	if s.standby.Stat().AcquireCount() == 0 {
		t.Error("the standby was not asked")
	}
	run(t, another(t, there), "SELECT pg_wal_replay_pause()")
	v = publish(t, s, geo.Cells, v.Number, geo.Feature{Code: "2", Geometry: square(118, 29, 1)})
	if vs, err := s.History(t.Context(), data.VersionFilter{}); len(vs) != 2 || err != nil || vs[0].ID != v.ID {
		t.Errorf("with a standby that lags it lists %v, %v", vs, err)
	}
	run(t, another(t, there), "SELECT pg_wal_replay_resume()")
	standby.Stop()
	if vs, err := s.History(t.Context(), data.VersionFilter{}); len(vs) != 2 || err != nil {
		t.Errorf("with the standby gone it lists %v, %v", vs, err)
	}
}

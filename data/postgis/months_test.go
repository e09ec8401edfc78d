package postgis

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

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

// TestLateForADroppedMonth: a service that has not heard that a month was dropped keeps an
// incident of it beside the months, from where it moves to the month when that is made again.
func TestLateForADroppedMonth(t *testing.T) {
	dsn := pgtest.Start(t)
	drops, late, conn := open(t, dsn, Options{}), open(t, dsn, Options{}), another(t, dsn)
	march := time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC)
	add := func(s *Store, id string, at time.Time) {
		t.Helper()
		if n, err := s.AddIncidents(t.Context(), []data.Incident{incidentAt(id, at)}); n != 1 || err != nil {
			t.Errorf("incident %s: %d, %v", id, n, err)
		}
	}
	add(drops, "a", march)
	add(late, "b", march)
	add(late, "far", time.Date(1950, 1, 1, 0, 0, 0, 0, time.UTC))
	if err := drops.DropIncidents(t.Context(), march.AddDate(0, 1, 0)); err != nil {
		t.Fatal(err)
	}
	add(late, "far", time.Date(2105, 1, 1, 0, 0, 0, 0, time.UTC))
	add(late, "late", march.AddDate(0, 0, 3))
	add(drops, "later", march.AddDate(0, 0, 4))
	for id, want := range map[string]string{"late": "incidents_2025_03", "later": "incidents_2025_03", "far": "incidents_other"} {
		if got := one[string](t, conn, "SELECT string_agg(tableoid::regclass::text, ' ') FROM incidents WHERE code = $1", id); got != want {
			t.Errorf("incident %s lies in %s, not %s", id, got, want)
		}
	}
	if n, err := late.CountIncidents(t.Context(), data.IncidentFilter{}); n != 3 || err != nil {
		t.Errorf("%d incidents are kept, not 3: %v", n, err)
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

// TestBackupHasEverything: every table of the store and every column of it is in backups.
func TestBackupHasEverything(t *testing.T) {
	dsn := pgtest.Start(t)
	open(t, dsn, Options{})
	conn := another(t, dsn)
	listed := map[string]string{}
	for _, table := range tables() {
		columns := slices.Sorted(slices.Values(table.Columns))
		listed[table.Name] = strings.Join(columns, " ")
	}
	found, err := conn.Query(t.Context(), `SELECT c.relname::text, string_agg(a.attname, ' ' ORDER BY a.attname COLLATE "C")
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace
			AND c.relname NOT IN ('spatial_ref_sys', 'towngrid_program', '`+migrationTable+`') GROUP BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	var name, columns string
	if _, err := pgx.ForEachRow(found, []any{&name, &columns}, func() error {
		if listed[name] != columns {
			t.Errorf("table %s has the columns %s, backups have %s", name, columns, listed[name])
		}
		delete(listed, name)
		return nil
	}); err != nil || len(listed) > 0 {
		t.Errorf("backups have tables that are not there: %v, %v", listed, err)
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

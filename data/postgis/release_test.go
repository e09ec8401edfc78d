package postgis

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"

	"towngrid/data"
	"towngrid/data/pgtest"
	"towngrid/geo"
	"towngrid/migrations"
)

// nextRelease is the migrations with one more, as a release that only adds would have it.
func nextRelease(t *testing.T, statements string) fs.FS {
	t.Helper()
	steps := fstest.MapFS{}
	names, err := fs.Glob(migrations.PostGIS(), "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(migrations.PostGIS(), name)
		if err != nil {
			t.Fatal(err)
		}
		steps[name] = &fstest.MapFile{Data: text}
	}
	steps[fmt.Sprintf("%05d_next.sql", len(names)+1)] = &fstest.MapFile{Data: []byte("-- +goose Up\n" + statements)}
	return steps
}

// additions are what a next release might add to each table of the service.
const additions = `
ALTER TABLE towngrid_version ADD COLUMN mood text;
ALTER TABLE towngrid_feature ADD COLUMN mood text DEFAULT 'calm';
ALTER TABLE towngrid_upload ADD COLUMN mood text;
ALTER TABLE incidents ADD COLUMN mood text;
CREATE TABLE towngrid_mood (id bigint PRIMARY KEY);
CREATE INDEX towngrid_version_author ON towngrid_version (author);`

// TestTwoReleasesTogether: while programs of one release work, the next one brings its
// tables; both work on together, and one of the older release that starts again as well:
// no call fails. For five minutes in the long form.
func TestTwoReleasesTogether(t *testing.T) {
	lasts := 2 * time.Second
	if os.Getenv("TOWNGRID_LONG") == "1" {
		lasts = 5 * time.Minute
	}
	dsn := pgtest.Start(t)
	older := open(t, dsn, Options{Pool: 8})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var work sync.WaitGroup
	var calls atomic.Int64
	use := func(name string, s *Store) {
		work.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				if err := everyCall(t.Context(), s, geo.Division(fmt.Sprintf("3308%02d", len(name)%90)), fmt.Sprint(name, n), n); err != nil {
					t.Errorf("%s, round %d: %v", name, n, err)
					return
				}
				calls.Add(1)
			}
		})
	}
	use("older", older)
	time.Sleep(lasts / 4)
	next := open(t, dsn, Options{Pool: 8, steps: nextRelease(t, additions)})
	if !one[bool](t, another(t, dsn), "SELECT to_regclass('towngrid_mood') IS NOT NULL") {
		t.Fatal("the next release has not brought its tables")
	}
	use("the next", next)
	again := open(t, dsn, Options{Pool: 8})
	use("the older, again", again)
	time.Sleep(lasts)
	stop()
	work.Wait()
	t.Logf("%d rounds of calls", calls.Load())
	if v := one[int64](t, another(t, dsn), "SELECT max(version_id) FROM "+migrationTable); v != 2 {
		t.Errorf("the tables are of edition %d", v)
	}
}

// everyCall makes the calls of a service once.
func everyCall(ctx context.Context, s *Store, d geo.Division, name string, round int) error {
	fs := []geo.Feature{{Code: geo.Code(name), Name: name, Geometry: square(118, 29, 1)}}
	sum, err := geo.Checksum(fs)
	if err != nil {
		return err
	}
	v := geo.Version{ID: uuid.NewString(), Collection: geo.Cells, Division: d, State: geo.Draft, Created: time.Now(), Features: 1, Checksum: sum}
	err = errors.Join(s.SaveDraft(ctx, v, geo.InOrder(fs)), s.SaveUpload(ctx, data.Upload{ID: name, Created: time.Now()}))
	if err != nil {
		return err
	}
	if v, err = s.Publish(ctx, v.ID, round, time.Now()); err != nil {
		return err
	}
	n := 0
	for _, err := range s.Features(ctx, v.ID) {
		if err != nil {
			return err
		}
		n++
	}
	_, err = s.Upload(ctx, name)
	if err == nil {
		_, err = s.History(ctx, data.VersionFilter{Division: d, Limit: 5})
	}
	if err == nil {
		_, err = s.AddIncidents(ctx, []data.Incident{incidentAt(name, time.Now())})
	}
	if err == nil && n != 1 {
		err = fmt.Errorf("%d features", n)
	}
	return err
}

// TestMigrationWaitsNoLonger: a migration that meets a table in use gives up after
// lock_timeout and leaves the tables as they were, and others have waited no longer
// than that for it.
func TestMigrationWaitsNoLonger(t *testing.T) {
	dsn := pgtest.Start(t)
	s := open(t, dsn, Options{})
	conn := another(t, dsn)
	run(t, conn, "BEGIN; LOCK TABLE towngrid_version IN ROW EXCLUSIVE MODE")
	slowest := make(chan time.Duration)
	tried, stop := context.WithCancel(t.Context())
	go func() {
		var most time.Duration
		for tried.Err() == nil {
			asked := time.Now()
			if _, err := s.History(t.Context(), data.VersionFilter{}); err != nil {
				t.Error(err)
			}
			most = max(most, time.Since(asked))
		}
		slowest <- most
	}()
	_, err := Open(t.Context(), dsn, Options{LockTimeout: 500 * time.Millisecond, steps: nextRelease(t, additions)})
	stop()
	if !errors.Is(err, data.ErrUnavailable) {
		t.Errorf("a migration of a table in use: %v", err)
	}
	if most := <-slowest; most > 3*time.Second {
		t.Errorf("a read has waited %v for a migration with a lock_timeout of 500 ms", most)
	}
	run(t, conn, "ROLLBACK")
	if one[bool](t, conn, "SELECT to_regclass('towngrid_mood') IS NOT NULL") {
		t.Error("a migration that gave up has left a table")
	}
	open(t, dsn, Options{steps: nextRelease(t, additions)})
}

// TestMonthsPass: as months pass, a service makes those to come and drops those that are
// past keeping. Its database's clock is set by a function of the name now, which is found
// before PostgreSQL's own.
func TestMonthsPass(t *testing.T) {
	dsn := pgtest.Start(t)
	conn := another(t, dsn)
	run(t, conn, `CREATE SCHEMA clock; CREATE TABLE clock.hand (at timestamptz); INSERT INTO clock.hand VALUES ('2027-01-15');
		CREATE FUNCTION clock.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT at FROM clock.hand'`)
	s := open(t, dsn+"&search_path=public,clock,pg_catalog", Options{KeepMonths: 2})
	first := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	for month := range 8 {
		begin := first.AddDate(0, month, 0)
		run(t, conn, "UPDATE clock.hand SET at = $1", begin.AddDate(0, 0, month*3))
		if _, err := s.AddIncidents(t.Context(), []data.Incident{incidentAt(fmt.Sprint(month), begin.AddDate(0, 0, 1))}); err != nil {
			t.Fatal(err)
		}
		if err := s.tendOnce(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := ""
		for n := max(-2, -month); n <= ahead; n++ {
			want += " incidents_" + begin.AddDate(0, n, 0).Format("2006_01")
		}
		got := one[string](t, conn, `SELECT ' ' || string_agg(c.relname, ' ' ORDER BY c.relname) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
			WHERE i.inhparent = 'incidents'::regclass AND c.relname ~ '_20'`)
		if got != want {
			t.Errorf("in month %d there are%s, want%s", month, got, want)
		}
		if n := one[int](t, conn, "SELECT count(*) FROM incidents"); n != min(month, 2)+1 {
			t.Errorf("in month %d there are %d incidents", month, n)
		}
		if n := one[int](t, conn, "SELECT count(*) FROM towngrid_incident"); n != min(month, 2)+1 {
			t.Errorf("in month %d there are %d IDs", month, n)
		}
	}
}

// TestSilentServer: a server that takes a statement and then says nothing keeps nobody
// waiting: what reads little for as long as a write may take, what reads much for a
// minute between rows (the long form).
func TestSilentServer(t *testing.T) {
	dsn := pgtest.Start(t)
	s := open(t, dsn, Options{Write: time.Second, LockTimeout: 10 * time.Minute, StatementTimeout: 10 * time.Minute})
	v := publish(t, s, geo.Cells, 0, geo.Feature{Code: "1", Geometry: square(118, 29, 1)})
	conn := another(t, dsn)
	run(t, conn, "BEGIN; LOCK TABLE towngrid_version, towngrid_upload")
	for what, call := range map[string]func() error{
		"the latest version": func() error { _, err := s.Latest(t.Context()); return err },
		"what is published":  func() error { _, err := s.Published(t.Context()); return err },
		"a version":          func() error { _, err := s.Version(t.Context(), v.ID); return err },
		"uploads":            func() error { _, err := s.RecentUploads(t.Context(), 1); return err },
	} {
		asked := time.Now()
		if err := call(); !errors.Is(err, data.ErrUnavailable) || time.Since(asked) > 5*time.Second {
			t.Errorf("%s: %v after %v", what, err, time.Since(asked))
		}
	}
	run(t, conn, "ROLLBACK")
	if os.Getenv("TOWNGRID_LONG") != "1" {
		return
	}
	run(t, conn, "BEGIN; LOCK TABLE incidents")
	asked := time.Now()
	for _, err := range s.Incidents(t.Context(), data.IncidentFilter{}) {
		if !errors.Is(err, data.ErrUnavailable) || time.Since(asked) > 2*silence {
			t.Errorf("incidents: %v after %v", err, time.Since(asked))
		}
	}
	if time.Since(asked) < silence {
		t.Errorf("incidents are given up after %v", time.Since(asked))
	}
}

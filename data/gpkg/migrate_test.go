package gpkg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pressly/goose/v3"

	"towngrid/data/rows"
	"towngrid/geo"
	"towngrid/migrations"
)

// made runs statements on a new SQLite file, in the mode that GIS programs use.
func made(t *testing.T, path string, statements ...string) {
	t.Helper()
	db := pool(dsn{path: path, params: "mode=rwc"}, 1)
	defer db.Close()
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
}

// folder is what lies in the folder of path: names with contents.
func folder(t *testing.T, path string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(filepath.Dir(path), e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = b
	}
	return files
}

// untouched fails the test when the folder of path is not as it was.
func untouched(t *testing.T, path string, before map[string][]byte) {
	t.Helper()
	after := folder(t, path)
	if !maps.EqualFunc(before, after, bytes.Equal) {
		t.Errorf("the folder has changed from %v to %v", slices.Sorted(maps.Keys(before)), slices.Sorted(maps.Keys(after)))
	}
}

// TestForeignFiles: what is not ours is refused, and nothing in its folder changes.
func TestForeignFiles(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 0))
	noise := make([]byte, 5000)
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	for name, make := range map[string]func(t *testing.T, path string){
		"a GeoPackage": func(t *testing.T, path string) {
			made(t, path, "PRAGMA application_id = 1196444487", "PRAGMA user_version = 10300",
				"CREATE TABLE gpkg_contents (table_name TEXT)", "CREATE TABLE cells (fid INTEGER PRIMARY KEY, geom BLOB)")
		},
		"a GeoPackage with a log": func(t *testing.T, path string) {
			made(t, path, "PRAGMA journal_mode = wal", "CREATE TABLE gpkg_contents (table_name TEXT)")
		},
		"another SQLite file": func(t *testing.T, path string) { made(t, path, "CREATE TABLE t (a)", "INSERT INTO t VALUES (1)") },
		"noise":               func(t *testing.T, path string) { write(t, path, noise) },
		"text":                func(t *testing.T, path string) { write(t, path, []byte("code,lon,lat\n")) },
		"a zip":               func(t *testing.T, path string) { write(t, path, append([]byte("PK\x03\x04"), noise...)) },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "s.gpkg")
			make(t, path)
			before := folder(t, path)
			_, err := Open(t.Context(), path, Options{})
			refused(t, err, "not_a_store")
			untouched(t, path, before)
		})
	}
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestForeignLog: a GeoPackage of others whose tables are all still in its log.
func TestForeignLog(t *testing.T) {
	dir := t.TempDir()
	path, other := filepath.Join(dir, "s.gpkg"), filepath.Join(dir, "other.gpkg")
	db := pool(dsn{path: other, params: "mode=rwc", pragmas: []pragma{{"journal_mode", "wal"}}}, 1)
	defer db.Close()
	if _, err := db.Exec("CREATE TABLE theirs (a)"); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal"} { // as a crash of theirs would leave it
		b, err := os.ReadFile(other + suffix)
		if err != nil {
			t.Fatal(err)
		}
		write(t, path+suffix, b)
	}
	_, err := Open(t.Context(), path, Options{})
	refused(t, err, "not_a_store")
}

// TestNewerStore: a store made by a later program is refused as it is.
func TestNewerStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.gpkg")
	if err := open(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	made(t, path, "INSERT INTO towngrid_migration (version_id, is_applied) VALUES (9999, 1)")
	before := folder(t, path)
	_, err := Open(t.Context(), path, Options{})
	refused(t, err, "store_newer")
	untouched(t, path, before)
}

// TestUnfinishedStores: a file in which nothing is yet, or of which only the
// beginning was made, becomes a store.
func TestUnfinishedStores(t *testing.T) {
	for name, make := range map[string]func(t *testing.T, path string){
		"none":             func(*testing.T, string) {},
		"an empty file":    func(t *testing.T, path string) { write(t, path, nil) },
		"an empty store":   func(t *testing.T, path string) { made(t, path, "PRAGMA journal_mode = wal") },
		"without a table":  func(t *testing.T, path string) { made(t, path, "CREATE TABLE t (a)", "DROP TABLE t") },
		"not yet migrated": func(t *testing.T, path string) { migrated(t, path, 0) },
		"half migrated":    broken,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "s.gpkg")
			make(t, path)
			s := open(t, path)
			publishRandom(t, s, 1)
		})
	}
}

// migrated makes a file with the table of migrations and these many applied.
func migrated(t *testing.T, path string, to int64) {
	t.Helper()
	db := pool(writing(path, time.Second), 1)
	defer db.Close()
	p, err := provider(db)
	if err != nil {
		t.Fatal(err)
	}
	if to > 0 {
		_, err = p.UpTo(t.Context(), to)
	} else {
		_, err = p.HasPending(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// broken applies the first migration with a statement at its end that fails: it
// must leave nothing behind.
func broken(t *testing.T, path string) {
	t.Helper()
	db := pool(writing(path, time.Second), 1)
	defer db.Close()
	first, err := fs.Glob(migrations.GPKG(), "00001_*.sql")
	if err != nil || len(first) != 1 {
		t.Fatal(first, err)
	}
	text, err := fs.ReadFile(migrations.GPKG(), first[0])
	if err != nil {
		t.Fatal(err)
	}
	spoilt := fstest.MapFS{first[0]: {Data: append(text, "\nSELECT no_such_function();\n"...)}}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, spoilt, goose.WithTableName(migrationTable), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Up(t.Context()); err == nil {
		t.Fatal("a migration that fails was applied")
	}
	tables := 0
	if err := db.QueryRow("SELECT count(*) FROM sqlite_schema WHERE name NOT LIKE '%migration%' AND name <> 'sqlite_sequence'").Scan(&tables); err != nil || tables > 0 {
		t.Fatalf("a migration that failed left %d tables, %v", tables, err)
	}
	var id int
	if err := db.QueryRow("PRAGMA application_id").Scan(&id); err != nil || id != 0 {
		t.Fatalf("a migration that failed left the application ID %d, %v", id, err)
	}
}

// TestMigrationsOfEveryAge: a store of every edition of the tables is brought up to date.
func TestMigrationsOfEveryAge(t *testing.T) {
	db := pool(writing(filepath.Join(t.TempDir(), "s.gpkg"), time.Second), 1)
	defer db.Close()
	p, err := provider(db)
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range p.ListSources() {
		path := filepath.Join(t.TempDir(), "s.gpkg")
		migrated(t, path, source.Version)
		publishRandom(t, open(t, path), 1)
	}
}

// TestHeader: the file says that it is a GeoPackage 1.3.
func TestHeader(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.gpkg")
	if err := open(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if id := b[68:72]; !bytes.Equal(id, []byte("GPKG")) {
		t.Errorf("application ID %q", id)
	}
	if v := b[60:64]; !bytes.Equal(v, []byte{0, 0, 10300 >> 8, 10300 & 0xff}) {
		t.Errorf("user version %v", v)
	}
}

// createAnew opens a store where there is none.
func createAnew(ctx context.Context, path string) error {
	fmt.Println("begin")
	_, err := Open(ctx, path, Options{})
	fmt.Println("done")
	return err
}

// TestKilledWhileCreating: whatever a killed first start left behind is taken up by the next.
func TestKilledWhileCreating(t *testing.T) {
	const seed = 3
	rng := rand.New(rand.NewPCG(seed, 0))
	for round := range 6 {
		path := filepath.Join(t.TempDir(), "s.gpkg")
		c := start(t, "create", path)
		c.line()
		time.Sleep(time.Duration(rng.IntN(20)) * time.Millisecond)
		c.kill()
		s, err := Open(t.Context(), path, Options{})
		if err != nil {
			t.Fatalf("seed %d, round %d: %v", seed, round, err)
		}
		if err := errors.Join(s.Verify(t.Context()), s.Close()); err != nil {
			t.Fatalf("seed %d, round %d: %v", seed, round, err)
		}
	}
}

// TestSchemaTables holds the feature tables and the collections' schemas together.
func TestSchemaTables(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "s.gpkg"))
	types := map[geo.FieldType]string{
		geo.String: "TEXT", geo.Integer: "INTEGER", geo.Number: "DOUBLE", geo.Bool: "BOOLEAN", geo.Date: "DATE", geo.Time: "DATETIME",
	}
	for _, c := range geo.Collections() {
		schema := c.Schema()
		want := []string{"fid INTEGER", "code TEXT"}
		for _, f := range schema.Fields {
			want = append(want, f.Name+" "+types[f.Type])
		}
		if rows.Versioned(c) {
			want = append(want, "geom "+map[geo.GeometryKind]string{geo.MultiPolygon: "MULTIPOLYGON", geo.Point: "POINT"}[schema.Geometry],
				"name TEXT", "division TEXT", "version INTEGER", "extra TEXT")
		} else {
			want = append(want, "geom POINT", "micros INTEGER", "division TEXT", "cell TEXT", "station TEXT", "room TEXT", "centre TEXT", "town TEXT", "version INTEGER")
		}
		var got []string
		rows, err := s.readers.Query("SELECT name || ' ' || type FROM pragma_table_info(?)", string(c))
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var column string
			if err := rows.Scan(&column); err != nil {
				t.Fatal(err)
			}
			got = append(got, column)
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
		slices.Sort(want)
		slices.Sort(got)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("table %s (-schema +table):\n%s", c, d)
		}
	}
}

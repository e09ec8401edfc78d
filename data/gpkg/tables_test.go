package gpkg

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/paulmach/orb"

	"towngrid/data"
	"towngrid/data/rows"
	"towngrid/geo"
)

// copied is a row of a feature table as a GIS program sees it.
type copied struct {
	Geometry orb.Geometry
	Name     string
	Fields   map[string]any
	Version  int
	Extra    map[string]any
}

// copies reads a feature table, by division and code.
func copies(t *testing.T, s *Store, c geo.Collection) map[string]copied {
	t.Helper()
	columns := ""
	for _, f := range c.Schema().Fields {
		columns += ", CAST(" + f.Name + " AS " + map[bool]string{true: "TEXT", false: "NUMERIC"}[f.Type == geo.String || f.Type == geo.Date] + ")"
	}
	rows, err := s.readers.Query("SELECT geom, name, version, extra, division || '/' || code" + columns + " FROM " + string(c))
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	got := map[string]copied{}
	for rows.Next() {
		row := copied{Fields: map[string]any{}}
		var geom, extra []byte
		var key string
		values := make([]any, len(c.Schema().Fields))
		into := []any{&geom, &row.Name, &row.Version, &extra, &key}
		for i := range values {
			into = append(into, &values[i])
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		if row.Geometry, err = decode(geom); err != nil {
			t.Fatal(err)
		}
		for i, f := range c.Schema().Fields {
			row.Fields[f.Name] = values[i]
		}
		if extra != nil {
			if err := json.Unmarshal(extra, &row.Extra); err != nil {
				t.Fatal(err)
			}
		}
		got[key] = row
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return got
}

// expected are the rows that a feature table must have for what is live.
func expected(t *testing.T, s *Store, c geo.Collection, since map[string]int) map[string]copied {
	t.Helper()
	want := map[string]copied{}
	live, err := s.Published(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range live {
		if v.Collection != c {
			continue
		}
		for f, err := range s.Features(t.Context(), v.ID) {
			if err != nil {
				t.Fatal(err)
			}
			row := copied{Geometry: f.Geometry, Name: f.Name, Fields: map[string]any{}}
			for _, p := range f.Properties {
				if _, known := c.Schema().Field(p.Name); !known {
					if row.Extra == nil {
						row.Extra = map[string]any{}
					}
					row.Extra[p.Name] = p.Value
					continue
				}
				if b, ok := p.Value.(bool); ok {
					p.Value = map[bool]int64{true: 1}[b]
				}
				row.Fields[p.Name] = p.Value
			}
			key := string(v.Division) + "/" + string(f.Code)
			row.Version = since[key]
			want[key] = row
		}
	}
	return want
}

// TestFeatureTables: after every publication the tables hold what is live, with the
// version since which each feature is as it is, and the R-trees hold their bounds.
func TestFeatureTables(t *testing.T) {
	const seed = 23
	rng := rand.New(rand.NewPCG(seed, 0))
	s := open(t, filepath.Join(t.TempDir(), "s.gpkg"))
	since := map[geo.Collection]map[string]int{}
	for round := range 4 {
		for _, c := range geo.Collections() {
			if !rows.Versioned(c) {
				continue
			}
			if since[c] == nil {
				since[c] = map[string]int{}
			}
			for _, d := range []geo.Division{"330890", "330891"} {
				publishChanged(t, rng, s, c, d, round, since[c])
			}
			if d := cmp.Diff(expected(t, s, c, since[c]), copies(t, s, c), cmpopts.EquateApprox(1e-15, 0)); d != "" {
				t.Fatalf("seed %d, round %d: table %s (-live +table):\n%s", seed, round, c, d)
			}
			checkIndex(t, s, string(c))
		}
	}
}

// publishChanged publishes over number base a set in which some features are as
// before, some changed and some gone; since learns from which version each is.
func publishChanged(t *testing.T, rng *rand.Rand, s *Store, c geo.Collection, d geo.Division, base int, since map[string]int) {
	t.Helper()
	fs := someFeatures(rng, c, 40)
	old := map[geo.Code]geo.Feature{}
	live, err := s.History(t.Context(), data.VersionFilter{Collection: c, Division: d, State: geo.Published})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range live {
		for f, err := range s.Features(t.Context(), v.ID) {
			if err != nil {
				t.Fatal(err)
			}
			old[f.Code] = f
		}
	}
	var next []geo.Feature
	for _, f := range fs {
		key := string(d) + "/" + string(f.Code)
		was, known := old[f.Code]
		switch {
		case rng.IntN(4) == 0:
			delete(since, key)
			continue
		case known && rng.IntN(2) == 0:
			f = was
		default:
			since[key] = base + 1
		}
		next = append(next, f)
	}
	v := draftFor(t, next, c)
	v.Division = d
	if err := s.SaveDraft(t.Context(), v, geo.InOrder(next)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Publish(t.Context(), v.ID, base, time.Now()); err != nil {
		t.Fatal(err)
	}
}

// checkIndex holds the R-tree of a table against its rows.
func checkIndex(t *testing.T, s *Store, table string) {
	t.Helper()
	var verdict string
	if err := s.readers.QueryRow("SELECT rtreecheck(?)", "rtree_"+table+"_geom").Scan(&verdict); err != nil || verdict != "ok" {
		t.Fatalf("R-tree of %s: %s, %v", table, verdict, err)
	}
	// The tree holds float32 rounded outward, so it may be wider by that much.
	var rows, entries, wrong int
	err := s.readers.QueryRow(fmt.Sprintf(`SELECT (SELECT count(*) FROM %[1]s), (SELECT count(*) FROM rtree_%[1]s_geom),
		(SELECT count(*) FROM %[1]s f LEFT JOIN rtree_%[1]s_geom r ON r.id = f.fid
			WHERE r.id IS NULL OR r.minx > ST_MinX(geom) OR r.maxx < ST_MaxX(geom) OR r.miny > ST_MinY(geom) OR r.maxy < ST_MaxY(geom)
			OR r.maxx - r.minx > ST_MaxX(geom) - ST_MinX(geom) + 1e-4)`, table)).Scan(&rows, &entries, &wrong)
	if err != nil || rows != entries || wrong > 0 {
		t.Fatalf("%s has %d rows, its R-tree %d entries, %d of them wrong: %v", table, rows, entries, wrong, err)
	}
}

// TestContents: gpkg_contents tells programs where to look, also for incidents.
func TestContents(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "s.gpkg"))
	contents := func(table string) (b [4]sql.NullFloat64) {
		if err := s.readers.QueryRow("SELECT min_x, min_y, max_x, max_y FROM gpkg_contents WHERE table_name = ?", table).Scan(&b[0], &b[1], &b[2], &b[3]); err != nil {
			t.Fatal(err)
		}
		return b
	}
	is := func(what string, got [4]sql.NullFloat64, want ...float64) {
		t.Helper()
		for i, w := range want {
			if !got[i].Valid || got[i].Float64 != w {
				t.Errorf("%s: bound %v, not %v", what, got, want)
				return
			}
		}
	}
	if b := contents("cells"); b[0].Valid {
		t.Errorf("an empty table has the bound %v", b)
	}
	square := func(x, y float64) geo.Feature {
		return geo.Feature{Code: "1", Geometry: orb.MultiPolygon{{{{x, y}, {x + 1, y}, {x + 1, y + 1}, {x, y}}}}}
	}
	for base, fs := range [][]geo.Feature{nil, {square(118, 29)}, {square(117, 30)}, nil, {{Code: "2", Geometry: orb.MultiPolygon{}}}} {
		v := saveDraft(t, s, geo.Cells, fs)
		if _, err := s.Publish(t.Context(), v.ID, base, time.Now()); err != nil {
			t.Fatal(err)
		}
		if base == 1 {
			is("one cell", contents("cells"), 118, 29, 119, 30)
		}
	}
	is("all that was ever live", contents("cells"), 117, 29, 119, 31)
	for _, p := range []orb.Point{{118.5, 29}, {118, 30}} {
		in := incidentOf(int(p[1]))
		in.Lon, in.Lat = p[0], p[1]
		if _, err := s.AddIncidents(t.Context(), []data.Incident{in}); err != nil {
			t.Fatal(err)
		}
	}
	is("incidents", contents("incidents"), 118, 29, 118.5, 30)
}

// TestEditedCopies: whatever a GIS program does to a feature table, the service
// answers as before, and the next publication puts right what it touches.
func TestEditedCopies(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "s.gpkg"))
	first := publishRandom(t, s, 1)
	var next int64
	if err := s.readers.QueryRow("SELECT max(id) + 1 FROM towngrid_feature").Scan(&next); err != nil {
		t.Fatal(err)
	}
	edits := func(tx *sql.Tx) error {
		for _, edit := range []string{
			"UPDATE cells SET name = 'edited', geom = (SELECT geom FROM cells LIMIT 1)",
			"DELETE FROM cells WHERE code < '0010'",
			fmt.Sprintf("INSERT INTO cells (fid, geom, code, name, division, version) SELECT %d, geom, 'drawn', '', '330890', 0 FROM cells LIMIT 1", next),
		} {
			if _, err := tx.Exec(edit); err != nil {
				return err
			}
		}
		return nil
	}
	if err := s.write(t.Context(), edits); err != nil {
		t.Fatal(err)
	}
	checkIndex(t, s, "cells")
	if err := s.Verify(t.Context()); err != nil {
		t.Errorf("the service after edits of the copies: %v", err)
	}
	second := publishRandom(t, s, 2)
	checkIndex(t, s, "cells")
	since := map[string]int{}
	for f, err := range s.Features(t.Context(), second.ID) {
		if err != nil {
			t.Fatal(err)
		}
		since["330890/"+string(f.Code)] = 2
	}
	if d := cmp.Diff(expected(t, s, geo.Cells, since), copies(t, s, geo.Cells), cmpopts.EquateApprox(1e-15, 0)); d != "" {
		t.Errorf("the table after the next publication (-live +table):\n%s", d)
	}
	if err := s.verifyVersion(t.Context(), first); err != nil {
		t.Error(err)
	}
}

// TestSharedFeatures: a feature that stays the same is kept once over many versions.
func TestSharedFeatures(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "s.gpkg"))
	count := func(table string) (n int) {
		if err := s.readers.QueryRow("SELECT count(*) FROM " + table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	fs := someFeatures(rand.New(rand.NewPCG(9, 0)), geo.Cells, 100)
	for base := range 10 {
		fs[base].Name += "改"
		v := saveDraft(t, s, geo.Cells, fs)
		if want := 100 + base; count("towngrid_feature") != want {
			t.Fatalf("version %d: %d features are kept, not %d", base+1, count("towngrid_feature"), want)
		}
		dropped := saveDraft(t, s, geo.Cells, fs)
		if err := s.Discard(t.Context(), dropped.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Publish(t.Context(), v.ID, base, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if f, h, d := count("towngrid_feature"), count("towngrid_history"), count("towngrid_draft"); f != 109 || h != 109 || d != 0 {
		t.Errorf("%d features, %d rows of history and %d of drafts are kept", f, h, d)
	}
}

// TestFunctions: what the triggers call, on what they may meet.
func TestFunctions(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "s.gpkg"))
	triangle := blobOf(t, orb.MultiPolygon{{{{1, 2}, {3, 2}, {3, 5}, {1, 2}}}})
	for _, c := range []struct {
		call string
		arg  any
		want any
	}{
		{"ST_MinX", triangle, 1.0}, {"ST_MaxX", triangle, 3.0}, {"ST_MinY", triangle, 2.0}, {"ST_MaxY", triangle, 5.0}, {"ST_IsEmpty", triangle, int64(0)},
		{"ST_IsEmpty", blobOf(t, orb.MultiPolygon{}), int64(1)}, {"ST_MinX", blobOf(t, orb.MultiPolygon{}), nil},
		{"ST_MinX", nil, nil}, {"ST_IsEmpty", nil, nil},
	} {
		var got any
		if err := s.writer.QueryRow("SELECT "+c.call+"(?)", c.arg).Scan(&got); err != nil || got != c.want {
			t.Errorf("%s(% x) is %v, %v", c.call, c.arg, got, err)
		}
	}
	for _, bad := range []any{[]byte("GP"), []byte{}, triangle[:39], "text", int64(7)} {
		var got any
		if err := s.writer.QueryRow("SELECT ST_MinX(?)", bad).Scan(&got); err == nil {
			t.Errorf("ST_MinX(%v) is %v", bad, got)
		}
	}
}

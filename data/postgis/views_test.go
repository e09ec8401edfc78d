package postgis

import (
	"context"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/paulmach/orb"

	"towngrid/data"
	"towngrid/data/pgtest"
	"towngrid/data/rows"
	"towngrid/geo"
)

func hostOf(t testing.TB, dsn string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

func pathOf(t testing.TB, dsn string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	return u.Path
}

func contains(s, part string) bool { return strings.Contains(s, part) }

// publish keeps features and makes them live over base.
func publish(t testing.TB, s *Store, c geo.Collection, base int, fs ...geo.Feature) geo.Version {
	t.Helper()
	sum, err := geo.Checksum(fs)
	if err != nil {
		t.Fatal(err)
	}
	v := geo.Version{ID: uuid.NewString(), Collection: c, Division: "330890", State: geo.Draft, Created: time.Now(), Features: len(fs), Checksum: sum}
	if err := s.SaveDraft(t.Context(), v, geo.InOrder(fs)); err != nil {
		t.Fatal(err)
	}
	if v, err = s.Publish(t.Context(), v.ID, base, time.Now()); err != nil {
		t.Fatal(err)
	}
	return v
}

func square(x, y, d float64) orb.MultiPolygon {
	return orb.MultiPolygon{{{{x, y}, {x + d, y}, {x + d, y + d}, {x, y + d}, {x, y}}}}
}

// TestViewsHaveTheSchemas: a view has a column for each field, of a type for its values,
// and what else a feature's properties hold in extra.
func TestViewsHaveTheSchemas(t *testing.T) {
	dsn := pgtest.Start(t)
	s, conn := open(t, dsn, Options{}), another(t, dsn)
	types := map[geo.FieldType]string{
		geo.String: "text", geo.Integer: "bigint", geo.Number: "double precision", geo.Bool: "boolean", geo.Date: "date",
	}
	values := map[geo.FieldType]any{
		geo.String: "值", geo.Integer: int64(7), geo.Number: 1.5, geo.Bool: true, geo.Date: "2024-02-29",
	}
	for _, c := range geo.Collections() {
		if !rows.Versioned(c) {
			continue
		}
		schema := c.Schema()
		f := geo.Feature{Code: "1", Name: "一", Geometry: square(118, 29, 1)}
		wrong := geo.Feature{Code: "2", Geometry: square(120, 29, 1)}
		if schema.Geometry == geo.Point {
			f.Geometry, wrong.Geometry = orb.Point{118, 29}, orb.Point{120, 29}
		}
		for _, field := range schema.Fields {
			f.Properties = append(f.Properties, geo.Property{Name: field.Name, Value: values[field.Type]})
			wrong.Properties = append(wrong.Properties, geo.Property{Name: field.Name, Value: "2023-02-29"})
		}
		f.Properties = append(f.Properties, geo.Property{Name: "备注", Value: "其他"})
		publish(t, s, c, 0, f, wrong)
		for _, field := range schema.Fields {
			got := one[string](t, conn, "SELECT data_type FROM information_schema.columns WHERE table_name = $1 AND column_name = $2", string(c), field.Name)
			if got != types[field.Type] {
				t.Errorf("%s.%s is %s, not %s", c, field.Name, got, types[field.Type])
			}
			if !one[bool](t, conn, "SELECT "+field.Name+" IS NOT NULL FROM "+string(c)+" WHERE code = '1'") {
				t.Errorf("%s.%s is null where it has a value", c, field.Name)
			}
			if field.Type != geo.String && !one[bool](t, conn, "SELECT "+field.Name+" IS NULL FROM "+string(c)+" WHERE code = '2'") {
				t.Errorf("%s.%s is not null where the value is of another type", c, field.Name)
			}
		}
		if got := one[string](t, conn, "SELECT extra->>'备注' FROM "+string(c)+" WHERE code = '1'"); got != "其他" {
			t.Errorf("%s.extra holds %q", c, got)
		}
		if got := one[int](t, conn, "SELECT srid FROM geometry_columns WHERE f_table_name = $1", string(c)); got != 4490 {
			t.Errorf("%s is registered with SRID %d", c, got)
		}
		if got := one[string](t, conn, "SELECT upper(type) FROM geometry_columns WHERE f_table_name = $1", string(c)); got != strings.ToUpper(string(schema.Geometry)) {
			t.Errorf("%s is registered as %s", c, got)
		}
	}
}

// TestViewsShowWhatIsLive: a view shows the live version and no other, each feature once,
// and a search by place uses the index.
func TestViewsShowWhatIsLive(t *testing.T) {
	dsn := pgtest.Start(t)
	s, conn := open(t, dsn, Options{}), another(t, dsn)
	var many []geo.Feature
	for i := range 3000 {
		many = append(many, geo.Feature{Code: geo.Code(uuid.NewString()), Geometry: square(100+float64(i%60)*0.1, 25+float64(i/60)*0.1, 0.1)})
	}
	publish(t, s, geo.Cells, 0, many...)
	many[0].Name = "改名"
	publish(t, s, geo.Cells, 1, many[:2000]...)
	if n := one[int](t, conn, "SELECT count(*) FROM cells"); n != 2000 {
		t.Errorf("%d cells are shown, 2000 are live", n)
	}
	if n := one[int](t, conn, "SELECT count(DISTINCT fid) FROM cells"); n != 2000 {
		t.Errorf("%d of 2000 have a fid of their own", n)
	}
	if n := one[int](t, conn, "SELECT version FROM cells WHERE name = '改名'"); n != 2 {
		t.Errorf("the changed cell is of version %d", n)
	}
	run(t, conn, "ANALYZE")
	found, err := conn.Query(t.Context(), "EXPLAIN SELECT * FROM cells WHERE geom && ST_MakeEnvelope(100, 25, 100.2, 25.2, 4490)")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	if !contains(strings.Join(plan, "\n"), "towngrid_feature_area") {
		t.Errorf("a search by place is planned as\n%s", strings.Join(plan, "\n"))
	}
}

// TestReader: the read-only role sees what is published, and neither incidents nor the
// tables, and changes nothing.
func TestReader(t *testing.T) {
	dsn := pgtest.Start(t)
	s, conn := open(t, dsn, Options{}), another(t, dsn)
	publish(t, s, geo.Towns, 0, geo.Feature{Code: "1", Geometry: square(118, 29, 1)})
	if _, err := s.AddIncidents(t.Context(), []data.Incident{incidentAt("a", time.Now())}); err != nil {
		t.Fatal(err)
	}
	month := one[string](t, conn, "SELECT tableoid::regclass::text FROM incidents")
	// Of all relations, PostGIS's own beside the five views.
	found, err := conn.Query(t.Context(), `SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema' AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
			AND (CASE WHEN c.relkind = 'S' THEN has_sequence_privilege('towngrid_reader', c.oid, 'SELECT, USAGE, UPDATE')
				ELSE has_table_privilege('towngrid_reader', c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
				OR has_any_column_privilege('towngrid_reader', c.oid, 'SELECT, INSERT, UPDATE, REFERENCES') END) ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	may, err := pgx.CollectRows(found, pgx.RowTo[string])
	if want := []string{"cells", "facilities", "geography_columns", "geometry_columns", "parcels", "spatial_ref_sys", "towns", "units"}; err != nil || !slices.Equal(may, want) {
		t.Errorf("the reader has rights on %v, not on %v: %v", may, want, err)
	}
	run(t, conn, "SET ROLE towngrid_reader")
	for _, c := range geo.Collections() {
		if rows.Versioned(c) {
			run(t, conn, "SELECT * FROM "+string(c)+" WHERE geom && ST_MakeEnvelope(110, 20, 120, 30, 4490)")
		}
	}
	if _, err := conn.Exec(t.Context(), "SELECT * FROM "+month); err == nil || !contains(err.Error(), "permission denied") {
		t.Errorf("the reader reads %s: %v", month, err)
	}
	if n := one[int](t, conn, "SELECT count(*) FROM towns"); n != 1 {
		t.Errorf("the reader sees %d towns", n)
	}
	for _, statement := range []string{
		"SELECT * FROM incidents", "SELECT * FROM incidents_other", "SELECT * FROM towngrid_incident", "SELECT * FROM towngrid_version", "SELECT * FROM towngrid_upload",
		"SELECT * FROM towngrid_draft", "SELECT * FROM towngrid_feature", "SELECT * FROM towngrid_history", "DELETE FROM towns", "UPDATE towns SET name = ''",
		"CREATE TABLE t (a int)", "INSERT INTO towngrid_upload VALUES ('', now(), '{}', '{}')",
	} {
		if _, err := conn.Exec(t.Context(), statement); err == nil || !contains(err.Error(), "permission denied") && !contains(err.Error(), "cannot ") {
			t.Errorf("the reader may %s: %v", statement, err)
		}
	}
}

// TestStrictReaders: with the statements for it, a reader's own function is asked of no row but
// those that he sees, where it was asked of drafts, and a search by place uses the index yet.
func TestStrictReaders(t *testing.T) {
	dsn := pgtest.Start(t)
	s, conn := open(t, dsn, Options{}), another(t, dsn)
	var fs []geo.Feature
	for i := range 3000 {
		fs = append(fs, geo.Feature{Code: geo.Code(fmt.Sprint(i)), Name: "公开", Geometry: square(100+float64(i%60)*0.1, 25+float64(i/60)*0.1, 0.1)})
	}
	publish(t, s, geo.Cells, 0, fs...)
	for i := range fs {
		fs[i].Name = "草案"
	}
	sum, err := geo.Checksum(fs)
	if err != nil {
		t.Fatal(err)
	}
	draft := geo.Version{ID: uuid.NewString(), Collection: geo.Cells, Division: "330890", State: geo.Draft, Created: time.Now(), Features: len(fs), Checksum: sum}
	if err := s.SaveDraft(t.Context(), draft, geo.InOrder(fs)); err != nil {
		t.Fatal(err)
	}
	run(t, conn, "ANALYZE")
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]int{}
	cfg.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { told[n.Message]++ }
	reader, err := pgx.ConnectConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close(context.Background())
	run(t, reader, "SET ROLE towngrid_reader")
	run(t, reader, "SET enable_nestloop = off; SET enable_mergejoin = off") // so that all features are looked through
	run(t, reader, `CREATE FUNCTION pg_temp.tell(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS 'BEGIN RAISE NOTICE ''%'', $1; RETURN true; END'`)
	ask := func() {
		clear(told)
		run(t, reader, "SELECT * FROM cells WHERE pg_temp.tell(name)")
	}
	if ask(); told["草案"] == 0 {
		t.Error("the views are as strict without the statements: what is said of them is not so any more")
	}
	statements, err := os.ReadFile("../../migrations/readers/strict.sql")
	if err != nil {
		t.Fatal(err)
	}
	run(t, conn, string(statements))
	if ask(); told["草案"] > 0 || told["公开"] != len(fs) {
		t.Errorf("the reader is told %v", told)
	}
	found, err := reader.Query(t.Context(), "EXPLAIN SELECT * FROM cells WHERE geom && ST_MakeEnvelope(100, 25, 100.2, 25.2, 4490)")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil || !contains(strings.Join(plan, "\n"), "towngrid_feature_area") {
		t.Errorf("a search by place is planned as\n%s\n%v", strings.Join(plan, "\n"), err)
	}
	if n := one[int](t, conn, "SELECT count(*) FROM pg_class WHERE relkind = 'v' AND relname = ANY($1) AND 'security_barrier=true' = ANY(reloptions)",
		[]string{"towns", "units", "cells", "parcels", "facilities"}); n != 5 {
		t.Errorf("%d of the five views have a barrier", n)
	}
}

// TestPostGISReadsTheSameDoubles: PostGIS says of each vertex bit for bit what went in.
func TestPostGISReadsTheSameDoubles(t *testing.T) {
	const seed = 41
	rng := rand.New(rand.NewPCG(seed, 0))
	dsn := pgtest.Start(t)
	s, conn := open(t, dsn, Options{}), another(t, dsn)
	ring := make(orb.Ring, 0, 101)
	for range 100 {
		ring = append(ring, orb.Point{math.Nextafter(rng.Float64()*360-180, 0), math.Nextafter(rng.Float64()*180-90, 0)})
	}
	publish(t, s, geo.Cells, 0, geo.Feature{Code: "1", Geometry: orb.MultiPolygon{{append(ring, ring[0])}}})
	found, err := conn.Query(t.Context(), "SELECT float8send(ST_X(d.geom)), float8send(ST_Y(d.geom)) FROM cells, ST_DumpPoints(cells.geom) d ORDER BY d.path")
	if err != nil {
		t.Fatal(err)
	}
	i := 0
	var x, y []byte
	_, err = pgx.ForEachRow(found, []any{&x, &y}, func() error {
		p := ring[i%100]
		for axis, b := range [][]byte{x, y} {
			want := math.Float64bits(p[axis])
			if got := hex.EncodeToString(b); got != hex.EncodeToString([]byte{byte(want >> 56), byte(want >> 48), byte(want >> 40), byte(want >> 32), byte(want >> 24), byte(want >> 16), byte(want >> 8), byte(want)}) {
				t.Errorf("seed %d: vertex %d, axis %d: %s for %x", seed, i, axis, got, want)
			}
		}
		i++
		return nil
	})
	if err != nil || i != 101 {
		t.Errorf("%d vertices, %v", i, err)
	}
}

// TestGDALReadsTheViews: what QGIS reads databases with lists the views and their extents.
func TestGDALReadsTheViews(t *testing.T) {
	dsn := pgtest.Start(t)
	s := open(t, dsn, Options{})
	publish(t, s, geo.Towns, 0, geo.Feature{Code: "T1", Name: "小镇", Geometry: square(118, 29, 1), Properties: geo.Properties{{Name: "residents", Value: int64(3400)}}})
	path, err := exec.LookPath("ogrinfo")
	if err != nil {
		missing(t, "ogrinfo: apt-get install gdal-bin")
	}
	// By a role of its own, which may read what is published and nothing else.
	name := strings.Trim(pathOf(t, dsn), "/")
	conn := another(t, dsn)
	run(t, conn, fmt.Sprintf("CREATE ROLE planner_%s LOGIN; GRANT towngrid_reader TO planner_%[1]s", name))
	t.Cleanup(func() { _, _ = conn.Exec(context.Background(), "DROP ROLE planner_"+name) })
	host, port, _ := strings.Cut(hostOf(t, dsn), ":")
	source := "PG:host=" + host + " port=" + port + " user=planner_" + name + " dbname=" + name
	out, err := exec.CommandContext(t.Context(), path, source, "towns").CombinedOutput()
	if err != nil {
		t.Errorf("ogrinfo: %v", err)
	}
	for _, hidden := range []string{"incidents", "towngrid_version", "towngrid_draft", "towngrid_feature", "towngrid_upload"} {
		if out, err := exec.CommandContext(t.Context(), path, source, "-sql", "SELECT count(*) FROM "+hidden).CombinedOutput(); err == nil && !contains(string(out), "permission denied") {
			t.Errorf("the planner reads %s: %s", hidden, out)
		}
	}
	for _, want := range []string{"Geometry: Multi Polygon", "Feature Count: 1", "residents (Integer64) = 3400", "name (String) = 小镇", `ID["EPSG",4490]`} {
		if !contains(string(out), want) {
			t.Errorf("ogrinfo does not say %q:\n%s", want, out)
		}
	}
}

// TestOddPolygonsLieBeside: what PostGIS takes is in area, what it would not give back
// is in odd, and both come back as they were.
func TestOddPolygonsLieBeside(t *testing.T) {
	dsn := pgtest.Start(t)
	s, conn := open(t, dsn, Options{}), another(t, dsn)
	odd := []orb.MultiPolygon{
		{}, {{}}, {{{}}}, {{{{0, 0}, {1, 1}}}}, {{{{0, 0}, {1, 0}, {1, 1}, {0, 1}}}}, append(square(0, 0, 1), orb.Polygon{}),
		{{{{0, 0}, {1, 0}, {1, 1}, {math.Copysign(0, -1), 0}}}}, // closed to arithmetic, not to the bit
	}
	fs := []geo.Feature{{Code: "0", Geometry: square(0, 0, 1)}}
	for i, g := range odd {
		fs = append(fs, geo.Feature{Code: geo.Code(string(rune('1' + i))), Geometry: g})
	}
	v := publish(t, s, geo.Cells, 0, fs...)
	if n := one[int](t, conn, "SELECT count(odd) FROM towngrid_feature"); n != len(odd) {
		t.Errorf("%d of %d lie beside", n, len(odd))
	}
	got := []geo.Feature{}
	for f, err := range s.Features(context.Background(), v.ID) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, f)
	}
	sum, err := geo.Checksum(got)
	if err != nil || sum != v.Checksum {
		t.Errorf("they come back with the checksum %s, not %s: %v", sum, v.Checksum, err)
	}
}

// TestDamage: a feature that was changed behind the engine's back is not given out, and
// an upload of the same file mends it.
func TestDamage(t *testing.T) {
	dsn := pgtest.Start(t)
	s, conn := open(t, dsn, Options{}), another(t, dsn)
	f := geo.Feature{Code: "1", Name: "一", Geometry: square(118, 29, 1)}
	v := publish(t, s, geo.Cells, 0, f)
	for _, harm := range []string{
		"UPDATE towngrid_feature SET area = ST_Translate(area, 1e-9, 0)", "UPDATE towngrid_feature SET name = '二'", "DELETE FROM towngrid_history",
	} {
		run(t, conn, harm)
		var err error
		for _, err = range s.Features(t.Context(), v.ID) {
			if err != nil {
				break
			}
		}
		if !isDamaged(err) {
			t.Errorf("after %s: %v", harm, err)
		}
	}
	v = publish(t, s, geo.Cells, 1, f)
	for _, err := range s.Features(t.Context(), v.ID) {
		if err != nil {
			t.Errorf("uploaded again: %v", err)
		}
	}
}

package postgis

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"towngrid/data"
	"towngrid/data/pgtest"
)

// distribution is the text of the statements for Citus, and the column by which they
// distribute each table.
func distribution(t *testing.T) (text string, column map[string]string) {
	t.Helper()
	raw, err := os.ReadFile("../../migrations/citus/distribute.sql")
	if err != nil {
		t.Fatal(err)
	}
	column = map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^SELECT create_distributed_table\('(\w+)', '(\w+)'`).FindAllStringSubmatch(string(raw), -1) {
		column[m[1]] = m[2]
	}
	if len(column) != 2 || column["incidents"] != "division" {
		t.Fatalf("what is distributed: %v", column)
	}
	return string(raw), column
}

// TestTablesCanBeDistributed holds the tables against what Citus' manual asks of those
// that are distributed by hash: the column is in every unique and exclusion constraint, is
// never null and no one's to update; no foreign keys to or from, no triggers, no rules, no
// row-level security; partitions of one level, by a column that the keys hold as well.
func TestTablesCanBeDistributed(t *testing.T) {
	dsn := pgtest.Start(t)
	s, conn := open(t, dsn, Options{}), another(t, dsn)
	if err := s.tendOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, column := distribution(t)
	for table, col := range column {
		tables := []string{table}
		found, err := conn.Query(t.Context(), "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = $1::text::regclass", table)
		if err != nil {
			t.Fatal(err)
		}
		partitions, err := pgx.CollectRows(found, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		if (len(partitions) > ahead) != (table == "incidents") {
			t.Errorf("%s has the partitions %v", table, partitions)
		}
		for _, name := range append(tables, partitions...) {
			for what, query := range map[string]string{
				"unique indexes without the column": `SELECT count(*) FROM pg_index x WHERE indrelid = $1::text::regclass AND (indisunique OR indisexclusion)
					AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = x.indrelid AND a.attname = $2 AND a.attnum = ANY(x.indkey[0:x.indnkeyatts - 1]))`,
				"no unique index at all":            `SELECT (count(*) = 0)::int FROM pg_index WHERE indrelid = $1::text::regclass AND indisunique AND $2::text <> ''`,
				"a column that may be null":         `SELECT count(*) FROM pg_attribute WHERE attrelid = $1::text::regclass AND attname = $2 AND NOT attnotnull`,
				"no such column":                    `SELECT 1 - count(*)::int FROM pg_attribute WHERE attrelid = $1::text::regclass AND attname = $2 AND atttypid = 'text'::regtype`,
				"foreign keys":                      `SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND $1::text::regclass IN (conrelid, confrelid) AND $2::text <> ''`,
				"triggers":                          `SELECT count(*) FROM pg_trigger WHERE tgrelid = $1::text::regclass AND NOT tgisinternal AND $2::text <> ''`,
				"rules":                             `SELECT count(*) FROM pg_rewrite WHERE ev_class = $1::text::regclass AND $2::text <> ''`,
				"row-level security":                `SELECT relrowsecurity::int FROM pg_class WHERE oid = $1::text::regclass AND $2::text <> ''`,
				"generated or identity columns":     `SELECT count(*) FROM pg_attribute WHERE attrelid = $1::text::regclass AND (attgenerated <> '' OR attidentity <> '') AND $2::text <> ''`,
				"partitions of partitions":          `SELECT count(*) FROM pg_inherits i JOIN pg_inherits p ON p.inhparent = i.inhrelid WHERE i.inhparent = $1::text::regclass AND $2::text <> ''`,
				"a persistence other than the disk": `SELECT (relpersistence <> 'p')::int FROM pg_class WHERE oid = $1::text::regclass AND $2::text <> ''`,
			} {
				if n := one[int](t, conn, query, name, col); n != 0 {
					t.Errorf("%s, to be distributed by %s, has %s: %d", name, col, what, n)
				}
			}
		}
	}
	if key := one[string](t, conn, "SELECT pg_get_partkeydef('incidents'::regclass)"); key != `RANGE ("time")` {
		t.Errorf("incidents are partitioned by %s", key)
	}
}

// TestStatementsKeepToTheRules reads the engine's own statements: none that touches a
// distributed table leans on where a row lies (ctid), locks rows or writes in a CTE.
func TestStatementsKeepToTheRules(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, statement := range regexp.MustCompile("(?s)`[^`]*`|\"[^\"\n]*\"").FindAllString(string(raw), -1) {
			if !regexp.MustCompile(`\b(incidents|towngrid_incident)\b`).MatchString(statement) || !regexp.MustCompile(`\b(SELECT|INSERT|DELETE|UPDATE)\b`).MatchString(statement) {
				continue
			}
			seen++
			for _, barred := range []string{"ctid", "FOR UPDATE", "WITH ", "TABLESAMPLE", "UPDATE "} {
				if strings.Contains(statement, barred) {
					t.Errorf("%s: a statement on a distributed table has %s: %s", name, barred, statement)
				}
			}
		}
	}
	if seen < 4 {
		t.Errorf("only %d statements were found", seen)
	}
}

// TestStatisticsAddUp: the statistics that the file for Citus names group by division
// first, and what workers count of their own divisions is together what one database counts
// of all.
func TestStatisticsAddUp(t *testing.T) {
	text, column := distribution(t)
	statement := strings.Join(regexp.MustCompile(`(?m)^--   (SELECT division, cell.*\n)--   (FROM incidents .*);$`).FindStringSubmatch(text)[1:], "")
	if grouped := regexp.MustCompile(`^SELECT ` + column["incidents"] + `\b.* GROUP BY 1\b`); !grouped.MatchString(strings.ReplaceAll(statement, "\n", " ")) {
		t.Errorf("the statistics are not grouped by the column of distribution first: %s", statement)
	}
	var whole *pgx.Conn
	var workers []*pgx.Conn
	var stores []*Store
	for i := range 4 {
		dsn := pgtest.Start(t)
		stores = append(stores, open(t, dsn, Options{Pool: 4}))
		if conn := another(t, dsn); i == 0 {
			whole = conn
		} else {
			workers = append(workers, conn)
		}
	}
	cs := country()
	sums := hashes(t, whole, cs)
	s := newStream(cs, time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC), 61)
	parts := make([][]data.Incident, 4)
	for i := range 4000 {
		in := s.next(float64(i) / 4000)
		w := 1 + shardOf(sums[in.Division], 3)
		parts[0], parts[w] = append(parts[0], in), append(parts[w], in)
	}
	for i, part := range parts {
		if n, err := stores[i].AddIncidents(t.Context(), part); n != len(part) || err != nil || n == 0 {
			t.Fatal(n, err)
		}
	}
	counts := func(conn *pgx.Conn) (rows []string) {
		found, err := conn.Query(t.Context(), statement, "2026-10-10", "2026-11-20")
		if err != nil {
			t.Fatal(err)
		}
		rows, err = pgx.CollectRows(found, func(row pgx.CollectableRow) (string, error) {
			values, err := row.Values()
			return fmt.Sprint(values...), err
		})
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	var together []string
	for _, w := range workers {
		together = append(together, counts(w)...)
	}
	all := counts(whole)
	slices.Sort(all)
	slices.Sort(together)
	if len(all) < 1000 || !slices.Equal(all, together) {
		t.Errorf("the workers count %d rows, one database %d", len(together), len(all))
	}
}

package gpkg

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"towngrid/data/rows"
	"towngrid/geo"
	"towngrid/geo/shapefile"
)

// Layer is one set of features, to be written as a GeoPackage that holds nothing else.
type Layer struct {
	Name        string // of the table
	Title       string // its identifier, which GIS programs show
	Description string
	Geometry    geo.GeometryKind
	// Columns come after fid and geom, by name and type. Their names differ from these
	// and from each other by more than case.
	Columns []geo.Field
	// Records are the features, in CGCS2000 degrees. Values follow Columns: string,
	// int64, float64, bool or nil; dates as "2026-11-23".
	Records iter.Seq2[shapefile.Record, error]
	Changed time.Time // dates the table
}

// WriteCopy writes a layer as a GeoPackage 1.3 with spatial index. It is complete in a
// temporary folder in dir, "" for the system's, before its first byte reaches w; the
// folder is removed. The same layer gives the same bytes. The error is that of w, the
// records, the context or the disk.
func WriteCopy(ctx context.Context, w io.Writer, dir string, l Layer) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("write GeoPackage: %w", classify(cause(ctx, err)))
		}
	}()
	dir, err = os.MkdirTemp(dir, "towngrid-export-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "copy.gpkg")
	db := pool(scratch(path), 1)
	if err := errors.Join(l.fill(ctx, db), db.Close()); err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(w, contextReader{ctx, f})
	return err
}

// scratch describes the connection to a file that nobody will miss.
func scratch(path string) dsn {
	return dsn{path: path, params: "mode=rwc&_defensive=1", pragmas: []pragma{
		{"synchronous", "0"},
		{"journal_mode", "memory"},
		{"temp_store", "2"},
	}}
}

// fill makes the tables and puts the features in.
func (l *Layer) fill(ctx context.Context, db *sql.DB) error {
	// These two cannot be set within a transaction.
	if _, err := db.ExecContext(ctx, `PRAGMA application_id = 1196444487; PRAGMA user_version = 10300`); err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // without effect once committed
	if _, err := tx.ExecContext(ctx, copyTables+l.table()); err != nil {
		return err
	}
	b, err := l.insert(ctx, tx)
	if err != nil {
		return err
	}
	if err := l.register(ctx, tx, b); err != nil {
		return err
	}
	return tx.Commit()
}

// insert puts the records in and gives the bound around them.
func (l *Layer) insert(ctx context.Context, tx *sql.Tx) (orb.Bound, error) {
	all := rows.Empty()
	rows, err := tx.PrepareContext(ctx, fmt.Sprintf(`INSERT INTO %s VALUES (?, ?%s)`, quote(l.Name), strings.Repeat(", ?", len(l.Columns))))
	if err != nil {
		return all, err
	}
	defer rows.Close()
	tree, err := tx.PrepareContext(ctx, fmt.Sprintf(`INSERT INTO %s VALUES (?, ?, ?, ?, ?)`, quote("rtree_"+l.Name+"_geom")))
	if err != nil {
		return all, err
	}
	defer tree.Close()
	fid, args := 0, make([]any, 2+len(l.Columns))
	for r, err := range l.Records {
		if err != nil {
			return all, err
		}
		blob, b, err := encode(nil, r.Geometry)
		if err != nil {
			return all, err
		}
		fid++
		args[0], args[1] = fid, blob
		if n := copy(args[2:], r.Values); n != len(l.Columns) || n != len(r.Values) {
			return all, fmt.Errorf("record %d has %d values for %d columns", fid, len(r.Values), len(l.Columns))
		}
		if _, err := rows.ExecContext(ctx, args...); err != nil {
			return all, err
		}
		if b.IsEmpty() {
			continue
		}
		if _, err := tree.ExecContext(ctx, fid, b.Min[0], b.Max[0], b.Min[1], b.Max[1]); err != nil {
			return all, err
		}
		all = orb.Bound{Min: orb.Point{min(all.Min[0], b.Min[0]), min(all.Min[1], b.Min[1])}, Max: orb.Point{max(all.Max[0], b.Max[0]), max(all.Max[1], b.Max[1])}}
	}
	return all, nil
}

// register tells GIS programs of the table, and lets them keep its index right.
func (l *Layer) register(ctx context.Context, tx *sql.Tx, b orb.Bound) error {
	bound := make([]any, 4)
	if !b.IsEmpty() {
		bound = []any{b.Min[0], b.Min[1], b.Max[0], b.Max[1]}
	}
	changed := l.Changed.UTC().Format("2006-01-02T15:04:05.000Z")
	_, err := tx.ExecContext(ctx, `INSERT INTO gpkg_contents VALUES (?, 'features', ?, ?, ?, ?, ?, ?, ?, ?)`,
		append(append([]any{l.Name, l.Title, l.Description, changed}, bound...), rows.SRID)...)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', ?, ?, 0, 0)`, l.Name, strings.ToUpper(string(l.Geometry)), rows.SRID)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO gpkg_extensions VALUES (?, 'geom', 'gpkg_rtree_index', 'http://www.geopackage.org/spec120/#extension_rtree', 'write-only')`, l.Name)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, strings.NewReplacer("<t>", quote(l.Name), "<r>", quote("rtree_"+l.Name+"_geom"), "<n>", strings.Trim(quote("rtree_"+l.Name+"_geom"), `"`)).Replace(copyTriggers))
	return err
}

// table is the statement that makes the feature table and its index.
func (l *Layer) table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE %s (fid INTEGER PRIMARY KEY NOT NULL, geom %s", quote(l.Name), strings.ToUpper(string(l.Geometry)))
	for _, c := range l.Columns {
		fmt.Fprintf(&b, ", %s %s", quote(c.Name), columnType(c.Type))
	}
	fmt.Fprintf(&b, ");\nCREATE VIRTUAL TABLE %s USING rtree (id, minx, maxx, miny, maxy);\n", quote("rtree_"+l.Name+"_geom"))
	return b.String()
}

// columnType is GeoPackage's name for the type of a column.
func columnType(t geo.FieldType) string {
	switch t {
	case geo.Integer:
		return "INTEGER"
	case geo.Number:
		return "DOUBLE"
	case geo.Bool:
		return "BOOLEAN"
	case geo.Date:
		return "DATE"
	}
	return "TEXT"
}

// quote is a name as an SQL identifier.
func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// copyTables are the tables that every GeoPackage has (OGC 12-128r17, 1.1.2, 1.1.3,
// 2.1.5 and 2.3.2), with the two systems that it must know beside CGCS2000 and WGS 84.
const copyTables = `
CREATE TABLE gpkg_spatial_ref_sys (
  srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY, organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
INSERT INTO gpkg_spatial_ref_sys VALUES
  ('Undefined Cartesian SRS', -1, 'NONE', -1, 'undefined', 'undefined Cartesian coordinate reference system'),
  ('Undefined geographic SRS', 0, 'NONE', 0, 'undefined', 'undefined geographic coordinate reference system'),
  ('WGS 84', 4326, 'EPSG', 4326, 'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AXIS["Latitude",NORTH],AXIS["Longitude",EAST],AUTHORITY["EPSG","4326"]]', 'longitude and latitude in degrees on the WGS 84 ellipsoid'),
  ('China Geodetic Coordinate System 2000', 4490, 'EPSG', 4490, 'GEOGCS["China Geodetic Coordinate System 2000",DATUM["China_2000",SPHEROID["CGCS2000",6378137,298.257222101,AUTHORITY["EPSG","1024"]],AUTHORITY["EPSG","1043"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AXIS["Latitude",NORTH],AXIS["Longitude",EAST],AUTHORITY["EPSG","4490"]]', 'CGCS2000 国家大地坐标系, longitude and latitude in degrees');
CREATE TABLE gpkg_contents (
  table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE, description TEXT DEFAULT '',
  last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
  CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
CREATE TABLE gpkg_geometry_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL,
  srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL,
  CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
  CONSTRAINT uk_gc_table_name UNIQUE (table_name),
  CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents (table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
CREATE TABLE gpkg_extensions (
  table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL, scope TEXT NOT NULL,
  CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name));
`

// copyTriggers keep the index right when a GIS program edits the table, as the R-tree
// extension prescribes them (OGC 12-128r17, annex F.3, in the form of version 1.3).
const copyTriggers = `
CREATE TRIGGER "<n>_insert" AFTER INSERT ON <t> WHEN (new.geom NOT NULL AND NOT ST_IsEmpty(NEW.geom)) BEGIN
  INSERT OR REPLACE INTO <r> VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER "<n>_update1" AFTER UPDATE OF geom ON <t> WHEN OLD.fid = NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom)) BEGIN
  INSERT OR REPLACE INTO <r> VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER "<n>_update2" AFTER UPDATE OF geom ON <t> WHEN OLD.fid = NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom)) BEGIN
  DELETE FROM <r> WHERE id = OLD.fid; END;
CREATE TRIGGER "<n>_update3" AFTER UPDATE ON <t> WHEN OLD.fid != NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom)) BEGIN
  DELETE FROM <r> WHERE id = OLD.fid;
  INSERT OR REPLACE INTO <r> VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END;
CREATE TRIGGER "<n>_update4" AFTER UPDATE ON <t> WHEN OLD.fid != NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom)) BEGIN
  DELETE FROM <r> WHERE id IN (OLD.fid, NEW.fid); END;
CREATE TRIGGER "<n>_delete" AFTER DELETE ON <t> WHEN old.geom NOT NULL BEGIN
  DELETE FROM <r> WHERE id = OLD.fid; END;
`

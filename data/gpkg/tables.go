package gpkg

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"towngrid/geo"
)

// copyLive brings the feature table up to what number made of the history of the
// draft's collection and division: only what changed is taken out and put in.
func copyLive(ctx context.Context, tx *sql.Tx, draft version, number int) error {
	table := string(draft.Collection)
	for _, change := range []string{
		`DELETE FROM ` + table + ` WHERE fid IN (
			SELECT feature FROM towngrid_history WHERE collection = ?1 AND division = ?2 AND last = ?3 - 1)`,
		insertCopies(draft.Collection.Schema()),
		growContents,
	} {
		if _, err := tx.ExecContext(ctx, change, draft.Collection, draft.Division, number, draft.seq); err != nil {
			return fmt.Errorf("table %s: %w", table, err)
		}
	}
	return nil
}

// insertCopies is the statement that puts in what began with a version. The
// schema's fields become columns, what else the properties hold stays JSON in extra.
// A row that a GIS program has put under the same fid gives way.
func insertCopies(s geo.Schema) string {
	var columns, values, paths strings.Builder
	for _, f := range s.Fields {
		fmt.Fprintf(&columns, "%s, ", f.Name)
		fmt.Fprintf(&values, "f.properties ->> '%s', ", f.Name)
		fmt.Fprintf(&paths, ", '$.%s'", f.Name)
	}
	return fmt.Sprintf(`INSERT OR REPLACE INTO %s (fid, geom, code, name, %s division, version, extra)
		SELECT f.id, f.geometry, f.code, f.name, %s h.division, h.first, nullif(json_remove(f.properties%s), '{}')
		FROM towngrid_history h JOIN towngrid_feature f ON f.id = h.feature
		WHERE h.collection = ?1 AND h.division = ?2 AND h.first = ?3`,
		s.Collection, columns.String(), values.String(), paths.String())
}

// growContents notes the change, and widens the table's bound by the version's.
// The bound is for GIS programs to zoom to; that it never shrinks is allowed.
const growContents = `UPDATE gpkg_contents SET
	last_change = strftime('%Y-%m-%dT%H:%M:%fZ', 'now'),
	min_x = min(coalesce(gpkg_contents.min_x, v.min_x), coalesce(v.min_x, gpkg_contents.min_x)),
	min_y = min(coalesce(gpkg_contents.min_y, v.min_y), coalesce(v.min_y, gpkg_contents.min_y)),
	max_x = max(coalesce(gpkg_contents.max_x, v.max_x), coalesce(v.max_x, gpkg_contents.max_x)),
	max_y = max(coalesce(gpkg_contents.max_y, v.max_y), coalesce(v.max_y, gpkg_contents.max_y))
	FROM towngrid_version v WHERE v.seq = ?4 AND gpkg_contents.table_name = ?1`

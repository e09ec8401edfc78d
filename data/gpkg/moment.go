package gpkg

import (
	"database/sql"
	"time"

	"towngrid/data/rows"
)

// micros is t as it is kept: microseconds since 1970 in UTC, rounded down (which
// UnixMicro does, before 1970 too). The years are those that dates as text can say.
func micros(t time.Time) (int64, error) {
	return t.UnixMicro(), rows.CheckMoment(t)
}

// maybeMicros is t as it is kept, null for the zero time.
func maybeMicros(t time.Time) (n sql.NullInt64, err error) {
	if t.IsZero() {
		return n, nil
	}
	n.Valid = true
	n.Int64, err = micros(t)
	return n, err
}

// moment is the time that micros kept, the zero time for null.
func moment(n sql.NullInt64) time.Time {
	if !n.Valid {
		return time.Time{}
	}
	return time.UnixMicro(n.Int64).UTC()
}

// readable is the SQL of a parameter of micros as a DATETIME of GeoPackage.
func readable(parameter string) string {
	return "strftime('%Y-%m-%dT%H:%M:%fZ', " + parameter + " / 1000000.0, 'unixepoch')"
}

package postgis

import (
	"time"

	"towngrid/data/rows"
)

// maybe is t as it is kept, null for the zero time.
func maybe(t time.Time) (*time.Time, error) {
	if t.IsZero() {
		return nil, nil
	}
	return &t, rows.CheckMoment(t)
}

// moment is the time that maybe kept, the zero time for null.
func moment(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

package rows

import (
	"fmt"
	"slices"
	"time"

	"towngrid/geo"
)

// Versioned says whether the collection is kept in versions, and so has a table
// of what is live. Incidents are not: their table only grows.
func Versioned(c geo.Collection) bool {
	return c != geo.Incidents && slices.Contains(geo.Collections(), c)
}

// CheckDraft is an error when v is neither a new draft nor a discarded one.
func CheckDraft(v geo.Version) error {
	switch {
	case !Versioned(v.Collection):
		return fmt.Errorf("the collection %q has no versions", v.Collection)
	case v.State == geo.Discarded && v.ID != "" && v.Number == 0:
		return nil
	case v.ID == "", v.State != geo.Draft, v.Number != 0, !v.Published.IsZero():
		return fmt.Errorf("version %q is %s number %d, not a new draft", v.ID, v.State, v.Number)
	}
	return nil
}

// CheckCount is an error when there are not as many features as a draft counts, or any of a
// discarded one.
func CheckCount(v geo.Version, features int) error {
	if due := v.Features; v.State == geo.Discarded && features > 0 || v.State != geo.Discarded && features != due {
		return fmt.Errorf("version %q is %s and counts %d features, but there are %d", v.ID, v.State, due, features)
	}
	return nil
}

// CheckMoment is an error for a moment whose year dates as text cannot say.
func CheckMoment(t time.Time) error {
	if y := t.UTC().Year(); y < 0 || y > 9999 {
		return fmt.Errorf("%v cannot be kept: the year is not from 0 to 9999", t)
	}
	return nil
}

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

// CheckDraft is an error when v is neither a new draft of so many features nor a
// discarded one without any.
func CheckDraft(v geo.Version, features int) error {
	switch {
	case !Versioned(v.Collection):
		return fmt.Errorf("the collection %q has no versions", v.Collection)
	case v.State == geo.Discarded && features == 0 && v.ID != "" && v.Number == 0:
		return nil
	case v.ID == "", v.State != geo.Draft, v.Number != 0, !v.Published.IsZero():
		return fmt.Errorf("version %q is %s number %d, not a new draft", v.ID, v.State, v.Number)
	case v.Features != features:
		return fmt.Errorf("the version counts %d features, but there are %d", v.Features, features)
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

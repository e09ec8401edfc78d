package density

import (
	"towngrid/geo"
	"towngrid/geo/snapshot"
)

// Report is what one standard says of one town, with all that it rests on.
type Report struct {
	Town     Town      `json:"town"`
	Standard Ref       `json:"standard"`
	Findings []Finding `json:"findings"` // in the order of the standard's rules
	// Parcels lists the town's parcels for each area that the standard asks for, in
	// order of code; Breakdown adds up what counts, by land-use code.
	Parcels   []CountedParcel   `json:"parcels"`
	Breakdown []Share           `json:"breakdown"`
	Versions  snapshot.Versions `json:"versions"`
	Notes     []geo.Text        `json:"notes"`
}

// Finding finds a metric's finding; ok is false where the standard has no rule for it.
func (r Report) Finding(m Metric) (f Finding, ok bool) {
	for _, f := range r.Findings {
		if f.Metric == m {
			return f, true
		}
	}
	return Finding{}, false
}

package density

import (
	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/snapshot"
)

// Report is what one standard says of one town, with all that it rests on.
type Report struct {
	Town     Town `json:"town"`
	Standard Ref  `json:"standard"`
	// Options are those in force; a climate zone of "" is not known.
	Options  Options   `json:"options"`
	Findings []Finding `json:"findings"` // in the order of the standard's rules
	// Parcels lists the town's parcels for each area that the standard asks for, in
	// order of code; Breakdown adds up what counts, by land-use code.
	Parcels   []CountedParcel   `json:"parcels"`
	Breakdown []Share           `json:"breakdown"`
	Supply    Supply            `json:"facilities"`
	Versions  snapshot.Versions `json:"versions"`
	Notes     []geo.Text        `json:"notes"`
	// Outline is the town's boundary, for the map; nil where it cannot be measured.
	Outline orb.MultiPolygon `json:"-"`
}

// Empty is a report on the same town by the same standard in which nothing is found.
func (r Report) Empty() Report {
	return Report{
		Town: r.Town, Standard: r.Standard, Options: r.Options, Findings: []Finding{}, Parcels: []CountedParcel{}, Breakdown: []Share{},
		Supply: Supply{Kinds: []KindCount{}, Parcels: []Access{}, Enterprises: []Enterprise{}}, Versions: snapshot.Versions{}, Notes: []geo.Text{},
	}
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

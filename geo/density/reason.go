package density

import "towngrid/geo"

// Reason says why a parcel does not count, or not wholly.
type Reason struct {
	Code Cause    `json:"code"`
	Text geo.Text `json:"text"`
}

// Cause is the kind of a reason, for programs.
type Cause string

// Causes that are facts: the parcel is known not to count, or only in part.
const (
	OutsideTown     Cause = "outside_town"     // though its property town names the town
	OtherUse        Cause = "other_use"        // not of the use that is counted
	NotConstruction Cause = "not_construction" // residential, but outside construction land
	CutByBorder     Cause = "cut_by_border"    // counted within the town only
	CountedAlready  Cause = "counted_already"  // lies on parcels of lower codes, which count
)

// Causes that are doubts: the parcel might count, so no figure can be given.
const (
	NoCodeSystem    Cause = "no_code_system"
	UnknownSystem   Cause = "unknown_code_system"
	NoCode          Cause = "no_land_use"
	UnknownCode     Cause = "unknown_land_use"
	CoarseCode      Cause = "coarse_land_use"
	NameContradicts Cause = "code_name_mismatch"
	BadProperty     Cause = "bad_property"
	BadGeometry     Cause = "invalid_geometry"
	BadOverlay      Cause = "overlay_failed"
)

func reason(c Cause, zh, en string, args ...any) *Reason {
	return &Reason{Code: c, Text: geo.Textf(zh, en, args...)}
}

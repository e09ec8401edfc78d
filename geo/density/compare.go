package density

import "towngrid/geo"

// Comparison is what differs between two reports on one town: two moments, a draft
// beside what is published, or a variant beside the present.
type Comparison struct {
	Findings []FindingChange `json:"findings"` // in the order of Metrics
	Parcels  []ParcelChange  `json:"parcels"`  // only those that differ, in order of code
}

// FindingChange is one metric in both reports; a side is nil where its report has no
// finding for the metric.
type FindingChange struct {
	Metric Metric   `json:"metric"`
	Title  geo.Text `json:"title"`
	Unit   string   `json:"unit"`
	Before *Judged  `json:"before"`
	After  *Judged  `json:"after"`
	// Change is after − before, nil unless both values are known.
	Change *float64 `json:"change"`
}

// Judged is a finding in short.
type Judged struct {
	Value   *float64 `json:"value"`
	Band    Band     `json:"band"`
	Verdict Verdict  `json:"verdict"`
}

// ParcelChange is a parcel that counts for another area than before.
type ParcelChange struct {
	For     Metric   `json:"for"`
	Code    geo.Code `json:"code"`
	Name    string   `json:"name,omitempty"`
	LandUse string   `json:"landUse"`
	// Before and After are the states, "" where the report does not list the parcel.
	Before   State   `json:"before"`
	After    State   `json:"after"`
	BeforeM2 float64 `json:"beforeM2"`
	AfterM2  float64 `json:"afterM2"`
	ChangeM2 float64 `json:"changeM2"`
}

// Compare says what differs between two reports on one town.
func Compare(before, after Report) Comparison {
	c := Comparison{Findings: []FindingChange{}, Parcels: []ParcelChange{}}
	for _, m := range Metrics() {
		was, had := before.Finding(m)
		is, has := after.Finding(m)
		if had || has {
			c.Findings = append(c.Findings, newFindingChange(m, judged(was, had), judged(is, has)))
		}
	}
	for _, m := range []Metric{Land, ConstructionArea} {
		c.Parcels = append(c.Parcels, parcelChanges(m, rowsFor(before, m), rowsFor(after, m))...)
	}
	return c
}

func judged(f Finding, ok bool) *Judged {
	if !ok {
		return nil
	}
	return &Judged{f.Value, f.Band, f.Verdict}
}

func newFindingChange(m Metric, before, after *Judged) FindingChange {
	f := FindingChange{Metric: m, Title: m.Title(), Unit: m.Unit(), Before: before, After: after}
	if before != nil && after != nil && before.Value != nil && after.Value != nil {
		change := round(*after.Value - *before.Value)
		f.Change = &change
	}
	return f
}

// rowsFor are a report's rows for one metric, in order of code.
func rowsFor(r Report, m Metric) (rows []CountedParcel) {
	for _, row := range r.Parcels {
		if row.For == m {
			rows = append(rows, row)
		}
	}
	return rows
}

// parcelChanges merges two lists in order of code.
func parcelChanges(m Metric, before, after []CountedParcel) (out []ParcelChange) {
	for len(before) > 0 || len(after) > 0 {
		var c ParcelChange
		first := len(after) == 0 || len(before) > 0 && before[0].Code <= after[0].Code
		second := len(before) == 0 || len(after) > 0 && after[0].Code <= before[0].Code
		if first {
			c = ParcelChange{For: m, Code: before[0].Code, Name: before[0].Name, LandUse: before[0].LandUse, Before: before[0].State, BeforeM2: before[0].AreaM2}
			before = before[1:]
		}
		if second {
			c.For, c.Code, c.Name, c.LandUse = m, after[0].Code, after[0].Name, after[0].LandUse
			c.After, c.AfterM2 = after[0].State, after[0].AreaM2
			after = after[1:]
		}
		if c.ChangeM2 = round(c.AfterM2 - c.BeforeM2); c.ChangeM2 != 0 || counts(c.Before) != counts(c.After) {
			out = append(out, c)
		}
	}
	return out
}

// counts says whether a parcel in this state adds to the area.
func counts(s State) bool { return s == Counted || s == Cut }

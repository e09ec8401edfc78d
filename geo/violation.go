package geo

import (
	"encoding/json"
	"math"
)

// Severity tells what a violation does to an upload.
type Severity string

const (
	// Refusal keeps the whole upload from becoming a draft.
	Refusal Severity = "error"
	// Warning is listed and kept with the version; it does not stop it.
	Warning Severity = "warning"
	// Notice reports something that was repaired or left out by rule, such as a
	// ring that was closed.
	Notice Severity = "notice"
)

// None stands in a Violation's Record, Part or Vertex for "does not apply".
const None = -1

// Violation is one breach that a check found in incoming data, with its place.
type Violation struct {
	Check    string // snake case, see design: gap, overlap, missing_code, …
	Severity Severity
	File     string  // the file within the upload, as named there; "" for the upload as a whole
	Record   int     // record in the file from 1, as GIS programs count, or None
	Part     int     // ring or part within the record from 0, or None
	Vertex   int     // vertex within the part from 0, or None
	Lon, Lat float64 // CGCS2000 degrees, NaN where the place is not known
	Message  Text
	Fix      Text // what to do about it; both sentences "" where nothing can be said
}

// Breach starts a violation without a place; the With methods add one.
func Breach(check string, s Severity, message, fix Text) Violation {
	return Violation{
		Check: check, Severity: s, Message: message, Fix: fix,
		Record: None, Part: None, Vertex: None, Lon: math.NaN(), Lat: math.NaN(),
	}
}

// At gives the violation a record (from 1), a part and a vertex (from 0); None
// where one does not apply.
func (v Violation) At(record, part, vertex int) Violation {
	v.Record, v.Part, v.Vertex = record, part, vertex
	return v
}

// On gives the violation a place in CGCS2000 degrees.
func (v Violation) On(lon, lat float64) Violation {
	v.Lon, v.Lat = lon, lat
	return v
}

// In gives the violation the file it was found in.
func (v Violation) In(file string) Violation {
	v.File = file
	return v
}

// Placed says whether the violation has a place on the map.
func (v Violation) Placed() bool { return !math.IsNaN(v.Lon) && !math.IsNaN(v.Lat) }

// Refused says whether one of the violations keeps the upload from becoming a draft.
func Refused(vs []Violation) bool {
	for _, v := range vs {
		if v.Severity == Refusal {
			return true
		}
	}
	return false
}

// violationJSON is a Violation as it is kept: both languages, and null for what
// JSON has no number for.
type violationJSON struct {
	Check    string   `json:"check"`
	Severity Severity `json:"severity"`
	File     string   `json:"file,omitempty"`
	Record   int      `json:"record"`
	Part     int      `json:"part"`
	Vertex   int      `json:"vertex"`
	Lon      *float64 `json:"lon"`
	Lat      *float64 `json:"lat"`
	Message  Text     `json:"message"`
	Fix      Text     `json:"fix"`
}

// MarshalJSON writes the violation with both languages and null for an unknown place.
func (v Violation) MarshalJSON() ([]byte, error) {
	j := violationJSON{
		Check: v.Check, Severity: v.Severity, File: v.File, Record: v.Record,
		Part: v.Part, Vertex: v.Vertex, Message: v.Message, Fix: v.Fix,
	}
	if v.Placed() && !math.IsInf(v.Lon, 0) && !math.IsInf(v.Lat, 0) {
		j.Lon, j.Lat = &v.Lon, &v.Lat
	}
	return json.Marshal(j)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (v *Violation) UnmarshalJSON(b []byte) error {
	var j violationJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	*v = Violation{
		Check: j.Check, Severity: j.Severity, File: j.File, Record: j.Record,
		Part: j.Part, Vertex: j.Vertex, Lon: math.NaN(), Lat: math.NaN(), Message: j.Message, Fix: j.Fix,
	}
	if j.Lon != nil && j.Lat != nil {
		v.Lon, v.Lat = *j.Lon, *j.Lat
	}
	return nil
}

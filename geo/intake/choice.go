// Package intake is the door: it turns the records of an incoming file into
// features of a collection, or says what is wrong with them and where.
// Everything here is a pure function of the file, the planner's choices and the
// snapshot that is live.
package intake

import "towngrid/geo"

// Choice is what the planner has decided about a file; zero members leave the
// matter to what the file says of itself.
type Choice struct {
	Layer    string `json:"layer,omitempty"`    // base name of the layer to read
	CRS      string `json:"crs,omitempty"`      // such as "EPSG:4528"
	Encoding string `json:"encoding,omitempty"` // such as "GB18030"
	// Fields maps a schema's field to the file's field that holds it.
	Fields map[string]string `json:"fields,omitempty"`
	// CodeSystem is the code system of a parcels file's land-use codes.
	CodeSystem string `json:"code_system,omitempty"`
	// Force accepts a file whose parts hold different numbers of records.
	Force bool `json:"force,omitempty"`
}

// Merge is c with the members that later sets put over it.
func (c Choice) Merge(later Choice) Choice {
	if later.Layer != "" {
		c.Layer = later.Layer
	}
	if later.CRS != "" {
		c.CRS = later.CRS
	}
	if later.Encoding != "" {
		c.Encoding = later.Encoding
	}
	if later.CodeSystem != "" {
		c.CodeSystem = later.CodeSystem
	}
	if later.Fields != nil {
		c.Fields = later.Fields
	}
	c.Force = c.Force || later.Force
	return c
}

// The matters that only a person can decide.
const (
	AboutLayer      = "layer"
	AboutCRS        = "crs"
	AboutEncoding   = "encoding"
	AboutFields     = "fields"
	AboutCodeSystem = "code_system"
)

// Question is one open matter, with the answers that are possible.
type Question struct {
	About   string   `json:"about"`
	Text    geo.Text `json:"text"`
	Options []Option `json:"options"`
}

// Option is one possible answer to a Question: Value goes into the Choice.
type Option struct {
	Value string   `json:"value"`
	Label geo.Text `json:"label"`
}

// Evidence is a finding about a file and what it rests on.
type Evidence struct {
	Name     string   `json:"name"`
	Evidence geo.Text `json:"evidence"`
}

// Counts holds the equation that nothing is dropped in silence:
// Records = Features + Refused.
type Counts struct {
	Records  int `json:"records"`
	Features int `json:"features"`
	Refused  int `json:"refused"`
}

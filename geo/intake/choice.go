// Package intake is the door: it turns the records of an incoming file into
// features of a collection, or says what is wrong with them and where.
// Everything here is a pure function of the file, the planner's choices and the
// snapshot that is live.
package intake

import (
	"maps"
	"slices"
	"strings"

	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/shapefile"
)

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
	// Fix "snap" moves vertices onto those of neighbours within the tolerance and
	// lists each; "" repairs nothing but the closing and direction of rings.
	Fix string `json:"fix,omitempty"`
	// ToleranceM is the tolerance of gaps, overlaps and snapping in metres; 0 is 0.001.
	ToleranceM float64 `json:"tolerance,omitempty"`
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
	if later.Fix != "" {
		c.Fix = later.Fix
	}
	if later.ToleranceM != 0 {
		c.ToleranceM = later.ToleranceM
	}
	c.Force = c.Force || later.Force
	return c
}

// FixSnap asks for vertices to be moved onto their neighbours'.
const FixSnap = "snap"

// defaultToleranceM is the tolerance that planners know, largestToleranceM what they
// may ask for.
const (
	defaultToleranceM = 0.001
	largestToleranceM = 1.0
)

// Check refuses what is no choice: an unknown fix, a tolerance that is not above 0
// and at most a metre, an encoding or a code system that does not exist.
func (c Choice) Check() error {
	if c.Fix != "" && c.Fix != FixSnap {
		return geo.Errorf("bad_choice", "fix=%.40q 无效，可用：snap", "fix=%.40q: there is only snap", c.Fix)
	}
	if c.ToleranceM != 0 && !(c.ToleranceM > 0 && c.ToleranceM <= largestToleranceM) {
		return geo.Errorf("bad_choice", "容差 %g 应大于 0 且不超过 %g 米", "a tolerance of %g: wanted is more than 0 and at most %g metres", c.ToleranceM, largestToleranceM)
	}
	if err := shapefile.KnownEncoding(c.Encoding); err != nil {
		return err
	}
	if systems := []string{geo.LandUse2023, geo.LandSurvey3, geo.UrbanLandUse}; c.CodeSystem != "" && !slices.Contains(systems, c.CodeSystem) {
		return geo.Errorf("bad_choice", "code_system=%.40q 无效，可用：%s", "code_system=%.40q: there are %s", c.CodeSystem, strings.Join(systems, ", "))
	}
	return nil
}

// CheckFor is Check for a file of a collection: it also refuses a reference system that
// neither the operator nor the program has, and fields that the collection has not.
func (c Choice) CheckFor(col geo.Collection, o *crs.Operator) error {
	if err := c.Check(); err != nil {
		return err
	}
	schema := col.Schema()
	for _, name := range slices.Sorted(maps.Keys(c.Fields)) {
		if _, known := schema.Field(name); !known {
			return geo.Errorf("bad_choice", "%[2]s 没有字段 %.60[1]q，可用：%[3]s", "%[2]s have no field %.60[1]q; there are %[3]s", name, string(col), strings.Join(schema.Names(), ", "))
		}
	}
	if c.CRS == "" {
		return nil
	}
	_, err := System(o, c.CRS)
	return err
}

// toleranceM is the tolerance in force.
func (c Choice) toleranceM() float64 {
	if c.ToleranceM == 0 {
		return defaultToleranceM
	}
	return c.ToleranceM
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

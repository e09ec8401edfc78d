package density

import "towngrid/geo"

// Standard is one edition of a guide, as data: what it says (clauses), what of that
// is judged (rules), and its table of town types.
type Standard struct {
	// ID names the edition in addresses: small letters, digits and hyphens.
	ID string `json:"id"`
	// Title, Issuer and Edition are as the document has them.
	Title   string `json:"title"`
	Issuer  string `json:"issuer"`
	Edition string `json:"edition"`
	Status  Status `json:"status"`
	// Date of issue, as exactly as it is known: 2018, 2018-03 or 2018-03-01.
	Date string `json:"date"`
	// Source says where the edition's text and figures were taken from.
	Source string `json:"source"`
	// Advisory says that the document's bands are 宜 ("should").
	Advisory bool `json:"advisory"`
	// ClimateZone is taken for a town that states none; "" for no such assumption.
	ClimateZone string      `json:"climate_zone,omitempty"`
	Clauses     []Clause    `json:"clauses"`
	Rules       []Rule      `json:"rules"`
	Classes     []TownClass `json:"classes,omitempty"`

	// Checksum is the hex SHA-256 of the file that the standard was read from. It
	// is set by the reader, not by the file.
	Checksum string `json:"-"`
}

// Status is the standing of an edition.
type Status string

const (
	Trial Status = "trial" // 试行
	Final Status = "final"
)

// Clause is one statement of the document.
type Clause struct {
	ID string `json:"id"`
	// Cite is how a report names the clause.
	Cite string `json:"cite"`
	// Text is the clause in short, in our words.
	Text geo.Text `json:"text"`
	// Trust grades the source: H is the primary text, two sources, or computed and
	// checked; M is one secondary source; L is weak.
	Trust string `json:"trust"`
}

// TownClass is a class of towns with its types.
type TownClass struct {
	Class int        `json:"class"`
	Title geo.Text   `json:"title"`
	Types []TownType `json:"types"`
}

// TownType is a type of town, named as in geo.TownTypes, and the industries that
// count as its own: a facility's industry is one of them when it contains the word.
type TownType struct {
	Name       string   `json:"name"`
	Industries []string `json:"industries,omitempty"`
}

// Ref names the edition that a report was made by.
type Ref struct {
	ID       string `json:"id"`
	Edition  string `json:"edition"`
	Checksum string `json:"checksum"`
	Title    string `json:"title"`
	Issuer   string `json:"issuer"`
	Status   Status `json:"status"`
	Date     string `json:"date"`
	Advisory bool   `json:"advisory"`
}

// Ref is the standard's reference.
func (std Standard) Ref() Ref {
	return Ref{
		ID: std.ID, Edition: std.Edition, Checksum: std.Checksum, Title: std.Title,
		Issuer: std.Issuer, Status: std.Status, Date: std.Date, Advisory: std.Advisory,
	}
}

// Rule finds the standard's rule for a metric.
func (std Standard) Rule(m Metric) (Rule, bool) {
	for _, r := range std.Rules {
		if r.Metric == m {
			return r, true
		}
	}
	return Rule{}, false
}

// Clause finds a clause by its ID.
func (std Standard) Clause(id string) (Clause, bool) {
	for _, c := range std.Clauses {
		if c.ID == id {
			return c, true
		}
	}
	return Clause{}, false
}

// Type finds a town type by its name, with its class.
func (std Standard) Type(name string) (t TownType, class int, ok bool) {
	for _, c := range std.Classes {
		for _, t := range c.Types {
			if t.Name == name {
				return t, c.Class, true
			}
		}
	}
	return TownType{}, 0, false
}

package batch

import (
	"slices"

	"towngrid/geo"
	"towngrid/geo/jsontext"
)

// answer is what the answers of all formats have in common.
type answer struct {
	lang    string // of problems
	keep    bool   // the row's own columns or members are given back
	compare bool   // the cell that it was is told
}

// columns are the names that an answer has besides the ID's.
func (a answer) columns() []string {
	c := []string{"cell", "station", "room", "centre", "town", "side"}
	if a.compare {
		c = append(c, "was", "changed")
	}
	return c
}

// ours says whether an answer has a column or member of this name, so that one of the
// row's own gives way.
func (a answer) ours(name string) bool {
	return name == "problem" || slices.Contains(a.columns(), name)
}

// appendMembers appends the members of an answer that matched, with a comma before each.
func (a answer) appendMembers(b []byte, p *place) []byte {
	b = appendCode(append(b, `,"cell":`...), p.Cell)
	b = appendCode(append(b, `,"station":`...), p.Station)
	b = appendCode(append(b, `,"room":`...), p.Room)
	b = appendCode(append(b, `,"centre":`...), p.Centre)
	b = appendCode(append(b, `,"town":`...), p.Town)
	b = append(append(append(b, `,"side":"`...), p.Side.String()...), '"')
	if a.compare {
		b = appendCode(append(b, `,"was":`...), p.was)
		if p.changed() {
			return append(b, `,"changed":true`...)
		}
		b = append(b, `,"changed":false`...)
	}
	return b
}

func appendCode(b []byte, c geo.Code) []byte {
	if c == "" {
		return append(b, "null"...)
	}
	return jsontext.AppendString(b, string(c))
}

// appendProblemMember appends a problem with a comma before it.
func (a answer) appendProblemMember(b []byte, e *geo.Error) []byte {
	b = jsontext.AppendString(append(b, `,"problem":{"code":`...), e.Code)
	b = jsontext.AppendString(append(b, `,"detail":`...), e.Text.In(a.lang))
	return append(b, '}')
}

// appendKept appends the members of a JSON object as they came, with a comma before each,
// where they are to be kept; without those of the names given and any named as one of ours.
func (a answer) appendKept(b, object []byte, without ...string) []byte {
	if !a.keep {
		return b
	}
	from := len(b)
	if !jsontext.Members(object, func(name, value []byte) bool {
		if n := jsontext.Text(name); !slices.Contains(without, n) && !a.ours(n) {
			b = append(append(append(append(b, ','), name...), ':'), value...)
		}
		return true
	}) {
		return b[:from] // no object
	}
	return b
}

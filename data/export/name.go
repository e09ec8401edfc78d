package export

import (
	"slices"
	"strings"

	"towngrid/geo"
)

// namer gives columns distinct names, compared without regard to case.
type namer struct {
	taken map[string]bool
	// fit brings a name to what the format allows; it is never lengthened.
	fit func(string) string
	// shorten cuts a name so that room for so many bytes is left.
	shorten func(name string, room int) string
}

// newNamer has names that are reserved.
func newNamer(reserved ...string) *namer {
	n := &namer{taken: make(map[string]bool), fit: printable, shorten: func(s string, _ int) string { return s }}
	for _, name := range reserved {
		n.taken[strings.ToLower(name)] = true
	}
	return n
}

// take gives a name that is like the one wanted and not taken yet.
func (n *namer) take(wanted string, free func(string) bool) string {
	base := n.fit(wanted)
	if base == "" {
		base = "FIELD"
	}
	name := base
	for k := int64(2); n.taken[strings.ToLower(name)] || !free(name); k++ {
		suffix := "_" + decimal(k)
		name = n.shorten(base, len(suffix)) + suffix
	}
	n.taken[strings.ToLower(name)] = true
	return name
}

func anyName(string) bool { return true }

// printable takes out of a name what no program shows.
func printable(s string) string {
	return strings.TrimSpace(strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f || c == '\ufffd' {
			return -1
		}
		return c
	}, s))
}

// names gives the columns their own names, and lists those that cannot have it.
func (j *job) names(reserved ...string) []string {
	n := newNamer(reserved...)
	out := make([]string, len(j.columns))
	for i, c := range j.columns {
		out[i] = n.take(c.field.Name, anyName)
		j.reportName(c.field.Name, out[i])
	}
	return out
}

func (j *job) reportName(was, is string) {
	if was != is {
		j.cut("field_renamed", geo.None, "字段 %q 改名为 %q", "the field %q is named %q", was, is)
	}
}

// planners gives the columns the names under which planners know them, of at most ten
// bytes. They are such that package intake finds every field again: it takes for a field
// the column with its own name, else that with the first of its aliases.
func (j *job) planners(l *letters) []string {
	n := newNamer()
	n.fit = func(s string) string { return l.cut(l.replace(printable(s)), maxName) }
	n.shorten = func(s string, room int) string { return l.cut(s, maxName-room) }
	var others []string // what other fields would be called
	for _, c := range j.columns {
		if !c.own {
			others = append(others, n.fit(c.field.Name))
		}
	}
	out := make([]string, len(j.columns))
	for i, c := range j.columns {
		switch {
		case c.own:
			out[i] = n.take(j.familiar(c.field, l, others), anyName)
		case c.field.Aliases != nil: // the division
			out[i] = n.take(c.field.Aliases[0], anyName)
		}
	}
	for i, c := range j.columns {
		if out[i] == "" {
			out[i] = n.take(c.field.Name, func(name string) bool { return !j.mistaken(name, out) })
			j.reportName(c.field.Name, out[i])
		}
	}
	return out
}

// maxName is how many bytes the name of a shapefile's field can have.
const maxName = 10

// familiar is the first name of a field that fits and that no other field comes before.
func (j *job) familiar(f geo.Field, l *letters, others []string) string {
	wanted := append(j.aliases(f), f.Name)
	fits := slices.DeleteFunc(wanted, func(name string) bool { return l.size(name) > maxName })
	for _, name := range fits {
		if !slices.ContainsFunc(others, func(o string) bool { r := rank(f, o); return r >= 0 && r <= rank(f, name) }) {
			return name
		}
	}
	return append(fits, f.Name)[0]
}

// aliases are the names to choose from, best first. For land use they are those of the
// parcels' code system, as one code means different uses in different systems.
func (j *job) aliases(f geo.Field) []string {
	survey, planning := j.landUse() == geo.LandSurvey3, j.landUse() == geo.LandUse2023
	switch {
	case j.schema.Collection != geo.Parcels || planning:
	case f.Name == "land_use" && survey:
		return []string{"DLBM"}
	case f.Name == "land_use_name" && survey:
		return []string{"DLMC"}
	case f.Name == "land_use":
		return nil
	case f.Name == "land_use_name":
		return []string{"YDMC"}
	}
	return slices.Clone(f.Aliases)
}

// landUse is the one code system of all parcels, "" where there are several.
func (j *job) landUse() string {
	for _, c := range j.columns {
		if c.own && c.field.Name == "code_system" && !c.tally.varied {
			return c.tally.first
		}
	}
	return ""
}

// rank is the place of a name among those that a field is looked for by: 0 for its own,
// then its aliases, -1 for none of them.
func rank(f geo.Field, name string) int {
	return slices.IndexFunc(append([]string{f.Name}, f.Aliases...), func(a string) bool { return strings.EqualFold(a, name) })
}

// mistaken says that a column of this name would be read as a field of the schema whose
// own column is named otherwise.
func (j *job) mistaken(name string, names []string) bool {
	for i, c := range j.columns {
		if r := rank(c.field, name); c.own && r >= 0 && r < rank(c.field, names[i]) {
			return true
		}
	}
	return false
}

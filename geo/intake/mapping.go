package intake

import (
	"strings"
	"unicode/utf8"

	"towngrid/geo"
	"towngrid/geo/shapefile"
)

// absent stands in a mapping for a schema field that the file does not carry.
const absent = -1

// mapping says which of the file's fields holds each field of a schema.
type mapping struct {
	schema geo.Schema
	// fields are code, name and then the schema's own; columns are their places in the file.
	fields  []geo.Field
	columns []int
	names   []string
	// extra are the places of the file's fields that no schema field takes.
	extra []int
}

// mapFields maps by the planner's choice first, then by name and alias, then by what a
// .dbf has left of these. A field of the file serves one field of the schema. wrong is a
// chosen field that the file does not have, "" for none, and stands for which field of the schema.
func mapFields(schema geo.Schema, file []shapefile.Field, choice map[string]string) (m mapping, wrong, of string) {
	m = mapping{schema: schema, fields: append([]geo.Field{schema.Code, schema.Name}, schema.Fields...)}
	taken := make([]bool, len(file))
	m.columns = make([]int, len(m.fields))
	for i, f := range m.fields {
		m.columns[i] = absent
		name, chosen := choice[f.Name]
		if !chosen || name == "" {
			continue
		}
		at := column(file, taken, func(n string) bool { return strings.EqualFold(n, name) })
		if at == absent {
			wrong, of = name, f.Name
			continue
		}
		m.columns[i], taken[at] = at, true
	}
	for _, called := range []func(string) []string{same, cut} {
		for i, f := range m.fields {
			if m.columns[i] == absent {
				if at := aliasColumn(file, taken, f, called); at != absent {
					m.columns[i], taken[at] = at, true
				}
			}
		}
	}
	for i, f := range file {
		name := f.Name
		if !taken[i] {
			m.extra = append(m.extra, i)
			name = m.freeName(name)
		}
		m.names = append(m.names, name)
	}
	return m, wrong, of
}

func same(name string) []string { return []string{name} }

// longestName is how many bytes of a field's name a .dbf has room for.
const longestName = 10

// cut gives what is left of a name that is too long for a .dbf, in UTF-8 and in GBK,
// where characters beyond ASCII have two bytes. Half a character at the end is left out
// by whoever reads it.
func cut(name string) (left []string) {
	for _, size := range []func(rune) int{utf8.RuneLen, func(r rune) int { return min(utf8.RuneLen(r), 2) }} {
		room := longestName
		for i, r := range name {
			if room -= size(r); room < 0 {
				left = append(left, name[:i])
				break
			}
		}
	}
	return left
}

// freeName is the name under which a field of the file is kept that serves none of
// the schema's: its own, with an underscore behind it where a field of the schema or an
// earlier one of the file has that name already.
func (m *mapping) freeName(name string) string {
	for m.named(name) || contains(m.names, name) {
		name += "_"
	}
	return name
}

// named says whether the schema has a field of this name, whatever its case.
func (m *mapping) named(name string) bool {
	for _, f := range m.fields {
		if strings.EqualFold(f.Name, name) {
			return true
		}
	}
	return false
}

// aliasColumn looks for f under its own name, then under its aliases in their order, as
// called gives them.
func aliasColumn(file []shapefile.Field, taken []bool, f geo.Field, called func(string) []string) int {
	for _, alias := range append([]string{f.Name}, f.Aliases...) {
		for _, name := range called(alias) {
			if at := column(file, taken, func(n string) bool { return strings.EqualFold(n, name) }); at != absent {
				return at
			}
		}
	}
	return absent
}

func column(file []shapefile.Field, taken []bool, match func(string) bool) int {
	for i, f := range file {
		if !taken[i] && match(f.Name) {
			return i
		}
	}
	return absent
}

// column is the file's field that holds the schema's field of this name, "" for none.
func (m *mapping) source(field string) string {
	for i, f := range m.fields {
		if f.Name == field && m.columns[i] != absent {
			return m.names[m.columns[i]]
		}
	}
	return ""
}

// missing is the question that is open when a required field is nowhere in the
// file, or nil. settled are fields whose value comes from elsewhere.
func (m *mapping) missing(settled ...string) *Question {
	var names []string
	for i, f := range m.fields {
		if f.Required && m.columns[i] == absent && !contains(settled, f.Name) {
			names = append(names, f.Name)
		}
	}
	if names == nil {
		return nil
	}
	return m.question(geo.Textf(
		"文件中找不到必填字段 %[1]s；请指出由哪个字段提供", "no field of the file is known to hold %s; name the fields that do", strings.Join(names, ", ")))
}

// question asks which fields of the file hold what.
func (m *mapping) question(text geo.Text) *Question {
	q := &Question{About: AboutFields, Text: text, Options: []Option{}}
	for _, n := range m.names {
		q.Options = append(q.Options, Option{Value: n, Label: geo.Text{ZH: n, EN: n}})
	}
	return q
}

func contains(list []string, s string) bool {
	for _, e := range list {
		if e == s {
			return true
		}
	}
	return false
}

package intake

import (
	"strings"

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

// mapFields maps by the planner's choice first, then by name and alias. A field
// of the file serves one field of the schema. The choice of a field that the file
// does not have is an error.
func mapFields(schema geo.Schema, file []shapefile.Field, choice map[string]string) (mapping, error) {
	m := mapping{schema: schema, fields: append([]geo.Field{schema.Code, schema.Name}, schema.Fields...)}
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
			return m, geo.Errorf("unknown_field", "文件中没有可用于 %[2]s 的字段 %[1]q", "the file has no field %q left for %s", name, f.Name)
		}
		m.columns[i], taken[at] = at, true
	}
	for i, f := range m.fields {
		if m.columns[i] == absent {
			if at := aliasColumn(file, taken, f); at != absent {
				m.columns[i], taken[at] = at, true
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
	return m, nil
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

// aliasColumn looks for f under its own name, then under its aliases in their order.
func aliasColumn(file []shapefile.Field, taken []bool, f geo.Field) int {
	for _, alias := range append([]string{f.Name}, f.Aliases...) {
		if at := column(file, taken, func(n string) bool { return strings.EqualFold(n, alias) }); at != absent {
			return at
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
	q := &Question{About: AboutFields, Text: geo.Textf(
		"文件中找不到必填字段 %[1]s；请指出由哪个字段提供", "no field of the file is known to hold %s; name the fields that do", strings.Join(names, ", "))}
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

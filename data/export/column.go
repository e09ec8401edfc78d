package export

import (
	"strconv"
	"strings"
	"time"

	"towngrid/geo"
)

// column is one attribute of the file.
type column struct {
	field geo.Field // of the schema; of what else features carry, and of the division, name and kind
	// own says that the field is one of the schema's.
	own   bool
	kind  geo.FieldType // of all values, found by the survey
	value func(item) any
	tally tally
}

// survey runs over the features once: it counts them, finds what columns there are, and
// what their values are like.
func (j *job) survey() error {
	j.begin()
	place := make(map[string]int)
	for i, c := range j.columns {
		if i > 1 && c.own {
			place[c.field.Name] = i
		}
	}
	for it, err := range j.items() {
		if err != nil {
			return err
		}
		j.count++
		for i := range j.columns[:j.fixed()] {
			j.columns[i].tally.add(j.columns[i].value(it))
		}
		for _, p := range it.Properties {
			i, known := place[p.Name]
			if !known && p.Value != nil && p.Value != "" {
				i = len(j.columns)
				place[p.Name] = i
				j.columns = append(j.columns, propertyColumn(geo.Field{Name: p.Name, Title: geo.Text{ZH: p.Name, EN: p.Name}}))
			}
			if i > 0 {
				j.columns[i].tally.add(p.Value)
			}
		}
	}
	for i := range j.columns {
		c := &j.columns[i]
		c.kind = c.tally.kind(c.field.Type)
	}
	return nil
}

// begin makes the columns that are there whatever the features carry: code and name,
// the division where there are several, and the schema's fields, so that no other field
// is taken for one of them when the file is read again.
func (j *job) begin() {
	j.columns = []column{
		{field: j.schema.Code, own: true, value: func(it item) any { return string(it.Code) }},
		{field: j.schema.Name, own: true, value: func(it item) any { return it.Name }},
	}
	if len(j.parts) > 1 {
		j.columns = append(j.columns, column{
			field: geo.Field{Name: "division", Type: geo.String, Title: geo.Text{ZH: "行政区划代码", EN: "division"}, Aliases: []string{"XZQDM"}},
			value: func(it item) any { return string(it.division) },
		})
	}
	for _, f := range j.schema.Fields {
		c := propertyColumn(f)
		c.own = true
		j.columns = append(j.columns, c)
	}
}

// fixed is how many columns are no properties.
func (j *job) fixed() int {
	if len(j.parts) > 1 {
		return 3
	}
	return 2
}

func propertyColumn(f geo.Field) column {
	return column{field: f, value: func(it item) any { return it.Properties.Value(f.Name) }}
}

// as is a value in the column's kind, nil for empty text.
func (c *column) as(v any) any {
	switch x := v.(type) {
	case nil:
		return nil
	case string:
		if x == "" {
			return nil
		}
	case int64:
		if c.kind == geo.Number {
			return float64(x)
		}
	}
	if c.kind == geo.String || c.kind == geo.Date || c.kind == geo.Time {
		return text(v)
	}
	return v
}

// tally is what a column's values are like.
type tally struct {
	texts, wholes, reals, truths int
	undated                      int    // texts that are no date
	first                        string // the first text
	varied                       bool   // there are others than first
	large                        bool   // a whole number is beyond what a float64 holds
	figures                      figures
}

func (t *tally) add(v any) {
	switch x := v.(type) {
	case string:
		if x == "" {
			return
		}
		if t.texts == 0 {
			t.first = x
		}
		t.texts++
		t.varied = t.varied || x != t.first
		if _, err := time.Parse(time.DateOnly, x); err != nil {
			t.undated++
		}
	case int64:
		t.wholes++
		t.large = t.large || x > 1<<53 || x < -1<<53
		t.figures.addWhole(x)
	case float64:
		t.reals++
		t.figures.addReal(x)
	case bool:
		t.truths++
	}
}

// kind is the one type that holds all values: the declared one where it does.
func (t *tally) kind(declared geo.FieldType) geo.FieldType {
	switch numbers := t.wholes + t.reals; {
	case t.texts+numbers+t.truths == 0:
		if declared == "" {
			return geo.String
		}
		return declared
	case t.texts > 0 && numbers+t.truths == 0:
		if declared == geo.Date && t.undated == 0 || declared == geo.Time {
			return declared
		}
		return geo.String
	case t.truths > 0 && t.texts+numbers == 0:
		return geo.Bool
	case t.texts+t.truths > 0, t.reals > 0 && t.large:
		return geo.String
	case t.reals > 0 || declared == geo.Number && !t.large:
		return geo.Number
	}
	return geo.Integer
}

// mixed says that values of several types had to become one, declared apart.
func (t *tally) mixed(declared geo.FieldType) bool {
	kinds := 0
	for _, n := range []int{t.texts, t.wholes, t.reals, t.truths} {
		kinds += min(n, 1)
	}
	return kinds > 1 && (declared != geo.Number || t.texts+t.truths > 0 || t.large)
}

// reportMixed lists the columns whose values had to become of one type.
func (j *job) reportMixed() {
	for _, c := range j.columns {
		if c.tally.mixed(c.field.Type) {
			j.cut("mixed_types", geo.None, "字段 %q 的值有多种类型，统一写成 %s", "the values of %q are of several types; all are written as %s", c.field.Name, string(c.kind))
		}
	}
}

// text is a value as text.
func text(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case int64:
		return decimal(x)
	case float64:
		return string(appendNumber(nil, x))
	case bool:
		return strconv.FormatBool(x)
	}
	return ""
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

// appendNumber appends the shortest digits that mean v, with an exponent only where
// there would be many zeros.
func appendNumber(b []byte, v float64) []byte {
	if a := max(v, -v); a != 0 && (a < 1e-6 || a >= 1e21) {
		return strconv.AppendFloat(b, v, 'e', -1, 64)
	}
	return strconv.AppendFloat(b, v, 'f', -1, 64)
}

// figures is how wide numbers are in digits.
type figures struct {
	whole   int     // widest before the point, the sign with it
	after   [26]int // how many numbers have so many digits after the point; the last has all beyond
	longest int     // widest number without a point
}

func (f *figures) addWhole(v int64) {
	n := len(decimal(v))
	f.whole, f.longest = max(f.whole, n), max(f.longest, n)
	f.after[0]++
}

func (f *figures) addReal(v float64) {
	digits := strconv.FormatFloat(v, 'f', -1, 64)
	whole, after, _ := strings.Cut(digits, ".")
	f.whole = max(f.whole, len(whole))
	f.after[min(len(after), len(f.after)-1)]++
}

// decimals is the most digits after the point that any number has.
func (f *figures) decimals() int {
	for n := len(f.after) - 1; n > 0; n-- {
		if f.after[n] > 0 {
			return n
		}
	}
	return 0
}

// beyond is how many numbers have more than n digits after the point.
func (f *figures) beyond(n int) (count int) {
	for _, k := range f.after[min(n+1, len(f.after)):] {
		count += k
	}
	return count
}

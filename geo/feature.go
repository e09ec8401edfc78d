package geo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/paulmach/orb"
)

// Feature is a thing with a code, a geometry and properties.
type Feature struct {
	Code Code
	Name string
	// Geometry is an orb.MultiPolygon or an orb.Point by its collection's schema,
	// lon and lat in CGCS2000 degrees. Rings are closed, shells counter-clockwise,
	// holes clockwise (RFC 7946).
	Geometry orb.Geometry
	// Properties holds the schema's fields other than code and name, then what
	// else the file carried, in the file's order.
	Properties Properties
}

// Property is one named value: string, float64, int64, bool or nil.
// Dates are text as in RFC 3339 ("2026-11-23"), times likewise with their offset.
type Property struct {
	Name  string
	Value any
}

// Properties keeps properties in a fixed order, so that the same feature gives
// the same bytes everywhere. There are few of them: look-up is a scan.
type Properties []Property

// Value is the property's value, or nil where it is absent or null.
func (ps Properties) Value(name string) any {
	for i := range ps {
		if ps[i].Name == name {
			return ps[i].Value
		}
	}
	return nil
}

// Text is the property as text, "" where it is absent, null or not text.
func (ps Properties) Text(name string) string {
	s, _ := ps.Value(name).(string)
	return s
}

// Number is the property as a number; ok is false where it is absent, null or not a number.
func (ps Properties) Number(name string) (v float64, ok bool) {
	switch x := ps.Value(name).(type) {
	case float64:
		return x, true
	case int64:
		return float64(x), true
	}
	return 0, false
}

// MarshalJSON writes a JSON object with the members in order.
func (ps Properties) MarshalJSON() ([]byte, error) { return ps.AppendJSON(nil) }

// AppendJSON appends ps as a JSON object to b. A number that JSON cannot say (NaN, infinity) is an error.
func (ps Properties) AppendJSON(b []byte) ([]byte, error) {
	b = append(b, '{')
	for i, p := range ps {
		if i > 0 {
			b = append(b, ',')
		}
		k, err := json.Marshal(p.Name)
		if err != nil {
			return b, err
		}
		v, err := json.Marshal(p.Value)
		if err != nil {
			return b, fmt.Errorf("property %q: %w", p.Name, err)
		}
		b = append(append(append(b, k...), ':'), v...)
	}
	return append(b, '}'), nil
}

// UnmarshalJSON reads a JSON object of scalars, keeping the order of its members.
// A number without fraction or exponent that fits is an int64, any other a float64.
func (ps *Properties) UnmarshalJSON(b []byte) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	if t, err := dec.Token(); err != nil {
		return err
	} else if t == nil {
		*ps = nil
		return nil
	} else if t != json.Delim('{') {
		return fmt.Errorf("properties: an object is wanted, not %v", t)
	}
	out := Properties{}
	for dec.More() {
		k, err := dec.Token()
		if err != nil {
			return err
		}
		v, err := dec.Token()
		if err != nil {
			return err
		}
		if n, ok := v.(json.Number); ok {
			if v, err = number(n); err != nil {
				return err
			}
		}
		if _, nested := v.(json.Delim); nested {
			return fmt.Errorf("properties: %q is not a scalar", k)
		}
		out = append(out, Property{Name: k.(string), Value: v})
	}
	*ps = out
	return nil
}

func number(n json.Number) (any, error) {
	if !strings.ContainsAny(n.String(), ".eE") {
		if i, err := n.Int64(); err == nil {
			return i, nil
		}
	}
	return n.Float64()
}

package geo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/paulmach/orb"

	"towngrid/geo/jsontext"
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

// AppendJSON appends ps as a JSON object to b. A float64 always has a fraction or
// an exponent (3.0, not 3), so that UnmarshalJSON tells it from an int64.
// A number that JSON cannot say (NaN, infinity) is an error.
func (ps Properties) AppendJSON(b []byte) ([]byte, error) {
	b = append(b, '{')
	for i, p := range ps {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(jsontext.AppendString(b, p.Name), ':')
		var err error
		if b, err = appendScalar(b, p.Value); err != nil {
			return b, fmt.Errorf("property %q: %w", p.Name, err)
		}
	}
	return append(b, '}'), nil
}

// appendScalar appends the value of a property.
func appendScalar(b []byte, value any) ([]byte, error) {
	switch v := value.(type) {
	case string:
		return jsontext.AppendString(b, v), nil
	case int64:
		return strconv.AppendInt(b, v, 10), nil
	}
	v, err := json.Marshal(value)
	if err != nil {
		return b, err
	}
	if _, float := value.(float64); float && !bytes.ContainsAny(v, ".e") {
		v = append(v, ".0"...)
	}
	return append(b, v...), nil
}

// UnmarshalJSON reads a JSON object of scalars, keeping the order of its members.
// A number without fraction or exponent that fits is an int64, any other a float64.
func (ps *Properties) UnmarshalJSON(b []byte) error {
	read, err := new(PropertyReader).Read(b)
	if err == nil {
		*ps = read
	}
	return err
}

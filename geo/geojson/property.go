package geojson

import (
	"bytes"
	"math"
	"strconv"

	"towngrid/geo"
	"towngrid/geo/ledger"
)

// values turns the properties of records into values.
type values struct {
	columns *columns
	led     *ledger.Ledger
	tallies *tallies
	record  int
	seen    []int          // of each column, the last record that had it
	boxed   map[string]any // texts met before, as names come back record after record
}

func newValues(cs *columns, led *ledger.Ledger, t *tallies) values {
	return values{columns: cs, led: led, tallies: t, seen: make([]int, len(cs.list)), boxed: make(map[string]any)}
}

// maxBoxed bounds how many texts are remembered, maxBoxedText their length.
const maxBoxed, maxBoxedText = 4096, 64

// of gives the values of an object, one for each column.
func (v *values) of(o *object, record int) ([]any, error) {
	v.record = record
	out := make([]any, len(v.columns.list))
	if !o.null(o.properties) {
		c := o.on(o.properties)
		if c.peek() != '{' {
			return nil, badProperties.refuse(excerpt(o.of(o.properties)))
		}
		if err := c.members(func(name []byte) error { return v.property(c, name, out) }); err != nil {
			return nil, err
		}
	}
	return out, v.id(o, out)
}

func (v *values) property(c *cursor, name []byte, out []any) error {
	if len(name) > maxName {
		return longName.refuse(maxName, bytes.ToValidUTF8(name[:60], nil))
	}
	i, ok := v.columns.index[string(name)]
	if !ok {
		// The first run has passed over what has no value at all.
		if _, err := c.skip(); err != nil {
			return err
		}
		return errChanged
	}
	col := v.columns.list[i]
	if v.seen[i] == v.record {
		return c.again(name)
	}
	v.seen[i] = v.record
	value, err := v.value(c, col)
	out[i] = value
	return err
}

func (v *values) value(c *cursor, col *column) (any, error) {
	switch next := c.peek(); {
	case next == '"':
		text, err := c.text()
		return v.box(text), err
	case next == '{' || next == '[':
		from := c.i
		v.tallies.nested.count(v.record, col.Name)
		err := c.check()
		return string(c.b[from:c.i]), err
	case next == '-' || isDigit(next):
		return v.number(c, col)
	}
	return c.word()
}

// box is a text as a value.
func (v *values) box(text []byte) any {
	if b, ok := v.boxed[string(text)]; ok {
		return b
	}
	var b any = string(text)
	if len(text) <= maxBoxedText && len(v.boxed) < maxBoxed {
		v.boxed[string(text)] = b
	}
	return b
}

// number gives an int64 for a whole number, unless its field has others too.
func (v *values) number(c *cursor, col *column) (any, error) {
	d, err := c.digits()
	if err != nil {
		return nil, err
	}
	text := c.of(d.span)
	if n, ok := smallInt(text); ok {
		if col.Type == 'F' && -1<<53 <= n && n <= 1<<53 {
			return float64(n), nil
		}
		return n, nil
	}
	f, _ := strconv.ParseFloat(string(text), 64)
	switch {
	case math.IsInf(f, 0):
		return nil, badNumber.refuse(col.Name, text)
	case !d.real:
		v.led.Add(roundedNumber.breach(col.Name, text).At(v.record, geo.None, geo.None))
	}
	return f, nil
}

// smallInt reads a number without point and exponent that int64 holds.
func smallInt(text []byte) (int64, bool) {
	n, err := strconv.ParseInt(string(text), 10, 64)
	return n, err == nil
}

// id fills the column of the features' own IDs.
func (v *values) id(o *object, out []any) error {
	if o.null(o.id) {
		return nil
	}
	c := o.on(o.id)
	text := o.of(o.id)
	if !isID(text) {
		v.tallies.badID.count(v.record, "")
		return c.check()
	}
	at := v.columns.id
	if at < 0 {
		at = v.columns.index["id"]
	}
	value, err := v.value(c, v.columns.list[at])
	switch {
	case err != nil:
		return err
	case v.columns.id >= 0:
		out[at] = value
	case out[at] != value:
		v.tallies.leftOut.count(v.record, "")
	}
	return c.end()
}

// isID says that a value is a text or number.
func isID(text []byte) bool { return text[0] == '"' || text[0] == '-' || isDigit(text[0]) }

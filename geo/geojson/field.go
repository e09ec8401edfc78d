package geojson

import (
	"fmt"
	"strings"

	"towngrid/geo/shapefile"
)

// column is a property of some features.
type column struct {
	shapefile.Field
	kinds kinds
}

// kinds is a set of kinds of values.
type kinds uint8

const (
	isText  kinds = 1 << iota
	isWhole       // a number that int64 holds
	isReal        // any other number
	isTruth
)

// columns are all properties in the order in which they were first met.
type columns struct {
	lim   shapefile.Limits
	list  []*column
	index map[string]int
	ids   kinds // of the features' own IDs
	id    int   // where the column of these is, -1 for none
}

// maxDecimals is how many digits after the point a field of a .dbf can have.
const maxDecimals = 15

// column is the column of a name.
func (cs *columns) column(name []byte) (*column, error) {
	if i, ok := cs.index[string(name)]; ok {
		return cs.list[i], nil
	}
	if len(cs.list) == cs.lim.Fields {
		return nil, tooManyFields(cs.lim)
	}
	c := &column{Field: shapefile.Field{Name: string(name)}}
	cs.index[c.Name] = len(cs.list)
	cs.list = append(cs.list, c)
	return c, nil
}

// note takes account of a value of the property, by its text.
func (c *column) note(text []byte) {
	k := valueKind(text)
	if c.kinds |= k; k == isReal {
		c.Decimals = max(c.Decimals, min(places(text), maxDecimals))
	}
}

// valueKind is the kind of a value by its text, 0 for null.
func valueKind(text []byte) kinds {
	switch b := text[0]; {
	case b == 'n':
		return 0
	case b == 't', b == 'f':
		return isTruth
	case b == '-', isDigit(b):
		return numberKind(text)
	}
	return isText
}

func numberKind(text []byte) kinds {
	if _, ok := smallInt(text); ok {
		return isWhole
	}
	return isReal
}

// close settles the types, and adds the column of the features' IDs.
func (cs *columns) close() error {
	cs.id = -1
	if _, taken := cs.index["id"]; cs.ids != 0 && !taken {
		c, err := cs.column([]byte("id"))
		if err != nil {
			return err
		}
		c.kinds, cs.id = cs.ids, len(cs.list)-1
	}
	for i, c := range cs.list {
		c.Type = c.kinds.fieldType()
		if c.Type != 'F' {
			c.Decimals = 0
		}
		if strings.TrimSpace(c.Name) == "" {
			c.Name = fmt.Sprintf("FIELD_%d", i+1)
		}
	}
	return nil
}

// fieldType is the type of a .dbf that holds values of these kinds: C where they differ.
func (k kinds) fieldType() byte {
	switch k {
	case isWhole:
		return 'N'
	case isReal, isReal | isWhole:
		return 'F'
	case isTruth:
		return 'L'
	}
	return 'C'
}

// fields are the columns for the caller.
func (cs *columns) fields() []shapefile.Field {
	out := make([]shapefile.Field, len(cs.list))
	for i, c := range cs.list {
		out[i] = c.Field
	}
	return out
}

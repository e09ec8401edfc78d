// Package diff compares two editions of a collection: what came, what went, and
// what changed by how much.
package diff

import (
	"math"
	"reflect"
	"slices"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// Kind is what became of a feature.
type Kind string

const (
	Added   Kind = "added"
	Removed Kind = "removed"
	Changed Kind = "changed"
)

// Change is what became of the feature of one code.
type Change struct {
	Kind Kind
	Code geo.Code
	// Before and After are the feature's two editions; Before is nil for one that
	// was added, After for one that was removed.
	Before, After *geo.Feature
	// Attributes lists the name and the properties whose values differ, in the order
	// of After, then those that only Before had.
	Attributes []Attribute
	// AreaBeforeM2 and AreaAfterM2 are geodesic areas in square metres, 0 for points
	// and for an edition that is not there.
	AreaBeforeM2, AreaAfterM2 float64
	// MovedM is how far the border moved, see Moved; 0 where the geometry is the
	// same and where there is only one edition.
	MovedM float64
}

// Attribute is a value that differs; nil stands for none.
type Attribute struct {
	Name          string
	Before, After any
}

// Diff is all that differs between two editions, in order of code.
type Diff struct {
	Changes []Change
	// Unchanged counts the features that are the same in both, up to the rounding of
	// coordinates that were written in another system and read again.
	Unchanged int
}

// Count tells how many changes of a kind there are.
func (d Diff) Count(k Kind) (n int) {
	for _, c := range d.Changes {
		if c.Kind == k {
			n++
		}
	}
	return n
}

// Between compares two editions. Both are in order of code, each code once.
func Between(before, after []geo.Feature) Diff {
	var d Diff
	i, j := 0, 0
	for i < len(before) || j < len(after) {
		switch {
		case j == len(after) || i < len(before) && before[i].Code < after[j].Code:
			d.Changes = append(d.Changes, Change{Kind: Removed, Code: before[i].Code, Before: &before[i], AreaBeforeM2: area(&before[i])})
			i++
		case i == len(before) || after[j].Code < before[i].Code:
			d.Changes = append(d.Changes, Change{Kind: Added, Code: after[j].Code, After: &after[j], AreaAfterM2: area(&after[j])})
			j++
		default:
			if c, differs := compare(&before[i], &after[j]); differs {
				d.Changes = append(d.Changes, c)
			} else {
				d.Unchanged++
			}
			i, j = i+1, j+1
		}
	}
	return d
}

func area(f *geo.Feature) float64 {
	if _, point := f.Geometry.(orb.Point); point {
		return 0
	}
	return geo.AreaM2(f.Geometry)
}

// compare holds two editions of one code against each other.
func compare(before, after *geo.Feature) (c Change, differs bool) {
	c = Change{Kind: Changed, Code: after.Code, Before: before, After: after, Attributes: attributes(before, after)}
	same := alike(before.Geometry, after.Geometry)
	if same && len(c.Attributes) == 0 {
		return c, false
	}
	c.AreaBeforeM2 = area(before)
	c.AreaAfterM2 = c.AreaBeforeM2
	if !same {
		c.AreaAfterM2, c.MovedM = area(after), Moved(before.Geometry, after.Geometry)
	}
	return c, true
}

// rounding is how far, in degrees, a coordinate may come to lie from where it was by
// being written in another system and read again: some 4 nanometres. What moved by less
// than a micrometre did not move.
const rounding = 1e-11

// alike says whether two geometries have the same vertices, up to rounding.
func alike(a, b orb.Geometry) bool {
	switch a := a.(type) {
	case orb.Point:
		b, ok := b.(orb.Point)
		return ok && near(a, b)
	case orb.MultiPolygon:
		b, ok := b.(orb.MultiPolygon)
		return ok && slices.EqualFunc(a, b, func(a, b orb.Polygon) bool {
			return slices.EqualFunc(a, b, func(a, b orb.Ring) bool { return slices.EqualFunc(a, b, near) })
		})
	}
	return orb.Equal(a, b)
}

func near(a, b orb.Point) bool {
	return math.Abs(a[0]-b[0]) <= rounding && math.Abs(a[1]-b[1]) <= rounding
}

// attributes lists what differs in name and properties.
func attributes(before, after *geo.Feature) (list []Attribute) {
	if before.Name != after.Name {
		list = append(list, Attribute{"name", before.Name, after.Name})
	}
	for _, p := range after.Properties {
		if old := before.Properties.Value(p.Name); !reflect.DeepEqual(old, p.Value) {
			list = append(list, Attribute{p.Name, old, p.Value})
		}
	}
	for _, p := range before.Properties {
		if p.Value != nil && !carries(after.Properties, p.Name) {
			list = append(list, Attribute{p.Name, p.Value, nil})
		}
	}
	return list
}

func carries(ps geo.Properties, name string) bool {
	for _, p := range ps {
		if p.Name == name {
			return true
		}
	}
	return false
}

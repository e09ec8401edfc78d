package tiles

import "towngrid/geo"

// schemas are those of all collections. They do not change.
var schemas = func() map[geo.Collection]geo.Schema {
	all := map[geo.Collection]geo.Schema{}
	for _, c := range geo.Collections() {
		all[c] = c.Schema()
	}
	return all
}()

// codeColumn is the column of columnsOf that has the code.
const codeColumn = 0

// columnsOf are the properties of a collection's features in its own layer: code, name and
// the fields of the schema.
func columnsOf(c geo.Collection) []geo.Field {
	s := schemas[c]
	return append([]geo.Field{s.Code, s.Name}, s.Fields...)
}

// labelColumns are the properties of a labels layer.
func labelColumns() []geo.Field {
	return []geo.Field{
		{Name: "code", Type: geo.String}, {Name: "name", Type: geo.String},
		{Name: "rank", Type: geo.Integer}, {Name: "size", Type: geo.Integer},
	}
}

// borderColumns are the properties of a borders layer. Where cells are merged the unit stands for the code.
func borderColumns(c geo.Collection) []geo.Field {
	fields := []geo.Field{
		{Name: "level", Type: geo.String}, {Name: "left", Type: geo.String}, {Name: "right", Type: geo.String},
	}
	if c == geo.Cells {
		fields = append(fields, geo.Field{Name: "left_unit", Type: geo.String}, geo.Field{Name: "right_unit", Type: geo.String})
	}
	return fields
}

// kinds are the kinds of layers in their order.
func kinds() [3]Content { return [3]Content{Fills, Labels, Borders} }

// columns are the properties of the layer that a collection gives for one kind of content.
func columns(c geo.Collection, kind Content) []geo.Field {
	switch kind {
	case Labels:
		return labelColumns()
	case Borders:
		return borderColumns(c)
	}
	return columnsOf(c)
}

// layerName is the name of the layer that a collection gives for one kind of content.
func layerName(c geo.Collection, kind Content) string {
	switch kind {
	case Labels:
		return string(c) + "_labels"
	case Borders:
		return string(c) + "_borders"
	}
	return string(c)
}

// gives says whether the collection has a layer of this kind: labels for polygons, since
// a point is its own label, and borders for coverages and units.
func gives(c geo.Collection, kind Content) bool {
	switch kind {
	case Labels:
		return schemas[c].Geometry == geo.MultiPolygon
	case Borders:
		return schemas[c].Coverage || c == geo.Units
	}
	return true
}

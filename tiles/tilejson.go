package tiles

import (
	"math"

	"towngrid/geo"
	"towngrid/geo/snapshot"
)

// TileJSON is a TileJSON 3.0.0 document.
type TileJSON struct {
	TileJSON     string        `json:"tilejson"`
	Name         string        `json:"name"`
	Description  string        `json:"description,omitempty"`
	Version      string        `json:"version"`
	Attribution  string        `json:"attribution,omitempty"`
	Scheme       string        `json:"scheme"`
	Tiles        []string      `json:"tiles"`
	MinZoom      int           `json:"minzoom"`
	MaxZoom      int           `json:"maxzoom"`
	Bounds       []float64     `json:"bounds,omitempty"` // west, south, east, north in degrees
	Center       []float64     `json:"center,omitempty"` // lon, lat, zoom
	VectorLayers []VectorLayer `json:"vector_layers"`
}

// VectorLayer describes a layer of the tiles.
type VectorLayer struct {
	ID          string            `json:"id"`
	Description string            `json:"description"`
	MinZoom     int               `json:"minzoom"`
	MaxZoom     int               `json:"maxzoom"`
	Fields      map[string]string `json:"fields"` // property → String, Number or Boolean
}

// Describe is the TileJSON document of the collections' tiles. Its version is 1.0.0+tag, the tag
// being that of the snapshot's versions; bounds and centre are left out where there are no features.
// Collections without tiles are left out.
func Describe(s *snapshot.Snapshot, cs []geo.Collection, t Tileset) TileJSON {
	d := TileJSON{
		TileJSON: "3.0.0", Name: t.name(cs), Description: t.Description, Version: "1.0.0+" + s.Tag(cs...),
		Attribution: t.Attribution, Scheme: "xyz", Tiles: []string{t.address(cs, "/{z}/{x}/{y}.mvt")},
		MaxZoom: MaxZoom, VectorLayers: []VectorLayer{},
	}
	for _, c := range cs {
		for _, kind := range kinds() {
			if schemas[c].Public && gives(c, kind) {
				d.VectorLayers = append(d.VectorLayers, describeLayer(c, kind))
			}
		}
	}
	if b, ok := t.bound(s, cs); ok {
		d.Bounds = []float64{floor6(b.Min[0]), floor6(b.Min[1]), -floor6(-b.Max[0]), -floor6(-b.Max[1])}
		centre := b.Center()
		d.Center = []float64{floor6(centre[0]), floor6(centre[1]), math.Floor(fit(b))}
	}
	return d
}

// floor6 rounds down to six decimals, a tenth of a metre.
func floor6(v float64) float64 { return math.Floor(v*1e6) / 1e6 }

func describeLayer(c geo.Collection, kind Content) VectorLayer {
	title := schemas[c].Title
	l := VectorLayer{
		ID: layerName(c, kind), Description: title.ZH + " " + title.EN,
		MaxZoom: MaxZoom, Fields: map[string]string{},
	}
	switch kind {
	case Labels:
		l.Description = title.ZH + "注记点 label points of " + title.EN
	case Borders:
		l.Description = title.ZH + "界线 borders of " + title.EN
	}
	for _, f := range columns(c, kind) {
		l.Fields[f.Name] = fieldType(f.Type)
	}
	return l
}

// fieldType is the name by which TileJSON documents commonly call a type.
func fieldType(t geo.FieldType) string {
	switch t {
	case geo.Integer, geo.Number:
		return "Number"
	case geo.Bool:
		return "Boolean"
	}
	return "String"
}

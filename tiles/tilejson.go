package tiles

import (
	"math"

	"towngrid/geo"
	"towngrid/geo/crs"
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

	// Grid and Datum are ours: TileJSON takes WebMercatorQuad on WGS 84 for granted.
	Grid  Grid      `json:"grid"`
	Datum crs.Datum `json:"datum"`
}

// VectorLayer describes a layer of the tiles.
type VectorLayer struct {
	ID          string            `json:"id"`
	Description string            `json:"description"`
	MinZoom     int               `json:"minzoom"`
	MaxZoom     int               `json:"maxzoom"`
	Fields      map[string]string `json:"fields"` // property → String, Number or Boolean
}

// Describe is the TileJSON document of a tileset. Its version is 1.0.0+tag, the tag
// being that of its tiles, which stands in their addresses as well unless these are
// plain; bounds and centre are left out where there are no features. The error is that of a request
// for one of the tiles.
func Describe(s *snapshot.Snapshot, t Tileset) (TileJSON, error) {
	t.Address = Address{}
	var err error
	if t.Request, err = t.checked(); err != nil {
		return TileJSON{}, err
	}
	d := TileJSON{
		TileJSON: "3.0.0", Name: t.name(), Description: t.Description, Version: "1.0.0+" + t.Tag(s),
		Attribution: t.Attribution, Scheme: "xyz", Tiles: []string{t.template(s)},
		MaxZoom: int(t.Grid.MaxZoom()), VectorLayers: []VectorLayer{}, Grid: t.Grid, Datum: t.Datum,
	}
	for _, c := range t.Collections {
		for _, kind := range kinds() {
			if t.Content&kind != 0 && gives(c, kind) {
				d.VectorLayers = append(d.VectorLayers, t.layer(s, c, kind))
			}
		}
	}
	if b, ok := t.bound(s, t.Collections); ok {
		d.Bounds = []float64{floor6(b.Min[0]), floor6(b.Min[1]), -floor6(-b.Max[0]), -floor6(-b.Max[1])}
		centre := b.Center()
		d.Center = []float64{floor6(centre[0]), floor6(centre[1]), math.Floor(t.Grid.fit(b))}
	}
	return d, nil
}

// floor6 rounds down to six decimals, a tenth of a metre.
func floor6(v float64) float64 { return math.Floor(v*1e6) / 1e6 }

// layer describes the layer that a collection gives for one kind of content.
func (t Tileset) layer(s *snapshot.Snapshot, c geo.Collection, kind Content) VectorLayer {
	title := schemas[c].Title
	l := VectorLayer{
		ID: layerName(c, kind), Description: title.ZH + " " + title.EN,
		MaxZoom: int(t.Grid.MaxZoom()), Fields: map[string]string{},
	}
	switch kind {
	case Labels:
		l.Description = title.ZH + "注记点 label points of " + title.EN
		l.MinZoom = int(t.Grid.standing(s, c))
	case Borders:
		l.Description = title.ZH + "界线 borders of " + title.EN
	}
	for _, f := range columns(c, kind) {
		if t.wants(kind, f.Name) {
			l.Fields[f.Name] = fieldType(f.Type)
		}
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

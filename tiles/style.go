package tiles

import (
	"slices"

	"towngrid/geo"
	"towngrid/geo/snapshot"
)

// MapStyle is a style as MapLibre reads it (style specification, version 8).
type MapStyle struct {
	Version int               `json:"version"`
	Name    string            `json:"name"`
	Center  []float64         `json:"center"`
	Zoom    float64           `json:"zoom"`
	Sources map[string]Source `json:"sources"`
	Layers  []StyleLayer      `json:"layers"`
}

// Source names a TileJSON document.
type Source struct {
	Type        string `json:"type"`
	URL         string `json:"url"`
	Attribution string `json:"attribution,omitempty"`
}

// StyleLayer is one layer of a style.
type StyleLayer struct {
	ID          string         `json:"id"`
	Type        string         `json:"type"`
	Source      string         `json:"source,omitempty"`
	SourceLayer string         `json:"source-layer,omitempty"`
	MinZoom     float64        `json:"minzoom,omitempty"`
	Filter      []any          `json:"filter,omitempty"`
	Layout      map[string]any `json:"layout,omitempty"`
	Paint       map[string]any `json:"paint,omitempty"`
}

// Style is a whole map of all public collections that asks for nothing but this service's
// tiles: no glyphs and no sprites, since browsers draw the names with their own fonts. The
// map opens on the features that the snapshot has, or on China.
func Style(s *snapshot.Snapshot, t Tileset) MapStyle {
	st := MapStyle{Version: 8, Name: t.Name, Center: []float64{104, 35}, Zoom: 3.5, Sources: map[string]Source{}}
	if st.Name == "" {
		st.Name = "特色小镇与网格"
	}
	var all []geo.Collection
	var also []string
	if t.Plain {
		also = []string{"addresses=plain"}
	}
	for name, cs := range styleSources() {
		st.Sources[name] = Source{Type: "vector", URL: t.address(cs, ".json", also...), Attribution: t.Attribution}
		all = append(all, cs...)
	}
	if b, ok := t.bound(s, all); ok {
		c := b.Center()
		st.Center, st.Zoom = []float64{floor6(c[0]), floor6(c[1])}, t.Grid.fit(b)
	}
	st.Layers = slices.Concat(
		[]StyleLayer{{ID: "background", Type: "background", Paint: map[string]any{"background-color": "#f4f1ea"}}},
		areaLayers(), lineLayers(), pointLayers(), nameLayers(),
	)
	return st
}

// styleSources are the style's tilesets: what is seen from the lowest zooms on, and what a
// map need not load before it is large enough.
func styleSources() map[string][]geo.Collection {
	return map[string][]geo.Collection{
		"overview": {geo.Towns, geo.Units},
		"grid":     {geo.Cells},
		"detail":   {geo.Parcels, geo.Facilities},
	}
}

// sourceOf is the source that has a collection.
func sourceOf(c geo.Collection) string {
	for name, cs := range styleSources() {
		if slices.Contains(cs, c) {
			return name
		}
	}
	return ""
}

// Zooms from which the layers show.
const (
	cellZoom     = 9
	parcelZoom   = 13
	facilityZoom = 13
)

// styled begins a layer of the style on a layer of the tiles.
func styled(id, kind string, c geo.Collection, content Content, minZoom float64) StyleLayer {
	return StyleLayer{ID: id, Type: kind, Source: sourceOf(c), SourceLayer: layerName(c, content), MinZoom: minZoom}
}

func (l StyleLayer) painted(paint map[string]any) StyleLayer {
	l.Paint = paint
	return l
}

func (l StyleLayer) laid(layout map[string]any) StyleLayer {
	l.Layout = layout
	return l
}

func (l StyleLayer) filtered(filter ...any) StyleLayer {
	l.Filter = filter
	return l
}

// Expressions of the style language.

func property(name string) []any { return []any{"get", name} }

// match picks by a property's value: pairs of value and result, then the result for any other.
func match(name string, cases ...any) []any {
	return append([]any{"match", property(name)}, cases...)
}

// byZoom goes from value to value between zooms: pairs of zoom and value.
func byZoom(stops ...any) []any {
	return append([]any{"interpolate", []any{"linear"}, []any{"zoom"}}, stops...)
}

// areaLayers are the polygons, from the ground up.
func areaLayers() []StyleLayer {
	return []StyleLayer{
		styled("units", "fill", geo.Units, Fills, 0).
			filtered("==", property("level"), geo.LevelRoom).
			painted(map[string]any{"fill-color": "#dfe8e4", "fill-opacity": 0.55}),
		styled("cells", "fill", geo.Cells, Fills, cellZoom).
			painted(map[string]any{"fill-color": "#fdfbf6", "fill-opacity": byZoom(cellZoom, 0.2, 14, 0.45)}),
		styled("towns", "fill", geo.Towns, Fills, 0).painted(map[string]any{
			"fill-color":   match("class", 1, "#4c78a8", 2, "#d08c3f", 3, "#5b9a5f", "#8a8a8a"),
			"fill-opacity": byZoom(8, 0.55, 15, 0.28),
		}),
		styled("parcels", "fill", geo.Parcels, Fills, parcelZoom).painted(map[string]any{
			"fill-color": []any{"case", []any{"==", property("construction"), true}, "#c9795e", "#a9bf8f"},
			// Colours come in as the map is large enough for parcels.
			"fill-opacity": byZoom(parcelZoom, 0.15, 16, 0.4),
		}),
	}
}

// lineLayers are the borders, the thinner ones below.
func lineLayers() []StyleLayer {
	round := map[string]any{"line-join": "round", "line-cap": "round"}
	return []StyleLayer{
		styled("parcels-borders", "line", geo.Parcels, Borders, parcelZoom).laid(round).
			painted(map[string]any{"line-color": "#8d6e63", "line-width": 0.6, "line-opacity": 0.7}),
		styled("cells-borders", "line", geo.Cells, Borders, cellZoom).laid(round).
			filtered("==", property("level"), "cell").
			painted(map[string]any{"line-color": "#8fa3a0", "line-width": byZoom(cellZoom, 0.3, 14, 1.2)}),
		styled("units-borders", "line", geo.Units, Borders, 0).laid(round).painted(map[string]any{
			"line-color": match("level",
				geo.LevelStation, "#5f8a86", geo.LevelRoom, "#2f6661", geo.LevelCentre, "#123f3c",
				[]any{"to-color", "#123f3c"}),
			"line-width": byZoom(
				8, match("level", geo.LevelStation, 0.3, geo.LevelRoom, 0.9, 1.6),
				14, match("level", geo.LevelStation, 1.8, geo.LevelRoom, 2.8, 4)),
		}),
		styled("towns-outline", "line", geo.Towns, Fills, 0).laid(round).painted(map[string]any{
			"line-color": match("class", 1, "#2f5a88", 2, "#9a5f1c", 3, "#3a7040", "#5f5f5f"),
			"line-width": byZoom(8, 1, 14, 2.4),
		}),
	}
}

func pointLayers() []StyleLayer {
	return []StyleLayer{
		styled("facilities", "circle", geo.Facilities, Fills, facilityZoom).painted(map[string]any{
			"circle-color": match("kind",
				geo.FacilityDine, "#d9643a", geo.FacilityShop, "#b5489a", "health", "#c62f3b",
				"education", "#3d6fb6", "culture", "#7a5bb0", "sport", "#3f9b6c", "transport", "#5c6f82",
				"service_point", "#0f8a8a", geo.FacilityHQ, "#8a6d1a", geo.FacilityChamp, "#6a4a1f", "#6f6f6f"),
			"circle-radius":       byZoom(facilityZoom, 2.5, 17, 6),
			"circle-stroke-color": "#ffffff", "circle-stroke-width": 1,
		}),
	}
}

// nameLayers are the names, the more important ones first to be placed.
func nameLayers() []StyleLayer {
	return []StyleLayer{
		named("facilities-names", geo.Facilities, Fills, 16, 11, "#3f3f3f").
			laid(text(11, map[string]any{"text-anchor": "top", "text-offset": []any{0, 0.6}, "text-optional": true})),
		named("cells-names", geo.Cells, Labels, 12, 11, "#51635f").filtered(roomy()...),
		named("units-names", geo.Units, Labels, 7, 13, "#123f3c").filtered(roomy()...),
		named("towns-names", geo.Towns, Labels, 7, 15, "#1d2b3a"),
	}
}

// roomy keeps the labels whose feature has room for a name at this zoom.
func roomy() []any { return []any{"<=", property("rank"), []any{"zoom"}} }

// named is a layer of names: of places with a rank, those of the lowest rank go first.
func named(id string, c geo.Collection, content Content, minZoom, size float64, colour string) StyleLayer {
	more := map[string]any{}
	if content == Labels {
		more["symbol-sort-key"] = property("rank")
	}
	return styled(id, "symbol", c, content, minZoom).laid(text(size, more)).painted(map[string]any{
		"text-color": colour, "text-halo-color": "#ffffff", "text-halo-width": 1.4,
	})
}

// text lays out a feature's name, or its code where it has none.
func text(size float64, more map[string]any) map[string]any {
	layout := map[string]any{
		"text-field":     []any{"case", []any{"!=", property("name"), ""}, property("name"), property("code")},
		"text-font":      []string{"Noto Sans CJK SC", "sans-serif"},
		"text-size":      size,
		"text-max-width": 8,
	}
	for k, v := range more {
		layout[k] = v
	}
	return layout
}

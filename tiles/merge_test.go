package tiles_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/clip"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/geojson"

	"towngrid/geo"
	"towngrid/geo/coverage"
	"towngrid/geo/geotest"
	"towngrid/geo/snapshot"
	"towngrid/tiles"
)

// who names a feature of a cells layer: by its code, or by its unit where it is merged.
func who(f *geojson.Feature) string {
	if code := f.Properties.MustString("code", ""); code != "" {
		return code
	}
	return "unit " + f.Properties.MustString("unit", "")
}

// Over all tiles of a zoom the features, clipped to their tiles, add up to the whole area, whether they
// stand alone or are merged, and each unit to that of its cells.
func TestTilesOfAZoomAddUp(t *testing.T) {
	e := firstEdition(3, 900)
	s := e.snapshot(t)
	unitOf, areas, lengths := map[string]string{}, map[string]float64{}, map[string]float64{}
	for _, f := range e.cells {
		u := f.Properties.Text("unit")
		unitOf[string(f.Code)] = u
		areas[u] += geotest.Area(f.Geometry.(orb.MultiPolygon))
		lengths[u] += lengthOf(f.Geometry.(orb.MultiPolygon))
	}
	var b tiles.Builder
	merged, alone := 0, 0
	for _, z := range []uint8{7, 8, 9, 10, 11, 12} {
		got := map[string]float64{}
		all := around(z, district, 10000)
		for _, a := range all {
			l := built(t, &b, s, tiles.Request{Collections: []geo.Collection{geo.Cells}, Address: a, Content: tiles.Fills})["cells"]
			if l == nil {
				continue
			}
			seen := map[string]bool{}
			for _, f := range l.Features {
				name := who(f)
				if seen[name] {
					t.Fatalf("%v: two features are %s", a, name)
				}
				seen[name] = true
				unit := f.Properties.MustString("unit")
				if code := f.Properties.MustString("code", ""); code == "" {
					merged++
				} else if alone++; unitOf[code] != unit {
					t.Errorf("%v: %s is of %s", a, code, unit)
				}
				whole := orb.Bound{Max: orb.Point{tiles.Extent, tiles.Extent}}
				got[unit] += geotest.Area(clip.MultiPolygon(whole, orb.Clone(polygons(t, f)).(orb.MultiPolygon)))
			}
		}
		total := 0.0
		for u, want := range areas {
			scale := squaresPerDegree(z, district.Center()[1])
			// The line may be off by the tolerance and half a square on average much less.
			if room := lengths[u] * math.Sqrt(scale) * 1.5; math.Abs(got[u]-want*scale) > room+0.02*want*scale {
				t.Errorf("zoom %d: %s has %.0f squares instead of %.0f", z, u, got[u], want*scale)
			}
			total += got[u]
		}
		scale := math.Ldexp(tiles.Extent, int(z))
		south, north := rowOf(district.Min[1])*scale, rowOf(district.Max[1])*scale
		west, east := (district.Min[0]+180)/360*scale, (district.Max[0]+180)/360*scale
		want, round := (east-west)*(south-north), (east-west)+(south-north)
		if math.Abs(total-want) > round { // the district's rim, rounded by half a square at most
			t.Errorf("zoom %d: all are %.0f squares instead of %.0f", z, total, want)
		}
	}
	if merged < 100 || alone < 1000 {
		t.Errorf("%d merged and %d alone show little", merged, alone)
	}
}

// rowOf is how far south a latitude lies in the square world, from 0 to 1.
func rowOf(lat float64) float64 {
	sin := math.Sin(lat * math.Pi / 180)
	return 0.5 - math.Log((1+sin)/(1-sin))/(4*math.Pi)
}

func squaresPerDegree(z uint8, lat float64) float64 {
	side := math.Ldexp(tiles.Extent, int(z)) / 360
	return side * side / math.Cos(lat*math.Pi/180)
}

// Where cells are merged, too, each border is drawn once, exactly where the fills meet, with who is at its sides;
// none is drawn within what is merged.
func TestBordersOfWhatIsMerged(t *testing.T) {
	e := firstEdition(8, 700)
	s := e.snapshot(t)
	var b tiles.Builder
	drawn, units := 0, 0
	for _, z := range []uint8{7, 8, 9, 10} {
		for _, a := range around(z, district, 6) {
			layers := built(t, &b, s, tiles.Request{Collections: []geo.Collection{geo.Cells}, Address: a, Content: tiles.Fills | tiles.Borders})
			right := map[way]string{}
			for _, f := range layers["cells"].Features {
				for _, p := range polygons(t, f) {
					for _, ring := range p {
						for i := 1; i < len(ring); i++ {
							right[way{ring[i-1], ring[i]}] = who(f)
						}
					}
				}
			}
			seen := map[way]bool{}
			names := map[string]bool{}
			for _, f := range layers["cells_borders"].Features {
				l, r := sideOf(f, "left"), sideOf(f, "right")
				if names[l+"|"+r] || names[r+"|"+l] {
					t.Errorf("%v: two borders of %s and %s", a, l, r)
				}
				names[l+"|"+r] = true
				if l[0] == 'u' || r != "" && r[0] == 'u' {
					units++
				}
				for _, line := range lines(t, f) {
					for i := 1; i < len(line); i++ {
						w := way{line[i-1], line[i]}
						if seen[w] || seen[w.back()] {
							t.Errorf("%v: %v is drawn twice", a, w)
						}
						seen[w] = true
						drawn++
						if right[w.back()] != l || right[w] != r {
							t.Errorf("%v: %v has %q and %q at its sides, not %v", a, w, right[w.back()], right[w], f.Properties)
						}
					}
				}
			}
			for w := range right {
				if !seen[w] && !seen[w.back()] && !w.onWindow() {
					t.Errorf("%v: %v is not drawn", a, w)
				}
			}
		}
	}
	if drawn < 1000 || units < 100 {
		t.Errorf("%d edges and %d borders of units", drawn, units)
	}
}

// sideOf is who is at a side of a border, "" for the outside.
func sideOf(f *geojson.Feature, side string) string {
	if code := f.Properties.MustString(side, ""); code != "" {
		return code
	}
	if unit := f.Properties.MustString(side+"_unit", ""); unit != "" {
		return "unit " + unit
	}
	return ""
}

// A builder that has drawn the versions before makes the same tiles as one that knows nothing.
func TestVersionsThatFollowAreDrawnAsIfNew(t *testing.T) {
	const seed = 31
	rnd := rand.New(rand.NewPCG(seed, 0))
	e := firstEdition(seed, 1500)
	var b tiles.Builder
	for round := range 6 {
		s := e.snapshot(t)
		for _, z := range []uint8{6, 9, 11, 14} {
			for _, content := range []tiles.Content{tiles.All, tiles.Borders} {
				r := tiles.Request{Collections: []geo.Collection{geo.Cells, geo.Units}, Address: addressOf(z, anywhere(rnd)), Content: content}
				want, err := tiles.Build(s, r)
				if err != nil {
					t.Fatal(err)
				}
				if got := body(t, &b, s, r); !bytes.Equal(got, want) {
					t.Fatalf("seed %d, round %d: %v has %d bytes instead of %d, or others", seed, round, r, len(got), len(want))
				}
			}
		}
		for range 3 {
			e.change(rnd)
		}
	}
}

// At zooms where no cell can be seen a tile of cells has their units, valid, and no label of a cell.
func TestCellsAtTheLowestZoom(t *testing.T) {
	e := firstEdition(5, 3000)
	var b tiles.Builder
	for z := uint8(0); z <= 6; z++ {
		a := addressOf(z, district.Center())
		layers := built(t, &b, e.snapshot(t), tiles.Request{Collections: []geo.Collection{geo.Cells}, Address: a})
		if l := layers["cells_labels"]; l != nil {
			t.Errorf("zoom %d: %d labels of cells that nobody can see", z, len(l.Features))
		}
		if l := layers["cells"]; l != nil {
			checkPolygons(t, a, l)
			if codes(l)[0] != "" {
				t.Errorf("zoom %d: %s stands alone", z, codes(l)[0])
			}
		} else if z > 3 {
			t.Errorf("zoom %d shows nothing of the district", z)
		}
	}
}

// Below the zoom from which all are there, of points of a kind in one pixel the one of the lowest code
// stands, and of labels that of the lowest rank.
func TestPointsAreThinned(t *testing.T) {
	point := func(code, kind string, east float64) geo.Feature {
		return geo.Feature{Code: geo.Code(code), Geometry: orb.Point{118.92 + east, 29.0025}, Properties: geo.Properties{{Name: "kind", Value: kind}}}
	}
	s := snapshot.Empty().With(part(t, geo.Facilities, "330890", []geo.Feature{
		point("F1", "health", 0), point("F2", "sport", 0), point("F3", "health", 1e-9), point("F4", "health", 0.01), point("F5", "sport", 1e-9),
	})).With(part(t, geo.Towns, "330890", []geo.Feature{
		{Code: "A", Geometry: rectangle(118.9200, 29.0001, 118.9201, 29.0002)},
		{Code: "B", Geometry: rectangle(118.9204, 29.0000, 118.9209, 29.0006)},
	}))
	for z, want := range map[uint8]string{5: "[F1 F2] [B]", 11: "[F1 F2 F4] [A B]", 14: "[F1 F2 F3 F4 F5] [A B]", 22: "[F1 F2 F3 F5] [A B]"} {
		a := addressOf(z, orb.Point{118.9202, 29.0003})
		if z == 22 {
			a = addressOf(z, orb.Point{118.92, 29.0025})
		}
		layers := built(t, new(tiles.Builder), s, tiles.Request{Collections: []geo.Collection{geo.Facilities, geo.Towns}, Address: a})
		got := fmt.Sprintf("%v %v", codes(layers["facilities"]), codes(layers["towns_labels"]))
		if z == 22 {
			got = fmt.Sprintf("%v [A B]", codes(layers["facilities"]))
		}
		if got != want {
			t.Errorf("zoom %d: %s instead of %s", z, got, want)
		}
	}
}

// Towns that share a border keep one line, whichever zoom leaves out vertices of it.
func TestTownsKeepTheirBorder(t *testing.T) {
	var fs []geo.Feature
	for i, mp := range geotest.Tessellation(6, 60, district) {
		fs = append(fs, geo.Feature{Code: geo.Code(fmt.Sprintf("T%02d", i)), Geometry: mp})
	}
	s := snapshot.Empty().With(part(t, geo.Towns, "330890", fs))
	var b tiles.Builder
	vertices := map[uint8]int{}
	for z := uint8(5); z <= 15; z++ {
		for _, a := range around(z, district, 4) {
			l := built(t, &b, s, tiles.Request{Collections: []geo.Collection{geo.Towns}, Address: a, Content: tiles.Fills})["towns"]
			if l == nil {
				continue
			}
			checkPolygons(t, a, l)
			checkCoverage(t, a, l, 0)
			vertices[z] += verticesOf(l)
		}
	}
	if vertices[7] > 60*25 || vertices[7] < 60*3 {
		t.Errorf("%d vertices of 60 towns at zoom 7", vertices[7])
	}
}

func verticesOf(l *mvt.Layer) (n int) {
	for _, f := range l.Features {
		n += len(vertices(f.Geometry))
	}
	return n
}

// Stations, rooms and the centre lie upon each other, and each edge has one line for all of them.
func TestUnitsLieUponEachOther(t *testing.T) {
	mps := geotest.Tessellation(12, 40, district)
	groups := make([]int, len(mps))
	unit := func(code, level, parent string, mp orb.MultiPolygon) geo.Feature {
		return geo.Feature{Code: geo.Code(code), Geometry: mp, Properties: geo.Properties{{Name: "level", Value: level}, {Name: "parent", Value: parent}}}
	}
	var fs []geo.Feature
	for i, mp := range mps {
		groups[i] = i / 10
		fs = append(fs, unit(fmt.Sprintf("S%02d", i), geo.LevelStation, fmt.Sprintf("R%d", i/10), mp))
	}
	c := coverage.Build(mps)
	for g, mp := range c.Dissolve(groups) {
		fs = append(fs, unit(fmt.Sprintf("R%d", g), geo.LevelRoom, "C", mp))
	}
	fs = append(fs, unit("C", geo.LevelCentre, "", c.Dissolve(make([]int, len(mps)))[0]))
	s := snapshot.Empty().With(part(t, geo.Units, "330890", fs))
	var b tiles.Builder
	for _, z := range []uint8{6, 8, 10, 12} {
		for _, a := range around(z, district, 4) {
			l := built(t, &b, s, tiles.Request{Collections: []geo.Collection{geo.Units}, Address: a, Content: tiles.Fills})["units"]
			if l == nil {
				continue
			}
			checkPolygons(t, a, l)
			stations := map[way]bool{}
			for _, f := range l.Features {
				for w := range waysOf(t, f) {
					if f.Properties["level"] == geo.LevelStation {
						stations[w] = true
					}
				}
			}
			for _, f := range l.Features {
				for w := range waysOf(t, f) {
					if !stations[w] && !w.onWindow() {
						t.Errorf("%v: %v of %v is no station's", a, w, f.Properties["code"])
					}
				}
			}
		}
	}
}

func waysOf(t *testing.T, f *geojson.Feature) map[way]int {
	return ways(t, &mvt.Layer{Features: []*geojson.Feature{f}})
}

// TileJSON says from which zoom on there are labels of cells: none below, and some not far above.
func TestTileJSONSaysWhereLabelsBegin(t *testing.T) {
	s := firstEdition(5, 3000).snapshot(t)
	d, err := tiles.Describe(s, tiles.Tileset{Request: tiles.Request{Collections: []geo.Collection{geo.Towns, geo.Cells}}})
	if err != nil {
		t.Fatal(err)
	}
	from := -1
	for _, l := range d.VectorLayers {
		if l.ID == "cells_labels" {
			from = l.MinZoom
		} else if l.MinZoom != 0 {
			t.Errorf("%s begins at %d", l.ID, l.MinZoom)
		}
	}
	first := -1
	var b tiles.Builder
	for z := uint8(0); z < 14 && first < 0; z++ {
		for _, a := range around(z, district, 1000) {
			if built(t, &b, s, tiles.Request{Collections: []geo.Collection{geo.Cells}, Address: a, Content: tiles.Labels})["cells_labels"] != nil {
				first = int(z)
			}
		}
	}
	if from < 1 || first != from {
		t.Errorf("labels of cells begin at zoom %d by the document and at %d in the tiles", from, first)
	}
}

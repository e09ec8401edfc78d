package tiles_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"

	"towngrid/geo"
	"towngrid/geo/geotest"
	"towngrid/tiles"
)

func TestGridsByName(t *testing.T) {
	for name, want := range map[string]tiles.Grid{
		"": tiles.WebMercatorQuad, "WebMercatorQuad": tiles.WebMercatorQuad, "CGCS2000Quad": tiles.CGCS2000Quad,
	} {
		if g, err := tiles.ParseGrid(name); err != nil || g != want {
			t.Errorf("%q: %v, %v", name, g, err)
		}
	}
	var e *geo.Error
	if _, err := tiles.ParseGrid("webmercatorquad"); !errors.As(err, &e) || e.Code != "unknown_grid" {
		t.Error(err)
	}
}

// Zoom z of the grid of degrees has the tiles of WorldCRS84Quad: 180° / 2^z wide and high, from
// 180° west and 90° north. Tianditu's set c calls it TileMatrix z+1, of 360° / 2^(z+1).
func TestDegreeGridIsAligned(t *testing.T) {
	g := tiles.CGCS2000Quad
	for _, a := range []tiles.Address{{}, {X: 1}, {Z: 9, X: 850, Y: 173}, {Z: 21, X: 1<<22 - 1, Y: 1<<21 - 1}} {
		side := 180 / math.Exp2(float64(a.Z))
		west, north := float64(a.X)*side-180, 90-float64(a.Y)*side
		want := orb.Bound{Min: orb.Point{west, north - side}, Max: orb.Point{west + side, north}}
		if got := g.Bound(a); got != want || !g.Valid(a) {
			t.Errorf("%v: %v instead of %v", a, got, want)
		}
	}
	for _, c := range []struct{ z, x, y, code string }{
		{"0", "1", "0", ""}, {"0", "2", "0", "no_such_tile"}, {"0", "0", "1", "no_such_tile"},
		{"21", "4194303", "2097151", ""}, {"22", "0", "0", "no_such_tile"}, {"1", "x", "0", "bad_tile"},
	} {
		_, err := g.ParseAddress(c.z, c.x, c.y)
		var e *geo.Error
		if errors.As(err, &e) != (c.code != "") || e != nil && e.Code != c.code {
			t.Errorf("%v: %v", c, err)
		}
	}
}

// In the grid of degrees a vertex lies where a plane of lon and lat has it, and neighbours keep
// their line.
func TestDegreeGridTiles(t *testing.T) {
	s := snapshotOf(t, geotest.Tessellation(5, 100, district))
	var b tiles.Builder
	seen := 0
	for z := uint8(9); z <= 21; z++ {
		side := 180 / math.Exp2(float64(z))
		c := district.Center()
		a := tiles.Address{Z: z, X: uint32((c[0] + 180) / side), Y: uint32((90 - c[1]) / side)}
		r := tiles.Request{Collections: []geo.Collection{geo.Cells}, Grid: tiles.CGCS2000Quad, Address: a, Content: tiles.Fills}
		l := built(t, &b, s, r)["cells"]
		if l == nil {
			t.Errorf("%v has no cells", a)
			continue
		}
		seen += checkPolygons(t, a, l)
		ws := ways(t, l)
		for w, n := range ws {
			on := orb.Point{r.Grid.Bound(a).Min[0] + w.a[0]*side/tiles.Extent, r.Grid.Bound(a).Max[1] - w.a[1]*side/tiles.Extent}
			rim := district.Pad(-1e-9 - 0.51*side/tiles.Extent)
			if n != 1 || ws[w.back()] != 1 && !w.onWindow() && rim.Contains(on) {
				t.Errorf("%v: edge %v at %v occurs %d times, back %d times", a, w, on, n, ws[w.back()])
			}
		}
	}
	if seen < 100 {
		t.Errorf("only %d polygons", seen)
	}
}

// A position is in the same square whichever way it is computed.
func TestDegreeGridPlacesPoints(t *testing.T) {
	s := village(t)
	at := orb.Point{118.92, 29.0025}
	side := 180 / math.Exp2(16)
	a := tiles.Address{Z: 16, X: uint32((at[0] + 180) / side), Y: uint32((90 - at[1]) / side)}
	l := built(t, new(tiles.Builder), s, tiles.Request{Collections: []geo.Collection{geo.Facilities}, Grid: tiles.CGCS2000Quad, Address: a})["facilities"]
	want := orb.Point{
		math.Round(((at[0]+180)/side - float64(a.X)) * tiles.Extent),
		math.Round(((90-at[1])/side - float64(a.Y)) * tiles.Extent),
	}
	if got := find(t, l, "F1").Geometry; got != orb.Geometry(want) {
		t.Errorf("%v instead of %v", got, want)
	}
}

func TestPropertiesAreSelected(t *testing.T) {
	s := village(t)
	for _, c := range []struct {
		names []string
		want  map[string]string // layer → keys
		code  string
	}{
		{nil, map[string]string{"towns": "[class code name plan_area residents type]", "facilities": "[code kind name]", "towns_labels": "[code name rank size]"}, ""},
		{[]string{"kind", "code", "code"}, map[string]string{"towns": "[code]", "facilities": "[code kind]", "cells": "[code]", "towns_labels": "[code name rank size]"}, ""},
		{[]string{}, map[string]string{"towns": "[]", "facilities": "[]", "towns_labels": "[code name rank size]"}, ""},
		{[]string{"code", "height"}, nil, "unknown_property"},
	} {
		r := whole()
		r.Properties = c.names
		body, err := new(tiles.Builder).Build(t.Context(), s, r)
		var e *geo.Error
		if errors.As(err, &e) != (c.code != "") || e != nil && e.Code != c.code {
			t.Errorf("%v: %v", c.names, err)
		}
		if c.code != "" {
			continue
		}
		layers := decode(t, body)
		for name, want := range c.want {
			if got := keysOf(layers[name]); got != want {
				t.Errorf("%v: %s has %s instead of %s", c.names, name, got, want)
			}
		}
	}
}

// keysOf are the names of all properties that a layer's features have, in order.
func keysOf(l *mvt.Layer) string {
	keys := []string{}
	for _, f := range l.Features {
		for k := range f.Properties {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return fmt.Sprint(slices.Compact(keys))
}

package tiles_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/orb/maptile"

	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/geotest"
	"towngrid/geo/snapshot"
	"towngrid/tiles"
)

// rectangle is one with these corners in degrees.
func rectangle(w, s, e, n float64) orb.MultiPolygon {
	return orb.MultiPolygon{{{{w, s}, {e, s}, {e, n}, {w, n}, {w, s}}}}
}

// village is a small place with every collection: a centre of two rooms, the first of two
// stations, four cells in a row from west to east, a town with a lake, facilities, parcels, an incident.
func village(t testing.TB) *snapshot.Snapshot {
	t.Helper()
	unit := func(code, level, parent string, w, e float64) geo.Feature {
		return geo.Feature{Code: geo.Code(code), Name: "单元" + code, Geometry: rectangle(w, 29, e, 29.01),
			Properties: geo.Properties{{Name: "level", Value: level}, {Name: "parent", Value: parent}}}
	}
	cell := func(code, unit string, w, e float64) geo.Feature {
		return geo.Feature{Code: geo.Code(code), Name: "网格" + code, Geometry: rectangle(w, 29, e, 29.01),
			Properties: geo.Properties{{Name: "unit", Value: unit}, {Name: "valid_from", Value: "2026-01-01"}, {Name: "valid_to"}}}
	}
	lake := rectangle(118.91, 29.002, 118.93, 29.008)
	lake[0] = append(lake[0], orb.Ring{{118.915, 29.004}, {118.915, 29.006}, {118.925, 29.006}, {118.925, 29.004}, {118.915, 29.004}})
	s := snapshot.Empty()
	for c, fs := range map[geo.Collection][]geo.Feature{
		geo.Units: {
			unit("C", geo.LevelCentre, "", 118.9, 118.94), unit("R1", geo.LevelRoom, "C", 118.9, 118.93), unit("R2", geo.LevelRoom, "C", 118.93, 118.94),
			unit("S1", geo.LevelStation, "R1", 118.9, 118.92), unit("S2", geo.LevelStation, "R1", 118.92, 118.93), unit("S3", geo.LevelStation, "R2", 118.93, 118.94),
		},
		geo.Cells: {
			cell("001", "S1", 118.9, 118.91), cell("002", "S1", 118.91, 118.92), cell("003", "S2", 118.92, 118.93), cell("004", "S3", 118.93, 118.94),
		},
		geo.Towns: {{Code: "T1", Name: "湖镇", Geometry: lake, Properties: geo.Properties{
			{Name: "class", Value: int64(3)}, {Name: "type", Value: "旅游小镇"}, {Name: "residents", Value: 3500.0},
			{Name: "plan_area", Value: int64(3000000)}, {Name: "secret", Value: "not in the schema"},
		}}},
		geo.Parcels: {{Code: "P1", Geometry: rectangle(118.911, 29.0011, 118.919, 29.0089), Properties: geo.Properties{
			{Name: "land_use", Value: "0701"}, {Name: "code_system", Value: geo.LandUse2023}, {Name: "construction", Value: true}, {Name: "stated_area", Value: -12.5},
		}}},
		geo.Facilities: {
			{Code: "F1", Name: "食堂", Geometry: orb.Point{118.92, 29.0025}, Properties: geo.Properties{{Name: "kind", Value: geo.FacilityDine}}},
			{Code: "F2", Name: "药店", Geometry: orb.Point{118.9201, 29.0026}, Properties: geo.Properties{{Name: "kind", Value: "health"}}},
		},
		geo.Incidents: {{Code: "I1", Name: "火灾", Geometry: orb.Point{118.92, 29.0025}}},
	} {
		s = s.With(part(t, c, "330890", fs))
	}
	return s
}

// public are the collections that tiles are made of.
func public() []geo.Collection {
	return []geo.Collection{geo.Towns, geo.Units, geo.Cells, geo.Parcels, geo.Facilities}
}

// whole asks for the tile of zoom 10 around the village, in which all of it lies.
func whole() tiles.Request {
	return tiles.Request{Collections: public(), Address: addressOf(10, orb.Point{118.92, 29.005})}
}

func TestTileHasTheLayersOfItsCollections(t *testing.T) {
	layers := built(t, new(tiles.Builder), village(t), whole())
	var names []string
	for name := range layers {
		names = append(names, name)
	}
	slices.Sort(names)
	want := []string{
		"cells", "cells_borders", "cells_labels", "facilities", "parcels", "parcels_borders", "parcels_labels",
		"towns", "towns_labels", "units", "units_borders", "units_labels",
	}
	if !slices.Equal(names, want) {
		t.Errorf("layers %v", names)
	}
	for name, l := range layers {
		if !strings.HasSuffix(name, "_borders") && !sorted(codes(l)) {
			t.Errorf("%s: codes are not in order: %v", name, codes(l))
		}
	}
}

// find is the feature of a code.
func find(t *testing.T, l *mvt.Layer, code string) *geojson.Feature {
	t.Helper()
	for _, f := range l.Features {
		if f.Properties["code"] == code {
			return f
		}
	}
	t.Fatalf("%s has no feature %s", l.Name, code)
	return nil
}

func TestPropertiesAreTypedAndNullsLeftOut(t *testing.T) {
	layers := built(t, new(tiles.Builder), village(t), whole())
	for _, c := range []struct {
		layer, code string
		want        map[string]any
	}{
		{"towns", "T1", map[string]any{"code": "T1", "name": "湖镇", "class": 3.0, "type": "旅游小镇", "residents": 3500.0, "plan_area": 3e6}},
		{"cells", "003", map[string]any{"code": "003", "name": "网格003", "unit": "S2", "valid_from": "2026-01-01"}},
		{"parcels", "P1", map[string]any{"code": "P1", "name": "", "land_use": "0701", "code_system": "ydyh2023", "construction": true, "stated_area": -12.5}},
		{"facilities", "F2", map[string]any{"code": "F2", "name": "药店", "kind": "health"}},
	} {
		f := find(t, layers[c.layer], c.code)
		if fmt.Sprint(f.Properties) != fmt.Sprint(geojson.Properties(c.want)) {
			t.Errorf("%s: %v instead of %v", c.code, f.Properties, c.want)
		}
		if want := geo.FeatureID(geo.Collection(c.layer), geo.Code(c.code)); f.ID != float64(want) && f.ID != want {
			t.Errorf("%s: ID %v (%T) instead of %d", c.code, f.ID, f.ID, want)
		}
	}
}

// The type on the wire follows the schema: a whole number where it says integer, a double
// where it says number, whatever the store gave.
func TestNumbersAreWrittenByTheirSchema(t *testing.T) {
	body, err := tiles.Build(village(t), tiles.Request{Collections: []geo.Collection{geo.Towns}, Address: whole().Address, Content: tiles.Fills})
	if err != nil {
		t.Fatal(err)
	}
	for name, field := range map[string][]byte{
		"class 3 as int":           {0x22, 2, 0x20, 3},
		"residents 3500.0 as int":  {0x22, 3, 0x20, 0xac, 0x1b},
		"plan_area 3e6 as double":  {0x22, 9, 0x19, 0, 0, 0, 0, 0x60, 0xe3, 0x46, 0x41},
		"the version as the first": {0x78, 2, 0x0a, 5, 't', 'o', 'w', 'n', 's'},
	} {
		if !bytes.Contains(body, field) {
			t.Errorf("%s: % x is not in the tile", name, field)
		}
	}
}

func TestRequestsThatAreRefused(t *testing.T) {
	s := village(t)
	ok := whole().Address
	for _, c := range []struct {
		name, code string
		r          tiles.Request
	}{
		{"incidents", "not_public", tiles.Request{Collections: []geo.Collection{geo.Incidents}, Address: ok}},
		{"incidents among others", "not_public", tiles.Request{Collections: []geo.Collection{geo.Cells, geo.Incidents}, Address: ok}},
		{"no collection", "bad_collections", tiles.Request{Address: ok}},
		{"unknown collection", "unknown_collection", tiles.Request{Collections: []geo.Collection{"roads"}, Address: ok}},
		{"unknown datum", "unknown_datum", tiles.Request{Collections: public(), Address: ok, Datum: "mars"}},
		{"zoom", "no_such_tile", tiles.Request{Collections: public(), Address: tiles.Address{Z: 23}}},
		{"column", "no_such_tile", tiles.Request{Collections: public(), Address: tiles.Address{Z: 3, X: 8}}},
	} {
		body, err := tiles.Build(s, c.r)
		var e *geo.Error
		if !errors.As(err, &e) || e.Code != c.code || body != nil {
			t.Errorf("%s: %d bytes, %v", c.name, len(body), err)
		}
		if _, err := newCache(t, 0).Tile(t.Context(), s, c.r); !errors.As(err, &e) || e.Code != c.code {
			t.Errorf("%s is known: %v", c.name, err)
		}
	}
}

func TestParseCollections(t *testing.T) {
	for _, c := range []struct{ text, want, code string }{
		{"cells", "[cells]", ""},
		{"cells,units,towns", "[towns units cells]", ""},
		{"", "", "unknown_collection"},
		{"cells,", "", "unknown_collection"},
		{"cells,cells", "", "bad_collections"},
		{"incidents", "", "not_public"},
		{"Cells", "", "unknown_collection"},
		{strings.Repeat("x", 1<<20), "", "unknown_collection"},
	} {
		cs, err := tiles.ParseCollections(c.text)
		var e *geo.Error
		if c.code != "" && (!errors.As(err, &e) || e.Code != c.code || len(e.Text.EN) > 200) {
			t.Errorf("%.30q: %v", c.text, err)
		}
		if c.code == "unknown_collection" && (!strings.Contains(e.Text.ZH, "parcels, facilities") || strings.Contains(e.Text.EN+e.Text.ZH, "incidents")) {
			t.Errorf("%.30q: the message lists other collections than those that are public: %v", c.text, e.Text)
		}
		if c.code == "" && fmt.Sprint(cs) != c.want {
			t.Errorf("%q: %v, %v", c.text, cs, err)
		}
	}
}

// orb's own projection, clipping and rounding is the second opinion of simple shapes: squares
// in the middle of the tile come out alike.
func TestGeometryAgreesWithOrb(t *testing.T) {
	a := whole().Address
	l := built(t, new(tiles.Builder), village(t), whole())
	for _, c := range []struct{ layer, code string }{{"cells", "002"}, {"towns", "T1"}, {"facilities", "F1"}} {
		f, _, ok := village(t).Feature(geo.Collection(c.layer), geo.Code(c.code))
		if !ok {
			t.Fatal(c.code)
		}
		want := mvt.NewLayer(c.layer, geojson.NewFeatureCollection().Append(geojson.NewFeature(orb.Clone(f.Geometry))))
		want.ProjectToTile(maptile.New(a.X, a.Y, maptile.Zoom(a.Z)))
		got := find(t, l[c.layer], c.code).Geometry
		if !sameVertices(got, want.Features[0].Geometry) {
			t.Errorf("%s: %v instead of %v", c.code, got, want.Features[0].Geometry)
		}
	}
}

// sameVertices compares sets of vertices: orb rounds down where this package rounds to
// the nearest, so they may be a square apart.
func sameVertices(a, b orb.Geometry) bool {
	p, q := vertices(a), vertices(b)
	near := func(p, q []orb.Point) bool {
		for _, v := range p {
			if !slices.ContainsFunc(q, func(w orb.Point) bool {
				return math.Abs(v[0]-w[0]) <= 1 && math.Abs(v[1]-w[1]) <= 1
			}) {
				return false
			}
		}
		return true
	}
	return len(p) == len(q) && near(p, q) && near(q, p)
}

func vertices(g orb.Geometry) (ps []orb.Point) {
	switch g := g.(type) {
	case orb.Point:
		return []orb.Point{g}
	case orb.Polygon:
		for _, r := range g {
			ps = append(ps, r[1:]...)
		}
	case orb.MultiPolygon:
		for _, p := range g {
			ps = append(ps, vertices(p)...)
		}
	}
	return ps
}

// The same request gives the same bytes, from however many at once and whichever builder.
func TestBuildIsDeterministic(t *testing.T) {
	s := village(t).With(part(t, geo.Cells, "330803", cells(geotest.Tessellation(2, 300, district))))
	r := whole()
	want, err := tiles.Build(s, r)
	if err != nil || len(want) == 0 {
		t.Fatal(len(want), err)
	}
	var b tiles.Builder
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for k := range 4 {
				r := r
				if (i+k)%2 == 1 { // another tile between, so that buffers change hands
					r.Address = addressOf(12, district.Center())
				}
				got, err := b.Build(t.Context(), s, r)
				if err != nil || r.Z == 10 && !bytes.Equal(got, want) {
					t.Errorf("other bytes: %d instead of %d, %v", len(got), len(want), err)
				}
			}
		})
	}
	wg.Wait()
	slices.Reverse(r.Collections)
	if got, err := tiles.Build(s, r); err != nil || !bytes.Equal(got, want) {
		t.Errorf("the order in which collections are named matters: %v", err)
	}
}

func TestTileWithNothingIsEmpty(t *testing.T) {
	s := village(t)
	for _, r := range []tiles.Request{
		{Collections: public(), Address: tiles.Address{Z: 9}},
		{Collections: public(), Address: addressOf(18, orb.Point{118.92, 29.02})},
		{Collections: []geo.Collection{geo.Facilities}, Address: addressOf(18, orb.Point{118.9, 29.005})},
	} {
		if body, err := tiles.Build(s, r); err != nil || len(body) != 0 {
			t.Errorf("%v: %d bytes, %v", r, len(body), err)
		}
	}
	if body, err := tiles.Build(snapshot.Empty(), whole()); err != nil || len(body) != 0 {
		t.Errorf("an empty snapshot gives %d bytes, %v", len(body), err)
	}
}

// With a datum the features move by its shift, and a tile that only the shift brings them
// into has them.
func TestDatumShiftsBeforeTiling(t *testing.T) {
	s := village(t)
	at := orb.Point{118.92, 29.0025}
	for _, d := range []crs.Datum{crs.WGS84, crs.GCJ02, crs.BD09} {
		want := d.FromCGCS2000(at)
		r := tiles.Request{Collections: []geo.Collection{geo.Facilities}, Address: addressOf(22, want), Datum: d}
		l := built(t, new(tiles.Builder), s, r)["facilities"]
		if l == nil {
			t.Errorf("%s: nothing at %v", d, want)
			continue
		}
		p := find(t, l, "F1").Geometry.(orb.Point)
		b := r.Bound()
		lon := b.Min[0] + p[0]*(b.Max[0]-b.Min[0])/tiles.Extent
		lat := latitude(r.Address, p[1])
		if dx, dy := (lon-want[0])*97_000, (lat-want[1])*111_000; math.Hypot(dx, dy) > 0.002 {
			t.Errorf("%s: off by %.4f m", d, math.Hypot(dx, dy))
		}
	}
}

// A part wider than the fine grid's offsets reach is kept coarser, and still right.
func TestPartAcrossTheWorld(t *testing.T) {
	corners := []orb.Point{{-179.9, -80}, {-60, 10}, {0, 0}, {118.92, 29}, {179.9, 84}}
	fs := make([]geo.Feature, len(corners))
	for i, p := range corners {
		fs[i] = geo.Feature{Code: geo.Code(fmt.Sprint(i)), Geometry: p}
	}
	s := snapshot.Empty().With(part(t, geo.Facilities, "330890", fs))
	for i, p := range corners {
		l := built(t, new(tiles.Builder), s, tiles.Request{Collections: []geo.Collection{geo.Facilities}, Address: addressOf(20, p)})["facilities"]
		if l == nil || l.Features[0].Properties["code"] != fmt.Sprint(i) {
			t.Errorf("%v is not in its tile", p)
		}
	}
}

// Features of several divisions come in order of code.
func TestDivisionsAreMerged(t *testing.T) {
	s := snapshot.Empty()
	for _, d := range []geo.Division{"330802", "330803"} {
		w := 118.9
		if d == "330803" {
			w = 118.905
		}
		fs := []geo.Feature{{Code: "a" + geo.Code(d), Geometry: rectangle(w, 29, w+0.002, 29.01)}, {Code: "b" + geo.Code(d), Geometry: rectangle(w+0.002, 29, w+0.005, 29.01)}}
		s = s.With(part(t, geo.Cells, d, fs))
	}
	r := whole()
	r.Address = addressOf(13, orb.Point{118.905, 29.005})
	l := built(t, new(tiles.Builder), s, r)["cells"]
	if got := fmt.Sprint(codes(l)); got != "[a330802 a330803 b330802 b330803]" {
		t.Error(got)
	}
}

// The work stops soon after its context has ended.
func TestBuildStopsWithItsContext(t *testing.T) {
	s := snapshotOf(t, geotest.Tessellation(9, 12000, district))
	r := tiles.Request{Collections: []geo.Collection{geo.Cells}, Address: addressOf(8, district.Center())}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
	defer cancel()
	_, err := new(tiles.Builder).Build(ctx, s, r)
	end, _ := ctx.Deadline()
	if took := time.Since(end); !errors.Is(err, context.DeadlineExceeded) || took > 10*time.Second {
		t.Errorf("%v after %v", err, took)
	}
}

// A part that is out of use is let go of, with what tiles kept of it.
func TestBuilderLetsPartsGo(t *testing.T) {
	var b tiles.Builder
	gone := make(chan struct{})
	func() {
		p := part(t, geo.Cells, "330890", cells(geotest.Tessellation(4, 50, district)))
		runtime.AddCleanup(p, func(c chan struct{}) { close(c) }, gone)
		built(t, &b, snapshot.Empty().With(p), tiles.Request{Collections: []geo.Collection{geo.Cells}, Address: addressOf(10, district.Center())})
	}()
	for range 100 {
		runtime.GC()
		select {
		case <-gone:
			for range 100 {
				if tiles.Kept(&b) == 0 {
					return
				}
				time.Sleep(10 * time.Millisecond)
			}
			t.Fatal("the picture is still kept")
		case <-time.After(10 * time.Millisecond):
		}
	}
	t.Fatal("the part is still held")
}

// What is allocated for a tile does not grow with its features.
func TestNothingIsAllocatedForAFeature(t *testing.T) {
	s := snapshotOf(t, geotest.Tessellation(6, 3000, district))
	var b tiles.Builder
	allocs := func(z uint8) (float64, int) {
		r := tiles.Request{Collections: []geo.Collection{geo.Cells}, Address: addressOf(z, district.Center())}
		n := len(built(t, &b, s, r)["cells"].Features)
		return testing.AllocsPerRun(5, func() {
			if _, err := b.Build(t.Context(), s, r); err != nil {
				t.Fatal(err)
			}
		}), n
	}
	few, n := allocs(16)
	many, m := allocs(11)
	t.Logf("%v allocations for %d features, %v for %d", few, n, many, m)
	if m < 50*n || many > few+float64(m)/2 { // the race detector has buffers be lost now and then
		t.Errorf("%v allocations for %d features, %v for %d", few, n, many, m)
	}
}

// A builder that is out of use is not held by the parts it has drawn.
func TestPartsDoNotHoldBuilders(t *testing.T) {
	s := village(t)
	gone := make(chan struct{}, 1)
	func() {
		b := new(tiles.Builder)
		runtime.AddCleanup(b, func(c chan struct{}) { c <- struct{}{} }, gone)
		built(t, b, s, whole())
	}()
	for range 100 {
		runtime.GC()
		select {
		case <-gone:
			runtime.KeepAlive(s)
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
	t.Fatal("the builder is still held")
}

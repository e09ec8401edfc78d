package tiles_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"towngrid/geo"
	"towngrid/geo/geotest"
	"towngrid/tiles"
)

// ogr reads one layer of a tile with GDAL, as GeoJSON in degrees.
func ogr(t *testing.T, a tiles.Address, body []byte, layer string) *geojson.FeatureCollection {
	t.Helper()
	dir := filepath.Join(t.TempDir(), fmt.Sprint(a.Z), fmt.Sprint(a.X))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, fmt.Sprint(a.Y)+".pbf")
	if err := os.WriteFile(file, body, 0o600); err != nil {
		t.Fatal(err)
	}
	return ogrOf(t, file, layer, "-oo", "CLIP=NO")
}

// ogrOf reads a layer of what GDAL opens by a name, as GeoJSON in degrees.
func ogrOf(t *testing.T, name, layer string, options ...string) *geojson.FeatureCollection {
	t.Helper()
	tool, err := exec.LookPath("ogr2ogr")
	if err != nil {
		missing(t, "ogr2ogr; install gdal-bin")
	}
	out := filepath.Join(t.TempDir(), "out.json")
	args := append([]string{"-f", "GeoJSON", "-t_srs", "EPSG:4326", "-lco", "COORDINATE_PRECISION=12"}, options...)
	if msg, err := exec.Command(tool, append(args, out, name, layer)...).CombinedOutput(); err != nil || len(msg) > 0 {
		t.Fatalf("ogr2ogr on %s of %s: %v\n%s", layer, name, err, msg)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	fc := geojson.NewFeatureCollection()
	if err := json.Unmarshal(b, fc); err != nil {
		t.Fatal(err)
	}
	return fc
}

// GDAL reads every layer without a word of complaint, with its features, types and places.
func TestGDALReadsTheTiles(t *testing.T) {
	s := village(t)
	r := whole()
	body, err := tiles.Build(s, r)
	if err != nil {
		t.Fatal(err)
	}
	for name, l := range decode(t, body) {
		fc := ogr(t, r.Address, body, name)
		if len(fc.Features) != len(l.Features) {
			t.Errorf("%s: GDAL reads %d features of %d", name, len(fc.Features), len(l.Features))
		}
	}
	town := ogr(t, r.Address, body, "towns").Features[0]
	for k, want := range map[string]any{"code": "T1", "name": "湖镇", "class": 3.0, "plan_area": 3e6, "residents": 3500.0, "stage": nil} {
		if got := town.Properties[k]; got != want {
			t.Errorf("%s is %v (%T) instead of %v", k, got, got, want)
		}
	}
	f, _, _ := s.Feature(geo.Towns, "T1")
	if p := judged(town.Geometry); len(p) != 1 || len(p[0]) != 2 || !near(p[0][0].Bound(), f.Geometry.Bound(), 1e-4) {
		t.Errorf("the town is %v", town.Geometry)
	}
}

// GDAL, which rewinds and repairs nothing here, has the same areas of irregular cells as the source, to
// what the grid can hold, and holds them valid.
func TestGDALReadsIrregularCells(t *testing.T) {
	mps := geotest.Tessellation(17, 120, district)
	s := snapshotOf(t, mps)
	a := addressOf(8, district.Center())
	body, err := tiles.Build(s, tiles.Request{Collections: []geo.Collection{geo.Cells}, Address: a, Content: tiles.Fills})
	if err != nil {
		t.Fatal(err)
	}
	fc := ogr(t, a, body, "cells")
	square := 360 / math.Ldexp(tiles.Extent, int(a.Z)) // degrees
	room := 0.0
	left := map[string]orb.MultiPolygon{} // cells that are not drawn alone
	for i, mp := range mps {
		left[fmt.Sprintf("330890%06d", i)] = mp
	}
	alone := 0
	for _, f := range fc.Features {
		got, want := geotest.Area(judged(f.Geometry)), 0.0
		if code, ok := f.Properties["code"].(string); ok {
			alone++
			want, room = geotest.Area(left[code]), lengthOf(left[code])*square*(1+tiles.Tolerance)
			delete(left, code)
		} else { // merged, and the last
			for _, mp := range left {
				want, room = want+geotest.Area(mp), room+lengthOf(mp)*square
			}
		}
		if math.Abs(got-want) > room {
			t.Errorf("cell %v: area %g instead of %g", f.Properties["code"], got, want)
		}
		if err := geotest.Valid(judged(f.Geometry)); err != nil {
			t.Errorf("cell %v: %v", f.Properties["code"], err)
		}
	}
	if alone < 50 || len(left) < 10 {
		t.Errorf("%d cells alone, %d merged", alone, len(left))
	}
}

// lengthOf is the length of all rings in the coordinates' unit.
func lengthOf(mp orb.MultiPolygon) (length float64) {
	for _, p := range mp {
		for _, r := range p {
			for k := 1; k < len(r); k++ {
				length += math.Hypot(r[k][0]-r[k-1][0], r[k][1]-r[k-1][1])
			}
		}
	}
	return length
}

func judged(g orb.Geometry) orb.MultiPolygon {
	switch g := g.(type) {
	case orb.Polygon:
		return orb.MultiPolygon{g}
	case orb.MultiPolygon:
		return g
	}
	return nil
}

func near(a, b orb.Bound, d float64) bool {
	return math.Abs(a.Min[0]-b.Min[0]) < d && math.Abs(a.Min[1]-b.Min[1]) < d &&
		math.Abs(a.Max[0]-b.Max[0]) < d && math.Abs(a.Max[1]-b.Max[1]) < d
}

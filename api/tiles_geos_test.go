package api

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/encoding/wkb"
	"github.com/paulmach/orb/maptile"

	"towngrid/data/pgtest"
	"towngrid/geo"
	"towngrid/geo/geotest"
	"towngrid/geo/snapshot"
	"towngrid/tiles"
)

// GEOS, asked through PostGIS, holds every polygon of the tiles of every zoom valid, and finds that no two of a
// tile overlap.
func TestGEOSHoldsTilesValid(t *testing.T) {
	conn, err := pgx.Connect(t.Context(), pgtest.Start(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	bound := orb.Bound{Min: orb.Point{118.72, 28.81}, Max: orb.Point{119.04, 29.09}}
	var cells []geo.Feature
	for i, mp := range geotest.Tessellation(21, 700, bound) {
		cells = append(cells, geo.Feature{Code: geo.Code(fmt.Sprintf("330890%06d", i)), Geometry: mp,
			Properties: geo.Properties{{Name: "unit", Value: fmt.Sprintf("S%d", i/9)}}})
	}
	p, err := snapshot.NewPart(geo.Version{ID: "v", Number: 1, Collection: geo.Cells, Division: "330890"}, cells)
	if err != nil {
		t.Fatal(err)
	}
	s := snapshot.Empty().With(p)
	var b tiles.Builder
	judged := 0
	for z := uint8(3); z <= tiles.MaxZoom; z++ {
		at := maptile.At(orb.Point{118.85, 28.95}, maptile.Zoom(z))
		a := tiles.Address{Z: z, X: at.X, Y: at.Y}
		body, err := b.Build(t.Context(), s, tiles.Request{Collections: []geo.Collection{geo.Cells}, Address: a, Content: tiles.Fills})
		if err != nil {
			t.Fatal(err)
		}
		layers, err := mvt.Unmarshal(body)
		if err != nil {
			t.Fatal(err)
		}
		if len(layers) == 0 {
			continue
		}
		var shapes [][]byte
		for _, f := range layers[0].Features {
			bytes, err := wkb.Marshal(f.Geometry)
			if err != nil {
				t.Fatal(err)
			}
			shapes = append(shapes, bytes)
		}
		judged += len(shapes)
		var invalid, overlapping int
		err = conn.QueryRow(t.Context(), `
			WITH g AS (SELECT i, ST_GeomFromWKB(w) AS geom FROM unnest($1::bytea[]) WITH ORDINALITY AS u(w, i))
			SELECT (SELECT count(*) FROM g WHERE NOT ST_IsValid(geom)),
			       (SELECT count(*) FROM g a JOIN g b ON a.i < b.i AND a.geom && b.geom AND ST_Relate(a.geom, b.geom, '2********'))`,
			shapes).Scan(&invalid, &overlapping)
		if err != nil {
			t.Fatal(err)
		}
		if invalid > 0 || overlapping > 0 {
			t.Errorf("zoom %d: GEOS holds %d of %d polygons invalid, and %d pairs overlap", z, invalid, len(shapes), overlapping)
		}
	}
	if judged < 500 {
		t.Errorf("%d polygons show little", judged)
	}
}

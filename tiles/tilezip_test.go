package tiles_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"towngrid/geo/crs"
	"towngrid/geo/geotest"
	"towngrid/geo/snapshot"
	"towngrid/tiles"
)

// zipOf writes an archive as a zip.
func zipOf(t *testing.T, s *snapshot.Snapshot, a tiles.Archive) []byte {
	t.Helper()
	d, err := a.Metadata(s)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := tiles.WriteZip(&b, d, a.Tiles(t.Context(), s, nil)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Each tile of both grids and all datums is in the zip where GDAL's convention has it, as Build makes it, and
// nothing else is; the same version gives the same bytes.
func TestAZipHoldsTheTiles(t *testing.T) {
	s := snapshotOf(t, geotest.Tessellation(4, 150, district))
	for _, grid := range tiles.Grids() {
		for _, datum := range []crs.Datum{crs.WGS84, crs.GCJ02, crs.BD09} {
			a := archiveOf(0, 10)
			a.Grid, a.Datum = grid, datum
			body := zipOf(t, s, a)
			if !bytes.Equal(body, zipOf(t, s, a)) {
				t.Errorf("%s %s: the same version gives other bytes", grid, datum)
			}
			z, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
			if err != nil {
				t.Fatal(err)
			}
			files := map[string][]byte{}
			for _, f := range z.File {
				r, err := f.Open()
				if err != nil {
					t.Fatal(err)
				}
				if files[f.Name], err = io.ReadAll(r); err != nil {
					t.Fatal(err)
				}
			}
			down := 0
			if grid == tiles.CGCS2000Quad {
				down = 1
			}
			n := 0
			for at := range a.Addresses(s) {
				r := a.Request
				r.Address = at
				want, err := tiles.Build(s, r)
				if err != nil {
					t.Fatal(err)
				}
				name := fmt.Sprintf("%d/%d/%d.pbf", int(at.Z)+down, at.X, at.Y)
				if len(want) == 0 && files[name] == nil {
					continue
				}
				if n++; !bytes.Equal(unpacked(t, files[name], tiles.Gzip), want) {
					t.Errorf("%s %s: %s is another tile", grid, datum, name)
				}
			}
			if n < 11 || len(files) != n+1 {
				t.Errorf("%s %s: %d files, %d tiles", grid, datum, len(files), n)
			}
			var meta struct {
				CRS              string `json:"crs"`
				Bounds           string
				MinZoom, MaxZoom int
				Datum            crs.Datum
			}
			if err := json.Unmarshal(files["metadata.json"], &meta); err != nil || meta.Datum != datum || meta.Bounds == "" ||
				meta.CRS != map[int]string{0: "EPSG:3857", 1: "EPSG:4490"}[down] || meta.MinZoom != down || meta.MaxZoom != 10+down {
				t.Errorf("%s %s: %+v, %v", grid, datum, meta, err)
			}
		}
	}
}

// GDAL reads the cells of both grids out of the zip, where they are.
func TestGDALReadsAZip(t *testing.T) {
	mps := geotest.Tessellation(4, 40, district)
	s := snapshotOf(t, mps)
	for _, grid := range tiles.Grids() {
		a := archiveOf(8, 8)
		zoom := 8
		if a.Grid = grid; grid == tiles.CGCS2000Quad {
			zoom = 9
		}
		file := filepath.Join(t.TempDir(), "tiles.zip")
		if err := os.WriteFile(file, zipOf(t, s, a), 0o600); err != nil {
			t.Fatal(err)
		}
		fc := ogrOf(t, "MVT:/vsizip/"+file+"/"+fmt.Sprint(zoom), "cells")
		got, want := 0.0, 0.0
		for _, f := range fc.Features { // in pieces, one in each tile that it meets
			got += geotest.Area(judged(f.Geometry))
		}
		for _, mp := range mps {
			want += geotest.Area(mp)
		}
		if len(fc.Features) < len(mps) || got < 0.999*want || got > 1.001*want {
			t.Errorf("%s: %d pieces of %d cells, area %g instead of %g", grid, len(fc.Features), len(mps), got, want)
		}
	}
}

// A zip that cannot be written says so.
func TestAZipThatFails(t *testing.T) {
	s := snapshotOf(t, geotest.Tessellation(4, 40, district))
	a := archiveOf(0, 9)
	d, err := a.Metadata(s)
	if err != nil {
		t.Fatal(err)
	}
	full := errors.New("full")
	if err := tiles.WriteZip(failing{full}, d, a.Tiles(t.Context(), s, nil)); !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
	broken := func(yield func(tiles.Packed, error) bool) { yield(tiles.Packed{}, full) }
	if err := tiles.WriteZip(io.Discard, d, broken); !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
}

// failing takes nothing.
type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

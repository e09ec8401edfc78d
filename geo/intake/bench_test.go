package intake

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/geotest"
	"towngrid/geo/shapefile"
	"towngrid/geo/snapshot"
)

// district is a zipped shapefile of 50,000 cells of 60 vertices in Gauss-Krüger metres,
// and a snapshot in which their 500 units are live.
var district = sync.OnceValues(func() (file []byte, live *snapshot.Snapshot) {
	const perUnit = 100
	cells, units := geotest.District(7, 50_000, perUnit)
	grid, err := crs.FromEPSG(4528)
	if err != nil {
		panic(err)
	}
	code := func(i int) string { return fmt.Sprintf("330890%06d", i) }
	var out bytes.Buffer
	err = shapefile.Write(&out, shapefile.Output{
		Name: "网格", PRJ: grid.WKT(), Encoding: "GBK", ShapeType: "Polygon", Fields: text20("WGBM", "WGMC", "SSDYBM"),
		Records: func(yield func(shapefile.Record, error) bool) {
			for i, mp := range cells {
				values := []any{fmt.Sprintf("330890%09d", i), fmt.Sprintf("第%d网格", i), code(i / perUnit)}
				if !yield(shapefile.Record{Number: i + 1, Geometry: mp, Values: values}, nil) {
					return
				}
			}
		},
	})
	if err != nil {
		panic(err)
	}
	var fs []geo.Feature
	for i, mp := range units {
		for _, poly := range mp {
			for _, r := range poly {
				grid.ToGeographicAll(r)
			}
		}
		fs = append(fs, geo.Feature{Code: geo.Code(code(i)), Name: "站", Geometry: mp, Properties: geo.Properties{{Name: "level", Value: "station"}}})
	}
	part, err := snapshot.NewPart(geo.Version{ID: "u", Collection: geo.Units, Division: "330890", Number: 1}, fs)
	if err != nil {
		panic(err)
	}
	return out.Bytes(), snapshot.Empty().With(part)
})

func job(file []byte, live *snapshot.Snapshot) Job {
	return Job{File: "cells.zip", Source: bytes.NewReader(file), Size: int64(len(file)), Collection: geo.Cells, Division: "330890", Live: Published(live)}
}

// BenchmarkDistrict takes 50,000 cells of 60 vertices through the door: reading and
// transforming them, beside ogr2ogr doing that and no more (into a GeoPackage and into
// nothing but memory), and reading with all checks.
func BenchmarkDistrict(b *testing.B) {
	file, live := district()
	path := filepath.Join(b.TempDir(), "cells.zip")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		b.Fatal(err)
	}
	b.Run("read+transform", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r := reader{ctx: context.Background(), job: job(file, live), schema: geo.Cells.Schema()}
			r.job.Progress = func(bool, float64) {}
			for _, step := range []func() error{r.open, r.decode, r.locateCRS, r.mapColumns, r.build} {
				if err := step(); err != nil {
					b.Fatal(err)
				}
			}
			if len(r.result.Features) != 50_000 || geo.Refused(r.result.Violations) {
				b.Fatal(len(r.result.Features), r.result.Violations)
			}
		}
	})
	for name, args := range map[string][]string{"GPKG": {"-f", "GPKG", "out.gpkg"}, "Memory": {"-f", "Memory", "out"}} {
		b.Run("ogr2ogr/"+name, func(b *testing.B) {
			if _, err := exec.LookPath("ogr2ogr"); err != nil {
				b.Skip("SKIPPED: needs ogr2ogr (apt-get install gdal-bin)")
			}
			for b.Loop() {
				cmd := exec.Command("ogr2ogr", append(args, "/vsizip/"+path, "-t_srs", "EPSG:4490", "-nlt", "PROMOTE_TO_MULTI")...)
				cmd.Dir = b.TempDir()
				if out, err := cmd.CombinedOutput(); err != nil {
					b.Fatalf("%v: %s", err, out)
				}
			}
		})
	}
	b.Run("read+check", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			res, err := Read(context.Background(), job(file, live))
			if err != nil || len(res.Features) != 50_000 || len(res.Violations) != 0 {
				b.Fatal(err, len(res.Features), found(res))
			}
		}
	})
}

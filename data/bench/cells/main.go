// Command cells writes the files that the figures of the planner's road are measured
// on: cells without gaps and the stations that they belong to, a hundred cells each, as
// zipped shapefiles in CGCS2000 Gauss-Krüger metres (EPSG:4528, 3-degree zone 40 with its
// prefix) with GBK attributes. The same options give the same bytes.
//
//	go run ./data/bench/cells [-n 50000] [-seed 7] DIR
//
// makes DIR/cells.zip and DIR/units.zip, and prints what it wrote: see geotest.District.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"iter"
	"os"
	"path/filepath"

	"github.com/paulmach/orb"

	"towngrid/geo/crs"
	"towngrid/geo/geotest"
	"towngrid/geo/shapefile"
)

// perUnit is how many cells a unit has.
const perUnit = 100

func main() {
	n := flag.Int("n", 50_000, "cells")
	seed := flag.Uint64("seed", 7, "seed of the generator")
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(flag.Arg(0), *seed, *n); err != nil {
		fmt.Fprintln(os.Stderr, "cells:", err)
		os.Exit(1)
	}
}

// run makes cells and units and their files.
func run(dir string, seed uint64, n int) error {
	cells, units := geotest.District(seed, n, perUnit)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	err := write(filepath.Join(dir, "units.zip"), "网格单元", []string{"DYBM", "DYMC", "DYCJ"}, units, func(i int) []any {
		return []any{unitCode(i), fmt.Sprintf("第%d站", i), "station"}
	})
	if err != nil {
		return err
	}
	return write(filepath.Join(dir, "cells.zip"), "网格", []string{"WGBM", "WGMC", "SSDYBM"}, cells, func(i int) []any {
		return []any{fmt.Sprintf("330890%09d", i), fmt.Sprintf("第%d网格", i), unitCode(i / perUnit)}
	})
}

func unitCode(i int) string { return fmt.Sprintf("330890%06d", i) }

// write makes one zipped shapefile of text fields.
func write(path, name string, fields []string, polys []orb.MultiPolygon, values func(i int) []any) error {
	grid, err := crs.FromEPSG(4528)
	if err != nil {
		return err
	}
	out := shapefile.Output{Name: name, PRJ: grid.WKT(), Encoding: "GBK", ShapeType: "Polygon", Records: records(polys, values)}
	for _, f := range fields {
		out.Fields = append(out.Fields, shapefile.Field{Name: f, Type: 'C', Length: 30})
	}
	var b bytes.Buffer
	if err := shapefile.Write(&b, out); err != nil {
		return err
	}
	vertices := 0
	for _, mp := range polys {
		for _, poly := range mp {
			for _, r := range poly {
				vertices += len(r) - 1
			}
		}
	}
	fmt.Printf("%s: %d polygons, %.1f vertices each, %.1f MB\n", path, len(polys), float64(vertices)/float64(len(polys)), float64(b.Len())/1e6)
	return os.WriteFile(path, b.Bytes(), 0o644)
}

func records(polys []orb.MultiPolygon, values func(i int) []any) iter.Seq2[shapefile.Record, error] {
	return func(yield func(shapefile.Record, error) bool) {
		for i, mp := range polys {
			if !yield(shapefile.Record{Number: i + 1, Geometry: mp, Values: values(i)}, nil) {
				return
			}
		}
	}
}

package demo_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/data/demo"
	"towngrid/geo"
	"towngrid/geo/coverage"
	"towngrid/geo/intake"
	"towngrid/geo/snapshot"
	"towngrid/geo/zoning"
)

// ground is the district as zoning reads it from its files.
func ground(tb testing.TB) zoning.Input {
	tb.Helper()
	d, err := demo.New(demo.Options{Incidents: -1})
	if err != nil {
		tb.Fatal(err)
	}
	var blocks, roads, units bytes.Buffer
	n, m, err := d.WriteZoning(&blocks, &roads)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := d.WriteZip(&units, geo.Units); err != nil {
		tb.Fatal(err)
	}
	read := func(b *bytes.Buffer, kind intake.ShapeKind) []intake.Shape {
		shapes, violations, err := intake.Shapes(context.Background(), intake.Job{File: "a.zip", Source: bytes.NewReader(b.Bytes()), Size: int64(b.Len()), Live: intake.Published(snapshot.Empty())}, kind)
		if err != nil || len(violations) > 0 {
			tb.Fatal(err, violations)
		}
		return shapes
	}
	in := zoning.Input{Division: demo.Division, Date: "2026-11-25"}
	for _, s := range read(&blocks, intake.AsPolygons) {
		in.Blocks = append(in.Blocks, zoning.Block{Name: s.Values.Text("DKBM"), Record: s.Record, Shape: s.Geometry.(orb.MultiPolygon), Values: s.Values})
	}
	for _, s := range read(&roads, intake.AsLines) {
		for _, l := range s.Geometry.(orb.MultiLineString) {
			in.Lines = append(in.Lines, l)
		}
	}
	for _, s := range read(&units, intake.AsPolygons) {
		if s.Values.Text("DYCJ") == "网格警务站" {
			in.Units = append(in.Units, zoning.Unit{Code: geo.Code(s.Values.Text("DYBM")), Shape: s.Geometry.(orb.MultiPolygon)})
		}
	}
	if len(in.Blocks) != n || len(in.Lines) != m || len(in.Units) != demo.Stations {
		tb.Fatalf("%d blocks of %d, %d roads of %d, %d stations", len(in.Blocks), n, len(in.Lines), m, len(in.Units))
	}
	return in
}

func plan() zoning.Plan {
	return zoning.Plan{Method: zoning.Balanced, Cells: demo.Cells, Load: []zoning.Term{{Of: zoning.OfColumn, Column: "CZRK"}}, Residents: "CZRK"}
}

// The district's blocks become as many cells as it has, each of one piece, without gap
// or overlap but for its lake, and as even as the blocks allow within a twentieth.
func TestDistrictIsZoned(t *testing.T) {
	in := ground(t)
	out, err := zoning.Propose(context.Background(), plan(), in, nil)
	if err != nil {
		t.Fatal(err)
	}
	f := out.Figures
	t.Logf("%d blocks, within %.3f (naive %.3f, at most %.3f), max/mean %.2f (naive %.2f, heaviest block %.2f), compactness %.3f (naive %.3f), on roads %.3f (naive %.3f)",
		out.Blocks, f.Within, out.Naive.Within, out.Bound.Within, f.Load.MaxOverMean, out.Naive.Load.MaxOverMean, out.Bound.Block, f.Compactness, out.Naive.Compactness, f.OnLines, out.Naive.OnLines)
	if f.Cells != demo.Cells || f.Pieces != 0 || f.Within < 0.95*out.Bound.Within {
		t.Errorf("%+v", f)
	}
	shapes := make([]orb.MultiPolygon, len(out.Cells))
	for i, c := range out.Cells {
		shapes[i] = c.Geometry.(orb.MultiPolygon)
		if len(shapes[i]) != 1 {
			t.Errorf("cell %s has %d pieces", c.Code, len(shapes[i]))
		}
	}
	for _, d := range coverage.Build(shapes).Check(coverage.Options{}) {
		if d.Kind != coverage.Gap || d.AreaM2 < 4e6 {
			t.Errorf("%+v", d)
		}
	}
}

// BenchmarkDistrict makes 1,000 cells of the district's blocks.
func BenchmarkDistrict(b *testing.B) {
	in := ground(b)
	var out zoning.Proposal
	for b.Loop() {
		var err error
		if out, err = zoning.Propose(context.Background(), plan(), in, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(out.Blocks), "blocks")
	b.ReportMetric(float64(out.Figures.Cells), "cells")
	b.ReportMetric(100*out.Figures.Within, "%within")
	b.ReportMetric(100*out.Bound.Within, "%within-bound")
	b.ReportMetric(100*out.Naive.Within, "%within-naive")
	b.ReportMetric(out.Figures.Load.MaxOverMean, "max/mean")
	b.ReportMetric(out.Naive.Load.MaxOverMean, "max/mean-naive")
	b.ReportMetric(out.Figures.Compactness, "polsby-popper")
	b.ReportMetric(out.Naive.Compactness, "polsby-popper-naive")
	b.ReportMetric(100*out.Figures.OnLines, "%on-roads")
	b.ReportMetric(100*out.Naive.OnLines, "%on-roads-naive")
}

package coverage_test

import (
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo/coverage"
	"towngrid/geo/crs"
	"towngrid/geo/geotest"
)

// BenchmarkDistrict finds the shared edges of 50,000 cells of 60 vertices and checks
// them for gaps and overlaps, as an upload does: where there are none, and where every
// hundredth cell has one vertex moved by half a metre.
func BenchmarkDistrict(b *testing.B) {
	grid, err := crs.FromEPSG(4528)
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		every int // cells for each vertex moved
		least int // defects
	}{{"sound", 1 << 30, 0}, {"every hundredth cell off", 100, 400}} {
		cells, _ := geotest.District(7, 50_000, 100)
		for i, mp := range cells {
			r := mp[0][0]
			if i%c.every == c.every-1 {
				r[len(r)/2][0] += 0.5
			}
			grid.ToGeographicAll(r)
		}
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if n := len(check(cells)); n < c.least || c.least == 0 && n > 0 {
					b.Fatalf("%d defects", n)
				}
			}
		})
	}
}

func check(cells []orb.MultiPolygon) []coverage.Defect {
	return coverage.Build(cells).Check(coverage.Options{})
}

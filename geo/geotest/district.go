package geotest

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// District makes n cells of about 200 m in a square around 118.8°E 28.9°N, and the units
// that each unite perUnit of them: cell i lies in unit i/perUnit. Coordinates are metres
// in EPSG:4528 (3-degree zone 40 with its prefix) with four decimals. Borders are fractal
// lines, shared bit for bit by all that they divide; from some thousand cells on a cell
// has 60 vertices in the mean, some many more than others. A count that NewMesh would
// refuse panics.
func District(seed uint64, n, perUnit int) (cells, units []orb.MultiPolygon) {
	half := 100 * math.Sqrt(float64(n))
	centre := orb.Point{40_480_500, 3_198_000}
	bound := orb.Bound{Min: orb.Point{centre[0] - half, centre[1] - half}, Max: orb.Point{centre[0] + half, centre[1] + half}}
	m, err := NewMesh(Options{Seed: seed, Cells: n, Relax: 1, Segments: 16, Decimals: 4, Bound: bound})
	if err != nil {
		panic(fmt.Sprintf("geotest: %v", err))
	}
	labels := make([]int, n)
	for i := range labels {
		labels[i] = i / perUnit
	}
	cells, units = m.Cells(), m.Dissolve(labels)
	shared := map[orb.Point]int{}
	for _, mp := range cells {
		for _, p := range mp[0][0][1:] {
			shared[p]++
		}
	}
	inner := bound.Pad(-1)
	maps.DeleteFunc(shared, func(p orb.Point, _ int) bool { return !inner.Contains(p) }) // the outline stays
	thin(cells, shared)
	thin(units, shared)
	return cells, units
}

// thin leaves out two in seven of the vertices that exactly two cells share, the same
// ones wherever they stand, which brings 82 vertices in the mean down to 60.
func thin(polys []orb.MultiPolygon, shared map[orb.Point]int) {
	for _, mp := range polys {
		for _, poly := range mp {
			for i, r := range poly {
				kept := slices.DeleteFunc(r[:len(r)-1], func(p orb.Point) bool {
					return shared[p] == 2 && uint64(math.Round(p[0]*1e4)+math.Round(p[1]*1e4))%7 < 2
				})
				poly[i] = append(kept, kept[0])
			}
		}
	}
}

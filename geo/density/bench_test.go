package density

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/snapshot"
)

// shift moves polygons; vertices that neighbours share stay shared.
func shift(mp orb.MultiPolygon, lon, lat float64) orb.MultiPolygon {
	out := mp.Clone()
	for _, p := range out {
		for _, r := range p {
			for i := range r {
				r[i][0] += lon
				r[i][1] += lat
			}
		}
	}
	return out
}

// blocks is a gap-free coverage of 14 by 15 parcels on 0.02° by 0.02°: corners off
// the grid, and on each side two vertices that neighbours share, 12 in all.
func blocks(rng *rand.Rand) (cells []orb.MultiPolygon) {
	const columns, rows, w, h = 14, 15, 0.02 / 14, 0.02 / 15
	off := func(size float64) float64 { return size * 0.3 * (rng.Float64() - 0.5) }
	var corner [columns + 1][rows + 1]orb.Point
	var east, north [columns + 1][rows + 1][2]orb.Point
	for i := range corner {
		for j := range corner[i] {
			corner[i][j] = orb.Point{w*float64(i) + off(w), h*float64(j) + off(h)}
			for k := range 2 {
				f := float64(k+1) / 3
				east[i][j][k] = orb.Point{w*(float64(i)+f) + off(w/3), h*float64(j) + off(h/3)}
				north[i][j][k] = orb.Point{w*float64(i) + off(w/3), h*(float64(j)+f) + off(h/3)}
			}
		}
	}
	for i := range columns {
		for j := range rows {
			south, top, west, right := east[i][j], east[i][j+1], north[i][j], north[i+1][j]
			cells = append(cells, orb.MultiPolygon{{{
				corner[i][j], south[0], south[1], corner[i+1][j], right[0], right[1],
				corner[i+1][j+1], top[1], top[0], corner[i][j+1], west[1], west[0], corner[i][j],
			}}})
		}
	}
	return cells[:200]
}

// county makes n towns of 200 parcels each, a third of them residential. Each
// town's border of 60 vertices runs across its parcels.
func county(b *testing.B, n int) (*snapshot.Snapshot, []geo.Code) {
	b.Helper()
	rng := rand.New(rand.NewPCG(66, 0))
	var patterns [8][]orb.MultiPolygon
	for i := range patterns {
		patterns[i] = blocks(rng)
	}
	uses := []string{"0701", "0702", "070102", "1207", "1001", "0901", "0804", "1401", "0101"}
	var w world
	var codes []geo.Code
	for i := range n {
		lon, lat := 118+0.03*float64(i%32), 28+0.03*float64(i/32)
		code := fmt.Sprintf("T%04d", i)
		codes = append(codes, geo.Code(code))
		w.towns = append(w.towns, feature(code, border(rng, lon+0.01, lat+0.01),
			"class", int64(3), "type", "旅游小镇", "residents", int64(3000+rng.IntN(1000)), "climate_zone", "III"))
		for j, c := range patterns[i%len(patterns)] {
			w.parcels = append(w.parcels, feature(fmt.Sprintf("%s-%03d", code, j), shift(c, lon, lat),
				"land_use", uses[rng.IntN(len(uses))], "code_system", geo.LandUse2023, "stated_area", 10000.0))
		}
		for j := range 10 {
			w.facilities = append(w.facilities, feature(fmt.Sprintf("%s-F%d", code, j), orb.Point{lon + 0.02*rng.Float64(), lat + 0.02*rng.Float64()}, "kind", "dining"))
		}
	}
	return w.snapshot(b), codes
}

// border is a round of 60 vertices, some 1.1 km across.
func border(rng *rand.Rand, lon, lat float64) orb.MultiPolygon {
	ring := make(orb.Ring, 0, 61)
	for i := range 60 {
		a, d := math.Pi*float64(i)/30, 0.0095*(0.95+0.1*rng.Float64())
		ring = append(ring, orb.Point{lon + d*math.Cos(a), lat + d*math.Sin(a)})
	}
	return orb.MultiPolygon{{append(ring, ring[0])}}
}

// BenchmarkThousandTowns makes the table of 1,000 towns with 200 parcels each on all
// processors.
func BenchmarkThousandTowns(b *testing.B) {
	s, codes := county(b, 1000)
	std := standard(b, "zhejiang-2018")
	b.ReportAllocs()
	for b.Loop() {
		table, err := AssessTable(std, s, codes, Options{})
		if err != nil {
			b.Fatal(err)
		}
		if table.Towns[0].Figures[0].Value == nil {
			b.Fatal(table.Towns[0].Missing)
		}
	}
}

func BenchmarkOneTown(b *testing.B) {
	s, codes := county(b, 32)
	for _, id := range []string{"zhejiang-2018", "zhejiang-2015"} {
		std := standard(b, id)
		b.Run(id, func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				if _, err := Assess(std, s, codes[i%len(codes)], Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

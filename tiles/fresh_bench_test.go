package tiles

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/geotest"
	"towngrid/geo/snapshot"
)

// divisionCells is how many cells each division has.
const divisionCells = 500

// divisionAt is division d of many, side by side: the cells of one tessellation, moved. Ten of
// them are named after the version.
func divisionAt(b *testing.B, shapes []orb.MultiPolygon, d, version int) *snapshot.Part {
	fs := make([]geo.Feature, len(shapes))
	east, north := 0.11*float64(d%45), 0.11*float64(d/45)
	for i, mp := range shapes {
		moved := orb.Clone(mp).(orb.MultiPolygon)
		for _, polygon := range moved {
			for _, ring := range polygon {
				for k, p := range ring {
					ring[k] = orb.Point{p[0] + east, p[1] + north}
				}
			}
		}
		fs[i] = geo.Feature{Code: geo.Code(fmt.Sprintf("%06d%06d", d, i)), Name: fmt.Sprintf("第%d网格", i), Geometry: moved}
		if i < 10 {
			fs[i].Name += strconv.Itoa(version)
		}
	}
	p, err := snapshot.NewPart(geo.Version{ID: fmt.Sprint(d, " ", version), Number: version, Collection: geo.Cells, Division: geo.Division(fmt.Sprintf("%06d", 330000+d))}, fs)
	if err != nil {
		b.Fatal(err)
	}
	return p
}

// BenchmarkFreshTile changes 10 cells among TOWNGRID_CELLS (50,000) in divisions of 500, and measures what
// the tiles add to the publication, and the first tile with the change from then on. The metric "remade" is how many of
// some hundred tiles around are made again, "touched" how many have a changed cell within reach.
func BenchmarkFreshTile(b *testing.B) {
	n := 50_000
	if text := os.Getenv("TOWNGRID_CELLS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	corner := orb.Bound{Min: orb.Point{118, 28}, Max: orb.Point{118.1, 28.1}}
	shapes := geotest.Tessellation(11, divisionCells, corner)
	var parts []*snapshot.Part
	for d := range n / divisionCells {
		parts = append(parts, divisionAt(b, shapes, d, 1))
	}
	s := snapshot.Empty()
	for _, p := range parts {
		s = s.With(p)
	}
	cache, err := NewCache(0)
	if err != nil {
		b.Fatal(err)
	}
	cache.Follow(s)
	tile := func(s *snapshot.Snapshot, a Address) {
		t, err := cache.Tile(context.Background(), s, Request{Collections: []geo.Collection{geo.Cells}, Address: a})
		if err == nil {
			_, err = t.Body(context.Background(), Gzip)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	at := parts[0].At(0).Geometry.Bound().Center()
	var all []Address
	for z := uint8(8); z <= 14; z++ {
		mid := address(z, at)
		for dx := range uint32(5) {
			for dy := range uint32(5) {
				all = append(all, Address{z, mid.X + dx - 2, mid.Y + dy - 2})
			}
		}
	}
	for _, a := range all {
		tile(s, a)
	}
	tile(s, address(5, at))
	var follow, first14, first10, first5 time.Duration
	remade, touched, round := 0, 0, 1
	b.ResetTimer()
	for b.Loop() {
		b.StopTimer()
		round++
		next := s.With(divisionAt(b, shapes, 0, round))
		b.StartTimer()
		began := time.Now()
		changes := cache.Changes(s, next)
		cache.Renew(s, next)
		cache.Follow(next)
		follow += time.Since(began)
		began = time.Now()
		tile(next, address(14, at))
		first14 += time.Since(began)
		began = time.Now()
		tile(next, address(10, at))
		first10 += time.Since(began)
		began = time.Now()
		tile(next, address(5, at))
		first5 += time.Since(began)
		b.StopTimer()
		made := cache.Stats().Builds
		for _, a := range all {
			tile(next, a)
		}
		remade += int(cache.Stats().Builds-made) + 2
		for _, a := range all {
			r, err := Request{Collections: []geo.Collection{geo.Cells}, Address: a}.checked()
			if err != nil {
				b.Fatal(err)
			}
			if slices.ContainsFunc(changes[0].Bounds, r.reach().Intersects) {
				touched++
			}
		}
		s = next
		b.StartTimer()
	}
	ms := func(d time.Duration) float64 { return d.Seconds() * 1e3 / float64(b.N) }
	b.ReportMetric(ms(follow), "ms/publication")
	b.ReportMetric(ms(first14), "ms/first-z14")
	b.ReportMetric(ms(first10), "ms/first-z10")
	b.ReportMetric(ms(first5), "ms/first-z5")
	b.ReportMetric(float64(remade)/float64(b.N), "remade")
	b.ReportMetric(float64(touched)/float64(b.N), "touched")
}

package data_test

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"towngrid/data"
	"towngrid/data/gpkg"
	"towngrid/geo"
)

// districtCells are 500 cells of 12 vertices in the square of a district, of which there
// are 50 in a row; generation tells those of one publication from those of the next.
func districtCells(district, generation int) []geo.Feature {
	const n, side = 500, 0.001
	fs := make([]geo.Feature, n)
	for i := range fs {
		x := 100 + float64(district%50)*0.03 + float64(i%25)*side
		y := 25 + float64(district/50)*0.03 + float64(i/25)*side
		ring := make(orb.Ring, 0, 13)
		for k := range 12 {
			sin, cos := math.Sincos(2 * math.Pi * float64(k) / 12)
			ring = append(ring, orb.Point{x + 0.49*side*cos, y + 0.49*side*sin + float64(generation)*1e-7})
		}
		fs[i] = geo.Feature{
			Code: geo.Code(fmt.Sprintf("%06d%04d", 100000+district, i)), Name: fmt.Sprintf("第%d网格", i),
			Geometry: orb.MultiPolygon{{append(ring, ring[0])}}, Properties: geo.Properties{{Name: "unit", Value: "U" + fmt.Sprint(i/100)}},
		}
	}
	return fs
}

// saved keeps a draft of a district's cells.
func saved(b *testing.B, s data.Store, district, generation int) geo.Version {
	b.Helper()
	fs := districtCells(district, generation)
	sum, err := geo.Checksum(fs)
	if err != nil {
		b.Fatal(err)
	}
	v := geo.Version{
		ID: uuid.NewString(), Collection: geo.Cells, Division: geo.Division(fmt.Sprint(100000 + district)),
		State: geo.Draft, Created: time.Now().UTC(), Features: len(fs), Checksum: sum,
	}
	if err := s.SaveDraft(context.Background(), v, geo.InOrder(fs)); err != nil {
		b.Fatal(err)
	}
	return v
}

// BenchmarkPublishAmongAMillion publishes 500 cells of one division where the Snapshot
// holds 1,000,000 in 2,000 divisions; filling the store takes a minute or two. What is
// measured ends when readers see the new version.
func BenchmarkPublishAmongAMillion(b *testing.B) {
	ctx, path := context.Background(), filepath.Join(b.TempDir(), "a.gpkg")
	store, err := gpkg.Open(ctx, path, gpkg.Options{})
	if err != nil {
		b.Fatal(err)
	}
	const districts = 2000
	for d := range districts {
		if _, err := store.Publish(ctx, saved(b, store, d, 0).ID, 0, time.Now()); err != nil {
			b.Fatal(err)
		}
	}
	r, err := data.Open(ctx, store, data.Options{Spool: path + "-spool", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { r.Close() })
	if n := r.Snapshot().Len(geo.Cells); n != districts*500 {
		b.Fatalf("%d cells", n)
	}
	base, longest := 1, time.Duration(0)
	for b.Loop() {
		b.StopTimer()
		v := saved(b, store, districts/2, base)
		before := r.Snapshot().Tag(geo.Cells)
		b.StartTimer()
		begun := time.Now()
		if _, err := r.Publish(ctx, v.ID, base); err != nil {
			b.Fatal(err)
		}
		longest = max(longest, time.Since(begun))
		if r.Snapshot().Tag(geo.Cells) == before {
			b.Fatal("readers do not see it")
		}
		base++
	}
	b.ReportMetric(float64(longest.Microseconds())/1e3, "longest-ms")
}

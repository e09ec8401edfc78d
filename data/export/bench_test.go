package export

import (
	"fmt"
	"io"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/snapshot"
)

// many are 50,000 cells of 60 vertices.
var many = sync.OnceValues(func() (*snapshot.Snapshot, error) {
	var fs []geo.Feature
	for i := range 50_000 {
		x, y := 118.6+float64(i%250)/500, 28.5+float64(i/250)/400
		ring := make(orb.Ring, 0, 61)
		for k := range 60 {
			s, c := math.Sincos(2 * math.Pi * float64(k) / 60)
			ring = append(ring, orb.Point{x + c/1100, y + s/1100})
		}
		fs = append(fs, geo.Feature{Code: geo.Code(fmt.Sprintf("330890%06d", i)), Name: fmt.Sprintf("网格%d", i), Geometry: orb.MultiPolygon{{append(ring, ring[0])}},
			Properties: geo.Properties{{Name: "unit", Value: "U1"}, {Name: "valid_from", Value: "2026-11-23"}, {Name: "备注", Value: "合成数据"}, {Name: "面积", Value: float64(i) / 7}}})
	}
	p, err := snapshot.NewPart(geo.Version{Collection: geo.Cells, Division: division, Number: 1, Published: published}, fs)
	if err != nil {
		return nil, err
	}
	return snapshot.Empty().With(p), nil
})

// BenchmarkWrite writes 50,000 cells of 60 vertices, metres where a format can be in
// them. heap-MB is the most that the heap held beside the snapshot.
func BenchmarkWrite(b *testing.B) {
	s, err := many()
	if err != nil {
		b.Fatal(err)
	}
	for _, o := range []Options{{Format: Shapefile}, {Format: Shapefile, CRS: zone(b)}, {Format: GeoJSON}, {Format: GeoJSONSeq}, {Format: GeoPackage}, {Format: JZD, CRS: zone(b)}, {Format: CSV}} {
		b.Run(string(o.Format)+"/"+o.CRS.ID(), func(b *testing.B) {
			base, most, stop := heap(), atomic.Uint64{}, make(chan struct{})
			var watch sync.WaitGroup
			watch.Go(func() {
				for tick := time.NewTicker(20 * time.Millisecond); ; {
					select {
					case <-stop:
						return
					case <-tick.C:
						most.Store(max(most.Load(), heap()))
					}
				}
			})
			for b.Loop() {
				rep, err := Write(b.Context(), io.Discard, s, geo.Cells, "", o)
				if err != nil || rep.Features != 50_000 {
					b.Fatal(rep, err)
				}
			}
			close(stop)
			watch.Wait()
			b.ReportMetric(float64(max(most.Load(), base)-base)/1e6, "heap-MB")
		})
	}
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

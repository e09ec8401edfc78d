package gpkg

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"towngrid/data"
	"towngrid/geo"
)

// many makes n cells of 60 vertices each around 118.9 E 29.0 N.
func many(n int) []geo.Feature {
	fs := make([]geo.Feature, n)
	for i := range fs {
		x, y := 118.5+float64(i%250)*0.004, 28.5+float64(i/250)*0.004
		ring := make(orb.Ring, 61)
		for k := range 60 {
			sin, cos := math.Sincos(2 * math.Pi * float64(k) / 60)
			ring[k] = orb.Point{x + 0.0019*cos, y + 0.0019*sin}
		}
		ring[60] = ring[0]
		fs[i] = geo.Feature{
			Code: geo.Code(fmt.Sprintf("330890%09d", i)), Name: fmt.Sprintf("第%d网格", i),
			Geometry: orb.MultiPolygon{orb.Polygon{ring}},
			Properties: geo.Properties{
				{Name: "unit", Value: "330890001001"}, {Name: "valid_from", Value: "2026-11-23"}, {Name: "valid_to", Value: nil},
				{Name: "OBJECTID", Value: int64(i)}, {Name: "Shape_Area", Value: float64(i) + 0.25},
			},
		}
	}
	return fs
}

func benchStore(b *testing.B) *Store {
	s, err := Open(context.Background(), filepath.Join(b.TempDir(), "b.gpkg"), Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s
}

// BenchmarkSaveDraft saves 50,000 features where nothing is live, and where they
// are live but for 500.
func BenchmarkSaveDraft(b *testing.B) {
	b.Run("first", func(b *testing.B) {
		s, fs := benchStore(b), many(50_000)
		for b.Loop() {
			saveDraft(b, s, geo.Cells, fs)
		}
	})
	b.Run("500", func(b *testing.B) {
		s, fs := benchStore(b), many(50_000)
		benchPublish(b, s, saveDraft(b, s, geo.Cells, fs).ID, 0)
		rename(fs[:500])
		for b.Loop() {
			saveDraft(b, s, geo.Cells, fs)
		}
	})
}

func benchPublish(b *testing.B, s *Store, id string, base int) {
	if _, err := s.Publish(context.Background(), id, base, time.Now()); err != nil {
		b.Fatal(err)
	}
}

func rename(fs []geo.Feature) {
	for i := range fs {
		fs[i].Name += "改"
	}
}

// BenchmarkPublish publishes 50,000 features: the first time, with 500 of them
// changed, and with all of them changed.
func BenchmarkPublish(b *testing.B) {
	b.Run("first", func(b *testing.B) {
		fs := many(50_000)
		for b.Loop() {
			b.StopTimer()
			s := benchStore(b)
			id := saveDraft(b, s, geo.Cells, fs).ID
			b.StartTimer()
			benchPublish(b, s, id, 0)
		}
	})
	for _, changed := range []int{500, 50_000} {
		b.Run(fmt.Sprint(changed), func(b *testing.B) {
			s, fs := benchStore(b), many(50_000)
			benchPublish(b, s, saveDraft(b, s, geo.Cells, fs).ID, 0)
			for base := 1; b.Loop(); base++ {
				b.StopTimer()
				rename(fs[:changed])
				id := saveDraft(b, s, geo.Cells, fs).ID
				b.StartTimer()
				benchPublish(b, s, id, base)
			}
		})
	}
}

func BenchmarkFeatures(b *testing.B) {
	s, fs, ctx := benchStore(b), many(50_000), context.Background()
	v := saveDraft(b, s, geo.Cells, fs)
	benchPublish(b, s, v.ID, 0)
	for b.Loop() {
		n := 0
		for _, err := range s.Features(ctx, v.ID) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != len(fs) {
			b.Fatalf("%d features", n)
		}
	}
}

// BenchmarkAddIncidents adds 130,000 incidents, and delivers them again.
func BenchmarkAddIncidents(b *testing.B) {
	b.Run("new", func(b *testing.B) {
		s := benchStore(b)
		for round := 0; b.Loop(); round++ {
			b.StopTimer()
			ins := year(round)
			b.StartTimer()
			if n, err := s.AddIncidents(context.Background(), ins); err != nil || n != len(ins) {
				b.Fatal(n, err)
			}
		}
	})
	b.Run("known", func(b *testing.B) {
		s, ins := benchStore(b), year(0)
		if _, err := s.AddIncidents(context.Background(), ins); err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			if n, err := s.AddIncidents(context.Background(), ins); err != nil || n != 0 {
				b.Fatal(n, err)
			}
		}
	})
	b.Run("one", func(b *testing.B) {
		s, n := benchStore(b), 0
		for b.Loop() {
			if _, err := s.AddIncidents(context.Background(), []data.Incident{incidentOf(n)}); err != nil {
				b.Fatal(err)
			}
			n++
		}
	})
}

// year is a year's incidents of a county, their IDs not in the order of their times.
func year(round int) []data.Incident {
	ins := make([]data.Incident, 130_000)
	for i := range ins {
		ins[i] = data.Incident{
			ID: fmt.Sprintf("%d-%08d", round, (i*7919)%len(ins)), Division: "330890", Time: time.Unix(int64(1_700_000_000+i*240), 123_000),
			Kind: "纠纷", Source: "110", Status: "closed", Lon: 118.9 + float64(i%1000)*1e-4, Lat: 29 + float64(i/1000)*1e-3,
			Cell: geo.Code(fmt.Sprintf("3308900010%05d", i%1000)), Station: "330890001001", Room: "330890001", Centre: "330890", Version: 1,
		}
	}
	return ins
}

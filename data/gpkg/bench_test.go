package gpkg

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
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

func draftFor(tb testing.TB, fs []geo.Feature, c geo.Collection) geo.Version {
	sum, err := geo.Checksum(fs)
	if err != nil {
		tb.Fatal(err)
	}
	return geo.Version{
		ID: uuid.NewString(), Collection: c, Division: "330890", State: geo.Draft,
		Created: time.Now(), Features: len(fs), Checksum: sum,
	}
}

func benchStore(b *testing.B) *Store {
	s, err := Open(context.Background(), filepath.Join(b.TempDir(), "b.gpkg"), Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s
}

func BenchmarkSaveDraft(b *testing.B) {
	s, fs := benchStore(b), many(50_000)
	for b.Loop() {
		if err := s.SaveDraft(context.Background(), draftFor(b, fs, geo.Cells), fs); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPublish publishes 50,000 new features, then the same with 500 of them
// changed, then all of them changed.
func BenchmarkPublish(b *testing.B) {
	for _, change := range []struct {
		name    string
		changed int
	}{{"first", 0}, {"500", 500}, {"all", 50_000}} {
		b.Run(change.name, func(b *testing.B) {
			s, fs, ctx := benchStore(b), many(50_000), context.Background()
			base := 0
			save := func() string {
				v := draftFor(b, fs, geo.Cells)
				v.Division = geo.Division(fmt.Sprintf("33%04d", base*0))
				if change.name == "first" {
					v.Division = geo.Division(fmt.Sprint(b.N, v.ID))
				}
				if err := s.SaveDraft(ctx, v, fs); err != nil {
					b.Fatal(err)
				}
				return v.ID
			}
			publish := func(id string) {
				if _, err := s.Publish(ctx, id, base, time.Now()); err != nil {
					b.Fatal(err)
				}
			}
			if change.name != "first" {
				publish(save())
				base++
			}
			for b.Loop() {
				b.StopTimer()
				for i := range change.changed {
					fs[i].Name += "x"
				}
				id := save()
				b.StartTimer()
				publish(id)
				if change.name != "first" {
					base++
				}
			}
		})
	}
}

func BenchmarkFeatures(b *testing.B) {
	s, fs, ctx := benchStore(b), many(50_000), context.Background()
	v := draftFor(b, fs, geo.Cells)
	if err := s.SaveDraft(ctx, v, fs); err != nil {
		b.Fatal(err)
	}
	if _, err := s.Publish(ctx, v.ID, 0, time.Now()); err != nil {
		b.Fatal(err)
	}
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

func BenchmarkAddIncidents(b *testing.B) {
	s, ctx := benchStore(b), context.Background()
	round := 0
	for b.Loop() {
		b.StopTimer()
		ins := make([]data.Incident, 130_000)
		for i := range ins {
			ins[i] = data.Incident{
				ID: fmt.Sprintf("%d-%08d", round, (i*7919)%len(ins)), Division: "330890", Time: time.Unix(int64(1_700_000_000+i*240), 123_000),
				Kind: "纠纷", Source: "110", Status: "closed", Lon: 118.9 + float64(i%1000)*1e-4, Lat: 29 + float64(i/1000)*1e-3,
				Cell: geo.Code(fmt.Sprintf("3308900010%05d", i%1000)), Station: "330890001001", Room: "330890001", Centre: "330890", Version: 1,
			}
		}
		round++
		b.StartTimer()
		if n, err := s.AddIncidents(ctx, ins); err != nil || n != len(ins) {
			b.Fatal(n, err)
		}
	}
}

package tiles

import (
	"context"
	"fmt"
	"sync"
	"syscall"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/geotest"
	"towngrid/geo/snapshot"
)

// manyCells is the coverage of the figures: 50,000 cells of some 74 vertices in 1 × 1 degree.
var manyCells = sync.OnceValue(func() *snapshot.Snapshot {
	b := orb.Bound{Min: orb.Point{118.5, 28.5}, Max: orb.Point{119.5, 29.5}}
	m, err := geotest.NewMesh(geotest.Options{Seed: 1, Cells: 50000, Bound: b, Relax: 1, Segments: 16})
	if err != nil {
		panic(err)
	}
	var fs []geo.Feature
	n := 0
	for i, c := range m.Cells() {
		n += len(c[0][0]) - 1
		fs = append(fs, geo.Feature{
			Code: geo.Code(fmt.Sprintf("330890%06d", i)), Name: fmt.Sprintf("第%d网格", i), Geometry: c,
			Properties: geo.Properties{{Name: "unit", Value: fmt.Sprintf("330890%03d", i/500)}},
		})
	}
	_ = n
	p, err := snapshot.NewPart(geo.Version{ID: "x", Collection: geo.Cells, Division: "330890"}, fs)
	if err != nil {
		panic(err)
	}
	return snapshot.Empty().With(p)
})

func address(z uint8, p orb.Point) Address {
	v := fineAt(p)
	return Address{z, uint32(v.x >> (fineBits - uint(z))), uint32(v.y >> (fineBits - uint(z)))}
}

// cpuTime is what the process has had of the processors, in nanoseconds: on a machine that does other
// work as well it says more than the time that has passed.
func cpuTime(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

func BenchmarkBuild(b *testing.B) {
	s := manyCells()
	builder := new(Builder)
	for _, content := range []Content{Fills, All} {
		for _, z := range []uint8{8, 10, 12, 14} {
			r := Request{Collections: []geo.Collection{geo.Cells}, Address: address(z, orb.Point{119.01, 29.01}), Content: content}
			b.Run(fmt.Sprintf("content=%d/z=%d", content, z), func(b *testing.B) {
				body, err := builder.Build(context.Background(), s, r)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(len(body)), "bytes")
				b.ReportAllocs()
				from := cpuTime(b)
				for b.Loop() {
					if _, err := builder.Build(context.Background(), s, r); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(cpuTime(b)-from)/float64(b.N), "cpu-ns/op")
			})
		}
	}
}

// A warm tile is what a cache answers to almost every request.
func BenchmarkWarmTile(b *testing.B) {
	s := manyCells()
	c, err := NewCache(0)
	if err != nil {
		b.Fatal(err)
	}
	r := Request{Collections: []geo.Collection{geo.Cells}, Address: address(14, orb.Point{119.01, 29.01})}
	c.Follow(s, s)
	b.ReportAllocs()
	for b.Loop() {
		t, err := c.Tile(s, r)
		if err == nil {
			_, err = t.Body(context.Background(), Gzip)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

// What is known of a tile before it is made: remembered, and found out anew as it is once
// for each tile after a publication.
func BenchmarkETag(b *testing.B) {
	s := manyCells()
	for _, z := range []uint8{8, 10, 14} {
		r := Request{Collections: []geo.Collection{geo.Cells}, Address: address(z, orb.Point{119.01, 29.01})}
		for _, way := range []string{"remembered", "anew"} {
			b.Run(fmt.Sprintf("z%d/%s", z, way), func(b *testing.B) {
				c, err := NewCache(0)
				if err != nil {
					b.Fatal(err)
				}
				if way == "remembered" {
					c.Follow(s, s)
				}
				b.ReportAllocs()
				for b.Loop() {
					if t, err := c.Tile(s, r); err != nil || t.ETag(Gzip) == "" {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkMarks is what a publication costs more for the sake of ETags.
func BenchmarkMarks(b *testing.B) {
	s := manyCells()
	p := s.Parts(geo.Cells)[0]
	p.Coverage() // which the publication needs in any case
	b.ReportAllocs()
	for b.Loop() {
		new(marker).tally(s, p, true)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*p.Len()), "µs/feature")
}

// The first tile after a publication projects what it shows.
func BenchmarkFirstTile(b *testing.B) {
	s := manyCells()
	r := Request{Collections: []geo.Collection{geo.Cells}, Address: address(14, orb.Point{119.01, 29.01}), Content: Fills | Labels}
	for b.Loop() {
		if _, err := Build(s, r); err != nil {
			b.Fatal(err)
		}
	}
}

package tiles

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

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
	c.Follow(s)
	b.ReportAllocs()
	for b.Loop() {
		t, err := c.Tile(context.Background(), s, r)
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
					c.Follow(s)
				}
				if _, err := c.Tile(context.Background(), s, r); err != nil { // marks the features
					b.Fatal(err)
				}
				b.ReportAllocs()
				for b.Loop() {
					if t, err := c.Tile(context.Background(), s, r); err != nil || t.ETag(Gzip) == "" {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkMarks marks all features of a part, and of a version in which one of them has another name.
func BenchmarkMarks(b *testing.B) {
	first := manyCells().Parts(geo.Cells)[0]
	fs := make([]geo.Feature, first.Len())
	for i := range fs {
		fs[i] = *first.At(i)
	}
	fs[7].Name = "新"
	second, err := snapshot.NewPart(geo.Version{ID: "y", Collection: geo.Cells, Division: "330890"}, fs)
	if err != nil {
		b.Fatal(err)
	}
	mark := func(ms *markers, p *snapshot.Part) int64 {
		from := cpuTime(b)
		if _, err := ms.marker(p).meeting(context.Background(), p, p.Bound(), climber{}); err != nil {
			b.Fatal(err)
		}
		return cpuTime(b) - from
	}
	var all, changed int64
	b.ReportAllocs()
	for b.Loop() {
		ms := &markers{}
		all += mark(ms, first)
		changed += mark(ms, second)
	}
	b.ReportMetric(float64(all)/float64(b.N*first.Len()), "cpu-ns/feature")
	b.ReportMetric(float64(changed)/float64(b.N*first.Len()), "cpu-ns/feature-next")
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

// The memory of everything that tiles need of 50,000 cells, the ways of all zooms and borders included, beside that of the source's
// coordinates at 16 bytes a vertex; and the time that it takes to make.
func BenchmarkMemory(b *testing.B) {
	s := manyCells()
	vertices := 0
	p := s.Parts(geo.Cells)[0]
	for i := range p.Len() {
		for _, polygon := range p.At(i).Geometry.(orb.MultiPolygon) {
			for _, r := range polygon {
				vertices += len(r) - 1
			}
		}
	}
	var before, after runtime.MemStats
	var kept []*Builder
	runtime.GC()
	runtime.ReadMemStats(&before)
	from := cpuTime(b)
	for b.Loop() {
		builder := new(Builder)
		for _, z := range []uint8{8, 10, 12, 14, 16} { // the first makes every block
			r := Request{Collections: []geo.Collection{geo.Cells}, Address: address(z, orb.Point{119.01, 29.01}), Content: Fills | Borders}
			if _, err := builder.Build(context.Background(), s, r); err != nil {
				b.Fatal(err)
			}
		}
		around := builder.surroundings(s, geo.Cells, Request{Grid: WebMercatorQuad})
		for _, pic := range builder.pictures {
			for z := range uint8(MaxZoom + 1) {
				for k := range pic.blocks {
					around.lead(p, pic, int32(k), z)
				}
			}
		}
		kept = append(kept, builder)
	}
	took := cpuTime(b) - from
	for _, builder := range kept {
		builder.desks = sync.Pool{} // the desks' buffers are for all parts
	}
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&after)
	size := float64(after.HeapAlloc-before.HeapAlloc) / float64(b.N)
	b.ReportMetric(size/float64(16*vertices), "of-source")
	b.ReportMetric(float64(kept[0].size())/float64(16*vertices), "counted-of-source")
	b.ReportMetric(float64(took)/float64(b.N*p.Len()), "cpu-ns/cell")
	runtime.KeepAlive(kept)
}

// BenchmarkFresh publishes a change of ten cells among many, as far as tiles have to do with it, and makes the first tiles of the
// new version: by the clock, and the processor time. TOWNGRID_LONG=1 takes a million cells, else it is 50,000.
func BenchmarkFresh(b *testing.B) {
	n, segments := 50_000, 16
	if os.Getenv("TOWNGRID_LONG") == "1" {
		n, segments = 1_000_000, 2
	}
	bound := orb.Bound{Min: orb.Point{117, 27}, Max: orb.Point{121, 31}}
	m, err := geotest.NewMesh(geotest.Options{Seed: 1, Cells: n, Bound: bound, Relax: 1, Segments: segments})
	if err != nil {
		b.Fatal(err)
	}
	faces := m.Cells()
	version := func(number int) *snapshot.Snapshot {
		fs := make([]geo.Feature, len(faces))
		for i, f := range faces {
			fs[i] = geo.Feature{Code: geo.Code(fmt.Sprintf("330890%07d", i)), Name: fmt.Sprintf("第%d网格", i), Geometry: f,
				Properties: geo.Properties{{Name: "unit", Value: fmt.Sprintf("330890%04d", i/500)}}}
			if number > 1 && i >= 500 && i < 510 {
				fs[i].Name = fmt.Sprintf("版本%d", number)
			}
		}
		p, err := snapshot.NewPart(geo.Version{ID: fmt.Sprint(number), Number: number, Collection: geo.Cells, Division: "330890"}, fs)
		if err != nil {
			b.Fatal(err)
		}
		return snapshot.Empty().With(p)
	}
	cache, err := NewCache(0)
	if err != nil {
		b.Fatal(err)
	}
	type cost struct {
		clock time.Duration
		cpu   int64
	}
	costs := map[string]*cost{}
	measure := func(name string, f func()) {
		if costs[name] == nil {
			costs[name] = new(cost)
		}
		runtime.GC() // of what made the version
		start, from := time.Now(), cpuTime(b)
		f()
		costs[name].clock += time.Since(start)
		costs[name].cpu += cpuTime(b) - from
	}
	at := faces[505][0][0][0]
	tile := func(s *snapshot.Snapshot, z uint8) {
		t, err := cache.Tile(context.Background(), s, Request{Collections: []geo.Collection{geo.Cells}, Address: address(z, at)})
		if err == nil {
			_, err = t.Body(context.Background(), Gzip)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	old := version(1)
	measure("first-ever-z5", func() { tile(old, 5) })
	b.ReportMetric(costs["first-ever-z5"].clock.Seconds()*1000, "first-ever-z5-ms")
	delete(costs, "first-ever-z5")
	number := 1
	for b.Loop() {
		number++
		next := version(number)
		measure("publish", func() { cache.Changes(old, next) })
		measure("first-z13", func() { tile(next, 13) })
		measure("first-z5", func() { tile(next, 5) })
		old = next
	}
	for name, c := range costs {
		b.ReportMetric(c.clock.Seconds()*1000/float64(b.N), name+"-ms")
		b.ReportMetric(float64(c.cpu)/1e6/float64(b.N), name+"-cpu-ms")
	}
}

package shapefile

import (
	"archive/zip"
	"bytes"
	"io"
	"math"
	"sync"
	"testing"

	"github.com/paulmach/orb"
	shp "github.com/twpayne/go-shapefile"
)

const benchCells, benchVertices = 50_000, 60

// benchZip is a layer of 50,000 polygons of 60 vertices, about 50 MB unpacked.
var benchZip = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	if err := Write(&b, demoOutput(demo(1, benchCells, benchVertices), "GBK")); err != nil {
		panic(err)
	}
	return b.Bytes()
})

// stored is the same without compression, so that only decoding counts.
var benchStored = sync.OnceValue(func() []byte {
	zr, err := zip.NewReader(bytes.NewReader(benchZip()), int64(len(benchZip())))
	if err != nil {
		panic(err)
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range zr.File {
		r, err := f.Open()
		if err != nil {
			panic(err)
		}
		e, err := w.CreateHeader(&zip.FileHeader{Name: f.Name, Method: zip.Store})
		if err != nil {
			panic(err)
		}
		if _, err := io.Copy(e, r); err != nil {
			panic(err)
		}
	}
	w.Close()
	return b.Bytes()
})

func BenchmarkRead50k(b *testing.B) {
	for name, data := range map[string][]byte{"deflate": benchZip(), "stored": benchStored()} {
		b.Run("ours/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if n := readAll(b, data); n != benchCells {
					b.Fatal(n)
				}
			}
		})
		b.Run("go-shapefile/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				zr, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
				if err != nil {
					b.Fatal(err)
				}
				s, err := shp.ReadZipReader(zr, &shp.ReadShapefileOptions{DBF: &shp.ReadDBFOptions{SkipBrokenFields: true}})
				if err != nil || s.NumRecords() != benchCells {
					b.Fatal(err)
				}
			}
		})
	}
}

func readAll(b testing.TB, data []byte) (n int) {
	a, err := Open(bytes.NewReader(data), int64(len(data)), DefaultLimits())
	if err != nil {
		b.Fatal(err)
	}
	f, err := a.Read(a.Layers()[0], Options{})
	if err != nil {
		b.Fatal(err)
	}
	for _, err := range f.Features() {
		if err != nil {
			b.Fatal(err)
		}
		n++
	}
	return n
}

func BenchmarkWrite50k(b *testing.B) {
	records := demo(1, benchCells, benchVertices)
	b.ReportAllocs()
	for b.Loop() {
		if err := Write(io.Discard, demoOutput(records, "GBK")); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkManyRings reads one record of 80,000 holes in a shell of 50,000 vertices.
func BenchmarkManyRings(b *testing.B) {
	parts := [][]orb.Point{nil}
	for i := range 50_000 {
		a := -2 * math.Pi * float64(i) / 50_000
		parts[0] = append(parts[0], orb.Point{480 + 900*math.Cos(a), 480 + 900*math.Sin(a)})
	}
	parts[0] = append(parts[0], parts[0][0])
	for i := range 80_000 {
		parts = append(parts, reversed(box(float64(i%320)*3, float64(i/320)*3, 2)))
	}
	f := shpOf(polygon, polygonContent(parts...))
	for b.Loop() {
		if o := readFiles(f, Options{}, DefaultLimits()); len(o.records) != 1 {
			b.Fatal(o.checks())
		}
	}
}

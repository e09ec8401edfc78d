package geojson

import (
	"bytes"
	"io"
	"iter"
	"math"
	"sync"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo/shapefile"
)

// cells makes n polygons of 60 vertices with four properties, in degrees with all digits.
func cells(n int) iter.Seq2[shapefile.Record, error] {
	return func(yield func(shapefile.Record, error) bool) {
		for i := range n {
			x, y := 118+float64(i%250)/250, 28+float64(i/250)/250
			ring := make(orb.Ring, 61)
			for k := range 60 {
				s, c := math.Sincos(float64(k) * 2 * math.Pi / 60)
				ring[k] = orb.Point{x + c/600, y + s/700}
			}
			ring[60] = ring[0]
			r := shapefile.Record{Number: i + 1, Geometry: orb.MultiPolygon{{ring}},
				Values: []any{"330803001" + string(rune('0'+i%10)), "城东社区", int64(i), float64(i) / 7}}
			if !yield(r, nil) {
				return
			}
		}
	}
}

func cellFields() []shapefile.Field {
	return []shapefile.Field{{Name: "code", Type: 'C'}, {Name: "name", Type: 'C'}, {Name: "n", Type: 'N'}, {Name: "area", Type: 'F', Decimals: 15}}
}

var fiftyThousand = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	if err := Write(&b, cells(50_000), cellFields(), Options{}); err != nil {
		panic(err)
	}
	return b.Bytes()
})

// BenchmarkRead50000 opens and reads 50,000 polygons of 60 vertices.
func BenchmarkRead50000(b *testing.B) {
	file := fiftyThousand()
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		f, err := Open(bytes.NewReader(file), int64(len(file)), shapefile.DefaultLimits())
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for _, err := range f.Features() {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != 50_000 || len(f.Violations) != 0 {
			b.Fatalf("%d records, %v", n, f.Violations)
		}
	}
}

// BenchmarkWrite50000 writes the same.
func BenchmarkWrite50000(b *testing.B) {
	b.SetBytes(int64(len(fiftyThousand())))
	b.ReportAllocs()
	for b.Loop() {
		if err := Write(io.Discard, cells(50_000), cellFields(), Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

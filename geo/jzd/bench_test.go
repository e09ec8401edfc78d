package jzd

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

// parcelsOf60 makes n parcels of 60 points.
func parcelsOf60(n int) iter.Seq2[shapefile.Record, error] {
	return func(yield func(shapefile.Record, error) bool) {
		for i := range n {
			x, y := 40400000+400*float64(i%250), 3100000+400*float64(i/250)
			ring := make(orb.Ring, 61)
			for k := range 60 {
				s, c := math.Sincos(float64(k) * 2 * math.Pi / 60)
				ring[k] = orb.Point{x + 190*c, y + 190*s}
			}
			ring[60] = ring[0]
			if !yield(shapefile.Record{Geometry: orb.MultiPolygon{{ring}}, Values: []any{int64(i), "城东地块", 11.34}}, nil) {
				return
			}
		}
	}
}

func benchFields() []shapefile.Field {
	return []shapefile.Field{{Name: "编号"}, {Name: "名称"}, {Name: "面积"}}
}

var fiftyThousand = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	if err := Write(&b, parcelsOf60(50_000), benchFields(), Options{Header: Header{System: "CGCS2000", Zone: 40}}); err != nil {
		panic(err)
	}
	return b.Bytes()
})

// BenchmarkRead50000 opens and reads 50,000 parcels of 60 points.
func BenchmarkRead50000(b *testing.B) {
	file := fiftyThousand()
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		o := readBytes(file, shapefile.DefaultLimits())
		if o.err != nil || len(o.records) != 50_000 || len(o.file.Violations) != 0 {
			b.Fatalf("%d records, %v, %v", len(o.records), o.file.Violations, o.err)
		}
	}
}

// BenchmarkWrite50000 writes the same.
func BenchmarkWrite50000(b *testing.B) {
	b.SetBytes(int64(len(fiftyThousand())))
	b.ReportAllocs()
	for b.Loop() {
		if err := Write(io.Discard, parcelsOf60(50_000), benchFields(), Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

package geotest_test

import (
	"fmt"
	"testing"

	. "towngrid/geo/geotest"
)

func BenchmarkTessellation(b *testing.B) {
	for _, n := range []int{1000, 50_000, 500_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Tessellation(1, n, degrees)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/cell")
		})
	}
}

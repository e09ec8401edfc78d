package crs_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo/crs"
)

// netting is the distance in metres to borders that run north and east, side degrees apart.
func netting(side float64) func(orb.Point) float64 {
	off := func(v, metres float64) float64 { return math.Abs(v-side*math.Round(v/side)) * metres }
	return func(p orb.Point) float64 {
		return math.Min(off(p[0], metresPerDegree*math.Cos(p[1]*math.Pi/180)), off(p[1], metresPerDegree))
	}
}

// onBorders are positions on the borders of netting around 衢江, up to noise degrees off.
func onBorders(r *rand.Rand, n int, side, noise float64) (points []orb.Point) {
	for range n {
		p := orb.Point{between(r, 118.5, 119.3), between(r, 28.7, 29.3)}
		axis := r.IntN(2)
		p[axis] = side*math.Round(p[axis]/side) + between(r, -noise, noise)
		points = append(points, p)
	}
	return points
}

// Whatever datum vertices of known borders come in, it is found, with a verdict.
func TestFitsFindTheDatum(t *testing.T) {
	r := seeded(t)
	for round := range 60 {
		d := []crs.Datum{crs.WGS84, crs.GCJ02, crs.BD09}[round%3]
		sample := onBorders(r, 60, 0.05, 5e-5)
		for i, p := range sample {
			sample[i] = d.FromCGCS2000(p)
		}
		fits := crs.Fits(sample, netting(0.05))
		if len(fits) != 3 || fits[0].Datum != d || !fits[0].Clear || fits[0].Points < 50 {
			t.Fatalf("round %d, %s: got %+v", round, d, fits)
		}
		if fits[1].Clear || fits[2].Clear || fits[0].MedianM > fits[1].MedianM || fits[1].MedianM > fits[2].MedianM {
			t.Fatalf("round %d: in no order: %+v", round, fits)
		}
		if !(fits[0].MedianM < 6) || !strings.Contains(fits[0].Evidence.EN, "clearly below") || strings.Contains(fits[1].Evidence.EN, "verdict") {
			t.Fatalf("round %d: got %+v", round, fits)
		}
		// The system that is proposed brings the sample to the borders.
		for _, p := range sample {
			lon, lat := fits[0].CRS.ToGeographic(p[0], p[1])
			if m := netting(0.05)(orb.Point{lon, lat}); m > 6 {
				t.Fatalf("round %d: %s brings %v to %g m from a border", round, fits[0].CRS.ID(), p, m)
			}
		}
	}
}

// Chance gives no verdict: positions that have nothing to do with the borders.
func TestFitsWithoutVerdict(t *testing.T) {
	r := seeded(t)
	for round := range 300 {
		var sample []orb.Point
		for range 20 + r.IntN(40) {
			sample = append(sample, orb.Point{between(r, 118.5, 119.3), between(r, 28.7, 29.3)})
		}
		fits := crs.Fits(sample, netting(between(r, 0.01, 0.1)))
		if fits[0].Clear || !strings.Contains(fits[0].Evidence.EN, "no verdict") || !strings.Contains(fits[0].Evidence.ZH, "无法判定") {
			t.Fatalf("round %d: a verdict on nothing: %+v", round, fits)
		}
	}
}

func TestFitsTable(t *testing.T) {
	r := seeded(t)
	good := onBorders(r, 60, 0.05, 0)
	heap := make([]orb.Point, 500) // within one square of 0.001°, on one border
	for i := range heap {
		heap[i] = orb.Point{118.9001 + between(r, 0, 0.0008), 29}
	}
	few := []orb.Point{}
	for i := range 19 {
		few = append(few, orb.Point{118.5 + 0.01*float64(i), 29})
	}
	constant := func(m float64) func(orb.Point) float64 { return func(orb.Point) float64 { return m } }
	partly := func(p orb.Point) float64 {
		if p[0] > 118.9 {
			return math.NaN()
		}
		return netting(0.05)(p)
	}
	tests := []struct {
		name   string
		sample []orb.Point
		misfit func(orb.Point) float64
		fits   int
		clear  bool
	}{
		{"good", good, netting(0.05), 3, true},
		{"nothing", nil, netting(0.05), 0, false},
		{"nowhere", []orb.Point{{math.NaN(), 29}, {118, math.Inf(1)}, {400000, 3200000}, {9, 48}, {29, 118}}, netting(0.05), 0, false},
		{"nothing stored", good, constant(math.Inf(1)), 0, false},
		{"nothing known", good, constant(math.NaN()), 0, false},
		{"a distance below 0", good, constant(-1), 0, false},
		{"partly known", good, partly, 3, true},
		{"no difference", good, constant(0), 3, false},
		{"one place many times", heap, netting(0.05), 3, false},
		{"a point too few", few, netting(0.05), 3, false},
		{"enough", append(few, orb.Point{119, 29}), netting(0.05), 3, true},
		{"borders too dense to tell", good, netting(0.0002), 3, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := slices.Clone(tt.sample)
			fits := crs.Fits(tt.sample, tt.misfit)
			if len(fits) != tt.fits || len(fits) > 0 && fits[0].Clear != tt.clear {
				t.Errorf("got %+v", fits)
			}
			for _, f := range fits {
				if f.Evidence.ZH == "" || strings.Contains(f.Evidence.EN, "%!") || f.Points != fits[0].Points || f.CRS.ID() == "" {
					t.Errorf("got %+v", f)
				}
			}
			for i := range before {
				if math.Float64bits(before[i][0]) != math.Float64bits(tt.sample[i][0]) {
					t.Fatal("the sample was changed")
				}
			}
		})
	}
}

// The median is the one of the definition: half of the misfits on either side.
func TestFitsMedian(t *testing.T) {
	r := seeded(t)
	for n := 1; n <= 40; n++ {
		var sample []orb.Point
		misfits := map[orb.Point]float64{}
		var all []float64
		for i := range n {
			p := orb.Point{118 + 0.01*float64(i), 29}
			misfits[p] = between(r, 0, 100)
			sample, all = append(sample, p), append(all, misfits[p])
		}
		// Only WGS84 leaves positions as they are; the other two are far off.
		fits := crs.Fits(sample, func(p orb.Point) float64 {
			if m, ok := misfits[p]; ok {
				return m
			}
			return 1000
		})
		below, above := 0, 0
		for _, m := range all {
			if m < fits[0].MedianM {
				below++
			}
			if m > fits[0].MedianM {
				above++
			}
		}
		if fits[0].Datum != crs.WGS84 || below != above || below > n/2 {
			t.Fatalf("%d points: median %g has %d below and %d above", n, fits[0].MedianM, below, above)
		}
	}
}

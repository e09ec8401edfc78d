package snapshot

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/geotest"
)

// anyShapes are multipolygons whose coordinates are of one kind: seven decimals, any doubles of a
// range, or doubles of all sizes and both zeros.
func anyShapes(r *rand.Rand, kind int) []geo.Feature {
	value := func(around float64) float64 {
		v := around + (r.Float64()-.5)*math.Pow(10, float64(r.IntN(5)-4))
		switch kind {
		case 0:
			return math.Round(v*1e7) / 1e7
		case 2:
			return []float64{v, -v, 0, math.Copysign(0, -1), v * 0x1p-1060, v * 0x1p1000, 5e-324, math.MaxFloat64}[r.IntN(8)]
		}
		return v
	}
	fs := make([]geo.Feature, 1+r.IntN(5))
	for i := range fs {
		at := orb.Point{r.Float64()*360 - 180, r.Float64()*180 - 90}
		var mp orb.MultiPolygon
		for range 1 + r.IntN(3) {
			var poly orb.Polygon
			for range 1 + r.IntN(3) {
				ring := orb.Ring{{value(at[0]), value(at[1])}}
				for range 2 + r.IntN(60) {
					ring = append(ring, orb.Point{value(at[0]), value(at[1])})
				}
				switch r.IntN(9) {
				case 0: // all in one place
					for i := range ring {
						ring[i] = ring[0]
					}
				case 1: // along a meridian
					for i := range ring {
						ring[i][0] = ring[0][0]
					}
				}
				poly = append(poly, append(ring, ring[0]))
			}
			mp = append(mp, poly)
		}
		fs[i].Geometry = mp
	}
	return fs
}

// sameBits says whether two multipolygons have the same coordinates to the bit, which tells 0 from -0.
func sameBits(a, b orb.MultiPolygon) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if len(a[i]) != len(b[i]) {
			return false
		}
		for k := range a[i] {
			if len(a[i][k]) != len(b[i][k]) {
				return false
			}
			for n, p := range a[i][k] {
				for axis := range 2 {
					if math.Float64bits(p[axis]) != math.Float64bits(b[i][k][n][axis]) {
						return false
					}
				}
			}
		}
	}
	return true
}

// crossroads are positions with the longitude of one vertex and the latitude of another, or
// doubles next to these, and what is not finite or a zero of either sign.
func crossroads(r *rand.Rand, polys []orb.MultiPolygon, n int) []orb.Point {
	var vs []orb.Point
	for _, mp := range polys {
		for _, poly := range mp {
			for _, ring := range poly {
				vs = append(vs, ring...)
			}
		}
	}
	odd := []float64{0, math.Copysign(0, -1), math.NaN(), 1e300, -1e300, 5e-324}
	ps := make([]orb.Point, n)
	for i := range ps {
		for axis := range 2 {
			v := vs[r.IntN(len(vs))][axis]
			switch r.IntN(8) {
			case 0:
				v = math.Nextafter(v, math.Inf(1))
			case 1:
				v = math.Nextafter(v, math.Inf(-1))
			case 2:
				v = odd[r.IntN(len(odd))]
			}
			ps[i][axis] = v
		}
	}
	return ps
}

// TestShapesLoseNothing: every coordinate comes back with its very bits, of features, of single
// polygons and from a buffer that has been used, and a position stands to them as to what went in.
func TestShapesLoseNothing(t *testing.T) {
	kept := &buffer{}
	for seed := range uint64(90) {
		r := rand.New(rand.NewPCG(seed, 31))
		kind := int(seed % 3)
		fs := anyShapes(r, kind)
		s := newShapes(fs)
		if s.decimal != (kind == 0) {
			t.Errorf("seed %d: decimal is %v", seed, s.decimal)
		}
		for i := range fs {
			want := fs[i].Geometry.(orb.MultiPolygon)
			for _, b := range []*buffer{{}, kept} {
				if got := s.unpack(b, s.features[i], s.features[i+1]); !sameBits(got, want) {
					t.Fatalf("seed %d: feature %d is\n%v, want\n%v", seed, i, got, want)
				}
			}
			for k := range want {
				first := s.features[i] + uint32(k)
				if got := s.unpack(kept, first, first+1); !sameBits(got, want[k:k+1]) {
					t.Fatalf("seed %d: polygon %d of feature %d is\n%v, want\n%v", seed, k, i, got, want[k])
				}
			}
		}
		polys := make([]orb.MultiPolygon, len(fs))
		for i := range fs {
			polys[i] = fs[i].Geometry.(orb.MultiPolygon)
		}
		for _, p := range append(geotest.Points(seed, polys, 20), crossroads(r, polys, 40)...) {
			for i, mp := range polys {
				covered, onEdge := s.stand(int32(i), p)
				if c, e := geo.Stand(mp, p); c != covered || e != onEdge {
					t.Fatalf("seed %d: %v stands %v, %v to %d, want %v, %v", seed, p, covered, onEdge, i, c, e)
				}
			}
		}
	}
}

package geo

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
)

// TestArcsOverChords holds chords, their bound and ChordDistanceM against Karney's geodesics.
func TestArcsOverChords(t *testing.T) {
	const seed = 51
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	worst, wide := 0.0, 0.0
	for range 100_000 {
		a := orb.Point{360*r.Float64() - 180, 160*r.Float64() - 80}
		size := math.Pow(10, 9*r.Float64()-7) // degrees
		angle := 2 * math.Pi * r.Float64()
		b := orb.Point{a[0] + size*math.Cos(angle), min(max(a[1]+size*math.Sin(angle), -90), 90)}
		va, vb := Geocentric(a), Geocentric(b)
		chord := math.Sqrt((va[0]-vb[0])*(va[0]-vb[0]) + (va[1]-vb[1])*(va[1]-vb[1]) + (va[2]-vb[2])*(va[2]-vb[2]))
		m := DistanceM(a, b)
		const slack = 3e-8 // geocentric metres are doubles of 1e-9
		if m < chord-slack || m > MostArcM(chord)+slack {
			t.Fatalf("%v to %v is %v m, the chord %v, the bound %v", a, b, m, chord, MostArcM(chord))
		}
		if m < ShortM {
			worst = max(worst, math.Abs(ChordDistanceM(a, b, chord)-m))
			wide = max(wide, MostArcM(chord)-chord)
		}
	}
	t.Logf("up to %d m: %.1f nm at most from Karney; the bound is %.2f mm wide at most", ShortM, worst*1e9, wide*1e3)
	if worst > 3e-8 {
		t.Errorf("%.1f nm from Karney", worst*1e9)
	}
	p := orb.Point{119, 29}
	if d := ChordDistanceM(p, p, 0); d != 0 {
		t.Errorf("a position is %v m from itself", d)
	}
}

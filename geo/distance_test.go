package geo_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/tidwall/geodesic"

	"towngrid/geo"
)

func TestDistanceAgreesWithGeodSolve(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 0))
	var in strings.Builder
	var got []float64
	for i := range 2000 {
		a := orb.Point{73 + r.Float64()*62, 3 + r.Float64()*51}
		reach := math.Pow(10, -7+float64(i%8))
		b := orb.Point{a[0] + r.NormFloat64()*reach, a[1] + math.Mod(r.NormFloat64()*reach, 30)}
		fmt.Fprintf(&in, "%.17g %.17g %.17g %.17g\n", a[1], a[0], b[1], b[0])
		got = append(got, geo.DistanceM(a, b))
	}
	for i, line := range judge(t, "GeodSolve", in.String(), "-i", "-p", "9") {
		fields := strings.Fields(line)
		want, err := strconv.ParseFloat(fields[len(fields)-1], 64)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(got[i]-want) > 2e-8 {
			t.Errorf("line %d: %.10f m, GeodSolve says %.10f", i, got[i], want)
		}
	}
}

// TestBorderDistance compares with geodesics to points laid densely on all edges.
func TestBorderDistance(t *testing.T) {
	for _, c := range []struct {
		lat, size float64 // degrees
		reach     float64 // of the points from the centre, in sizes
		tolerance float64 // metres
	}{
		{29, 0.01, 0.7, 1e-6}, // within and around a cell of a kilometre
		{29, 0.01, 9, 1e-5},   // up to 10 km away
		{53, 0.05, 2, 1e-5},   // the north of the country
		{29, 0.2, 0.6, 1e-5},  // long edges
		{29, 0.05, 20, 0.1},   // up to 100 km away
		{70, 3, 1, 2},         // far outside what the service is for
	} {
		r := rand.New(rand.NewPCG(5, math.Float64bits(c.lat*c.size)))
		worst := 0.0
		for range 60 {
			mp := star(r, orb.Point{118.9, c.lat}, c.size, 3+r.IntN(30))
			p := orb.Point{118.9 + (r.Float64()-.5)*2*c.size*c.reach, c.lat + (r.Float64()-.5)*2*c.size*c.reach}
			got, q := geo.BorderDistanceM(mp, p)
			if d := geo.DistanceM(p, q); math.Abs(d-got) > 2e-8 {
				t.Fatalf("distance %v, but the nearest point is %v away", got, d)
			}
			worst = max(worst, math.Abs(got-borderByBruteForce(mp, p)))
			if !near(mp, q) {
				t.Fatalf("the nearest point %v is not on an edge", q)
			}
		}
		t.Logf("lat %v, size %v°, reach %v: worst error %.3g m", c.lat, c.size, c.reach, worst)
		if worst > c.tolerance {
			t.Errorf("lat %v, size %v°, reach %v: off by %v m", c.lat, c.size, c.reach, worst)
		}
	}
}

// TestBorderDistanceOfARoundLake puts p into the middle of a polygon all of whose
// vertices are 10 km away, to the centimetre, so that only true distances tell which
// is nearest: the plane at p is off by metres.
func TestBorderDistanceOfARoundLake(t *testing.T) {
	e := geodesic.NewEllipsoid(geo.SemiMajorM, geo.Flattening)
	r := rand.New(rand.NewPCG(3, 3))
	p := orb.Point{118.9, 29}
	for range 20 {
		var ring orb.Ring
		least := math.Inf(1)
		for i := range 200 { // teeth: every other vertex further out, so that the inner ones are nearest
			far := 10_000 + r.Float64()*0.01
			if i%2 == 1 {
				far += 1000
			} else {
				least = min(least, far)
			}
			var q orb.Point
			e.Direct(p[1], p[0], 1.8*float64(i), far, &q[1], &q[0], nil)
			ring = append(ring, q)
		}
		got, _ := geo.BorderDistanceM(orb.MultiPolygon{{append(ring, ring[0])}}, p)
		if math.Abs(got-least) > 1e-5 {
			t.Errorf("%v m, want %v", got, least)
		}
	}
}

// star is a polygon around a centre with n vertices at random distances.
func star(r *rand.Rand, at orb.Point, size float64, n int) orb.MultiPolygon {
	ring := make(orb.Ring, 0, n+1)
	for i := range n {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(n))
		d := size * (0.3 + 0.7*r.Float64())
		ring = append(ring, orb.Point{at[0] + d*cos, at[1] + d*sin})
	}
	return orb.MultiPolygon{{append(ring, ring[0])}}
}

// borderByBruteForce takes 200 points of every edge, then closes in on the best of them.
func borderByBruteForce(mp orb.MultiPolygon, p orb.Point) float64 {
	best := math.Inf(1)
	ring := mp[0][0]
	for i := 1; i < len(ring); i++ {
		a, d := ring[i-1], orb.Point{ring[i][0] - ring[i-1][0], ring[i][1] - ring[i-1][1]}
		far := func(f float64) float64 { return geo.DistanceM(p, orb.Point{a[0] + f*d[0], a[1] + f*d[1]}) }
		const n = 200
		k, least := 0, math.Inf(1)
		for j := range n + 1 {
			if m := far(float64(j) / n); m < least {
				k, least = j, m
			}
		}
		if least > best*1.05+1e-3 {
			continue
		}
		lo, hi := max(0, float64(k-1)/n), min(1, float64(k+1)/n)
		for range 60 {
			x, y := lo+(hi-lo)/3, hi-(hi-lo)/3
			if far(x) < far(y) {
				hi = y
			} else {
				lo = x
			}
		}
		best = min(best, far((lo+hi)/2), least)
	}
	return best
}

// near says whether q lies on an edge, give or take the rounding of its coordinates.
func near(mp orb.MultiPolygon, q orb.Point) bool {
	const eps = 1e-12 // degrees
	ring := mp[0][0]
	for i := 1; i < len(ring); i++ {
		a, b := ring[i-1], ring[i]
		dx, dy := b[0]-a[0], b[1]-a[1]
		off := math.Abs(dx*(q[1]-a[1])-dy*(q[0]-a[0])) / math.Hypot(dx, dy)
		if box := (orb.MultiPoint{a, b}).Bound().Pad(eps); off < eps && box.Contains(q) {
			return true
		}
	}
	return false
}

func TestBorderDistanceOfOddPolygons(t *testing.T) {
	if m, q := geo.BorderDistanceM(nil, orb.Point{1, 2}); !math.IsNaN(m) || q != (orb.Point{1, 2}) {
		t.Errorf("no polygon: %v %v", m, q)
	}
	still := orb.MultiPolygon{{{{3, 4}, {3, 4}, {3, 4}, {3, 4}}}}
	if m, q := geo.BorderDistanceM(still, orb.Point{1, 2}); q != (orb.Point{3, 4}) || math.Abs(m-geo.DistanceM(orb.Point{1, 2}, q)) > 0 {
		t.Errorf("a polygon of one place: %v %v", m, q)
	}
	holed := square(0, 0, 4)
	holed[0] = append(holed[0], orb.Ring{{1, 1}, {1, 3}, {3, 3}, {3, 1}, {1, 1}})
	if m, q := geo.BorderDistanceM(holed, orb.Point{2, 1.5}); math.Abs(q[0]-2) > 1e-9 || q[1] != 1 || m > 56000 {
		t.Errorf("from within a hole: %v %v", m, q)
	}
}

func BenchmarkBorderDistance(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	mp := star(r, orb.Point{118.9, 29}, 0.01, 53)
	b.ReportAllocs()
	for b.Loop() {
		geo.BorderDistanceM(mp, orb.Point{118.901, 29.002})
	}
}

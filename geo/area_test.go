package geo_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/geotest"
)

// tool finds an outside judge. Without it the test is skipped, or fails where
// TOWNGRID_REQUIRE_TOOLS=1 asks for all judges.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
	case os.Getenv("TOWNGRID_REQUIRE_TOOLS") == "1":
		t.Fatalf("%s is missing and TOWNGRID_REQUIRE_TOOLS=1: install geographiclib-tools", name)
	default:
		t.Skipf("%s is missing: install geographiclib-tools to compare with GeographicLib", name)
	}
	return path
}

// judge feeds lines to a tool of GeographicLib on the CGCS2000 ellipsoid.
func judge(t *testing.T, name, input string, flags ...string) []string {
	t.Helper()
	flags = append(flags, "-e", "6378137", "1/298.257222101")
	cmd := exec.Command(tool(t, name), flags...)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

func TestAreaAgreesWithPlanimeter(t *testing.T) {
	cells := geotest.Tessellation(5, 60, orb.Bound{Min: orb.Point{118.5, 28.7}, Max: orb.Point{119.25, 29.3}})
	rings := 0
	for i, mp := range cells {
		want := 0.0
		for _, poly := range mp {
			for j, ring := range poly {
				area := planimeter(t, ring)
				if rings++; j > 0 {
					area = -area
				}
				want += area
			}
		}
		if got := geo.AreaM2(mp); math.Abs(got-want) > 1e-3 {
			t.Errorf("cell %d: %.6f m², Planimeter says %.6f", i, got, want)
		}
	}
	if rings <= len(cells) {
		t.Errorf("%d rings in %d cells: holes and parts are missing", rings, len(cells))
	}
}

func planimeter(t *testing.T, ring orb.Ring) float64 {
	t.Helper()
	var in strings.Builder
	for _, v := range ring[1:] {
		fmt.Fprintf(&in, "%.17g %.17g\n", v[1], v[0])
	}
	fields := strings.Fields(judge(t, "Planimeter", in.String(), "-p", "10")[0])
	area, err := strconv.ParseFloat(fields[2], 64)
	if err != nil {
		t.Fatal(err)
	}
	return math.Abs(area)
}

func TestAreaOfGeometries(t *testing.T) {
	shell := orb.Ring{{118, 29}, {119, 29}, {119, 30}, {118, 30}, {118, 29}}
	hole := orb.Ring{{118.2, 29.2}, {118.4, 29.2}, {118.4, 29.4}, {118.2, 29.4}, {118.2, 29.2}}
	whole, inner := geo.AreaM2(shell), geo.AreaM2(hole)
	back := shell.Clone()
	back.Reverse()
	for _, c := range []struct {
		name string
		g    orb.Geometry
		want float64
	}{
		{"reversed ring", back, whole},
		{"open ring", shell[:4], whole},
		{"hole", orb.Polygon{shell, hole}, whole - inner},
		{"parts", orb.MultiPolygon{{shell, hole}, {hole}}, whole},
		{"bound", shell.Bound(), whole},
		{"collection", orb.Collection{shell, orb.Point{1, 2}, hole}, whole + inner},
		{"point", orb.Point{1, 2}, 0},
		{"line", orb.LineString(shell), 0},
		{"two points", orb.Ring{{1, 2}, {3, 4}, {1, 2}}, 0},
		{"no ring", orb.Polygon{}, 0},
		{"nothing", nil, 0},
	} {
		if got := geo.AreaM2(c.g); math.Abs(got-c.want) > 1e-3 {
			t.Errorf("%s: %.4f m², want %.4f", c.name, got, c.want)
		}
	}
	if whole < 1.074e10 || whole > 1.076e10 {
		t.Errorf("a degree square at 29° N has %g m²", whole)
	}
}

// TestAreaSeriesAgainstGeodesics holds rings of short edges, which are summed up by a
// series, against the same rings by the geodesic library.
func TestAreaSeriesAgainstGeodesics(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	worst := 0.0
	for range 400 {
		lat, size := 60*(2*rng.Float64()-1), math.Exp(rng.Float64()*7-9.5) // 10 m to 8 km across
		lat = math.Copysign(min(math.Abs(lat), 59.8), lat)
		ring := make(orb.Ring, 0, 41)
		for k := range 40 {
			sin, cos := math.Sincos(2 * math.Pi * float64(k) / 40)
			r := size * (0.3 + rng.Float64())
			ring = append(ring, orb.Point{118 + r*cos, lat + r*sin/2})
		}
		ring = append(ring, ring[0])
		got, want := geo.AreaM2(ring), geo.GeodesicAreaM2(ring)
		if diff := math.Abs(got-want) / want; diff > worst {
			worst = diff
		}
		// The library sums up to the equator, and so leaves some 10⁻³ m² of rounding itself.
		if math.Abs(got-want) > 1e-10*want+2e-3 {
			t.Errorf("at %.1f°, %.0f m²: %.6f m², geodesics say %.6f", lat, want, got, want)
		}
	}
	t.Logf("off by %.1e of the area at most, rounding included", worst)
	// Tall and wide, to the limit of the series.
	for _, lat := range []float64{-59, 0, 18, 29, 53, 59.9} {
		for _, size := range [][2]float64{{0.05, 1e-4}, {1e-4, 0.05}, {0.05, 0.05}} {
			r := orb.Bound{Min: orb.Point{118.9, lat}, Max: orb.Point{118.9 + size[0], lat + size[1]}}.ToRing()
			if got, want := geo.AreaM2(r), geo.GeodesicAreaM2(r); math.Abs(got-want) > 2e-11*want+2e-3 {
				t.Errorf("at %v° N: %.6f m², geodesics say %.6f", lat, got, want)
			}
		}
	}
	// Vertices added on a meridian, which is a geodesic, change nothing; the library's
	// rounding would be seen here.
	tall := orb.Bound{Min: orb.Point{118.9, 29}, Max: orb.Point{118.90001, 29.01}}.ToRing()
	split := orb.Ring{tall[0], tall[1], {tall[1][0], 29.003}, tall[2], tall[3], {tall[3][0], 29.0071}, tall[0]}
	if a, b := geo.AreaM2(tall), geo.AreaM2(split); math.Abs(a-b) > 1e-8 {
		t.Errorf("%.9f m² and, split, %.9f", a, b)
	}
}

func BenchmarkAreaM2(b *testing.B) {
	ring := make(orb.Ring, 61)
	for k := range 60 {
		sin, cos := math.Sincos(2 * math.Pi * float64(k) / 60)
		ring[k] = orb.Point{118.9 + 0.001*cos, 29 + 0.001*sin}
	}
	ring[60] = ring[0]
	b.Run("series", func(b *testing.B) {
		for b.Loop() {
			geo.AreaM2(ring)
		}
	})
	b.Run("geodesics", func(b *testing.B) {
		for b.Loop() {
			geo.GeodesicAreaM2(ring)
		}
	})
}

// TestStraightAreaIsThatOfPiecesOfEdges cuts the edges of random rings, straight in
// degrees, into so many pieces that geodesics between them are as straight.
func TestStraightAreaIsThatOfPiecesOfEdges(t *testing.T) {
	const seed, pieces = 17, 2000
	rng := rand.New(rand.NewPCG(seed, 0))
	for i := range 60 {
		size := math.Pow(10, -4+4*rng.Float64()) // degrees
		at := orb.Point{75 + 55*rng.Float64(), 4 + 48*rng.Float64()}
		var ring, fine orb.Ring
		for k := range 7 {
			sin, cos := math.Sincos(2 * math.Pi * (float64(k) + 0.8*rng.Float64()) / 7)
			r := size * (0.3 + rng.Float64())
			ring = append(ring, orb.Point{at[0] + r*cos, at[1] + r*sin})
		}
		ring = append(ring, ring[0])
		for k := 1; k < len(ring); k++ {
			for j := range pieces {
				f := float64(j) / pieces
				fine = append(fine, orb.Point{ring[k-1][0] + f*(ring[k][0]-ring[k-1][0]), ring[k-1][1] + f*(ring[k][1]-ring[k-1][1])})
			}
		}
		fine = append(fine, fine[0])
		got, want := geo.StraightAreaM2(orb.MultiPolygon{{ring}}), geo.AreaM2(fine)
		if math.Abs(got-want) > 1e-8*want+1e-5 {
			t.Errorf("seed %d, ring %d of %g degrees: %v, %v in pieces", seed, i, size, got, want)
		}
	}
}

// TestStraightAreaOfSlivers cuts a corner off along a line with a vertex on it: nothing
// lies between the two borders, where geodesics would leave hundreds of square metres.
func TestStraightAreaOfSlivers(t *testing.T) {
	a, b := orb.Point{118.8, 29}, orb.Point{118.9, 29.0625}
	mid := orb.Point{(a[0] + b[0]) / 2, (a[1] + b[1]) / 2}
	sliver := orb.MultiPolygon{{{a, mid, b, a}}}
	if got := geo.StraightAreaM2(sliver); got > 1e-5 {
		t.Errorf("a sliver without width has %v m²", got)
	}
	if got := geo.AreaM2(sliver); got < 100 {
		t.Errorf("geodesics leave %v m²: the test tests nothing", got)
	}
	c := orb.Point{118.9, 29}
	whole := geo.StraightAreaM2(orb.MultiPolygon{{{a, c, b, a}}})
	parts := geo.StraightAreaM2(orb.MultiPolygon{{{a, c, mid, a}}, {{mid, c, b, mid}}})
	if math.Abs(whole-parts) > 1e-9*whole {
		t.Errorf("cut in two %v and %v m²", parts, whole)
	}
}

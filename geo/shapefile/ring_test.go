package shapefile

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
	"github.com/peterstace/simplefeatures/geom"
)

func readPolygon(t testing.TB, parts ...[]orb.Point) (outcome, orb.MultiPolygon) {
	t.Helper()
	o := mustRead(t, shpOf(polygon, polygonContent(parts...)), Options{})
	if len(o.records) == 0 {
		return o, nil
	}
	return o, o.records[0].Geometry.(orb.MultiPolygon)
}

// shapeOf writes a polygon as the parts of the file that its rings are:
// "0-1 2" is an outer ring 0 with the hole 1, and an outer ring 2.
func shapeOf(parts [][]orb.Point, mp orb.MultiPolygon) string {
	var out []string
	for _, poly := range mp {
		var rings []string
		for _, r := range poly {
			i := slices.IndexFunc(parts, func(p []orb.Point) bool {
				same := len(r)-len(p) <= 1 && len(r) >= len(p)
				return same && !slices.ContainsFunc(r, func(v orb.Point) bool { return !slices.Contains(p, v) })
			})
			rings = append(rings, fmt.Sprint(i))
		}
		out = append(out, strings.Join(rings, "-"))
	}
	return strings.Join(out, " ")
}

func TestRings(t *testing.T) {
	outer, hole, island := box(0, 0, 12), reversed(box(3, 3, 6)), box(5, 5, 2)
	far := box(100, 0, 5)
	notch := []orb.Point{{0, 0}, {0, 9}, {4, 9}, {4, 5}, {8, 5}, {8, 9}, {12, 9}, {12, 0}, {0, 0}} // a U
	plug := []orb.Point{{4, 5}, {4, 9}, {8, 9}, {8, 5}, {4, 5}}                                    // fills it
	for _, c := range []struct {
		name   string
		parts  [][]orb.Point
		shape  string
		area   float64
		checks string
	}{
		{"as it should be", [][]orb.Point{outer, hole, island, far}, "0-1 2 3", 144 - 36 + 4 + 25, ""},
		{"holes before their outer ring", [][]orb.Point{hole, far, outer}, "1 2-0", 25 + 144 - 36, ""},
		{"all reversed", [][]orb.Point{reversed(outer), reversed(hole), reversed(island)}, "0-1 2", 112, "n:ring_reversed"},
		{"one ring, reversed", [][]orb.Point{reversed(far)}, "0", 25, "n:ring_reversed"},
		{"winding unknown to the writer", [][]orb.Point{reversed(outer), hole, reversed(far)}, "0-1 2", 133, "n:ring_reversed"},
		{"nested, both outer", [][]orb.Point{outer, box(3, 3, 6)}, "0-1", 108, "w:nested_shell"},
		{"hole outside", [][]orb.Point{outer, reversed(far)}, "0 1", 169, "w:hole_outside_shell"},
		{"hole that touches in a point", [][]orb.Point{outer, {{0, 6}, {4, 4}, {4, 8}, {0, 6}}}, "0-1", 144 - 8, ""},
		{"hole along an edge", [][]orb.Point{outer, {{0, 3}, {4, 3}, {4, 6}, {0, 6}, {0, 3}}}, "0-1", 144 - 12, ""},
		{"hole with its corners on the ring", [][]orb.Point{outer, reversed([]orb.Point{{0, 6}, {6, 12}, {12, 6}, {6, 0}, {0, 6}})}, "0-1", 144 - 72, ""},
		{"neighbour in a notch", [][]orb.Point{notch, plug}, "0 1", 12*9 - 16 + 16, ""},
		{"neighbours along an edge", [][]orb.Point{box(0, 0, 5), box(5, 0, 5)}, "0 1", 50, ""},
		{"hole = outer ring", [][]orb.Point{outer, reversed(outer)}, "", 0, "e:duplicate_ring"},
		{"ring twice, begun elsewhere", [][]orb.Point{outer, {{12, 12}, {12, 0}, {0, 0}, {0, 12}, {12, 12}}}, "", 0, "e:duplicate_ring"},
		{"not closed", [][]orb.Point{outer[:4], hole}, "0-1", 108, "n:ring_closed"},
		{"repeated vertex", [][]orb.Point{{{0, 0}, {0, 5}, {0, 5}, {5, 5}, {5, 0}, {0, 0}}}, "0", 25, "w:repeated_point"},
		{"repeated first vertex", [][]orb.Point{{{0, 0}, {0, 0}, {0, 5}, {5, 5}, {5, 0}, {0, 0}}}, "0", 25, "w:repeated_point"},
		{"spike", [][]orb.Point{{{0, 0}, {0, 5}, {2, 5}, {2, 9}, {2, 5}, {5, 5}, {5, 0}, {0, 0}}}, "0", 25, "w:spike"},
		{"spike at the start", [][]orb.Point{{{-3, 0}, {0, 0}, {0, 5}, {5, 5}, {5, 0}, {0, 0}, {-3, 0}}}, "0", 25, "w:spike"},
		{"point ring beside a good one", [][]orb.Point{outer, {{3, 3}}, {{1, 1}, {2, 2}, {1, 1}}}, "0", 144, "w:degenerate_ring"},
		{"no area", [][]orb.Point{{{0, 0}, {1, 1}, {2, 2}, {0, 0}}}, "", 0, "e:no_area"},
		{"no area far from the origin", [][]orb.Point{{{4e7 + 0.1, 3e6 + 0.1}, {4e7 + 0.2, 3e6 + 0.2}, {4e7 + 0.3, 3e6 + 0.3}, {4e7 + 0.1, 3e6 + 0.1}}}, "", 0, "e:no_area"},
		{"one point", [][]orb.Point{{{7, 7}, {7, 7}, {7, 7}, {7, 7}}}, "", 0, "e:no_area"},
		{"two lobes that cancel out", [][]orb.Point{{{0, 0}, {2, 2}, {2, 0}, {0, 2}, {0, 0}}}, "0", 0, ""},
		{"a square millimetre in Gauss-Krüger", [][]orb.Point{box(40_500_000, 3_200_000, 0.001)}, "0", 1e-6, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			o, mp := readPolygon(t, c.parts...)
			o.want(t, strings.TrimSpace("w:no_dbf "+c.checks))
			if got := shapeOf(c.parts, mp); got != c.shape {
				t.Fatalf("rings %q, want %q", got, c.shape)
			}
			if got := math.Abs(planar.Area(mp)); math.Abs(got-c.area) > 1e-5*max(1, c.area)+1e-9 {
				t.Fatalf("area %v, want %v", got, c.area)
			}
			for _, poly := range mp {
				for i, r := range poly {
					if !r.Closed() || area2(r) > 0 == (i > 0) && area2(r) != 0 {
						t.Fatalf("ring %v", r)
					}
				}
			}
		})
	}
}

// The place of a finding is the first part and vertex that has it.
func TestPlacesOfFindings(t *testing.T) {
	spiked := []orb.Point{{20, 0}, {20, 5}, {22, 5}, {22, 9}, {22, 5}, {25, 5}, {25, 0}, {20, 0}}
	o, _ := readPolygon(t, box(0, 0, 5), spiked, append(box(40, 0, 5), orb.Point{40, 0}))
	o.want(t, "w:no_dbf w:repeated_point w:spike")
	if v := o.find(spike); v.Record != 1 || v.Part != 1 || v.Vertex != 3 || !strings.Contains(v.Message.ZH, "x=22，y=9") {
		t.Errorf("spike: %+v", v)
	}
	if v := o.find(repeated); v.Part != 2 || v.Vertex != 5 {
		t.Errorf("repeated: %+v", v)
	}
}

// nestSlowly is the oracle: depth by counting all rings around one vertex that
// lies on no other ring.
func nestSlowly(rings [][]orb.Point) []int {
	depth := make([]int, len(rings))
	for i, r := range rings {
		for j, outer := range rings {
			if i != j && planar.RingContains(outer, r[0]) {
				depth[i]++
			}
		}
	}
	return depth
}

// Rings at random in and beside each other, in random order and winding, nest
// as the oracle says, and the areas are those of simplefeatures.
func TestNestingAgainstBruteForce(t *testing.T) {
	const seed = 4
	rng := rand.New(rand.NewPCG(seed, 0))
	for round := range 60 {
		parts := scatter(rng, 0, 0, 1000, 1+rng.IntN(5))
		rng.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		want := nestSlowly(parts)
		area := 0.0
		for i, p := range parts {
			if want[i]%2 == 0 {
				area += math.Abs(area2(p)) / 2
			} else {
				area -= math.Abs(area2(p)) / 2
			}
		}
		o, mp := readPolygon(t, parts...)
		if len(o.records) != 1 {
			t.Fatalf("seed %d round %d: %s", seed, round, o.checks())
		}
		shells := 0
		for _, d := range want {
			shells += 1 - d%2
		}
		var polys []geom.Polygon
		for _, p := range mp {
			polys = append(polys, sfPolygon(p))
		}
		sf := geom.NewMultiPolygon(polys)
		if err := sf.Validate(); err != nil {
			t.Fatalf("seed %d round %d: %v", seed, round, err)
		}
		if got := sf.Area(); len(mp) != shells || math.Abs(got-area) > 1e-9*area {
			t.Fatalf("seed %d round %d: %d polygons of area %v, want %d of %v", seed, round, len(mp), got, shells, area)
		}
	}
}

// scatter fills a square with stars that do not touch, and some of these with more.
func scatter(rng *rand.Rand, x, y, size float64, n int) (parts [][]orb.Point) {
	cell := size / float64(n)
	for i := range n {
		for k := range n {
			cx, cy := x+cell*(float64(i)+0.5), y+cell*(float64(k)+0.5)
			r := []orb.Point(star(rng, cx, cy, 0.45*cell, 5+rng.IntN(90)))
			if rng.IntN(2) == 0 {
				r = reversed(r)
			}
			parts = append(parts, r)
			if cell > 20 && rng.IntN(3) == 0 {
				parts = append(parts, scatter(rng, cx-cell/8, cy-cell/8, cell/4, 1+rng.IntN(3))...)
			}
		}
	}
	return parts
}

func sfPolygon(p orb.Polygon) geom.Polygon {
	var rings []geom.LineString
	for _, r := range p {
		var f []float64
		for _, v := range r {
			f = append(f, v[0], v[1])
		}
		rings = append(rings, geom.NewLineString(geom.NewSequence(f, geom.DimXY)))
	}
	return geom.NewPolygon(rings)
}

// The bands give the side that looking at every edge gives.
func TestBandsAgainstAllEdges(t *testing.T) {
	const seed = 8
	rng := rand.New(rand.NewPCG(seed, 0))
	for round := range 60 {
		n := 70 + rng.IntN(3000)
		points := star(rng, 500, 500, 400, n)
		if round%3 == 0 { // long edges over all bands
			points = points[:0]
			for i := range n {
				points = append(points, orb.Point{float64(i), 1000 * float64(i%2) * rng.Float64()})
			}
			points = append(points, orb.Point{float64(n), -5}, orb.Point{0, -5}, points[0])
		}
		var f findings
		r, ok := newRing(0, points, &f)
		if !ok {
			t.Fatal("flat")
		}
		plain := r
		plain.asked = math.MinInt32
		r.index = newBands(r.points, r.bound.Min[1], r.bound.Max[1])
		for range 500 {
			p := orb.Point{1000 * rng.Float64(), 1000 * rng.Float64()}
			if rng.IntN(4) == 0 { // on a vertex, or level with one
				p[1] = points[rng.IntN(len(points))][1]
			} else if rng.IntN(4) == 0 {
				p = points[rng.IntN(len(points))]
			}
			got, _ := r.side(p)
			want, _ := plain.side(p)
			if got != want {
				t.Fatalf("seed %d round %d: %v is %d by bands, %d by all edges", seed, round, p, got, want)
			}
		}
	}
}

// side agrees with simplefeatures on random points and on vertices.
func TestSide(t *testing.T) {
	const seed = 3
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 200 {
		points := star(rng, 0, 0, 10, 3+rng.IntN(30))
		var f findings
		r, ok := newRing(0, points, &f)
		if !ok {
			continue
		}
		poly := sfPolygon(orb.Polygon{r.points}).AsGeometry()
		for i := range 40 {
			p := orb.Point{20*rng.Float64() - 10, 20*rng.Float64() - 10}
			if i%4 == 0 {
				p = points[rng.IntN(len(points))]
			}
			got, _ := r.side(p)
			want, err := geom.Relate(geom.XY{X: p[0], Y: p[1]}.AsPoint().AsGeometry(), poly)
			if err != nil {
				t.Fatal(err)
			}
			wantSide := map[byte]side{'0': inside}[want[0]]
			if want[1] == '0' {
				wantSide = edge
			}
			if got != wantSide {
				t.Fatalf("seed %d: %v in %v: %d, want %d (%s)", seed, p, points, got, wantSide, want)
			}
		}
		if s, _ := r.side(r.interior()); s != inside {
			t.Fatalf("seed %d: interior %v of %v is not inside", seed, r.interior(), points)
		}
	}
}

// Records of 100,000 rings do not hang: beside each other, as holes of one large
// ring, or each in the next, which no map has and which is refused.
func TestManyRings(t *testing.T) {
	grid := func(n int, reverse bool) (parts [][]orb.Point) {
		for i := range n {
			r := box(float64(i%320)*3, float64(i/320)*3, 2)
			if reverse {
				r = reversed(r)
			}
			parts = append(parts, r[:5])
		}
		return parts
	}
	var shell []orb.Point
	for i := range 50_000 {
		a := -2 * math.Pi * float64(i) / 50_000
		shell = append(shell, orb.Point{480 + 900*math.Cos(a), 480 + 900*math.Sin(a)})
	}
	shell = append(shell, shell[0])
	var onion [][]orb.Point
	for i := range 20_000 {
		d := float64(i)
		onion = append(onion, []orb.Point{{-d, -d}, {-d, 1e6 + d}, {1e6 + d, 1e6 + d}, {1e6 + d, -d}, {-d, -d}})
	}
	var strips [][]orb.Point // whose bounds overlap, not they themselves
	for i := range 2000 {
		d := float64(i)
		strips = append(strips, []orb.Point{{d, 0}, {d + 1e6, 1e6}, {d + 1e6 + 0.5, 1e6}, {d + 0.5, 0}, {d, 0}})
	}
	for _, c := range []struct {
		name     string
		parts    [][]orb.Point
		polygons int
		checks   string
	}{
		{"beside each other", grid(99_000, false), 99_000, "w:no_dbf"},
		{"holes of one ring", append(grid(80_000, true), shell), 1, "w:no_dbf"},
		{"each in the next", onion, 0, "w:no_dbf e:rings_too_tangled"},
		{"strips", strips, 2000, "w:no_dbf"},
	} {
		f := shpOf(polygon, polygonContent(c.parts...))
		lim := DefaultLimits()
		start := time.Now()
		o := readFiles(f, Options{}, lim)
		took := time.Since(start)
		if o.err != nil {
			t.Fatal(o.err)
		}
		t.Logf("%s: %v", c.name, took)
		polygons := 0
		if len(o.records) > 0 {
			polygons = len(o.records[0].Geometry.(orb.MultiPolygon))
		}
		if polygons != c.polygons || took > 120*time.Second {
			t.Errorf("%s: %d polygons after %v", c.name, polygons, took)
		}
		if diff := cmp.Diff(c.checks, o.checks()); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

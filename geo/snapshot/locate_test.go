package snapshot_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"towngrid/geo"
	"towngrid/geo/geotest"
	"towngrid/geo/snapshot"
)

// reporter is a test or a property under test.
type reporter interface{ Errorf(string, ...any) }

// oracle is the rule of one cell in rational numbers, over all cells.
func oracle(cells []orb.MultiPolygon, p orb.Point) (cell int, others []int, side geo.Side) {
	if in := geotest.Locate(cells, p); len(in) > 0 {
		side = geo.Inside
		if geotest.OnEdge(cells[in[0]], p) {
			side = geo.Edge
		}
		return in[0], in[1:], side
	}
	if touching := geotest.Touching(cells, p); len(touching) > 0 {
		return touching[0], nil, geo.Edge
	}
	return -1, nil, geo.Outside
}

// checkMatch holds Locate and LocateCode against the oracle.
func checkMatch(t reporter, s *snapshot.Snapshot, cells []orb.MultiPolygon, p orb.Point) {
	m := s.Locate(p)
	if at := s.LocateCode(p); at != placeOf(m) {
		t.Errorf("%v: LocateCode %+v, Locate %+v", p, at, placeOf(m))
	}
	cell, others, side := oracle(cells, p)
	if m.Side != side {
		t.Errorf("%v is %v, want %v", p, m.Side, side)
	}
	switch {
	case cell < 0 && m.Cell != nil:
		t.Errorf("%v matches %s, want none", p, m.Cell.Code)
	case cell < 0:
		checkNearest(t, cells, p, m)
	case m.Cell == nil || m.Cell.Code != code(cell):
		t.Errorf("%v matches %v, want %s", p, m.Cell, code(cell))
	default:
		checkBorder(t, cells[cell], p, m)
	}
	var got, want []geo.Code
	for _, o := range m.Others {
		got = append(got, o.Code)
	}
	for _, o := range others {
		want = append(want, code(o))
	}
	if !slices.Equal(got, want) {
		t.Errorf("%v: others %v, want %v", p, got, want)
	}
}

func checkBorder(t reporter, cell orb.MultiPolygon, p orb.Point, m snapshot.Match) {
	want := 0.0
	if m.Side != geo.Edge {
		want, _ = geo.BorderDistanceM(cell, p)
	}
	if m.BorderM != want || m.Nearest != nil || !math.IsNaN(m.NearestM) {
		t.Errorf("%v: border at %v m, want %v; nearest %v at %v m", p, m.BorderM, want, m.Nearest, m.NearestM)
	}
}

func checkNearest(t reporter, cells []orb.MultiPolygon, p orb.Point, m snapshot.Match) {
	least := math.Inf(1)
	for _, mp := range cells {
		d, _ := geo.BorderDistanceM(mp, p)
		least = min(least, d)
	}
	if m.Nearest == nil || math.Abs(m.NearestM-least) > 1e-6 || !math.IsNaN(m.BorderM) || m.Chain != nil {
		t.Errorf("%v: nearest %v at %v m, want %v m", p, m.Nearest, m.NearestM, least)
		return
	}
	for i, mp := range cells {
		if d, _ := geo.BorderDistanceM(mp, p); d < least+1e-7 && code(i) < m.Nearest.Code {
			t.Errorf("%v: nearest %s, but %s is as near", p, m.Nearest.Code, code(i))
		}
	}
}

// adversarial is a mixture of points: anywhere, on vertices, on edges, beside them by
// one unit in the last place, on the outer rim and outside.
func adversarial(r *rand.Rand, cells []orb.MultiPolygon, n int) []orb.Point {
	points := geotest.Points(r.Uint64(), cells, n)
	for range n / 2 {
		ring := cells[r.IntN(len(cells))][0][0]
		k := 1 + r.IntN(len(ring)-1)
		a, b := ring[k-1], ring[k]
		f := r.Float64()
		p := []orb.Point{a, {a[0] + f*(b[0]-a[0]), a[1] + f*(b[1]-a[1])}, {(a[0] + b[0]) / 2, (a[1] + b[1]) / 2}}[r.IntN(3)]
		for i := range p {
			p[i] = math.Nextafter(p[i], float64(r.IntN(3)-1)*1000)
		}
		points = append(points, p)
	}
	b := cells[0].Bound()
	for _, c := range cells {
		b = b.Union(c.Bound())
	}
	for range n / 4 {
		x, y := b.Min[0]+r.Float64()*(b.Max[0]-b.Min[0]), b.Min[1]+r.Float64()*(b.Max[1]-b.Min[1])
		far := math.Pow(10, -r.Float64()*6)
		points = append(points, orb.Point{b.Max[0], y}, orb.Point{x, b.Max[1]}, orb.Point{b.Min[0], y}, orb.Point{b.Max[0] + far, y}, orb.Point{x, b.Min[1] - far})
	}
	return append(points, b.Min, b.Max, b.LeftTop(), b.RightBottom())
}

// snapshotOf lays cells into parts by chance.
func snapshotOf(t testing.TB, r *rand.Rand, cells []orb.MultiPolygon, divisions int) *snapshot.Snapshot {
	lots := make([][]orb.MultiPolygon, divisions)
	for i := range lots {
		lots[i] = make([]orb.MultiPolygon, len(cells))
	}
	for i, mp := range cells {
		lots[r.IntN(divisions)][i] = mp
	}
	s := snapshot.Empty()
	for _, i := range r.Perm(divisions) {
		d := geo.Division(code(i)[:12])
		s = s.With(part(t, geo.Cells, d, 1, features(lots[i])))
	}
	return s
}

func TestLocateAgreesWithTheOracle(t *testing.T) {
	for seed := range uint64(4) {
		r := rand.New(rand.NewPCG(seed, 11))
		cells := geotest.Tessellation(seed, 120, district)
		if seed%2 == 1 {
			cells, _ = geotest.Break(seed, cells, 9)
		}
		s := snapshotOf(t, r, cells, 1+int(seed))
		t.Logf("seed %d", seed)
		for _, p := range adversarial(r, cells, 400) {
			checkMatch(t, s, cells, p)
		}
	}
}

// TestOneMatchInsideNoneOutside is the promise of the service: in a coverage of a
// bound every point within has one match and no others, however the cells are
// spread over divisions and in whatever order these were published.
func TestOneMatchInsideNoneOutside(t *testing.T) {
	tessellations := make([][]orb.MultiPolygon, 6)
	for i := range tessellations {
		tessellations[i] = geotest.Tessellation(uint64(100+i), 20+i*15, district)
	}
	rapid.Check(t, func(rt *rapid.T) {
		cells := rapid.SampledFrom(tessellations).Draw(rt, "tessellation")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		n := rapid.IntRange(1, 4).Draw(rt, "divisions")
		s := snapshotOf(t, r, cells, n)
		whole := snapshot.Empty().With(part(t, geo.Cells, "330890", 1, features(cells)))
		for _, p := range adversarial(r, cells, 12) {
			m, w := s.Locate(p), whole.Locate(p)
			if in := district.Contains(p); in != (m.Cell != nil) || len(m.Others) > 0 {
				rt.Errorf("%v: within: %v, match %v, others %v", p, in, m.Cell, m.Others)
			}
			if placeOf(m) != placeOf(w) || (m.Nearest == nil) != (w.Nearest == nil) || m.Nearest != nil && m.Nearest.Code != w.Nearest.Code {
				rt.Errorf("%v: %+v in %d parts, %+v in one", p, m, n, w)
			}
			if rim := p[0] == district.Max[0] || p[1] == district.Max[1]; rim && m.Cell != nil {
				checkMatch(rt, s, cells, p)
			}
		}
	})
}

// TestLocateOfSmallCases states the rule by a table: four squares around a point,
// one of them twice, and one far away.
func TestLocateOfSmallCases(t *testing.T) {
	cells := []orb.MultiPolygon{
		square(0, 0, 1), square(1, 0, 1), square(0, 1, 1), square(1, 1, 1), // sw se nw ne
		square(1.5, 1.5, 1),  // over the north-eastern one
		{square(9, 9, 1)[0]}, // far away
	}
	s := snapshot.Empty().With(part(t, geo.Cells, "330890", 1, features(cells)))
	for _, c := range []struct {
		name   string
		p      orb.Point
		cell   int // -1 for none
		side   geo.Side
		others []int
	}{
		{"inside", orb.Point{0.5, 0.5}, 0, geo.Inside, nil},
		{"border: the eastern cell", orb.Point{1, 0.5}, 1, geo.Edge, nil},
		{"horizontal border: the northern cell", orb.Point{0.5, 1}, 2, geo.Edge, nil},
		{"four corners: the north-eastern cell", orb.Point{1, 1}, 3, geo.Edge, nil},
		{"overlap: the lowest code", orb.Point{1.7, 1.7}, 3, geo.Inside, []int{4}},
		{"edge of the higher cell of an overlap", orb.Point{1.5, 1.7}, 3, geo.Inside, []int{4}},
		{"edge of the lower cell of an overlap", orb.Point{2, 1.7}, 4, geo.Inside, nil},
		{"western rim", orb.Point{0, 0.5}, 0, geo.Edge, nil},
		{"eastern rim", orb.Point{2, 0.5}, 1, geo.Edge, nil},
		{"northern rim between two cells", orb.Point{1, 2}, 2, geo.Edge, nil},
		{"corner of the rim", orb.Point{2, 0}, 1, geo.Edge, nil},
		{"outside", orb.Point{3, 0.5}, -1, geo.Outside, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			cell, others, side := oracle(cells, c.p)
			if cell != c.cell || side != c.side || !slices.Equal(others, c.others) {
				t.Fatalf("the oracle says %d, %v, %v", cell, others, side)
			}
			checkMatch(t, s, cells, c.p)
		})
	}
}

// TestNeighbours holds Neighbour and SignedM against all cells.
func TestNeighbours(t *testing.T) {
	for seed := range uint64(2) {
		r := rand.New(rand.NewPCG(seed, 14))
		cells := geotest.Tessellation(seed, 60, district)
		if seed == 1 {
			cells, _ = geotest.Break(seed, cells, 6)
		}
		s := snapshotOf(t, r, cells, 2)
		for _, p := range adversarial(r, cells, 60) {
			m := s.Locate(p)
			if m.Cell == nil {
				if m.SignedM() != -m.NearestM {
					t.Errorf("seed %d: %v: %v m, the nearest cell is %v m away", seed, p, m.SignedM(), m.NearestM)
				}
				continue
			}
			least, lowest := math.Inf(1), geo.Code("")
			for i, mp := range cells {
				if m.Cell.Code != code(i) && !slices.ContainsFunc(m.Others, func(f *geo.Feature) bool { return f.Code == code(i) }) {
					d := 0.0
					if geo.SideOf(mp, p) == geo.Outside {
						d, _ = geo.BorderDistanceM(mp, p)
					}
					d = math.Round(d * 1e6)
					if d < least || d == least && code(i) < lowest {
						least, lowest = d, code(i)
					}
				}
			}
			least /= 1e6
			if f, d := s.Neighbour(p, m); f == nil || f.Code != lowest || math.Abs(d-least) > 1e-6 || m.SignedM() != m.BorderM {
				t.Errorf("seed %d: %v: neighbour %v at %v m, want %s at %v m", seed, p, f, d, lowest, least)
			}
		}
	}
}

// TestNeighbourDoesNotAllocate looks for the neighbours of positions in cells without gaps.
func TestNeighbourDoesNotAllocate(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 14))
	cells := geotest.Tessellation(3, 60, district)
	s := snapshotOf(t, r, cells, 1)
	looked := 0
	for _, c := range cells {
		p := c.Bound().Center()
		m := s.Locate(p)
		if m.Cell == nil {
			continue
		}
		looked++
		// The race detector takes buffers from a pool away by chance.
		if n := testing.AllocsPerRun(5, func() { s.Neighbour(p, m) }); n > 0 && !raced {
			t.Errorf("%v: %v allocations", p, n)
		}
	}
	if looked < len(cells)/2 {
		t.Errorf("only %d positions lay in a cell", looked)
	}
}

func TestFindInAnyCollection(t *testing.T) {
	s := snapshot.Empty().
		With(part(t, geo.Parcels, "330890", 1, features([]orb.MultiPolygon{square(0, 0, 1), square(1, 0, 1), square(1, 0, 1)}))).
		With(part(t, geo.Facilities, "330890", 1, []geo.Feature{{Code: "F", Geometry: orb.Point{0.5, 0.5}}}))
	f, side, others := s.Find(geo.Parcels, orb.Point{1, 0.5})
	if f == nil || f.Code != code(1) || side != geo.Edge || len(others) != 1 || others[0].Code != code(2) {
		t.Errorf("%v %v %v", f, side, others)
	}
	for _, c := range []geo.Collection{geo.Facilities, geo.Towns, "roads"} {
		if f, side, _ := s.Find(c, orb.Point{0.5, 0.5}); f != nil || side != geo.Outside {
			t.Errorf("%s: %v %v", c, f, side)
		}
	}
	if f, _, _ := s.Find(geo.Parcels, orb.Point{math.NaN(), 0.5}); f != nil {
		t.Errorf("a position that is none: %v", f)
	}
}

func TestLocateWithoutCells(t *testing.T) {
	m := snapshot.Empty().Locate(orb.Point{118.9, 29})
	if m.Cell != nil || m.Nearest != nil || m.Side != geo.Outside || !math.IsNaN(m.NearestM) || !math.IsNaN(m.BorderM) || len(m.Versions()) != 0 {
		t.Errorf("%+v", m)
	}
	s := snapshot.Empty().With(part(t, geo.Cells, "330890", 1, features([]orb.MultiPolygon{square(0, 0, 1)})))
	for _, p := range []orb.Point{{math.NaN(), 0.5}, {0.5, math.NaN()}, {math.Inf(1), 0.5}, {0.5, math.Inf(-1)}} {
		if m := s.Locate(p); m.Cell != nil || m.Nearest != nil || m.Side != geo.Outside {
			t.Errorf("%v: %+v", p, m)
		}
	}
}

// TestHoleOutsideItsShell: what the even-odd rule counts as land is found, though the
// shell's bound does not reach there.
func TestHoleOutsideItsShell(t *testing.T) {
	cells := []orb.MultiPolygon{{{square(0, 0, 1)[0][0], square(5, 5, 1)[0][0]}}}
	s := snapshot.Empty().With(part(t, geo.Cells, "330890", 1, features(cells)))
	checkMatch(t, s, cells, orb.Point{5.5, 5.5})
}

func TestSameCodeInTwoDivisions(t *testing.T) {
	first := part(t, geo.Cells, "330890", 1, features([]orb.MultiPolygon{square(0, 0, 1)}))
	second := part(t, geo.Cells, "330891", 1, features([]orb.MultiPolygon{square(0, 0, 1)}))
	for _, s := range []*snapshot.Snapshot{snapshot.Empty().With(first).With(second), snapshot.Empty().With(second).With(first)} {
		m := s.Locate(orb.Point{0.5, 0.5})
		if m.Cell != first.Bare(0) || len(m.Others) != 1 || m.Others[0] != second.Bare(0) {
			t.Errorf("not the first division's: %+v", m)
		}
	}
}

func TestLocateDoesNotAllocate(t *testing.T) {
	cells := geotest.Tessellation(1, 300, district)
	s := snapshot.Empty().
		With(part(t, geo.Cells, "330890", 1, features(cells, geo.Property{Name: "unit", Value: "S"}))).
		With(part(t, geo.Towns, "330890", 1, features([]orb.MultiPolygon{square(118, 28, 2)})))
	points := geotest.Points(1, cells, 64)
	i := 0
	// The race detector takes buffers from a pool away by chance.
	if n := testing.AllocsPerRun(500, func() { s.Locate(points[i%64]); i++ }); n != 0 && !raced {
		t.Errorf("Locate allocates %v times", n)
	}
	if n := testing.AllocsPerRun(500, func() { s.LocateCode(points[i%64]); i++ }); n != 0 {
		t.Errorf("LocateCode allocates %v times", n)
	}
}

// TestClaimDoesNotAllocate takes points of all kinds, on vertices and edges as well, in one
// part and in two.
func TestClaimDoesNotAllocate(t *testing.T) {
	cells := geotest.Tessellation(2, 300, district)
	half := len(cells) / 2
	points := geotest.Points(2, cells, 256)
	claims := make([]snapshot.Claim, len(points))
	edges := 0
	for name, s := range map[string]*snapshot.Snapshot{
		"one part": snapshot.Empty().With(part(t, geo.Cells, "330890", 1, features(cells))),
		"two parts": snapshot.Empty().With(part(t, geo.Cells, "330890", 1, features(cells[:half]))).
			With(part(t, geo.Cells, "330891", 1, features(cells[half:]))),
	} {
		for _, p := range points {
			if s.Claim(p).Side == geo.Edge {
				edges++
			}
			if n := testing.AllocsPerRun(3, func() { claims[0] = s.Claim(p) }); n != 0 {
				t.Errorf("%s: Claim of %v allocates %v times", name, p, n)
			}
		}
		if n := testing.AllocsPerRun(20, func() { s.Claims(points, claims) }); n != 0 {
			t.Errorf("%s: Claims allocates %v times", name, n)
		}
	}
	if edges == 0 {
		t.Error("no point is on an edge")
	}
}

// grid is n×n cells of 60 vertices, bent so that no border is straight.
func grid(n int) []orb.MultiPolygon {
	const k, step = 15, 0.005
	bend := func(x, y float64) orb.Point {
		return orb.Point{118 + step*(x+0.15*math.Sin(5*y)), 29 + step*(y+0.15*math.Sin(4*x))}
	}
	var cells []orb.MultiPolygon
	for y := range n {
		for x := range n {
			var ring orb.Ring
			for i := range 4 * k {
				f := float64(i%k) / k
				c := [4]orb.Point{{f, 0}, {1, f}, {1 - f, 1}, {0, 1 - f}}[i/k]
				ring = append(ring, bend(float64(x)+c[0], float64(y)+c[1]))
			}
			cells = append(cells, orb.MultiPolygon{{append(ring, ring[0])}})
		}
	}
	return cells
}

// BenchmarkLocate tells what the whole answer costs, with the distance to the border, and
// that of a position without a cell, with the nearest one; of codes alone
// BenchmarkSideBySide tells.
func BenchmarkLocate(b *testing.B) {
	bound := orb.Bound{Min: orb.Point{118, 29}, Max: orb.Point{119, 30}}
	for _, size := range []struct {
		name string
		n    int
	}{{"1k", 1000}, {"50k", 50_000}} {
		cells := geotest.Quilt(1, size.n, bound)
		s := snapshot.Empty().With(part(b, geo.Cells, "330890", 1, features(cells, geo.Property{Name: "unit", Value: "S"})))
		r := rand.New(rand.NewPCG(1, 1))
		points := make([]orb.Point, 1<<14)
		for i := range points { // spread over cells, of which most are small
			c := cells[r.IntN(len(cells))].Bound()
			points[i] = orb.Point{c.Min[0] + r.Float64()*(c.Max[0]-c.Min[0]), c.Min[1] + r.Float64()*(c.Max[1]-c.Min[1])}
		}
		b.Run("full/"+size.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				s.Locate(points[i%len(points)])
			}
		})
		b.Run("none/"+size.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				p := points[i%len(points)]
				s.Locate(orb.Point{p[0], 28.99})
			}
		})
	}
}

func BenchmarkNewPart(b *testing.B) {
	fs := features(grid(224), geo.Property{Name: "unit", Value: "S"})
	b.ReportAllocs()
	for b.Loop() {
		part(b, geo.Cells, "330890", 1, slices.Clone(fs))
	}
}

func BenchmarkTag(b *testing.B) {
	s := snapshot.Empty()
	b.ReportAllocs()
	for b.Loop() {
		s.Tag(geo.Cells, geo.Units)
	}
}

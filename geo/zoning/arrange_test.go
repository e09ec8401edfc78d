package zoning

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/geotest"
)

// scribble is random lines over a degree: some through vertices of others, some along
// others, some twice.
func scribble(r *rand.Rand, n int) (lines []orb.LineString) {
	var seen []orb.Point
	point := func() orb.Point {
		if len(seen) > 0 && r.IntN(4) == 0 {
			return seen[r.IntN(len(seen))]
		}
		p := orb.Point{118 + math.Round(r.Float64()*40)/40*0.01, 29 + r.Float64()*0.01}
		seen = append(seen, p)
		return p
	}
	for range n {
		l := orb.LineString{point()}
		for range 1 + r.IntN(3) {
			l = append(l, point())
		}
		lines = append(lines, l)
		if r.IntN(8) == 0 {
			lines = append(lines, l)
		}
	}
	return lines
}

// The faces are as many as Euler's formula wants, share their edges, do not overlap, and
// no two pieces of the net cross.
func TestArrangeAgainstEuler(t *testing.T) {
	const seed = 3
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 150 {
		lines := scribble(r, 2+r.IntN(25))
		n, err := newNet(context.Background(), lines)
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range n.segments {
			for _, u := range n.segments[:i] {
				if properly(n.at[s.from], n.at[s.to], n.at[u.from], n.at[u.to]) {
					t.Fatalf("%v and %v cross in\n%v", s, u, lines)
				}
			}
		}
		a, err := Arrange(context.Background(), lines)
		if err != nil {
			t.Fatal(err)
		}
		if want := bounded(n); len(a.Faces) != want {
			t.Fatalf("%d faces, Euler wants %d, of\n%v", len(a.Faces), want, lines)
		}
		cells := make([]orb.MultiPolygon, len(a.Faces))
		for i, f := range a.Faces {
			cells[i] = orb.MultiPolygon{f}
			if err := geotest.Valid(cells[i]); err != nil && area(f[0]) > 1e-15 {
				t.Fatalf("face %d: %v of\n%v", i, err, lines)
			}
			if at := inside(f); geo.SideOf(cells[i], at) != geo.Inside && area(f[0]) > 1e-15 {
				t.Fatalf("the inner point %v of face %d is not inside it", at, i)
			}
		}
		for range 50 {
			p := orb.Point{118 + r.Float64()*0.01, 29 + r.Float64()*0.01}
			if got := geotest.Locate(cells, p); len(got) > 1 {
				t.Fatalf("%v lies in faces %v", p, got)
			}
		}
	}
}

// bounded counts the bounded faces of a net by E - V + C, which holds with dangling
// lines as well.
func bounded(n *net) int {
	sets, used := newUnion(len(n.at)), map[int32]bool{}
	parts := 0
	for _, s := range n.segments {
		for _, v := range [2]int32{s.from, s.to} {
			if !used[v] {
				used[v] = true
				parts++
			}
		}
		if sets.join(s.from, s.to) {
			parts--
		}
	}
	return len(n.segments) - len(used) + parts
}

// The borders of a coverage give the coverage back, to the last bit.
func TestArrangeKeepsACoverage(t *testing.T) {
	cells := geotest.Tessellation(5, 300, orb.Bound{Min: orb.Point{118.7, 28.8}, Max: orb.Point{119.1, 29.2}})
	a, err := Arrange(context.Background(), rings(cells))
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Dangles) > 0 {
		t.Errorf("dangles: %v", a.Dangles)
	}
	parts := 0
	find, got := newFinder(cells), make([]float64, len(cells))
	for _, mp := range cells {
		parts += len(mp)
	}
	if len(a.Faces) != parts {
		t.Fatalf("%d faces, want %d", len(a.Faces), parts)
	}
	given := map[orb.Point]bool{}
	for _, l := range rings(cells) {
		for _, p := range l {
			given[p] = true
		}
	}
	for _, f := range a.Faces {
		i := find.find(inside(f))
		if i < 0 {
			t.Fatal("a face in no cell")
		}
		got[i] += geotest.Area(orb.MultiPolygon{f})
		for _, r := range f {
			for _, p := range r {
				if !given[p] {
					t.Fatalf("%v is no vertex of the coverage", p)
				}
			}
		}
	}
	for i, mp := range cells {
		if want := geotest.Area(mp); math.Abs(got[i]-want) > 1e-12*want {
			t.Errorf("cell %d: area %g, want %g", i, got[i], want)
		}
	}
}

func TestArrangeListsWhatBoundsNothing(t *testing.T) {
	square := orb.LineString{{118, 29}, {118.01, 29}, {118.01, 29.01}, {118, 29.01}, {118, 29}}
	inner := orb.LineString{{118.004, 29.004}, {118.006, 29.004}, {118.006, 29.006}, {118.004, 29.006}, {118.004, 29.004}}
	spur := orb.LineString{{118.01, 29.005}, {118.02, 29.005}}
	bridge := orb.LineString{{118, 29}, {118.004, 29.004}}
	a, err := Arrange(context.Background(), []orb.LineString{square, inner, spur, bridge})
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Faces) != 2 || len(a.Faces[0]) != 2 || len(a.Faces[1]) != 1 {
		t.Fatalf("faces %v", a.Faces)
	}
	if len(a.Dangles) != 2 || a.Dangles[0].Bridge || a.Dangles[0].End != (orb.Point{118.02, 29.005}) || !a.Dangles[1].Bridge {
		t.Fatalf("dangles %+v", a.Dangles)
	}
	if got := a.Dangles[0].LengthM; math.Abs(got-974) > 2 {
		t.Errorf("the spur has %.1f m", got)
	}
}

// Lines that all cross one another end in a refusal, not in a wait.
func TestArrangeRefusesATangle(t *testing.T) {
	var lines []orb.LineString
	for i := range 6000 {
		f := float64(i) / 6000
		lines = append(lines, orb.LineString{{118 + f, 29}, {119 - f, 30 + f/100}})
	}
	_, err := Arrange(context.Background(), lines)
	var known *geo.Error
	if !errors.As(err, &known) || known.Code != "lines_tangled" {
		t.Fatalf("got %v", err)
	}
}

func TestFinderAgainstOracle(t *testing.T) {
	cells := geotest.Tessellation(9, 60, orb.Bound{Min: orb.Point{118, 29}, Max: orb.Point{118.1, 29.1}})
	f := newFinder(cells)
	for _, p := range geotest.Points(9, cells, 3000) {
		want := geotest.Locate(cells, p)
		got := f.all(p)
		if len(got) != len(want) || len(got) == 1 && int(got[0]) != want[0] {
			t.Fatalf("%v: %v, want %v", p, got, want)
		}
	}
}

func BenchmarkArrange(b *testing.B) {
	cells := geotest.Tessellation(5, 5000, orb.Bound{Min: orb.Point{118.7, 28.8}, Max: orb.Point{119.1, 29.2}})
	lines := rings(cells)
	for b.Loop() {
		if _, err := Arrange(context.Background(), lines); err != nil {
			b.Fatal(err)
		}
	}
	n := 0
	for _, l := range lines {
		n += len(l)
	}
	b.ReportMetric(float64(n), "vertices")
}

package geotest_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"towngrid/geo"
	. "towngrid/geo/geotest"
)

var (
	degrees = orb.Bound{Min: orb.Point{118, 28}, Max: orb.Point{119, 29}}
	metres  = orb.Bound{Min: orb.Point{40480000, 3180000}, Max: orb.Point{40520000, 3230000}}
)

func TestTessellationCoversItsBound(t *testing.T) {
	for _, n := range []int{1, 2, 3, 5, 19, 20, 100, 1000} {
		for seed := range uint64(5) {
			cells := Tessellation(seed, n, degrees)
			if len(cells) != n {
				t.Errorf("seed %d: %d cells, %d wanted", seed, len(cells), n)
			}
			if err := Contiguous(cells, degrees); err != nil {
				t.Errorf("seed %d, %d cells: %v", seed, n, err)
			}
		}
	}
}

func TestTessellationHasEnclavesAndExclaves(t *testing.T) {
	for seed := range uint64(5) {
		cells := Tessellation(seed, 500, degrees)
		holes, parts := 0, 0
		for _, c := range cells {
			parts += len(c) - 1
			for _, p := range c {
				holes += len(p) - 1
			}
		}
		if holes < 5 || parts < 3 {
			t.Errorf("seed %d: %d holes and %d further parts, at least 5 and 3 wanted", seed, holes, parts)
		}
	}
}

func TestTessellationIsIrregular(t *testing.T) {
	cells := Tessellation(7, 1000, degrees)
	least, most, vertices := math.Inf(1), 0.0, 0
	for _, c := range cells {
		a := Area(c)
		least, most = min(least, a), max(most, a)
		for _, p := range c {
			for _, r := range p {
				vertices += len(r) - 1
			}
		}
	}
	if most/least < 50 {
		t.Errorf("the largest cell is %.0f times the smallest, at least 50 wanted", most/least)
	}
	if mean := vertices / len(cells); mean < 25 || mean > 70 {
		t.Errorf("%d vertices a cell, 25 to 70 wanted", mean)
	}
}

func TestSameSeedSameBits(t *testing.T) {
	if d := cmp.Diff(Tessellation(3, 200, degrees), Tessellation(3, 200, degrees)); d != "" {
		t.Error(d)
	}
	if cmp.Equal(Tessellation(3, 200, degrees), Tessellation(4, 200, degrees)) {
		t.Error("two seeds gave the same cells")
	}
}

// The digest holds the generator still across Go releases and platforms: goldens
// of other packages are made from these coordinates.
func TestSameBitsEverywhere(t *testing.T) {
	var fs []geo.Feature
	for i, c := range Tessellation(11, 300, metres) {
		fs = append(fs, geo.Feature{Code: geo.Code(rune('A' + i)), Geometry: c})
	}
	sum, err := geo.Checksum(fs)
	if err != nil {
		t.Fatal(err)
	}
	const want = "0243c9f71de214dda92dafdf41be02fe50e733e8d5aded100d2c291003a75771"
	if sum != want {
		t.Errorf("the coordinates have the digest %s, %s wanted", sum, want)
	}
}

func newMesh(t *testing.T, o Options) *Mesh {
	t.Helper()
	m, err := NewMesh(o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMeshForms(t *testing.T) {
	steep := func(p orb.Point) float64 { return math.Exp(-9 * (p[0] - 40480000) / 40000) }
	for name, o := range map[string]Options{
		"metres to the millimetre": {Bound: metres, Decimals: 3, Relax: 2},
		"ragged":                   {Bound: metres, Decimals: 3},
		"straight":                 {Bound: degrees, Segments: 1},
		"fine":                     {Bound: degrees, Segments: 64, Relax: 1},
		"steep density":            {Bound: metres, Decimals: 3, Density: steep, Relax: 1},
		"narrow":                   {Bound: orb.Bound{Max: orb.Point{1000, 1}}},
		"coarse decimals":          {Bound: degrees, Decimals: 6},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(5) {
				o.Seed, o.Cells = seed, 400
				if err := Contiguous(newMesh(t, o).Cells(), o.Bound); err != nil {
					t.Errorf("seed %d: %v", seed, err)
				}
			}
		})
	}
}

func TestMeshKnowsItsNeighbours(t *testing.T) {
	m := newMesh(t, Options{Seed: 5, Cells: 300, Bound: degrees})
	rim := map[int]bool{}
	for _, e := range Untwinned(m.Cells()) {
		rim[e.Cell] = true
	}
	for i := range m.Len() {
		if !Holds(orb.MultiPolygon{m.Face(i)}, m.Site(i)) {
			t.Errorf("face %d does not hold its site", i)
		}
		for _, j := range m.Neighbours(i) {
			if !slices.Contains(m.Neighbours(j), i) {
				t.Errorf("face %d has the neighbour %d, but not the other way round", i, j)
			}
			if len(Untwinned([]orb.MultiPolygon{{m.Face(i)}, {m.Face(j)}})) >= len(m.Face(i)[0])+len(m.Face(j)[0])-2 {
				t.Errorf("faces %d and %d are neighbours without a common edge", i, j)
			}
		}
		if m.Outer(i) != rim[i] {
			t.Errorf("face %d: outer is %v, but it has an edge without a twin: %v", i, m.Outer(i), rim[i])
		}
	}
}

func TestMeshRefuses(t *testing.T) {
	for name, o := range map[string]Options{
		"no cells":      {Bound: degrees},
		"empty bound":   {Cells: 3, Bound: orb.Bound{Min: orb.Point{1, 1}, Max: orb.Point{1, 2}}},
		"NaN bound":     {Cells: 3, Bound: orb.Bound{Max: orb.Point{math.NaN(), 2}}},
		"few decimals":  {Cells: 5000, Bound: degrees, Decimals: 1},
		"inverse bound": {Cells: 3, Bound: orb.Bound{Min: orb.Point{2, 2}, Max: orb.Point{1, 1}}},
	} {
		if _, err := NewMesh(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// Random labels make every case: parts, holes, parts in holes, regions that touch
// themselves in a node. Straight, merged meshes have nodes of four faces.
func TestDissolve(t *testing.T) {
	const faces, labels = 300, 4
	for seed := range uint64(12) {
		m := newMesh(t, Options{Seed: seed, Cells: faces, Bound: degrees, Segments: 1 + int(seed%3)})
		r := rand.New(rand.NewPCG(seed, 0))
		label := make([]int, faces)
		want := make([]float64, labels)
		for i := range label {
			label[i] = r.IntN(labels)
			want[label[i]] += Area(orb.MultiPolygon{m.Face(i)})
		}
		got := m.Dissolve(label)
		if err := Contiguous(got, degrees); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for l, mp := range got {
			if a := Area(mp); math.Abs(a-want[l]) > 1e-12 {
				t.Errorf("seed %d: label %d has the area %v, its faces %v", seed, l, a, want[l])
			}
			for i := range label {
				if Holds(mp, m.Site(i)) != (label[i] == l) {
					t.Fatalf("seed %d: label %d, site of face %d with label %d", seed, l, i, label[i])
				}
			}
		}
	}
}

func TestDissolveLeavesOut(t *testing.T) {
	m := newMesh(t, Options{Seed: 1, Cells: 60, Bound: degrees})
	label := make([]int, m.Len())
	inner := 0
	for m.Outer(inner) {
		inner++
	}
	label[inner] = -1
	got := m.Dissolve(label)
	if len(got) != 1 || len(got[0]) != 1 || len(got[0][0]) != 2 {
		t.Fatalf("one polygon with one hole is wanted, not %v", got)
	}
	hole := orb.MultiPolygon{{got[0][0][1]}}
	if math.Abs(Area(hole)-Area(orb.MultiPolygon{m.Face(inner)})) > 1e-15 || got[0][0][1].Orientation() != orb.CW || got[0][0][0].Orientation() != orb.CCW {
		t.Error("the hole is not the face that was left out, clockwise in a counter-clockwise shell")
	}
	label = slices.Repeat([]int{-1}, m.Len())
	label[3] = 2
	if got := m.Dissolve(label); got[0] != nil || got[1] != nil || math.Abs(Area(got[2])-Area(orb.MultiPolygon{m.Face(3)})) > 1e-15 {
		t.Error("labels without faces give nil")
	}
}

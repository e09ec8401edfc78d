package zoning

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/geotest"
)

// town is blocks of one unit with lognormal loads, as residents of blocks have.
func town(tb testing.TB, seed uint64, n int) *graph {
	tb.Helper()
	tb.Logf("seed %d", seed)
	m, err := geotest.NewMesh(geotest.Options{Seed: seed, Cells: n, Bound: orb.Bound{Min: orb.Point{118.7, 28.8}, Max: orb.Point{119.1, 29.2}}, Relax: 1, Segments: 2})
	if err != nil {
		tb.Fatal(err)
	}
	g := newGraph(m.Cells(), nil)
	r := rand.New(rand.NewPCG(seed, 1))
	for v := range g.load {
		g.load[v] = math.Round(120 * math.Exp(0.6*r.NormFloat64()))
		g.residents[v] = g.load[v]
	}
	return g
}

// Every cut of a tree is judged by sums that a count over the blocks confirms, and
// leaves two connected parts.
func TestSplitterAgainstCounting(t *testing.T) {
	g := town(t, 2, 60)
	from := make([]int32, g.len())
	for v := range from {
		from[v] = int32(v % 3)
	}
	c := g.cost(Plan{}, 1000, 5)
	s := newSplitter(g, c, rand.New(rand.NewPCG(2, 2)))
	set := make([]int32, g.len())
	for v := range set {
		set[v] = int32(v)
	}
	s.enter(set)
	defer s.leave()
	for range 20 {
		s.plant(from, 0, 1)
		for _, i := range s.order[1:] {
			inside, outside := s.below(i)
			in := map[int32]bool{}
			load, cut, stay := 0.0, 0.0, [2]float64{}
			for _, v := range inside {
				in[v] = true
				load += g.load[v]
				if from[v] < 2 {
					stay[from[v]] += g.residents[v]
				}
			}
			for _, v := range inside {
				for _, l := range g.next[v] {
					if !in[l.to] {
						cut += c.border(l)
					}
				}
			}
			if math.Abs(load-s.load[i]) > 1e-6 || math.Abs(cut-s.cut[i]) > 1e-6*cut || stay[0] != s.stay[0][i] || stay[1] != s.stay[1][i] || len(inside) != int(s.nodes[i]) {
				t.Fatalf("load %f %f, cut %f %f, stay %v", load, s.load[i], cut, s.cut[i], stay)
			}
			r := &rezoner{maker: &maker{graph: g}}
			if !r.whole(inside) || !r.whole(outside) {
				t.Fatal("a part is not of one piece")
			}
		}
	}
}

// Of small towns the best division into two cells is known by trying all of them;
// what is found costs at most 15 % more.
func TestBalanceAgainstAllDivisions(t *testing.T) {
	for seed := range uint64(12) {
		g := town(t, 100+seed, 12)
		cell, err := g.balance(context.Background(), Plan{Seed: seed}, 2, func(float64) {})
		if err != nil {
			t.Fatal(err)
		}
		c := g.cost(Plan{}, sum(g.load)/2, 2)
		price := func(cell []int32) float64 {
			load, cut := [2]float64{}, 0.0
			for v, k := range cell {
				load[k] += g.load[v]
				for _, l := range g.next[v] {
					if cell[l.to] != k {
						cut += c.border(l) / 2
					}
				}
			}
			return c.of(load[0]) + c.of(load[1]) + c.length(cut)
		}
		best := math.Inf(1)
		try := make([]int32, g.len())
		for mask := 1; mask < 1<<(g.len()-1); mask++ {
			for v := range try {
				try[v] = int32(mask >> v & 1)
			}
			if g.broken(try, 2) == 0 {
				best = min(best, price(try))
			}
		}
		if got := price(cell); got > best*1.15+1e-9 {
			t.Errorf("seed %d: a cost of %f, the best is %f", seed, got, best)
		}
	}
}

// The bound holds for whatever division there is.
func TestBoundHolds(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for seed := range uint64(10) {
		g := town(t, 200+seed, 9)
		for v := range g.load {
			g.load[v] = math.Round(math.Exp(2*r.NormFloat64()) * 10)
		}
		const cells = 3
		parts, err := g.shares(cells)
		if err != nil {
			t.Fatal(err)
		}
		bound := g.bound(parts, sum(g.load)/cells, 0.1)
		try := make([]int32, g.len())
		for n := range int(math.Pow(cells, 9)) {
			for v := range try {
				try[v] = int32(n % cells)
				n /= cells
			}
			if !slices.Contains(try, 0) || !slices.Contains(try, 1) || !slices.Contains(try, 2) {
				continue
			}
			f := g.figures(try, 0.1)
			if f.Within > bound.Within+1e-12 || f.Load.MaxOverMean < bound.Block-1e-9 {
				t.Fatalf("seed %d: %v has %.3f within and %.3f at most, the bound says %+v", seed, try, f.Within, f.Load.MaxOverMean, bound)
			}
		}
	}
}

// absorb joins by the longest border, as a slow search does step by step.
func TestAbsorbAgainstSearch(t *testing.T) {
	g := town(t, 3, 150)
	for v := range g.unit {
		g.unit[v] = int32(v % 2)
	}
	least := 2 * sum(g.area) / 150
	got := g.absorb(least, nil)
	want := make([]int32, g.len())
	for v := range want {
		want[v] = int32(v)
	}
	for {
		size := map[int32]float64{}
		for v, k := range want {
			size[k] += g.area[v]
		}
		smallest, into := int32(-1), int32(-1)
		for k := range int32(g.len()) {
			a, ok := size[k]
			if !ok || a >= least || smallest >= 0 && a >= size[smallest] {
				continue
			}
			border := map[int32]float64{}
			for v, j := range want {
				for _, l := range g.next[v] {
					if j == k && want[l.to] != k && g.unit[l.to] == g.unit[v] {
						border[want[l.to]] += l.border
					}
				}
			}
			best := int32(-1)
			for j := range int32(g.len()) {
				if b, ok := border[j]; ok && (best < 0 || b > border[best]+1e-9) {
					best = j
				}
			}
			if best >= 0 {
				smallest, into = k, best
			}
		}
		if smallest < 0 {
			break
		}
		for v, k := range want {
			if k == smallest || k == into {
				want[v] = min(smallest, into)
			}
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("groups differ:\n%v\n%v", got, want)
	}
}

// bench proposes and gives the figures of the last proposal.
func bench(b *testing.B, p Plan, in Input) {
	var out Proposal
	for b.Loop() {
		var err error
		if out, err = Propose(context.Background(), p, in, nil); err != nil {
			b.Fatal(err)
		}
	}
	f := out.Figures
	b.ReportMetric(float64(f.Cells), "cells")
	if out.Naive != nil {
		b.ReportMetric(100*f.Within, "%within")
		b.ReportMetric(100*out.Naive.Within, "%within-naive")
		b.ReportMetric(f.Load.MaxOverMean, "max/mean")
		b.ReportMetric(out.Naive.Load.MaxOverMean, "max/mean-naive")
		b.ReportMetric(f.Compactness, "polsby-popper")
		b.ReportMetric(out.Naive.Compactness, "polsby-popper-naive")
		b.ReportMetric(100*out.Bound.Within, "%within-bound")
		b.ReportMetric(float64(f.Pieces), "in-pieces")
	}
	defects := 0
	for _, v := range out.Violations {
		if v.Check == "gap" || v.Check == "overlap" || v.Check == "in_pieces" {
			defects++
		}
	}
	b.ReportMetric(float64(defects), "defects")
}

// BenchmarkFiftyThousandBlocks makes 5,000 cells of 50,000 blocks in one unit.
func BenchmarkFiftyThousandBlocks(b *testing.B) {
	in := district(b, 1, 50_000, 1)
	bench(b, Plan{Method: Balanced, Cells: 5000, Load: residents(), Scheme: SchemeChoice{ID: "division12-4"}}, in)
	reportMemory(b)
}

// BenchmarkBeidou cuts a district of 1,000 km² into cells of level 5.
func BenchmarkBeidou(b *testing.B) {
	m, err := geotest.NewMesh(geotest.Options{Seed: 1, Cells: 400, Bound: orb.Bound{Min: orb.Point{118.7, 28.8}, Max: orb.Point{119.1, 29.2}}, Segments: 16})
	if err != nil {
		b.Fatal(err)
	}
	labels := make([]int, m.Len())
	for i := range labels {
		if s := m.Site(i); math.Hypot((s[0]-118.9)*97_000, (s[1]-29)*111_000) > 17_850 {
			labels[i] = -1
		}
	}
	in := Input{Division: division, Boundary: m.Dissolve(labels)[0]}
	bench(b, Plan{Method: Beidou, Level: 5}, in)
	b.ReportMetric(geo.AreaM2(in.Boundary)/1e6, "km²")
}

// reportMemory gives the most memory that the process has had, where the system tells.
func reportMemory(b *testing.B) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return
	}
	for line := range strings.Lines(string(status)) {
		if kb, ok := peak(line); ok {
			b.ReportMetric(kb/1024, "MB-peak")
		}
	}
}

// peak reads the line VmHWM.
func peak(line string) (kb float64, ok bool) {
	_, err := fmt.Sscanf(line, "VmHWM: %g kB", &kb)
	return kb, err == nil
}

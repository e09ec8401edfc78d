package zoning

import (
	"testing"
	"time"

	"github.com/paulmach/orb"
)

// What costs most ends: few cells of many blocks, a block with very many neighbours, very
// many islands in one face, borders that run to and fro across the whole area. Times are
// logged, not judged.
func TestHardInputEnds(t *testing.T) {
	took := func(name string) func() {
		began := time.Now()
		return func() { t.Logf("%s: %.1f s", name, time.Since(began).Seconds()) }
	}
	end := took("3,000 blocks, 4 cells")
	in := district(t, 31, 3000, 1)
	out := propose(t, Plan{Method: Balanced, Cells: 4, Load: residents()}, in)
	if end(); out.Figures.Within != 1 || out.Figures.Pieces != 0 {
		t.Errorf("%+v", out.Figures)
	}

	// A comb of thin squares hangs on one long block: it has a neighbour at every tooth.
	const n = 1500
	end = took("1,500 neighbours")
	in = Input{Division: division, Boundary: box(orb.Point{118, 29}, orb.Point{119, 29.02})}
	at := func(i int) float64 { return 118 + float64(i)/n }
	for i := range n {
		in.Blocks = append(in.Blocks, Block{Record: i + 1, Shape: box(orb.Point{at(i), 29.01}, orb.Point{at(i + 1), 29.02})})
	}
	in.Blocks = append(in.Blocks, Block{Record: n + 1, Shape: box(orb.Point{118, 29}, orb.Point{119, 29.01})})
	out = propose(t, Plan{Method: Balanced, Cells: 50}, in)
	if end(); out.Figures.Cells != 50 || out.Figures.Pieces != 0 {
		t.Errorf("%+v", out.Figures)
	}

	end = took("1,500 islands")
	in = Input{Division: division, Boundary: box(orb.Point{118, 29}, orb.Point{119, 30})}
	for i := range n {
		x, y := 118.001+0.013*float64(i%71), 29.001+0.013*float64(i/71)
		in.Lines = append(in.Lines, orb.LineString(box(orb.Point{x, y}, orb.Point{x + 0.002, y + 0.002})[0][0]))
	}
	out = propose(t, Plan{Method: Lines, Scheme: SchemeChoice{Own: &Scheme{Parts: []Part{{Of: ofSequence, Digits: 6}}}}}, in)
	if end(); len(out.Cells) != n+1 {
		t.Errorf("%d cells", len(out.Cells))
	}
	end = took("1,500 islands absorbed")
	out = propose(t, Plan{Method: Lines, LeastM2: 1e6}, in)
	if end(); len(out.Cells) != 1 {
		t.Errorf("%d cells", len(out.Cells))
	}

	end = took("a border to and fro")
	var ring orb.Ring
	for i := range 10_000 {
		ring = append(ring, orb.Point{118 + float64(i%2)*0.9, 29 + 9e-5*float64(i)})
	}
	ring = append(ring, orb.Point{117.9, 30}, ring[0])
	_, err := Propose(t.Context(), Plan{Method: Squares, SizeM: 200}, Input{Division: division, Boundary: orb.MultiPolygon{{ring}}}, nil)
	if end(); code(err) != "too_many_cells" {
		t.Errorf("got %v", err)
	}
}

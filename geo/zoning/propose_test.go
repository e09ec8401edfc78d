package zoning

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/coverage"
	"towngrid/geo/crs"
	"towngrid/geo/geotest"
)

const division geo.Division = "330890"

// district is blocks in units, with residents, incidents and roads.
func district(tb testing.TB, seed uint64, blocks, units int) Input {
	tb.Helper()
	tb.Logf("seed %d", seed)
	m, err := geotest.NewMesh(geotest.Options{Seed: seed, Cells: blocks, Bound: orb.Bound{Min: orb.Point{118.8, 28.9}, Max: orb.Point{119.0, 29.1}}, Relax: 1, Segments: 2})
	if err != nil {
		tb.Fatal(err)
	}
	r := rand.New(rand.NewPCG(seed, 2))
	in := Input{Division: division, Date: "2026-11-25", Used: map[geo.Code]bool{}}
	labels := make([]int, m.Len())
	for i := range labels {
		labels[i] = min(int((m.Site(i)[0]-118.8)/0.2*float64(units)), units-1)
		in.Blocks = append(in.Blocks, Block{Record: i + 1, Shape: orb.MultiPolygon{m.Face(i)}, Values: geo.Properties{
			{Name: "residents", Value: int64(math.Round(120 * math.Exp(0.5*r.NormFloat64())))},
		}})
	}
	for k, mp := range m.Dissolve(labels) {
		in.Units = append(in.Units, Unit{Code: geo.Code(fmt.Sprintf("330890001%03d", k+1)), Shape: mp})
	}
	for range 2000 {
		in.Incidents = append(in.Incidents, orb.Point{118.8 + r.Float64()*0.2, 28.9 + r.Float64()*0.2})
	}
	in.Lines = []orb.LineString{{{118.79, 28.95}, {118.9, 28.97}, {119.01, 28.94}}, {{118.85, 28.89}, {118.88, 29.11}}, {{118.79, 29.05}, {119.01, 29.06}}, {{118.95, 28.93}, {118.96, 28.98}}}
	return in
}

func residents() []Term { return []Term{{Of: OfColumn, Column: "residents"}} }

func propose(tb testing.TB, p Plan, in Input) Proposal {
	tb.Helper()
	out, err := Propose(context.Background(), p, in, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

// sound wants what every proposal must have: cells of one piece that are a coverage of
// their units to the last bit, each within the unit that it names, with codes of the scheme.
func sound(t *testing.T, out Proposal, in Input) {
	t.Helper()
	shapes := shapesOf(out.Cells)
	if ds := coverage.Build(shapes).Check(coverage.Options{}); len(ds) > 0 {
		t.Errorf("%d defects, first %+v", len(ds), ds[0])
	}
	got, want := 0.0, 0.0
	units := map[geo.Code]float64{}
	for _, u := range in.Units {
		units[u.Code] = geotest.Area(u.Shape) // edges are straight in degrees
		want += units[u.Code]
	}
	for i, mp := range shapes {
		if len(mp) != 1 {
			t.Errorf("cell %s has %d pieces", out.Cells[i].Code, len(mp))
		}
		if err := geotest.Valid(mp); err != nil {
			t.Errorf("cell %s: %v", out.Cells[i].Code, err)
		}
		a := geotest.Area(mp)
		got += a
		units[geo.Code(out.Cells[i].Properties.Text("unit"))] -= a
	}
	if math.Abs(got-want) > 1e-9*want {
		t.Errorf("the cells have %g square degrees, the units %g", got, want)
	}
	for code, left := range units {
		if math.Abs(left) > 1e-9*want {
			t.Errorf("unit %s: %g square degrees of it are not in its cells", code, left)
		}
	}
	for _, v := range out.Violations {
		if v.Severity != geo.Notice && v.Check != "dangle" {
			t.Errorf("%s: %s", v.Check, v.Message.EN)
		}
	}
	if !slices.IsSortedFunc(out.Cells, func(a, b geo.Feature) int { return a.Code.Compare(b.Code) }) {
		t.Error("cells are not in order of code")
	}
}

func TestRegularGrids(t *testing.T) {
	whole := district(t, 4, 300, 3)
	for _, p := range []Plan{
		{Method: Squares, SizeM: 900}, {Method: Hexagons, SizeM: 1100}, {Method: Beidou, Level: 4}, {Method: Beidou, Level: 5, LeastM2: 4000},
		{Method: Squares, SizeM: 40_000},
	} {
		t.Run(fmt.Sprintf("%s %g %d", p.Method, p.SizeM, p.Level), func(t *testing.T) {
			in := whole
			if p.Level == 5 { // one unit has squares enough
				in.Units = []Unit{{Code: "330890001001", Shape: box(orb.Point{118.9, 29}, orb.Point{118.9301, 29.0303})}}
			}
			if p.Method != Beidou {
				p.Scheme.ID = "division12-4"
			}
			out := propose(t, p, in)
			sound(t, out, in)
			t.Logf("%d cells of %d pieces, plane %q", len(out.Cells), out.Blocks, out.Plane)
			whole := 0
			for _, f := range out.Cells {
				if p.Method == Beidou {
					b, level, err := crs.BeidouBound(string(f.Code))
					if err != nil || level < p.Level {
						t.Fatalf("code %s: level %d, %v", f.Code, level, err)
					}
					// A square that nothing cuts is the square of its code to the last bit.
					if level == p.Level && geo.AreaM2(f.Geometry) > 0.999999*geo.AreaM2(b) && f.Geometry.Bound() == b {
						whole++
					}
				}
			}
			if p.Method == Beidou && whole == 0 {
				t.Error("no square is whole")
			}
			least := p.LeastM2
			if least == 0 {
				least = p.SizeM * p.SizeM / 4 * 0.8
			}
			for _, f := range out.Cells {
				if a := geo.AreaM2(f.Geometry); p.SizeM < 2000 && a < least {
					t.Errorf("cell %s has %.0f m²", f.Code, a)
				}
			}
		})
	}
}

// The published vectors of the Beidou grid name the cells of a proposal around them.
func TestBeidouVectors(t *testing.T) {
	at := orb.Point{116 + 18.0/60 + 45.37/3600, 39 + 59.0/60 + 35.38/3600}
	in := Input{Division: "110105", Boundary: box(orb.Point{at[0] - 0.01, at[1] - 0.01}, orb.Point{at[0] + 0.01, at[1] + 0.01})}
	for level, want := range map[int]geo.Code{4: "N50J47539", 5: "N50J47539B8", 6: "N50J47539B82"} {
		out := propose(t, Plan{Method: Beidou, Level: level, LeastM2: 1}, in)
		i := newFinder(shapesOf(out.Cells)).find(at)
		if i < 0 || out.Cells[i].Code != want {
			t.Errorf("level %d: cell %d", level, i)
		}
	}
}

func TestAlongLines(t *testing.T) {
	in := district(t, 4, 100, 3)
	p := Plan{Method: Lines, LeastM2: 50_000}
	out := propose(t, p, in)
	sound(t, out, in)
	if len(out.Cells) < 12 {
		t.Errorf("%d cells", len(out.Cells))
	}
	// Without the units' borders there are fewer, and the outline is the same.
	p.Cross = true
	crossed := propose(t, p, in)
	if len(crossed.Cells) >= len(out.Cells) {
		t.Errorf("%d cells across units, %d within", len(crossed.Cells), len(out.Cells))
	}
	dangles := 0
	for _, v := range out.Violations {
		if v.Check == "dangle" {
			dangles++
		}
	}
	if dangles == 0 {
		t.Error("the ends beyond the rim are not listed")
	}
	if out.Figures.OnLines < 0.99 {
		t.Errorf("%.3f of the borders lie on lines", out.Figures.OnLines)
	}
}

func TestBalanced(t *testing.T) {
	for seed := range uint64(3) {
		in := district(t, 10+seed, 800, 4)
		p := Plan{Method: Balanced, Cells: 80, Load: residents(), Seed: seed}
		out := propose(t, p, in)
		sound(t, out, in)
		f := out.Figures
		t.Logf("within %.3f (naive %.3f, at most %.3f), max/mean %.3f (naive %.3f), compactness %.3f (naive %.3f)",
			f.Within, out.Naive.Within, out.Bound.Within, f.Load.MaxOverMean, out.Naive.Load.MaxOverMean, f.Compactness, out.Naive.Compactness)
		if f.Cells != 80 || f.Pieces != 0 || f.Within < 0.95 || f.Within > out.Bound.Within || f.Within < out.Naive.Within || f.Load.MaxOverMean > out.Naive.Load.MaxOverMean {
			t.Errorf("figures %+v", f)
		}
		total := 0.0
		for _, b := range in.Blocks {
			n, _ := b.Values.Number("residents")
			total += n
		}
		if math.Abs(f.Load.Total-total) > 1e-6 || f.Incidents.Total != 2000 {
			t.Errorf("load %f of %f, incidents %f", f.Load.Total, total, f.Incidents.Total)
		}
		threads := runtime.GOMAXPROCS(1)
		again := propose(t, p, in)
		if runtime.GOMAXPROCS(threads); !reflect.DeepEqual(again, out) {
			t.Error("the same plan gives other cells on one processor")
		}
	}
}

// Where cells may cross units they do, and are still a coverage.
func TestBalancedAcrossUnits(t *testing.T) {
	in := district(t, 14, 600, 5)
	out := propose(t, Plan{Method: Balanced, Cells: 7, Load: residents(), Cross: true}, in)
	if out.Figures.Cells != 7 || out.Figures.Pieces != 0 || out.Figures.Within < 1 {
		t.Errorf("%+v", out.Figures)
	}
	whole := coverage.Build(shapesOf(out.Cells)).Dissolve(make([]int, 7))
	if got, want := geotest.Area(whole[0]), 0.2*0.2; len(whole[0]) != 1 || math.Abs(got-want) > 1e-12 {
		t.Errorf("the cells cover %g of %g", got, want)
	}
}

// One block drawn twice is an overlap, not two blocks.
func TestBlockTwice(t *testing.T) {
	shape := box(orb.Point{118.9, 29}, orb.Point{118.91, 29.01})
	in := Input{Division: division, Boundary: shape, Blocks: []Block{{Record: 1, Shape: shape}, {Record: 2, Shape: shape}}}
	out := propose(t, Plan{Method: Balanced, Cells: 1}, in)
	if len(out.Violations) != 1 || out.Violations[0].Check != "overlap" || out.Blocks != 1 {
		t.Errorf("%d blocks, %v", out.Blocks, out.Violations)
	}
}

// Blocks without units, whose shared borders are a rounding apart, are one piece.
func TestBlocksAlone(t *testing.T) {
	var in Input
	in.Division = division
	for i := range 100 {
		x, y := 118.9+0.001*float64(i%10), 29+0.001*float64(i/10)
		in.Blocks = append(in.Blocks, Block{Record: i + 1, Shape: box(orb.Point{x, y}, orb.Point{x + 0.001, y + 0.001})})
	}
	out := propose(t, Plan{Method: Balanced, Cells: 8}, in)
	if out.Figures.Cells != 8 || out.Figures.Pieces != 0 || out.Figures.Within < 1 || len(out.Violations) != 0 {
		t.Errorf("%+v %v", out.Figures, out.Violations)
	}
	// Other methods divide the blocks' outline.
	out = propose(t, Plan{Method: Squares, SizeM: 250}, in)
	if whole := coverage.Build(shapesOf(out.Cells)).Dissolve(make([]int, len(out.Cells))); len(whole[0]) != 1 || math.Abs(geotest.Area(whole[0])-1e-4) > 1e-12 {
		t.Errorf("%v", whole)
	}
}

// Blocks that cross the units' borders are cut there, and no load is lost.
func TestBlocksAcrossUnits(t *testing.T) {
	in := district(t, 6, 600, 3)
	other := district(t, 7, 200, 2)
	in.Units = other.Units
	out := propose(t, Plan{Method: Balanced, Cells: 40, Load: residents()}, in)
	sound(t, out, in)
	total := 0.0
	for _, b := range in.Blocks {
		n, _ := b.Values.Number("residents")
		total += n
	}
	if math.Abs(out.Figures.Load.Total-total) > 1e-6*total {
		t.Errorf("load %f of %f", out.Figures.Load.Total, total)
	}
}

func TestBrokenBlocks(t *testing.T) {
	in := district(t, 8, 400, 2)
	shapes := make([]orb.MultiPolygon, len(in.Blocks))
	for i, b := range in.Blocks {
		shapes[i] = b.Shape
	}
	shapes, defect := geotest.Break(8, shapes, 5)
	blocks := in.Blocks[:0:0]
	for i, mp := range shapes {
		blocks = append(blocks, Block{Record: i + 1, Shape: mp, Values: geo.Properties{{Name: "residents", Value: int64(100)}}})
	}
	in.Blocks = blocks
	p := Plan{Method: Balanced, Cells: 40, Load: residents(), LeastM2: 1e7} // closes every gap
	out, err := Propose(context.Background(), p, in, nil)
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, v := range out.Violations {
		count[v.Check]++
		if !v.Placed() && v.Severity != geo.Notice {
			t.Errorf("%s has no place", v.Check)
		}
	}
	if count["gap"] < len(defect.Dropped) || count["overlap"] < len(defect.Duplicated) {
		t.Errorf("found %v of %+v", count, defect)
	}
	if ds := coverage.Build(shapesOf(out.Cells)).Check(coverage.Options{}); len(ds) > 0 {
		t.Errorf("the cells have %d defects", len(ds))
	}
	p.LeastM2 = 0 // leaves the dropped blocks out
	out = propose(t, p, in)
	if got := coverage.Build(shapesOf(out.Cells)).Check(coverage.Options{}); len(got) == 0 {
		t.Error("no gap is left where a whole block is missing")
	}
}

func code(err error) string {
	var known *geo.Error
	if errors.As(err, &known) {
		return known.Code
	}
	return fmt.Sprint(err)
}

func TestBadInput(t *testing.T) {
	good := district(t, 4, 60, 2)
	text, negative, missing := good, good, good
	for _, c := range []struct {
		in    *Input
		value any
	}{{&text, "many"}, {&negative, int64(-3)}, {&missing, nil}} {
		c.in.Blocks = slices.Clone(good.Blocks)
		c.in.Blocks[3].Values = geo.Properties{{Name: "residents", Value: c.value}}
	}
	idle := good
	idle.Blocks = nil
	idle.Lines = []orb.LineString{{{118.85, 28.95}, {118.86, 28.96}}}
	empty := Input{Division: division}
	nowhere := good
	nowhere.Units = []Unit{{Code: "330890009", Shape: box(orb.Point{110, 20}, orb.Point{110.1, 20.1})}}
	for name, c := range map[string]struct {
		plan Plan
		in   Input
		want string
	}{
		"text in the load":         {Plan{Method: Balanced, Cells: 6, Load: residents()}, text, "bad_load"},
		"negative load":            {Plan{Method: Balanced, Cells: 6, Load: residents()}, negative, "bad_load"},
		"missing load":             {Plan{Method: Balanced, Cells: 6, Load: residents()}, missing, "bad_load"},
		"more cells than blocks":   {Plan{Method: Balanced, Cells: 61, Load: residents()}, good, "more_cells_than_blocks"},
		"fewer cells than units":   {Plan{Method: Balanced, Cells: 1, Load: residents()}, good, "too_few_cells"},
		"nothing":                  {Plan{Method: Squares, SizeM: 100}, empty, "no_boundary"},
		"no lines":                 {Plan{Method: Lines}, empty, "no_boundary"},
		"no blocks":                {Plan{Method: Balanced, Cells: 3}, Input{Division: division, Units: good.Units}, "no_blocks"},
		"blocks elsewhere":         {Plan{Method: Balanced, Cells: 3}, nowhere, "blocks_elsewhere"},
		"tiny squares":             {Plan{Method: Squares, SizeM: 1}, good, "too_many_cells"},
		"fine Beidou":              {Plan{Method: Beidou, Level: 10}, good, "too_many_cells"},
		"no method":                {Plan{Method: "magic"}, good, "bad_plan"},
		"no size":                  {Plan{Method: Squares}, good, "bad_plan"},
		"size NaN":                 {Plan{Method: Squares, SizeM: math.NaN()}, good, "bad_plan"},
		"no number":                {Plan{Method: Balanced}, good, "bad_plan"},
		"scheme":                   {Plan{Method: Squares, SizeM: 500, Scheme: SchemeChoice{ID: "roman"}}, good, "unknown_scheme"},
		"nothing published":        {Plan{Method: Rezone, Change: &Change{}}, good, "nothing_published"},
		"codes exhausted":          {Plan{Method: Squares, SizeM: 250}, good, "codes_exhausted"},
		"no load at all":           {Plan{Method: Balanced, Cells: 3, Load: []Term{{Of: OfAddresses}}}, good, "no_load"},
		"range that nothing meets": {Plan{Method: Balanced, LoadPerCell: &[2]float64{0, 1}}, good, "bad_plan"},
	} {
		if _, err := Propose(context.Background(), c.plan, c.in, nil); code(err) != c.want {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
	// Lines that close nothing are left out by name; the units stay.
	out := propose(t, Plan{Method: Lines}, idle)
	if len(out.Cells) != 2 || len(out.Violations) != 1 || out.Violations[0].Check != "dangle" {
		t.Errorf("%d cells, %v", len(out.Cells), out.Violations)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Propose(ctx, Plan{Method: Balanced, Cells: 6}, good, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// A boundary across the border of two zones at 118.5° is laid out in one of them, and
// that is said.
func TestAcrossZones(t *testing.T) {
	in := Input{Division: division, Boundary: box(orb.Point{118.4, 29}, orb.Point{118.7, 29.1})}
	out := propose(t, Plan{Method: Squares, SizeM: 2000}, in)
	if out.Plane != "EPSG:4549" {
		t.Errorf("plane %s", out.Plane)
	}
	if i := slices.IndexFunc(out.Violations, func(v geo.Violation) bool { return v.Check == "plane" }); i < 0 || len(out.Violations[i].Message.EN) < 100 {
		t.Errorf("%v", out.Violations)
	}
}

// Islands are divided each by itself.
func TestIslands(t *testing.T) {
	in := district(t, 4, 300, 3)
	in.Units = []Unit{{Code: "330890001001", Shape: append(slices.Clone(in.Units[0].Shape), in.Units[2].Shape...)}}
	in.Blocks = slices.DeleteFunc(slices.Clone(in.Blocks), func(b Block) bool {
		return !geo.Covers(in.Units[0].Shape, inside(b.Shape[0]))
	})
	out := propose(t, Plan{Method: Balanced, Cells: 20, Load: residents()}, in)
	sound(t, out, in)
	if out.Violations[0].Check != "islands" {
		t.Errorf("%v", out.Violations)
	}
}

func TestLoadPerCell(t *testing.T) {
	in := district(t, 4, 800, 2)
	out := propose(t, Plan{Method: Balanced, LoadPerCell: &[2]float64{800, 1000}, Load: residents()}, in)
	sound(t, out, in)
	if m := out.Figures.Load.Mean; m < 800 || m > 1000 {
		t.Errorf("mean %f", m)
	}
	if n, ok := cellsFor(1000, [2]float64{600, 700}); ok || n != 2 {
		t.Errorf("%d, %v", n, ok)
	}
}

func box(low, high orb.Point) orb.MultiPolygon {
	return orb.MultiPolygon{orb.Bound{Min: low, Max: high}.ToPolygon()}
}

package zoning

import (
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// zoned is a district with cells published, the loads of which have grown uneven since.
func zoned(t *testing.T) (Input, Proposal) {
	t.Helper()
	in := district(t, 21, 900, 3)
	before := propose(t, Plan{Method: Balanced, Cells: 60, Load: residents()}, in)
	in.Current = before.Cells
	for _, f := range before.Cells {
		in.Used[f.Code] = true
	}
	in.Blocks = slices.Clone(in.Blocks)
	for i := range in.Blocks {
		if at := inside(in.Blocks[i].Shape[0]); at[1] > 29.03 {
			n, _ := in.Blocks[i].Values.Number("residents")
			in.Blocks[i].Values = geo.Properties{{Name: "residents", Value: int64(2 * n)}}
		}
	}
	in.Date = "2027-01-01"
	return in, before
}

func feature(fs []geo.Feature, c geo.Code) *geo.Feature {
	for i := range fs {
		if fs[i].Code == c {
			return &fs[i]
		}
	}
	return nil
}

func TestNothingToChange(t *testing.T) {
	in, before := zoned(t)
	out := propose(t, Plan{Method: Rezone, Load: residents(), Change: &Change{}}, in)
	sound(t, out, in)
	if len(out.Recodes) != 0 || out.Moved == nil || *out.Moved != (Moved{}) {
		t.Errorf("recodes %v, moved %+v", out.Recodes, out.Moved)
	}
	for i, f := range out.Cells {
		if f.Code != before.Cells[i].Code || !reflect.DeepEqual(f.Geometry, before.Cells[i].Geometry) || f.Properties.Text("valid_from") != "2026-11-25" {
			t.Fatalf("cell %s changed", f.Code)
		}
	}
}

func TestEvenWithinALimit(t *testing.T) {
	in, before := zoned(t)
	fixed := []geo.Code{before.Cells[3].Code, before.Cells[30].Code}
	free := propose(t, Plan{Method: Rezone, Load: residents(), Change: &Change{Even: true, Fixed: fixed}}, in)
	sound(t, free, in)
	if free.Figures.Within <= free.Before.Within {
		t.Errorf("within %.2f before, %.2f after", free.Before.Within, free.Figures.Within)
	}
	last := free.Figures.Within
	for _, share := range []float64{0.5, 0.2, 0} {
		most := math.Floor(share * free.Moved.Residents)
		out := propose(t, Plan{Method: Rezone, Load: residents(), Change: &Change{Even: true, Fixed: fixed, MostResidents: &most}}, in)
		sound(t, out, in)
		t.Logf("at most %.0f: %.0f moved, within %.3f (%.3f before)", most, out.Moved.Residents, out.Figures.Within, out.Before.Within)
		if out.Moved.Residents > most {
			t.Errorf("%.0f residents moved, over %.0f", out.Moved.Residents, most)
		}
		if out.Figures.Within < out.Before.Within || out.Figures.Within > last+0.1 {
			t.Errorf("within %.2f, was %.2f", out.Figures.Within, out.Before.Within)
		}
		for _, c := range fixed {
			if !reflect.DeepEqual(feature(out.Cells, c).Geometry, feature(before.Cells, c).Geometry) {
				t.Errorf("the fixed cell %s changed", c)
			}
		}
		rows := 0.0
		for _, r := range out.Recodes {
			if r.Old != r.New {
				rows += r.Residents
			}
		}
		if math.Abs(rows-out.Moved.Residents) > 1e-6 {
			t.Errorf("the table moves %f, the sum is %f", rows, out.Moved.Residents)
		}
	}
}

func TestSplitMergeMove(t *testing.T) {
	in, before := zoned(t)
	a := before.Cells[0].Code
	// b and c are neighbours in one unit, c with a block on the border of b.
	shapes := shapesOf(before.Cells)
	g := newGraph(shapes, nil)
	b, c := geo.Code(""), geo.Code("")
	for i := len(shapes) - 1; i > 0 && b == ""; i-- {
		for _, l := range g.next[i] {
			if before.Cells[l.to].Properties.Text("unit") == before.Cells[i].Properties.Text("unit") && before.Cells[l.to].Code != a {
				b, c = before.Cells[i].Code, before.Cells[l.to].Code
			}
		}
	}
	out := propose(t, Plan{Method: Rezone, Load: residents(), Change: &Change{Split: []Split{{a, 3}}, Merge: []Merge{{[]geo.Code{b, c}}}}}, in)
	sound(t, out, in)
	if len(out.Cells) != len(before.Cells)+2-1 {
		t.Fatalf("%d cells of %d", len(out.Cells), len(before.Cells))
	}
	kinds := map[string]int{}
	for _, r := range out.Recodes {
		kinds[r.Kind]++
		if r.Date != "2027-01-01" {
			t.Errorf("row %+v", r)
		}
		if r.New != r.Old && r.Kind == "part" && in.Used[r.New] {
			t.Errorf("the code %s is given again", r.New)
		}
	}
	// a is kept in part and gives two parts; one of b and c is kept, the other goes into it whole.
	if kinds["kept"] != 2 || kinds["part"] != 2 || kinds["whole"] != 1 {
		t.Errorf("%+v", out.Recodes)
	}
	if (feature(out.Cells, b) == nil) == (feature(out.Cells, c) == nil) {
		t.Error("not one of the merged codes lives on")
	}

	// One block of c that borders on b goes to b.
	find := newFinder(shapes)
	var blocks []orb.MultiPolygon
	cellOf := []geo.Code{}
	for _, x := range in.Blocks {
		blocks = append(blocks, x.Shape)
		cellOf = append(cellOf, before.Cells[find.find(inside(x.Shape[0]))].Code)
	}
	bg := newGraph(blocks, nil)
	moved := 0
	for v := range blocks {
		if cellOf[v] != c || !slices.ContainsFunc(bg.next[v], func(l link) bool { return cellOf[l.to] == b }) {
			continue
		}
		p := Plan{Method: Rezone, Load: residents(), Change: &Change{Move: []Move{{To: b, Points: []orb.Point{inside(blocks[v][0])}}}}}
		out, err := Propose(t.Context(), p, in, nil)
		if code(err) == "bad_plan" {
			continue // c would fall apart
		}
		if err != nil {
			t.Fatal(err)
		}
		sound(t, out, in)
		if out.Moved.Blocks != 1 {
			t.Errorf("%d blocks moved", out.Moved.Blocks)
		}
		moved++
	}
	if moved == 0 {
		t.Error("no block could be moved")
	}
	for name, change := range map[string]Change{
		"fixed":         {Fixed: []geo.Code{a}, Split: []Split{{a, 2}}},
		"unknown":       {Split: []Split{{"nothing", 2}}},
		"far":           {Merge: []Merge{{[]geo.Code{before.Cells[0].Code, before.Cells[59].Code}}}},
		"not beside":    {Move: []Move{{To: a, Points: []orb.Point{{118.99, 29.09}}}}},
		"no block":      {Move: []Move{{To: a, Blocks: []string{"nothing"}}}},
		"outside":       {Move: []Move{{To: a, Points: []orb.Point{{100, 20}}}}},
		"split to one":  {Split: []Split{{a, 1}}},
		"merge of one":  {Merge: []Merge{{[]geo.Code{a}}}},
		"negative most": {MostResidents: ptr(-1.0)},
	} {
		if _, err := Propose(t.Context(), Plan{Method: Rezone, Load: residents(), Change: &change}, in, nil); code(err) != "bad_plan" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Propose(t.Context(), Plan{Method: Rezone, Load: residents(), Change: &Change{Split: []Split{{a, 100}}}}, in, nil); code(err) != "more_cells_than_blocks" {
		t.Errorf("split beyond the blocks: %v", err)
	}
}

func ptr[T any](x T) *T { return &x }

// Without blocks the published cells are the blocks: they can be merged.
func TestMergeWithoutBlocks(t *testing.T) {
	in, before := zoned(t)
	in.Blocks, in.Lines = nil, nil
	g := newGraph(shapesOf(before.Cells), nil)
	other := slices.IndexFunc(g.next[0], func(l link) bool {
		return before.Cells[l.to].Properties.Text("unit") == before.Cells[0].Properties.Text("unit")
	})
	out := propose(t, Plan{Method: Rezone, Change: &Change{Merge: []Merge{{[]geo.Code{before.Cells[0].Code, before.Cells[g.next[0][other].to].Code}}}}}, in)
	sound(t, out, in)
	if len(out.Cells) != len(before.Cells)-1 {
		t.Errorf("%d cells", len(out.Cells))
	}
}

package density

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"towngrid/geo"
)

func crossedRing() orb.MultiPolygon {
	return orb.MultiPolygon{{{{118.91, 29.01}, {118.912, 29.012}, {118.912, 29.01}, {118.91, 29.012}, {118.91, 29.01}}}}
}

// hamlet is a table of towns that have these residents, 0 for none stated.
func hamlet(t *testing.T, residents ...int64) Table {
	t.Helper()
	w := world{parcels: []geo.Feature{}}
	var codes []geo.Code
	for i, n := range residents {
		code := fmt.Sprintf("T%d", i)
		town := feature(code, rect(118+0.05*float64(i), 29, 0.02, 0.02), "climate_zone", "III", "type", "旅游小镇", "class", int64(3))
		if n > 0 {
			town.Properties = append(town.Properties, geo.Property{Name: "residents", Value: n})
		}
		w.towns, codes = append(w.towns, town), append(codes, geo.Code(code))
	}
	table, err := AssessTable(standard(t, "zhejiang-2018"), w.snapshot(t), codes, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func columnOf(t *testing.T, table Table, m Metric) int {
	t.Helper()
	for i, c := range table.Metrics {
		if c.Metric == m {
			return i
		}
	}
	t.Fatalf("no column %s", m)
	return 0
}

// TestDistribution works a column out by hand: residents of 2,500 3,000 3,400 4,000
// 4,500 and 9,000 against 3,000–4,000, and one town that states none.
func TestDistribution(t *testing.T) {
	table := hamlet(t, 3400, 0, 4000, 2500, 9000, 3000, 4500)
	d := table.Distribution[columnOf(t, table, Residents)]
	if d.Verdicts != (Tally{Fits: 3, Low: 1, High: 2, Unknown: 1}) {
		t.Errorf("%+v", d.Verdicts)
	}
	// Ranks 0, 1.25, 2.5, 3.75 and 5 of six.
	if want := [5]float64{2500, 3100, 3700, 4375, 9000}; *d.Quantiles != want {
		t.Errorf("%v, want %v", *d.Quantiles, want)
	}
	// Places: −0.5, 0, 0.4, 1, 1.5, 6.
	want := map[string]int{"-0.5 0": 1, "0 0.25": 1, "0.25 0.5": 1, "0.75 1": 1, "1.5 2": 1, "2 ": 1}
	got := map[string]int{}
	for _, b := range d.Bins {
		if b.Towns > 0 {
			from, to := "", ""
			if b.From != nil {
				from = digits(*b.From)
			}
			if b.To != nil {
				to = digits(*b.To)
			}
			got[from+" "+to] = b.Towns
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestBinsAgreeWithVerdicts: whatever the rounding, what is low lies below the band,
// and every town that has a value and a band lies in one bin.
func TestBinsAgreeWithVerdicts(t *testing.T) {
	const seed = 73
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 300 {
		lo := round(rng.Float64() * 100)
		hi := round(lo + 0.0001 + rng.Float64())
		var column []Judged
		below, above := 0, 0
		for range 50 {
			v := []float64{lo, hi, math.Nextafter(lo, 0), math.Nextafter(hi, 1e9), lo - rng.Float64(), hi + rng.Float64(), lo + rng.Float64()*(hi-lo)}[rng.IntN(7)]
			j := Judged{Value: &v, Band: Between(lo, hi)}
			j.Verdict = j.Band.Verdict(v)
			column = append(column, j)
			if j.Verdict == Low {
				below++
			} else if j.Verdict == High {
				above++
			}
		}
		d := distribution(Residents, column)
		sum, low, high := 0, 0, 0
		for _, b := range d.Bins {
			sum += b.Towns
			if b.To != nil && *b.To <= 0 {
				low += b.Towns
			}
			if b.From != nil && *b.From >= 1 {
				high += b.Towns
			}
		}
		if sum != 50 || low != below || high != above {
			t.Fatalf("seed %d, %v–%v: %d in bins, %d of %d low, %d of %d high", seed, lo, hi, sum, low, below, high, above)
		}
	}
}

func TestSort(t *testing.T) {
	order := func(table Table) (codes string) {
		for _, r := range table.Towns {
			codes += string(r.Town.Code)
		}
		return codes
	}
	for key, want := range map[string]string{
		"residents": "T3T0T2T1", "-residents": "T2T0T3T1", "code": "T0T1T2T3", "-code": "T3T2T1T0",
		"type,-residents": "T2T0T3T1", "residential_land": "T0T1T2T3", "-name": "T3T2T1T0", "class": "T0T1T2T3", "+code": "T0T1T2T3",
	} {
		table := hamlet(t, 3400, 0, 4000, 2500)
		if err := table.Sort(strings.Split(key, ",")...); err != nil || order(table) != want {
			t.Errorf("%s: %s, %v", key, order(table), err)
		}
	}
	table := hamlet(t, 3400)
	for _, key := range []string{"", "colour", "--code", "plan_area"} {
		if err := table.Sort(key); err == nil {
			t.Errorf("%q is a key", key)
		}
	}
}

// TestTableIsTheReports: a row has the very figures of the town's own report.
func TestTableIsTheReports(t *testing.T) {
	w := quietTown()
	std, s := standard(t, "zhejiang-2018"), w.snapshot(t)
	reports, err := AssessAll(std, s, []geo.Code{"T1"}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	table, err := AssessTable(std, s, []geo.Code{"T1"}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(Tabulate(std, reports), table, cmp.AllowUnexported(Row{})); d != "" {
		t.Error(d)
	}
	for i, f := range reports[0].Findings {
		if d := cmp.Diff(Judged{f.Value, f.Band, f.Verdict}, table.Towns[0].Figures[i]); d != "" {
			t.Error(d)
		}
	}
	if table.Versions[geo.Parcels][division] != 7 || table.Standard.ID != "zhejiang-2018" {
		t.Errorf("%v %v", table.Versions, table.Standard)
	}
	if _, err := AssessTable(std, s, []geo.Code{"T1", "T9"}, Options{}); err == nil {
		t.Error("a town that is not there is in the table")
	}
}

// TestCompareTellsWhatDiffers also across standards.
func TestCompareTellsWhatDiffers(t *testing.T) {
	s := quietTown().snapshot(t)
	before, err := Assess(standard(t, "zhejiang-2018"), s, "T1", Options{})
	if err != nil {
		t.Fatal(err)
	}
	after, err := Assess(standard(t, "zhejiang-2015"), s, "T1", Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := Compare(before, after)
	for _, f := range c.Findings {
		has := map[Metric][2]bool{PlanArea: {false, true}, ConstructionArea: {false, true}}
		want, listed := has[f.Metric]
		if !listed {
			want = [2]bool{true, false}
		}
		if (f.Before != nil) != want[0] || (f.After != nil) != want[1] || f.Change != nil {
			t.Errorf("%+v", f)
		}
	}
	if len(c.Findings) != 8 || len(c.Parcels) != 18 { // 8 no longer counted for one, 10 now counted for the other
		t.Errorf("%d findings, %d parcels", len(c.Findings), len(c.Parcels))
	}
	if same := Compare(before, before); len(same.Parcels) != 0 || *same.Findings[0].Change != 0 {
		t.Errorf("%+v", same)
	}
}

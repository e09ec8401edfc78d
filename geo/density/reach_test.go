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

// TestWalkingReach: the parcels of quietTown lie in one column, 0.001° wide from
// 118.905° E, one every 0.002° from 29°. 500 m are 0.00451° of latitude and 0.00513°
// of longitude here, so a facility on the column at 29.0005° serves the parcels that
// begin at 29.000°, 29.002° and 29.004° and none further; one across the border at
// 118.8998° E is 507 m from the column and serves nobody.
func TestWalkingReach(t *testing.T) {
	w := quietTown()
	w.facilities = []geo.Feature{
		feature("F1", orb.Point{118.9055, 29.0005}, "kind", "dining"),
		feature("F2", orb.Point{118.8998, 29.0005}, "kind", "shopping"),
		feature("F3", orb.Point{118.9002, 29.0145}, "kind", "shopping"), // in the town, 467.6 m from the last parcel
		feature("F4", orb.Point{118.9055, 28.9999}, "kind", "dining"),   // 11 m outside, 11 m from the first
		feature("F5", orb.Point{118.9055, 29.0005}, "kind", "health"),
	}
	r := judge(t, w, "zhejiang-2018", Options{})
	got := map[geo.Code]string{}
	for _, p := range r.Supply.Parcels {
		text := ""
		for _, n := range p.Nearest {
			text += fmt.Sprintf("%s %.0f ", n.Code, n.DistanceM)
		}
		got[p.Code] = text + strings.Join(p.Without, ",")
	}
	want := map[geo.Code]string{
		"P01": "F1 0 shopping", "P02": "F1 166 shopping", "P03": "F1 388 shopping",
		"P04": "dining,shopping", "P05": "dining,shopping", "P06": "dining,shopping",
		"P07": "F3 490 dining", "P08": "F3 468 dining",
	}
	// P07 reaches from 29.012° to 29.013°: 0.0015° or 166 m south of F3, and 467.6 m east.
	want["P07"] = fmt.Sprintf("F3 %.0f dining", math.Hypot(166.3, 467.6))
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	kinds := map[string]KindCount{}
	for _, k := range r.Supply.Kinds {
		k.Title, k.ReachM = geo.Text{}, nil
		kinds[k.Kind] = k
	}
	wantKinds := map[string]KindCount{
		"dining":   {Kind: "dining", InTown: 1, InReach: 2, Asked: true, Without: 5},
		"shopping": {Kind: "shopping", InTown: 1, InReach: 1, Asked: true, Without: 6},
		"health":   {Kind: "health", InTown: 1, InReach: 1},
	}
	if d := cmp.Diff(wantKinds, kinds); d != "" {
		t.Error(d)
	}
	f := findingOf(t, r, Dining)
	wants(t, "dining in the town", f.Value, 1, 0)
	if number(t, f, "withinReach") != 2 || number(t, f, "residentialParcelsWithout") != 5 || number(t, f, "reachM") != 500 {
		t.Errorf("%v", f.Inputs)
	}
	all := ""
	for _, m := range f.Messages {
		all += m.ZH
	}
	if f.Verdict != Fits || !strings.Contains(all, "8 个居住图斑中有 5 个在步行 500 m（直线距离）内没有该类设施：P04, P05, P06, P07, P08") || !strings.Contains(all, "本系统的设定") {
		t.Errorf("%s %s", f.Verdict, all)
	}
}

// TestReachAgreesWithBruteForce measures every facility from every dwelling.
func TestReachAgreesWithBruteForce(t *testing.T) {
	const seed = 71
	rng := rand.New(rand.NewPCG(seed, 0))
	for i := range 20 {
		w := world{towns: []geo.Feature{feature("T1", star(rng, 118.9, 29, 0.015, 9), "residents", int64(3000))}}
		for k := range 25 {
			w.parcels = append(w.parcels, feature(fmt.Sprintf("P%02d", k), star(rng, 118.9+0.03*(rng.Float64()-0.5), 29+0.03*(rng.Float64()-0.5), 0.001, 3+rng.IntN(9)),
				"land_use", "0701", "code_system", geo.LandUse2023))
		}
		for k := range 40 {
			w.facilities = append(w.facilities, feature(fmt.Sprintf("F%02d", k), orb.Point{118.9 + 0.05*(rng.Float64()-0.5), 29 + 0.05*(rng.Float64()-0.5)},
				"kind", []string{"dining", "shopping", "health"}[rng.IntN(3)]))
		}
		r := judge(t, w, "zhejiang-2018", Options{})
		inReach := map[string]map[geo.Code]bool{"dining": {}, "shopping": {}, "health": {}}
		place := 0
		for _, row := range r.Parcels {
			if row.State == LeftOut {
				continue
			}
			nearest := map[string]Nearest{}
			for _, f := range w.facilities {
				m, kind := walkM(row.Shape, f.Geometry.(orb.Point)), f.Properties.Text("kind")
				if m > 500 {
					continue
				}
				inReach[kind][f.Code] = true
				if n, found := nearest[kind]; !found || round(m) < n.DistanceM {
					nearest[kind] = Nearest{kind, f.Code, f.Name, round(m)}
				}
			}
			got := r.Supply.Parcels[place]
			place++
			want := Access{Code: row.Code, Name: row.Name, Nearest: []Nearest{}, Without: []string{}}
			for _, kind := range []string{"dining", "shopping"} {
				if n, found := nearest[kind]; found {
					want.Nearest = append(want.Nearest, n)
				} else {
					want.Without = append(want.Without, kind)
				}
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Fatalf("seed %d, town %d: %s", seed, i, d)
			}
		}
		if place != len(r.Supply.Parcels) {
			t.Errorf("%d dwellings, %d are listed", place, len(r.Supply.Parcels))
		}
		for _, k := range r.Supply.Kinds {
			if k.InReach != len(inReach[k.Kind]) {
				t.Errorf("seed %d, town %d: %d %s in reach, not %d", seed, i, len(inReach[k.Kind]), k.Kind, k.InReach)
			}
		}
	}
}

// TestNeighboursFacilitiesPublishNothingHere: facilities of another division nearby do
// not make up for those that nobody published for the town's own.
func TestNeighboursFacilitiesPublishNothingHere(t *testing.T) {
	w := quietTown()
	near := w.facilities[:1]
	near[0].Geometry = orb.Point{118.8999, 29.0005}
	w.facilities = nil
	s := w.snapshot(t).With(facilitiesOf(t, "330891", near))
	r, err := Assess(standard(t, "zhejiang-2018"), s, "T1", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if f := findingOf(t, r, Dining); f.Verdict != Unknown || r.Supply.Known {
		t.Errorf("%s, known %v", f.Verdict, r.Supply.Known)
	}
}

// TestEnterprises: which are of the town's own industry, as far as it can be told.
func TestEnterprises(t *testing.T) {
	w := quietTown()
	w.towns[0].Properties = set(w.towns[0].Properties, "type", "高端装备制造小镇", "class", int64(2))
	firm := func(code, kind, industry string) geo.Feature {
		return feature(code, orb.Point{118.91, 29.01}, "kind", kind, "industry", industry)
	}
	w.facilities = []geo.Feature{firm("E1", "headquarters", "高端装备制造业"), firm("E2", "hidden_champion", "金融"), firm("E3", "enterprise", ""), firm("E4", "dining", "")}
	got := ""
	for _, e := range judge(t, w, "zhejiang-2018", Options{}).Supply.Enterprises {
		own := "?"
		if e.OwnIndustry != nil {
			own = fmt.Sprint(*e.OwnIndustry)
		}
		got += string(e.Code) + " " + own + " "
	}
	if got != "E1 true E2 false E3 ? " {
		t.Error(got)
	}
	w.towns[0].Properties = set(w.towns[0].Properties, "type", "旅游小镇", "class", int64(3))
	if e := judge(t, w, "zhejiang-2018", Options{}).Supply.Enterprises[0]; e.OwnIndustry != nil {
		t.Error("a tourism town has no industry words, yet one is its own")
	}
}

func TestReachOfAStandardIsChecked(t *testing.T) {
	for _, metres := range []float64{0, -1, 0.5, 5001, math.NaN(), math.Inf(1)} {
		std := standard(t, "zhejiang-2018")
		for i := range std.Rules {
			if std.Rules[i].Metric == Dining {
				std.Rules[i].Reach = &Reach{Metres: metres}
			}
		}
		if err := std.Check(); err == nil || !strings.Contains(err.Error(), "reach.metres") {
			t.Errorf("%v m: %v", metres, err)
		}
	}
	std := standard(t, "zhejiang-2018")
	std.Rules[0].Reach = &Reach{Metres: 500}
	if err := std.Check(); err == nil || !strings.Contains(err.Error(), "it means nothing for residential_land_per_resident") {
		t.Error(err)
	}
}

// TestBoundsNeverOverestimate holds the lower bound of distances against the geodesic.
func TestBoundsNeverOverestimate(t *testing.T) {
	const seed = 72
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 5000 {
		lat := 18 + 36*rng.Float64()
		g := star(rng, 118.9, lat, 0.01*rng.Float64()+1e-5, 3+rng.IntN(8))
		p := orb.Point{118.9 + 0.2*(rng.Float64()-0.5), lat + 0.2*(rng.Float64()-0.5)}
		if least, m := atLeastM(g.Bound(), p), walkM(g, p); least > m {
			t.Fatalf("seed %d: at least %v m, yet %v", seed, least, m)
		}
		if m := walkM(g, p); m <= 5000 && !widened(g.Bound(), 5000).Contains(p) {
			t.Fatalf("seed %d: %v m away and not within the widened bound", seed, m)
		}
	}
}

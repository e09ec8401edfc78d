package density

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"towngrid/geo"
)

// TestReportOfATown holds a whole report against figures worked out by hand. The
// eight parcels of 0.001° by 0.001° have, by the closed form, 10,799.6647 m² at 29.000°,
// 10,799.4600 at 29.002°, 10,799.2553, 10,799.0506, 10,798.8459, 10,798.6412,
// 10,798.4364 and 10,798.2316 m² at 29.014°: together 86,391.5858 m².
func TestReportOfATown(t *testing.T) {
	const land = 86391.5858
	if exact := columnM2(8); math.Abs(exact-land) > 1e-4 {
		t.Fatalf("the closed form gives %.6f, the hand %.4f", exact, land)
	}
	r := judge(t, quietTown(), "zhejiang-2018", Options{})

	per := findingOf(t, r, LandPerResident)
	wants(t, "land per resident", per.Value, 28.7972, 1e-4) // 86,391.5858 / 3,000
	wants(t, "lowest", per.Band[0], 23, 0)
	wants(t, "highest", per.Band[1], 36, 0)
	if number(t, per, "residents") != 3000 || math.Abs(number(t, per, "residentialLandM2")-land) > 1e-3 {
		t.Errorf("inputs: %v", per.Inputs)
	}
	// 3,000 residents: 3,000×23 = 69,000 m² to 3,000×36 = 108,000 m².
	lever := per.Remedy.Levers[0]
	wants(t, "land at least", lever.Admissible[0], 6.9, 0)
	wants(t, "land at most", lever.Admissible[1], 10.8, 0)
	wants(t, "land now", lever.Present, 8.6392, 0)
	wants(t, "land to add", lever.Change, 0, 0)
	// 86,391.5858/36 = 2,399.77 and /23 = 3,756.16: whole residents within are 2,400 to 3,756.
	lever = per.Remedy.Levers[1]
	wants(t, "residents at least", lever.Admissible[0], 2400, 0)
	wants(t, "residents at most", lever.Admissible[1], 3756, 0)
	wants(t, "residents for both rules, least", lever.Joint[0], 3000, 0)
	wants(t, "residents for both rules, most", lever.Joint[1], 3756, 0)

	area := findingOf(t, r, Land)
	wants(t, "residential land", area.Value, land, 1e-3)
	wants(t, "derived lowest", area.Band[0], 69000, 0)   // 3,000 × 23
	wants(t, "derived highest", area.Band[1], 144000, 0) // 4,000 × 36
	for input, want := range map[string]float64{"parcelsCounted": 8, "parcelsCut": 0, "parcelsLeftOut": 3, "parcelsDoubtful": 0, "overlapM2": 0} {
		if got := number(t, area, input); got != want {
			t.Errorf("%s = %v, want %v", input, got, want)
		}
	}
	wants(t, "residents", findingOf(t, r, Residents).Value, 3000, 0)
	wants(t, "dining", findingOf(t, r, Dining).Value, 2, 0)
	wants(t, "shopping", findingOf(t, r, Shopping).Value, 1, 0)
	for _, f := range r.Findings {
		if f.Verdict != Fits || !f.Completeness.Complete {
			t.Errorf("%s: %s %v", f.Metric, f.Verdict, f.Completeness)
		}
	}
	want := []Share{{For: Land, CodeSystem: geo.LandUse2023, LandUse: "0701", Name: "城镇住宅用地", Parcels: 8, AreaM2: r.Breakdown[0].AreaM2, Share: 1}}
	if d := cmp.Diff(want, r.Breakdown); d != "" {
		t.Error(d)
	}
	wants(t, "breakdown", &r.Breakdown[0].AreaM2, land, 1e-3)
}

// TestShapeForClients holds the JSON against what clients rely on.
func TestShapeForClients(t *testing.T) {
	text, err := json.Marshal(judge(t, quietTown(), "zhejiang-2018", Options{}))
	if err != nil {
		t.Fatal(err)
	}
	var r map[string]any
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	if town := r["town"].(map[string]any); town["code"] != "T1" || town["name"] != "名T1" {
		t.Errorf("town: %v", town)
	}
	if std := r["standard"].(map[string]any); std["id"] != "zhejiang-2018" || std["edition"] != "2018（试行）" || std["checksum"] != "checksum of zhejiang-2018" {
		t.Errorf("standard: %v", std)
	}
	want := map[string]any{"towns": map[string]any{"330890": 7.0}, "parcels": map[string]any{"330890": 7.0}, "facilities": map[string]any{"330890": 7.0}}
	if d := cmp.Diff(want, r["versions"]); d != "" {
		t.Error(d)
	}
	metrics := []string{}
	for _, x := range r["findings"].([]any) {
		f := x.(map[string]any)
		metrics = append(metrics, f["metric"].(string))
		for _, member := range []string{"value", "unit", "band", "clause", "verdict", "inputs", "remedy"} {
			if f[member] == nil {
				t.Errorf("%s has no %s", f["metric"], member)
			}
		}
		if f["verdict"] != "符合" {
			t.Errorf("%s: %v", f["metric"], f["verdict"])
		}
		if _, ok := f["inputs"].(map[string]any); !ok {
			t.Errorf("%s: inputs is no object", f["metric"])
		}
		if _, ok := f["remedy"].(map[string]any); !ok {
			t.Errorf("%s: remedy is no object", f["metric"])
		}
	}
	if d := cmp.Diff([]string{"residential_land_per_resident", "residents", "residential_land", "facilities_dining", "facilities_shopping", "industry_headquarters"}, metrics); d != "" {
		t.Error(d)
	}
	first := r["findings"].([]any)[0].(map[string]any)
	if d := cmp.Diff([]any{23.0, 36.0}, first["band"]); d != "" || first["unit"] != "m²/人" {
		t.Error(d, first["unit"])
	}
	dining := r["findings"].([]any)[3].(map[string]any)
	if d := cmp.Diff([]any{1.0, nil}, dining["band"]); d != "" {
		t.Error(d)
	}
	parcel := r["parcels"].([]any)[0].(map[string]any)
	for _, member := range []string{"code", "landUse", "codeSystem", "state", "areaM2"} {
		if parcel[member] == nil {
			t.Errorf("a parcel has no %s", member)
		}
	}
}

func TestEveryVerdict(t *testing.T) {
	for _, c := range []struct {
		name      string
		parcels   int
		residents any
		land      Verdict
		people    Verdict
	}{
		{"fits", 8, int64(3000), Fits, Fits},
		{"too little land", 6, int64(3500), Low, Fits},    // 64,794/3,500 = 18.5
		{"too much land", 8, int64(2000), High, Low},      // 43.2
		{"too many people", 8, int64(4001), Low, High},    // 21.6
		{"nobody known", 8, nil, Unknown, Unknown},        //
		{"just enough people", 8, int64(4000), Low, Fits}, // 21.598
		{"no dwelling", 0, int64(3000), Low, Fits},        // construction land, but nothing to live on
	} {
		w := quietTown()
		w.parcels = append(w.parcels[:c.parcels:c.parcels], w.parcels[8:]...)
		w.towns[0].Properties = set(w.towns[0].Properties, "residents", c.residents)
		r := judge(t, w, "zhejiang-2018", Options{})
		if got := findingOf(t, r, LandPerResident).Verdict; got != c.land {
			t.Errorf("%s: land is %s, want %s", c.name, got, c.land)
		}
		if got := findingOf(t, r, Residents).Verdict; got != c.people {
			t.Errorf("%s: residents are %s, want %s", c.name, got, c.people)
		}
	}
}

// TestEndsBelongToTheBand takes the town's own value as an end of the band: on it
// the verdict is 符合, one step of the last printed digit beyond it no more.
func TestEndsBelongToTheBand(t *testing.T) {
	w := quietTown()
	v := *findingOf(t, judge(t, w, "zhejiang-2018", Options{}), LandPerResident).Value
	const step = 1 / decimals
	for _, c := range []struct {
		band Band
		want Verdict
	}{
		{Between(v, 36), Fits}, {Between(v+step, 36), Low},
		{Between(23, v), Fits}, {Between(23, v-step), High},
		{Between(v, v), Fits}, {AtLeast(v), Fits}, {Band{nil, &v}, Fits},
	} {
		std := standard(t, "zhejiang-2018")
		std.Rules = slices.Clone(std.Rules)
		std.Rules[0].Cases = []Case{{Band: c.band}}
		r, err := Assess(std, w.snapshot(t), "T1", Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := findingOf(t, r, LandPerResident).Verdict; got != c.want {
			t.Errorf("%v in %s: %s, want %s", v, c.band, got, c.want)
		}
	}
	for residents, want := range map[int64]Verdict{2999: Low, 3000: Fits, 4000: Fits, 4001: High} {
		w.towns[0].Properties = set(w.towns[0].Properties, "residents", residents)
		if got := findingOf(t, judge(t, w, "zhejiang-2018", Options{}), Residents).Verdict; got != want {
			t.Errorf("%d residents: %s, want %s", residents, got, want)
		}
	}
}

// TestRemediesHold applies each remedy and asks again: the change that is called
// enough must be enough, and less must not be.
func TestRemediesHold(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 1))
	band := Between(23, 36)
	for range 2000 {
		land, people := math.Round(rng.Float64()*2e6)/10, float64(1+rng.IntN(9000))
		verdict := func(land, people float64) Verdict { return band.Verdict(round(land / people)) }
		l := areaLever(Land, &land, band.Times(Band{&people, &people}))
		changed := land + *l.Change*m2PerHa
		if verdict(changed, people) != Fits {
			t.Fatalf("%v m², %v residents: changing the land by %v ha does not do", land, people, *l.Change)
		}
		if c := *l.Change; c != 0 && verdict(changed-math.Copysign(2, c), people) == Fits {
			t.Fatalf("%v m², %v residents: %v ha is more than needed", land, people, c)
		}
		r := residentsLever(land, &people, band)
		if !r.Feasible {
			for n := 1.0; n < 20; n++ {
				if verdict(land, n) == Fits {
					t.Fatalf("%v m²: %v residents would do", land, n)
				}
			}
			continue
		}
		if verdict(land, people+*r.Change) != Fits {
			t.Fatalf("%v m², %v residents: changing them by %v does not do", land, people, *r.Change)
		}
		for i, step := range []float64{-1, 1} {
			if n := *r.Admissible[i]; verdict(land, n) != Fits || n+step > 0 && verdict(land, n+step) == Fits {
				t.Fatalf("%v m²: %v is not the end of the admissible residents", land, n)
			}
		}
	}
}

func TestRemedyIsSaid(t *testing.T) {
	w := quietTown()
	w.parcels = append(w.parcels[:6:6], w.parcels[8:]...)
	w.towns[0].Properties = set(w.towns[0].Properties, "residents", int64(3500))
	// 6 parcels have 64,794.9178 m². 3,500×23 = 80,500 m²: 15,705.08 m² are missing.
	f := findingOf(t, judge(t, w, "zhejiang-2018", Options{}), LandPerResident)
	wants(t, "land to add", f.Remedy.Levers[0].Change, 1.5706, 0)
	// 64,794.9178/23 = 2,817.17: 683 residents too many.
	wants(t, "residents to lose", f.Remedy.Levers[1].Change, -683, 0)
	for _, part := range []string{"居住用地面积应为 8.05–12.6 ha，需增加 1.5706 ha", "常住人口应为 1800–2817 人，需减少 683 人"} {
		if !strings.Contains(f.Remedy.Text.ZH, part) {
			t.Errorf("%q is missing in %q", part, f.Remedy.Text.ZH)
		}
	}
	if f.Remedy.Levers[1].Joint != nil {
		t.Error("1,800–2,817 residents cannot meet 3,000–4,000")
	}
}

func TestUnknownTownAndOptions(t *testing.T) {
	std, s := standard(t, "zhejiang-2018"), quietTown().snapshot(t)
	for _, c := range []struct {
		town geo.Code
		opt  Options
		code string
	}{
		{"T9", Options{}, "unknown_town"},
		{"", Options{}, "unknown_town"},
		{"T1", Options{Policy: "08"}, "bad_option"},
		{"T1", Options{ClimateZone: "VIII"}, "bad_option"},
	} {
		_, err := Assess(std, s, c.town, c.opt)
		var e *geo.Error
		if !errors.As(err, &e) || e.Code != c.code {
			t.Errorf("%q %+v: %v, want %s", c.town, c.opt, err, c.code)
		}
	}
	if _, err := AssessAll(std, s, []geo.Code{"T1", "T9", "T8"}, Options{}); err == nil || !strings.Contains(err.Error(), "T9") {
		t.Errorf("AssessAll: %v", err)
	}
}

func TestClimateZones(t *testing.T) {
	for _, c := range []struct {
		stated any
		opt    string
		low    float64
	}{
		{"III", "", 23}, {"IV", "", 23}, {"V", "", 23},
		{"I", "", 28}, {"II", "", 28}, {"VI", "", 28}, {"VII", "", 28},
		{nil, "", 23}, // the standard's own zone
		{"I", "III", 23}, {"III", "I", 28},
	} {
		w := quietTown()
		w.towns[0].Properties = set(w.towns[0].Properties, "climate_zone", c.stated)
		f := findingOf(t, judge(t, w, "zhejiang-2018", Options{ClimateZone: c.opt}), LandPerResident)
		wants(t, "lowest", f.Band[0], c.low, 0)
	}
}

// TestSameInputSameBytes makes the report again, from features in another order
// and on several processors.
func TestSameInputSameBytes(t *testing.T) {
	w := quietTown()
	w.parcels = append(w.parcels, parcelAt("P20", 5, 1, "0703"), feature("P21", rect(118.9049, 29.0005, 0.001, 0.002), "land_use", "R2", "code_system", geo.UrbanLandUse))
	want, err := json.Marshal(judge(t, w, "zhejiang-2018", Options{}))
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(6, 2))
	for range 20 {
		rng.Shuffle(len(w.parcels), func(i, j int) { w.parcels[i], w.parcels[j] = w.parcels[j], w.parcels[i] })
		all, err := AssessAll(standard(t, "zhejiang-2018"), w.snapshot(t), []geo.Code{"T1", "T1", "T1", "T1"}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range all {
			if got, _ := json.Marshal(r); string(got) != string(want) {
				t.Fatalf("another report:\n%s\n%s", got, want)
			}
		}
	}
}

// TestInputIsLeftAlone compares a snapshot's features before and after.
func TestInputIsLeftAlone(t *testing.T) {
	w, before := quietTown(), quietTown()
	std, again := standard(t, "zhejiang-2018"), standard(t, "zhejiang-2018")
	s := w.snapshot(t)
	for range 2 {
		if _, err := Assess(std, s, "T1", Options{}); err != nil {
			t.Fatal(err)
		}
	}
	if !reflect.DeepEqual(w, before) || !reflect.DeepEqual(std, again) {
		t.Error("Assess changed its input")
	}
}

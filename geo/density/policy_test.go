package density

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"towngrid/geo"
)

// TestPolicies counts one hectare of each code under each policy.
func TestPolicies(t *testing.T) {
	for _, c := range []struct {
		system, code string
		want         string // answers for WholeClass, TownDwellings, TownWithServices: y, n or ?
	}{
		{geo.LandUse2023, "07", "y??"},
		{geo.LandUse2023, "0701", "yyy"},
		{geo.LandUse2023, "070102", "yyy"},
		{geo.LandUse2023, "07010201", "yyy"}, // a province's further digits
		{geo.LandUse2023, "0702", "yny"},
		{geo.LandUse2023, "0703", "ynn"},
		{geo.LandUse2023, "070302", "ynn"},
		{geo.LandUse2023, "0704", "ynn"},
		{geo.LandUse2023, "0804", "nnn"}, // schools are not residential land
		{geo.LandUse2023, "080403", "nnn"},
		{geo.LandUse2023, "0101", "nnn"},
		{geo.LandUse2023, "16", "nnn"},
		{geo.LandUse2023, "0799", "???"},  // the class is right, the code does not exist below two digits
		{geo.LandUse2023, "07011", "???"}, // half a level
		{geo.LandSurvey3, "07", "y??"},
		{geo.LandSurvey3, "0701", "yyy"},
		{geo.LandSurvey3, "0702", "ynn"}, // 农村宅基地 here, community services there
		{geo.LandSurvey3, "0703", "???"}, // not a code of the survey
		{geo.LandSurvey3, "05H1", "nnn"},
		{geo.LandSurvey3, "1104A", "nnn"},
		{geo.UrbanLandUse, "R", "y?y"},
		{geo.UrbanLandUse, "R2", "y?y"},
		{geo.UrbanLandUse, "r21", "yyy"},
		{geo.UrbanLandUse, "R22", "yny"},
		{geo.UrbanLandUse, "A33", "nnn"},
		{geo.UrbanLandUse, "B1", "nnn"},
		{geo.UrbanLandUse, "H14", "???"}, // a village holds dwellings and other land
		{geo.UrbanLandUse, "RB", "???"},  // mixed use
		{geo.UrbanLandUse, "0701", "???"},
	} {
		got := ""
		for _, p := range Policies() {
			u := useOf(props("code_system", c.system, "land_use", c.code))
			a, why := u.ask(residential(p))
			got += map[answer]string{yes: "y", no: "n", unsure: "?"}[a]
			if (a == unsure) != (why != nil) {
				t.Errorf("%s %s: %v with reason %v", c.system, c.code, a, why)
			}
		}
		if got != c.want {
			t.Errorf("%s %s: %s, want %s", c.system, c.code, got, c.want)
		}
	}
}

func TestConstructionLand(t *testing.T) {
	for _, c := range []struct {
		system, code string
		want         string // without and with agricultural buildings
	}{
		{geo.LandUse2023, "0701", "yy"}, {geo.LandUse2023, "16", "yy"}, {geo.LandUse2023, "1003", "yy"},
		{geo.LandUse2023, "06", "ny"}, {geo.LandUse2023, "060201", "ny"},
		{geo.LandUse2023, "0101", "nn"}, {geo.LandUse2023, "05", "nn"}, {geo.LandUse2023, "1701", "nn"}, {geo.LandUse2023, "2301", "nn"}, {geo.LandUse2023, "18", "nn"},
		{geo.LandSurvey3, "0701", "yy"}, {geo.LandSurvey3, "05H1", "yy"}, {geo.LandSurvey3, "09", "yy"}, {geo.LandSurvey3, "1003", "yy"},
		{geo.LandSurvey3, "1006", "ny"}, {geo.LandSurvey3, "1202", "ny"},
		{geo.LandSurvey3, "1109", "yy"}, {geo.LandSurvey3, "1201", "yy"}, {geo.LandSurvey3, "1101", "nn"}, {geo.LandSurvey3, "1203", "nn"}, {geo.LandSurvey3, "0101", "nn"}, {geo.LandSurvey3, "00", "nn"},
		{geo.LandSurvey3, "10", "??"}, {geo.LandSurvey3, "11", "??"}, {geo.LandSurvey3, "12", "??"},
		{geo.UrbanLandUse, "R2", "yy"}, {geo.UrbanLandUse, "G1", "yy"}, {geo.UrbanLandUse, "H14", "yy"}, {geo.UrbanLandUse, "E2", "nn"}, {geo.UrbanLandUse, "E", "nn"},
	} {
		got := ""
		for _, farm := range []bool{false, true} {
			a, _ := useOf(props("code_system", c.system, "land_use", c.code)).ask(construction(farm))
			got += map[answer]string{yes: "y", no: "n", unsure: "?"}[a]
		}
		if got != c.want {
			t.Errorf("%s %s: %s, want %s", c.system, c.code, got, c.want)
		}
	}
}

// TestSharedCodesDiffer: 29 codes stand in both number systems with different names,
// the trap for whoever reads a code without its system.
func TestSharedCodesDiffer(t *testing.T) {
	n := 0
	for code, name := range uses().systems[geo.LandUse2023] {
		if other, ok := uses().systems[geo.LandSurvey3][code]; ok && other != name {
			n++
		}
	}
	if n != 29 {
		t.Errorf("%d codes differ", n)
	}
}

// TestClassificationsAreWhole holds the tables against the number of their classes
// and against slips of code and name.
func TestClassificationsAreWhole(t *testing.T) {
	for system, c := range map[string]struct{ length, classes, codes int }{
		geo.LandUse2023:  {2, 24, 152},
		geo.LandSurvey3:  {2, 13, 68},
		geo.UrbanLandUse: {1, 10, 110},
	} {
		first, table := 0, uses().systems[system]
		for code, name := range table {
			if len(code) == c.length {
				first++
			}
			if code[0] > 'Z' || name[0] < 0x80 {
				t.Errorf("%s: %q is named %q", system, code, name)
			}
			if _, ok := table[code[:c.length]]; !ok && system != geo.LandSurvey3 {
				t.Errorf("%s: %s has no class", system, code)
			}
		}
		if first != c.classes || len(table) != c.codes {
			t.Errorf("%s has %d classes and %d codes", system, first, len(table))
		}
	}
}

// TestCodeSystemDecides gives the same code a different system: under the survey
// 0702 is a homestead, and the breakdown says so.
func TestCodeSystemDecides(t *testing.T) {
	for _, c := range []struct {
		system string
		policy Policy
		n      float64
		name   string
	}{
		{geo.LandUse2023, WholeClass, 9, "城镇社区服务设施用地"},
		{geo.LandSurvey3, WholeClass, 9, "农村宅基地"},
		{geo.LandUse2023, TownWithServices, 9, "城镇社区服务设施用地"},
		{geo.LandSurvey3, TownWithServices, 8, ""},
		{geo.LandSurvey3, TownDwellings, 8, ""},
	} {
		w := with(feature("S1", rect(118.91, 29.01, 0.001, 0.001), "land_use", "0702", "code_system", c.system))
		r := judge(t, w, "zhejiang-2018", Options{Policy: c.policy})
		if got := number(t, findingOf(t, r, Land), "parcelsCounted"); got != c.n {
			t.Errorf("%s under %s: %v parcels", c.system, c.policy, got)
		}
		name := ""
		for _, s := range r.Breakdown {
			if s.LandUse == "0702" {
				name = s.Name
			}
		}
		if name != c.name {
			t.Errorf("%s under %s: 0702 is %q", c.system, c.policy, name)
		}
		if got := findingOf(t, r, Land).Inputs.Text("policy"); got != string(c.policy) {
			t.Errorf("policy %q", got)
		}
	}
}

// TestNamesAgainstCodes: a name decides nothing, but one that contradicts its code
// is named, and where the two would count differently there is no figure.
func TestNamesAgainstCodes(t *testing.T) {
	for _, c := range []struct {
		system, code, name string
		policy             Policy
		remark, doubt      bool
	}{
		{geo.LandUse2023, "0701", "城镇住宅用地", WholeClass, false, false},
		{geo.LandUse2023, "070102", "城镇住宅用地", WholeClass, false, false},
		{geo.LandUse2023, "07", "城镇住宅用地", WholeClass, false, false},
		{geo.LandUse2023, "0701", "人才公寓", WholeClass, false, false},
		{geo.LandUse2023, "0701", "二类居住用地", WholeClass, false, false}, // known to gb50137 only, and residential there
		{geo.LandUse2023, "0702", "农村宅基地", WholeClass, true, false},   // either way residential
		{geo.LandUse2023, "0702", "农村宅基地", TownWithServices, true, true},
		{geo.LandSurvey3, "0702", "城镇社区服务设施用地", WholeClass, true, false}, // rows of the other system
		{geo.LandSurvey3, "0702", "城镇社区服务设施用地", TownWithServices, true, true},
		{geo.LandUse2023, "0701", "工业用地", WholeClass, true, true},
		{geo.UrbanLandUse, "R2", "二类居住用地", WholeClass, false, false},
		{geo.UrbanLandUse, "R21", "住宅用地", WholeClass, false, false},
		{geo.UrbanLandUse, "R2", "中小学用地", WholeClass, true, true},
	} {
		w := with(feature("N1", rect(118.91, 29.01, 0.001, 0.001), "land_use", c.code, "code_system", c.system, "land_use_name", c.name))
		r := judge(t, w, "zhejiang-2018", Options{Policy: c.policy})
		row := rowOf(t, r, "N1")
		if row.Doubtful != c.doubt || (row.Remarks != nil) != c.remark {
			t.Errorf("%s %s %s: doubtful %v, remarks %v", c.system, c.code, c.name, row.Doubtful, row.Remarks)
		}
		if f := findingOf(t, r, Land); (f.Value == nil) != c.doubt {
			t.Errorf("%s %s %s: value %v", c.system, c.code, c.name, f.Value)
		}
	}
	// Farmland whose name is another farmland's is named, and changes nothing.
	w := quietTown()
	w.parcels[10].Properties = set(w.parcels[10].Properties, "land_use_name", "旱地")
	r := judge(t, w, "zhejiang-2018", Options{})
	if row := rowOf(t, r, "P12"); len(row.Remarks) != 1 || row.Doubtful {
		t.Errorf("%+v", row)
	}
	if findingOf(t, r, Land).Verdict != Fits {
		t.Error("a name of farmland changed the verdict")
	}
}

// TestConstructionPropertyDecides: what a parcel says of itself goes before its code.
func TestConstructionPropertyDecides(t *testing.T) {
	w := quietTown()
	w.parcels[0].Properties = append(w.parcels[0].Properties, geo.Property{Name: "construction", Value: false})
	w.parcels[1].Properties = append(w.parcels[1].Properties, geo.Property{Name: "construction", Value: true})
	r := judge(t, w, "zhejiang-2018", Options{})
	if row := rowOf(t, r, "P01"); row.State != LeftOut || row.Reason.Code != NotConstruction || row.Doubtful {
		t.Errorf("%+v", row)
	}
	wants(t, "land", findingOf(t, r, Land).Value, columnM2(8)-columnM2(1), 1e-3)

	w.parcels[10].Properties = append(w.parcels[10].Properties, geo.Property{Name: "construction", Value: true}) // 0101
	r = judge(t, w, "zhejiang-2015", Options{})
	got := map[geo.Code]State{}
	for _, p := range r.Parcels {
		got[p.Code] = p.State
	}
	want := map[geo.Code]State{"P01": LeftOut, "P12": Counted}
	for _, p := range []geo.Code{"P02", "P03", "P04", "P05", "P06", "P07", "P08", "P10", "P11"} {
		want[p] = Counted
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestFarmBuildingsAreAChoice(t *testing.T) {
	w := with(parcelAt("F06", 10, 10, "060201"))
	without := judge(t, w, "zhejiang-2015", Options{})
	counted := judge(t, w, "zhejiang-2015", Options{FarmBuildings: true})
	if rowOf(t, without, "F06").State != LeftOut || rowOf(t, counted, "F06").State != Counted {
		t.Error("class 06 does not follow the option")
	}
}

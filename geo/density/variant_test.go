package density

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"towngrid/geo"
	"towngrid/geo/snapshot"
)

func facilitiesOf(t *testing.T, d geo.Division, fs []geo.Feature) *snapshot.Part {
	t.Helper()
	p, err := snapshot.NewPart(geo.Version{ID: "f" + string(d), Collection: geo.Facilities, Division: d, Number: 1}, slices.Clone(fs))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func people(n int64) *int64 { return &n }

// tried is quietTown as it is and as a variant has it.
func tried(t *testing.T, w world, opt Options, v Variant) (before, after Report) {
	t.Helper()
	s, std := w.snapshot(t), standard(t, "zhejiang-2018")
	before, err := Assess(std, s, "T1", Options{})
	if err != nil {
		t.Fatal(err)
	}
	after, err = AssessVariant(std, s, "T1", opt, v)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Assess(std, s, "T1", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(before, again, cmp.AllowUnexported(Finding{})); d != "" {
		t.Fatalf("trying changed the present: %s", d)
	}
	return before, after
}

func landOf(t *testing.T, r Report) *float64 { return findingOf(t, r, Land).Value }

// TestVariants changes quietTown, whose eight residential parcels have by the closed
// form 86,391.5858 m² for 3,000 residents.
func TestVariants(t *testing.T) {
	eight := columnM2(8)
	t.Run("residents", func(t *testing.T) {
		_, r := tried(t, quietTown(), Options{}, Variant{Residents: people(3600)})
		wants(t, "land", landOf(t, r), eight, 1e-3)
		wants(t, "per resident", findingOf(t, r, LandPerResident).Value, 23.9977, 1e-4) // 86,391.5858/3,600
		wants(t, "residents", findingOf(t, r, Residents).Value, 3600, 0)
	})
	t.Run("climate zone", func(t *testing.T) {
		_, r := tried(t, quietTown(), Options{ClimateZone: "I"}, Variant{})
		f := findingOf(t, r, LandPerResident)
		wants(t, "lowest", f.Band[0], 28, 0)
		if f.Verdict != Fits { // 28.7972 is within 28–38
			t.Errorf("%s", f.Verdict)
		}
	})
	t.Run("removed", func(t *testing.T) {
		_, r := tried(t, quietTown(), Options{}, Variant{Remove: []geo.Code{"P08"}})
		wants(t, "land", landOf(t, r), columnM2(7), 1e-3)
	})
	t.Run("drawn on free ground", func(t *testing.T) {
		before, r := tried(t, quietTown(), Options{}, Variant{Parcels: []geo.Feature{parcelAt("N1", 10, 10, "0701")}})
		wants(t, "land", landOf(t, r), eight+exactRect(29.01, 0.001, 0.001), 1e-3)
		c := Compare(before, r)
		if len(c.Parcels) != 1 || c.Parcels[0].Code != "N1" || c.Parcels[0].Before != "" || c.Parcels[0].After != Counted {
			t.Errorf("%+v", c.Parcels)
		}
	})
	t.Run("a code in use takes that parcel's place", func(t *testing.T) {
		_, r := tried(t, quietTown(), Options{}, Variant{Parcels: []geo.Feature{parcelAt("P01", 10, 10, "0701")}})
		wants(t, "land", landOf(t, r), eight-exactRect(29, 0.001, 0.001)+exactRect(29.01, 0.001, 0.001), 1e-3)
	})
	t.Run("a park over half a dwelling parcel", func(t *testing.T) {
		park := feature("N1", rect(118.9055, 29, 0.002, 0.001), "land_use", "1401", "code_system", geo.LandUse2023)
		before, r := tried(t, quietTown(), Options{}, Variant{Parcels: []geo.Feature{park}})
		half := exactRect(29, 0.0005, 0.001)
		wants(t, "land", landOf(t, r), eight-half, 1e-3)
		c := Compare(before, r)
		if len(c.Parcels) != 1 || c.Parcels[0].Code != "P01" {
			t.Fatalf("%+v", c.Parcels)
		}
		wants(t, "change", &c.Parcels[0].ChangeM2, -half, 1e-3)
		if row := rowOf(t, r, "P01"); len(row.Remarks) != 1 || row.Overlaps != nil {
			t.Errorf("%+v", row)
		}
	})
	t.Run("dwellings over a dwelling parcel", func(t *testing.T) {
		whole := parcelAt("A1", 5, 0, "0701") // the very ground of P01
		_, r := tried(t, quietTown(), Options{}, Variant{Parcels: []geo.Feature{whole}})
		wants(t, "land", landOf(t, r), eight, 1e-3)
		if _, found := r.Finding(Land); !found || slices.ContainsFunc(r.Parcels, func(p CountedParcel) bool { return p.Code == "P01" }) {
			t.Error("P01 is listed though nothing is left of it")
		}
	})
	t.Run("drawn parcels that overlap count once", func(t *testing.T) {
		_, r := tried(t, quietTown(), Options{}, Variant{Parcels: []geo.Feature{parcelAt("N1", 10, 10, "0701"), parcelAt("N2", 10, 10, "0701")}})
		wants(t, "land", landOf(t, r), eight+exactRect(29.01, 0.001, 0.001), 1e-3)
		wants(t, "overlap", new(number(t, findingOf(t, r, Land), "overlapM2")), exactRect(29.01, 0.001, 0.001), 1e-3)
	})
	t.Run("across the border", func(t *testing.T) {
		out := feature("N1", rect(118.8995, 29.01, 0.001, 0.001), "land_use", "0701", "code_system", geo.LandUse2023)
		_, r := tried(t, quietTown(), Options{}, Variant{Parcels: []geo.Feature{out}})
		wants(t, "land", landOf(t, r), eight+exactRect(29.01, 0.0005, 0.001), 1e-3)
	})
	t.Run("parcels where none were published", func(t *testing.T) {
		w := quietTown()
		w.parcels = nil
		_, r := tried(t, w, Options{}, Variant{Parcels: []geo.Feature{parcelAt("N1", 5, 0, "0701")}})
		wants(t, "land", landOf(t, r), exactRect(29, 0.001, 0.001), 1e-3)
	})
}

func TestVariantsThatCannotBe(t *testing.T) {
	bowTie := parcelAt("N1", 10, 10, "0701")
	bowTie.Geometry = crossedRing()
	for name, c := range map[string]struct {
		v    Variant
		code string
	}{
		"no residents":               {Variant{Residents: people(0)}, "bad_variant"},
		"negative residents":         {Variant{Residents: people(-5)}, "bad_variant"},
		"more than there can be":     {Variant{Residents: people(2e9)}, "bad_variant"},
		"a parcel that is not":       {Variant{Remove: []geo.Code{"X"}}, "unknown_parcel"},
		"removed twice":              {Variant{Remove: []geo.Code{"P01", "P01"}}, "bad_variant"},
		"drawn twice":                {Variant{Parcels: []geo.Feature{parcelAt("N1", 10, 10, "0701"), parcelAt("N1", 11, 10, "0701")}}, "bad_variant"},
		"drawn and removed":          {Variant{Parcels: []geo.Feature{parcelAt("P01", 10, 10, "0701")}, Remove: []geo.Code{"P01"}}, "bad_variant"},
		"drawn elsewhere":            {Variant{Parcels: []geo.Feature{parcelAt("N1", 50, 10, "0701")}}, "bad_variant"},
		"without a code":             {Variant{Parcels: []geo.Feature{parcelAt("", 10, 10, "0701")}}, "bad_variant"},
		"a ring that crosses itself": {Variant{Parcels: []geo.Feature{bowTie}}, "bad_variant"},
	} {
		_, err := AssessVariant(standard(t, "zhejiang-2018"), quietTown().snapshot(t), "T1", Options{}, c.v)
		var refused *geo.Error
		if !errors.As(err, &refused) || refused.Code != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
}

package density

import (
	"errors"
	"math"
	"strings"
	"testing"

	"towngrid/geo"
)

// TestFaultsAreNamed spoils a good standard in one place at a time: Check must name
// the member, and say what to do.
func TestFaultsAreNamed(t *testing.T) {
	for _, c := range []struct {
		member string
		spoil  func(*Standard)
	}{
		{"id", func(s *Standard) { s.ID = "" }},
		{"id", func(s *Standard) { s.ID = "Zhejiang 2018" }},
		{"id", func(s *Standard) { s.ID = strings.Repeat("a", 65) }},
		{"title", func(s *Standard) { s.Title = "  " }},
		{"issuer", func(s *Standard) { s.Issuer = "" }},
		{"edition", func(s *Standard) { s.Edition = "" }},
		{"source", func(s *Standard) { s.Source = strings.Repeat("源", maxText+1) }},
		{"status", func(s *Standard) { s.Status = "draft" }},
		{"date", func(s *Standard) { s.Date = "2018年" }},
		{"date", func(s *Standard) { s.Date = "2018-13" }},
		{"climate_zone", func(s *Standard) { s.ClimateZone = "3" }},
		{"clauses", func(s *Standard) { s.Clauses = nil }},
		{"clauses[1].id", func(s *Standard) { s.Clauses[1].ID = s.Clauses[0].ID }},
		{"clauses[0].cite", func(s *Standard) { s.Clauses[0].Cite = "" }},
		{"clauses[0].text.en", func(s *Standard) { s.Clauses[0].Text.EN = "" }},
		{"clauses[0].trust", func(s *Standard) { s.Clauses[0].Trust = "?" }},
		{"rules", func(s *Standard) { s.Rules = nil }},
		{"rules[0].metric", func(s *Standard) { s.Rules[0].Metric = "green_space" }},
		{"rules[1].metric", func(s *Standard) { s.Rules[1] = s.Rules[0] }},
		{"rules[0].heading", func(s *Standard) { s.Rules[0].Heading = "形" }},
		{"rules[0].unit", func(s *Standard) { s.Rules[0].Unit = "ha" }},
		{"rules[2].unit", func(s *Standard) { s.Rules[2].Unit = "ha" }},
		{"rules[0].clause", func(s *Standard) { s.Rules[0].Clause = "nowhere" }},
		{"rules[0].numerator", func(s *Standard) { s.Rules[0].Numerator = "R" }},
		{"rules[1].numerator", func(s *Standard) { s.Rules[1].Numerator = WholeClass }},
		{"rules[0].cases", func(s *Standard) { s.Rules[0].Cases = nil }},
		{"rules[0].cases[0].band", func(s *Standard) { s.Rules[0].Cases[0].Band = Between(36, 23) }},
		{"rules[0].cases[0].band", func(s *Standard) { s.Rules[0].Cases[0].Band = Between(-1, 23) }},
		{"rules[0].cases[0].band", func(s *Standard) { s.Rules[0].Cases[0].Band = Between(0, 0) }},
		{"rules[0].cases[0].band", func(s *Standard) { s.Rules[0].Cases[0].Band = Between(math.NaN(), 2) }},
		{"rules[0].cases[0].band", func(s *Standard) { s.Rules[0].Cases[0].Band = Between(1, math.Inf(1)) }},
		{"rules[0].cases[0].band", func(s *Standard) { s.Rules[0].Cases[0].Band = Band{} }},
		{"rules[0].cases[0].climate_zones", func(s *Standard) { s.Rules[0].Cases[0].ClimateZones = []string{"3"} }},
		{"rules[0].cases[0].climate_zones", func(s *Standard) { s.Rules[0].Cases[0].ClimateZones = []string{"III", "III"} }},
		{"rules[0].cases[0].types", func(s *Standard) { s.Rules[0].Cases[0].Types = []string{"时尚小镇"} }},
		{"rules[0].cases[1]", func(s *Standard) { s.Rules[0].Cases[0].ClimateZones = nil }},
		{"rules[2].cases", func(s *Standard) { s.Rules = s.Rules[1:3] }},
		{"rules[3].facilities", func(s *Standard) { s.Rules[3].Facilities = nil }},
		{"rules[3].facilities", func(s *Standard) { s.Rules[3].Facilities = []string{"canteen"} }},
		{"rules[1].facilities", func(s *Standard) { s.Rules[1].Facilities = []string{"dining"} }},
		{"rules[5].own_industry", func(s *Standard) { s.Classes[0].Types[0].Industries = nil }},
		{"rules[5].own_industry", func(s *Standard) { s.Classes = nil }},
		{"rules[5].own_industry", func(s *Standard) { s.Rules[5].Cases[0].Types = nil }},
		{"classes[0].class", func(s *Standard) { s.Classes[0].Class = 4 }},
		{"classes[0].title.zh", func(s *Standard) { s.Classes[0].Title.ZH = "" }},
		{"classes[0].types[0].name", func(s *Standard) { s.Classes[0].Types[0].Name = "旅游小镇" }},
		{"classes[0].types[1].name", func(s *Standard) { s.Classes[0].Types[1] = s.Classes[0].Types[0] }},
		{"classes[0].types[0].industries[0]", func(s *Standard) { s.Classes[0].Types[0].Industries[0] = "" }},
	} {
		std := standard(t, "zhejiang-2018")
		c.spoil(&std)
		if c.member == "rules[2].cases" {
			c.member = "rules[1].cases"
		}
		var e *geo.Error
		if err := std.Check(); !errors.As(err, &e) || e.Code != "bad_standard" {
			t.Errorf("%s: %v", c.member, err)
			continue
		}
		named := false
		for _, v := range e.Violations {
			named = named || strings.HasPrefix(v.Message.ZH, c.member+"：") && strings.HasPrefix(v.Message.EN, c.member+": ") && v.Fix.ZH != "" && v.Fix.EN != ""
			if all := v.Message.ZH + v.Message.EN + v.Fix.ZH + v.Fix.EN; strings.Contains(all, "%!") {
				t.Errorf("bad text: %s", all)
			}
		}
		if !named || strings.Contains(e.Text.ZH+e.Text.EN, "%!") {
			t.Errorf("%s is not named by %v: %+v", c.member, e, e.Violations)
		}
	}
}

// TestAllFaultsAtOnce: an empty standard is told all that it needs, not the first thing.
func TestAllFaultsAtOnce(t *testing.T) {
	var e *geo.Error
	if err := (Standard{}).Check(); !errors.As(err, &e) || len(e.Violations) < 8 {
		t.Errorf("%+v", e)
	}
}

func TestBands(t *testing.T) {
	for _, c := range []struct {
		text string
		ok   bool
	}{
		{"[23, 36]", true}, {"[null, 36]", true}, {"[1,null]", true},
		{"[23]", false}, {"[23, 36, 40]", false}, {"[]", false}, {"null", false}, {`["23", 36]`, false}, {"23", false}, {"{}", false},
	} {
		var b Band
		if err := b.UnmarshalJSON([]byte(c.text)); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.text, err)
		}
	}
	for text, b := range map[string]Band{"23–36": Between(23, 36), "≥ 1": AtLeast(1), "≤ 2.5": {nil, Between(0, 2.5)[1]}, "—": {}, "7": Between(7, 7)} {
		if b.String() != text {
			t.Errorf("%q, want %q", b.String(), text)
		}
	}
	if _, ok := Between(1, 2).Within(Between(3, 4)); ok {
		t.Error("bands apart have something in common")
	}
	if b, ok := AtLeast(2).Within(Between(1, 3)); !ok || *b[0] != 2 || *b[1] != 3 {
		t.Errorf("%s", b)
	}
	if b := AtLeast(2).Times(Between(3, 4)); *b[0] != 6 || b[1] != nil {
		t.Errorf("%s", b)
	}
	if Fits.In("en") != "fits" || Low.In("zh") != "偏低" || Unknown.In("en") != "cannot be judged" || High.In("en") != "high" {
		t.Error("verdicts in two languages")
	}
}

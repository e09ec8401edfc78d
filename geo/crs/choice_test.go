package crs_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"towngrid/geo"
	"towngrid/geo/crs"
)

// Every choice is read as what it says, and no two look alike to who chooses.
func TestChoices(t *testing.T) {
	o := operator(t, zone40(), city())
	ids, titles := map[string]bool{}, map[geo.Text]bool{}
	var groups []crs.Group
	count := map[crs.Group]int{}
	for _, choice := range o.Choices() {
		c, ok := o.Parse(choice.ID)
		if !ok {
			var err error
			if c, err = crs.Parse(choice.ID); err != nil {
				t.Fatalf("%q cannot be read: %v", choice.ID, err)
			}
		}
		if c.ID() != choice.ID || c.Title() != choice.Title {
			t.Errorf("%q is read as %q, %v", choice.ID, c.ID(), c.Title())
		}
		if ids[choice.ID] || titles[choice.Title] || choice.Title.ZH == "" || choice.Title.EN == "" {
			t.Errorf("%q, %v: seen before or empty", choice.ID, choice.Title)
		}
		ids[choice.ID], titles[choice.Title] = true, true
		if count[choice.Group]++; count[choice.Group] == 1 {
			groups = append(groups, choice.Group)
		} else if groups[len(groups)-1] != choice.Group {
			t.Errorf("%q stands apart from its group %q", choice.ID, choice.Group)
		}
		if (choice.Group == "xian1980" || choice.Group == "beijing1954") != c.Approximate() {
			t.Errorf("%q is in the group %q", choice.ID, choice.Group)
		}
	}
	want := map[crs.Group]int{"own": 2, "degrees": 4, "zones3": 42, "zones6": 22, "others": 12, "xian1980": 65, "beijing1954": 65}
	for _, g := range groups {
		if count[g] != want[g] || g.Title().ZH == "" || g.Title().EN == "" {
			t.Errorf("%q, %v has %d choices, want %d", g, g.Title(), count[g], want[g])
		}
	}
	if len(groups) != len(want) {
		t.Errorf("got the groups %v", groups)
	}
	for _, id := range []string{"EPSG:4490", "EPSG:4528", "EPSG:4549", "EPSG:4498", "EPSG:3857", "EPSG:32650", "GCJ-02", "BD-09", "EPSG:2364~100m"} {
		if !ids[id] {
			t.Errorf("%s cannot be chosen", id)
		}
	}
}

func TestChoicesWithoutOperator(t *testing.T) {
	public := crs.Choices()
	if got := (*crs.Operator)(nil).Choices(); !slices.Equal(got, public) {
		t.Errorf("got %d choices, want %d", len(got), len(public))
	}
	b, err := json.Marshal(public[0])
	if want := `{"id":"EPSG:4490","title":{"zh":"CGCS2000 经纬度","en":"CGCS2000 longitude and latitude"},"group":"degrees"}`; err != nil || string(b) != want {
		t.Errorf("got %s, %v, want %s", b, err, want)
	}
	for _, c := range public {
		if strings.Contains(c.Title.ZH, "系统") || c.Group == "own" {
			t.Errorf("got %+v", c)
		}
	}
}

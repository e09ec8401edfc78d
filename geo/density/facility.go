package density

import (
	"slices"
	"strings"

	"towngrid/geo"
)

// facilities counts those of the rule's kinds within the town.
func (a *assessment) facilities(r Rule, f *Finding) {
	if !a.facilitiesKnown(f) {
		return
	}
	n, kinds := 0, make([]int, len(r.Facilities))
	for _, x := range a.town.facilities {
		if i := slices.Index(r.Facilities, x.Properties.Text("kind")); i >= 0 {
			n++
			kinds[i]++
		}
	}
	for i, kind := range r.Facilities {
		f.input(kind, int64(kinds[i]))
	}
	f.input("facilitiesInTown", int64(len(a.town.facilities)))
	a.walking(r, f)
	f.measure(float64(n))
	f.remedy(newLever(r.Metric, f.Value, f.Band))
}

// facilitiesKnown says whether there is anything to count from; where nothing is
// published, none within the town means nothing.
func (a *assessment) facilitiesKnown(f *Finding) bool {
	switch {
	case a.town.fault != nil:
		f.lack(*a.town.fault)
	case !a.town.published[geo.Facilities]:
		f.lack(geo.Text{ZH: "该区划没有已发布的设施（facilities）", EN: "no facilities are published for its division (facilities)"})
	default:
		return true
	}
	f.remedy(newLever(f.Metric, nil, f.Band))
	return false
}

// headquarters counts the rule's kinds among the town's own industries. An
// enterprise that states no industry may or may not be of them: it decides nothing
// where the others are enough, and leaves the finding open where they are not.
func (a *assessment) headquarters(r Rule, f *Finding) {
	own, known := a.ownIndustries(r, f)
	if !a.facilitiesKnown(f) {
		return
	}
	n, silent := 0, 0
	for _, x := range a.town.facilities {
		switch ofIndustry(x, r.Facilities, own) {
		case yes:
			n++
		case unsure:
			silent++
		}
	}
	f.input("ownIndustries", strings.Join(own, "、"))
	f.input("withoutIndustry", int64(silent))
	f.input("facilitiesInTown", int64(len(a.town.facilities)))
	if !known {
		f.remedy(newLever(Headquarters, nil, f.Band))
		return
	}
	f.measure(float64(n))
	if low := f.Band.Verdict(*f.Value) == Low; low && f.Band.Verdict(float64(n+silent)) != Low {
		f.lack(geo.Textf("%d 家总部企业或隐形冠军未填写所属产业（industry）", "%d headquarters or hidden champions state no industry (industry)", silent))
		f.Value = nil
	}
	f.remedy(newLever(Headquarters, f.Value, f.Band))
}

// ownIndustries are those of the town's type; known is false, and the finding lacks
// the reason, where the rule wants them and the type is not known.
func (a *assessment) ownIndustries(r Rule, f *Finding) (own []string, known bool) {
	if !r.OwnIndustry {
		return nil, len(f.Completeness.Missing) == 0
	}
	if a.townType == "" {
		if !slices.Contains(f.Completeness.Missing, *a.noType) {
			f.lack(*a.noType)
		}
		return nil, false
	}
	t, _, _ := a.std.Type(a.townType)
	return t.Industries, len(f.Completeness.Missing) == 0
}

// ofIndustry says whether a facility is of one of the kinds and of an industry that
// contains one of the words; with no words any industry will do.
func ofIndustry(x *geo.Feature, kinds, own []string) answer {
	if !slices.Contains(kinds, x.Properties.Text("kind")) {
		return no
	}
	industry := x.Properties.Text("industry")
	switch {
	case len(own) == 0:
		return yes
	case strings.TrimSpace(industry) == "":
		return unsure
	}
	return says(slices.ContainsFunc(own, func(word string) bool { return strings.Contains(industry, word) }))
}

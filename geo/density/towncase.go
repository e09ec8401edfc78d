package density

import (
	"math"
	"slices"

	"towngrid/geo"
	"towngrid/geo/snapshot"
)

// Town holds the facts of a town that a report rests on, as it states them.
type Town struct {
	Code geo.Code `json:"code"`
	Name string   `json:"name"`
	// Class is nil where the town states none.
	Class *int   `json:"class"`
	Type  string `json:"type"`
	Stage string `json:"stage"`
	// Residents is nil where there is no number; it is as stated, sensible or not.
	Residents   *float64 `json:"residents"`
	ClimateZone string   `json:"climateZone"`
	// PlanAreaM2 is the planned area as stated, nil for none.
	PlanAreaM2 *float64 `json:"planAreaM2"`
	// AreaM2 is that of the boundary, nil where it cannot be measured.
	AreaM2 *float64 `json:"areaM2"`
}

// townCase is everything about one town that its findings are computed from. It is
// what a variant ("what if") changes before it is judged again.
type townCase struct {
	snapshot   *snapshot.Snapshot
	facts      Town
	residents  any // the property itself, to say what is wrong with it
	outline    *outline
	fault      *geo.Text // why there is no outline
	parcels    []*parcel
	facilities []*geo.Feature // within the town, its border included
	variant    Variant
	neighbours []geo.Code // towns that overlap it
	versions   snapshot.Versions
	// published says of which collections something is published where the town lies.
	published map[geo.Collection]bool
}

// newTownCase gathers what the snapshot says about a town, as a variant changes it.
func newTownCase(s *snapshot.Snapshot, code geo.Code, v Variant) (*townCase, error) {
	f, part, ok := s.Feature(geo.Towns, code)
	if !ok {
		return nil, geo.Errorf("unknown_town", "没有编码为 %q 的小镇", "there is no town %q", code)
	}
	t := &townCase{snapshot: s, facts: townFacts(f), residents: f.Properties.Value("residents"), variant: v}
	if v.Residents != nil {
		people := float64(*v.Residents)
		t.facts.Residents, t.residents = &people, *v.Residents
	}
	t.versionsFor(part.Version().Division)
	outline, err := newOutline(f.Geometry)
	if err != nil {
		fault := geo.Textf("小镇边界无效，无法量算：%v", "the town's boundary cannot be measured: %v", err)
		t.fault = &fault
		return t, nil
	}
	t.outline = outline
	area := round(geo.AreaM2(outline.shape))
	t.facts.AreaM2 = &area
	t.gatherParcels()
	if err := t.draw(part.Version().Division); err != nil {
		return nil, err
	}
	t.gatherFacilities()
	t.neighbours = t.otherTowns(outline.area)
	return t, nil
}

func townFacts(f *geo.Feature) Town {
	ps := f.Properties
	t := Town{
		Code: f.Code, Name: f.Name, Type: ps.Text("type"), Stage: ps.Text("stage"), ClimateZone: ps.Text("climate_zone"),
		Residents: finite(ps, "residents"), PlanAreaM2: finite(ps, "plan_area"),
	}
	if v, ok := ps.Number("class"); ok && v == math.Trunc(v) && math.Abs(v) < 100 {
		class := int(v)
		t.Class = &class
	}
	return t
}

// finite is a property as a number that JSON can say, else nil.
func finite(ps geo.Properties, name string) *float64 {
	if v, ok := ps.Number(name); ok && !math.IsNaN(v) && !math.IsInf(v, 0) {
		return &v
	}
	return nil
}

// versionsFor keeps the versions that the town's figures come from: those of every
// division that contains the town's or lies within it. A town may reach beyond its
// division; parcels and facilities found there add theirs.
func (t *townCase) versionsFor(d geo.Division) {
	t.versions, t.published = snapshot.Versions{}, map[geo.Collection]bool{}
	all := t.snapshot.Versions(geo.Towns, geo.Parcels, geo.Facilities)
	for _, c := range []geo.Collection{geo.Towns, geo.Parcels, geo.Facilities} {
		kept := map[geo.Division]int{}
		for e, number := range all[c] {
			if d.Contains(e) || e.Contains(d) {
				kept[e] = number
			}
		}
		t.versions[c], t.published[c] = kept, len(kept) > 0
	}
}

// uses notes that something of a part lies in the town and went into the figures.
func (t *townCase) uses(p *snapshot.Part) {
	t.cites(p)
	t.published[p.Version().Collection] = true
}

// cites notes that a part was looked into.
func (t *townCase) cites(p *snapshot.Part) {
	v := p.Version()
	t.versions[v.Collection][v.Division] = v.Number
}

// gatherFacilities keeps the facilities within the town in order of code.
func (t *townCase) gatherFacilities() {
	t.snapshot.Search(geo.Facilities, t.outline.bound, func(p *snapshot.Part, i int) bool {
		if t.outline.side(p.FeatureBound(i)) != geo.Outside {
			t.facilities = append(t.facilities, p.At(i))
			t.uses(p)
		}
		return true
	})
	slices.SortStableFunc(t.facilities, func(a, b *geo.Feature) int { return a.Code.Compare(b.Code) })
}

// mostPeople is more than any town can have.
const mostPeople = 1e9

// people is the number of residents; a text says why there is none to divide by.
func (t *townCase) people() (n float64, wrong *geo.Text) {
	say := func(zh, en string, args ...any) (float64, *geo.Text) {
		text := geo.Textf(zh, en, args...)
		return 0, &text
	}
	switch v := t.residents.(type) {
	case nil:
		return say("未填写常住人口（residents）", "the town states no residents (residents)")
	case int64:
		n = float64(v)
	case float64:
		n = v
	default:
		return say("常住人口 %v 不是数", "residents is %v, not a number", v)
	}
	switch {
	case math.IsNaN(n) || math.IsInf(n, 0):
		return say("常住人口 %v 不是数", "residents is %v, not a number", n)
	case n <= 0:
		return say("常住人口为 %s，应为正整数", "residents is %s; a whole number above 0 is wanted", digits(n))
	case n > mostPeople:
		return say("常住人口 %g 超出常理", "residents is %g, beyond all reason", n)
	case n != math.Trunc(n):
		return say("常住人口 %s 不是整数（是否以万人为单位？）", "residents is %s, not a whole number (is it in ten thousands?)", digits(n))
	}
	return n, nil
}

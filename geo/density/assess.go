package density

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"towngrid/geo"
	"towngrid/geo/snapshot"
)

// Assess judges a town by a standard. It reads nothing but its arguments and changes
// none of them; equal arguments give equal reports. A town that the snapshot does
// not hold is a *geo.Error of code "unknown_town", an option that is none one of
// code "bad_option". The standard must have passed its Check.
func Assess(std Standard, s *snapshot.Snapshot, town geo.Code, opt Options) (Report, error) {
	return AssessVariant(std, s, town, opt, Variant{})
}

// AssessVariant is Assess of the town as a variant changes it. A variant that cannot
// be is a *geo.Error of code "bad_variant", a parcel to remove that is not there one
// of "unknown_parcel".
func AssessVariant(std Standard, s *snapshot.Snapshot, town geo.Code, opt Options, v Variant) (Report, error) {
	if err := opt.Check(); err != nil {
		return Report{}, err
	}
	if err := v.check(s); err != nil {
		return Report{}, err
	}
	t, err := newTownCase(s, town, v)
	if err != nil {
		return Report{}, err
	}
	return assess(std, t, opt), nil
}

// AssessAll is Assess for each of the towns, in their order, on all processors.
// The first error in that order ends it.
func AssessAll(std Standard, s *snapshot.Snapshot, towns []geo.Code, opt Options) ([]Report, error) {
	return assessEach(std, s, towns, opt, func(r Report) Report { return r })
}

// AssessTable puts the towns side by side, in their order, on all processors. It keeps
// no more of each report than its row.
func AssessTable(std Standard, s *snapshot.Snapshot, towns []geo.Code, opt Options) (Table, error) {
	rows, err := assessEach(std, s, towns, opt, newRow)
	if err != nil {
		return Table{}, err
	}
	return tabulate(std, rows), nil
}

// assessEach keeps of each town's report what keep makes of it.
func assessEach[T any](std Standard, s *snapshot.Snapshot, towns []geo.Code, opt Options, keep func(Report) T) ([]T, error) {
	kept, errs := make([]T, len(towns)), make([]error, len(towns))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(towns)) {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(towns)); i = next.Add(1) - 1 {
				r, err := Assess(std, s, towns[i], opt)
				kept[i], errs[i] = keep(r), err
			}
		})
	}
	workers.Wait()
	if i := slices.IndexFunc(errs, func(err error) bool { return err != nil }); i >= 0 {
		return nil, errs[i]
	}
	return kept, nil
}

// assessment is one town judged by one standard.
type assessment struct {
	std  Standard
	town *townCase
	opt  Options

	zone     string // climate zone, "" where there is none to go by
	zoneNote *geo.Text
	noZone   *geo.Text
	townType string // "" where there is none to go by
	noType   *geo.Text

	people   float64
	noPeople *geo.Text

	policy Policy
	land   *tally // nil where the standard does not ask for it
	built  *tally
	served Supply
}

func assess(std Standard, t *townCase, opt Options) Report {
	a := &assessment{std: std, town: t, opt: opt, policy: policyOf(std, opt)}
	a.zone, a.zoneNote, a.noZone = zoneOf(std, t.facts.ClimateZone, opt)
	a.townType, a.noType = typeOf(t.facts)
	a.people, a.noPeople = t.people()
	_, perResident := std.Rule(LandPerResident)
	if _, land := std.Rule(Land); land || perResident {
		a.land = t.tallyOf(Land, residentialLand(a.policy, opt.FarmBuildings))
	}
	if _, built := std.Rule(ConstructionArea); built {
		a.built = t.tallyOf(ConstructionArea, constructionLand(opt.FarmBuildings))
	}
	a.served = a.supply()
	r := Report{
		Town: t.facts, Standard: std.Ref(), Options: a.chosen(), Supply: a.served, Versions: t.versions,
		Findings: make([]Finding, 0, len(std.Rules)), Parcels: []CountedParcel{}, Breakdown: []Share{},
	}
	for _, rule := range std.Rules {
		r.Findings = append(r.Findings, a.finding(rule))
	}
	for _, sum := range []*tally{a.land, a.built} {
		if sum != nil {
			r.Breakdown = append(r.Breakdown, sum.breakdown()...)
			r.Parcels = append(r.Parcels, sum.rounded()...)
		}
	}
	if t.outline != nil {
		r.Outline = t.outline.shape
	}
	r.Notes = a.notes()
	return r
}

// chosen are the options in force, those taken from standard and town among them.
func (a *assessment) chosen() Options {
	return Options{Policy: a.policy, FarmBuildings: a.opt.FarmBuildings, ClimateZone: a.zone}
}

// policyOf is the policy asked for, else the standard's own, else the whole class.
func policyOf(std Standard, opt Options) Policy {
	if opt.Policy != "" {
		return opt.Policy
	}
	for _, m := range []Metric{LandPerResident, Land} {
		if r, ok := std.Rule(m); ok && r.Numerator != "" {
			return r.Numerator
		}
	}
	return WholeClass
}

// zoneOf is the climate zone to go by: the one asked for, the town's, the standard's.
func zoneOf(std Standard, stated string, opt Options) (zone string, note, missing *geo.Text) {
	switch {
	case opt.ClimateZone != "":
		return opt.ClimateZone, nil, nil
	case slices.Contains(climateZones(), stated):
		return stated, nil, nil
	case stated != "":
		wrong := geo.Textf("没有建筑气候区 %q", "there is no climate zone %q", stated)
		return "", nil, &wrong
	case std.ClimateZone != "":
		taken := geo.Textf("小镇未填写建筑气候区，按标准取 %s 区", "the town states no climate zone; the standard's %s is taken", std.ClimateZone)
		return std.ClimateZone, &taken, nil
	}
	return "", nil, &noClimateZone
}

// typeOf is the town's type if it is one of the ten and belongs to the class stated.
func typeOf(t Town) (name string, missing *geo.Text) {
	if t.Type == "" {
		return "", &noType
	}
	for i, types := range geo.TownTypes() {
		if !slices.Contains(types, t.Type) {
			continue
		}
		if t.Class != nil && *t.Class != i+1 {
			wrong := geo.Textf("%[1]s属于第 %[2]d 类，小镇却填写第 %[3]d 类", "%[1]s belongs to class %[2]d, yet the town says class %[3]d", t.Type, i+1, *t.Class)
			return "", &wrong
		}
		return t.Type, nil
	}
	wrong := geo.Textf("小镇类型 %q 不在十类之中；时尚、健康小镇须注明 A 或 B", "%q is none of the ten types; 时尚 and 健康 need their A or B", t.Type)
	return "", &wrong
}

// finding judges by one rule.
func (a *assessment) finding(r Rule) Finding {
	f := Finding{Metric: r.Metric, Title: r.Metric.Title(), Heading: r.Heading, Unit: r.Metric.Unit(), Messages: []geo.Text{}}
	if c, ok := a.std.Clause(r.Clause); ok {
		f.Clause = c.Cite
	}
	f.Completeness.Missing = []geo.Text{}
	a.band(r, &f)
	switch r.Metric {
	case LandPerResident:
		a.landPerResident(&f)
	case Residents:
		a.residents(&f)
	case Land:
		a.residentialLand(&f)
	case PlanArea:
		a.planArea(&f)
	case ConstructionArea:
		a.constructionArea(&f)
	case Headquarters:
		a.headquarters(r, &f)
	default:
		a.facilities(r, &f)
	}
	f.judge()
	return f
}

// band sets the finding's band, or what is missing to choose one.
func (a *assessment) band(r Rule, f *Finding) {
	if r.derived() {
		a.derivedBand(f)
		return
	}
	c, missing := a.pick(r)
	f.Band, f.noBand = c.Band, missing != nil
	f.lack(missing...)
	if c.Setting != nil {
		f.Messages = append(f.Messages, *c.Setting)
	}
	if a.zoneNote != nil && slices.ContainsFunc(r.Cases, func(c Case) bool { return len(c.ClimateZones) > 0 }) {
		f.Messages = append(f.Messages, *a.zoneNote)
	}
}

// pick chooses a rule's case, and says exactly what is wrong where it cannot.
func (a *assessment) pick(r Rule) (Case, []geo.Text) {
	c, missing := r.pick(a.zone, a.townType)
	for i, m := range missing {
		if m == noClimateZone && a.noZone != nil {
			missing[i] = *a.noZone
		}
		if m == noType && a.noType != nil {
			missing[i] = *a.noType
		}
	}
	return c, missing
}

// derivedBand is that of Residents times LandPerResident.
func (a *assessment) derivedBand(f *Finding) {
	people, _ := a.std.Rule(Residents)
	perResident, _ := a.std.Rule(LandPerResident)
	p, missing := a.pick(people)
	l, more := a.pick(perResident)
	f.lack(append(missing, more...)...)
	f.noBand = len(f.Completeness.Missing) > 0
	if !f.noBand {
		f.Band = p.Band.Times(l.Band)
		f.say("指标由常住人口 %s 与人均居住用地 %s 相乘推算，并非条文", "the band is derived, residents %s times land per resident %s; it is no clause", p.Band, l.Band)
	}
}

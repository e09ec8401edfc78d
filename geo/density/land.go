package density

import (
	"math"

	"towngrid/geo"
)

// landM2 is the residential land, and what is missing to know it.
func (a *assessment) landM2() (m2 float64, missing []geo.Text) {
	if missing = a.noParcels(a.land); missing != nil {
		return 0, missing
	}
	built := constructionLand(a.opt.FarmBuildings)
	for _, p := range a.town.parcels {
		if p.outside {
			continue
		}
		if answer, _ := built(p); answer == yes {
			return a.land.areaM2, nil
		}
	}
	return 0, []geo.Text{{ZH: "小镇内没有建设用地图斑", EN: "there is no construction land among the town's parcels"}}
}

// noParcels says why a tally of the town's parcels is no figure, nil if it is one.
func (a *assessment) noParcels(sum *tally) []geo.Text {
	t := a.town
	switch {
	case t.fault != nil:
		return []geo.Text{*t.fault}
	case !t.published[geo.Parcels]:
		return []geo.Text{{ZH: "该区划没有已发布的用地图斑（parcels）", EN: "no parcels are published for its division (parcels)"}}
	case sum.coveredM2 == 0 && len(sum.doubtful) == 0:
		return []geo.Text{{ZH: "小镇范围内没有用地图斑", EN: "no parcel lies within the town"}}
	case len(sum.doubtful) > 0:
		return []geo.Text{sum.doubts()}
	}
	return nil
}

// doubts names the parcels that may or may not count, and what is wrong with the first.
func (sum *tally) doubts() geo.Text {
	codes := make([]geo.Code, len(sum.doubtful))
	for i, d := range sum.doubtful {
		codes[i] = d.code
	}
	first := sum.doubtful[0].why.Text
	return geo.Textf(
		"%[1]d 个图斑能否计入存疑（%[2]s），例如 %[3]s：%[4]s",
		"%[1]d parcels may or may not count (%[2]s), such as %[3]s: %[5]s",
		len(codes), listCodes(codes), codes[0], first.ZH, first.EN)
}

// areaInputs lists what an area was added up from.
func (a *assessment) areaInputs(f *Finding, sum *tally) {
	f.input("geodesicM2", round(sum.areaM2))
	f.input("trapezoidM2", round(sum.trapezoidM2))
	f.input("trapezoidDifferenceM2", round(sum.trapezoidM2-sum.areaM2))
	f.input("parcelsCounted", int64(sum.counted))
	f.input("parcelsCut", int64(sum.cut))
	f.input("parcelsLeftOut", int64(sum.leftOut))
	f.input("parcelsDoubtful", int64(len(sum.doubtful)))
	f.input("doubtfulM2", round(sum.doubtfulM2))
	f.input("overlapM2", round(sum.overlapM2))
	if a.town.facts.AreaM2 != nil && *a.town.facts.AreaM2 > 0 {
		f.input("townCoveredAtMost", round(sum.coveredM2 / *a.town.facts.AreaM2))
	}
	if sum.overlapM2 > grain {
		f.say("图斑重叠 %s m²，只计一次", "parcels overlap by %s m², which is counted once", digits(sum.overlapM2))
	}
}

// fullEnough is the part of a town that its parcels should cover; below it, land may be missing.
const fullEnough = 0.9

// sparse says that the parcels cover so little of the town that some may be missing.
func (a *assessment) sparse(f *Finding, sum *tally) {
	town := a.town.facts.AreaM2
	if town == nil || sum.coveredM2 == 0 || sum.coveredM2 >= fullEnough**town {
		return
	}
	f.say("图斑至多覆盖小镇的 %s，可能有缺漏", "the parcels cover %s of the town at most; some may be missing", share(sum.coveredM2 / *town))
}

// landInputs are those of the residential land, with the choices that it rests on.
func (a *assessment) landInputs(f *Finding) {
	a.areaInputs(f, a.land)
	f.input("policy", string(a.policy))
	f.input("farmBuildings", a.opt.FarmBuildings)
	f.Messages = append(f.Messages, geo.Text{ZH: "居住用地口径：" + a.policy.Title().ZH, EN: "residential land: " + a.policy.Title().EN})
	a.sparse(f, a.land)
}

func (a *assessment) residentialLand(f *Finding) {
	m2, missing := a.landM2()
	a.landInputs(f)
	f.lack(missing...)
	var present *float64
	if missing == nil {
		f.measure(m2)
		present = &m2
	}
	f.plausible()
	f.remedy(areaLever(Land, present, f.Band))
}

// landPerResident divides the one by the other.
func (a *assessment) landPerResident(f *Finding) {
	m2, missing := a.landM2()
	var land, people *float64
	if missing == nil {
		land = &m2
	}
	if a.noPeople == nil {
		people = &a.people
	}
	f.input("residents", whole(people))
	f.input("residentialLandM2", rounded(land))
	if a.zone != "" {
		f.input("climateZone", a.zone)
	}
	a.landInputs(f)
	f.lack(missing...)
	if people == nil {
		f.lack(*a.noPeople)
	} else if land != nil {
		f.measure(m2 / a.people)
	}
	f.plausible()
	f.remedy(a.perResidentLevers(f.Band, land, people)...)
}

// perResidentLevers are the land at these residents and the residents on this land,
// each where the other is known.
func (a *assessment) perResidentLevers(band Band, land, people *float64) []Lever {
	levers := []Lever{}
	if people != nil {
		levers = append(levers, areaLever(Land, land, band.Times(Band{people, people})))
	}
	if land == nil {
		return levers
	}
	l := residentsLever(*land, people, band)
	if r, ok := a.std.Rule(Residents); ok {
		if own, missing := a.pick(r); missing == nil {
			l = l.joined(own.Band)
		}
	}
	return append(levers, l)
}

func (a *assessment) residents(f *Finding) {
	f.input("stated", whole(a.town.facts.Residents))
	if a.noPeople != nil {
		f.lack(*a.noPeople)
		f.remedy(newLever(Residents, nil, f.Band))
		return
	}
	f.measure(a.people)
	if times := f.Band.missesBy(a.people); times >= farOff {
		f.say("常住人口偏离指标约 %s 倍：是否以万人为单位，或误填？", "residents misses the band by a factor of %s: is it in another unit?", digits(math.Round(times)))
	}
	f.remedy(newLever(Residents, f.Value, f.Band))
}

func (a *assessment) planArea(f *Finding) {
	t := a.town
	f.input("statedM2", rounded(t.facts.PlanAreaM2))
	if t.fault != nil {
		f.lack(*t.fault)
		f.remedy(areaLever(PlanArea, nil, f.Band))
		return
	}
	area := geo.AreaM2(t.outline.shape)
	trapezoid := TrapezoidM2(t.outline.shape)
	f.input("geodesicM2", round(area))
	f.input("trapezoidM2", round(trapezoid))
	f.input("trapezoidDifferenceM2", round(trapezoid-area))
	f.measure(area)
	f.say("规划面积取小镇边界的面积", "the planned area is that of the town's boundary")
	statedPlanArea(f, t.facts.PlanAreaM2, area)
	f.plausible()
	f.remedy(areaLever(PlanArea, &area, f.Band))
}

// statedPlanArea compares the planned area that the town states with its boundary's.
func statedPlanArea(f *Finding, stated *float64, m2 float64) {
	if stated == nil {
		return
	}
	f.input("statedDifferenceM2", round(m2-*stated))
	if unit := unitOf(*stated, m2); unit != "" {
		f.say("填写的规划面积 %[1]s 像是以%[2]s为单位，应为 m²", "the planned area stated, %[1]s, looks like %[2]s, not m²", digits(*stated), unit)
	} else if math.Abs(m2-*stated) > 0.01*m2 {
		f.say("填写的规划面积 %s m² 与边界面积相差超过 1%%", "the planned area stated, %s m², differs from the boundary's by more than 1 %%", digits(*stated))
	}
}

func (a *assessment) constructionArea(f *Finding) {
	missing := a.noParcels(a.built)
	a.areaInputs(f, a.built)
	f.input("farmBuildings", a.opt.FarmBuildings)
	a.sparse(f, a.built)
	f.lack(missing...)
	var present *float64
	if missing == nil {
		f.measure(a.built.areaM2)
		present = &a.built.areaM2
	}
	f.plausible()
	f.remedy(areaLever(ConstructionArea, present, f.Band))
}

// rounded is a figure for Inputs: nil where there is none.
func rounded(v *float64) any {
	if v == nil {
		return nil
	}
	return round(*v)
}

// whole is a count for Inputs; what is no whole number stays as it is.
func whole(v *float64) any {
	if v != nil && *v == math.Trunc(*v) && math.Abs(*v) < 1<<53 {
		return int64(*v)
	}
	return rounded(v)
}

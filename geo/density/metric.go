package density

import "towngrid/geo"

// Metric names a figure of a town that a standard can set a band for.
type Metric string

const (
	// LandPerResident is Land divided by Residents, in m²/人.
	LandPerResident Metric = "residential_land_per_resident"
	// Residents is the resident population (常住人口) as the town states it.
	Residents Metric = "residents"
	// Land is the area of residential parcels ∩ construction land ∩ town, in m².
	Land Metric = "residential_land"
	// Dining and Shopping count the facilities of these kinds within the town.
	Dining   Metric = "facilities_dining"
	Shopping Metric = "facilities_shopping"
	// Headquarters counts the headquarters and hidden champions of the town's own
	// industry within the town.
	Headquarters Metric = "industry_headquarters"
	// PlanArea is the area of the town's boundary, in m².
	PlanArea Metric = "plan_area"
	// ConstructionArea is the area of construction land ∩ town, in m².
	ConstructionArea Metric = "construction_area"
)

// Metrics lists every metric in the order in which a report shows them.
func Metrics() []Metric {
	return []Metric{LandPerResident, Residents, Land, Dining, Shopping, Headquarters, PlanArea, ConstructionArea}
}

// Unit is the metric's unit of measure. Values, and the bands of standards, are in it.
func (m Metric) Unit() string {
	switch m {
	case LandPerResident:
		return "m²/人"
	case Residents:
		return "人"
	case Land, PlanArea, ConstructionArea:
		return "m²"
	}
	return "个"
}

// unitWord is the unit as a sentence has it.
func unitWord(unit string) geo.Text {
	if unit == "人" || unit == "个" {
		return geo.Text{ZH: " " + unit, EN: ""} // English counts without a word
	}
	return geo.Text{ZH: " " + unit, EN: " " + unit}
}

// Title is the metric's name for people.
func (m Metric) Title() geo.Text {
	switch m {
	case LandPerResident:
		return geo.Text{ZH: "人均居住用地", EN: "residential land per resident"}
	case Residents:
		return geo.Text{ZH: "常住人口", EN: "residents"}
	case Land:
		return geo.Text{ZH: "居住用地面积", EN: "residential land"}
	case Dining:
		return geo.Text{ZH: "餐饮设施", EN: "dining facilities"}
	case Shopping:
		return geo.Text{ZH: "购物设施", EN: "shopping facilities"}
	case Headquarters:
		return geo.Text{ZH: "总部企业或隐形冠军", EN: "headquarters or hidden champions"}
	case PlanArea:
		return geo.Text{ZH: "规划面积", EN: "planned area"}
	case ConstructionArea:
		return geo.Text{ZH: "建设面积", EN: "construction area"}
	}
	return geo.Text{ZH: string(m), EN: string(m)}
}

// counts says whether the metric counts facilities.
func (m Metric) counts() bool { return m == Dining || m == Shopping || m == Headquarters }

// Heading is the part of a town's report under which a finding stands.
type Heading string

// The four headings, as reports on 特色小镇 have them.
const (
	Industry Heading = "产业" // 特而强
	Function Heading = "功能" // 聚而合
	Form     Heading = "形态" // 小而美
	Regime   Heading = "体制" // 新而活
)

// Headings lists the headings in the order of a report.
func Headings() []Heading { return []Heading{Industry, Function, Form, Regime} }

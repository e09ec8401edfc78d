package demo

import (
	"time"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// Division is the district's code. GB/T 2260 assigns it to no place.
const Division geo.Division = "330890"

// Note is what the note property (BZ) of features says.
const Note = "合成数据 synthetic"

// What the district is made of. Every station has one police officer, one instructor
// and one auxiliary, and a grid officer for each of its cells.
const (
	Rooms    = 21
	Stations = 79
	Cells    = 1000
)

// Incidents is how many incidents there are in the Year unless Options say otherwise.
const Incidents = 130_000

// Year is the year of incidents, from its first moment to the one after its last.
func Year() (start, end time.Time) {
	china := time.FixedZone("+08:00", 8*60*60)
	return time.Date(2025, 11, 1, 0, 0, 0, 0, china), time.Date(2026, 11, 1, 0, 0, 0, 0, china)
}

// Town is one of the four towns as designed. The figures hold for every seed.
type Town struct {
	Code  geo.Code
	Name  string
	Class int
	Type  string // one of geo.TownTypes
	Stage string
	// Residents is the resident population, 0 where the file leaves it empty.
	Residents int
	// PerResident is the residential land per resident in m², within 0.001: the land
	// in the town with codes of class 07, on the ellipsoid, divided by Residents.
	// 0 where there are no residents.
	PerResident float64
	// Land is that land in m², within 1 m².
	Land float64
	// Verdict is the word for PerResident under the guide's 23–36 m² a person.
	Verdict string
	// Facilities within the town by kind; kinds that are not named have none.
	Facilities map[string]int
	Industry   string
	// OwnIndustry counts the headquarters and hidden champions that are of Industry; one
	// headquarters of the first town is not.
	OwnIndustry int

	centre orb.Point // metres from the district's origin
	land   func() landscape
}

// HotSpot is one planted accumulation of incidents.
type HotSpot struct {
	Name   string
	Centre orb.Point // CGCS2000 longitude and latitude
	// RadiusM holds all of its incidents, 87 % of them within two thirds of it.
	RadiusM float64
	Kind    string
	// Its incidents happen on these days from hour From to the beginning of hour To,
	// time of the district (+08:00).
	Days     []time.Weekday
	From, To int
	// Share is its part of all incidents of the year, good to a tenth of itself.
	Share float64

	place orb.Point // metres from the district's origin
}

// Design is what was designed into the district.
type Design struct {
	Towns    []Town
	HotSpots []HotSpot
}

// Story gives the design. It is the same for every seed.
func Story() Design { return Design{Towns: towns(), HotSpots: hotSpots()} }

func towns() []Town {
	return []Town{
		{
			Code: "TZ330890001", Name: "示范·云算小镇", Class: 1, Type: "信息经济小镇", Stage: "考核",
			Residents: 3400, PerResident: 29.5, Land: 100_300, Verdict: "符合", Industry: "信息经济", OwnIndustry: 3,
			Facilities: map[string]int{
				geo.FacilityDine: 12, geo.FacilityShop: 9, "health": 2, "education": 3, "culture": 2, "sport": 2,
				"transport": 4, "service_point": 2, geo.FacilityHQ: 3, geo.FacilityChamp: 1, "enterprise": 18, "other": 2,
			},
			centre: orb.Point{3000, 2500}, land: cloud,
		},
		{
			Code: "TZ330890002", Name: "示范·匠造小镇", Class: 2, Type: "高端装备制造小镇", Stage: "创建",
			Residents: 3600, PerResident: 19.5, Land: 70_200, Verdict: "偏低", Industry: "高端装备制造", OwnIndustry: 1,
			Facilities: map[string]int{
				geo.FacilityDine: 8, geo.FacilityShop: 5, "health": 1, "education": 2, "culture": 1, "sport": 1,
				"transport": 3, "service_point": 2, geo.FacilityChamp: 1, "enterprise": 22, "other": 2,
			},
			centre: orb.Point{14500, -5000}, land: works,
		},
		{
			Code: "TZ330890003", Name: "示范·星湖小镇", Class: 3, Type: "旅游小镇", Stage: "验收",
			Residents: 2500, PerResident: 44, Land: 110_000, Verdict: "偏高", Industry: "旅游",
			Facilities: map[string]int{
				geo.FacilityDine: 16, geo.FacilityShop: 11, "health": 1, "education": 1, "culture": 3, "sport": 3,
				"transport": 4, "service_point": 2, "enterprise": 6, "other": 3,
			},
			centre: orb.Point{-11000, 7500}, land: shore,
		},
		{
			Code: "TZ330890004", Name: "示范·古窑小镇", Class: 3, Type: "历史经典小镇", Stage: "规划",
			Land: 92_000, Verdict: "无法判定", Industry: "历史经典",
			Facilities: map[string]int{
				geo.FacilityDine: 3, "health": 1, "culture": 4, "transport": 1, "service_point": 1, "enterprise": 5, "other": 2,
			},
			centre: orb.Point{8500, 13500}, land: kilns,
		},
	}
}

func hotSpots() []HotSpot {
	all := []HotSpot{
		{Name: "示范·云算夜市", Kind: "治安纠纷", RadiusM: 150, place: orb.Point{3180, 2380},
			Days: []time.Weekday{time.Friday, time.Saturday}, From: 19, To: 23, Share: 0.018},
		{Name: "示范·匠造集市", Kind: "交通秩序", RadiusM: 150, place: orb.Point{14350, -4850},
			Days: []time.Weekday{time.Tuesday, time.Thursday}, From: 6, To: 10, Share: 0.012},
		{Name: "示范·星湖码头", Kind: "游客求助", RadiusM: 150, place: orb.Point{-11250, 7700},
			Days: []time.Weekday{time.Saturday, time.Sunday}, From: 10, To: 17, Share: 0.015},
	}
	for i := range all {
		all[i].Centre = geographic(fromOrigin(all[i].place))
	}
	return all
}

package crs

import "towngrid/geo"

// Group is a kind of systems among which a planner looks for his: a key for programs,
// and by Title words for people.
type Group string

const (
	groupOwn     Group = "own"     // the systems of the operator's file
	groupDegrees Group = "degrees" // longitude and latitude
	groupZones3  Group = "zones3"  // 3-degree Gauss-Krüger zones on CGCS2000
	groupZones6  Group = "zones6"  // 6-degree ones
	groupOthers  Group = "others"  // Web Mercator, and UTM zones that meet China
	groupXian    Group = "xian1980"
	groupBeijing Group = "beijing1954" // these two without a datum shift
)

// Title is the group's name for people.
func (g Group) Title() geo.Text {
	switch g {
	case groupOwn:
		return geo.Text{ZH: "本单位的坐标系", EN: "systems of this service's operator"}
	case groupDegrees:
		return geo.Text{ZH: "经纬度", EN: "longitude and latitude"}
	case groupZones3:
		return geo.Text{ZH: "CGCS2000 3 度带", EN: "CGCS2000, 3-degree zones"}
	case groupZones6:
		return geo.Text{ZH: "CGCS2000 6 度带", EN: "CGCS2000, 6-degree zones"}
	case groupXian:
		return geo.Text{ZH: "1980 西安坐标系（误差约 100 米）", EN: "Xian 1980 (good to about 100 m)"}
	case groupBeijing:
		return geo.Text{ZH: "1954 年北京坐标系（误差约 100 米）", EN: "Beijing 1954 (good to about 100 m)"}
	}
	return geo.Text{ZH: "墨卡托与 UTM", EN: "Mercator and UTM"}
}

// Choice is a system that can be named with an upload.
type Choice struct {
	ID    string   `json:"id"` // what Operator.Parse or Parse reads
	Title geo.Text `json:"title"`
	Group Group    `json:"group"`
}

// Choices are the systems that a planner can choose by name, group by group, zones from
// west to east, those with their number in the coordinates before those without. Of the
// systems that Parse reads those are left out that are another's second name, such as
// CRS84, or lie outside of China.
func Choices() []Choice {
	var all choices
	all.addCodes(groupDegrees, 4490, 4326)
	all.add(groupDegrees, onShifted(GCJ02), onShifted(BD09))
	all.addZones(groupZones3, china2000, 25, 45)
	all.addZones(groupZones6, china2000, 13, 23)
	all.addCodes(groupOthers, 3857)
	for zone := 43; zone <= 53; zone++ {
		all.addCodes(groupOthers, 32600+zone)
	}
	all.addDatum(groupXian, xian1980, 4610)
	all.addDatum(groupBeijing, beijing1954, 4214)
	return all
}

// Choices are the operator's own systems, in the order of his file, and then all others.
func (o *Operator) Choices() []Choice {
	var all choices
	if o != nil {
		for _, s := range o.systems {
			all.add(groupOwn, s.crs())
		}
	}
	return append(all, Choices()...)
}

type choices []Choice

func (l *choices) add(g Group, systems ...CRS) {
	for _, c := range systems {
		*l = append(*l, Choice{ID: c.ID(), Title: c.Title(), Group: g})
	}
}

func (l *choices) addCodes(g Group, codes ...int) {
	for _, code := range codes {
		if c, ok := fromCode(code); ok {
			l.add(g, c)
		}
	}
}

// addZones adds the Gauss-Krüger zones of a datum, from one number to another.
func (l *choices) addZones(g Group, f frame, first, last int) {
	for _, prefixed := range []bool{true, false} {
		for zone := first; zone <= last; zone++ {
			l.add(g, onZone(f, zone, prefixed, zoneCode(f, zone, prefixed)))
		}
	}
}

// addDatum adds all systems of a datum.
func (l *choices) addDatum(g Group, f frame, degrees int) {
	l.addCodes(g, degrees)
	l.addZones(g, f, 25, 45)
	l.addZones(g, f, 13, 23)
}

package snapshot

import "towngrid/geo"

// chains are the chains of all units by code. Where two divisions use the same
// code, it means the unit of the first division.
func chains(parts []*Part) map[geo.Code][]*geo.Feature {
	units := map[geo.Code]*geo.Feature{}
	for _, p := range parts {
		for i := range p.features {
			if f := &p.features[i]; units[f.Code] == nil {
				units[f.Code] = f
			}
		}
	}
	all := make(map[geo.Code][]*geo.Feature, len(units))
	for code, u := range units {
		all[code] = chain(units, u)
	}
	return all
}

func chain(units map[geo.Code]*geo.Feature, u *geo.Feature) []*geo.Feature {
	c := []*geo.Feature{u}
	for level(u) < topLevel {
		up := units[geo.Code(u.Properties.Text("parent"))]
		if up == nil || level(up) <= level(u) {
			break
		}
		c, u = append(c, up), up
	}
	return c
}

const topLevel = 2

// level ranks a unit by its property of that name, station 0, room 1, centre 2.
func level(u *geo.Feature) int {
	switch u.Properties.Text("level") {
	case geo.LevelRoom:
		return 1
	case geo.LevelCentre:
		return topLevel
	}
	return 0
}

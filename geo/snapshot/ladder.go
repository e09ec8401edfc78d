package snapshot

import "towngrid/geo"

// ladder is a unit and the units above it.
type ladder struct {
	chain                 []*geo.Feature // from the unit upwards
	station, room, centre geo.Code       // those of the chain, "" where it has none
}

// ladders are the ladders of all units. Where two divisions use the same code, it
// means the unit of the first division.
func ladders(parts []*Part) map[geo.Code]*ladder {
	units := map[geo.Code]*geo.Feature{}
	for _, p := range parts {
		for i := range p.features {
			if f := &p.features[i]; units[f.Code] == nil {
				units[f.Code] = f
			}
		}
	}
	all := make(map[geo.Code]*ladder, len(units))
	for code, u := range units {
		all[code] = newLadder(units, u)
	}
	return all
}

func newLadder(units map[geo.Code]*geo.Feature, u *geo.Feature) *ladder {
	l := &ladder{}
	for height := -1; u != nil && rank(u) > height; u = units[geo.Code(u.Properties.Text("parent"))] {
		height = rank(u)
		l.chain = append(l.chain, u)
		switch u.Properties.Text("level") {
		case geo.LevelStation:
			l.station = u.Code
		case geo.LevelRoom:
			l.room = u.Code
		case geo.LevelCentre:
			l.centre = u.Code
		}
	}
	return l
}

// rank is the height of a unit's level.
func rank(u *geo.Feature) int {
	switch u.Properties.Text("level") {
	case geo.LevelCentre:
		return 2
	case geo.LevelRoom:
		return 1
	}
	return 0
}

// climbs are, of each part of cells, the ladders of the units that its cells belong
// to, an empty one for a unit that is not known.
func climbs(all map[geo.Code]*ladder, cells []*Part) [][]ladder {
	cs := make([][]ladder, len(cells))
	for i, p := range cells {
		cs[i] = make([]ladder, len(p.units))
		for k, u := range p.units {
			if l := all[u]; l != nil {
				cs[i][k] = *l
			}
		}
	}
	return cs
}

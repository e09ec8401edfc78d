package tiles

import (
	"towngrid/geo"
	"towngrid/geo/coverage"
	"towngrid/geo/snapshot"
)

// level tells what a border separates, the lowest first.
type level uint8

const (
	plainLevel   level = iota // features of one station, or of a collection without units
	stationLevel              // stations of one room
	roomLevel
	centreLevel
	rimLevel // the outside
	levelCount
)

// levelNames are the levels' encoded names in a collection's borders.
func levelNames(c geo.Collection) [levelCount]string {
	plain := map[geo.Collection]string{geo.Cells: "cell", geo.Units: geo.LevelStation, geo.Parcels: "parcel"}[c]
	var names [levelCount]string
	for i, n := range []string{plain, geo.LevelStation, geo.LevelRoom, geo.LevelCentre, "rim"} {
		names[i] = string(appendText(nil, valueString, n))
	}
	return names
}

// levels are those of a picture's borders for one state of the units.
type levels struct {
	tag string // of the units
	of  []level
}

// levels gives the level of each line. They are kept for the units seen last: a picture lives
// through changes of the units.
func (s *borderSet) levelsOf(snap *snapshot.Snapshot, p *snapshot.Part) []level {
	tag := snap.Tag(geo.Units)
	if known := s.levels.Load(); known != nil && known.tag == tag {
		return known.of
	}
	of := make([]level, len(s.lines))
	for i, l := range s.lines {
		of[i] = levelBetween(snap, p, l)
	}
	s.levels.Store(&levels{tag, of})
	return of
}

// levelBetween is the highest level at which the two sides belong to different units.
func levelBetween(snap *snapshot.Snapshot, p *snapshot.Part, l frontier) level {
	if l.right == coverage.Rim {
		return rimLevel
	}
	a, b := unitsAbove(snap, p, l.left), unitsAbove(snap, p, l.right)
	for level := centreLevel; level > plainLevel; level-- {
		if a[level] != b[level] {
			return level
		}
	}
	return plainLevel
}

// unitsAbove are the codes of the station, room and centre that feature i belongs to or, if
// it is a unit, that it is or belongs to; "" where there is none.
func unitsAbove(snap *snapshot.Snapshot, p *snapshot.Part, i int32) (codes [levelCount]geo.Code) {
	f := p.At(int(i))
	unit := geo.Code(f.Properties.Text("unit"))
	if p.Version().Collection == geo.Units {
		unit = f.Code
	}
	for _, u := range snap.Chain(unit) {
		switch u.Properties.Text("level") {
		case geo.LevelStation:
			codes[stationLevel] = u.Code
		case geo.LevelRoom:
			codes[roomLevel] = u.Code
		case geo.LevelCentre:
			codes[centreLevel] = u.Code
		}
	}
	return codes
}

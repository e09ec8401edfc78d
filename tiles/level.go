package tiles

import (
	"towngrid/geo"
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

// levels are those of a block's lines for one state of the units.
type levels struct {
	tag string // of the units
	of  []level
}

// levelsOf gives the level of each line; tag is that of the units. They are kept for the units seen last: a block lives
// through changes of the units.
func (b *block) levelsOf(snap *snapshot.Snapshot, tag string) []level {
	if known := b.levels.Load(); known != nil && known.tag == tag {
		return known.of
	}
	above := make([][levelCount]geo.Code, len(b.units))
	for i, u := range b.units {
		above[i] = unitsAbove(snap, u)
	}
	of := make([]level, len(b.lines))
	for i, l := range b.lines {
		switch {
		case l.right == none:
			of[i] = rimLevel
		case b.unit != nil:
			of[i] = levelBetween(above[b.unit[l.left]], above[b.unit[l.right]])
		}
	}
	b.levels.Store(&levels{tag, of})
	return of
}

// levelBetween is the highest level at which the two sides belong to different units.
func levelBetween(a, b [levelCount]geo.Code) level {
	for level := centreLevel; level > plainLevel; level-- {
		if a[level] != b[level] {
			return level
		}
	}
	return plainLevel
}

// unitsAbove are the codes of the station, room and centre that a unit is or belongs to; ""
// where there is none.
func unitsAbove(snap *snapshot.Snapshot, unit geo.Code) (codes [levelCount]geo.Code) {
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

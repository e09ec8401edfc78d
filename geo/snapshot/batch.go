package snapshot

import (
	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/raster"
)

// LocateCodes is LocateCode of many positions: out[i] is the answer to ps[i], which
// LocateCode would give as well. out must be as long as ps. A position with a NaN or an
// infinity gives the zero Place.
//
// It takes several times less for each, because what they need from memory is fetched
// for many at once.
func (s *Snapshot) LocateCodes(ps []orb.Point, out []Place) {
	var b batch
	for len(ps) > 0 {
		n := min(lot, len(ps))
		b.locate(s, ps[:n], out[:n])
		ps, out = ps[n:], out[n:]
	}
}

const (
	// lot is how many positions are looked up at once.
	lot = 64
	// mostAsked is how many answers of parts there may be for a lot; for what goes
	// beyond, positions are looked up one by one.
	mostAsked = 4 * lot
)

// batch is a lot of positions at work. Each part whose bound holds a position is asked.
type batch struct {
	cells, towns [lot]found
	state        [lot]state // of both
	asked        int
	rasters      [mostAsked]*raster.Raster
	points       [mostAsked]orb.Point
	places       [mostAsked]int32
	ordinals     [mostAsked]int32
	of           [mostAsked]uint8 // position in the lot
}

// state says whether a position has been answered for good.
type state bool

const unsettled state = true

func (b *batch) locate(s *Snapshot, ps []orb.Point, out []Place) {
	clear(b.state[:])
	b.match(s.shelves[geo.Cells], ps, &b.cells)
	b.match(s.shelves[geo.Towns], ps, &b.towns)
	for i, p := range ps {
		if b.state[i] == unsettled {
			out[i] = s.LocateCode(p)
			continue
		}
		at := &out[i]
		*at = Place{}
		if cell := &b.cells[i]; cell.part != nil {
			l := s.ladder(*cell)
			*at = Place{Cell: cell.feature().Code, Station: l.station, Room: l.room, Centre: l.centre, Side: geo.Inside}
		}
		if town := &b.towns[i]; town.part != nil {
			at.Town = town.feature().Code
		}
	}
}

// match finds the features of one collection. A position is left unsettled where a part
// is not sure, or several parts have a feature there.
func (b *batch) match(sh *shelf, ps []orb.Point, into *[lot]found) {
	b.asked = 0
	for i, p := range ps {
		into[i] = found{}
		if checkPoint(p) != nil {
			continue
		}
		for _, ordinal := range sh.chart.at(p) {
			if !sh.chart.bounds[ordinal].Contains(p) {
				continue
			}
			r := sh.parts[ordinal].raster
			if r == nil || b.asked == mostAsked {
				b.state[i] = unsettled
				break
			}
			k := b.asked
			b.rasters[k], b.points[k], b.ordinals[k], b.of[k] = r, p, ordinal, uint8(i)
			b.asked++
		}
	}
	n := b.asked
	raster.FindAll(b.rasters[:n], b.points[:n], b.places[:n])
	for k, place := range b.places[:n] {
		i := b.of[k]
		switch {
		case place == raster.None:
		case place == raster.Unsure || into[i].part != nil:
			b.state[i] = unsettled
		default:
			into[i] = found{sh.parts[b.ordinals[k]], int(b.ordinals[k]), place, false}
		}
	}
}

package snapshot

import (
	"github.com/paulmach/orb"

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

// batch is a lot of positions at work.
type batch struct {
	cells, towns [lot]spot
	questions    questions
}

// spot is what is known of a position in one collection: a place in a part.
type spot struct {
	ordinal int32 // of the part
	place   int32 // or raster.None, or raster.Unsure where looking up alone has to tell
}

func (b *batch) locate(s *Snapshot, ps []orb.Point, out []Place) {
	s.cells.matchAll(&b.questions, ps, &b.cells)
	s.towns.matchAll(&b.questions, ps, &b.towns)
	for i, p := range ps {
		cell, town, at := b.cells[i], b.towns[i], &out[i]
		if cell.place == raster.Unsure || town.place == raster.Unsure {
			*at = s.LocateCode(p)
			continue
		}
		*at = Place{}
		if cell.place != raster.None {
			s.fill(at, &found{s.cells.parts[cell.ordinal], cell.ordinal, cell.place, false})
		}
		if town.place != raster.None {
			at.Town = s.towns.parts[town.ordinal].features[town.place].Code
		}
	}
}

// questions are those that a lot of positions puts to parts.
type questions struct {
	rasters [mostAsked]*raster.Raster
	points  [mostAsked]orb.Point
	answers [mostAsked]int32
	ordinal [mostAsked]int32
	of      [mostAsked]uint8 // position in the lot
}

// matchAll finds the features of positions as far as parts are sure.
func (sh *shelf) matchAll(q *questions, ps []orb.Point, into *[lot]spot) {
	if len(sh.parts) == 1 && sh.parts[0].raster != nil {
		sh.parts[0].raster.FindAll(ps, q.answers[:])
		for i := range ps {
			into[i] = spot{0, q.answers[i]}
		}
		return
	}
	n := sh.ask(q, ps, into)
	raster.FindEach(q.rasters[:n], q.points[:n], q.answers[:n])
	for k, place := range q.answers[:n] {
		switch at := &into[q.of[k]]; {
		case place == raster.None:
		case at.place == raster.None:
			*at = spot{q.ordinal[k], place}
		default: // several parts have a feature there
			at.place = raster.Unsure
		}
	}
}

// ask puts a question to each part whose bound holds a position, and gives their number.
func (sh *shelf) ask(q *questions, ps []orb.Point, into *[lot]spot) (n int) {
	for i, p := range ps {
		into[i].place = raster.None
		for _, ordinal := range sh.chart.at(p) {
			if !sh.chart.holds(ordinal, p) {
				continue
			}
			r := sh.parts[ordinal].raster
			if r == nil || n == mostAsked {
				into[i].place = raster.Unsure
				break
			}
			q.rasters[n], q.points[n], q.ordinal[n], q.of[n] = r, p, ordinal, uint8(i)
			n++
		}
	}
	return n
}

package snapshot

import (
	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/raster"
)

// Claim is which cell a position belongs to, by number: what LocateCode says in codes.
type Claim struct {
	// Part is the place of the cell's part among Parts(geo.Cells), and Cell that of the
	// cell in it, for Part.At. Both are -1 where no cell matches.
	Part, Cell int32
	// Cells is how many cells cover the position: more than one where they overlap. It is 0
	// without a match, and 1 where the cell is matched by its outer edge alone.
	Cells int32
	// Side is Edge where the position lies exactly on an edge of the cell, else Inside;
	// Outside without a match.
	Side geo.Side
}

var unclaimed = Claim{Part: none, Cell: none}

// Claim finds the cell of a position by the rule of Locate. It does not allocate unless
// cells overlap. A position with a NaN or an infinity has no match.
func (s *Snapshot) Claim(p orb.Point) Claim { return s.cells.claim(p) }

// claim is Claim for any collection of polygons. A raster that has all of them answers at
// once, where it is sure.
func (sh *shelf) claim(p orb.Point) Claim {
	if sh.only == nil {
		return sh.claimAmong(p)
	}
	switch place := sh.only.Find(p); place {
	case raster.None:
		return Claim{Part: none, Cell: none}
	case raster.Unsure:
		return sh.claimInOnly(p)
	default:
		return Claim{0, place, 1, geo.Inside}
	}
}

// claimInOnly is claim where the only raster is not sure.
func (sh *shelf) claimInOnly(p orb.Point) Claim {
	switch h := sh.parts[0].among(p); {
	case h.cover == none && h.touch == none:
		return unclaimed
	case h.cover == none:
		return Claim{0, h.touch, 1, geo.Edge}
	case h.onEdge:
		return Claim{0, h.cover, int32(1 + len(h.further)), geo.Edge}
	default:
		return Claim{0, h.cover, int32(1 + len(h.further)), geo.Inside}
	}
}

// claimAmong is claim among parts. Mostly one of them holds the position and its raster is
// sure; else match tells.
func (sh *shelf) claimAmong(p orb.Point) Claim {
	c := unclaimed
	for _, i := range sh.chart.at(p) {
		if !sh.chart.holds(i, p) {
			continue
		}
		place := raster.Unsure
		if r := sh.chart.rasters[i]; r != nil {
			place = r.Find(p)
		}
		if place == raster.None {
			continue
		}
		if place == raster.Unsure || c.Cells > 0 {
			return sh.claimExactly(p)
		}
		c = Claim{i, place, 1, geo.Inside}
	}
	return c
}

func (sh *shelf) claimExactly(p orb.Point) Claim {
	best, others := sh.match(p)
	switch {
	case best.part == nil:
		return unclaimed
	case best.onEdge:
		return Claim{best.ordinal, best.place, int32(1 + len(others)), geo.Edge}
	}
	return Claim{best.ordinal, best.place, int32(1 + len(others)), geo.Inside}
}

// Claims is Claim of many positions: out[i] is the answer to ps[i]. out must be as long as
// ps. It takes several times less for each, because what they need from memory is
// fetched for many at once.
func (s *Snapshot) Claims(ps []orb.Point, out []Claim) {
	var q questions
	for len(ps) > 0 {
		n := min(lot, len(ps))
		s.cells.claims(&q, ps[:n], out[:n])
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

// questions are those that a lot of positions puts to parts.
type questions struct {
	rasters [mostAsked]*raster.Raster
	points  [mostAsked]orb.Point
	answers [mostAsked]int32
	ordinal [mostAsked]int32
	of      [mostAsked]uint8 // position in the lot
}

// claims is claim of a lot of positions.
func (sh *shelf) claims(q *questions, ps []orb.Point, out []Claim) {
	if sh.only != nil {
		sh.only.FindAll(ps, q.answers[:len(ps)])
		for i, place := range q.answers[:len(ps)] {
			switch place {
			case raster.None:
				out[i] = unclaimed
			case raster.Unsure:
				out[i] = sh.claimInOnly(ps[i])
			default:
				out[i] = Claim{0, place, 1, geo.Inside}
			}
		}
		return
	}
	n := sh.ask(q, ps, out)
	raster.FindEach(q.rasters[:n], q.points[:n], q.answers[:n])
	for k, place := range q.answers[:n] {
		switch at := &out[q.of[k]]; {
		case place == raster.None:
		case place != raster.Unsure && at.Cells == 0:
			*at = Claim{q.ordinal[k], place, 1, geo.Inside}
		default: // several parts have a feature there, or one is not sure
			at.Cells = inDoubt
		}
	}
	for i := range out {
		if out[i].Cells == inDoubt {
			out[i] = sh.claimExactly(ps[i])
		}
	}
}

// inDoubt is in the place of a number of cells where looking up alone has to tell.
const inDoubt = -1

// ask puts a question to each part whose bound holds a position, and gives their number.
func (sh *shelf) ask(q *questions, ps []orb.Point, out []Claim) (n int) {
	for i, p := range ps {
		out[i] = unclaimed
		for _, ordinal := range sh.chart.at(p) {
			if !sh.chart.holds(ordinal, p) {
				continue
			}
			r := sh.chart.rasters[ordinal]
			if r == nil || n == mostAsked {
				out[i].Cells = inDoubt
				break
			}
			q.rasters[n], q.points[n], q.ordinal[n], q.of[n] = r, p, ordinal, uint8(i)
			n++
		}
	}
	return n
}

package snapshot

import "github.com/paulmach/orb"

// LocateCodes is LocateCode of many positions: out[i] is the answer to ps[i], which
// LocateCode would give as well. out must be as long as ps. A position with a NaN or an
// infinity gives the zero Place.
//
// It takes several times less for each, as Claims does.
func (s *Snapshot) LocateCodes(ps []orb.Point, out []Place) {
	var b batch
	for len(ps) > 0 {
		n := min(lot, len(ps))
		b.locate(s, ps[:n], out[:n])
		ps, out = ps[n:], out[n:]
	}
}

// batch is a lot of positions at work.
type batch struct {
	claims    [lot]Claim
	rows      [lot]row // of cells
	questions questions
}

func (b *batch) locate(s *Snapshot, ps []orb.Point, out []Place) {
	claims := b.claims[:len(ps)]
	s.cells.claims(&b.questions, ps, claims)
	for i := range claims {
		if c := &claims[i]; c.Cell != none {
			b.rows[i] = s.cells.parts[c.Part].rows[c.Cell]
		}
	}
	for i := range claims {
		out[i] = Place{}
		if c := &claims[i]; c.Cell != none {
			s.fill(&out[i], c, b.rows[i])
		}
	}
	if len(s.towns.parts) == 0 {
		return
	}
	s.towns.claims(&b.questions, ps, claims)
	for i := range claims {
		if c := &claims[i]; c.Cell != none {
			out[i].Town = s.towns.parts[c.Part].features[c.Cell].Code
		}
	}
}

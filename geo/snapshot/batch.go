package snapshot

import "github.com/paulmach/orb"

// LocateCodes is LocateCode of many positions: out[i] is the answer to ps[i], which
// LocateCode would give as well. out must be as long as ps. A position with a NaN or an
// infinity gives the zero Place.
func (s *Snapshot) LocateCodes(ps []orb.Point, out []Place) {
	for i, p := range ps {
		out[i] = s.LocateCode(p)
	}
}

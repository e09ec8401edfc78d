package snapshot

import (
	"context"
	"slices"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// Within are the features of a collection whose point lies in mp by the half-open rule of
// cells (geo.Covers), so that polygons that share a border share no point: in order of code, up
// to limit; more says that there are others. Of units it is the seat that counts. kinds is as
// for NearestPoints. Distances are 0. An end of ctx is the only error.
func (s *Snapshot) Within(ctx context.Context, c geo.Collection, mp orb.MultiPolygon, limit int, kinds ...string) (all []Near, more bool, err error) {
	bound := boundOf(mp)
	for _, part := range s.Parts(c) {
		g := part.grove()
		for i := range part.features {
			if i%64 == 0 && ctx.Err() != nil {
				return nil, false, ctx.Err()
			}
			f := &part.features[i]
			at := g.points[i]
			if !bound.Contains(at) || len(kinds) > 0 && !slices.Contains(kinds, kindOf(c, f)) || !geo.Covers(mp, at) {
				continue
			}
			all = append(all, Near{Feature: f, Point: at})
		}
	}
	slices.SortStableFunc(all, func(a, b Near) int { return a.Feature.Code.Compare(b.Feature.Code) })
	if len(all) > limit {
		return all[:limit], true, nil
	}
	return all, false, nil
}

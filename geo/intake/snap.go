package intake

import (
	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/coverage"
)

// snap moves vertices onto their neighbours' where the planner asked for it, and
// lists each.
func (r *reader) snap() {
	if r.job.Choice.Fix != FixSnap || !r.schema.Coverage {
		return
	}
	polys := r.shapes()
	for _, m := range coverage.Snap(polys, r.job.Choice.toleranceM()) {
		part, vertex := inFile(r.origins[m.Face], m.Part, m.Vertex, len(ringOf(polys[m.Face], m.Part)))
		r.add(geo.Breach("snapped", geo.Notice,
			geo.Textf("%s 的一个顶点移动了 %.4f m，与相邻图形重合", "a vertex of %s was moved by %.4f m onto its neighbour's", named(r.result.Features[m.Face]), m.DistanceM),
			geo.Text{}).At(r.numbers[m.Face], part, vertex).On(m.To[0], m.To[1]))
	}
}

// shapes are the polygons of the features; they share their vertices with them.
func (r *reader) shapes() []orb.MultiPolygon {
	polys := make([]orb.MultiPolygon, len(r.result.Features))
	for i, f := range r.result.Features {
		polys[i] = f.Geometry.(orb.MultiPolygon)
	}
	return polys
}

// ringOf is a ring by its number, counted from 0 over all polygons.
func ringOf(mp orb.MultiPolygon, n int) orb.Ring {
	for _, p := range mp {
		if n < len(p) {
			return p[n]
		}
		n -= len(p)
	}
	return nil
}

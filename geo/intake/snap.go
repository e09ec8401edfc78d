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
	for _, m := range coverage.Snap(r.shapes(), r.job.Choice.toleranceM()) {
		r.add(geo.Breach("snapped", geo.Notice,
			geo.Textf("%s 的一个顶点移动了 %.4f m，与相邻图形重合", "a vertex of %s was moved by %.4f m onto its neighbour's", named(r.result.Features[m.Face]), m.DistanceM),
			geo.Text{}).At(r.numbers[m.Face], m.Part, m.Vertex).On(m.To[0], m.To[1]))
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

package intake

import (
	"math"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/overlay"
)

// leastOutsideM2 is the area below which a feature is not said to lie outside another:
// a border of a kilometre that is a millimetre off makes a square metre.
const leastOutsideM2 = 1.0

// checkNesting wants cells to lie in their unit and to cover it, and parcels to lie
// in their town. Either may be meant (police grids run across borders, a parcel
// crosses a town's), so they are warnings.
func (r *reader) checkNesting() {
	switch r.job.Collection {
	case geo.Cells:
		r.checkWithin(geo.Units, "unit", "outside_unit",
			geo.Text{ZH: "如确需跨界，请在备注中说明理由；否则请调整边界", EN: "if it is meant, note the reason; else move the border"})
		r.checkCovered()
	case geo.Parcels:
		r.checkWithin(geo.Towns, "town", "outside_town",
			geo.Text{ZH: "合规报告只计小镇边界以内的部分", EN: "the compliance report counts only what lies within the town"})
	}
}

// container is the published polygon that a property of f names, nil where there is
// none. Many features name the same one: it is made ready once.
func (r *reader) container(f geo.Feature, col geo.Collection, property string) *bands {
	code := geo.Code(f.Properties.Text(property))
	if b, known := r.containers[code]; known {
		return b
	}
	if r.containers == nil {
		r.containers = map[geo.Code]*bands{}
	}
	var b *bands
	if in := r.job.Live.Feature(col, "", code); in != nil {
		if mp, ok := in.Geometry.(orb.MultiPolygon); ok {
			b = newBands(mp)
		}
	}
	r.containers[code] = b
	return b
}

// checkWithin lists the features that reach out of what they name, and keeps by how
// much each does.
func (r *reader) checkWithin(col geo.Collection, property, check string, fix geo.Text) {
	r.outside = make([]float64, len(r.result.Features))
	for i, f := range r.result.Features {
		in := r.container(f, col, property)
		if in == nil {
			continue
		}
		m2, at := outsideM2(f.Geometry.(orb.MultiPolygon), in)
		r.outside[i] = m2
		if m2 < leastOutsideM2 {
			continue
		}
		r.add(geo.Breach(check, geo.Warning,
			geo.Textf("%[1]s 有 %.1[3]f m² 位于所属的 %[2]s 之外", "%s lies outside %s, to which it belongs, by %.1f m²", named(f), f.Properties.Text(property), m2), fix).
			At(r.numbers[i], geo.None, geo.None).On(at[0], at[1]))
	}
}

// outsideM2 is the area of a that lies outside in, with a vertex that does. Where
// every vertex and every middle of an edge of a lies within, and no vertex of in
// strictly inside a, nothing is cut.
func outsideM2(a orb.MultiPolygon, in *bands) (m2 float64, at orb.Point) {
	outside, found := firstOutside(a, in)
	if !found && !anyInside(in.polygons, a) {
		return 0, at
	}
	rest, err := overlay.Difference(a, in.polygons)
	if err != nil || len(rest) == 0 {
		return 0, at
	}
	if !found {
		outside = rest[0][0][0]
	}
	return geo.StraightAreaM2(rest), outside
}

func firstOutside(a orb.MultiPolygon, in *bands) (orb.Point, bool) {
	for _, p := range a {
		for _, ring := range p {
			for i, v := range ring {
				if in.side(v) == geo.Outside {
					return v, true
				}
				if i == 0 {
					continue
				}
				// The middle of a shared edge is rounded off it, by nothing that counts.
				mid := orb.Point{(v[0] + ring[i-1][0]) / 2, (v[1] + ring[i-1][1]) / 2}
				if in.side(mid) == geo.Outside && in.side(v) != geo.Edge {
					return mid, true
				}
			}
		}
	}
	return orb.Point{}, false
}

// anyInside says whether a vertex of b lies strictly inside a.
func anyInside(b, a orb.MultiPolygon) bool {
	bound := a.Bound()
	for _, p := range b {
		for _, ring := range p {
			for _, v := range ring {
				if bound.Contains(v) && geo.SideOf(a, v) == geo.Inside {
					return true
				}
			}
		}
	}
	return false
}

// checkCovered wants the cells of a unit to have the unit's area between them. Units
// that have units below them are covered by those.
func (r *reader) checkCovered() {
	covered := map[geo.Code]float64{}
	for i, f := range r.result.Features {
		if r.container(f, geo.Units, "unit") != nil {
			covered[geo.Code(f.Properties.Text("unit"))] += geo.StraightAreaM2(f.Geometry.(orb.MultiPolygon)) - r.outside[i]
		}
	}
	for _, code := range r.job.Live.Codes(geo.Units, r.job.Division) {
		u := r.job.Live.Feature(geo.Units, r.job.Division, code)
		if u == nil {
			continue
		}
		got, has := covered[code]
		if !has && u.Properties.Text("level") != geo.LevelStation {
			continue
		}
		r.uncovered(u, got)
	}
}

func (r *reader) uncovered(u *geo.Feature, gotM2 float64) {
	whole := geo.StraightAreaM2(u.Geometry.(orb.MultiPolygon))
	if left := whole - gotM2; left > math.Max(leastOutsideM2, 1e-9*whole) {
		at := anyPoint(u.Geometry)
		r.add(geo.Breach("uncovered_unit", geo.Warning,
			geo.Textf("单元 %s %s 有 %.1f m² 没有网格覆盖", "unit %s %s: %.1f m² are in none of its cells", string(u.Code), u.Name, left),
			geo.Text{ZH: "请补齐网格，或核对网格的所属单元", EN: "add the cells that are missing, or check which unit the cells name"}).On(at[0], at[1]))
	}
}

package density

import (
	"math"

	"github.com/paulmach/orb"
	sf "github.com/peterstace/simplefeatures/geom"
)

// overlayGeometry hands polygons to simplefeatures, whose overlay is a port of
// JTS's OverlayNG: exact noding first, snapping where that fails. Nothing is checked.
func overlayGeometry(mp orb.MultiPolygon) sf.Geometry {
	polys := make([]sf.Polygon, len(mp))
	for i, p := range mp {
		rings := make([]sf.LineString, len(p))
		for j, r := range p {
			flat := make([]float64, 0, 2*len(r))
			for _, v := range r {
				flat = append(flat, v[0], v[1])
			}
			rings[j] = sf.NewLineString(sf.NewSequence(flat, sf.DimXY))
		}
		polys[i] = sf.NewPolygon(rings)
	}
	if len(polys) == 1 {
		return polys[0].AsGeometry()
	}
	return sf.NewMultiPolygon(polys).AsGeometry()
}

// fromOverlay takes the polygons of an overlay's result, shells counter-clockwise;
// points and lines, where shapes only touch, have no area and are left.
func fromOverlay(g sf.Geometry) (out orb.MultiPolygon) {
	for _, part := range g.Dump() {
		p, ok := part.AsPolygon()
		if !ok || p.IsEmpty() {
			continue
		}
		var poly orb.Polygon
		for _, r := range p.ForceCCW().DumpRings() {
			poly = append(poly, ringOf(r.Coordinates()))
		}
		out = append(out, poly)
	}
	return out
}

func ringOf(s sf.Sequence) orb.Ring {
	r := make(orb.Ring, s.Length())
	for i := range r {
		xy := s.GetXY(i)
		r[i] = orb.Point{xy.X, xy.Y}
	}
	return r
}

// sound hands a polygon over, checked: valid as OGC Simple Features has it, or valid
// once read as what it encloses, such as a ring that touches itself in a point, as
// some programs write a hole, or runs out and back along a line. Such a reading, by
// an overlay with everything around, counts only if it has the very area of the rings
// as they stand, which that of a crossed or doubled ring has not.
func sound(mp orb.MultiPolygon) (orb.MultiPolygon, sf.Geometry, error) {
	g := overlayGeometry(mp)
	wrong := g.Validate()
	if wrong == nil {
		return mp, g, nil
	}
	around := mp.Bound().Pad(1e-3)
	read, err := sf.Intersection(g, overlayGeometry(orb.MultiPolygon{around.ToPolygon()}))
	if err != nil || read.Validate() != nil {
		return nil, sf.Geometry{}, wrong
	}
	const tolerance = 1e-9
	clean := fromOverlay(read)
	as, is := degreeArea(mp), degreeArea(clean)
	if is == 0 || math.Abs(as-is) > tolerance*as {
		return nil, sf.Geometry{}, wrong
	}
	return clean, overlayGeometry(clean), nil
}

// degreeArea is the area of the rings as they stand in square degrees, by the
// shoelace formula from the first vertex; holes are subtracted. It serves to compare
// a shape with its pieces: lines straight in lon and lat may be split without
// changing it, while geodesics bulge, and a long one more than its pieces.
func degreeArea(mp orb.MultiPolygon) float64 {
	sum := 0.0
	for _, p := range mp {
		for i, r := range p {
			area := 0.0
			for j := 1; j < len(r); j++ {
				area += (r[j-1][0]-r[0][0])*(r[j][1]-r[0][1]) - (r[j][0]-r[0][0])*(r[j-1][1]-r[0][1])
			}
			area = math.Abs(area) / 2
			if i > 0 {
				area = -area
			}
			sum += area
		}
	}
	return sum
}

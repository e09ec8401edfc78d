// Package overlay cuts polygons with polygons. The overlay itself is that of
// simplefeatures, a port of JTS's OverlayNG: exact noding first, snapping where that
// fails. Input that is not valid may be an error, never a wrong result in silence:
// a result is held against its input by area. Geometry and Polygons lead into that
// library and back for what else it can tell.
package overlay

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"
	sf "github.com/peterstace/simplefeatures/geom"
)

// Difference is what of a lies outside b, with shells counter-clockwise; empty where
// nothing does.
func Difference(a, b orb.MultiPolygon) (orb.MultiPolygon, error) {
	return run(a, b, sf.Difference, func(area, of, other float64) bool { return area <= of+slack(of) && area >= of-other-slack(of) })
}

// Intersection is what a and b have in common, with shells counter-clockwise; lines
// and points where they only touch are left out.
func Intersection(a, b orb.MultiPolygon) (orb.MultiPolygon, error) {
	return run(a, b, sf.Intersection, func(area, of, other float64) bool { return area <= min(of, other)+slack(of) })
}

// slack is what rounding may do to an area in square degrees.
func slack(area float64) float64 { return 1e-9*area + 1e-18 }

func run(a, b orb.MultiPolygon, op func(a, b sf.Geometry) (sf.Geometry, error), plausible func(area, of, other float64) bool) (orb.MultiPolygon, error) {
	ga, gb := Geometry(a), Geometry(b)
	g, err := op(ga, gb)
	if err != nil {
		return nil, fmt.Errorf("overlay: %w", err)
	}
	if area := g.Area(); math.IsNaN(area) || !plausible(area, ga.Area(), gb.Area()) {
		return nil, fmt.Errorf("overlay: an area of %g out of %g and %g square degrees", area, ga.Area(), gb.Area())
	}
	return Polygons(g), nil
}

// Geometry hands polygons to simplefeatures; nothing is checked.
func Geometry(mp orb.MultiPolygon) sf.Geometry {
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

// Polygons takes the polygons of a result, shells counter-clockwise; points and
// lines, where shapes only touch, have no area and are left.
func Polygons(g sf.Geometry) (out orb.MultiPolygon) {
	for _, part := range g.Dump() {
		p, ok := part.AsPolygon()
		if !ok || p.IsEmpty() {
			continue
		}
		var poly orb.Polygon
		for _, r := range p.ForceCCW().DumpRings() {
			s := r.Coordinates()
			ring := make(orb.Ring, s.Length())
			for i := range ring {
				xy := s.GetXY(i)
				ring[i] = orb.Point{xy.X, xy.Y}
			}
			poly = append(poly, ring)
		}
		out = append(out, poly)
	}
	return out
}

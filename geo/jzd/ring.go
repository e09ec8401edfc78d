package jzd

import (
	"errors"
	"fmt"
	"slices"

	"github.com/paulmach/orb"
)

// ringsOf are the rings of a geometry without their closing points, outer ones
// clockwise and holes counter-clockwise, each beginning where it did.
func ringsOf(g orb.Geometry) (rings []orb.Ring, err error) {
	var polygons orb.MultiPolygon
	switch g := g.(type) {
	case nil:
	case orb.Polygon:
		polygons = orb.MultiPolygon{g}
	case orb.MultiPolygon:
		polygons = g
	default:
		return nil, fmt.Errorf("a %s is no area", g.GeoJSONType())
	}
	for _, p := range polygons {
		for i, r := range p {
			if n := len(r); n > 1 && r[0] == r[n-1] {
				r = r[:n-1]
			}
			if len(r) < 3 {
				return nil, errors.New("a ring has fewer than three vertices")
			}
			rings = append(rings, turned(r, i > 0))
		}
	}
	return rings, nil
}

// turned is the ring clockwise, or counter-clockwise for a hole, from the same vertex.
func turned(r orb.Ring, hole bool) orb.Ring {
	if area := area2(r); area == 0 || (area > 0) == hole {
		return r
	}
	r = slices.Clone(r)
	slices.Reverse(r[1:])
	return r
}

// area2 is twice the signed area of a ring without its last vertex, positive
// counter-clockwise, summed relative to its first.
func area2(r orb.Ring) (sum float64) {
	o := r[0]
	for i := 1; i < len(r); i++ {
		p, q := r[i-1], r[i]
		sum += (p[0]-o[0])*(q[1]-o[1]) - (q[0]-o[0])*(p[1]-o[1])
	}
	return sum
}

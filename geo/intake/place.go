package intake

import (
	"github.com/paulmach/orb"
)

// placeViolations gives the violations that the format's reader found a place on the
// map: the reader knows records and vertices, and nothing of reference systems. A
// record that became no feature has no place.
func (r *reader) placeViolations() {
	at := make(map[int]int, len(r.numbers))
	for i, n := range r.numbers {
		at[n] = i
	}
	for i, v := range r.result.Violations {
		if f, ok := at[v.Record]; ok && !v.Placed() {
			p := vertexOf(r.result.Features[f].Geometry, v.Part, v.Vertex)
			r.result.Violations[i] = v.On(p[0], p[1])
		}
	}
}

// vertexOf is the vertex of a ring, both counted from 0, or the first vertex of the
// ring or of the geometry where there is none of that number: a ring that was
// left out or turned is no longer where the file had it.
func vertexOf(g orb.Geometry, part, vertex int) orb.Point {
	mp, ok := g.(orb.MultiPolygon)
	if !ok || part < 0 {
		return anyPoint(g)
	}
	n := 0
	for _, p := range mp {
		for _, ring := range p {
			if n == part && vertex >= 0 && vertex < len(ring) {
				return ring[vertex]
			}
			if n == part {
				return ring[0]
			}
			n++
		}
	}
	return anyPoint(g)
}

package intake

import (
	"github.com/paulmach/orb"

	"towngrid/geo/shapefile"
)

// inFile is where vertex v of ring n, which has so many vertices with the one that
// closes it, stands in the record of the file: rings are nested and turned when they are read.
func inFile(origins []shapefile.Origin, n, v, vertices int) (part, vertex int) {
	if n >= len(origins) {
		return n, v
	}
	return origins[n].Part(), origins[n].Vertex(v, vertices)
}

// edgeInFile is the same for the edge that begins at vertex v.
func edgeInFile(origins []shapefile.Origin, n, v, vertices int) (part, vertex int) {
	if n >= len(origins) {
		return n, v
	}
	return origins[n].Part(), origins[n].Edge(v, vertices)
}

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
			p := vertexOf(r.result.Features[f].Geometry, r.origins[f], v.Part, v.Vertex)
			r.result.Violations[i] = v.On(p[0], p[1])
		}
	}
}

// vertexOf is the vertex of a part of the file's record, both counted from 0, or the first vertex of the
// part or of the geometry where there is none of that number: a ring may have been left out.
func vertexOf(g orb.Geometry, origins []shapefile.Origin, part, vertex int) orb.Point {
	mp, ok := g.(orb.MultiPolygon)
	if !ok || part < 0 {
		return anyPoint(g)
	}
	n := 0
	for _, p := range mp {
		for _, ring := range p {
			origin := shapefile.Origin(n)
			if n < len(origins) {
				origin = origins[n]
			}
			if i := origin.Vertex(vertex, len(ring)); origin.Part() == part && vertex >= 0 && i >= 0 && i < len(ring) {
				return ring[i]
			}
			if origin.Part() == part {
				return ring[0]
			}
			n++
		}
	}
	return anyPoint(g)
}

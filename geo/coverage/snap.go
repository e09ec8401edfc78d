package coverage

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"

	"towngrid/geo"
)

// Move is one vertex that Snap moved: Part counts the rings of the face from 0.
type Move struct {
	Face, Part, Vertex int
	From, To           orb.Point
	DistanceM          float64
}

// Snap moves vertices onto those of neighbours that lie within toleranceM metres, so
// that borders that were meant to be one become one. polys is changed in place; the
// moves are listed by face, ring and vertex. Of vertices that lie together the one
// stays that most faces share, of those the westernmost, then the southernmost. A
// vertex is not moved onto one of its own face: that would take an edge away. Nothing
// else is changed: where a neighbour has no vertex, none is made.
func Snap(polys []orb.MultiPolygon, toleranceM float64) []Move {
	to := snapTargets(polys, toleranceM)
	if len(to) == 0 {
		return nil
	}
	var moves []Move
	for f, mp := range polys {
		part := 0
		for _, p := range mp {
			for _, r := range p {
				for k, v := range r {
					target, moved := to[v]
					if !moved {
						continue
					}
					r[k] = target
					if k < len(r)-1 { // the closing vertex is the first
						moves = append(moves, Move{f, part, k, v, target, geo.DistanceM(v, target)})
					}
				}
				part++
			}
		}
	}
	return moves
}

// used is a vertex with the faces that have it.
type used struct {
	at    orb.Point
	faces []int32
}

// vertexUse lists the distinct vertices, those that most faces share first.
func vertexUse(polys []orb.MultiPolygon) []used {
	index := map[orb.Point]int{}
	var all []used
	for f, mp := range polys {
		for _, p := range mp {
			for _, r := range p {
				for _, v := range r {
					i, known := index[v]
					if !known {
						i = len(all)
						index[v] = i
						all = append(all, used{at: v})
					}
					if n := len(all[i].faces); n == 0 || all[i].faces[n-1] != int32(f) {
						all[i].faces = append(all[i].faces, int32(f))
					}
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b used) int {
		return cmp.Or(cmp.Compare(len(b.faces), len(a.faces)), cmp.Compare(a.at[0], b.at[0]), cmp.Compare(a.at[1], b.at[1]))
	})
	return all
}

// snapTargets tells for each vertex that is to be moved where to. A vertex that stays
// is no farther than the tolerance from those that come to it.
func snapTargets(polys []orb.MultiPolygon, toleranceM float64) map[orb.Point]orb.Point {
	all := vertexUse(polys)
	to := map[orb.Point]orb.Point{}
	var kept rtree.RTreeG[int]
	for i := range all {
		v := &all[i]
		if j := nearestKept(&kept, all, v, toleranceM); j >= 0 {
			to[v.at] = all[j].at
			all[j].faces = append(all[j].faces, v.faces...)
			continue
		}
		kept.Insert(v.at, v.at, i)
	}
	return to
}

// nearestKept finds the nearest vertex that stays, within the tolerance and of other
// faces only; -1 for none.
func nearestKept(kept *rtree.RTreeG[int], all []used, v *used, toleranceM float64) int {
	// A degree of latitude has at least 110,574 m, one of longitude the cosine of the
	// latitude of 111,319 m.
	dy := toleranceM / 110_574
	dx := dy / max(math.Cos(v.at[1]*math.Pi/180), 1e-6) * 1.01
	best, bestM := -1, toleranceM
	kept.Search([2]float64{v.at[0] - dx, v.at[1] - dy*1.01}, [2]float64{v.at[0] + dx, v.at[1] + dy*1.01}, func(_, _ [2]float64, j int) bool {
		m := geo.DistanceM(v.at, all[j].at)
		if (m < bestM || m == bestM && (best < 0 || j < best)) && !shareFace(v.faces, all[j].faces) {
			best, bestM = j, m
		}
		return true
	})
	return best
}

func shareFace(a, b []int32) bool {
	return slices.ContainsFunc(a, func(f int32) bool { return slices.Contains(b, f) })
}

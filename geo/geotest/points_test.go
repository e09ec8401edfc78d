package geotest_test

import (
	"slices"
	"testing"

	. "towngrid/geo/geotest"
)

func TestPointsAreOfEveryKind(t *testing.T) {
	cells := Tessellation(4, 60, degrees)
	vertices := map[[2]float64]bool{}
	for _, c := range cells {
		for _, p := range c {
			for _, r := range p {
				for _, v := range r {
					vertices[v] = true
				}
			}
		}
	}
	points := Points(4, cells, 600)
	if !slices.Equal(points, Points(4, cells, 600)) || slices.Equal(points, Points(5, cells, 600)) {
		t.Error("the points do not follow their seed")
	}
	onVertex, onEdge, outside := 0, 0, 0
	for _, p := range points {
		switch {
		case vertices[p]:
			onVertex++
		case len(Touching(cells, p)) > 0:
			onEdge++
		case !degrees.Contains(p):
			outside++
		}
	}
	if onVertex < 60 || onEdge < 10 || outside < 10 {
		t.Errorf("%d points on vertices, %d on edges, %d outside; at least 60, 10, 10 wanted", onVertex, onEdge, outside)
	}
}

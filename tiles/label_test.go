package tiles_test

import (
	"fmt"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/geotest"
	"towngrid/tiles"
)

// Over the tiles of a zoom each feature that stands alone has exactly one label, and no other; it lies
// in the feature, keeps its rank and size at every zoom, and stays at its place.
func TestEachFeatureThatStandsAloneHasOneLabel(t *testing.T) {
	mps := geotest.Tessellation(13, 150, district)
	s := snapshotOf(t, mps)
	var b tiles.Builder
	first := map[string]string{}
	for _, z := range []uint8{0, 4, 8, 9, 11, 12, 14} {
		seen, filled := map[string]int{}, map[string]bool{}
		for _, a := range around(z, district, 1000) {
			layers := built(t, &b, s, tiles.Request{Collections: []geo.Collection{geo.Cells}, Address: a, Content: tiles.Labels | tiles.Fills})
			for _, code := range codes(layers["cells"]) {
				filled[code] = true
			}
			l := layers["cells_labels"]
			if l == nil {
				continue
			}
			for _, f := range l.Features {
				p := f.Geometry.(orb.Point)
				if p[0] < 0 || p[0] >= tiles.Extent || p[1] < 0 || p[1] >= tiles.Extent {
					t.Errorf("%v: a label at %v", a, p)
				}
				code := f.Properties.MustString("code")
				seen[code]++
				what := fmt.Sprintln(f.Properties["name"], f.Properties["rank"], f.Properties["size"], f.ID)
				if old, had := first[code]; had && old != what {
					t.Errorf("%v %s: %s instead of %s", a, code, what, old)
				}
				first[code] = what
				if z == 14 && f.Properties["size"].(float64) > 20 {
					at := orb.Point{a.Bound().Min[0] + p[0]*(a.Bound().Max[0]-a.Bound().Min[0])/tiles.Extent, latitude(a, p[1])}
					var i int
					fmt.Sscanf(code, "330890%d", &i)
					if !geotest.Holds(mps[i], at) {
						t.Errorf("%v: the label of %s is not in it", a, code)
					}
				}
			}
		}
		for code := range first {
			if seen[code] != 1 { // who once stood alone does so at every deeper zoom
				t.Errorf("zoom %d: %d labels of %s", z, seen[code], code)
			}
		}
		for code := range filled {
			if code != "" && seen[code] != 1 {
				t.Errorf("zoom %d: %s is filled and has %d labels", z, code, seen[code])
			}
		}
		if z == 0 && len(seen) != 0 || z == 14 && len(seen) != len(mps) {
			t.Errorf("zoom %d: labels of %d features of %d", z, len(seen), len(mps))
		}
	}
}

// A town that is too small to see at a zoom is not among the fills and still among the labels.
func TestTooSmallToSeeKeepsItsLabel(t *testing.T) {
	s := village(t)
	r := whole()
	r.Collections = []geo.Collection{geo.Towns}
	r.Address = addressOf(1, orb.Point{118.92, 29.005})
	layers := built(t, new(tiles.Builder), s, r)
	if l := layers["towns"]; l != nil && geotest.Area(polygons(t, l.Features[0])) > 1 {
		t.Error("a town of 2 km shows at zoom 1")
	}
	if l := layers["towns_labels"]; l == nil || len(l.Features) != 1 {
		t.Error("its label does not")
	}
}

package tiles_test

import (
	"fmt"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/geotest"
	"towngrid/tiles"
)

// Over the tiles of a zoom each feature has exactly one label; it lies in the feature, keeps its rank
// and size at every zoom, and stays at its place.
func TestEachFeatureHasOneLabelAtEveryZoom(t *testing.T) {
	mps := geotest.Tessellation(13, 150, district)
	s := snapshotOf(t, mps)
	var b tiles.Builder
	first := map[string]string{}
	for _, z := range []uint8{0, 4, 9, 11, 12, 13} {
		seen := map[string]int{}
		for _, a := range around(z, district, 1000) {
			r := tiles.Request{Collections: []geo.Collection{geo.Cells}, Address: a, Content: tiles.Labels}
			l := built(t, &b, s, r)["cells_labels"]
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
				if z == 13 && f.Properties["size"].(float64) > 20 {
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
			if seen[code] != 1 {
				t.Errorf("zoom %d: %d labels of %s", z, seen[code], code)
			}
		}
		if len(seen) != len(mps) {
			t.Errorf("zoom %d: labels of %d features of %d", z, len(seen), len(mps))
		}
	}
}

// What is too small to see at a zoom is not among the fills and still among the labels.
func TestTooSmallToSeeKeepsItsLabel(t *testing.T) {
	s := village(t)
	r := whole()
	r.Collections = []geo.Collection{geo.Parcels}
	r.Address = addressOf(4, orb.Point{118.92, 29.005})
	layers := built(t, new(tiles.Builder), s, r)
	if layers["parcels"] != nil || layers["parcels_borders"] != nil {
		t.Error("a parcel of 100 m shows at zoom 4")
	}
	if l := layers["parcels_labels"]; l == nil || len(l.Features) != 1 {
		t.Error("its label does not")
	}
}

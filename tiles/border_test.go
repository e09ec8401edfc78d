package tiles_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/geotest"
	"towngrid/geo/snapshot"
	"towngrid/tiles"
)

// borderTable is a borders layer as "left|right level" in its order.
func borderTable(t *testing.T, s *snapshot.Snapshot, c geo.Collection) (table []string) {
	t.Helper()
	r := whole()
	r.Collections, r.Content = []geo.Collection{c}, tiles.Borders
	l := built(t, new(tiles.Builder), s, r)[string(c)+"_borders"]
	for _, f := range l.Features {
		p := f.Properties
		table = append(table, fmt.Sprintf("%s|%s %s", p.MustString("left", ""), p.MustString("right", ""), p["level"]))
		id := geo.FeatureID(geo.Collection(l.Name), geo.Code(p.MustString("left")+"|"+p.MustString("right", "")))
		if f.ID != float64(id) {
			t.Errorf("%v has the ID %v instead of %d", p, f.ID, id)
		}
	}
	return table
}

func TestBordersHaveTheHighestLevelThatTheySeparate(t *testing.T) {
	s := village(t)
	for c, want := range map[geo.Collection][]string{
		geo.Cells:   {"001| rim", "001|002 cell", "002| rim", "002|003 station", "003| rim", "003|004 room", "004| rim"},
		geo.Units:   {"S1| rim", "S1|S2 station", "S2| rim", "S2|S3 room", "S3| rim"},
		geo.Parcels: {"P1| rim"},
	} {
		if got := borderTable(t, s, c); !slices.Equal(got, want) {
			t.Errorf("%s: %v instead of %v", c, got, want)
		}
	}
}

// A change of the units changes the levels of the cells' borders, and the ETag knows it.
func TestLevelsFollowTheUnits(t *testing.T) {
	s := village(t)
	var b tiles.Builder
	r := whole()
	r.Collections = []geo.Collection{geo.Cells}
	cache := newCache(t, 0)
	tag := etagOf(t, cache, s, r, tiles.Gzip)
	next := s.Without(geo.Units, "330890")
	for _, c := range []struct {
		name string
		s    *snapshot.Snapshot
		want string
	}{{"with units", s, "map[cell:1 rim:4 room:1 station:1]"}, {"without", next, "map[cell:3 rim:4]"}, {"with them again", s, "map[cell:1 rim:4 room:1 station:1]"}} {
		levels := map[string]int{}
		for _, f := range built(t, &b, c.s, r)["cells_borders"].Features {
			levels[f.Properties.MustString("level")]++
		}
		if got := fmt.Sprint(levels); got != c.want {
			t.Errorf("%s: %s instead of %s", c.name, got, c.want)
		}
	}
	if etagOf(t, cache, next, r, tiles.Gzip) == tag {
		t.Error("the ETag does not know of the units")
	}
	r.Content = tiles.Fills
	if etagOf(t, cache, next, r, tiles.Gzip) != etagOf(t, cache, s, r, tiles.Gzip) {
		t.Error("the ETag of the cells alone depends on the units")
	}
}

// Each edge between two cells, and each on the rim, is drawn once, exactly where the fills
// meet, with the right codes on its sides.
func TestEachSharedEdgeIsDrawnOnce(t *testing.T) {
	s := snapshotOf(t, geotest.Tessellation(8, 200, district))
	var b tiles.Builder
	drawn := 0
	for _, z := range []uint8{12, 14, 17} {
		for _, a := range around(z, district, 6) {
			r := tiles.Request{Collections: []geo.Collection{geo.Cells}, Address: a}
			layers := built(t, &b, s, r)
			right := map[way]string{} // the cell on the right of each edge of its ring, to the eye
			for _, f := range layers["cells"].Features {
				for _, p := range polygons(t, f) {
					for _, ring := range p {
						for i := 1; i < len(ring); i++ {
							right[way{ring[i-1], ring[i]}] = f.Properties.MustString("code")
						}
					}
				}
			}
			r.Content = tiles.Borders
			alone := built(t, &b, s, r)["cells_borders"]
			seen := map[way]bool{}
			if l := layers["cells_borders"]; l != nil {
				if fmt.Sprint(l.Features[0].Geometry) != fmt.Sprint(alone.Features[0].Geometry) {
					t.Errorf("%v: borders asked for alone are others", a)
				}
				for _, f := range l.Features {
					for _, line := range lines(t, f) {
						for i := 1; i < len(line); i++ {
							w := way{line[i-1], line[i]}
							if seen[w] || seen[w.back()] {
								t.Errorf("%v: %v is drawn twice", a, w)
							}
							seen[w] = true
							if right[w.back()] != f.Properties["left"] || right[w] != f.Properties.MustString("right", "") {
								t.Errorf("%v: %v has %q and %q at its sides, not %v", a, w, right[w.back()], right[w], f.Properties)
							}
							drawn++
						}
					}
				}
			}
			for w := range right {
				if !seen[w] && !seen[w.back()] && !w.onWindow() {
					t.Errorf("%v: %v is not drawn", a, w)
				}
			}
		}
	}
	if drawn < 1000 {
		t.Errorf("only %d edges", drawn)
	}
}

// A border that leaves the window and comes back is cut into pieces, never drawn along the window.
func TestBordersAreNotDrawnAlongTheWindow(t *testing.T) {
	s := snapshotOf(t, geotest.Tessellation(8, 200, district))
	for _, a := range around(13, district, 9) {
		l := built(t, new(tiles.Builder), s, tiles.Request{Collections: []geo.Collection{geo.Cells}, Address: a, Content: tiles.Borders})["cells_borders"]
		if l == nil {
			continue
		}
		for _, f := range l.Features {
			for _, line := range lines(t, f) {
				for i := 1; i < len(line); i++ {
					if w := (way{line[i-1], line[i]}); w.onWindow() {
						t.Errorf("%v: %v", a, w)
					}
				}
				if len(line) < 2 || !line.Bound().Intersects(orb.Bound{Min: orb.Point{-64, -64}, Max: orb.Point{4160, 4160}}) {
					t.Errorf("%v: %v", a, line)
				}
			}
		}
	}
}

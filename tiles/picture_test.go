package tiles

import (
	"math"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/crs"
)

// What is kept of a vertex lies within a millimetre of the published results of the shifts: they are computed before anything
// is rounded, and the fine grid's squares are at most 1.17 mm wide.
func TestShiftedVerticesAreKeptToTheMillimetre(t *testing.T) {
	gcj := orb.Point{116.404, 39.915} // Baidu's shift is published for positions in GCJ-02
	for _, c := range []struct {
		datum      crs.Datum
		from, want orb.Point
	}{
		{crs.WGS84, orb.Point{116.404, 39.915}, orb.Point{116.404, 39.915}},
		{crs.GCJ02, orb.Point{121.5272106, 31.1774276}, orb.Point{121.531541859215, 31.17530398364597}},
		{crs.GCJ02, orb.Point{113.912316, 22.543847}, orb.Point{113.9171764808363, 22.540796131694766}},
		{crs.GCJ02, orb.Point{116.377817, 39.911954}, orb.Point{116.38404722455657, 39.91334545536069}},
		{crs.GCJ02, orb.Point{116.404, 39.915}, orb.Point{116.41024449916938, 39.91640428150164}},
		{crs.BD09, crs.GCJ02.ToCGCS2000(gcj), orb.Point{116.41036949371029, 39.92133699351022}},
	} {
		for _, g := range Grids() {
			pic := newPicture(geo.Cells, g, c.datum, nil)
			pic.settle(orb.Bound{Min: c.from, Max: c.from}.Pad(1))
			o := pic.project(c.from)
			at := place{lift: pic.lift, add: vertex{pic.origin.x << pic.lift, pic.origin.y << pic.lift}}.vertex(o)
			lon, lat := g.degreesAt(at.x, at.y)
			degree := math.Pi / 180 * 6378137
			off := math.Hypot((lon-c.want[0])*degree*math.Cos(lat*math.Pi/180), (lat-c.want[1])*degree)
			if !(off < 0.001) {
				t.Errorf("%s of %v in %s is kept %.2f mm off", c.datum, c.from, g, off*1000)
			}
		}
	}
}

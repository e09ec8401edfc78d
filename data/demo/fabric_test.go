package demo_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/peterstace/simplefeatures/geom"

	"towngrid/data/demo"
	"towngrid/geo"
	"towngrid/geo/geotest"
)

func shapes(rows []row) []orb.MultiPolygon {
	var out []orb.MultiPolygon
	for _, r := range rows {
		out = append(out, r.shape)
	}
	return out
}

// parted gives the rows for which the field has each of its values.
func parted(rows []row, field string) map[string][]row {
	out := map[string][]row{}
	for _, r := range rows {
		out[r.text(field)] = append(out[r.text(field)], r)
	}
	return out
}

// rim is the set of directed edges of shapes that have no twin among them.
func rim(rows []row) map[[2]orb.Point]bool {
	out := map[[2]orb.Point]bool{}
	for _, e := range geotest.Untwinned(shapes(rows)) {
		out[[2]orb.Point{e.A, e.B}] = true
	}
	return out
}

func TestEveryShapeIsValid(t *testing.T) {
	d := open(t)
	for _, c := range []geo.Collection{geo.Towns, geo.Units, geo.Cells, geo.Parcels} {
		for _, r := range d.rows[c] {
			if err := geotest.Valid(r.shape); err != nil {
				t.Errorf("%s %v: %v", c, r.values, err)
			}
			if err := geotest.Valid(degrees(t, r.shape)); err != nil {
				t.Errorf("%s %v in degrees: %v", c, r.values, err)
			}
		}
	}
}

// Units nest if the border of each is made of exactly the edges that its parts do not
// share among each other: then it is their union, to the last bit.
func TestUnitsNestExactly(t *testing.T) {
	d := open(t)
	units := d.rows[geo.Units]
	levels := parted(units, "DYCJ")
	for _, c := range []struct {
		parts  map[string][]row
		wholes []row
	}{
		{parted(d.rows[geo.Cells], "SSDYBM"), levels["网格警务站"]},
		{parted(levels["网格警务站"], "SJDYBM"), levels["网格警务室"]},
		{parted(levels["网格警务室"], "SJDYBM"), levels["指挥中心"]},
	} {
		if len(c.parts) != len(c.wholes) {
			t.Errorf("%d units have parts, %d are there", len(c.parts), len(c.wholes))
		}
		for _, w := range c.wholes {
			parts := c.parts[w.text("DYBM")]
			edges, own := rim(parts), rim([]row{w})
			for e := range edges {
				if !own[e] {
					t.Fatalf("%s lacks the edge %v of its parts", w.text("DYMC"), e)
				}
			}
			if len(edges) != len(own) {
				t.Errorf("%s has %d edges, its parts' border %d", w.text("DYMC"), len(own), len(edges))
			}
			sum := 0.0
			for _, p := range parts {
				sum += geotest.Area(p.shape)
			}
			if a := geotest.Area(w.shape); math.Abs(sum-a) > 1e-9*a {
				t.Errorf("%s has %v m², its parts %v", w.text("DYMC"), a, sum)
			}
		}
	}
}

// The union by another hand, for one station.
func TestStationIsTheUnionOfItsCells(t *testing.T) {
	d := open(t)
	station := parted(d.rows[geo.Units], "DYCJ")["网格警务站"][7]
	var cells []geom.Geometry
	for _, c := range parted(d.rows[geo.Cells], "SSDYBM")[station.text("DYBM")] {
		cells = append(cells, geotest.Judge(c.shape).AsGeometry())
	}
	union, err := geom.UnionMany(cells)
	if err != nil {
		t.Fatal(err)
	}
	rest, err := geom.SymmetricDifference(union, geotest.Judge(station.shape).AsGeometry())
	if err != nil {
		t.Fatal(err)
	}
	if a := rest.Area(); a > 1e-6 {
		t.Errorf("station and union of its cells differ by %v m²", a)
	}
}

func TestCellSizes(t *testing.T) {
	const hectare, km2 = 1e4, 1e6
	least, most := math.Inf(1), 0.0
	for _, c := range open(t).rows[geo.Cells] {
		a := ellipsoidal(degrees(t, c.shape))
		least, most = min(least, a), max(most, a)
	}
	if least < hectare || least > 1.5*hectare || most < 60*km2 || most > 100*km2 {
		t.Errorf("cells have from %.2f ha to %.1f km², from 1 ha to 100 km² wanted", least/hectare, most/km2)
	}
}

func holes(mp orb.MultiPolygon) (out []orb.Ring) {
	for _, p := range mp {
		out = append(out, p[1:]...)
	}
	return out
}

func TestLakeIsAHoleOfNoCell(t *testing.T) {
	d := open(t)
	levels := parted(d.rows[geo.Units], "DYCJ")
	centre := levels["指挥中心"][0].shape
	if len(centre) != 1 || len(holes(centre)) != 1 {
		t.Fatalf("the district has %d parts and %d holes, one of each wanted", len(centre), len(holes(centre)))
	}
	lake := orb.MultiPolygon{{holes(centre)[0]}}
	if a := geotest.Area(lake); a < 4e6 || a > 12e6 {
		t.Errorf("the lake has %v m²", a)
	}
	for _, level := range []string{"网格警务站", "网格警务室"} {
		n := 0
		for _, u := range levels[level] {
			for _, h := range holes(u.shape) {
				if math.Abs(geotest.Area(orb.MultiPolygon{{h}})-geotest.Area(lake)) < 1e-3 {
					n++
				}
			}
		}
		if n != 1 {
			t.Errorf("the lake is a hole of %d units of the level %s, one wanted", n, level)
		}
	}
	in := 0
	for _, p := range geotest.Points(1, []orb.MultiPolygon{lake}, 300) {
		if geotest.Holds(lake, p) && !geotest.OnEdge(lake, p) {
			in++
			if got := geotest.Locate(shapes(d.rows[geo.Cells]), p); len(got) > 0 {
				t.Errorf("%v in the lake lies in cell %d", p, got[0])
			}
		}
	}
	if in < 30 {
		t.Errorf("only %d points in the lake", in)
	}
}

func TestOneExclave(t *testing.T) {
	d := open(t)
	cells := d.rows[geo.Cells]
	var exclaves []row
	for _, c := range cells {
		if len(c.shape) > 1 {
			exclaves = append(exclaves, c)
		}
	}
	if len(exclaves) != 1 || len(exclaves[0].shape) != 2 {
		t.Fatalf("%d cells have more than one part, one with two wanted", len(exclaves))
	}
	room := func(unit string) string { return unit[:len("JZ330890001")] }
	home := room(exclaves[0].text("SSDYBM"))
	abroad := 0
	for _, part := range exclaves[0].shape {
		hosts := map[string]bool{}
		alone := rim([]row{{shape: orb.MultiPolygon{part}}})
		for _, c := range cells {
			if c.text("WGBM") == exclaves[0].text("WGBM") {
				continue
			}
			for e := range rim([]row{c}) {
				if alone[[2]orb.Point{e[1], e[0]}] {
					hosts[c.text("SSDYBM")] = true
				}
			}
		}
		if len(hosts) == 1 && !hosts[exclaves[0].text("SSDYBM")] {
			for h := range hosts {
				if room(h) != home {
					abroad++
				}
			}
		}
	}
	if abroad != 1 {
		t.Errorf("%d parts of the exclave lie within one station of another room, one wanted", abroad)
	}
}

func TestCodesAndParents(t *testing.T) {
	d := open(t)
	units := map[string]row{}
	levels := map[string]int{}
	for _, u := range d.rows[geo.Units] {
		if _, twice := units[u.text("DYBM")]; twice {
			t.Errorf("unit %s occurs twice", u.text("DYBM"))
		}
		units[u.text("DYBM")] = u
		levels[u.text("DYCJ")]++
	}
	if levels["指挥中心"] != 1 || levels["网格警务室"] != demo.Rooms || levels["网格警务站"] != demo.Stations {
		t.Errorf("levels: %v", levels)
	}
	above := map[string]string{"指挥中心": "", "网格警务室": "指挥中心", "网格警务站": "网格警务室"}
	for code, u := range units {
		if got := units[u.text("SJDYBM")].text("DYCJ"); got != above[u.text("DYCJ")] {
			t.Errorf("unit %s of level %s has a parent of level %q", code, u.text("DYCJ"), got)
		}
	}
	cells := d.rows[geo.Cells]
	seen := map[string]bool{}
	villages := map[string]map[string]bool{}
	for _, c := range cells {
		code, unit := c.text("WGBM"), c.text("SSDYBM")
		if len(code) != 15 || !strings.HasPrefix(code, string(demo.Division)) || strings.Trim(code, "0123456789") != "" || seen[code] {
			t.Errorf("cell code %q", code)
		}
		seen[code] = true
		if units[unit].text("DYCJ") != "网格警务站" || unit[8:11] != code[6:9] {
			t.Errorf("cell %s belongs to %s", code, unit)
		}
		if villages[unit] == nil {
			villages[unit] = map[string]bool{}
		}
		villages[unit][code[:12]] = true
	}
	for unit, vs := range villages {
		if len(vs) < 2 {
			t.Errorf("station %s covers %d villages, several wanted", unit, len(vs))
		}
	}
	if len(cells) != demo.Cells {
		t.Errorf("%d cells", len(cells))
	}
}

func TestCellsAreNumberedFromTheWest(t *testing.T) {
	for village, cells := range villages(open(t).rows[geo.Cells]) {
		slices.SortFunc(cells, func(a, b row) int { return strings.Compare(a.text("WGBM"), b.text("WGBM")) })
		for i, c := range cells {
			if want := []byte{byte('0' + (i+1)/100), byte('0' + (i+1)/10%10), byte('0' + (i+1)%10)}; c.text("WGBM")[12:] != string(want) {
				t.Errorf("village %s: cell %d is %s", village, i+1, c.text("WGBM"))
			}
		}
	}
}

func villages(cells []row) map[string][]row {
	out := map[string][]row{}
	for _, c := range cells {
		out[c.text("WGBM")[:12]] = append(out[c.text("WGBM")[:12]], c)
	}
	return out
}

func TestStaffAndSeats(t *testing.T) {
	d := open(t)
	officers := map[string]int{}
	for _, c := range d.rows[geo.Cells] {
		officers[c.text("SSDYBM")]++
	}
	g := gauss(t)
	for _, u := range d.rows[geo.Units] {
		x, y := g.FromGeographic(u.number("ZDJD"), u.number("ZDWD"))
		if !geotest.Holds(u.shape, orb.Point{x, y}) {
			t.Errorf("the seat of %s lies outside it", u.text("DYMC"))
		}
		if u.text("DYCJ") != "网格警务站" {
			continue
		}
		if u.number("WGJC") != 1 || u.number("ZDYS") != 1 || u.number("XFJ") != 1 || int(u.number("WGYS")) != officers[u.text("DYBM")] {
			t.Errorf("staff of %s: %v", u.text("DYMC"), u.values)
		}
	}
}

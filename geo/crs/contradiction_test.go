package crs_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/crs"
)

func box(x0, y0, x1, y1 float64) orb.Bound {
	return orb.Bound{Min: orb.Point{x0, y0}, Max: orb.Point{x1, y1}}
}

// around is the bound of a square of half a degree at a position, in a system.
func around(c crs.CRS, lon, lat float64) orb.Bound {
	b := orb.Bound{Min: orb.Point{math.Inf(1), math.Inf(1)}, Max: orb.Point{math.Inf(-1), math.Inf(-1)}}
	for _, d := range [][2]float64{{-.25, -.25}, {.25, -.25}, {-.25, .25}, {.25, .25}, {0, -.25}, {0, .25}} {
		x, y := c.FromGeographic(lon+d[0], lat+d[1])
		b = b.Extend(orb.Point{x, y})
	}
	return b
}

func TestInChina(t *testing.T) {
	for p, want := range map[orb.Point]bool{
		{118.9, 29}: true, {73, 3}: true, {136, 54}: true, {72.999, 29}: false, {136.001, 29}: false,
		{118.9, 2.999}: false, {118.9, 54.001}: false, {29, 118.9}: false, {0, 0}: false,
	} {
		if got := crs.InChina(p[0], p[1]); got != want {
			t.Errorf("%v: got %t", p, got)
		}
	}
	if crs.InChina(math.NaN(), 29) || crs.InChina(118, math.NaN()) || crs.InChina(math.Inf(1), 29) {
		t.Error("what is no position is in China")
	}
}

// Coordinates never contradict the system that they are in, wherever in its zone and
// in China they lie.
func TestNoContradiction(t *testing.T) {
	r := seeded(t)
	codes := []int{4490, 4326, 3857}
	for code := 4491; code <= 4554; code++ {
		codes = append(codes, code)
	}
	for code := 32643; code <= 32653; code++ {
		codes = append(codes, code)
	}
	for _, code := range codes {
		c := epsg(t, code)
		for range 40 {
			lon, lat := between(r, 74, 135), between(r, 4, 53)
			if !c.Geographic() && code != 3857 {
				lon = math.Min(math.Max(meridianOf(c)+between(r, -3, 3), 74), 135)
			}
			b := around(c, lon, lat)
			if err := c.Contradiction(b); err != nil {
				t.Fatalf("%s at %.2f %.2f, %v: %v", c.ID(), lon, lat, b, err)
			}
		}
	}
	for _, b := range []orb.Bound{{Min: orb.Point{1, 1}, Max: orb.Point{-1, -1}}, box(118, 29, 118, 29), box(73, 3, 136, 54)} {
		if err := crs.CGCS2000().Contradiction(b); err != nil {
			t.Errorf("%v: %v", b, err)
		}
	}
}

// meridianOf finds the central meridian of a transverse Mercator system by its symmetry.
func meridianOf(c crs.CRS) float64 {
	for cm := 73.5; cm <= 136.5; cm += 1.5 {
		x0, y0 := c.FromGeographic(cm-1, 30)
		x1, y1 := c.FromGeographic(cm+1, 30)
		if math.Abs(y0-y1) < 1e-6 && x1 > x0 {
			return cm
		}
	}
	return math.NaN()
}

// Each system read as another one is contradicted wherever the numbers can tell.
func TestContradiction(t *testing.T) {
	gk, prefixed, mercator, wgs := epsg(t, 4549), epsg(t, 4528), epsg(t, 3857), epsg(t, 4326)
	nan, inf := math.NaN(), math.Inf(1)
	tests := []struct {
		name  string
		c     crs.CRS
		b     orb.Bound
		en    string // a part of the English sentence
		other string // what it looks like instead
	}{
		{"degrees in metres", gk, around(wgs, 118.9, 29), "degrees in a projected system", "EPSG:4490"},
		{"degrees in Mercator", mercator, around(wgs, 118.9, 29), "degrees in a projected system", "EPSG:4490"},
		{"degrees in prefixed metres", prefixed, around(wgs, 118.9, 29), "degrees in a projected system", "EPSG:4490"},
		{"metres in degrees", wgs, around(gk, 118.9, 29), "metres in a system of degrees", "without a zone number"},
		{"prefixed metres in degrees", wgs, around(prefixed, 118.9, 29), "metres in a system of degrees", "EPSG:4528"},
		{"Mercator in degrees", wgs, around(mercator, 118.9, 29), "metres in a system of degrees", "EPSG:3857"},
		{"Mercator in Gauss-Krüger", gk, around(mercator, 118.9, 29), "no such coordinates", "EPSG:3857"},
		{"prefix in a system without", gk, around(prefixed, 118.9, 29), "no such coordinates", "EPSG:4528"},
		{"no prefix in a system with", prefixed, around(gk, 118.9, 29), "no such coordinates", "without a zone number"},
		{"another zone's prefix", prefixed, around(epsg(t, 4527), 118.2, 29), "do not begin with 40", "EPSG:4527"},
		{"a 6-degree zone's prefix", prefixed, around(epsg(t, 4498), 118.9, 29), "do not begin with 40", "EPSG:4498"},
		{"two zones", prefixed, box(39600000, 3.2e6, 40400000, 3.3e6), "do not begin with 40", "split the file by zone"},
		{"swapped degrees", wgs, box(28.9, 118.8, 29.1, 119), "exchanged", "Exchange the axes"},
		{"swapped metres", gk, box(3.2e6, 4e5, 3.21e6, 4.1e5), "exchanged", "Exchange the axes"},
		{"swapped metres of a city", read(t, gkWKT("?", "Gauss_Kruger", 113.28, 0, "Meter", 1)), box(2.5e6, -1e4, 2.6e6, 1e4), "exchanged", "Exchange the axes"},
		{"swapped prefixed metres", prefixed, box(3.2e6, 40.4e6, 3.21e6, 40.41e6), "exchanged", "EPSG:4528~yx"},
		{"latitude 0", wgs, box(118.8, 0, 119, 0), "all points have the y 0", "export it again"},
		{"northing 0", gk, box(4e5, 0, 4.1e5, 0), "all points have the y 0", "export it again"},
		{"Europe", wgs, box(9, 48, 10, 49), "outside China", "no known system"},
		{"one side in Mongolia", wgs, box(118, 29, 119, 54.5), "outside China", "Others fit"},
		{"southern ocean", gk, box(4e5, -3e6, 4.1e5, -2.9e6), "outside China", "no known system"},
		{"local", gk, box(1000, 2000, 1500, 2500), "outside China", "no known system"},
		{"NaN", wgs, box(nan, 29, 119, 30), "not numbers", ""},
		{"infinite", wgs, box(118, 29, inf, 30), "not numbers", ""},
		{"huge", gk, box(-1e308, -1e308, 1e308, 1e308), "no such coordinates", "1e+308"},
		{"no system", crs.CRS{}, box(118, 29, 119, 30), "no system", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.c.Contradiction(tt.b)
			if code(t, err) != "crs_contradicted" {
				t.Fatalf("%s with %v: got %v", tt.c.ID(), tt.b, err)
			}
			var e *geo.Error
			if errors.As(err, &e); !strings.Contains(e.Text.EN, tt.en) || !strings.Contains(e.Text.EN, tt.other) {
				t.Errorf("got %q, want %q and %q in it", e.Text.EN, tt.en, tt.other)
			}
		})
	}
}

// A contradiction is certain: it never arises when all coordinates are in China, of
// however odd a shape the data.
func TestContradictionIsCertain(t *testing.T) {
	r := seeded(t)
	for _, code := range []int{4490, 3857, 4549, 4546, 32650} {
		c := epsg(t, code)
		for range 300 {
			b := orb.Bound{Min: orb.Point{math.Inf(1), math.Inf(1)}, Max: orb.Point{math.Inf(-1), math.Inf(-1)}}
			for range 1 + r.IntN(12) {
				x, y := c.FromGeographic(between(r, 73, 136), between(r, 3, 54))
				b = b.Extend(orb.Point{x, y})
			}
			if err := c.Contradiction(b); err != nil {
				t.Fatalf("%s with %v: %v", c.ID(), b, err)
			}
		}
	}
}

func TestSniff(t *testing.T) {
	gk, prefixed, mercator, wgs := epsg(t, 4549), epsg(t, 4528), epsg(t, 3857), epsg(t, 4326)
	swapped := func(b orb.Bound) orb.Bound { return box(b.Min[1], b.Min[0], b.Max[1], b.Max[0]) }
	tests := []struct {
		name    string
		b       orb.Bound
		ids     string // of the guesses that are known
		swapped bool
		bare    int // number of central meridians to choose from
	}{
		{"degrees", around(wgs, 118.9, 29), "EPSG:4490", false, 0},
		{"swapped degrees", swapped(around(wgs, 118.9, 29)), "EPSG:4490", true, 0},
		{"prefixed", around(prefixed, 118.9, 29), "EPSG:4528", false, 0},
		{"swapped prefixed", swapped(around(prefixed, 118.9, 29)), "EPSG:4528", true, 0},
		{"6 degrees prefixed", around(epsg(t, 4498), 118.9, 29), "EPSG:4498", false, 0},
		{"no prefix", around(gk, 118.9, 29), "", false, 21},
		{"swapped, no prefix", swapped(around(gk, 118.9, 29)), "", true, 21},
		{"Web Mercator", around(mercator, 110, 29), "EPSG:3857", false, 0},
		{"Web Mercator that could be zone 13", around(mercator, 120.5, 35), "EPSG:3857 EPSG:4491", false, 0},
		{"zone 13 that could be Web Mercator", around(epsg(t, 4491), 76, 39), "EPSG:3857 EPSG:4491", false, 0},
		{"two zones", box(39600000, 3.2e6, 40400000, 3.3e6), "", false, 0},
		{"zone 24", box(24400000, 3.2e6, 24410000, 3.3e6), "", false, 0},
		{"local", box(1000, 2000, 1500, 2500), "", false, 0},
		{"Europe", box(9, 48, 10, 49), "", false, 0},
		{"half in China", box(118, 29, 119, 60), "", false, 0},
		{"latitude 0", box(118, 0, 119, 0), "", false, 0},
		{"NaN", box(math.NaN(), 29, 119, 30), "", false, 0},
		{"empty", box(1, 1, -1, -1), "", false, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var known []string
			bare := 0
			for _, g := range crs.Sniff(tt.b) {
				if g.Known {
					known = append(known, g.CRS.ID())
				} else {
					bare++
				}
				if g.Swapped != tt.swapped || g.Evidence.ZH == "" || g.Evidence.EN == "" || strings.Contains(g.Evidence.EN, "%!") {
					t.Errorf("guess %s: swapped %t, %q, %q", g.CRS.ID(), g.Swapped, g.Evidence.ZH, g.Evidence.EN)
				}
				if b := tt.b; !g.Swapped && g.CRS.Contradiction(b) != nil || g.Swapped && g.CRS.Contradiction(swapped(b)) != nil {
					t.Errorf("guess %s contradicts the numbers", g.CRS.ID())
				}
			}
			if got := strings.Join(known, " "); got != tt.ids || bare != tt.bare {
				t.Errorf("got %q and %d meridians, want %q and %d", got, bare, tt.ids, tt.bare)
			}
		})
	}
}

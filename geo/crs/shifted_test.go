package crs_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo/crs"
)

// GCJ-02 and BD-09 are systems of degrees by either spelling.
func TestShiftedSystems(t *testing.T) {
	for s, want := range map[string]string{
		"GCJ02": "GCJ-02", "gcj-02": "GCJ-02", "GCJ_02": "GCJ-02", " gcj02 ": "GCJ-02", "[GCJ-02]": "GCJ-02",
		"BD09": "BD-09", "bd-09": "BD-09",
	} {
		c, err := crs.Parse(s)
		if err != nil || c.ID() != want || c.Name() != want {
			t.Errorf("%q: got %q, %v", s, c.ID(), err)
		}
		if !c.Geographic() || c.LatFirst() || c.Approximate() || c.WKT() != "" || c.URI() != "" || c == crs.CGCS2000() {
			t.Errorf("%q: says the wrong thing of itself", s)
		}
		if again, err := crs.Parse(c.ID()); err != nil || again != c {
			t.Errorf("%q: its ID is read as %q, %v", s, again.ID(), err)
		}
	}
	for _, s := range []string{"wgs84", "bd09mc", "gcj", "gcj02~100m", "EPSG:GCJ02"} {
		if c, err := crs.Parse(s); code(t, err) != "unknown_crs" {
			t.Errorf("%q: got %q, %v", s, c.ID(), err)
		}
	}
}

// They do to files what the datum does to positions.
func TestShiftedIsTheDatum(t *testing.T) {
	r := seeded(t)
	for name, d := range map[string]crs.Datum{"GCJ-02": crs.GCJ02, "BD-09": crs.BD09} {
		c, err := crs.Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		pts := make([]orb.Point, 5000)
		for i := range pts {
			pts[i] = orb.Point{between(r, 60, 150), between(r, -5, 60)}
		}
		all := append([]orb.Point(nil), pts...)
		c.ToGeographicAll(all)
		for i, p := range pts {
			lon, lat := c.ToGeographic(p[0], p[1])
			x, y := c.FromGeographic(p[0], p[1])
			if got := (orb.Point{lon, lat}); got != d.ToCGCS2000(p) || got != all[i] || (orb.Point{x, y}) != d.FromCGCS2000(p) {
				t.Fatalf("%s at %v: got %v, %v %v", name, p, got, x, y)
			}
			backX, backY := c.FromGeographic(lon, lat)
			if crs.InChina(p[0], p[1]) && apart(orb.Point{backX, backY}, p) > 1e-5 {
				t.Fatalf("%s: %v came back as %v %v", name, p, backX, backY)
			}
		}
		if lon, lat := c.ToGeographic(118, 91); !math.IsNaN(lon) || !math.IsNaN(lat) {
			t.Errorf("%s: beyond the pole: %v %v", name, lon, lat)
		}
		if err := c.Contradiction(box(118, 28, 119, 29)); err != nil {
			t.Error(err)
		}
		if err := c.Contradiction(box(4e5, 3.2e6, 4.1e5, 3.21e6)); code(t, err) != "crs_contradicted" {
			t.Errorf("%s with metres: %v", name, err)
		}
		if fmt.Sprintf("%+v", c) != name {
			t.Errorf("printed as %+v", c)
		}
	}
}

package geo_test

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/geotest"
)

// tool finds an outside judge. Without it the test is skipped, or fails where
// TOWNGRID_REQUIRE_TOOLS=1 asks for all judges.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
	case os.Getenv("TOWNGRID_REQUIRE_TOOLS") == "1":
		t.Fatalf("%s is missing and TOWNGRID_REQUIRE_TOOLS=1: install geographiclib-tools", name)
	default:
		t.Skipf("%s is missing: install geographiclib-tools to compare with GeographicLib", name)
	}
	return path
}

// judge feeds lines to a tool of GeographicLib on the CGCS2000 ellipsoid.
func judge(t *testing.T, name, input string, flags ...string) []string {
	t.Helper()
	flags = append(flags, "-e", "6378137", "1/298.257222101")
	cmd := exec.Command(tool(t, name), flags...)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

func TestAreaAgreesWithPlanimeter(t *testing.T) {
	cells := geotest.Tessellation(5, 60, orb.Bound{Min: orb.Point{118.5, 28.7}, Max: orb.Point{119.25, 29.3}})
	rings := 0
	for i, mp := range cells {
		want := 0.0
		for _, poly := range mp {
			for j, ring := range poly {
				area := planimeter(t, ring)
				if rings++; j > 0 {
					area = -area
				}
				want += area
			}
		}
		if got := geo.AreaM2(mp); math.Abs(got-want) > 1e-3 {
			t.Errorf("cell %d: %.6f m², Planimeter says %.6f", i, got, want)
		}
	}
	if rings <= len(cells) {
		t.Errorf("%d rings in %d cells: holes and parts are missing", rings, len(cells))
	}
}

func planimeter(t *testing.T, ring orb.Ring) float64 {
	t.Helper()
	var in strings.Builder
	for _, v := range ring[1:] {
		fmt.Fprintf(&in, "%.17g %.17g\n", v[1], v[0])
	}
	fields := strings.Fields(judge(t, "Planimeter", in.String(), "-p", "10")[0])
	area, err := strconv.ParseFloat(fields[2], 64)
	if err != nil {
		t.Fatal(err)
	}
	return math.Abs(area)
}

func TestAreaOfGeometries(t *testing.T) {
	shell := orb.Ring{{118, 29}, {119, 29}, {119, 30}, {118, 30}, {118, 29}}
	hole := orb.Ring{{118.2, 29.2}, {118.4, 29.2}, {118.4, 29.4}, {118.2, 29.4}, {118.2, 29.2}}
	whole, inner := geo.AreaM2(shell), geo.AreaM2(hole)
	back := shell.Clone()
	back.Reverse()
	for _, c := range []struct {
		name string
		g    orb.Geometry
		want float64
	}{
		{"reversed ring", back, whole},
		{"open ring", shell[:4], whole},
		{"hole", orb.Polygon{shell, hole}, whole - inner},
		{"parts", orb.MultiPolygon{{shell, hole}, {hole}}, whole},
		{"bound", shell.Bound(), whole},
		{"collection", orb.Collection{shell, orb.Point{1, 2}, hole}, whole + inner},
		{"point", orb.Point{1, 2}, 0},
		{"line", orb.LineString(shell), 0},
		{"two points", orb.Ring{{1, 2}, {3, 4}, {1, 2}}, 0},
		{"no ring", orb.Polygon{}, 0},
		{"nothing", nil, 0},
	} {
		if got := geo.AreaM2(c.g); math.Abs(got-c.want) > 1e-3 {
			t.Errorf("%s: %.4f m², want %.4f", c.name, got, c.want)
		}
	}
	if whole < 1.074e10 || whole > 1.076e10 {
		t.Errorf("a degree square at 29° N has %g m²", whole)
	}
}

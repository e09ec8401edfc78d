package crs_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo/crs"
)

// parameters are seven of no datum: of the size that real ones have, drawn anew.
func parameters(r *rand.Rand, convention string) object {
	return object{
		"convention": convention,
		"dx":         between(r, -300, 300), "dy": between(r, -300, 300), "dz": between(r, -300, 300),
		"rx": between(r, -8, 8), "ry": between(r, -8, 8), "rz": between(r, -8, 8), "scale": between(r, -15, 15),
	}
}

// towgs84 are parameters as PROJ takes them, rotations of the position vector.
func towgs84(p object) string {
	return fmt.Sprintf("%v,%v,%v,%v,%v,%v,%v", p["dx"], p["dy"], p["dz"], p["rx"], p["ry"], p["rz"], p["scale"])
}

const cgcs2000PROJ = "+proj=longlat +a=6378137 +rf=298.257222101 +towgs84=0,0,0,0,0,0,0 +no_defs"

// PROJ is the judge of seven parameters, on every datum and from degrees and grids: in
// both directions better than 0.1 mm. The way back is judged by the way there, since
// PROJ's own way back takes the height on CGCS2000 for 0 and misses where it began.
func TestHelmertAgreesWithPROJ(t *testing.T) {
	r := seeded(t)
	tests := []struct {
		name   string
		system object
		proj   string
	}{
		{"Xian 1980, zone 40", object{"replaces": "xian1980", "projection": object{"epsg": 2364}}, "+proj=tmerc +lat_0=0 +lon_0=120 +k=1 +x_0=40500000 +y_0=0 +ellps=IAU76"},
		{"Xian 1980, degrees", object{"replaces": "xian1980", "projection": object{"epsg": 4610}}, "+proj=longlat +ellps=IAU76"},
		{"Beijing 1954, 6 degrees", object{"replaces": "beijing1954", "projection": object{"epsg": 21460}}, "+proj=tmerc +lat_0=0 +lon_0=117 +k=1 +x_0=500000 +y_0=0 +ellps=krass"},
		{"Beijing 1954, own grid", object{"replaces": "beijing1954", "projection": object{"central_meridian": 118.5, "false_easting": 50000, "false_northing": -3000000}}, "+proj=tmerc +lat_0=0 +lon_0=118.5 +k=1 +x_0=50000 +y_0=-3000000 +ellps=krass"},
		{"local", object{"projection": object{"central_meridian": 118.9, "latitude_of_origin": 29, "scale_factor": 1.0001, "false_easting": 1000, "false_northing": 2000}, "ellipsoid": object{"a": 6378400.5, "inverse_flattening": 298.3}},
			"+proj=tmerc +lat_0=29 +lon_0=118.9 +k=1.0001 +x_0=1000 +y_0=2000 +a=6378400.5 +rf=298.3"},
		{"local, by code", object{"projection": object{"epsg": 4549}}, "+proj=tmerc +lat_0=0 +lon_0=120 +k=1 +x_0=500000 +y_0=0 +a=6378137 +rf=298.257222101"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := parameters(r, "position_vector")
			c := named(t, operator(t, with(zone40(), with(object{"replaces": nil, "helmert": p}, tt.system))), "xian80:zone40")
			from := tt.proj + " +towgs84=" + towgs84(p) + " +no_defs"
			plane := strings.Replace(from, "+towgs84="+towgs84(p), "", 1)
			pts := make([]orb.Point, 2000)
			for i := range pts {
				pts[i] = orb.Point{between(r, 116, 122), between(r, 20, 45)}
			}
			if !c.Geographic() {
				pts = cs2cs(t, strings.Replace(plane, plane[:strings.Index(plane, " +no_defs")], "+proj=longlat "+ellipsoidOf(plane), 1), plane, false, pts)
			}
			want := cs2cs(t, from, cgcs2000PROJ, true, pts)
			var forward, inverse, moved float64
			for i, q := range want {
				lon, lat := c.ToGeographic(pts[i][0], pts[i][1])
				forward = math.Max(forward, apart(orb.Point{lon, lat}, q))
				x, y := c.FromGeographic(q[0], q[1])
				if d := math.Hypot(x-pts[i][0], y-pts[i][1]); c.Geographic() {
					inverse = math.Max(inverse, d*metresPerDegree)
					moved = math.Max(moved, apart(pts[i], q))
				} else {
					inverse = math.Max(inverse, d)
				}
			}
			t.Logf("largest difference: forward %.2g m, inverse %.2g m", forward, inverse)
			if !(forward < 1e-4) || !(inverse < 1e-4) {
				t.Errorf("differs from PROJ by %g m forward, %g m inverse, want below 0.1 mm", forward, inverse)
			}
			if c.Geographic() && moved < 10 {
				t.Errorf("the parameters move nothing: %g m", moved)
			}
		})
	}
}

// ellipsoidOf is the part of a PROJ text that says the ellipsoid.
func ellipsoidOf(proj string) string {
	var parts []string
	for _, p := range strings.Fields(proj) {
		if strings.HasPrefix(p, "+ellps") || strings.HasPrefix(p, "+a=") || strings.HasPrefix(p, "+rf=") {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, " ")
}

// The two conventions are those of PROJ, and differ by the signs of the rotations.
func TestHelmertConventions(t *testing.T) {
	path, r := tool(t, "cct", "proj-bin"), seeded(t)
	for _, convention := range []string{"position_vector", "coordinate_frame"} {
		p := parameters(r, convention)
		c := named(t, operator(t, with(zone40(), object{"projection": object{"epsg": 4610}, "helmert": p})), "xian80:zone40")
		pipeline := strings.Fields(fmt.Sprintf("-d 14 +proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=cart +ellps=IAU76 "+
			"+step +proj=helmert +convention=%s +x=%v +y=%v +z=%v +rx=%v +ry=%v +rz=%v +s=%v "+
			"+step +inv +proj=cart +a=6378137 +rf=298.257222101 +step +proj=unitconvert +xy_in=rad +xy_out=deg",
			convention, p["dx"], p["dy"], p["dz"], p["rx"], p["ry"], p["rz"], p["scale"]))
		pts, in := make([]orb.Point, 500), bytes.Buffer{}
		for i := range pts {
			pts[i] = orb.Point{between(r, 73, 136), between(r, 3, 54)}
			fmt.Fprintf(&in, "%.17g %.17g 0 0\n", pts[i][0], pts[i][1])
		}
		cmd := exec.Command(path, pipeline...)
		cmd.Stdin = &in
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("cct: %v\n%s", err, out)
		}
		var worst float64
		for i, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
			var q orb.Point
			if _, err := fmt.Sscan(line, &q[0], &q[1]); err != nil {
				t.Fatalf("cct line %q: %v", line, err)
			}
			lon, lat := c.ToGeographic(pts[i][0], pts[i][1])
			worst = math.Max(worst, apart(orb.Point{lon, lat}, q))
		}
		t.Logf("%s: %.2g m", convention, worst)
		if !(worst < 1e-4) {
			t.Errorf("%s: %g m from PROJ, want below 0.1 mm", convention, worst)
		}
	}
}

// GeographicLib is a second judge, of the way over Cartesian coordinates, in which the
// test does the seven parameters itself.
func TestHelmertAgreesWithGeographicLib(t *testing.T) {
	path, r := tool(t, "CartConvert", "geographiclib-tools"), seeded(t)
	convert := func(rows [][3]float64, args ...string) (got [][3]float64) {
		t.Helper()
		var in bytes.Buffer
		for _, v := range rows {
			fmt.Fprintf(&in, "%.17g %.17g %.17g\n", v[0], v[1], v[2])
		}
		cmd := exec.Command(path, append(args, "-p", "10")...)
		cmd.Stdin = &in
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
			var v [3]float64
			if _, err := fmt.Sscan(line, &v[0], &v[1], &v[2]); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			got = append(got, v)
		}
		return got
	}
	p := parameters(r, "coordinate_frame")
	c := named(t, operator(t, with(zone40(), object{"replaces": "beijing1954", "projection": object{"epsg": 4214}, "helmert": p})), "xian80:zone40")
	rows := make([][3]float64, 500)
	for i := range rows {
		rows[i] = [3]float64{between(r, 3, 54), between(r, 73, 136), 0} // latitude first
	}
	spatial := convert(rows, "-e", "6378245", "1/298.3")
	var shift, turn [3]float64
	for i, axis := range []string{"x", "y", "z"} {
		shift[i], turn[i] = p["d"+axis].(float64), p["r"+axis].(float64)/3600*math.Pi/180
	}
	for i, v := range spatial {
		x := [3]float64{v[0] + turn[2]*v[1] - turn[1]*v[2], -turn[2]*v[0] + v[1] + turn[0]*v[2], turn[1]*v[0] - turn[0]*v[1] + v[2]}
		for k := range x {
			spatial[i][k] = shift[k] + (1+1e-6*p["scale"].(float64))*x[k]
		}
	}
	var worst float64
	for i, v := range convert(spatial, "-r", "-e", "6378137", "1/298.257222101") {
		lon, lat := c.ToGeographic(rows[i][1], rows[i][0])
		worst = math.Max(worst, apart(orb.Point{lon, lat}, orb.Point{v[1], v[0]}))
	}
	t.Logf("largest difference %.2g m", worst)
	if !(worst < 1e-7) {
		t.Errorf("%g m from GeographicLib", worst)
	}
}

// Everywhere in China the way there and back ends where it began, for parameters as
// large as a file may bring.
func TestHelmertThereAndBack(t *testing.T) {
	r := seeded(t)
	for i := range 20 {
		p := parameters(r, "position_vector")
		if i == 0 {
			p = object{"convention": "coordinate_frame", "dx": 10000, "dy": -10000, "dz": 10000, "rx": 60, "ry": -60, "rz": 60, "scale": 1000}
		}
		c := named(t, operator(t, with(zone40(), object{"helmert": p})), "EPSG:2364")
		for range 2000 {
			q := orb.Point{between(r, 73, 136), between(r, 3, 54)}
			x, y := c.FromGeographic(q[0], q[1])
			lon, lat := c.ToGeographic(x, y)
			if d := apart(orb.Point{lon, lat}, q); !(d < 1e-6) {
				t.Fatalf("%v came back as %v %v, %g m off", q, lon, lat, d)
			}
		}
	}
}

func TestOwnedHasNoPosition(t *testing.T) {
	o, nan := operator(t, zone40(), city()), math.NaN()
	for _, id := range []string{"xian80:zone40", "local:example-1990"} {
		c := named(t, o, id)
		for _, p := range []orb.Point{{nan, 29}, {4e5, nan}, {math.Inf(1), 3e6}, {4e5, 4e7}, {1e308, 1e308}} {
			if lon, lat := c.ToGeographic(p[0], p[1]); !math.IsNaN(lon) || !math.IsNaN(lat) {
				t.Errorf("%s at %v: %v %v, want NaN", id, p, lon, lat)
			}
		}
		for _, p := range []orb.Point{{nan, 29}, {118, nan}, {118, 91}, {-60, 20}, {500, 29}} {
			if x, y := c.FromGeographic(p[0], p[1]); !math.IsNaN(x) || !math.IsNaN(y) {
				t.Errorf("%s from %v: %v %v, want NaN", id, p, x, y)
			}
		}
	}
}

// Coordinates of an operator's system are checked like others, zone numbers too.
func TestOwnedContradiction(t *testing.T) {
	o := operator(t, zone40(), city())
	zone, local := named(t, o, "EPSG:2364"), named(t, o, "local:example-1990")
	for _, c := range []crs.CRS{zone, local} {
		if err := c.Contradiction(around(c, 118.9, 29)); err != nil {
			t.Errorf("%s: %v", c.ID(), err)
		}
	}
	for name, tt := range map[string]struct {
		c  crs.CRS
		b  orb.Bound
		en string
	}{
		"another zone": {zone, box(39.4e6, 3.2e6, 39.41e6, 3.21e6), "do not begin with 40"},
		"degrees":      {zone, box(118, 29, 119, 30), "degrees in a projected system"},
		"Australia":    {local, box(118, -6e6, 119, -5e6), "they would lie outside China"},
	} {
		if err := tt.c.Contradiction(tt.b); code(t, err) != "crs_contradicted" || !strings.Contains(err.Error(), tt.en) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestOwnedNeedsNoAllocation(t *testing.T) {
	o := operator(t, zone40(), city())
	for _, id := range []string{"xian80:zone40", "local:example-1990"} {
		c, p := named(t, o, id), orb.Point{118.9, 29}
		if n := testing.AllocsPerRun(100, func() {
			p[0], p[1] = c.FromGeographic(p[0], p[1])
			p[0], p[1] = c.ToGeographic(p[0], p[1])
		}); n != 0 {
			t.Errorf("%s: %v allocations a point, want none", id, n)
		}
	}
}

func BenchmarkHelmert(b *testing.B) {
	c := named(b, operator(b, zone40()), "EPSG:2364")
	for i := range b.N {
		sink[0], sink[1] = c.ToGeographic(40400000+float64(i&0xffff), 3200000)
	}
}

func BenchmarkSimilarity(b *testing.B) {
	c := named(b, operator(b, city()), "local:example-1990")
	for i := range b.N {
		sink[0], sink[1] = c.ToGeographic(1000+float64(i&0xffff), 2000)
	}
}

package crs_test

import (
	"bytes"
	"fmt"
	"math"
	"os/exec"
	"strings"
	"testing"

	"github.com/go-spatial/proj"
	"github.com/paulmach/orb"

	"towngrid/geo/crs"
)

// metresPerDegree turns a difference in degrees to metres, roughly.
const metresPerDegree = 111320.

// apart is the distance in metres between two positions in degrees, for small ones.
func apart(a, b orb.Point) float64 {
	return math.Hypot((a[0]-b[0])*math.Cos(a[1]*math.Pi/180), a[1]-b[1]) * metresPerDegree
}

func epsg(t testing.TB, code int) crs.CRS {
	t.Helper()
	c, err := crs.FromEPSG(code)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// PROJ is the judge of the projection: within 3° of the central meridian better than
// 0.1 mm, within 8° better than 1 mm, in both directions. What is measured is far
// below either.
func TestAgreesWithPROJ(t *testing.T) {
	tests := []struct {
		code, from int
		cm         float64
		reach      float64
		limit      float64 // metres
		eastFirst  bool    // the projected system lists the eastern axis first
	}{
		{code: 4549, from: 4490, cm: 120, reach: 3, limit: 1e-4},
		{code: 4528, from: 4490, cm: 120, reach: 3, limit: 1e-4},
		{code: 4513, from: 4490, cm: 75, reach: 3, limit: 1e-4},
		{code: 4554, from: 4490, cm: 135, reach: 3, limit: 1e-4},
		{code: 4498, from: 4490, cm: 117, reach: 3, limit: 1e-4},
		{code: 4512, from: 4490, cm: 135, reach: 3, limit: 1e-4},
		{code: 4549, from: 4490, cm: 120, reach: 8, limit: 1e-3},
		{code: 32650, from: 4326, cm: 117, reach: 3, limit: 1e-4, eastFirst: true},
		{code: 32750, from: 4326, cm: 117, reach: 3, limit: 1e-4, eastFirst: true},
		{code: 4549, from: 4490, cm: 120, reach: 59.9, limit: 1e-6},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%d within %g°", tt.code, tt.reach), func(t *testing.T) {
			c, r := epsg(t, tt.code), seeded(t)
			pts := make([]orb.Point, 5000) // lat, lon as EPSG:4490 and 4326 speak
			for i := range pts {
				pts[i] = orb.Point{between(r, 0, 60), tt.cm + between(r, -tt.reach, tt.reach)}
			}
			from, to := fmt.Sprintf("EPSG:%d", tt.from), fmt.Sprintf("EPSG:%d", tt.code)
			planar := cs2cs(t, from, to, false, pts)
			back := cs2cs(t, to, from, true, planar)
			var forward, inverse float64
			for i, p := range pts {
				want := planar[i]
				if !tt.eastFirst {
					want[0], want[1] = want[1], want[0]
				}
				x, y := c.FromGeographic(p[1], p[0])
				forward = math.Max(forward, math.Hypot(x-want[0], y-want[1]))
				lon, lat := c.ToGeographic(want[0], want[1])
				inverse = math.Max(inverse, apart(orb.Point{lon, lat}, orb.Point{back[i][1], back[i][0]}))
			}
			t.Logf("largest difference: forward %.2g m, inverse %.2g m", forward, inverse)
			if !(forward < tt.limit) || !(inverse < tt.limit) {
				t.Errorf("differs from PROJ by %g m forward, %g m inverse, want below %g", forward, inverse, tt.limit)
			}
		})
	}
}

// Every zone that is supported, 3° and 6° with prefix and without and UTM over China,
// agrees with PROJ to better than 0.1 mm in both directions, as far out as files reach.
func TestEveryZoneAgreesWithPROJ(t *testing.T) {
	type zone struct {
		code, from int
		cm         float64
		eastFirst  bool
	}
	var zones []zone
	for z := range 21 { // 25 to 45
		cm := float64(3 * (25 + z))
		zones = append(zones, zone{4513 + z, 4490, cm, false}, zone{4534 + z, 4490, cm, false})
	}
	for z := range 11 { // 13 to 23, and UTM 43 to 53
		cm := float64(6*(13+z) - 3)
		zones = append(zones, zone{4491 + z, 4490, cm, false}, zone{4502 + z, 4490, cm, false}, zone{32643 + z, 4326, cm, true})
	}
	r, worst := seeded(t), 0.0
	for _, z := range zones {
		c := epsg(t, z.code)
		pts := make([]orb.Point, 300) // lat, lon
		for i := range pts {
			pts[i] = orb.Point{between(r, 3, 54), z.cm + between(r, -4, 4)}
		}
		from, to := fmt.Sprintf("EPSG:%d", z.from), fmt.Sprintf("EPSG:%d", z.code)
		planar := cs2cs(t, from, to, false, pts)
		back := cs2cs(t, to, from, true, planar)
		for i, p := range pts {
			want := planar[i]
			if !z.eastFirst {
				want[0], want[1] = want[1], want[0]
			}
			x, y := c.FromGeographic(p[1], p[0])
			lon, lat := c.ToGeographic(want[0], want[1])
			off := max(math.Hypot(x-want[0], y-want[1]), apart(orb.Point{lon, lat}, orb.Point{back[i][1], back[i][0]}))
			if worst = max(worst, off); !(off < 1e-4) {
				t.Fatalf("EPSG:%d at %v: off by %g m", z.code, p, off)
			}
		}
	}
	t.Logf("%d zones, off by %.2g m at most", len(zones), worst)
}

// GeographicLib computes the projection by elliptic functions, without any series: it
// judges how far the series carry.
func TestAgreesWithGeographicLib(t *testing.T) {
	path := tool(t, "TransverseMercatorProj", "geographiclib-tools")
	c, r := epsg(t, 4549), seeded(t)
	for _, tt := range []struct{ reach, limit float64 }{{3, 2e-8}, {8, 2e-8}, {35, 5e-8}, {60, 2e-5}, {65, 3e-4}} {
		pts, in := make([]orb.Point, 2000), bytes.Buffer{}
		for i := range pts {
			pts[i] = orb.Point{math.Remainder(120+between(r, -tt.reach, tt.reach), 360), between(r, 0, 60)}
			fmt.Fprintf(&in, "%.17g %.17g\n", pts[i][1], pts[i][0])
		}
		cmd := exec.Command(path, "-l", "120", "-k", "1", "-p", "9", "-e", "6378137", "1/298.257222101")
		cmd.Stdin = &in
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		var forward, inverse float64
		for i, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
			var x, y float64
			if _, err := fmt.Sscan(line, &x, &y); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			gotX, gotY := c.FromGeographic(pts[i][0], pts[i][1])
			forward = math.Max(forward, math.Hypot(gotX-500000-x, gotY-y))
			lon, lat := c.ToGeographic(500000+x, y)
			inverse = math.Max(inverse, apart(orb.Point{lon, lat}, pts[i]))
		}
		t.Logf("within %g°: forward %.2g m, inverse %.2g m", tt.reach, forward, inverse)
		if !(forward < tt.limit) || !(inverse < tt.limit) {
			t.Errorf("within %g°: %g m forward, %g m inverse, want below %g", tt.reach, forward, inverse, tt.limit)
		}
	}
}

func TestWebMercatorAgreesWithPROJ(t *testing.T) {
	c, r := epsg(t, 3857), seeded(t)
	pts := make([]orb.Point, 2000)
	for i := range pts {
		pts[i] = orb.Point{between(r, -85, 85), between(r, -180, 180)}
	}
	for i, want := range cs2cs(t, "EPSG:4326", "EPSG:3857", false, pts) {
		if x, y := c.FromGeographic(pts[i][1], pts[i][0]); math.Hypot(x-want[0], y-want[1]) > 1e-7 {
			t.Fatalf("%v: got %v %v, PROJ says %v", pts[i], x, y, want)
		}
		if lon, lat := c.ToGeographic(want[0], want[1]); apart(orb.Point{lon, lat}, orb.Point{pts[i][1], pts[i][0]}) > 1e-6 {
			t.Fatalf("%v: back at %v %v", pts[i], lon, lat)
		}
	}
}

// A second opinion in Go, present wherever the tests are.
func TestAgreesWithGoSpatialProj(t *testing.T) {
	const code = proj.EPSGCode(990001)
	proj.CustomProjection(code, "+proj=etmerc +lat_0=0 +lon_0=120 +k=1 +x_0=500000 +y_0=0 +ellps=GRS80")
	c, r := epsg(t, 4549), seeded(t)
	for range 2000 {
		lon, lat := between(r, 112, 128), between(r, 0, 60)
		want, err := proj.Convert(code, []float64{lon, lat})
		if err != nil {
			t.Fatal(err)
		}
		x, y := c.FromGeographic(lon, lat)
		if d := math.Hypot(x-want[0], y-want[1]); !(d < 1e-6) {
			t.Fatalf("%.9f %.9f: got %.7f %.7f, want %.7f %.7f", lon, lat, x, y, want[0], want[1])
		}
	}
}

// The length of a meridian arc follows from its definition by quadrature, which knows
// nothing of series: that judges northings on the central meridian on any ellipsoid.
func TestNorthingIsMeridianArc(t *testing.T) {
	const a = 6378137.
	for inverseF, c := range map[float64]crs.CRS{298.257222101: epsg(t, 4549), 298.257223563: epsg(t, 32651)} {
		f := 1 / inverseF
		e2 := f * (2 - f)
		curvature := func(phi float64) float64 {
			return a * (1 - e2) / math.Pow(1-e2*math.Pow(math.Sin(phi), 2), 1.5)
		}
		scale, cm := 1., 120.
		if c.ID() == "EPSG:32651" {
			scale, cm = 0.9996, 123
		}
		for lat := 1.; lat <= 90; lat++ {
			want := scale * simpson(curvature, lat*math.Pi/180)
			x, y := c.FromGeographic(cm, lat)
			if math.Abs(y-want) > 1e-7 || math.Abs(x-500000) > 1e-8 {
				t.Fatalf("%s at %g°: got %.9f %.9f, want 500000 %.9f", c.ID(), lat, x, y, want)
			}
		}
	}
}

// simpson integrates f from 0 to end.
func simpson(f func(float64) float64, end float64) float64 {
	const n = 2000
	h, sum := end/n, f(0)+f(end)
	for i := 1; i < n; i++ {
		sum += f(float64(i)*h) * float64(2+2*(i%2))
	}
	return sum * h / 3
}

// The projection keeps angles: a small step north and a small step east of the same
// length on the ellipsoid become equally long and perpendicular steps on the plane.
func TestProjectionIsConformal(t *testing.T) {
	c, r := epsg(t, 4549), seeded(t)
	f := 1 / 298.257222101
	e2 := f * (2 - f)
	for range 500 {
		lon, lat := between(r, 112, 128), between(r, 1, 60)
		phi := lat * math.Pi / 180
		w2 := 1 - e2*math.Sin(phi)*math.Sin(phi)
		const h = 1e-4 // degrees, either way
		ratio := (1 - e2) / w2 / math.Cos(phi)
		ex, ey := step(c, lon-h*ratio, lat, lon+h*ratio, lat)
		nx, ny := step(c, lon, lat-h, lon, lat+h)
		if d := math.Hypot(ex-ny, ey+nx); d > 1e-5 {
			t.Fatalf("%.6f %.6f: east (%.6f, %.6f), north (%.6f, %.6f)", lon, lat, ex, ey, nx, ny)
		}
	}
}

func step(c crs.CRS, lon0, lat0, lon1, lat1 float64) (dx, dy float64) {
	x0, y0 := c.FromGeographic(lon0, lat0)
	x1, y1 := c.FromGeographic(lon1, lat1)
	return x1 - x0, y1 - y0
}

func TestThereAndBack(t *testing.T) {
	r := seeded(t)
	systems := []crs.CRS{
		epsg(t, 4490), epsg(t, 4326), epsg(t, 3857), epsg(t, 4549), epsg(t, 4528), epsg(t, 4498), epsg(t, 32650), epsg(t, 32750),
		read(t, gkWKT("GUANGZHOU2000", "Gauss_Kruger", 113.28, 0, "Meter", 1)),
		read(t, gkWKT("km", "Gauss_Kruger", 120, 500, "Kilometer", 1000)),
	}
	for _, c := range systems {
		pts := make([]orb.Point, 3000)
		for i := range pts {
			pts[i] = orb.Point{between(r, 73, 136), between(r, 3, 54)}
		}
		got := append([]orb.Point(nil), pts...)
		c.FromGeographicAll(got)
		for i, p := range pts {
			if x, y := c.FromGeographic(p[0], p[1]); got[i] != (orb.Point{x, y}) {
				t.Fatalf("%s: one at a time %v %v, all together %v", c.ID(), x, y, got[i])
			}
		}
		planar := append([]orb.Point(nil), got...)
		c.ToGeographicAll(got)
		for i, p := range pts {
			if lon, lat := c.ToGeographic(planar[i][0], planar[i][1]); got[i] != (orb.Point{lon, lat}) {
				t.Fatalf("%s: one at a time %v %v, all together %v", c.ID(), lon, lat, got[i])
			}
			limit := 1e-7
			if math.Abs(p[0]-117) > 40 {
				limit = 3e-4
			}
			if d := apart(p, got[i]); !(d < limit) {
				t.Fatalf("%s: %v came back as %v, %g m off", c.ID(), p, got[i], d)
			}
		}
	}
}

func TestWhatHasNoPosition(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	systems := []crs.CRS{epsg(t, 4490), epsg(t, 4549), epsg(t, 4528), epsg(t, 3857), epsg(t, 32650), {}}
	for _, c := range systems {
		for _, p := range []orb.Point{{nan, 29}, {120, nan}, {nan, nan}, {inf, 29}, {120, -inf}, {1e308, 1e308}, {-1e308, 5}} {
			lon, lat := c.ToGeographic(p[0], p[1])
			x, y := c.FromGeographic(p[0], p[1])
			for _, v := range []float64{lon, lat, x, y} {
				if !math.IsNaN(v) && !(c.ID() == "EPSG:3857" && p == orb.Point{120, -inf}) {
					t.Errorf("%q at %v: %v %v and %v %v, want NaN", c.ID(), p, lon, lat, x, y)
					break
				}
			}
		}
	}
	gk := epsg(t, 4549)
	for _, p := range []orb.Point{{500000, 1.1e7}, {500000, 4e7}, {2e7, 3e6}, {40500000, 3e6}} {
		if lon, lat := gk.ToGeographic(p[0], p[1]); !math.IsNaN(lon) || !math.IsNaN(lat) {
			t.Errorf("4549 at %v: %v %v, want NaN", p, lon, lat)
		}
	}
	for _, p := range []orb.Point{{120, 90.0001}, {-60, 0}, {49, 30}, {191, 30}} {
		if x, y := gk.FromGeographic(p[0], p[1]); !math.IsNaN(x) || !math.IsNaN(y) {
			t.Errorf("4549 from %v: %v %v, want NaN", p, x, y)
		}
	}
	if x, y := epsg(t, 4490).ToGeographic(400000, 3e6); !math.IsNaN(x) || !math.IsNaN(y) {
		t.Errorf("4490 at metres: %v %v, want NaN", x, y)
	}
}

// Degrees pass through unchanged to the last bit.
func TestDegreesAreKept(t *testing.T) {
	for _, code := range []int{4490, 4326} {
		if x, y := epsg(t, code).ToGeographic(118.87654321098765, 28.98765432109876); x != 118.87654321098765 || y != 28.98765432109876 {
			t.Errorf("%d: got %v %v", code, x, y)
		}
	}
}

// A position beyond the date line gets a longitude on the map.
func TestLongitudeWrap(t *testing.T) {
	c := epsg(t, 32760) // central meridian 177
	x, y := c.FromGeographic(-178, -20)
	lon, lat := c.ToGeographic(x, y)
	if math.Abs(lon+178) > 1e-9 || math.Abs(lat+20) > 1e-9 {
		t.Errorf("got %v %v, want -178 -20", lon, lat)
	}
}

func TestNoAllocation(t *testing.T) {
	c, p := epsg(t, 4528), orb.Point{40412345, 3212345}
	if n := testing.AllocsPerRun(100, func() {
		p[0], p[1] = c.ToGeographic(p[0], p[1])
		p = crs.GCJ02.ToCGCS2000(crs.BD09.FromCGCS2000(p))
		p[0], p[1] = c.FromGeographic(p[0], p[1])
	}); n != 0 {
		t.Errorf("%v allocations a point, want none", n)
	}
}

// sink keeps results from being optimised away.
var sink orb.Point

func BenchmarkGaussKruegerInverse(b *testing.B) {
	c := epsg(b, 4549)
	for i := range b.N {
		sink[0], sink[1] = c.ToGeographic(400000+float64(i&0xffff), 3200000)
	}
}

func BenchmarkGaussKruegerInverseAll(b *testing.B) {
	c, pts, work := epsg(b, 4549), make([]orb.Point, 4096), make([]orb.Point, 4096)
	for i := range pts {
		pts[i] = orb.Point{400000 + float64(i), 3200000 + float64(i)}
	}
	for b.Loop() {
		copy(work, pts)
		c.ToGeographicAll(work)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(pts)), "ns/pt")
}

func BenchmarkGaussKruegerForward(b *testing.B) {
	c := epsg(b, 4549)
	for i := range b.N {
		sink[0], sink[1] = c.FromGeographic(118+float64(i&0xffff)*1e-5, 29)
	}
}

func BenchmarkWebMercatorInverse(b *testing.B) {
	c := epsg(b, 3857)
	for i := range b.N {
		sink[0], sink[1] = c.ToGeographic(13200000+float64(i&0xffff), 3370000)
	}
}

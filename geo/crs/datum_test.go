package crs_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo/crs"
)

func TestParseDatum(t *testing.T) {
	for s, want := range map[string]crs.Datum{
		"": crs.WGS84, "wgs84": crs.WGS84, "WGS-84": crs.WGS84, "CGCS2000": crs.WGS84,
		"gcj02": crs.GCJ02, "GCJ-02": crs.GCJ02, "gcj_02": crs.GCJ02, "bd09": crs.BD09, "BD-09": crs.BD09,
	} {
		if d, err := crs.ParseDatum(s); err != nil || d != want {
			t.Errorf("%q: got %q, %v", s, d, err)
		}
	}
	for _, s := range []string{"mars", "bd09mc", "火星", "wgs84 "} {
		if d, err := crs.ParseDatum(s); code(t, err) != "unknown_datum" || d != "" {
			t.Errorf("%q: got %q, %v", s, d, err)
		}
	}
}

// Published results of the algorithm.
func TestShiftVectors(t *testing.T) {
	tests := []struct {
		datum      crs.Datum
		from, want orb.Point
	}{
		{crs.GCJ02, orb.Point{121.5272106, 31.1774276}, orb.Point{121.531541859215, 31.17530398364597}},
		{crs.GCJ02, orb.Point{113.912316, 22.543847}, orb.Point{113.9171764808363, 22.540796131694766}},
		{crs.GCJ02, orb.Point{116.377817, 39.911954}, orb.Point{116.38404722455657, 39.91334545536069}},
		{crs.GCJ02, orb.Point{116.404, 39.915}, orb.Point{116.41024449916938, 39.91640428150164}},
		{crs.WGS84, orb.Point{116.404, 39.915}, orb.Point{116.404, 39.915}},
	}
	for _, tt := range tests {
		if got := tt.datum.FromCGCS2000(tt.from); apart(got, tt.want) > 1e-6 {
			t.Errorf("%s of %v: got %v, want %v", tt.datum, tt.from, got, tt.want)
		}
		if got := tt.datum.ToCGCS2000(tt.want); apart(got, tt.from) > 1e-6 {
			t.Errorf("%s of %v undone: got %v, want %v", tt.datum, tt.want, got, tt.from)
		}
	}
	// Baidu's shift is published for GCJ-02 positions.
	gcj, want := orb.Point{116.404, 39.915}, orb.Point{116.41036949371029, 39.92133699351022}
	if got := crs.BD09.FromCGCS2000(crs.GCJ02.ToCGCS2000(gcj)); apart(got, want) > 1e-6 {
		t.Errorf("BD-09 of GCJ-02 %v: got %v, want %v", gcj, got, want)
	}
}

// plainGCJ is the algorithm as it was published, sine by sine.
func plainGCJ(p orb.Point) orb.Point {
	const a, ee, pi = 6378245.0, 0.00669342162296594323, math.Pi
	x, y, sin := p[0]-105, p[1]-35, math.Sin
	lat := -100 + 2*x + 3*y + 0.2*y*y + 0.1*x*y + 0.2*math.Sqrt(math.Abs(x)) +
		(20*sin(6*x*pi)+20*sin(2*x*pi))*2/3 + (20*sin(y*pi)+40*sin(y/3*pi))*2/3 + (160*sin(y/12*pi)+320*sin(y*pi/30))*2/3
	lon := 300 + x + 2*y + 0.1*x*x + 0.1*x*y + 0.1*math.Sqrt(math.Abs(x)) +
		(20*sin(6*x*pi)+20*sin(2*x*pi))*2/3 + (20*sin(x*pi)+40*sin(x/3*pi))*2/3 + (150*sin(x/12*pi)+300*sin(x/30*pi))*2/3
	phi := p[1] / 180 * pi
	magic := 1 - ee*sin(phi)*sin(phi)
	root := math.Sqrt(magic)
	return orb.Point{
		p[0] + lon*180/(a/root*math.Cos(phi)*pi),
		p[1] + lat*180/((a*(1-ee))/(magic*root)*pi),
	}
}

func TestShiftIsThePublishedOne(t *testing.T) {
	r := seeded(t)
	for range 20000 {
		p := orb.Point{between(r, 72.004, 137.8347), between(r, 0.8293, 55.8271)}
		if got, want := crs.GCJ02.FromCGCS2000(p), plainGCJ(p); apart(got, want) > 1e-8 {
			t.Fatalf("%v: got %v, want %v", p, got, want)
		}
	}
}

// Every position in the rectangle survives the way there and back, at its rim and
// where the shift's square root has no slope too.
func TestShiftThereAndBack(t *testing.T) {
	r := seeded(t)
	for _, d := range []crs.Datum{crs.WGS84, crs.GCJ02, crs.BD09} {
		var worst float64
		for i := range 60000 {
			p := orb.Point{between(r, 72.004, 137.8347), between(r, 0.8293, 55.8271)}
			switch i % 8 {
			case 0:
				p[0] = 105 + math.Copysign(math.Pow(10, between(r, -16, -1)), r.Float64()-0.5)
			case 1:
				p[0] = 72.004 + between(r, 0, 0.01)
			case 2:
				p[1] = 55.8271 - between(r, 0, 0.01)
			}
			q := d.FromCGCS2000(p)
			worst = math.Max(worst, apart(p, d.ToCGCS2000(q)))
		}
		t.Logf("%s: worst %.2g m", d, worst)
		if !(worst < 1e-6) {
			t.Errorf("%s: worst %g m, want below a micrometre", d, worst)
		}
	}
}

func TestShiftRectangle(t *testing.T) {
	for _, p := range []orb.Point{{72.003, 30}, {137.8348, 30}, {110, 0.8292}, {110, 55.8272}, {-75, 40}, {math.NaN(), 30}, {110, math.NaN()}, {math.Inf(1), 30}} {
		for _, d := range []crs.Datum{crs.GCJ02, crs.BD09} {
			if got := d.FromCGCS2000(p); fmt.Sprint(got) != fmt.Sprint(p) {
				t.Errorf("%s of %v: got %v, want it unchanged", d, p, got)
			}
		}
	}
	for _, p := range []orb.Point{{71, 30}, {139, 30}, {137.849, 30}, {72.0041, 30}, {110, 0}, {110, 57}, {-75, 40}, {math.NaN(), 30}, {110, math.NaN()}} {
		for _, d := range []crs.Datum{crs.GCJ02, crs.BD09} {
			if got := d.ToCGCS2000(p); fmt.Sprint(got) != fmt.Sprint(p) {
				t.Errorf("%s of %v undone: got %v, want it unchanged", d, p, got)
			}
		}
	}
	for _, p := range []orb.Point{{72.004, 30}, {137.8347, 30}, {110, 0.8293}, {110, 55.8271}} {
		if got := crs.GCJ02.FromCGCS2000(p); got == p {
			t.Errorf("%v on the rim was not shifted", p)
		}
	}
}

// The shift at 衢江 has the size that users know.
func TestShiftIsHundredsOfMetres(t *testing.T) {
	p := orb.Point{118.96, 28.98}
	for d, limits := range map[crs.Datum][2]float64{crs.GCJ02: {500, 650}, crs.BD09: {900, 1600}} {
		if m := apart(p, d.FromCGCS2000(p)); m < limits[0] || m > limits[1] {
			t.Errorf("%s: %.0f m, want %v", d, m, limits)
		}
	}
}

func BenchmarkGCJForward(b *testing.B) {
	for i := range b.N {
		sink = crs.GCJ02.FromCGCS2000(orb.Point{118 + float64(i&0xffff)*1e-5, 29})
	}
}

func BenchmarkGCJInverse(b *testing.B) {
	for i := range b.N {
		sink = crs.GCJ02.ToCGCS2000(orb.Point{118 + float64(i&0xffff)*1e-5, 29})
	}
}

func BenchmarkBD09Inverse(b *testing.B) {
	for i := range b.N {
		sink = crs.BD09.ToCGCS2000(orb.Point{118 + float64(i&0xffff)*1e-5, 29})
	}
}

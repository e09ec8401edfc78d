package crs_test

import (
	"math"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo/crs"
)

// The example of GB/T 39409-2020: 116°18′45.37″ E, 39°59′35.38″ N.
func TestBeidouExample(t *testing.T) {
	lon, lat := 116+18./60+45.37/3600, 39+59./60+35.38/3600
	want := []string{"N50J", "N50J47", "N50J475", "N50J47539", "N50J47539B8", "N50J47539B82", "N50J47539B8255", "N50J47539B825534"}
	for i, w := range want {
		got, err := crs.BeidouCode(lon, lat, i+1)
		if err != nil || got != w {
			t.Errorf("level %d: got %q, %v, want %q", i+1, got, err, w)
		}
		b, level, err := crs.BeidouBound(w)
		if err != nil || level != i+1 || !b.Contains(orb.Point{lon, lat}) {
			t.Errorf("%s: got %v, level %d, %v", w, b, level, err)
		}
	}
}

func TestBeidouCells(t *testing.T) {
	const second, minute = 1. / 3600, 1. / 60
	sizes := [][2]float64{
		{6, 4}, {30 * minute, 30 * minute}, {15 * minute, 10 * minute}, {minute, minute}, {4 * second, 4 * second},
		{2 * second, 2 * second}, {second / 4, second / 4}, {second / 32, second / 32}, {second / 256, second / 256}, {second / 2048, second / 2048},
	}
	r := seeded(t)
	for range 3000 {
		p := orb.Point{between(r, 0, 180), between(r, 0, 88)}
		outer := orb.Bound{Max: orb.Point{180, 88}}
		for i, size := range sizes {
			c, err := crs.BeidouCode(p[0], p[1], i+1)
			if err != nil {
				t.Fatal(err)
			}
			b, level, err := crs.BeidouBound(strings.ToLower(c))
			if err != nil || level != i+1 {
				t.Fatalf("%s: level %d, %v", c, level, err)
			}
			w, h := b.Max[0]-b.Min[0], b.Max[1]-b.Min[1]
			if math.Abs(w-size[0]) > 1e-12 || math.Abs(h-size[1]) > 1e-12 {
				t.Fatalf("%s: %g by %g degrees, want %g by %g", c, w, h, size[0], size[1])
			}
			if !b.Contains(p) && !near(b, p) {
				t.Fatalf("%s: %v does not hold %v", c, b, p)
			}
			if !outer.Contains(b.Min) || !outer.Contains(b.Max) {
				t.Fatalf("%s: %v leaves %v", c, b, outer)
			}
			outer = b
			// Corners: the lower left is the cell's own, the upper right the next one's.
			if again, err := crs.BeidouCode(b.Min[0], b.Min[1], i+1); err != nil || again != c {
				t.Fatalf("the corner %v of %s is in %s, %v", b.Min, c, again, err)
			}
			if next, err := crs.BeidouCode(b.Max[0], b.Max[1], i+1); err == nil && next == c {
				t.Fatalf("the corner %v is in %s and in the next cell", b.Max, c)
			}
		}
	}
}

// near says whether p is within a rounding of the border of b.
func near(b orb.Bound, p orb.Point) bool { return b.Pad(1e-12).Contains(p) }

// Decimal fractions that mean a border are on it, though no float64 can hold them.
func TestBeidouBorders(t *testing.T) {
	for _, tt := range []struct {
		lon, lat float64
		level    int
		want     string
	}{
		{0, 0, 1, "N31A"}, {0, 0, 5, "N31A0000000"}, {120, 28, 3, "N51H000"},
		{116.3, 39.9, 4, "N50J47534"}, // 116°18′, 39°54′
		{179.999999999999, 87.999999999999, 2, "N60VB7"},
		{math.Nextafter(180, 0), math.Nextafter(88, 0), 10, "N60VB75E9EE377777777"},
		{math.Nextafter(120, 0), 28, 1, "N51H"},
		{119.9999, 28, 1, "N50H"},
	} {
		if got, err := crs.BeidouCode(tt.lon, tt.lat, tt.level); err != nil || got != tt.want {
			t.Errorf("%v %v level %d: got %q, %v, want %q", tt.lon, tt.lat, tt.level, got, err, tt.want)
		}
	}
}

func TestBeidouRefuses(t *testing.T) {
	for _, p := range []orb.Point{{-0.1, 29}, {180, 29}, {118, -0.1}, {118, 88}, {math.NaN(), 29}, {118, math.NaN()}, {math.Inf(1), 0}} {
		if c, err := crs.BeidouCode(p[0], p[1], 5); code(t, err) != "outside_beidou_grid" || c != "" {
			t.Errorf("%v: got %q, %v", p, c, err)
		}
	}
	for _, level := range []int{0, -1, 11} {
		if c, err := crs.BeidouCode(118, 29, level); code(t, err) != "bad_beidou_level" || c != "" {
			t.Errorf("level %d: got %q, %v", level, c, err)
		}
	}
	for _, s := range []string{"", "N", "N50", "S50J", "N30J", "N61J", "N50W", "N5J0", "N+5J", "N50J4", "N50J48", "N50JC7", "N50J476", "N50J475F0", "N50J4753A", "N50J47539BF", "N50J47539B84", "N50J47539B8285", "N50J47539B8255340", "N50J47539B82553412341", "N50J 47", "北50J47"} {
		if b, level, err := crs.BeidouBound(s); code(t, err) != "bad_beidou_code" || level != 0 || b != (orb.Bound{}) {
			t.Errorf("%q: got %v, %d, %v", s, b, level, err)
		}
	}
}

func FuzzBeidou(f *testing.F) {
	for _, seed := range []string{"", "N50J", "n50j47", "N50J475", "N50J47539B825534", "N31A0000000", "N60VB75E9EE377777777", "S50J", "N50JÉ"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b, level, err := crs.BeidouBound(s)
		if err != nil {
			if bareCode(t, err) != "bad_beidou_code" {
				t.Fatalf("%q is refused by %v", s, err)
			}
			return
		}
		if got, err := crs.BeidouCode(b.Min[0], b.Min[1], level); err != nil || got != strings.ToUpper(s) {
			t.Fatalf("%q is %v, whose corner has the code %q, %v", s, b, got, err)
		}
		c := b.Center()
		if got, err := crs.BeidouCode(c[0], c[1], level); err != nil || got != strings.ToUpper(s) {
			t.Fatalf("%q is %v, whose middle has the code %q, %v", s, b, got, err)
		}
	})
}

func BenchmarkBeidouCode(b *testing.B) {
	for b.Loop() {
		if _, err := crs.BeidouCode(118.96, 28.98, 10); err != nil {
			b.Fatal(err)
		}
	}
}

package tiles_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"
	"pgregory.net/rapid"

	"towngrid/geo"
	"towngrid/tiles"
)

func TestParseAddressRefusesWhatIsNoTile(t *testing.T) {
	huge := strings.Repeat("9", 1_000_000)
	for _, c := range []struct {
		name, z, x, y, code string
	}{
		{"negative zoom", "-1", "0", "0", "bad_tile"},
		{"zoom beyond the set", "23", "0", "0", "no_such_tile"},
		{"zoom 31", "31", "0", "0", "no_such_tile"},
		{"zoom 32", "32", "0", "0", "no_such_tile"},
		{"zoom 63", "63", "0", "0", "no_such_tile"},
		{"zoom 64", "64", "0", "0", "no_such_tile"},
		{"zoom 256, which is 0 in a byte", "256", "0", "0", "no_such_tile"},
		{"2^63", "9223372036854775808", "0", "0", "bad_tile"},
		{"2^63 as column", "5", "9223372036854775808", "0", "bad_tile"},
		{"2^32, which is 0 in 32 bits", "5", "4294967296", "0", "no_such_tile"},
		{"a million digits", "5", "1", huge, "bad_tile"},
		{"fraction", "1.5", "0", "0", "bad_tile"},
		{"plus sign", "+1", "0", "0", "bad_tile"},
		{"full-width digit", "１", "0", "0", "bad_tile"},
		{"Arabic digit", "1", "٠", "0", "bad_tile"},
		{"per cent encoding left in", "%2e", "0", "0", "bad_tile"},
		{"hexadecimal", "0x1", "0", "0", "bad_tile"},
		{"exponent", "1e1", "0", "0", "bad_tile"},
		{"digit separator", "1", "1_0", "0", "bad_tile"},
		{"leading zero", "1", "01", "0", "bad_tile"},
		{"space", "1", " 1", "0", "bad_tile"},
		{"NUL", "1", "1\x00", "0", "bad_tile"},
		{"empty", "", "0", "0", "bad_tile"},
		{"suffix", "1", "0", "0.mvt", "bad_tile"},
		{"NaN", "NaN", "0", "0", "bad_tile"},
		{"column beyond the grid", "3", "8", "0", "no_such_tile"},
		{"row beyond the grid", "3", "0", "8", "no_such_tile"},
		{"the deepest grid's end", "22", "4194304", "0", "no_such_tile"},
	} {
		start := time.Now()
		a, err := tiles.ParseAddress(c.z, c.x, c.y)
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%s: took %v", c.name, took)
		}
		var e *geo.Error
		if !errors.As(err, &e) || e.Code != c.code {
			t.Errorf("%s: %v, %v instead of %s", c.name, a, err, c.code)
			continue
		}
		if len(e.Text.ZH) == 0 || len(e.Text.EN) > 200 {
			t.Errorf("%s: the message is %q", c.name, e.Text)
		}
	}
}

func TestParseAddressReadsEveryTile(t *testing.T) {
	for _, c := range []struct {
		z, x, y string
		want    tiles.Address
	}{
		{"0", "0", "0", tiles.Address{}},
		{"9", "421", "213", tiles.Address{Z: 9, X: 421, Y: 213}},
		{"22", "4194303", "4194303", tiles.Address{Z: 22, X: 4194303, Y: 4194303}},
	} {
		if a, err := tiles.ParseAddress(c.z, c.x, c.y); err != nil || a != c.want || !a.Valid() {
			t.Errorf("%s/%s/%s: %v, %v", c.z, c.x, c.y, a, err)
		}
	}
}

// The bound agrees with orb's to the precision that its own arithmetic has.
func TestBoundAgreesWithOrb(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		z := rapid.IntRange(0, tiles.MaxZoom).Draw(t, "z")
		x := rapid.Uint32Max(1<<z-1).Draw(t, "x")
		y := rapid.Uint32Max(1<<z-1).Draw(t, "y")
		got := tiles.Address{Z: uint8(z), X: x, Y: y}.Bound()
		want := maptile.New(x, y, maptile.Zoom(z)).Bound()
		for _, pair := range [][2]orb.Point{{got.Min, want.Min}, {got.Max, want.Max}} {
			if math.Abs(pair[0][0]-pair[1][0]) > 1e-9 || math.Abs(pair[0][1]-pair[1][1]) > 1e-9 {
				t.Fatalf("%v instead of %v", got, want)
			}
		}
	})
}

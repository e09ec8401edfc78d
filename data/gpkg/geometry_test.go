package gpkg

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/paulmach/orb"
)

func blobOf(t testing.TB, g orb.Geometry) []byte {
	t.Helper()
	b, _, err := encode(nil, g)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestHeaderOfAGeometry holds the bytes against the standard, by hand.
func TestHeaderOfAGeometry(t *testing.T) {
	b := blobOf(t, orb.Point{118.9, 29})
	if got := string(b[:2]); got != "GP" {
		t.Errorf("magic %q", got)
	}
	if b[2] != 0 || b[3] != 0b000011 {
		t.Errorf("version %d, flags %06b: little-endian with a bound in x and y is wanted", b[2], b[3])
	}
	if got := binary.LittleEndian.Uint32(b[4:]); got != 4490 {
		t.Errorf("SRID %d", got)
	}
	for i, want := range []float64{118.9, 118.9, 29, 29} { // min x, max x, min y, max y
		if got := math.Float64frombits(binary.LittleEndian.Uint64(b[8+8*i:])); got != want {
			t.Errorf("bound %d is %v", i, got)
		}
	}
	if got := b[40:45]; string(got) != "\x01\x01\x00\x00\x00" || len(b) != 40+21 {
		t.Errorf("WKB head % x in %d bytes", got, len(b))
	}
	if b := blobOf(t, orb.MultiPolygon{{}}); b[3] != 0b010001 || len(b) != 8+5+4+5+4 {
		t.Errorf("an empty geometry has flags %06b and %d bytes", b[3], len(b))
	}
}

func TestBound(t *testing.T) {
	for _, c := range []struct {
		g     orb.Geometry
		empty bool
	}{
		{orb.Point{-1, 2}, false},
		{orb.MultiPolygon{{{{0, 0}, {3, -1}, {2, 5}, {0, 0}}}, {{{-7, 1}, {0, 1}, {0, 2}, {-7, 1}}}}, false},
		{orb.MultiPolygon{}, true},
		{orb.MultiPolygon{{}, {{}}}, true},
	} {
		got, err := bound(blobOf(t, c.g))
		if err != nil {
			t.Fatal(err)
		}
		if got.IsEmpty() != c.empty || !c.empty && got != c.g.Bound() {
			t.Errorf("%v has the bound %v", c.g, got)
		}
	}
}

// TestHostileBlobs: counts that claim more than there is are refused before anything
// is allocated for them.
func TestHostileBlobs(t *testing.T) {
	head := appendHeader(nil, orb.Bound{Max: orb.Point{1, 1}})
	le := binary.LittleEndian
	wkbOf := func(kind uint32, counts ...uint32) []byte {
		b := le.AppendUint32([]byte{1}, kind)
		for _, n := range counts {
			b = le.AppendUint32(b, n)
		}
		return b
	}
	const huge = 0x7ffffff0
	for name, body := range map[string][]byte{
		"polygons":               wkbOf(6, huge),
		"rings":                  append(wkbOf(6, 1), wkbOf(3, huge)...),
		"points":                 append(wkbOf(6, 1), wkbOf(3, 1, huge)...),
		"all points":             append(wkbOf(6, 1), wkbOf(3, 1, math.MaxUint32)...),
		"a line":                 wkbOf(2, huge),
		"a polygon":              wkbOf(3, huge),
		"points of a collection": append(wkbOf(7, 1), wkbOf(2, huge)...),
		"collections of collections": func() (b []byte) {
			for range 100_000 {
				b = append(b, wkbOf(7, 1)...)
			}
			return b
		}(),
		"a point among polygons": append(wkbOf(6, 1), blobOf(t, orb.Point{1, 2})[40:]...),
		"big-endian":             {0, 0, 0, 0, 6, 0, 0, 0, 0},
		"nothing":                nil,
		"too much":               append(wkbOf(6, 0), 0),
		"a point with z":         append(wkbOf(1001), make([]byte, 24)...),
	} {
		blob := append(head[:len(head):len(head)], body...)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		g, err := decode(blob)
		runtime.ReadMemStats(&after)
		if err == nil {
			t.Errorf("%s: was read as %v", name, g)
		}
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 64<<10+8*uint64(len(blob)) {
			t.Errorf("%s: %d bytes were allocated for %d", name, grown, len(blob))
		}
	}
}

// TestSpoiltBlobs: a blob with any byte changed or cut off is read or refused, never more.
func TestSpoiltBlobs(t *testing.T) {
	const seed = 17
	rng := rand.New(rand.NewPCG(seed, 0))
	blob := blobOf(t, orb.MultiPolygon{{{{0, 0}, {1, 0}, {1, 1}, {0, 0}}, {{0.2, 0.1}, {0.3, 0.1}, {0.3, 0.2}, {0.2, 0.1}}}, {{{5, 5}, {6, 5}, {6, 6}, {5, 5}}}})
	for i := range blob {
		if _, err := decode(blob[:i]); err == nil {
			t.Errorf("%d of %d bytes were read", i, len(blob))
		}
		for range 50 {
			spoilt := append([]byte(nil), blob...)
			spoilt[i] ^= byte(1 + rng.IntN(255))
			spoilt[rng.IntN(len(spoilt))] = byte(rng.Uint32())
			_, _ = decode(spoilt)
			_, _ = bound(spoilt)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(blobOf(f, orb.Point{1, 2}))
	f.Add(blobOf(f, orb.MultiPolygon{{{{0, 0}, {1, 0}, {1, 1}, {0, 0}}}, {}}))
	f.Fuzz(func(t *testing.T, blob []byte) {
		g, err := decode(blob)
		if err != nil {
			return
		}
		again, _, err := encode(nil, g)
		if err != nil {
			return // not finite
		}
		if body, _ := afterHeader(blob); string(body) != string(again[len(again)-len(body):]) {
			t.Errorf("% x was read as % x", blob, again)
		}
	})
}

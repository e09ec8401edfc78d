package raster_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo/geotest"
	"towngrid/geo/raster"
)

// stored are polygons with all kinds of blocks: shared edges, points where many meet, one
// over another.
func stored(seed uint64, n int) []orb.MultiPolygon {
	polys := geotest.Quilt(seed, n, district)
	fan := orb.Point{119.5, 29}
	for i := range 12 { // more than a block has sides for
		at := func(k int) orb.Point {
			s, c := math.Sincos(float64(k) * math.Pi / 6)
			return orb.Point{fan[0] + c/50, fan[1] + s/50}
		}
		polys = append(polys, orb.MultiPolygon{{{fan, at(i), at(i + 1), fan}}})
	}
	return append(polys, polys[3])
}

func boundOf(polys []orb.MultiPolygon) orb.Bound {
	b := polys[0].Bound()
	for _, mp := range polys[1:] {
		b = b.Union(mp.Bound())
	}
	return b
}

// TestStored: what is read is what was appended, to the last bit.
func TestStored(t *testing.T) {
	for seed, n := range []int{1, 30, 2_000} {
		polys := stored(uint64(seed), max(n, 4))
		r := newRaster(polys)
		b := r.Append([]byte("before"))[len("before"):]
		if len(b) != r.Bytes() {
			t.Errorf("%d bytes, not the %d that were said", len(b), r.Bytes())
		}
		got, err := raster.Read(b, boundOf(polys), len(polys))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Append(nil), b) {
			t.Error("what was read is appended as other bytes")
		}
		rng := rand.New(rand.NewPCG(uint64(seed), 7))
		for range 20_000 {
			p := orb.Point{118.4 + 1.2*rng.Float64(), 28.6 + 0.8*rng.Float64()}
			if a, b := r.Find(p), got.Find(p); a != b {
				t.Fatalf("%v: %d, and %d where it was read", p, a, b)
			}
		}
		for what, err := range map[string]error{
			"another bound":        second(raster.Read(b, polys[0].Bound(), len(polys))),
			"more polygons":        second(raster.Read(b, boundOf(polys), len(polys)+1)),
			"fewer than none":      second(raster.Read(b, boundOf(polys), -1)),
			"a byte less":          second(raster.Read(b[:len(b)-1], boundOf(polys), len(polys))),
			"a byte more":          second(raster.Read(append(bytes.Clone(b), 0), boundOf(polys), len(polys))),
			"nothing":              second(raster.Read(nil, boundOf(polys), len(polys))),
			"another layout":       second(raster.Read(append([]byte{255}, b[1:]...), boundOf(polys), len(polys))),
			"a bound that is none": second(raster.Read(b, orb.Bound{Min: orb.Point{math.NaN(), 0}}, len(polys))),
		} {
			if !errors.Is(err, raster.ErrUnusable) {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
}

func second[T any](_ T, err error) error { return err }

// follow asks a raster at every step of degrees: it is enough that this ends.
func follow(r *raster.Raster, polygons int, step float64) (answers int) {
	var some [64]int32
	for x := 118.4; x < 119.6; x += step {
		for y := 28.6; y < 29.4; y += step {
			p := orb.Point{x, y}
			if k := r.Find(p); k >= 0 && int(k) < polygons || k == raster.None || k == raster.Unsure {
				answers++
			}
			for _, k := range r.Candidates(p, some[:0]) {
				if k < 0 || int(k) >= polygons {
					return -1
				}
			}
		}
	}
	return answers
}

// TestStoredAndSpoilt: a raster with any word changed is refused, or answers with what it
// has: it never leads beyond its own memory or names a polygon that there is not.
func TestStoredAndSpoilt(t *testing.T) {
	const seed = 11
	rng := rand.New(rand.NewPCG(seed, 0))
	polys := stored(seed, 60)
	b := newRaster(polys).Append(nil)
	bound := boundOf(polys)
	asked := follow(newRaster(polys), len(polys), 0.01)
	refused, read := 0, 0
	for at := 0; at+4 <= len(b); at += 4 {
		for _, v := range []uint32{0, math.MaxUint32, 1 << 31, 1 << 30, rng.Uint32(), binary.LittleEndian.Uint32(b[at:]) ^ 1<<rng.IntN(32)} {
			spoilt := bytes.Clone(b)
			binary.LittleEndian.PutUint32(spoilt[at:], v)
			r, err := raster.Read(spoilt, bound, len(polys))
			if err != nil {
				refused++
				continue
			}
			if read++; read%50 == 0 { // asking is slow
				if got := follow(r, len(polys), 0.01); got != asked {
					t.Fatalf("seed %d, word %d of %d: %d answers of %d are none", seed, at/4, len(b)/4, asked-got, asked)
				}
			}
		}
	}
	if refused == 0 || read < 50 {
		t.Errorf("%d refused, %d read: both are wanted", refused, read)
	}
}

func FuzzRead(f *testing.F) {
	polys := stored(3, 4)
	bound := boundOf(polys)
	f.Add(newRaster(polys).Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := raster.Read(b, bound, len(polys)); err == nil && follow(r, len(polys), 0.1) < 0 {
			t.Error("a polygon is named that there is not")
		}
	})
}

// TestLayout fails when the same polygons give other bytes than before: then layout has to
// be raised, and the sum here set anew.
func TestLayout(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("SKIPPED: the test's polygons may differ in their last bits here")
	}
	const want = 0x2f138e5c31d90e98
	sum := fnv.New64a()
	sum.Write(newRaster(stored(1, 300)).Append(nil))
	if got := sum.Sum64(); got != want {
		t.Errorf("the bytes sum up to %#x, not %#x", got, uint64(want))
	}
}

package jzd

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"towngrid/geo"
	"towngrid/geo/geotest"
	"towngrid/geo/shapefile"
)

// TestCount: of a sound file Count says what reading it ends with, and a file that is bent
// is not refused by it unless reading refuses it, too.
func TestCount(t *testing.T) {
	const seed = 26
	rng := rand.New(rand.NewPCG(seed, 0))
	over := func(err error) bool {
		return err != nil && (code(err) == "too_many_features" || code(err) == "too_many_vertices")
	}
	counted := 0
	for i := range 3000 {
		b, lim := []byte([]string{head + square + holed, head + square + square + holed, square}[i%3]), shapefile.DefaultLimits()
		lim.Features, lim.PolygonVertices, lim.Vertices = 1+rng.IntN(4), 1+rng.IntN(16), 1+rng.IntN(30)
		bent := i >= 500
		if bent {
			b = geotest.Damage(rng, b, "@,\n0J\xff[", 30)
		}
		err := Count(bytes.NewReader(b), int64(len(b)), lim)
		o := readBytes(b, lim)
		refused := o.err != nil || geo.Refused(o.file.Violations)
		if over(err) && !refused || !bent && over(err) != over(o.err) || err != nil && !over(err) {
			t.Fatalf("seed %d, file %d, limits %+v: count says %v, reading %v\n%s", seed, i, lim, err, o.err, b)
		}
		if over(err) {
			counted++
		}
	}
	if counted < 300 || counted > 2700 {
		t.Errorf("%d of 3,000 were over: the limits try nothing", counted)
	}
}

package geojson

import (
	"bytes"
	"math/rand/v2"
	"strings"
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
	for i := range 500 {
		for name, text := range sample() {
			b, lim := []byte(text), shapefile.DefaultLimits()
			lim.Features, lim.PolygonVertices, lim.Vertices = 1+rng.IntN(6), 1+rng.IntN(16), 1+rng.IntN(30)
			bent := i >= 100
			if bent {
				b = geotest.Damage(rng, b, `[]{},:"0-1 x`, 9)
			}
			err := Count(bytes.NewReader(b), int64(len(b)), lim)
			o := readBytes(b, lim)
			refused := o.err != nil || geo.Refused(o.file.Violations)
			if over(err) && !refused || !bent && over(err) != over(o.err) || err != nil && !over(err) {
				t.Fatalf("seed %d, %s, limits %+v: count says %v, reading %v\n%s", seed, name, lim, err, o.err, b)
			}
			if over(err) {
				counted++
			}
		}
	}
	if counted < 300 || counted > 2700 {
		t.Errorf("%d of 3,000 were over: the limits try nothing", counted)
	}
}

// TestCountOfPropertiesAndBoxes: numbers that are no positions do not count.
func TestCountOfPropertiesAndBoxes(t *testing.T) {
	text := `{"type":"Feature","bbox":[0,0,1,1],"properties":{"list":[[1,2],[3,4],[5,6]],"coordinates":[[1,2]]},"geometry":{"type":"Point","bbox":[1,2,1,2],"coordinates":[ 1 ,2]}}`
	lim := shapefile.DefaultLimits()
	lim.Vertices = 1
	if err := Count(strings.NewReader(text), int64(len(text)), lim); err != nil {
		t.Error(err)
	}
	if lim.Vertices = 0; Count(strings.NewReader(text), int64(len(text)), lim) == nil {
		t.Error("one is none")
	}
}

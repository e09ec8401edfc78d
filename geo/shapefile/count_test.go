package shapefile

import (
	"math/rand/v2"
	"testing"

	"towngrid/geo"
)

// narrow are limits at which files of a few records are over some.
func narrow(rng *rand.Rand) Limits {
	lim := DefaultLimits()
	lim.Features, lim.PolygonVertices, lim.Vertices = 1+rng.IntN(14), 1+rng.IntN(30), 1+rng.IntN(250)
	return lim
}

func over(err error) bool {
	return err != nil && (code(err) == "too_many_features" || code(err) == "too_many_vertices")
}

// TestCount: of a sound layer Count says what reading it ends with, and a layer that is
// bent is not refused by it unless reading refuses it, too.
func TestCount(t *testing.T) {
	const seed = 26
	rng := rand.New(rand.NewPCG(seed, 0))
	all := seeds(t)
	counted := 0
	for i := range 20_000 {
		f, lim := all[i%len(all)].clone(), narrow(rng)
		bent := i >= 2000
		if bent {
			ext := []string{"shp", "shp", "dbf", "shx"}[rng.IntN(4)]
			if f[ext] != nil {
				f[ext] = mutate(rng, f[ext])
			}
		}
		err := f.set().count(lim)
		if err != nil && !over(err) {
			t.Fatalf("seed %d, file %d: %v", seed, i, err)
		}
		o := readFiles(f, Options{Force: true}, lim)
		refused := o.err != nil || geo.Refused(o.file.Violations)
		if over(err) && !refused || !bent && (over(err) != over(o.err) || over(err) && code(err) != code(o.err)) {
			t.Fatalf("seed %d, file %d, limits %+v: count says %v, reading %v", seed, i, lim, err, o.err)
		}
		if over(err) {
			counted++
		}
	}
	if counted < 1000 || counted > 19_000 {
		t.Errorf("%d of 20,000 were over: the limits try nothing", counted)
	}
}

// TestCountLeavesOutDeletedRows: the vertices of a shape that nobody reads do not count.
func TestCountLeavesOutDeletedRows(t *testing.T) {
	f := shpOf(5, polygonContent(box(0, 0, 1)), polygonContent(box(2, 0, 1)), polygonContent(box(4, 0, 1)))
	f["dbf"] = dbfOf(3, 0x4d, []rawField{{"N", 'C', 2, 0}}, " a ", "*b ", " c ")
	lim := DefaultLimits()
	lim.Vertices = 10
	if err := f.set().count(lim); err != nil {
		t.Errorf("two squares: %v", err)
	}
	if lim.Vertices--; !over(f.set().count(lim)) {
		t.Error("ten vertices are nine")
	}
	if o := readFiles(f, Options{}, lim); !over(o.err) {
		t.Errorf("reading: %v", o.err)
	}
}

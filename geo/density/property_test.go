package density

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
	sf "github.com/peterstace/simplefeatures/geom"

	"towngrid/geo"
	"towngrid/geo/geotest"
	"towngrid/geo/overlay"
	"towngrid/geo/snapshot"
)

func dwellings(gs []orb.MultiPolygon) (fs []geo.Feature) {
	for i, g := range gs {
		fs = append(fs, feature(fmt.Sprintf("P%04d", i), g, "land_use", "0701", "code_system", geo.LandUse2023))
	}
	return fs
}

// TestCoverageAddsUpToTheTown: the parts of a gap-free coverage within a town are
// the town, whatever its shape, and none overlaps another.
func TestCoverageAddsUpToTheTown(t *testing.T) {
	const seed = 64
	rng := rand.New(rand.NewPCG(seed, 0))
	cells := geotest.Tessellation(seed, 400, rect(118.88, 28.98, 0.04, 0.04).Bound())
	for i := range 10 {
		town := star(rng, 118.9, 29, 0.019, 8+rng.IntN(60))
		w := world{towns: []geo.Feature{feature("T1", town, "residents", int64(3000))}, parcels: dwellings(cells)}
		r := judge(t, w, "zhejiang-2018", Options{})
		sum, cut := 0.0, 0
		for _, p := range r.Parcels {
			sum += degreeArea(p.Shape)
			if p.State == Cut {
				cut++
			}
			if p.Overlaps != nil || p.Doubtful || p.AreaM2 < 0 || p.AreaM2 > *p.WholeM2+1e-4 {
				t.Fatalf("seed %d, town %d: %+v", seed, i, p)
			}
		}
		// Each parcel may keep or lose what is below the grain.
		want := degreeArea(town)
		if tolerance := grain * float64(cut) / geo.AreaM2(town); math.Abs(sum/want-1) > tolerance {
			t.Errorf("seed %d, town %d: the parcels make up %.12f of it", seed, i, sum/want)
		}
		if cut < 10 {
			t.Errorf("seed %d, town %d: only %d parcels are cut", seed, i, cut)
		}
	}
}

// TestOverlapsAgreeWithUnion counts stars thrown on each other, and broken
// coverages, against the union of all.
func TestOverlapsAgreeWithUnion(t *testing.T) {
	const seed = 65
	rng := rand.New(rand.NewPCG(seed, 0))
	town := rect(118.89, 28.99, 0.02, 0.02)
	for i := range 20 {
		var gs []orb.MultiPolygon
		for range 25 {
			gs = append(gs, star(rng, 118.9+0.02*(rng.Float64()-0.5), 29+0.02*(rng.Float64()-0.5), 0.005, 3+rng.IntN(12)))
		}
		if i%2 == 1 {
			gs, _ = geotest.Break(seed+uint64(i), geotest.Tessellation(seed+uint64(i), 60, town.Bound()), 5)
		}
		r := judge(t, world{towns: []geo.Feature{feature("T1", town, "residents", int64(3000))}, parcels: dwellings(gs)}, "zhejiang-2018", Options{})
		var all, shapes orb.MultiPolygon
		for _, g := range gs {
			all = append(all, g...)
		}
		overlaps := 0
		for _, p := range r.Parcels {
			if p.Doubtful {
				t.Fatalf("seed %d, case %d: %v", seed, i, p.Reason)
			}
			if p.Overlaps != nil {
				overlaps++
			}
			shapes = append(shapes, p.Shape...)
		}
		o, err := newOutline(town)
		if err != nil {
			t.Fatal(err)
		}
		one := union(all)
		a, err := newArea(one)
		if err != nil {
			t.Fatal(err)
		}
		want, _, err := o.clip(a)
		if err != nil {
			t.Fatal(err)
		}
		if got := degreeArea(shapes); math.Abs(got-degreeArea(want)) > 1e-10*got+1e-12*float64(len(gs)) {
			t.Errorf("seed %d, case %d: %v square degrees, the union has %v", seed, i, got, degreeArea(want))
		}
		if overlaps < 5 {
			t.Errorf("seed %d, case %d: %d overlaps", seed, i, overlaps)
		}
	}
}

// TestHostileParcels: whatever a file carries is counted with the area that it
// encloses by the even-odd rule, or named as a doubt.
func TestHostileParcels(t *testing.T) {
	counted, doubtful := 0, 0
	for seed := uint64(0); seed < 20; seed++ {
		bound := rect(118.904, 29.004, 0.012, 0.012).Bound()
		for _, h := range geotest.Hostiles(seed, bound) {
			w := quietTown()
			w.parcels = append(w.parcels[8:], feature("H1", h.Geometry, "land_use", "0701", "code_system", geo.LandUse2023))
			if _, err := snapshot.NewPart(geo.Version{Collection: geo.Parcels, Division: division}, append([]geo.Feature{}, w.parcels...)); err != nil {
				continue // the snapshot does not take it
			}
			r := judge(t, w, "zhejiang-2018", Options{})
			if len(r.Parcels) != 4 {
				t.Fatalf("seed %d, %s: not listed", seed, h.Name)
			}
			row, f := rowOf(t, r, "H1"), findingOf(t, r, Land)
			if row.Doubtful {
				doubtful++
				if f.Value != nil || f.Verdict != Unknown {
					t.Errorf("seed %d, %s: %s", seed, h.Name, f.Verdict)
				}
				continue
			}
			counted++
			share := sampled(h.Geometry, bound)
			if got := row.AreaM2 / geo.AreaM2(bound); math.Abs(got-share) > 0.02 {
				t.Errorf("seed %d, %s: %.3f of the bound, sampling gives %.3f", seed, h.Name, got, share)
			}
		}
	}
	if counted < 200 || doubtful < 150 {
		t.Errorf("%d counted, %d doubtful", counted, doubtful)
	}
}

// sampled is the share of a bound that lies in mp, by 100 by 100 points.
func sampled(mp orb.MultiPolygon, b orb.Bound) float64 {
	const n = 100
	in := 0
	for i := range n * n {
		x, y := (float64(i%n)+0.5)/n, (float64(i/n)+0.5)/n
		if geo.Covers(mp, orb.Point{b.Min[0] + x*(b.Max[0]-b.Min[0]), b.Min[1] + y*(b.Max[1]-b.Min[1])}) {
			in++
		}
	}
	return float64(in) / (n * n)
}

// TestCutAgreesWithOverlay clips by crossings and by overlay: the same area, valid
// polygons, whatever the town's holes and parts, and never where sides merely touch.
func TestCutAgreesWithOverlay(t *testing.T) {
	const seed = 69
	rng := rand.New(rand.NewPCG(seed, 0))
	done, tried := 0, 0
	compare := func(parcel, town orb.MultiPolygon) {
		a, err := newArea(parcel)
		if err != nil {
			return
		}
		o, err := newOutline(town)
		if err != nil || o.side(a.bound) != geo.Edge {
			return
		}
		tried++
		part, ok := o.cut(a)
		if !ok {
			return
		}
		done++
		want, err := sf.Intersection(a.geometry(), o.geometry())
		if err != nil {
			t.Fatal(err)
		}
		got, whole := degreeArea(part), degreeArea(a.shape)
		if math.Abs(got-degreeArea(overlay.Polygons(want))) > 1e-12*whole {
			t.Fatalf("seed %d: %v, the overlay has %v\n%s\n%s", seed, got, degreeArea(overlay.Polygons(want)), a.geometry().AsText(), o.geometry().AsText())
		}
		if err := geotest.Valid(part); err != nil {
			t.Fatalf("seed %d: %v\n%s\n%s", seed, err, a.geometry().AsText(), o.geometry().AsText())
		}
	}
	for range 3000 {
		town := star(rng, 118.9, 29, 0.01, 3+rng.IntN(40))
		switch rng.IntN(3) {
		case 0:
			hole := star(rng, 118.9, 29, 0.0028, 3+rng.IntN(8))[0][0]
			hole.Reverse()
			town[0] = append(town[0], hole)
		case 1:
			town = append(town, star(rng, 118.925, 29, 0.01, 3+rng.IntN(20))...)
		}
		compare(star(rng, 118.9+0.02*rng.Float64(), 29+0.01*rng.Float64(), 0.01*rng.Float64(), 3+rng.IntN(20)), town)
	}
	if done < tried*7/10 {
		t.Errorf("only %d of %d were cut by crossings", done, tried)
	}
	before := done
	for range 3000 {
		compare(coarse(rng), coarse(rng))
	}
	if done == before {
		t.Error("nothing on few coordinates was cut by crossings")
	}
	t.Log(tried, done)
}

// TestTouchAgreesWithRelate compares the quick answer with simplefeatures' matrix,
// over neighbours that share edges, trembling ones, shifted ones, and stars.
func TestTouchAgreesWithRelate(t *testing.T) {
	const seed = 67
	rng := rand.New(rand.NewPCG(seed, 0))
	answered, asked := map[answer]int{}, 0
	compare := func(a, b orb.MultiPolygon) {
		x, errX := newArea(a)
		y, errY := newArea(b)
		if errX != nil || errY != nil || apart(x.bound, y.bound) {
			return
		}
		got := touch(x, y)
		asked++
		answered[got]++
		want := sharesArea(t, x, y)
		if got != unsure && (got == yes) != want {
			t.Fatalf("seed %d: touch says %v, relate %v\n%s\n%s", seed, got, want, x.geometry().AsText(), y.geometry().AsText())
		}
		if x.sharesArea(y) != want {
			t.Fatalf("seed %d: sharesArea is not %v", seed, want)
		}
	}
	bound := rect(118.9, 29, 0.02, 0.02).Bound()
	cells := geotest.Tessellation(seed, 60, bound)
	broken, _ := geotest.Break(seed, cells, 8)
	for _, set := range [][]orb.MultiPolygon{cells, geotest.Tremble(seed, cells, 7, 1e-9), broken, blocks(rng), grid(9)} {
		for i := range set {
			for j := range set {
				compare(set[i], set[j])
			}
		}
	}
	quick := answered[no] + answered[yes]
	if quick < asked*8/10 {
		t.Errorf("only %d of %d were answered at once", quick, asked)
	}
	for range 500 {
		compare(star(rng, 118.9, 29, 0.01, 3+rng.IntN(10)), star(rng, 118.9+0.02*rng.Float64(), 29, 0.01, 3+rng.IntN(10)))
	}
	// Few possible coordinates make vertices on edges, and edges on edges.
	for range 5000 {
		compare(coarse(rng), coarse(rng))
	}
	for a, n := range map[answer]int{no: 500, yes: 500, unsure: 100} {
		if answered[a] < n {
			t.Errorf("%d answers of kind %d", answered[a], a)
		}
	}
	t.Log(asked, answered)
}

func sharesArea(t *testing.T, x, y *area) bool {
	t.Helper()
	matrix, err := sf.Relate(x.geometry(), y.geometry())
	if err != nil {
		t.Fatal(err)
	}
	return matrix[0] == '2'
}

// grid is n by n squares, whose sides run on along each other.
func grid(n int) (out []orb.MultiPolygon) {
	for i := range n * n {
		out = append(out, rect(float64(i%n), float64(i/n), 1, 1))
	}
	return out
}

// coarse is a polygon of three to five vertices out of a grid of 5 by 5, one in four with a hole.
func coarse(rng *rand.Rand) orb.MultiPolygon {
	ring := func(n int) (r orb.Ring) {
		for range n {
			r = append(r, orb.Point{float64(rng.IntN(5)), float64(rng.IntN(5))})
		}
		return append(r, r[0])
	}
	if rng.IntN(4) == 0 {
		x, y := float64(rng.IntN(2)), float64(rng.IntN(2))
		return orb.MultiPolygon{{rect(x, y, 3, 3)[0][0], rect(x+1, y+1, 1, 1)[0][0]}}
	}
	return orb.MultiPolygon{{ring(3 + rng.IntN(3))}}
}

package tiles

import (
	"fmt"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/geotest"
	"towngrid/geo/snapshot"
)

var testBound = orb.Bound{Min: orb.Point{118.72, 28.81}, Max: orb.Point{119.04, 29.09}}

func cellsPart(t testing.TB, mps []orb.MultiPolygon) *snapshot.Part {
	t.Helper()
	var fs []geo.Feature
	for i, mp := range mps {
		fs = append(fs, geo.Feature{Code: geo.Code(fmt.Sprintf("%06d", i)), Geometry: mp,
			Properties: geo.Properties{{Name: "unit", Value: fmt.Sprintf("S%d", i/9)}}})
	}
	p, err := snapshot.NewPart(geo.Version{ID: "v", Number: 1, Collection: geo.Cells, Division: "330890"}, fs)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// chainsOf are all chains of a part, by their points, with their zooms. Two blocks that share a chain must
// agree about it.
func chainsOf(t *testing.T, p *snapshot.Part, d crs.Datum) map[string]chainOf {
	t.Helper()
	pic := newPicture(geo.Cells, WebMercatorQuad, d, nil)
	pic.prepare(p, new(Builder).marker)
	all := map[string]chainOf{}
	shared := 0
	for k := range pic.blocks {
		b := pic.block(p, int32(k))
		for c := range b.left {
			lo, hi := b.starts[c], b.starts[c+1]
			one := chainOf{b.points[lo:hi], b.from[lo:hi]}
			key := fmt.Sprint(one.points)
			if other, known := all[key]; known {
				shared++
				if !slices.Equal(one.from, other.from) {
					t.Fatalf("two blocks generalise a chain otherwise: %v and %v", one.from, other.from)
				}
			}
			all[key] = one
		}
	}
	if len(pic.blocks) > 1 && shared < 10 {
		t.Errorf("%d blocks share %d chains only", len(pic.blocks), shared)
	}
	return all
}

type chainOf struct {
	points []offset
	from   []uint8
}

// shown are the points that a zoom shows.
func (c chainOf) shown(z uint8) (ps []offset) {
	for i, p := range c.points {
		if c.from[i] <= z {
			ps = append(ps, p)
		}
	}
	return ps
}

// Whatever the zoom, no two lines cross or touch but in common ends: compared edge by edge, exactly. And
// every vertex that is left out lies within the tolerance of what stands for it.
func TestGeneralisedLinesKeepApart(t *testing.T) {
	seeds := uint64(2)
	if os.Getenv("TOWNGRID_LONG") == "1" {
		seeds = 40
	}
	for seed := range seeds {
		for _, d := range []crs.Datum{crs.WGS84, crs.BD09} {
			chains := chainsOf(t, cellsPart(t, geotest.Tessellation(seed, 500, testBound)), d)
			for _, z := range []uint8{0, 5, 7, 9, 10, 11, 13, 16, 22} {
				kept, all := checkApart(t, seed, z, chains)
				if z == 9 && kept > all/2 {
					t.Errorf("seed %d: zoom 9 keeps %d of %d vertices", seed, kept, all)
				}
			}
		}
	}
}

func checkApart(t *testing.T, seed uint64, z uint8, chains map[string]chainOf) (kept, all int) {
	t.Helper()
	type span struct{ a, b offset }
	var spans []span
	limit := math.Ldexp(Tolerance, int(WebMercatorQuad.bits(z))-extentBits)
	for _, c := range chains {
		ps := c.shown(z)
		kept, all = kept+len(ps), all+len(c.points)
		for i := 1; i < len(ps); i++ {
			spans = append(spans, span{ps[i-1], ps[i]})
		}
		k := 0
		for i, p := range c.points {
			if c.from[i] <= z {
				if i > 0 {
					k++
				}
				continue
			}
			if off := awayFrom(p, ps[k], ps[k+1]); off > limit*(1+1e-12) {
				t.Fatalf("seed %d, zoom %d: a vertex is %g away from its line, more than %g", seed, z, off, limit)
			}
		}
	}
	slices.SortFunc(spans, func(s, r span) int { return int(min(s.a.x, s.b.x)>>1) - int(min(r.a.x, r.b.x)>>1) })
	for i, s := range spans {
		for _, r := range spans[i+1:] {
			if min(r.a.x, r.b.x)>>1 > max(s.a.x, s.b.x)>>1 {
				break
			}
			if meet(s.a, s.b, r.a, r.b) {
				t.Fatalf("seed %d, zoom %d: %v and %v cross", seed, z, s, r)
			}
		}
	}
	return kept, all
}

// awayFrom is the distance of p from the straight line between a and b.
func awayFrom(p, a, b offset) float64 {
	dx, dy := float64(b.x-a.x), float64(b.y-a.y)
	px, py := float64(p.x-a.x), float64(p.y-a.y)
	u := 0.0
	if l2 := dx*dx + dy*dy; l2 > 0 {
		u = min(max((px*dx+py*dy)/l2, 0), 1)
	}
	return math.Hypot(px-u*dx, py-u*dy)
}

// meet says whether two lines between two points each have a point in common that is not an end of both.
func meet(a, b, c, d offset) bool {
	side := func(a, b, c offset) int64 {
		v := (int64(b.x)-int64(a.x))*(int64(c.y)-int64(a.y)) - (int64(b.y)-int64(a.y))*(int64(c.x)-int64(a.x))
		return max(min(v, 1), -1)
	}
	on := func(a, b, p offset) bool { // and no end
		return p != a && p != b && side(a, b, p) == 0 &&
			min(a.x, b.x) <= p.x && p.x <= max(a.x, b.x) && min(a.y, b.y) <= p.y && p.y <= max(a.y, b.y)
	}
	if on(a, b, c) || on(a, b, d) || on(c, d, a) || on(c, d, b) {
		return true
	}
	return side(a, b, c)*side(a, b, d) < 0 && side(c, d, a)*side(c, d, b) < 0
}

// A piece is found to be clear exactly where no place lies between it and its line: by rays in the clear and
// with places on the line.
func TestBetween(t *testing.T) {
	places := []offset{{0, 0}, {10, 10}, {20, -10}, {30, 0}}
	g := generaliser{net: &net{places: places}}
	ids := []int32{0, 1, 2, 3}
	for at, want := range map[offset]bool{
		{8, 4}: true, {20, -3}: true, {3, 0}: true, {15, 0}: true, {25, 0}: true,
		{8, -4}: false, {20, 3}: false, {2, 9}: false, {29, -5}: false,
	} {
		if got := g.between(ids, piece{0, 3}, at); got != want {
			t.Errorf("%v: %v", at, got)
		}
	}
}

// A closed line keeps three vertices at every zoom, so what it encloses does not collapse for being generalised.
func TestIslandsKeepThreeVertices(t *testing.T) {
	var ring orb.Ring
	for i := range 60 {
		sin, cos := math.Sincos(float64(i) / 30 * math.Pi)
		ring = append(ring, orb.Point{119 + 0.001*cos, 29 + 0.0004*sin})
	}
	ring = append(ring, ring[0])
	for _, c := range chainsOf(t, cellsPart(t, []orb.MultiPolygon{{{ring}}}), crs.WGS84) {
		for z := range uint8(MaxZoom + 1) {
			if n := len(c.shown(z)); n < 4 || z > 19 && n < 50 {
				t.Errorf("zoom %d shows %d points", z, n)
			}
		}
	}
}

// Every feature is in one bunch, in order, and a change in one place leaves the bunches elsewhere alone.
func TestPartition(t *testing.T) {
	mps := geotest.Tessellation(4, 3000, testBound)
	whole := partition(cellsPart(t, mps))
	seen := make([]bool, len(mps))
	for _, b := range whole {
		if len(b.members) > blockMost || !slices.IsSorted(b.members) {
			t.Errorf("a bunch of %d, in order: %v", len(b.members), slices.IsSorted(b.members))
		}
		for _, i := range b.members {
			if seen[i] {
				t.Fatalf("%d is in two bunches", i)
			}
			seen[i] = true
		}
	}
	if slices.Contains(seen, false) {
		t.Error("a feature is in no bunch")
	}
	known := map[string]bool{}
	for _, b := range whole {
		known[fmt.Sprint(b)] = true
	}
	same := 0
	for _, b := range partition(cellsPart(t, mps[:len(mps)-1])) {
		if known[fmt.Sprint(b)] {
			same++
		}
	}
	if same < len(whole)-1 {
		t.Errorf("%d of %d bunches are left without the last cell", same, len(whole))
	}
	// Features upon one place are not divided any more.
	upon := make([]orb.MultiPolygon, 2*blockMost)
	for i := range upon {
		upon[i] = mps[0]
	}
	if bunches := partition(cellsPart(t, upon)); len(bunches) != 1 {
		t.Errorf("%d bunches", len(bunches))
	}
}

// The next version takes over every block of which nothing has changed, and makes the same of all
// others as a builder that knows nothing.
func TestBlocksAreTakenOver(t *testing.T) {
	mps := geotest.Tessellation(4, 3000, testBound)
	p := cellsPart(t, mps)
	was := newPicture(geo.Cells, WebMercatorQuad, crs.WGS84, nil)
	builder := new(Builder)
	was.prepare(p, builder.marker)
	for k := range was.blocks {
		was.block(p, int32(k))
	}
	moved := make([]orb.MultiPolygon, len(mps))
	for i := range mps {
		moved[i] = orb.Clone(mps[i]).(orb.MultiPolygon)
	}
	from := moved[17][0][0][1]
	for i := range moved {
		for _, polygon := range moved[i] {
			for _, r := range polygon {
				for v := range r {
					if r[v] == from {
						r[v][0] += 1e-7
					}
				}
			}
		}
	}
	q := cellsPart(t, moved)
	now := newPicture(geo.Cells, WebMercatorQuad, crs.WGS84, was)
	now.prepare(q, builder.marker)
	fresh := 0
	for k := range now.blocks {
		if b := now.block(q, int32(k)); now.before[b.key] != b {
			fresh++
		}
	}
	if fresh < 1 || fresh > 4 {
		t.Errorf("%d of %d blocks are made anew for one vertex", fresh, len(now.blocks))
	}
}

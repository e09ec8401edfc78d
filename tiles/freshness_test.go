package tiles_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/geotest"
	"towngrid/geo/snapshot"
	"towngrid/tiles"
)

// edition is one state of the cells and stations of a district, from which snapshots are made anew.
type edition struct{ cells, units []geo.Feature }

// firstEdition has n cells in stations of about eight, two rooms and a centre.
func firstEdition(seed uint64, n int) (e edition) {
	e.cells = cells(geotest.Tessellation(seed, n, district))
	for i := range e.cells {
		e.cells[i].Properties = geo.Properties{{Name: "unit", Value: fmt.Sprintf("S%d", i/8)}}
	}
	unit := func(code, level, parent string, g orb.MultiPolygon) {
		e.units = append(e.units, geo.Feature{Code: geo.Code(code), Geometry: g,
			Properties: geo.Properties{{Name: "level", Value: level}, {Name: "parent", Value: parent}}})
	}
	unit("C", geo.LevelCentre, "", e.cells[0].Geometry.(orb.MultiPolygon))
	unit("R0", geo.LevelRoom, "C", e.cells[1].Geometry.(orb.MultiPolygon))
	unit("R1", geo.LevelRoom, "C", e.cells[2].Geometry.(orb.MultiPolygon))
	for i := 0; i < n; i += 8 {
		unit(fmt.Sprintf("S%d", i/8), geo.LevelStation, fmt.Sprintf("R%d", i/8%2), e.cells[i].Geometry.(orb.MultiPolygon))
	}
	return e
}

// snapshot is that of a copy: a part takes its features over.
func (e edition) snapshot(t *testing.T) *snapshot.Snapshot {
	c := e.copy()
	return snapshot.Empty().With(part(t, geo.Cells, "330890", c.cells)).With(part(t, geo.Units, "330890", c.units))
}

func (e edition) copy() edition {
	clone := func(fs []geo.Feature) []geo.Feature {
		fs = slices.Clone(fs)
		for i := range fs {
			fs[i].Geometry = orb.Clone(fs[i].Geometry)
			fs[i].Properties = slices.Clone(fs[i].Properties)
		}
		return fs
	}
	return edition{clone(e.cells), clone(e.units)}
}

// change changes something small at random and says what.
func (e *edition) change(r *rand.Rand) string {
	i := r.IntN(len(e.cells))
	c := &e.cells[i]
	switch r.IntN(7) {
	case 0:
		c.Name = fmt.Sprintf("新%d", r.IntN(1000))
		return "name of " + string(c.Code)
	case 1:
		c.Properties[0].Value = fmt.Sprintf("S%d", r.IntN(len(e.cells)/8))
		return "unit of " + string(c.Code)
	case 2:
		gone := c.Code
		e.cells = slices.Delete(e.cells, i, i+1)
		return "removed " + string(gone)
	case 3:
		old := c.Code
		c.Code += "X"
		return fmt.Sprintf("code %s for %s", c.Code, old)
	case 4:
		u := &e.units[3+r.IntN(len(e.units)-3)]
		u.Properties[1].Value = fmt.Sprintf("R%d", r.IntN(2))
		return "parent of " + string(u.Code)
	}
	from := c.Geometry.(orb.MultiPolygon)[0][0][1]
	to := orb.Point{from[0] + (r.Float64()-0.5)*2e-6, from[1] + (r.Float64()-0.5)*2e-6}
	for k := range e.cells {
		for _, polygon := range e.cells[k].Geometry.(orb.MultiPolygon) {
			for _, ring := range polygon {
				for v := range ring {
					if ring[v] == from {
						ring[v] = to
					}
				}
			}
		}
	}
	return fmt.Sprintf("vertex %v of %s", from, c.Code)
}

// affected are the bounds, old and new, of the cells that changed, of their neighbours, and
// of those whose units did: found without marks.
func affected(a, b edition) (bounds []orb.Bound) {
	climb := func(e edition, code string) (text string) {
		for range 4 {
			for _, u := range e.units {
				if string(u.Code) == code {
					text += code + " "
					code = u.Properties.Text("parent")
				}
			}
		}
		return text
	}
	say := func(e edition, f geo.Feature) string {
		return fmt.Sprint(f.Name, f.Properties, f.Geometry, climb(e, f.Properties.Text("unit")))
	}
	before, after := map[geo.Code]string{}, map[geo.Code]string{}
	for _, f := range a.cells {
		before[f.Code] = say(a, f)
	}
	for _, f := range b.cells {
		after[f.Code] = say(b, f)
	}
	all := append(slices.Clone(a.cells), b.cells...)
	for _, f := range all {
		if before[f.Code] == after[f.Code] {
			continue
		}
		for _, g := range all {
			if f.Geometry.Bound().Intersects(g.Geometry.Bound()) {
				bounds = append(bounds, g.Geometry.Bound())
			}
		}
	}
	return bounds
}

// A change of the data changes the ETag of each tile whose bytes it changes, and of no tile that
// lies away from what was changed: at all zooms, in all datums and for the old shape and the
// new. What comes back has its old ETag again.
func TestETagsFollowTheContent(t *testing.T) {
	const seed = 20
	rounds := 15
	if os.Getenv("TOWNGRID_LONG") == "1" {
		rounds = 500
	}
	rnd := rand.New(rand.NewPCG(seed, 0))
	cache := newCache(t, 0)
	was := firstEdition(seed, 120)
	first, firstSnap := was.copy(), was.snapshot(t)
	changedBytes, changedTags, kept := 0, 0, 0
	for round := range rounds {
		now := was.copy()
		what := now.change(rnd)
		old, next := was.snapshot(t), now.snapshot(t)
		var builder tiles.Builder
		near := affected(was, now)
		for range 40 {
			z := uint8(6 + rnd.IntN(12))
			at := anywhere(rnd)
			if len(near) > 0 && rnd.IntN(2) == 0 {
				at = near[rnd.IntN(len(near))].Center()
			}
			r := tiles.Request{
				Collections: []geo.Collection{geo.Cells}, Address: addressOf(z, at), Content: tiles.Content(1 + rnd.IntN(7)),
				Datum: []crs.Datum{"", crs.GCJ02, crs.BD09}[rnd.IntN(3)],
			}
			a, b := etagOf(t, cache, old, r, tiles.Gzip), etagOf(t, cache, next, r, tiles.Gzip)
			differ := !bytes.Equal(body(t, &builder, old, r), body(t, &builder, next, r))
			touched := slices.ContainsFunc(near, tiles.Reach(r).Intersects)
			switch {
			case differ && a == b:
				t.Errorf("seed %d, round %d, %s: tile %+v has other bytes and the same ETag", seed, round, what, r)
			case a != b && !touched:
				t.Errorf("seed %d, round %d, %s: tile %+v lies away from it and has another ETag", seed, round, what, r)
			case a == b:
				kept++
			}
			if differ {
				changedBytes++
			}
			if a != b {
				changedTags++
			}
		}
		was = now
	}
	if changedBytes < rounds || changedTags < changedBytes || kept < rounds {
		t.Errorf("%d tiles with other bytes, %d with other ETags and %d with the same: the test shows little", changedBytes, changedTags, kept)
	}
	r := whole()
	if other := newCache(t, 0); etagOf(t, other, first.snapshot(t), r, tiles.Gzip) != etagOf(t, cache, firstSnap, r, tiles.Gzip) {
		t.Error("the same content has two ETags")
	}
}

func anywhere(r *rand.Rand) orb.Point {
	return orb.Point{
		district.Min[0] + r.Float64()*(district.Max[0]-district.Min[0]),
		district.Min[1] + r.Float64()*(district.Max[1]-district.Min[1]),
	}
}

func body(t *testing.T, b *tiles.Builder, s *snapshot.Snapshot, r tiles.Request) []byte {
	t.Helper()
	body, err := b.Build(t.Context(), s, r)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// The sum over a box is that over a list of all features.
func TestMarksAddUpToWhatMeetsABox(t *testing.T) {
	const seed = 5
	rnd := rand.New(rand.NewPCG(seed, 0))
	for _, n := range []int{1, 15, 300, 2000} {
		s := snapshotOf(t, geotest.Tessellation(seed, n, district))
		p := s.Parts(geo.Cells)[0]
		meeting := tiles.Meeting(s, p)
		for range 300 {
			box := orb.MultiPoint{anywhere(rnd), anywhere(rnd)}.Bound()
			if i := rnd.IntN(p.Len()); rnd.IntN(3) == 0 { // its border touches a feature's
				box.Max = p.FeatureBound(i).Min
				box.Min = orb.Point{min(box.Min[0], box.Max[0]), min(box.Min[1], box.Max[1])}
			}
			want := 0
			for i := range p.Len() {
				if box.Intersects(p.FeatureBound(i)) {
					want++
				}
			}
			if got := meeting(box); got != want {
				t.Fatalf("seed %d, %d features: %d instead of %d meet %v", seed, n, got, want, box)
			}
		}
	}
}

// The tiles that a change touches are those with one of its boxes within reach, whatever the
// grid and the datum: held against a look at every tile of a zoom around them.
func TestTouchedTilesAreThoseWithinReach(t *testing.T) {
	const seed = 3
	rnd := rand.New(rand.NewPCG(seed, 0))
	for round := range 30 {
		r := tiles.Request{Grid: tiles.Grids()[rnd.IntN(2)], Datum: []crs.Datum{"", crs.GCJ02, crs.BD09}[rnd.IntN(3)]}
		var bounds []orb.Bound
		for range 1 + rnd.IntN(4) {
			at := anywhere(rnd)
			bounds = append(bounds, orb.MultiPoint{at, {at[0] + rnd.Float64()*0.01, at[1] + rnd.Float64()*0.01}}.Bound())
		}
		as, deepest, err := tiles.Touched(r, bounds, 500)
		if err != nil || len(as) > 500 || deepest < 9 {
			t.Fatalf("seed %d, round %d: %d tiles to zoom %d, %v", seed, round, len(as), deepest, err)
		}
		named := map[tiles.Address]bool{}
		for _, a := range as {
			named[a] = true
		}
		r.Collections = []geo.Collection{geo.Cells}
		for z := range uint8(min(deepest, 11) + 1) {
			mid := addressOf(z, district.Center())
			if r.Grid == tiles.CGCS2000Quad {
				side := 180 / float64(uint32(1)<<z)
				c := district.Center()
				mid = tiles.Address{Z: z, X: uint32((c[0] + 180) / side), Y: uint32((90 - c[1]) / side)}
			}
			for dx := -15; dx <= 15; dx++ {
				for dy := -15; dy <= 15; dy++ {
					r.Address = tiles.Address{Z: z, X: uint32(int(mid.X) + dx), Y: uint32(int(mid.Y) + dy)}
					if !r.Grid.Valid(r.Address) {
						continue
					}
					if want := slices.ContainsFunc(bounds, tiles.Reach(r).Intersects); named[r.Address] != want {
						t.Errorf("seed %d, round %d: %s %+v: touched %t, named %t", seed, round, r.Grid, r.Address, want, !want)
					}
					delete(named, r.Address)
				}
			}
		}
		for a := range named {
			if int(a.Z) <= min(deepest, 11) {
				t.Errorf("seed %d, round %d: %+v is named and lies far away", seed, round, a)
			}
		}
	}
	if as, deepest, err := tiles.Touched(tiles.Request{}, []orb.Bound{district}, 0); len(as) != 0 || deepest != -1 || err != nil {
		t.Errorf("%v to zoom %d, %v", as, deepest, err)
	}
}

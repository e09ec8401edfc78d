package tiles_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/geotest"
	"towngrid/geo/snapshot"
	"towngrid/tiles"
)

// patchwork is a district in which everything is that ways have to do with: cells of units that are merged, in two
// divisions that share a line; cells that overlap, gaps, islands and lakes; parcels; units above each other.
func patchwork(t testing.TB, seed uint64, n int) *snapshot.Snapshot {
	r := rand.New(rand.NewPCG(seed, 1))
	s := snapshot.Empty()
	m, err := geotest.NewMesh(geotest.Options{Seed: seed, Cells: n, Bound: district, Relax: 1, Segments: 1 + int(seed%9)})
	if err != nil {
		t.Fatal(err)
	}
	byDivision := map[geo.Division][]geo.Feature{}
	middle := district.Center()[0]
	for i, mp := range m.Cells() {
		switch r.IntN(20) {
		case 0:
			continue // a gap
		case 1: // an island of its own beside it
			c := mp.Bound().Center()
			mp = append(mp, rectangle(c[0]+0.3, c[1], c[0]+0.3+0.001*r.Float64(), c[1]+0.001)[0])
		case 2: // a lake
			c := mp.Bound().Center()
			mp[0] = append(mp[0], orb.Ring{{c[0], c[1]}, {c[0], c[1] + 1e-4}, {c[0] + 1e-4, c[1] + 1e-4}, c})
		case 3: // it lies over its neighbours
			mp = orb.Clone(mp).(orb.MultiPolygon)
			for k, p := range mp[0][0] {
				mp[0][0][k] = orb.Point{p[0] + 3e-4, p[1] - 2e-4}
			}
		}
		d := geo.Division("330802")
		if mp.Bound().Center()[0] > middle {
			d = "330803"
		}
		byDivision[d] = append(byDivision[d], geo.Feature{
			Code: geo.Code(fmt.Sprintf("%s%06d", d, i)), Name: fmt.Sprintf("第%d网格", i%7), Geometry: mp,
			Properties: geo.Properties{{Name: "unit", Value: fmt.Sprintf("%s%03d", d, i*7/n)}},
		})
	}
	for d, fs := range byDivision {
		s = s.With(part(t, geo.Cells, d, fs))
	}
	var parcels []geo.Feature
	for i, mp := range geotest.Tessellation(seed+1, n/2, district) {
		parcels = append(parcels, geo.Feature{Code: geo.Code(fmt.Sprintf("P%06d", i)), Geometry: mp, Properties: geo.Properties{
			{Name: "town", Value: fmt.Sprint(i % 3)}, {Name: "construction", Value: i%2 == 0},
		}})
	}
	return s.With(part(t, geo.Parcels, "330802", parcels))
}

// A tile along kept ways is byte for byte the one of which every line is led anew, whoever asks first and however often.
func TestWaysGiveTheSameTiles(t *testing.T) {
	rounds, n, each := uint64(3), 1200, 2
	if os.Getenv("TOWNGRID_LONG") == "1" {
		rounds, n, each = 40, 3000, 12
	}
	for seed := range rounds {
		s := patchwork(t, seed, n)
		r := rand.New(rand.NewPCG(seed, 2))
		grid := tiles.Grids()[seed%2]
		datum := []crs.Datum{crs.WGS84, crs.GCJ02, crs.BD09}[seed%3]
		b := new(tiles.Builder)
		for z := range uint8(18) {
			for range each {
				p := orb.Point{
					district.Min[0] + r.Float64()*(district.Max[0]-district.Min[0]),
					district.Min[1] + r.Float64()*(district.Max[1]-district.Min[1]),
				}
				a := addressIn(grid, z, p)
				for _, cs := range [][]geo.Collection{{geo.Cells}, {geo.Parcels}} {
					q := tiles.Request{Collections: cs, Address: a, Grid: grid, Datum: datum}
					asLedAnew(t, b, s, q, 2, seed)
				}
			}
		}
		blocks, squares := tiles.Led(b)
		if blocks < 10 || squares < 3000 {
			t.Errorf("seed %d: only %d blocks have ways, of %d squares", seed, blocks, squares)
		}
	}
}

// Where the division beside changes, and back again, tiles are byte for byte those of which every line is led anew, along ways that
// were made for another neighbour as well.
func TestWaysFollowTheDivisionBeside(t *testing.T) {
	first := patchwork(t, 6, 1200)
	parts := map[geo.Division][]*snapshot.Part{}
	for _, s := range []*snapshot.Snapshot{first, patchwork(t, 9, 700), patchwork(t, 11, 60)} {
		for _, p := range s.Parts(geo.Cells) {
			parts[p.Version().Division] = append(parts[p.Version().Division], p)
		}
	}
	beside := parts["330803"]
	snapshots := []*snapshot.Snapshot{first, first.With(beside[1]), first, first.With(beside[2]), first.With(beside[1]), first.With(parts["330802"][1]), first}
	b := new(tiles.Builder)
	for n, s := range snapshots {
		for z := uint8(6); z < 15; z += 2 {
			q := tiles.Request{Collections: []geo.Collection{geo.Cells}, Address: addressIn(tiles.WebMercatorQuad, z, district.Center())}
			want, err := tiles.Build(s, q)
			if err != nil {
				t.Fatal(err)
			}
			for range 3 {
				if got := body(t, b, s, q); !bytes.Equal(got, want) {
					t.Fatalf("snapshot %d, zoom %d: %d bytes differ from the %d of a tile that is led anew", n, z, len(got), len(want))
				}
			}
		}
	}
	if blocks, _ := tiles.Led(b); blocks < 10 {
		t.Errorf("only %d blocks have ways", blocks)
	}
}

// addressIn is the tile of a grid's zoom that a position lies in.
func addressIn(g tiles.Grid, z uint8, p orb.Point) tiles.Address {
	columns, rows := g.Size(z)
	for y := range rows {
		if b := g.Bound(tiles.Address{Z: z, Y: y}); b.Min[1] <= p[1] && p[1] < b.Max[1] {
			return tiles.Address{Z: z, X: uint32((p[0] + 180) / 360 * float64(columns)), Y: y}
		}
	}
	panic("outside")
}

// Where the merged features of a block lie within a tile and are drawn by their hulls, the tile is byte for byte the one of
// which every line is led anew.
func TestHullsGiveTheSameTiles(t *testing.T) {
	rounds, n, each := uint64(1), 5000, 1
	if os.Getenv("TOWNGRID_LONG") == "1" {
		rounds, n, each = 30, 5000, 8
	}
	for seed := uint64(2); seed < 2+rounds; seed++ {
		s := quarters(t, seed, n)
		r := rand.New(rand.NewPCG(seed, 3))
		b := new(tiles.Builder)
		datum := []crs.Datum{crs.WGS84, crs.GCJ02}[seed%2]
		for z := uint8(7); z < 13; z++ {
			for range each {
				p := orb.Point{
					district.Min[0] + r.Float64()*(district.Max[0]-district.Min[0]),
					district.Min[1] + r.Float64()*(district.Max[1]-district.Min[1]),
				}
				a := addressIn(tiles.WebMercatorQuad, z, p)
				for _, content := range []tiles.Content{tiles.Fills, tiles.All} {
					q := tiles.Request{Collections: []geo.Collection{geo.Cells}, Address: a, Datum: datum, Content: content}
					asLedAnew(t, b, s, q, 2, seed)
				}
			}
		}
		if blocks, seams := tiles.Hulls(b); blocks < 10 || seams < 10 {
			t.Errorf("seed %d: only %d blocks have hulls, with %d seams between them", seed, blocks, seams)
		}
	}
}

// asLedAnew asks a builder for a tile so many times, and wants what a builder makes that has kept nothing.
func asLedAnew(t *testing.T, b *tiles.Builder, s *snapshot.Snapshot, q tiles.Request, times int, seed uint64) {
	t.Helper()
	want, err := tiles.Build(s, q)
	if err != nil {
		t.Fatal(err)
	}
	for range times {
		if got := body(t, b, s, q); !bytes.Equal(got, want) {
			t.Fatalf("seed %d, %s %v of %s in %s, content %d: %d bytes differ from the %d of a tile that is led anew", seed, q.Collections, q.Address, q.Grid, q.Datum, q.Content, len(got), len(want))
		}
	}
}

// quarters are cells in one division, in units that reach over several blocks: with gaps, lakes and islands, and now and
// then one that lies over its neighbours.
func quarters(t testing.TB, seed uint64, n int) *snapshot.Snapshot {
	r := rand.New(rand.NewPCG(seed, 4))
	m, err := geotest.NewMesh(geotest.Options{Seed: seed, Cells: n, Bound: district, Relax: int(seed % 2), Segments: 1 + int(seed*5%13)})
	if err != nil {
		t.Fatal(err)
	}
	var fs []geo.Feature
	for i, mp := range m.Cells() {
		c := mp.Bound().Center()
		switch k := r.IntN(40); {
		case k == 0:
			continue
		case k == 1:
			mp = append(mp, rectangle(c[0]+0.3, c[1], c[0]+0.3+0.001*r.Float64(), c[1]+0.001)[0])
		case k == 2:
			mp[0] = append(mp[0], orb.Ring{{c[0], c[1]}, {c[0], c[1] + 1e-4}, {c[0] + 1e-4, c[1] + 1e-4}, c})
		case k == 3 && r.IntN(n/100) == 0:
			mp = orb.Clone(mp).(orb.MultiPolygon)
			for k, p := range mp[0][0] {
				mp[0][0][k] = orb.Point{p[0] + 3e-4, p[1] - 2e-4}
			}
		}
		unit := int(3*(c[0]-district.Min[0])/(district.Max[0]-district.Min[0])) + 3*int(2*(c[1]-district.Min[1])/(district.Max[1]-district.Min[1]))
		if r.IntN(30) == 0 {
			unit = r.IntN(6)
		}
		fs = append(fs, geo.Feature{Code: geo.Code(fmt.Sprintf("330802%06d", i)), Name: fmt.Sprintf("第%d网格", i), Geometry: mp,
			Properties: geo.Properties{{Name: "unit", Value: fmt.Sprintf("330802%03d", unit)}}})
	}
	return snapshot.Empty().With(part(t, geo.Cells, "330802", fs))
}

// Where lines of many corners cross the rim of a tile's window back and forth, along it, at its corners and over one another, the
// tile is byte for byte the one of which every line is led anew.
func TestRimsGiveTheSameTiles(t *testing.T) {
	rounds := uint64(6)
	if os.Getenv("TOWNGRID_LONG") == "1" {
		rounds = 100
	}
	for seed := range rounds {
		r := rand.New(rand.NewPCG(seed, 5))
		grid := tiles.Grids()[seed%2]
		a := addressIn(grid, uint8(9+seed%10), district.Center())
		s := snapshot.Empty().With(part(t, geo.Cells, "330802", pairsAtRim(r, grid.Bound(a))))
		b := new(tiles.Builder)
		for _, a := range []tiles.Address{a, {Z: a.Z, X: a.X + 1, Y: a.Y}, {Z: a.Z, X: a.X, Y: a.Y - 1}, {Z: a.Z - 1, X: a.X / 2, Y: a.Y / 2}} {
			for _, content := range []tiles.Content{tiles.Fills, tiles.All} {
				q := tiles.Request{Collections: []geo.Collection{geo.Cells}, Address: a, Grid: grid, Content: content}
				asLedAnew(t, b, s, q, 3, seed)
			}
		}
		if blocks, squares := tiles.Led(b); blocks < 2 || squares < 1000 {
			t.Errorf("seed %d: only %d blocks have ways, of %d squares", seed, blocks, squares)
		}
	}
}

// pairsAtRim are pairs of cells, each with a line of many corners between the two, around the rim of a tile's window: a third of
// the corners lies less than two squares from the rim, some of these on it to the fine grid.
func pairsAtRim(r *rand.Rand, tile orb.Bound) (fs []geo.Feature) {
	const low, high = -tiles.Buffer, tiles.Extent + tiles.Buffer
	at := func(x, y float64) orb.Point { // in squares
		return orb.Point{
			tile.Min[0] + x/tiles.Extent*(tile.Max[0]-tile.Min[0]),
			tile.Max[1] - y/tiles.Extent*(tile.Max[1]-tile.Min[1]),
		}
	}
	near := func(v float64) float64 { // as it is, or near a side
		side := float64(low)
		if v > tiles.Extent/2 {
			side = high
		}
		switch r.IntN(6) {
		case 0:
			return side
		case 1:
			return side + 4*r.Float64() - 2
		}
		return v
	}
	for n := range 40 {
		x, y := low+r.Float64()*(high-low), low+r.Float64()*(high-low)
		switch r.IntN(5) {
		case 0:
			x = low
		case 1:
			x = high
		case 2:
			y = low
		case 3:
			y = high
		}
		size := 40 + 1000*r.Float64()
		var between orb.LineString
		for range 2 + r.IntN(30) {
			between = append(between, at(near(x+size*(r.Float64()-0.5)), near(y+size*(r.Float64()-0.5))))
		}
		back := between.Clone()
		back.Reverse()
		for k, line := range []orb.LineString{between, back} {
			ring := append(orb.Ring(line), at(x+size*(r.Float64()-0.5), y+size*(r.Float64()-0.5)))
			ring = append(ring, ring[0])
			fs = append(fs, geo.Feature{Code: geo.Code(fmt.Sprintf("330802%06d", 2*n+k)), Name: fmt.Sprint(n), Geometry: orb.MultiPolygon{{ring}},
				Properties: geo.Properties{{Name: "unit", Value: fmt.Sprintf("330802%03d", r.IntN(3))}}})
		}
	}
	return fs
}

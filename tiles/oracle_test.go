package tiles_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/geojson"

	"towngrid/geo"
	"towngrid/geo/snapshot"
	"towngrid/tiles"
)

// part makes a published part. As in the store, versions of different content have different IDs.
func part(t testing.TB, c geo.Collection, d geo.Division, fs []geo.Feature) *snapshot.Part {
	t.Helper()
	sum, err := geo.Checksum(fs)
	if err != nil {
		t.Fatal(err)
	}
	p, err := snapshot.NewPart(geo.Version{ID: string(c) + string(d) + sum, Number: 1, Collection: c, Division: d}, fs)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// cells gives polygons codes and names.
func cells(mps []orb.MultiPolygon) []geo.Feature {
	fs := make([]geo.Feature, len(mps))
	for i, mp := range mps {
		fs[i] = geo.Feature{Code: geo.Code(fmt.Sprintf("330890%06d", i)), Name: fmt.Sprintf("第%d网格", i), Geometry: mp}
	}
	return fs
}

func snapshotOf(t testing.TB, mps []orb.MultiPolygon) *snapshot.Snapshot {
	t.Helper()
	return snapshot.Empty().With(part(t, geo.Cells, "330890", cells(mps)))
}

// decode reads a tile with orb's decoder.
func decode(t testing.TB, body []byte) map[string]*mvt.Layer {
	t.Helper()
	layers, err := mvt.Unmarshal(body)
	if err != nil {
		t.Fatalf("orb cannot read the tile: %v", err)
	}
	byName := map[string]*mvt.Layer{}
	for _, l := range layers {
		if l.Version != 2 || l.Extent != tiles.Extent || byName[l.Name] != nil || len(l.Features) == 0 {
			t.Fatalf("layer %q of version %d, extent %d, with %d features, again: %v", l.Name, l.Version, l.Extent, len(l.Features), byName[l.Name] != nil)
		}
		byName[l.Name] = l
	}
	return byName
}

// built makes and decodes a tile.
func built(t testing.TB, b *tiles.Builder, s *snapshot.Snapshot, r tiles.Request) map[string]*mvt.Layer {
	t.Helper()
	body, err := b.Build(t.Context(), s, r)
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, body)
}

// polygons are a decoded feature's polygons.
func polygons(t testing.TB, f *geojson.Feature) orb.MultiPolygon {
	t.Helper()
	switch g := f.Geometry.(type) {
	case orb.Polygon:
		return orb.MultiPolygon{g}
	case orb.MultiPolygon:
		return g
	}
	t.Fatalf("feature %v is a %T", f.Properties["code"], f.Geometry)
	return nil
}

// lines are a decoded feature's lines.
func lines(t testing.TB, f *geojson.Feature) orb.MultiLineString {
	t.Helper()
	switch g := f.Geometry.(type) {
	case orb.LineString:
		return orb.MultiLineString{g}
	case orb.MultiLineString:
		return g
	}
	t.Fatalf("feature %v is a %T", f.Properties, f.Geometry)
	return nil
}

// area2 is twice the area within a closed ring, positive for shells in tiles. It is exact.
func area2(r orb.Ring) int64 {
	sum := int64(0)
	for i := 1; i < len(r); i++ {
		sum += int64(r[i-1][0])*int64(r[i][1]) - int64(r[i][0])*int64(r[i-1][1])
	}
	return sum
}

// addressOf is the tile of a zoom that a position lies in.
func addressOf(z uint8, p orb.Point) tiles.Address {
	lo := tiles.Address{Z: z}
	for k := int(z) - 1; k >= 0; k-- {
		for _, step := range []tiles.Address{{X: 1 << k}, {Y: 1 << k}} {
			next := tiles.Address{Z: z, X: lo.X + step.X, Y: lo.Y + step.Y}
			if b := next.Bound(); step.X > 0 && b.Min[0] <= p[0] || step.Y > 0 && b.Max[1] >= p[1] {
				lo = next
			}
		}
	}
	return lo
}

// around are the tiles of a zoom that meet the bound, at most n of them: beside each other, from
// somewhere within.
func around(z uint8, b orb.Bound, n int) (as []tiles.Address) {
	nw, se := addressOf(z, orb.Point{b.Min[0], b.Max[1]}), addressOf(z, orb.Point{b.Max[0], b.Min[1]})
	width, height := se.X-nw.X+1, se.Y-nw.Y+1
	if int(width*height) > n {
		nw.X, nw.Y = nw.X+width/3, nw.Y+height/3
		width, height = min(width, 3), min(height, 3)
	}
	for y := range height {
		for x := range width {
			as = append(as, tiles.Address{Z: z, X: nw.X + x, Y: nw.Y + y})
		}
	}
	return as[:min(n, len(as))]
}

func codes(l *mvt.Layer) (cs []string) {
	if l == nil {
		return nil
	}
	for _, f := range l.Features {
		cs = append(cs, f.Properties.MustString("code", "")) // what is merged has none
	}
	return cs
}

func sorted(cs []string) bool { return slices.IsSorted(cs) }

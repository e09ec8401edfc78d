package data

import (
	"fmt"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/snapshot"
)

// edition is the snapshot after another one in which a division has a new version of
// one cell with so many vertices.
func edition(t *testing.T, before *snapshot.Snapshot, division string, number, vertices int) *View {
	t.Helper()
	ring := orb.Ring{{118, 29}}
	for i := range vertices - 2 {
		ring = append(ring, orb.Point{119, 29 + float64(i)/float64(vertices)})
	}
	ring = append(ring, orb.Point{118, 30}, orb.Point{118, 29})
	p, err := snapshot.NewPart(geo.Version{ID: fmt.Sprint(division, number), Collection: geo.Cells, Division: geo.Division(division), Number: number},
		[]geo.Feature{{Code: "a", Geometry: orb.MultiPolygon{{ring}}}})
	if err != nil {
		t.Fatal(err)
	}
	return &View{Snapshot: before.With(p)}
}

// TestThePastIsBoundedBySize: what only older snapshots hold counts, and the latest is
// kept whatever its size.
func TestThePastIsBoundedBySize(t *testing.T) {
	const vertices = 10_000
	small := ring{room: 4 * vertices * 16}
	large := ring{room: 1 << 40}
	for _, p := range []*ring{&small, &large} {
		v := edition(t, snapshot.Empty(), "330802", 1, 100*vertices) // in every one: it takes no room
		p.add(v)
		for number := range 40 {
			v = edition(t, v.Snapshot, "330803", number, vertices)
			p.add(v)
			if last := p.views[len(p.views)-1]; last != v {
				t.Fatal("the latest view is not kept")
			}
		}
	}
	if n := len(small.views); n != 4 {
		t.Errorf("%d views where 3 older ones find room", n)
	}
	if n := len(large.views); n != kept {
		t.Errorf("%d views, want %d", n, kept)
	}
	none := ring{}
	for number := range 3 {
		none.add(edition(t, snapshot.Empty(), "330803", number, 100))
	}
	if len(none.views) != 1 || none.views[0].Parts(geo.Cells)[0].Version().Number != 2 {
		t.Errorf("without room %d views are kept", len(none.views))
	}
}

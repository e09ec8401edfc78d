package tiles

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/geotest"
	"towngrid/geo/snapshot"
)

// Tiles of many blocks, for which unions are made beside the borders, have the bytes of tiles that are made one piece after
// another from nothing, whether they hold all features or cut some of them.
func TestUnionsMadeBesideAreTheSame(t *testing.T) {
	bound := orb.Bound{Min: orb.Point{118.8, 28.8}, Max: orb.Point{119.1, 29.1}}
	s := snapshot.Empty()
	for d, box := range []orb.Bound{{Min: bound.Min, Max: orb.Point{118.95, 29.1}}, {Min: orb.Point{118.95, 28.8}, Max: bound.Max}} {
		var fs []geo.Feature
		for i, mp := range geotest.Tessellation(uint64(d+1), 2000, box) {
			fs = append(fs, geo.Feature{Code: geo.Code(fmt.Sprintf("%d%05d", d, i)), Geometry: mp,
				Properties: geo.Properties{{Name: "unit", Value: fmt.Sprintf("S%d", i/40)}}})
		}
		p, err := snapshot.NewPart(geo.Version{ID: fmt.Sprint(d), Number: 1, Collection: geo.Cells, Division: geo.Division(fmt.Sprintf("33089%d", d))}, fs)
		if err != nil {
			t.Fatal(err)
		}
		s = s.With(p)
	}
	b := Builder{many: 1}
	made, left := 0, 0
	for z := uint8(5); z < 13; z++ {
		mid := address(z, bound.Center())
		for dx := range uint32(3) {
			for dy := range uint32(3) {
				for _, content := range []Content{All, Fills, Fills | Borders} {
					r := Request{Collections: []geo.Collection{geo.Cells}, Address: Address{z, mid.X + dx - 1, mid.Y + dy - 1}, Content: content}
					want, err := Build(s, r)
					if err != nil {
						t.Fatal(err)
					}
					var w desk
					checked, err := r.checked()
					if err != nil {
						t.Fatal(err)
					}
					got, err := w.tile(t.Context(), &b, s, checked)
					if err != nil || !bytes.Equal(got, want) {
						t.Errorf("%v: %d bytes instead of %d, or others: %v", r, len(got), len(want), err)
					}
					for _, u := range w.unions.all {
						if u.made {
							made++
						} else {
							left++
						}
					}
				}
			}
		}
	}
	if made < 1000 || left < 100 {
		t.Errorf("%d unions made and %d left show little", made, left)
	}
}

// A union that cannot be made is left to whoever draws the group.
func TestAUnionThatFailsIsLeft(t *testing.T) {
	w := desk{shown: make([]shown, 1)}
	w.shown[0].stands = true // and has no ways
	w.merger.list, w.merger.members = []*group{{}}, [][]int32{{0}}
	w.unions.begin(t.Context(), &w)()
	if len(w.unions.all) != 1 || w.unions.all[0].made {
		t.Errorf("%+v", w.unions.all)
	}
}

package tiles

import (
	"github.com/paulmach/orb"

	"towngrid/geo/snapshot"
)

// Kept is the number of pictures that a builder keeps.
func Kept(b *Builder) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.pictures)
}

// Reach is the part of the earth whose features can show in the tile.
func Reach(r Request) orb.Bound {
	r, err := r.checked()
	if err != nil {
		panic(err)
	}
	return r.reach()
}

// Meeting is the number of features that a part's tally finds to meet a box. It panics where the
// sum of their marks is not that of the features one by one.
func Meeting(s *snapshot.Snapshot, p *snapshot.Part, b orb.Bound) int {
	m := new(marker)
	got := m.tally(s, p, true).meeting(p, b)
	var want sum
	for i, mark := range m.withUnits(s, p) {
		if b.Intersects(p.FeatureBound(i)) {
			want = want.plus(sum{mark, 1})
		}
	}
	if got != want {
		panic("the tally's sum is another than the features'")
	}
	return got.n
}

package tiles

import (
	"context"
	"time"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/snapshot"
)

// Kept is the number of pictures that a builder keeps.
func Kept(b *Builder) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.pictures)
}

// Led is the number of blocks of which a builder has ways, over all zooms, and of their squares.
func Led(b *Builder) (blocks, squares int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, pic := range b.pictures {
		for k := range pic.blocks {
			for z := range pic.blocks[k].ways {
				if w := pic.blocks[k].ways[z].Load(); w != nil {
					blocks, squares = blocks+1, squares+len(w.spots)
				}
			}
		}
	}
	return blocks, squares
}

// Hulls is the number of blocks of which a builder has hulls, over all zooms, and of the seams between blocks that these have.
func Hulls(b *Builder) (blocks, seams int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, pic := range b.pictures {
		for k := range pic.blocks {
			for z := range pic.blocks[k].ways {
				if w := pic.blocks[k].ways[z].Load(); w != nil && w.whole {
					blocks++
					for i := range w.hulls {
						seams += len(w.hulls[i].seams)
					}
				}
			}
		}
	}
	return blocks, seams
}

// Reach is the part of the earth whose features can show in the tile.
func Reach(r Request) orb.Bound {
	r, err := r.checked()
	if err != nil {
		panic(err)
	}
	return r.reach()
}

// Meeting gives the number of features that a part's marker finds to meet a box. It panics where the
// sum of their marks is not that of the features one by one (see plainMarks).
func Meeting(s *snapshot.Snapshot, p *snapshot.Part) func(b orb.Bound) int {
	ms, marks := &markers{}, plainMarks(s, p)
	units := ms.climber(s, p.Version().Collection)
	return func(b orb.Bound) int {
		got, err := ms.marker(p).meeting(context.Background(), p, b, units)
		if err != nil {
			panic(err)
		}
		var want sum
		for i, mark := range marks {
			if b.Intersects(p.FeatureBound(i)) {
				want = want.plus(sum{mark, 1})
			}
		}
		if got != want {
			panic("the marker's sum is another than the features'")
		}
		return got.n
	}
}

// plainMarks are the marks of a part's features with the units above them, found one by one.
func plainMarks(s *snapshot.Snapshot, p *snapshot.Part) []mark {
	v := p.Version()
	of := make([]mark, p.Len())
	for i := range of {
		f := p.At(i)
		b := appendSized(appendSized(nil, string(v.Collection)), string(v.Division))
		b = appendFeature(b, f, markOf(appendShape(nil, f.Geometry)))
		if v.Collection == geo.Units && lowest(p)[i] {
			b = append(b, '.')
		}
		of[i] = markOf(b)
		for k := range p.Len() {
			if k != i && p.FeatureBound(i).Intersects(p.FeatureBound(k)) {
				of[i] = of[i].plus(markOf(appendShape(nil, p.At(k).Geometry)))
			}
		}
		switch v.Collection {
		case geo.Cells:
			of[i] = of[i].plus(markOfClimb(s, geo.Code(f.Properties.Text("unit"))))
		case geo.Units:
			of[i] = of[i].plus(markOfClimb(s, f.Code))
		}
	}
	return of
}

// PlainChange is what Changes should say of the cells of two snapshots with one division each: the bounds, old and
// new, of the features that came, went or changed, found one by one, and their number.
func PlainChange(old, next *snapshot.Snapshot) (n int, bounds []orb.Bound) {
	type was struct {
		mark  mark
		bound orb.Bound
	}
	before := map[geo.Code]was{}
	for _, p := range old.Parts(geo.Cells) {
		for i, m := range plainMarks(old, p) {
			before[p.At(i).Code] = was{m, p.FeatureBound(i)}
		}
	}
	for _, p := range next.Parts(geo.Cells) {
		for i, m := range plainMarks(next, p) {
			w, ok := before[p.At(i).Code]
			delete(before, p.At(i).Code)
			if ok && w.mark == m {
				continue
			}
			if n++; ok {
				bounds = append(bounds, w.bound)
			}
			bounds = append(bounds, p.FeatureBound(i))
		}
	}
	for _, w := range before {
		n, bounds = n+1, append(bounds, w.bound)
	}
	return n, bounds
}

// Marked counts the clusters of a cache's part for cells, those that have marks, and those that the part of
// another snapshot has as well.
func Marked(c *Cache, s, other *snapshot.Snapshot) (all, marked, shared int) {
	m, o := c.markers.marker(s.Parts(geo.Cells)[0]), c.markers.marker(other.Parts(geo.Cells)[0])
	theirs := map[*cluster]bool{}
	for k := range o.clusters {
		theirs[o.clusters[k].found.Load()] = true
	}
	for k := range m.clusters {
		if m.marked(k) {
			marked++
			if theirs[m.clusters[k].found.Load()] {
				shared++
			}
		}
	}
	return len(m.clusters), marked, shared
}

// Crowd takes the places of all tiles that may be made at a time, until leave is called.
func Crowd(c *Cache) (leave func()) {
	for range cap(c.slots) {
		c.slots <- struct{}{}
	}
	return func() {
		for range cap(c.slots) {
			<-c.slots
		}
	}
}

// Heavy sets from how many features on a cache renews tiles, and how long a publication waits for it.
func Heavy(c *Cache, features int, grace time.Duration) { c.heavy, c.grace = features, grace }

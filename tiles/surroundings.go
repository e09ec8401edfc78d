package tiles

import (
	"slices"
	"sync"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/snapshot"
)

// surroundings are all parts of a collection in a snapshot, as far as the ways of one block depend on what lies around it: in
// its own part and in others.
type surroundings struct {
	builder *Builder
	parts   []*snapshot.Part
	tag     string // of the collection in the snapshot
	grid    Grid
	datum   crs.Datum

	indexing sync.Once
	tree     boundTree // of the parts
}

// heldWays are ways with the tag of the collection for which they were last found to hold.
type heldWays struct {
	*ways
	tag string
}

func (b *Builder) surroundings(s *snapshot.Snapshot, c geo.Collection, r Request) *surroundings {
	return &surroundings{builder: b, parts: s.Parts(c), tag: s.Tag(c), grid: r.Grid, datum: r.Datum}
}

// known says whether it is known what ways block k has at a zoom, if any, and gives them.
func (a *surroundings) known(pic *picture, k int32, z uint8) (w *ways, known bool) {
	h := pic.blocks[k].ways[z].Load()
	if h == nil || h.tag != a.tag {
		return nil, false
	}
	if h.none {
		return nil, true
	}
	return h.ways, true
}

// adopt takes over the ways of block k, which has been made, that were made for another snapshot or another version of the
// part, where they hold.
func (a *surroundings) adopt(p *snapshot.Part, pic *picture, k int32, z uint8) {
	s := &pic.blocks[k]
	made := s.block.Load().led[z].Load()
	held := s.ways[z].Load()
	if held != nil && held.ways == noWays {
		s.ways[z].Store(&heldWays{noWays, a.tag})
		return
	}
	if made == nil && held == nil {
		return
	}
	around, ok := a.around(p, pic, k, z)
	switch {
	case !ok:
	case held != nil && slices.Equal(held.around, around):
		s.ways[z].Store(&heldWays{held.ways, a.tag})
	case made != nil && slices.Equal(made.around, around):
		s.ways[z].Store(&heldWays{made, a.tag})
	}
}

// worth says whether the ways of block k at a zoom should be made now. It counts how often it is asked.
func (pic *picture) worth(k int32, z uint8) bool { return pic.blocks[k].asked[z].Add(1) >= wayWorth }

// lead makes the ways of block k at a zoom. Where another is about it, it leaves it to that one.
func (a *surroundings) lead(p *snapshot.Part, pic *picture, k int32, z uint8) {
	s := &pic.blocks[k]
	if !s.leading.TryLock() {
		return
	}
	defer s.leading.Unlock()
	if _, known := a.known(pic, k, z); known {
		return
	}
	m := wayMaker{block: pic.block(p, k), pic: pic, zoom: z}
	w := noWays
	if m.settle() {
		if around, ok := a.around(p, pic, k, z); ok {
			w = m.make(around)
			m.block.led[z].Store(w)
		}
	}
	s.asked[z].Store(0)
	s.ways[z].Store(&heldWays{w, a.tag})
}

// around are the blocks that may have a vertex in a square of a zoom that a line of block k passes: those of its own part in
// order, then those of others. It is not ok where one of them lies on other squares than block k.
func (a *surroundings) around(p *snapshot.Part, pic *picture, k int32, z uint8) (blocks []*block, ok bool) {
	box := pic.tree.bounds[k]
	columns, _ := pic.grid.Size(z)
	square := 360 / (float64(columns) * Extent) // degrees of longitude, not less than those of latitude
	pad := 2 * square
	if pic.datum != crs.WGS84 {
		pad += farthestShift
	}
	box = box.Pad(pad)
	rim := maxLat - pad // what lies beyond the square world is on its rim
	if box.Max[1] > rim {
		box.Max[1] = 90
	}
	if box.Min[1] < -rim {
		box.Min[1] = -90
	}
	blocks = pic.within(nil, p, box)
	if len(a.parts) == 1 {
		return blocks, true
	}
	a.indexing.Do(func() {
		bounds := make([]orb.Bound, len(a.parts))
		for n, p := range a.parts {
			bounds[n] = p.Bound()
		}
		a.tree = newBoundTree(bounds)
	})
	for n := range a.tree.meeting(box) {
		if other := a.parts[n]; other != p {
			its := a.builder.picture(other, a.grid, a.datum)
			before := len(blocks)
			if blocks = its.within(blocks, other, box); len(blocks) > before && its.lift != pic.lift {
				return nil, false
			}
		}
	}
	return blocks, true
}

// within appends the blocks whose boxes meet b. Hardly one of them has no feature whose bound does, which would take longer to
// find out than it would save: all blocks are asked about anew in each version.
func (pic *picture) within(blocks []*block, p *snapshot.Part, b orb.Bound) []*block {
	for k := range pic.tree.meeting(b) {
		blocks = append(blocks, pic.block(p, int32(k)))
	}
	return blocks
}

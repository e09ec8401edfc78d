package tiles

import (
	"context"
	"maps"
	"math"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/snapshot"
)

// offset is a place on the fine grid as kept: 8 bytes, from its picture's origin.
type offset struct{ x, y int32 }

// offsetBox is a box of offsets, borders included.
type offsetBox struct{ min, max offset }

// boxAround is the least box that holds the places.
func boxAround(ps []offset) offsetBox {
	if len(ps) == 0 {
		return offsetBox{}
	}
	b := offsetBox{ps[0], ps[0]}
	for _, p := range ps[1:] {
		b.add(p)
	}
	return b
}

// add makes the box large enough to hold p.
func (b *offsetBox) add(p offset) {
	b.min = offset{min(b.min.x, p.x), min(b.min.y, p.y)}
	b.max = offset{max(b.max.x, p.x), max(b.max.y, p.y)}
}

// picture is a part as tiles need it, for one grid and datum, and shared by all its
// tiles. It is made of blocks of features that lie close together, each made when a tile first needs
// it, so the first tile after a publication costs what it shows. A block of which nothing
// has changed is taken over from the picture of the version before.
//
// It holds no reference to the part.
type picture struct {
	collection geo.Collection
	grid       Grid
	datum      crs.Datum
	columns    []geo.Field // the properties of a feature: code, name, then the schema's
	merging    []int       // the columns whose values features have in common that are merged

	preparing sync.Once
	ready     atomic.Bool // it is prepared
	last      *picture    // of the version before, until prepared
	origin    vertex      // on the grid of lift, to which offsets count
	lift      uint        // bits by which offsets are coarser than the fine grid
	feet      []bool      // of units: it is no other unit's parent
	places    []placing   // of features
	blocks    []blockSlot
	tree      boundTree           // of the blocks' features
	marks     *marker             // has the digests of what blocks are made of; nil where it serves one tile
	before    map[blockKey]*block // blocks that may be taken over
}

// placing says from which block a feature is drawn, and its slot there.
type placing struct{ block, slot int32 }

// blockSlot keeps a block once it has been made.
type blockSlot struct {
	bunch
	making sync.Mutex
	all    atomic.Pointer[[]int32] // per slot of the block: the feature in the part, once somebody wanted to know
	block  atomic.Pointer[block]

	leading sync.Mutex // held while ways are made
	asked   [MaxZoom + 1]atomic.Uint32
	ways    [MaxZoom + 1]atomic.Pointer[heldWays] // by zoom: those that hold for this picture
}

// newPicture makes a picture that may take over blocks of last, which may be nil.
func newPicture(c geo.Collection, g Grid, d crs.Datum, last *picture) *picture {
	return &picture{collection: c, grid: g, datum: d, columns: columnsOf(c), merging: mergingColumns(c), last: last}
}

// prepare makes the picture ready for its blocks, at the first call. marks gives the part's marker, or nil.
func (pic *picture) prepare(p *snapshot.Part, marks func(*snapshot.Part) *marker) {
	pic.preparing.Do(func() {
		if p.Len() > 0 {
			pic.settle(p.Bound())
		}
		if pic.marks = marks(p); pic.marks != nil {
			pic.feet = pic.marks.feet
		} else if pic.collection == geo.Units {
			pic.feet = lowest(p)
		}
		bunches, tree := bunchesOf(p, pic.marks)
		pic.tree = tree
		pic.places, pic.blocks = make([]placing, p.Len()), make([]blockSlot, len(bunches))
		for k, b := range bunches {
			pic.blocks[k].bunch = b
			for slot, i := range b.members {
				pic.places[i] = placing{int32(k), int32(slot)}
			}
		}
		if pic.last != nil && pic.last.origin == pic.origin && pic.last.lift == pic.lift {
			pic.inherit(pic.last)
		}
		pic.last = nil
		pic.ready.Store(true)
	})
}

// bunchesOf are the bunches of a part, from its marker if there is one, and the tree of their boxes.
func bunchesOf(p *snapshot.Part, m *marker) ([]bunch, boundTree) {
	if m == nil {
		bunches := partition(p)
		return bunches, boundsOf(p, bunches)
	}
	bunches := make([]bunch, len(m.clusters))
	for k := range m.clusters {
		bunches[k] = m.clusters[k].bunch
	}
	return bunches, m.tree
}

// boundsOf is the tree of the boxes of bunches.
func boundsOf(p *snapshot.Part, bunches []bunch) boundTree {
	bounds := make([]orb.Bound, len(bunches))
	for k := range bunches {
		bounds[k] = bunches[k].box(p)
	}
	return newBoundTree(bounds)
}

// inherit notes the blocks that another picture has, and those that it might have taken over itself.
func (pic *picture) inherit(last *picture) {
	pic.before = maps.Clone(last.before)
	if pic.before == nil {
		pic.before = map[blockKey]*block{}
	}
	for k := range last.blocks {
		if b := last.blocks[k].block.Load(); b != nil {
			pic.before[b.key] = b
		}
	}
}

// lowest says of each unit whether it is no other unit's parent.
func lowest(p *snapshot.Part) []bool {
	parents := map[string]bool{}
	for i := range p.Len() {
		parents[p.Bare(i).Properties.Text("parent")] = true
	}
	feet := make([]bool, p.Len())
	for i := range feet {
		feet[i] = !parents[string(p.Bare(i).Code)]
	}
	return feet
}

// settle chooses origin and lift so that every vertex within the bound, shifted, has an offset. A
// part up to 45° wide is kept on the fine grid as it is, one around the world on
// squares eight times as wide. The origin lies on a coarse mesh, so that a version that reaches a
// little farther than the one before mostly has the same.
func (pic *picture) settle(b orb.Bound) {
	b = b.Pad(farthestShift)
	nw, se := pic.grid.project(orb.Point{b.Min[0], b.Max[1]}), pic.grid.project(orb.Point{b.Max[0], b.Min[1]})
	for max(se.x-nw.x, se.y-nw.y)>>pic.lift >= 1<<32-2<<meshBits {
		pic.lift++
	}
	middle := func(a, b int64) int64 { return (a + b) / 2 >> pic.lift >> meshBits << meshBits }
	pic.origin = vertex{middle(nw.x, se.x), middle(nw.y, se.y)}
}

// meshBits is the size of the mesh of origins: 2^28 fine units, 2.8° of longitude.
const meshBits = 28

// project gives the place of a CGCS2000 position in the picture.
func (pic *picture) project(p orb.Point) offset {
	return pic.offset(pic.grid.project(pic.datum.FromCGCS2000(p)))
}

// offset is the kept place of one on the fine grid.
func (pic *picture) offset(v vertex) offset {
	return offset{int32(v.x>>pic.lift - pic.origin.x), int32(v.y>>pic.lift - pic.origin.y)}
}

// box is a box that holds all that lies in a bound of CGCS2000 degrees. Without a shift it is the
// least such box. A shift differs by less than a hundredth of a degree from one place to another a degree
// away, so a twentieth of the bound's size is room enough.
func (pic *picture) box(b orb.Bound) offsetBox {
	if pic.datum == crs.WGS84 {
		return offsetBox{pic.offset(pic.grid.project(orb.Point{b.Min[0], b.Max[1]})), pic.offset(pic.grid.project(orb.Point{b.Max[0], b.Min[1]}))}
	}
	const finest = 3e-5 // degrees
	nw, se := pic.datum.FromCGCS2000(orb.Point{b.Min[0], b.Max[1]}), pic.datum.FromCGCS2000(orb.Point{b.Max[0], b.Min[1]})
	room := (b.Max[0]-b.Min[0]+b.Max[1]-b.Min[1])/20 + finest
	// Where the shift begins, at the borders of its rectangle, corners differ more.
	room += math.Abs(nw[0]-b.Min[0]-se[0]+b.Max[0]) + math.Abs(nw[1]-b.Max[1]-se[1]+b.Min[1])
	return offsetBox{
		pic.offset(pic.grid.project(orb.Point{nw[0] - room, nw[1] + room})),
		pic.offset(pic.grid.project(orb.Point{se[0] + room, se[1] - room})),
	}
}

// block is block k, made now where it was not yet.
func (pic *picture) block(p *snapshot.Part, k int32) *block {
	s := &pic.blocks[k]
	if b := s.block.Load(); b != nil {
		return b
	}
	s.making.Lock()
	defer s.making.Unlock()
	if b := s.block.Load(); b != nil {
		return b
	}
	content := uint64(0)
	if pic.marks != nil {
		content = pic.marks.cluster(p, int(k)).content
		if b := pic.before[s.key]; b != nil && b.content == content {
			s.block.Store(b)
			return b
		}
	}
	b, all := newBlock(pic, p, s.bunch)
	b.content = content
	s.all.Store(&all)
	s.block.Store(b)
	return b
}

// feature is the part's feature in a slot of a block.
func (pic *picture) feature(p *snapshot.Part, s *blockSlot, slot int32) int32 {
	if int(slot) < len(s.members) {
		return s.members[slot]
	}
	all := s.all.Load()
	if all == nil { // of several who find it out any may keep it
		now := pic.slots(p, s.bunch)
		all = &now
		s.all.Store(all)
	}
	return (*all)[slot]
}

// each calls f with the numbers, several at a time, until the context ends.
func each(ctx context.Context, ks []int32, f func(k int32)) error {
	if len(ks) == 0 {
		return ctx.Err()
	}
	var next atomic.Int32
	work := func() {
		for k := next.Add(1) - 1; int(k) < len(ks) && ctx.Err() == nil; k = next.Add(1) - 1 {
			f(ks[k])
		}
	}
	var others sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(ks)) - 1 {
		others.Go(work)
	}
	work()
	others.Wait()
	return ctx.Err()
}

// meets says whether b and c have a place in common.
func (b offsetBox) meets(c offsetBox) bool {
	return b.min.x <= c.max.x && c.min.x <= b.max.x && b.min.y <= c.max.y && c.min.y <= b.max.y
}

// has says whether a place lies in the box.
func (b *offsetBox) has(o offset) bool {
	return b.min.x <= o.x && o.x <= b.max.x && b.min.y <= o.y && o.y <= b.max.y
}

// holds says whether c lies in b.
func (b offsetBox) holds(c offsetBox) bool {
	return b.min.x <= c.min.x && c.max.x <= b.max.x && b.min.y <= c.min.y && c.max.y <= b.max.y
}

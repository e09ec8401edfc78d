package tiles

import (
	"context"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"weak"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/snapshot"
)

// marker holds the marks of a part's features by clusters, each made when a tile or a comparison first needs it, so
// that nobody waits for more than he asks about. A cluster of which nothing has changed is taken
// over from the version before. It holds no reference to the part.
type marker struct {
	seed      uint64 // of the digests of clusters
	preparing sync.Once
	last      *marker // of the version before, until prepared; it is prepared
	feet      []bool  // of units: it is no other unit's parent
	clusters  []clusterSlot
	tree      boundTree
	before    atomic.Pointer[map[blockKey]*cluster] // those that may be taken over; nil once all are found
	missing   atomic.Int64                          // clusters that are not found yet
	ready     atomic.Bool                           // it is prepared
}

// clusterSlot keeps a bunch and, once it is found, its cluster.
type clusterSlot struct {
	bunch
	finding sync.Mutex
	found   atomic.Pointer[cluster]
}

// prepare divides the part into bunches.
func (m *marker) prepare(p *snapshot.Part) {
	if p.Version().Collection == geo.Units {
		m.feet = lowest(p)
	}
	bunches := partition(p)
	m.clusters = make([]clusterSlot, len(bunches))
	for k := range bunches {
		m.clusters[k].bunch = bunches[k]
	}
	m.tree = boundsOf(p, bunches)
	m.missing.Store(int64(len(bunches)))
	if m.last != nil && len(bunches) > 0 {
		before := m.last.known()
		m.before.Store(&before)
	}
	m.last = nil
	m.ready.Store(true)
}

// known are the clusters that a prepared marker has, and those that it might have taken over itself.
func (m *marker) known() map[blockKey]*cluster {
	known := map[blockKey]*cluster{}
	if before := m.before.Load(); before != nil {
		for key, c := range *before {
			known[key] = c
		}
	}
	for k := range m.clusters {
		if c := m.clusters[k].found.Load(); c != nil {
			known[m.clusters[k].key] = c
		}
	}
	return known
}

// cluster is cluster k: that of the version before if it is of the same content, else one without marks yet.
func (m *marker) cluster(p *snapshot.Part, k int) *cluster {
	s := &m.clusters[k]
	if c := s.found.Load(); c != nil {
		return c
	}
	s.finding.Lock()
	defer s.finding.Unlock()
	if c := s.found.Load(); c != nil {
		return c
	}
	c := &cluster{content: s.digest(m.seed, p, s.around(p, m.tree.bounds[k]), m.feet)}
	if before := m.before.Load(); before != nil {
		if b := (*before)[s.key]; b != nil && b.content == c.content {
			c = b
		}
	}
	s.found.Store(c)
	if m.missing.Add(-1) == 0 {
		m.before.Store(nil)
	}
	return c
}

// marks are those of cluster k.
func (m *marker) marks(p *snapshot.Part, k int) *clusterMarks {
	return m.cluster(p, k).mark(p, &m.clusters[k].bunch, m.feet)
}

// marked says whether the marks of cluster k are made.
func (m *marker) marked(k int) bool {
	c := m.clusters[k].found.Load()
	return c != nil && c.marks.Load() != nil
}

// meeting is the sum over the features whose bound meets b, borders included, with the units above them where the climber
// knows any. Marks that are missing are made, until the context ends.
func (m *marker) meeting(ctx context.Context, p *snapshot.Part, b orb.Bound, units climber) (all sum, err error) {
	var missing []int
	for k := range m.tree.meeting(b) {
		if !m.marked(k) {
			missing = append(missing, k)
		}
	}
	err = together(ctx, len(missing), func(i int) { m.marks(p, missing[i]) })
	if err != nil {
		return sum{}, err
	}
	for k, whole := range m.tree.meeting(b) {
		c := m.clusters[k].found.Load()
		marks := c.marks.Load()
		var above *climbed
		if units.climbs != nil {
			above = c.climb(units, marks)
		}
		all = all.plus(m.clusters[k].within(p, b, whole, marks, above))
	}
	return all, nil
}

// within is the sum over those of the bunch's features whose bound meets b, of all where whole says that all do. above
// is nil where the units do not matter.
func (b *bunch) within(p *snapshot.Part, box orb.Bound, whole bool, m *clusterMarks, above *climbed) (all sum) {
	switch {
	case whole && above != nil:
		return sum{above.all, len(b.members)}
	case whole:
		return sum{m.all, len(b.members)}
	}
	for k, i := range b.members {
		if box.Intersects(p.FeatureBound(int(i))) {
			all = all.plus(sum{m.mark(k, above), 1})
		}
	}
	return all
}

// mark is that of a member, with the unit's unless above is nil.
func (m *clusterMarks) mark(k int, above *climbed) mark {
	if above == nil {
		return m.of[k]
	}
	return m.of[k].plus(above.of[m.unit[k]])
}

// together calls f with the numbers below n, several at a time, until the context ends, with whose error it ends then.
func together(ctx context.Context, n int, f func(i int)) error {
	var next atomic.Int64
	work := func() {
		for i := next.Add(1) - 1; i < int64(n) && ctx.Err() == nil; i = next.Add(1) - 1 {
			f(int(i))
		}
	}
	var others sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n) - 1 {
		others.Go(work)
	}
	work()
	others.Wait()
	return ctx.Err()
}

// markers keeps the marker of each part, for as long as the part is in use elsewhere; that of the part asked for last of a
// collection and division it keeps beyond that, for the version that follows. The zero value is ready, and
// safe for concurrent use.
type markers struct {
	mu     sync.RWMutex
	seed   uint64 // secret, of the digests by which versions are compared
	of     map[weak.Pointer[snapshot.Part]]*marker
	latest map[partLine]*marker
	climbs []*climbs // for some states of the units
}

// partLine is what the versions of a part have in common.
type partLine struct {
	collection geo.Collection
	division   geo.Division
}

func lineOf(p *snapshot.Part) partLine { return partLine{p.Version().Collection, p.Version().Division} }

// marker is that of a part, prepared.
func (ms *markers) marker(p *snapshot.Part) *marker {
	m := ms.entered(p)
	m.preparing.Do(func() {
		m.prepare(p)
		ms.mu.Lock()
		defer ms.mu.Unlock()
		ms.latest[lineOf(p)] = m
	})
	return m
}

// entered is the marker of a part, prepared or not.
func (ms *markers) entered(p *snapshot.Part) *marker {
	key := weak.Make(p)
	ms.mu.RLock()
	m := ms.of[key]
	ms.mu.RUnlock()
	if m != nil {
		return m
	}
	ms.mu.Lock()
	defer ms.mu.Unlock()
	if m = ms.of[key]; m != nil {
		return m
	}
	if ms.of == nil {
		ms.seed = rand.Uint64()
		ms.of, ms.latest = map[weak.Pointer[snapshot.Part]]*marker{}, map[partLine]*marker{}
	}
	m = &marker{seed: ms.seed, last: ms.latest[lineOf(p)]}
	ms.of[key] = m
	runtime.AddCleanup(p, func(of marksOf) {
		if ms := of.markers.Value(); ms != nil {
			ms.mu.Lock()
			defer ms.mu.Unlock()
			delete(ms.of, of.part)
		}
	}, marksOf{weak.Make(ms), key})
	return m
}

// marksOf says whose marks are kept by which markers. It holds neither.
type marksOf struct {
	markers weak.Pointer[markers]
	part    weak.Pointer[snapshot.Part]
}

// climbs are the marks of units, with those above them, for one state of all units. Each is found once. It holds
// no reference to a snapshot.
type climbs struct {
	tag string // of the units
	mu  sync.RWMutex
	of  map[geo.Code]mark
}

// climber finds the marks of a snapshot's units. The zero value is for features to which units do not matter.
type climber struct {
	*climbs
	snap *snapshot.Snapshot
}

// keptClimbs is for how many states of the units marks are known: the live units and those
// of a draft or of the past.
const keptClimbs = 2

// climber is that of a snapshot for a collection.
func (ms *markers) climber(s *snapshot.Snapshot, c geo.Collection) climber {
	if !belongs(c) {
		return climber{}
	}
	tag := s.Tag(geo.Units)
	ms.mu.RLock()
	at := slices.IndexFunc(ms.climbs, func(c *climbs) bool { return c.tag == tag })
	if at >= 0 {
		defer ms.mu.RUnlock()
		return climber{ms.climbs[at], s}
	}
	ms.mu.RUnlock()
	known := &climbs{tag: tag, of: map[geo.Code]mark{}}
	ms.mu.Lock()
	defer ms.mu.Unlock()
	ms.climbs = append(slices.Clone(ms.climbs[max(0, len(ms.climbs)-keptClimbs+1):]), known)
	return climber{known, s}
}

// mark is that of a unit.
func (c climber) mark(u geo.Code) mark {
	c.mu.RLock()
	m, known := c.of[u]
	c.mu.RUnlock()
	if !known {
		m = markOfClimb(c.snap, u)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.of[u] = m
	}
	return m
}

// boundTree finds the boxes that meet another box. It is a tree over boxes that lie near each other when they
// follow each other.
type boundTree struct {
	bounds []orb.Bound
	levels [][]orb.Bound // the lowest first; box j of a level is around fan boxes from fan·j on below it
}

// fan is the number of branches of a node.
const fan = 16

func newBoundTree(bounds []orb.Bound) boundTree {
	t := boundTree{bounds: bounds}
	for below := bounds; len(below) > 1; {
		level := make([]orb.Bound, 0, (len(below)+fan-1)/fan)
		for branches := range slices.Chunk(below, fan) {
			box := branches[0]
			for _, b := range branches[1:] {
				box = unite(box, b)
			}
			level = append(level, box)
		}
		t.levels = append(t.levels, level)
		below = level
	}
	return t
}

// meeting yields the boxes that meet b, borders included, in their order, and whether they lie in it.
func (t *boundTree) meeting(b orb.Bound) func(yield func(k int, whole bool) bool) {
	return func(yield func(k int, whole bool) bool) {
		if len(t.bounds) > 0 {
			t.descend(b, len(t.levels), 0, false, yield)
		}
	}
}

// descend yields the boxes in or below box j of a level, which lies in b as a whole where whole says so. Level 0 is that of the boxes
// themselves.
func (t *boundTree) descend(b orb.Bound, level, j int, whole bool, yield func(k int, whole bool) bool) bool {
	boxes := t.bounds
	if level > 0 {
		boxes = t.levels[level-1]
	}
	if !whole {
		box := boxes[j]
		if !b.Intersects(box) {
			return true
		}
		whole = b.Contains(box.Min) && b.Contains(box.Max)
	}
	if level == 0 {
		return yield(j, whole)
	}
	below := len(t.bounds)
	if level > 1 {
		below = len(t.levels[level-2])
	}
	for k := j * fan; k < min((j+1)*fan, below); k++ {
		if !t.descend(b, level-1, k, whole, yield) {
			return false
		}
	}
	return true
}

// unite is the box around both.
func unite(a, b orb.Bound) orb.Bound {
	return orb.Bound{
		Min: orb.Point{min(a.Min[0], b.Min[0]), min(a.Min[1], b.Min[1])},
		Max: orb.Point{max(a.Max[0], b.Max[0]), max(a.Max[1], b.Max[1])},
	}
}

// placeIn is where the centre of b lies along a Hilbert curve through all.
func placeIn(all, b orb.Bound) uint64 {
	const bits = 16
	c := b.Center()
	scale := func(axis int) uint32 {
		size := all.Max[axis] - all.Min[axis]
		if !(size > 0) {
			return 0
		}
		return uint32(min(max((c[axis]-all.Min[axis])/size, 0), 1) * (1<<bits - 1))
	}
	return hilbert(bits, scale(0), scale(1))
}

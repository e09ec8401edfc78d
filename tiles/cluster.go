package tiles

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/snapshot"
)

// cluster is the marks of the features of one bunch (see partition). Versions in which nothing
// has changed of these features and of those around them share it.
//
// Memory: 20 bytes a feature.
type cluster struct {
	content uint64 // a digest of all that decides the marks, and of what else a block is made of
	making  sync.Mutex
	marks   atomic.Pointer[clusterMarks]
	climbs  atomic.Pointer[[]climbed] // for some states of the units
}

// clusterMarks are the marks by member, without the units above.
type clusterMarks struct {
	of    []mark
	all   mark
	units []geo.Code // of cells and units: those that members belong to, each once
	unit  []int32    // of cells and units, by member: the place of its own in units
}

// climbed are the marks of a cluster's units for one state of all units.
type climbed struct {
	units string // their tag
	of    []mark // by unit
	all   mark   // of all members, with these
}

// digest is a digest of all that decides the marks of a bunch and of what a block is made of: of its own features everything,
// and of those around them the geometries, the codes and with what they are merged. around are the features whose bounds meet the
// box of its own, by index; collection, division and feet are the part's.
func (b *bunch) digest(seed uint64, p *snapshot.Part, around []int32, feet []bool) uint64 {
	s := contentSum(seed)
	s.number(uint64(len(b.members)))
	for _, i := range b.members {
		f := p.At(int(i))
		s.text(string(f.Code))
		s.text(f.Name)
		s.number(uint64(len(f.Properties)))
		for _, v := range f.Properties {
			s.text(v.Name)
			s.value(v.Value)
		}
		if feet != nil {
			s.value(feet[i])
		}
		s.geometry(f.Geometry)
	}
	c := p.Version().Collection
	merging, columns := mergingColumns(c), columnsOf(c)
	for _, i := range around {
		f := p.At(int(i))
		s.text(string(f.Code))
		if feet != nil {
			s.value(feet[i])
		}
		for _, column := range merging {
			s.value(f.Properties.Value(columns[column].Name))
		}
		s.geometry(f.Geometry)
	}
	return uint64(s)
}

// box is the bound of the bunch's features.
func (b *bunch) box(p *snapshot.Part) orb.Bound {
	box := p.FeatureBound(int(b.members[0]))
	for _, i := range b.members[1:] {
		box = unite(box, p.FeatureBound(int(i)))
	}
	return box
}

// around are the features, not the bunch's own, whose bounds meet a box, in order.
func (b *bunch) around(p *snapshot.Part, box orb.Bound) (around []int32) {
	p.Search(box, func(i int) bool {
		if _, own := slices.BinarySearch(b.members, int32(i)); !own {
			around = append(around, int32(i))
		}
		return true
	})
	slices.Sort(around)
	return around
}

// mark gives the cluster's marks, made now where nobody asked before. b is its bunch in any part that has it.
func (c *cluster) mark(p *snapshot.Part, b *bunch, feet []bool) *clusterMarks {
	if m := c.marks.Load(); m != nil {
		return m
	}
	c.making.Lock()
	defer c.making.Unlock()
	if m := c.marks.Load(); m != nil {
		return m
	}
	m := newClusterMarks(p, b, feet)
	c.marks.Store(m)
	return m
}

func newClusterMarks(p *snapshot.Part, b *bunch, feet []bool) *clusterMarks {
	v := p.Version()
	head := appendSized(appendSized(nil, string(v.Collection)), string(v.Division))
	own := len(b.members)
	all := slices.Concat(b.members, b.around(p, b.box(p)))
	m := &clusterMarks{of: make([]mark, own)}
	shapes := make([]mark, len(all))
	var bytes []byte
	for k, i := range all {
		f := p.At(int(i))
		bytes = appendShape(bytes[:0], f.Geometry)
		shapes[k] = markOf(bytes)
		if k < own {
			bytes = appendFeature(append(bytes[:0], head...), f, shapes[k])
			if feet != nil && feet[i] {
				bytes = append(bytes, '.')
			}
			m.of[k] = markOf(bytes)
		}
	}
	for k, l := range meetings(p, all, own) {
		m.of[k] = m.of[k].plus(shapes[l])
	}
	for _, of := range m.of {
		m.all = m.all.plus(of)
	}
	m.findUnits(p, b)
	return m
}

// meetings yields each of the first own features together with each other feature whose bound meets its own, by
// their places in all.
func meetings(p *snapshot.Part, all []int32, own int) func(yield func(k, l int) bool) {
	order := make([]int, len(all)) // from west to east
	for k := range order {
		order[k] = k
	}
	bound := func(k int) orb.Bound { return p.FeatureBound(int(all[k])) }
	slices.SortFunc(order, func(k, l int) int { return cmp.Compare(bound(k).Min[0], bound(l).Min[0]) })
	return func(yield func(k, l int) bool) {
		for at, k := range order {
			b := bound(k)
			for _, l := range order[at+1:] {
				c := bound(l)
				if c.Min[0] > b.Max[0] {
					break
				}
				if k >= own && l >= own || c.Max[1] < b.Min[1] || b.Max[1] < c.Min[1] {
					continue
				}
				if k < own && !yield(k, l) || l < own && !yield(l, k) {
					return
				}
			}
		}
	}
}

// findUnits notes the units that the features belong to.
func (m *clusterMarks) findUnits(p *snapshot.Part, b *bunch) {
	c := p.Version().Collection
	if !belongs(c) {
		return
	}
	places := map[geo.Code]int32{}
	m.unit = make([]int32, len(b.members))
	for k, i := range b.members {
		f := p.Bare(int(i))
		u := f.Code
		if c == geo.Cells {
			u = geo.Code(f.Properties.Text("unit"))
		}
		place, known := places[u]
		if !known {
			place = int32(len(m.units))
			places[u], m.units = place, append(m.units, u)
		}
		m.unit[k] = place
	}
}

// belongs says whether the features of a collection belong to units, or are some.
func belongs(c geo.Collection) bool { return c == geo.Cells || c == geo.Units }

// climb gives the cluster's marks with those of the units above.
func (c *cluster) climb(with climber, m *clusterMarks) *climbed {
	known := c.climbs.Load()
	if known != nil {
		for i := range *known {
			if (*known)[i].units == with.tag {
				return &(*known)[i]
			}
		}
	}
	now := climbed{with.tag, make([]mark, len(m.units)), m.all}
	for i, u := range m.units {
		now.of[i] = with.mark(u)
	}
	for _, u := range m.unit {
		now.all = now.all.plus(now.of[u])
	}
	next := []climbed{now}
	if known != nil {
		next = append(slices.Clone((*known)[max(0, len(*known)-keptClimbs+1):]), now)
	}
	c.climbs.CompareAndSwap(known, &next) // who came before keeps his; ours is right all the same
	return &next[len(next)-1]
}

package tiles

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/coverage"
	"towngrid/geo/snapshot"
)

// borderSet are the borders of a picture's features: each shared edge once. They come
// from the part's coverage; the units, which lie upon each other by level, are taken at
// their lowest known level, whose edges are also those of the levels above.
type borderSet struct {
	once   sync.Once
	names  [levelCount]string
	lines  []frontier // in order of left code, then right code
	arcs   []offset
	starts []uint32 // arc a is arcs[starts[a]:starts[a+1]]
	first  []uint32 // line l has the arcs from first[l] to first[l+1]
	bounds []offsetBox
	// The lines of feature i are of[from[i]:from[i+1]].
	of, from []uint32
	levels   atomic.Pointer[levels]
}

// frontier is the whole border between two features, or between one and the outside.
type frontier struct {
	left, right int32 // left has the lower code; right is coverage.Rim outside
	id          uint64
}

// borderSet gives the picture's borders, found at the first call.
func (pic *picture) borderSet(p *snapshot.Part) *borderSet {
	pic.borders.once.Do(func() { pic.borders.fill(pic, p) })
	return &pic.borders
}

// directed is an arc that runs with the feature of the lower code on its left.
type directed struct {
	left, right int32
	points      []orb.Point
	back        bool // it runs against its points
}

func (s *borderSet) fill(pic *picture, p *snapshot.Part) {
	ds := direct(arcsOf(p))
	s.names = levelNames(pic.collection)
	for i, d := range ds {
		if i == 0 || d.left != ds[i-1].left || d.right != ds[i-1].right {
			s.first = append(s.first, uint32(i))
			s.lines = append(s.lines, frontier{d.left, d.right, frontierID(p, d)})
		}
		s.addArc(pic, d)
	}
	s.first = append(s.first, uint32(len(ds)))
	s.starts = append(s.starts, uint32(len(s.arcs)))
	s.index(p.Len())
}

// direct turns arcs so that the lower code is on the left and sorts them. Parts are in
// order of code, so the lower index has the lower code. Arcs with one feature on both sides
// are no borders.
func direct(arcs []coverage.Arc) []directed {
	ds := make([]directed, 0, len(arcs))
	for _, a := range arcs {
		d := directed{a.Left, a.Right, a.Points, false}
		if d.left == coverage.Rim || d.right != coverage.Rim && d.right < d.left {
			d = directed{a.Right, a.Left, a.Points, true}
		}
		if d.left != d.right {
			ds = append(ds, d)
		}
	}
	slices.SortStableFunc(ds, func(a, b directed) int {
		if a.left != b.left {
			return int(a.left) - int(b.left)
		}
		return int(a.right) - int(b.right)
	})
	return ds
}

// arcsOf are the arcs of a part, their faces numbered as its features.
func arcsOf(p *snapshot.Part) []coverage.Arc {
	if p.Version().Collection != geo.Units {
		if c := p.Coverage(); c != nil {
			return c.Arcs()
		}
		return nil
	}
	feet, faces := lowest(p)
	arcs := slices.Clone(coverage.Build(faces).Arcs())
	for i := range arcs {
		arcs[i].Left, arcs[i].Right = foot(feet, arcs[i].Left), foot(feet, arcs[i].Right)
	}
	return arcs
}

func foot(feet []int32, face int32) int32 {
	if face == coverage.Rim {
		return face
	}
	return feet[face]
}

// lowest are the units that are no other unit's parent, by index, and their geometries.
func lowest(p *snapshot.Part) (feet []int32, faces []orb.MultiPolygon) {
	parents := map[string]bool{}
	for i := range p.Len() {
		parents[p.At(i).Properties.Text("parent")] = true
	}
	for i := range p.Len() {
		f := p.At(i)
		if mp, ok := f.Geometry.(orb.MultiPolygon); ok && !parents[string(f.Code)] {
			feet, faces = append(feet, int32(i)), append(faces, mp)
		}
	}
	return feet, faces
}

// frontierID is the feature ID of a border. It depends on the codes at its sides alone.
func frontierID(p *snapshot.Part, d directed) uint64 {
	pair := p.At(int(d.left)).Code + "|"
	if d.right != coverage.Rim {
		pair += p.At(int(d.right)).Code
	}
	return geo.FeatureID(geo.Collection(layerName(p.Version().Collection, Borders)), pair)
}

func (s *borderSet) addArc(pic *picture, d directed) {
	from := len(s.arcs)
	s.starts = append(s.starts, uint32(from))
	for _, p := range d.points {
		s.arcs = append(s.arcs, pic.project(p))
	}
	if d.back {
		slices.Reverse(s.arcs[from:])
	}
	s.bounds = append(s.bounds, boxAround(s.arcs[from:]))
}

// index lists the lines of each of n features.
func (s *borderSet) index(n int) {
	s.from = make([]uint32, n+1)
	for _, l := range s.lines {
		l.each(func(i int32) { s.from[i+1]++ })
	}
	for i := range n {
		s.from[i+1] += s.from[i]
	}
	s.of = make([]uint32, s.from[n])
	next := slices.Clone(s.from)
	for k, l := range s.lines {
		l.each(func(i int32) {
			s.of[next[i]] = uint32(k)
			next[i]++
		})
	}
}

// each calls f with the features at the line's sides.
func (l frontier) each(f func(i int32)) {
	f(l.left)
	if l.right != coverage.Rim {
		f(l.right)
	}
}

package zoning

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"

	"towngrid/geo"
)

// finder tells in which of many polygons a point lies. Each polygon's edges are kept by
// horizontal bands, so that a point is held against few of them.
type finder struct {
	tree  rtree.RTreeG[int32]
	bands []band
}

// band is one polygon's edges in equal horizontal bands over its bound.
type band struct {
	low, height float64
	edges       [][][2]orb.Point
}

func newFinder(shapes []orb.MultiPolygon) *finder {
	f := &finder{bands: make([]band, len(shapes))}
	for i, mp := range shapes {
		b := mp.Bound()
		if len(mp) == 0 || b.IsEmpty() {
			continue
		}
		f.tree.Insert(b.Min, b.Max, int32(i))
		d := band{low: b.Min[1], edges: make([][][2]orb.Point, bandsFor(mp, b.Max[1]-b.Min[1]))}
		d.height = (b.Max[1] - b.Min[1]) / float64(len(d.edges))
		for _, p := range mp {
			for _, r := range p {
				for j := 1; j < len(r); j++ {
					lo, hi := d.number(min(r[j-1][1], r[j][1])), d.number(max(r[j-1][1], r[j][1]))
					for k := lo; k <= hi; k++ {
						d.edges[k] = append(d.edges[k], [2]orb.Point{r[j-1], r[j]})
					}
				}
			}
		}
		f.bands[i] = d
	}
	return f
}

// bandsFor is how many bands a shape of a height gets: one for eight edges, but so few
// that all edges together are kept some times each at most, however tall they are.
func bandsFor(mp orb.MultiPolygon, height float64) int {
	n, tall := 0, 0.0
	for _, p := range mp {
		for _, r := range p {
			for i := 1; i < len(r); i++ {
				tall += math.Abs(r[i][1] - r[i-1][1])
			}
			n += len(r)
		}
	}
	if tall == 0 {
		return 1
	}
	return 1 + int(min(float64(n)/8, 4*float64(n)*height/tall))
}

func (d *band) number(y float64) int {
	if d.height <= 0 {
		return 0
	}
	return int(min(max(math.Floor((y-d.low)/d.height), 0), float64(len(d.edges)-1)))
}

// holds says whether the polygon has p by the half-open rule of geo.Covers.
func (d *band) holds(p orb.Point) bool {
	in := false
	for _, e := range d.edges[d.number(p[1])] {
		a, b := e[0], e[1]
		if a[1] > b[1] {
			a, b = b, a
		}
		// The border belongs to what lies east of it: the ray goes east from just beside p.
		if a[1] <= p[1] && p[1] < b[1] && geo.Orient(a, b, p) > 0 {
			in = !in
		}
	}
	return in
}

// find is the lowest polygon that has p, -1 where none does.
func (f *finder) find(p orb.Point) int32 {
	best := int32(-1)
	f.tree.Search(p, p, func(_, _ [2]float64, i int32) bool {
		if (best < 0 || i < best) && f.bands[i].holds(p) {
			best = i
		}
		return true
	})
	return best
}

// all lists every polygon that has p, in order.
func (f *finder) all(p orb.Point) (found []int32) {
	f.tree.Search(p, p, func(_, _ [2]float64, i int32) bool {
		if f.bands[i].holds(p) {
			found = append(found, i)
		}
		return true
	})
	slices.Sort(found)
	return found
}

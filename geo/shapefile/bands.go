package shapefile

import "github.com/paulmach/orb"

// side is where a point lies towards a ring.
type side int

const (
	outside side = iota
	edge
	inside
)

// bands sorts the edges of a ring into horizontal bands of equal height, so that
// a point is compared with the edges at its level only.
type bands struct {
	low, scale float64
	first      []int32 // of each band in edges, and the end
	edges      []int32 // by their end point's index in the ring
}

const (
	// fewEdges are looked at one by one.
	fewEdges = 64
	// manyAsks are worth an index.
	manyAsks = 4
)

// newBands gives a ring as many bands as it has eighths of its edges, halved
// until long edges do not repeat in too many.
func newBands(points orb.Ring, low, high float64) *bands {
	for n := min(len(points)/8, 1<<13); n > 1 && high > low; n /= 2 {
		b := &bands{low: low, scale: float64(n) / (high - low), first: make([]int32, n+2)}
		if b.count(points) <= 8*len(points) {
			b.fill(points)
			return b
		}
	}
	return nil
}

// band is the band of ordinate y. It never falls as y rises, so an edge lies in
// all bands from that of its lower end to that of its upper end.
func (b *bands) band(y float64) int {
	return max(0, min(int((y-b.low)*b.scale), len(b.first)-2))
}

func (b *bands) span(p, q orb.Point) (lo, hi int) {
	return b.band(min(p[1], q[1])), b.band(max(p[1], q[1]))
}

// count sums up in first[i+1] how many edges band i has.
func (b *bands) count(points orb.Ring) (total int) {
	for i := 1; i < len(points); i++ {
		lo, hi := b.span(points[i-1], points[i])
		if total += hi - lo + 1; total > 8*len(points) {
			return total
		}
		for k := lo; k <= hi; k++ {
			b.first[k+1]++
		}
	}
	return total
}

func (b *bands) fill(points orb.Ring) {
	for k := 1; k < len(b.first); k++ {
		b.first[k] += b.first[k-1]
	}
	next := append([]int32(nil), b.first...)
	b.edges = make([]int32, b.first[len(b.first)-1])
	for i := 1; i < len(points); i++ {
		lo, hi := b.span(points[i-1], points[i])
		for k := lo; k <= hi; k++ {
			b.edges[next[k]] = int32(i)
			next[k]++
		}
	}
}

// side says where p lies, by the number of edges that a ray to the right
// crosses, each counted at its lower end and not at its upper one. work is how
// many edges were looked at.
func (r *ring) side(p orb.Point) (s side, work int) {
	if r.asked++; r.asked == manyAsks && len(r.points) > fewEdges {
		r.index = newBands(r.points, r.bound.Min[1], r.bound.Max[1])
	}
	if !r.bound.Contains(p) {
		return outside, 1
	}
	odd := false
	if r.index != nil {
		k := r.index.band(p[1])
		edges := r.index.edges[r.index.first[k]:r.index.first[k+1]]
		for _, i := range edges {
			on, crossed := meet(r.points[i-1], r.points[i], p)
			if on {
				return edge, len(edges)
			}
			odd = odd != crossed
		}
		return sideOf(odd), len(edges) + 1
	}
	low := r.points[0][1] < p[1]
	for i := 1; i < len(r.points); i++ {
		was := low
		low = r.points[i][1] < p[1]
		if was && low || r.points[i-1][1] > p[1] && r.points[i][1] > p[1] {
			continue
		}
		on, crossed := meet(r.points[i-1], r.points[i], p)
		if on {
			return edge, len(r.points)
		}
		odd = odd != crossed
	}
	return sideOf(odd), len(r.points)
}

func sideOf(odd bool) side {
	if odd {
		return inside
	}
	return outside
}

// meet says whether p lies on the edge from a to b, and whether the ray from p
// to the right crosses it.
func meet(a, b, p orb.Point) (on, crossed bool) {
	if a[1] > b[1] {
		a, b = b, a
	}
	if p[1] < a[1] || p[1] > b[1] {
		return false, false
	}
	turn := (b[0]-a[0])*(p[1]-a[1]) - (p[0]-a[0])*(b[1]-a[1])
	if turn == 0 && min(a[0], b[0]) <= p[0] && p[0] <= max(a[0], b[0]) {
		return true, false
	}
	return false, p[1] < b[1] && turn > 0
}

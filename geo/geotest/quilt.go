package geotest

import (
	"cmp"
	"container/heap"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/paulmach/orb"
)

// Quilt makes a gap-free coverage of the bound from n cells quickly, for figures: a
// million takes seconds, and they look like a province of grid cells. Squares are divided
// where a few thousand crowded places are, so that sizes differ by a thousand times and
// more; their corners are moved by chance, and shared borders are fractal lines with
// identical vertices on both sides, so that cells have some 53 vertices on average and
// a few have hundreds. Three in a hundred have an enclave, half of these cells of their
// own, half a second part of another cell. Rings turn as RFC 7946 wants, coordinates
// have seven decimals, and so must those of the bound.
func Quilt(seed uint64, n int, b orb.Bound) []orb.MultiPolygon {
	q := &quilt{seed: seed, bound: b}
	enclaves := n * 15 / 1000
	q.divide((n-enclaves-1)/3, rand.New(rand.NewPCG(seed, 10)))
	q.meet()
	cells := make([]orb.MultiPolygon, len(q.patches), n)
	for i, p := range q.patches {
		cells[i] = orb.MultiPolygon{{q.ring(p)}}
	}
	q.enclose(cells[:len(q.patches):len(q.patches)], n-len(q.patches), &cells)
	return cells
}

// quilt is squares on a grid of whole numbers, and the nodes at their corners.
type quilt struct {
	seed    uint64
	bound   orb.Bound
	crowds  []crowd
	patches []patch
	rows    []node // in order of y, then x
	columns []node // in order of x, then y
	at      map[[2]int32]orb.Point
}

// finest is the number of steps of the grid along the bound.
const finest = 1 << 20

// patch is a square: its south-western corner, its size, and how crowded it is.
type patch struct {
	x, y, size int32
	weight     float64
}

type node [2]int32

// crowd is a crowded place, in parts of the bound.
type crowd struct{ x, y, reach, weight float64 }

// patches as a heap, the most crowded first.
type crowded struct{ *quilt }

func (c crowded) Len() int { return len(c.patches) }
func (c crowded) Less(i, j int) bool {
	a, b := c.patches[i], c.patches[j]
	return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.y, b.y), cmp.Compare(a.x, b.x)) < 0
}
func (c crowded) Swap(i, j int) { c.patches[i], c.patches[j] = c.patches[j], c.patches[i] }
func (c crowded) Push(p any)    { c.patches = append(c.patches, p.(patch)) }
func (c crowded) Pop() any      { panic("geotest: nothing is taken from a quilt") }

// divide divides the most crowded square in four, times times.
func (q *quilt) divide(times int, r *rand.Rand) {
	for range 40 {
		q.crowds = append(q.crowds, crowd{r.Float64(), r.Float64(), 0.01 + 0.06*float64(r.Float64()*r.Float64()), r.Float64()})
	}
	q.patches = []patch{{size: finest}}
	for range times {
		p := q.patches[0]
		h := p.size / 2
		q.patches[0] = q.weighed(patch{x: p.x, y: p.y, size: h})
		heap.Fix(crowded{q}, 0)
		for _, c := range [...]node{{p.x + h, p.y}, {p.x, p.y + h}, {p.x + h, p.y + h}} {
			heap.Push(crowded{q}, q.weighed(patch{x: c[0], y: c[1], size: h}))
		}
	}
	slices.SortFunc(q.patches, func(a, b patch) int {
		return cmp.Compare(interleave(a.x)|interleave(a.y)<<1, interleave(b.x)|interleave(b.y)<<1)
	})
}

// interleave puts a zero between any two bits: with those of another number in the
// gaps, near places have mostly near numbers.
func interleave(v int32) (bits uint64) {
	for i := range 21 {
		bits |= uint64(v) >> i & 1 << (2 * i)
	}
	return bits
}

// weighed is a patch with its weight: its area times a density of 1 to some thousands.
func (q *quilt) weighed(p patch) patch {
	side := float64(p.size) / finest
	x, y := (float64(p.x)+float64(p.size)/2)/finest, (float64(p.y)+float64(p.size)/2)/finest
	density := 1.0
	for _, c := range q.crowds {
		dx, dy := (x-c.x)/c.reach, (y-c.y)/c.reach
		f := 1 / (1 + float64(dx*dx) + float64(dy*dy))
		density += float64(float64(3000*c.weight) * float64(f*f))
	}
	p.weight = float64(side*side) * density
	return p
}

// meet finds the nodes and moves them by a part of the smallest square there.
func (q *quilt) meet() {
	least := make(map[[2]int32]int32, 2*len(q.patches))
	for _, p := range q.patches {
		for _, c := range p.corners() {
			if size, known := least[c]; !known || p.size < size {
				least[c] = p.size
			}
		}
	}
	q.at = make(map[[2]int32]orb.Point, len(least))
	for c, size := range least {
		r := rand.New(rand.NewPCG(q.seed, uint64(c[0])<<32|uint64(c[1])))
		const most = 0.15
		var p orb.Point
		for i := range p {
			at := float64(c[i])
			if c[i] != 0 && c[i] != finest {
				at += float64(most * float64(size) * (2*r.Float64() - 1))
			}
			p[i] = decimals(q.bound.Min[i] + float64(at/finest*(q.bound.Max[i]-q.bound.Min[i])))
		}
		q.at[c] = p
		q.rows = append(q.rows, c)
	}
	q.columns = slices.Clone(q.rows)
	slices.SortFunc(q.rows, func(a, b node) int { return cmp.Or(cmp.Compare(a[1], b[1]), cmp.Compare(a[0], b[0])) })
	slices.SortFunc(q.columns, func(a, b node) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
}

func (p patch) corners() [4]node {
	return [4]node{{p.x, p.y}, {p.x + p.size, p.y}, {p.x + p.size, p.y + p.size}, {p.x, p.y + p.size}}
}

// ring is the border of a patch, counter-clockwise.
func (q *quilt) ring(p patch) orb.Ring {
	c := p.corners()
	var ring orb.Ring
	for i := range c {
		ring = q.side(ring, c[i], c[(i+1)%4])
	}
	return append(ring, ring[0])
}

// side appends the line from one corner to the next through all nodes between, without
// the last one.
func (q *quilt) side(ring orb.Ring, from, to node) orb.Ring {
	along, line := 0, q.rows
	if from[0] == to[0] {
		along, line = 1, q.columns
	}
	low, high := from, to
	if low[along] > high[along] {
		low, high = high, low
	}
	i, _ := slices.BinarySearchFunc(line, low, func(a, b node) int {
		return cmp.Or(cmp.Compare(a[1-along], b[1-along]), cmp.Compare(a[along], b[along]))
	})
	start := len(ring)
	for ; line[i] != high; i++ {
		ring = q.border(ring, line[i], line[i+1])
	}
	if low == to {
		ring = append(ring, q.at[high])
		slices.Reverse(ring[start:])
		ring = ring[:len(ring)-1]
	}
	return ring
}

// border appends the fractal line from one node to the next, without the last one. It
// stays within a flat rhombus over the chord, so that it meets no other line.
func (q *quilt) border(ring orb.Ring, a, b node) orb.Ring {
	from, to := q.at[a], q.at[b]
	ring = append(ring, from)
	for i := range 2 {
		if a[i] == b[i] && (a[i] == 0 || a[i] == finest) {
			return ring // on the bound
		}
	}
	r := rand.New(rand.NewPCG(q.seed^uint64(a[0])<<32^uint64(a[1]), uint64(b[0])<<32|uint64(b[1])))
	n := 8
	if r.IntN(12) < 7 {
		n = 16
	}
	f := fractal(r, n)
	const slope = 0.3
	for i := 1; i < n; i++ {
		t := float64(i) / float64(n)
		room := slope * math.Min(t, 1-t)
		o := float64(f[i] * 0.25)
		o /= 1 + math.Abs(o)/room
		p := orb.Point{
			decimals(from[0] + float64(t*(to[0]-from[0])) - float64(o*(to[1]-from[1]))),
			decimals(from[1] + float64(t*(to[1]-from[1])) + float64(o*(to[0]-from[0]))),
		}
		if p != ring[len(ring)-1] && p != to {
			ring = append(ring, p)
		}
	}
	return ring
}

func decimals(v float64) float64 { return math.Round(v*1e7) / 1e7 }

// enclose gives own of the hosts an enclave that becomes a cell of its own, and as many
// others one that becomes a part of another host.
func (q *quilt) enclose(hosts []orb.MultiPolygon, own int, cells *[]orb.MultiPolygon) {
	r := rand.New(rand.NewPCG(q.seed, 11))
	order := r.Perm(len(hosts))
	for k, i := range order[:min(2*own, len(order))] {
		shell := q.islet(r, q.patches[i])
		hole := slices.Clone(shell)
		slices.Reverse(hole)
		(*cells)[i][0] = append((*cells)[i][0], hole)
		if k < own {
			*cells = append(*cells, orb.MultiPolygon{{shell}})
		} else {
			j := (i + 2) % len(hosts) // near, mostly
			(*cells)[j] = append((*cells)[j], orb.Polygon{shell})
		}
	}
}

// islet is a ring around the middle of a patch, of a tenth to a quarter of its width.
func (q *quilt) islet(r *rand.Rand, p patch) orb.Ring {
	// Directions without trigonometry: points of a square's border, drawn to its middle.
	const perSide = 6
	var ring orb.Ring
	for i := range 4 * perSide {
		f := float64(i%perSide) / perSide
		d := [4]orb.Point{{f - .5, -.5}, {.5, f - .5}, {.5 - f, .5}, {-.5, .5 - f}}[i/perSide]
		far := 0.1 + float64(0.14*r.Float64())
		var at orb.Point
		for k, corner := range [2]int32{p.x, p.y} {
			v := float64(corner) + float64(float64(p.size)*(0.5+float64(d[k]*far)))
			at[k] = decimals(q.bound.Min[k] + float64(v/finest*(q.bound.Max[k]-q.bound.Min[k])))
		}
		ring = append(ring, at)
	}
	return append(ring, ring[0])
}

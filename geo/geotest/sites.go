package geotest

import (
	"math"
	"math/rand/v2"

	"github.com/paulmach/orb"
)

// scatter draws n points within b, their number per area in proportion to density,
// whose values must lie in (0, 1].
func scatter(r *rand.Rand, n int, b orb.Bound, density func(orb.Point) float64) []orb.Point {
	sites := make([]orb.Point, 0, n)
	for len(sites) < n {
		p := orb.Point{
			b.Min[0] + float64(r.Float64()*(b.Max[0]-b.Min[0])),
			b.Min[1] + float64(r.Float64()*(b.Max[1]-b.Min[1])),
		}
		if density == nil || r.Float64() < density(p) {
			sites = append(sites, p)
		}
	}
	return sites
}

// hills is a density with a few crowded places that b's size and the generator
// decide: about fifty times as many cells per area on a hilltop as between the hills.
func hills(r *rand.Rand, b orb.Bound) func(orb.Point) float64 {
	const count, floor = 3, 0.02
	w, h := b.Max[0]-b.Min[0], b.Max[1]-b.Min[1]
	var tops [count]orb.Point
	for i := range tops {
		tops[i] = orb.Point{b.Min[0] + float64(r.Float64()*w), b.Min[1] + float64(r.Float64()*h)}
	}
	return func(p orb.Point) float64 {
		d := floor
		for _, t := range tops {
			x, y := (p[0]-t[0])/w, (p[1]-t[1])/h
			d += float64((1 - floor) / count / (1 + float64(60*(float64(x*x)+float64(y*y)))))
		}
		return math.Min(d, 1)
	}
}

// kdTree orders sites so that those near a place are met early: the middle of a
// range divides the rest of the range by one axis, the axes taking turns.
type kdTree struct {
	sites []orb.Point
	order []int32
}

func newKDTree(sites []orb.Point) *kdTree {
	t := &kdTree{sites: sites, order: make([]int32, len(sites))}
	for i := range t.order {
		t.order[i] = int32(i)
	}
	t.build(0, len(sites), 0)
	return t
}

// ordered gives the sites in the tree's order, in which neighbours are mostly close
// together: whatever goes through them one after the other finds the last ones in the
// processor's cache.
func (t *kdTree) ordered() []orb.Point {
	out := make([]orb.Point, len(t.order))
	for i, s := range t.order {
		out[i] = t.sites[s]
	}
	return out
}

func (t *kdTree) build(lo, hi, axis int) {
	if hi-lo < 2 {
		return
	}
	mid := (lo + hi) / 2
	t.sift(lo, hi-1, mid, axis)
	t.build(lo, mid, 1-axis)
	t.build(mid+1, hi, 1-axis)
}

// sift puts at position k of [lo, hi] the site that sorting by the axis would put there,
// no greater ones before it and no smaller ones after it.
func (t *kdTree) sift(lo, hi, k, axis int) {
	at := func(i int) float64 { return t.sites[t.order[i]][axis] }
	for lo < hi {
		pivot := at((lo + hi) / 2)
		i, j := lo, hi
		for i <= j {
			for at(i) < pivot {
				i++
			}
			for at(j) > pivot {
				j--
			}
			if i <= j {
				t.order[i], t.order[j] = t.order[j], t.order[i]
				i++
				j--
			}
		}
		switch {
		case k <= j:
			hi = j
		case k >= i:
			lo = i
		default:
			return
		}
	}
}

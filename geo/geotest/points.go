package geotest

import (
	"math"
	"math/rand/v2"

	"github.com/paulmach/orb"
)

// Points makes n adversarial points for a coverage: its vertices, points on its
// edges (the rounded middle, and exactly on them where an edge allows it), points
// one unit in the last place beside both, points ever nearer to an edge, points
// spread evenly over its bound and a little beyond. The cells must have an edge.
func Points(seed uint64, cells []orb.MultiPolygon, n int) []orb.Point {
	r := rand.New(rand.NewPCG(seed, 6))
	bound := boundOf(cells)
	out := make([]orb.Point, n)
	for i := range out {
		a, b := anyEdge(r, cells)
		switch r.IntN(6) {
		case 0:
			out[i] = a
		case 1:
			out[i] = along(a, b, 0.5)
		case 2:
			out[i] = along(a, b, r.Float64())
		case 3:
			out[i] = beside(r, along(a, b, float64(r.IntN(3))/2))
		case 4:
			p, far := along(a, b, r.Float64()), distance(a, b)*math.Exp2(-50*r.Float64())
			out[i] = orb.Point{p[0] + float64(far*(2*r.Float64()-1)), p[1] + float64(far*(2*r.Float64()-1))}
		default:
			w, h := bound.Max[0]-bound.Min[0], bound.Max[1]-bound.Min[1]
			out[i] = orb.Point{bound.Min[0] + float64(w*(1.1*r.Float64()-.05)), bound.Min[1] + float64(h*(1.1*r.Float64()-.05))}
		}
	}
	return out
}

func boundOf(cells []orb.MultiPolygon) orb.Bound {
	b := cells[0].Bound()
	for _, c := range cells[1:] {
		b = b.Union(c.Bound())
	}
	return b
}

func anyEdge(r *rand.Rand, cells []orb.MultiPolygon) (a, b orb.Point) {
	for {
		c := cells[r.IntN(len(cells))]
		if len(c) == 0 {
			continue
		}
		p := c[r.IntN(len(c))]
		if len(p) == 0 {
			continue
		}
		if ring := p[r.IntN(len(p))]; len(ring) > 1 {
			i := r.IntN(len(ring) - 1)
			return ring[i], ring[i+1]
		}
	}
}

func along(a, b orb.Point, t float64) orb.Point {
	return orb.Point{a[0] + float64(t*(b[0]-a[0])), a[1] + float64(t*(b[1]-a[1]))}
}

// beside moves p by one unit in the last place, in one axis or both.
func beside(r *rand.Rand, p orb.Point) orb.Point {
	for {
		x, y := r.IntN(3)-1, r.IntN(3)-1
		if x != 0 || y != 0 {
			return orb.Point{nudge(p[0], x), nudge(p[1], y)}
		}
	}
}

func nudge(v float64, way int) float64 {
	switch way {
	case -1:
		return math.Nextafter(v, math.Inf(-1))
	case 1:
		return math.Nextafter(v, math.Inf(1))
	}
	return v
}

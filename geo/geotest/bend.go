package geotest

import (
	"math"
	"math/rand/v2"

	"github.com/paulmach/orb"
)

const (
	// swing is how far a border may leave its chord, as a part of the chord's length.
	swing = 0.35
	// within is how much of its own triangle a border uses. What is left keeps
	// neighbouring borders apart through rounding.
	within = 0.7
)

// bend draws an arc as a fractal line between its nodes.
//
// The line is the graph of a function over the chord, so it cannot cross itself, and
// it stays within the two triangles that the chord makes with the sites at its
// sides. The triangles of one face are disjoint, so no two lines can cross.
func (m *Mesh) bend(a *arc, r *rand.Rand, segments int, g grid) {
	from, to := m.nodes[a.from], m.nodes[a.to]
	a.points = []orb.Point{from}
	if a.right != outside && a.from != a.to {
		f := fractal(r, pieces(distance(from, to)/m.spacing(*a), segments))
		left, right := newHat(from, to, m.sites[a.left]), newHat(from, to, m.sites[a.right])
		length := distance(from, to)
		nx, ny := (from[1]-to[1])/length, (to[0]-from[0])/length
		for i := 1; i < len(f)-1; i++ {
			t := float64(i) / float64(len(f)-1)
			o := left.limit(t, f[i]*length*swing)
			if f[i] < 0 {
				o = right.limit(t, f[i]*length*swing)
			}
			p := g.round(orb.Point{
				from[0] + float64(t*(to[0]-from[0])) + float64(o*nx),
				from[1] + float64(t*(to[1]-from[1])) + float64(o*ny),
			})
			if p != a.points[len(a.points)-1] && p != to {
				a.points = append(a.points, p)
			}
		}
	}
	a.points = append(a.points, to)
}

// pieces is how many straight pieces a border has whose length is the given part of
// the distance between its sites.
func pieces(part float64, most int) int {
	n := 1
	for n < most && float64(n) < part*2*float64(most) {
		n *= 2
	}
	return n
}

// fractal is a random line over n equal steps that begins and ends at 0, most of it
// within ±1, by midpoint displacement; n is a power of two.
func fractal(r *rand.Rand, n int) []float64 {
	f := make([]float64, n+1)
	amplitude := 1.0
	for step := n; step > 1; step /= 2 {
		for i := 0; i < n; i += step {
			f[i+step/2] = (f[i]+f[i+step])/2 + float64(amplitude*(2*r.Float64()-1))
		}
		amplitude *= 0.55
	}
	return f
}

// hat bounds the height of the triangle between a chord and a site beside it.
type hat struct {
	height float64 // of the site over the chord
	foot   float64 // where the site stands over the chord, 0 at its start and 1 at its end
}

func newHat(from, to, site orb.Point) hat {
	l := distance(from, to)
	dot := float64((site[0]-from[0])*(to[0]-from[0])) + float64((site[1]-from[1])*(to[1]-from[1]))
	return hat{height: math.Abs(cross(from, to, site)) / l, foot: dot / (l * l)}
}

// limit bends offset o at t towards what the triangle allows there, keeping its sign.
func (h hat) limit(t, o float64) float64 {
	room := math.Inf(1)
	if h.foot > 0 {
		room = h.height * t / h.foot
	}
	if h.foot < 1 {
		room = math.Min(room, h.height*(1-t)/(1-h.foot))
	}
	room *= within
	return o / (1 + math.Abs(o)/room)
}

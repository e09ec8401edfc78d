package geotest

import (
	"math"
	"math/rand/v2"

	"github.com/paulmach/orb"
)

// Hostile is a geometry that careless or malicious files carry.
type Hostile struct {
	Name     string // what is wrong with it, snake case
	Geometry orb.MultiPolygon
	// Finite says that all coordinates are finite numbers.
	Finite bool
}

// Hostiles makes one geometry of every hostile kind within the bound, different for every
// seed. Some kinds are invalid, others valid but hard: code that takes geometry must
// refuse or handle each of them, without a panic and without a wrong number.
func Hostiles(seed uint64, b orb.Bound) []Hostile {
	r := rand.New(rand.NewPCG(seed, 5))
	at := func(x, y float64) orb.Point {
		return orb.Point{b.Min[0] + float64(x*(b.Max[0]-b.Min[0])), b.Min[1] + float64(y*(b.Max[1]-b.Min[1]))}
	}
	u := func() float64 { return 0.2 + float64(0.2*r.Float64()) }
	box := func(x0, y0, x1, y1 float64) orb.Ring {
		return orb.Ring{at(x0, y0), at(x1, y0), at(x1, y1), at(x0, y1), at(x0, y0)}
	}
	shell := func() orb.Ring { return box(u()/2, u()/2, 1-u()/2, 1-u()/2) }
	reverse := func(r orb.Ring) orb.Ring { r.Reverse(); return r }
	one := func(rings ...orb.Ring) orb.MultiPolygon { return orb.MultiPolygon{rings} }
	with := func(v float64) orb.MultiPolygon { s := shell(); s[2][r.IntN(2)] = v; return one(s) }
	x, y := u(), u()

	out := []Hostile{
		{Name: "nothing"},
		{Name: "empty_polygon", Geometry: orb.MultiPolygon{{}}},
		{Name: "empty_ring", Geometry: one(orb.Ring{})},
		{Name: "one_point", Geometry: one(orb.Ring{at(x, y)})},
		{Name: "two_points", Geometry: one(orb.Ring{at(x, y), at(y, x), at(x, y)})},
		{Name: "same_point", Geometry: one(orb.Ring{at(x, y), at(x, y), at(x, y), at(x, y)})},
		{Name: "unclosed", Geometry: one(shell()[:4])},
		{Name: "clockwise_shell", Geometry: one(reverse(shell()))},
		{Name: "no_area", Geometry: one(orb.Ring{at(x, y), at(x+.3, y), at(x+.6, y), at(x, y)})},
		{Name: "bow_tie", Geometry: one(orb.Ring{at(x, y), at(1-x, 1-y), at(1-x, y), at(x, 1-y), at(x, y)})},
		{Name: "figure_eight", Geometry: one(orb.Ring{at(.5, .5), at(.5+x, .5+y), at(.5+x, .5), at(.5, .5), at(.5-x, .5-y), at(.5-x, .5), at(.5, .5)})},
		{Name: "spike", Geometry: one(orb.Ring{at(x, y), at(1-x, y), at(1-x, .5), at(1, .5), at(1-x, .5), at(1-x, 1-y), at(x, 1-y), at(x, y)})},
		{Name: "repeated_points", Geometry: one(doubled(shell()))},
		{Name: "twice_around", Geometry: one(twice(shell()))},
		{Name: "random_walk", Geometry: one(walk(r, at, 64))},
		{Name: "needle", Geometry: one(needle(at(0, y), at(1, y)))},
		{Name: "inner_touch", Geometry: one(orb.Ring{at(x, y), at(1-x, y), at(1-x, 1-y), at(.5, y), at(x, 1-y), at(x, y)})},
		{Name: "hole_outside", Geometry: one(box(0, 0, x, y), reverse(box(.6, .6, .6+x, .6+y)))},
		{Name: "hole_is_shell", Geometry: one(box(0, 0, x, y), reverse(box(0, 0, x, y)))},
		{Name: "hole_across_shell", Geometry: one(box(0, 0, x, y), reverse(box(x/2, y/2, 1, 1)))},
		{Name: "hole_shares_edge", Geometry: one(box(0, 0, 1, 1), reverse(box(0, y, x, 1-y)))},
		{Name: "holes_overlap", Geometry: one(box(0, 0, 1, 1), reverse(box(.1, .1, .5, .5)), reverse(box(.5-x, .5-y, .9, .9)))},
		{Name: "holes_split", Geometry: one(box(0, 0, 1, 1), reverse(orb.Ring{at(.5, 0), at(.5+x, .5), at(.5, 1), at(.5-x, .5), at(.5, 0)}))},
		{Name: "hole_first", Geometry: one(reverse(box(x, y, 1-x, 1-y)), box(0, 0, 1, 1))},
		{Name: "parts_overlap", Geometry: orb.MultiPolygon{{box(0, 0, .6, .6)}, {box(x, y, 1, 1)}}},
		{Name: "parts_equal", Geometry: orb.MultiPolygon{{box(x, y, 1, 1)}, {box(x, y, 1, 1)}}},
		{Name: "parts_share_edge", Geometry: orb.MultiPolygon{{box(0, 0, x, 1)}, {box(x, 0, 1, 1)}}},
		{Name: "part_in_hole", Geometry: orb.MultiPolygon{{box(0, 0, 1, 1), reverse(box(x, y, 1-x, 1-y))}, {box(.45, .45, .55, .55)}}},
		{Name: "star", Geometry: one(star(r, at, 200))},
		{Name: "last_bits", Geometry: one(lastBits(shell()))},
		{Name: "subnormal", Geometry: with(5e-324)},
		{Name: "huge", Geometry: with(math.MaxFloat64)},
		{Name: "not_a_number", Geometry: with(math.NaN())},
		{Name: "infinite", Geometry: with(math.Inf(1 - 2*r.IntN(2)))},
	}
	for i := range out {
		out[i].Finite = finite(out[i].Geometry)
	}
	return out
}

func finite(mp orb.MultiPolygon) bool {
	for _, p := range mp {
		for _, r := range p {
			for _, v := range r {
				if s := v[0] - v[0] + v[1] - v[1]; s != 0 {
					return false
				}
			}
		}
	}
	return true
}

// needle is a triangle as high as the last bit of its latitude.
func needle(a, b orb.Point) orb.Ring {
	return orb.Ring{a, b, {b[0], math.Nextafter(b[1], math.Inf(1))}, a}
}

func doubled(r orb.Ring) (out orb.Ring) {
	for _, p := range r {
		out = append(out, p, p)
	}
	return out
}

func twice(r orb.Ring) orb.Ring { return append(r, r[1:]...) }

// walk is a closed ring that crosses itself many times.
func walk(r *rand.Rand, at func(x, y float64) orb.Point, n int) (out orb.Ring) {
	for range n {
		out = append(out, at(r.Float64(), r.Float64()))
	}
	return append(out, out[0])
}

// star is a valid ring of n vertices, seen whole from the middle of the bound, with
// long teeth.
func star(r *rand.Rand, at func(x, y float64) orb.Point, n int) (out orb.Ring) {
	for i := range n {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(n))
		d := 0.05 + float64(0.45*r.Float64())
		out = append(out, at(.5+float64(d*cos), .5+float64(d*sin)))
	}
	return append(out, out[0])
}

// lastBits adds to each edge of a ring a vertex beside its middle, one unit in the last place off.
func lastBits(r orb.Ring) (out orb.Ring) {
	for i := range len(r) - 1 {
		a, b := r[i], r[i+1]
		mid := orb.Point{(a[0] + b[0]) / 2, (a[1] + b[1]) / 2}
		out = append(out, a, orb.Point{math.Nextafter(mid[0], b[1]), math.Nextafter(mid[1], a[0])})
	}
	return append(out, r[0])
}

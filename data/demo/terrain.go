package demo

import (
	"math"
	"math/rand/v2"

	"github.com/paulmach/orb"
)

// reach is half the side of the square that the district lies in, in metres.
const reach = 33_000

// terrain says where the district's border runs and how close its cells lie. Its
// coordinates are metres from the origin.
type terrain struct {
	waves  [4]wave
	towns  []orb.Point
	places []orb.Point // where the rooms sit: the heart of a township each
}

// lake is about the middle of the lake.
func lake() orb.Point { return orb.Point{-13_400, 9_900} }

// wave is one part of the border's distance from the origin, by direction.
type wave struct{ times, height, phase float64 }

func newTerrain(r *rand.Rand, towns []Town) *terrain {
	t := &terrain{}
	for i := range t.waves {
		t.waves[i] = wave{times: float64(i + 2), height: 0.09 / float64(i+1), phase: 2 * math.Pi * r.Float64()}
	}
	for _, w := range towns {
		t.towns = append(t.towns, w.centre)
	}
	t.settle(r)
	return t
}

// settle chooses the places of the rooms: two at each town, which therefore lies in
// several townships, the rest far from each other.
func (t *terrain) settle(r *rand.Rand) {
	for _, c := range t.towns {
		side := 900 + 300*r.Float64()
		sin, cos := math.Sincos(2 * math.Pi * r.Float64())
		t.places = append(t.places,
			orb.Point{c[0] + float64(side*cos), c[1] + float64(side*sin)},
			orb.Point{c[0] - float64(side*cos), c[1] - float64(side*sin)})
	}
	for len(t.places) < Rooms {
		t.places = append(t.places, t.loneliest(r))
	}
}

// loneliest is the one of some random points of the district that lies furthest from all places.
func (t *terrain) loneliest(r *rand.Rand) (best orb.Point) {
	const tries = 60
	most := -1.0
	for range tries {
		p := orb.Point{reach * (2*r.Float64() - 1), reach * (2*r.Float64() - 1)}
		if t.depth(p) < 0.12 {
			continue
		}
		near := math.Inf(1)
		for _, q := range t.places {
			near = math.Min(near, distance(p, q))
		}
		if near > most {
			best, most = p, near
		}
	}
	return best
}

// depth is positive within the district: 1 at the origin, 0 on the border.
func (t *terrain) depth(p orb.Point) float64 {
	const mean = 24_000
	radius := mean
	angle := math.Atan2(p[1], p[0])
	swell := 1.0
	for _, w := range t.waves {
		swell += float64(w.height * math.Cos(float64(w.times*angle)+w.phase))
	}
	return 1 - math.Hypot(p[0], p[1])/(float64(radius)*swell)
}

// perKM2 is about how many cells there are on a square kilometre.
func (t *terrain) perKM2(p orb.Point) float64 {
	valley := p[1] - float64(2500*math.Sin(p[0]/9000))
	n := 0.025 + float64(0.3*bump(valley/7000)) + float64(1.2*bump(distance(p, lake())/1200))
	for _, c := range t.places {
		n += float64(1.5 * bump(distance(p, c)/1500))
	}
	for _, c := range t.towns {
		n += float64(townPeak * bump(distance(p, c)/650))
	}
	return n
}

// townPeak is the number of cells per square kilometre in the heart of a town.
const townPeak = 58

// density is perKM2 as a part of about its maximum.
func (t *terrain) density(p orb.Point) float64 {
	return math.Min(1, t.perKM2(p)/(townPeak+4))
}

// bump is 1 at 0 and falls to a quarter at ±1; over the plane its volume is π.
func bump(x float64) float64 {
	d := 1 + float64(x*x)
	return 1 / float64(d*d)
}

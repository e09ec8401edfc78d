package zoning

import (
	"math"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"

	"towngrid/geo"
)

// perDegree is the metres that a degree of lon and of lat has at a latitude on the
// CGCS2000 ellipsoid.
func perDegree(lat float64) (east, north float64) {
	const radian = math.Pi / 180
	sin, cos := math.Sincos(lat * radian)
	e2 := geo.Flattening * (2 - geo.Flattening)
	w2 := 1 - e2*sin*sin
	prime := geo.SemiMajorM / math.Sqrt(w2)
	return prime * cos * radian, prime * (1 - e2) / w2 * radian
}

// stepM is the length of an edge in metres.
func stepM(a, b orb.Point) float64 {
	east, north := perDegree((a[1] + b[1]) / 2)
	return math.Hypot((b[0]-a[0])*east, (b[1]-a[1])*north)
}

// flatM2 is the area of a polygon with edges straight in lon and lat. geo.AreaM2 takes
// them for geodesics: between two edges that lie on one line, of which only one has a
// vertex in the middle, it finds the sliver between the geodesics, metres wide.
func flatM2(p orb.Polygon) (sum float64) {
	for i, r := range p {
		if a := math.Abs(area(r)); i == 0 {
			sum = a
		} else {
			sum -= a
		}
	}
	east, north := perDegree(p[0].Bound().Center()[1])
	return max(sum, 0) * east * north
}

// widthM is the mean width of a shape: twice its area by its perimeter.
func widthM(mp orb.MultiPolygon) float64 {
	around, m2 := 0.0, 0.0
	for _, p := range mp {
		m2 += flatM2(p)
		for _, r := range p {
			around += lengthM(r)
		}
	}
	if around == 0 {
		return 0
	}
	return 2 * m2 / around
}

// ground is the lines of the ground, for asking whether a border lies on them.
type ground struct {
	tree       rtree.RTreeG[[2]orb.Point]
	toleranceM float64
}

func newGround(lines []orb.LineString, toleranceM float64) *ground {
	g := &ground{toleranceM: toleranceM}
	for _, l := range lines {
		for i := 1; i < len(l); i++ {
			b := orb.Bound{Min: l[i-1], Max: l[i-1]}.Extend(l[i])
			g.tree.Insert(b.Min, b.Max, [2]orb.Point{l[i-1], l[i]})
		}
	}
	return g
}

// share is the part of a chain's length that lies on lines: of its edges those whose
// ends and middle are within the tolerance of one.
func (g *ground) share(ps []orb.Point) float64 {
	on, all := 0.0, 0.0
	for i := 1; i < len(ps); i++ {
		a, b := ps[i-1], ps[i]
		d := stepM(a, b)
		all += d
		if g.near(a) && g.near(b) && g.near(orb.Point{(a[0] + b[0]) / 2, (a[1] + b[1]) / 2}) {
			on += d
		}
	}
	if all == 0 {
		return 0
	}
	return on / all
}

func (g *ground) near(p orb.Point) (found bool) {
	east, north := perDegree(p[1])
	dx, dy := g.toleranceM/east, g.toleranceM/north
	g.tree.Search([2]float64{p[0] - dx, p[1] - dy}, [2]float64{p[0] + dx, p[1] + dy}, func(_, _ [2]float64, e [2]orb.Point) bool {
		ax, ay := (e[0][0]-p[0])*east, (e[0][1]-p[1])*north
		bx, by := (e[1][0]-p[0])*east, (e[1][1]-p[1])*north
		f := 0.0
		if l2 := (bx-ax)*(bx-ax) + (by-ay)*(by-ay); l2 > 0 {
			f = min(max(-(ax*(bx-ax)+ay*(by-ay))/l2, 0), 1)
		}
		found = math.Hypot(ax+f*(bx-ax), ay+f*(by-ay)) <= g.toleranceM
		return !found
	})
	return found
}

package shapefile

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// ring is one part of a polygon with what a walk along it finds.
type ring struct {
	part   int
	points orb.Ring // closed
	turned bool     // since it was read
	area2  float64  // twice the signed area in file units, positive counter-clockwise
	bound  orb.Bound
	// parent is the smallest ring around this one, by its place in the record's
	// list of rings, -1 for none; depth is how many there are around it.
	parent, depth int
	index         *bands // of the edges, made once they are asked for often
	asked         int
}

// findings are the faults of a record's rings that do not refuse it.
type findings struct{ empty, open, degenerate, repeated, spike tally }

// newRing closes and measures a part; ok is false where it has no area.
func newRing(part int, points []orb.Point, f *findings) (r ring, ok bool) {
	closed := points[0] == points[len(points)-1] && len(points) > 1
	if !closed {
		points = append(points, points[0])
	}
	r = ring{part: part, points: points, parent: -1}
	found := *f
	r.walk(&found)
	if r.flat() {
		f.degenerate.count(part, 0)
		return r, false
	}
	if !closed {
		found.open.count(part, len(points)-2)
	}
	*f = found
	return r, true
}

// walk measures the ring and looks for repeated vertices and spikes. Areas are
// summed relative to the first vertex: Gauss-Krüger coordinates of 4e7 would
// leave no digits for a parcel otherwise.
func (r *ring) walk(f *findings) {
	p := r.points
	o := p[0]
	lo, hi := o, o
	sum := 0.0
	back := lastEdge(p)
	for i := 1; i < len(p); i++ {
		a, b := p[i-1], p[i]
		e := orb.Point{b[0] - a[0], b[1] - a[1]}
		if e == (orb.Point{}) {
			f.repeated.count(r.part, i)
			continue
		}
		if back[0]*e[1] == back[1]*e[0] && back[0]*e[0]+back[1]*e[1] < 0 {
			f.spike.count(r.part, i-1)
		}
		back = e
		sum += (a[0]-o[0])*(b[1]-o[1]) - (b[0]-o[0])*(a[1]-o[1])
		lo[0], lo[1] = min(lo[0], b[0]), min(lo[1], b[1])
		hi[0], hi[1] = max(hi[0], b[0]), max(hi[1], b[1])
	}
	r.area2, r.bound = sum, orb.Bound{Min: lo, Max: hi}
}

// lastEdge is the vector of the last edge of p that has a length.
func lastEdge(p []orb.Point) orb.Point {
	for i := len(p) - 1; i > 0; i-- {
		if p[i] != p[i-1] {
			return orb.Point{p[i][0] - p[i-1][0], p[i][1] - p[i-1][1]}
		}
	}
	return orb.Point{}
}

// flat says that the ring has no area: fewer than three vertices, or all of them
// on one line but for the rounding of their coordinates. A ring whose two lobes
// cancel out is not flat.
func (r *ring) flat() bool {
	p := r.points
	if len(p) < 4 {
		return true
	}
	w, h := r.bound.Max[0]-r.bound.Min[0], r.bound.Max[1]-r.bound.Min[1]
	largest := max(math.Abs(r.bound.Min[0]), math.Abs(r.bound.Max[0]), math.Abs(r.bound.Min[1]), math.Abs(r.bound.Max[1]))
	eps := largest * 0x1p-50 // four units in the last place
	if math.Abs(r.area2) > 4*eps*(w+h)*float64(len(p)) {
		return false
	}
	o := p[0]
	far := slices.MaxFunc(p, func(a, b orb.Point) int { return cmp.Compare(distance(a, o), distance(b, o)) })
	dx, dy, d := far[0]-o[0], far[1]-o[1], distance(far, o)
	return !slices.ContainsFunc(p, func(q orb.Point) bool {
		return math.Abs(dx*(q[1]-o[1])-dy*(q[0]-o[0])) > 2*eps*d
	})
}

func distance(a, b orb.Point) float64 { return math.Hypot(a[0]-b[0], a[1]-b[1]) }

// hole says whether the ring is a hole by the rings around it.
func (r *ring) hole() bool { return r.depth%2 == 1 }

// clockwise says whether the ring is wound as ESRI prescribes for outer rings.
func (r *ring) clockwise() bool { return r.area2 < 0 }

// astray says that the winding in the file is not the one for the ring's role.
func (r *ring) astray() bool { return r.area2 != 0 && r.clockwise() == r.hole() }

// orient turns the ring to the winding of RFC 7946.
func (r *ring) orient() {
	if r.area2 != 0 && r.clockwise() != r.hole() {
		slices.Reverse(r.points)
		r.turned = !r.turned
	}
}

// origin is where the ring comes from.
func (r *ring) origin() Origin {
	if r.turned {
		return ^Origin(r.part)
	}
	return Origin(r.part)
}

// interior is a point inside the ring: the middle of the widest stretch inside
// it on a level between two vertices.
func (r *ring) interior() orb.Point {
	y := r.level()
	var xs []float64
	for i := 1; i < len(r.points); i++ {
		a, b := r.points[i-1], r.points[i]
		if (a[1] > y) != (b[1] > y) {
			xs = append(xs, a[0]+(b[0]-a[0])*((y-a[1])/(b[1]-a[1])))
		}
	}
	slices.Sort(xs)
	x, widest := r.points[0][0], 0.0
	for i := 0; i+1 < len(xs); i += 2 {
		if w := xs[i+1] - xs[i]; w > widest {
			x, widest = xs[i]+w/2, w
		}
	}
	return orb.Point{x, y}
}

// level is the middle between the two vertex ordinates around the ring's middle.
func (r *ring) level() float64 {
	middle := r.bound.Min[1]/2 + r.bound.Max[1]/2
	below, above := r.bound.Min[1], r.bound.Max[1]
	for _, p := range r.points {
		if p[1] <= middle {
			below = max(below, p[1])
		} else {
			above = min(above, p[1])
		}
	}
	return below/2 + above/2
}

package geo

import (
	"math"
	"math/big"

	"github.com/paulmach/orb"
)

// Side says where a point lies with respect to polygons.
type Side int8

const (
	Outside Side = iota
	Edge         // exactly on a segment of a ring
	Inside
)

// String is the side as answers spell it: "outside", "edge" or "inside".
func (s Side) String() string {
	switch s {
	case Edge:
		return "edge"
	case Inside:
		return "inside"
	}
	return "outside"
}

// Orient is the sign of the turn a→b→p: 1 where p lies to the left of the line
// from a to b, -1 to its right, 0 exactly on it. It is exact for all finite
// coordinates; with NaN or an infinity it is 0.
//
// A filter decides all but near-collinear cases. Its bound is Shewchuk's for the
// determinant of differences, (3+16u)u of the sum of the products' sizes with
// u = 2⁻⁵³ (Adaptive Precision Floating-Point Arithmetic, 1997, section 4.3).
// What the filter leaves open is decided by error-free products, and where these
// could overflow or lose bits by underflow, by rational numbers.
func Orient(a, b, p orb.Point) int {
	l := float64((a[0] - p[0]) * (b[1] - p[1]))
	r := float64((a[1] - p[1]) * (b[0] - p[0]))
	det, size := l-r, math.Abs(l)+math.Abs(r)
	if bound := float64(filterBound * size); size > tiniest && size < hugest {
		if det > bound {
			return 1
		}
		if -det > bound {
			return -1
		}
	}
	return orientExact(a, b, p)
}

const (
	filterBound = (3 + 16*0x1p-53) * 0x1p-53

	// Between these sizes a product of doubles, and its rounding error, are exact
	// doubles: the error is at least 2⁻¹⁰⁶ of the product, far above 2⁻¹⁰⁷⁴.
	tiniest = 0x1p-900
	hugest  = 0x1p1000
)

// orientExact decides what the filter could not.
func orientExact(a, b, p orb.Point) int {
	ax, axt := twoDiff(a[0], p[0])
	ay, ayt := twoDiff(a[1], p[1])
	bx, bxt := twoDiff(b[0], p[0])
	by, byt := twoDiff(b[1], p[1])
	if axt == 0 && ayt == 0 && bxt == 0 && byt == 0 {
		// The usual case: coordinates within a factor of two have exact differences.
		l, lok := twoProduct(ax, by)
		r, rok := twoProduct(ay, bx)
		if lok && rok {
			return l.compare(r)
		}
	}
	if s, ok := orientSum(a, b, p); ok {
		return s
	}
	return orientBig(a, b, p)
}

// orientSum adds up the six products of ax·by − ay·bx + bx·py − by·px + px·ay − py·ax
// without error. ok is false where a product is out of range.
func orientSum(a, b, p orb.Point) (sign int, ok bool) {
	var e expansion
	for _, f := range [...][2]float64{
		{a[0], b[1]}, {-a[1], b[0]}, {b[0], p[1]}, {-b[1], p[0]}, {p[0], a[1]}, {-p[1], a[0]},
	} {
		t, ok := twoProduct(f[0], f[1])
		if !ok {
			return 0, false
		}
		e.add(t.lo)
		e.add(t.hi)
	}
	return e.sign(), true
}

// orientBig is the definition in rational numbers.
func orientBig(a, b, p orb.Point) int {
	var v [6]big.Rat
	for i, x := range [...]float64{a[0], a[1], b[0], b[1], p[0], p[1]} {
		if v[i].SetFloat64(x) == nil {
			return 0 // not finite
		}
	}
	for i := range 2 {
		v[i].Sub(&v[i], &v[i+4])
		v[i+2].Sub(&v[i+2], &v[i+4])
	}
	l := v[0].Mul(&v[0], &v[3])
	return l.Cmp(v[1].Mul(&v[1], &v[2]))
}

// twoDiff is a−b as a rounded difference and its exact error, for finite a and b
// whose difference does not overflow.
func twoDiff(a, b float64) (d, err float64) {
	d = a - b
	bv := a - d
	av := d + bv
	return d, (a - av) + (bv - b)
}

// exactProduct is a product as the nearest double and what is missing from it.
type exactProduct struct{ hi, lo float64 }

// twoProduct multiplies without error; ok is false where a double cannot hold the
// product or its error.
func twoProduct(a, b float64) (p exactProduct, ok bool) {
	hi := float64(a * b)
	if size := math.Abs(hi); size > tiniest && size < hugest {
		return exactProduct{hi, math.FMA(a, b, -hi)}, true
	}
	return exactProduct{}, (a == 0 || b == 0) && hi == 0
}

// compare orders by value: rounding is monotone, so the higher halves decide
// unless they are equal.
func (p exactProduct) compare(q exactProduct) int {
	switch {
	case p.hi > q.hi, p.hi == q.hi && p.lo > q.lo:
		return 1
	case p.hi < q.hi, p.lo < q.lo:
		return -1
	}
	return 0
}

// expansion is an exact sum of doubles: components that do not overlap, in rising
// order of size (Shewchuk 1997, section 2.4).
type expansion struct {
	c [12]float64
	n int
}

func (e *expansion) add(b float64) {
	n := 0
	for _, c := range e.c[:e.n] {
		s := b + c
		cv := s - b
		bv := s - cv
		if err := (b - bv) + (c - cv); err != 0 {
			e.c[n] = err
			n++
		}
		b = s
	}
	if b != 0 {
		e.c[n] = b
		n++
	}
	e.n = n
}

// sign is that of the largest component, which exceeds the sum of all others.
func (e *expansion) sign() int {
	switch {
	case e.n == 0:
		return 0
	case e.c[e.n-1] > 0:
		return 1
	}
	return -1
}

// Covers says whether p belongs to mp by the half-open rule: whether mp contains
// the point that lies an infinitesimal step east of p and an infinitely smaller
// step north. So of two polygons that share an edge exactly one covers a point of
// it: the eastern one, on a horizontal edge the northern one. Rings count by the
// even-odd rule, whatever their order and direction; they must be closed.
// It is exact. A p with a NaN is covered by nothing.
func Covers(mp orb.MultiPolygon, p orb.Point) bool {
	in := false
	for _, poly := range mp {
		for _, ring := range poly {
			in = in != ringCovers(ring, p)
		}
	}
	return in
}

// ringCovers counts the edges that the ray from p to the east crosses.
func ringCovers(ring orb.Ring, p orb.Point) bool {
	if len(ring) == 0 {
		return false
	}
	in, a, up := false, ring[0], ring[0][1] <= p[1]
	for _, b := range ring[1:] {
		if ends := b[1] <= p[1]; ends != up {
			if eastOf(a, b, p, up) {
				in = !in
			}
			up = ends
		}
		a = b
	}
	return in
}

// eastOf says whether the edge a→b, which passes p's latitude upwards (up) or
// downwards, does so strictly east of p.
func eastOf(a, b, p orb.Point, up bool) bool {
	if a[0] > p[0] && b[0] > p[0] {
		return true
	}
	if a[0] <= p[0] && b[0] <= p[0] {
		return false
	}
	turn := Orient(a, b, p)
	return turn > 0 && up || turn < 0 && !up
}

// SideOf says where p lies in the closed sense: Edge exactly on a segment of any
// ring, else Inside or Outside by the even-odd rule over all rings. Where p is not
// on an edge it agrees with Covers. It is exact. A p with a NaN is Outside.
func SideOf(mp orb.MultiPolygon, p orb.Point) Side {
	if math.IsNaN(p[0]) || math.IsNaN(p[1]) {
		return Outside
	}
	in := false
	for _, poly := range mp {
		for _, ring := range poly {
			odd, on := ringSide(ring, p)
			if on {
				return Edge
			}
			in = in != odd
		}
	}
	if in {
		return Inside
	}
	return Outside
}

// ringSide is ringCovers, and whether p lies on the ring.
func ringSide(ring orb.Ring, p orb.Point) (odd, on bool) {
	if len(ring) == 0 {
		return false, false
	}
	a, up := ring[0], ring[0][1] <= p[1]
	for _, b := range ring[1:] {
		if ends := b[1] <= p[1]; ends != up {
			turn := turnFrom(a, b, p)
			if turn == 0 {
				return odd, true
			}
			if turn > 0 == up {
				odd = !odd
			}
			up = ends
		} else if b[1] == p[1] && reaches(a, b, p) {
			return odd, true
		}
		a = b
	}
	return odd, false
}

// Stand says in one pass what Covers and SideOf say of p: whether mp covers it by the
// half-open rule, and whether it lies exactly on an edge.
func Stand(mp orb.MultiPolygon, p orb.Point) (covered, onEdge bool) {
	if math.IsNaN(p[0]) || math.IsNaN(p[1]) {
		return false, false
	}
	for _, poly := range mp {
		for _, ring := range poly {
			odd, on := ringStand(ring, p)
			covered, onEdge = covered != odd, onEdge || on
		}
	}
	return covered, onEdge
}

// StandOfEdge is what Stand counts of the edge from a to b: whether the ray from p to the
// east crosses it by the half-open rule, and whether p, which must not be NaN, lies on it.
func StandOfEdge(a, b, p orb.Point) (crosses, on bool) {
	if ends, up := b[1] <= p[1], a[1] <= p[1]; ends != up {
		turn := turnFrom(a, b, p)
		return turn != 0 && turn > 0 == up, turn == 0
	}
	return false, b[1] == p[1] && reaches(a, b, p)
}

// ringStand is ringCovers, and whether p lies on the ring.
func ringStand(ring orb.Ring, p orb.Point) (odd, on bool) {
	if len(ring) == 0 {
		return false, false
	}
	a, up := ring[0], ring[0][1] <= p[1]
	for _, b := range ring[1:] {
		if ends := b[1] <= p[1]; ends != up {
			switch turn := turnFrom(a, b, p); {
			case turn == 0:
				on = true
			case turn > 0 == up:
				odd = !odd
			}
			up = ends
		} else if b[1] == p[1] && reaches(a, b, p) {
			on = true
		}
		a = b
	}
	return odd, on
}

// turnFrom is the sign of the turn a→b→p for an edge that passes p's latitude.
// Where the edge lies all to one side of p its direction tells.
func turnFrom(a, b, p orb.Point) int {
	switch {
	case a[0] > p[0] && b[0] > p[0]:
		if a[1] <= p[1] {
			return 1
		}
		return -1
	case a[0] < p[0] && b[0] < p[0]:
		if a[1] <= p[1] {
			return -1
		}
		return 1
	}
	return Orient(a, b, p)
}

// reaches says whether p lies on an edge that does not pass its latitude, but ends
// at it: only that end, or a horizontal edge, can be where p is.
func reaches(a, b, p orb.Point) bool {
	return b == p || a[1] == p[1] && min(a[0], b[0]) <= p[0] && p[0] <= max(a[0], b[0])
}

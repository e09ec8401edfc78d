package density

import (
	"math"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/overlay"
)

// sound gives a polygon back, checked: valid as OGC Simple Features has it, or valid
// once read as what it encloses, such as a ring that touches itself in a point, as
// some programs write a hole, or runs out and back along a line. Such a reading, by
// an overlay with everything around, counts only if it has the very area of the rings
// as they stand, which that of a doubled ring has not. Of rings that cross, which no
// such reading can save, the overlay is not even tried: on them it is slow.
func sound(mp orb.MultiPolygon) (orb.MultiPolygon, error) {
	if len(mp) == 1 && len(mp[0]) == 1 && simple(mp[0][0]) {
		return mp, nil
	}
	wrong := overlay.Geometry(mp).Validate()
	if wrong == nil {
		return mp, nil
	}
	if crossed(sidesOf(mp)) {
		return nil, wrong
	}
	around := mp.Bound().Pad(1e-3)
	clean, err := overlay.Intersection(mp, orb.MultiPolygon{around.ToPolygon()})
	if err != nil || overlay.Geometry(clean).Validate() != nil {
		return nil, wrong
	}
	const tolerance = 1e-9
	as, is := degreeArea(mp), degreeArea(clean)
	if is == 0 || math.Abs(as-is) > tolerance*as {
		return nil, wrong
	}
	return clean, nil
}

// crossed says whether two of the sides pass through each other, or that there are
// too many to tell.
func crossed(sides []segment) bool {
	const most = 20000
	if len(sides) > most {
		return true
	}
	for i, s := range sides {
		for _, t := range sides[:i] {
			if s.bound.Intersects(t.bound) &&
				geo.Orient(t.a, t.b, s.a)*geo.Orient(t.a, t.b, s.b) < 0 &&
				geo.Orient(s.a, s.b, t.a)*geo.Orient(s.a, s.b, t.b) < 0 {
				return true
			}
		}
	}
	return false
}

// simple says of a short ring that it is closed and no side touches another but its
// neighbours, which is all that makes a polygon without holes valid. Of long rings,
// for which that would take too many comparisons, and of repeated vertices it says
// no more than that it does not know.
func simple(r orb.Ring) bool {
	const short = 65
	if len(r) < 4 || len(r) > short || r[0] != r[len(r)-1] {
		return false
	}
	var all [short]segment
	sides := all[:len(r)-1]
	for i := range sides {
		if sides[i] = between(r[i], r[i+1]); r[i] == r[i+1] {
			return false
		}
	}
	for i, s := range sides {
		for j, t := range sides[:i] {
			if s.bound.Intersects(t.bound) && !free(s, t, i-j == 1, i-j == len(sides)-1) {
				return false
			}
		}
	}
	return true
}

// free says that two sides of a ring do not touch; where s follows t, or t follows
// s around the ring's start, that they do so in their common end alone.
func free(s, t segment, follows, around bool) bool {
	a, b := geo.Orient(t.a, t.b, s.a), geo.Orient(t.a, t.b, s.b)
	if follows || around {
		return a != 0 || b != 0 || meetInPoint(s.bound, t.bound)
	}
	return a*b > 0 || geo.Orient(s.a, s.b, t.a)*geo.Orient(s.a, s.b, t.b) > 0
}

// degreeArea is the area of the rings as they stand in square degrees, by the
// shoelace formula from the first vertex; holes are subtracted. It serves to compare
// a shape with its pieces: lines straight in lon and lat may be split without
// changing it, while geodesics bulge, and a long one more than its pieces.
func degreeArea(mp orb.MultiPolygon) float64 {
	sum := 0.0
	for _, p := range mp {
		for i, r := range p {
			area := 0.0
			for j := 1; j < len(r); j++ {
				area += (r[j-1][0]-r[0][0])*(r[j][1]-r[0][1]) - (r[j][0]-r[0][0])*(r[j-1][1]-r[0][1])
			}
			area = math.Abs(area) / 2
			if i > 0 {
				area = -area
			}
			sum += area
		}
	}
	return sum
}

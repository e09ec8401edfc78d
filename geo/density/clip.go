package density

import (
	"cmp"
	"slices"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/overlay"
)

// clip is the part of a that lies within the outline; whole says that nothing is
// cut off, in which case it is a's own shape. An error means that the overlay could
// not be computed.
func (o *outline) clip(a *area) (part orb.MultiPolygon, whole bool, err error) {
	switch o.side(a.bound) {
	case geo.Outside:
		return nil, false, nil
	case geo.Inside:
		return a.shape, true, nil
	}
	if part, ok := o.cut(a); ok {
		return part, false, nil
	}
	prepared, err := o.prepared()
	if err != nil {
		return nil, false, err
	}
	if covered, err := prepared.Covers(a.geometry()); err != nil {
		return nil, false, err
	} else if covered {
		return a.shape, true, nil
	}
	part, err = overlay.Intersection(a.shape, o.shape)
	return part, false, err
}

// crossing is where a ring of the area, walked with its inside to the left, passes
// through the outline.
type crossing struct {
	at       orb.Point
	into     bool
	side     int     // of the area's ring
	along    float64 // 0 to 1 on that side
	border   int     // side of the outline
	alongIt  float64
	next     int // the crossing that comes next on the area's ring
	nextByIt int // and on the outline's
}

// cut clips the plain case, which is that of most parcels on a border: one ring
// that crosses the outline without touching it otherwise. Which sides cross, and
// which way, is exact; so is the order of crossings, since two that lie close
// together on a side are not plain. From each crossing into the town the ring is
// followed to where it leaves, from there the outline to where the ring comes back,
// and so on to the start (as Weiler and Atherton do). ok is false for any other case.
func (o *outline) cut(a *area) (part orb.MultiPolygon, ok bool) {
	if len(a.shape) != 1 || len(a.shape[0]) != 1 {
		return nil, false
	}
	sides := sidesOf(a.shape)
	found, ok := o.crossings(a, sides)
	if !ok || !o.link(found) {
		return nil, false
	}
	done := make([]bool, len(found))
	for i := range found {
		if !found[i].into || done[i] {
			continue
		}
		ring := orb.Ring{}
		for at := i; !done[at]; {
			done[at] = true
			out := found[at].next
			ring = walk(append(ring, found[at].at), sides, found[at].side, found[out].side, 0, len(sides), found[at].along > found[out].along)
			back := found[out].nextByIt
			r := o.rings[o.ringOf(found[out].border)]
			ring = walk(append(ring, found[out].at), o.sides, found[out].border, found[back].border, r.first, r.n, found[out].alongIt > found[back].alongIt)
			at = back
		}
		part = append(part, orb.Polygon{append(ring, ring[0])})
	}
	return part, true
}

// walk adds the ends of sides from one to another within a ring of n sides; round
// says that on one and the same side the way leads once around.
func walk(ring orb.Ring, sides []segment, from, to, first, n int, round bool) orb.Ring {
	if from == to && !round {
		return ring
	}
	for {
		ring = append(ring, sides[from].b)
		if from++; from == first+n {
			from = first
		}
		if from == to {
			return ring
		}
	}
}

// crossings finds all of them; ok is false where sides touch otherwise, or a ring of
// the outline comes near without crossing.
func (o *outline) crossings(a *area, sides []segment) (found []crossing, ok bool) {
	crossed := make([]bool, len(o.rings))
	var near []int
	for j := range o.sides {
		if o.sides[j].bound.Intersects(a.bound) {
			near = append(near, j)
		}
	}
	for i, s := range sides {
		for _, j := range near {
			c, met := s.cross(o.sides[j])
			if met == unsure {
				return nil, false
			}
			if met == yes {
				c.side, c.border = i, j
				found = append(found, c)
				crossed[o.ringOf(j)] = true
			}
		}
	}
	for _, j := range near {
		if !crossed[o.ringOf(j)] {
			return nil, false
		}
	}
	return found, true
}

// cross says whether two sides pass through each other (yes), stay clear of each
// other (no), or touch or nearly so.
func (s segment) cross(t segment) (c crossing, met answer) {
	if !s.bound.Intersects(t.bound) {
		return c, no
	}
	start, end := geo.Orient(t.a, t.b, s.a), geo.Orient(t.a, t.b, s.b)
	if start*end > 0 {
		return c, no
	}
	left, right := geo.Orient(s.a, s.b, t.a), geo.Orient(s.a, s.b, t.b)
	switch {
	case left*right > 0:
		return c, no
	case start*end == 0 || left*right == 0:
		return c, unsure
	}
	c.into = end > 0
	var sure, too bool
	c.along, sure = portion(t, s)
	c.alongIt, too = portion(s, t)
	if !sure || !too {
		return c, unsure
	}
	c.at = orb.Point{s.a[0] + c.along*(s.b[0]-s.a[0]), s.a[1] + c.along*(s.b[1]-s.a[1])}
	return c, yes
}

// tight is how near two crossings may lie on a side, as a portion of it, or one to
// the side's end, before rounding might take one for the other.
const tight = 1e-9

// portion is how far along s, 0 to 1, it meets the line of t.
func portion(t, s segment) (f float64, sure bool) {
	turn := func(p orb.Point) float64 {
		return (t.b[0]-t.a[0])*(p[1]-t.a[1]) - (t.b[1]-t.a[1])*(p[0]-t.a[0])
	}
	a, b := turn(s.a), turn(s.b)
	f = a / (a - b)
	return f, f > tight && f < 1-tight
}

// link orders the crossings along the area's ring and along those of the outline.
// On both, ways in and out must alternate.
func (o *outline) link(found []crossing) bool {
	if len(found) == 0 {
		return false
	}
	slices.SortFunc(found, func(x, y crossing) int {
		return cmp.Or(cmp.Compare(x.side, y.side), cmp.Compare(x.along, y.along))
	})
	byIt := make([]int, len(found))
	for i := range found {
		byIt[i] = i
		next := (i + 1) % len(found)
		found[i].next = next
		if found[i].into == found[next].into || found[i].side == found[next].side && i != next && tightly(found[i].along, found[next].along) {
			return false
		}
	}
	slices.SortFunc(byIt, func(x, y int) int {
		return cmp.Or(cmp.Compare(found[x].border, found[y].border), cmp.Compare(found[x].alongIt, found[y].alongIt))
	})
	for start := 0; start < len(byIt); {
		end := start
		for end < len(byIt) && o.ringOf(found[byIt[end]].border) == o.ringOf(found[byIt[start]].border) {
			end++
		}
		for k := start; k < end; k++ {
			x, y := &found[byIt[k]], byIt[start+(k+1-start)%(end-start)]
			x.nextByIt = y
			if x.into == found[y].into || x.border == found[y].border && tightly(x.alongIt, found[y].alongIt) {
				return false
			}
		}
		start = end
	}
	return true
}

func tightly(x, y float64) bool { return x-y < tight && y-x < tight }

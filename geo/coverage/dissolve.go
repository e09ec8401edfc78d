package coverage

import (
	"cmp"
	"slices"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// Dissolve unites faces to groups: group[i] is the group of face i, or negative for
// none. The union of group g is element g of the answer, which is as long as the
// highest group asks for; a group without faces is nil. Arcs between faces of one
// group are dropped, all other vertices kept as they are. Shells turn
// counter-clockwise, holes clockwise; each polygon is its shell and the holes in it.
// Where parts of a group meet in single points only they stay polygons of their own.
// group must have an entry for each face.
func (c *Coverage) Dissolve(group []int) []orb.MultiPolygon {
	of := func(face int32) int {
		if face == Rim {
			return -1
		}
		return max(group[face], -1)
	}
	groups := 0
	for _, g := range group {
		groups = max(groups, g+1)
	}
	borders := make([][]ArcRef, groups)
	for i, a := range c.arcs {
		l, r := of(a.Left), of(a.Right)
		if l == r {
			continue
		}
		if l >= 0 {
			borders[l] = append(borders[l], ArcRef(i))
		}
		if r >= 0 {
			borders[r] = append(borders[r], ^ArcRef(i))
		}
	}
	unions := make([]orb.MultiPolygon, groups)
	for g, refs := range borders {
		unions[g] = polygons(c.trace(refs))
	}
	return unions
}

// polygons puts simple rings together: one that turns counter-clockwise is a shell,
// any other a hole. A hole without a shell, which only faces that are no coverage
// leave behind, becomes a shell.
func polygons(rings []orb.Ring) orb.MultiPolygon {
	var shells, holes []orb.Ring
	for _, r := range rings {
		if turnsLeft(r) {
			shells = append(shells, r)
		} else {
			holes = append(holes, r)
		}
	}
	mp, orphans := nest(shells, holes, func(_, _ int) bool { return true })
	for _, r := range orphans {
		r.Reverse()
		mp = append(mp, orb.Polygon{r})
	}
	return mp
}

// trace strings arcs that have one area on their left to its rings. At a node with
// several arcs a ring takes the first one clockwise from where it came, so it keeps
// to one corner of the area; where it comes back to a node of its own it is cut in two.
// As many arcs leave a node as arrive there, so every walk closes.
func (c *Coverage) trace(refs []ArcRef) []orb.Ring {
	slices.SortFunc(refs, func(a, b ArcRef) int {
		return cmp.Or(cmp.Compare(c.from(a), c.from(b)), cmp.Compare(a, b))
	})
	used := make([]bool, len(refs))
	place := map[int32]int{} // of a node that the walk has left: its place in the path
	var rings []orb.Ring
	var path []ArcRef
	for first := range refs {
		for i := first; i >= 0 && !used[i]; i = c.next(refs, used, refs[i]) {
			used[i] = true
			place[c.from(refs[i])] = len(path)
			path = append(path, refs[i])
			k, closed := place[c.to(refs[i])]
			if !closed {
				continue
			}
			rings = append(rings, Join(path[k:], c.Points))
			for _, r := range path[k:] {
				delete(place, c.from(r))
			}
			if path = path[:k]; k == 0 {
				break
			}
		}
	}
	return rings
}

// from is the node where a walk along r begins, to the one where it ends.
func (c *Coverage) from(r ArcRef) int32 {
	if r.Reversed() {
		return c.ends[r.Arc()][1]
	}
	return c.ends[r.Arc()][0]
}

func (c *Coverage) to(r ArcRef) int32 { return c.from(^r) }

// leaving is the second point of a walk along r.
func (c *Coverage) leaving(r ArcRef) orb.Point {
	ps := c.Points(r.Arc())
	if r.Reversed() {
		return ps[len(ps)-2]
	}
	return ps[1]
}

// next is the place in refs, sorted by from, of the unused arc that a ring takes
// after r; -1 where there is none.
func (c *Coverage) next(refs []ArcRef, used []bool, r ArcRef) int {
	node := c.to(r)
	i, _ := slices.BinarySearchFunc(refs, node, func(r ArcRef, n int32) int { return cmp.Compare(c.from(r), n) })
	best := -1
	for ; i < len(refs) && c.from(refs[i]) == node; i++ {
		if used[i] {
			continue
		}
		if best < 0 || c.clockwise(^r, refs[i], refs[best]) {
			best = i
		}
	}
	return best
}

// clockwise says whether, turning clockwise around their common node from r, arc a
// comes before b.
func (c *Coverage) clockwise(r, a, b ArcRef) bool {
	ps := c.Points(r.Arc())
	node := ps[0]
	if r.Reversed() {
		node = ps[len(ps)-1]
	}
	return clockwise(node, c.leaving(r), c.leaving(a), c.leaving(b))
}

// clockwise says whether, turning clockwise around o from the direction of r, that
// of a comes strictly before that of b. The direction of r itself comes last.
func clockwise(o, r, a, b orb.Point) bool {
	ha, hb := half(o, r, a), half(o, r, b)
	if ha != hb {
		return ha < hb
	}
	return ha%2 == 1 && geo.Orient(o, a, b) < 0
}

// half tells in which part of the turn from r a direction lies: 1 within the first
// half circle clockwise, 2 at its end, 3 within the second half circle, 4 at the
// end, which is r's own direction.
func half(o, r, p orb.Point) int {
	switch geo.Orient(o, r, p) {
	case -1:
		return 1
	case 1:
		return 3
	}
	if (r[0]-o[0])*(p[0]-o[0])+(r[1]-o[1])*(p[1]-o[1]) > 0 {
		return 4
	}
	return 2
}

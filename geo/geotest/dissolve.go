package geotest

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// Dissolve unites the faces of each label into one feature: the result's index is the
// label. Faces labelled -1 are left out; a label without faces gives nil. len(labels)
// must be Len.
//
// The rings keep every vertex of their borders, so that they agree bit for bit with
// those of the faces and of any other labelling. Shells turn counter-clockwise, holes
// clockwise; the largest part comes first. Where a feature touches itself in a node
// its rings are parted there, so that every ring is simple.
func (m *Mesh) Dissolve(labels []int) []orb.MultiPolygon {
	borders := make([][]half, slices.Max(labels)+1)
	label := func(face int32) int {
		if face == outside {
			return -1
		}
		return labels[face]
	}
	for i, a := range m.arcs {
		l, r := label(a.left), label(a.right)
		if a.from == a.to || l == r {
			continue
		}
		if l >= 0 {
			borders[l] = append(borders[l], half{int32(i), false})
		}
		if r >= 0 {
			borders[r] = append(borders[r], half{int32(i), true})
		}
	}
	out := make([]orb.MultiPolygon, len(borders))
	for i, b := range borders {
		out[i] = m.region(b)
	}
	return out
}

// region makes a feature of the halves that have it on their left.
func (m *Mesh) region(border []half) orb.MultiPolygon {
	var shells, holes []orb.Ring
	for _, chain := range m.chains(border) {
		if r := m.ring(chain); signedArea(r) > 0 {
			shells = append(shells, r)
		} else {
			holes = append(holes, r)
		}
	}
	slices.SortStableFunc(shells, func(a, b orb.Ring) int { return cmp.Compare(signedArea(b), signedArea(a)) })
	var mp orb.MultiPolygon
	for _, s := range shells {
		mp = append(mp, orb.Polygon{s})
	}
	for _, h := range holes {
		if i := smallestAround(shells, h); i >= 0 {
			mp[i] = append(mp[i], h)
		}
	}
	return mp
}

// smallestAround finds the last, hence smallest, of the shells that surrounds the hole.
func smallestAround(shells []orb.Ring, hole orb.Ring) int {
	p := orb.Point{(hole[0][0] + hole[1][0]) / 2, (hole[0][1] + hole[1][1]) / 2}
	for i := len(shells) - 1; i >= 0; i-- {
		if Holds(orb.MultiPolygon{{shells[i]}}, p) {
			return i
		}
	}
	return -1
}

// chains joins halves into closed chains, each passing a node at most once.
func (m *Mesh) chains(border []half) [][]half {
	leaving := make(map[int32][]half, len(border))
	for _, h := range border {
		leaving[m.start(h)] = append(leaving[m.start(h)], h)
	}
	var out [][]half
	for _, first := range border {
		if !slices.Contains(leaving[m.start(first)], first) {
			continue
		}
		var chain []half
		for h := first; ; {
			chain = append(chain, h)
			h = m.follow(leaving, h, chain[0])
			if h == chain[0] {
				break
			}
		}
		out = append(out, m.part(chain)...)
	}
	return out
}

// follow takes from leaving the half that goes on after h: of several the first one
// clockwise, which stays beside the same wedge of the feature.
func (m *Mesh) follow(leaving map[int32][]half, h, first half) half {
	node := m.end(h)
	options := leaving[node]
	best, turn := 0, math.Inf(1)
	if len(options) > 1 {
		back := m.heading(half{h.arc, !h.reversed})
		for i, o := range options {
			t := math.Mod(back-m.heading(o)+4*math.Pi, 2*math.Pi)
			if t < turn {
				best, turn = i, t
			}
		}
	}
	next := options[best]
	leaving[node] = slices.Delete(options, best, best+1)
	return next
}

func (m *Mesh) heading(h half) float64 {
	ps := m.arcs[h.arc].points
	a, b := ps[0], ps[1]
	if h.reversed {
		a, b = ps[len(ps)-1], ps[len(ps)-2]
	}
	return math.Atan2(b[1]-a[1], b[0]-a[0])
}

// part cuts a closed chain at the nodes that it passes more than once.
func (m *Mesh) part(chain []half) [][]half {
	var out [][]half
	var open []half
	for _, h := range chain {
		open = append(open, h)
		for i := range open {
			if m.start(open[i]) == m.end(h) {
				out = append(out, slices.Clone(open[i:]))
				open = open[:i]
				break
			}
		}
	}
	return out
}

// signedArea is the planar area of a ring, positive when it turns counter-clockwise.
func signedArea(r orb.Ring) float64 {
	sum := 0.0
	for i := range len(r) - 1 {
		sum += cross(r[0], r[i], r[i+1])
	}
	return sum / 2
}

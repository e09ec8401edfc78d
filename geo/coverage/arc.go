package coverage

import (
	"slices"

	"github.com/paulmach/orb"
)

// Rim stands for the outside of the coverage where an arc names its faces.
const Rim int32 = -1

// Arc is a chain of vertices with the same face on its left and the same on its
// right, as long as possible: it ends where the faces change, or where more than
// two edges meet. A closed arc, such as the shore of an island, has its first point
// last again and begins at its lowest vertex by lon, then lat.
type Arc struct {
	// Points are two at least, in degrees. They may share memory with the polygons
	// of Build and must not be changed.
	Points      []orb.Point
	Left, Right int32 // face, or Rim; Left is never Rim
}

// ArcRef names an arc and the direction in which it is walked: i is arc i as it
// stands, ^i the same arc from its last point to its first.
type ArcRef int32

// Arc is the arc's index.
func (r ArcRef) Arc() int {
	if r < 0 {
		return int(^r)
	}
	return int(r)
}

// Reversed says that the arc is walked from its last point to its first.
func (r ArcRef) Reversed() bool { return r < 0 }

// Join strings arcs together to a ring, closed as its arcs close it. points gives
// the points of arc i: those of Arcs, or a generalisation of them with the same ends.
func Join(refs []ArcRef, points func(arc int) []orb.Point) orb.Ring {
	n := 1
	for _, r := range refs {
		n += len(points(r.Arc())) - 1
	}
	ring := make(orb.Ring, 0, n)
	for i, r := range refs {
		ps := points(r.Arc())
		from := len(ring)
		if i > 0 {
			from--
			ring = ring[:from] // the joint is the first point of the next arc
		}
		ring = append(ring, ps...)
		if r.Reversed() {
			slices.Reverse(ring[from:])
		}
	}
	return ring
}

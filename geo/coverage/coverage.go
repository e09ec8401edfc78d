// Package coverage finds the edges that polygons share.
package coverage

import "github.com/paulmach/orb"

// Rim stands for the outside of the coverage where an arc names its faces.
const Rim int32 = -1

// Arc is a maximal chain of vertices with the same face on its left and the same
// face on its right along its whole length. A closed arc has its first point last again.
type Arc struct {
	Points      []orb.Point
	Left, Right int32 // face index, or Rim
}

// ArcRef names an arc and the direction in which it is walked: i for the arc i as
// it stands, ^i for the same arc from its last point to its first.
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

// Coverage is a set of polygons, its faces, with the edges they share.
type Coverage struct {
	faces []orb.MultiPolygon
	arcs  []Arc
}

// Build finds the shared edges. polys[i] is face i, lon and lat in degrees.
func Build(polys []orb.MultiPolygon) *Coverage { return &Coverage{faces: polys} }

// Faces is the number of faces.
func (c *Coverage) Faces() int { return len(c.faces) }

// Arcs are all arcs, each once.
func (c *Coverage) Arcs() []Arc { return c.arcs }

package snapshot

import (
	"github.com/paulmach/orb"

	"towngrid/geo/raster"
)

// chart finds the parts whose bounds hold a position, by squares over the bound of all.
// It is quick to make, so that a publish can make it anew.
type chart struct {
	bounds        []orb.Bound      // of the parts, by ordinal
	rasters       []*raster.Raster // likewise
	origin        orb.Point
	scale         orb.Point // squares per degree
	columns, rows int
	first         []int32 // square i has parts[first[i]:first[i+1]]
	parts         []int32 // ordinals, of each square ascending
}

// perPart is how many squares there are for each part.
const perPart = 16

// newChart makes a chart of parts whose bounds lie in bound.
func newChart(parts []*Part, bound orb.Bound) *chart {
	c := &chart{bounds: make([]orb.Bound, len(parts)), rasters: make([]*raster.Raster, len(parts)), origin: bound.Min}
	for i, p := range parts {
		c.bounds[i], c.rasters[i] = p.bound, p.raster
	}
	side := 1
	for len(parts) > 1 && side*side < perPart*len(parts) {
		side++
	}
	// Where bounds lie over one another thickly, larger squares hold as much as fewer.
	for c.lay(bound, side); c.size() > perPart*perPart*len(parts) && side > 1; c.lay(bound, side) {
		side = (side + 1) / 2
	}
	for i := range c.first[1:] {
		c.first[i+1] += c.first[i]
	}
	c.parts = make([]int32, c.first[len(c.first)-1])
	next := make([]int32, len(c.first))
	copy(next, c.first)
	for i := range c.bounds {
		c.squares(i, func(square int) {
			c.parts[next[square]] = int32(i)
			next[square]++
		})
	}
	return c
}

// lay divides the bound into side squares along each axis and counts the parts of each.
func (c *chart) lay(bound orb.Bound, side int) {
	c.columns, c.rows = side, side
	for k := range 2 {
		if size := bound.Max[k] - bound.Min[k]; size > 0 {
			c.scale[k] = float64(side) / size
		}
	}
	c.first = make([]int32, side*side+1)
	for i := range c.bounds {
		c.squares(i, func(square int) { c.first[square+1]++ })
	}
}

func (c *chart) size() (n int) {
	for _, k := range c.first {
		n += int(k)
	}
	return n
}

// squares calls f with all squares that the bound of a part meets.
func (c *chart) squares(part int, f func(square int)) {
	b := c.bounds[part]
	if b.Min[0] > b.Max[0] {
		return // a part without features
	}
	for row := c.place(b.Min[1], 1, c.rows); row <= c.place(b.Max[1], 1, c.rows); row++ {
		for column := c.place(b.Min[0], 0, c.columns); column <= c.place(b.Max[0], 0, c.columns); column++ {
			f(row*c.columns + column)
		}
	}
}

// holds says whether a position lies in the bound of a part. Nothing holds one with a
// NaN or an infinity.
func (c *chart) holds(part int32, p orb.Point) bool {
	b := &c.bounds[part]
	return p[0] >= b.Min[0] && p[0] <= b.Max[0] && p[1] >= b.Min[1] && p[1] <= b.Max[1]
}

// place is the column or row of a coordinate, the outermost for one that lies outside.
// It never falls where the coordinate rises, so that a bound's squares are those of all
// positions in it.
func (c *chart) place(v float64, axis, count int) int {
	f := (v - c.origin[axis]) * c.scale[axis]
	if !(f > 0) {
		return 0
	}
	return int(min(f, float64(count-1)))
}

// at are the parts whose bounds may hold a position.
func (c *chart) at(p orb.Point) []int32 {
	if len(c.first) == 2 {
		return c.parts
	}
	i := c.place(p[1], 1, c.rows)*c.columns + c.place(p[0], 0, c.columns)
	return c.parts[c.first[i]:c.first[i+1]]
}

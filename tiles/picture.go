package tiles

import (
	"sync"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/snapshot"
)

// offset is a place on the fine grid as kept: 8 bytes, from its picture's origin.
type offset struct{ x, y int32 }

// picture is a part as tiles need it: projected once, for one grid and datum, and shared by
// all its tiles. Each chunk of features is projected when a tile first needs it, so the first
// tile after a publication costs what it shows.
//
// Memory: 8 bytes a vertex, half of what the source's doubles take, some 100 bytes a
// feature, and where borders are asked for 8 bytes a vertex of each shared edge and 48 bytes
// a border. It holds no reference to the part.
type picture struct {
	collection geo.Collection
	grid       Grid
	datum      crs.Datum
	columns    []geo.Field // the properties of a feature: code, name, then the schema's
	origin     vertex      // on the grid of lift, to which offsets count
	lift       uint        // bits by which offsets are coarser than the fine grid
	chunks     []chunk
	borders    borderSet
}

const (
	chunkBits = 8
	chunkLen  = 1 << chunkBits // features
)

func newPicture(p *snapshot.Part, g Grid, d crs.Datum) *picture {
	c := p.Version().Collection
	pic := &picture{
		collection: c, grid: g, datum: d, columns: columnsOf(c),
		chunks: make([]chunk, (p.Len()+chunkLen-1)>>chunkBits),
	}
	if p.Len() > 0 {
		pic.settle(p.Bound())
	}
	return pic
}

// settle chooses origin and lift so that every vertex within the bound, shifted, has an offset. A
// part up to 45° wide is kept on the fine grid as it is, one around the world on
// squares eight times as wide.
func (pic *picture) settle(b orb.Bound) {
	b = b.Pad(farthestShift)
	nw, se := pic.grid.project(orb.Point{b.Min[0], b.Max[1]}), pic.grid.project(orb.Point{b.Max[0], b.Min[1]})
	for max(se.x-nw.x, se.y-nw.y)>>pic.lift >= 1<<32 {
		pic.lift++
	}
	pic.origin = vertex{(nw.x + se.x) / 2 >> pic.lift, (nw.y + se.y) / 2 >> pic.lift}
}

// project gives the place of a CGCS2000 position in the picture.
func (pic *picture) project(p orb.Point) offset {
	v := pic.grid.project(pic.datum.FromCGCS2000(p))
	return offset{int32(v.x>>pic.lift - pic.origin.x), int32(v.y>>pic.lift - pic.origin.y)}
}

// chunk is the one of feature i, projected.
func (pic *picture) chunk(p *snapshot.Part, i int) *chunk {
	c := &pic.chunks[i>>chunkBits]
	c.once.Do(func() {
		first := i &^ (chunkLen - 1)
		c.fill(pic, p, first, min(first+chunkLen, p.Len()))
	})
	return c
}

// code is the encoded code of feature i.
func (pic *picture) code(p *snapshot.Part, i int) string {
	return pic.chunk(p, i).value(i&(chunkLen-1), 0, len(pic.columns))
}

// chunk holds the shapes and properties of consecutive features.
type chunk struct {
	once   sync.Once
	points []offset
	starts []uint32 // ring r is points[starts[r]:starts[r+1]], its first point not repeated
	shells []bool   // per ring: it is a shell
	first  []uint32 // feature k has the rings from first[k] to first[k+1]; of points, one "ring"
	bounds []offsetBox
	ids    []uint64
	labels []labelSlot
	text   string   // encoded values
	offs   []uint32 // value v is text[offs[v]:offs[v+1]]; value 0 is none
	values []uint32 // per feature and column
}

type offsetBox struct{ min, max offset }

// fill projects the features from lo to hi.
func (c *chunk) fill(pic *picture, p *snapshot.Part, lo, hi int) {
	c.labels = make([]labelSlot, hi-lo)
	vs := newValueSet()
	for i := lo; i < hi; i++ {
		f := p.At(i)
		c.first = append(c.first, uint32(len(c.starts)))
		c.ids = append(c.ids, geo.FeatureID(pic.collection, f.Code))
		from := len(c.points)
		c.addShape(pic, f.Geometry)
		c.bounds = append(c.bounds, boxAround(c.points[from:]))
		for _, column := range pic.columns {
			c.values = append(c.values, vs.add(column.Type, valueOf(f, column.Name)))
		}
	}
	c.first = append(c.first, uint32(len(c.starts)))
	c.starts = append(c.starts, uint32(len(c.points)))
	c.text, c.offs = string(vs.text), vs.offs
}

// valueOf is the feature's value in a column.
func valueOf(f *geo.Feature, column string) any {
	switch column {
	case "code":
		return string(f.Code)
	case "name":
		return f.Name
	}
	return f.Properties.Value(column)
}

// addShape appends the rings of a geometry.
func (c *chunk) addShape(pic *picture, g orb.Geometry) {
	switch g := g.(type) {
	case orb.Point:
		c.starts = append(c.starts, uint32(len(c.points)))
		c.shells = append(c.shells, true)
		c.points = append(c.points, pic.project(g))
	case orb.MultiPolygon:
		for _, polygon := range g {
			for k, r := range polygon {
				c.addRing(pic, r, k == 0)
			}
		}
	}
}

// addRing appends a ring, turned as tiles want it: shells with positive area where y counts to
// the south.
func (c *chunk) addRing(pic *picture, r orb.Ring, shell bool) {
	c.starts = append(c.starts, uint32(len(c.points)))
	c.shells = append(c.shells, shell)
	if len(r) == 0 {
		return
	}
	south := r.Orientation() == orb.CW // to the eye, which is positive with y to the south
	for i := range r[1:] {
		if south == shell {
			c.points = append(c.points, pic.project(r[i]))
		} else {
			c.points = append(c.points, pic.project(r[len(r)-1-i]))
		}
	}
}

// boxAround is the least box that holds the points.
func boxAround(ps []offset) offsetBox {
	if len(ps) == 0 {
		return offsetBox{}
	}
	b := offsetBox{ps[0], ps[0]}
	for _, p := range ps[1:] {
		b.min = offset{min(b.min.x, p.x), min(b.min.y, p.y)}
		b.max = offset{max(b.max.x, p.x), max(b.max.y, p.y)}
	}
	return b
}

// ring is the chunk's ring r.
func (c *chunk) ring(r uint32) []offset { return c.points[c.starts[r]:c.starts[r+1]] }

// value is the encoded value of feature k in a column, "" for none.
func (c *chunk) value(k, column, columns int) string {
	v := c.values[k*columns+column]
	return c.text[c.offs[v]:c.offs[v+1]]
}

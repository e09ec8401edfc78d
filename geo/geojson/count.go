package geojson

import (
	"errors"
	"io"

	"towngrid/geo"
	"towngrid/geo/shapefile"
)

// Count goes over a file without making geometry of it, and gives a *[geo.Error],
// too_many_features or too_many_vertices, where reading it would end with one of these
// because it has more features or vertices than the limits allow. What else is wrong is left to reading it and is
// no error here. It takes less time than Open, and the memory of one record.
func Count(r io.ReaderAt, size int64, lim shapefile.Limits) error {
	c := counter{lim: lim}
	c.walk = walk{in: newSource(r, size), visit: c.item}
	var over *geo.Error
	if errors.As(c.run(), &over) && (over.Code == "too_many_features" || over.Code == "too_many_vertices") {
		return over
	}
	return nil
}

// counter counts the positions of items.
type counter struct {
	walk
	lim      shapefile.Limits
	vertices int
}

func (c *counter) item(it item) error {
	if c.items > c.lim.Features {
		return tooManyFeatures(c.lim)
	}
	if it.broken != nil {
		return nil
	}
	n := positions(&it.cursor)
	if c.vertices += n; c.vertices > c.lim.Vertices {
		return tooManyVertices(0, c.lim)
	}
	if n > c.lim.PolygonVertices {
		return tooManyVertices(c.items, c.lim)
	}
	return nil
}

// positions counts the positions of a Feature or geometry, 0 where its members cannot be
// told apart.
func positions(c *cursor) (n int) {
	o, err := openObject(c)
	switch {
	case err != nil:
		return 0
	case !o.geometry.missing():
		return positions(o.on(o.geometry))
	case !o.coordinates.missing():
		return innermost(o.of(o.coordinates))
	case o.geometries.missing():
		return 0
	}
	list := o.on(o.geometries)
	_ = list.elements(func() error {
		at, err := list.skip()
		if err == nil {
			n += positions(list.on(at))
		}
		return err
	})
	return n
}

// innermost counts the arrays that begin with a number.
func innermost(b []byte) (n int) {
	open := false
	for _, c := range b {
		switch {
		case c == '[':
			open = true
		case blank(c):
		default:
			if open && (c == '-' || '0' <= c && c <= '9') {
				n++
			}
			open = false
		}
	}
	return n
}

package demo

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"
	"github.com/tidwall/geodesic"

	"towngrid/geo/crs"
)

// origin is the seat of the district on the grid of EPSG:4528: 118.9°E 29.0°N within 40 m.
func origin() orb.Point { return orb.Point{40392800, 3209800} }

// fromOrigin turns metres from the origin into grid coordinates to the millimetre.
func fromOrigin(p orb.Point) orb.Point {
	o := origin()
	return orb.Point{millimetre(o[0] + p[0]), millimetre(o[1] + p[1])}
}

func millimetre(v float64) float64 { return math.Round(v*1000) / 1000 }

// grid is the reference system of all geometry in this package, EPSG:4528.
func grid() crs.CRS {
	g, err := crs.GaussKrueger(3, 40, true)
	if err != nil {
		panic(fmt.Sprintf("demo: %v", err))
	}
	return g
}

// geographic turns grid coordinates into CGCS2000 longitude and latitude.
func geographic(p orb.Point) orb.Point {
	lon, lat := grid().ToGeographic(p[0], p[1])
	return orb.Point{lon, lat}
}

// groundArea is the area in m² of polygons in grid coordinates, measured on the
// CGCS2000 ellipsoid with geodesic edges (Karney's method).
func groundArea(mp orb.MultiPolygon) float64 {
	sum := 0.0
	for _, p := range mp {
		for i, r := range p {
			if a := ringArea(r); i == 0 {
				sum += a
			} else {
				sum -= a
			}
		}
	}
	return sum
}

func ringArea(r orb.Ring) float64 {
	g := grid()
	e := geodesic.NewEllipsoid(6378137, 1/298.257222101)
	p := e.PolygonInit(false)
	for _, v := range r[:len(r)-1] {
		lon, lat := g.ToGeographic(v[0], v[1])
		p.AddPoint(lat, lon)
	}
	var area float64
	p.Compute(false, true, &area, nil)
	return math.Abs(area)
}

func distance(a, b orb.Point) float64 { return math.Hypot(a[0]-b[0], a[1]-b[1]) }

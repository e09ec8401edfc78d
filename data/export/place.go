package export

import (
	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/crs"
)

// shifted is the datum of degrees that GCJ-02 or BD-09 displaces, WGS84 for any other system.
func shifted(c crs.CRS) crs.Datum {
	if c.Geographic() {
		if d, err := crs.ParseDatum(c.ID()); err == nil {
			return d
		}
	}
	return crs.WGS84
}

// chooseCRS completes and checks CRS: what a format may be in, and whether the
// features have coordinates there.
func (j *job) chooseCRS() error {
	if j.CRS == (crs.CRS{}) {
		j.CRS = crs.CGCS2000()
	}
	moved := shifted(j.CRS) != crs.WGS84
	switch j.Format {
	case GeoJSON, GeoJSONSeq:
		if !j.CRS.Geographic() {
			return geo.Errorf("crs_not_allowed", "GeoJSON（RFC 7946）只能用经纬度，不能用 %s；如需平面坐标请导出 Shapefile",
				"GeoJSON (RFC 7946) is in longitude and latitude, not in %s; export a shapefile for plane coordinates", j.CRS.ID())
		}
	case GeoPackage:
		if j.CRS != crs.CGCS2000() {
			return geo.Errorf("crs_not_allowed", "GeoPackage 以 CGCS2000 经纬度（EPSG:4490）导出，不能用 %s；如需其他坐标系请导出 Shapefile",
				"a GeoPackage is exported in CGCS2000 degrees (EPSG:4490), not in %s; export a shapefile for another system", j.CRS.ID())
		}
	case Shapefile:
		if moved {
			return noWKT(j.CRS)
		}
	}
	if j.CRS.WKT() == "" && !moved {
		return noWKT(j.CRS)
	}
	return j.checkReach()
}

func noWKT(c crs.CRS) error {
	return geo.Errorf("crs_not_allowed", "%s 没有可以公开写明的坐标系定义，不能用它导出；请选用 CGCS2000 的坐标系",
		"%s has no definition that a file could state, and nothing is exported in it; choose a system on CGCS2000", c.ID())
}

// checkReach refuses a system in which the features have no coordinates, or such that
// their size would tell another system: those of a far zone.
func (j *job) checkReach() error {
	if j.CRS.Geographic() {
		return nil
	}
	for _, p := range j.parts {
		b := p.Bound()
		if b.IsEmpty() {
			continue
		}
		corners := orb.MultiPoint{b.Min, {b.Max[0], b.Min[1]}, b.Max, {b.Min[0], b.Max[1]}}
		j.CRS.FromGeographicAll(corners)
		if err := j.CRS.Contradiction(corners.Bound()); err != nil {
			return geo.Errorf("crs_out_of_reach",
				"%[1]s 在经度 %.3[2]f°–%.3[3]f°，用 %[4]s 导出的坐标无法使用；请选择邻近的带",
				"the %[5]s lie at longitudes %.3[2]f° to %.3[3]f°, where coordinates in %[4]s are of no use; choose a zone near by",
				j.schema.Title.ZH, b.Min[0], b.Max[0], j.CRS.ID(), j.schema.Title.EN)
		}
	}
	return nil
}

// place is a geometry in the system of the file. The snapshot's own is left as it is.
func (j *job) place(g orb.Geometry) orb.Geometry {
	if j.CRS == crs.CGCS2000() {
		return g
	}
	switch g := g.(type) {
	case orb.Point:
		x, y := j.CRS.FromGeographic(g[0], g[1])
		return orb.Point{x, y}
	case orb.MultiPolygon:
		return j.polygons(g)
	}
	return g
}

// polygons transforms all points in one piece of memory.
func (j *job) polygons(mp orb.MultiPolygon) orb.MultiPolygon {
	n := 0
	for _, p := range mp {
		for _, r := range p {
			n += len(r)
		}
	}
	points := make([]orb.Point, 0, n)
	out := make(orb.MultiPolygon, len(mp))
	for i, p := range mp {
		out[i] = make(orb.Polygon, len(p))
		for k, r := range p {
			from := len(points)
			points = append(points, r...)
			out[i][k] = orb.Ring(points[from:len(points):len(points)])
		}
	}
	j.CRS.FromGeographicAll(points)
	return out
}

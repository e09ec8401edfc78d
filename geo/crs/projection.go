package crs

// readProjection reads a projection of the operator's file: a code, which has to be on
// the datum f where that is given, or the grid of a transverse Mercator. It tells the
// ellipsoid where the code or the datum does; drawn makes a system of it.
func readProjection(o object, name string, f frame) CRS {
	p := o.object(name, "", "epsg central_meridian latitude_of_origin scale_factor false_easting false_northing")
	if p.has("epsg") {
		return readCoded(p, f)
	}
	return CRS{kind: transverseMercator, frame: f, ellipsoid: f.ellipsoid(), unit: 1, tm: transverse{grid: readGrid(p)}}
}

func readCoded(p object, f frame) CRS {
	if len(p.members) > 1 {
		p.refuse("", "有 epsg 时不应再有其他成员", "beside epsg there must be no other member")
	}
	c, ok := fromCode(int(p.number("epsg", 0, 1e6)))
	switch {
	case !ok || c.kind != transverseMercator && !c.frame.foreign():
		p.refuse("epsg", "应为横轴墨卡托（高斯-克吕格、UTM）坐标系的 EPSG 代码", "the EPSG code of a transverse Mercator system (Gauss-Krüger, UTM) belongs here")
	case c.frame != f && (f != "" || c.frame.foreign()):
		p.refuse("epsg", "此代码的基准不适用于此处：系统本身的基准由 replaces 指明", "the datum of this code does not belong here: replaces tells a system's own datum")
	}
	return c
}

// readGrid reads a transverse Mercator grid. What may be left out has the values of
// every Gauss-Krüger grid.
func readGrid(p object) grid {
	g := grid{cm: p.number("central_meridian", -180, 180), scale: 1, fe: p.number("false_easting", -1e8, 1e8)}
	if p.has("latitude_of_origin") {
		g.lat0 = p.number("latitude_of_origin", -90, 90)
	}
	if p.has("scale_factor") {
		g.scale = p.number("scale_factor", 0.99, 1.01)
	}
	if p.has("false_northing") {
		g.fn = p.number("false_northing", -1e8, 1e8)
	}
	return g
}

// drawn is the system that computes by c's ellipsoid and grid.
func (c CRS) drawn() CRS {
	if c.kind == transverseMercator {
		c.tm = newTransverse(c.ellipsoid, c.tm.grid)
	}
	return c
}

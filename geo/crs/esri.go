package crs

import (
	"fmt"
	"strconv"
	"strings"
)

// WKT is the system as the text of a .prj file: WKT 1 in ArcGIS's style, in one line
// of ASCII. GDAL and QGIS tell from it the same code as ID. CRS84 is written as
// EPSG:4326: files keep the east first under either.
//
// It is "" for a system that has no text or must not have one: the zero CRS, GCJ-02
// and BD-09, which no register knows, those that are Approximate, whose text would
// promise more than they hold, and an operator's own, whose parameters stay with him.
func (c CRS) WKT() string {
	if c.datum != "" || c.Approximate() {
		return ""
	}
	switch c.kind {
	case geographic:
		return c.geogcs(c.unit)
	case transverseMercator:
		return c.projcs("Transverse_Mercator", c.gridParameters())
	case webMercator:
		return c.projcs("Mercator_Auxiliary_Sphere", ""+
			parameter("False_Easting", 0)+parameter("False_Northing", 0)+
			parameter("Central_Meridian", 0)+parameter("Standard_Parallel_1", 0)+
			parameter("Auxiliary_Sphere_Type", 0))
	}
	return ""
}

func (c CRS) projcs(projection, parameters string) string {
	if projection == "Transverse_Mercator" && c.frame == china2000 && c.tm.scale == 1 {
		projection = "Gauss_Kruger" // ArcGIS's name for it on Chinese datums
	}
	return fmt.Sprintf(`PROJCS["%s",%s,PROJECTION["%s"],%sUNIT["%s",%s]]`,
		c.esriName(), c.geogcs(1), projection, parameters, lengthName(c.unit), decimal(c.unit))
}

// geogcs writes the geographic system below c in a unit of so many degrees.
func (c CRS) geogcs(unit float64) string {
	system, datum, spheroid := "GCS_China_Geodetic_Coordinate_System_2000", "D_China_2000", "CGCS2000"
	if c.frame == wgs1984 {
		system, datum, spheroid = "GCS_WGS_1984", "D_WGS_1984", "WGS_1984"
	}
	name, size := "Degree", "0.0174532925199433"
	if unit != 1 {
		name, size = "Angle", decimal(radians(unit))
	}
	return fmt.Sprintf(`GEOGCS["%s",DATUM["%s",SPHEROID["%s",%s,%s]],PRIMEM["Greenwich",0.0],UNIT["%s",%s]]`,
		system, datum, spheroid, decimal(c.ellipsoid.a), decimal(c.ellipsoid.inverseF), name, size)
}

// gridParameters writes lengths in the unit of the coordinates.
func (c CRS) gridParameters() string {
	g := c.tm.grid
	return parameter("False_Easting", g.fe/c.unit) + parameter("False_Northing", g.fn/c.unit) +
		parameter("Central_Meridian", g.cm) + parameter("Scale_Factor", g.scale) +
		parameter("Latitude_Of_Origin", g.lat0)
}

func parameter(name string, v float64) string {
	return fmt.Sprintf(`PARAMETER["%s",%s],`, name, decimal(v))
}

// decimal writes a number with a decimal point, as ArcGIS does.
func decimal(v float64) string {
	s := number(v)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

func lengthName(unit float64) string {
	switch unit {
	case 1:
		return "Meter"
	case 1000:
		return "Kilometer"
	}
	return "Length"
}

// esriName is ArcGIS's name for a projected system.
func (c CRS) esriName() string {
	zone := func(first, number int) string { return strconv.Itoa(c.code - first + number) }
	switch code := c.code; {
	case code == 3857:
		return "WGS_1984_Web_Mercator_Auxiliary_Sphere"
	case code >= 32701:
		return "WGS_1984_UTM_Zone_" + zone(32701, 1) + "S"
	case code >= 32601:
		return "WGS_1984_UTM_Zone_" + zone(32601, 1) + "N"
	case code >= 4534:
		return "CGCS2000_3_Degree_GK_CM_" + meridian(c.tm.cm)
	case code >= 4513:
		return "CGCS2000_3_Degree_GK_Zone_" + zone(4513, 25)
	case code >= 4502:
		return "CGCS2000_GK_CM_" + meridian(c.tm.cm)
	case code >= 4491:
		return "CGCS2000_GK_Zone_" + zone(4491, 13)
	}
	return strings.NewReplacer(" / ", "_", " ", "_").Replace(c.description())
}

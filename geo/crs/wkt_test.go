package crs_test

import (
	"fmt"
	"testing"

	"towngrid/geo/crs"
)

// gkWKT is a .prj in ArcGIS's style.
func gkWKT(name, projection string, cm, fe float64, unit string, size float64) string {
	return fmt.Sprintf(`PROJCS["%s",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["%s"],PARAMETER["False_Easting",%g],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",%g],PARAMETER["Scale_Factor",1.0],PARAMETER["Latitude_Of_Origin",0.0],UNIT["%s",%g]]`,
		name, projection, fe, cm, unit, size)
}

func read(t testing.TB, wkt string) crs.CRS {
	t.Helper()
	c, err := crs.ParseWKT(wkt)
	if err != nil {
		t.Fatalf("%v\n%s", err, wkt)
	}
	return c
}

package crs_test

import (
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"towngrid/geo"
	"towngrid/geo/crs"
)

// gkWKT is a .prj in ArcGIS's style.
func gkWKT(name, projection string, cm, fe float64, unit string, size float64) string {
	return fmt.Sprintf(`PROJCS["%s",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["%s"],PARAMETER["False_Easting",%g],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",%g],PARAMETER["Scale_Factor",1.0],PARAMETER["Latitude_Of_Origin",0.0],UNIT["%s",%g]]`,
		name, projection, fe, cm, unit, size)
}

// ogcWKT is the same as GDAL and the OGC's registers write it, over several lines.
func ogcWKT(name string, cm, fe, code int) string {
	return fmt.Sprintf(`PROJCS["%s",
    GEOGCS["China Geodetic Coordinate System 2000",
        DATUM["China_2000",
            SPHEROID["CGCS2000",6378137,298.257222101,
                AUTHORITY["EPSG","1024"]],
            AUTHORITY["EPSG","1043"]],
        PRIMEM["Greenwich",0,
            AUTHORITY["EPSG","8901"]],
        UNIT["degree",0.0174532925199433,
            AUTHORITY["EPSG","9122"]],
        AUTHORITY["EPSG","4490"]],
    PROJECTION["Transverse_Mercator"],
    PARAMETER["latitude_of_origin",0],
    PARAMETER["central_meridian",%d],
    PARAMETER["scale_factor",1],
    PARAMETER["false_easting",%d],
    PARAMETER["false_northing",0],
    UNIT["metre",1,
        AUTHORITY["EPSG","9001"]],
    AXIS["Northing",NORTH],
    AXIS["Easting",EAST],
    AUTHORITY["EPSG","%d"]]`, name, cm, fe, code)
}

func read(t testing.TB, wkt string) crs.CRS {
	t.Helper()
	c, err := crs.ParseWKT(wkt)
	if err != nil {
		t.Fatalf("%v\n%s", err, wkt)
	}
	return c
}

// code is the code of a *geo.Error, whose sentences must be whole; "" for no error.
func code(t testing.TB, err error) string {
	t.Helper()
	var e *geo.Error
	if errors.As(err, &e) && (strings.Contains(e.Text.ZH, "%!") || strings.Contains(e.Text.EN, "%!")) {
		t.Errorf("a sentence is broken: %q, %q", e.Text.ZH, e.Text.EN)
	}
	return bareCode(t, err)
}

// bareCode is the same where the sentences may quote anything.
func bareCode(t testing.TB, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var e *geo.Error
	if !errors.As(err, &e) || e.Text.ZH == "" || e.Text.EN == "" {
		t.Fatalf("%T is no *geo.Error in two languages: %v", err, err)
	}
	return e.Code
}

// Every zone in both styles, with and without its number, gives its code.
func TestEveryZone(t *testing.T) {
	for zone := 13; zone <= 45; zone++ {
		width, first := 3, 4513-25
		if zone <= 23 {
			width, first = 6, 4491-13
		}
		if zone == 24 {
			continue
		}
		cm := 3 * zone
		if width == 6 {
			cm = 6*zone - 3
		}
		for _, prefixed := range []bool{true, false} {
			want, fe, label := first+zone, 500000+zone*1000000, fmt.Sprintf("Zone_%d", zone)
			if !prefixed {
				want, fe, label = want+21, 500000, fmt.Sprintf("CM_%dE", cm)
				if width == 6 {
					want = want - 21 + 11
				}
			}
			style := map[int]string{3: "CGCS2000_3_Degree_GK_", 6: "CGCS2000_GK_"}[width]
			id := fmt.Sprintf("EPSG:%d", want)
			for _, wkt := range []string{
				gkWKT(style+label, "Gauss_Kruger", float64(cm), float64(fe), "Meter", 1),
				gkWKT(style+label, "Transverse_Mercator", float64(cm), float64(fe), "Meter", 1),
				ogcWKT("any name", cm, fe, want),
			} {
				if c := read(t, wkt); c.ID() != id || c != epsg(t, want) {
					t.Errorf("got %s, want %s\n%s", c.ID(), id, wkt)
				}
			}
			c, err := crs.GaussKrueger(width, zone, prefixed)
			if err != nil || c != epsg(t, want) {
				t.Errorf("GaussKrueger(%d, %d, %t) = %s, %v, want %s", width, zone, prefixed, c.ID(), err, id)
			}
		}
	}
}

// What a text written for a system says is that system again.
func TestWKTRoundTrip(t *testing.T) {
	codes := []int{4326, 3857}
	for code := 4490; code <= 4554; code++ {
		codes = append(codes, code)
	}
	for zone := 1; zone <= 60; zone++ {
		codes = append(codes, 32600+zone, 32700+zone)
	}
	for _, code := range codes {
		c := epsg(t, code)
		if d := read(t, c.WKT()); d != c {
			t.Errorf("%s came back as %s: %s", c.ID(), d.ID(), c.WKT())
		}
		if d, err := crs.Parse(c.ID()); err != nil || d != c {
			t.Errorf("Parse(%q) = %s, %v", c.ID(), d.ID(), err)
		}
		if d, err := crs.Parse(c.URI()); err != nil || d != c {
			t.Errorf("Parse(%q) = %s, %v", c.URI(), d.ID(), err)
		}
	}
	for _, wkt := range []string{
		gkWKT("GUANGZHOU2000", "Gauss_Kruger", 113.28, 0, "Meter", 1),
		gkWKT("half", "Gauss_Kruger", 118.5, 500000, "Meter", 1),
		gkWKT("km", "Gauss_Kruger", 120, 500, "Kilometer", 1000),
		gkWKT("feet", "Gauss_Kruger", 120, 500000/0.3048, "Foot", 0.3048),
		`GEOGCS["grads",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137,298.257223563]],PRIMEM["Greenwich",0],UNIT["Grad",0.01570796326794897]]`,
		strings.Replace(epsg(t, 3857).WKT(), `UNIT["Meter",1.0]]`, `UNIT["Kilometer",1000]]`, 1),
	} {
		if c := read(t, wkt); read(t, c.WKT()) != c {
			t.Errorf("%s came back as %s\n%s", c.ID(), read(t, c.WKT()).ID(), c.WKT())
		}
	}
}

// GDAL reads our texts as the code we mean, we read GDAL's in both styles, and the two
// agree which axis comes first. All codes with TOWNGRID_LONG=1, else some.
func TestAgreesWithGDAL(t *testing.T) {
	path := tool(t, "gdalsrsinfo", "gdal-bin")
	codes := []int{4490, 4491, 4501, 4502, 4509, 4513, 4528, 4534, 4549, 4326, 3857, 32650, 32750}
	if os.Getenv("TOWNGRID_LONG") == "1" {
		for code := 4491; code <= 4554; code++ {
			codes = append(codes, code)
		}
	}
	for _, code := range codes {
		c, id := epsg(t, code), fmt.Sprintf("EPSG:%d", code)
		for _, style := range []string{"wkt1", "wkt_esri"} {
			out, err := exec.Command(path, "-o", style, id).Output()
			if err != nil {
				t.Fatalf("gdalsrsinfo %s: %v", id, err)
			}
			if got := read(t, string(out)); got.ID() != id || got != c {
				t.Errorf("%s in %s is read as %s\n%s", id, style, got.ID(), out)
			}
			_, axes, ok := strings.Cut(string(out), "AXIS[")
			if first, _, _ := strings.Cut(axes, "AXIS["); ok && strings.Contains(first, "NORTH") != c.LatFirst() {
				t.Errorf("%s: LatFirst() = %t, GDAL's first axis is %q", id, c.LatFirst(), first)
			}
		}
		prj := filepath.Join(t.TempDir(), "a.prj")
		if err := os.WriteFile(prj, []byte(c.WKT()), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(path, "-o", "epsg", prj).Output()
		if got := strings.TrimSpace(string(out)); err != nil || got != id {
			t.Errorf("GDAL takes our %s for %q (%v)\n%s", id, got, err, c.WKT())
		}
	}
}

// A shapefile with our .prj is in the right system for GDAL, and so for QGIS.
func TestShapefileOpensInGDAL(t *testing.T) {
	ogr2ogr, ogrinfo := tool(t, "ogr2ogr", "gdal-bin"), tool(t, "ogrinfo", "gdal-bin")
	dir := t.TempDir()
	src := filepath.Join(dir, "a.geojson")
	if err := os.WriteFile(src, []byte(`{"type":"Point","coordinates":[400000,3200000]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, code := range []int{4490, 4528, 4549, 4509} {
		base := filepath.Join(dir, fmt.Sprint(code))
		if out, err := exec.Command(ogr2ogr, base+".shp", src).CombinedOutput(); err != nil {
			t.Fatalf("ogr2ogr: %v %s", err, out)
		}
		if err := os.WriteFile(base+".prj", []byte(epsg(t, code).WKT()), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(ogrinfo, "-so", "-al", base+".shp").Output()
		if want := fmt.Sprintf(`ID["EPSG",%d]]`, code); err != nil || !strings.Contains(string(out), want+"\n") {
			t.Errorf("ogrinfo (%v) does not say %s:\n%s", err, want, out)
		}
	}
}

const (
	wgs84  = `GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]`
	cgcs   = `GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]`
	sphere = `GEOGCS["GCS_WGS_1984_Major_Auxiliary_Sphere",DATUM["D_WGS_1984_Major_Auxiliary_Sphere",SPHEROID["WGS_1984_Major_Auxiliary_Sphere",6378137.0,0.0]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]`
	tm     = `PROJECTION["Transverse_Mercator"],PARAMETER["central_meridian",120],PARAMETER["false_easting",500000]`
)

// datum is a GEOGCS of a given DATUM, for the cases below.
func datum(name, spheroid, rest string) string {
	return fmt.Sprintf(`GEOGCS["x",DATUM["%s",SPHEROID[%s]%s],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]`, name, spheroid, rest)
}

func projected(geogcs, rest string) string {
	return `PROJCS["x",` + geogcs + `,` + rest + `,UNIT["metre",1]]`
}

func TestParseWKT(t *testing.T) {
	gk := gkWKT("CGCS2000_3_Degree_GK_CM_120E", "Gauss_Kruger", 120, 500000, "Meter", 1)
	gbk, err := simplifiedchinese.GB18030.NewEncoder().String(gkWKT("国家2000_3度带_中央经线120", "Gauss_Kruger", 120, 500000, "米", 1))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, wkt, id string }{
		{"plain", gk, "EPSG:4549"},
		{"byte order mark", "\ufeff" + gk, "EPSG:4549"},
		{"line break and NUL at the end", gk + "\r\n\x00", "EPSG:4549"},
		{"GB18030", gbk, "EPSG:4549"},
		{"single quotes", strings.ReplaceAll(gk, `"`, `'`), "EPSG:4549"},
		{"round brackets", strings.NewReplacer("[", "(", "]", ")").Replace(gk), "EPSG:4549"},
		{"blanks everywhere", strings.NewReplacer("[", " [\r\n\t", ",", " , ", "]", "\n]").Replace(gk), "EPSG:4549"},
		{"small letters", strings.ToLower(gk), "EPSG:4549"},
		{"integers", strings.ReplaceAll(gk, ".0,", ","), "EPSG:4549"},
		{"exponents", strings.ReplaceAll(gk, "500000", "5.0E+05"), "EPSG:4549"},
		{"blanks for underscores", strings.NewReplacer("False_Easting", "false easting", "Central_Meridian", "CENTRAL MERIDIAN", "Gauss_Kruger", "Gauss Kruger").Replace(gk), "EPSG:4549"},
		{"quotes within a name", strings.Replace(gk, "CGCS2000_3", `CGCS""2000`, 1), "EPSG:4549"},
		{"authority without quotes", strings.Replace(gk, `298.257222101`, `298.257222101,AUTHORITY[EPSG,1024]`, 1), "EPSG:4549"},
		{"Krüger's name", strings.Replace(gk, "Gauss_Kruger", "Gauss_Krüger", 1), "EPSG:4549"},
		{"no scale, no origin", projected(cgcs, tm), "EPSG:4549"},
		{"longitude of center", projected(cgcs, strings.Replace(tm, "central_meridian", "Longitude_Of_Center", 1)), "EPSG:4549"},
		{"axes repeated", projected(cgcs, tm+`,PARAMETER["semi_major",6378137],PARAMETER["semi_minor",6356752.314]`), "EPSG:4549"},
		{"parameter twice, alike", projected(cgcs, tm+`,PARAMETER["Central_Meridian",120.0]`), "EPSG:4549"},
		{"vertical after it", gk + `,VERTCS["Yellow_Sea_1985",VDATUM["Yellow_Sea_1985"],PARAMETER["Vertical_Shift",0.0],PARAMETER["Direction",1.0],UNIT["Meter",1.0]]`, "EPSG:4549"},
		{"compound", `COMPD_CS["both",` + gk + `,VERT_CS["1985",VERT_DATUM["1985",2005],UNIT["metre",1]]]`, "EPSG:4549"},
		{"degree with few digits", strings.Replace(gk, "0.0174532925199433", "0.017453", 1), "EPSG:4549"},
		{"flattening with few digits", strings.Replace(gk, "298.257222101", "298.257222", 1), "EPSG:4549"},
		{"WGS84's flattening", strings.Replace(gk, "298.257222101", "298.257223563", 1), "EPSG:4549"},
		{"GRS80's name", strings.Replace(gk, `SPHEROID["CGCS2000"`, `SPHEROID["GRS 1980"`, 1), "EPSG:4549"},
		{"rounding in the meridian", strings.Replace(gk, "120", "119.9999999999999", 1), "EPSG:4549"},
		{"name of another zone", strings.Replace(gk, "CM_120E", "CM_117E", 1), "EPSG:4549"},
		{"name of another datum", strings.Replace(gk, "CGCS2000_3_Degree_GK_CM_120E", "Xian_1980_GK3_NO40", 1), "EPSG:4549"},
		{"prefix under a name without", strings.Replace(gk, "500000", "40500000", 1), "EPSG:4528"},
		{"code of another zone", ogcWKT("CGCS2000 / 3-degree Gauss-Kruger CM 117E", 120, 40500000, 4548), "EPSG:4528"},
		{"datum by code", strings.NewReplacer(`"China_2000"`, `"?"`, `"China Geodetic Coordinate System 2000"`, `"?"`).Replace(ogcWKT("?", 120, 500000, 4549)), "EPSG:4549"},
		{"datum by the system's name", strings.Replace(gk, "D_China_2000", "D_?", 1), "EPSG:4549"},
		{"datum in Chinese", strings.Replace(gk, "D_China_2000", "2000国家大地坐标系", 1), "EPSG:4549"},
		{"nameless but not shifted", projected(datum("unknown", `"GRS80",6378137,298.257222101`, `,TOWGS84[0,0,0,0,0,0,0]`), tm), "EPSG:4549"},
		{"WGS84 by code", datum("?", `"WGS 84",6378137,298.257223563`, `,AUTHORITY["EPSG","6326"]`), "EPSG:4326"},
		{"nameless on WGS84's ellipsoid but not shifted", datum("unknown", `"WGS 84",6378137,298.257223563`, `,TOWGS84[0,0,0]`), "EPSG:4326"},
		{"natural origin", projected(cgcs, `PROJECTION["Transverse Mercator"],PARAMETER["Longitude of natural origin",120],PARAMETER["Latitude of natural origin",0],PARAMETER["Scale factor at natural origin",1],PARAMETER["False easting",500000]`), "EPSG:4549"},
		{"no prime meridian", strings.Replace(gk, `PRIMEM["Greenwich",0.0],`, "", 1), "EPSG:4549"},
		{"6 degrees by name", gkWKT("CGCS2000_GK_CM_117E", "Gauss_Kruger", 117, 500000, "Meter", 1), "EPSG:4509"},
		{"3 degrees by name", gkWKT("CGCS2000_3_Degree_GK_CM_117E", "Gauss_Kruger", 117, 500000, "Meter", 1), "EPSG:4548"},
		{"neither by name", gkWKT("my own", "Gauss_Kruger", 117, 500000, "Meter", 1), "EPSG:4548"},
		{"6 degrees by code", ogcWKT("?", 117, 500000, 4509), "EPSG:4509"},
		{"kilometres", gkWKT("?", "Gauss_Kruger", 120, 500, "Kilometer", 1000), "CGCS2000 / GK CM 120E FE 500000 unit 1000"},
		{"half zone", gkWKT("?", "Gauss_Kruger", 118.5, 500000, "Meter", 1), "CGCS2000 / GK CM 118.5E FE 500000"},
		{"a city's definition", gkWKT("GUANGZHOU2000", "Gauss_Kruger", 113.28, 0, "Meter", 1), "CGCS2000 / GK CM 113.28E FE 0"},
		{"the same name, another definition", gkWKT("GUANGZHOU2000", "Transverse_Mercator", 114, 500000, "Meter", 1), "EPSG:4547"},
		{"all parameters unusual", projected(cgcs, tm+`,PARAMETER["scale_factor",0.9999],PARAMETER["latitude_of_origin",30],PARAMETER["false_northing",-200]`), "CGCS2000 / TM CM 120E k 0.9999 lat0 30 FE 500000 FN -200"},
		{"WGS84 Gauss-Krüger", projected(wgs84, tm), "WGS84 / GK CM 120E FE 500000"},
		{"rough flattening", strings.Replace(gk, "298.257222101", "298.257", 1), "CGCS2000 / GK CM 120E FE 500000 1/f 298.257"},
		{"UTM", projected(wgs84, `PROJECTION["Transverse_Mercator"],PARAMETER["central_meridian",117],PARAMETER["false_easting",500000],PARAMETER["scale_factor",0.9996]`), "EPSG:32650"},
		{"UTM south", projected(wgs84, `PROJECTION["Transverse_Mercator"],PARAMETER["central_meridian",117],PARAMETER["false_easting",500000],PARAMETER["false_northing",10000000],PARAMETER["scale_factor",0.9996]`), "EPSG:32750"},
		{"UTM on CGCS2000", projected(cgcs, `PROJECTION["Transverse_Mercator"],PARAMETER["central_meridian",117],PARAMETER["false_easting",500000],PARAMETER["scale_factor",0.9996]`), "CGCS2000 / TM CM 117E k 0.9996 FE 500000"},
		{"western meridian", projected(wgs84, `PROJECTION["Transverse_Mercator"],PARAMETER["central_meridian",-75],PARAMETER["false_easting",500000]`), "WGS84 / GK CM 75W FE 500000"},
		{"degrees", wgs84, "EPSG:4326"},
		{"degrees on CGCS2000", cgcs, "EPSG:4490"},
		{"grads", strings.Replace(wgs84, `"Degree",0.0174532925199433`, `"Grad",0.015707963267948967`, 1), "WGS84 unit 0.9"},
		{"Web Mercator of ArcGIS", projected(wgs84, `PROJECTION["Mercator_Auxiliary_Sphere"],PARAMETER["False_Easting",0.0],PARAMETER["Central_Meridian",0.0],PARAMETER["Auxiliary_Sphere_Type",0.0]`), "EPSG:3857"},
		{"Web Mercator on a sphere", projected(sphere, `PROJECTION["Mercator"],PARAMETER["Central_Meridian",0.0],PARAMETER["Standard_Parallel_1",0.0]`), "EPSG:3857"},
		{"Web Mercator by GDAL's extension", projected(wgs84, `PROJECTION["Mercator_1SP"],PARAMETER["scale_factor",1],EXTENSION["PROJ4","+proj=merc +a=6378137 +b=6378137 +lat_ts=0 +nadgrids=@null"]`), "EPSG:3857"},
		{"Web Mercator by method", projected(wgs84, `PROJECTION["Popular Visualisation Pseudo Mercator"],PARAMETER["semi_minor",6378137.0]`), "EPSG:3857"},
		{"Web Mercator on CGCS2000", projected(cgcs, `PROJECTION["Mercator_Auxiliary_Sphere"]`), "CGCS2000 / Web Mercator"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := crs.ParseWKT(tt.wkt)
			if err != nil || c.ID() != tt.id {
				t.Errorf("got %q, %v, want %q\n%s", c.ID(), err, tt.id, tt.wkt)
			}
		})
	}
}

func TestParseWKTRefuses(t *testing.T) {
	gk := gkWKT("CGCS2000_3_Degree_GK_CM_120E", "Gauss_Kruger", 120, 500000, "Meter", 1)
	const (
		unreadable = "unreadable_prj"
		unknown    = "unknown_crs"
		parameters = "datum_needs_parameters"
	)
	tests := []struct{ name, wkt, code string }{
		{"empty", "", unreadable},
		{"blanks", " \r\n\x00", unreadable},
		{"a web page", "<!DOCTYPE html>\n<html><body>404</body></html>", unreadable},
		{"a web page after a mark", "\ufeff <html>", unreadable},
		{"a code", "EPSG:4549", unreadable},
		{"a PROJ string", "+proj=tmerc +lon_0=120", unreadable},
		{"cut short", gk[:len(gk)/2], unreadable},
		{"cut in quotes", gk[:20], unreadable},
		{"a bracket too few", gk[:len(gk)-1], unreadable},
		{"a bracket too many", gk + "]", unreadable},
		{"brackets of two kinds", strings.TrimSuffix(gk, "]") + ")", unreadable},
		{"two systems", gk + "," + gk, unreadable},
		{"only a vertical system", `VERTCS["x"]`, unknown},
		{"nothing in it", `PROJCS[]`, unreadable},
		{"too long", gk + strings.Repeat(" ", 64<<10), unreadable},
		{"too deep", strings.Repeat("A[", 20) + strings.Repeat("]", 20), unreadable},
		{"WKT 2", `PROJCRS["x",BASEGEOGCRS["y",DATUM["z",ELLIPSOID["CGCS2000",6378137,298.257222101]]]]`, unreadable},
		{"another keyword", `SPHEROID["CGCS2000",6378137,298.257222101]`, unreadable},
		{"empty compound", `COMPD_CS["x"]`, unreadable},
		{"no central meridian", strings.Replace(gk, "Central_Meridian", "Central", 1), unknown},
		{"no central meridian at all", projected(cgcs, `PROJECTION["Gauss_Kruger"]`), unreadable},
		{"meridian is no number", strings.Replace(gk, "120]", "east]", 1), unreadable},
		{"meridian is NaN", projected(cgcs, `PROJECTION["Gauss_Kruger"],PARAMETER["central_meridian",NaN]`), unreadable},
		{"meridian is infinite", projected(cgcs, `PROJECTION["Gauss_Kruger"],PARAMETER["central_meridian",1e999]`), unreadable},
		{"meridian off the globe", projected(cgcs, `PROJECTION["Gauss_Kruger"],PARAMETER["central_meridian",200]`), unreadable},
		{"scale of 0", projected(cgcs, tm+`,PARAMETER["scale_factor",0]`), unreadable},
		{"parameter twice, unlike", projected(cgcs, tm+`,PARAMETER["Central_Meridian",117]`), unreadable},
		{"comma for the point", strings.Replace(gk, "298.257222101", "298,257222101", 1), unknown},
		{"no unit", strings.Replace(gk, `,UNIT["Meter",1]`, "", 1), unreadable},
		{"unit of 0", strings.Replace(gk, `"Meter",1`, `"Meter",0`, 1), unreadable},
		{"no degree", strings.Replace(gk, `,UNIT["Degree",0.0174532925199433]`, "", 1), unreadable},
		{"no datum", `GEOGCS["x",PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]`, unreadable},
		{"no ellipsoid", `GEOGCS["x",DATUM["D_China_2000"],UNIT["degree",0.0174532925199433]]`, unreadable},
		{"no geographic system", `PROJCS["x",PROJECTION["Gauss_Kruger"],UNIT["metre",1]]`, unreadable},
		{"no projection", projected(cgcs, `PARAMETER["central_meridian",120]`), unreadable},
		{"axis is no number", datum("D_China_2000", `"CGCS2000",a,298.257222101`, ""), unreadable},
		{"flattening is no number", datum("D_China_2000", `"CGCS2000",6378137`, ""), unreadable},
		{"nothing between commas", `PROJCS["x",,]`, unreadable},
		{"western degrees", strings.TrimSuffix(wgs84, "]") + `,AXIS["Lon",WEST]]`, unknown},
		{"Paris", strings.Replace(gk, `"Greenwich",0.0`, `"Paris",2.33722917`, 1), unknown},
		{"Lambert", projected(cgcs, `PROJECTION["Lambert_Conformal_Conic"],PARAMETER["central_meridian",120]`), unknown},
		{"Albers", projected(cgcs, `PROJECTION["Albers"],PARAMETER["central_meridian",105]`), unknown},
		{"true Mercator", projected(wgs84, `PROJECTION["Mercator_1SP"],PARAMETER["central_meridian",0]`), unknown},
		{"Mercator elsewhere", projected(wgs84, `PROJECTION["Mercator_Auxiliary_Sphere"],PARAMETER["Central_Meridian",150]`), unknown},
		{"Mercator with a scale", projected(wgs84, `PROJECTION["Mercator_Auxiliary_Sphere"],PARAMETER["scale_factor",0.9]`), unknown},
		{"rotated", projected(cgcs, tm+`,PARAMETER["XY_Plane_Rotation",30]`), unknown},
		{"southern axes", projected(cgcs, tm+`,AXIS["X",SOUTH],AXIS["Y",WEST]`), unknown},
		{"sphere", sphere, unknown},
		{"Gauss-Krüger on a sphere", projected(sphere, tm), unknown},
		{"another ellipsoid", datum("Hong_Kong_1980", `"International 1924",6378388,297`, ""), unknown},
		{"nameless datum", projected(datum("Unknown_based_on_GRS80_ellipsoid", `"GRS80",6378137,298.257222101`, ""), tm), unknown},
		{"based on WGS84 only", datum("Unknown based on WGS84 ellipsoid", `"WGS84",6378137,298.257223563`, ""), unknown},
		{"another datum", datum("North_American_Datum_1983", `"GRS 1980",6378137,298.257222101`, ""), unknown},
		{"geocentric", `GEOCCS["x",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]]]`, unknown},
		{"zone 39 at 120", strings.Replace(gk, "500000", "39500000", 1), unknown},
		{"zone 20 at 120", strings.Replace(gk, "500000", "20500000", 1), unknown},
		{"Xian 1980", projected(datum("D_Xian_1980", `"Xian_1980",6378140,298.257`, ""), tm), parameters},
		{"Xian 1980 named zone 38", `PROJCS["Xian_1980_GK3_NO38",GEOGCS["GCS_Xian_1980",DATUM["D_Xian_1980",SPHEROID["Xian_1980",6378140.0,298.257]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",500000.0],PARAMETER["Central_Meridian",114.0],UNIT["Meter",1.0]]`, parameters},
		{"Xian 1980 under a new name", datum("D_China_2000", `"CGCS2000",6378140,298.257`, ""), parameters},
		{"Xian 1980 on the new ellipsoid", datum("D_Xian_1980", `"CGCS2000",6378137,298.257222101`, ""), parameters},
		{"Beijing 1954", datum("D_Beijing_1954", `"Krasovsky_1940",6378245,298.3`, ""), parameters},
		{"Beijing 1954 not shifted", datum("D_Beijing_1954", `"Krasovsky_1940",6378245,298.3`, `,TOWGS84[0,0,0]`), parameters},
		{"New Beijing", datum("New_Beijing", `"Krassowsky 1940",6378245,298.3`, ""), parameters},
		{"in Chinese", datum("西安80", `"GRS80",6378137,298.257222101`, ""), parameters},
		{"a shift of its own", datum("WGS_1984", `"WGS 84",6378137,298.257223563`, `,TOWGS84[1.5,-2,3,0,0,0,0]`), parameters},
		{"a broken shift", datum("WGS_1984", `"WGS 84",6378137,298.257223563`, `,TOWGS84[a]`), unreadable},
		{"local", `LOCAL_CS["独立坐标系",LOCAL_DATUM["x",32767],UNIT["metre",1],AXIS["x",EAST],AXIS["y",NORTH]]`, parameters},
		{"local datum", datum("某市独立坐标系", `"CGCS2000",6378137,298.257222101`, ""), parameters},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := crs.ParseWKT(tt.wkt)
			if got := code(t, err); got != tt.code || c != (crs.CRS{}) {
				t.Errorf("got %q %v, want %s\n%s", c.ID(), err, tt.code, tt.wkt)
			}
		})
	}
}

// Units other than the metre count in coordinates and in the text's own lengths.
func TestUnitsAreHonoured(t *testing.T) {
	metres := epsg(t, 4549)
	km := read(t, gkWKT("?", "Gauss_Kruger", 120, 500, "Kilometer", 1000))
	lon, lat := km.ToGeographic(412.345, 3212.345)
	wantLon, wantLat := metres.ToGeographic(412345, 3212345)
	if math.Abs(lon-wantLon) > 1e-12 || math.Abs(lat-wantLat) > 1e-12 {
		t.Errorf("got %v %v, want %v %v", lon, lat, wantLon, wantLat)
	}
	if x, y := km.FromGeographic(wantLon, wantLat); math.Abs(x-412.345) > 1e-9 || math.Abs(y-3212.345) > 1e-9 {
		t.Errorf("got %v %v", x, y)
	}
	grads := read(t, strings.Replace(cgcs, `"Degree",0.0174532925199433`, `"Grad",0.015707963267948967`, 1))
	if lon, lat := grads.ToGeographic(132, 32); math.Abs(lon-118.8) > 1e-12 || math.Abs(lat-28.8) > 1e-12 {
		t.Errorf("grads: got %v %v", lon, lat)
	}
	// Angles of the parameters are in the unit of the geographic system.
	mixed := read(t, strings.NewReplacer(`"Degree",0.0174532925199433`, `"Grad",0.015707963267948967`, "120", "133.33333333333334").
		Replace(gkWKT("?", "Gauss_Kruger", 120, 500000, "Meter", 1)))
	if mixed.ID() != "EPSG:4549" {
		t.Errorf("got %s", mixed.ID())
	}
}

// What is written is used: a latitude of origin and a scale move the grid as defined.
func TestOriginAndScale(t *testing.T) {
	c := read(t, projected(cgcs, tm+`,PARAMETER["scale_factor",0.9999],PARAMETER["latitude_of_origin",30],PARAMETER["false_northing",1000]`))
	plain := epsg(t, 4549)
	x, y := c.FromGeographic(121, 31)
	px, py := plain.FromGeographic(121, 31)
	_, origin := plain.FromGeographic(120, 30)
	if math.Abs(x-500000-0.9999*(px-500000)) > 1e-6 || math.Abs(y-1000-0.9999*(py-origin)) > 1e-6 {
		t.Errorf("got %v %v", x, y)
	}
}

func FuzzParseWKT(f *testing.F) {
	gk := gkWKT("x", "Gauss_Kruger", 120, 500000, "Meter", 1)
	for _, seed := range []string{"", "\ufeff", "<html>", gk, strings.ReplaceAll(gk, `"`, `'`), wgs84, "PROJCS[\"\xd6\xd0\"]", "A[A(\"\"\"\",1,a)]", `COMPD_CS["x",` + cgcs + `]`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, wkt string) {
		c, err := crs.ParseWKT(wkt)
		if err != nil {
			if bareCode(t, err) == "" || c != (crs.CRS{}) {
				t.Fatalf("refused as %q with %v", err, c)
			}
			if c, err := crs.ParseApproximate(wkt); err == nil && c.ID() == "" {
				t.Fatalf("an approximate system without a name from %q", wkt)
			}
			return
		}
		if c.ID() == "" || c.Name() == "" || c.Title().ZH == "" {
			t.Fatalf("a system without a name from %q", wkt)
		}
		again, err := crs.ParseWKT(c.WKT())
		if err != nil || !alike(c, again) {
			t.Fatalf("%q is read as %s, whose text is read as %s, %v", wkt, c.ID(), again.ID(), err)
		}
	})
}

// alike says whether two systems put some coordinates within 0.1 mm of each other, or
// both nowhere.
func alike(c, d crs.CRS) bool {
	for _, p := range [][2]float64{{120, 30}, {117, 20}, {-75, 40}} {
		x, y := c.FromGeographic(p[0], p[1])
		u, v := d.FromGeographic(p[0], p[1])
		if math.IsNaN(x) != math.IsNaN(u) || math.IsNaN(y) != math.IsNaN(v) {
			return false
		}
		if math.Abs(x-u) > 1e-4+1e-12*math.Abs(x) || math.Abs(y-v) > 1e-4+1e-12*math.Abs(y) {
			return false
		}
	}
	return true
}

package crs_test

import (
	"strings"
	"testing"

	"towngrid/geo/crs"
)

func TestFromEPSG(t *testing.T) {
	tests := []struct {
		code      int
		name, uri string
		latFirst  bool
	}{
		{4490, "China Geodetic Coordinate System 2000", "http://www.opengis.net/def/crs/EPSG/0/4490", true},
		{4326, "WGS 84", "http://www.opengis.net/def/crs/EPSG/0/4326", true},
		{3857, "WGS 84 / Pseudo-Mercator", "http://www.opengis.net/def/crs/EPSG/0/3857", false},
		{4491, "CGCS2000 / Gauss-Kruger zone 13", "http://www.opengis.net/def/crs/EPSG/0/4491", true},
		{4512, "CGCS2000 / Gauss-Kruger CM 135E", "http://www.opengis.net/def/crs/EPSG/0/4512", true},
		{4528, "CGCS2000 / 3-degree Gauss-Kruger zone 40", "http://www.opengis.net/def/crs/EPSG/0/4528", true},
		{4549, "CGCS2000 / 3-degree Gauss-Kruger CM 120E", "http://www.opengis.net/def/crs/EPSG/0/4549", true},
		{32650, "WGS 84 / UTM zone 50N", "http://www.opengis.net/def/crs/EPSG/0/32650", false},
		{32750, "WGS 84 / UTM zone 50S", "http://www.opengis.net/def/crs/EPSG/0/32750", false},
	}
	for _, tt := range tests {
		c := epsg(t, tt.code)
		if c.Name() != tt.name || c.URI() != tt.uri || c.LatFirst() != tt.latFirst {
			t.Errorf("%d: got %q, %q, north first %t", tt.code, c.Name(), c.URI(), c.LatFirst())
		}
	}
	for want, codes := range map[string][]int{
		"datum_needs_parameters": {4610, 2327, 2349, 2370, 2390, 4214, 2401, 2422, 2442, 21413, 21463, 21480, 4555, 4568, 4589, 4656, 4766, 4800, 4812, 4822},
		"unknown_crs":            {0, -1, 4489, 4555 - 1000, 4479, 4480, 2326, 2391, 2400, 2443, 4611, 4801, 3395, 32600, 32661, 32700, 32761, 900913},
	} {
		for _, c := range codes {
			if got, err := crs.FromEPSG(c); code(t, err) != want || got != (crs.CRS{}) {
				t.Errorf("%d: got %s, %v, want %s", c, got.ID(), err, want)
			}
		}
	}
}

func TestGaussKruegerRefuses(t *testing.T) {
	for _, z := range [][2]int{{3, 24}, {3, 46}, {6, 12}, {6, 24}, {3, 20}, {6, 40}, {0, 0}, {0, 99}, {4, 40}} {
		if c, err := crs.GaussKrueger(z[0], z[1], true); code(t, err) != "unknown_crs" || c != (crs.CRS{}) {
			t.Errorf("width %d zone %d: got %s, %v", z[0], z[1], c.ID(), err)
		}
	}
}

func TestParse(t *testing.T) {
	for s, want := range map[string]string{
		"4549": "EPSG:4549", " EPSG:4549 ": "EPSG:4549", "epsg:4549": "EPSG:4549", "[EPSG:4549]": "EPSG:4549",
		"http://www.opengis.net/def/crs/EPSG/0/4549":      "EPSG:4549",
		"https://www.opengis.net/def/crs/EPSG/9.9.1/4549": "EPSG:4549",
		"urn:ogc:def:crs:EPSG::4549":                      "EPSG:4549",
		"urn:ogc:def:crs:EPSG:6.9:4549":                   "EPSG:4549",
		"CRS84":                                           "OGC:CRS84", "OGC:CRS84": "OGC:CRS84",
		"http://www.opengis.net/def/crs/OGC/1.3/CRS84": "OGC:CRS84",
		"urn:ogc:def:crs:OGC:1.3:CRS84":                "OGC:CRS84",
	} {
		if c, err := crs.Parse(s); err != nil || c.ID() != want {
			t.Errorf("%q: got %q, %v, want %q", s, c.ID(), err, want)
		}
	}
	for s, want := range map[string]string{
		"": "unknown_crs", "EPSG:": "unknown_crs", "EPSG:-4549": "unknown_crs", "EPSG:4549.0": "unknown_crs",
		"EPSG:99999999999999999999": "unknown_crs", "CGCS2000": "unknown_crs", "4549;": "unknown_crs", "EPSG:EPSG:4549": "unknown_crs",
		"http://www.opengis.net/def/crs/0/unsupported": "unknown_crs", "http://www.opengis.net/def/crs/EPSG/4549": "unknown_crs",
		strings.Repeat("4", 1e5): "unknown_crs",
		"EPSG:4610":              "datum_needs_parameters", "2384": "datum_needs_parameters",
	} {
		if c, err := crs.Parse(s); code(t, err) != want || c != (crs.CRS{}) {
			t.Errorf("%.60q: got %q, %v, want %s", s, c.ID(), err, want)
		} else if len(err.Error()) > 600 {
			t.Errorf("%.60q: the error has %d bytes", s, len(err.Error()))
		}
	}
}

// CRS84 is EPSG:4326 in all but the order in which OGC API speaks it.
func TestCRS84(t *testing.T) {
	c, err := crs.Parse("CRS84")
	if err != nil {
		t.Fatal(err)
	}
	if c.Name() != "WGS 84 (CRS84)" || c.LatFirst() || !c.Geographic() || c.URI() != "http://www.opengis.net/def/crs/OGC/1.3/CRS84" || c.WKT() != epsg(t, 4326).WKT() {
		t.Errorf("got %q, %q, north first %t", c.ID(), c.URI(), c.LatFirst())
	}
	if lon, lat := c.ToGeographic(118.9, 29); lon != 118.9 || lat != 29 {
		t.Errorf("got %v %v", lon, lat)
	}
}

// The same parameters are the same value however they were come by.
func TestEquality(t *testing.T) {
	a, err := crs.GaussKrueger(3, 40, false)
	if err != nil {
		t.Fatal(err)
	}
	if b := read(t, ogcWKT("?", 120, 500000, 0)); a != b || a != epsg(t, 4549) || a == epsg(t, 4528) {
		t.Error("equal systems are unequal, or the reverse")
	}
	if crs.CGCS2000() != epsg(t, 4490) || crs.CGCS2000() == epsg(t, 4326) {
		t.Error("CGCS2000 is not EPSG:4490")
	}
}

func TestZeroCRS(t *testing.T) {
	var c crs.CRS
	if c.ID() != "" || c.Name() != "" || c.WKT() != "" || c.URI() != "" || c.Title().ZH == "" || c.Geographic() || c.LatFirst() {
		t.Errorf("the zero system says %q %q %q %q", c.ID(), c.Name(), c.WKT(), c.URI())
	}
}

// Titles are what a planner chooses from: they must tell systems apart.
func TestTitles(t *testing.T) {
	for code, want := range map[int]string{
		4490: "CGCS2000 经纬度", 4326: "WGS84 经纬度", 3857: "WGS84 Web 墨卡托",
		4528:  "CGCS2000 高斯-克吕格 3 度带第 40 带，中央经线 120E，坐标含带号",
		4498:  "CGCS2000 高斯-克吕格 6 度带第 20 带，中央经线 117E，坐标含带号",
		4549:  "CGCS2000 高斯-克吕格，中央经线 120E，坐标不含带号，东偏 500000 米",
		32650: "WGS84 横轴墨卡托，比例 0.9996，中央经线 117E，坐标不含带号，东偏 500000 米",
	} {
		if got := epsg(t, code).Title(); got.ZH != want || got.EN == "" || strings.Contains(got.EN, "%!") {
			t.Errorf("%d: got %q, %q", code, got.ZH, got.EN)
		}
	}
}

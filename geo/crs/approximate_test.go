package crs_test

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo/crs"
)

// roughCodes are all codes of Xian 1980 and Beijing 1954.
func roughCodes() (codes []int) {
	codes = []int{4610, 4214}
	for _, run := range [][2]int{{2327, 2390}, {2401, 2442}, {21413, 21423}, {21453, 21463}, {21473, 21483}} {
		for code := run[0]; code <= run[1]; code++ {
			codes = append(codes, code)
		}
	}
	return codes
}

// rough is a system of Xian 1980 or Beijing 1954 without a datum shift.
func rough(t testing.TB, s string) crs.CRS {
	t.Helper()
	c, err := crs.ParseApproximate(s)
	if err != nil || !c.Approximate() {
		t.Fatalf("%.80s: got %q, %v", s, c.ID(), err)
	}
	return c
}

// A system that is read as approximate says so wherever it is named, and exports nothing
// that would hide it.
func TestApproximateSaysSo(t *testing.T) {
	for _, code := range roughCodes() {
		id := fmt.Sprintf("EPSG:%d", code)
		c := rough(t, id)
		if c.ID() != id+"~100m" || !strings.HasSuffix(c.Name(), "~100m") || !strings.Contains(c.Title().ZH, "误差约 100 米") || !strings.Contains(c.Title().EN, "about 100 m") {
			t.Errorf("%d: got %q, %q, %v", code, c.ID(), c.Name(), c.Title())
		}
		if c.WKT() != "" || c.URI() != "" || c.LatFirst() || fmt.Sprint(c) != c.ID() {
			t.Errorf("%d: got %q, %q, north first %t, printed %v", code, c.WKT(), c.URI(), c.LatFirst(), c)
		}
		if again, err := crs.Parse(c.ID()); err != nil || again != c {
			t.Errorf("%d: its ID is read as %q, %v", code, again.ID(), err)
		}
		if _, err := crs.FromEPSG(code); err == nil {
			t.Errorf("%d is read without a word", code)
		}
	}
	for name, want := range map[string]string{
		"2364": "EPSG:2364~100m", " epsg:2364 ": "EPSG:2364~100m", "urn:ogc:def:crs:EPSG::2364": "EPSG:2364~100m",
		"[EPSG:2364]": "EPSG:2364~100m", "EPSG:2364~100M": "EPSG:2364~100m",
	} {
		if c := rough(t, name); c.ID() != want {
			t.Errorf("%q: got %q", name, c.ID())
		}
	}
	if name := rough(t, "2364").Name(); name != "Xian 1980 / 3-degree Gauss-Kruger zone 40~100m" {
		t.Errorf("got %q", name)
	}
}

// Texts are read by their parameters, with what they say of a shift left out.
func TestApproximateWKT(t *testing.T) {
	for name, tt := range map[string]struct{ prj, id string }{
		"zone 40":         {xianWKT(120, 40500000), "EPSG:2364~100m"},
		"without number":  {xianWKT(120, 500000), "EPSG:2385~100m"},
		"of no code":      {xianWKT(118.5, 500000), "Xian 1980 / GK CM 118.5E FE 500000~100m"},
		"degrees":         {beijingWKT, "EPSG:4214~100m"},
		"with a shift":    {strings.Replace(beijingWKT, "298.3]", "298.3],TOWGS84[1,2,3,0,0,0,0]", 1), "EPSG:4214~100m"},
		"single quotes":   {strings.ReplaceAll(beijingWKT, `"`, `'`), "EPSG:4214~100m"},
		"rough ellipsoid": {strings.Replace(beijingWKT, "298.3]", "298.3001]", 1), "Beijing 1954 1/f 298.3001~100m"},
		"in Chinese":      {strings.Replace(beijingWKT, "D_Beijing_1954", "北京54坐标系", 1), "EPSG:4214~100m"},
	} {
		if c := rough(t, tt.prj); c.ID() != tt.id {
			t.Errorf("%s: got %q, want %q", name, c.ID(), tt.id)
		}
	}
}

// What needs no approximation is read exactly, and what is refused for other reasons
// stays refused.
func TestApproximateIsForTwoDatums(t *testing.T) {
	for _, s := range []string{"EPSG:4549", "4490", "CRS84", "gcj02", epsg(t, 4549).WKT(), epsg(t, 4326).WKT()} {
		c, err := crs.ParseApproximate(s)
		exact, exactErr := crs.Parse(s)
		if exactErr != nil {
			exact, exactErr = crs.ParseWKT(s)
		}
		if err != nil || exactErr != nil || c != exact || c.Approximate() {
			t.Errorf("%.60s: got %q, %v", s, c.ID(), err)
		}
	}
	for s, want := range map[string]string{
		"": "unknown_crs", "EPSG:": "unknown_crs", "EPSG:2326": "unknown_crs", "~100m": "unknown_crs",
		"EPSG:4555": "datum_needs_parameters", "EPSG:4568": "datum_needs_parameters", // New Beijing
		"EPSG:4549~100m": "unknown_crs", "EPSG:2364~200m": "unknown_crs", "EPSG:2364~100m~100m": "unknown_crs",
		"PROJCS[": "unreadable_prj",
		`LOCAL_CS["x",LOCAL_DATUM["x",32767],UNIT["metre",1]]`:                                                "datum_needs_parameters",
		strings.Replace(beijingWKT, "D_Beijing_1954", "New_Beijing", 1):                                       "datum_needs_parameters",
		strings.Replace(beijingWKT, "6378245.0,298.3", "6378137,298.257222101", 1):                            "datum_needs_parameters",
		strings.NewReplacer("D_Beijing_1954", "D_China_2000").Replace(beijingWKT):                             "datum_needs_parameters",
		strings.NewReplacer("D_Beijing_1954", "Pulkovo_1942", "GCS_Beijing_1954", "x").Replace(beijingWKT):    "datum_needs_parameters",
		strings.Replace(xianWKT(120, 40500000), "Gauss_Kruger", "Lambert_Conformal_Conic", 1):                 "datum_needs_parameters",
		strings.Replace(xianWKT(120, 0), "Gauss_Kruger", "Mercator_Auxiliary_Sphere", 1):                      "datum_needs_parameters",
		strings.Replace(xianWKT(120, 40500000), "D_Xian_1980", "某市独立坐标系", 1):                                  "datum_needs_parameters",
		strings.Replace(gkWKT("x", "Gauss_Kruger", 120, 500000, "Meter", 1), "D_China_2000", "D_Nameless", 1): "EPSG:4549",
	} {
		c, err := crs.ParseApproximate(s)
		if got := code(t, err); got != want && c.ID() != want {
			t.Errorf("%.80s: got %q, %v, want %s", s, c.ID(), err, want)
		}
	}
	if (crs.CRS{}).Approximate() || epsg(t, 4549).Approximate() {
		t.Error("an exact system says it is approximate")
	}
}

// PROJ is the judge of what the codes mean: on their own ellipsoids all positions agree.
// Both ends of each run of codes are asked, all of them with TOWNGRID_LONG=1.
func TestApproximateAgreesWithPROJ(t *testing.T) {
	r := seeded(t)
	ends := map[int]bool{2327: true, 2337: true, 2338: true, 2348: true, 2349: true, 2369: true, 2370: true, 2390: true,
		2401: true, 2421: true, 2422: true, 2442: true, 21413: true, 21423: true, 21453: true, 21463: true, 21473: true, 21483: true}
	for _, code := range roughCodes()[2:] {
		if !ends[code] && os.Getenv("TOWNGRID_LONG") != "1" {
			continue
		}
		datum := 4610
		if code > 2390 {
			datum = 4214
		}
		c, degrees := rough(t, fmt.Sprint(code)), rough(t, fmt.Sprint(datum))
		pts := make([]orb.Point, 200) // lat, lon as the register lists them
		for i := range pts {
			pts[i] = orb.Point{between(r, 3, 54), between(r, 73, 136)}
		}
		var worst float64
		for i, want := range cs2cs(t, fmt.Sprintf("EPSG:%d", datum), fmt.Sprintf("EPSG:%d", code), false, pts) {
			x, y := c.FromGeographic(degrees.ToGeographic(pts[i][1], pts[i][0]))
			// The register lists the eastern axis first for some.
			worst = math.Max(worst, math.Min(math.Hypot(x-want[0], y-want[1]), math.Hypot(x-want[1], y-want[0])))
		}
		if !(worst < 1e-3) {
			t.Errorf("%d: %g m from PROJ", code, worst)
		}
	}
}

// GDAL's texts for the codes are read as these codes, in both styles.
func TestApproximateAgreesWithGDAL(t *testing.T) {
	path := tool(t, "gdalsrsinfo", "gdal-bin")
	for _, code := range []int{4610, 4214, 2330, 2344, 2345, 2364, 2384, 2385, 2416, 2437, 21419, 21459, 21460} {
		id := fmt.Sprintf("EPSG:%d", code)
		for _, style := range []string{"wkt1", "wkt_esri"} {
			out, err := exec.Command(path, "-o", style, id).Output()
			if err != nil {
				t.Fatalf("gdalsrsinfo %s: %v", id, err)
			}
			if got := rough(t, string(out)); got.ID() != id+"~100m" {
				t.Errorf("%s in %s is read as %s\n%s", id, style, got.ID(), out)
			}
		}
	}
}

// The numbers of a file can contradict an approximate system as any other.
func TestApproximateContradiction(t *testing.T) {
	c := rough(t, "EPSG:2364")
	if err := c.Contradiction(around(c, 118.9, 29)); err != nil {
		t.Error(err)
	}
	if err := c.Contradiction(box(39.4e6, 3.2e6, 39.41e6, 3.21e6)); code(t, err) != "crs_contradicted" || !strings.Contains(err.Error(), "EPSG:2364~100m") {
		t.Errorf("got %v", err)
	}
}

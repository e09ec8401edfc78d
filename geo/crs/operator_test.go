package crs_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/paulmach/orb"

	"towngrid/geo/crs"
)

// object is a JSON object.
type object = map[string]any

// with is a copy of o in which some members are others; nil takes a member away.
func with(o object, members object) object {
	o = maps.Clone(o)
	for name, v := range members {
		if o[name] = v; v == nil {
			delete(o, name)
		}
	}
	return o
}

// seven are parameters of no real datum.
func seven() object {
	return object{"convention": "position_vector", "dx": 11.5, "dy": -120.25, "dz": -60.125, "rx": 1.5, "ry": -0.75, "rz": 2.25, "scale": 3.5}
}

// zone40 is a system for EPSG:2364.
func zone40() object {
	return object{
		"id": "xian80:zone40", "title": object{"zh": "西安 80 第 40 带", "en": "Xian 80 zone 40"},
		"replaces": "xian1980", "projection": object{"epsg": 2364}, "helmert": seven(),
	}
}

// city is a local system by control points that fit exactly.
func city() object {
	grid, points := onto(), []any{}
	for _, p := range []orb.Point{{1000, 2000}, {9000, 3000}, {8000, 11000}, {500, 9000}, {5000, 6000}} {
		to := turn(p)
		lon, lat := grid.ToGeographic(to[0], to[1])
		points = append(points, object{"east": p[0], "north": p[1], "lon": lon, "lat": lat})
	}
	return object{
		"id": "local:example-1990", "title": object{"zh": "示例 1990", "en": "Example 1990"},
		"onto": object{"central_meridian": 118.75, "false_easting": 500000}, "max_residual": 0.01, "control_points": points,
	}
}

// onto is the grid that the city's points are known on.
func onto() crs.CRS {
	c, err := crs.ParseWKT(gkWKT("?", "Gauss_Kruger", 118.75, 500000, "Meter", 1))
	if err != nil {
		panic(err)
	}
	return c
}

// turn brings the city's plane to the grid: 7° to the left, 1.0001 times as long.
func turn(p orb.Point) orb.Point {
	sin, cos := math.Sincos(7 * math.Pi / 180)
	return orb.Point{512345.678 + 1.0001*(cos*p[0]-sin*p[1]), 3201234.567 + 1.0001*(sin*p[0]+cos*p[1])}
}

// file is an operator's file with systems.
func file(t testing.TB, systems ...any) string {
	t.Helper()
	b, err := json.Marshal(object{"systems": systems})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// operator reads systems.
func operator(t testing.TB, systems ...any) *crs.Operator {
	t.Helper()
	o, err := crs.ReadOperator(strings.NewReader(file(t, systems...)))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// named is an operator's system that has to be there.
func named(t testing.TB, o *crs.Operator, name string) crs.CRS {
	t.Helper()
	c, ok := o.Parse(name)
	if !ok {
		t.Fatalf("the operator has no system %q", name)
	}
	return c
}

// xianWKT is a .prj of a grid on Xian 1980 as ArcGIS writes it.
func xianWKT(cm, fe float64) string {
	return strings.NewReplacer("D_China_2000", "D_Xian_1980", `"CGCS2000",6378137.0,298.257222101`, `"Xian_1980",6378140.0,298.257`,
		"GCS_China_Geodetic_Coordinate_System_2000", "GCS_Xian_1980").Replace(gkWKT("Xian_1980_GK", "Gauss_Kruger", cm, fe, "Meter", 1))
}

// beijingWKT is a geographic .prj of Beijing 1954.
const beijingWKT = `GEOGCS["GCS_Beijing_1954",DATUM["D_Beijing_1954",SPHEROID["Krasovsky_1940",6378245.0,298.3]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]`

func TestOperatorParse(t *testing.T) {
	degrees := with(zone40(), object{"id": "bj54", "replaces": "beijing1954", "projection": object{"epsg": 4214}})
	own := with(zone40(), object{"id": "xian80:own", "projection": object{"central_meridian": 118.5, "false_easting": 500000}})
	o := operator(t, zone40(), city(), degrees, own)
	for name, want := range map[string]string{
		"xian80:zone40": "xian80:zone40", " XIAN80:Zone40 ": "xian80:zone40", "local:example-1990": "local:example-1990",
		"EPSG:2364": "xian80:zone40", "2364": "xian80:zone40", "urn:ogc:def:crs:EPSG::2364": "xian80:zone40", "[EPSG:2364]": "xian80:zone40",
		"EPSG:4214": "bj54",
		"EPSG:2363": "", "EPSG:2385": "", "EPSG:4610": "", "EPSG:4549": "", "EPSG:2364~100m": "", "": "", "local:": "", "CRS84": "",
	} {
		c, ok := o.Parse(name)
		if c.ID() != want || ok != (want != "") {
			t.Errorf("%q: got %q, %t, want %q", name, c.ID(), ok, want)
		}
	}
	c := named(t, o, "EPSG:2364")
	if c != named(t, o, "xian80:zone40") || c == named(t, o, "bj54") || c == epsg(t, 4528) {
		t.Error("equal systems are unequal, or the reverse")
	}
	if c.Geographic() || !named(t, o, "bj54").Geographic() || c.Approximate() || c.LatFirst() {
		t.Error("a system says the wrong thing of itself")
	}
	if c.WKT() != "" || c.URI() != "" || c.Name() != "xian80:zone40" || c.Title().ZH != "西安 80 第 40 带" {
		t.Errorf("got %q, %q, %q, %v", c.WKT(), c.URI(), c.Name(), c.Title())
	}
	if _, ok := (*crs.Operator)(nil).Parse("EPSG:2364"); ok {
		t.Error("no operator has a system")
	}
}

func TestOperatorParseWKT(t *testing.T) {
	degrees := with(zone40(), object{"id": "bj54", "replaces": "beijing1954", "projection": object{"epsg": 4214}})
	own := with(zone40(), object{"id": "xian80:own", "projection": object{"central_meridian": 118.5, "false_easting": 500000}})
	o := operator(t, zone40(), city(), degrees, own)
	const refused = "datum_needs_parameters"
	tests := []struct{ name, prj, id, code string }{
		{"with parameters", xianWKT(120, 40500000), "xian80:zone40", ""},
		{"with a shift of its own", strings.Replace(xianWKT(120, 40500000), "298.257]", "298.257],TOWGS84[1,2,3]", 1), "xian80:zone40", ""},
		{"a grid of no code", xianWKT(118.5, 500000), "xian80:own", ""},
		{"degrees", beijingWKT, "bj54", ""},
		{"another zone", xianWKT(117, 39500000), "", refused},
		{"without the zone number", xianWKT(120, 500000), "", refused},
		{"another datum", strings.NewReplacer("Xian_1980", "Beijing_1954", "6378140.0,298.257", "6378245.0,298.3").Replace(xianWKT(120, 40500000)), "", refused},
		{"CGCS2000's ellipsoid", strings.Replace(xianWKT(120, 40500000), "6378140.0,298.257", "6378137.0,298.257222101", 1), "", refused},
		{"CGCS2000's name", strings.NewReplacer("GCS_Xian_1980", "GCS_China_2000", "D_Xian_1980", "D_China_2000").Replace(xianWKT(120, 40500000)), "", refused},
		{"a rough ellipsoid", strings.Replace(xianWKT(120, 40500000), "298.257]", "298.2571]", 1), "", refused},
		{"kilometres", strings.NewReplacer(`"Meter",1`, `"Kilometer",1000`, "4.05e+07", "40500").Replace(xianWKT(120, 40500000)), "", refused},
		{"another projection", strings.Replace(xianWKT(120, 40500000), "Gauss_Kruger", "Lambert_Conformal_Conic", 1), "", refused},
		{"New Beijing", strings.Replace(beijingWKT, "D_Beijing_1954", "New_Beijing", 1), "", refused},
		{"local", `LOCAL_CS["x",LOCAL_DATUM["x",32767],UNIT["metre",1]]`, "", refused},
		{"public", epsg(t, 4549).WKT(), "EPSG:4549", ""},
		{"nothing", "", "", "unreadable_prj"},
		{"unknown", projected(cgcs, `PROJECTION["Albers"]`), "", "unknown_crs"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := o.ParseWKT(tt.prj)
			if c.ID() != tt.id || code(t, err) != tt.code {
				t.Errorf("got %q, %v, want %q, %q", c.ID(), err, tt.id, tt.code)
			}
			bare, bareErr := crs.ParseWKT(tt.prj)
			if none, noneErr := (*crs.Operator)(nil).ParseWKT(tt.prj); none != bare || fmt.Sprint(noneErr) != fmt.Sprint(bareErr) {
				t.Errorf("without parameters: got %q, %v, want %q, %v", none, noneErr, bare, bareErr)
			}
			if err != nil && fmt.Sprint(err) != fmt.Sprint(bareErr) {
				t.Errorf("got %v, without an operator %v", err, bareErr)
			}
		})
	}
}

// Every mistake in a file is refused where it stands.
func TestReadOperatorRefuses(t *testing.T) {
	points := city()["control_points"].([]any)
	point := func(i int, members object) []any {
		all := append([]any(nil), points...)
		all[i] = with(all[i].(object), members)
		return all
	}
	helmert := func(members object) object { return with(zone40(), object{"helmert": with(seven(), members)}) }
	local := with(zone40(), object{"replaces": nil, "projection": object{"central_meridian": 118.5, "false_easting": 0}, "ellipsoid": object{"a": 6378245, "inverse_flattening": 298.3}})
	if operator(t, local) == nil || operator(t, with(city(), object{"projection": city()["onto"], "onto": nil})) == nil {
		t.Fatal("what is varied below is refused itself")
	}
	line := []any{}
	for i := range 5 {
		line = append(line, object{"east": 1000 * i, "north": 2000*i + i%2, "grid_east": 400000 + 1000*i, "grid_north": 3200000 + 2000*i + i%2})
	}
	heap := []any{}
	for i := range 5 {
		heap = append(heap, object{"east": 10 * i, "north": 40 * (i % 2), "grid_east": 400000 + 10*i, "grid_north": 3200000 + 40*(i%2)})
	}
	mirrored, long := []any{}, []any{}
	for _, p := range points {
		o := p.(object)
		mirrored = append(mirrored, with(o, object{"east": o["north"], "north": o["east"]}))
		long = append(long, with(o, object{"east": 3.2808 * o["east"].(float64), "north": 3.2808 * o["north"].(float64)}))
	}
	tests := []struct {
		name   string
		system any
		place  string
		en     string
	}{
		{"no object", 7, "systems[0]", "an object"},
		{"nothing in it", object{}, "systems[0].id", "missing"},
		{"no tie", with(zone40(), object{"helmert": nil}), "systems[0]", "either helmert or control_points"},
		{"two ties", with(zone40(), object{"control_points": points}), "systems[0]", "either helmert or control_points"},
		{"unknown member", with(zone40(), object{"helmerts": 1}), "systems[0]", `unknown member "helmerts"`},
		{"a value for a member", with(zone40(), object{"-120.25": 1}), "systems[0]", `unknown member "…"`},
		{"a member with a blank", with(zone40(), object{"id title": 1}), "systems[0]", `unknown member "…"`},
		{"a member in capitals", with(zone40(), object{"Helmert": seven()}), "systems[0]", `unknown member "Helmert"`},
		{"no id", with(zone40(), object{"id": nil}), "systems[0].id", "missing"},
		{"empty id", with(zone40(), object{"id": " "}), "systems[0].id", "a text"},
		{"id is a number", with(zone40(), object{"id": 2364}), "systems[0].id", "a text"},
		{"id is a code", with(zone40(), object{"id": "epsg:2364"}), "systems[0].id", "public system"},
		{"id is any code", with(zone40(), object{"id": "99"}), "systems[0].id", "public system"},
		{"id is CRS84", with(zone40(), object{"id": "crs84"}), "systems[0].id", "public system"},
		{"id is GCJ-02", with(zone40(), object{"id": "gcj-02"}), "systems[0].id", "public system"},
		{"id is WGS84", with(zone40(), object{"id": "WGS84"}), "systems[0].id", "public system"},
		{"id like an approximate one", with(zone40(), object{"id": "EPSG:2364~100m"}), "systems[0].id", "letters, digits"},
		{"id with a line break", with(zone40(), object{"id": "a\nb"}), "systems[0].id", "a text"},
		{"id with a blank", with(zone40(), object{"id": "a b"}), "systems[0].id", "letters, digits"},
		{"long id", with(zone40(), object{"id": strings.Repeat("a", 65)}), "systems[0].id", "a text"},
		{"no English title", with(zone40(), object{"title": object{"zh": "西安"}}), "systems[0].title.en", "missing"},
		{"title is a text", with(zone40(), object{"title": "西安"}), "systems[0].title", "an object"},
		{"unknown datum", with(zone40(), object{"replaces": "pulkovo1942"}), "systems[0].replaces", "xian1980"},
		{"CGCS2000 replaced", with(zone40(), object{"replaces": "cgcs2000"}), "systems[0].replaces", "xian1980"},
		{"datum is null", with(zone40(), object{"replaces": json.RawMessage("null")}), "systems[0].replaces", "a text"},
		{"no projection", with(zone40(), object{"projection": nil}), "systems[0].projection", "missing"},
		{"another datum's code", with(zone40(), object{"projection": object{"epsg": 2401}}), "systems[0].projection.epsg", "datum of this code"},
		{"CGCS2000's code", with(zone40(), object{"projection": object{"epsg": 4528}}), "systems[0].projection.epsg", "datum of this code"},
		{"a datum's code, not replaced", with(zone40(), object{"replaces": nil}), "systems[0].projection.epsg", "datum of this code"},
		{"Mercator", with(local, object{"projection": object{"epsg": 3857}}), "systems[0].projection.epsg", "transverse Mercator"},
		{"degrees of CGCS2000", with(local, object{"projection": object{"epsg": 4490}}), "systems[0].projection.epsg", "transverse Mercator"},
		{"no code", with(zone40(), object{"projection": object{"epsg": 2326}}), "systems[0].projection.epsg", "transverse Mercator"},
		{"code is a text", with(zone40(), object{"projection": object{"epsg": "2364"}}), "systems[0].projection.epsg", "a number"},
		{"code and grid", with(zone40(), object{"projection": object{"epsg": 2364, "false_easting": 1}}), "systems[0].projection", "no other member"},
		{"no meridian", with(local, object{"projection": object{"false_easting": 0}}), "systems[0].projection.central_meridian", "a number"},
		{"no false easting", with(local, object{"projection": object{"central_meridian": 120}}), "systems[0].projection.false_easting", "a number"},
		{"meridian off the globe", with(local, object{"projection": object{"central_meridian": 200, "false_easting": 0}}), "systems[0].projection.central_meridian", "from -180 to 180"},
		{"scale of a model", with(local, object{"projection": object{"central_meridian": 120, "false_easting": 0, "scale_factor": 0.5}}), "systems[0].projection.scale_factor", "from 0.99"},
		{"no ellipsoid", with(local, object{"ellipsoid": nil}), "systems[0].ellipsoid", "an object"},
		{"two ellipsoids", with(zone40(), object{"ellipsoid": local["ellipsoid"]}), "systems[0].ellipsoid", "leave this member out"},
		{"flattening for its inverse", with(local, object{"ellipsoid": object{"a": 6378245, "inverse_flattening": 0.00335}}), "systems[0].ellipsoid.inverse_flattening", "from 290"},
		{"kilometres for the axis", with(local, object{"ellipsoid": object{"a": 6378.245, "inverse_flattening": 298.3}}), "systems[0].ellipsoid.a", "from 6370000"},
		{"no convention", helmert(object{"convention": nil}), "systems[0].helmert.convention", "missing"},
		{"unknown convention", helmert(object{"convention": "bursa_wolf"}), "systems[0].helmert.convention", "opposite signs"},
		{"no rotation", helmert(object{"rz": nil}), "systems[0].helmert.rz", "missing"},
		{"scale as a factor of parts", helmert(object{"scale": 1e6}), "systems[0].helmert.scale", "from -1000 to 1000"},
		{"far away", helmert(object{"dx": 10001}), "systems[0].helmert.dx", "from -10000"},
		{"rotation in degrees", helmert(object{"rx": 61}), "systems[0].helmert.rx", "from -60"},
		{"infinite", helmert(object{"dx": json.RawMessage("1e999")}), "systems[0].helmert.dx", "a number"},
		{"number is a text", helmert(object{"dx": "11.5"}), "systems[0].helmert.dx", "a number"},
		{"onto beside helmert", with(zone40(), object{"onto": object{"epsg": 4528}}), "systems[0].onto", "control_points only"},
		{"max_residual beside helmert", with(zone40(), object{"max_residual": 1}), "systems[0].max_residual", "control_points only"},
		{"ellipsoid beside points", with(city(), object{"ellipsoid": local["ellipsoid"]}), "systems[0].ellipsoid", "helmert only"},
		{"datum without its grid", with(city(), object{"replaces": "xian1980"}), "systems[0].projection", "missing"},
		{"no onto", with(city(), object{"onto": nil}), "systems[0].onto", "missing"},
		{"onto in degrees", with(city(), object{"onto": object{"epsg": 4490}}), "systems[0].onto.epsg", "transverse Mercator"},
		{"onto on WGS84", with(city(), object{"onto": object{"epsg": 32650}}), "systems[0].onto", "on CGCS2000"},
		{"onto on Xian 1980", with(city(), object{"onto": object{"epsg": 2364}}), "systems[0].onto.epsg", "datum of this code"},
		{"points in degrees", with(city(), object{"replaces": "xian1980", "projection": object{"epsg": 4610}}), "systems[0].projection", "not degrees"},
		{"no max_residual", with(city(), object{"max_residual": nil}), "systems[0].max_residual", "a number"},
		{"max_residual of 0", with(city(), object{"max_residual": 0}), "systems[0].max_residual", "a number"},
		{"max_residual of a village", with(city(), object{"max_residual": 500}), "systems[0].max_residual", "to 10 "},
		{"points are none", with(city(), object{"control_points": []any{}}), "systems[0].control_points", "1–1000"},
		{"points are no list", with(city(), object{"control_points": object{}}), "systems[0].control_points", "1–1000"},
		{"two points", with(city(), object{"control_points": points[:2]}), "systems[0].control_points", "at least 3"},
		{"too many points", with(city(), object{"control_points": make([]int, 1001)}), "systems[0].control_points", "1–1000"},
		{"point without north", with(city(), object{"control_points": point(2, object{"north": nil})}), "systems[0].control_points[2].north", "missing"},
		{"point known nowhere", with(city(), object{"control_points": point(3, object{"lon": nil, "lat": nil})}), "systems[0].control_points[3]", "either lon and lat"},
		{"point known twice", with(city(), object{"control_points": point(3, object{"grid_east": 1})}), "systems[0].control_points[3]", "either lon and lat"},
		{"point without lat", with(city(), object{"control_points": point(3, object{"lat": nil})}), "systems[0].control_points[3].lat", "a number"},
		{"grid not named", with(city(), object{"onto": nil, "projection": city()["onto"], "control_points": heap}), "systems[0].control_points[0]", "onto has to tell"},
		{"lon and lat exchanged", with(city(), object{"control_points": point(1, object{"lon": 29, "lat": 88})}), "systems[0].control_points[1]", "not in China"},
		{"points close together", with(city(), object{"control_points": heap}), "systems[0].control_points", "too close together"},
		{"points in line", with(city(), object{"control_points": line}), "systems[0].control_points", "on one line"},
		{"points in one place", with(city(), object{"control_points": []any{points[0], points[0], points[0]}}), "systems[0].control_points", "too close together"},
		{"points in two places", with(city(), object{"control_points": []any{points[0], points[1], points[1]}}), "systems[0].control_points", "on one line"},
		{"points narrow for their error", with(city(), object{"control_points": []any{
			object{"east": 0, "north": 0, "grid_east": 400000, "grid_north": 3200000}, object{"east": 200, "north": 0, "grid_east": 400200, "grid_north": 3200000},
			object{"east": 100, "north": 50, "grid_east": 400100, "grid_north": 3200050}, object{"east": 300, "north": 50, "grid_east": 400300, "grid_north": 3200050},
		}, "max_residual": 9}), "systems[0].control_points", "on one line"},
		{"a point elsewhere", with(city(), object{"control_points": point(4, object{"east": 5001})}), "systems[0].control_points[4]", "further off"},
		{"axes exchanged", with(city(), object{"control_points": mirrored}), "systems[0].control_points[", "further off"},
		{"feet", with(city(), object{"control_points": long}), "systems[0].control_points", "unit of length"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o, err := crs.ReadOperator(strings.NewReader(file(t, tt.system)))
			if code(t, err) != "bad_crs_parameters" || o != nil {
				t.Fatalf("got %v, %v", o, err)
			}
			if got := err.Error(); !strings.Contains(got, ": "+tt.place) || !strings.Contains(got, tt.en) {
				t.Errorf("got %q, want %q and %q in it", got, tt.place, tt.en)
			}
		})
	}
}

// What is wrong with several systems, and with a file as a whole.
func TestReadOperatorRefusesFiles(t *testing.T) {
	good := file(t, zone40())
	for name, tt := range map[string]struct{ file, en string }{
		"same id":       {file(t, city(), with(city(), object{"id": "LOCAL:example-1990"})), "systems[1].id: a system before"},
		"same system":   {file(t, zone40(), with(zone40(), object{"id": "b"})), "systems[1].projection: a system before"},
		"by its grid":   {file(t, zone40(), with(zone40(), object{"id": "b", "projection": object{"central_meridian": 120, "false_easting": 40500000}})), "systems[1].projection: a system before"},
		"empty":         {"", "not JSON"},
		"cut short":     {good[:len(good)-3], "not JSON"},
		"two documents": {good + good, "there is more"},
		"a list":        {"[]", "an object"},
		"a number":      {"7", "an object"},
		"no systems":    {"{}", "systems: this member is missing"},
		"no system":     {`{"systems":[]}`, "1–200 objects"},
		"too many":      {`{"systems":[` + strings.Repeat("0,", 200) + "0]}", "1–200 objects"},
		"a member more": {`{"systems":[],"version":1}`, `unknown member "version"`},
		"twice":         {strings.Replace(good, `"dx":11.5`, `"dx":11.5,"dx":-11.5`, 1), `"dx" at byte`},
		"GBK":           {"{\"\xb1\xb1\xbe\xa9\":1}", "UTF-8"},
		"too long":      {good + strings.Repeat(" ", 1<<20), "more than 1048576 bytes"},
		"too deep":      {strings.Repeat("[", 1000) + strings.Repeat("]", 1000), "nested more than 8 deep"},
		"a comment":     {"// parameters\n" + good, "not JSON"},
		"NaN":           {strings.Replace(good, "11.5", "NaN", 1), "not JSON"},
	} {
		o, err := crs.ReadOperator(strings.NewReader(tt.file))
		if code(t, err) != "bad_crs_parameters" || o != nil || !strings.Contains(fmt.Sprint(err), tt.en) {
			t.Errorf("%s: got %v, %v, want %q in it", name, o, err, tt.en)
		}
	}
	if o, err := crs.ReadOperator(strings.NewReader("\ufeff\r\n" + good + "\r\n")); err != nil || o == nil {
		t.Errorf("with a byte order mark: %v", err)
	}
	broken := errors.New("disk")
	if o, err := crs.ReadOperator(io.MultiReader(strings.NewReader(good[:9]), iotest.ErrReader(broken))); err != broken || o != nil {
		t.Errorf("a reader's error came back as %v", err)
	}
}

// canaries is a file in which every number has nine digits that nothing else has, and
// these digits. They are as many as that because addresses are printed too.
func canaries(t *testing.T) (systems []any, digits []string) {
	t.Helper()
	secret := func(whole string) json.RawMessage {
		d := fmt.Sprintf("%02d7135790", 13+len(digits))
		digits = append(digits, d)
		return json.RawMessage(whole + "." + d)
	}
	helmert := object{"convention": "coordinate_frame", "dx": secret("31"), "dy": secret("-121"), "dz": secret("-61"),
		"rx": secret("1"), "ry": secret("-0"), "rz": secret("2"), "scale": secret("3")}
	grid := object{"central_meridian": secret("118"), "false_easting": secret("413797"), "false_northing": secret("-3013807"),
		"scale_factor": secret("1"), "latitude_of_origin": secret("0")}
	grid["scale_factor"] = json.RawMessage(strings.Replace(string(grid["scale_factor"].(json.RawMessage)), "1.", "1.00", 1))
	ellipsoid := object{"a": secret("6378013"), "inverse_flattening": secret("298")}
	points := []any{}
	for _, p := range [][4]string{{"1384", "1385", "401384", "101385"}, {"101384", "1385", "501384", "101385"}, {"1384", "111385", "401384", "211385"}, {"101384", "111385", "501384", "211385"}} {
		points = append(points, object{"east": secret(p[0]), "north": secret(p[1]), "grid_east": secret(p[2]), "grid_north": secret(p[3])})
	}
	systems = []any{
		with(zone40(), object{"id": "x", "projection": grid, "helmert": helmert}),
		with(zone40(), object{"id": "h", "replaces": nil, "projection": grid, "ellipsoid": ellipsoid, "helmert": helmert}),
		with(city(), object{"id": "c", "onto": grid, "control_points": points, "max_residual": secret("9")}),
	}
	return systems, digits
}

// printed is v by every road on which a program prints or encodes.
func printed(t *testing.T, v any) string {
	t.Helper()
	var b bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%f", "%g", "%e", "%x", "%X", "%b", "%T"} {
		fmt.Fprintf(&b, verb+"\n", v)
	}
	fmt.Fprintln(&b, v)
	for _, h := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, &slog.HandlerOptions{AddSource: true})} {
		slog.New(h).Info("read", "value", v, slog.Group("group", "value", v))
	}
	if j, err := json.Marshal(v); err == nil {
		b.Write(j)
	}
	return b.String()
}

// No parameter is printed, encoded or told by an error, however deep in another value.
func TestParametersAreSecret(t *testing.T) {
	systems, digits := canaries(t)
	o := operator(t, systems...)
	look := func(what string, v any) {
		t.Helper()
		text := printed(t, v)
		for _, d := range digits {
			if strings.Contains(text, d) {
				t.Errorf("%s shows %s:\n%s", what, d, text)
			}
		}
	}
	look("the operator", o)
	look("the operator's value", *o)
	look("a struct that holds it", struct {
		o *crs.Operator
		v crs.Operator
	}{o, *o})
	look("the choices", o.Choices())
	look("no operator", (*crs.Operator)(nil))
	for _, id := range []string{"x", "h", "c"} {
		c := named(t, o, id)
		look(id, c)
		look(id+"'s pointer", &c)
		look("a struct that hides "+id, struct{ c crs.CRS }{c})
		look("a struct that shows "+id, struct{ C crs.CRS }{c})
		look("a struct that points to "+id, struct{ c *crs.CRS }{&c})
		look("a map of "+id, map[crs.CRS][]crs.CRS{c: {c}})
		look("what "+id+" says", []any{c.ID(), c.Name(), c.WKT(), c.URI(), c.Title(), c.String()})
		for _, b := range []orb.Bound{box(0, 0, 1, 1), box(118, 29, 119, 30), box(4e5, 3e6, 5e5, 4e6), box(4e7, 3e6, 4.1e7, 4e6), box(-1e8, -1e8, 1e8, 1e8), box(2.9e6, 4e5, 3e6, 5e5), box(3e5, 0, 4e5, 0)} {
			look("a contradiction of "+id, c.Contradiction(b))
		}
	}
	if !strings.Contains(printed(t, *o), "redacted") || !strings.Contains(printed(t, named(t, o, "x")), "x\n") {
		t.Error("what is printed does not say what it is")
	}
}

// A file with secrets in it is refused without telling any, whatever is wrong with it.
func TestErrorsAreSecret(t *testing.T) {
	systems, digits := canaries(t)
	whole, r := file(t, systems...), seeded(t)
	refused := 0
	for range 3000 {
		b := []byte(whole)
		for range 1 + r.IntN(3) {
			i, j := r.IntN(len(b)), r.IntN(len(b))
			switch r.IntN(4) {
			case 0:
				b[i] = `"{}[]:,.-e0719x `[r.IntN(16)]
			case 1:
				b = append(b[:i:i], b[min(len(b), i+1+r.IntN(12)):]...)
			case 2:
				b[i], b[j] = b[j], b[i]
			default:
				b = bytes.Replace(b, []byte(":"), []byte(`_`), 1+r.IntN(2))
			}
		}
		_, err := crs.ReadOperator(bytes.NewReader(b))
		if err == nil {
			continue
		}
		refused++
		text := printed(t, err)
		bareCode(t, err)
		for _, d := range digits {
			if strings.Contains(text, d) {
				t.Fatalf("the error shows %s: %s\n%s", d, text, b)
			}
		}
	}
	if refused < 1000 {
		t.Errorf("only %d of 3000 broken files were refused", refused)
	}
}

func FuzzReadOperator(f *testing.F) {
	for _, s := range []string{"", "{}", `{"systems":[{}]}`, file(f, zone40()), file(f, city()), file(f, zone40(), city()), `{"systems":[{"id":"a","id":1}]}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		o, err := crs.ReadOperator(strings.NewReader(s))
		if err != nil {
			if bareCode(t, err) != "bad_crs_parameters" || o != nil {
				t.Fatalf("refused as %v", err)
			}
			return
		}
		for _, choice := range o.Choices() {
			c, ok := o.Parse(choice.ID)
			if !ok {
				return // the package's own begin
			}
			if c.ID() != choice.ID || c.Title() != choice.Title || c.WKT() != "" || c.URI() != "" {
				t.Fatalf("%q is read as %q", choice.ID, c.ID())
			}
			x, y := c.FromGeographic(118.9, 29)
			lon, lat := c.ToGeographic(x, y)
			if !math.IsNaN(x) && !(apart(orb.Point{lon, lat}, orb.Point{118.9, 29}) < 1e-3) {
				t.Fatalf("%q: there and back is %v %v", choice.ID, lon, lat)
			}
		}
	})
}

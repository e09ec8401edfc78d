package geojson

import (
	"reflect"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

func TestGeometry(t *testing.T) {
	shell := orb.Ring{{0, 0}, {4, 0}, {4, 4}, {0, 4}, {0, 0}}
	const hole = `[[1,1],[1,2],[2,2],[2,1],[1,1]]`
	holeRing := orb.Ring{{1, 1}, {1, 2}, {2, 2}, {2, 1}, {1, 1}}
	const apart = `[[9,9],[9,10],[10,10],[10,9],[9,9]]` // clockwise
	apartRing := orb.Ring{{9, 9}, {10, 9}, {10, 10}, {9, 10}, {9, 9}}
	for _, c := range []struct {
		name, geometry string
		want           orb.Geometry
		checks         string
	}{
		{"null", "null", nil, "null_shape"},
		{"Point", of("Point", "[1.5,-2e-3]"), orb.Point{1.5, -2e-3}, ""},
		{"Point with height", of("Point", "[1,2,3]"), orb.Point{1, 2}, "z_dropped"},
		{"Point with height and measure", of("Point", " [ 1 , 2 , 3 , 4 ] "), orb.Point{1, 2}, "z_dropped"},
		{"empty Point", of("Point", "[]"), nil, "null_shape"},
		{"no coordinates", `{"type":"Polygon"}`, nil, "null_shape"},
		{"null coordinates", of("Polygon", "null"), nil, "null_shape"},
		{"coordinates before the type", `{"coordinates":[1,2],"type":"Point"}`, orb.Point{1, 2}, ""},
		{"type with escapes", `{"type":"\u0050oint","coordinates":[1,2]}`, orb.Point{1, 2}, ""},
		{"bbox and other members", `{"type":"Point","bbox":[0],"x":{"y":[]},"coordinates":[1,2]}`, orb.Point{1, 2}, ""},
		{"MultiPoint", of("MultiPoint", "[[1,2],[3,4]]"), orb.MultiPoint{{1, 2}, {3, 4}}, ""},
		{"MultiPoint of one", of("MultiPoint", "[[1,2]]"), orb.MultiPoint{{1, 2}}, ""},
		{"empty MultiPoint", of("MultiPoint", "[]"), nil, "null_shape"},
		{"LineString", of("LineString", "[[1,2],[3,4]]"), orb.MultiLineString{{{1, 2}, {3, 4}}}, ""},
		{"MultiLineString", of("MultiLineString", "[[[1,2],[3,4]],[],[[5,6]],[[7,8],[9,9]]]"), orb.MultiLineString{{{1, 2}, {3, 4}}, {{7, 8}, {9, 9}}}, "empty_part short_line"},
		{"Polygon", of("Polygon", "["+square+"]"), orb.MultiPolygon{{shell}}, ""},
		{"Polygon with a hole", of("Polygon", "["+square+","+hole+"]"), orb.MultiPolygon{{shell, holeRing}}, ""},
		{"empty Polygon", of("Polygon", "[]"), nil, "null_shape"},
		{"Polygon of an empty ring", of("Polygon", "[[]]"), nil, "null_shape"},
		{"Polygon with an empty ring", of("Polygon", "["+square+",[]]"), orb.MultiPolygon{{shell}}, "empty_part"},
		{"unclosed", of("Polygon", "[[[0,0],[4,0],[4,4],[0,4]]]"), orb.MultiPolygon{{shell}}, "ring_closed"},
		{"clockwise", of("Polygon", "["+apart+"]"), orb.MultiPolygon{{apartRing}}, "ring_reversed"},
		{"hole wound like its shell", of("Polygon", "["+square+",[[1,1],[2,1],[2,2],[1,2],[1,1]]]"), orb.MultiPolygon{{shell, holeRing}}, "ring_reversed"},
		{"repeated point", of("Polygon", "[[[0,0],[4,0],[4,0],[4,4],[0,4],[0,0]]]"),
			orb.MultiPolygon{{{{0, 0}, {4, 0}, {4, 0}, {4, 4}, {0, 4}, {0, 0}}}}, "repeated_point"},
		{"spike", of("Polygon", "[[[0,0],[4,0],[6,0],[4,0],[4,4],[0,4],[0,0]]]"),
			orb.MultiPolygon{{{{0, 0}, {4, 0}, {6, 0}, {4, 0}, {4, 4}, {0, 4}, {0, 0}}}}, "spike"},
		{"a ring without area", of("Polygon", "["+square+",[[1,1],[2,2],[1,1]]]"), orb.MultiPolygon{{shell}}, "degenerate_ring"},
		{"MultiPolygon", of("MultiPolygon", "[["+square+","+hole+"],["+apart+"]]"), orb.MultiPolygon{{shell, holeRing}, {apartRing}}, "ring_reversed"},
		{"island in a hole", of("MultiPolygon", "[["+square+","+hole+"],[[[1.2,1.2],[1.8,1.2],[1.5,1.8],[1.2,1.2]]]]"),
			orb.MultiPolygon{{shell, holeRing}, {{{1.2, 1.2}, {1.8, 1.2}, {1.5, 1.8}, {1.2, 1.2}}}}, ""},
		{"hole outside", of("Polygon", "["+square+","+apart+"]"), orb.MultiPolygon{{shell}, {apartRing}}, "ring_reversed hole_outside_shell"},
		{"shell in a shell", of("MultiPolygon", "[["+square+"],["+hole+"]]"), orb.MultiPolygon{{shell, holeRing}}, "nested_shell"},
		{"hole before its shell", of("Polygon", "["+hole+","+square+"]"), orb.MultiPolygon{{shell, holeRing}}, "nested_shell hole_outside_shell"},
		{"hole of another shell", of("MultiPolygon", "[["+square+"],[[[9,9],[10,9],[10,10],[9,10],[9,9]],"+hole+"]]"),
			orb.MultiPolygon{{shell, holeRing}, {apartRing}}, "hole_in_other_shell"},
		{"collection of polygons", `{"type":"GeometryCollection","geometries":[` + of("Polygon", "["+square+"]") + "," + of("MultiPolygon", "[["+apart+"]]") + "]}",
			orb.MultiPolygon{{shell}, {apartRing}}, "ring_reversed"},
		{"collection in a collection", `{"type":"GeometryCollection","geometries":[{"type":"GeometryCollection","geometries":[` + of("Point", "[1,2]") + `]},` + of("Point", "[3,4]") + `]}`,
			orb.MultiPoint{{1, 2}, {3, 4}}, ""},
		{"empty collection", `{"type":"GeometryCollection","geometries":[]}`, nil, "null_shape"},
		{"collection of nothing", `{"type":"GeometryCollection","geometries":[` + of("Polygon", "[]") + `]}`, nil, "null_shape"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := read(t, collection(feature(c.geometry, "")))
			if len(o.records) != 1 {
				t.Fatalf("refused: %v", o.file.Violations)
			}
			if got := o.records[0].Geometry; !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %#v, want %#v", got, c.want)
			}
			if got := o.checks(); !same(got, strings.Fields(c.checks)) {
				t.Errorf("checks %v, want %v", got, c.checks)
			}
			for _, v := range o.file.Violations {
				if v.Severity == geo.Refusal || v.Record != 1 {
					t.Errorf("violation %+v", v)
				}
			}
		})
	}
}

func TestRefusedGeometry(t *testing.T) {
	for _, c := range []struct {
		name, geometry string
		check          check
		part, vertex   int
	}{
		{"unknown type", of("MultiSurface", "[]"), typeUnknown, geo.None, geo.None},
		{"no type", `{"coordinates":[1,2]}`, typeUnknown, geo.None, geo.None},
		{"type is no text", `{"type":1,"coordinates":[1,2]}`, typeUnknown, geo.None, geo.None},
		{"no object", `[1,2]`, badSyntax, geo.None, geo.None},
		{"text", `"POINT(1 2)"`, badSyntax, geo.None, geo.None},
		{"coordinates are no array", of("Polygon", `{"x":1}`), badSyntax, geo.None, geo.None},
		{"one number", of("Point", "[1]"), badPosition, 0, 0},
		{"five numbers", of("Point", "[1,2,3,4,5]"), badPosition, 0, 0},
		{"null in a position", of("LineString", "[[1,2],[3,null]]"), badPosition, 0, 1},
		{"text in a position", of("LineString", `[[1,2],["3","4"]]`), badPosition, 0, 1},
		{"NaN", of("MultiPolygon", "[["+square+"],[[[7,7],[8,7],[NaN,8]]]]"), badPosition, 1, 2},
		{"Infinity", of("Point", "[Infinity,1]"), badPosition, 0, 0},
		{"too few brackets", of("Polygon", square), badPosition, 0, 0},
		{"too many brackets", of("LineString", "["+square+"]"), badPosition, 0, 0},
		{"1e400", of("Polygon", "["+square+",[[1,1],[1,1e400]]]"), badCoordinate, 1, 1},
		{"-1e301", of("Point", "[1,-1e301]"), badCoordinate, 0, 0},
		{"a height of 1e999", of("Point", "[1,1,1e999]"), badCoordinate, 0, 0},
		{"number with a leading zero", of("Point", "[01,2]"), badSyntax, geo.None, geo.None},
		{"number with a plus", of("Point", "[+1,2]"), badPosition, 0, 0},
		{"number ending in a point", of("Point", "[1.,2]"), badSyntax, geo.None, geo.None},
		{"number without exponent", of("Point", "[1e,2]"), badSyntax, geo.None, geo.None},
		{"comma at the end", of("Point", "[1,2,]"), badPosition, 0, 0},
		{"no comma", of("Point", "[1 2]"), badPosition, 0, 0},
		{"no second comma", of("Point", "[1,2 3]"), badSyntax, geo.None, geo.None},
		{"duplicate coordinates", `{"type":"Point","coordinates":[1,2],"coordinates":[3,4]}`, twice, geo.None, geo.None},
		{"line of one point", of("LineString", "[[1,2]]"), noLine, geo.None, geo.None},
		{"two points", of("Polygon", "[[[1,2],[3,4]]]"), "no_area", geo.None, geo.None},
		{"three points on a line", of("Polygon", "[[[1,1],[2,2],[3,3],[1,1]]]"), "no_area", geo.None, geo.None},
		{"hole equal to its shell", of("Polygon", "["+square+","+square+"]"), "duplicate_ring", 1, geo.None},
		{"points and lines", `{"type":"GeometryCollection","geometries":[` + of("Point", "[1,2]") + "," + of("LineString", "[[1,2],[3,4]]") + "]}", mixed, geo.None, geo.None},
		{"collection of numbers", `{"type":"GeometryCollection","geometries":[1]}`, badSyntax, geo.None, geo.None},
	} {
		t.Run(c.name, func(t *testing.T) {
			good := feature(of("Point", "[1,2]"), "")
			o := read(t, collection(good, feature(c.geometry, ""), good))
			if len(o.records) != 2 || o.file.Refused != 1 {
				t.Fatalf("%d yielded, %d refused", len(o.records), o.file.Refused)
			}
			v := o.violation(t, c.check)
			if v.Severity != geo.Refusal || v.Record != 2 || v.Part != c.part || v.Vertex != c.vertex {
				t.Errorf("%+v, want record 2, part %d, vertex %d", v, c.part, c.vertex)
			}
		})
	}
}

// TestPlanesAreToldOnce asserts one notice for a file in which every record has heights.
func TestPlanesAreToldOnce(t *testing.T) {
	p := feature(of("LineString", "[[1,2,3],[4,5,6]]"), "")
	v := read(t, collection(feature("null", ""), p, p, p)).violation(t, planes)
	if v.Record != 2 || v.Severity != geo.Notice || !strings.Contains(v.Message.EN, "3 records") {
		t.Errorf("%+v", v)
	}
}

// TestManyRings asserts that neither many rings nor rings in rings take long.
func TestManyRings(t *testing.T) {
	var rings []string
	for i := range 100_000 {
		x := float64(i % 1000)
		y := float64(i / 1000)
		rings = append(rings, "["+ring(x, y, 0.5)+"]")
	}
	o := read(t, of("MultiPolygon", "["+strings.Join(rings, ",")+"]"))
	if len(o.records) != 1 || len(o.records[0].Geometry.(orb.MultiPolygon)) != 100_000 {
		t.Errorf("%v", o.file.Violations)
	}
	rings = rings[:0]
	for i := range 400 {
		rings = append(rings, ring(float64(i), float64(i), float64(10_000-2*i)))
	}
	o = read(t, of("Polygon", "["+strings.Join(rings, ",")+"]"))
	if len(o.records) != 1 || len(o.records[0].Geometry.(orb.MultiPolygon)) != 200 {
		t.Errorf("%v", o.file.Violations)
	}
}

func ring(x, y, size float64) string {
	var b []byte
	b, _ = appendList(b, orb.LineString{{x, y}, {x + size, y}, {x + size, y + size}, {x, y + size}, {x, y}}, appendPosition)
	return string(b)
}

package geojson

import (
	"bytes"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/shapefile"
)

func TestKinds(t *testing.T) {
	p, q := feature(of("Point", "[1,2]"), `"a":1`), feature(of("Point", "[3,4]"), `"a":2`)
	one, two := []orb.Geometry{orb.Point{1, 2}}, []orb.Geometry{orb.Point{1, 2}, orb.Point{3, 4}}
	for _, c := range []struct {
		name, text string
		kind       Kind
		want       []orb.Geometry
	}{
		{"collection", collection(p, q), FeatureCollection, two},
		{"collection without features", collection(), FeatureCollection, nil},
		{"collection, features first", `{"features":[` + p + `],"type":"FeatureCollection"}`, FeatureCollection, one},
		{"collection, spread out", "\ufeff {\n \"type\" : \"FeatureCollection\" ,\r\n\t\"features\" : [ " + p + " , " + q + " ] , \"bbox\" : [ 1 , 2 ] }\n", FeatureCollection, two},
		{"collection with other arrays", `{"type":"FeatureCollection","links":[1,{"features":[]}],"features":[` + p + `],"bbox":[0,[1]]}`, FeatureCollection, one},
		{"array", "[" + p + "," + q + "]\n", Array, two},
		{"empty array", " [ ] ", Array, nil},
		{"Feature", p, Feature, one},
		{"Feature, type last", `{"properties":null,"geometry":{"coordinates":[1,2],"type":"Point"},"type":"Feature"}`, Feature, one},
		{"geometry", of("Point", "[1,2]"), Geometry, one},
		{"GeometryCollection", `{"type":"GeometryCollection","geometries":[` + of("Point", "[1,2]") + `]}`, Geometry, one},
		{"lines", p + "\n" + q + "\n", Sequence, two},
		{"lines without line ends", p + q, Sequence, two},
		{"text sequence", "\x1e" + p + "\n\x1e" + q + "\n", Sequence, two},
		{"text sequence of one", "\x1e" + p + "\n", Sequence, one},
		{"text sequence of collections", "\x1e" + collection(p) + "\n\x1e\x1e" + collection(q) + "\n", Sequence, two},
		{"lines of geometries", of("Point", "[1,2]") + "\r\n\r\n" + of("Point", "[3,4]"), Sequence, two},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := read(t, c.text)
			if o.file.Kind != c.kind || len(o.file.Violations) > 0 {
				t.Errorf("kind %s, want %s; violations %v", o.file.Kind, c.kind, o.file.Violations)
			}
			var got []orb.Geometry
			for i, r := range o.records {
				if got = append(got, r.Geometry); r.Number != i+1 {
					t.Errorf("record %d has number %d", i+1, r.Number)
				}
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestUnreadable(t *testing.T) {
	gbk := "\xb3\xc7\xb6\xab\xc9\xe7\xc7\xf8" // 城东社区
	small := shapefile.DefaultLimits()
	small.Features, small.Fields, small.PolygonVertices, small.Vertices, small.Refusals = 3, 2, 6, 9, 2
	point := feature(of("Point", "[1,2]"), "")
	for _, c := range []struct {
		name, text, code string
	}{
		{"empty", "", "not_geojson"},
		{"blank", " \n\t", "not_geojson"},
		{"zip", "PK\x03\x04 and so on", "not_geojson"},
		{"XML", "<?xml version='1.0'?>", "not_geojson"},
		{"UTF-16", "\xff\xfe{\x00\"\x00", "not_geojson"},
		{"a number", "12", "not_geojson"},
		{"a string", `"FeatureCollection"`, "not_geojson"},
		{"text", "code,name\n1,2", "not_geojson"},
		{"TopoJSON", `{"type":"Topology","objects":{},"arcs":[]}`, "not_geojson"},
		{"other JSON", `{"name":"x","version":[1]}`, "not_geojson"},
		{"bad Feature", `{"type":"Feature",}`, "not_geojson"},
		{"cut in the head", `{"type":"FeatureColl`, "not_geojson"},
		{"cut Feature", point[:len(point)-1], "not_geojson"},
		{"GBK", collection(feature(of("Point", "[1,2]"), `"名称":"`+gbk+`"`)), "not_utf8"},
		{"GBK whose last byte is a backslash", collection(feature(of("Point", "[1,2]"), "\"a\":\"\xd5\\\",\"b\":\""+gbk+gbk+`"`)), "not_utf8"},
		{"deep", `{"features":[` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `]}`, "too_deep"},
		{"deep in properties", collection(feature("null", `"a":`+strings.Repeat(`{"a":`, 40)+"1"+strings.Repeat("}", 40))), "too_deep"},
		{"deep collections", strings.Repeat(`{"type":"GeometryCollection","geometries":[`, 40) + strings.Repeat("]}", 40), "too_deep"},
		{"many features", collection(point, point, point, point), "too_many_features"},
		{"many fields", collection(feature("null", `"a":1,"b":2`), feature("null", `"c":3`)), "too_many_fields"},
		{"many fields with id", collection(`{"type":"Feature","id":1,"geometry":null,"properties":{"a":1,"b":2}}`), "too_many_fields"},
		{"many vertices", collection(feature(of("LineString", "[[1,2],[1,3],[1,4],[1,5],[1,6],[1,7],[1,8]]"), "")), "too_many_vertices"},
		{"many empty rings", collection(feature(of("Polygon", "[[],[],[],[],[],[],[]]"), "")), "too_many_vertices"},
		{"many vertices in all", collection(feature(of("Polygon", "["+square+"]"), ""), feature(of("Polygon", "["+square+"]"), "")), "too_many_vertices"},
		{"many refusals", collection("1", "2", "3"), "too_many_refusals"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := readBytes([]byte(c.text), small)
			if got := code(o.err); got != c.code {
				t.Errorf("error %q, want %q: %v", got, c.code, o.err)
			}
			if e, ok := o.err.(*geo.Error); ok && (e.Text.ZH == "" || strings.Contains(e.Text.ZH+e.Text.EN, "%!")) {
				t.Errorf("bad sentence: %+v", e.Text)
			}
		})
	}
}

func TestBrokenStructure(t *testing.T) {
	p := feature(of("Point", "[1,2]"), `"a":1`)
	for _, c := range []struct {
		name, text string
		yielded    int
		refused    int
		check      check
		record     int
		words      string // of the English sentence
	}{
		{"between features", "{\"features\":[\n" + p + "\n" + p + "]}", 1, 0, badSyntax, geo.None, "line 3, column 1"},
		{"comma before the end", "[" + p + ",]", 1, 0, badSyntax, geo.None, `wanted is a feature, not "]"`},
		{"wrong bracket", "[" + p + ",\n{\"a\":[1}]", 1, 1, badSyntax, 2, "line 2, column 8"},
		{"cut between features", "[" + p + ",", 1, 0, truncated, geo.None, "breaks off"},
		{"cut in a feature", "[" + p + ",\n{\"type", 1, 1, truncated, 2, "line 2, column 7"},
		{"cut behind the features", collection(p)[:len(collection(p))-1], 1, 0, truncated, geo.None, "breaks off"},
		{"text behind the end", collection(p) + "]", 1, 0, badSyntax, geo.None, `not "]"`},
		{"bad member behind the features", `{"type":"FeatureCollection","features":[` + p + "],\n \"bbox\" 1}", 1, 0, badSyntax, geo.None, "line 2, column 9"},
		{"bad member before the features", "{\"type\":\"FeatureCollection\",\n \"bbox\":[01],\"features\":[" + p + "]}", 1, 0, badSyntax, geo.None, "line 2, column 10"},
		{"nothing of a name behind the features", `{"features":[` + p + `],"crs":}`, 1, 0, badSyntax, geo.None, "wanted is a complete value"},
		{"features twice", `{"features":[` + p + `],"features":[` + p + "]}", 1, 0, twice, geo.None, `"features"`},
		{"in a feature", "[\n" + p + ",\n {\"type\":\"Feature\",\n  \"properties\": {\"a\" 1}}]", 1, 1, badSyntax, 2, "line 4, column 22"},
		{"a comma too many in a feature", "[" + p + `,{"type":"Feature","geometry":null,},` + p + "]", 2, 1, badSyntax, 2, "wanted is a string"},
		{"a line of a sequence", p + "\n{\"type\":[}\n" + p, 2, 1, badSyntax, 2, "line 2, column 10"},
		{"a line that is no JSON", p + "\nnothing\n" + p, 2, 1, badSyntax, 2, "line 2, column 1"},
		{"a text cut in a sequence", "\x1e" + p + "\n\x1e{\"type\":\"Feature\n\x1e" + p + "\n", 2, 1, truncated, 2, "line 3, column 1"},
		{"a last line that is cut", p + "\n" + p[:20], 1, 1, truncated, 2, "line 2, column 21"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := read(t, c.text)
			if len(o.records) != c.yielded || o.file.Refused != c.refused {
				t.Errorf("%d yielded and %d refused, want %d and %d", len(o.records), o.file.Refused, c.yielded, c.refused)
			}
			v := o.violation(t, c.check)
			if v.Severity != geo.Refusal || v.Record != c.record || !strings.Contains(v.Message.EN, c.words) {
				t.Errorf("violation %+v, want record %d and %q", v, c.record, c.words)
			}
		})
	}
}

// TestOpenTellsOfBrokenStructure asserts that a caller who looks at the violations
// before reading sees that the file breaks off.
func TestOpenTellsOfBrokenStructure(t *testing.T) {
	text := collection(feature("null", ""), feature("null", ""))
	text = text[:len(text)-2]
	f, err := Open(strings.NewReader(text), int64(len(text)), shapefile.DefaultLimits())
	if err != nil || !geo.Refused(f.Violations) || f.Records != 2 {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestCRS(t *testing.T) {
	with := func(crs string) string {
		return `{"type":"FeatureCollection","crs":` + crs + `,"features":[` + feature("null", "") + "]}"
	}
	named := func(name string) string { return `{"type":"name","properties":{"name":"` + name + `"}}` }
	for _, c := range []struct{ name, text, crs, check string }{
		{"none", collection(feature("null", "")), "", ""},
		{"null", with("null"), "", ""},
		{"URN", with(named("urn:ogc:def:crs:EPSG::4490")), "urn:ogc:def:crs:EPSG::4490", ""},
		{"short", with(named(" EPSG:4528")), "EPSG:4528", ""},
		{"CRS84", with(named("urn:ogc:def:crs:OGC:1.3:CRS84")), "urn:ogc:def:crs:OGC:1.3:CRS84", ""},
		{"code", with(`{"type":"EPSG","properties":{"code":4549}}`), "EPSG:4549", ""},
		{"code as text", with(`{"properties":{"code":"4549","axis":[1]},"type":"epsg"}`), "EPSG:4549", ""},
		{"behind the features", `{"features":[` + feature("null", "") + `],"type":"FeatureCollection","crs":` + named("EPSG:4490") + "}", "EPSG:4490", ""},
		{"of a Feature", `{"type":"Feature","geometry":null,"properties":null,"crs":` + named("EPSG:4490") + "}", "EPSG:4490", ""},
		{"of a geometry", `{"type":"Point","coordinates":[1,2],"crs":` + named("EPSG:4490") + "}", "EPSG:4490", ""},
		{"of an element", `[{"type":"Feature","geometry":null,"properties":null,"crs":` + named("EPSG:4490") + "}]", "", "crs_ignored"},
		{"a link", with(`{"type":"link","properties":{"href":"https://example.org/crs"}}`), "", "crs_unreadable"},
		{"text", with(`"EPSG:4490"`), "", "crs_unreadable"},
		{"no name", with(`{"type":"name","properties":{"name":12}}`), "", "crs_unreadable"},
		{"a long name", with(named(strings.Repeat("x", 300))), "", "crs_unreadable"},
		{"two", "\x1e" + with(named("EPSG:4490")) + "\x1e" + with(named("EPSG:4528")), "EPSG:4490", "crs_varies"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := read(t, c.text)
			if o.file.CRS != c.crs || o.file.CRSEvidence.ZH == "" || o.file.CRSEvidence.EN == "" {
				t.Errorf("CRS %q (%v), want %q", o.file.CRS, o.file.CRSEvidence, c.crs)
			}
			checks := strings.Join(o.checks(), " ")
			if checks = strings.TrimSpace(strings.ReplaceAll(checks, string(nullShape), "")); checks != c.check {
				t.Errorf("checks %q, want %q", checks, c.check)
			}
		})
	}
}

// failing is a file whose bytes from one offset on cannot be read.
type failing struct {
	io.ReaderAt
	from int64
}

func (f failing) ReadAt(b []byte, at int64) (int, error) {
	if at+int64(len(b)) > f.from {
		return 0, io.ErrNoProgress
	}
	return f.ReaderAt.ReadAt(b, at)
}

func TestReaderFails(t *testing.T) {
	var features []string
	for len(features) < 20_000 {
		features = append(features, feature(of("Point", "[118.25,28.5]"), `"a":"城东"`))
	}
	b := []byte(collection(features...))
	size := int64(len(b))
	if size < 3*windowBytes {
		t.Fatalf("%d bytes are too few for this test", size)
	}
	for _, from := range []int64{0, windowBytes + 1, size - 1} {
		if _, err := Open(failing{bytes.NewReader(b), from}, size, shapefile.DefaultLimits()); err != io.ErrNoProgress {
			t.Errorf("Open, failing from %d: %v", from, err)
		}
	}
	if _, err := Open(bytes.NewReader(b), size+1, shapefile.DefaultLimits()); err != io.ErrUnexpectedEOF {
		t.Errorf("Open of a file shorter than it should be: %v", err)
	}
	r := &failing{bytes.NewReader(b), size}
	f, err := Open(r, size, shapefile.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	r.from = size - 1
	var last error
	for _, err := range f.Features() {
		last = err
	}
	if last != io.ErrNoProgress {
		t.Errorf("Features: %v", last)
	}
}

func TestFeaturesStopsAndStartsAfresh(t *testing.T) {
	text := collection(feature(of("Point", "[1,2,3]"), `"a":1`), "7", feature(of("Point", "[1,2]"), `"a":2`))
	f, err := Open(strings.NewReader(text), int64(len(text)), shapefile.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	for range f.Features() {
		break
	}
	for range 2 {
		n := 0
		for _, err := range f.Features() {
			if n++; err != nil {
				t.Fatal(err)
			}
		}
		if n != 2 || f.Refused != 1 || len(f.Violations) != 2 {
			t.Errorf("%d records, %d refused, %v", n, f.Refused, f.Violations)
		}
	}
}

// TestWindowsAreSeamless reads a file whose records lie across the windows in which it
// is read, with characters of several bytes at their ends.
func TestWindowsAreSeamless(t *testing.T) {
	r := seeded(t)
	var features []string
	var want []string
	for size := 0; size < 3*windowBytes; {
		name := strings.Repeat("衢江区", r.IntN(40)) + strings.Repeat("𠮷", r.IntN(9)) + strings.Repeat(`\"\\`, r.IntN(5))
		text := feature(of("Point", "[118.25,28.5]"), `"名称":"`+name+`"`)
		features, want = append(features, text), append(want, strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(name))
		size += len(text)
	}
	o := read(t, collection(features...))
	if len(o.records) != len(want) || len(o.file.Violations) > 0 {
		t.Fatalf("%d records, want %d; %v", len(o.records), len(want), o.file.Violations)
	}
	for i, rec := range o.records {
		if rec.Values[0] != want[i] {
			t.Fatalf("record %d: %q, want %q", i+1, rec.Values[0], want[i])
		}
	}
}

package geojson

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"towngrid/geo"
	"towngrid/geo/shapefile"
)

func TestValues(t *testing.T) {
	for _, c := range []struct {
		name, json string
		want       any
		kind       byte
		decimals   int
		checks     string
	}{
		{"text", `"城东\n社区"`, "城东\n社区", 'C', 0, ""},
		{"escapes", `"\"\\\/\b\f\n\r\t\u57ce\ud842\udfb7"`, "\"\\/\b\f\n\r\t城𠮷", 'C', 0, ""},
		{"empty text", `""`, "", 'C', 0, ""},
		{"true", "true", true, 'L', 0, ""},
		{"false", " false ", false, 'L', 0, ""},
		{"null", "null", nil, 'C', 0, ""},
		{"whole", "-12", int64(-12), 'N', 0, ""},
		{"largest", "9223372036854775807", int64(math.MaxInt64), 'N', 0, ""},
		{"too large for int64", "9223372036854775808", float64(1 << 63), 'F', 0, "number_rounded"},
		{"real", "0.125", 0.125, 'F', 3, ""},
		{"real without fraction", "3.0", 3.0, 'F', 1, ""},
		{"exponent", "1E3", 1000.0, 'F', 0, ""},
		{"negative exponent", "-12.5e-3", -0.0125, 'F', 4, ""},
		{"many decimals", "0.12345678901234567890", 0.12345678901234567890, 'F', 15, ""},
		{"below all doubles", "1e-999", 0.0, 'F', 15, ""},
		{"object", ` {"a": [1, "}"], "b":null} `, `{"a": [1, "}"], "b":null}`, 'C', 0, "nested_value"},
		{"array", `[1,2]`, `[1,2]`, 'C', 0, "nested_value"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := read(t, collection(feature(of("Point", "[1,2]"), `"v":`+c.json)))
			want := []shapefile.Field{{Name: "v", Type: c.kind, Decimals: c.decimals}}
			if !reflect.DeepEqual(o.file.Fields, want) {
				t.Errorf("fields %+v, want %+v", o.file.Fields, want)
			}
			if len(o.records) != 1 || o.records[0].Values[0] != c.want {
				t.Errorf("records %v, want %#v", o.records, c.want)
			}
			if got := o.checks(); !same(got, strings.Fields(c.checks)) {
				t.Errorf("checks %v, want %v", got, c.checks)
			}
		})
	}
}

func TestRefusedValues(t *testing.T) {
	for _, c := range []struct {
		name, properties string
		check            check
		words            string
	}{
		{"1e400", `"v":1e400`, badNumber, `"v", 1e400`},
		{"-1e400", `"v":-1e400`, badNumber, "-1e400"},
		{"NaN", `"v":NaN`, badSyntax, `not "NaN}`},
		{"twice", `"v":1,"w":2,"v":3`, twice, `"v"`},
		{"twice with an escape", `"v":1,"\u0076":3`, twice, `"v"`},
		{"no value", `"v":`, badSyntax, `not "}`},
		{"no name", `1:2`, badSyntax, "a string"},
		{"line end in a text", "\"v\":\"a\nb\"", badSyntax, "0x0A"},
		{"control character behind an escape", "\"v\":\"\\n\x01\"", badSyntax, "0x01"},
		{"unknown escape", `"v":"\x41"`, badSyntax, `\\x`},
		{"half a character", `"v":"\ud842"`, badSyntax, `\\ud842`},
		{"two first halves", `"v":"\ud842\ud842"`, badSyntax, `\\ud842`},
		{"a second half", `"v":"\udfb7"`, badSyntax, `\\udfb7`},
		{"no digits", `"v":"\u12g4"`, badSyntax, `\\u`},
		{"damaged UTF-8", "\"v\":\"城东社区城东\xff社区城东社区\"", badText, "FF E7 A4"},
		{"damaged name", "\"城东社区城东\xff社区\":1", badText, "FF E7"},
		{"long name", `"` + strings.Repeat("v", 2000) + `":1`, longName, "1024"},
		{"bad nested value", `"v":{"a":[1,]}`, badSyntax, `not "]`},
		{"comma at the end", `"v":1,`, badSyntax, "a string"},
	} {
		t.Run(c.name, func(t *testing.T) {
			good := feature(of("Point", "[1,2]"), `"v":1`)
			o := read(t, collection(good, feature(of("Point", "[1,2]"), c.properties), good))
			if len(o.records) != 2 || o.file.Refused != 1 {
				t.Fatalf("%d yielded, %d refused", len(o.records), o.file.Refused)
			}
			v := o.violation(t, c.check)
			if v.Severity != geo.Refusal || v.Record != 2 || !strings.Contains(v.Message.EN, c.words) {
				t.Errorf("%+v, want %q", v, c.words)
			}
		})
	}
}

func TestFieldsAreAUnion(t *testing.T) {
	o := read(t, collection(
		feature(of("Point", "[1,2]"), `"编码":"001","n":1,"r":2,"mixed":1,"b":null`),
		feature(of("Point", "[1,2]"), `"r":2.25,"x":true,"mixed":"x","编码":null,"big":9007199254740993`),
		feature(of("Point", "[1,2]"), `"b":false,"":1,"big":0.5`),
		`{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]},"properties":null}`,
		`{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]}}`))
	fields := []shapefile.Field{{Name: "编码", Type: 'C'}, {Name: "n", Type: 'N'}, {Name: "r", Type: 'F', Decimals: 2}, {Name: "mixed", Type: 'C'},
		{Name: "b", Type: 'L'}, {Name: "x", Type: 'L'}, {Name: "big", Type: 'F', Decimals: 1}, {Name: "FIELD_8", Type: 'N'}}
	if !reflect.DeepEqual(o.file.Fields, fields) {
		t.Errorf("fields %+v", o.file.Fields)
	}
	want := [][]any{
		{"001", int64(1), 2.0, int64(1), nil, nil, nil, nil},
		{nil, nil, 2.25, "x", nil, true, int64(9007199254740993), nil},
		{nil, nil, nil, nil, false, nil, 0.5, int64(1)},
		make([]any, 8), make([]any, 8),
	}
	for i, r := range o.records {
		if !reflect.DeepEqual(r.Values, want[i]) {
			t.Errorf("record %d: %#v, want %#v", i+1, r.Values, want[i])
		}
	}
	if len(o.file.Violations) > 0 {
		t.Errorf("%v", o.file.Violations)
	}
}

func TestIDs(t *testing.T) {
	with := func(id, properties string) string {
		return `{"type":"Feature","id":` + id + `,"geometry":{"type":"Point","coordinates":[1,2]},"properties":{` + properties + `}}`
	}
	for _, c := range []struct {
		name     string
		features []string
		fields   string
		want     []any // of the last field
		checks   string
	}{
		{"texts", []string{with(`"a"`, `"v":1`), with(`"b"`, `"v":2`)}, "v id", []any{"a", "b"}, ""},
		{"numbers", []string{with("7", `"v":1`), with("null", `"v":2`)}, "v id", []any{int64(7), nil}, ""},
		{"both", []string{with("7", ``), with(`"b"`, ``)}, "id", []any{int64(7), "b"}, ""},
		{"a property of the same value", []string{with("7", `"id":7`)}, "id", []any{int64(7)}, ""},
		{"a property of another value", []string{with("7", `"id":"x"`), with("8", "")}, "id", []any{"x", nil}, "id_left_out"},
		{"no ID", []string{with("[1]", `"v":1`), with("true", `"v":2`)}, "v", []any{int64(1), int64(2)}, "bad_id"},
		{"none", []string{with("null", `"v":1`)}, "v", []any{int64(1)}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := read(t, collection(c.features...))
			var names []string
			for _, f := range o.file.Fields {
				names = append(names, f.Name)
			}
			if !same(names, strings.Fields(c.fields)) {
				t.Fatalf("fields %v, want %v", names, c.fields)
			}
			for i, r := range o.records {
				if got := r.Values[len(names)-1]; got != c.want[i] {
					t.Errorf("record %d: %#v, want %#v", i+1, got, c.want[i])
				}
			}
			if got := o.checks(); !same(got, strings.Fields(c.checks)) {
				t.Errorf("checks %v, want %v", got, c.checks)
			}
		})
	}
}

func TestFeatures(t *testing.T) {
	point := of("Point", "[1,2]")
	for _, c := range []struct {
		name, feature, checks string
		refused               int
	}{
		{"other members", `{"type":"Feature","title":{"zh":"城东"},"bbox":[1],"geometry":` + point + `,"properties":{}}`, "foreign_member", 0},
		{"no type", `{"geometry":` + point + `,"properties":{}}`, "type_missing", 0},
		{"another type", `{"type":"feature","geometry":` + point + `,"properties":{}}`, "type_missing", 0},
		{"a geometry", point, "type_missing", 0},
		{"a geometry with properties", `{"type":"Point","coordinates":[1,2],"properties":{"v":1}}`, "type_missing", 0},
		{"no geometry", `{"type":"Feature","properties":{}}`, "null_shape", 0},
		{"properties are an array", `{"type":"Feature","geometry":` + point + `,"properties":[]}`, "bad_properties", 1},
		{"properties are a text", `{"type":"Feature","geometry":` + point + `,"properties":"x"}`, "bad_properties", 1},
		{"geometry twice", `{"type":"Feature","geometry":` + point + `,"geometry":` + point + `,"properties":{}}`, "duplicate_key", 1},
		{"of Esri", `{"attributes":{"v":1},"geometry":{"x":1,"y":2}}`, "type_missing shape_type_unknown foreign_member", 1},
		{"a collection", collection(), "not_a_feature", 1},
		{"a number", "12.5", "json_syntax", 1},
		{"a text", `"x"`, "json_syntax", 1},
		{"null", "null", "json_syntax", 1},
		{"an empty object", "{}", "not_a_feature", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := read(t, collection(c.feature))
			if got := o.checks(); !same(got, strings.Fields(c.checks)) || o.file.Refused != c.refused {
				t.Errorf("checks %v and %d refused, want %v and %d", got, o.file.Refused, c.checks, c.refused)
			}
		})
	}
}

// TestViolationsAreBounded asserts that a file with one fault in every record gives a
// list with an end.
func TestViolationsAreBounded(t *testing.T) {
	var features []string
	for len(features) < 3000 {
		features = append(features, feature("null", ""))
	}
	o := read(t, collection(features...))
	list := o.file.Violations
	if len(list) != o.file.lim.Listed+1 || !strings.Contains(list[len(list)-1].Message.EN, "2000 more") {
		t.Errorf("%d violations, the last %+v", len(list), list[len(list)-1])
	}
}

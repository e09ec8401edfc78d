package geojson

import (
	"bytes"
	"encoding/json"
	"errors"
	"iter"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	orbjson "github.com/paulmach/orb/geojson"

	"towngrid/geo"
	"towngrid/geo/geotest"
	"towngrid/geo/shapefile"
)

func TestWrite(t *testing.T) {
	records := []shapefile.Record{
		{Number: 7, Geometry: orb.MultiPolygon{{{{0, 0}, {0, 4}, {4, 4}, {4, 0}}, {{1, 1}, {2, 1}, {2, 2}, {1, 1}}}}, Values: []any{"城\"\\\n\x01<&", int64(-3), 3.0, true}},
		{Geometry: orb.Point{1e-7, 1.5e21}, Values: []any{nil, nil, 0.1, nil}},
		{Geometry: orb.MultiPoint{}, Values: []any{"", nil, 1e300, false}},
		{Values: make([]any, 4)},
	}
	fields := []shapefile.Field{{Name: "名\"称"}, {Name: "n"}, {Name: "r"}, {Name: "b"}}
	lines := []string{
		`{"type":"Feature","properties":{"名\"称":"城\"\\\u000a\u0001<&","n":-3,"r":3.0,"b":true},"geometry":{"type":"MultiPolygon","coordinates":[[[[0,0],[4,0],[4,4],[0,4],[0,0]],[[1,1],[2,2],[2,1],[1,1]]]]}}`,
		`{"type":"Feature","properties":{"名\"称":null,"n":null,"r":0.1,"b":null},"geometry":{"type":"Point","coordinates":[1e-07,1.5e+21]}}`,
		`{"type":"Feature","properties":{"名\"称":"","n":null,"r":1e+300,"b":false},"geometry":null}`,
		`{"type":"Feature","properties":{"名\"称":null,"n":null,"r":null,"b":null},"geometry":null}`,
	}
	for _, c := range []struct {
		opt  Options
		want string
	}{
		{Options{}, `{"type":"FeatureCollection","features":[` + "\n" + strings.Join(lines, ",\n") + "\n]}\n"},
		{Options{CRS: "urn:ogc:def:crs:EPSG::4528"}, `{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::4528"}},"features":[` + "\n" + strings.Join(lines, ",\n") + "\n]}\n"},
		{Options{Sequence: true}, "\x1e" + strings.Join(lines, "\n\x1e") + "\n"},
	} {
		got := string(write(t, records, fields, c.opt))
		if got != c.want {
			t.Errorf("%+v:\n%s\nwant\n%s", c.opt, got, c.want)
		}
		o := read(t, got)
		if len(o.records) != len(records) || strings.TrimPrefix(c.opt.CRS, "") != o.file.CRS {
			t.Errorf("read again: %d records, CRS %q", len(o.records), o.file.CRS)
		}
		if _, err := orbjson.UnmarshalFeatureCollection([]byte(got)); !c.opt.Sequence && err != nil {
			t.Errorf("orb: %v", err)
		}
	}
	foreign := geo.Properties{{Name: "datum", Value: "gcj02"}, {Name: "n", Value: int64(2)}}
	plain, flagged := `{"type":"Feature",`, `{"type":"Feature","datum":"gcj02","n":2,`
	if got, want := string(write(t, records, fields, Options{Foreign: foreign})), `{"type":"FeatureCollection","datum":"gcj02","n":2,"features":[`+"\n"+strings.Join(lines, ",\n")+"\n]}\n"; got != want || len(read(t, got).records) != len(records) {
		t.Errorf("foreign members:\n%s", got)
	}
	if got, want := string(write(t, records, fields, Options{Sequence: true, Foreign: foreign})), strings.ReplaceAll("\x1e"+strings.Join(lines, "\n\x1e")+"\n", plain, flagged); got != want || len(read(t, got).records) != len(records) {
		t.Errorf("foreign members of a sequence:\n%s", got)
	}
	if got := string(write(t, nil, nil, Options{})); !json.Valid([]byte(got)) || len(read(t, got).records) != 0 {
		t.Errorf("an empty file: %s", got)
	}
}

func TestWriteRefuses(t *testing.T) {
	ring := orb.Ring{{0, 0}, {4, 0}, {4, 4}, {0, 0}}
	field := []shapefile.Field{{Name: "v"}}
	record := func(g orb.Geometry, v any) []shapefile.Record {
		return []shapefile.Record{{Geometry: g, Values: []any{v}}}
	}
	for _, c := range []struct {
		name    string
		records []shapefile.Record
		fields  []shapefile.Field
		opt     Options
		code    string
	}{
		{"NaN", record(nil, math.NaN()), field, Options{}, "bad_value"},
		{"infinity", record(nil, math.Inf(-1)), field, Options{}, "bad_value"},
		{"bad text", record(nil, "a\xff"), field, Options{}, "bad_value"},
		{"another type", record(nil, 12), field, Options{}, "bad_value"},
		{"position", record(orb.Point{math.NaN(), 0}, nil), field, Options{}, "bad_geometry"},
		{"two vertices", record(orb.Polygon{{{0, 0}, {1, 1}, {0, 0}}}, nil), field, Options{}, "bad_geometry"},
		{"no rings", record(orb.MultiPolygon{{ring}, {}}, nil), field, Options{}, "bad_geometry"},
		{"one point", record(orb.MultiLineString{{{0, 0}}}, nil), field, Options{}, "bad_geometry"},
		{"a bound", record(ring.Bound(), nil), field, Options{}, "bad_geometry"},
		{"values", record(nil, nil), append(field, shapefile.Field{Name: "w"}), Options{}, "geojson: record 1 has 1 values for 2 fields"},
		{"field twice", record(nil, nil), append(field, field[0]), Options{}, `geojson: two fields named "v"`},
		{"bad field", record(nil, nil), []shapefile.Field{{Name: "\xff"}}, Options{}, `geojson: the field name "\xff" is not valid text`},
		{"foreign name", nil, field, Options{Foreign: geo.Properties{{Name: "features"}}}, `geojson: no foreign member can be named "features"`},
		{"foreign value", nil, field, Options{Foreign: geo.Properties{{Name: "x", Value: math.NaN()}}}, `geojson: the member "x" cannot be NaN`},
		{"CRS of a sequence", nil, field, Options{Sequence: true, CRS: "EPSG:4490"}, "geojson: a sequence cannot state a CRS"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := Write(&bytes.Buffer{}, sequence(c.records...), c.fields, c.opt)
			if got := code(err); got != c.code {
				t.Errorf("error %q, want %q", got, c.code)
			}
		})
	}
	failed := errors.New("no more")
	var records iter.Seq2[shapefile.Record, error] = func(yield func(shapefile.Record, error) bool) { yield(shapefile.Record{}, failed) }
	if err := Write(&bytes.Buffer{}, records, field, Options{}); err != failed {
		t.Errorf("an error of the records: %v", err)
	}
}

// random makes a record whose values stress the writing of numbers and texts.
func random(r *rand.Rand, g orb.Geometry) shapefile.Record {
	text := make([]rune, r.IntN(8))
	for i := range text {
		text[i] = []rune{'a', '"', '\\', '\n', 0, '城', '𠮷', 0x7f, '/', '\u2028', '\ufeff'}[r.IntN(11)]
	}
	number := math.Float64frombits(r.Uint64())
	for math.IsNaN(number) || math.IsInf(number, 0) {
		number = r.NormFloat64()
	}
	values := []any{string(text), int64(r.Uint64()), number, r.IntN(2) == 0}
	if r.IntN(5) == 0 {
		values[r.IntN(4)] = nil
	}
	return shapefile.Record{Geometry: g, Values: values}
}

// TestRoundTrip writes a coverage with enclaves, points and lines, in degrees and in
// metres, and reads back the same bits.
func TestRoundTrip(t *testing.T) {
	r := seeded(t)
	fields := []shapefile.Field{{Name: "text"}, {Name: "whole"}, {Name: "real"}, {Name: "truth"}}
	bound := orb.Bound{Min: orb.Point{118.6, 28.5}, Max: orb.Point{119.1, 29}}
	var records []shapefile.Record
	for _, cell := range geotest.Tessellation(r.Uint64(), 150, bound) {
		for _, p := range cell {
			for _, ring := range p {
				for k := range ring {
					ring[k] = orb.Point{ring[k][0] * (1 + 0x1p-50*float64(r.IntN(2))), ring[k][1]}
				}
				ring[len(ring)-1] = ring[0]
			}
		}
		records = append(records, random(r, cell))
	}
	for range 50 {
		x, y := 4e7+1e6*r.Float64(), 3e6*r.Float64()
		records = append(records,
			random(r, orb.Point{x, y}), random(r, orb.MultiPoint{{x, y}, {-x, math.Copysign(0, -1)}}),
			random(r, orb.MultiLineString{{{x, y}, {y, x}}, {{0, 1}, {1 / x, -y}}}), random(r, nil))
	}
	for _, opt := range []Options{{}, {Sequence: true}} {
		o := read(t, string(write(t, records, fields, opt)))
		if len(o.records) != len(records) {
			t.Fatalf("%d of %d records: %v", len(o.records), len(records), o.file.Violations)
		}
		for i, got := range o.records {
			want := records[i]
			if !reflect.DeepEqual(got.Values, want.Values) || !reflect.DeepEqual(got.Geometry, want.Geometry) {
				t.Fatalf("record %d:\n%#v\nwant\n%#v", i+1, got, want)
			}
		}
		for _, v := range o.file.Violations {
			if v.Check != string(nullShape) {
				t.Errorf("%+v", v)
			}
		}
	}
}

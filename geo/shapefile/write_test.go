package shapefile

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/paulmach/orb"

	"towngrid/geo"
)

func readZip(t testing.TB, b []byte, path string) outcome {
	t.Helper()
	a, err := Open(bytes.NewReader(b), int64(len(b)), DefaultLimits())
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	o := outcome{}
	if o.file, err = a.Read(Layer{Path: path}, Options{}); err != nil {
		t.Fatalf("read: %v", err)
	}
	for r, err := range o.file.Features() {
		if err != nil {
			t.Fatalf("features: %v", err)
		}
		o.records = append(o.records, r)
	}
	o.balance(t)
	return o
}

func TestWriteRoundTrip(t *testing.T) {
	for _, encoding := range []string{"GBK", "UTF-8"} {
		records := demo(1, 500, 20)
		records[17].Geometry = nil
		o := readZip(t, write(t, demoOutput(records, encoding)), "cells.shp")
		o.want(t, "n:null_shape")
		if diff := cmp.Diff(records, o.records, cmpopts.IgnoreFields(Record{}, "Rings")); diff != "" {
			t.Fatalf("%s: (-written +read)\n%s", encoding, diff)
		}
		want := map[string][2]string{"GBK": {"GB18030", "网格名称"}, "UTF-8": {"UTF-8", "网格名"}}[encoding]
		if got := [2]string{o.file.Encoding.Name, o.file.Fields[1].Name}; got != want {
			t.Fatalf("encoding and second field %q, want %q", got, want)
		}
		if o.file.PRJ != `GEOGCS["x"]` || o.file.ShapeType != "Polygon" {
			t.Fatalf("file %+v", o.file)
		}
	}
}

func TestWriteOtherShapes(t *testing.T) {
	for _, c := range []struct {
		kind       string
		geometries []orb.Geometry
	}{
		{"Point", []orb.Geometry{orb.Point{1, 2}, nil, orb.Point{-3, 1e9}}},
		{"MultiPoint", []orb.Geometry{orb.MultiPoint{{1, 2}, {3, 4}}, orb.MultiPoint{{5, 6}}}},
		{"PolyLine", []orb.Geometry{orb.MultiLineString{{{1, 2}, {3, 4}}, {{0, 0}, {1, 0}, {2, 5}}}}},
	} {
		var records []Record
		for i, g := range c.geometries {
			records = append(records, Record{Number: i + 1, Geometry: g, Values: []any{int64(i)}})
		}
		b := write(t, Output{Name: "x", Fields: []Field{{Name: "N", Type: 'N'}}, ShapeType: c.kind, Records: seq(records)})
		if diff := cmp.Diff(records, readZip(t, b, "x.shp").records); diff != "" {
			t.Errorf("%s: (-written +read)\n%s", c.kind, diff)
		}
	}
}

// Rings come back by RFC 7946 whatever their winding was and whether they were closed.
func TestWriteMendsRings(t *testing.T) {
	outer, hole := orb.Ring(box(0, 0, 10)), orb.Ring(box(2, 2, 2))
	records := []Record{{Number: 1, Geometry: orb.Polygon{outer[:4], hole[:4]}, Values: []any{nil}}}
	b := write(t, Output{Name: "x", Fields: []Field{{Name: "N", Type: 'C'}}, ShapeType: "Polygon", Records: seq(records)})
	o := readZip(t, b, "x.shp")
	o.want(t, "")
	poly := o.records[0].Geometry.(orb.MultiPolygon)[0]
	if len(poly) != 2 || area2(poly[0]) != 200 || area2(poly[1]) != -8 || !poly[0].Closed() || !poly[1].Closed() {
		t.Fatalf("%v", poly)
	}
}

func TestWriteShortens(t *testing.T) {
	var told []geo.Violation
	out := Output{
		Name: "x", Encoding: "GBK", ShapeType: "Point",
		Fields: []Field{
			{Name: "网格管理单元名称", Type: 'C', Length: 5}, {Name: "网格管理单元编码", Type: 'C', Length: 3},
			{Name: "auto", Type: 'C'}, {Name: "number", Type: 'N', Decimals: 2},
		},
		Records: seq([]Record{{Values: []any{"衢江区", "33", "很长的文字", 1234.5}}, {Values: []any{nil, nil, "x", nil}}}),
	}
	if err := Write(io.Discard, out); code(err) != "value_too_long" {
		t.Fatalf("a text that does not fit: %v", err)
	}
	out.Report = func(v geo.Violation) { told = append(told, v) }
	o := readZip(t, write(t, out), "x.shp")
	var names []string
	for _, f := range o.file.Fields {
		names = append(names, fmt.Sprintf("%s %d.%d", f.Name, f.Length, f.Decimals))
	}
	if diff := cmp.Diff([]string{"网格管理单 5.0", "网格管理_2 3.0", "auto 10.0", "number 7.2"}, names); diff != "" {
		t.Errorf("fields (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]any{"衢江", "33", "很长的文字", 1234.5}, o.records[0].Values); diff != "" {
		t.Errorf("values (-want +got)\n%s", diff)
	}
	if len(told) != 3 || told[0].Check != string(fieldNameCut) || told[2].Check != string(fieldValueCut) || told[2].Record != 1 ||
		!strings.Contains(told[2].Message.ZH, `"衢江区" 超过 5 字节，缩短为 "衢江"`) {
		t.Errorf("told %+v", told)
	}
}

func TestWriteRefuses(t *testing.T) {
	one := func(g orb.Geometry, v any) Output {
		return Output{Name: "x", Encoding: "GBK", ShapeType: "Polygon", Fields: []Field{{Name: "F", Type: 'C', Length: 9}},
			Records: seq([]Record{{Geometry: g, Values: []any{v}}})}
	}
	field := func(f Field, v any) Output {
		o := one(nil, v)
		o.Fields = []Field{f}
		return o
	}
	for _, c := range []struct {
		name string
		out  Output
		want string
	}{
		{"character beyond GBK", one(nil, "㙍"), "not_in_gbk"},
		{"emoji", one(nil, "🏠"), "not_in_gbk"},
		{"NaN", one(orb.Polygon{{{0, 0}, {nan, 1}, {1, 1}, {0, 0}}}, nil), "bad_geometry"},
		{"two vertices", one(orb.Polygon{{{0, 0}, {1, 1}, {0, 0}}}, nil), "bad_geometry"},
		{"point in a polygon file", one(orb.Point{1, 2}, nil), "bad_geometry"},
		{"number too wide", field(Field{Name: "N", Type: 'N', Length: 3}, int64(1234)), "value_too_long"},
		{"text as number", field(Field{Name: "N", Type: 'N', Length: 3}, "12"), "bad_value"},
		{"no date", field(Field{Name: "D", Type: 'D'}, "2026-13-01"), "bad_value"},
		{"NaN value", field(Field{Name: "N", Type: 'N'}, nan), "bad_value"},
		{"wrong type", field(Field{Name: "L", Type: 'L'}, int64(1)), "bad_value"},
		{"unknown value", field(Field{Name: "C", Type: 'C'}, time.Time{}), "bad_value"},
	} {
		var b bytes.Buffer
		err := Write(&b, c.out)
		if code(err) != c.want || b.Len() > 0 {
			t.Errorf("%s: %v, %d bytes written; want %s and none", c.name, err, b.Len(), c.want)
		}
	}
	for name, out := range map[string]Output{
		"path":       {Name: "a/b"},
		"no records": {Name: "x", ShapeType: "Point", Fields: demoFields()},
		"kind":       {Name: "x", ShapeType: "PolygonZ"},
		"encoding":   func() Output { o := one(nil, nil); o.Encoding = "Big5"; return o }(),
		"field type": field(Field{Name: "M", Type: 'M'}, nil),
		"decimals":   field(Field{Name: "N", Type: 'N', Length: 4, Decimals: 3}, nil),
		"values":     func() Output { o := one(nil, nil); o.Records = seq([]Record{{}}); return o }(),
	} {
		if err := Write(io.Discard, out); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if err := Write(io.Discard, one(nil, nil), one(nil, nil)); err == nil {
		t.Error("two layers of one name: accepted")
	}
}

// A sequence that cannot be repeated is an error, not a shorter file.
func TestWriteNeedsTheSameRecordsTwice(t *testing.T) {
	out, runs := demoOutput(nil, "UTF-8"), 0
	records := demo(3, 10, 8)
	out.Records = func(yield func(Record, error) bool) {
		runs++
		seq(records[:11-runs])(yield)
	}
	if err := Write(io.Discard, out); !errors.Is(err, errChanged) {
		t.Fatalf("%v", err)
	}
	failure := errors.New("source failed")
	out.Records = func(yield func(Record, error) bool) { yield(Record{}, failure) }
	if err := Write(io.Discard, out); !errors.Is(err, failure) {
		t.Fatalf("%v", err)
	}
}

func TestWriteSeveralLayersWithGBKNames(t *testing.T) {
	a, b := demoOutput(demo(1, 3, 8), "GBK"), demoOutput(demo(2, 4, 8), "GBK")
	a.Name, b.Name, a.ZipNamesGBK, b.ZipNamesGBK = "网格", "小镇边界", true, true
	data := write(t, a, b)
	if bytes.Contains(data, []byte("网格")) || !bytes.Contains(data, []byte("\xcd\xf8\xb8\xf1.shp")) {
		t.Fatal("entry names are not GBK")
	}
	archive, err := Open(bytes.NewReader(data), int64(len(data)), DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	want := []Layer{
		{Name: "网格", Path: "网格.shp", HasDBF: true, HasPRJ: true, HasSHX: true, HasCPG: true},
		{Name: "小镇边界", Path: "小镇边界.shp", HasDBF: true, HasPRJ: true, HasSHX: true, HasCPG: true},
	}
	if diff := cmp.Diff(want, archive.Layers()); diff != "" {
		t.Fatal(diff)
	}
	if o := readZip(t, data, "小镇边界.shp"); len(o.records) != 4 {
		t.Fatalf("%d records", len(o.records))
	}
}

// The same records give the same bytes.
func TestWriteIsDeterministic(t *testing.T) {
	out := demoOutput(demo(5, 50, 12), "GBK")
	if !bytes.Equal(write(t, out), write(t, out)) {
		t.Fatal("two runs differ")
	}
}

// What is written below fails at every point: the error comes through.
func TestWriteToAFailingWriter(t *testing.T) {
	out := demoOutput(demo(1, 200, 30), "GBK")
	whole := len(write(t, out))
	failure := errors.New("disk full")
	for n := 0; n < whole; n += 1 + whole/40 {
		if err := Write(&failingWriter{n, failure}, out); !errors.Is(err, failure) {
			t.Fatalf("after %d of %d bytes: %v", n, whole, err)
		}
	}
}

type failingWriter struct {
	left int
	err  error
}

func (w *failingWriter) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, w.err
	}
	return len(p), nil
}

func TestWriteDates(t *testing.T) {
	out := demoOutput(demo(1, 1, 8), "GBK")
	for _, c := range []struct {
		modified time.Time
		want     string
	}{{time.Time{}, "\x50\x01\x01"}, {time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC), "\x7e\x0b\x17"}} {
		out.Modified = c.modified
		if dbf := unpack(t, write(t, out))["dbf"]; string(dbf[1:4]) != c.want {
			t.Errorf("%v: % X", c.modified, dbf[1:4])
		}
	}
}

// TestWriteKeepsChineseNames: names that differ in no ASCII letter are distinct all the same.
func TestWriteKeepsChineseNames(t *testing.T) {
	for _, encoding := range []string{"GBK", "UTF-8"} {
		var told []geo.Violation
		out := Output{
			Name: "x", Encoding: encoding, ShapeType: "Point", Report: func(v geo.Violation) { told = append(told, v) },
			Fields:  []Field{{Name: "人数", Type: 'C'}, {Name: "面积", Type: 'C'}, {Name: "启用", Type: 'C'}, {Name: "启a", Type: 'C'}, {Name: "启A", Type: 'C'}},
			Records: seq([]Record{{Values: []any{"1", "2", "3", "4", "5"}}}),
		}
		var names []string
		for _, f := range readZip(t, write(t, out), "x.shp").file.Fields {
			names = append(names, f.Name)
		}
		if diff := cmp.Diff([]string{"人数", "面积", "启用", "启a", "启A_2"}, names); diff != "" || len(told) != 1 {
			t.Errorf("%s: names (-want +got)\n%s told %+v", encoding, diff, told)
		}
	}
}

// TestWriteDatesEveryFile: the .dbf, which is packed apart, too.
func TestWriteDatesEveryFile(t *testing.T) {
	at := time.Date(2026, 11, 23, 8, 30, 2, 0, time.UTC)
	b := write(t, Output{Name: "x", PRJ: "x", ShapeType: "Point", Fields: []Field{{Name: "a", Type: 'C'}}, Records: seq([]Record{{Values: []any{"1"}}}), Modified: at})
	r, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.File {
		if !f.Modified.Equal(at) {
			t.Errorf("%s is dated %v", f.Name, f.Modified)
		}
	}
}

// TestZipNames: all files of a layer have one name, whatever reads it.
func TestZipNames(t *testing.T) {
	for _, gbk := range []bool{false, true} {
		for _, name := range []string{"cells", "网格"} {
			out := demoOutput(demo(1, 3, 5), "GBK")
			out.Name, out.ZipNamesGBK = name, gbk
			data := write(t, out)
			zr, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
			if err != nil {
				t.Fatal(err)
			}
			stems := map[string]bool{}
			for _, f := range zr.File {
				stems[strings.TrimSuffix(f.Name, path.Ext(f.Name))] = true
				if f.NonUTF8 != (gbk && name != "cells") {
					t.Errorf("%s, GBK %v: the flag of %q says otherwise", name, gbk, f.Name)
				}
			}
			if len(stems) != 1 {
				t.Errorf("%s, GBK %v: names %v", name, gbk, stems)
			}
		}
	}
}

package jzd

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/geotest"
	"towngrid/geo/shapefile"
)

func TestWrite(t *testing.T) {
	c, err := crs.Parse("EPSG:4528")
	if err != nil {
		t.Fatal(err)
	}
	h, err := NewHeader(c)
	if err != nil {
		t.Fatal(err)
	}
	h.Version, h.Producer, h.Date = "1.01版本", "衢江区", "2026-11-23"
	const want = head +
		"5,1,1,城东地块,面,H-50-1,居住用地,,@\n" + `J1,1,3190000.000,40500000.125
J2,1,3190100.000,40500000.125
J3,1,3190100.000,40500100.125
J4,1,3190000.000,40500100.125
J1,1,3190000.000,40500000.125
` + "10,0.96,2,城西地块,面,,公园,0702,@\n" + `J1,1,3191000.000,40500000.000
J2,1,3191100.000,40500000.000
J3,1,3191100.000,40500100.000
J4,1,3191000.000,40500100.000
J1,1,3191000.000,40500000.000
J5,2,3191040.000,40500040.000
J6,2,3191040.000,40500060.000
J7,2,3191060.000,40500060.000
J8,2,3191060.000,40500040.000
J5,2,3191040.000,40500040.000
` + "0,,,,面,,,,@\n"
	records := append(wantRecords(), shapefile.Record{Values: make([]any, 8)})
	text := write(t, records, fields(2, true), Options{Header: h, Encoding: "UTF-8"})
	if text != strings.ReplaceAll(want, "\n", "\r\n") {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
	if got := write(t, records, fields(2, true), Options{Header: h}); got != gbk(t, text) {
		t.Errorf("GBK: %q", got)
	}
	o := read(t, text)
	for i, r := range o.records[:2] {
		r.Values[colCount] = wantRecords()[i].Values[colCount]
		if !reflect.DeepEqual(r.Values, wantRecords()[i].Values) || !orb.Equal(r.Geometry, wantRecords()[i].Geometry) {
			t.Errorf("read again: %v", r)
		}
	}
}

// TestWriteFindsFieldsByName writes records of other fields, in another order.
func TestWriteFindsFieldsByName(t *testing.T) {
	fields := []shapefile.Field{{Name: "备注"}, {Name: "用途"}, {Name: "编号"}, {Name: "面积"}}
	r := shapefile.Record{Geometry: wantRecords()[0].Geometry.(orb.MultiPolygon)[0], Values: []any{true, "绿地", int64(7), 0.5}}
	text := write(t, []shapefile.Record{r}, fields, Options{Encoding: "UTF-8"})
	if !strings.Contains(text, "\r\n5,0.5,7,,面,,绿地,,@\r\n") {
		t.Errorf("%s", text)
	}
}

func TestWriteRefuses(t *testing.T) {
	ring := orb.Ring{{0, 0}, {4, 0}, {4, 4}, {0, 0}}
	field := []shapefile.Field{{Name: "名称"}}
	one := func(g orb.Geometry, v any) []shapefile.Record {
		return []shapefile.Record{{Geometry: g, Values: []any{v}}}
	}
	for _, c := range []struct {
		name    string
		records []shapefile.Record
		opt     Options
		code    string
	}{
		{"comma", one(nil, "a,b"), Options{}, "bad_value"},
		{"line break", one(nil, "a\nb"), Options{}, "bad_value"},
		{"NaN", one(nil, math.NaN()), Options{}, "bad_value"},
		{"bool", one(nil, true), Options{}, "bad_value"},
		{"not in GBK", one(nil, "𠮷"), Options{}, "not_in_gbk"},
		{"no text", one(nil, "a\xff"), Options{Encoding: "UTF-8"}, "bad_value"},
		{"header not in GBK", nil, Options{Header: Header{Producer: "𠮷"}}, "not_in_gbk"},
		{"point", one(orb.Point{1, 2}, nil), Options{}, "bad_geometry"},
		{"two vertices", one(orb.Polygon{{{0, 0}, {1, 1}, {0, 0}}}, nil), Options{}, "bad_geometry"},
		{"position", one(orb.Polygon{{{0, 0}, {1, math.Inf(1)}, {2, 0}}}, nil), Options{}, "bad_geometry"},
		{"encoding", one(orb.Polygon{ring}, nil), Options{Encoding: "Big5"}, `jzd: text is written as GBK or UTF-8, not "Big5"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := code(Write(&bytes.Buffer{}, sequence(c.records...), field, c.opt)); got != c.code {
				t.Errorf("error %q, want %q", got, c.code)
			}
		})
	}
	failed := errors.New("no more")
	records := func(yield func(shapefile.Record, error) bool) { yield(shapefile.Record{}, failed) }
	if err := Write(&bytes.Buffer{}, records, field, Options{}); err != failed {
		t.Errorf("an error of the records: %v", err)
	}
}

func TestWriteReportsWhatGivesWay(t *testing.T) {
	var told []geo.Violation
	r := shapefile.Record{Values: []any{"a,b\r\nc@"}}
	text := write(t, []shapefile.Record{r}, []shapefile.Field{{Name: "名称"}}, Options{Encoding: "UTF-8", Report: func(v geo.Violation) { told = append(told, v) }})
	if len(told) != 1 || told[0].Check != string(valueChanged) || told[0].Record != 1 {
		t.Errorf("told %+v", told)
	}
	if o := read(t, text); o.records[0].Values[colName] != "a，b  c@" {
		t.Errorf("read again: %v", o.records[0].Values)
	}
}

// TestRoundTrip writes a coverage with enclaves and several parts, rounded to several
// precisions, and reads back the same numbers.
func TestRoundTrip(t *testing.T) {
	rnd := seeded(t)
	bound := orb.Bound{Min: orb.Point{40480000, 3180000}, Max: orb.Point{40520000, 3220000}}
	for decimals, precision := range []float64{1, 0.1, 0.01, 0.001, 0.0001} {
		scale := math.Pow10(decimals)
		var records []shapefile.Record
		for i, cell := range geotest.Tessellation(rnd.Uint64(), 60, bound) {
			records = append(records, shapefile.Record{Number: i + 1, Geometry: rounded(cell, scale), Values: []any{int64(i), "网格", 0.25}})
		}
		h := Header{System: "2000国家大地坐标系", Zone: 40, Precision: precision}
		o := read(t, write(t, records, []shapefile.Field{{Name: "编号"}, {Name: "名称"}, {Name: "面积"}}, Options{Header: h}))
		if o.file.CRS != "EPSG:4528" || o.file.Header.Precision != precision || len(o.records) != len(records) {
			t.Fatalf("CRS %s, header %+v, %d records, %v", o.file.CRS, o.file.Header, len(o.records), o.file.Violations)
		}
		for i, r := range o.records {
			if !orb.Equal(r.Geometry, records[i].Geometry) {
				t.Fatalf("precision %v, record %d:\n%v\nwant\n%v", precision, i+1, r.Geometry, records[i].Geometry)
			}
			if r.Values[colName] != "网格" || r.Values[colArea] != 0.25 {
				t.Fatalf("record %d: %v", i+1, r.Values)
			}
		}
	}
}

// rounded rounds coordinates as decimal text does.
func rounded(mp orb.MultiPolygon, scale float64) orb.MultiPolygon {
	for _, p := range mp {
		for _, r := range p {
			for k := range r {
				r[k] = orb.Point{math.Round(r[k][0]*scale) / scale, math.Round(r[k][1]*scale) / scale}
			}
		}
	}
	return mp
}

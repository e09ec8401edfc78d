package jzd

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

func TestRead(t *testing.T) {
	text := head + square + holed
	crlf := strings.ReplaceAll(text, "\n", "\r\n")
	for name, file := range map[string]string{
		"UTF-8":            text,
		"UTF-8 with mark":  bom + crlf,
		"GBK":              gbk(t, text),
		"GBK, CRLF":        gbk(t, crlf),
		"carriage return":  strings.ReplaceAll(text, "\n", "\r"),
		"blanks":           strings.NewReplacer(",", " ,\t", "=", " = ", "\n", " \n\n　\n").Replace(text),
		"no last line end": strings.TrimSuffix(text, "\n"),
		"another section":  strings.Replace(text, parcels, "[项目信息]\n项目名称=x,y,z\n"+parcels, 1),
		"full-width sign":  strings.ReplaceAll(text, "=", "＝"),
	} {
		t.Run(name, func(t *testing.T) {
			o := read(t, file)
			f := o.file
			if len(f.Violations) > 0 || len(o.records) != 2 {
				t.Fatalf("%d records, %v", len(o.records), f.Violations)
			}
			want := Header{"1.01版本", "衢江区", "2026-11-23", "2000国家大地坐标系", 3, "高斯克吕格", "米", 40, 0.001}
			if f.Header != want || f.CRS != "EPSG:4528" || !strings.Contains(f.CRSEvidence.EN, "begin with zone 40") {
				t.Errorf("header %+v, CRS %s (%v)", f.Header, f.CRS, f.CRSEvidence)
			}
			if enc := f.Encoding; enc.Name != map[bool]string{true: gb18030, false: utf8Set}[strings.HasPrefix(name, "GBK")] || enc.Evidence.EN == "" {
				t.Errorf("encoding %+v", enc)
			}
			if !reflect.DeepEqual(o.records, wantRecords()) {
				t.Errorf("records %v", o.records)
			}
			if !reflect.DeepEqual(f.Fields, fields(2, true)) {
				t.Errorf("fields %v", f.Fields)
			}
		})
	}
}

// wantRecords are square and holed.
func wantRecords() []shapefile.Record {
	return []shapefile.Record{
		{Number: 1, Values: []any{"1", "城东地块", "面", "H-50-1", "居住用地", 1.0, int64(5), nil}, Rings: []shapefile.Origin{^0}, Geometry: orb.MultiPolygon{{
			{{40500000.125, 3190000}, {40500100.125, 3190000}, {40500100.125, 3190100}, {40500000.125, 3190100}, {40500000.125, 3190000}}}}},
		{Number: 2, Values: []any{"2", "城西地块", "面", nil, "公园", 0.96, int64(10), "0702"}, Rings: []shapefile.Origin{^0, 1}, Geometry: orb.MultiPolygon{{
			{{40500000, 3191000}, {40500100, 3191000}, {40500100, 3191100}, {40500000, 3191100}, {40500000, 3191000}},
			{{40500040, 3191040}, {40500040, 3191060}, {40500060, 3191060}, {40500060, 3191040}, {40500040, 3191040}}}}},
	}
}

func TestParcels(t *testing.T) {
	const four = "J1,1,0,0 J2,1,9,0 J3,1,9,9 J4,1,0,9"
	const hole = " J5,2,1,1 J6,2,2,1 J7,2,2,2 J8,2,1,2"
	for _, c := range []struct {
		name, line, rows string
		polygons, rings  int
		checks           string
	}{
		{"closed", "5,1,,,面,,,,@", four + " J1,1,0,0", 1, 1, ""},
		{"closed, not counted", "4,1,,,面,,,,@", four + " J1,1,0,0", 1, 1, ""},
		{"closed with another label", "5,1,,,面,,,,@", four + " J5,1,0,0", 1, 1, ""},
		{"unclosed", "4,1,,,面,,,,@", four, 1, 1, "ring_closed"},
		{"unclosed with a hole", "8,1,,,面,,,,@", four + hole, 1, 2, "ring_closed"},
		{"closed hole", "9,1,,,面,,,,@", four + hole + " J5,2,1,1", 1, 2, "ring_closed"},
		{"labels restart", "10,1,,,面,,,,@", four + " J1,1,0,0 J1,2,1,1 J2,2,2,1 J3,2,2,2 J4,2,1,2 J1,2,1,1", 1, 2, ""},
		{"the hole first", "8,1,,,面,,,,@", "J5,1,1,1 J6,1,2,1 J7,1,2,2 J8,1,1,2 J1,2,0,0 J2,2,9,0 J3,2,9,9 J4,2,0,9", 1, 2, "ring_closed"},
		{"two areas", "8,1,,,面,,,,@", four + " J5,2,21,1 J6,2,22,1 J7,2,22,2 J8,2,21,2", 2, 2, "ring_closed"},
		{"other parts", "8,1,,,面,,,,@", strings.ReplaceAll(four, ",1,", ",0,") + strings.ReplaceAll(hole, ",2,", ",7,"), 1, 2, "ring_closed"},
		{"part goes on", "10,1,,,面,,,,@", four + " J1,1,0,0 J5,1,1,1 J6,1,2,1 J7,1,2,2 J8,1,1,2 J5,1,1,1", 1, 2, "part_continues"},
		{"no labels", "5,1,,,面,,,,@", ",1,0,0 ,1,9,0 ,1,9,9 ,1,0,9 ,1,0,0", 1, 1, ""},
		{"one label for all", "5,1,,,面,,,,@", "J,1,0,0 J,1,9,0 J,1,9,9 J,1,0,9 J,1,0,0", 1, 1, ""},
		{"labels are numbers", "5,1,,,面,,,,@", "1,1,0,0 2,1,9,0 3,1,9,9 4,1,0,9 1,1,0.000,-0", 1, 1, ""},
		{"clockwise", "4,1,,,面,,,,@", "J1,1,0,0 J2,1,0,9 J3,1,9,9 J4,1,9,0", 1, 1, "ring_closed"},
		{"no type, eight columns", "4,1,,,,,,@", four, 1, 1, "ring_closed"},
		{"commas behind the end", "4,1,,,面,,,,@,,", four, 1, 1, "ring_closed"},
		{"no count", ",1,,,面,,,,@", four, 1, 1, "point_count_missing ring_closed"},
		{"no points", "0,1,,,面,,,,@", "", 0, 0, "null_shape"},
		{"area is text", "4,1公顷,,,面,,,,@", four, 1, 1, "ring_closed bad_number"},
		{"repeated point", "5,1,,,面,,,,@", "J1,1,0,0 J2,1,9,0 J3,1,9,0 J4,1,9,9 J5,1,0,9", 1, 1, "ring_closed repeated_point"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := read(t, head+parcel(c.line, c.rows))
			if len(o.records) != 1 {
				t.Fatalf("refused: %v", o.file.Violations)
			}
			rings := 0
			mp, _ := o.records[0].Geometry.(orb.MultiPolygon)
			for _, p := range mp {
				rings += len(p)
			}
			if len(mp) != c.polygons || rings != c.rings || !sameChecks(o.checks(), c.checks) {
				t.Errorf("%d polygons, %d rings, checks %q; want %d, %d, %q", len(mp), rings, o.checks(), c.polygons, c.rings, c.checks)
			}
		})
	}
}

// sameChecks compares lists of checks that stand in another order too.
func sameChecks(a, b string) bool {
	for _, name := range strings.Fields(b) {
		if !strings.Contains(a, name) {
			return false
		}
	}
	return len(strings.Fields(a)) == len(strings.Fields(b))
}

func TestRefused(t *testing.T) {
	const rows = "J1,1,0,0 J2,1,9,0 J3,1,9,9 J4,1,0,9"
	for _, c := range []struct {
		name, line, rows string
		check            check
		words            string
		part, vertex     int
	}{
		{"a point missing", "5,1,,,面,,,,@", rows, badCount, `line 19 states "5" points, there are 4`, geo.None, geo.None},
		{"a point too many", "3,1,,,面,,,,@", rows, badCount, `states "3"`, geo.None, geo.None},
		{"count is text", "四,1,,,面,,,,@", rows, badCount, `states "四"`, geo.None, geo.None},
		{"no points", "4,1,,,面,,,,@", "", badCount, "there are 0", geo.None, geo.None},
		{"comma in the name", "4,1,1,a,b,面,,,,@", rows, badParcel, "line 19 has 10 columns", geo.None, geo.None},
		{"no @", "4,1,1,a,面,,,,", rows, badParcel, "columns", geo.None, geo.None},
		{"@ too early", "4,1,1,a,面,@", rows, badParcel, "has 6 columns", geo.None, geo.None},
		{"points", "4,1,,,点,,,,@", rows, notArea, `"点"`, geo.None, geo.None},
		{"lines", "4,1,,,线,,,,@", rows, notArea, `"线"`, geo.None, geo.None},
		{"three columns", "4,1,,,面,,,,@", "J1,1,0,0 J2,1,9", badRow, `line 21 should be label,part,X,Y and is "J2,1,9"`, 0, 1},
		{"five columns", "4,1,,,面,,,,@", "J1,1,0,0,7", badRow, "line 20", 0, 0},
		{"a long line", "4,1,,,面,,,,@", strings.Repeat("界", 500), badRow, strings.Repeat("界", 20) + "…", 0, 0},
		{"full-width commas", "4,1,,,面,,,,@", "J1，1，0，0", badRow, "line 20", 0, 0},
		{"part is text", "4,1,,,面,,,,@", "J1,a,0,0", badRow, "line 20", 0, 0},
		{"NaN", "4,1,,,面,,,,@", "J1,1,0,0 J2,1,NaN,0", badCoordinate, `X="NaN"`, 0, 1},
		{"infinity", "4,1,,,面,,,,@", "J1,1,0,0 J2,1,0,-Inf", badCoordinate, `Y="-Inf"`, 0, 1},
		{"1e400", "4,1,,,面,,,,@", "J1,1,1e400,0", badCoordinate, `X="1e400"`, 0, 0},
		{"hexadecimal", "4,1,,,面,,,,@", "J1,1,0x10,0", badCoordinate, `X="0x10"`, 0, 0},
		{"no number", "4,1,,,面,,,,@", "J1,1,,0", badCoordinate, `X=""`, 0, 0},
		{"part comes back", "6,1,,,面,,,,@", rows + " J5,2,1,1 J6,1,3,3", partReturns, "line 25: part 1", 1, 1},
		{"first label elsewhere", "5,1,,,面,,,,@", rows + " J1,1,0,0.001", otherPlace, `line 24: the label "J1"`, 0, 4},
		{"two points", "2,1,,,面,,,,@", "J1,1,0,0 J2,1,9,9", "no_area", "", geo.None, geo.None},
		{"the same ring twice", "8,1,,,面,,,,@", rows + " J1,2,0,0 J2,2,9,0 J3,2,9,9 J4,2,0,9", "duplicate_ring", "", 1, geo.None},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := read(t, head+square+parcel(c.line, c.rows)+square)
			if len(o.records) != 2 || o.file.Refused != 1 {
				t.Fatalf("%d yielded, %d refused: %v", len(o.records), o.file.Refused, o.file.Violations)
			}
			for _, v := range o.file.Violations {
				if v.Severity != geo.Refusal {
					continue
				}
				if v.Check != string(c.check) || v.Record != 2 || v.Part != c.part || v.Vertex != c.vertex || !strings.Contains(v.Message.EN, c.words) {
					t.Errorf("%+v, want %s, %q", v, c.check, c.words)
				}
			}
		})
	}
}

func TestUndecodable(t *testing.T) {
	for name, broken := range map[string]string{
		"parcel's line": strings.Replace(head+square+square, "城东地块", "城\xff\xff地块", 1),
		"point's line":  strings.Replace(head+square+square, "J2,1", "J\xff2,1", 1),
	} {
		o := read(t, broken)
		if len(o.records) != 1 || o.checks() != "undecodable" {
			t.Errorf("%s: %d records, %v", name, len(o.records), o.file.Violations)
		}
	}
	o := read(t, gbk(t, head+square)+strings.Replace(gbk(t, square), "5,1.0,1,", "5,1.0,1,\xff", 1))
	if len(o.records) != 1 || o.checks() != "undecodable" {
		t.Errorf("GBK: %d records, %v", len(o.records), o.file.Violations)
	}
}

func TestPointsWithoutParcel(t *testing.T) {
	o := read(t, head+"J1,1,3190000,40500000\nJ2,1,3190000,40500001\n"+square)
	if len(o.records) != 1 || o.file.Refused != 1 || !strings.Contains(o.file.Violations[0].Message.EN, "the 2 points from line 13 on") {
		t.Errorf("%d records, %v", len(o.records), o.file.Violations)
	}
}

func TestUnreadable(t *testing.T) {
	small := shapefile.DefaultLimits()
	small.Features, small.PolygonVertices, small.Vertices, small.Refusals = 3, 6, 11, 1
	for _, c := range []struct{ name, text, code string }{
		{"empty", "", "not_jzd"},
		{"UTF-16", "\xff\xfe[\x00", "not_jzd"},
		{"other text", "a=b\nc=d\n", "not_jzd"},
		{"header only", strings.TrimSuffix(head, parcels+"\n"), "not_jzd"},
		{"cut within the section's name", strings.TrimSuffix(head, "标]\n"), "not_jzd"},
		{"JSON", `{"type":"FeatureCollection","features":[]}`, "not_jzd"},
		{"long line", head + strings.Repeat("x", 5000), "line_too_long"},
		{"long line without end", strings.Repeat("x", 1<<20), "line_too_long"},
		{"many parcels", head + square + square + square + square, "too_many_features"},
		{"many points", head + holed, "too_many_vertices"},
		{"many points in all", head + square + square + square, "too_many_vertices"},
		{"many refusals", head + "1,@\n1,@\n", "too_many_refusals"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := readBytes([]byte(c.text), small)
			if got := code(o.err); got != c.code {
				t.Errorf("error %q, want %q: %v", got, c.code, o.err)
			}
		})
	}
}

func TestWithoutHeader(t *testing.T) {
	for name, text := range map[string]string{"section only": parcels + "\n" + square, "no section": "\n" + square, "GBK": gbk(t, square)} {
		o := read(t, text)
		if len(o.records) != 1 || o.checks() != string(noHeader) || o.file.CRS != "" || o.file.CRSEvidence.EN == "" {
			t.Errorf("%s: %d records, CRS %q, %v", name, len(o.records), o.file.CRS, o.file.Violations)
		}
		if o.records[0].Values[colName] != "城东地块" {
			t.Errorf("%s: %v", name, o.records[0].Values)
		}
	}
	if o := read(t, parcels); len(o.records) != 0 || o.file.Records != 0 {
		t.Errorf("no parcels: %+v", o.file)
	}
}

// TestParametersAreNotKept asserts that what ties a local system to the national one
// is neither kept nor shown.
func TestParametersAreNotKept(t *testing.T) {
	const canary = "12.3456"
	o := read(t, strings.Replace(head, "转换参数=,,,,,,", "转换参数="+canary+",1,2,3,4,5,6", 1)+square)
	if o.checks() != string(parameters) || len(o.records) != 1 {
		t.Fatalf("%v", o.file.Violations)
	}
	if v := o.file.Violations[0]; strings.Contains(v.Message.ZH+v.Message.EN+v.Fix.ZH+v.Fix.EN, canary) {
		t.Errorf("the parameters are shown: %v", v)
	}
	if text := write(t, o.records, o.file.Fields, Options{Header: o.file.Header}); strings.Contains(text, canary) {
		t.Error("the parameters are written")
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
	b := []byte(head + strings.Repeat(square, 2000))
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
	n := 0
	for _, err := range f.Features() {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 3 {
			break
		}
	}
	r.from = size - 1
	var last error
	for _, err := range f.Features() {
		last = err
	}
	if last != io.ErrNoProgress || n != 3 {
		t.Errorf("Features: %v", last)
	}
}

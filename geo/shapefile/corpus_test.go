package shapefile

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"iter"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// files is a layer as bytes by extension.
type files map[string][]byte

func (f files) clone() files {
	c := make(files, len(f))
	for ext, b := range f {
		c[ext] = bytes.Clone(b)
	}
	return c
}

// set makes the files a layer without packing them into a zip.
func (f files) set() set {
	s := set{layer: Layer{Name: "t", Path: "t.shp"}, parts: make(map[string]*part)}
	for ext, b := range f {
		s.parts[ext] = &part{name: "t." + ext, size: int64(len(b)), open: func() (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(b)), nil
		}}
	}
	return s
}

// pack zips the files in the order of their names.
func (f files) pack(t testing.TB, prefix string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, ext := range slices.Sorted(maps.Keys(f)) {
		e, err := w.Create(prefix + "." + ext)
		if err == nil {
			_, err = e.Write(f[ext])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// unpack reads back a zip by extension, for zips of one layer.
func unpack(t testing.TB, b []byte) files {
	t.Helper()
	zr, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	out := files{}
	for _, e := range zr.File {
		r, err := e.Open()
		if err != nil {
			t.Fatal(err)
		}
		_, ext := stem(e.Name)
		if out[ext], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// reading is everything that comes out of a layer.
type outcome struct {
	file    *File
	records []Record
	err     error
}

func readFiles(f files, opt Options, lim Limits) (o outcome) {
	if o.file, o.err = f.set().read(opt, lim); o.err != nil {
		return o
	}
	for r, err := range o.file.Features() {
		if err != nil {
			o.err = err
			return o
		}
		o.records = append(o.records, r)
	}
	return o
}

func mustRead(t testing.TB, f files, opt Options) outcome {
	t.Helper()
	o := readFiles(f, opt, DefaultLimits())
	if o.err != nil {
		t.Fatalf("read: %v", o.err)
	}
	o.balance(t)
	return o
}

// balance asserts that nothing was lost in silence: records in the .shp are
// records yielded plus refusals listed, and every sentence is complete.
func (o outcome) balance(t testing.TB) {
	t.Helper()
	if o.err != nil {
		return
	}
	f := o.file
	if f.Records != len(o.records)+f.Refused {
		t.Fatalf("%d records are not %d yielded and %d refused", f.Records, len(o.records), f.Refused)
	}
	refused := map[int]bool{}
	for _, v := range f.Violations {
		for _, s := range []string{v.Message.ZH, v.Message.EN} {
			if s == "" || strings.Contains(s, "%!") {
				t.Fatalf("%s: bad sentence %q", v.Check, s)
			}
		}
		if v.Severity == geo.Refusal && v.Record != geo.None && v.Check != string(recordOrder) {
			refused[v.Record] = true
		}
	}
	if len(refused) != f.Refused {
		t.Fatalf("%d records refused, %d named", f.Refused, len(refused))
	}
	for i, r := range o.records {
		if refused[r.Number] || i > 0 && r.Number <= o.records[i-1].Number {
			t.Fatalf("record %d is refused as well, or out of order", r.Number)
		}
	}
}

// checks lists the checks of the violations, with their severity's first letter.
func (o outcome) checks() string {
	var out []string
	for _, v := range o.file.Violations {
		out = append(out, string(v.Severity[0])+":"+v.Check)
	}
	return strings.Join(out, " ")
}

func (o outcome) find(c check) *geo.Violation {
	for i, v := range o.file.Violations {
		if v.Check == string(c) {
			return &o.file.Violations[i]
		}
	}
	return nil
}

func (o outcome) want(t testing.TB, checks string) {
	t.Helper()
	if got := o.checks(); got != checks {
		t.Fatalf("checks\n got %q\nwant %q", got, checks)
	}
}

func code(err error) string {
	if e, ok := err.(*geo.Error); ok {
		return e.Code
	}
	return fmt.Sprint(err)
}

// --- shapes as bytes

func le32(v int) []byte              { return binary.LittleEndian.AppendUint32(nil, uint32(v)) }
func be32(v int) []byte              { return binary.BigEndian.AppendUint32(nil, uint32(v)) }
func leFloat(v float64) []byte       { return binary.LittleEndian.AppendUint64(nil, math.Float64bits(v)) }
func join(bs ...[]byte) []byte       { return bytes.Join(bs, nil) }
func floats(n int, v float64) []byte { return bytes.Repeat(leFloat(v), n) }

func xy(points ...orb.Point) []byte {
	b := make([]byte, 0, pointBytes*len(points))
	for _, p := range points {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(p[0]))
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(p[1]))
	}
	return b
}

// partsContent is a record of parts, taken as they are.
func partsContent(k kind, parts ...[]orb.Point) []byte {
	var index, points []byte
	n := 0
	for _, p := range parts {
		index = append(index, le32(n)...)
		points = append(points, xy(p...)...)
		n += len(p)
	}
	return join(le32(int(k)), floats(4, 0), le32(len(parts)), le32(n), index, points)
}

func polygonContent(parts ...[]orb.Point) []byte { return partsContent(polygon, parts...) }

// shpOf builds a .shp and its .shx of contents.
func shpOf(k kind, contents ...[]byte) files {
	var shp, shx []byte
	at := headerBytes
	for i, c := range contents {
		shp = join(shp, be32(i+1), be32(len(c)/2), c)
		shx = join(shx, be32(at/2), be32(len(c)/2))
		at += frameBytes + len(c)
	}
	return files{
		"shp": append(header{kind: k, length: int64(at)}.appendTo(nil, [2]float64{}, [2]float64{}), shp...),
		"shx": append(header{kind: k, length: int64(headerBytes + len(shx))}.appendTo(nil, [2]float64{}, [2]float64{}), shx...),
	}
}

// --- tables as bytes

type rawField struct {
	name             string
	kind             byte
	length, decimals int
}

// dbfOf builds a .dbf of rows that begin with their mark.
func dbfOf(version, ldid byte, fields []rawField, rows ...string) []byte {
	width := 1
	var list []byte
	for _, f := range fields {
		var d [32]byte
		copy(d[:11], f.name)
		d[11], d[16], d[17] = f.kind, byte(f.length), byte(f.decimals)
		list = append(list, d[:]...)
		width += f.length
	}
	head := make([]byte, 32)
	head[0], head[1], head[2], head[3], head[29] = version, 126, 11, 23, ldid
	binary.LittleEndian.PutUint32(head[4:], uint32(len(rows)))
	binary.LittleEndian.PutUint16(head[8:], uint16(len(head)+len(list)+1))
	binary.LittleEndian.PutUint16(head[10:], uint16(width))
	b := join(head, list, []byte{dbfTerminator})
	for _, r := range rows {
		b = append(b, r...)
	}
	return append(b, dbfEnd)
}

// pad fills s to n bytes.
func pad(s string, n int) string { return s + strings.Repeat(" ", n-len(s)) }

// points3 is a point file of as many records as the .dbf has rows.
func withPoints(dbf []byte) files {
	n := int(binary.LittleEndian.Uint32(dbf[4:]))
	var contents [][]byte
	for i := range n {
		contents = append(contents, join(le32(1), xy(orb.Point{float64(i), 1})))
	}
	f := shpOf(point, contents...)
	f["dbf"] = dbf
	return f
}

// --- generated layers

// box is a closed clockwise ring, as ESRI wants outer rings.
func box(x, y, size float64) []orb.Point {
	return []orb.Point{{x, y}, {x, y + size}, {x + size, y + size}, {x + size, y}, {x, y}}
}

func reversed(r []orb.Point) []orb.Point {
	r = slices.Clone(r)
	slices.Reverse(r)
	return r
}

// star is a closed ring around a centre, counter-clockwise, without self-crossing.
func star(rng *rand.Rand, cx, cy, radius float64, n int) orb.Ring {
	r := make(orb.Ring, 0, n+1)
	for i := range n {
		a := 2 * math.Pi * (float64(i) + 0.8*rng.Float64()) / float64(n)
		d := radius * (0.6 + 0.4*rng.Float64())
		r = append(r, orb.Point{cx + d*math.Cos(a), cy + d*math.Sin(a)})
	}
	return append(r, r[0])
}

// ringsAround is a polygon with a hole now and then, and islands in some holes.
func blob(rng *rand.Rand, cx, cy, radius float64, n int) orb.MultiPolygon {
	p := orb.Polygon{star(rng, cx, cy, radius, n)}
	if n < 12 || rng.IntN(3) > 0 {
		return orb.MultiPolygon{p}
	}
	hole := star(rng, cx, cy, radius/2, max(6, n/2))
	slices.Reverse(hole)
	p = append(p, hole)
	if rng.IntN(2) > 0 {
		return orb.MultiPolygon{p}
	}
	return orb.MultiPolygon{p, {star(rng, cx, cy, radius/4, 8)}}
}

var words = []string{"衢江区", "杜泽镇", "上方村", "网格一", "莲花", "Quzhou", "", "全旺镇红星村第三网格"}

func demoFields() []Field {
	return []Field{
		{Name: "WGBM", Type: 'C', Length: 15}, {Name: "网格名称", Type: 'C', Length: 40},
		{Name: "人口", Type: 'N', Length: 9}, {Name: "MJ", Type: 'N', Length: 18, Decimals: 4},
		{Name: "QYRQ", Type: 'D'}, {Name: "YX", Type: 'L'},
	}
}

// demo is a layer of n polygons in Gauss-Krüger metres with attributes of all types.
func demo(seed uint64, n, vertices int) []Record {
	rng := rand.New(rand.NewPCG(seed, 1))
	out := make([]Record, n)
	for i := range out {
		cx, cy := 4.05e7+float64(i%300)*1000, 3.2e6+float64(i/300)*1000
		out[i] = Record{Number: i + 1, Geometry: blob(rng, cx, cy, 450, vertices), Values: []any{
			fmt.Sprintf("33089000%07d", i), words[rng.IntN(len(words))], int64(rng.IntN(5000)),
			math.Round(rng.Float64()*1e9) / 1e4, fmt.Sprintf("20%02d-%02d-%02d", rng.IntN(30), 1+rng.IntN(12), 1+rng.IntN(28)), rng.IntN(2) == 0,
		}}
		if out[i].Values[1] == "" {
			out[i].Values[1] = nil
		}
	}
	return out
}

func seq(records []Record) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for _, r := range records {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func demoOutput(records []Record, encoding string) Output {
	return Output{Name: "cells", PRJ: `GEOGCS["x"]`, Encoding: encoding, Fields: demoFields(), ShapeType: "Polygon", Records: seq(records)}
}

func write(t testing.TB, layers ...Output) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, layers...); err != nil {
		t.Fatalf("write: %v", err)
	}
	return b.Bytes()
}

func demoFiles(t testing.TB, n, vertices int, encoding string) files {
	t.Helper()
	return unpack(t, write(t, demoOutput(demo(7, n, vertices), encoding)))
}

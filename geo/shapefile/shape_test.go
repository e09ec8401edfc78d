package shapefile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"towngrid/geo"
)

var nan, inf = math.NaN(), math.Inf(1)

// All types are read into the plane; heights and measures are left out with one notice.
func TestShapeTypes(t *testing.T) {
	ring := box(0, 0, 2)
	want := map[kind]orb.Geometry{
		point:      orb.Point{3, 4},
		multiPoint: orb.MultiPoint{{3, 4}, {5, 6}},
		polyLine:   orb.MultiLineString{{{0, 0}, {1, 1}}, {{5, 5}, {6, 6}, {7, 5}}},
		polygon:    orb.MultiPolygon{{orb.Ring(reversed(ring))}},
	}
	content := func(k kind) (b []byte, points int) {
		switch k.family() {
		case point:
			return join(le32(int(k)), xy(orb.Point{3, 4})), 0
		case multiPoint:
			return join(le32(int(k)), floats(4, 0), le32(2), xy(orb.Point{3, 4}, orb.Point{5, 6})), 2
		case polyLine:
			return partsContent(k, []orb.Point{{0, 0}, {1, 1}}, []orb.Point{{5, 5}, {6, 6}, {7, 5}}), 5
		}
		return partsContent(k, ring), 5
	}
	for _, k := range []kind{1, 3, 5, 8, 11, 13, 15, 18, 21, 23, 25, 28} {
		b, n := content(k)
		plane := floats(2+n, 9)
		if k.family() == point {
			plane = floats(1, 9)
		}
		whole := [][]byte{b}
		switch {
		case k.hasZ():
			whole = [][]byte{join(b, plane), join(b, plane, plane)}
		case k.hasM():
			whole = [][]byte{b, join(b, plane)}
		}
		f := shpOf(k, whole...)
		o := mustRead(t, f, Options{})
		if k < 10 {
			o.want(t, "w:no_dbf")
		} else {
			o.want(t, "w:no_dbf n:z_dropped")
		}
		if o.file.ShapeType != k.String() || len(o.records) != len(whole) {
			t.Fatalf("%v: %s, %d records", k, o.file.ShapeType, len(o.records))
		}
		for _, r := range o.records {
			if diff := cmp.Diff(want[k.family()], r.Geometry); diff != "" {
				t.Errorf("%v: %s", k, diff)
			}
			if r.Values != nil {
				t.Errorf("%v: values without a .dbf", k)
			}
		}
		// A cut Z plane costs nothing but a warning; bytes too many are noticed.
		cut, long := "", "n:record_padding"
		if k.hasZ() {
			cut = "w:z_cut"
			cutBytes := join(b, plane[:len(plane)-8])
			readFiles(shpOf(k, cutBytes), Options{}, DefaultLimits()).want(t, "w:no_dbf n:z_dropped "+cut)
			long = "n:z_dropped " + long
			b = join(b, plane, plane)
		} else if k.hasM() {
			long = "n:z_dropped " + long
			b = join(b, plane)
		}
		readFiles(shpOf(k, join(b, make([]byte, 8))), Options{}, DefaultLimits()).want(t, "w:no_dbf "+long)
	}
}

func TestOddRecords(t *testing.T) {
	good := polygonContent(box(0, 0, 2))
	for _, c := range []struct {
		name    string
		content []byte
		want    string // of the second record
	}{
		{"null shape", le32(0), "n:null_shape"},
		{"polygon of nothing", polygonContent(), "n:null_shape"},
		{"PolygonM in a file of polygons", partsContent(25, box(0, 0, 2)), "w:shape_type_varies"},
		{"line in a file of polygons", partsContent(polyLine, box(0, 0, 2)), "e:shape_type_mismatch"},
		{"MultiPatch", join(le32(31), make([]byte, 60)), "e:shape_type_unknown"},
		{"type -1", join(le32(-1), make([]byte, 60)), "e:shape_type_unknown"},
		{"no room for counts", le32(5), "e:bad_counts"},
		{"no parts", join(le32(5), floats(4, 0), le32(0), le32(5), xy(box(0, 0, 1)...)), "e:bad_counts"},
		{"no points", join(le32(5), floats(4, 0), le32(1), le32(0), le32(0)), "e:bad_counts"},
		{"more parts than points", join(le32(5), floats(4, 0), le32(3), le32(2), make([]byte, 90)), "e:bad_counts"},
	} {
		o := mustRead(t, shpOf(polygon, good, c.content, good), Options{})
		o.want(t, "w:no_dbf "+c.want)
		refused := strings.HasPrefix(c.want, "e:")
		if refused != (len(o.records) == 2) || o.file.Violations[1].Record != 2 {
			t.Errorf("%s: %d records, %+v", c.name, len(o.records), o.file.Violations[1])
		}
		if !refused && strings.Contains(c.want, "null") && (o.records[1].Geometry != nil || o.records[1].Number != 2) {
			t.Errorf("%s: %+v", c.name, o.records[1])
		}
	}
	lines := shpOf(polyLine, partsContent(polyLine, []orb.Point{{1, 1}}, []orb.Point{{1, 1}, {2, 2}}), partsContent(polyLine, []orb.Point{{1, 1}}))
	o := mustRead(t, lines, Options{})
	o.want(t, "w:no_dbf w:short_line e:no_line")
	empty := join(le32(8), floats(4, 0), le32(0))
	mustRead(t, shpOf(multiPoint, empty), Options{}).want(t, "w:no_dbf n:null_shape")
}

// Record numbers are often wrong and are not looked at.
func TestRecordNumbers(t *testing.T) {
	f := demoFiles(t, 20, 8, "GBK")
	want := mustRead(t, f, Options{})
	for _, number := range []int{0, -1, 7, math.MaxInt32} {
		g := f.clone()
		for at := headerBytes; at < len(g["shp"]); at += frameBytes + 2*int(binary.BigEndian.Uint32(g["shp"][at+4:])) {
			copy(g["shp"][at:], be32(number))
		}
		o := mustRead(t, g, Options{})
		o.want(t, "")
		if diff := cmp.Diff(want.records, o.records); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestHeaders(t *testing.T) {
	f := demoFiles(t, 3, 8, "GBK")
	for _, c := range []struct {
		name string
		at   int
		with []byte
		want string // checks, or the code of the error
	}{
		{"file code", 0, le32(9994), "shp_header"},
		{"version", 28, le32(1001), "w:shp_version"},
		{"type 0", 32, le32(0), "e:shape_type_mismatch e:shape_type_mismatch e:shape_type_mismatch"},
		{"type 2", 32, le32(2), "shp_header"},
		{"type 35", 32, le32(35), "shp_header"},
		{"type big-endian", 32, be32(5), "shp_header"},
		{"MultiPatch", 32, le32(31), "multipatch"},
		{"point file", 32, le32(1), "e:shape_type_mismatch e:shape_type_mismatch e:shape_type_mismatch"},
		{"length 0", 24, be32(0), "w:shp_length"},
		{"length -1", 24, be32(-1), "w:shp_length"},
		{"length of the header only", 24, be32(50), "w:shp_length"},
		{"length too large", 24, be32(1 << 20), "w:shp_length"},
		{"bounds", 36, floats(4, nan), ""},
	} {
		g := f.clone()
		copy(g["shp"][c.at:], c.with)
		o := readFiles(g, Options{}, DefaultLimits())
		if o.err != nil {
			if code(o.err) != c.want {
				t.Errorf("%s: %v", c.name, o.err)
			}
			continue
		}
		o.balance(t)
		o.want(t, c.want)
	}
	if o := readFiles(files{"shp": nil}, Options{}, DefaultLimits()); code(o.err) != "shp_header" {
		t.Errorf("empty .shp: %v", o.err)
	}
}

// Every field of a record and of the header lies in every way: no panic, little
// memory, and no feature lost without a violation.
func TestLyingFields(t *testing.T) {
	f := demoFiles(t, 5, 8, "GBK")
	delete(f, "shx") // must not give the lie away
	n := len(mustRead(t, f, Options{}).records)
	second := headerBytes + frameBytes + 2*int(binary.BigEndian.Uint32(f["shp"][headerBytes+4:]))
	big := map[string]int{"file code": 0, "file length": 24, "record number": second, "record length": second + 4}
	little := map[string]int{
		"version": 28, "type": 32, "bounds": 36, "z range": 68,
		"record type": second + 8, "record bounds": second + 12, "parts": second + 44, "points": second + 48,
		"part index": second + 52, "coordinate": second + 56 + 4,
	}
	lie := func(name string, at int, v uint32, order binary.ByteOrder) {
		for how, w := range map[string]uint32{
			"0": 0, "-1": 0xffffffff, "max": 0x7fffffff, "+1": v + 1, "swapped": v<<24 | v>>24 | v<<8&0xff0000 | v>>8&0xff00,
			"min": 0x80000000, "7ffffff0": 0x7ffffff0,
		} {
			g := f.clone()
			order.PutUint32(g["shp"][at:], w)
			var o outcome
			took, within, allocated := quick(100*time.Millisecond, func() { o = readFiles(g, Options{}, DefaultLimits()) })
			if !within || allocated > 16<<20 {
				t.Errorf("%s %s: %v, %d bytes", name, how, took, allocated)
			}
			o.balance(t)
			if o.err == nil && len(o.records) < n && !geo.Refused(o.file.Violations) {
				t.Errorf("%s %s: %d of %d features without a refusal: %s", name, how, len(o.records), n, o.checks())
			}
		}
	}
	for name, at := range big {
		lie(name, at, binary.BigEndian.Uint32(f["shp"][at:]), binary.BigEndian)
	}
	for name, at := range little {
		lie(name, at, binary.LittleEndian.Uint32(f["shp"][at:]), binary.LittleEndian)
	}
}

// Counts that lie are refused before anything is allocated by them.
func TestLyingCounts(t *testing.T) {
	for _, counts := range [][2]int{{1, 0x7ffffff0}, {0x7ffffff0, 0x7ffffff0}, {0x7ffffff0, 4}, {-1, 4}, {1, -1}, {1, 400_000}} {
		content := join(le32(5), floats(4, 0), le32(counts[0]), le32(counts[1]), make([]byte, 4))
		f := shpOf(polygon, content)
		var o outcome
		_, allocated := spent(func() { o = readFiles(f, Options{}, DefaultLimits()) })
		if len(f["shp"]) != 156 || allocated > 1<<20 {
			t.Errorf("%v: %d bytes allocated for a file of %d", counts, allocated, len(f["shp"]))
		}
		o.balance(t)
		o.want(t, "w:no_dbf e:bad_counts")
	}
	// A record that claims 2 GiB of a small file.
	f := shpOf(polygon, polygonContent(box(0, 0, 1)))
	copy(f["shp"][104:], be32(0x3fffffff))
	var o outcome
	_, allocated := spent(func() { o = readFiles(f, Options{}, DefaultLimits()) })
	o.want(t, "w:no_dbf e:truncated")
	if allocated > 1<<20 {
		t.Errorf("%d bytes allocated", allocated)
	}
}

func TestPartIndices(t *testing.T) {
	ring := append(box(0, 0, 4), box(10, 0, 4)...)
	content := func(index ...int) []byte {
		var list []byte
		for _, i := range index {
			list = append(list, le32(i)...)
		}
		return join(le32(5), floats(4, 0), le32(len(index)), le32(len(ring)), list, xy(ring...))
	}
	for _, c := range []struct {
		index []int
		want  string
		part  int
	}{
		{[]int{0, 5}, "", 0},
		{[]int{1, 5}, "e:bad_part_index", 0},
		{[]int{-1, 5}, "e:bad_part_index", 0},
		{[]int{0, 5, 4}, "e:bad_part_index", 2},
		{[]int{0, 11}, "e:bad_part_index", 1},
		{[]int{0, 0x7fffffff}, "e:bad_part_index", 1},
		{[]int{0, 0, 5}, "w:empty_part", 0},
		{[]int{0, 5, 5}, "w:empty_part", 1},
		{[]int{0, 5, 10}, "w:empty_part", 2},
		{[]int{0, 2, 5}, "w:degenerate_ring n:ring_closed", 0},
	} {
		o := mustRead(t, shpOf(polygon, content(c.index...)), Options{})
		o.want(t, strings.TrimSpace("w:no_dbf "+c.want))
		if c.want != "" && o.file.Violations[1].Part != c.part {
			t.Errorf("%v: part %d, want %d", c.index, o.file.Violations[1].Part, c.part)
		}
	}
	// Generated: any indices whatever either are in order or are refused.
	const seed = 9
	rng := rand.New(rand.NewPCG(seed, 0))
	for i := range 500 {
		index := make([]int, 1+rng.IntN(4))
		for k := range index {
			index[k] = rng.IntN(14) - 1
		}
		if rng.IntN(2) == 0 {
			slices.Sort(index)
			index[0] = 0
		}
		valid := index[0] == 0 && slices.IsSorted(index) && index[len(index)-1] <= len(ring)
		o := mustRead(t, shpOf(polygon, content(index...)), Options{})
		if refused := o.find(badParts) != nil; refused == valid {
			t.Fatalf("seed %d case %d: indices %v: %s", seed, i, index, o.checks())
		}
	}
}

// No coordinate that is no position gets through, and its place is named.
func TestBadCoordinates(t *testing.T) {
	for _, c := range []struct {
		v   float64
		bad bool
	}{
		{nan, true}, {math.Float64frombits(0x7ff0000000000001), true}, {inf, true}, {-inf, true}, {1e308, true}, {-1e301, true},
		{math.Copysign(0, -1), false}, {5e-324, false}, {-1e30, false},
	} {
		for _, part := range []int{0, 1} {
			for vertex := 1; vertex <= 3; vertex++ {
				parts := [][]orb.Point{box(0, 0, 1e4), box(100, 100, 10)}
				parts[part][vertex][vertex%2] = c.v
				o := mustRead(t, shpOf(polygon, polygonContent(box(0, 0, 1)), polygonContent(parts...)), Options{})
				v := o.find(badCoordinate)
				if (v != nil) != c.bad {
					t.Fatalf("%v: %s", c.v, o.checks())
				}
				if v != nil && (v.Record != 2 || v.Part != part || v.Vertex != vertex || v.Severity != geo.Refusal || v.Placed()) {
					t.Fatalf("%v in part %d, vertex %d: %+v", c.v, part, vertex, v)
				}
			}
		}
	}
	for _, f := range []files{
		shpOf(point, join(le32(1), xy(orb.Point{1, nan}))),
		shpOf(multiPoint, join(le32(8), floats(4, 0), le32(2), xy(orb.Point{1, 1}, orb.Point{inf, 2}))),
		shpOf(polyLine, partsContent(polyLine, []orb.Point{{1, 1}, {nan, 2}})),
	} {
		mustRead(t, f, Options{}).want(t, "w:no_dbf e:bad_coordinate")
	}
}

// A set cut at every byte of each of its files never has fewer features without a refusal.
func TestTruncation(t *testing.T) {
	for name, f := range map[string]files{"polygons": demoFiles(t, 100, 3, "GBK"), "points": pointFiles(t, 100)} {
		whole := mustRead(t, f, Options{})
		if len(whole.records) != 100 || len(whole.file.Violations) != 0 {
			t.Fatalf("%s: %d records, %s", name, len(whole.records), whole.checks())
		}
		cut := func(ext string, g files) {
			t.Run(name+" "+ext, func(t *testing.T) {
				t.Parallel()
				for n := range len(f[ext]) {
					g[ext] = f[ext][:n]
					o := readFiles(g, Options{}, DefaultLimits())
					if o.err != nil {
						continue
					}
					o.balance(t)
					same := len(o.records) == 100 && (g["dbf"] == nil || cmp.Equal(whole.records[99].Values, o.records[99].Values))
					if (!same || ext == "shp") && !geo.Refused(o.file.Violations) {
						t.Fatalf("cut to %d of %d bytes: %d features and no refusal: %s", n, len(f[ext]), len(o.records), o.checks())
					}
				}
			})
		}
		for _, ext := range []string{"shp", "dbf", "shx"} {
			cut(ext, f.clone())
		}
		cut("shp", files{"shp": nil}) // without the other files, which would give the cut away
	}
}

func pointFiles(t testing.TB, n int) files {
	var records []Record
	for i := range n {
		records = append(records, Record{Number: i + 1, Geometry: orb.Point{float64(i), 2}, Values: []any{fmt.Sprint("点", i)}})
	}
	return unpack(t, write(t, Output{Name: "p", ShapeType: "Point", Fields: []Field{{Name: "名", Type: 'C'}}, Records: seq(records)}))
}

// Bytes after the data never pass unnoticed, and never become features.
func TestTrailingBytes(t *testing.T) {
	f := demoFiles(t, 10, 6, "GBK")
	for _, ext := range []string{"shp", "dbf", "shx"} {
		for _, rest := range [][]byte{{0}, {0x1a}, make([]byte, 8), make([]byte, 5000), bytes.Repeat([]byte("garbage "), 40)} {
			g := f.clone()
			g[ext] = append(g[ext], rest...)
			o := mustRead(t, g, Options{})
			v := o.find(trailing)
			if len(o.records) != 10 || v == nil || v.File != "t."+ext || len(o.file.Violations) != 1 {
				t.Fatalf("%d bytes after .%s: %d records, %s", len(rest), ext, len(o.records), o.checks())
			}
		}
	}
}

// The other files tell how many records there are where the header lies, too.
func TestTrailingBytesWithinTheStatedLength(t *testing.T) {
	f := demoFiles(t, 10, 6, "GBK")
	f["shp"] = append(f["shp"], 0, 0, 0, 9, 9)
	copy(f["shp"][24:], be32(len(f["shp"])/2))
	o := mustRead(t, f, Options{})
	o.want(t, "w:trailing_bytes")
	delete(f, "shx")
	mustRead(t, f, Options{}).want(t, "w:trailing_bytes")
	delete(f, "dbf")
	o = mustRead(t, f, Options{})
	o.want(t, "w:no_dbf e:truncated")
	if len(o.records) != 10 {
		t.Fatalf("%d records", len(o.records))
	}
}

// Garbage between records ends the reading with a refusal.
func TestOutOfStep(t *testing.T) {
	f := demoFiles(t, 10, 6, "GBK")
	second := headerBytes + frameBytes + 2*int(binary.BigEndian.Uint32(f["shp"][headerBytes+4:]))
	for _, length := range []int{0, -1, -0x80000000, 1} {
		g := f.clone()
		copy(g["shp"][second+4:], be32(length))
		o := mustRead(t, g, Options{})
		if len(o.records) != 1 || o.find(outOfStep) == nil || o.find(outOfStep).Record != 2 {
			t.Errorf("length %d: %d records, %s", length, len(o.records), o.checks())
		}
	}
}

func TestCountsThatDiffer(t *testing.T) {
	ten, eight := demoFiles(t, 10, 6, "GBK"), demoFiles(t, 8, 6, "GBK")
	for _, c := range []struct {
		name          string
		shp, dbf, shx files
		records       int
		checks        string // without Force
		forced        string
	}{
		{"rows missing", ten, eight, ten, 10, "w:missing_row w:missing_row e:record_count_mismatch", "w:missing_row w:missing_row w:record_count_mismatch"},
		{"shapes missing", eight, ten, eight, 8, "e:record_count_mismatch", "w:record_count_mismatch"},
		{"index short", ten, ten, eight, 10, "e:record_count_mismatch", "w:record_count_mismatch"},
		{"index long", eight, eight, ten, 8, "e:record_count_mismatch", "w:record_count_mismatch"},
		{"no index", ten, ten, files{}, 10, "", ""},
	} {
		g := files{"shp": c.shp["shp"], "dbf": c.dbf["dbf"], "cpg": ten["cpg"]}
		if c.shx["shx"] != nil {
			g["shx"] = c.shx["shx"]
		}
		o := mustRead(t, g, Options{})
		o.want(t, c.checks)
		forced := mustRead(t, g, Options{Force: true})
		forced.want(t, c.forced)
		if len(o.records) != c.records || len(forced.records) != c.records {
			t.Errorf("%s: %d and %d records", c.name, len(o.records), len(forced.records))
		}
		for _, r := range o.records {
			if len(r.Values) != len(o.file.Fields) {
				t.Errorf("%s: record %d has %d values", c.name, r.Number, len(r.Values))
			}
		}
	}
}

// An index that lists the records in another order means that rows belong to
// other shapes; one that is nonsense means nothing.
func TestIndexThatDeparts(t *testing.T) {
	f := demoFiles(t, 10, 6, "GBK")
	swapped := f.clone()
	copy(swapped["shx"][100+8*3:], f["shx"][100+8*4:100+8*5])
	copy(swapped["shx"][100+8*4:], f["shx"][100+8*3:100+8*4])
	o := mustRead(t, swapped, Options{})
	o.want(t, "e:record_order")
	if v := o.file.Violations[0]; v.Record != 4 || v.File != "t.shx" {
		t.Errorf("%+v", v)
	}
	mustRead(t, swapped, Options{Force: true}).want(t, "e:record_order")
	nonsense := f.clone()
	copy(nonsense["shx"][100+8*3:], be32(77))
	mustRead(t, nonsense, Options{}).want(t, "w:shx_damaged")
	nonsense["shx"][0] = 1
	mustRead(t, nonsense, Options{}).want(t, "w:shx_damaged")
}

// Limits are errors, met before the work is done.
func TestLimits(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	small := DefaultLimits()
	small.Features, small.PolygonVertices, small.Vertices, small.Refusals, small.Fields = 50, 100, 1000, 10, 5
	star := func(n int) []byte { return polygonContent(reversed(star(rng, 0, 0, 5, n))) }
	repeat := func(c []byte, n int) files { return shpOf(polygon, slices.Repeat([][]byte{c}, n)...) }
	for _, c := range []struct {
		name string
		f    files
		want string
	}{
		{"features at the limit", repeat(star(9), 50), "<nil>"},
		{"features", repeat(star(9), 51), "too_many_features"},
		{"rows", withPoints(dbfOf(3, 0, []rawField{{"A", 'C', 1, 0}}, slices.Repeat([]string{" x"}, 51)...)), "too_many_features"},
		{"vertices of one at the limit", repeat(star(99), 1), "<nil>"},
		{"vertices of one", repeat(star(100), 1), "too_many_vertices"},
		{"vertices of all", repeat(star(99), 11), "too_many_vertices"},
		{"refusals at the limit", repeat(polygonContent([]orb.Point{{1, 1}}), 10), "<nil>"},
		{"refusals", repeat(polygonContent([]orb.Point{{1, 1}}), 11), "too_many_refusals"},
	} {
		o := readFiles(c.f, Options{}, small)
		if code(o.err) != c.want {
			t.Errorf("%s: %v", c.name, o.err)
		}
		if e, ok := o.err.(*geo.Error); ok && c.want == "too_many_refusals" && len(e.Violations) != 12 {
			t.Errorf("%s: %d violations with the error", c.name, len(e.Violations))
		}
	}
	// Ten million vertices are refused by their count, a million features by theirs.
	head := join(le32(5), floats(4, 0), le32(1), le32(10_000_000), le32(0), make([]byte, 160_000_000))
	huge := shpOf(polygon, head)
	var err error
	took, within, allocated := quick(100*time.Millisecond, func() { err = readFiles(huge, Options{}, DefaultLimits()).err })
	if code(err) != "too_many_vertices" || !within || allocated > 1<<20 {
		t.Errorf("10M vertices: %v after %v, %d bytes", err, took, allocated)
	}
	null := join(be32(1), be32(2), le32(0))
	million := files{"shp": append(header{kind: polygon, length: 100 + 12_000_000}.appendTo(nil, [2]float64{}, [2]float64{}), bytes.Repeat(null, 1_000_000)...)}
	took, within, _ = quick(3*time.Second, func() { err = readFiles(million, Options{}, DefaultLimits()).err })
	if code(err) != "too_many_features" || !within {
		t.Errorf("1M features: %v after %v", err, took)
	}
}

// Beyond a number of its kind, a notice is counted and no longer listed.
func TestListedViolations(t *testing.T) {
	lim := DefaultLimits()
	lim.Listed = 5
	f := shpOf(polygon, slices.Repeat([][]byte{polygonContent(reversed(box(0, 0, 1)))}, 12)...)
	o := readFiles(f, Options{}, lim)
	o.balance(t)
	last := o.file.Violations[len(o.file.Violations)-1]
	if len(o.file.Violations) != 1+5+1 || last.Check != "ring_reversed" || !strings.Contains(last.Message.EN, "7 more") || last.Record != geo.None {
		t.Fatalf("%+v", o.file.Violations)
	}
	// Ranging again starts afresh.
	n := 0
	for range o.file.Features() {
		n++
	}
	if n != 12 || len(o.file.Violations) != 7 || o.file.Records != 12 {
		t.Fatalf("second run: %d records, %d violations", n, len(o.file.Violations))
	}
	for range o.file.Features() {
		break
	}
	if o.file.Records != 1 {
		t.Fatalf("a run that was left early counted %d", o.file.Records)
	}
}

// The largest layer that is accepted streams in bounded memory: five million
// vertices in 200 records, 80 MB, of which no more than a record is held.
func TestAtTheLimit(t *testing.T) {
	const records, vertices = 200, 25_000
	rng := rand.New(rand.NewPCG(1, 1))
	content := polygonContent(reversed(star(rng, 4e7, 3e6, 1000, vertices-1)))
	record := join(be32(1), be32(len(content)/2), content)
	size := int64(headerBytes + records*len(record))
	head := header{kind: polygon, length: size}.appendTo(nil, [2]float64{}, [2]float64{})
	s := files{}.set()
	s.parts["shp"] = &part{name: "t.shp", size: size, open: func() (io.ReadCloser, error) {
		readers := []io.Reader{bytes.NewReader(head)}
		for range records {
			readers = append(readers, bytes.NewReader(record))
		}
		return io.NopCloser(io.MultiReader(readers...)), nil
	}}
	f, err := s.read(Options{}, DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	live := func() uint64 {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}
	runtime.GC()
	before := live()
	most, total := before, 0
	start := time.Now()
	for r, err := range f.Features() {
		if err != nil {
			t.Fatal(err)
		}
		total += len(r.Geometry.(orb.MultiPolygon)[0][0])
		most = max(most, live())
	}
	took := time.Since(start)
	t.Logf("%d vertices in %v, %d MB", total, took, (most-before)>>20)
	if total != 5_000_000 || most-before > 64<<20 || took > 120*time.Second {
		t.Errorf("%d vertices in %v, %d MB", total, took, (most-before)>>20)
	}
}

package geojson

import (
	"bytes"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/shapefile"
)

// sample is a small file of each kind, with the number of its records.
func sample() map[string]string {
	features := []string{
		feature(of("MultiPolygon", "[["+square+",[[1,1],[1,2],[2,2],[1,1]]],[[[8.125,8],[9,8],[9,9.5e0],[8.125,8]]]]"), `"编码":"330803\"001","n":1,"x":{"y":[]}`),
		`{"type":"Feature","id":"\u57ce","properties":{"编码":null},"geometry":{"coordinates":[[0,0,1],[-1.5,2,3]],"type":"LineString"}}`,
		feature("null", `"n":-2.5e-3`),
		feature(of("Point", "[118.25,28.5]"), `"名称":"城东社区"`),
	}
	return map[string]string{
		"collection": "\ufeff" + `{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"EPSG:4490"}},"features":[` + strings.Join(features, ",\n") + "],\n\"bbox\":[0,0,9,9]}\n",
		"array":      "[" + strings.Join(features, ",") + "]",
		"lines":      strings.Join(features, "\n") + "\n",
		"sequence":   "\x1e" + strings.Join(features, "\n\x1e") + "\n",
		"Feature":    features[0],
		"geometry":   `{"type":"GeometryCollection","geometries":[` + of("Polygon", "["+square+"]") + "," + of("Polygon", "[[[8,8],[9,8],[9,9],[8,8]]]") + "]}",
	}
}

// TestTruncation cuts files at every byte: what is left has all records, or says that
// some are missing. Of a sequence that ends between two texts nobody can tell.
func TestTruncation(t *testing.T) {
	for name, text := range sample() {
		all := read(t, text)
		for cut := range len(text) {
			o := readBytes([]byte(text[:cut]), shapefile.DefaultLimits())
			if o.err != nil {
				if code(o.err) != "not_geojson" {
					t.Errorf("%s cut at %d: %v", name, cut, o.err)
				}
				continue
			}
			o.balance(t)
			if len(o.records) < len(all.records) && !geo.Refused(o.file.Violations) && !betweenTexts(name, text, cut) {
				t.Errorf("%s cut at %d: %d of %d records, and only %v", name, cut, len(o.records), len(all.records), o.checks())
			}
			for i, r := range o.records {
				if !sameRecord(r, all.records[i], o.file.Fields, all.file.Fields) {
					t.Errorf("%s cut at %d: record %d is %v", name, cut, i+1, r)
				}
			}
		}
	}
}

func betweenTexts(name, text string, cut int) bool {
	if name != "lines" && name != "sequence" {
		return false
	}
	return strings.TrimSpace(strings.Trim(text[:cut], "\x1e\n")) == "" ||
		strings.HasSuffix(strings.TrimRight(text[:cut], "\x1e\n"), "}") && strings.ContainsAny(text[cut:cut+1], "\x1e\n{")
}

// sameRecord compares records whose files may differ in the fields that other records
// brought.
func sameRecord(a, b shapefile.Record, fa, fb []shapefile.Field) bool {
	if a.Number != b.Number || !orbEqual(a.Geometry, b.Geometry) {
		return false
	}
	values := map[string]any{}
	for i, f := range fb {
		values[f.Name] = b.Values[i]
	}
	for i, f := range fa {
		got, want := a.Values[i], values[f.Name]
		if n, ok := want.(int64); ok && got == float64(n) {
			continue
		}
		if n, ok := got.(int64); ok && want == float64(n) {
			continue
		}
		if got != want {
			return false
		}
	}
	return true
}

func orbEqual(a, b orb.Geometry) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return orb.Equal(a, b)
}

// TestEveryByte puts other bytes in the place of each one: reading ends, and every
// record that is not yielded is named.
func TestEveryByte(t *testing.T) {
	for _, text := range sample() {
		b := []byte(text)
		for i := range b {
			for _, c := range []byte{0, '"', '\\', '{', ']', ',', '9', ' ', separator, 0xff} {
				if b[i] == c {
					continue
				}
				was := b[i]
				b[i] = c
				readBytes(b, shapefile.DefaultLimits()).balance(t)
				b[i] = was
			}
		}
	}
}

// TestMemoryIsBoundedByBytes reads files that are all structure.
func TestMemoryIsBoundedByBytes(t *testing.T) {
	for name, text := range map[string]string{
		"brackets":       strings.Repeat("[", 1<<20),
		"braces":         strings.Repeat(`{"a":`, 1<<18),
		"empty objects":  "[" + strings.Repeat("{},", 1<<18) + "{}]",
		"empty rings":    of("Polygon", "["+strings.Repeat("[],", 1<<18)+"[]]"),
		"empty polygons": of("MultiPolygon", "["+strings.Repeat("[],", 1<<18)+"[]]"),
		"a long text":    feature("null", `"a":"`+strings.Repeat("x", 4<<20)+`"`),
		"a long number":  feature("null", `"a":`+strings.Repeat("1", 1<<20)),
		"a long literal": "[" + strings.Repeat("x", 1<<20) + "]",
		"separators":     strings.Repeat("\x1e", 1<<20),
		"broken lines":   "{}\n" + strings.Repeat("x\n", 1<<18),
		"zeros":          strings.Repeat("\x00", 1<<20),
		"many names":     manyNames(300),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		readBytes([]byte(text), shapefile.DefaultLimits()).balance(t)
		runtime.ReadMemStats(&after)
		if got, most := after.TotalAlloc-before.TotalAlloc, uint64(40*len(text)+32<<20); got > most {
			t.Errorf("%s: %d bytes allocated for a file of %d", name, got, len(text))
		}
	}
}

func manyNames(n int) string {
	var features []string
	for i := range n {
		features = append(features, feature("null", `"`+strings.Repeat("x", i)+`":1`))
	}
	return collection(features...)
}

// FuzzRead reads anything: it ends without a panic and keeps the balance, and what was
// read survives being written and read again.
func FuzzRead(f *testing.F) {
	for _, text := range sample() {
		f.Add([]byte(text))
	}
	f.Add([]byte(`[{"type":"Feature","properties":{"a":1e400,"a":"\ud800"},"geometry":{"type":"Point","coordinates":[1e400]}},[],{}`))
	f.Add([]byte("{}\n{\"type\":[}\n\x1e"))
	lim := shapefile.DefaultLimits()
	lim.Features, lim.Refusals, lim.Fields, lim.PolygonVertices, lim.Vertices = 100, 50, 20, 1000, 3000
	f.Fuzz(func(t *testing.T, b []byte) {
		b = bytes.ReplaceAll(b, []byte("%!"), []byte("%?")) // quoted, it would look like a slip of fmt
		o := readBytes(b, lim)
		if o.balance(t); o.err != nil {
			return
		}
		var out bytes.Buffer
		if err := Write(&out, sequence(o.records...), o.file.Fields, Options{}); err != nil {
			if code(err) == "bad_geometry" || strings.Contains(err.Error(), "two fields") {
				return // a ring of two points and their repetitions, FIELD_1 twice
			}
			t.Fatalf("write: %v", err)
		}
		again := readBytes(out.Bytes(), lim)
		if again.err != nil || len(again.records) != len(o.records) {
			t.Fatalf("read again: %v, %d of %d records, %v", again.err, len(again.records), len(o.records), again.file.Violations)
		}
		for i, r := range again.records {
			if !orbEqual(r.Geometry, o.records[i].Geometry) {
				t.Fatalf("record %d: %v, was %v", i+1, r.Geometry, o.records[i].Geometry)
			}
		}
	})
}

// repeated is a file of head, then part over and over up to size.
type repeated struct {
	head, part string
	size       int64
}

func (r repeated) ReadAt(b []byte, at int64) (n int, err error) {
	for n < len(b) && at < r.size {
		from := r.head
		i := at
		if i >= int64(len(r.head)) {
			from, i = r.part, (at-int64(len(r.head)))%int64(len(r.part))
		}
		c := copy(b[n:min(len(b), n+int(r.size-at))], from[i:])
		n, at = n+c, at+int64(c)
	}
	if n < len(b) {
		err = io.EOF
	}
	return n, err
}

// TestHugeFiles reads files of 200 MB: ten million vertices in one polygon, a text
// without end, and a million features. They are refused after 64 MiB, or after the
// features that are allowed.
func TestHugeFiles(t *testing.T) {
	const size = 200 << 20
	polygon := `{"type":"FeatureCollection","features":[{"type":"Feature","properties":null,"geometry":{"type":"Polygon","coordinates":[[`
	for _, c := range []struct {
		name string
		file repeated
		code string
	}{
		{"vertices", repeated{polygon, "[118.25,28.125],", size}, "record_too_large"},
		{"vertices of a bare geometry", repeated{`{"type":"Polygon","coordinates":[[`, "[118.25,28.125],", size}, "record_too_large"},
		{"text", repeated{`[{"type":"`, "Feature", size}, "record_too_large"},
		{"features", repeated{"[null", ",null", size}, "too_many_features"},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Open(c.file, c.file.size, shapefile.DefaultLimits())
		runtime.ReadMemStats(&after)
		if code(err) != c.code {
			t.Errorf("%s: %v", c.name, err)
		}
		if got := (after.TotalAlloc - before.TotalAlloc) >> 20; got > 400 {
			t.Errorf("%s: %d MiB allocated", c.name, got)
		}
	}
}

// TestFileChanges reads a file that has more records, or other properties, than when it
// was opened.
func TestFileChanges(t *testing.T) {
	short := collection(feature("null", `"a":1`), feature("null", `"a":2`))
	for name, other := range map[string]string{
		"records":    collection("{}", "{}", "{}") + strings.Repeat(" ", len(short)-len(collection("{}", "{}", "{}"))),
		"properties": strings.ReplaceAll(short, `"a"`, `"b"`),
	} {
		file := &changing{strings.NewReader(short)}
		f, err := Open(file, int64(len(short)), shapefile.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		file.ReaderAt = strings.NewReader(other)
		var last error
		for _, err := range f.Features() {
			last = err
		}
		if last != errChanged {
			t.Errorf("%s: %v", name, last)
		}
	}
}

type changing struct{ io.ReaderAt }

// TestPropertyWithoutValue refuses the record and no more, wherever the value is missing.
func TestPropertyWithoutValue(t *testing.T) {
	for _, properties := range []string{`{"a":}`, `{"a":,"b":1}`, `{"b":1,"a":}`, `{"a":]}`, `{"a"}`} {
		text := collection(feature("null", `"b":2`), strings.Replace(feature("null", `"x":1`), `{"x":1}`, properties, 1))
		f, err := Open(strings.NewReader(text), int64(len(text)), shapefile.DefaultLimits())
		if err != nil {
			t.Errorf("%s: %v", properties, err)
			continue
		}
		for _, err := range f.Features() {
			if err != nil {
				t.Errorf("%s: %v", properties, err)
			}
		}
		if f.Records != 2 || f.Refused == 0 {
			t.Errorf("%s: %d records, %d refused", properties, f.Records, f.Refused)
		}
	}
}

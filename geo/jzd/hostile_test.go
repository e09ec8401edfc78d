package jzd

import (
	"bytes"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/shapefile"
)

// unclosed has a last ring that does not end with its first point.
const unclosed = `4,,3,,面,,,,@
J1,1,3192000.125,40500000.25
J2,1,3192100.125,40500000.25
J3,1,3192100.125,40500100.25
J4,1,3192000.125,40500100.25
`

// TestTruncation cuts files at every byte: what is left has all parcels as they were, or
// says that something is missing. Of a file that ends between two parcels nobody can tell.
func TestTruncation(t *testing.T) {
	for name, text := range map[string]string{"UTF-8": head + square + holed + unclosed, "GBK": gbk(t, head+square+holed), "CRLF": strings.ReplaceAll(head+unclosed+square, "\n", "\r\n")} {
		all := read(t, text)
		for cut := range len(text) {
			o := readBytes([]byte(text[:cut]), shapefile.DefaultLimits())
			if o.err != nil {
				if code(o.err) != "not_jzd" {
					t.Errorf("%s cut at %d: %v", name, cut, o.err)
				}
				continue
			}
			o.balance(t)
			if !told(o) && !betweenParcels(text, cut) && len(o.records) < len(all.records) {
				t.Errorf("%s cut at %d: %d of %d records, and only %q", name, cut, len(o.records), len(all.records), o.checks())
			}
			for i, r := range o.records {
				if !reflect.DeepEqual(r.Geometry, all.records[i].Geometry) && !told(o) {
					t.Errorf("%s cut at %d: record %d is %v, and only %q", name, cut, i+1, r.Geometry, o.checks())
				}
			}
		}
	}
}

// told says that a planner is told that something is missing.
func told(o outcome) bool {
	return geo.Refused(o.file.Violations) || strings.Contains(o.checks(), string(noLineEnd))
}

// betweenParcels says that the text behind the cut begins with a parcel, or that what is
// cut off is no more than the last point of a ring, which closes it.
func betweenParcels(text string, cut int) bool {
	line, _, _ := strings.Cut(strings.TrimLeft(text[cut:], "\r\n"), "\n")
	begins := cut == 0 || text[cut-1] == '\n' || text[cut-1] == '\r' || strings.HasPrefix(text[cut:], "\n") || strings.HasPrefix(text[cut:], "\r")
	return begins && strings.HasSuffix(strings.TrimSpace(line), lastColumn)
}

// TestEveryByte puts other bytes in the place of each one: reading ends, and every
// record that is not yielded is named.
func TestEveryByte(t *testing.T) {
	b := []byte(head + square + holed)
	for i, was := range b {
		for _, c := range []byte{0, ',', '@', '[', '=', '\n', '\r', '9', ' ', '-', 0x81, 0xff} {
			b[i] = c
			readBytes(b, shapefile.DefaultLimits()).balance(t)
		}
		b[i] = was
	}
}

// TestMemoryIsBoundedByBytes reads files that are all structure.
func TestMemoryIsBoundedByBytes(t *testing.T) {
	for name, text := range map[string]string{
		"parcels":  head + strings.Repeat("0,,,,,,,,@\n", 150_000),
		"parts":    head + "9,,,,,,,,@\n" + parts(150_000),
		"commas":   head + strings.Repeat(strings.Repeat(",", 4000)+"\n", 100),
		"broken":   head + strings.Repeat("@\n", 200_000),
		"headers":  strings.Repeat(attributes+"\n带号=40\n", 100_000),
		"garbled":  head + strings.Repeat("\xff,,,,,\n", 100_000),
		"line end": strings.Repeat("\r\n", 1<<20),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		readBytes([]byte(text), shapefile.DefaultLimits()).balance(t)
		runtime.ReadMemStats(&after)
		if got, most := after.TotalAlloc-before.TotalAlloc, uint64(120*len(text)+32<<20); got > most {
			t.Errorf("%s: %d bytes allocated for a file of %d", name, got, len(text))
		}
	}
}

func parts(n int) string {
	var b bytes.Buffer
	for i := range n {
		b.WriteString("J,")
		b.WriteString(strings.Repeat("1", 1+i%6))
		b.WriteString(string(rune('0'+i%10)) + ",1,1\n")
	}
	return b.String()
}

// FuzzRead reads anything: it ends without a panic and keeps the balance, and what was
// read survives being written and read again.
func FuzzRead(f *testing.F) {
	f.Add([]byte(head + square + holed + unclosed))
	f.Add([]byte(gbk(f, head+square)))
	f.Add([]byte("4,,,,,,,@\r,1,0,0\r,1,9,0\r,1,9,9\r,1,0,9"))
	f.Add([]byte(parcels + "\nJ1,1,1e300,-1e-300\n@\n\xff,,,,,\n"))
	lim := shapefile.DefaultLimits()
	lim.Features, lim.Refusals, lim.PolygonVertices, lim.Vertices = 100, 50, 1000, 3000
	f.Fuzz(func(t *testing.T, b []byte) {
		b = bytes.ReplaceAll(b, []byte("%!"), []byte("%?")) // quoted, it would look like a slip of fmt
		o := readBytes(b, lim)
		if o.balance(t); o.err != nil {
			return
		}
		for _, r := range o.records {
			if mp, ok := r.Geometry.(orb.MultiPolygon); ok && !exact(mp) {
				return // the format has fixed decimals
			}
		}
		h := o.file.Header
		h.Precision = 0.001
		report := func(v geo.Violation) { t.Errorf("a text that was read cannot be written: %+v", v) }
		var out bytes.Buffer
		if err := Write(&out, sequence(o.records...), o.file.Fields, Options{Header: h, Encoding: "UTF-8", Report: report}); err != nil {
			if code(err) == "bad_geometry" {
				return // a ring of two points and their repetitions
			}
			t.Fatalf("write: %v", err)
		}
		again := readBytes(out.Bytes(), lim)
		if again.err != nil {
			if code(again.err) == "line_too_long" || code(again.err) == "too_many_vertices" {
				return // closing points are added
			}
			t.Fatalf("read again: %v\n%s", again.err, out.Bytes())
		}
		if len(again.records) != len(o.records) {
			t.Fatalf("read again: %d of %d records, %v\n%s", len(again.records), len(o.records), again.file.Violations, out.Bytes())
		}
		for i, r := range again.records {
			if was := o.records[i].Geometry; (r.Geometry == nil) != (was == nil) || was != nil && !orb.Equal(r.Geometry, was) {
				t.Fatalf("record %d: %v, was %v", i+1, r.Geometry, was)
			}
		}
	})
}

// exact says that three decimals hold the coordinates.
func exact(mp orb.MultiPolygon) bool {
	for _, p := range mp {
		for _, r := range p {
			for _, at := range r {
				for _, v := range at {
					if v != float64(int64(v*1000))/1000 {
						return false
					}
				}
			}
		}
	}
	return true
}

package batch

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"towngrid/geo/jsontext"
)

// oracleRow reads a row of NDJSON by encoding/json alone; ok is false for a row that is none.
func oracleRow(line []byte) (id json.RawMessage, p orb.Point, placed, ok bool) {
	if !utf8.Valid(line) || !json.Valid(line) || depth(line) > jsontext.Deepest+1 {
		return nil, p, false, false
	}
	var m map[string]json.RawMessage
	if json.Unmarshal(line, &m) != nil || m == nil {
		return nil, p, false, false
	}
	dec := json.NewDecoder(bytes.NewReader(line))
	_, _ = dec.Token()
	seen := map[string]int{}
	for dec.More() {
		name, _ := dec.Token()
		var v json.RawMessage
		_ = dec.Decode(&v)
		if seen[name.(string)]++; (name == "id" || name == "lon" || name == "lat") && seen[name.(string)] > 1 {
			return nil, p, false, false
		}
	}
	var lon, lat *float64
	err1, err2 := json.Unmarshal(m["lon"], &lon), json.Unmarshal(m["lat"], &lat)
	if placed = err1 == nil && err2 == nil && lon != nil && lat != nil && inRange(orb.Point{*lon, *lat}); placed {
		p = orb.Point{*lon, *lat}
	}
	return m["id"], p, placed, true
}

// depth is how deep a valid JSON text is nested.
func depth(b []byte) (deepest int) {
	var k brackets
	for _, c := range b {
		k.take(c)
		deepest = max(deepest, k.depth)
	}
	return deepest
}

func againstJSON(t *testing.T, line []byte) {
	t.Helper()
	if len(line) > longestRow || bytes.IndexByte(line, '\n') >= 0 || len(bytes.TrimLeft(line, " \t\r")) == 0 {
		return
	}
	f := lines{names: Names{}.usual()}
	got, _, ok := f.next(line)
	if !ok {
		t.Fatalf("%q is no row", line)
	}
	id, p, placed, valid := oracleRow(line)
	switch {
	case !valid:
		if got.bad == nil || got.bad.Code != "bad_row" {
			// What is nested at the bound may be taken by one and not by the other.
			if depth(line) < jsontext.Deepest {
				t.Fatalf("%q is read as %+v, and is no row", line, got)
			}
		}
	case depth(line) >= jsontext.Deepest:
	case placed != (got.bad == nil) || placed && got.pos != p:
		t.Fatalf("%q is read as %v %v, want %v %v", line, got.pos, got.bad, p, placed)
	case !bytes.Equal(got.id, id):
		t.Fatalf("%q has the ID %q, want %q", line, got.id, id)
	}
}

// jsonPieces are what rows are put together from.
var jsonPieces = []string{
	`{`, `}`, `[`, `]`, `:`, `,`, `"id"`, `"lon"`, `"lat"`, `"x"`, `"l\u006fn"`, `"\ud800"`, `"a\"b"`, `"\x"`, `"é"`, "\"\xff\"", "\"\t\"", `null`, `true`, `false`, `nul`,
	`0`, `-0`, `01`, `1.`, `.5`, `1e5`, `1E+2`, `-`, `118.9`, `29.123456789012345678`, `1e400`, ` `, "\t", "\r", `"`, `\`,
	`{"id":1,"lon":118.9,"lat":29.5}`, `"id":7,`, `"lon":118.9,`, `"lat":29.5`, `"lon":"118"`, `,"x":{"id":[1,{"a":null}]}`,
}

// TestRowsAreWhatEncodingJSONReads holds the row scanner against encoding/json.
func TestRowsAreWhatEncodingJSONReads(t *testing.T) {
	const seed = 21
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 40_000 {
		var b []byte
		if r.IntN(2) == 0 { // near a good row
			b = []byte(`{"id":"a","lon":118.9,"x":[1,{"y":"z\n"}],"lat":29.5}`)
			for range 1 + r.IntN(2) {
				i := r.IntN(len(b))
				switch piece := jsonPieces[r.IntN(len(jsonPieces))]; r.IntN(3) {
				case 0:
					b = append(b[:i:i], append([]byte(piece), b[i:]...)...)
				case 1:
					b = append(b[:i:i], b[i+1:]...)
				default:
					b[i] = byte(r.Uint32())
				}
			}
		} else {
			for range r.IntN(12) {
				b = append(b, jsonPieces[r.IntN(len(jsonPieces))]...)
			}
		}
		againstJSON(t, b)
	}
}

func FuzzRowAgainstEncodingJSON(f *testing.F) {
	for _, p := range jsonPieces {
		f.Add([]byte(p))
	}
	f.Add([]byte(`{"id":1,"lon":118.9,"lat":29.5,"x":[{"y":null}]}`))
	f.Fuzz(againstJSON)
}

// againstCSV holds the rows of a table, cut into chunks at any place, against encoding/csv.
func againstCSV(t *testing.T, text []byte, step int) {
	t.Helper()
	if len(text) > 4096 || !utf8.Valid(text) || step < 1 {
		return
	}
	table := &table{delimiter: ',', header: make([][]byte, 3), id: 0, lon: 1, lat: 2}
	p, c := table.parser().(*tableParser), table.cutter()
	var got []string
	chunk := func(b []byte) {
		for {
			r, rest, ok := p.next(b)
			if !ok {
				return
			}
			b = rest
			if r.bad != nil {
				got = append(got, r.bad.Code+" "+string(r.id))
			} else {
				got = append(got, strconv.FormatFloat(r.pos[0], 'g', -1, 64)+" "+strconv.FormatFloat(r.pos[1], 'g', -1, 64)+" "+string(r.id))
			}
		}
	}
	var buf []byte
	for rest := text; len(rest) > 0; {
		n := min(step, len(rest))
		seen := len(buf)
		buf = append(buf, rest[:n]...)
		rest = rest[n:]
		if end, _ := c.cut(buf[seen:]); end > 0 {
			chunk(buf[:seen+end])
			buf = append(buf[:0], buf[seen+end:]...)
		}
	}
	chunk(buf)

	var want []string
	for r := csv.NewReader(bytes.NewReader(text)); ; {
		r.FieldsPerRecord = -1
		fields, err := r.Read()
		if err == io.EOF {
			break
		}
		switch {
		case err != nil:
			want = append(want, "bad_row ")
		case len(fields) != 3:
			want = append(want, "bad_row "+fields[0])
		default:
			lon, ok1 := decimal([]byte(strings.TrimSpace(fields[1])))
			lat, ok2 := decimal([]byte(strings.TrimSpace(fields[2])))
			if !ok1 || !ok2 || !inRange(orb.Point{lon, lat}) {
				want = append(want, "bad_coordinate "+fields[0])
			} else {
				want = append(want, strconv.FormatFloat(lon, 'g', -1, 64)+" "+strconv.FormatFloat(lat, 'g', -1, 64)+" "+fields[0])
			}
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%q in steps of %d: %q, want %q", text, step, got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("%q in steps of %d: row %d is %q, want %q", text, step, i, got[i], want[i])
		}
	}
}

var csvPieces = []string{",", ",", "\n", "\r\n", "\r", `"`, `""`, "a", "7", "118.9", "29.5", " ", "x,118.9,29.5\n", `"q",118.9,29.5` + "\n", `"1`, "\n\n", "é", "\"a\nb\",1,2\n", ";"}

// TestTablesAreWhatEncodingCSVReads holds rows of CSV against encoding/csv.
func TestTablesAreWhatEncodingCSVReads(t *testing.T) {
	const seed = 22
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 30_000 {
		var b []byte
		for range r.IntN(14) {
			b = append(b, csvPieces[r.IntN(len(csvPieces))]...)
		}
		againstCSV(t, b, 1+r.IntN(20))
	}
}

func FuzzTableAgainstEncodingCSV(f *testing.F) {
	for _, p := range csvPieces {
		f.Add([]byte(p+"x,118.9,29.5\n"), 3)
	}
	f.Fuzz(againstCSV)
}

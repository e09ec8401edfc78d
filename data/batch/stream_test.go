package batch

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"towngrid/geo"
)

// told is an answer of any format.
type told struct {
	ID, Cell, Station, Side, Problem, Note string
}

// read reads a batch's answers.
func read(t *testing.T, f Format, answer string) (all []told) {
	t.Helper()
	text := func(m map[string]any, name string) string {
		switch v := m[name].(type) {
		case nil:
			return ""
		case map[string]any:
			return v["code"].(string)
		default:
			return fmt.Sprint(v)
		}
	}
	take := func(id any, m map[string]any) {
		all = append(all, told{fmt.Sprint(id), text(m, "cell"), text(m, "station"), text(m, "side"), text(m, "problem"), text(m, "note")})
	}
	type feature struct {
		ID         any
		Properties map[string]any
	}
	switch f {
	case CSV:
		rows, err := csv.NewReader(strings.NewReader(answer)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows[1:] {
			m := told{ID: r[0], Cell: r[1], Station: r[2], Side: r[6]}
			if problem, is := strings.CutPrefix(r[6], "problem:"); is {
				m.Problem, m.Side = problem, ""
			}
			if len(r) > 9 {
				m.Note = r[9]
			}
			all = append(all, m)
		}
	case GeoJSON:
		var c struct{ Features []feature }
		if err := json.Unmarshal([]byte(answer), &c); err != nil {
			t.Fatalf("%v in %.300s", err, answer)
		}
		for _, x := range c.Features {
			take(x.ID, x.Properties)
		}
	default:
		for _, line := range strings.Split(strings.TrimSuffix(answer, "\n"), "\n") {
			var x feature
			var m map[string]any
			line, sequence := strings.CutPrefix(line, "\x1e")
			if err := json.Unmarshal([]byte(line), &m); err != nil || sequence != (f == GeoJSONSequence) {
				t.Fatalf("%v in %.300q", err, line)
			}
			if sequence {
				if err := json.Unmarshal([]byte(line), &x); err != nil {
					t.Fatal(err)
				}
				m = x.Properties
			} else {
				x.ID = m["id"]
			}
			take(x.ID, m)
		}
	}
	return all
}

// TestBatchEqualsSingle holds every format against single look-ups, and wants the same bytes
// however the input comes in.
func TestBatchEqualsSingle(t *testing.T) {
	const seed = 41
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	ps := randomPoints(r, 5000)
	for _, f := range formats {
		t.Run(string(f), func(t *testing.T) {
			in := written(f, ps)
			o := options(f)
			o.Keep = true
			whole := answered(t, strings.NewReader(in), o)
			got := read(t, f, whole)
			if len(got) != len(ps) {
				t.Fatalf("%d answers to %d rows", len(got), len(ps))
			}
			matches := 0
			for i, p := range ps {
				want := district().LocateCode(p)
				if got[i] != (told{fmt.Sprint(i), string(want.Cell), string(want.Station), want.Side.String(), "", fmt.Sprintf("n%d", i)}) {
					t.Fatalf("row %d: %+v, want %+v", i, got[i], want)
				}
				if want.Cell != "" {
					matches++
				}
			}
			if matches < 3000 || matches == len(ps) {
				t.Errorf("%d of %d match", matches, len(ps))
			}
			for _, most := range []int{3, 700, 300_000} {
				if again := answered(t, &pieces{r, []byte(in), most}, o); again != whole {
					t.Errorf("in pieces of up to %d bytes the answer is another one", most)
				}
			}
			if again := answered(t, iotest.DataErrReader(strings.NewReader(in)), o); again != whole {
				t.Error("with the end at the last bytes the answer is another one")
			}
		})
	}
}

// TestOrderOfRowsDoesNotMatter shuffles rows and wants each to be answered as before.
func TestOrderOfRowsDoesNotMatter(t *testing.T) {
	r := rand.New(rand.NewPCG(42, 0))
	ps := randomPoints(r, 3000)
	rows := strings.Split(strings.TrimSuffix(written(NDJSON, ps), "\n"), "\n")
	want := strings.Split(answered(t, strings.NewReader(strings.Join(rows, "\n")), options(NDJSON)), "\n")
	order := r.Perm(len(rows))
	shuffled := make([]string, len(rows))
	for i, k := range order {
		shuffled[i] = rows[k]
	}
	got := strings.Split(answered(t, strings.NewReader(strings.Join(shuffled, "\n")), options(NDJSON)), "\n")
	for i, k := range order {
		if got[i] != want[k] {
			t.Fatalf("row %d is answered by %s, before by %s", k, got[i], want[k])
		}
	}
}

// TestBadRowsAreAnsweredInTheirPlace puts rows of every kind of fault between good ones.
func TestBadRowsAreAnsweredInTheirPlace(t *testing.T) {
	long := strings.Repeat("x", 70<<10)
	endless := strings.Repeat("y", 400<<10)
	deep := strings.Repeat("[", 40) + strings.Repeat("]", 40)
	for _, tc := range []struct {
		f    Format
		head string
		rows [][2]string // and the problem
		tail string
	}{
		{NDJSON, "\ufeff", [][2]string{
			{`{"id":1,"lon":119,"lat":29}` + "\r\n", ""}, {"\n \t\r\n{}\n", "bad_coordinate"}, {"[1]\n", "bad_row"}, {"7\n", "bad_row"}, {`{"id":1,"lon":119,"lat":29` + "\n", "bad_row"},
			{`{"id":1,"lon":119,"lat":29,"lat":29}` + "\n", "bad_row"}, {`{"id":1,"lon":119,"lat":29,"\u006cat":29}` + "\n", "bad_row"}, {`{"id":1,"\u006con":119,"lat":29}` + "\n", ""},
			{`{"id":1,"lon":0119,"lat":29}` + "\n", "bad_row"}, {`{"id":1,"lon":1e400,"lat":29}` + "\n", "bad_coordinate"}, {`{"id":1,"lon":"119","lat":29}` + "\n", "bad_coordinate"},
			{`{"id":1,"lon":1.19e2,"lat":2900e-2,"x":{"lon":3,"y":[1,true,null,"\ud834\udd1e"]}}` + "\n", ""}, {`{"id":1,"lon":119,"lat":29,"x":` + deep + "}\n", "bad_row"},
			{"{\"id\":\"\xff\",\"lon\":119,\"lat\":29}\n", "bad_row"}, {`{"id":1,"lon":180.0001,"lat":29}` + "\n", "bad_coordinate"}, {`{"id":"` + long + `"}` + "\n", "row_too_long"},
			{endless + "\n", "row_too_long"}, {`{"id":1,"lon":119,"lat":29} x` + "\n", "bad_row"}, {`{"id":null,"lon":119,"lat":29}`, ""},
		}, ""},
		{CSV, "\ufeffid,lon,lat\r\n", [][2]string{
			{"1,119,29\r\n", ""}, {"\n\r\n2,119\n", "bad_row"}, {"2,119,29,3\n", "bad_row"}, {"\"a\nb\", 119 ,29\n", ""}, {"\"a\"b,119,29\n", "bad_row"}, {"a\"b,119,29\n", "bad_row"},
			{"x,0x77,29\n", "bad_coordinate"}, {"x,NaN,29\n", "bad_coordinate"}, {"x,inf,29\n", "bad_coordinate"}, {"x,,29\n", "bad_coordinate"}, {"x,1_1,29\n", "bad_coordinate"}, {"\xff,119,29\n", "bad_row"},
			{long + ",119,29\n", "row_too_long"}, {endless + ",119,29\n", "row_too_long"}, {"\"" + strings.Repeat("z\n", 200<<10) + "\",119,29\n", "row_too_long"}, {"x,+119,29.\n", ""}, {"\"x,119,29", "bad_row"},
		}, ""},
		{GeoJSON, ` { "type" : "FeatureCollection" , "features" : [ `, [][2]string{
			{`{"type":"Feature","geometry":{"type":"Point","coordinates":[119,29,5]},"properties":null}`, ""}, {` , {"type":"Point","coordinates":[119,29]}`, "bad_row"},
			{`,{"type":"Feature","geometry":null,"properties":{}}`, "bad_coordinate"}, {`,{"type":"Feature","geometry":{"type":"LineString","coordinates":[[119,29],[118,29]]},"properties":{}}`, "bad_coordinate"},
			{`,{"type":"Feature","geometry":{"type":"Point","coordinates":[119]},"properties":{}}`, "bad_coordinate"}, {`,{"type":"Feature","geometry":{"type":"Point","coordinates":["119",29]},"properties":{}}`, "bad_coordinate"},
			{`,{"type":"Feature","id":"` + long + `"}`, "row_too_long"}, {`,{"type":"Feature","id":"` + endless + `"}`, "row_too_long"}, {`,{"type":"Feature","type":"Feature","geometry":{"type":"Point","coordinates":[119,29]}}`, "bad_row"},
			{`,{"type" "Feature"}`, "bad_row"},
		}, ` ] , "bbox" : [1,2,3,4] } ` + "\n"},
		{GeoJSONSequence, "", [][2]string{
			{"\x1e{\"type\":\"Feature\",\n\"geometry\":{\"type\":\"Point\",\"coordinates\":[119,29]},\n\"properties\":null}\n", ""}, {"\x1e{\"type\":\"Fea\n", "bad_row"},
			{"\x1e{\"type\":\"Feature\",\"geometry\":{\"type\":\"Point\",\"coordinates\":[119,29]}}\n", ""}, {"\x1e" + endless + "\n", "row_too_long"},
			{"\x1e\x1e\n{\"type\":\"Feature\",\"geometry\":{\"type\":\"Point\",\"coordinates\":[119,29]}}", ""},
		}, ""},
	} {
		t.Run(string(tc.f), func(t *testing.T) {
			in := tc.head
			for _, r := range tc.rows {
				in += r[0]
			}
			in += tc.tail
			for _, most := range []int{1, 50, 1 << 20} {
				got := read(t, tc.f, answered(t, &pieces{rand.New(rand.NewPCG(1, 1)), []byte(in), most}, options(tc.f)))
				if len(got) != len(tc.rows) {
					t.Fatalf("%d answers to %d rows: %.2000v", len(got), len(tc.rows), got)
				}
				for i, r := range tc.rows {
					if got[i].Problem != r[1] || (got[i].Cell == "") != (r[1] != "") {
						t.Errorf("%.60q is answered by %+v, want the problem %q", r[0], got[i], r[1])
					}
				}
			}
		})
	}
}

// TestBrokenCollections wants a problem at the end of an answer to a stream that is no longer of
// its format, and an error.
func TestBrokenCollections(t *testing.T) {
	const feature = `{"type":"Feature","geometry":{"type":"Point","coordinates":[119,29]}}`
	for _, in := range []string{
		`{"type":"FeatureCollection","features":[` + feature, `{"type":"FeatureCollection","features":[` + feature + `,`, `{"type":"FeatureCollection","features":[` + feature + `]`,
		`{"type":"FeatureCollection","features":[` + feature + feature + `]}`, `{"type":"FeatureCollection","features":[` + feature + `,,` + feature + `]}`,
		`{"type":"FeatureCollection","features":[` + feature + `]}{}`, `{"features":[` + feature + `],"type":"Feature"}`, `{"type":"FeatureCollection","features":[` + feature + `,5]}`,
		`{"type":"FeatureCollection","features":[` + feature + `,]}`, `{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"EPSG:4549"}},"features":[` + feature + `]}`,
		`{"type":"FeatureCollection","features":[` + feature + `],"x":"` + strings.Repeat("x", largestShell) + `"}`,
	} {
		for _, most := range []int{1, 1 << 20} {
			var out bytes.Buffer
			var shown *geo.Error
			err := Run(&pieces{rand.New(rand.NewPCG(1, 1)), []byte(in), most}, &out, options(GeoJSON))
			if !errors.As(err, &shown) || !strings.Contains(out.String(), `"problem":{"code":"`+shown.Code) || strings.HasSuffix(out.String(), "]}\n") {
				t.Errorf("%.150s: %v\n%s", in, err, out.String())
			}
		}
	}
	for _, in := range []string{"", "[]", `{"type":"FeatureCollection"}`, `{"features":5}`, `{"type" 5}`, `{"x":"` + strings.Repeat("x", 2*largestShell)} {
		err := Run(strings.NewReader(in), io.Discard, Options{Format: GeoJSON, Snapshot: district(), Begin: func() { t.Error("it began") }})
		var shown *geo.Error
		if !errors.As(err, &shown) || shown.Code != "bad_geojson" {
			t.Errorf("%.60s: %v", in, err)
		}
	}
}

// TestColumnsByName reads CSVs with columns of other names, delimiters and charsets.
func TestColumnsByName(t *testing.T) {
	p := "118.9,29.1"
	gbk := []byte{0xb1, 0xe0, 0xba, 0xc5, ',', 0xbe, 0xad, 0xb6, 0xc8, ',', 0xce, 0xb3, 0xb6, 0xc8, '\n', 0xb8, 0xf1, ',', '1', '1', '9', ',', '2', '9', '\n'} // 编号,经度,纬度 格
	for _, tc := range []struct {
		in, charset string
		names       Names
		want        string // beginning of the second line
		problem     string
	}{
		{in: "编号,经度,纬度\n格," + p + "\n", want: "格,C"},
		{in: "ID;Longitude; LAT \n7;118.9;29.1\n", want: "7;C"},
		{in: "lat\tid\tlng\n29.1\t7\t118.9\n", want: "7\tC"},
		{in: "\"编号\",\"a\nb\",经度,纬度\n格,," + p + "\n", want: "格,C"},
		{in: "事件,x,y\n格," + p + "\n", names: Names{"事件", "X", "y"}, want: "格,C"},
		{in: "事件,x,y\n格," + p + "\n", problem: "bad_header"},
		{in: "id,lon,lng,lat\n1,1,1,1\n", problem: "bad_header"},
		{in: "\"id,lon,lat\n1,1,1\n", problem: "bad_header"},
		{in: "\n", problem: "bad_header"},
		{in: string(gbk), problem: "bad_encoding"},
		{in: string(gbk), charset: "gb18030", want: "格,C"},
	} {
		o := options(CSV)
		o.Charset, o.Names = tc.charset, tc.names
		var out bytes.Buffer
		err := Run(strings.NewReader(tc.in), &out, o)
		var shown *geo.Error
		if tc.problem != "" {
			if !errors.As(err, &shown) || shown.Code != tc.problem {
				t.Errorf("%q: %v, want %s", tc.in, err, tc.problem)
			}
			continue
		}
		if lines := strings.Split(out.String(), "\n"); err != nil || len(lines) < 2 || !strings.HasPrefix(lines[1], tc.want) {
			t.Errorf("%q: %v\n%s", tc.in, err, out.String())
		}
	}
	o := options(NDJSON)
	o.Names = Names{"编号", "经度", "纬度"}
	if got := answered(t, strings.NewReader(`{"编号":"格","经度":118.9,"纬度":29.1,"id":5}`), o); !strings.HasPrefix(got, `{"id":"格","cell":"C`) {
		t.Error(got)
	}
	o = options(GeoJSONSequence)
	o.Names.ID = "no"
	if got := answered(t, strings.NewReader(`{"type":"Feature","id":5,"geometry":{"type":"Point","coordinates":[119,29]},"properties":{"no":6}}`), o); !strings.Contains(got, `"id":6,`) {
		t.Error(got)
	}
}

// TestKeptColumns gives rows back with their answers.
func TestKeptColumns(t *testing.T) {
	for f, tc := range map[Format][2]string{
		CSV:             {"lat,cell,\"a,b\",id,lon\n29,=1,\"x \"\"y\"\"\",7,119\n29,,\"x\n\",8,\n1\n", "id,cell,station,room,centre,town,side,lat,\"a,b\",lon\n7,CELL,S1,R1,Z1,,inside,29,\"x \"\"y\"\"\",119\n8,,,,,,problem:bad_coordinate,29,\"x\n\",\n,,,,,,problem:bad_row,,,\n"},
		NDJSON:          {`{"a":[1, 2],"id":7,"lon":119,"lat":29,"cell":"x"}`, `{"id":7,"cell":"CELL","station":"S1","room":"R1","centre":"Z1","town":null,"side":"inside","a":[1, 2],"lon":119,"lat":29}` + "\n"},
		GeoJSONSequence: {`{"type":"Feature","geometry":{"type":"Point","coordinates":[119,29]},"properties":{"id":1,"side":2,"x":"é"}}`, "\x1e" + `{"type":"Feature","id":null,"geometry":{"type":"Point","coordinates":[119,29]},"properties":{"cell":"CELL","station":"S1","room":"R1","centre":"Z1","town":null,"side":"inside","id":1,"x":"é"}}` + "\n"},
	} {
		o := options(f)
		o.Keep = true
		cell := string(district().LocateCode([2]float64{119, 29}).Cell)
		if got, want := answered(t, strings.NewReader(tc[0]), o), strings.ReplaceAll(tc[1], "CELL", cell); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", f, got, want)
		}
	}
}

// TestComparedWithAnotherPicture tells what the cell was.
func TestComparedWithAnotherPicture(t *testing.T) {
	o := options(CSV)
	o.Against = published(8, "C")
	ps := randomPoints(rand.New(rand.NewPCG(5, 5)), 2000)
	rows, err := csv.NewReader(strings.NewReader(answered(t, strings.NewReader(written(CSV, ps)), o))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	changed := 0
	for i, p := range ps {
		was, is := o.Against.LocateCode(p).Cell, o.Snapshot.LocateCode(p).Cell
		if r := rows[1+i]; r[7] != string(was) || r[8] != fmt.Sprint(was != is) {
			t.Fatalf("%v: %v, was %s and is %s", p, r, was, is)
		}
		if was != is {
			changed++
		}
	}
	if changed == 0 || changed == len(ps) {
		t.Errorf("%d of %d changed", changed, len(ps))
	}
}

// TestAnswersDoNotWait sends a row and reads its answer before the next is sent.
func TestAnswersDoNotWait(t *testing.T) {
	for _, f := range formats {
		for _, p := range []Packing{Plain, Gzip, Zstd} {
			t.Run(fmt.Sprintf("%s %s", f, p), func(t *testing.T) {
				in, send := io.Pipe()
				receive, out := io.Pipe()
				ended := make(chan error, 1)
				go func() {
					packed, err := Pack(bufio.NewWriter(out), p)
					if err == nil {
						var plain io.Reader
						if plain, err = Unpack(in, p); err == nil {
							err = errors.Join(Run(plain, packed, options(f)), packed.Close())
						}
					}
					ended <- errors.Join(err, out.Close())
				}()
				sender, err := Pack(bufio.NewWriter(send), p)
				if err != nil {
					t.Fatal(err)
				}
				ps := randomPoints(rand.New(rand.NewPCG(2, 2)), 3)
				all := written(f, ps)
				var answers *bufio.Reader
				from := 0
				for i := range ps {
					// A row ends before the next one's ID.
					till := len(all)
					if i+1 < len(ps) {
						till = strings.Index(all, fmt.Sprintf(`n%d`, i)) + len("n0")
						till += strings.IndexAny(all[till:], "\n,")
						if f != GeoJSON {
							till++
						}
					}
					if _, err := io.WriteString(sender, all[from:till]); err != nil {
						t.Fatal(err)
					}
					if err := sender.Flush(); err != nil {
						t.Fatal(err)
					}
					from = till
					if answers == nil {
						plain, err := Unpack(receive, p)
						if err != nil {
							t.Fatal(err)
						}
						answers = bufio.NewReader(plain)
						if f == CSV || f == GeoJSON {
							if _, err := answers.ReadString('\n'); err != nil {
								t.Fatal(err)
							}
						}
					}
					// GeoJSON's features are parted by a comma and a line feed before the next.
					wait := byte('\n')
					if f == GeoJSON {
						wait = '}'
					}
					for {
						line, err := answers.ReadString(wait)
						if err != nil {
							t.Fatal(err)
						}
						if f != GeoJSON || strings.Contains(line, "properties") {
							break
						}
					}
				}
				go func() { _, _ = io.Copy(io.Discard, answers) }()
				if err := errors.Join(sender.Close(), send.Close(), <-ended); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// rows is an endless number of rows.
type rows struct {
	row  []byte
	left int
	at   int
	peak uint64
}

func (r *rows) Read(b []byte) (n int, err error) {
	for n < len(b) && r.left > 0 {
		k := copy(b[n:], r.row[r.at:])
		n, r.at = n+k, r.at+k
		if r.at == len(r.row) {
			r.at = 0
			if r.left--; r.left%5_000 == 0 {
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				r.peak = max(r.peak, m.HeapAlloc)
			}
		}
	}
	if n == 0 {
		err = io.EOF
	}
	return n, err
}

// TestMemoryDoesNotGrow holds the memory of a batch of many rows against that of a few.
func TestMemoryDoesNotGrow(t *testing.T) {
	peak := func(n int, row string) uint64 {
		in := &rows{row: []byte(row), left: n}
		if err := Run(in, io.Discard, options(NDJSON)); err != nil {
			t.Fatal(err)
		}
		return in.peak
	}
	fewRows, manyRows := 20_000, 200_000
	if os.Getenv("TOWNGRID_LONG") != "" {
		manyRows = 10_000_000
	}
	for name, row := range map[string]string{"rows": `{"id":123456,"lon":118.912345,"lat":29.012345,"note":"some text"}` + "\n", "faults": "x\n"} {
		few, many := peak(fewRows, row), peak(manyRows, row)
		t.Logf("%s: the heap is %d kB at most for %d, %d kB for %d", name, few>>10, fewRows, many>>10, manyRows)
		if many > few+24<<20 {
			t.Errorf("%s: the heap grew by %d kB", name, (many-few)>>10)
		}
	}
}

// TestRunEndsWhenNobodyReads wants a writer's failure to end a batch whose input waits.
func TestRunEndsWhenNobodyReads(t *testing.T) {
	in, send := io.Pipe()
	o := options(NDJSON)
	o.Stop = func() { _ = in.Close() }
	go func() {
		for {
			if _, err := io.WriteString(send, `{"id":1,"lon":119,"lat":29}`+"\n"); err != nil {
				return
			}
		}
	}()
	gone := errors.New("gone")
	if err := Run(in, failing{gone}, o); !errors.Is(err, gone) {
		t.Error(err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// TestPanicsEndTheBatchOnly lets the workers, and the reader, panic.
func TestPanicsEndTheBatchOnly(t *testing.T) {
	o := options(NDJSON)
	o.Snapshot = nil
	rows := strings.Repeat(`{"id":1,"lon":119,"lat":29}`+"\n", 100_000)
	for _, in := range []io.Reader{strings.NewReader(rows), io.MultiReader(strings.NewReader("\n\n\n\n"), panicking{})} {
		if err := Run(in, io.Discard, o); err == nil || !strings.Contains(err.Error(), "panic") {
			t.Errorf("%.200v", err)
		}
	}
}

type panicking struct{}

func (panicking) Read([]byte) (int, error) { panic("as wanted") }

// TestReadingFails wants what was read before to be answered.
func TestReadingFails(t *testing.T) {
	lost := errors.New("lost")
	var out bytes.Buffer
	err := Run(io.MultiReader(strings.NewReader(`{"id":1,"lon":119,"lat":29}`+"\n{"), iotest.ErrReader(lost)), &out, options(NDJSON))
	if !errors.Is(err, lost) || strings.Count(out.String(), "\n") != 1 {
		t.Errorf("%v %s", err, out.String())
	}
}

// BenchmarkRun matches 100,000 rows of each format in process.
func BenchmarkRun(b *testing.B) {
	ps := randomPoints(rand.New(rand.NewPCG(9, 9)), 100_000)
	for _, f := range formats {
		in := written(f, ps)
		b.Run(string(f), func(b *testing.B) {
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for range b.N {
				if err := Run(strings.NewReader(in), io.Discard, options(f)); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(ps)), "ns/row")
		})
	}
}

// TestSniff tells the format by the beginning, and loses nothing of it.
func TestSniff(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	ps := randomPoints(r, 50)
	for text, want := range map[string]Format{
		written(NDJSON, ps): NDJSON, written(CSV, ps): CSV, written(GeoJSONSequence, ps): GeoJSONSequence,
		"": NDJSON, " \r\n\t{": NDJSON, "\ufeff{": NDJSON, "\ufeff\x1e{": GeoJSONSequence, "\ufeff编号": CSV, strings.Repeat(" ", 10_000) + "{": CSV, "\xb1\xe0\xba\xc5,x": CSV,
	} {
		f, rows, err := Sniff(&pieces{r: r, rest: []byte(text), most: 7})
		if err != nil || f != want {
			t.Errorf("%.20q: %q %v, want %q", text, f, err, want)
		}
		if all, err := io.ReadAll(rows); err != nil || string(all) != text {
			t.Errorf("%.20q: %d of %d bytes, %v", text, len(all), len(text), err)
		}
	}
}

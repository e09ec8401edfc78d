package api

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	gometrics "runtime/metrics"
	"strconv"
	"strings"
	"testing"
	"time"

	"archive/zip"

	"github.com/paulmach/orb"

	"towngrid/data"
	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/geotest"
	"towngrid/geo/intake"
	"towngrid/geo/snapshot"
)

// Every threat to uploads and where it is sent: here and in hostile_request_test.go over
// HTTP, in geo/shapefile file by file with smaller figures.
//
//	U1   rings that cross themselves   TestRingsOfRandomVertices, TestNothingIsRepairedInTheDatabase; coverage: TestSelfCrossingsOfRandomVertices
//	U2   zip bombs                     TestZipBombs; shapefile: TestZipBombs, TestEntryThatLiesAboutItsSize
//	U3   many entries                  TestManyEntries; shapefile: TestManyEntries, TestDirectoryCountThatLies
//	U4   names that lead elsewhere     TestHostileEntries; shapefile: TestHostileEntries, TestNoFileSystem
//	U5   nested archives               TestHostileEntries; shapefile: TestNestedArchives, TestNestedArchivesAreNotEvenRead
//	U6   careless zips                 TestZipsOfCarelessPrograms; shapefile: TestLayers
//	U7   a .shp that lies              TestFilesThatLie; shapefile: TestLyingFields (98 files), TestHeaders, TestRecordNumbers, TestOutOfStep
//	U8   counts that lie               TestFilesThatLie; shapefile: TestLyingCounts
//	U9   part indices                  TestFilesThatLie; shapefile: TestPartIndices (500 generated)
//	U10  truncation                    TestFilesThatLie; shapefile: TestTruncation (at every byte)
//	U11  coordinates that are none     TestPlacesInRefusals, intake: TestAVertexAstrayIsNamed, TestMatchesBesideHostileCoordinates; shapefile: TestBadCoordinates
//	U12  rings in disorder             TestHostileGeometry; shapefile: TestRings, TestNestingAgainstBruteForce, TestAreasAgainstGDAL (GEOS)
//	U13  gaps and overlaps             TestSliverAmongManyCells; coverage: TestCheckFindsASliverAmongThousands
//	U14  very large files              TestUploadsOverTheLimits, BenchmarkLocateBesideAnUpload; shapefile: TestLimits, TestAtTheLimit
//	U15  counts that differ            TestCountsThatDiffer; shapefile: TestCountsThatDiffer
//	U16  encodings                     TestFilesThatLie; shapefile: TestEncodingOrder, TestNeverMojibakeInSilence (300 generated), TestTextsCutInsideACharacter
//	U17  systems                       TestDescriptionsOfSystems, TestFilesThatLie; crs: TestContradiction
//	U18  a .dbf that lies              TestFilesThatLie; shapefile: TestTableHeadsThatLie, TestFieldCounts, TestDeletedRows, TestMemos
//	U19  names that would run          TestNamesStayText; in Chromium: web/e2e, "hostile names"
//	U20  formulas                      TestSpreadsheetFormulas; export: TestFormulas, TestCSVGuardsEveryCell
//	U21  slow and endless bodies       TestHostileForms, TestSlowAndBrokenUploads
//	U22  many uploads at once          TestManyUploadsAtOnce
//	U23  a GeoPackage                  TestUploadsOfOtherFormats
//	U24  anything else                 TestMutatedUploads; shapefile: TestMutations, Fuzz…; geojson, jzd, crs: Fuzz…
const mb = 1 << 20

// TestRingsOfRandomVertices sends rings that cross themselves some n² times.
func TestRingsOfRandomVertices(t *testing.T) {
	const seed = 1
	h := newHouse(t, Config{}, nil)
	for _, n := range []int{100, 1000, 20_000, 200_000} {
		rng := rand.New(rand.NewPCG(seed, uint64(n)))
		ring := make(orb.Ring, n, n+1)
		for i := range ring {
			ring[i] = orb.Point{118.8 + 0.1*rng.Float64(), 29 + 0.1*rng.Float64()}
		}
		ring = append(ring, ring[0])
		v := h.refused(t, layerZip(t, "UTF-8", cellRecord{orb.MultiPolygon{{ring}}, [3]string{"C1", "乱", "S1"}}), "self_crossing")
		t.Logf("%d vertices: %v, %d listed", n, v, len(v.list))
		if len(v.list) > 110 || v.list[0].Record == nil || v.list[0].Lon == nil {
			t.Errorf("%d violations, the first %+v", len(v.list), v.list[0])
		}
		v.within(t, 2*time.Second, 64*mb)
	}
}

// TestZipBombs sends zips that unpack to far more than anybody would send.
func TestZipBombs(t *testing.T) {
	h := newHouse(t, Config{}, nil)
	sound := soundParts(t)
	flat := zeros(t, 1024)
	declared := func(size uint32) rawEntry {
		return rawEntry{name: "a.shp", method: zip.Deflate, packed: flat, size: size, at: -1}
	}
	zip64 := declared(math.MaxUint32)
	zip64.extra = binary.LittleEndian.AppendUint64([]byte{1, 0, 8, 0}, 281<<40)
	var overlap, quoted []rawEntry
	for i := range 190 {
		name := fmt.Sprintf("%d.shp", i)
		overlap = append(overlap, rawEntry{name: name, method: zip.Deflate, packed: flat[:400], size: 29 << 20, at: 0})
		quoted = append(quoted, rawEntry{name: name, method: zip.Deflate, packed: flat[:400], packedSize: uint32(400 * (190 - i)), size: 2 * mb, at: -1})
	}
	for name, tc := range map[string]struct {
		entries []rawEntry
		codes   []string
	}{
		"flat, 1 GiB in 1 MB":       {[]rawEntry{declared(1 << 30)}, []string{"zip_bomb"}},
		"flat, ratio of 1000":       {[]rawEntry{declared(500 * mb)}, []string{"zip_bomb"}},
		"281 TB by Zip64":           {[]rawEntry{zip64}, []string{"zip_bomb"}},
		"all the same bytes":        {overlap, []string{"zip_bomb"}},
		"each quotes the next":      {quoted, []string{"zip_bomb"}},
		"declares 1 MiB of its GiB": {append(sound.with("shp", nil).entries("a"), declared(mb)), []string{"shp_header", "zip_damaged"}},
		"declares 60 MiB of zeros":  {append(sound.with("shp", nil).entries("a"), declared(60*mb)), []string{"shp_header", "zip_damaged"}},
	} {
		t.Run(name, func(t *testing.T) {
			h.refused(t, rawZip(tc.entries...), tc.codes...).within(t, 50*time.Millisecond, 32*mb)
		})
	}
}

// TestManyEntries sends zips of more files than a layer has.
func TestManyEntries(t *testing.T) {
	h := newHouse(t, Config{}, nil)
	var full bytes.Buffer
	w := zip.NewWriter(&full)
	for i := range 65_535 {
		if _, err := w.Create(strconv.Itoa(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	size := 8 * mb
	if long() {
		size = 104 * mb
	}
	million := make([]byte, size)
	end64, end := size-98, size-22
	copy(million[end64:], "PK\x06\x06")
	for at, v := range map[int]int{4: 44, 24: 1_000_000, 32: 1_000_000, 40: size / 2, 48: end64 - size/2} {
		binary.LittleEndian.PutUint64(million[end64+at:], uint64(v))
	}
	copy(million[end-20:], "PK\x06\x07")
	binary.LittleEndian.PutUint64(million[end-12:], uint64(end64))
	copy(million[end:], zipEnd(0xffff, -1, -1))
	for name, file := range map[string][]byte{"65,535": full.Bytes(), "1,000,000 in Zip64": million} {
		t.Run(name, func(t *testing.T) {
			v := h.refused(t, file, "too_many_entries")
			t.Log(v)
			v.within(t, 20*time.Millisecond+time.Duration(size/100)*time.Microsecond/10, 16*mb)
		})
	}
}

// TestHostileEntries sends zips whose entries want to be something else than the
// files of a layer. Wherever they point, nothing is written.
func TestHostileEntries(t *testing.T) {
	outside := t.TempDir()
	t.Setenv("TMPDIR", outside)
	h := newHouse(t, Config{}, nil)
	t.Chdir(outside)
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	written := watchWrites(t, []string{h.dir, h.registry.Spool(), outside, filepath.Dir(outside)}, []string{"/", "/tmp", "/var/tmp", home})
	sound := soundParts(t).entries("a")
	named := func(name string) rawEntry { return entryOf(name, []byte("written")) }
	bent := func(bend func(e *rawEntry)) rawEntry {
		e := named("b.shp")
		bend(&e)
		return e
	}
	nested := func(depth int) []byte {
		inner := rawZip(sound...)
		for range depth {
			inner = rawZip(entryOf("inner.zip", inner))
		}
		return inner
	}
	for name, tc := range map[string]struct {
		extra rawEntry
		code  string
	}{
		"upwards":              {named("../../../../../../../.." + filepath.ToSlash(outside) + "/written"), "unsafe_path"},
		"upwards by backslash": {named(`..\..\written`), "unsafe_path"},
		"absolute":             {named(filepath.ToSlash(outside) + "/written"), "unsafe_path"},
		"drive":                {named(`C:\written.shp`), "unsafe_path"},
		"share":                {named(`\\host\share\written`), "unsafe_path"},
		"NUL":                  {named("a.shp\x00.txt"), "unsafe_path"},
		"right to left":        {named("gnp\u202e.shp"), "unsafe_path"},
		"4 kB":                 {named(strings.Repeat("长", 1365) + ".shp"), "unsafe_path"},
		"symbolic link":        {bent(func(e *rawEntry) { e.mode = 0o120777 }), "unsafe_entry"},
		"device":               {bent(func(e *rawEntry) { e.mode = 0o060666 }), "unsafe_entry"},
		"names differ in case": {named("A.SHP"), "duplicate_entry"},
		"encrypted":            {bent(func(e *rawEntry) { e.flags = 1 }), "encrypted_zip"},
		"unknown method":       {bent(func(e *rawEntry) { e.method = 98 }), "unsupported_method"},
		"nested once":          {entryOf("b.zip", nested(0)), "nested_archive"},
		"nested twice":         {entryOf("b.zip", nested(1)), "nested_archive"},
		"nested 30 deep":       {entryOf("b.zip", nested(29)), "nested_archive"},
	} {
		t.Run(name, func(t *testing.T) {
			h.refused(t, rawZip(append(sound[:len(sound):len(sound)], tc.extra)...), tc.code)
		})
	}
	left, err := os.ReadDir(outside) // where the kernel tells nothing of writes
	if err != nil || len(left) != 0 {
		t.Errorf("outside the service's folder were written %v, %v", left, err)
	}
	// What the kernel saw: the database's own files, the spool, and nothing else.
	for _, path := range written() {
		own := filepath.Dir(path) == h.registry.Spool() && filepath.Ext(path) == ".upload" || filepath.Dir(path) == h.dir && strings.HasPrefix(filepath.Base(path), "test.gpkg")
		if !own {
			t.Errorf("%s was written to", path)
		}
	}
}

// TestNothingIsRepairedInTheDatabase reads all that a database is told: making valid what
// crosses itself there takes gigabytes and hours.
func TestNothingIsRepairedInTheDatabase(t *testing.T) {
	seen := 0
	for _, root := range []string{"../data", "../migrations"} {
		err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") || !strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, ".sql") {
				return err
			}
			text, err := os.ReadFile(path)
			seen++
			if strings.Contains(strings.ToLower(string(text)), "st_makevalid") || strings.Contains(strings.ToLower(string(text)), "st_buffer") {
				t.Errorf("%s repairs in the database", path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if seen < 50 {
		t.Errorf("only %d files were read", seen)
	}
}

// TestZipsOfCarelessPrograms sends what is odd in a zip but no fault.
func TestZipsOfCarelessPrograms(t *testing.T) {
	h := newHouse(t, Config{}, nil)
	sound := soundParts(t)
	upper := func(e []rawEntry) []rawEntry {
		for i := range e {
			e[i].name = strings.ToUpper(e[i].name)
		}
		return e
	}
	for name, tc := range map[string]struct {
		entries []rawEntry
		layer   string
	}{
		"upper case":             {upper(sound.entries("wg")), "WG"},
		"sub-folder":             {sound.entries("县域/2026/网格"), "网格"},
		"backslash":              {sound.entries(`data\wg`), "wg"},
		"GBK names without flag": {sound.entries("\xcf\xd8\xd3\xf2/\xcd\xf8\xb8\xf1"), "网格"},
		"mac":                    {append(sound.entries("wg"), entryOf("__MACOSX/._wg.shp", []byte("x")), entryOf(".DS_Store", nil)), "wg"},
		"a name of another format": {append([]rawEntry{entryOf("属性描述,@\n.txt"[:12]+".txt", []byte("地块坐标"))},
			sound.entries("wg")...), "wg"},
	} {
		t.Run(name, func(t *testing.T) {
			v := h.sendFile(t, cellsQuery, rawZip(tc.entries...))
			if v.view.State != data.UploadDraft || v.view.Layer != tc.layer || v.view.Counts.Features != 20 {
				t.Fatalf("%v layer %q; %+v", v, v.view.Layer, v.list)
			}
			h.discardUpload(t, v.view.ID)
		})
	}
	h.refused(t, rawZip(entryOf("readme.txt", []byte("x")), entryOf("a.gpkg", []byte("x"))), "no_shapefile")

	v := h.sendFile(t, cellsQuery, rawZip(append(sound.entries("北/wg"), sound.entries("南/wg")...)...))
	if q := v.view.Question; v.view.State != data.UploadNeedsChoice || q == nil || q.About != "layer" || len(q.Options) != 2 {
		t.Fatalf("%v %+v", v, v.view.Question)
	}
	if rec := send(t, h.Server, http.MethodPatch, "/uploads/"+v.view.ID, `{"layer":"南/wg.shp"}`); rec.Code != http.StatusAccepted {
		t.Fatalf("PATCH: %d %s", rec.Code, rec.Body)
	}
	u := settled(t, h.Server, v.view.ID)
	if u.State != data.UploadDraft || u.Layer != "南/wg" {
		t.Errorf("%+v", u)
	}
	h.discardUpload(t, u.ID)
}

// In the .shp of testCells the first record's content begins behind the header of
// 100 bytes and its own of 8: type 4, box 32, numParts 4, numPoints 4, part 4, points.
const (
	recordLengthAt = 104
	numPartsAt     = 108 + 36
	numPointsAt    = 108 + 40
	firstPartAt    = 108 + 44
	firstPointAt   = 108 + 48
)

func le(v uint32) []byte { return binary.LittleEndian.AppendUint32(nil, v) }

func be(v uint32) []byte { return binary.BigEndian.AppendUint32(nil, v) }

func leFloat(v float64) []byte { return binary.LittleEndian.AppendUint64(nil, math.Float64bits(v)) }

// TestFilesThatLie sends layers whose numbers contradict what is there.
func TestFilesThatLie(t *testing.T) {
	h := newHouse(t, Config{}, nil)
	p := soundParts(t)
	anyOf := func(codes ...string) []string { return codes }
	zone40, err := crs.GaussKrueger(3, 40, true)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		file  parts
		codes []string // nil for any
	}{
		"U7 record length of 4 GB":   {p.put("shp", recordLengthAt, be(0x7fffffff)...), nil},
		"U7 record length negative":  {p.put("shp", recordLengthAt, be(0x80000000)...), nil},
		"U7 empty .shp":              {p.with("shp", []byte{}), anyOf("shp_header")},
		"U7 other magic":             {p.put("shp", 0, be(9995)...), anyOf("shp_header")},
		"U7 unknown type":            {p.put("shp", 32, le(77)...), anyOf("shp_header")},
		"U8 numPoints":               {p.put("shp", numPointsAt, le(0x7ffffff0)...), nil},
		"U8 numParts":                {p.put("shp", numPartsAt, le(0x7ffffff0)...), nil},
		"U9 part out of range":       {p.put("shp", firstPartAt, le(99)...), nil},
		"U9 no parts":                {p.put("shp", numPartsAt, le(0)...), nil},
		"U9 a ring of one point":     {p.put("shp", numPointsAt, le(1)...), nil},
		"U11 NaN":                    {p.put("shp", firstPointAt, leFloat(math.NaN())...), nil},
		"U11 infinity":               {p.put("shp", firstPointAt, leFloat(math.Inf(1))...), nil},
		"U11 1e308":                  {p.put("shp", firstPointAt, leFloat(1e308)...), nil},
		"U11 denormal":               {p.put("shp", firstPointAt, leFloat(5e-324)...), nil},
		"U17 metres and degrees":     {p.with("prj", []byte(zone40.WKT())), anyOf("crs_contradicted")},
		"U18 no fields":              {p.with("dbf", append([]byte{3, 26, 1, 1, 20, 0, 0, 0, 33, 0, 1, 0, 32: 13}, bytes.Repeat([]byte(" "), 20)...)), nil},
		"U18 rows of no length, cut": {p.with("dbf", p["dbf"][:200]).put("dbf", 10, 0, 0), nil},
		"U18 4 billion rows":         {p.put("dbf", 4, le(math.MaxUint32)...), nil},
		"U18 65 bytes, 4 G rows":     {p.with("dbf", append(append([]byte{3, 26, 1, 1}, le(math.MaxUint32)...), append([]byte{65, 0, 2, 0}, make([]byte, 53)...)...)), nil},
		"U16 undecodable by its cpg": {p.with("dbf", bytes.Replace(p["dbf"], []byte("\xb8\xf1C005"), []byte("\xff\xffC005"), 1)), anyOf("undecodable")},
	} {
		t.Run(name, func(t *testing.T) {
			v := h.sendFile(t, cellsQuery, tc.file.zip("wg"))
			if v.view.State != data.UploadRefused || tc.codes != nil && !has(tc.codes, v.code) {
				t.Errorf("%v, want %v; %+v", v, tc.codes, v.list)
				h.discardUpload(t, v.view.ID)
			}
			v.within(t, 100*time.Millisecond, 16*mb)
			h.pristine(t)
		})
	}
	// Heads that can be made out in spite of a lie are read with a warning.
	for check, file := range map[string]parts{
		"dbf_record_length": p.put("dbf", 10, 0, 0), "dbf_header_length": p.put("dbf", 8, 0xff, 0xff), "shp_length": p.put("shp", 24, be(0)...),
	} {
		v := h.sendFile(t, cellsQuery, file.zip("wg"))
		if v.view.State != data.UploadDraft || v.view.Counts.Features != 20 || v.has(check) == nil {
			t.Errorf("%s: %v %+v", check, v, v.list)
		}
		h.discardUpload(t, v.view.ID)
	}
	for _, ext := range []string{"shp", "dbf", "shx"} {
		for i := range 12 {
			cut := i * len(p[ext]) / 12
			v := h.sendFile(t, cellsQuery, p.with(ext, p[ext][:cut]).zip("wg"))
			if v.view.State == data.UploadDraft && len(v.list) > 0 && v.view.Counts.Features == 20 {
				h.discardUpload(t, v.view.ID) // an index that is cut can be done without
			} else if v.view.State == data.UploadDraft {
				t.Errorf("U10 .%s cut at %d: %v %+v", ext, cut, v, v.list)
			}
		}
	}
}

// TestPlacesInRefusals wants a refused vertex to be named.
func TestPlacesInRefusals(t *testing.T) {
	h := newHouse(t, Config{}, nil)
	p := soundParts(t)
	v := h.refused(t, p.put("shp", firstPointAt+32, leFloat(math.NaN())...).zip("wg"), "bad_coordinate")
	if len(v.list) == 0 || v.list[0].Record == nil || *v.list[0].Record != 1 || v.list[0].Vertex == nil || *v.list[0].Vertex != 2 {
		t.Errorf("%+v", v.list)
	}
	swapped := soundCells(3)
	for _, r := range swapped {
		for _, ring := range r.geometry.(orb.MultiPolygon)[0] {
			for i, at := range ring {
				ring[i] = orb.Point{at[1], at[0]}
			}
		}
	}
	refused := h.refused(t, layerZip(t, "UTF-8", swapped...), "crs_contradicted")
	// What was made out of a file is told although it is refused, and what would do.
	if u := refused.view; u.Layer == "" || u.CRS.ID != "EPSG:4490" || u.Encoding.Name != "UTF-8" || u.Counts != (intake.Counts{Records: 3, Refused: 3}) ||
		!strings.Contains(refused.list[0].Message, "EPSG:4490~yx") {
		t.Errorf("%+v %+v", u, refused.list)
	}
	v = h.sendFile(t, cellsQuery+"&crs=EPSG:4490~yx", layerZip(t, "UTF-8", swapped...))
	if v.view.State != data.UploadDraft || v.view.Counts.Features != 3 {
		t.Errorf("%v %+v", v, v.list)
	}
}

// TestMatchesBesideHostileCoordinates publishes cells, sends them again with one coordinate
// that is no place in every way, and then asks for 10,000 random positions: each answer is
// the one that looking into every cell gives.
func TestMatchesBesideHostileCoordinates(t *testing.T) {
	const seed = 11
	h := newHouse(t, Config{}, nil)
	bound := orb.Bound{Min: orb.Point{118.8, 28.9}, Max: orb.Point{119, 29.1}}
	cells := geotest.Tessellation(seed, 300, bound)
	records := make([]cellRecord, len(cells))
	for i, c := range cells {
		records[i] = cellRecord{c, [3]string{fmt.Sprintf("C%03d", i), "格", "S1"}}
	}
	file := layerZip(t, "UTF-8", records...)
	v := h.sendFile(t, cellsQuery, file)
	if rec := send(t, h.Server, http.MethodPost, "/uploads/"+v.view.ID+"/publish", ""); rec.Code != http.StatusCreated {
		t.Fatalf("%v, %d %s", v, rec.Code, rec.Body)
	}
	rng := rand.New(rand.NewPCG(seed, 1))
	sound := unzip(t, file)
	for _, hostile := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), 1e308, 5e-324, -118.9} {
		for _, axis := range []int{0, 8} {
			at := firstPointAt + 16*(1+rng.IntN(3)) + axis
			v := h.sendFile(t, cellsQuery, sound.put("shp", at, leFloat(hostile)...).zip("wg"))
			if v.view.State != data.UploadRefused {
				t.Errorf("%v: %v", hostile, v)
			}
		}
	}
	var asked strings.Builder
	points := make([]orb.Point, 10_000)
	for i := range points {
		points[i] = orb.Point{118.78 + 0.24*rng.Float64(), 28.88 + 0.24*rng.Float64()}
		fmt.Fprintf(&asked, `{"id":%d,"lon":%v,"lat":%v}`+"\n", i, points[i][0], points[i][1])
	}
	req := httptest.NewRequest(http.MethodPost, "/locate", strings.NewReader(asked.String()))
	req.Host = "127.0.0.1"
	req.Header.Set("Content-Type", "application/x-ndjson")
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, req)
	lines := strings.Split(strings.TrimSpace(rec.Body.String()), "\n")
	if rec.Code != http.StatusOK || len(lines) != len(points) {
		t.Fatalf("%d, %d lines", rec.Code, len(lines))
	}
	within := 0
	for i, line := range lines {
		var answer struct {
			ID   int     `json:"id"`
			Cell *string `json:"cell"`
		}
		if err := json.Unmarshal([]byte(line), &answer); err != nil || answer.ID != i {
			t.Fatalf("line %d: %s, %v", i, line, err)
		}
		want := ""
		for _, c := range geotest.Locate(cells, points[i]) {
			want += fmt.Sprintf("C%03d", c)
			within++
		}
		if got := answer.Cell; got == nil && want != "" || got != nil && *got != want {
			t.Errorf("seed %d, position %d %v: %s, wanted is %q", seed, i, points[i], line, want)
		}
	}
	t.Logf("seed %d: %d of %d positions lie in a cell", seed, within, len(points))
	if within < len(points)/2 || within == len(points) {
		t.Errorf("%d of %d within cells: the positions tell little", within, len(points))
	}
}

// TestDescriptionsOfSystems sends what stands in real files where the .prj should be.
func TestDescriptionsOfSystems(t *testing.T) {
	h := newHouse(t, Config{}, nil)
	p := soundParts(t)
	for name, tc := range map[string]struct {
		prj   []byte
		state data.UploadState
	}{
		"missing":              {nil, data.UploadNeedsChoice},
		"a web page":           {[]byte("<!DOCTYPE html><html><body>404 Not Found</body></html>"), data.UploadNeedsChoice},
		"empty":                {[]byte{}, data.UploadNeedsChoice},
		"deeply nested":        {[]byte(strings.Repeat("GEOGCS[", 5000)), data.UploadNeedsChoice},
		"behind a mark":        {append([]byte("\ufeff"), p["prj"]...), data.UploadDraft},
		"in lines":             {bytes.ReplaceAll(p["prj"], []byte(","), []byte(",\r\n  ")), data.UploadDraft},
		"larger than any .prj": {bytes.Repeat([]byte("GEOGCS["), 100_000), data.UploadNeedsChoice},
	} {
		t.Run(name, func(t *testing.T) {
			v := h.sendFile(t, cellsQuery, p.with("prj", tc.prj).zip("wg"))
			if v.view.State != tc.state || tc.state == data.UploadNeedsChoice && v.view.Question.About != "crs" {
				t.Fatalf("%v %+v; %+v", v, v.view.Question, v.list)
			}
			h.discardUpload(t, v.view.ID)
		})
	}
}

// TestHostileGeometry sends one geometry of every hostile kind. Each is refused, or kept
// with a warning, and a kept one goes through publication.
func TestHostileGeometry(t *testing.T) {
	const seed = 12
	h := newHouse(t, Config{}, nil)
	bound := orb.Bound{Min: orb.Point{118.8, 29}, Max: orb.Point{118.9, 29.1}}
	drafts, refusals := 0, 0
	// The writer closes a ring; rings that only touch themselves are no crossing.
	harmless := map[string]bool{"unclosed": true, "figure_eight": true, "inner_touch": true}
	for _, hostile := range geotest.Hostiles(seed, bound) {
		t.Run(hostile.Name, func(t *testing.T) {
			file, err := writeLayer("UTF-8", cellRecord{hostile.Geometry, [3]string{"C1", hostile.Name, "S1"}})
			if err != nil {
				return // a writer refuses it as well
			}
			v := h.sendFile(t, cellsQuery, file)
			v.within(t, 2*time.Second, 64*mb)
			switch v.view.State {
			case data.UploadRefused:
				refusals++
			case data.UploadDraft:
				drafts++
				if err := geotest.Valid(hostile.Geometry); err != nil && len(v.list) < 2 && !harmless[hostile.Name] { // one is for the missing unit
					t.Errorf("kept without a word: %v", err)
				}
				h.discardUpload(t, v.view.ID)
			default:
				t.Errorf("%v", v)
			}
		})
	}
	t.Logf("seed %d: %d refused, %d kept", seed, refusals, drafts)
	if refusals < 3 || drafts < 3 {
		t.Errorf("%d refused, %d kept: the kinds do not tell anything", refusals, drafts)
	}
}

// TestSliverAmongManyCells moves one vertex of one cell among 10,000 by a centimetre.
func TestSliverAmongManyCells(t *testing.T) {
	const seed = 13
	h := newHouse(t, Config{}, nil)
	cells := geotest.Tessellation(seed, 10_000, orb.Bound{Min: orb.Point{118.6, 28.8}, Max: orb.Point{119.1, 29.3}})
	const moved = 4321
	ring := cells[moved][0][0]
	// A centimetre to the side of the edge before the vertex, on the vertex alone.
	at, before := ring[2], ring[1]
	dx, dy := at[0]-before[0], at[1]-before[1]
	length := math.Hypot(dx, dy)
	shift := 0.01 / 111_000 / length
	ring[2] = orb.Point{at[0] - dy*shift, at[1] + dx*shift}
	records := make([]cellRecord, len(cells))
	for i, c := range cells {
		records[i] = cellRecord{c, [3]string{fmt.Sprintf("C%05d", i), "格", "S1"}}
	}
	v := h.sendFile(t, cellsQuery, layerZip(t, "UTF-8", records...))
	t.Logf("%v, %d violations", v, len(v.list))
	if v.view.State != data.UploadDraft || v.view.Counts.Features != 10_000 {
		t.Fatalf("%v %+v", v, v.list)
	}
	found := 0
	for _, one := range v.list {
		if one.Check != "gap" && one.Check != "overlap" {
			continue
		}
		found++
		if one.Lon == nil || geo.DistanceM(orb.Point{*one.Lon, *one.Lat}, at) > 2*length*111_000 || !strings.Contains(one.Message, "m²") {
			t.Errorf("%+v is far from %v", one, at)
		}
		t.Logf("%s", one.Message)
	}
	if n := v.count("unknown_parent"); n != 1000 {
		t.Errorf("%d cells of an unknown unit are listed", n)
	}
	if found < 1 || found > 4 {
		t.Errorf("%d gaps and overlaps for one moved vertex", found)
	}
	h.discardUpload(t, v.view.ID)
}

// TestUploadsOverTheLimits sends more than an upload may hold.
func TestUploadsOverTheLimits(t *testing.T) {
	h := newHouse(t, Config{}, func(o *data.Options) { o.MaxUpload, o.Apart = 24*mb, readApart(t) })
	circle := func(n int) orb.Ring {
		ring := make(orb.Ring, n, n+1)
		for i := range ring {
			sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(n))
			ring[i] = orb.Point{118.9 + 0.1*cos, 29 + 0.1*sin}
		}
		return append(ring, ring[0])
	}
	one := func(g orb.Geometry) []byte { return layerZip(t, "UTF-8", cellRecord{g, [3]string{"C1", "大", "S1"}}) }

	// Who sends too much hears it in the answer, not later.
	over := func(what string, file []byte, code string) {
		t.Helper()
		v := h.refused(t, file, code)
		t.Logf("%s: %v", what, v)
		if v.status != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: %v", what, v)
		}
		v.within(t, 3*time.Second, 64*mb)
	}
	over("500,001 vertices", one(orb.MultiPolygon{{circle(500_000)}}), "too_many_vertices")
	position := ",[118.9,29.1]"
	over("500,001 vertices of GeoJSON", []byte(`{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"C1"},"geometry":{"type":"Polygon","coordinates":[[[118.9,29]`+
		strings.Repeat(position, 500_000)+`]]}}]}`), "too_many_vertices")
	over("500,001 boundary points", []byte("[地块坐标]\r\n500001,1.0,C1,格,面,,,,@\r\n"+strings.Repeat("J1,1,3209000.1,40490000.2\r\n", 500_001)), "too_many_vertices")

	square := func(x, y float64) orb.Ring { return testCell{x: x, y: y}.geometry()[0][0] }
	many := make([]cellRecord, 200_001)
	for i := range many {
		many[i] = cellRecord{orb.MultiPolygon{{square(118, 29)}}, [3]string{"C" + strconv.Itoa(i), "", "S1"}}
	}
	over("200,001 features", layerZip(t, "UTF-8", many...), "too_many_features")

	rec := post(t, h.Server, "/uploads?"+cellsQuery, make([]byte, 24*mb+1))
	if p := problemOf(t, rec); rec.Code != http.StatusRequestEntityTooLarge || p.Code != "upload_too_large" {
		t.Errorf("a byte too many: %d %s", rec.Code, rec.Body)
	}
	h.pristine(t)

	// Very many rings in one record, and all of them holes of one shell.
	rings := 50_000
	if long() {
		rings = 100_000
	}
	var islands orb.MultiPolygon
	holed := orb.Polygon{circle(1000)}
	for i := range rings {
		x, y := 118.85+0.0002*float64(i%400), 28.96+0.0002*float64(i/400)
		ring := orb.Ring{{x, y}, {x + 5e-5, y}, {x, y + 5e-5}, {x, y}}
		islands = append(islands, orb.Polygon{ring})
		hole := orb.Ring{ring[0], ring[2], ring[1], ring[0]}
		holed = append(holed, hole)
	}
	for name, g := range map[string]orb.MultiPolygon{"parts": islands, "holes": {holed}} {
		v := h.sendFile(t, cellsQuery, one(g))
		t.Logf("%d %s: %v", rings, name, v)
		v.within(t, 3*time.Second, 256*mb)
		if v.view.State == data.UploadDraft {
			h.discardUpload(t, v.view.ID)
		}
	}
	if !long() {
		return
	}
	for i := range many {
		many[i].geometry = orb.MultiPolygon{{square(116+float64(i%500)/100, 26+float64(i/500)/100)}}
	}
	for name, file := range map[string][]byte{
		"500,000 vertices": one(orb.MultiPolygon{{circle(499_999)}}),
		"200,000 features": layerZip(t, "UTF-8", many[:200_000]...),
	} {
		v := h.sendFile(t, cellsQuery, file)
		t.Logf("at the limit, %s: %v", name, v)
		if v.view.State != data.UploadDraft {
			t.Errorf("at the limit, %s: %v %+v", name, v, v.list[:min(3, len(v.list))])
		}
		v.within(t, 60*time.Second, 256*mb)
	}
}

// TestCountsThatDiffer sends a layer with a row too few, with and without force.
func TestCountsThatDiffer(t *testing.T) {
	h := newHouse(t, Config{}, nil)
	p := soundParts(t)
	row := int(binary.LittleEndian.Uint16(p["dbf"][10:]))
	short := p.with("dbf", append(bytes.Clone(p["dbf"][:len(p["dbf"])-1-row]), 0x1a)).put("dbf", 4, le(19)...)
	v := h.refused(t, short.zip("wg"), "record_count_mismatch")
	check := v.code
	v = h.sendFile(t, cellsQuery+"&force=true", short.zip("wg"))
	// The shape without a row has no unit, which is a refusal of its own.
	one := v.has(check)
	if one == nil || one.Severity != geo.Warning {
		t.Fatalf("with force: %v %+v", v, v.list)
	}
	if v.view.State != data.UploadRefused || v.code != "missing_value" {
		t.Errorf("with force: %v %+v", v, v.list)
	}
	// A row too many can be left out, and is told.
	spare := p.with("dbf", append(append(bytes.Clone(p["dbf"][:len(p["dbf"])-1]), bytes.Repeat([]byte(" "), row)...), 0x1a)).put("dbf", 4, le(21)...)
	h.refused(t, spare.zip("wg"), check)
	v = h.sendFile(t, cellsQuery+"&force=true", spare.zip("wg"))
	if v.view.State != data.UploadDraft || v.has(check) == nil || v.view.Counts.Features != 20 {
		t.Fatalf("a spare row with force: %v %+v", v, v.list)
	}
	h.discardUpload(t, v.view.ID)
}

// payloads are texts that would run, break out or turn around if they were anything
// but texts; the map application's own tests show them in a browser.
var payloads = []string{
	`<img src=x onerror=alert(1)>`, `<svg onload=alert(1)>`, `<script>alert(1)</script>`, `</script><script>alert(1)</script>`,
	`"><script>alert(1)</script>`, `'><img src=x onerror=alert(1)>`, `" onmouseover="alert(1)" x="`, `' onfocus='alert(1)' autofocus='`,
	`javascript:alert(1)`, `JaVaScRiPt:alert(1)`, `data:text/html,<script>alert(1)</script>`, `<a href="javascript:alert(1)">x</a>`,
	`<iframe srcdoc="<script>parent.alert(1)</script>">`, `<object data="javascript:alert(1)">`, `<body onload=alert(1) ontoggle=alert(1)>`,
	`<details open ontoggle=alert(1)>`, `<style>@import "//example.invalid/x.css";</style>`, `<base href="//example.invalid/">`,
	`<math><mtext><img src=x onerror=alert(1)></mtext></math>`, `<template><script>alert(1)</script></template>`,
	`&lt;img src=x onerror=alert(1)&gt;`, `{{constructor.constructor("alert(1)")()}}`, `${alert(1)}`, `-->]]>*/;alert(1)//`,
	`\u003cimg src=x onerror=alert(1)\u003e`, `<!--<img src="--><img src=x onerror=alert(1)//">`, `=HYPERLINK("http://example.invalid")`,
	"a\u2028alert(1)//", "a\u2029alert(1)//", "\u202e)1(trela\u202c<!--", "a\x01b", "a\u0085b",
}

// TestNamesStayText sends names that a careless page would run, and wants them as
// they are in JSON that no browser takes for anything else, or refused.
func TestNamesStayText(t *testing.T) {
	h := newHouse(t, Config{}, nil)
	hidden := 0
	var records []cellRecord
	for i, p := range payloads {
		c := soundCells(i + 1)[i]
		c.values = [3]string{fmt.Sprintf("C%02d", i), p, "S1"}
		if strings.ContainsAny(p, "\u2028\u2029\u202e\x01\u0085") {
			hidden++
			h.refused(t, layerZip(t, "UTF-8", c), "control_character")
			continue
		}
		if i%3 == 0 && len(p) <= 64 {
			c.values[0] = p // a code as well
		}
		records = append(records, c)
	}
	t.Logf("%d payloads, %d of them refused", len(payloads), hidden)
	if len(payloads) < 30 {
		t.Errorf("%d payloads", len(payloads))
	}
	v := h.sendFile(t, cellsQuery, layerZip(t, "UTF-8", records...))
	if v.view.State != data.UploadDraft {
		t.Fatalf("%v %+v", v, v.list)
	}
	if rec := send(t, h.Server, http.MethodPost, "/uploads/"+v.view.ID+"/publish", ""); rec.Code != http.StatusCreated {
		t.Fatalf("publish: %d %s", rec.Code, rec.Body)
	}
	names := map[string]bool{}
	for _, f := range getJSON[featureCollection](t, h.Server, "/collections/cells/items?limit=100").Features {
		names[f.Properties["name"].(string)] = true
	}
	for _, r := range records {
		if !names[r.values[1]] {
			t.Errorf("%q is not there as it was sent", r.values[1])
		}
	}
	for _, path := range []string{
		"/collections/cells/items?limit=100", "/locate?lon=118.505&lat=29.005", "/uploads/" + v.view.ID + "/violations", "/uploads",
		"/collections/cells/items?limit=1", "/versions", "/collections",
	} {
		rec := get(t, h.Server, path, http.StatusOK)
		if rec.Header().Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(rec.Header().Get("Content-Type"), "json") {
			t.Errorf("%s: %v", path, rec.Header())
		}
		if strings.ContainsAny(rec.Body.String(), "<>\u2028\u2029\u202e") {
			t.Errorf("%s holds characters that matter to HTML or scripts", path)
		}
	}
	rec := send(t, h.Server, http.MethodGet, "/collections/%3Cimg%20src=x%20onerror=alert(1)%3E/items", "")
	if strings.Contains(rec.Body.String(), "<") {
		t.Errorf("a problem says %s", rec.Body)
	}
}

// TestUploadsOfOtherFormats sends what is no upload.
func TestUploadsOfOtherFormats(t *testing.T) {
	h := newHouse(t, Config{}, nil)
	database, err := os.ReadFile(filepath.Join(h.dir, "test.gpkg"))
	if err != nil {
		t.Fatal(err)
	}
	h.refused(t, database, "geopackage_not_accepted")
	h.refused(t, append([]byte("SQLite format 3\x00"), bytes.Repeat([]byte{0xff}, 5000)...), "geopackage_not_accepted")
	for name, file := range map[string]string{
		"bare .shp": string(soundParts(t)["shp"]), "rar": "Rar!\x1a\x07\x00xxxx", "7z": "7z\xbc\xaf\x27\x1cxxxx", "web page": "<!DOCTYPE html><p>x",
		"one byte": "x", "end of a zip": string(zipEnd(0, 0, 0)), "zip cut short": string(soundParts(t).zip("wg")[:300]),
	} {
		t.Run(name, func(t *testing.T) { h.refused(t, []byte(file), "not_a_zip", "no_shapefile") })
	}
}

// TestMutatedUploads bends bytes of sound files of every format and reads them as an
// upload is read: no panic, no second, no memory beyond what the file explains.
func TestMutatedUploads(t *testing.T) {
	const seed = 24
	n := 2000
	if long() {
		n = 1_000_000
	}
	rng := rand.New(rand.NewPCG(seed, 0))
	p := soundParts(t)
	geojson := []byte(`{"type":"FeatureCollection","features":[{"type":"Feature","id":7,"properties":{"code":"C1","name":"格","unit":"S1","人口":12.5},` +
		`"geometry":{"type":"MultiPolygon","coordinates":[[[[118.9,29],[118.91,29],[118.91,29.01],[118.9,29.01],[118.9,29]]]]}}]}`)
	jzd := []byte("[属性描述]\r\n坐标系=2000国家大地坐标系\r\n几度分带=3\r\n投影类型=高斯克吕格\r\n计量单位=米\r\n带号=40\r\n精度=0.001\r\n[地块坐标]\r\n" +
		"4,1.0,C1,格,面,,,,@\r\nJ1,1,3209000.1,40490000.2\r\nJ2,1,3209100.1,40490000.2\r\nJ3,1,3209100.1,40490100.2\r\nJ1,1,3209000.1,40490000.2\r\n")
	exts := []string{"shp", "shp", "dbf", "shx", "prj", "cpg"}
	var slowest time.Duration
	var most uint64
	var states [4]int
	empty := snapshot.Empty()
	for i := range n {
		file := geojson
		switch i % 5 {
		case 0, 1:
			ext := exts[rng.IntN(len(exts))]
			file = p.with(ext, bend(rng, p[ext])).zip("wg")
		case 2:
			file = bend(rng, p.zip("wg"))
		case 3:
			file = bend(rng, geojson)
		case 4:
			file = bend(rng, jzd)
		}
		began, allocated := worked(), allocations()
		res, err := intake.Read(context.Background(), intake.Job{
			File: "f", Source: bytes.NewReader(file), Size: int64(len(file)), Collection: geo.Cells, Division: "330890", Live: intake.Published(empty),
			Choice: intake.Choice{Force: i%2 == 0},
		})
		slowest, most = max(slowest, worked()-began), max(most, allocations()-allocated)
		var known *geo.Error
		switch {
		case err != nil && !errors.As(err, &known):
			t.Fatalf("seed %d, mutation %d: %v", seed, i, err)
		case err != nil:
			states[0]++
		case res.Question != nil:
			states[1]++
		case geo.Refused(res.Violations):
			states[2]++
			if res.Features != nil {
				t.Fatalf("seed %d, mutation %d: refused with %d features", seed, i, len(res.Features))
			}
		default:
			states[3]++
			if len(res.Features) != res.Counts.Features || res.Counts.Records != res.Counts.Features {
				t.Fatalf("seed %d, mutation %d: %d features, %+v", seed, i, len(res.Features), res.Counts)
			}
			for _, f := range res.Features {
				if b := f.Geometry.Bound(); !(b.Min[0] > 60 && b.Max[0] < 150 && b.Min[1] > 0 && b.Max[1] < 60) {
					t.Fatalf("seed %d, mutation %d: bound %v", seed, i, b)
				}
			}
		}
	}
	t.Logf("seed %d, %d mutations: %d unreadable, %d questions, %d refused, %d kept; the slowest worked %v, the largest allocated %d MB", seed, n, states[0], states[1], states[2], states[3], slowest, most>>20)
	if slowest > 2*time.Second || most > 256*mb {
		t.Errorf("the slowest worked %v, the largest allocated %d MB", slowest, most>>20)
	}
	for i, count := range states {
		if count == 0 {
			t.Errorf("no mutation ended as %d", i)
		}
	}
}

// allocations is how many bytes the program has allocated so far, more than it ever held.
func allocations() uint64 {
	s := []gometrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	gometrics.Read(s)
	return s[0].Value.Uint64()
}

// bend changes some bytes: bits, numbers that programs trip over, pieces left out or
// repeated.
func bend(rng *rand.Rand, b []byte) []byte {
	b = bytes.Clone(b)
	for range 1 + rng.IntN(3) {
		if len(b) < 9 {
			return b
		}
		at := rng.IntN(len(b) - 8)
		if rng.IntN(3) == 0 {
			at = rng.IntN(min(len(b)-8, 160)) // heads are where the lies hurt
		}
		switch rng.IntN(7) {
		case 0:
			b[at] ^= 1 << rng.IntN(8)
		case 1:
			b[at] = byte(rng.IntN(256))
		case 2:
			copy(b[at:], le([]uint32{0, 1, 0x7fffffff, 0x80000000, math.MaxUint32, uint32(len(b))}[rng.IntN(6)]))
		case 3:
			copy(b[at:], be([]uint32{0, 1, 0x7fffffff, 0x80000000, math.MaxUint32, uint32(len(b) / 2)}[rng.IntN(6)]))
		case 4:
			copy(b[at:], leFloat([]float64{math.NaN(), math.Inf(-1), 0, 1e308, -1}[rng.IntN(5)]))
		case 5:
			b = append(b[:at:at], b[at+rng.IntN(8):]...)
		case 6:
			b = append(b[:at:at], append(bytes.Clone(b[at:min(len(b), at+rng.IntN(64))]), b[at:]...)...)
		}
	}
	return b
}

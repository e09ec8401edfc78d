package api

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	gometrics "runtime/metrics"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/paulmach/orb"

	"towngrid/data"
	"towngrid/data/apart"
	"towngrid/data/gpkg"
	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/shapefile"
)

// long says whether the tests may take minutes.
func long() bool { return os.Getenv("TOWNGRID_LONG") == "1" }

// patience is how many times a time that is promised may pass on the clock: the machine
// is shared. slack is how many times as much may be worked meanwhile, all threads and the
// collector together, which others on the machine do little about; the race detector
// makes everything some ten times as slow.
const patience, slack = 100, 5

// house is a service of its own with the folder that it lives in.
type house struct {
	*Server
	dir string
}

// newHouse opens a service on an empty store; tune changes the registry's options.
func newHouse(t testing.TB, cfg Config, tune func(*data.Options)) house {
	t.Helper()
	dir := t.TempDir()
	store, err := gpkg.Open(context.Background(), filepath.Join(dir, "test.gpkg"), gpkg.Options{})
	if err != nil {
		t.Fatal(err)
	}
	opts := data.Options{Spool: filepath.Join(dir, "spool"), Log: slog.New(slog.DiscardHandler)}
	if tune != nil {
		tune(&opts)
	}
	r, err := data.Open(context.Background(), store, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s, err := New(r, nil, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return house{s, dir}
}

// readApart has uploads read in a process of their own, as the program does.
func readApart(t testing.TB) apart.Program {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return apart.Program{Command: []string{self, readUpload}}
}

// pristine wants nothing to be kept: no version, draft or published, no feature, no
// spooled file, and nothing in the service's folder but what belongs there.
func (h house) pristine(t *testing.T) {
	t.Helper()
	all, err := h.registry.Store().History(context.Background(), data.VersionFilter{})
	for _, v := range all {
		if v.State != geo.Discarded {
			t.Errorf("version %+v is kept", v)
		}
		for f := range h.registry.Store().Features(context.Background(), v.ID) {
			if f.Code != "" {
				t.Errorf("feature %s of a discarded version is kept", f.Code)
			}
		}
	}
	if err != nil {
		t.Error(err)
	}
	if n := h.registry.Snapshot().Len(geo.Cells); n != 0 {
		t.Errorf("%d cells are live", n)
	}
	if files := h.files(t); strings.Join(files, " ") != "spool test.gpkg" {
		t.Errorf("the folder holds %v", files)
	}
}

// files lists everything in the service's folder but the database's own helpers.
func (h house) files(t *testing.T) (names []string) {
	t.Helper()
	err := filepath.WalkDir(h.dir, func(path string, d os.DirEntry, err error) error {
		if name, _ := filepath.Rel(h.dir, path); err == nil && name != "." && !strings.HasPrefix(name, "test.gpkg-") {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// form is a multipart body with a file.
func form(t testing.TB, name string, file []byte) (body []byte, contentType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile("file", name)
	if err == nil {
		_, err = part.Write(file)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), w.FormDataContentType()
}

// verdict is what became of an upload, with what it cost.
type verdict struct {
	status int    // of the POST
	code   string // of the problem, or of the first refusal
	view   uploadView
	list   []violationView
	took   time.Duration
	worked time.Duration // processor time of the whole program
	grown  int64         // bytes of memory over those held before
}

func (v verdict) String() string {
	return fmt.Sprintf("%d %s %s %+v after %v (%v of a core), %d MB", v.status, v.view.State, v.code, v.view.Counts, v.took, v.worked, v.grown>>20)
}

func (v verdict) has(check string) *violationView {
	for i := range v.list {
		if v.list[i].Check == check {
			return &v.list[i]
		}
	}
	return nil
}

// sendFile uploads a file and tells what became of it. Whatever it is, the service
// answers with 202 or a problem of the caller's, and says in Chinese what is wrong.
func (h house) sendFile(t *testing.T, query string, file []byte) (v verdict) {
	t.Helper()
	body, contentType := form(t, "网格.zip", file)
	req := httptest.NewRequest(http.MethodPost, "/uploads?"+query, bytes.NewReader(body))
	req.Host = "127.0.0.1"
	req.Header.Set("Content-Type", contentType)
	rec := httptest.NewRecorder()
	before := worked()
	v.took, v.grown = watched(func() {
		h.ServeHTTP(rec, req)
		if v.status = rec.Code; v.status == http.StatusAccepted {
			if err := json.Unmarshal(rec.Body.Bytes(), &v.view); err != nil {
				t.Fatal(err)
			}
			if _, err := h.registry.Wait(context.Background(), v.view.ID); err != nil {
				t.Fatal(err)
			}
		}
	})
	v.worked = worked() - before
	if v.status != http.StatusAccepted {
		v.code = problemOf(t, rec).Code
		return v
	}
	v.view = getJSON[uploadView](t, h.Server, "/uploads/"+v.view.ID)
	v.list = getJSON[struct{ Violations []violationView }](t, h.Server, "/uploads/"+v.view.ID+"/violations").Violations
	for _, one := range v.list {
		if one.Severity == geo.Refusal && v.code == "" {
			v.code = one.Check
		}
		if !chinese(one.Message) {
			t.Errorf("%s says %q", one.Check, one.Message)
		}
		if one.Check == "internal_error" {
			t.Errorf("the service failed: %+v", one)
		}
	}
	if v.view.State == data.UploadRefused && v.code == "" {
		t.Error("refused without a word")
	}
	if c := v.view.Counts; c.Records != c.Features+c.Refused {
		t.Errorf("the counts do not add up: %+v", c)
	}
	return v
}

func (v verdict) count(check string) (n int) {
	for _, one := range v.list {
		if one.Check == check {
			n++
		}
	}
	return n
}

// refused wants a file to be refused for one of some reasons and nothing to be kept.
func (h house) refused(t *testing.T, file []byte, codes ...string) verdict {
	t.Helper()
	v := h.sendFile(t, cellsQuery, file)
	if v.status == http.StatusAccepted && v.view.State != data.UploadRefused || !has(codes, v.code) {
		t.Errorf("%v, want %v; %+v", v, codes, v.list)
	}
	h.pristine(t)
	return v
}

// discard throws a draft or an open question away.
func (h house) discardUpload(t *testing.T, id string) {
	t.Helper()
	if rec := send(t, h.Server, http.MethodDelete, "/uploads/"+id, ""); rec.Code != http.StatusNoContent {
		t.Errorf("discard: %d %s", rec.Code, rec.Body)
	}
}

// problemOf reads a problem and wants it to be the caller's, or 503, and in Chinese.
func problemOf(t *testing.T, rec *httptest.ResponseRecorder) (p Problem) {
	t.Helper()
	if err := json.Unmarshal(rec.Body.Bytes(), &p); err != nil {
		t.Fatalf("%d %.300q: %v", rec.Code, rec.Body, err)
	}
	ours := rec.Code >= 500 && rec.Code != http.StatusServiceUnavailable
	if rec.Code < 400 || ours || p.Status != rec.Code || p.Code == "" || !chinese(p.Detail) || rec.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("%d %.300s", rec.Code, rec.Body)
	}
	return p
}

func chinese(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

// watched runs f and tells its time and by how much the memory that the program and the
// processes it starts hold from the system grew meanwhile. This counts what the collector
// has not yet taken back, so it does not depend on when that runs; as the collector lets
// memory grow by a part of all that is held, and tests hold far more than a service, it
// runs more often here.
func watched(f func()) (took time.Duration, grown int64) {
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	runtime.GC()
	debug.FreeOSMemory()
	base := held()
	stop, peak := make(chan struct{}), make(chan int64)
	go func() {
		top := base
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				top = max(top, held())
			case <-stop:
				peak <- max(top, held())
				return
			}
		}
	}()
	began := time.Now()
	f()
	took = time.Since(began)
	close(stop)
	return took, <-peak - base
}

// held is what the Go runtime holds from the system, and what the processes that were
// started hold, in bytes.
func held() int64 {
	s := []gometrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	gometrics.Read(s)
	return int64(s[0].Value.Uint64()) - int64(s[1].Value.Uint64()) + childrenHold()
}

// within wants an upload to have kept to a time of the processor and to a growth of memory.
func (v verdict) within(t *testing.T, took time.Duration, grown int64) {
	t.Helper()
	most := slack * took
	if raced {
		most, grown = 10*most, 5*grown // it keeps a shadow of all memory
	}
	if v.took > patience*took || v.worked > most || v.grown > grown {
		t.Errorf("%v, of which %v were worked, %d MB; promised are %v, %d MB", v.took, v.worked, v.grown>>20, took, grown>>20)
	}
}

// --- shapefiles

// parts are the files of a layer by extension.
type parts map[string][]byte

// cellRecord is a cell for a file: code, name, unit.
type cellRecord struct {
	geometry orb.Geometry
	values   [3]string
}

// layer is a layer of cells in CGCS2000 degrees.
func layer(t testing.TB, encoding string, records ...cellRecord) parts {
	t.Helper()
	return unzip(t, layerZip(t, encoding, records...))
}

func layerZip(t testing.TB, encoding string, records ...cellRecord) []byte {
	t.Helper()
	b, err := writeLayer(encoding, records...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func writeLayer(encoding string, records ...cellRecord) ([]byte, error) {
	var all iter.Seq2[shapefile.Record, error] = func(yield func(shapefile.Record, error) bool) {
		for i, r := range records {
			if !yield(shapefile.Record{Number: i + 1, Geometry: r.geometry, Values: []any{r.values[0], r.values[1], r.values[2]}}, nil) {
				return
			}
		}
	}
	var out bytes.Buffer
	err := shapefile.Write(&out, shapefile.Output{
		Name: "网格", PRJ: crs.CGCS2000().WKT(), Encoding: encoding, ShapeType: "Polygon", Records: all,
		Fields: []shapefile.Field{{Name: "WGBM", Type: 'C', Length: 64}, {Name: "WGMC", Type: 'C', Length: 200}, {Name: "SSDYBM", Type: 'C', Length: 20}},
	})
	return out.Bytes(), err
}

// soundCells are n cells side by side.
func soundCells(n int) (records []cellRecord) {
	for i := range n {
		c := testCell{fmt.Sprintf("C%03d", i), 118.5 + 0.01*float64(i%50), 29 + 0.01*float64(i/50)}
		records = append(records, cellRecord{c.geometry(), [3]string{c.code, "格" + c.code, "S1"}})
	}
	return records
}

// soundParts are the files of a layer with nothing wrong.
func soundParts(t testing.TB) parts { return layer(t, "GBK", soundCells(20)...) }

func unzip(t testing.TB, archive []byte) parts {
	t.Helper()
	in, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	p := parts{}
	for _, f := range in.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if p[strings.TrimPrefix(filepath.Ext(f.Name), ".")], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// with is a copy of the layer with one file changed; nil leaves it out.
func (p parts) with(ext string, content []byte) parts {
	q := parts{}
	for k, v := range p {
		q[k] = bytes.Clone(v)
	}
	if q[ext] = content; content == nil {
		delete(q, ext)
	}
	return q
}

// put is a copy of the layer with bytes written over one file at an offset.
func (p parts) put(ext string, at int, content ...byte) parts {
	q := p.with(ext, bytes.Clone(p[ext]))
	copy(q[ext][at:], content)
	return q
}

// zip packs the layer under a stem.
func (p parts) zip(stem string) []byte { return rawZip(p.entries(stem)...) }

func (p parts) entries(stem string) (entries []rawEntry) {
	for _, ext := range []string{"shp", "shx", "dbf", "prj", "cpg"} {
		if p[ext] != nil {
			entries = append(entries, entryOf(stem+"."+ext, p[ext]))
		}
	}
	return entries
}

// --- zips made by hand, in which everything may lie (PKWARE APPNOTE 4.3)

type rawEntry struct {
	name          string
	flags, method uint16
	packed        []byte
	crc           uint32
	size          uint32 // as declared
	packedSize    uint32 // as declared; 0 for the truth
	mode          uint32 // of Unix; 0 for none
	at            int    // where the directory says it lies; -1 for the truth
	extra         []byte
}

func entryOf(name string, content []byte) rawEntry {
	return rawEntry{name: name, packed: content, crc: crc32.ChecksumIEEE(content), size: uint32(len(content)), at: -1}
}

func (e rawEntry) header() []byte {
	packed := e.packedSize
	if packed == 0 {
		packed = uint32(len(e.packed))
	}
	b := binary.LittleEndian.AppendUint16([]byte{20, 0}, e.flags)
	b = binary.LittleEndian.AppendUint16(b, e.method)
	b = binary.LittleEndian.AppendUint32(append(b, 0, 0, 0, 0), e.crc)
	b = binary.LittleEndian.AppendUint32(b, packed)
	b = binary.LittleEndian.AppendUint32(b, e.size)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(e.name)))
	return binary.LittleEndian.AppendUint16(b, uint16(len(e.extra)))
}

func rawZip(entries ...rawEntry) []byte {
	var b, dir []byte
	for _, e := range entries {
		at := len(b)
		b = append(append(append(append(append(b, "PK\x03\x04"...), e.header()...), e.name...), e.extra...), e.packed...)
		if e.at >= 0 {
			at = e.at
		}
		creator := uint16(0)
		if e.mode != 0 {
			creator = 3 << 8
		}
		dir = binary.LittleEndian.AppendUint16(append(dir, "PK\x01\x02"...), creator)
		dir = append(append(dir, e.header()...), 0, 0, 0, 0, 0, 0)
		dir = binary.LittleEndian.AppendUint32(dir, e.mode<<16)
		dir = binary.LittleEndian.AppendUint32(dir, uint32(at))
		dir = append(append(dir, e.name...), e.extra...)
	}
	return append(append(b, dir...), zipEnd(len(entries), len(dir), len(b))...)
}

func zipEnd(n, size, offset int) []byte {
	b := append([]byte("PK\x05\x06"), 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(n))
	b = binary.LittleEndian.AppendUint16(b, uint16(n))
	b = binary.LittleEndian.AppendUint32(b, uint32(size))
	b = binary.LittleEndian.AppendUint32(b, uint32(offset))
	return append(b, 0, 0)
}

// zeros is a deflate stream that really unpacks to n MiB of zeros, a thousandth of
// that in size. It repeats one block, as every one refers to zeros before it.
func zeros(t testing.TB, n int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	var ends [2]int
	for i := range ends {
		if _, err := w.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		ends[i] = b.Len()
	}
	first, block := b.Bytes()[:ends[0]], b.Bytes()[ends[0]:ends[1]]
	out := append(bytes.Clone(first), bytes.Repeat(block, n-1)...)
	return append(out, 3, 0) // an empty last block
}

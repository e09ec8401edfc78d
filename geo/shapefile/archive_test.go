package shapefile

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"go/parser"
	"go/token"
	"hash/crc32"
	"io"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"towngrid/geo"
)

// rawEntry is an entry of a zip made by hand, in which everything may lie.
type rawEntry struct {
	name          string
	flags, method uint16
	packed        []byte
	crc           uint32
	size          uint32 // as declared
	packedSize    uint32 // as declared; 0 for the truth
	attributes    uint32
	creator       uint16
	at            int // where the directory says it lies; -1 for the truth
	extra         []byte
}

func entryOf(name string, content []byte) rawEntry {
	return rawEntry{name: name, packed: content, crc: crc32.ChecksumIEEE(content), size: uint32(len(content)), at: -1}
}

func (e rawEntry) fields() []byte {
	packed := e.packedSize
	if packed == 0 {
		packed = uint32(len(e.packed))
	}
	b := binary.LittleEndian.AppendUint16(nil, 20)
	b = binary.LittleEndian.AppendUint16(b, e.flags)
	b = binary.LittleEndian.AppendUint16(b, e.method)
	b = append(b, 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint32(b, e.crc)
	b = binary.LittleEndian.AppendUint32(b, packed)
	b = binary.LittleEndian.AppendUint32(b, e.size)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(e.name)))
	return binary.LittleEndian.AppendUint16(b, uint16(len(e.extra)))
}

// rawZip packs entries by hand.
func rawZip(entries ...rawEntry) []byte {
	var b, dir []byte
	for _, e := range entries {
		at := len(b)
		b = append(append(append(b, "PK\x03\x04"...), e.fields()...), e.name...)
		b = append(append(b, e.extra...), e.packed...)
		if e.at >= 0 {
			at = e.at
		}
		dir = append(dir, "PK\x01\x02"...)
		dir = binary.LittleEndian.AppendUint16(dir, e.creator)
		dir = append(dir, e.fields()...)
		dir = append(dir, 0, 0, 0, 0, 0, 0)
		dir = binary.LittleEndian.AppendUint32(dir, e.attributes)
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

func open(b []byte) (*Archive, error) {
	return Open(bytes.NewReader(b), int64(len(b)), DefaultLimits())
}

// spent is how long f took and how much it allocated.
func spent(f func()) (time.Duration, uint64) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	f()
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	return took, after.TotalAlloc - before.TotalAlloc
}

// slack is how many times a promised time may be worked: processor time, all threads and
// the collector together, about which other programs on the machine do little. The race
// detector makes everything some ten times as slow.
func slack() time.Duration {
	if raced {
		return 30
	}
	return 3
}

// quick runs f until it works no longer than the limit with its slack, at most five
// times; within says whether it did.
func quick(limit time.Duration, f func()) (took time.Duration, within bool, allocated uint64) {
	for range 5 {
		before := worked()
		_, allocated = spent(f)
		if took = worked() - before; took <= slack()*limit {
			return took, true, allocated
		}
	}
	return took, false, allocated
}

func deflated(t testing.TB, r io.Reader) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestSpeed)
	if err == nil {
		_, err = io.Copy(w, r)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// Zip bombs are refused from the directory alone.
func TestZipBombs(t *testing.T) {
	junk := make([]byte, 1<<20)
	flat := rawEntry{name: "a.shp", method: zip.Deflate, packed: junk, size: 1 << 30, at: -1}
	ratio := rawEntry{name: "a.shp", method: zip.Deflate, packed: junk[:300_000], size: 300 << 20, at: -1}
	var sum, overlap, quoted []rawEntry
	for i := range 150 {
		sum = append(sum, rawEntry{name: fmt.Sprintf("%d.shp", i), method: zip.Deflate, packed: junk[:25_000], size: 4 << 20, at: -1})
		// Every entry claims the same packed bytes, or those of all entries after it.
		overlap = append(overlap, rawEntry{name: fmt.Sprintf("%d.shp", i), method: zip.Deflate, packed: junk[:300], size: 60_000, at: 0})
		quoted = append(quoted, rawEntry{name: fmt.Sprintf("%d.shp", i), method: zip.Deflate, packed: junk[:300], packedSize: uint32(300 * (150 - i)), size: 60_000, at: -1})
	}
	for name, entries := range map[string][]rawEntry{
		"flat, 1 GiB in 1 MiB": {flat}, "ratio 1000": {ratio}, "many, 600 MiB": sum, "full overlap": overlap, "quoted overlap": quoted,
	} {
		b := rawZip(entries...)
		var err error
		took, within, bytes := quick(50*time.Millisecond, func() { _, err = open(b) })
		if code(err) != "zip_bomb" || !within || bytes > 32<<20 {
			t.Errorf("%s: %v after %v and %d bytes", name, err, took, bytes)
		}
	}
	// The rule on ratios leaves small files alone: an empty grid packs well too.
	b := rawZip(rawEntry{name: "a.shp", method: zip.Deflate, packed: junk[:10_000], size: 20 << 20, at: -1})
	if _, err := open(b); err != nil {
		t.Errorf("20 MiB in 10 kB: %v", err)
	}
}

// An entry that unpacks to more than it declares ends there.
func TestEntryThatLiesAboutItsSize(t *testing.T) {
	f := demoFiles(t, 50, 30, "GBK")
	packed := deflated(t, io.MultiReader(bytes.NewReader(f["shp"]), io.LimitReader(zeros{}, 64<<20)))
	shp := rawEntry{name: "a.shp", method: zip.Deflate, packed: packed, size: uint32(len(f["shp"])), at: -1}
	a, err := open(rawZip(shp, entryOf("a.dbf", f["dbf"])))
	if err != nil {
		t.Fatal(err)
	}
	var last error
	_, allocated := spent(func() {
		file, err := a.Read(a.Layers()[0], Options{})
		if last = err; err != nil {
			return
		}
		for _, last = range file.Features() {
		}
	})
	if code(last) != "zip_damaged" || allocated > 16<<20 {
		t.Fatalf("%v after %d bytes", last, allocated)
	}
}

func TestDamagedEntries(t *testing.T) {
	f := demoFiles(t, 20, 30, "GBK")
	for name, bend := range map[string]func(e *rawEntry){
		"checksum":  func(e *rawEntry) { e.crc++ },
		"cut short": func(e *rawEntry) { e.packed = e.packed[:len(e.packed)/2] },
		"garbage":   func(e *rawEntry) { copy(e.packed[len(e.packed)/3:], "\xff\xff\xff\xff\xff\xff\xff\xff") },
		"too small": func(e *rawEntry) { e.size += 100 },
	} {
		for _, ext := range []string{"shp", "dbf", "shx", "prj", "cpg"} {
			var entries []rawEntry
			for _, x := range []string{"shp", "dbf", "shx", "prj", "cpg"} {
				content := f[x]
				if x == "prj" || x == "cpg" {
					content = append(bytes.Clone(content), bytes.Repeat([]byte(" "), 40)...)
				}
				e := entryOf("a."+x, content)
				e.method, e.packed = zip.Deflate, deflated(t, bytes.NewReader(content))
				if x == ext {
					bend(&e)
				}
				entries = append(entries, e)
			}
			a, err := open(rawZip(entries...))
			if err != nil {
				t.Fatalf("%s of %s: %v", name, ext, err)
			}
			file, err := a.Read(a.Layers()[0], Options{})
			if err == nil {
				for _, err = range file.Features() {
				}
			}
			if code(err) != "zip_damaged" {
				t.Errorf("%s of %s: %v", name, ext, err)
			}
		}
	}
}

// countingZeros is a large file of zeros with an end, which counts what is read.
type countingZeros struct {
	size int64
	tail []byte
	read int
}

func (c *countingZeros) ReadAt(p []byte, at int64) (int, error) {
	clear(p)
	if from := at - (c.size - int64(len(c.tail))); from+int64(len(p)) > 0 && from < int64(len(c.tail)) {
		copy(p[max(0, -from):], c.tail[max(0, from):])
	}
	c.read += len(p)
	return len(p), nil
}

func TestManyEntries(t *testing.T) {
	var full bytes.Buffer
	w := zip.NewWriter(&full)
	for i := range 65_535 {
		if _, err := w.Create(strconv.Itoa(i)); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	// A million entries in Zip64, 104 MB, of which only the end is ever read.
	const size = 104 << 20
	end64 := append([]byte("PK\x06\x06"), make([]byte, 52)...)
	for at, v := range map[int]uint64{4: 44, 24: 1_000_000, 32: 1_000_000, 40: 80 << 20, 48: size - 80<<20 - 56 - 20 - 22} {
		binary.LittleEndian.PutUint64(end64[at:], v)
	}
	locator := append([]byte("PK\x06\x07"), make([]byte, 16)...)
	binary.LittleEndian.PutUint64(locator[8:], size-56-20-22)
	big := &countingZeros{size: size, tail: append(append(end64, locator...), zipEnd(0xffff, -1, -1)...)}
	for name, open := range map[string]func() error{
		"65,535": func() error { _, err := open(full.Bytes()); return err },
		"1,000,000": func() error {
			_, err := Open(big, size, DefaultLimits())
			return err
		},
		// A count of 10 over a directory of 65,535.
		"a count that lies": func() error {
			b := bytes.Clone(full.Bytes())
			at := bytes.LastIndex(b, []byte("PK\x05\x06"))
			binary.LittleEndian.PutUint16(b[at+10:], 10)
			_, err := Open(bytes.NewReader(b), int64(len(b)), DefaultLimits())
			return err
		},
	} {
		var err error
		took, within, allocated := quick(20*time.Millisecond, func() { big.read, err = 0, open() })
		if code(err) != "too_many_entries" || !within || allocated > 16<<20 {
			t.Errorf("%s entries: %v after %v and %d bytes", name, err, took, allocated)
		}
	}
	if big.read > 70_000 {
		t.Errorf("%d bytes of the large zip were read", big.read)
	}
}

// A directory whose count is a little too small or too large is refused.
func TestDirectoryCountThatLies(t *testing.T) {
	good := rawZip(entryOf("a.shp", nil), entryOf("b.txt", nil))
	for _, n := range []uint16{0, 1, 3, 65} {
		b := bytes.Clone(good)
		binary.LittleEndian.PutUint16(b[len(b)-12:], n)
		if _, err := open(b); code(err) != "not_a_zip" {
			t.Errorf("count %d: %v", n, err)
		}
	}
	for name, b := range map[string][]byte{
		"program before it":   append([]byte("MZ program"), good...),
		"split":               func() []byte { b := bytes.Clone(good); b[len(b)-18] = 1; return b }(),
		"end only":            zipEnd(0, 0, 0)[:21],
		"comment cut":         func() []byte { b := bytes.Clone(good); b[len(b)-2] = 9; return b }(),
		"directory elsewhere": func() []byte { b := bytes.Clone(good); b[len(b)-6]++; return b }(),
	} {
		if _, err := open(b); code(err) != "not_a_zip" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestHostileEntries(t *testing.T) {
	named := func(name string) []rawEntry { return []rawEntry{entryOf("a.shp", nil), entryOf(name, nil)} }
	bent := func(bend func(e *rawEntry)) []rawEntry {
		e := entryOf("b.shp", []byte("x"))
		bend(&e)
		return []rawEntry{entryOf("a.shp", nil), e}
	}
	for _, c := range []struct {
		name    string
		entries []rawEntry
		want    string
	}{
		{"upwards", named("../../etc/cron.d/x"), "unsafe_path"},
		{"upwards by backslash", named(`data\..\..\x.shp`), "unsafe_path"},
		{"absolute", named("/etc/passwd"), "unsafe_path"},
		{"absolute by backslash", named(`\\host\share\x`), "unsafe_path"},
		{"drive", named(`C:\Windows\x.shp`), "unsafe_path"},
		{"NUL", named("a.shp\x00.txt"), "unsafe_path"},
		{"line end", named("a\nb.shp"), "unsafe_path"},
		{"right-to-left override", named("gnp\u202e.shp"), "unsafe_path"},
		{"4 kB", named(strings.Repeat("长", 1365) + ".shp"), "unsafe_path"},
		{"no name", named(""), "unsafe_path"},
		{"symbolic link", bent(func(e *rawEntry) { e.creator, e.attributes = 3<<8, 0o120777<<16 }), "unsafe_entry"},
		{"device", bent(func(e *rawEntry) { e.creator, e.attributes = 3<<8, 0o060666<<16 }), "unsafe_entry"},
		{"same name", named("a.shp"), "duplicate_entry"},
		{"same name but for case", named("A.SHP"), "duplicate_entry"},
		{"same path spelled otherwise", named("./a.shp"), "duplicate_entry"},
		{"encrypted", bent(func(e *rawEntry) { e.flags = 1 }), "encrypted_zip"},
		{"AES", bent(func(e *rawEntry) { e.method = 99 }), "encrypted_zip"},
		{"LZMA", bent(func(e *rawEntry) { e.method = 14 }), "unsupported_method"},
		{"beyond the end", bent(func(e *rawEntry) { e.packedSize = 1 << 20 }), "not_a_zip"},
		{"header elsewhere", bent(func(e *rawEntry) { e.at = 5 }), "not_a_zip"},
		{"nested zip", named("inner.ZIP"), "nested_archive"},
		{"nested rar", named("sub/inner.rar"), "nested_archive"},
	} {
		a, err := open(rawZip(c.entries...))
		if code(err) != c.want || a != nil {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}

// Archives within archives are named and never opened, however deep.
func TestNestedArchives(t *testing.T) {
	inner := rawZip(entryOf("a.shp", nil))
	for depth := 1; depth <= 30; depth++ {
		inner = rawZip(entryOf("deeper.zip", inner))
		if _, err := open(inner); code(err) != "nested_archive" {
			t.Fatalf("%d deep: %v", depth, err)
		}
	}
}

// heard is a reader that keeps what was read of it.
type heard struct {
	*bytes.Reader
	ranges [][2]int64
}

func (h *heard) ReadAt(p []byte, at int64) (int, error) {
	n, err := h.Reader.ReadAt(p, at)
	h.ranges = append(h.ranges, [2]int64{at, at + int64(n)})
	return n, err
}

// TestNestedArchivesAreNotEvenRead wants nothing to be read of an archive within: so it
// does not matter what is in it, were it the archive around it, as in one that repeats itself.
func TestNestedArchivesAreNotEvenRead(t *testing.T) {
	inner := rawZip(entryOf("a.shp", make([]byte, 4<<20)))
	outer := rawZip(entryOf("same.zip", inner))
	h := &heard{Reader: bytes.NewReader(outer)}
	if _, err := Open(h, int64(len(outer)), DefaultLimits()); code(err) != "nested_archive" {
		t.Fatal(err)
	}
	// Before it stands a head of some bytes, behind it the directory, which is looked for
	// in the last 64 KiB and a little.
	low, high := int64(1000), int64(len(outer)-70_000)
	for _, r := range h.ranges {
		if r[0] < high && r[1] > low {
			t.Errorf("bytes %d to %d were read", r[0], r[1])
		}
	}
	if len(h.ranges) == 0 {
		t.Error("nothing was read at all")
	}
}

func TestNotAZip(t *testing.T) {
	for name, c := range map[string]struct {
		bytes, says string
	}{
		"empty":    {"", "不是 ZIP"},
		"rar":      {"Rar!\x1a\x07\x00" + strings.Repeat("x", 100), "RAR"},
		"7z":       {"7z\xbc\xaf\x27\x1c" + strings.Repeat("x", 100), "7z"},
		"bare shp": {"\x00\x00\x27\x0a" + strings.Repeat("\x00", 96), ".shp"},
		"web page": {"<!DOCTYPE html><html>", "网页"},
		"cut zip":  {string(rawZip(entryOf("a.shp", make([]byte, 100)))[:90]), "不完整"},
	} {
		_, err := open([]byte(c.bytes))
		if code(err) != "not_a_zip" || !strings.Contains(err.(*geo.Error).Text.ZH, c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := open(rawZip(entryOf("town.gdb/a00000001.gdbtable", nil), entryOf("readme.txt", nil)))
	if code(err) != "no_shapefile" || !strings.Contains(err.Error(), "readme.txt") || !strings.Contains(err.Error(), "export it") {
		t.Errorf("no .shp: %v", err)
	}
	if _, err = open(rawZip()); code(err) != "no_shapefile" {
		t.Errorf("no entries: %v", err)
	}
}

func TestLayers(t *testing.T) {
	gbk := entryOf("\xcf\xd8\xd3\xf2\\\xd5\x5c\xcd\xf8.SHP", nil) // 县域\誠网.SHP, whose second character ends in 0x5C
	utf8 := entryOf("乡镇/村界.shp", nil)
	utf8.flags = 1 << 11
	mac := entryOf("街道.shp", nil) // UTF-8 without the flag
	path := entryOf("\x81\x20bad.shp", nil)
	path.extra = append([]byte("\x75\x70\x0f\x00\x01"), binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(path.name)))...)
	path.extra = append(path.extra, "图斑.shp"...)
	entries := []rawEntry{
		gbk, entryOf("\xcf\xd8\xd3\xf2/\xd5\x5c\xcd\xf8.dbf", nil), entryOf("\xcf\xd8\xd3\xf2/\xd5\x5c\xcd\xf8.PRJ", nil),
		utf8, mac, entryOf("街道.Shx", nil), entryOf("街道.cpg", nil), entryOf("other/街道.dbf", nil),
		entryOf("__MACOSX/._街道.shp", nil), entryOf("sub/._b.shp", nil), entryOf("sub/", nil), entryOf("sub/.DS_Store", nil),
		path, entryOf("raw\xff\xff.shp", nil), entryOf("x.shp.xml", nil),
	}
	a, err := open(rawZip(entries...))
	if err != nil {
		t.Fatal(err)
	}
	want := []Layer{
		{Name: "誠网", Path: "县域/誠网.SHP", HasDBF: true, HasPRJ: true},
		{Name: "村界", Path: "乡镇/村界.shp"},
		{Name: "街道", Path: "街道.shp", HasSHX: true, HasCPG: true},
		{Name: "图斑", Path: "图斑.shp"},
		{Name: "raw%FF%FF", Path: "raw%FF%FF.shp"},
	}
	if diff := cmp.Diff(want, a.Layers()); diff != "" {
		t.Fatal(diff)
	}
	if _, err := a.Read(Layer{Path: "nowhere.shp"}, Options{}); code(err) != "unknown_layer" {
		t.Fatalf("unknown layer: %v", err)
	}
}

// Archives of two layers can be read one by one, from several goroutines.
func TestReadLayersAtOnce(t *testing.T) {
	a, b := demoOutput(demo(1, 30, 8), "GBK"), demoOutput(demo(2, 40, 8), "UTF-8")
	b.Name = "sub"
	data := write(t, a, b)
	archive, err := open(data)
	if err != nil {
		t.Fatal(err)
	}
	counts := make(chan int)
	for range 4 {
		for _, layer := range archive.Layers() {
			go func() {
				n := 0
				if f, err := archive.Read(layer, Options{}); err == nil {
					for _, err := range f.Features() {
						if err == nil {
							n++
						}
					}
				}
				counts <- n
			}()
		}
	}
	sum := 0
	for range 8 {
		sum += <-counts
	}
	if sum != 4*70 {
		t.Fatalf("%d records", sum)
	}
}

// Nothing can be written to disk by a package that cannot reach it.
func TestNoFileSystem(t *testing.T) {
	names, err := filepath.Glob("*.go")
	if err != nil || len(names) < 20 {
		t.Fatalf("%d files, %v", len(names), err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range f.Imports {
			switch i.Path.Value {
			case `"os"`, `"syscall"`, `"path/filepath"`, `"io/ioutil"`, `"os/exec"`, `"net"`, `"unsafe"`:
				t.Errorf("%s imports %s", name, i.Path.Value)
			}
		}
	}
}

// A small archive may use Zip64 all the same.
func TestZip64(t *testing.T) {
	plain := rawZip(entryOf("a.shp", []byte("x")))
	end := len(plain) - endBytes
	size, offset := binary.LittleEndian.Uint32(plain[end+12:]), binary.LittleEndian.Uint32(plain[end+16:])
	build := func(bend func(end64, locator []byte)) []byte {
		end64 := append([]byte("PK\x06\x06"), make([]byte, 52)...)
		for at, v := range map[int]uint64{4: 44, 24: 1, 32: 1, 40: uint64(size), 48: uint64(offset)} {
			binary.LittleEndian.PutUint64(end64[at:], v)
		}
		locator := append([]byte("PK\x06\x07"), make([]byte, 16)...)
		binary.LittleEndian.PutUint64(locator[8:], uint64(end))
		locator[16] = 1 // disks
		bend(end64, locator)
		return bytes.Join([][]byte{plain[:end], end64, locator, zipEnd(0xffff, -1, -1)}, nil)
	}
	if _, err := open(build(func(_, _ []byte) {})); err != nil {
		t.Fatal(err)
	}
	for name, bend := range map[string]func(end64, locator []byte){
		"no end record":      func(end64, _ []byte) { end64[0] = 'Q' },
		"no locator":         func(_, locator []byte) { locator[0] = 'Q' },
		"locator far away":   func(_, locator []byte) { binary.LittleEndian.PutUint64(locator[8:], 1<<40) },
		"locator below zero": func(_, locator []byte) { binary.LittleEndian.PutUint64(locator[8:], 1<<63) },
		"offset wrong":       func(end64, _ []byte) { end64[48]++ },
		"size below zero":    func(end64, _ []byte) { binary.LittleEndian.PutUint64(end64[40:], 1<<63) },
	} {
		if _, err := open(build(bend)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := open(zipEnd(0xffff, -1, -1)); code(err) != "not_a_zip" {
		t.Errorf("an end alone: %v", err)
	}
}

package shapefile

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"runtime/metrics"
	"testing"
	"time"

	"github.com/paulmach/orb"
)

// seeds are sound layers of all kinds, from which mutations and fuzzing start.
func seeds(t testing.TB) []files {
	rng := rand.New(rand.NewPCG(99, 0))
	out := []files{demoFiles(t, 12, 14, "GBK"), demoFiles(t, 12, 8, "UTF-8"), pointFiles(t, 9)}
	for _, k := range []kind{3, 8, 13, 15, 25} {
		var contents [][]byte
		for range 5 {
			contents = append(contents, randomContent(rng, k))
		}
		out = append(out, shpOf(k, contents...))
	}
	memo := withPoints(dbfOf(0x83, 0x4d, []rawField{{"M", 'M', 10, 0}, {"T", 'T', 8, 0}, {"L", 'L', 1, 0}},
		"          1"+"\x00\x00\x00\x00\x00\x00\x00\x00T", "*         1"+"\x48\x8f\x25\x00\x00\x00\x00\x00F"))
	memo["dbt"] = join(make([]byte, 512), []byte("\xcd\xf8\xb8\xf1\x1a\x1a"))
	return append(out, memo)
}

// mutate bends some bytes: flips, numbers that programs trip over, pieces moved,
// left out or repeated.
func mutate(rng *rand.Rand, b []byte) []byte {
	b = bytes.Clone(b)
	for range 1 + rng.IntN(4) {
		if len(b) < 8 {
			return b
		}
		at := rng.IntN(len(b) - 7)
		if rng.IntN(3) == 0 {
			at = rng.IntN(min(len(b)-7, 160)) // heads are where the lies hurt
		}
		switch rng.IntN(7) {
		case 0:
			b[at] ^= 1 << rng.IntN(8)
		case 1:
			b[at] = byte(rng.IntN(256))
		case 2:
			v := []uint32{0, 1, 2, 0x7fffffff, 0x80000000, 0xffffffff, 0x7ffffff0, uint32(len(b)), uint32(rng.Uint64())}[rng.IntN(9)]
			if rng.IntN(2) == 0 {
				binary.LittleEndian.PutUint32(b[at:], v)
			} else {
				binary.BigEndian.PutUint32(b[at:], v)
			}
		case 3:
			copy(b[at:], leFloat([]float64{nan, inf, 0, 1e308, -1}[rng.IntN(5)]))
		case 4:
			b = b[:at]
		case 5:
			b = append(b[:at:at], b[at+rng.IntN(8):]...)
		case 6:
			from := rng.IntN(len(b))
			piece := b[from:min(len(b), from+rng.IntN(64))]
			b = join(b[:at], piece, b[at:])
		}
	}
	return b
}

func allocated() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// sound asserts what must hold of anything that was read: the books balance, no
// coordinate is none, rings are closed and long enough.
func sound(t testing.TB, o outcome) {
	t.Helper()
	if o.file == nil {
		return
	}
	o.balance(t)
	for _, r := range o.records {
		if r.Values != nil && len(r.Values) != len(o.file.Fields) {
			t.Fatalf("record %d has %d values for %d fields", r.Number, len(r.Values), len(o.file.Fields))
		}
		if mp, ok := r.Geometry.(orb.MultiPolygon); ok {
			for _, poly := range mp {
				for _, ring := range poly {
					if len(ring) < 4 || !ring.Closed() {
						t.Fatalf("record %d: ring %v", r.Number, ring)
					}
				}
			}
		}
		if r.Geometry != nil {
			if b := r.Geometry.Bound(); !(b.Min[0] >= -maxCoordinate && b.Max[0] <= maxCoordinate && b.Min[1] >= -maxCoordinate && b.Max[1] <= maxCoordinate) {
				t.Fatalf("record %d: bound %v", r.Number, b)
			}
		}
	}
}

// Mutated files end in records or refusals: no panic, no 2 s, no 64 MB.
func TestMutations(t *testing.T) {
	const seed = 24
	n := 6000
	if os.Getenv("TOWNGRID_LONG") == "1" {
		n = 1_000_000
	}
	rng := rand.New(rand.NewPCG(seed, 0))
	all := seeds(t)
	var zips [][]byte
	for _, f := range all {
		zips = append(zips, f.pack(t, "s"))
	}
	exts := []string{"shp", "shp", "shp", "dbf", "dbf", "shx", "cpg", "dbt"}
	var worst uint64
	var slowest time.Duration
	for i := range n {
		which := rng.IntN(len(all))
		f := all[which].clone()
		data := zips[which]
		if ext := exts[rng.IntN(len(exts))]; f[ext] != nil {
			f[ext] = mutate(rng, f[ext])
		}
		before, start := allocated(), worked()
		if i%4 == 0 {
			data = mutate(rng, data)
			if a, err := open(data); err == nil {
				for _, layer := range a.Layers() {
					readArchive(t, a, layer)
				}
			}
		} else {
			sound(t, readFiles(f, Options{Force: i%2 == 0}, DefaultLimits()))
		}
		slowest, worst = max(slowest, worked()-start), max(worst, allocated()-before)
		if t.Failed() {
			t.Fatalf("seed %d, mutation %d", seed, i)
		}
	}
	t.Logf("%d mutations: slowest %v, most memory %d kB", n, slowest, worst>>10)
	if slowest > 2*time.Second || worst > 64<<20 {
		t.Errorf("seed %d: slowest %v, most memory %d bytes", seed, slowest, worst)
	}
}

func readArchive(t testing.TB, a *Archive, layer Layer) {
	o := outcome{}
	if o.file, o.err = a.Read(layer, Options{}); o.err != nil {
		return
	}
	for r, err := range o.file.Features() {
		if err != nil {
			o.err = err
			break
		}
		o.records = append(o.records, r)
	}
	sound(t, o)
}

// fuzzPart fuzzes one file of a layer, with the others of a sound layer beside it.
func fuzzPart(f *testing.F, ext string) {
	all := seeds(f)
	for i, s := range all {
		if s[ext] != nil {
			f.Add(uint8(i), s[ext])
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, b []byte) {
		s := all[int(which)%len(all)].clone()
		s[ext] = b
		sound(t, readFiles(s, Options{}, DefaultLimits()))
	})
}

func FuzzSHP(f *testing.F) { fuzzPart(f, "shp") }
func FuzzSHX(f *testing.F) { fuzzPart(f, "shx") }
func FuzzDBF(f *testing.F) { fuzzPart(f, "dbf") }
func FuzzDBT(f *testing.F) { fuzzPart(f, "dbt") }

func FuzzCPG(f *testing.F) {
	for _, s := range []string{"936", "UTF-8\r\n", "ANSI 1252", "<html>", "\ufeffGBK", ""} {
		f.Add(s, []byte("\xcd\xf8\xb8\xf1"))
	}
	f.Fuzz(func(t *testing.T, cpg string, text []byte) {
		text = bytes.ReplaceAll(text[:min(len(text), 200)], []byte{0}, []byte{' '})
		s := textFiles(0, cpg, 200, string(text))
		sound(t, readFiles(s, Options{}, DefaultLimits()))
		sound(t, readFiles(s, Options{Encoding: cpg}, DefaultLimits()))
	})
}

func FuzzZIP(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s.pack(f, "s"))
	}
	f.Add(rawZip(entryOf("a.shp", nil), entryOf("\xcd\xf8\xb8\xf1\\b.SHP", nil)))
	f.Fuzz(func(t *testing.T, b []byte) {
		if a, err := open(b); err == nil {
			for _, layer := range a.Layers() {
				readArchive(t, a, layer)
			}
		}
	})
}

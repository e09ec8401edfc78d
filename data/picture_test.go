package data

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/snapshot"
)

// partOf is a part of n features with values of every type, from a seed.
func partOf(t testing.TB, c geo.Collection, id string, n int) *snapshot.Part {
	t.Helper()
	rng := rand.New(rand.NewPCG(5, uint64(n)))
	values := []any{nil, true, false, "", "网格\u2028", int64(math.MinInt64), int64(0), math.Copysign(0, -1), math.SmallestNonzeroFloat64, 1e300, "x"}
	fs := make([]geo.Feature, n)
	for i := range fs {
		x, y := rng.Float64()*100, rng.Float64()*50
		var g orb.Geometry = orb.MultiPolygon{
			{{{x, y}, {x + 1, y}, {x + 1, y + 1}, {x, y}}, {{x + 0.5, y + 0.1}, {x + 0.6, y + 0.2}, {x + 0.6, y + 0.1}, {x + 0.5, y + 0.1}}},
			{{{x + 5, y}, {x + 6, y}, {x + 6, y + 1}, {x + 5, y}}},
		}
		if c == geo.Facilities {
			g = orb.Point{x, y}
		}
		fs[i] = geo.Feature{Code: geo.Code(fmt.Sprintf("%06d", i)), Name: fmt.Sprint("名", i%7), Geometry: g}
		for k := range rng.IntN(5) {
			fs[i].Properties = append(fs[i].Properties, geo.Property{Name: fmt.Sprint("字段", k), Value: values[rng.IntN(len(values))]})
		}
	}
	sum, err := geo.Checksum(fs)
	if err != nil {
		t.Fatal(err)
	}
	p, err := snapshot.NewPart(geo.Version{ID: id, Collection: c, Division: "330890", Number: 3, State: geo.Published, Features: n, Checksum: sum, Published: time.Unix(1e9, 0).UTC()}, fs)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func pictureOf(t testing.TB, p *snapshot.Part) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := new(pen).write(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestPictures: what is read is what was written, to the last bit, by its checksum.
func TestPictures(t *testing.T) {
	for _, c := range []geo.Collection{geo.Towns, geo.Facilities} {
		for _, n := range []int{0, 1, chunkFeatures - 1, chunkFeatures, chunkFeatures + 1, 3*chunkFeatures + 7} {
			p := partOf(t, c, "id", n)
			raw := pictureOf(t, p)
			got, err := readPicture(bytes.NewReader(raw), int64(len(raw)))
			if err != nil {
				t.Fatal(err)
			}
			v := got.version
			sum, err := geo.Checksum(got.features)
			if index := p.AppendIndex(nil); !bytes.Equal(index, got.index) || len(index) != p.IndexBytes() || c == geo.Towns && n == 1 && len(index) == 0 {
				t.Errorf("%d %s: an index of %d bytes is read, where it has one of %d", n, c, len(got.index), len(index))
			}
			if err != nil || sum != p.Version().Checksum || v != p.Version() {
				t.Errorf("%d %s: version %+v with the checksum %s, not %+v: %v", n, c, v, sum, p.Version(), err)
			}
			if again := pictureOf(t, partOf(t, c, "id", n)); !bytes.Equal(raw, again) {
				t.Errorf("%d %s: the same part gives other bytes", n, c)
			}
		}
	}
}

// TestSpoiltPictures: a picture with any byte changed, cut off or added is refused.
func TestSpoiltPictures(t *testing.T) {
	const seed = 23
	rng := rand.New(rand.NewPCG(seed, 0))
	raw := pictureOf(t, partOf(t, geo.Towns, "id", 40))
	for i := range raw {
		spoilt := bytes.Clone(raw)
		spoilt[i] ^= byte(1 + rng.IntN(255))
		for what, b := range map[string][]byte{"changed": spoilt, "cut off": raw[:i]} {
			if _, err := readPicture(bytes.NewReader(b), int64(len(b))); !errors.Is(err, ErrDamaged) {
				t.Fatalf("seed %d, %s at byte %d of %d: %v", seed, what, i, len(raw), err)
			}
		}
	}
	more := append(bytes.Clone(raw), 0)
	if _, err := readPicture(bytes.NewReader(more), int64(len(more))); !errors.Is(err, ErrDamaged) {
		t.Errorf("with a byte more: %v", err)
	}
}

// TestHostileChunks: counts that claim more than there is are refused before anything is
// allocated for them, also where the checksums agree.
func TestHostileChunks(t *testing.T) {
	huge := binary.AppendUvarint(nil, 1<<40)
	for name, b := range map[string][]byte{
		"names": huge, "a name": append([]byte{1}, huge...), "texts": append([]byte{0}, huge...), "points": append([]byte{0, 0}, huge...),
		"points of 16 bytes":  append(append([]byte{0, 0}, binary.AppendUvarint(nil, 1000)...), make([]byte, 1000)...),
		"properties":          append([]byte{0, 0, 0, 0, 0}, huge...),
		"polygons":            append([]byte{0, 0, 0, 0, 0, 0, 1}, huge...),
		"rings":               append([]byte{0, 0, 0, 0, 0, 0, 1, 1}, huge...),
		"a ring of no points": append([]byte{0, 0, 0, 0, 0, 0, 1, 1, 1}, huge...),
		"nothing":             nil, "a kind that is none": {0, 0, 0, 0, 0, 0, 9},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := decodeChunk(b, make([]geo.Feature, 1))
		runtime.ReadMemStats(&after)
		if !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 64<<10+50*uint64(len(b)) {
			t.Errorf("%s: %d bytes were allocated for %d", name, grown, len(b))
		}
	}
}

// TestPictureOfAnotherRelease: an index that is not what this release makes is left aside,
// and made anew.
func TestPictureOfAnotherRelease(t *testing.T) {
	p := partOf(t, geo.Towns, "id", 9)
	index := p.AppendIndex(nil)
	for what, b := range map[string][]byte{"none": nil, "cut off": index[:len(index)-1], "of another layout": append([]byte{255}, index[1:]...)} {
		got, err := readPicture(bytes.NewReader(pictureOf(t, p)), int64(len(pictureOf(t, p))))
		if err != nil {
			t.Fatal(err)
		}
		q, err := snapshot.RestorePart(p.Version(), got.features, b)
		if err != nil || !bytes.Equal(q.AppendIndex(nil), index) {
			t.Errorf("%s: the index is another than that of a part made anew: %v", what, err)
		}
	}
}

func FuzzChunk(f *testing.F) {
	p := partOf(f, geo.Towns, "id", 3)
	b, err := new(pen).encode(p, 0, 3)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(_ *testing.T, b []byte) { _ = decodeChunk(b, make([]geo.Feature, 3)) })
}

// TestPicturesOfTheLastTwo: a folder keeps what was served last and before, and no more;
// a newer list that cannot be read whole gives way to the older.
func TestPicturesOfTheLastTwo(t *testing.T) {
	dir := t.TempDir()
	p, err := newPictures(dir, slog.New(slog.NewTextHandler(io.Discard, nil)), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	if _, _, err := p.latest(); !errors.Is(err, errNoPicture) {
		t.Errorf("an empty folder: %v", err)
	}
	snap := snapshot.Empty().With(partOf(t, geo.Facilities, "stays", 5))
	var tags []string
	for i := range 5 {
		snap = snap.With(partOf(t, geo.Towns, fmt.Sprint("id ", i), 10+i))
		for range 2 { // the same again changes nothing
			if err := p.keep(snap); err != nil {
				t.Fatal(err)
			}
		}
		tags = append(tags, snap.Tag())
	}
	if err := os.WriteFile(filepath.Join(dir, "new-123"), nil, 0o600); err != nil { // a crash left it
		t.Fatal(err)
	}
	if err := p.keep(snap.Without(geo.Facilities, "330890")); err != nil {
		t.Fatal(err)
	}
	if err := p.keep(snap); err != nil {
		t.Fatal(err)
	}
	found, err := os.ReadDir(dir)
	if err != nil || len(found) != 4 {
		t.Errorf("the folder holds %v: two lists and two pictures are wanted; %v", found, err)
	}
	tag := func() string {
		parts, at, err := p.latest()
		if err != nil || at.IsZero() {
			t.Fatal(err)
		}
		return snapshot.Empty().With(parts...).Tag()
	}
	if tag() != tags[4] {
		t.Errorf("it gives %s, not %s", tag(), tags[4])
	}
	lists, err := p.lists()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(dir, lists[0]), 20); err != nil {
		t.Fatal(err)
	}
	if want := snap.Without(geo.Facilities, "330890").Tag(); tag() != want {
		t.Errorf("with the newer list cut off it gives %s, not %s", tag(), want)
	}
}

// TestPicturesInPlaceOfTheStore: a picture stands for a version only where it is of just
// that one; one that is not makes way.
func TestPicturesInPlaceOfTheStore(t *testing.T) {
	p, err := newPictures(t.TempDir(), slog.New(slog.NewTextHandler(io.Discard, nil)), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	part := partOf(t, geo.Towns, "id", 9)
	if err := p.keep(snapshot.Empty().With(part)); err != nil {
		t.Fatal(err)
	}
	v := part.Version()
	if got, err := p.part(v); err != nil || got.Len() != 9 {
		t.Errorf("its own: %v", err)
	}
	v.Checksum = "another"
	if _, err := p.part(v); !errors.Is(err, ErrDamaged) {
		t.Errorf("of other features: %v", err)
	}
	if _, err := p.part(part.Version()); !errors.Is(err, ErrNotFound) {
		t.Errorf("one that made way: %v", err)
	}
}

package rows_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"github.com/twpayne/go-geom"
	"github.com/twpayne/go-geom/encoding/wkb"
	"go.uber.org/goleak"

	"towngrid/data"
	"towngrid/data/rows"
	"towngrid/geo"
	"towngrid/geo/geotest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// plain is a form with nothing around the geometry.
var plain = rows.NewForm(encode, func(b []byte) (uint32, []byte, error) {
	kind, body := rows.Head(b)
	return kind, body, nil
})

func encode(b []byte, g orb.Geometry) ([]byte, orb.Bound, error) {
	bound, err := rows.BoundOf(g)
	if err != nil {
		return b, bound, err
	}
	b, err = rows.Append(b, g, rows.AppendHead)
	return b, bound, err
}

// encodeByLibrary is the oracle of encode.
func encodeByLibrary(t *testing.T, g orb.Geometry) []byte {
	t.Helper()
	var flat geom.T
	switch g := g.(type) {
	case orb.Point:
		flat = geom.NewPointFlat(geom.XY, g[:])
	case orb.MultiPolygon:
		var xy []float64
		ends := make([][]int, len(g))
		for i, p := range g {
			for _, r := range p {
				for _, v := range r {
					xy = append(xy, v[:]...)
				}
				ends[i] = append(ends[i], len(xy))
			}
		}
		flat = geom.NewMultiPolygonFlat(geom.XY, xy, ends)
	}
	b, err := wkb.Marshal(flat, binary.LittleEndian)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func decode(b []byte) (orb.Geometry, error) { return rows.Geometry(rows.Head(b)) }

// bits are a geometry's counts and the bits of its doubles, all NaN being one: go-geom
// has one of its own for points.
func bits(g orb.Geometry) (all []uint64) {
	point := func(p orb.Point) {
		for _, v := range p {
			if math.IsNaN(v) {
				v = math.NaN()
			}
			all = append(all, math.Float64bits(v))
		}
	}
	switch g := g.(type) {
	case orb.Point:
		point(g)
	case orb.MultiPolygon:
		all = append(all, uint64(len(g)))
		for _, p := range g {
			all = append(all, uint64(len(p)))
			for _, r := range p {
				all = append(all, uint64(len(r)))
				for _, v := range r {
					point(v)
				}
			}
		}
	}
	return all
}

// decodeByLibrary is the oracle of decode.
func decodeByLibrary(b []byte) (orb.Geometry, error) {
	t, err := wkb.Unmarshal(b)
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case *geom.Point:
		return orb.Point{t.X(), t.Y()}, nil
	case *geom.MultiPolygon:
		mp := make(orb.MultiPolygon, t.NumPolygons())
		for i := range mp {
			mp[i] = make(orb.Polygon, t.Polygon(i).NumLinearRings())
			for j := range mp[i] {
				mp[i][j] = orb.Ring{}
				for _, c := range t.Polygon(i).LinearRing(j).Coords() {
					mp[i][j] = append(mp[i][j], orb.Point{c[0], c[1]})
				}
			}
		}
		return mp, nil
	}
	return nil, fmt.Errorf("a %T", t)
}

// some are n features in no order of code, every fourth with two holes and a part of its own.
func some(seed uint64, n int) []geo.Feature {
	fs := make([]geo.Feature, n)
	for i, mp := range geotest.Tessellation(seed, n, orb.Bound{Min: orb.Point{118, 28}, Max: orb.Point{119, 29}}) {
		if i%4 == 0 {
			mp = append(mp, orb.Polygon{box(10, 4), box(11, 1), box(12.5, 0.1+math.Nextafter(0.2, 1))})
		}
		fs[i] = geo.Feature{Code: geo.Code(fmt.Sprintf("C%06d", i)), Name: "格", Geometry: mp, Properties: geo.Properties{
			{Name: "unit", Value: "S<1>\u2028"}, {Name: "人口", Value: int64(i)}, {Name: "x", Value: math.SmallestNonzeroFloat64}, {Name: "空", Value: nil}, {Name: "b", Value: true},
		}}
	}
	rng := rand.New(rand.NewPCG(seed, 1))
	rng.Shuffle(n, func(i, j int) { fs[i], fs[j] = fs[j], fs[i] })
	return fs
}

func box(at, size float64) orb.Ring {
	return orb.Ring{{at, at}, {at + size, at}, {at + size, at + size}, {at, at + size}, {at, at}}
}

// readAll is the features of rows.
func readAll(t *testing.T, list []rows.Row) []geo.Feature {
	t.Helper()
	fs := []geo.Feature{}
	for f, err := range plain.Features(of(list)) {
		if err != nil {
			t.Fatal(err)
		}
		fs = append(fs, f)
	}
	return fs
}

// of yields what is there.
func of(list []rows.Row) iter.Seq2[rows.Stored, error] {
	return func(yield func(rows.Stored, error) bool) {
		var lent [5][]byte
		for i := range list {
			r := &list[i]
			for k, part := range [][]byte{[]byte(r.Code), []byte(r.Name), r.Properties, r.Geometry, r.Sum[:]} {
				lent[k] = append(lent[k][:0], part...)
			}
			if !yield(rows.Stored{Code: lent[0], Name: lent[1], Properties: lent[2], Geometry: lent[3], Sum: lent[4]}, nil) {
				return
			}
			for _, part := range lent {
				clear(part) // the engine uses them again
			}
		}
	}
}

func inOrder(fs []geo.Feature) []geo.Feature {
	fs = slices.Clone(fs)
	slices.SortFunc(fs, func(a, b geo.Feature) int { return a.Code.Compare(b.Code) })
	return fs
}

// TestFeaturesComeBack keeps as many features as fill several batches and one more, and
// wants the same, to the last bit, in order of code.
func TestFeaturesComeBack(t *testing.T) {
	const seed = 3
	for _, n := range []int{0, 1, 511, 512, 1000, 2049} {
		fs := some(seed, max(n, 1))[:n]
		list, err := plain.Rows(context.Background(), geo.InOrder(fs), geo.MultiPolygon)
		if err != nil {
			t.Fatal(err)
		}
		got := readAll(t, list)
		if diff := cmp.Diff(inOrder(fs), got); diff != "" {
			t.Fatalf("seed %d, %d features: %.2000s", seed, n, diff)
		}
		for i, r := range list {
			if b := got[i].Geometry.Bound(); r.Bound != b {
				t.Fatalf("the bound of %s is %v, not %v", r.Code, r.Bound, b)
			}
		}
	}
}

// TestDamageIsFound flips one bit of one part of one row: the features before it are
// there, it is not, and nothing after it.
func TestDamageIsFound(t *testing.T) {
	const seed, n, at = 4, 1200, 700
	sound, err := plain.Rows(context.Background(), geo.InOrder(some(seed, n)), geo.MultiPolygon)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(seed, 2))
	flipped := func(b []byte) []byte {
		b = slices.Clone(b)
		b[rng.IntN(len(b))] ^= 1 << rng.IntN(8)
		return b
	}
	for part, bend := range map[string]func(r *rows.Row){
		"code":       func(r *rows.Row) { r.Code = string(flipped([]byte(r.Code))) },
		"name":       func(r *rows.Row) { r.Name = string(flipped([]byte(r.Name))) },
		"properties": func(r *rows.Row) { r.Properties = flipped(r.Properties) },
		"geometry":   func(r *rows.Row) { r.Geometry = flipped(r.Geometry) },
		"sum":        func(r *rows.Row) { r.Sum = [32]byte(flipped(r.Sum[:])) },
		// What moves from one part into the next leaves their bytes in a row as they were.
		"border": func(r *rows.Row) { r.Code, r.Name = r.Code+r.Name[:1], r.Name[1:] },
		// A row whose sum is right and that is none all the same.
		"no geometry":   func(r *rows.Row) { r.Geometry = r.Geometry[:len(r.Geometry)-1]; r.Sum = r.Digest(new([]byte)) },
		"no properties": func(r *rows.Row) { r.Properties = r.Properties[:1]; r.Sum = r.Digest(new([]byte)) },
	} {
		for range 5 {
			list := slices.Clone(sound)
			bend(&list[at])
			got, damaged := 0, error(nil)
			for f, err := range plain.Features(of(list)) {
				if err != nil {
					damaged = err
					continue
				}
				if got++; string(f.Code) != sound[got-1].Code {
					t.Fatalf("%s: feature %d is %s", part, got, f.Code)
				}
			}
			if got != at || !errors.Is(damaged, data.ErrDamaged) {
				t.Fatalf("%s: %d features, then %v", part, got, damaged)
			}
		}
	}
}

// TestAnErrorOfTheStoreIsPassedOn reads rows that break off: what came before is there.
func TestAnErrorOfTheStoreIsPassedOn(t *testing.T) {
	list, err := plain.Rows(context.Background(), geo.InOrder(some(5, 700)), geo.MultiPolygon)
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("gone")
	got := 0
	for _, err = range plain.Features(func(yield func(rows.Stored, error) bool) {
		for r := range of(list) {
			if !yield(r, nil) {
				return
			}
		}
		yield(rows.Stored{}, broken)
	}) {
		if err == nil {
			got++
		}
	}
	if got != len(list) || !errors.Is(err, broken) {
		t.Errorf("%d features, then %v", got, err)
	}
}

// TestWhatCannotBeKept gives features that are none of their collection.
func TestWhatCannotBeKept(t *testing.T) {
	cell := func(code string, g orb.Geometry, ps ...geo.Property) geo.Feature {
		return geo.Feature{Code: geo.Code(code), Geometry: g, Properties: ps}
	}
	sound := orb.MultiPolygon{{box(0, 1)}}
	for name, f := range map[string]geo.Feature{
		"no geometry":    cell("b", nil),
		"another kind":   cell("b", orb.Point{1, 2}),
		"a bare polygon": cell("b", orb.Polygon{box(0, 1)}),
		"no number":      cell("b", orb.MultiPolygon{{{{0, 0}, {1, math.NaN()}, {1, 1}, {0, 0}}}}),
		"no end":         cell("b", orb.MultiPolygon{{{{0, 0}, {math.Inf(-1), 0}, {1, 1}, {0, 0}}}}),
		"a value":        cell("b", sound, geo.Property{Name: "x", Value: math.NaN()}),
		"a code twice":   cell("a", sound),
	} {
		if list, err := plain.Rows(context.Background(), geo.InOrder([]geo.Feature{cell("a", sound), f}), geo.MultiPolygon); err == nil {
			t.Errorf("%s: %v", name, list)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := plain.Rows(ctx, geo.InOrder(some(6, 10)), geo.MultiPolygon); !errors.Is(err, context.Canceled) {
		t.Errorf("with nobody waiting: %v", err)
	}
}

// TestEach leaves rows early, asks for those of nothing, for rows of features in disorder and of some that
// break off, and sees that a row stands in the memory of the one before.
func TestEach(t *testing.T) {
	ctx := context.Background()
	n := 0
	var first, last *rows.Row
	for r, err := range plain.Each(ctx, geo.InOrder(some(7, 3000)), geo.MultiPolygon) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 1 {
			first = r
		}
		if last = r; n == 1001 {
			break
		}
	}
	if n != 1001 || first != last {
		t.Errorf("%d rows, of which the first and the last stand at %p and %p", n, first, last)
	}
	if list, err := plain.Rows(ctx, nil, geo.MultiPolygon); err != nil || len(list) > 0 {
		t.Errorf("of nothing: %v, %v", list, err)
	}
	fs := inOrder(some(7, 3))
	broken := errors.New("gone")
	listed := func(end error) iter.Seq2[*geo.Feature, error] {
		return func(yield func(*geo.Feature, error) bool) {
			for i := range fs {
				if !yield(&fs[i], nil) {
					return
				}
			}
			if end != nil {
				yield(nil, end)
			}
		}
	}
	if list, err := plain.Rows(ctx, listed(broken), geo.MultiPolygon); !errors.Is(err, broken) {
		t.Errorf("features that break off: %v, %v", list, err)
	}
	fs[1], fs[2] = fs[2], fs[1]
	if list, err := plain.Rows(ctx, listed(nil), geo.MultiPolygon); err == nil {
		t.Errorf("features in disorder: %v", list)
	}
}

// TestGeometryAgainstTheLibrary cuts well-known binary at every byte, lengthens it, and
// puts every count of four bytes in it that a hostile file could hold: what is read is
// what go-geom reads, to the last bit.
func TestGeometryAgainstTheLibrary(t *testing.T) {
	read := 0
	compare := func(what string, b []byte) {
		got, err := decode(b)
		if err != nil {
			return
		}
		read++
		want, err := decodeByLibrary(b)
		if err != nil || !slices.Equal(bits(want), bits(got)) {
			t.Fatalf("%s: %v, by go-geom %v, %v", what, got, want, err)
		}
	}
	for i, g := range []orb.Geometry{
		orb.Point{1, math.Copysign(0, -1)}, orb.MultiPolygon{}, orb.MultiPolygon{{}}, orb.MultiPolygon{{{}}, {}, {box(0, 5)}},
		orb.MultiPolygon{{box(0, 5), box(1, 1)}, {box(9, 1)}},
	} {
		b, _, err := encode(nil, g)
		if err != nil {
			t.Fatal(err)
		}
		if want := encodeByLibrary(t, g); !bytes.Equal(b, want) {
			t.Errorf("%v is % x, by go-geom % x", g, b, want)
		}
		if got, err := decode(b); err != nil || !slices.Equal(bits(g), bits(got)) {
			t.Fatalf("%v came back as %v, %v", g, got, err)
		}
		compare("whole", b)
		for n := range b {
			if _, err := decode(b[:n]); err == nil {
				t.Errorf("geometry %d cut to %d of %d bytes is read", i, n, len(b))
			}
		}
		if _, err := decode(append(slices.Clone(b), 0)); err == nil {
			t.Errorf("geometry %d and a byte is read", i)
		}
		for at := 0; at+4 <= len(b); at++ {
			for _, v := range []uint32{0, 1, 2, 3, 0x7fffffff, 0x80000000, math.MaxUint32, 0x0fffffff} {
				bent := slices.Clone(b)
				binary.LittleEndian.PutUint32(bent[at:], v)
				compare(fmt.Sprintf("geometry %d with %x at %d", i, v, at), bent)
			}
		}
	}
	for _, f := range some(8, 200) {
		b, _, err := encode(nil, f.Geometry)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b, encodeByLibrary(t, f.Geometry)) {
			t.Errorf("%s is written in another way by go-geom", f.Code)
		}
		compare(string(f.Code), b)
	}
	if read < 300 {
		t.Errorf("only %d were read", read)
	}
}

// TestFeaturesShareNoRoom appends to every ring, polygon and list of properties that was
// read: no other feature changes.
func TestFeaturesShareNoRoom(t *testing.T) {
	fs := inOrder(some(9, 600))
	list, err := plain.Rows(context.Background(), geo.InOrder(fs), geo.MultiPolygon)
	if err != nil {
		t.Fatal(err)
	}
	got := readAll(t, list)
	for _, f := range got {
		mp := f.Geometry.(orb.MultiPolygon)
		for _, p := range mp {
			for _, r := range p {
				_ = append(r, orb.Point{})
			}
			_ = append(p, nil)
		}
		_ = append(mp, nil)
		_ = append(f.Properties, geo.Property{})
	}
	if diff := cmp.Diff(fs, got); diff != "" {
		t.Fatalf("%.2000s", diff)
	}
}

// TestTwoReadAtOnce reads two stores at the same time, one of them only in part, which
// share what is kept for the next reading.
func TestTwoReadAtOnce(t *testing.T) {
	var work sync.WaitGroup
	for seed := range uint64(4) {
		fs := some(20+seed, 1500)
		list, err := plain.Rows(context.Background(), geo.InOrder(fs), geo.MultiPolygon)
		if err != nil {
			t.Fatal(err)
		}
		work.Go(func() {
			for round := range 3 {
				n := 0
				for f, err := range plain.Features(of(list)) {
					if want := list[n].Code; err != nil || string(f.Code) != want {
						t.Errorf("%s came where %s is due: %v", f.Code, want, err)
						return
					}
					if n++; round == 1 && n == 700 {
						break
					}
				}
			}
		})
	}
	work.Wait()
}

func BenchmarkFeatures(b *testing.B) {
	fs := some(10, 500)
	for i := range fs {
		fs[i].Properties = geo.Properties{{Name: "unit", Value: fmt.Sprint("S", i/100)}, {Name: "valid_from", Value: "2026-01-01"}}
	}
	list, err := plain.Rows(context.Background(), geo.InOrder(fs), geo.MultiPolygon)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, err := range plain.Features(of(list)) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}

func TestBounds(t *testing.T) {
	box := orb.Bound{Max: orb.Point{1, 1}}
	for _, c := range []struct {
		g    orb.Geometry
		want orb.Bound
	}{
		{nil, rows.Empty()}, {orb.MultiPolygon{{}, {{}}}, rows.Empty()},
		{orb.Point{3, -4}, orb.Bound{Min: orb.Point{3, -4}, Max: orb.Point{3, -4}}}, {orb.MultiPolygon{{}, {{{0, 1}, {1, 0}}}}, box},
	} {
		if b, err := rows.BoundOf(c.g); err != nil || b != c.want {
			t.Errorf("of %v: %v, %v", c.g, b, err)
		}
	}
	if !rows.Empty().IsEmpty() || rows.Empty().Union(box) != box {
		t.Error("what is empty is not")
	}
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if _, err := rows.BoundOf(orb.MultiPolygon{{{{0, 0}, {1, v}}}}); err == nil {
			t.Errorf("%v is a place", v)
		}
	}
}

func TestDraftsAndMoments(t *testing.T) {
	draft := geo.Version{ID: "v", Collection: geo.Cells, State: geo.Draft, Features: 2}
	with := func(change func(v *geo.Version)) geo.Version {
		v := draft
		change(&v)
		return v
	}
	for name, c := range map[string]struct {
		v        geo.Version
		features int
		good     bool
	}{
		"a draft":                {draft, 2, true},
		"another count":          {draft, 3, false},
		"no name":                {with(func(v *geo.Version) { v.ID = "" }), 2, false},
		"a number":               {with(func(v *geo.Version) { v.Number = 1 }), 2, false},
		"published":              {with(func(v *geo.Version) { v.State = geo.Published }), 2, false},
		"published once":         {with(func(v *geo.Version) { v.Published = time.Now() }), 2, false},
		"incidents":              {with(func(v *geo.Version) { v.Collection = geo.Incidents }), 2, false},
		"no collection":          {with(func(v *geo.Version) { v.Collection = "roads" }), 2, false},
		"discarded, nothing":     {with(func(v *geo.Version) { v.State = geo.Discarded }), 0, true},
		"discarded, with some":   {with(func(v *geo.Version) { v.State = geo.Discarded }), 2, false},
		"discarded, with number": {with(func(v *geo.Version) { v.State, v.Number = geo.Discarded, 4 }), 0, false},
	} {
		if err := errors.Join(rows.CheckDraft(c.v), rows.CheckCount(c.v, c.features)); (err == nil) != c.good {
			t.Errorf("%s: %v", name, err)
		}
	}
	for year, good := range map[int]bool{-1: false, 0: true, 2026: true, 9999: true, 10000: false} {
		if err := rows.CheckMoment(time.Date(year, 6, 1, 0, 0, 0, 0, time.UTC)); (err == nil) != good {
			t.Errorf("year %d: %v", year, err)
		}
	}
	// A year that is only over in UTC.
	if rows.CheckMoment(time.Date(9999, 12, 31, 23, 0, 0, 0, time.FixedZone("", -3600*2))) == nil {
		t.Error("the first hour of the year 10000 can be kept")
	}
}

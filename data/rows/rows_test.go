package rows_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"github.com/twpayne/go-geom/encoding/wkb"
	"go.uber.org/goleak"

	"towngrid/data"
	"towngrid/data/rows"
	"towngrid/geo"
	"towngrid/geo/geotest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// plain is a form with nothing around the geometry.
var plain = rows.Form{
	Encode: func(g orb.Geometry) ([]byte, orb.Bound, error) {
		flat, xy, err := rows.Flat(g)
		if err != nil {
			return nil, orb.Bound{}, err
		}
		bound, err := rows.BoundOf(xy)
		if err != nil {
			return nil, bound, err
		}
		b, err := wkb.Marshal(flat, binary.LittleEndian)
		return b, bound, err
	},
	Decode: func(b []byte) (orb.Geometry, error) {
		if err := rows.CheckCounts(b); err != nil {
			return nil, err
		}
		flat, err := wkb.Unmarshal(b)
		if err != nil {
			return nil, err
		}
		return rows.Geometry(flat)
	},
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

// of yields what is there.
func of(list []rows.Row) iter.Seq2[rows.Row, error] {
	return func(yield func(rows.Row, error) bool) {
		for _, r := range list {
			if !yield(r, nil) {
				return
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
		list, err := plain.Rows(context.Background(), fs, geo.MultiPolygon)
		if err != nil {
			t.Fatal(err)
		}
		got := []geo.Feature{}
		for f, err := range plain.Features(of(list)) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, f)
		}
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
	sound, err := plain.Rows(context.Background(), some(seed, n), geo.MultiPolygon)
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
		"no geometry":   func(r *rows.Row) { r.Geometry = r.Geometry[:len(r.Geometry)-1]; r.Sum = r.Digest() },
		"no properties": func(r *rows.Row) { r.Properties = r.Properties[:1]; r.Sum = r.Digest() },
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
	list, err := plain.Rows(context.Background(), some(5, 700), geo.MultiPolygon)
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("gone")
	got := 0
	for _, err = range plain.Features(func(yield func(rows.Row, error) bool) {
		for _, r := range list {
			if !yield(r, nil) {
				return
			}
		}
		yield(rows.Row{}, broken)
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
		if list, err := plain.Rows(context.Background(), []geo.Feature{cell("a", sound), f}, geo.MultiPolygon); err == nil {
			t.Errorf("%s: %v", name, list)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := plain.Rows(ctx, some(6, 10), geo.MultiPolygon); !errors.Is(err, context.Canceled) {
		t.Errorf("with nobody waiting: %v", err)
	}
}

// TestEachCanBeLeft leaves the rows early, while the next batch is made; that none goes
// on behind it is for TestMain to see.
func TestEachCanBeLeft(t *testing.T) {
	each, err := plain.Each(context.Background(), some(7, 3000), geo.MultiPolygon)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for range each {
		if n++; n == 1001 {
			break
		}
	}
}

// TestCheckCounts cuts well-known binary at every byte, lengthens it, and puts every count
// of four bytes in it that a hostile file could hold.
func TestCheckCounts(t *testing.T) {
	for _, g := range []orb.Geometry{
		orb.Point{1, 2}, orb.MultiPolygon{}, orb.MultiPolygon{{}}, orb.MultiPolygon{{box(0, 5), box(1, 1)}, {box(9, 1)}},
	} {
		b, _, err := plain.Encode(g)
		if err != nil || rows.CheckCounts(b) != nil {
			t.Fatalf("%v: %v, %v", g, err, rows.CheckCounts(b))
		}
		for n := range b {
			if rows.CheckCounts(b[:n]) == nil {
				t.Errorf("%T cut to %d of %d bytes passes", g, n, len(b))
			}
		}
		if rows.CheckCounts(append(slices.Clone(b), 0)) == nil {
			t.Errorf("%T and a byte passes", g)
		}
		for at := 0; at+4 <= len(b); at++ {
			for _, v := range []uint32{0, 1, 0x7fffffff, 0x80000000, math.MaxUint32, 0x0fffffff} {
				bent := slices.Clone(b)
				binary.LittleEndian.PutUint32(bent[at:], v)
				if rows.CheckCounts(bent) != nil {
					continue
				}
				if _, err := plain.Decode(bent); err != nil { // what passes can be read
					t.Errorf("%T with %x at %d passes and is none: %v", g, v, at, err)
				}
			}
		}
	}
}

func TestBounds(t *testing.T) {
	if b, err := rows.BoundOf(nil); err != nil || !b.IsEmpty() {
		t.Errorf("of nothing: %v, %v", b, err)
	}
	if _, err := rows.BoundOf([]float64{1, math.Inf(1)}); err == nil {
		t.Error("infinity is a place")
	}
	fs := []geo.Feature{{}, {Geometry: orb.MultiPolygon{}}, {Geometry: orb.Point{3, -4}}, {Geometry: orb.MultiPolygon{{box(0, 1)}}}}
	if b := rows.BoundOfFeatures(fs); b != (orb.Bound{Min: orb.Point{0, -4}, Max: orb.Point{3, 1}}) {
		t.Errorf("of a point and a box: %v", b)
	}
	if b := rows.BoundOfFeatures(fs[:2]); !b.IsEmpty() {
		t.Errorf("of what has no place: %v", b)
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
		if err := rows.CheckDraft(c.v, c.features); (err == nil) != c.good {
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

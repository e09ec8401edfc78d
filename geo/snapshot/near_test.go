package snapshot

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"

	"towngrid/geo"
	"towngrid/geo/geotest"
)

// shops are n facilities of three kinds, clustered, in two divisions; some stand at one place.
func shops(t testing.TB, r *rand.Rand, n int, size float64) *Snapshot {
	t.Helper()
	kinds := []string{"dining", "shopping", "health"}
	halves := make([][]geo.Feature, 2)
	var towns []orb.Point
	for range 1 + n/50 {
		towns = append(towns, orb.Point{119 + size*(r.Float64()-0.5), 29 + size*(r.Float64()-0.5)})
	}
	var last orb.Point
	for i := range n {
		p := last
		if r.IntN(20) > 0 {
			at := towns[r.IntN(len(towns))]
			p = orb.Point{at[0] + size/50*r.NormFloat64(), at[1] + size/50*r.NormFloat64()}
		}
		last = p
		halves[i%2] = append(halves[i%2], geo.Feature{Code: geo.Code(fmt.Sprintf("F%06d", i)), Geometry: p, Properties: geo.Properties{{Name: "kind", Value: kinds[r.IntN(3)]}}})
	}
	s := Empty()
	for i, fs := range halves {
		p, err := NewPart(geo.Version{ID: fmt.Sprint(i), Collection: geo.Facilities, Division: geo.Division(fmt.Sprintf("33089%d", i)), Number: 1, State: geo.Published}, fs)
		if err != nil {
			t.Fatal(err)
		}
		s = s.With(p)
	}
	return s
}

// byKarney measures every feature.
func byKarney(s *Snapshot, c geo.Collection, p orb.Point, limit int, radius float64, kinds ...string) (all []Near) {
	for _, part := range s.Parts(c) {
		for i := range part.Len() {
			f := part.At(i)
			at, ok := seatOf(f)
			if !ok || len(kinds) > 0 && !slices.Contains(kinds, kindOf(c, f)) {
				continue
			}
			if n := (Near{f, at, geo.DistanceM(p, at)}); n.M <= radius {
				all = append(all, n)
			}
		}
	}
	slices.SortFunc(all, Near.compare)
	return all[:min(len(all), limit)]
}

func same(got, want []Near) bool {
	return slices.EqualFunc(got, want, func(a, b Near) bool { return a.Feature == b.Feature && a.Point == b.Point && math.Abs(a.M-b.M) < 2e-8 })
}

// TestNearestPointsAreKarneys holds the order and the distances of the nearest against
// measuring all of them, in districts from a village to half a continent.
func TestNearestPointsAreKarneys(t *testing.T) {
	const seed = 61
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for _, size := range []float64{0.001, 0.1, 1, 20} {
		for _, n := range []int{1, 9, 300, 3000} {
			s := shops(t, r, n, size)
			for range 60 {
				p := orb.Point{119 + 2*size*(r.Float64()-0.5), 29 + 2*size*(r.Float64()-0.5)}
				if r.IntN(3) == 0 {
					part := s.Parts(geo.Facilities)[0]
					p = part.At(r.IntN(part.Len())).Geometry.(orb.Point)
				}
				limit, radius := 1+r.IntN(20), math.Inf(1)
				if r.IntN(2) == 0 {
					radius = size * 111_000 * r.Float64()
				}
				var kinds []string
				if r.IntN(3) == 0 {
					kinds = []string{"dining", "health", "dining", "nothing"}[:1+r.IntN(4)]
				}
				got, want := s.NearestPoints(geo.Facilities, p, limit, radius, kinds...), byKarney(s, geo.Facilities, p, limit, radius, kinds...)
				if !same(got, want) {
					t.Fatalf("%d in %v°: from %v, %d within %v m of %v:\n%v\nwant\n%v", n, size, p, limit, radius, kinds, got, want)
				}
			}
		}
	}
}

// TestNearestOfManyAtOnePlace wants the lowest codes of those at one place.
func TestNearestOfManyAtOnePlace(t *testing.T) {
	fs := make([]geo.Feature, 20_000)
	for i := range fs {
		fs[i] = geo.Feature{Code: geo.Code(fmt.Sprintf("F%06d", i)), Geometry: orb.Point{119, 29}}
	}
	part, err := NewPart(geo.Version{ID: "1", Collection: geo.Facilities, Division: "330890"}, fs)
	if err != nil {
		t.Fatal(err)
	}
	got := Empty().With(part).NearestPoints(geo.Facilities, orb.Point{119.001, 29}, 3, math.Inf(1))
	if len(got) != 3 || got[0].Feature.Code != "F000000" || got[2].Feature.Code != "F000002" {
		t.Errorf("%v", got)
	}
	if got := Empty().With(part).NearestPoints(geo.Facilities, orb.Point{math.NaN(), 29}, 3, math.Inf(1)); got != nil {
		t.Errorf("near nowhere is %v", got)
	}
}

// TestNearestSeats finds units by their seats and level.
func TestNearestSeats(t *testing.T) {
	square := orb.MultiPolygon{{{{119, 29}, {119.1, 29}, {119.1, 29.1}, {119, 29}}}}
	unit := func(code geo.Code, level string, seat ...any) geo.Feature {
		f := geo.Feature{Code: code, Geometry: square, Properties: geo.Properties{{Name: "level", Value: level}}}
		if seat != nil {
			f.Properties = append(f.Properties, geo.Property{Name: "seat_lon", Value: seat[0]}, geo.Property{Name: "seat_lat", Value: seat[1]})
		}
		return f
	}
	part, err := NewPart(geo.Version{ID: "1", Collection: geo.Units, Division: "330890"}, []geo.Feature{
		unit("S1", geo.LevelStation, 119.01, 29.01), unit("S2", geo.LevelStation, 119.02, 29.01), unit("R1", geo.LevelRoom, 119.015, 29.01), unit("S3", geo.LevelStation), unit("S4", geo.LevelStation, int64(119), int64(29)),
	})
	if err != nil {
		t.Fatal(err)
	}
	s := Empty().With(part)
	codes := func(all []Near) (out []geo.Code) {
		for _, n := range all {
			out = append(out, n.Feature.Code)
		}
		return out
	}
	if got := codes(s.NearestPoints(geo.Units, orb.Point{119.016, 29.01}, 9, math.Inf(1))); !slices.Equal(got, []geo.Code{"R1", "S2", "S1", "S4"}) {
		t.Errorf("%v", got)
	}
	if got := codes(s.NearestPoints(geo.Units, orb.Point{119.016, 29.01}, 2, 700, geo.LevelStation)); !slices.Equal(got, []geo.Code{"S2", "S1"}) {
		t.Errorf("%v", got)
	}
}

// TestNearestCellsAreAllCells holds the nearest cells against measuring all.
func TestNearestCellsAreAllCells(t *testing.T) {
	const seed = 62
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	bound := orb.Bound{Min: orb.Point{118.8, 28.8}, Max: orb.Point{119.2, 29.2}}
	cells := geotest.Tessellation(seed, 300, bound)
	fs := make([]geo.Feature, len(cells))
	for i, c := range cells {
		fs[i] = geo.Feature{Code: geo.Code(fmt.Sprintf("C%04d", i)), Geometry: c}
	}
	part, err := NewPart(geo.Version{ID: "1", Collection: geo.Cells, Division: "330890"}, fs)
	if err != nil {
		t.Fatal(err)
	}
	s := Empty().With(part)
	for range 200 {
		p := orb.Point{118.7 + 0.6*r.Float64(), 28.7 + 0.6*r.Float64()}
		limit, radius := 1+r.IntN(12), math.Inf(1)
		if r.IntN(2) == 0 {
			radius = 10_000 * r.Float64()
		}
		var want []Near
		for i := range part.Len() {
			f := part.At(i)
			mp := f.Geometry.(orb.MultiPolygon)
			n := Near{Feature: part.Bare(i), Point: p}
			if geo.SideOf(mp, p) == geo.Outside {
				n.M, n.Point = geo.BorderDistanceM(mp, p)
			}
			if n.M <= radius {
				want = append(want, n)
			}
		}
		slices.SortFunc(want, Near.compare)
		want = want[:min(len(want), limit)]
		got := s.NearestCells(p, limit, radius)
		if !same(got, want) {
			t.Fatalf("from %v, %d within %v m:\n%v\nwant\n%v", p, limit, radius, got, want)
		}
	}
}

// BenchmarkNearest looks for the nearest five of 10,000 facilities, exactly in the order of
// geodesics, beside the tree of boxes in degrees, whose order is wrong.
func BenchmarkNearest(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{10_000, 100_000} {
		var fs []geo.Feature
		var degrees rtree.RTreeG[int32]
		for i := range n {
			p := orb.Point{118 + 2*r.Float64(), 28 + 2*r.Float64()}
			fs = append(fs, geo.Feature{Code: geo.Code(fmt.Sprintf("F%06d", i)), Geometry: p, Properties: geo.Properties{{Name: "kind", Value: "dining"}}})
			degrees.Insert(p, p, int32(i))
		}
		part, err := NewPart(geo.Version{ID: "1", Collection: geo.Facilities, Division: "330890"}, fs)
		if err != nil {
			b.Fatal(err)
		}
		s := Empty().With(part)
		s.NearestPoints(geo.Facilities, orb.Point{119, 29}, 1, math.Inf(1))
		ps := make([]orb.Point, 4096)
		for i := range ps {
			ps[i] = orb.Point{118 + 2*r.Float64(), 28 + 2*r.Float64()}
		}
		b.Run(fmt.Sprintf("exact/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for i := range b.N {
				s.NearestPoints(geo.Facilities, ps[i%len(ps)], 5, math.Inf(1))
			}
		})
		b.Run(fmt.Sprintf("degrees/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for i := range b.N {
				p, found := ps[i%len(ps)], 0
				degrees.Nearby(rtree.BoxDist[float64, int32](p, p, nil), func(_, _ [2]float64, _ int32, _ float64) bool {
					found++
					return found < 5
				})
			}
		})
	}
}

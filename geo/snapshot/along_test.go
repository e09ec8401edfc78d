package snapshot

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/geotest"
)

// quilt is a tessellation as published.
func quilt(t testing.TB, seed uint64, n int, bound orb.Bound) (*Snapshot, []orb.MultiPolygon) {
	t.Helper()
	cells := geotest.Tessellation(seed, n, bound)
	fs := make([]geo.Feature, len(cells))
	for i, c := range cells {
		fs[i] = geo.Feature{Code: geo.Code(fmt.Sprintf("C%05d", i)), Geometry: c}
	}
	part, err := NewPart(geo.Version{ID: "1", Collection: geo.Cells, Division: "330890"}, fs)
	if err != nil {
		t.Fatal(err)
	}
	return Empty().With(part), cells
}

// TestAlongIsWhereTheLineLies samples lines and wants every sample in the cell of its stretch.
func TestAlongIsWhereTheLineLies(t *testing.T) {
	const seed = 71
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	bound := orb.Bound{Min: orb.Point{118.8, 28.8}, Max: orb.Point{119.2, 29.2}}
	s, cells := quilt(t, seed, 300, bound)
	vertex := func() orb.Point {
		switch r.IntN(3) {
		case 0: // a corner of a cell
			ring := cells[r.IntN(len(cells))][0][0]
			return ring[r.IntN(len(ring))]
		case 1:
			return orb.Point{118.7 + 0.6*r.Float64(), 28.7 + 0.6*r.Float64()}
		}
		return orb.Point{118.8 + 0.4*float64(r.IntN(9))/8, 28.8 + 0.4*float64(r.IntN(9))/8}
	}
	passed := 0
	for range 150 {
		var line orb.LineString
		if r.IntN(4) == 0 { // along a border
			ring := cells[r.IntN(len(cells))][0][0]
			line = orb.LineString(ring[:2+r.IntN(len(ring)-1)])
		} else {
			for range 2 + r.IntN(5) {
				line = append(line, vertex())
			}
		}
		spans, err := s.Along(context.Background(), line, 100_000)
		if err != nil {
			t.Fatal(err)
		}
		passed += len(spans)
		whole, gone := LengthM(line), 0.0
		for i, span := range spans {
			if span.EntryM != gone || span.ExitM < span.EntryM || i > 0 && span.Cell == spans[i-1].Cell {
				t.Fatalf("stretch %d of %v is %+v, the one before ended at %v", i, line, span, gone)
			}
			gone = span.ExitM
		}
		if math.Abs(gone-whole) > 1e-7*whole+1e-6 {
			t.Fatalf("%v is %v m, its stretches come to %v", line, whole, gone)
		}
		for i := 1; i < len(line); i++ {
			before := LengthM(line[:i])
			for range 100 {
				f := r.Float64()
				p := at(line[i-1], line[i], f)
				m := before + lengthM(line[i-1], p)
				k, _ := slices.BinarySearchFunc(spans, m, func(s Span, m float64) int {
					if s.ExitM < m {
						return -1
					}
					return 1
				})
				if k == len(spans) || m-spans[k].EntryM < 1e-3 || spans[k].ExitM-m < 1e-3 {
					continue // too near a crossing for the sample's own rounding
				}
				want := s.LocateCode(p).Cell
				if got := spans[k].Cell; (got == nil) != (want == "") || got != nil && got.Code != want {
					// On a border the sample is beside it by rounding.
					if d := s.Locate(p); d.BorderM > 1e-6 || d.Cell == nil && d.NearestM > 1e-6 {
						t.Fatalf("%v of segment %d of %v is in %q, its stretch is %+v", f, i, line, want, spans[k])
					}
				}
			}
		}
	}
	if passed < 1500 {
		t.Errorf("only %d stretches", passed)
	}
}

// TestAlongOfALineBetweenSquares follows a line by hand.
func TestAlongOfALineBetweenSquares(t *testing.T) {
	square := func(code geo.Code, x, y float64) geo.Feature {
		return geo.Feature{Code: code, Geometry: orb.MultiPolygon{{{{x, y}, {x + 1, y}, {x + 1, y + 1}, {x, y + 1}, {x, y}}}}}
	}
	part, err := NewPart(geo.Version{ID: "1", Collection: geo.Cells, Division: "330890"}, []geo.Feature{square("A", 0, 0), square("B", 1, 0), square("C", 0, 1), square("D", 1, 1)})
	if err != nil {
		t.Fatal(err)
	}
	s := Empty().With(part)
	codes := func(line ...orb.Point) (out string) {
		spans, err := s.Along(context.Background(), line, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, span := range spans {
			if span.Cell == nil {
				out += "-"
			} else {
				out += string(span.Cell.Code)
			}
		}
		return out
	}
	for want, line := range map[string]orb.LineString{
		"-AB-": {{-1, 0.5}, {3, 0.5}}, "AD": {{0, 0}, {2, 2}}, "-D-": {{1, 3}, {1, 1}, {3, 1}}, "BD": {{1, 0}, {1, 2}}, "AC": {{0, 0}, {0, 2}}, "ABA": {{0.5, 0.5}, {1.5, 0.5}, {0.5, 0.5}},
		"CB": {{0.5, 1.5}, {1.5, 0.5}}, "A": {{0.2, 0.2}, {0.2, 0.2}, {0.4, 0.2}}, "": {{0.2, 0.2}, {0.2, 0.2}}, "-": {{5, 5}, {6, 6}},
	} {
		if got := codes(line...); got != want {
			t.Errorf("%v passes %q, want %q", line, got, want)
		}
	}
	if _, err := s.Along(context.Background(), orb.LineString{{-1, 0.5}, {3, 0.5}}, 3); !errors.Is(err, ErrTooManySpans) {
		t.Errorf("%v", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, err := s.Along(ctx, orb.LineString{{-1, 0.5}, {3, 0.5}}, 3); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// TestWithinSharesNothing cuts a district's facilities by its cells: each is within one.
func TestWithinSharesNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(81, 0))
	s := shops(t, r, 2000, 0.3)
	cells := geotest.Tessellation(81, 60, orb.Bound{Min: orb.Point{118, 28}, Max: orb.Point{120, 30}})
	times := map[geo.Code]int{}
	for _, c := range cells {
		all, more, err := s.Within(context.Background(), geo.Facilities, c, 10_000)
		if err != nil || more || !slices.IsSortedFunc(all, func(a, b Near) int { return a.Feature.Code.Compare(b.Feature.Code) }) {
			t.Fatal(err, more)
		}
		for _, n := range all {
			times[n.Feature.Code]++
		}
		some, more, err := s.Within(context.Background(), geo.Facilities, c, 3, "dining")
		if err != nil || len(some) > 3 || len(some) < 3 && more {
			t.Fatal(err, more, some)
		}
		for _, n := range some {
			f := n.Feature
			if kindOf(geo.Facilities, f) != "dining" || !geo.Covers(c, f.Geometry.(orb.Point)) {
				t.Errorf("%+v", f)
			}
		}
	}
	for code, n := range times {
		if n != 1 {
			t.Errorf("%s is within %d cells", code, n)
		}
	}
	if len(times) != 2000 {
		t.Errorf("%d of 2000 are within a cell", len(times))
	}
}

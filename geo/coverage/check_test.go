package coverage_test

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"github.com/peterstace/simplefeatures/geom"

	"towngrid/geo"
	"towngrid/geo/coverage"
	"towngrid/geo/geotest"
)

func TestCheckFindsNothingInACoverage(t *testing.T) {
	for seed := range uint64(6) {
		cells := geotest.Tessellation(seed, 300, district)
		if ds := coverage.Build(cells).Check(coverage.Options{}); ds != nil {
			t.Errorf("seed %d: %d defects, the first %+v", seed, len(ds), ds[0])
		}
	}
	if ds := coverage.Build(checkers(9)).Check(coverage.Options{}); ds != nil {
		t.Errorf("squares: %d defects, the first %+v", len(ds), ds[0])
	}
}

// TestCheckAgreesWithOverlay breaks coverages and compares with simplefeatures: the
// area that each pair of cells has in common, and the area of all holes of the union.
func TestCheckAgreesWithOverlay(t *testing.T) {
	for seed := range uint64(6) {
		whole := geotest.Tessellation(seed, 70, district)
		cells, _ := geotest.Break(seed, whole, 4)
		got := map[[2]int32]float64{}
		gaps := 0.0
		for _, d := range coverage.Build(cells).Check(coverage.Options{}) {
			checkDefect(t, seed, cells, d)
			switch d.Kind {
			case coverage.Overlap:
				got[[2]int32{d.Faces[0], d.Faces[1]}] = geotest.Area(d.Outline)
			case coverage.Gap:
				gaps += geotest.Area(d.Outline)
			}
		}
		want := overlayPairs(t, cells)
		for pair, area := range want {
			if math.Abs(got[pair]-area) > 1e-9*area+1e-13 {
				t.Errorf("seed %d: cells %v overlap by %v square degrees, want %v", seed, pair, got[pair], area)
			}
		}
		for pair, area := range got {
			if want[pair] == 0 {
				t.Errorf("seed %d: cells %v do not overlap, reported with %v square degrees", seed, pair, area)
			}
		}
		if area := overlayGaps(t, cells); math.Abs(gaps-area) > 1e-9*area+1e-12 {
			t.Errorf("seed %d: gaps of %v square degrees, want %v", seed, gaps, area)
		}
		if len(got) < 4 || gaps == 0 {
			t.Errorf("seed %d: only %d overlaps, %v square degrees of gaps: the test tests nothing", seed, len(got), gaps)
		}
	}
}

// checkDefect holds a defect's parts against one another and against the cells.
func checkDefect(t *testing.T, seed uint64, cells []orb.MultiPolygon, d coverage.Defect) {
	t.Helper()
	if area := geo.StraightAreaM2(d.Outline); math.Abs(area-d.AreaM2) > 1e-6*area+1e-3 || d.AreaM2 <= 0 {
		t.Errorf("seed %d: %v of %v m² with an outline of %v m²", seed, d.Kind, d.AreaM2, area)
	}
	if d.WidthM <= 0.001 || d.WidthM > 2e4 {
		t.Errorf("seed %d: %v is %v m wide", seed, d.Kind, d.WidthM)
	}
	if !geo.Covers(d.Outline, d.Place) {
		t.Errorf("seed %d: the place of the %v of %v lies outside it", seed, d.Kind, d.Faces)
	}
	for i, mp := range cells {
		covers := geo.Covers(mp, d.Place)
		if d.Kind == coverage.Gap && covers {
			t.Errorf("seed %d: cell %d covers the place of a gap", seed, i)
		}
		if d.Kind == coverage.Overlap && slices.Contains(d.Faces, int32(i)) && !covers {
			t.Errorf("seed %d: cell %d does not cover the place of its overlap", seed, i)
		}
	}
}

func overlayPairs(t *testing.T, cells []orb.MultiPolygon) map[[2]int32]float64 {
	t.Helper()
	areas := map[[2]int32]float64{}
	for i := range cells {
		for j := i + 1; j < len(cells); j++ {
			if !cells[i].Bound().Intersects(cells[j].Bound()) {
				continue
			}
			common, err := geom.Intersection(geotest.Judge(cells[i]).AsGeometry(), geotest.Judge(cells[j]).AsGeometry())
			if err != nil {
				t.Fatal(err)
			}
			if a := common.Area(); a > 1e-12 { // a square decimetre: the rest is rounding
				areas[[2]int32{int32(i), int32(j)}] = a
			}
		}
	}
	return areas
}

// overlayGaps is the area of the union with its holes filled less the union's own.
func overlayGaps(t *testing.T, cells []orb.MultiPolygon) float64 {
	t.Helper()
	all := make([]geom.Geometry, len(cells))
	for i, c := range cells {
		all[i] = geotest.Judge(c).AsGeometry()
	}
	union, err := geom.UnionMany(all)
	if err != nil {
		t.Fatal(err)
	}
	var shells []geom.Geometry
	for _, p := range union.Dump() {
		shells = append(shells, geom.NewPolygon([]geom.LineString{p.MustAsPolygon().ExteriorRing()}).AsGeometry())
	}
	filled, err := geom.UnionMany(shells)
	if err != nil {
		t.Fatal(err)
	}
	return filled.Area() - union.Area()
}

// TestCheckOfSmallCases is a table of what can be wrong, in units of about 100 m.
func TestCheckOfSmallCases(t *testing.T) {
	const u = 0.001
	sq := func(x, y, w, h float64) orb.MultiPolygon {
		x, y, w, h = 118+x*u, 29+y*u, w*u, h*u
		return orb.MultiPolygon{{{{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}, {x, y}}}}
	}
	ringOf := func(outer, inner orb.MultiPolygon) orb.MultiPolygon {
		return orb.MultiPolygon{{outer[0][0], inner[0][0]}}
	}
	unit := geo.AreaM2(sq(0, 0, 1, 1)) // 97.3 m × 110.9 m
	type defect struct {
		kind  coverage.Kind
		faces []int32
		units float64
	}
	for _, c := range []struct {
		name  string
		cells []orb.MultiPolygon
		want  []defect
	}{
		{"side by side", []orb.MultiPolygon{sq(0, 0, 1, 1), sq(1, 0, 1, 1)}, nil},
		{"apart", []orb.MultiPolygon{sq(0, 0, 1, 1), sq(5, 0, 1, 1)}, nil},
		{"corner to corner", []orb.MultiPolygon{sq(0, 0, 1, 1), sq(1, 1, 1, 1)}, nil},
		{"vertex on the neighbour's edge", []orb.MultiPolygon{sq(0, 0, 1, 2), sq(1, 0, 1, 1), sq(1, 1, 1, 1)}, nil},
		{"edge within the neighbour's edge", []orb.MultiPolygon{sq(0, 0, 1, 3), sq(1, 1, 1, 1)}, nil},
		{"overlap at an edge", []orb.MultiPolygon{sq(0, 0, 1, 1), sq(0.75, 0, 1, 1)}, []defect{{coverage.Overlap, []int32{0, 1}, 0.25}}},
		{"overlap at a corner", []orb.MultiPolygon{sq(0, 0, 1, 1), sq(0.5, 0.5, 1, 1)}, []defect{{coverage.Overlap, []int32{0, 1}, 0.25}}},
		{"cross", []orb.MultiPolygon{sq(0, 1, 3, 1), sq(1, 0, 1, 3)}, []defect{{coverage.Overlap, []int32{0, 1}, 1}}},
		{"twice", []orb.MultiPolygon{sq(0, 0, 1, 1), sq(0, 0, 1, 1)}, []defect{{coverage.Overlap, []int32{0, 1}, 1}}},
		{"thrice", []orb.MultiPolygon{sq(0, 0, 1, 1), sq(0, 0, 1, 1), sq(0, 0, 1, 1)}, []defect{
			{coverage.Overlap, []int32{0, 1}, 1}, {coverage.Overlap, []int32{0, 2}, 1}, {coverage.Overlap, []int32{1, 2}, 1}}},
		{"within", []orb.MultiPolygon{sq(0, 0, 4, 4), sq(1, 1, 1, 1)}, []defect{{coverage.Overlap, []int32{0, 1}, 1}}},
		{"half by a diagonal", []orb.MultiPolygon{sq(0, 0, 1, 1), {{{{118, 29}, {118 + u, 29}, {118 + u, 29 + u}, {118, 29}}}}},
			[]defect{{coverage.Overlap, []int32{0, 1}, 0.5}}},
		{"one over two", []orb.MultiPolygon{sq(0, 0, 1, 1), sq(1, 0, 1, 1), sq(0.5, 0, 1, 1)}, []defect{
			{coverage.Overlap, []int32{0, 2}, 0.5}, {coverage.Overlap, []int32{1, 2}, 0.5}}},
		{"one over a clean grid", []orb.MultiPolygon{sq(0, 0, 2, 2), sq(2, 0, 2, 2), sq(0, 2, 2, 2), sq(2, 2, 2, 2), sq(1, 1, 2, 2)}, []defect{
			{coverage.Overlap, []int32{0, 4}, 1}, {coverage.Overlap, []int32{1, 4}, 1}, {coverage.Overlap, []int32{2, 4}, 1}, {coverage.Overlap, []int32{3, 4}, 1}}},
		{"lake", []orb.MultiPolygon{ringOf(sq(0, 0, 4, 4), sq(1, 1, 2, 2))}, []defect{{coverage.Gap, []int32{0}, 4}}},
		{"lake with an island", []orb.MultiPolygon{ringOf(sq(0, 0, 8, 8), sq(1, 1, 6, 6)), sq(3, 3, 2, 2)}, []defect{{coverage.Gap, []int32{0}, 32}}},
		{"lake that is a cell", []orb.MultiPolygon{ringOf(sq(0, 0, 4, 4), sq(1, 1, 2, 2)), sq(1, 1, 2, 2)}, nil},
		{"lake that touches the shore", []orb.MultiPolygon{sq(0, 0, 3, 1), sq(0, 1, 1, 1), sq(2, 1, 1, 1), sq(0, 2, 1, 1), sq(1, 2, 2, 1)},
			[]defect{{coverage.Gap, []int32{0, 1, 2, 4}, 1}}},
		{"bay", []orb.MultiPolygon{sq(0, 0, 3, 1), sq(0, 1, 1, 1), sq(2, 1, 1, 1)}, nil},
		{"cells around a hole", []orb.MultiPolygon{sq(0, 0, 2, 1), sq(2, 0, 1, 2), sq(1, 2, 2, 1), sq(0, 1, 1, 2)},
			[]defect{{coverage.Gap, []int32{0, 1, 2, 3}, 1}}},
		{"sliver of a centimetre", []orb.MultiPolygon{sq(0, 0, 4, 1), sq(0, 1, 1, 2), sq(1, 1, 3, 2), sq(0, 3, 4, 1),
			sq(3.9999, 1, 1, 2)}, []defect{{coverage.Overlap, []int32{2, 4}, 0.0002}}},
		{"half a millimetre off", []orb.MultiPolygon{sq(0, 0, 1, 1), sq(1-0.000005, 0, 1, 1)}, nil},
		{"a crack of half a millimetre in the middle", []orb.MultiPolygon{sq(0, 0, 1, 1), sq(1.000005, 0, 1, 1)}, nil},
		{"part of a cell over another", []orb.MultiPolygon{{sq(0, 0, 1, 1)[0], sq(5, 0, 1, 1)[0]}, sq(5.5, 0, 1, 1)},
			[]defect{{coverage.Overlap, []int32{0, 1}, 0.5}}},
		{"no faces", nil, nil},
		{"empty faces", []orb.MultiPolygon{nil, {}, {{}}}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := coverage.Build(c.cells).Check(coverage.Options{})
			slices.SortFunc(got, func(a, b coverage.Defect) int { return slices.Compare(a.Faces, b.Faces) })
			if len(got) != len(c.want) {
				t.Fatalf("%d defects, want %d: %+v", len(got), len(c.want), got)
			}
			for i, d := range got {
				w := c.want[i]
				if d.Kind != w.kind || !slices.Equal(d.Faces, w.faces) || math.Abs(d.AreaM2/unit/w.units-1) > 1e-3 {
					t.Errorf("%v of %v with %.5f units, want %v of %v with %v", d.Kind, d.Faces, d.AreaM2/unit, w.kind, w.faces, w.units)
				}
				checkDefect(t, 0, c.cells, d)
			}
		})
	}
}

// TestCheckBridgesMissingVertices gives every other cell vertices of its own on
// shared borders, as near to the line as doubles come.
func TestCheckBridgesMissingVertices(t *testing.T) {
	cells := geotest.Tessellation(6, 300, district)
	r := rand.New(rand.NewPCG(6, 6))
	added := 0
	for i := 0; i < len(cells); i += 2 {
		cells[i] = cells[i].Clone()
		for _, poly := range cells[i] {
			for j, ring := range poly {
				for k := len(ring) - 1; k > 0; k-- {
					if a, b := ring[k-1], ring[k]; r.IntN(5) == 0 {
						f := r.Float64()
						ring = slices.Insert(ring, k, orb.Point{a[0] + f*(b[0]-a[0]), a[1] + f*(b[1]-a[1])})
						added++
					}
				}
				poly[j] = ring
			}
		}
	}
	if ds := coverage.Build(cells).Check(coverage.Options{}); ds != nil || added < 1000 {
		t.Errorf("%d vertices added: %d defects, the first %+v", added, len(ds), ds[0])
	}
}

// TestCheckSeesABlobOnAHair has two cells part by half a millimetre along kilometres,
// and by metres at one place: only that place is a defect.
func TestCheckSeesABlobOnAHair(t *testing.T) {
	const hair = 5e-9                                  // degrees, 0.5 mm
	border := func(dx, dy, dent float64) []orb.Point { // from south to north
		ps := []orb.Point{{118.9 + dx, 29}}
		for i := range 39 {
			ps = append(ps, orb.Point{118.9 + dx, 29.0025 + dy + 0.0025*float64(i)})
		}
		ps[20][0] += dent
		return append(ps, orb.Point{118.9 + dx, 29.1})
	}
	west := append(orb.Ring{{118.8, 29.1}, {118.8, 29}}, border(0, 0, 0)...)
	east := append(orb.Ring{{119, 29}, {119, 29.1}}, border(hair, 0.001, 3e-5)...)
	slices.Reverse(east[2:])
	around := orb.Ring{{118.7, 28.9}, {119.1, 28.9}, {119.1, 29.2}, {118.7, 29.2}, {118.7, 28.9}}
	hole := orb.Ring{{118.8, 29}, {118.8, 29.1}, {119, 29.1}, {119, 29}, {118.8, 29}}
	cells := []orb.MultiPolygon{{{append(west, west[0])}}, {{append(east, east[0])}}, {{around, hole}}}
	ds := coverage.Build(cells).Check(coverage.Options{})
	if len(ds) != 1 || ds[0].Kind != coverage.Gap {
		t.Fatalf("%d defects: %+v", len(ds), ds)
	}
	if want := 2.92 * 277; math.Abs(ds[0].AreaM2-want) > 5 || math.Abs(ds[0].Place[1]-29.051) > 0.0025 {
		t.Errorf("%v m² at %v, want %v", ds[0].AreaM2, ds[0].Place, want)
	}
}

// TestCheckFindsASliverAmongThousands opens a border by one centimetre.
func TestCheckFindsASliverAmongThousands(t *testing.T) {
	cells := grid(100, 15)
	const at = 5050
	ring := cells[at][0][0]
	for i := 3; i <= 12; i++ { // vertices of the southern border, corners kept
		ring[i][1] += 1e-7 // 1.1 cm
	}
	ds := coverage.Build(cells).Check(coverage.Options{})
	if len(ds) != 1 {
		t.Fatalf("%d defects", len(ds))
	}
	d := ds[0]
	if d.Kind != coverage.Gap || !slices.Equal(d.Faces, []int32{at - 100, at}) {
		t.Errorf("%v between %v", d.Kind, d.Faces)
	}
	if d.WidthM < 0.008 || d.WidthM > 0.012 || d.AreaM2 < 3 || d.AreaM2 > 4.5 {
		t.Errorf("%v m wide, %v m²", d.WidthM, d.AreaM2)
	}
	if !cells[at].Bound().Pad(1e-6).Contains(d.Place) {
		t.Errorf("placed at %v", d.Place)
	}
}

// TestCheckOfALayerOverAnother lays a second coverage over the first: most pairs
// that overlap have no edge without a twin.
func TestCheckOfALayerOverAnother(t *testing.T) {
	low := geotest.Tessellation(1, 60, district)
	high := geotest.Tessellation(2, 40, orb.Bound{Min: orb.Point{118.6, 28.8}, Max: orb.Point{119.1, 29.2}})
	cells := slices.Concat(low, high)
	want := overlayPairs(t, cells)
	got := coverage.Build(cells).Check(coverage.Options{})
	if len(got) != len(want) {
		t.Errorf("%d overlaps, want %d", len(got), len(want))
	}
	for i, d := range got {
		pair := [2]int32{d.Faces[0], d.Faces[1]}
		if a := geotest.Area(d.Outline); d.Kind != coverage.Overlap || math.Abs(a-want[pair]) > 1e-9*a+1e-12 {
			t.Errorf("%v of %v with %v square degrees, want %v", d.Kind, d.Faces, a, want[pair])
		}
		if i > 0 && d.AreaM2 > got[i-1].AreaM2 {
			t.Errorf("defect %d is larger than the one before", i)
		}
	}
	if few := coverage.Build(cells).Check(coverage.Options{Max: 7}); len(few) != 7 {
		t.Errorf("%d defects where 7 were wanted", len(few))
	}
}

func TestCheckIsDeterministic(t *testing.T) {
	cells, _ := geotest.Break(8, geotest.Tessellation(8, 60, district), 5)
	c := coverage.Build(cells)
	if a, b := c.Check(coverage.Options{}), coverage.Build(cells).Check(coverage.Options{}); !reflect.DeepEqual(a, b) {
		t.Error("two checks of the same polygons differ")
	}
}

// TestCheckMindsItsTolerance trembles one cell by some centimetres.
func TestCheckMindsItsTolerance(t *testing.T) {
	cells := geotest.Tremble(3, geotest.Tessellation(3, 60, district), 20, 3e-7)
	c := coverage.Build(cells)
	if ds := c.Check(coverage.Options{}); len(ds) < 4 {
		t.Errorf("at a millimetre %d defects", len(ds))
	}
	if ds := c.Check(coverage.Options{ToleranceM: 0.2}); ds != nil {
		t.Errorf("at 20 cm %d defects, the first %+v", len(ds), ds[0])
	}
}

// TestCheckGivesUpOnATangle lays two combs of long teeth across one another.
func TestCheckGivesUpOnATangle(t *testing.T) {
	cells := []orb.MultiPolygon{comb(4000, false), comb(4000, true)}
	ds := coverage.Build(cells).Check(coverage.Options{})
	if len(ds) != 1 || ds[0].Kind != coverage.Tangle || ds[0].Kind.String() != "tangle" {
		t.Errorf("%d defects", len(ds))
	}
}

// comb is a polygon with n teeth a degree long.
func comb(n int, upright bool) orb.MultiPolygon {
	turn := func(x, y float64) orb.Point {
		if upright {
			x, y = y, x
		}
		return orb.Point{118 + x, 29 + y}
	}
	ring := orb.Ring{turn(-0.1, -0.1)}
	for i := range n {
		y := float64(i) / float64(n)
		ring = append(ring, turn(-0.1, y), turn(1, y+0.2/float64(n)), turn(-0.1, y+0.5/float64(n)))
	}
	return orb.MultiPolygon{{append(ring, turn(-0.2, 1), ring[0])}}
}

func TestCheckTakesHostileGeometry(t *testing.T) {
	for seed := range uint64(2) {
		var cells []orb.MultiPolygon
		for _, h := range geotest.Hostiles(seed, district) {
			if h.Finite {
				cells = append(cells, h.Geometry)
			}
		}
		for _, d := range coverage.Build(cells).Check(coverage.Options{}) {
			if d.Kind == 0 || d.Kind != coverage.Tangle && !(d.AreaM2 > 0) {
				t.Errorf("seed %d: %+v", seed, d)
			}
		}
		coverage.Build(cells).Dissolve(make([]int, len(cells)))
	}
}

func BenchmarkCheck(b *testing.B) {
	c := coverage.Build(grid(224, 15))
	b.ReportAllocs()
	for b.Loop() {
		c.Check(coverage.Options{})
	}
}

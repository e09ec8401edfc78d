package intake

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// inDegrees is GeoJSON of a cell for each list of rings, which stand in it as they are,
// whatever their winding: the first of a list is listed as the outer ring.
func inDegrees(records ...[]orb.Ring) []byte {
	var b strings.Builder
	b.WriteString(`{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"EPSG:4490"}},"features":[`)
	for i, rings := range records {
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, `{"type":"Feature","id":"C%d","properties":{"code":"C%d","unit":"U1"},"geometry":{"type":"Polygon","coordinates":[`, i, i)
		for k, ring := range rings {
			if k > 0 {
				b.WriteString(",")
			}
			b.WriteString("[")
			for v, p := range ring {
				if v > 0 {
					b.WriteString(",")
				}
				fmt.Fprintf(&b, "[%v,%v]", p[0], p[1])
			}
			b.WriteString("]")
		}
		b.WriteString("]}}")
	}
	b.WriteString("]}")
	return []byte(b.String())
}

func placed(v geo.Violation) orb.Point { return orb.Point{v.Lon, v.Lat} }

// TestCrossingsAreNamedAsTheFileHasThem sends rings that cross themselves, in any winding
// and any order of holes, and wants each crossing on the edge of the file that it names.
func TestCrossingsAreNamedAsTheFileHasThem(t *testing.T) {
	const seed = 31
	rng := rand.New(rand.NewPCG(seed, 0))
	named, second, turned := 0, 0, 0
	for range 60 {
		var rings []orb.Ring
		for k := range 1 + rng.IntN(3) {
			// Star-shaped, with two neighbours exchanged: that makes a bow.
			n, x, r := 6+rng.IntN(8), 118.9+0.05*float64(k), 0.02
			var ring orb.Ring
			for i := range n {
				sin, cos := math.Sincos(2 * math.Pi * (float64(i) + 0.3*rng.Float64()) / float64(n))
				ring = append(ring, orb.Point{x + r*cos, 29 + r*sin})
			}
			i := 1 + rng.IntN(n-2)
			ring[i], ring[i+1] = ring[i+1], ring[i]
			ring = append(ring, ring[0])
			if rng.IntN(2) == 0 {
				ring.Reverse()
				turned++
			}
			rings = append(rings, ring)
		}
		for _, v := range mustRead(t, geo.Cells, Choice{}, inDegrees(rings)).Violations {
			if v.Check != "self_crossing" {
				continue
			}
			named++
			if v.Part > 0 {
				second++
			}
			ring := rings[v.Part]
			a, b := ring[v.Vertex], ring[v.Vertex+1]
			if d := math.Abs((b[0]-a[0])*(v.Lat-a[1])-(b[1]-a[1])*(v.Lon-a[0])) / math.Hypot(b[0]-a[0], b[1]-a[1]); d > 1e-9 {
				t.Errorf("seed %d: %v is %g degrees off the edge %d of part %d", seed, placed(v), d, v.Vertex, v.Part)
			}
		}
	}
	if named < 60 || second < 20 || turned < 20 {
		t.Errorf("%d crossings, %d in later parts, %d rings turned: the test tests little", named, second, turned)
	}
}

// TestWhatAReaderFindsIsPlacedWhereTheFileHasIt repeats a vertex of a ring that is turned
// when it is read, behind one that is not.
func TestWhatAReaderFindsIsPlacedWhereTheFileHasIt(t *testing.T) {
	outer := orb.Ring{{118.9, 29}, {118.95, 29}, {118.95, 29.05}, {118.9, 29.05}, {118.9, 29}}
	hole := orb.Ring{{118.91, 29.01}, {118.93, 29.01}, {118.93, 29.01}, {118.93, 29.03}, {118.91, 29.03}, {118.91, 29.01}} // should be clockwise
	res := mustRead(t, geo.Cells, Choice{}, inDegrees([]orb.Ring{outer, hole}))
	if v := wantCheck(t, res, "repeated_point", geo.Warning); v.Part != 1 || v.Vertex != 2 || placed(v) != hole[2] {
		t.Errorf("%+v", v)
	}
	wantCheck(t, res, "ring_reversed", geo.Notice)
}

// TestSnappedVerticesAreNamedAsTheFileHasThem wants each move on the vertex that moved.
func TestSnappedVerticesAreNamedAsTheFileHasThem(t *testing.T) {
	for _, reverse := range []bool{false, true} {
		a := orb.Ring{{118.9, 29}, {118.91, 29}, {118.91, 29.005}, {118.91, 29.01}, {118.9, 29.01}, {118.9, 29}}
		b := orb.Ring{{118.91 + 3e-9, 29}, {118.92, 29}, {118.92, 29.01}, {118.91 + 3e-9, 29.01}, {118.91 + 3e-9, 29.005}, {118.91 + 3e-9, 29}}
		if reverse {
			a.Reverse()
			b.Reverse()
		}
		res := mustRead(t, geo.Cells, Choice{Fix: FixSnap}, inDegrees([]orb.Ring{a}, []orb.Ring{b}))
		moved := 0
		for _, v := range res.Violations {
			if v.Check != "snapped" {
				continue
			}
			moved++
			ring := []orb.Ring{a, b}[v.Record-1]
			if d := geo.DistanceM(ring[v.Vertex], placed(v)); d > 0.001 || d == 0 {
				t.Errorf("reverse %t: vertex %d at %v was moved to %v", reverse, v.Vertex, ring[v.Vertex], placed(v))
			}
		}
		if moved != 3 {
			t.Errorf("reverse %t: %d moves", reverse, moved)
		}
	}
}

// TestAVertexAstrayIsNamed puts one vertex of many where no vertex can be: the system is
// right, and record, part and vertex are named.
func TestAVertexAstrayIsNamed(t *testing.T) {
	ring := func(x float64) orb.Ring {
		return orb.Ring{{x, 29}, {x + .01, 29}, {x + .01, 29.01}, {x, 29.01}, {x, 29}}
	}
	bad := ring(118.91)
	bad[2] = orb.Point{29.01, 118.92} // the axes of one vertex are exchanged
	_, err := read(t, geo.Cells, Choice{}, inDegrees([]orb.Ring{ring(118.9)}, []orb.Ring{bad}, []orb.Ring{ring(118.92)}))
	e, ok := err.(*geo.Error)
	if !ok || e.Code != "crs_contradicted" || len(e.Violations) != 1 {
		t.Fatalf("%v", err)
	}
	if v := e.Violations[0]; v.Record != 2 || v.Part != 0 || v.Vertex != 2 || v.Severity != geo.Refusal || v.Message.ZH == "" {
		t.Errorf("%+v", v)
	}
	// Where most are, it is the system that is wrong: if a planner chose it, he is asked again.
	res := mustRead(t, geo.Cells, Choice{CRS: "EPSG:4528"}, inDegrees([]orb.Ring{ring(118.9)}))
	if q := res.Question; q == nil || q.About != AboutCRS || !strings.Contains(q.Text.EN, "degrees in a projected system") || len(q.Options) == 0 || q.Options[0].Value != "EPSG:4490" {
		t.Errorf("%+v", res)
	}
	all := ring(118.9)
	for i, p := range all {
		all[i] = orb.Point{p[1], p[0]}
	}
	if _, err = read(t, geo.Cells, Choice{}, inDegrees([]orb.Ring{all})); err == nil || len(err.(*geo.Error).Violations) != 0 || !strings.Contains(err.Error(), "~yx") {
		t.Errorf("%v", err)
	}
}

// TestTinyRings warns of what is left over from cutting.
func TestTinyRings(t *testing.T) {
	cell := orb.Ring{{118.9, 29}, {118.91, 29}, {118.91, 29.01}, {118.9, 29.01}, {118.9, 29}}
	hole := orb.Ring{{118.905, 29.005}, {118.905, 29.005002}, {118.905002, 29.005002}, {118.905002, 29.005}, {118.905, 29.005}} // 4 cm²
	res := mustRead(t, geo.Cells, Choice{}, inDegrees([]orb.Ring{cell, hole}))
	if v := wantCheck(t, res, "tiny_ring", geo.Warning); v.Record != 1 || v.Part != 1 || !strings.Contains(v.Message.EN, "hole") || placed(v) != hole[0] {
		t.Errorf("%+v", v)
	}
	wide := orb.Ring{{118.905, 29.005}, {118.905, 29.00502}, {118.90502, 29.00502}, {118.90502, 29.005}, {118.905, 29.005}} // 4 m²
	for _, check := range found(mustRead(t, geo.Cells, Choice{}, inDegrees([]orb.Ring{cell, wide}))) {
		if check == "tiny_ring" {
			t.Error("a hole of 4 m² is called tiny")
		}
	}
}

package tiles_test

import (
	"math"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"

	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/geotest"
	"towngrid/geo/snapshot"
	"towngrid/tiles"
)

// district is where the coverages of these tests lie.
var district = orb.Bound{Min: orb.Point{118.72, 28.81}, Max: orb.Point{119.04, 29.09}}

// way is a directed edge of a decoded tile.
type way struct{ a, b orb.Point }

func (w way) back() way { return way{w.b, w.a} }

// onWindow says whether the edge runs along the border to which tiles are clipped.
func (w way) onWindow() bool {
	const low, high = -tiles.Buffer, tiles.Extent + tiles.Buffer
	for axis := range 2 {
		if v := w.a[axis]; v == w.b[axis] && (v == low || v == high) {
			return true
		}
	}
	return false
}

// ways are the edges of all rings of a layer, with how often each occurs.
func ways(t *testing.T, l *mvt.Layer) map[way]int {
	n := map[way]int{}
	for _, f := range l.Features {
		for _, p := range polygons(t, f) {
			for _, r := range p {
				for i := 1; i < len(r); i++ {
					n[way{r[i-1], r[i]}]++
				}
			}
		}
	}
	return n
}

// In every tile of every zoom, neighbours of a gap-free coverage have exactly the same line
// between them: each edge occurs once in each direction, except on the coverage's rim and on the
// border of the tile's window. And each polygon is valid, with the winding that MVT 2.1 asks
// for, and the areas add up to that of the window where it is all covered.
func TestNeighboursShareTheirLine(t *testing.T) {
	for datum, slack := range map[crs.Datum]float64{crs.WGS84: 0, crs.GCJ02: 0.01} {
		t.Run(string(datum), func(t *testing.T) {
			polygons, full := checkZooms(t, 11, 700, datum, slack)
			if polygons < 3000 || full < 20 {
				t.Errorf("the test has looked at %d polygons and %d full tiles only", polygons, full)
			}
		})
	}
}

// The same over many coverages, some 740,000 polygons.
func TestNeighboursShareTheirLineLong(t *testing.T) {
	if os.Getenv("TOWNGRID_LONG") != "1" {
		t.Skip("SKIPPED, takes half a minute: set TOWNGRID_LONG=1 to check 25 coverages of 3,000 cells")
	}
	total := 0
	for seed := uint64(100); seed < 125; seed++ {
		polygons, _ := checkZooms(t, seed, 3000, crs.WGS84, 0)
		total += polygons
	}
	t.Logf("%d polygons", total)
}

// checkZooms looks at tiles of every zoom of a coverage of n cells, and counts polygons and tiles
// that are covered whole.
func checkZooms(t *testing.T, seed uint64, n int, datum crs.Datum, slack float64) (polygons, full int) {
	s := snapshotOf(t, geotest.Tessellation(seed, n, district))
	var b tiles.Builder
	for z := uint8(0); z <= tiles.MaxZoom; z++ {
		for _, a := range around(z, district, 9) {
			r := tiles.Request{Collections: []geo.Collection{geo.Cells}, Address: a, Datum: datum, Content: tiles.Fills}
			if l := built(t, &b, s, r)["cells"]; l != nil {
				polygons += checkPolygons(t, a, l)
				full += checkCoverage(t, a, l, slack)
			}
		}
	}
	t.Logf("seed %d, %s: %d polygons, %d tiles covered whole", seed, datum, polygons, full)
	return polygons, full
}

// checkPolygons judges every polygon by simplefeatures and counts them.
func checkPolygons(t *testing.T, a tiles.Address, l *mvt.Layer) int {
	for _, f := range l.Features {
		mp := polygons(t, f)
		if err := geotest.Valid(mp); err != nil {
			t.Errorf("%v: %v is invalid: %v", a, f.Properties["code"], err)
		}
		for _, p := range mp {
			for k, r := range p {
				if shell := k == 0; (area2(r) > 0) != shell {
					t.Errorf("%v: ring %d of %v has area %d", a, k, f.Properties["code"], area2(r))
				}
			}
		}
	}
	return len(l.Features)
}

// checkCoverage looks for gaps and overlaps, and counts the tile where it is covered whole.
func checkCoverage(t *testing.T, a tiles.Address, l *mvt.Layer, slack float64) int {
	loose := 0
	ws := ways(t, l)
	for w, n := range ws {
		if n != 1 {
			t.Errorf("%v: edge %v occurs %d times", a, w, n)
		}
		if ws[w.back()] == 0 && !w.onWindow() {
			loose++
			if !onRim(a, w, slack) {
				t.Errorf("%v: edge %v has no neighbour", a, w)
			}
		}
	}
	if loose > 0 {
		return 0
	}
	const side = tiles.Extent + 2*tiles.Buffer
	if got := totalArea2(t, l); got != 2*side*side {
		t.Errorf("%v: areas add up to %v of the window", a, float64(got)/(2*side*side))
	}
	return 1
}

func totalArea2(t *testing.T, l *mvt.Layer) (sum int64) {
	for _, f := range l.Features {
		for _, p := range polygons(t, f) {
			for _, r := range p {
				sum += area2(r)
			}
		}
	}
	return sum
}

// onRim says whether the edge lies where the coverage ends: within a square and some slack, in
// degrees, of the district's border.
func onRim(a tiles.Address, w way, slack float64) bool {
	near := func(p orb.Point) bool {
		b := a.Bound()
		square := (b.Max[0] - b.Min[0]) / tiles.Extent
		lon := b.Min[0] + p[0]*square
		lat := latitude(a, p[1])
		d := math.Min(
			math.Min(math.Abs(lon-district.Min[0]), math.Abs(lon-district.Max[0])),
			math.Min(math.Abs(lat-district.Min[1]), math.Abs(lat-district.Max[1])))
		return d <= 1.01*square+slack
	}
	return near(w.a) && near(w.b)
}

// latitude is that of row y of the tile's grid.
func latitude(a tiles.Address, y float64) float64 {
	rows := math.Ldexp(1, int(a.Z)) * tiles.Extent
	v := math.Pi * (1 - 2*(float64(a.Y)*tiles.Extent+y)/rows)
	return math.Atan(math.Sinh(v)) * 180 / math.Pi
}

// Two tiles beside each other show a feature alike where they meet: it has the same
// vertices in the strip that is in both, and crosses the seam at the same place to
// less than a square.
func TestSeamsMeet(t *testing.T) {
	s := snapshotOf(t, geotest.Tessellation(5, 400, district))
	var b tiles.Builder
	crossings := 0
	for z := uint8(9); z <= 18; z++ {
		west := addressOf(z, district.Center())
		if z < 11 {
			west.X-- // at the middle of the district
		}
		east := tiles.Address{Z: z, X: west.X + 1, Y: west.Y}
		l := seamShapes(t, 0, built(t, &b, s, fillsAt(west))["cells"])
		r := seamShapes(t, tiles.Extent, built(t, &b, s, fillsAt(east))["cells"])
		for code, left := range l {
			right := r[code]
			if !slices.Equal(left.strip, right.strip) {
				t.Errorf("%v %s: the strip has the vertices %v in the west and %v in the east", west, code, left.strip, right.strip)
			}
			if len(left.cross) != len(right.cross) {
				t.Errorf("%v %s: the seam is crossed %d and %d times", west, code, len(left.cross), len(right.cross))
				continue
			}
			for i := range left.cross {
				crossings++
				if d := math.Abs(left.cross[i] - right.cross[i]); d >= 1 {
					t.Errorf("%v %s: the seam is crossed %.2f squares apart", west, code, d)
				}
			}
		}
	}
	if crossings < 100 {
		t.Errorf("only %d crossings", crossings)
	}
}

func fillsAt(a tiles.Address) tiles.Request {
	return tiles.Request{Collections: []geo.Collection{geo.Cells}, Address: a, Content: tiles.Fills}
}

// seamShape is what a feature is at a seam, in the western tile's squares.
type seamShape struct {
	strip []orb.Point // vertices within both windows, less a square, and between their tops
	cross []float64   // where it crosses the middle of the strip's first column east of the seam
}

// seamShapes are those of a tile's features, its squares moved east by shift.
func seamShapes(t *testing.T, shift float64, l *mvt.Layer) map[string]seamShape {
	const line = tiles.Extent + 0.5 // between columns, so no vertex is on it
	shapes := map[string]seamShape{}
	for _, f := range l.Features {
		var s seamShape
		for _, p := range polygons(t, f) {
			for _, r := range p {
				for i := 1; i < len(r); i++ {
					a, b := orb.Point{r[i-1][0] + shift, r[i-1][1]}, orb.Point{r[i][0] + shift, r[i][1]}
					if math.Abs(a[0]-tiles.Extent) < tiles.Buffer && a[1] > -tiles.Buffer && a[1] < tiles.Extent+tiles.Buffer {
						s.strip = append(s.strip, a)
					}
					if (a[0] < line) != (b[0] < line) {
						s.cross = append(s.cross, a[1]+(b[1]-a[1])*(line-a[0])/(b[0]-a[0]))
					}
				}
			}
		}
		slices.SortFunc(s.strip, func(p, q orb.Point) int { return int(10000*(p[0]-q[0]) + p[1] - q[1]) })
		slices.Sort(s.cross)
		if len(s.strip)+len(s.cross) > 0 {
			shapes[f.Properties.MustString("code")] = s
		}
	}
	return shapes
}

// Shapes that the checks at the door would refuse neither end the program nor hold it up: a tile
// comes out that the decoder reads.
func TestHostileShapesMakeTiles(t *testing.T) {
	made := 0
	for _, h := range geotest.Hostiles(3, district) {
		v := geo.Version{ID: h.Name, Number: 1, Collection: geo.Cells, Division: "330890"}
		p, err := snapshot.NewPart(v, cells([]orb.MultiPolygon{h.Geometry}))
		if err != nil {
			continue // not a geometry at all
		}
		made++
		s := snapshot.Empty().With(p)
		var b tiles.Builder
		for _, z := range []uint8{0, 6, 10, 14, 22} {
			r := tiles.Request{Collections: []geo.Collection{geo.Cells}, Address: addressOf(z, district.Center())}
			start := time.Now()
			built(t, &b, s, r)
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("%s at zoom %d took %v", h.Name, z, took)
			}
		}
	}
	if made < 5 {
		t.Errorf("only %d shapes", made)
	}
}

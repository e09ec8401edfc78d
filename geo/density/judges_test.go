package density

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	sf "github.com/peterstace/simplefeatures/geom"

	"towngrid/data/pgtest"
	"towngrid/geo"
	"towngrid/geo/geotest"
	"towngrid/geo/overlay"
)

// tool finds an outside judge. Without it the test is skipped, or fails where
// TOWNGRID_REQUIRE_TOOLS=1 asks for all judges.
func tool(t *testing.T, name, pkg string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
	case os.Getenv("TOWNGRID_REQUIRE_TOOLS") == "1":
		t.Fatalf("%s is missing and TOWNGRID_REQUIRE_TOOLS=1: install %s", name, pkg)
	default:
		t.Skipf("%s is missing: install %s to have it judge", name, pkg)
	}
	return path
}

// star is a polygon with n vertices around a centre, not self-crossing; r in degrees.
func star(rng *rand.Rand, lon, lat, r float64, n int) orb.MultiPolygon {
	ring := make(orb.Ring, 0, n+1)
	for i := range n {
		a, d := 2*math.Pi*float64(i)/float64(n), r*(0.3+0.7*rng.Float64())
		ring = append(ring, orb.Point{lon + d*math.Cos(a), lat + d*math.Sin(a)})
	}
	return orb.MultiPolygon{{append(ring, ring[0])}}
}

// noise is the rounding in m² of GeographicLib's algorithm itself, whatever the
// polygon's size: an edge's area is the difference of terms of 10¹¹ m², of which
// sixteen digits are known. Below some 0.1 km² it is more than 10⁻⁹ of the area.
const noise = 2e-4

// sliver is a strip of a ten-millionth of its length in width: 0.3 mm on 3 km.
func sliver(rng *rand.Rand, lon, lat, length float64) orb.MultiPolygon {
	const thin = 1e-7
	a := 2 * math.Pi * rng.Float64()
	dx, dy := length*math.Cos(a), length*math.Sin(a)
	return orb.MultiPolygon{{{{lon, lat}, {lon + dx, lat + dy}, {lon + dx - thin*dy, lat + dy + thin*dx}, {lon - thin*dy, lat + thin*dx}, {lon, lat}}}}
}

// TestAreasAgreeWithPlanimeter puts 1,000 parcels of many sizes, every tenth a
// sliver, into one town and holds the area of each that the report counted against
// GeographicLib's.
func TestAreasAgreeWithPlanimeter(t *testing.T) {
	planimeter := tool(t, "Planimeter", "geographiclib-tools")
	const seed = 61
	rng := rand.New(rand.NewPCG(seed, 0))
	w := world{towns: []geo.Feature{feature("T1", rect(118, 28, 2, 2), "residents", int64(1))}}
	var in strings.Builder
	for i := range 1000 {
		size := 0.03 * math.Pow(10, -2*rng.Float64()) // 30 m to 3 km
		g := star(rng, 118.03+0.06*float64(i%32), 28.03+0.06*float64(i/32), size, 3+rng.IntN(20))
		if i%10 == 0 {
			g = sliver(rng, 118.03+0.06*float64(i%32), 28.03+0.06*float64(i/32), size)
		}
		w.parcels = append(w.parcels, feature(fmt.Sprintf("P%04d", i), g, "land_use", "0701", "code_system", geo.LandUse2023))
		for _, v := range g[0][0][1:] {
			fmt.Fprintf(&in, "%.17g %.17g\n", v[1], v[0])
		}
		in.WriteString("\n")
	}
	cmd := exec.Command(planimeter, "-e", "6378137", "1/298.257222101", "-p", "10")
	cmd.Stdin = strings.NewReader(in.String())
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	r := judge(t, w, "zhejiang-2018", Options{})
	if len(lines) != 1000 || len(r.Parcels) != 1000 {
		t.Fatalf("%d lines, %d parcels", len(lines), len(r.Parcels))
	}
	total := 0.0
	for i, p := range r.Parcels {
		want, err := strconv.ParseFloat(strings.Fields(lines[i])[2], 64)
		if err != nil {
			t.Fatal(err)
		}
		want = math.Abs(want)
		total += want
		if got := geo.AreaM2(p.Shape); math.Abs(got-want) > 1e-9*want+noise {
			t.Errorf("seed %d, parcel %d: %.6f m², Planimeter says %.5f", seed, i, got, want)
		}
		wants(t, "printed area", &p.AreaM2, want, 1e-9*want+noise+0.5/decimals)
	}
	v := number(t, findingOf(t, r, Land), "geodesicM2")
	wants(t, "sum", &v, total, 1e-9*total)
}

// TestTrapezoids holds the second method against the closed form, to which it is a
// series of five terms, and against the geodesic method where edges are so short
// that both agree.
func TestTrapezoids(t *testing.T) {
	for _, lat := range []float64{0, 3.5, 18, 29, 53.9, -29} {
		for _, size := range []float64{1e-5, 0.001, 0.02, 1} {
			want := exactRect(lat, size, size)
			tolerance := max(1e-9*want, 1e-5)
			if got := TrapezoidM2(rect(118.9, lat, size, size)); math.Abs(got-want) > tolerance {
				t.Errorf("%v° at %v° N: %v m², want %v", size, lat, got, want)
			}
		}
	}
	const seed = 62
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 100 {
		g := star(rng, 118.9, 29, 0.02*rng.Float64()+0.001, 3+rng.IntN(12))
		fine := densify(g, 32)
		a, b := geo.AreaM2(fine), TrapezoidM2(fine)
		if math.Abs(a-b) > 2e-7*a {
			t.Errorf("seed %d: geodesic %v m², trapezoids %v", seed, a, b)
		}
		hole := orb.MultiPolygon{{rect(118, 28, 2, 2)[0][0], g[0][0]}}
		if whole, less := TrapezoidM2(rect(118, 28, 2, 2)), TrapezoidM2(hole); math.Abs(whole-less-TrapezoidM2(g)) > 1e-3 {
			t.Errorf("seed %d: a hole takes %v m²", seed, whole-less)
		}
	}
}

func densify(mp orb.MultiPolygon, n int) orb.MultiPolygon {
	r := mp[0][0]
	out := orb.Ring{r[0]}
	for i := 1; i < len(r); i++ {
		for k := 1; k <= n; k++ {
			f := float64(k) / float64(n)
			out = append(out, orb.Point{r[i-1][0] + f*(r[i][0]-r[i-1][0]), r[i-1][1] + f*(r[i][1]-r[i-1][1])})
		}
	}
	out[len(out)-1] = out[0]
	return orb.MultiPolygon{{out}}
}

// pair is a parcel and a town to intersect.
type pair struct {
	kind         string
	parcel, town orb.MultiPolygon
}

// pairs makes 1,100 pairs, of which more than 1,000 are valid for both judges: stars across stars, cells that share edges with the town
// that their neighbours make, cells beside it, rings that touch themselves, slivers.
func pairs(seed uint64) (out []pair) {
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 400 {
		out = append(out, pair{"stars", star(rng, 118.9+0.01*rng.Float64(), 29, 0.01, 3+rng.IntN(30)), star(rng, 118.9, 29, 0.02, 3+rng.IntN(40))})
	}
	cells := geotest.Tessellation(seed, 120, rect(118.88, 28.98, 0.04, 0.04).Bound())
	west := orb.MultiPolygon{}
	for _, c := range cells {
		if c.Bound().Center()[0] < 118.9 {
			west = append(west, c...)
		}
	}
	town := union(west)
	for i := range 300 {
		out = append(out, pair{"shared edges", cells[i%len(cells)], town})
	}
	for range 250 {
		s := star(rng, 118.9, 29, 0.01, 6+rng.IntN(6))
		s[0][0][3] = s[0][0][0] // from here two loops meet in one vertex
		s[0][0][len(s[0][0])-1] = s[0][0][0]
		out = append(out, pair{"self-touching", s, star(rng, 118.905, 29, 0.01, 12)})
	}
	for range 150 {
		out = append(out, pair{"slivers", sliver(rng, 118.9, 29, 0.01), star(rng, 118.9, 29, 0.01, 40)})
	}
	return out
}

func union(mp orb.MultiPolygon) orb.MultiPolygon {
	parts := make([]sf.Geometry, len(mp))
	for i, p := range mp {
		parts[i] = overlay.Geometry(orb.MultiPolygon{p})
	}
	g, err := sf.UnionMany(parts)
	if err != nil {
		panic(err)
	}
	return overlay.Polygons(g)
}

// TestClipsAgreeWithGEOS clips over 1,000 pairs and compares the areas with GEOS, which
// PostGIS runs, to 10⁻⁶ m².
func TestClipsAgreeWithGEOS(t *testing.T) {
	const seed = 63
	all := pairs(seed)
	wkb := askGEOS(t, all)
	done := map[string]int{}
	for i, p := range all {
		town, err := newOutline(p.town)
		if err != nil {
			continue // a star whose spikes close over
		}
		parcel, err := newArea(p.parcel)
		if err != nil {
			continue
		}
		part, _, err := town.clip(parcel)
		if err != nil {
			t.Errorf("seed %d, pair %d (%s): %v", seed, i, p.kind, err)
			continue
		}
		theirs := parseWKB(t, wkb[i])
		const m2 = 111320 * 111320 * 0.8746 // of a square degree at 29° N, near enough for a tolerance
		ours, want := degreeArea(part)*m2, degreeArea(theirs)*m2
		if math.Abs(ours-want) > 1e-6 {
			t.Errorf("seed %d, pair %d (%s): %.7f m², GEOS says %.7f", seed, i, p.kind, ours, want)
		}
		done[p.kind]++
	}
	for kind, least := range map[string]int{"stars": 390, "shared edges": 300, "self-touching": 150, "slivers": 150} {
		if done[kind] < least {
			t.Errorf("only %d pairs of %s were compared", done[kind], kind)
		}
	}
	t.Log(done)
}

// parseWKB reads the polygons of a geometry.
func parseWKB(t *testing.T, wkb []byte) orb.MultiPolygon {
	t.Helper()
	g, err := sf.UnmarshalWKB(wkb, sf.NoValidate{})
	if err != nil {
		t.Fatal(err)
	}
	return overlay.Polygons(g)
}

// askGEOS has each pair intersected, as WKB. GEOS refuses rings that touch
// themselves; a buffer of nothing reads them as we do.
func askGEOS(t *testing.T, all []pair) [][]byte {
	t.Helper()
	ctx := t.Context()
	conn, err := pgx.Connect(ctx, pgtest.Start(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	parcels, towns := make([][]byte, len(all)), make([][]byte, len(all))
	for i, p := range all {
		parcels[i], towns[i] = overlay.Geometry(p.parcel).AsBinary(), overlay.Geometry(p.town).AsBinary()
	}
	rows, err := conn.Query(ctx, `
		SELECT ST_AsBinary(ST_Intersection(CASE WHEN ST_IsValid(a) THEN a ELSE ST_Buffer(a, 0) END, b))
		FROM (SELECT ST_GeomFromWKB(a) AS a, ST_GeomFromWKB(b) AS b, i FROM unnest($1::bytea[], $2::bytea[]) WITH ORDINALITY AS t(a, b, i)) AS pair
		ORDER BY i`, parcels, towns)
	if err != nil {
		t.Fatal(err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil || len(out) != len(all) {
		t.Fatalf("%d answers to %d questions: %v", len(out), len(all), err)
	}
	return out
}

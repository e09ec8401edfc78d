package export

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"go.uber.org/goleak"

	"towngrid/data/demo"
	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/geotest"
	"towngrid/geo/intake"
	"towngrid/geo/snapshot"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// absent skips the test, or fails it where the tools are required.
func absent(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("TOWNGRID_REQUIRE_TOOLS") == "1" {
		t.Fatal("missing: " + what)
	}
	t.Skip("SKIPPED, NOT TESTED: missing " + what)
}

// tool runs a program of the GIS tools and gives what it says.
func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		absent(t, name+": install it with apt-get install gdal-bin")
	}
	out, err := exec.Command(path, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// onDisk puts bytes into a file for a tool.
func onDisk(t *testing.T, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const division = demo.Division

var published = time.Date(2026, 11, 23, 8, 30, 0, 0, time.UTC)

// publish adds features to a snapshot as version 3 of their collection and division.
func publish(t testing.TB, s *snapshot.Snapshot, c geo.Collection, d geo.Division, fs []geo.Feature) *snapshot.Snapshot {
	t.Helper()
	sum, err := geo.Checksum(fs)
	if err != nil {
		t.Fatal(err)
	}
	p, err := snapshot.NewPart(geo.Version{ID: string(c) + string(d), Collection: c, Division: d, Number: 3, State: geo.Published, Published: published, Features: len(fs), Checksum: sum}, fs)
	if err != nil {
		t.Fatal(err)
	}
	return s.With(p)
}

// read reads a file as an upload would be, which must give features.
func read(t testing.TB, s *snapshot.Snapshot, c geo.Collection, file []byte, choice intake.Choice) []geo.Feature {
	t.Helper()
	r, err := intake.Read(t.Context(), intake.Job{File: "export", Source: bytes.NewReader(file), Size: int64(len(file)), Collection: c, Division: division, Choice: choice, Live: intake.Published(s)})
	if err != nil {
		t.Fatal(err)
	}
	if r.Question != nil {
		t.Fatalf("%s: a question: %+v", c, *r.Question)
	}
	if geo.Refused(r.Violations) || len(r.Features) != r.Counts.Records {
		t.Fatalf("%s: %d of %d records: %+v", c, len(r.Features), r.Counts.Records, r.Violations)
	}
	return r.Features
}

// district is the demonstration district as it is once imported.
var district = sync.OnceValues(func() (map[geo.Collection][]byte, error) {
	d, err := demo.New(demo.Options{})
	if err != nil {
		return nil, err
	}
	files := make(map[geo.Collection][]byte)
	for _, c := range public() {
		var b bytes.Buffer
		if _, err := d.WriteZip(&b, c); err != nil {
			return nil, err
		}
		files[c] = b.Bytes()
	}
	return files, nil
})

func public() []geo.Collection {
	return []geo.Collection{geo.Towns, geo.Units, geo.Cells, geo.Parcels, geo.Facilities}
}

func furnished(t testing.TB) *snapshot.Snapshot {
	t.Helper()
	files, err := district()
	if err != nil {
		t.Fatal(err)
	}
	s := snapshot.Empty()
	for _, c := range public() {
		s = publish(t, s, c, division, read(t, s, c, files[c], intake.Choice{}))
	}
	return s
}

// awkward are cells of a tessellation with properties of every kind and name.
func awkward(n int) []geo.Feature {
	r := rand.New(rand.NewPCG(7, 7))
	bound := orb.Bound{Min: orb.Point{118.6, 28.5}, Max: orb.Point{119.1, 29}}
	var fs []geo.Feature
	for i, cell := range geotest.Tessellation(11, n, bound) {
		ps := geo.Properties{
			{Name: "unit", Value: "U1"},
			{Name: "valid_from", Value: fmt.Sprintf("2026-%02d-%02d", 1+i%12, 1+i%28)},
			{Name: "备注", Value: []string{"一般", "带,逗号 and \"quotes\"", "x"}[i%3]},
			{Name: "人数", Value: int64(r.IntN(5000)) - 100},
			{Name: "面积", Value: float64(r.IntN(1e9)) / 1e4},
			{Name: "启用", Value: i%2 == 0},
			{Name: "WGBM", Value: fmt.Sprintf("old-%d", i)}, // an alias of code
			{Name: "MC", Value: "旧名"},                       // an alias of name
		}
		if i%4 == 0 {
			ps = ps[:5]
		}
		fs = append(fs, geo.Feature{Code: geo.Code(fmt.Sprintf("330890%06d", i)), Name: fmt.Sprintf("网格%d", i), Geometry: cell, Properties: ps})
	}
	return fs
}

// cells are awkward cells beside the unit that they name.
func cells(t testing.TB, n int) *snapshot.Snapshot {
	t.Helper()
	square := orb.MultiPolygon{{{{118, 28}, {120, 28}, {120, 30}, {118, 30}, {118, 28}}}}
	s := publish(t, snapshot.Empty(), geo.Units, division, []geo.Feature{{Code: "U1", Name: "一所", Geometry: square, Properties: geo.Properties{{Name: "level", Value: geo.LevelStation}}}})
	return publish(t, s, geo.Cells, division, awkward(n))
}

// written exports and wants no error.
func written(t testing.TB, s *snapshot.Snapshot, c geo.Collection, o Options) ([]byte, Report) {
	t.Helper()
	if o.Spool == "" {
		o.Spool = t.TempDir()
	}
	var b bytes.Buffer
	rep, err := Write(t.Context(), &b, s, c, "", o)
	if err != nil {
		t.Fatalf("%s as %s: %v", c, o.Format, err)
	}
	if left, err := os.ReadDir(o.Spool); err != nil || len(left) > 0 {
		t.Errorf("temporary files are left: %v %v", left, err)
	}
	return b.Bytes(), rep
}

// zone is Gauss-Krüger zone 40 with its number, EPSG:4528.
func zone(t testing.TB) crs.CRS {
	t.Helper()
	c, err := crs.GaussKrueger(3, 40, true)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// features are those of a collection in a snapshot.
func features(s *snapshot.Snapshot, c geo.Collection) (fs []geo.Feature) {
	for _, p := range s.Parts(c) {
		for i := range p.Len() {
			fs = append(fs, *p.At(i))
		}
	}
	return fs
}

// sum is the checksum over features with empty properties left out and the others by
// name, as a file's columns have one order for all.
func sum(t testing.TB, fs []geo.Feature) string {
	t.Helper()
	s, err := geo.Checksum(ordered(fs))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// furthest is the greatest distance between positions of the same features in metres;
// it wants the same number of them in the same order.
func furthest(t testing.TB, a, b []geo.Feature) (metres float64) {
	t.Helper()
	if len(a) != len(b) {
		t.Fatalf("%d features, want %d", len(b), len(a))
	}
	for i := range a {
		p, q := vertices(a[i].Geometry), vertices(b[i].Geometry)
		if len(p) != len(q) {
			t.Fatalf("%s: %d vertices, want %d", a[i].Code, len(q), len(p))
		}
		for k := range p {
			// On so short a way the plane is exact enough, and differences of doubles are exact.
			dy := (p[k][1] - q[k][1]) * math.Pi / 180 * 6378137
			dx := (p[k][0] - q[k][0]) * math.Pi / 180 * 6378137
			metres = max(metres, math.Hypot(dx, dy))
		}
	}
	return metres
}

func vertices(g orb.Geometry) (ps []orb.Point) {
	switch g := g.(type) {
	case orb.Point:
		return []orb.Point{g}
	case orb.MultiPolygon:
		for _, p := range g {
			for _, r := range p {
				ps = append(ps, r...)
			}
		}
	}
	return ps
}

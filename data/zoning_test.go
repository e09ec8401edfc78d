package data_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"towngrid/data"
	"towngrid/geo"
	"towngrid/geo/intake"
	"towngrid/geo/zoning"
)

const plain = `{"type":"Polygon","coordinates":[[[118.9,29],[118.91,29],[118.91,29.01],[118.9,29.01],[118.9,29]]]}`

// zone makes a proposal over a square of a kilometre and waits for it.
func (b bench) zone(t testing.TB, q data.ZoningRequest) data.Upload {
	t.Helper()
	q.Division, q.Files = "330890", map[string]intake.Choice{data.RoleBoundary: {CRS: "EPSG:4490"}}
	u, err := b.Zone(context.Background(), q, "test", func(yield func(data.ZoningFile, error) bool) {
		yield(data.ZoningFile{Role: data.RoleBoundary, File: "边界.geojson", Body: strings.NewReader(plain)}, nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	if u, err = b.Wait(context.Background(), u.ID); err != nil {
		t.Fatal(err)
	}
	return u
}

func grids(size float64) data.ZoningRequest {
	return data.ZoningRequest{Plan: zoning.Plan{Method: zoning.Squares, SizeM: size}}
}

// Codes once published are not given again, whatever became of their version; those of a
// draft that was thrown away are free.
func TestCodesAreNeverGivenAgain(t *testing.T) {
	b := open(t, t.TempDir())
	defer b.close(t)
	ctx := context.Background()
	first := b.zone(t, grids(500))
	if first.State != data.UploadDraft || first.Zoning.Report.Figures.Cells < 2 {
		t.Fatalf("%s %+v", first.State, first.Violations)
	}
	if _, err := b.PublishUpload(ctx, first.ID, 0); err != nil {
		t.Fatal(err)
	}
	thrown := b.zone(t, grids(300))
	if err := b.CancelZoning(ctx, thrown.ID); err != nil {
		t.Fatal(err)
	}
	second := b.zone(t, grids(300))
	seen := map[geo.Code]bool{}
	for f, err := range b.Store().Features(ctx, first.Version) {
		if err != nil {
			t.Fatal(err)
		}
		seen[f.Code] = true
	}
	lowest := geo.Code("9")
	for f, err := range b.Store().Features(ctx, second.Version) {
		if err != nil {
			t.Fatal(err)
		}
		if lowest = min(lowest, f.Code); seen[f.Code] {
			t.Errorf("the code %s is given again", f.Code)
		}
	}
	if want := geo.Code(fmt.Sprintf("330890000000%03d", len(seen)+1)); lowest != want {
		t.Errorf("the first new code is %s", lowest)
	}
	rows, err := second.Zoning.Recodes()
	if err != nil || len(rows) == 0 {
		t.Fatalf("%v, %v", rows, err)
	}
	area := 0.0
	for _, r := range rows {
		if !seen[r.Old] || seen[r.New] || r.Date == "" {
			t.Errorf("row %+v", r)
		}
		area += r.AreaM2
	}
	if want := second.Zoning.Report.Moved.AreaM2; area < want*0.999999 || area > want*1.000001 {
		t.Errorf("the rows have %f m² of %f", area, want)
	}
	if left, _ := filepath.Glob(filepath.Join(b.dir, "spool", "*")); len(left) != 0 {
		t.Errorf("left in the spool: %v", left)
	}
	// The whole zoning comes back from the store.
	again, err := b.Store().Upload(ctx, second.ID)
	if err != nil || again.Zoning == nil || again.Zoning.Report.Figures != second.Zoning.Report.Figures || again.Zoning.Inputs[0].File != "边界.geojson" {
		t.Errorf("%+v, %v", again.Zoning, err)
	}
}

// Cells are judged by the incidents of the last 365 days, or of the days that are named,
// which begin in China.
func TestZoningIsJudgedByIncidents(t *testing.T) {
	b := open(t, t.TempDir())
	defer b.close(t)
	var ins []data.Incident
	add := func(at time.Time, n int) {
		for range n {
			ins = append(ins, data.Incident{ID: fmt.Sprint("I", len(ins)), Division: "330890", Time: at, Kind: "k", Lon: 118.901 + 0.00001*float64(len(ins)), Lat: 29.001})
		}
	}
	add(time.Now().AddDate(0, -1, 0), 7)
	add(time.Date(2020, 1, 1, 0, 30, 0, 0, zoning.China()), 5)
	add(time.Date(2019, 12, 31, 23, 30, 0, 0, zoning.China()), 3)
	if _, err := b.Store().AddIncidents(context.Background(), ins); err != nil {
		t.Fatal(err)
	}
	u := b.zone(t, grids(500))
	if got := u.Zoning.Report.Figures.Incidents; got.Total != 7 || got.Most != 7 {
		t.Errorf("the last year: %+v", got)
	}
	q := grids(500)
	q.JudgeFrom, q.JudgeTo = "2020-01-01", "2021-01-01"
	q.Load = []zoning.Term{{Of: zoning.OfArea}, {Of: zoning.OfIncidents, Weight: 10, From: "2019-01-01", To: "2020-01-01"}}
	u = b.zone(t, q)
	f := u.Zoning.Report.Figures
	area := geo.AreaM2(orb.Bound{Min: orb.Point{118.9, 29}, Max: orb.Point{118.91, 29.01}}) / 10_000
	if f.Incidents.Total != 5 || f.Load.Total < area+29.99 || f.Load.Total > area+30.01 {
		t.Errorf("by dates: %+v, area %f", f, area)
	}
}

// A zoning that a stop of the program interrupted is refused at the next start, and its
// files are gone.
func TestInterruptedZoning(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	u := data.Upload{ID: "cut", State: data.UploadZoning, Collection: geo.Cells, Division: "330890", Created: time.Now(),
		Zoning: &data.Zoning{Request: grids(100), Inputs: []data.ZoningInput{{Role: data.RoleBoundary, File: "a"}}}}
	if err := b.Store().SaveUpload(context.Background(), u); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "spool", "cut-boundary.upload"), []byte(plain), 0o600); err != nil {
		t.Fatal(err)
	}
	b.close(t)
	b = open(t, dir)
	defer b.close(t)
	got, err := b.Upload(context.Background(), "cut")
	if err != nil || got.State != data.UploadRefused || got.Violations[0].Check != "interrupted" {
		t.Errorf("%+v, %v", got, err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "spool", "*")); len(left) != 0 {
		t.Errorf("left in the spool: %v", left)
	}
}

// Blocks can be what is published; a broken file leaves nothing behind.
func TestZoningOfWhatIsPublished(t *testing.T) {
	b := open(t, t.TempDir())
	defer b.close(t)
	ctx := context.Background()
	u, err := b.Receive(ctx, receipt(), strings.NewReader(string(squares(t, "A", 12))))
	if err != nil {
		t.Fatal(err)
	}
	if u, err = b.Wait(ctx, u.ID); err != nil || u.State != data.UploadDraft {
		t.Fatalf("%+v, %v", u, err)
	}
	if _, err := b.PublishUpload(ctx, u.ID, 0); err != nil {
		t.Fatal(err)
	}
	q := data.ZoningRequest{Division: "330890", BlocksOf: geo.Cells, Plan: zoning.Plan{Method: zoning.Balanced, Cells: 3}}
	z, err := b.Zone(ctx, q, "", func(func(data.ZoningFile, error) bool) {})
	if err != nil {
		t.Fatal(err)
	}
	if z, err = b.Wait(ctx, z.ID); err != nil || z.State != data.UploadDraft || z.Zoning.Report.Figures.Within != 1 || z.Base != 1 {
		t.Errorf("%s %+v %v", z.State, z.Violations, err)
	}
	broken := errors.New("broken off")
	_, err = b.Zone(ctx, q, "", func(yield func(data.ZoningFile, error) bool) {
		if yield(data.ZoningFile{Role: data.RoleBlocks, File: "a", Body: strings.NewReader("x")}, nil) {
			yield(data.ZoningFile{}, broken)
		}
	})
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(b.dir, "spool", "*")); len(left) != 0 {
		t.Errorf("left in the spool: %v", left)
	}
	vs, err := b.CheckCells(ctx, "330890", "", zoning.Rules{AreaM2: [2]float64{1, 100}})
	if err != nil || len(vs) != 12 || vs[0].Check != "size_range" {
		t.Errorf("%d %v", len(vs), err)
	}
}

package intake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/project"

	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/geotest"
	"towngrid/geo/snapshot"
)

// TestAFileInShiftedDegreesIsRecognised leaves the .prj out of files in three datums
// and looks at what is offered first, where the same cells are published.
func TestAFileInShiftedDegreesIsRecognised(t *testing.T) {
	cells := geotest.Tessellation(5, 40, orb.Bound{Min: orb.Point{118.8, 28.9}, Max: orb.Point{119, 29.1}})
	fs := make([]geo.Feature, len(cells))
	for i, c := range cells {
		fs[i] = geo.Feature{Code: geo.Code(fmt.Sprintf("C%03d", i)), Geometry: c}
	}
	part, err := snapshot.NewPart(geo.Version{ID: "c", Collection: geo.Cells, Division: "330890", Number: 1}, fs)
	if err != nil {
		t.Fatal(err)
	}
	live := snapshot.Empty().With(part)
	for datum, want := range map[crs.Datum]string{crs.WGS84: "EPSG:4490", crs.GCJ02: "GCJ-02", crs.BD09: "BD-09"} {
		var rows []row
		for i, c := range cells {
			shifted := orb.Clone(c).(orb.MultiPolygon)
			for _, p := range shifted {
				for _, r := range p {
					for k, v := range r {
						r[k] = datum.FromCGCS2000(v)
					}
				}
			}
			rows = append(rows, row{shifted, []any{fmt.Sprintf("C%03d", i), nil}})
		}
		file := zipped(t, sheet{name: "c", fields: text20("WGBM", "SSDYBM"), rows: rows})
		job := Job{File: "c.zip", Source: bytes.NewReader(file), Size: int64(len(file)), Collection: geo.Cells, Division: "330890", Live: Published(live)}
		res, err := Read(context.Background(), job)
		if err != nil {
			t.Fatal(err)
		}
		if res.Question == nil || len(res.Question.Options) != 3 || res.Question.Options[0].Value != want {
			t.Errorf("%s: %+v", datum, res.Question)
		}
	}
}

// TestSystemsWithoutParametersAreRefusedOrApproximate reads a Xi'an 1980 file.
func TestSystemsWithoutParametersAreRefusedOrApproximate(t *testing.T) {
	const xian = `PROJCS["Xian_1980_3_Degree_GK_Zone_40",GEOGCS["GCS_Xian_1980",DATUM["D_Xian_1980",SPHEROID["Xian_1980",6378140.0,298.257]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",40500000.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",120.0],PARAMETER["Scale_Factor",1.0],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]`
	gk, err := crs.GaussKrueger(3, 40, true)
	if err != nil {
		t.Fatal(err)
	}
	x, y := gk.FromGeographic(118.9, 29)
	file := zipped(t, sheet{name: "c", prj: xian, fields: text20("WGBM", "SSDYBM"), rows: []row{{square(x, y, 100), []any{"C1", "U1"}}}})
	_, err = read(t, geo.Cells, Choice{}, file)
	if e, ok := err.(*geo.Error); !ok || e.Code != "datum_needs_parameters" {
		t.Fatalf("%v", err)
	}
	res := mustRead(t, geo.Cells, Choice{CRS: "EPSG:2364~100m"}, file)
	wantCheck(t, res, "approximate_crs", geo.Warning)
	if len(res.Features) != 1 || !strings.Contains(res.CRS.Name, "100m") {
		t.Errorf("%+v %v", res.CRS, found(res))
	}
	if d := geo.DistanceM(anyPoint(res.Features[0].Geometry), orb.Point{118.9, 29}); d > 100 {
		t.Errorf("%g m off", d)
	}
}

// TestFilesWithNorthFirstAreOfferedExchanged exchanges the axes of degrees and of metres,
// without a .prj, and takes the first answer that is offered: the features are those of
// the file as it should be.
func TestFilesWithNorthFirstAreOfferedExchanged(t *testing.T) {
	grid, err := crs.FromEPSG(4528)
	if err != nil {
		t.Fatal(err)
	}
	for want, place := range map[string]func(orb.Point) orb.Point{
		"EPSG:4490~yx": func(p orb.Point) orb.Point { return p },
		"EPSG:4528~yx": func(p orb.Point) orb.Point { x, y := grid.FromGeographic(p[0], p[1]); return orb.Point{x, y} },
	} {
		read := func(swap bool, choice string) Result {
			var rows []row
			for i, c := range geotest.Tessellation(5, 12, orb.Bound{Min: orb.Point{118.8, 28.9}, Max: orb.Point{119, 29.1}}) {
				rows = append(rows, row{project.MultiPolygon(orb.Clone(c).(orb.MultiPolygon), func(p orb.Point) orb.Point {
					if p = place(p); swap {
						p[0], p[1] = p[1], p[0]
					}
					return p
				}), []any{fmt.Sprintf("C%03d", i), "S1"}})
			}
			file := zipped(t, sheet{name: "c", fields: text20("WGBM", "SSDYBM"), rows: rows})
			res, err := Read(context.Background(), Job{File: "c.zip", Source: bytes.NewReader(file), Size: int64(len(file)), Collection: geo.Cells,
				Division: "330890", Live: Published(snapshot.Empty()), Choice: Choice{CRS: choice}})
			if err != nil {
				t.Fatal(err)
			}
			return res
		}
		asked := read(true, "")
		if q := asked.Question; q == nil || q.About != AboutCRS || len(q.Options) != 1 || q.Options[0].Value != want {
			t.Fatalf("%s: %+v", want, asked.Question)
		}
		got, sound := read(true, want), read(false, strings.TrimSuffix(want, "~yx"))
		if got.CRS.Name != sound.CRS.Name || !strings.Contains(got.CRS.Evidence.EN, "exchanged") || len(got.Features) != 12 {
			t.Fatalf("%s: %+v, %d features", want, got.CRS, len(got.Features))
		}
		// Exchanging mirrors the rings: their winding tells nothing.
		if told := found(got); slices.Contains(told, "ring_reversed") || slices.Contains(found(sound), "ring_reversed") {
			t.Errorf("%s: %v", want, told)
		}
		for i, f := range got.Features {
			a, b := f.Geometry.(orb.MultiPolygon)[0][0], sound.Features[i].Geometry.(orb.MultiPolygon)[0][0]
			if a.Orientation() != b.Orientation() || math.Abs(geo.AreaM2(f.Geometry)-geo.AreaM2(sound.Features[i].Geometry)) > 1e-3 {
				t.Errorf("%s: feature %d is %v, should be %v", want, i, a, b)
			}
		}
	}
}

// TestDatumsAreOfferedWhereNothingIsPublished leaves the .prj out of a file in degrees.
func TestDatumsAreOfferedWhereNothingIsPublished(t *testing.T) {
	rows := []row{{geotest.Tessellation(5, 1, orb.Bound{Min: orb.Point{118.8, 28.9}, Max: orb.Point{119, 29.1}})[0], []any{"C1", "S1"}}}
	file := zipped(t, sheet{name: "c", fields: text20("WGBM", "SSDYBM"), rows: rows})
	res, err := Read(context.Background(), Job{File: "c.zip", Source: bytes.NewReader(file), Size: int64(len(file)), Collection: geo.Cells, Division: "330890", Live: Published(snapshot.Empty())})
	if err != nil {
		t.Fatal(err)
	}
	var offered []string
	for _, o := range res.Question.Options {
		offered = append(offered, o.Value)
	}
	if strings.Join(offered, " ") != "EPSG:4490 GCJ-02 BD-09" {
		t.Errorf("offered are %v", offered)
	}
}

// TestAFileWithoutAttributesIsRefused gives a planner no question that has no answer.
func TestAFileWithoutAttributesIsRefused(t *testing.T) {
	file := `{"type":"Polygon","coordinates":[[[118.9,29],[118.91,29],[118.91,29.01],[118.9,29]]]}`
	res, err := Read(context.Background(), Job{File: "c.geojson", Source: strings.NewReader(file), Size: int64(len(file)), Collection: geo.Cells,
		Division: "330890", Live: Published(snapshot.Empty()), Choice: Choice{CRS: "EPSG:4490"}})
	var known *geo.Error
	if !errors.As(err, &known) || known.Code != "no_attributes" || res.Question != nil || res.Counts != (Counts{Records: 1, Refused: 1}) {
		t.Errorf("%v, %+v", err, res)
	}
}

// offered are the values of the question about a file without a system.
func offered(t *testing.T, job Job, rows ...row) (values []string) {
	t.Helper()
	file := zipped(t, sheet{name: "c", fields: text20("WGBM", "SSDYBM"), rows: rows})
	job.File, job.Source, job.Size, job.Collection, job.Division = "c.zip", bytes.NewReader(file), int64(len(file)), geo.Cells, "330890"
	res, err := Read(context.Background(), job)
	if err != nil || res.Question == nil || res.Question.About != AboutCRS {
		t.Fatalf("%v %+v", err, res)
	}
	for _, o := range res.Question.Options {
		values = append(values, o.Value)
	}
	return values
}

// withCell is a snapshot with one square cell of a division.
func withCell(t *testing.T, division geo.Division, x, y float64) Live {
	t.Helper()
	part, err := snapshot.NewPart(geo.Version{ID: string(division), Collection: geo.Cells, Division: division, Number: 1},
		[]geo.Feature{{Code: "C1", Geometry: square(x, y, .1)}})
	if err != nil {
		t.Fatal(err)
	}
	return Published(snapshot.Empty().With(part))
}

// TestSystemsNearWhatIsPublishedStandFirst leaves the zone open: 21 of them have such
// coordinates, and one brings the file where the division lies.
func TestSystemsNearWhatIsPublishedStandFirst(t *testing.T) {
	grid, err := crs.GaussKrueger(3, 40, false)
	if err != nil {
		t.Fatal(err)
	}
	x, y := grid.FromGeographic(118.95, 28.95)
	cell := row{square(x, y, 100), []any{"C1", "S1"}}
	if got := offered(t, Job{Live: Published(snapshot.Empty())}, cell); len(got) != 21 || got[0] != "EPSG:4534" {
		t.Errorf("nothing published: %v", got)
	}
	if got := offered(t, Job{Live: withCell(t, "330890", 118.9, 28.9)}, cell); len(got) != 21 || got[0] != grid.ID() || got[1] != "EPSG:4548" && got[1] != "EPSG:4550" {
		t.Errorf("the division is published: %v", got)
	}
	if got := offered(t, Job{Live: withCell(t, "110000", 116, 40)}, cell); got[0] != "EPSG:4534" {
		t.Errorf("another division is published: %v", got)
	}
}

// TestElsewhere: a .prj of the wrong zone, whose numbers are as good, is told by where the
// division lies; the one that would do is named.
func TestElsewhere(t *testing.T) {
	at := func(zone int) crs.CRS {
		c, err := crs.GaussKrueger(3, zone, false)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	right, wrong := at(40), at(39)
	x, y := right.FromGeographic(118.95, 28.95)
	file := zipped(t, sheet{name: "c", fields: text20("WGBM", "SSDYBM"), rows: []row{{square(x, y, 100), []any{"C1", "S1"}}}})
	for _, c := range []struct {
		system crs.CRS
		live   Live
		told   bool
	}{
		{wrong, withCell(t, "330890", 118.9, 28.9), true},
		{right, withCell(t, "330890", 118.9, 28.9), false},
		{right, withCell(t, "330890", 118.5, 28.9), false}, // a neighbour
		{wrong, withCell(t, "110000", 116, 40), false},     // of another division
		{wrong, Published(snapshot.Empty()), false},
	} {
		res, err := Read(t.Context(), Job{File: "c.zip", Source: bytes.NewReader(file), Size: int64(len(file)), Collection: geo.Cells, Division: "330890",
			Live: c.live, Choice: Choice{CRS: c.system.ID()}})
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(res.Violations, func(v geo.Violation) bool { return v.Check == "elsewhere" })
		if told := i >= 0; told != c.told {
			t.Errorf("%s: told %v, not %v", c.system.ID(), told, c.told)
		} else if told && (!strings.Contains(res.Violations[i].Fix.EN, right.ID()) || !strings.Contains(res.Violations[i].Message.EN, " 288 km")) {
			t.Errorf("it says %+v", res.Violations[i])
		}
	}
}

// TestDatumsFarFromWhatIsPublished cannot be told apart by it: 500 m more or less from a
// border 50 km away say nothing.
func TestDatumsFarFromWhatIsPublished(t *testing.T) {
	cell := row{square(118.9, 29, .05), []any{"C1", "S1"}}
	for _, x := range []float64{118.2, 119.8} {
		if got := offered(t, Job{Live: withCell(t, "330890", x, 29)}, cell); !slices.Equal(got, []string{"EPSG:4490", "GCJ-02", "BD-09"}) {
			t.Errorf("published at %v: %v", x, got)
		}
	}
}

// TestTheOperatorsSystemsAreOffered reads coordinates of a city's own grid.
func TestTheOperatorsSystemsAreOffered(t *testing.T) {
	operator, err := crs.ReadOperator(strings.NewReader(`{"systems":[{"id":"local:test","title":{"zh":"试验坐标系","en":"Trial grid"},
		"onto":{"epsg":4549},"max_residual":0.01,"control_points":[
		{"east":1000,"north":2000,"grid_east":400000,"grid_north":3210000},{"east":2000,"north":2000,"grid_east":401000,"grid_north":3210000},
		{"east":1000,"north":3000,"grid_east":400000,"grid_north":3211000},{"east":2000,"north":3000,"grid_east":401000,"grid_north":3211000}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	cell := row{square(1500, 2500, 100), []any{"C1", "S1"}}
	if got := offered(t, Job{Live: Published(snapshot.Empty()), Operator: operator}, cell); !slices.Equal(got, []string{"local:test"}) {
		t.Errorf("%v", got)
	}
	if got := offered(t, Job{Live: Published(snapshot.Empty())}, cell); len(got) != 0 {
		t.Errorf("without an operator: %v", got)
	}
	// A vertex abroad is told without a pair of coordinates and position.
	file := zipped(t, sheet{name: "c", fields: text20("WGBM", "SSDYBM"), rows: []row{{orb.MultiPolygon{{{{1500, 2500}, {1600, 2500}, {9e6, 2600}, {1500, 2600}, {1500, 2500}}}}, []any{"C1", "S1"}}}})
	_, err = Read(context.Background(), Job{File: "c", Source: bytes.NewReader(file), Size: int64(len(file)), Collection: geo.Cells, Division: "330890",
		Live: Published(snapshot.Empty()), Operator: operator, Choice: Choice{CRS: "local:test"}})
	e, ok := err.(*geo.Error)
	if !ok || len(e.Violations) != 1 || e.Violations[0].Vertex != 2 || e.Violations[0].Placed() || strings.ContainsAny(e.Violations[0].Message.EN, "°") {
		t.Errorf("%v", err)
	}
}

// TestNorthFirstRingsOfEitherWinding reads rings that were wound before their axes were
// exchanged, and after: neither is told of, and both become the same.
func TestNorthFirstRingsOfEitherWinding(t *testing.T) {
	ring := orb.Ring{{29, 118.9}, {29, 118.91}, {29.02, 118.91}, {29.02, 118.9}, {29, 118.9}}
	var first orb.MultiPolygon
	for i := range 2 {
		res := mustRead(t, geo.Cells, Choice{CRS: "EPSG:4490~yx"}, inDegrees([]orb.Ring{ring}))
		if slices.Contains(found(res), "ring_reversed") || len(res.Features) != 1 {
			t.Fatalf("%v", found(res))
		}
		mp := res.Features[0].Geometry.(orb.MultiPolygon)
		if mp[0][0].Orientation() != orb.CCW || mp.Bound() != (orb.Bound{Min: orb.Point{118.9, 29}, Max: orb.Point{118.91, 29.02}}) {
			t.Errorf("%v", mp)
		}
		if i == 0 {
			first = mp
		} else if math.Abs(geo.AreaM2(mp)-geo.AreaM2(first)) > 1e-6 {
			t.Errorf("%v, was %v", mp, first)
		}
		ring.Reverse()
	}
}

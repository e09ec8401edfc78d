package intake

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/shapefile"
	"towngrid/geo/snapshot"
)

// sheet is a layer for the tests to write: one row a record, geometry first.
type sheet struct {
	name   string
	prj    string
	kind   string
	fields []shapefile.Field
	rows   []row
}

type row struct {
	geometry orb.Geometry
	values   []any
}

func text20(names ...string) (fs []shapefile.Field) {
	for _, n := range names {
		fs = append(fs, shapefile.Field{Name: n, Type: 'C', Length: 40})
	}
	return fs
}

func square(x, y, w float64) orb.MultiPolygon {
	return orb.MultiPolygon{{{{x, y}, {x + w, y}, {x + w, y + w}, {x, y + w}, {x, y}}}}
}

func zipped(t *testing.T, sheets ...sheet) []byte {
	t.Helper()
	var layers []shapefile.Output
	for _, s := range sheets {
		if s.kind == "" {
			s.kind = "Polygon"
		}
		layers = append(layers, shapefile.Output{
			Name: s.name, PRJ: s.prj, Encoding: "GBK", ShapeType: s.kind, Fields: s.fields,
			Records: func(yield func(shapefile.Record, error) bool) {
				for i, r := range s.rows {
					if !yield(shapefile.Record{Number: i + 1, Geometry: r.geometry, Values: r.values}, nil) {
						return
					}
				}
			},
		})
	}
	var out bytes.Buffer
	if err := shapefile.Write(&out, layers...); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func degreesPRJ() string { return crs.CGCS2000().WKT() }

// read reads a file into a collection, with units U1 live.
func read(t *testing.T, col geo.Collection, c Choice, file []byte) (Result, error) {
	t.Helper()
	units, err := snapshot.NewPart(geo.Version{ID: "u", Collection: geo.Units, Division: "330890", Number: 1}, []geo.Feature{
		{Code: "U1", Name: "站", Geometry: square(118, 28, 2), Properties: geo.Properties{{Name: "level", Value: "station"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return Read(context.Background(), Job{
		File: "a.zip", Source: bytes.NewReader(file), Size: int64(len(file)), Collection: col, Division: "330890",
		Choice: c, Live: Published(snapshot.Empty().With(units)),
	})
}

func mustRead(t *testing.T, col geo.Collection, c Choice, file []byte) Result {
	t.Helper()
	res, err := read(t, col, c, file)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func found(res Result) (checks []string) {
	for _, v := range res.Violations {
		if v.Message.ZH == "" || v.Message.EN == "" || strings.Contains(v.Message.ZH+v.Message.EN+v.Fix.ZH+v.Fix.EN, "%!") {
			checks = append(checks, "wordless "+v.Check)
		}
		checks = append(checks, v.Check)
	}
	return checks
}

func wantCheck(t *testing.T, res Result, check string, s geo.Severity) geo.Violation {
	t.Helper()
	for _, v := range res.Violations {
		if v.Check == check {
			if v.Severity != s {
				t.Errorf("%s is a %s, want %s", check, v.Severity, s)
			}
			return v
		}
	}
	t.Fatalf("violations %v, want %s", found(res), check)
	return geo.Violation{}
}

func TestCellsInGaussKruegerMetres(t *testing.T) {
	gk, err := crs.GaussKrueger(3, 40, true)
	if err != nil {
		t.Fatal(err)
	}
	x, y := gk.FromGeographic(118.9, 29)
	file := zipped(t, sheet{name: "网格", prj: gk.WKT(), fields: text20("WGBM", "WGMC", "SSDYBM", "备注"), rows: []row{
		{square(x, y, 100), []any{"330890001", "东街网格", "U1", "合成"}},
		{square(x+100, y, 100), []any{"330890002", "西街网格", "U1", nil}},
	}})
	res := mustRead(t, geo.Cells, Choice{}, file)
	if !slices.Equal(found(res), []string{"uncovered_unit"}) || res.CRS.Name != "EPSG:4528" || res.Layer != "网格" || res.Encoding.Name == "" || res.Counts != (Counts{2, 2, 0}) {
		t.Fatalf("%+v %v", res, found(res))
	}
	f := res.Features[0]
	at := f.Geometry.(orb.MultiPolygon)[0][0][0]
	if f.Code != "330890001" || f.Name != "东街网格" || f.Properties.Text("unit") != "U1" || f.Properties.Text("备注") != "合成" {
		t.Errorf("%+v", f)
	}
	if d := geo.DistanceM(at, orb.Point{118.9, 29}); d > 0.001 {
		t.Errorf("the corner is off by %g m", d)
	}
	// The shared side has the same doubles on both sides.
	if b := res.Features[1].Geometry.(orb.MultiPolygon); !slices.Contains(b[0][0], f.Geometry.(orb.MultiPolygon)[0][0][1]) {
		t.Error("neighbours do not share a vertex any more")
	}
}

func TestQuestionsAndTheirAnswers(t *testing.T) {
	cell := []row{{square(118.9, 29, .01), []any{"C1", "U1"}}}
	fields := text20("WGBM", "SSDYBM")
	parcel := sheet{name: "p", prj: degreesPRJ(), fields: text20("TBBH", "CODE2"), rows: []row{{square(118.9, 29, .01), []any{"P1", "0701"}}}}
	for name, tc := range map[string]struct {
		col    geo.Collection
		file   []byte
		about  string
		answer Choice
	}{
		"two layers":    {geo.Cells, zipped(t, sheet{name: "a", prj: degreesPRJ(), fields: fields, rows: cell}, sheet{name: "b", prj: degreesPRJ(), fields: fields, rows: cell}), AboutLayer, Choice{Layer: "b"}},
		"no .prj":       {geo.Cells, zipped(t, sheet{name: "a", fields: fields, rows: cell}), AboutCRS, Choice{CRS: "EPSG:4490"}},
		"strange .prj":  {geo.Cells, zipped(t, sheet{name: "a", prj: "<html>", fields: fields, rows: cell}), AboutCRS, Choice{CRS: "EPSG:4490"}},
		"unknown field": {geo.Cells, zipped(t, sheet{name: "a", prj: degreesPRJ(), fields: text20("X1", "X2"), rows: cell}), AboutFields, Choice{Fields: map[string]string{"code": "X1", "unit": "x2"}}},
		"code system":   {geo.Parcels, zipped(t, parcel), AboutFields, Choice{Fields: map[string]string{"land_use": "CODE2"}, CodeSystem: geo.LandUse2023}},
	} {
		t.Run(name, func(t *testing.T) {
			res := mustRead(t, tc.col, Choice{}, tc.file)
			if res.Question == nil || res.Question.About != tc.about || res.Question.Text.ZH == "" || len(res.Features) != 0 || res.Counts != (Counts{}) {
				t.Fatalf("%+v", res)
			}
			res = mustRead(t, tc.col, tc.answer, tc.file)
			if res.Question != nil || len(res.Features) != 1 || geo.Refused(res.Violations) {
				t.Fatalf("%+v %v", res.Question, found(res))
			}
		})
	}
	res := mustRead(t, geo.Parcels, Choice{Fields: map[string]string{"land_use": "CODE2"}}, zipped(t, parcel))
	if res.Question == nil || res.Question.About != AboutCodeSystem || len(res.Question.Options) != 3 {
		t.Errorf("%+v", res.Question)
	}
	// An answer that is none leaves the question open, and says so.
	for about, c := range map[string]Choice{AboutLayer: {Layer: "nowhere"}, AboutFields: {Fields: map[string]string{"code": "nowhere"}}} {
		res := mustRead(t, geo.Cells, c, zipped(t, sheet{name: "a", prj: degreesPRJ(), fields: fields, rows: cell}))
		if q := res.Question; q == nil || q.About != about || !strings.Contains(q.Text.ZH, "nowhere") || !strings.Contains(q.Text.EN, "nowhere") || len(q.Options) == 0 {
			t.Errorf("%s: %+v", about, res.Question)
		}
	}
}

// TestChoicesThatAreNone wants answers refused that can be no answer to any file.
func TestChoicesThatAreNone(t *testing.T) {
	for code, c := range map[string]Choice{
		"unknown_encoding": {Encoding: "KLINGON"}, "unknown_crs": {CRS: "EPSG:1"}, "datum_needs_parameters": {CRS: "EPSG:2364"},
		"bad_choice": {Fields: map[string]string{"code": "A", "nonsense": "B"}},
	} {
		var refused *geo.Error
		if err := c.CheckFor(geo.Cells, nil); !errors.As(err, &refused) || refused.Code != code {
			t.Errorf("%+v: %v, want %s", c, err, code)
		}
	}
	if err := (Choice{CodeSystem: "gb"}).Check(); err == nil {
		t.Error("a code system that does not exist is taken")
	}
	if err := (Choice{CRS: "EPSG:4528~yx", Encoding: "gbk", CodeSystem: geo.LandSurvey3, Fields: map[string]string{"unit": "X"}}).CheckFor(geo.Cells, nil); err != nil {
		t.Error(err)
	}
}

// TestLayersOfOneName wants layers in two folders told apart, and never one taken for both.
func TestLayersOfOneName(t *testing.T) {
	cell := func(code string) []row { return []row{{square(118.9, 29, .01), []any{code, "U1"}}} }
	fields := text20("WGBM", "SSDYBM")
	var packed bytes.Buffer
	w := zip.NewWriter(&packed)
	for _, folder := range []string{"north", "south"} {
		one := zipped(t, sheet{name: "c", prj: degreesPRJ(), fields: fields, rows: cell(strings.ToUpper(folder[:1]))})
		in, err := zip.NewReader(bytes.NewReader(one), int64(len(one)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range in.File {
			content, err := fs.ReadFile(in, f.Name)
			if err != nil {
				t.Fatal(err)
			}
			out, err := w.Create(folder + "/" + f.Name)
			if err == nil {
				_, err = out.Write(content)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	file := packed.Bytes()
	for _, choice := range []string{"", "c"} {
		if res := mustRead(t, geo.Cells, Choice{Layer: choice}, file); res.Question == nil || res.Question.About != AboutLayer || len(res.Question.Options) != 2 {
			t.Errorf("%q: %+v", choice, res)
		}
	}
	for _, choice := range []string{"south/c", "south/c.shp"} {
		if res := mustRead(t, geo.Cells, Choice{Layer: choice}, file); len(res.Features) != 1 || res.Features[0].Code != "S" || res.Layer != "south/c" {
			t.Errorf("%q: %+v", choice, res)
		}
	}
}

// TestCodeSystemsAreReadFromFieldNames never guesses a system from numbers.
func TestCodeSystemsAreReadFromFieldNames(t *testing.T) {
	for field, tc := range map[string]struct{ code, system string }{
		"DLBM": {"0701", geo.LandSurvey3}, "YDYHFLDM": {"0701", geo.LandUse2023}, "GHDLBM": {"0701", geo.LandUse2023}, "用地代码": {"R2", geo.UrbanLandUse},
	} {
		res := mustRead(t, geo.Parcels, Choice{}, zipped(t, sheet{name: "p", prj: degreesPRJ(), fields: text20("TBBH", field), rows: []row{{square(118.9, 29, .01), []any{"P1", tc.code}}}}))
		if len(res.Features) != 1 || res.Features[0].Properties.Text("code_system") != tc.system || res.Features[0].Properties.Text("land_use") != tc.code {
			t.Errorf("%s: %+v %+v", field, res.Features, res.Question)
		}
		wantCheck(t, res, "code_system", geo.Notice)
	}
}

func TestValuesThatDoNotFitAreNamed(t *testing.T) {
	fields := append(text20("XZBM", "XZMC", "XZLX", "XZLB", "QHQ"), shapefile.Field{Name: "CZRK", Type: 'N', Length: 12, Decimals: 2})
	good := []any{"T1", "一镇", "信息经济小镇", "1", "III", 3500.0}
	with := func(i int, v any) []any {
		out := slices.Clone(good)
		out[i] = v
		return out
	}
	for name, tc := range map[string]struct {
		values   []any
		check    string
		severity geo.Severity
	}{
		"good":             {good, "", ""},
		"ambiguous type":   {with(2, "时尚小镇"), "bad_value", geo.Refusal},
		"class 4":          {with(3, "4"), "bad_value", geo.Refusal},
		"half a resident":  {with(5, 3500.5), "bad_value", geo.Refusal},
		"class of another": {with(3, "2"), "class_type_mismatch", geo.Warning},
		"no code":          {with(0, nil), "missing_code", geo.Refusal},
	} {
		t.Run(name, func(t *testing.T) {
			res := mustRead(t, geo.Towns, Choice{}, zipped(t, sheet{name: "t", prj: degreesPRJ(), fields: fields, rows: []row{{square(118.9, 29, .01), tc.values}}}))
			if tc.check == "" {
				if len(found(res)) != 0 {
					t.Errorf("%v", found(res))
				}
				return
			}
			if v := wantCheck(t, res, tc.check, tc.severity); v.Record != 1 || v.File != "a.zip" {
				t.Errorf("%+v", v)
			}
			if geo.Refused(res.Violations) != (len(res.Features) == 0) {
				t.Error("a refused file gives features, or an accepted one none")
			}
			if res.Counts.Records != res.Counts.Features+res.Counts.Refused {
				t.Errorf("%+v", res.Counts)
			}
		})
	}
}

func TestReferencesAndGeometry(t *testing.T) {
	cells := func(rows ...row) []byte {
		return zipped(t, sheet{name: "a", prj: degreesPRJ(), fields: text20("WGBM", "SSDYBM"), rows: rows})
	}
	res := mustRead(t, geo.Cells, Choice{}, cells(row{square(118.9, 29, .01), []any{"C1", "U9"}}))
	if v := wantCheck(t, res, "unknown_parent", geo.Refusal); v.Record != 1 || !v.Placed() {
		t.Errorf("%+v", v)
	}
	bow := orb.MultiPolygon{{{{118.9, 29}, {118.91, 29.01}, {118.91, 29}, {118.9, 29.011}, {118.9, 29}}}}
	res = mustRead(t, geo.Cells, Choice{}, cells(row{bow, []any{"C1", "U1"}}))
	if v := wantCheck(t, res, "self_crossing", geo.Refusal); v.Record != 1 || !v.Placed() || v.Lon < 118.9 || v.Lon > 118.91 {
		t.Errorf("%+v", v)
	}
	spiked := orb.MultiPolygon{{{{118.9, 29}, {118.91, 29}, {118.92, 29}, {118.91, 29}, {118.91, 29.01}, {118.9, 29.01}, {118.9, 29}}}}
	res = mustRead(t, geo.Cells, Choice{}, cells(row{spiked, []any{"C1", "U1"}}))
	if geo.Refused(res.Violations) || !slices.Contains(found(res), "spike") {
		t.Errorf("a spike: %v", found(res))
	}
	res = mustRead(t, geo.Cells, Choice{}, cells(row{square(118.9, 29, .01), []any{"C1", "U1"}}, row{square(118.905, 29, .01), []any{"C2", "U1"}}))
	if v := wantCheck(t, res, "overlap", geo.Warning); !v.Placed() || len(res.Features) != 2 {
		t.Errorf("%+v", v)
	}
	points := zipped(t, sheet{name: "a", prj: degreesPRJ(), kind: "Point", fields: text20("WGBM", "SSDYBM"), rows: []row{{orb.Point{118.9, 29}, []any{"C1", "U1"}}}})
	wantCheck(t, mustRead(t, geo.Cells, Choice{}, points), "wrong_geometry", geo.Refusal)
	null := cells(row{nil, []any{"C1", "U1"}}, row{square(118.9, 29, .01), []any{"C2", "U1"}})
	wantCheck(t, mustRead(t, geo.Cells, Choice{}, null), "missing_geometry", geo.Refusal)
	units := zipped(t, sheet{name: "u", prj: degreesPRJ(), fields: text20("DYBM", "DYCJ", "SJDYBM"), rows: []row{
		{square(118, 28, 2), []any{"Z1", "指挥中心", nil}}, {square(118, 28, 1), []any{"J1", "网格警务室", "Z1"}}, {square(118, 28, .5), []any{"S1", "station", "J9"}},
	}})
	res = mustRead(t, geo.Units, Choice{}, units)
	if v := wantCheck(t, res, "unknown_parent", geo.Refusal); v.Record != 3 {
		t.Errorf("%+v", v)
	}
}

func TestTextThatHidesIsRefused(t *testing.T) {
	for _, s := range []string{"a\u202eb", "a\x00b", "a\u2028b", "a\ufffdb", "\u2066x"} {
		r := reader{schema: geo.Cells.Schema(), result: Result{Features: []geo.Feature{{Code: "C1", Name: s, Geometry: square(118.9, 29, .01)}}}, numbers: []int{1}}
		r.checkText()
		wantCheck(t, r.result, "control_character", geo.Refusal)
	}
	r := reader{result: Result{Features: []geo.Feature{{Code: "C1", Name: "<img src=x onerror=alert(1)>网格（一）", Geometry: square(118.9, 29, .01)}}}, numbers: []int{1}}
	if r.checkText(); len(r.result.Violations) != 0 {
		t.Error("text that is only odd is refused")
	}
}

func TestValue(t *testing.T) {
	date, at := geo.Field{Type: geo.Date}, geo.Field{Type: geo.Time}
	for _, tc := range []struct {
		field geo.Field
		in    any
		want  any
		ok    bool
	}{
		{geo.Field{Type: geo.String}, " a ", "a", true},
		{geo.Field{Type: geo.String}, int64(330890), "330890", true},
		{geo.Field{Type: geo.String}, 12.0, "12", true},
		{geo.Field{Type: geo.Integer}, "12", int64(12), true},
		{geo.Field{Type: geo.Integer}, 12.0, int64(12), true},
		{geo.Field{Type: geo.Integer}, "12.0", int64(12), true},
		{geo.Field{Type: geo.Integer}, 12.5, nil, false},
		{geo.Field{Type: geo.Integer}, "twelve", nil, false},
		{geo.Field{Type: geo.Number}, "1e400", 0.0, false},
		{geo.Field{Type: geo.Number}, "NaN", 0.0, false},
		{geo.Field{Type: geo.Number}, int64(3), 3.0, true},
		{geo.Field{Type: geo.Bool}, "是", true, true},
		{geo.Field{Type: geo.Bool}, "0", false, true},
		{geo.Field{Type: geo.Bool}, "maybe", nil, false},
		{date, "20260101", "2026-01-01", true},
		{date, "2026-02-30", nil, false},
		{at, "2026-01-01 08:30:00", "2026-01-01T08:30:00+08:00", true},
		{at, "2026-01-01T00:30:00Z", "2026-01-01T00:30:00Z", true},
		{geo.Units.Schema().Fields[0], "网格警务站", "station", true},
		{geo.Units.Schema().Fields[0], "station", "station", true},
		{geo.Units.Schema().Fields[0], "area", "area", false},
		{date, "", nil, true},
		{date, nil, nil, true},
	} {
		got, ok := value(tc.field, tc.in)
		if ok != tc.ok || ok && got != tc.want {
			t.Errorf("%v as %s: %v %v, want %v %v", tc.in, tc.field.Type, got, ok, tc.want, tc.ok)
		}
	}
}

func TestACancelledReadStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	file := zipped(t, sheet{name: "a", prj: degreesPRJ(), fields: text20("WGBM", "SSDYBM"), rows: []row{{square(118.9, 29, .01), []any{"C1", "U1"}}}})
	_, err := Read(ctx, Job{File: "a.zip", Source: bytes.NewReader(file), Size: int64(len(file)), Collection: geo.Cells, Division: "330890", Live: Published(snapshot.Empty())})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// TestEveryViolationOfARecordThatWasReadHasAPlace reads a polygon that is not closed
// and has a vertex twice.
func TestEveryViolationOfARecordThatWasReadHasAPlace(t *testing.T) {
	file := strings.Replace(someGeoJSON, "[118.91,29],", "[118.91,29],[118.91,29],", 1)
	file = strings.Replace(strings.Replace(file, ",[118.9,29]]]", "]]", 1), "%s", "", 1)
	res := mustRead(t, geo.Cells, Choice{CRS: "EPSG:4490"}, []byte(file))
	placed := 0
	for _, v := range res.Violations {
		if v.Record == 1 {
			placed++
			if !v.Placed() || v.Lon < 118.8 || v.Lon > 119 {
				t.Errorf("%+v", v)
			}
		}
	}
	if placed < 2 {
		t.Errorf("%v: the test tests nothing", found(res))
	}
}

// TestCodesOfAnotherLengthAreNamed: a code that lost its leading zero among many of one
// length, and no code where lengths vary.
func TestCodesOfAnotherLengthAreNamed(t *testing.T) {
	file := func(codes ...string) []byte {
		var rows []row
		for i, c := range codes {
			rows = append(rows, row{square(118+0.01*float64(i), 28, 0.01), []any{c, "格", "U1"}})
		}
		return zipped(t, sheet{name: "wg", prj: degreesPRJ(), fields: text20("WGBM", "WGMC", "SSDYBM"), rows: rows})
	}
	var same []string
	for i := range 19 {
		same = append(same, "0330"+string(rune('a'+i)))
	}
	digits := func(n int, rest ...string) []string {
		var codes []string
		for i := range n {
			codes = append(codes, "03308"+string(rune('0'+i/10))+string(rune('0'+i%10)))
		}
		return append(codes, rest...)
	}
	for name, c := range map[string]struct {
		codes []string
		want  []int // records
	}{
		"one is short":          {digits(19, "330820"), []int{20}},
		"one is long, one text": {digits(28, "033082000", "A1"), []int{29, 30}},
		"too few to tell":       {digits(8, "330820"), nil},
		"lengths vary":          {digits(12, "1", "22", "333", "4444", "55555"), nil},
		"codes are text":        {append(same, "x"), nil},
	} {
		var got []int
		for _, v := range mustRead(t, geo.Cells, Choice{}, file(c.codes...)).Violations {
			if v.Check == "code_length" {
				if got = append(got, v.Record); v.Severity != geo.Warning || !v.Placed() {
					t.Errorf("%s: %+v", name, v)
				}
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: records %v, want %v", name, got, c.want)
		}
	}
}

package paper

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/xuri/excelize/v2"

	"towngrid/data/standards"
	"towngrid/geo"
	"towngrid/geo/density"
	"towngrid/geo/snapshot"
)

// hostile are texts that files carry.
var hostile = []string{`=HYPERLINK("http://x","y")`, `<script>alert(1)</script>`, "a\x00b\x07c\u202e", `"/><img src=x onerror=alert(1)>`, "+1", "@SUM(A1)", "名\n二", strings.Repeat("长", 40_000)}

// stage is a town whose border cuts one parcel, with one that counts, one in doubt, one
// marked as no construction land, and one of another use.
func stage(t testing.TB, name string) *snapshot.Snapshot {
	t.Helper()
	rect := func(lon, lat, w, h float64) orb.MultiPolygon {
		return orb.MultiPolygon{{{{lon, lat}, {lon + w, lat}, {lon + w, lat + h}, {lon, lat + h}, {lon, lat}}}}
	}
	parcel := func(code string, column float64, ps ...geo.Property) geo.Feature {
		return geo.Feature{Code: geo.Code(code), Name: name, Geometry: rect(118.9+column/1000, 29.01, 0.001, 0.001), Properties: ps}
	}
	use := func(code string) geo.Property { return geo.Property{Name: "land_use", Value: code} }
	system := geo.Property{Name: "code_system", Value: geo.LandUse2023}
	s := snapshot.Empty()
	for col, fs := range map[geo.Collection][]geo.Feature{
		geo.Towns: {
			{Code: "T1", Name: name, Geometry: rect(118.9, 29, 0.02, 0.02), Properties: geo.Properties{
				{Name: "residents", Value: int64(300)}, {Name: "type", Value: "信息经济小镇"}, {Name: "class", Value: int64(1)}, {Name: "climate_zone", Value: "III"}}},
			{Code: "T2", Name: name, Geometry: rect(118.95, 29, 0.02, 0.02), Properties: geo.Properties{{Name: "type", Value: name}}},
		},
		geo.Parcels: {
			parcel("P1", 5, use("0701"), system, geo.Property{Name: "stated_area", Value: 10800.0}),
			parcel("P2", -0.5, use("0701"), system), parcel("P3", 8, use("0701")), parcel("P4", 10, use("0701"), system, geo.Property{Name: "construction", Value: false}),
			parcel("P5", 12, use("1207"), system), parcel("P6", 14, use("0701"), system, geo.Property{Name: "land_use_name", Value: name}),
		},
		geo.Facilities: {
			{Code: "F1", Name: name, Geometry: orb.Point{118.9055, 29.0105}, Properties: geo.Properties{{Name: "kind", Value: "dining"}}},
			{Code: "F2", Name: name, Geometry: orb.Point{118.906, 29.012}, Properties: geo.Properties{{Name: "kind", Value: "headquarters"}, {Name: "industry", Value: name}}},
		},
	} {
		p, err := snapshot.NewPart(geo.Version{ID: string(col), Collection: col, Division: "330890", Number: 3}, fs)
		if err != nil {
			t.Fatal(err)
		}
		s = s.With(p)
	}
	return s
}

func judged(t testing.TB, name string) (density.Report, density.Table) {
	t.Helper()
	all, err := standards.Load()
	if err != nil {
		t.Fatal(err)
	}
	s := stage(t, name)
	r, err := density.Assess(all[0], s, "T1", density.Options{})
	if err != nil {
		t.Fatal(err)
	}
	table, err := density.AssessTable(all[0], s, []geo.Code{"T1", "T2"}, density.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r, table
}

// written writes a report, two of them and a table in one style.
func written(t testing.TB, name string, s Style) map[string][]byte {
	t.Helper()
	r, table := judged(t, name)
	other := r.Empty()
	out := map[string][]byte{}
	for kind, write := range map[string]func(io.Writer) error{
		"town":  func(w io.Writer) error { return Town(w, r, s) },
		"pair":  func(w io.Writer) error { return Compared(w, NewPair(other, r), s) },
		"table": func(w io.Writer) error { return Table(w, table, s) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			var refused *geo.Error
			if s.Format == GeoJSON && kind != "town" && errors.As(err, &refused) {
				continue
			}
			t.Fatalf("%s as %s: %v", kind, s.Format, err)
		}
		out[kind] = b.Bytes()
	}
	return out
}

// TestSameBytes writes everything several times.
func TestSameBytes(t *testing.T) {
	for _, f := range Formats() {
		for _, lang := range []string{"zh", "en"} {
			first := written(t, "云栖", Style{Format: f, Lang: lang, Notice: "合成"})
			for range 8 {
				for kind, b := range written(t, "云栖", Style{Format: f, Lang: lang, Notice: "合成"}) {
					if !bytes.Equal(b, first[kind]) {
						t.Fatalf("%s as %s in %s differs from one writing to the next", kind, f, lang)
					}
				}
			}
		}
	}
}

// TestPagesStandAlone: no script, nothing from outside, no markup from the data, sound XML
// in the drawings, all four headings.
func TestPagesStandAlone(t *testing.T) {
	for _, name := range hostile {
		for _, lang := range []string{"zh", "en"} {
			link := func(kind LinkKind, to string) string { return "?" + string(kind) + "=" + to }
			for kind, b := range written(t, name, Style{Format: HTML, Lang: lang, Notice: name, Link: link}) {
				page := string(b)
				for _, bad := range []string{"<script", "<img", "<link", "@import", "onerror=alert(1)>", "src=", "NaN", "Inf", "%!", "ZgotmplZ", "<no value>"} {
					if strings.Contains(strings.ReplaceAll(page, "&lt;", ""), bad) && (bad != "src=" || !strings.Contains(name, "src=")) {
						t.Errorf("%s of %.20q in %s has %q", kind, name, lang, bad)
					}
				}
				for _, at := range regexp.MustCompile(`(?i)(href|url)\s*[=(]\s*["']?([^"')]*)`).FindAllStringSubmatch(page, -1) {
					if to := at[2]; !strings.HasPrefix(to, "?") && !strings.HasPrefix(to, "#") {
						t.Errorf("%s leads to %q", kind, to)
					}
				}
				drawings(t, kind, page)
				if kind == "town" {
					for _, h := range density.Headings() {
						if !strings.Contains(page, "<h2>"+string(h)+"<small>") {
							t.Errorf("the heading %s is missing", h)
						}
					}
				}
			}
		}
	}
}

// drawings holds each SVG of a page against the XML reader.
func drawings(t *testing.T, kind, page string) {
	t.Helper()
	all := regexp.MustCompile(`(?s)<svg.*?</svg>`).FindAllString(page, -1)
	if len(all) == 0 {
		t.Errorf("%s has %d drawings", kind, len(all))
	}
	for _, svg := range all {
		dec := xml.NewDecoder(strings.NewReader(strings.ToValidUTF8(strings.Map(visible, svg), "")))
		for {
			_, err := dec.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Errorf("%s: %v in %.200s", kind, err, svg)
				break
			}
		}
	}
}

func visible(c rune) rune {
	if c < ' ' && c != '\n' {
		return -1
	}
	return c
}

// TestMapShowsEachStateInItsLook: two parcels are counted, one is cut, one in doubt, one left out
// for a reason, one of another use.
func TestMapShowsEachStateInItsLook(t *testing.T) {
	page := string(written(t, "云栖", Style{Format: HTML, Lang: "zh"})["town"])
	for class, want := range map[string]int{"counted": 2, "cut": 1, "whole": 1, "doubt": 1, "out": 1, "other": 1, "town": 1} {
		if n := strings.Count(page, `<path class="`+class+`"`); n != want {
			t.Errorf("%d paths are drawn as %s, want %d", n, class, want)
		}
	}
	if !strings.Contains(page, ">500 m</text>") || strings.Count(page, `<circle class="place dining" cx="`) != 2 { // one of them in the legend
		t.Error("scale or facility is missing")
	}
}

// TestSpreadsheetsHoldNoFormulas opens workbooks and CSV files with hostile texts.
func TestSpreadsheetsHoldNoFormulas(t *testing.T) {
	for _, name := range hostile {
		for kind, b := range written(t, name, Style{Format: XLSX, Lang: "zh"}) {
			archive, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range archive.File {
				r, err := f.Open()
				if err != nil {
					t.Fatal(err)
				}
				text, err := io.ReadAll(r)
				if err != nil {
					t.Fatal(err)
				}
				if strings.HasPrefix(f.Name, "xl/worksheets/") && regexp.MustCompile(`<f[ >/]`).Match(text) {
					t.Errorf("%s of %.20q: %s holds a formula", kind, name, f.Name)
				}
				if strings.HasSuffix(f.Name, ".xml") {
					if err := xml.Unmarshal(text, new(struct{})); err != nil {
						t.Errorf("%s of %.20q: %s: %v", kind, name, f.Name, err)
					}
				}
			}
		}
		for kind, b := range written(t, name, Style{Format: CSV, Lang: "zh"}) {
			rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(b, []byte("\ufeff")))).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range rows {
				for _, cell := range row {
					if cell != geo.Guarded(cell) {
						t.Errorf("%s of %.20q: the cell %.40q is a formula", kind, name, cell)
					}
				}
			}
		}
	}
}

// TestWorkbook reads the parcel list back.
func TestWorkbook(t *testing.T) {
	r, _ := judged(t, "云栖")
	book, err := excelize.OpenReader(bytes.NewReader(written(t, "云栖", Style{Format: XLSX, Lang: "zh"})["town"]))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	if got := strings.Join(book.GetSheetList(), " "); got != "结论 图斑 分类 设施 步行可达 企业 依据" {
		t.Error(got)
	}
	rows, err := book.GetRows("图斑", excelize.Options{RawCellValue: true})
	if err != nil || len(rows) != len(r.Parcels)+1 {
		t.Fatalf("%d rows for %d parcels: %v", len(rows), len(r.Parcels), err)
	}
	for i, p := range r.Parcels {
		if rows[i+1][1] != string(p.Code) || rows[i+1][8] != digits(p.AreaM2) {
			t.Errorf("%v for %s with %v m²", rows[i+1], p.Code, p.AreaM2)
		}
	}
	// 10,800 m² are stated and 10,798.6412 (29.010° to 29.011°, by the closed form) measured.
	if rows[1][11] != "10800" || rows[1][12] != "-1.3588" || rows[1][13] != "-0.0126" {
		t.Errorf("stated area: %v", rows[1])
	}
}

// TestWorkbookForOthers has GDAL read the workbook: every sheet with every row.
func TestWorkbookForOthers(t *testing.T) {
	ogrinfo, err := exec.LookPath("ogrinfo")
	if err != nil {
		if os.Getenv("TOWNGRID_REQUIRE_TOOLS") != "" {
			t.Fatal("ogrinfo is missing and TOWNGRID_REQUIRE_TOOLS is set: install gdal-bin")
		}
		t.Skip("SKIPPED: ogrinfo is missing: install gdal-bin to have GDAL read the workbook")
	}
	file := filepath.Join(t.TempDir(), "report.xlsx")
	if err := os.WriteFile(file, written(t, "云栖", Style{Format: XLSX, Lang: "zh"})["town"], 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(ogrinfo, "-ro", "-so", "-al", file)
	cmd.Env = append(os.Environ(), "OGR_XLSX_HEADERS=FORCE") // a sheet of texts alone has a header too
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	r, _ := judged(t, "云栖")
	s := Style{Lang: "zh"}
	for _, sh := range s.townSheets(r) {
		want := fmt.Sprintf("Layer name: %s\nGeometry: None\nFeature Count: %d\n", sh.title, len(sh.rows))
		if !strings.Contains(string(out), want) {
			t.Errorf("GDAL does not find %q in\n%s", want, out)
		}
	}
}

func TestListsOfCSV(t *testing.T) {
	for _, id := range []string{"", "findings", "parcels", "breakdown", "facilities", "access", "enterprises", "about"} {
		r, _ := judged(t, "云栖")
		var b bytes.Buffer
		if err := Town(&b, r, Style{Format: CSV, List: id}); err != nil {
			t.Fatal(err)
		}
		if rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(b.Bytes(), []byte("\ufeff")))).ReadAll(); err != nil || len(rows) < 2 {
			t.Errorf("%s: %d rows, %v", id, len(rows), err)
		}
	}
	r, _ := judged(t, "云栖")
	if err := Town(io.Discard, r, Style{Format: CSV, List: "nothing"}); err == nil || !strings.Contains(err.Error(), "unknown_list") {
		t.Error(err)
	}
}

// TestGeoJSON: every parcel stands in the map, the cut one with what counts of it.
func TestGeoJSON(t *testing.T) {
	var fc struct {
		Features []struct {
			ID       string
			Geometry *struct {
				Type        string
				Coordinates json.RawMessage
			}
			Properties map[string]any
		}
	}
	if err := json.Unmarshal(written(t, "云栖", Style{Format: GeoJSON})["town"], &fc); err != nil {
		t.Fatal(err)
	}
	roles := map[string]int{}
	for _, f := range fc.Features {
		roles[f.Properties["role"].(string)]++
		if f.ID == "residential_land:P2" {
			var mp orb.MultiPolygon
			if err := json.Unmarshal(f.Geometry.Coordinates, &mp); err != nil || mp.Bound().Min[0] != 118.9 {
				t.Errorf("the cut parcel reaches to %v: %v", mp.Bound(), err)
			}
		}
	}
	if roles["town"] != 1 || roles["parcel"] != 6 || roles["facility"] != 2 {
		t.Errorf("%v", roles)
	}
}

func TestFiguresForPeople(t *testing.T) {
	zh, en := Style{Lang: "zh"}, Style{Lang: "en"}
	v := func(x float64) *float64 { return &x }
	for _, c := range []struct{ got, want string }{
		{number(1234567.891, 4), "1,234,567.891"}, {number(-1234.5, 1), "−1,234.5"}, {number(999, 4), "999"}, {number(0, 4), "0"}, {number(-0.00001, 4), "0"},
		{number(1e300, 4)[:5], "1,000"}, {zh.value(nil, "m²"), "无"}, {en.value(nil, "m²"), "none"},
		{zh.value(v(100300.1509), "m²"), "100,300.1509 m² = 10.03 公顷（150.45 亩）"}, {en.value(v(100300.1509), "m²"), "100,300.1509 m² = 10.03 ha"},
		{zh.value(v(22.9999), "m²/人"), "22.9999 m²/人"}, {en.value(v(29.5), "m²/人"), "29.5 m² per resident"}, {en.value(v(3), "个"), "3"},
		{zh.band(density.Between(69000, 144000), "m²"), "6.9–14.4 公顷"}, {zh.band(density.Between(23, 36), "m²/人"), "23–36 m²/人"},
		{zh.band(density.AtLeast(1), "个"), "≥ 1 个"}, {zh.band(density.Band{nil, v(5)}, "个"), "≤ 5 个"}, {zh.band(density.Band{}, "个"), "—"}, {zh.band(density.Between(3, 3), "人"), "3 人"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

// TestBullet keeps value and band apart whatever the value, and draws neither without a band.
func TestBullet(t *testing.T) {
	v := Style{Lang: "zh"}.view(geo.Text{})
	at := func(svg, pattern string) string {
		m := regexp.MustCompile(pattern).FindStringSubmatch(svg)
		if m == nil {
			return ""
		}
		return m[1]
	}
	for _, value := range []float64{0, 10, 22.9999, 23, 29.5, 36, 36.0001, 90, 3600, 1e12} {
		b := density.Between(23, 36)
		svg := string(v.bullet(density.Finding{Value: &value, Band: b, Unit: "m²/人", Verdict: b.Verdict(value)}))
		if at(svg, `class="band" x="([0-9.]+)"`) == "" || at(svg, `x1="([0-9.]+)"`) == "" || strings.Contains(svg, "NaN") {
			t.Errorf("%v: %s", value, svg)
		}
		if beyond := strings.Contains(svg, "beyond"); beyond != (value > 1000) {
			t.Errorf("%v beyond the axis: %v", value, beyond)
		}
	}
	for _, b := range []density.Band{{}, density.AtLeast(0), {nil, new(0.0)}} {
		if svg := v.bullet(density.Finding{Band: b}); svg != "" {
			t.Errorf("%v has a chart", b)
		}
	}
	if svg := string(v.bullet(density.Finding{Band: density.Between(23, 36)})); strings.Contains(svg, "mark") {
		t.Error("no value, yet a mark")
	}
}

func TestFormats(t *testing.T) {
	for name, want := range map[string]Format{"json": JSON, "out.HTML": HTML, "a.b/c.xlsx": XLSX, "x.geojson": GeoJSON, "csv": CSV} {
		if got, err := ParseFormat(name); err != nil || got != want {
			t.Errorf("%s: %s %v", name, got, err)
		}
	}
	for _, name := range []string{"", "pdf", "xlsx.", "a.docx"} {
		if _, err := ParseFormat(name); err == nil {
			t.Errorf("%q is a format", name)
		}
	}
}

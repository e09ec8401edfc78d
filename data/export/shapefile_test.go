package export

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/intake"
)

var noChoice intake.Choice

// TestDistrictComesBack exports every collection of the district and reads it again:
// the same features, in degrees to the last bit, in metres to 0.1 µm.
func TestDistrictComesBack(t *testing.T) {
	s := furnished(t)
	for _, c := range public() {
		want := features(s, c)
		for _, encoding := range []string{"GBK", "UTF-8"} {
			b, rep := written(t, s, c, Options{Format: Shapefile, Encoding: encoding})
			if got := read(t, s, c, b, noChoice); sum(t, got) != sum(t, want) {
				t.Errorf("%s in %s: %+v, want %+v", c, encoding, got[0], want[0])
			}
			if len(rep.Cut) > 0 || rep.Features != len(want) {
				t.Errorf("%s in %s: %+v", c, encoding, rep)
			}
		}
		b, _ := written(t, s, c, Options{Format: Shapefile, CRS: zone(t)})
		got := read(t, s, c, b, noChoice)
		off := furthest(t, want, got)
		t.Logf("%s: %d features, %.2g m", c, len(want), off)
		if off > 1e-7 {
			t.Errorf("%s: %g m off", c, off)
		}
		for i := range got {
			got[i].Geometry = want[i].Geometry
		}
		if sum(t, got) != sum(t, want) {
			t.Errorf("%s in metres: %+v, want %+v", c, got[0], want[0])
		}
	}
}

// TestCellsComeBack does so with holes, exclaves, other fields and misleading names.
func TestCellsComeBack(t *testing.T) {
	s := cells(t, 200)
	want := features(s, geo.Cells)
	b, rep := written(t, s, geo.Cells, Options{Format: Shapefile})
	if got := read(t, s, geo.Cells, b, noChoice); sum(t, got) != sum(t, want) || len(rep.Cut) > 0 {
		t.Errorf("%+v, want %+v (%+v)", got[1], want[1], rep)
	}
	for _, name := range []string{"EPSG:4490", "EPSG:4549", "EPSG:4507", "EPSG:3857", "EPSG:32650", "EPSG:4326"} {
		c, err := crs.Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := written(t, s, geo.Cells, Options{Format: Shapefile, CRS: c})
		got := read(t, s, geo.Cells, b, noChoice)
		off := furthest(t, want, got)
		t.Logf("%s: %.2g m", name, off)
		if off > 1e-7 {
			t.Errorf("%s: %g m off", name, off)
		}
	}
}

// TestLandUseSystems keeps the code system of parcels, whichever it is and where there are two.
func TestLandUseSystems(t *testing.T) {
	for name, systems := range map[string][2]string{
		"DLBM": {geo.LandSurvey3, geo.LandSurvey3}, "YDYHFLDM": {geo.LandUse2023, geo.LandUse2023},
		"land_use": {geo.UrbanLandUse, geo.UrbanLandUse}, "land_use ": {geo.LandUse2023, geo.LandSurvey3},
	} {
		var fs []geo.Feature
		for i, cell := range awkward(20) {
			fs = append(fs, geo.Feature{Code: cell.Code, Geometry: cell.Geometry, Properties: geo.Properties{
				{Name: "land_use", Value: "0701"}, {Name: "code_system", Value: systems[i%2]}, {Name: "construction", Value: i%3 == 0}, {Name: "stated_area", Value: 12.5}}})
		}
		s := publish(t, cells(t, 20), geo.Parcels, division, fs)
		b, _ := written(t, s, geo.Parcels, Options{Format: Shapefile})
		if got := read(t, s, geo.Parcels, b, noChoice); sum(t, got) != sum(t, features(s, geo.Parcels)) {
			t.Errorf("%s: %+v", name, got[0])
		}
		if fields := entry(t, b, "README.txt"); !strings.Contains(fields, "\n"+strings.TrimSpace(name)+" ") {
			t.Errorf("no field %s in %s", name, fields)
		}
	}
}

// entry is the text of a file in a zip.
func entry(t *testing.T, b []byte, name string) string {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := r.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestReadme(t *testing.T) {
	s := cells(t, 20)
	b, _ := written(t, s, geo.Cells, Options{Format: Shapefile, CRS: zone(t), Notice: geo.Text{ZH: "合成数据", EN: "synthetic"}})
	text := entry(t, b, "README.txt")
	v := s.Parts(geo.Cells)[0].Version()
	for _, want := range []string{"合成数据\r\nsynthetic", "EPSG:4528", "GBK", "330890  v3  2026-11-23T08:30:00Z", v.Checksum, "SSDYBM", "所属单元", "features: 20", "无 none"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	r, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.File {
		if !f.Modified.Equal(published) {
			t.Errorf("%s is dated %v", f.Name, f.Modified)
		}
	}
}

// square is a small polygon.
func square(i int) orb.MultiPolygon {
	x := 118.8 + float64(i)/100
	return orb.MultiPolygon{{{{x, 28.8}, {x + 0.005, 28.8}, {x + 0.005, 28.805}, {x, 28.805}, {x, 28.8}}}}
}

// TestNothingIsLostInSilence holds each way of losing something against the report.
func TestNothingIsLostInSilence(t *testing.T) {
	long := strings.Repeat("长", 150)
	for _, x := range []struct {
		name     string
		property geo.Property
		check    string // "" where the value comes back
		back     any    // as read again; nil where it is the same
	}{
		{"plain", geo.Property{Name: "n", Value: "文字"}, "", nil},
		{"long text", geo.Property{Name: "n", Value: long}, "value_shortened", long[:127*3]},
		{"emoji", geo.Property{Name: "n", Value: "好😀"}, "characters_replaced", "好〓"},
		{"euro", geo.Property{Name: "n", Value: "5 €"}, "characters_replaced", "5 〓"},
		{"blanks", geo.Property{Name: "n", Value: " x "}, "characters_replaced", "x"},
		{"line break", geo.Property{Name: "n", Value: "a\nb"}, "characters_replaced", "a b"},
		{"long name", geo.Property{Name: "一二三四五六", Value: "v"}, "field_renamed", nil},
		{"name of a field", geo.Property{Name: "Code", Value: "v"}, "field_renamed", nil}, // a planner took the code from elsewhere
		{"name of nothing", geo.Property{Name: "", Value: "v"}, "field_renamed", nil},
		{"name with a tab", geo.Property{Name: "a\tb", Value: "v"}, "field_renamed", nil},
		{"name with an emoji", geo.Property{Name: "😀", Value: "v"}, "field_renamed", nil},
		{"fine number", geo.Property{Name: "n", Value: 0.12345678901234568}, "numbers_rounded", 0.123456789012346},
		{"exact number", geo.Property{Name: "n", Value: 1234567.1234567}, "", nil},
		{"negative", geo.Property{Name: "n", Value: -0.25}, "", nil},
		{"tiny", geo.Property{Name: "n", Value: 1e-15}, "", nil},
		{"huge", geo.Property{Name: "n", Value: 1e300}, "numbers_as_text", "1e+300"},
		{"int64", geo.Property{Name: "n", Value: int64(-9223372036854775808)}, "", nil},
		{"beyond a double", geo.Property{Name: "n", Value: int64(9007199254740993)}, "", nil},
		{"truth", geo.Property{Name: "n", Value: false}, "", nil},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := publish(t, cells(t, 20), geo.Towns, division, []geo.Feature{{Code: "T1", Name: "镇", Geometry: square(0), Properties: geo.Properties{x.property}}, {Code: "T2", Geometry: square(1)}})
			b, rep := written(t, s, geo.Towns, Options{Format: Shapefile})
			readme := entry(t, b, "README.txt")
			if x.check != "" && (len(rep.Cut) != 1 || rep.Cut[0].Check != x.check || !strings.Contains(readme, rep.Cut[0].Message.ZH)) {
				t.Errorf("want %s: %+v\n%s", x.check, rep.Cut, readme)
			}
			if x.check == "" && len(rep.Cut) > 0 {
				t.Errorf("%+v", rep.Cut)
			}
			got := read(t, s, geo.Towns, b, noChoice)
			if got[0].Code != "T1" || got[0].Name != "镇" || len(got[0].Properties) != 1 || len(got[1].Properties) != 0 {
				t.Fatalf("%+v", got)
			}
			want := x.property.Value
			if x.back != nil {
				want = x.back
			}
			if v := got[0].Properties[0].Value; v != want {
				t.Errorf("read again: %#v, want %#v", v, want)
			}
		})
	}
}

// TestCodesDoNotChange refuses what would make a code another one.
func TestCodesDoNotChange(t *testing.T) {
	for _, f := range []geo.Feature{
		{Code: "😀", Geometry: square(0), Properties: geo.Properties{{Name: "unit", Value: "U1"}}},
		{Code: "A", Geometry: square(0), Properties: geo.Properties{{Name: "unit", Value: "U😀"}}},
	} {
		s := publish(t, cells(t, 20), geo.Cells, division, []geo.Feature{f})
		for _, o := range []Options{{Format: Shapefile}, {Format: JZD, CRS: zone(t)}} {
			var b bytes.Buffer
			_, err := Write(t.Context(), &b, s, geo.Cells, "", o)
			if o.Format == JZD && f.Code == "A" {
				if err != nil { // the unit is not written at all
					t.Error(err)
				}
			} else if code(err) != "not_encodable" || b.Len() > 0 {
				t.Errorf("%s of %s: %v, %d bytes", o.Format, f.Code, err, b.Len())
			}
			o.Encoding = "utf-8"
			written(t, s, geo.Cells, o)
		}
	}
}

// TestMixedTypes lists columns whose values are of several types.
func TestMixedTypes(t *testing.T) {
	values := [][2]any{{"a", int64(1)}, {int64(1), 2.5}, {true, "x"}, {int64(1<<53 + 1), 0.5}}
	for _, pair := range values {
		var fs []geo.Feature
		for i, v := range pair {
			fs = append(fs, geo.Feature{Code: geo.Code(fmt.Sprint(i)), Geometry: square(i), Properties: geo.Properties{{Name: "v", Value: v}}})
		}
		s := publish(t, cells(t, 20), geo.Towns, division, fs)
		for _, f := range []Format{Shapefile, GeoPackage} {
			b, rep := written(t, s, geo.Towns, Options{Format: f})
			if len(rep.Cut) != 1 || rep.Cut[0].Check != "mixed_types" {
				t.Errorf("%v as %s: %+v", pair, f, rep.Cut)
			}
			if f == GeoPackage {
				continue
			}
			for i, g := range read(t, s, geo.Towns, b, noChoice) {
				if got := g.Properties.Value("v"); text(got) != text(pair[i]) {
					t.Errorf("%v: %#v", pair, got)
				}
			}
		}
	}
}

// TestManyColumns refuses what a .dbf cannot hold.
func TestManyColumns(t *testing.T) {
	var ps geo.Properties
	for i := range 260 {
		ps = append(ps, geo.Property{Name: fmt.Sprint("f", i), Value: int64(i)})
	}
	s := publish(t, cells(t, 20), geo.Towns, division, []geo.Feature{{Code: "T", Geometry: square(0), Properties: ps}})
	if _, err := Write(t.Context(), io.Discard, s, geo.Towns, "", Options{Format: Shapefile}); code(err) != "too_many_columns" {
		t.Error(err)
	}
	written(t, s, geo.Towns, Options{Format: GeoPackage})
}

// TestOGRReadsShapefiles has GDAL judge text, types, system and geometry.
func TestOGRReadsShapefiles(t *testing.T) {
	s := cells(t, 60)
	for _, x := range []struct {
		o    Options
		want string
	}{
		{Options{Format: Shapefile}, `ID["EPSG",4490]]`},
		{Options{Format: Shapefile, Encoding: "UTF-8", CRS: zone(t)}, `ID["EPSG",4528]]`},
	} {
		b, _ := written(t, s, geo.Cells, x.o)
		out := tool(t, "ogrinfo", "-ro", "-al", "/vsizip/"+onDisk(t, "cells.zip", b))
		for _, want := range []string{
			x.want, "Feature Count: 60", "WGMC: String", "SSDYBM: String", "QYRQ: Date", "QYRQ (Date) = 2026/01/01", "= 网格7\n",
			"人数: Integer (9.0)", "面积: Real", "启用: ", "DBF_DATE_LAST_UPDATE=2026-11-23", "WGBM (String) = old-1\n",
		} {
			if !strings.Contains(out, want) {
				t.Errorf("no %q in\n%.3000s", want, out)
			}
		}
		if strings.Contains(out, "Warning") || strings.Contains(out, "ERROR") {
			t.Errorf("%.2000s", out)
		}
	}
}

package export

import (
	"bytes"
	"encoding/csv"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkt"

	"towngrid/geo"
	"towngrid/geo/crs"
)

// rows are those of a CSV file, its mark taken off.
func rows(t *testing.T, b []byte) [][]string {
	t.Helper()
	body, marked := bytes.CutPrefix(b, []byte("\ufeff"))
	if !marked {
		t.Errorf("no mark: %.20q", b)
	}
	r, err := csv.NewReader(bytes.NewReader(body)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestFormulas is the table of what spreadsheets run.
func TestFormulas(t *testing.T) {
	for in, want := range map[string]string{
		`=HYPERLINK("http://x","y")`: `'=HYPERLINK("http://x","y")`,
		"+1+1":                       "'+1+1",
		"+86 570 123":                "'+86 570 123",
		"-2+3":                       "'-2+3",
		"-":                          "'-",
		"-.":                         "'-.",
		"-1.":                        "'-1.",
		"-1e5":                       "'-1e5",
		"--1":                        "'--1",
		"-cmd|' /C calc'!A0":         "'-cmd|' /C calc'!A0",
		"@SUM(A1)":                   "'@SUM(A1)",
		"\t=1":                       "'\t=1",
		"\r=1":                       "'\r=1",
		"\n=1":                       "'\n=1",
		" =1":                        "' =1",
		"　=1":                        "'　=1",
		"＝1":                         "'＝1",
		"＋1":                         "'＋1",
		"－1":                         "'－1",
		"＠x":                         "'＠x",
		"-5":                         "-5",
		"-5.25":                      "-5.25",
		"5":                          "5",
		"a=b":                        "a=b",
		"'=1":                        "'=1",
		"":                           "",
		"城东-1":                       "城东-1",
	} {
		if got := geo.Guarded(in); got != want {
			t.Errorf("%q gives %q, want %q", in, got, want)
		}
	}
}

// TestCSVGuardsEveryCell: code, name, values and names of fields.
func TestCSVGuardsEveryCell(t *testing.T) {
	s := publish(t, cells(t, 20), geo.Towns, division, []geo.Feature{{Code: "=1", Name: "@x", Geometry: square(0), Properties: geo.Properties{
		{Name: "type", Value: "+t"}, {Name: "plan_area", Value: -12.5}, {Name: "=evil", Value: "-1+1"}, {Name: "人数", Value: int64(-3)}, {Name: "启用", Value: true}}}})
	b, rep := written(t, s, geo.Towns, Options{Format: CSV})
	r := rows(t, b)
	cell := func(name string) string {
		for i, h := range r[0] {
			if h == name {
				return r[1][i]
			}
		}
		t.Errorf("no column %s in %q", name, r[0])
		return ""
	}
	for name, want := range map[string]string{"code": "'=1", "name": "'@x", "type": "'+t", "plan_area": "-12.5", "'=evil": "'-1+1", "人数": "-3", "启用": "true", "stage": ""} {
		if got := cell(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if len(rep.Cut) != 5 || !listed(rep, "formula_guarded") {
		t.Errorf("%+v", rep.Cut)
	}
	for _, line := range strings.SplitAfter(string(b), "\n") {
		if line != "" && !strings.HasSuffix(line, "\r\n") {
			t.Errorf("a line ends otherwise: %q", line)
		}
	}
}

// TestCSVGeometry reads WKT and pairs of coordinates again.
func TestCSVGeometry(t *testing.T) {
	s := furnished(t)
	b, _ := written(t, s, geo.Cells, Options{Format: CSV})
	r, want := rows(t, b), features(s, geo.Cells)
	if len(r) != len(want)+1 || r[0][0] != "code" || r[0][len(r[0])-1] != "wkt" {
		t.Fatalf("%d rows, %q", len(r), r[0])
	}
	for i, f := range want {
		g, err := wkt.UnmarshalMultiPolygon(r[i+1][len(r[0])-1])
		if err != nil || r[i+1][0] != string(f.Code) || !orb.Equal(g, f.Geometry) {
			t.Fatalf("%s: %v %.200s", f.Code, err, r[i+1])
		}
	}
	for name, columns := range map[string]string{"EPSG:4490": "lon,lat", "EPSG:4528": "x,y,crs", "GCJ-02": "lon,lat,crs"} {
		c, err := crs.Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := written(t, s, geo.Facilities, Options{Format: CSV, CRS: c})
		r := rows(t, b)
		n := len(r[0]) - len(strings.Split(columns, ","))
		if got := strings.Join(r[0][n:], ","); got != columns {
			t.Errorf("%s: columns %s", name, got)
		}
		if strings.HasSuffix(columns, "crs") && r[1][n+2] != c.ID() {
			t.Errorf("%s: %s", name, r[1][n+2])
		}
		at := features(s, geo.Facilities)[0].Geometry.(orb.Point)
		x, y := c.FromGeographic(at[0], at[1])
		gx, _ := strconv.ParseFloat(r[1][n], 64)
		gy, _ := strconv.ParseFloat(r[1][n+1], 64)
		if math.Abs(gx-x) > 0 || math.Abs(gy-y) > 0 {
			t.Errorf("%s: %v %v, want %v %v", name, gx, gy, x, y)
		}
	}
}

// TestOGRReadsCSV has GDAL find the same areas.
func TestOGRReadsCSV(t *testing.T) {
	s := cells(t, 60)
	b, _ := written(t, s, geo.Cells, Options{Format: CSV})
	out := tool(t, "ogrinfo", "-ro", "-al", "-oo", "GEOM_POSSIBLE_NAMES=wkt", onDisk(t, "cells.csv", b))
	for _, want := range []string{"Feature Count: 60", "code (String) = 330890000007", "备注 (String) = 带,逗号 and \"quotes\"", "Extent: (118.600000, 28.500000) - (119.100000, 29.000000)"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%.2000s", want, out)
		}
	}
}

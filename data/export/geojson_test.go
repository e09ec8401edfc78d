package export

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/intake"
)

// TestGeoJSONComesBack reads collections and sequences again: every bit.
func TestGeoJSONComesBack(t *testing.T) {
	district, awkward := furnished(t), cells(t, 200)
	degrees := intake.Choice{CRS: "EPSG:4490"}
	for _, f := range []Format{GeoJSON, GeoJSONSeq} {
		for _, c := range public() {
			b, rep := written(t, district, c, Options{Format: f})
			if got := read(t, district, c, b, degrees); sum(t, got) != sum(t, features(district, c)) || len(rep.Cut) > 0 {
				t.Errorf("%s as %s: %+v (%+v)", c, f, got[0], rep)
			}
		}
		b, rep := written(t, awkward, geo.Cells, Options{Format: f})
		if got := read(t, awkward, geo.Cells, b, degrees); sum(t, got) != sum(t, features(awkward, geo.Cells)) || len(rep.Cut) > 0 {
			t.Errorf("%s: %+v (%+v)", f, got[1], rep)
		}
	}
}

func TestGeoJSONSaysWhatItIs(t *testing.T) {
	s := cells(t, 20)
	b, _ := written(t, s, geo.Cells, Options{Format: GeoJSON, Notice: geo.Text{ZH: "合成\"数据", EN: "synthetic"}})
	var members map[string]any
	if err := json.Unmarshal(b, &members); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"type": "FeatureCollection", "notice": "合成\"数据 / synthetic", "versions": "330890 v3", "timeStamp": "2026-11-23T08:30:00Z", "collection": "cells",
	} {
		if members[name] != want {
			t.Errorf("%s is %v, want %s", name, members[name], want)
		}
	}
	for _, name := range []string{"crs", "datum"} {
		if _, has := members[name]; has {
			t.Errorf("true degrees have the member %s", name)
		}
	}
}

// TestShiftedDegreesAreFlagged: whoever reads GCJ-02 or BD-09 is told, our own reader too.
func TestShiftedDegreesAreFlagged(t *testing.T) {
	s := cells(t, 50)
	want := features(s, geo.Cells)
	for _, name := range []string{"GCJ-02", "BD-09"} {
		c, err := crs.Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		datum, _ := crs.ParseDatum(name)
		flag := `"datum":"` + string(datum) + `"`
		b, _ := written(t, s, geo.Cells, Options{Format: GeoJSON, CRS: c})
		if !bytes.HasPrefix(b, []byte(`{"type":"FeatureCollection",`+flag)) {
			t.Errorf("%.200s", b)
		}
		if off := furthest(t, want, read(t, s, geo.Cells, b, noChoice)); off > 1e-6 {
			t.Errorf("%s: %g m off", name, off)
		}
		if off := furthest(t, want, read(t, s, geo.Cells, b, intake.Choice{CRS: "EPSG:4490"})); off < 100 {
			t.Errorf("%s: not shifted, %g m", name, off)
		}
		seq, _ := written(t, s, geo.Cells, Options{Format: GeoJSONSeq, CRS: c})
		if n := bytes.Count(seq, []byte(`{"type":"Feature",`+flag)); n != 50 {
			t.Errorf("%s: %d features of a sequence are flagged", name, n)
		}
		if strings.Contains(tool(t, "ogrinfo", "-ro", "-al", onDisk(t, "a.geojson", b)), `ID["EPSG",4490]`) {
			t.Error("GDAL takes shifted degrees for CGCS2000")
		}
	}
}

func TestOGRReadsGeoJSON(t *testing.T) {
	s := cells(t, 60)
	for _, f := range []Format{GeoJSON, GeoJSONSeq} {
		b, _ := written(t, s, geo.Cells, Options{Format: f})
		out := tool(t, "ogrinfo", "-ro", "-al", onDisk(t, "cells"+f.Extension(), b))
		for _, want := range []string{"Feature Count: 60", "code (String) = 330890000007", "valid_from (Date) = 2026/01/01", "备注 (String) = 带,逗号 and \"quotes\"", "人数: Integer", "面积: Real", "启用: Integer(Boolean)"} {
			if !strings.Contains(out, want) {
				t.Errorf("%s: no %q in\n%.2000s", f, want, out)
			}
		}
	}
}

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"towngrid/geo/density"
)

// village imports a town of two parcels and a restaurant, and gives the database.
func village(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	db := filepath.Join(dir, "village.gpkg")
	square := func(properties string, lon, lat, w string) string {
		return `{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[[` + lon + `,` + lat + `],[` + lon + w + `,` + lat + `],[` + lon + w + `,` + lat + w + `],[` + lon + `,` + lat + w + `],[` + lon + `,` + lat + `]]]},"properties":{` + properties + `}}`
	}
	for col, features := range map[string]string{
		"towns":      square(`"code":"T1","name":"试验","residents":900,"climate_zone":"III","type":"旅游小镇"`, "118.9", "29.0", "9"),
		"parcels":    square(`"code":"P1","land_use":"0701","code_system":"ydyh2023"`, "118.91", "29.01", "2"),
		"facilities": `{"type":"Feature","geometry":{"type":"Point","coordinates":[118.911,29.011]},"properties":{"code":"F1","kind":"dining"}}`,
	} {
		file := filepath.Join(dir, col+".geojson")
		if err := os.WriteFile(file, []byte(`{"type":"FeatureCollection","features":[`+features+`]}`), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := run(t.Context(), []string{"import", "--db", db, "--collection", col, "--division", "330890", "--crs", "EPSG:4490", file}, new(bytes.Buffer)); err != nil {
			t.Fatal(explain(err))
		}
	}
	return db
}

// TestReportCommand writes reports in each format, to the output and to files.
func TestReportCommand(t *testing.T) {
	plainEnvironment(t)
	db := village(t)
	dir := filepath.Dir(db)
	report := func(args ...string) (string, error) {
		var out bytes.Buffer
		err := run(t.Context(), append([]string{"report", "--db", db}, args...), &out)
		return out.String(), err
	}
	begins := map[string]string{"json": `{"town":{"code":"T1"`, "geojson": `{"features":[`, "csv": "\ufeff部分,指标", "html": "<!doctype html>", "xlsx": "PK"}
	for format, want := range begins {
		text, err := report("T1", "--format", format)
		if err != nil || !strings.HasPrefix(text, want) {
			t.Errorf("%s: %.40q, %v", format, text, err)
		}
		file := filepath.Join(dir, "out."+format)
		if _, err := report("T1", "--to", file); err != nil {
			t.Errorf("%s: %v", format, err)
		}
		if written, err := os.ReadFile(file); err != nil || string(written) != text {
			t.Errorf("%s: the file has other bytes than the output: %v", format, err)
		}
		if _, err := report("T1", "--to", file); err == nil {
			t.Errorf("%s: a file that was there is written over", format)
		}
	}
	text, err := report("T1", "--standard", "zhejiang-2015", "--policy", "0701", "--climate-zone", "I", "--lang", "en")
	var r density.Report
	if err != nil || json.Unmarshal([]byte(text), &r) != nil || r.Standard.ID != "zhejiang-2015" || r.Options.Policy != "0701" || r.Options.ClimateZone != "I" {
		t.Errorf("%+v %v", r.Options, err)
	}
	if text, err = report("--sortby=-residents", "--format", "csv", "--lang", "en"); err != nil || !strings.HasPrefix(text, "\ufeffcode,name") || !strings.Contains(text, "\nT1,") {
		t.Errorf("%.80q %v", text, err)
	}
	if text, err = report("--each", filepath.Join(dir, "each"), "--format", "html"); err != nil || !strings.HasSuffix(strings.TrimSpace(text), "T1.html") {
		t.Errorf("%q %v", text, err)
	}
	if text, err = report("T1", "--since", "2001-01-01T00:00:00Z"); err == nil {
		t.Errorf("a change since there was no town: %.80s", text)
	}
	for _, args := range [][]string{
		{"T1", "--format", "pdf"}, {"T1", "--to", filepath.Join(dir, "x.docx")}, {"T1", "--policy", "09"}, {"--since", "2026-01-01T00:00:00Z"}, {"T1", "--at", "yesterday"},
		{"--division", "110101"}, {"--sortby", "colour"}, {"T1", "--standard", "x"}, {"T1", "--lang", "de"}, {"--format", "geojson"},
	} {
		if text, err := report(args...); err == nil {
			t.Errorf("%v: %.80s", args, text)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "x.docx")); err == nil {
		t.Error("a file was left behind")
	}
}

// TestOwnStandard judges by an operator's file; one that is wrong, or takes another's
// ID, is refused with the file's name and what to do.
func TestOwnStandard(t *testing.T) {
	plainEnvironment(t)
	db := village(t)
	text, err := os.ReadFile("data/standards/zhejiang-2018.json")
	if err != nil {
		t.Fatal(err)
	}
	own := filepath.Join(t.TempDir(), "own.json")
	with := func(from, to string) error {
		if err := os.WriteFile(own, bytes.Replace(text, []byte(from), []byte(to), 1), 0o600); err != nil {
			t.Fatal(err)
		}
		return run(t.Context(), []string{"report", "--db", db, "--standard-file", own, "--standard", "own-2026", "T1"}, new(bytes.Buffer))
	}
	if err := with(`"zhejiang-2018"`, `"own-2026"`); err != nil {
		t.Fatal(explain(err))
	}
	for from, says := range map[string]string{
		`"nothing"`: "another standard has the ID", `"unit": "m²/人"`: "unit", `"metres": 500`: "metres", `[23, 36]`: "band", `"trial"`: "status", `"rules"`: "ruels",
	} {
		to := map[string]string{`"unit": "m²/人"`: `"unit": "公顷"`, `"metres": 500`: `"metres": 50000`, `[23, 36]`: `[36, 23]`, `"trial"`: `"draft"`, `"rules"`: `"ruels"`}[from]
		if err := with(from, to); err == nil || !strings.Contains(explain(err), says) || !strings.Contains(explain(err), "own.json") {
			t.Errorf("%s: %v", from, err)
		}
	}
}

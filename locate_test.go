package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// square is a feature of a cell, 0.01° wide.
func square(code, x, east string) string {
	return `{"type":"Feature","properties":{"WGBM":"` + code + `","SSDYBM":"U1"},"geometry":{"type":"Polygon","coordinates":[[[` + x + `,29],[` + east + `,29],[` + east + `,29.01],[` + x + `,29.01],[` + x + `,29]]]}}`
}

// TestLocateAndRematch imports two editions of cells and an incident, and matches a file, packed both ways, to each.
func TestLocateAndRematch(t *testing.T) {
	plainEnvironment(t)
	dir := t.TempDir()
	db := filepath.Join(dir, "a.gpkg")
	call := func(args ...string) string {
		t.Helper()
		var out strings.Builder
		if err := run(t.Context(), args, &out); err != nil {
			t.Fatalf("%q: %s", args, explain(err))
		}
		return out.String()
	}
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	collection := func(features ...string) string {
		return `{"type":"FeatureCollection","features":[` + strings.Join(features, ",") + `]}`
	}
	first := write("first.geojson", collection(square("C1", "118.90", "118.91"), square("C2", "118.91", "118.92")))
	second := write("second.geojson", collection(square("C3", "118.90", "118.91"), square("C2", "118.91", "118.92")))
	incident := write("incident.geojson", collection(`{"type":"Feature","properties":{"SJBH":"I1","FSSJ":"2026-03-01T08:00:00+08:00","SJLX":"x"},"geometry":{"type":"Point","coordinates":[118.905,29.005]}}`))
	call("import", "--db", db, "--crs", "EPSG:4490", "--collection", "cells", "--division", "330890", first)
	call("import", "--db", db, "--crs", "EPSG:4490", "--collection", "incidents", "--division", "330890", incident)
	draft := call("import", "--db", db, "--crs", "EPSG:4490", "--collection", "cells", "--division", "330890", "--draft", second)
	upload := strings.TrimSuffix(strings.Fields(draft)[1], ":")

	points := filepath.Join(dir, "points.csv.zst")
	f, err := os.Create(points)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zstd.NewWriter(f)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write([]byte("编号;经度;纬度;备注\n甲;118.905;29.005;x\n乙;118.915;29.005;y\n丙;1;2;z\n")); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	answers := filepath.Join(dir, "answers.csv.gz")
	call("locate", "--db", db, "--keep", points, "-o", answers)
	raw, err := os.Open(answers)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	u, err := gzip.NewReader(raw)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if _, err := u.WriteTo(&text); err != nil {
		t.Fatal(err)
	}
	if got := text.String(); got != "id;cell;station;room;centre;town;side;经度;纬度;备注\n甲;C1;;;;;inside;118.905;29.005;x\n乙;C2;;;;;inside;118.915;29.005;y\n丙;;;;;;outside;1;2;z\n" {
		t.Errorf("%s", got)
	}
	var out strings.Builder
	if err := run(t.Context(), []string{"locate", "--db", db, points, "-o", answers}, &out); err == nil {
		t.Error("a file is written over")
	}
	if err := run(t.Context(), []string{"locate", "--db", db, "--format", "papyrus", points}, &out); err == nil {
		t.Error("a format that nobody reads")
	}
	if got := call("rematch", "--db", db, "--upload", upload, "--format", "csv"); !strings.Contains(got, "I1,2026-03-01T00:00:00Z,118.905,29.005,C1,") || !strings.Contains(got, ",C3,") {
		t.Errorf("%s", got)
	}
	if got := call("rematch", "--db", db, "--upload", upload); !strings.Contains(got, `"incidents":1,"changed":1`) {
		t.Errorf("%s", got)
	}
	if err := run(t.Context(), []string{"rematch", "--db", db}, &out); err == nil {
		t.Error("rematched to nothing")
	}
}

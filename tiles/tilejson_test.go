package tiles_test

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/snapshot"
	"towngrid/tiles"
)

func asJSON(t testing.TB, v any) (m map[string]any) {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestTileJSON(t *testing.T) {
	s := village(t)
	cs := []geo.Collection{geo.Units, geo.Facilities}
	set := tiles.Tileset{
		BaseURL: "https://map.example/town", Attribution: "审图号 浙S(2026)1号", Description: "示范数据",
		Request: tiles.Request{Collections: cs, Datum: crs.GCJ02},
	}
	d := describe(t, s, set)
	got := asJSON(t, d)
	want := map[string]any{
		"tilejson": "3.0.0", "scheme": "xyz", "name": "网格管理单元、设施", "description": "示范数据",
		"attribution": "审图号 浙S(2026)1号", "version": "1.0.0+" + set.Tag(s), "minzoom": 0.0, "maxzoom": 22.0, "grid": "WebMercatorQuad", "datum": "gcj02",
		"tiles": []any{"https://map.example/town/tiles/units,facilities/" + set.Tag(s) + "/{z}/{x}/{y}.mvt?datum=gcj02"},
	}
	for k, v := range want {
		if diff := cmp.Diff(v, got[k]); diff != "" {
			t.Errorf("%s: %s", k, diff)
		}
	}
	if !regexp.MustCompile(`^\d+\.\d+\.\d+(\+[0-9A-Za-z.-]+)?$`).MatchString(d.Version) {
		t.Errorf("version %q is not a semantic version", d.Version)
	}
	at := crs.GCJ02.FromCGCS2000(orb.Point{118.94, 29.01})
	if b := d.Bounds; len(b) != 4 || b[0] > 118.9 || b[1] > 29 || b[2] < at[0] || b[3] < at[1] || b[2]-b[0] > 0.1 {
		t.Errorf("bounds %v", d.Bounds)
	}
	if c := d.Center; len(c) != 3 || math.Abs(c[0]-118.92) > 0.01 || math.Abs(c[1]-29.005) > 0.01 || c[2] < 12 || c[2] > 14 {
		t.Errorf("centre %v", d.Center)
	}
	var ids []string
	for _, l := range d.VectorLayers {
		ids = append(ids, l.ID)
	}
	if !slices.Equal(ids, []string{"units", "units_labels", "units_borders", "facilities"}) {
		t.Errorf("layers %v", ids)
	}
	if f := d.VectorLayers[0].Fields; f["code"] != "String" || f["police"] != "Number" || f["level"] != "String" {
		t.Errorf("fields %v", f)
	}
}

// What TileJSON says of the layers is what the tiles have.
func TestTileJSONDescribesTheTiles(t *testing.T) {
	s := village(t)
	described := map[string]map[string]string{}
	for _, l := range describe(t, s, tiles.Tileset{Request: tiles.Request{Collections: public()}}).VectorLayers {
		described[l.ID] = l.Fields
	}
	layers := built(t, new(tiles.Builder), s, whole())
	for name, l := range layers {
		for _, f := range l.Features {
			for k, v := range f.Properties {
				want := map[bool]string{true: "String"}[true]
				switch v.(type) {
				case float64:
					want = "Number"
				case bool:
					want = "Boolean"
				}
				if described[name][k] != want {
					t.Errorf("%s.%s is a %T and described as %q", name, k, v, described[name][k])
				}
			}
		}
	}
	if len(described) != len(layers) {
		t.Errorf("%d layers described, %d in the tile", len(described), len(layers))
	}
}

func describe(t *testing.T, s *snapshot.Snapshot, set tiles.Tileset) tiles.TileJSON {
	t.Helper()
	d, err := tiles.Describe(s, set)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestTileJSONOfNothing(t *testing.T) {
	set := tiles.Tileset{Plain: true, Request: tiles.Request{Collections: []geo.Collection{geo.Cells}}}
	got := asJSON(t, describe(t, snapshot.Empty(), set))
	if got["bounds"] != nil || got["center"] != nil || len(got["vector_layers"].([]any)) != 3 {
		t.Errorf("%v", got)
	}
	if got := got["tiles"].([]any)[0]; got != "/tiles/cells/{z}/{x}/{y}.mvt" {
		t.Errorf("tiles %v", got)
	}
	set.Collections = []geo.Collection{geo.Cells, geo.Incidents}
	if _, err := tiles.Describe(snapshot.Empty(), set); err == nil {
		t.Error("tiles of incidents are described")
	}
}

// What is asked for stands in the addresses, and decides layers, fields, zooms and bounds.
func TestTileJSONOfAChoice(t *testing.T) {
	s := village(t)
	set := tiles.Tileset{
		At: "2026-01-01T00:00:00+08:00", Request: tiles.Request{
			Collections: []geo.Collection{geo.Cells}, Grid: tiles.CGCS2000Quad, Properties: []string{"code", "unit"}, Content: tiles.Fills | tiles.Borders,
		},
	}
	d := describe(t, s, set)
	want := "/tiles/cells/{z}/{x}/{y}.mvt?grid=CGCS2000Quad&properties=code%2Cunit&content=fills%2Cborders&at=2026-01-01T00%3A00%3A00%2B08%3A00"
	if d.Tiles[0] != want || d.MaxZoom != 21 || d.Grid != tiles.CGCS2000Quad {
		t.Errorf("%s, zooms to %d in %s", d.Tiles[0], d.MaxZoom, d.Grid)
	}
	if len(d.VectorLayers) != 2 || len(d.VectorLayers[0].Fields) != 2 || len(d.VectorLayers[1].Fields) != 5 {
		t.Errorf("%+v", d.VectorLayers)
	}
	mercator := describe(t, s, tiles.Tileset{Request: tiles.Request{Collections: []geo.Collection{geo.Cells}}})
	if !slices.Equal(d.Bounds, mercator.Bounds) || d.Center[2] != mercator.Center[2]-1 {
		t.Errorf("%v %v on a grid whose zooms count from twice as large tiles; Mercator has %v %v", d.Bounds, d.Center, mercator.Bounds, mercator.Center)
	}
	set.Properties = []string{"nothing"}
	if _, err := tiles.Describe(s, set); err == nil {
		t.Error("a property that there is not is described")
	}
}

// Tags are read as they are given, and change with the versions that count.
func TestTags(t *testing.T) {
	s := village(t)
	r := tiles.Request{Collections: []geo.Collection{geo.Cells}}
	data, same, err := tiles.ParseTag(r.Tag(s))
	if err != nil || !same || data != s.Tag(geo.Cells, geo.Units) {
		t.Errorf("%s is read as %s, %t, %v", r.Tag(s), data, same, err)
	}
	if _, same, err := tiles.ParseTag(data + "-0"); err != nil || same {
		t.Errorf("another program's tag: %t, %v", same, err)
	}
	for _, bad := range []string{"", data, data + "-", "-1", data[1:] + "-1", strings.ToUpper(data) + "x-1", data + "-12345", data + "-1x"} {
		if _, _, err := tiles.ParseTag(bad); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}

// The style asks for nothing but the service's own tiles, and for layers and properties that these have.
func TestStyleAsksForNothingElse(t *testing.T) {
	s := village(t)
	set := tiles.Tileset{BaseURL: "https://map.example", Attribution: "审图号", Request: tiles.Request{Datum: crs.BD09}}
	style := tiles.Style(s, set)
	m := asJSON(t, style)
	for _, outside := range []string{"glyphs", "sprite", "imports"} {
		if m[outside] != nil {
			t.Errorf("the style names %s", outside)
		}
	}
	text, _ := json.Marshal(style)
	for _, u := range regexp.MustCompile(`https?://[^"]*`).FindAllString(string(text), -1) {
		if !strings.HasPrefix(u, "https://map.example/tiles/") || !strings.HasSuffix(u, ".json?datum=bd09") {
			t.Errorf("the style asks for %s", u)
		}
	}
	fields := map[string]map[string]string{}
	sources := map[string]string{}
	for name, src := range style.Sources {
		cs, err := tiles.ParseCollections(strings.TrimSuffix(strings.TrimPrefix(src.URL, "https://map.example/tiles/"), ".json?datum=bd09"))
		if err != nil {
			t.Fatal(err)
		}
		set.Collections = cs
		for _, l := range describe(t, s, set).VectorLayers {
			fields[l.ID], sources[l.ID] = l.Fields, name
		}
	}
	used := map[string]bool{}
	for _, l := range style.Layers {
		if used[l.ID] {
			t.Errorf("two layers %s", l.ID)
		}
		used[l.ID], used[l.SourceLayer] = true, true
		if l.Type == "background" {
			continue
		}
		if fields[l.SourceLayer] == nil || sources[l.SourceLayer] != l.Source {
			t.Errorf("%s draws %s of %s", l.ID, l.SourceLayer, l.Source)
		}
		b, _ := json.Marshal([]any{l.Filter, l.Paint, l.Layout})
		for _, get := range regexp.MustCompile(`\["get","(\w+)"\]`).FindAllStringSubmatch(string(b), -1) {
			if fields[l.SourceLayer][get[1]] == "" {
				t.Errorf("%s reads %s, which %s does not have", l.ID, get[1], l.SourceLayer)
			}
		}
	}
	for _, c := range public() {
		if !used[string(c)] {
			t.Errorf("%s is not drawn", c)
		}
	}
}

// The style specification's own validator finds no fault in the style.
func TestStyleIsValidByItsSpecification(t *testing.T) {
	tool := filepath.Join("..", "api", "web", "node_modules", ".bin", "gl-style-validate")
	if _, err := os.Stat(tool); err != nil {
		missing(t, "gl-style-validate of the map application's packages; run npm ci in api/web")
	}
	for name, s := range map[string]*snapshot.Snapshot{"village": village(t), "nothing": snapshot.Empty()} {
		var b bytes.Buffer
		w := json.NewEncoder(&b)
		w.SetEscapeHTML(false) // the validator's own reader of JSON does not know escapes
		if err := w.Encode(tiles.Style(s, tiles.Tileset{BaseURL: "http://127.0.0.1:8080", Attribution: "审图号"})); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "style.json")
		if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(tool, file).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

// missing skips a test for want of an outside judge, or fails it where judges are required.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("TOWNGRID_REQUIRE_TOOLS") == "1" {
		t.Fatalf("MISSING: %s", what)
	}
	t.Skipf("SKIPPED, not judged: there is no %s", what)
}

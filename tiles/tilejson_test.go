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
	d := tiles.Describe(s, cs, tiles.Tileset{
		BaseURL: "https://map.example/town", Attribution: "审图号 浙S(2026)1号", Description: "示范数据", Datum: crs.GCJ02,
	})
	got := asJSON(t, d)
	want := map[string]any{
		"tilejson": "3.0.0", "scheme": "xyz", "name": "网格管理单元、设施", "description": "示范数据",
		"attribution": "审图号 浙S(2026)1号", "version": "1.0.0+" + s.Tag(cs...), "minzoom": 0.0, "maxzoom": 22.0,
		"tiles": []any{"https://map.example/town/tiles/units,facilities/{z}/{x}/{y}.mvt?datum=gcj02"},
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
	for _, l := range tiles.Describe(s, public(), tiles.Tileset{}).VectorLayers {
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

func TestTileJSONOfNothing(t *testing.T) {
	got := asJSON(t, tiles.Describe(snapshot.Empty(), []geo.Collection{geo.Cells, geo.Incidents}, tiles.Tileset{}))
	if got["bounds"] != nil || got["center"] != nil || len(got["vector_layers"].([]any)) != 3 {
		t.Errorf("%v", got)
	}
	if got := got["tiles"].([]any)[0]; got != "/tiles/cells,incidents/{z}/{x}/{y}.mvt" {
		t.Errorf("tiles %v", got)
	}
}

// The style asks for nothing but the service's own tiles, and for layers and properties that these have.
func TestStyleAsksForNothingElse(t *testing.T) {
	s := village(t)
	set := tiles.Tileset{BaseURL: "https://map.example", Datum: crs.BD09, Attribution: "审图号"}
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
		for _, l := range tiles.Describe(s, cs, set).VectorLayers {
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

package tiles_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/geotest"
	"towngrid/tiles"
)

// reader prints what MapLibre's decoder finds in the tile of standard input: per layer and feature the
// ID, the type, the properties, and the polygons as it groups rings by their winding.
const reader = `
import { VectorTile, classifyRings } from '@mapbox/vector-tile';
import { PbfReader } from 'pbf';
import { readFileSync } from 'node:fs';
const tile = new VectorTile(new PbfReader(readFileSync(0)));
const out = {};
for (const [name, layer] of Object.entries(tile.layers)) {
  out[name] = [];
  for (let i = 0; i < layer.length; i++) {
    const f = layer.feature(i);
    const rings = f.loadGeometry();
    const points = (r) => r.map((p) => [p.x, p.y]);
    const shape = f.type === 3 ? classifyRings(rings).map((p) => p.map(points)) : [rings.map(points)];
    out[name].push({ id: f.id, type: f.type, properties: f.properties, version: layer.version, shape });
  }
}
process.stdout.write(JSON.stringify(out));
`

type readFeature struct {
	ID         float64         `json:"id"`
	Type       int             `json:"type"`
	Version    int             `json:"version"`
	Properties map[string]any  `json:"properties"`
	Shape      [][][][]float64 `json:"shape"`
}

// readByMapLibre decodes a tile with the decoder that MapLibre uses.
func readByMapLibre(t *testing.T, body []byte) (layers map[string][]readFeature) {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		missing(t, "node; install nodejs")
	}
	web := filepath.Join("..", "api", "web")
	if _, err := os.Stat(filepath.Join(web, "node_modules", "@mapbox", "vector-tile")); err != nil {
		missing(t, "vector-tile of the map application's packages; run npm ci in api/web")
	}
	cmd := exec.Command(node, "--input-type=module", "-e", reader)
	cmd.Dir, cmd.Stdin = web, strings.NewReader(string(body))
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("MapLibre's decoder: %v\n%s", err, out)
	}
	if err := json.Unmarshal(out, &layers); err != nil {
		t.Fatal(err)
	}
	return layers
}

// MapLibre's decoder finds what orb's finds: features, IDs that JavaScript holds exactly, properties and
// polygons grouped by their winding.
func TestMapLibreReadsTheTiles(t *testing.T) {
	s := village(t).With(part(t, geo.Cells, "330803", cells(geotest.Tessellation(2, 150, district))))
	body, err := tiles.Build(s, whole())
	if err != nil {
		t.Fatal(err)
	}
	read := readByMapLibre(t, body)
	decoded := decode(t, body)
	if len(read) != len(decoded) {
		t.Errorf("%d layers instead of %d", len(read), len(decoded))
	}
	for name, l := range decoded {
		for i, f := range read[name] {
			want := l.Features[i]
			if f.Version != 2 || f.ID != want.ID || fmt.Sprint(f.Properties) != fmt.Sprint(map[string]any(want.Properties)) {
				t.Errorf("%s: %v %v instead of %v %v", name, f.ID, f.Properties, want.ID, want.Properties)
			}
			if f.Type == 3 {
				if got, mp := fmt.Sprint(asPolygons(f.Shape)), polygons(t, want); got != fmt.Sprint(mp) {
					t.Errorf("%s %v: %s instead of %v", name, f.Properties["code"], got, mp)
				}
			}
		}
		if len(read[name]) != len(l.Features) {
			t.Errorf("%s: %d features instead of %d", name, len(read[name]), len(l.Features))
		}
	}
}

func asPolygons(shape [][][][]float64) (mp orb.MultiPolygon) {
	for _, polygon := range shape {
		var p orb.Polygon
		for _, ring := range polygon {
			var r orb.Ring
			for _, v := range ring {
				r = append(r, orb.Point{v[0], v[1]})
			}
			p = append(p, r)
		}
		mp = append(mp, p)
	}
	return mp
}

package mbtiles

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
)

// someTiles are all tiles of zoom 3, two of which are the same at a time. body gives what is in them.
func someTiles(body func(text string) []byte) iter.Seq2[Tile, error] {
	return func(yield func(Tile, error) bool) {
		for x := range uint32(8) {
			for y := range uint32(8) {
				if !yield(Tile{3, x, y, body(fmt.Sprint(x, y/2))}, nil) {
					return
				}
			}
		}
	}
}

func plain(text string) []byte { return []byte(text) }

func described() Metadata {
	return Metadata{
		Name: "网格", Attribution: "审图号", Version: "1.0.0", MinZoom: 3, MaxZoom: 3, Bounds: []float64{118.5, 28, 119, 29.25}, Center: []float64{118.75, 28.5, 3},
		Layers: []map[string]any{{"id": "cells", "fields": map[string]string{"code": "String"}}},
	}
}

// write writes an archive and gives its path.
func write(t *testing.T, tiles iter.Seq2[Tile, error]) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "cells.mbtiles")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(Write(t.Context(), f, t.TempDir(), described(), tiles), f.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTilesAreWhereTheFormatHasThem(t *testing.T) {
	path := write(t, someTiles(plain))
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for want, query := range map[string]string{
		"64":                 `SELECT count(*) FROM tiles`,
		"32":                 `SELECT count(*) FROM contents`,
		"2 0":                `SELECT tile_data FROM tiles WHERE zoom_level = 3 AND tile_column = 2 AND tile_row = 7`,
		"5 3":                `SELECT tile_data FROM tiles WHERE zoom_level = 3 AND tile_column = 5 AND tile_row = 0`,
		"118.5,28,119,29.25": `SELECT value FROM metadata WHERE name = 'bounds'`,
		"118.75,28.5,3":      `SELECT value FROM metadata WHERE name = 'center'`,
		"pbf":                `SELECT value FROM metadata WHERE name = 'format'`,
		`{"vector_layers":[{"fields":{"code":"String"},"id":"cells"}]}`: `SELECT value FROM metadata WHERE name = 'json'`,
		"ok": `PRAGMA integrity_check`,
	} {
		var got string
		if err := db.QueryRow(query).Scan(&got); err != nil || got != want {
			t.Errorf("%s gives %s, %v instead of %s", query, got, err, want)
		}
	}
}

func TestTheSameTilesGiveTheSameBytes(t *testing.T) {
	a, errA := os.ReadFile(write(t, someTiles(plain)))
	b, errB := os.ReadFile(write(t, someTiles(plain)))
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		t.Errorf("%d and %d bytes, %v, %v", len(a), len(b), errA, errB)
	}
}

// An archive that cannot be finished leaves no file.
func TestAnArchiveThatFailsLeavesNothing(t *testing.T) {
	broken := errors.New("broken")
	dir := t.TempDir()
	var out bytes.Buffer
	err := Write(t.Context(), &out, dir, described(), func(yield func(Tile, error) bool) {
		_ = yield(Tile{Body: []byte("x")}, nil) && yield(Tile{}, broken)
	})
	if !errors.Is(err, broken) || out.Len() != 0 {
		t.Errorf("%v, %d bytes", err, out.Len())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Write(ctx, &out, dir, described(), someTiles(plain)); !errors.Is(err, context.Canceled) || out.Len() != 0 {
		t.Errorf("%v, %d bytes", err, out.Len())
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("%v is left, %v", left, err)
	}
}

// GDAL opens the archive.
func TestGDALOpensIt(t *testing.T) {
	ogrinfo, err := exec.LookPath("ogrinfo")
	if err != nil {
		if os.Getenv("TOWNGRID_REQUIRE_TOOLS") != "" {
			t.Fatal("ogrinfo is wanted and not installed; install gdal-bin")
		}
		t.Skip("SKIPPED: ogrinfo is not installed; install gdal-bin")
	}
	path := write(t, someTiles(func(string) []byte {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, _ = w.Write(pointTile)
		_ = w.Close()
		return b.Bytes()
	}))
	out, err := exec.Command(ogrinfo, "-ro", "-al", path, "cells").CombinedOutput()
	if err != nil || strings.Contains(string(out), "ERROR") || !strings.Contains(string(out), "Layer name: cells") || !strings.Contains(string(out), "code (String) = 7") {
		t.Errorf("%v: %.2000s", err, out)
	}
}

// pointTile is a vector tile with one point in a layer "cells" with the code 7.
var pointTile = []byte("\x1a\x26\x78\x02\x0a\x05cells\x12\x0d\x08\x01\x12\x02\x00\x00\x18\x01\x22\x03\x09\x02\x02\x1a\x04code\x22\x03\x0a\x017\x28\x80\x20")

package gpkg

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/shapefile"
)

// points is a layer of three points, one of them without values.
func points() Layer {
	return Layer{
		Name: `fac"ilities`, Title: "设施", Description: "三个点", Geometry: geo.Point, Changed: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC),
		Columns: []geo.Field{{Name: "code", Type: geo.String}, {Name: "开业", Type: geo.Date}, {Name: "n", Type: geo.Integer}, {Name: "r", Type: geo.Number}, {Name: "b", Type: geo.Bool}},
		Records: sequence(
			shapefile.Record{Geometry: orb.Point{118.9, 29}, Values: []any{"A", "2026-01-02", int64(3), 0.1, true}},
			shapefile.Record{Geometry: orb.Point{118.8, 28.9}, Values: []any{"B", nil, int64(-3), -1e300, false}},
			shapefile.Record{Geometry: orb.Point{118.7, 28.8}, Values: make([]any, 5)}),
	}
}

func sequence(rs ...shapefile.Record) iter.Seq2[shapefile.Record, error] {
	return func(yield func(shapefile.Record, error) bool) {
		for _, r := range rs {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// TestWriteCopy reads a copy again by its tables and its index.
func TestWriteCopy(t *testing.T) {
	var a, b bytes.Buffer
	dir := t.TempDir()
	for _, w := range []*bytes.Buffer{&a, &b} {
		if err := WriteCopy(t.Context(), w, dir, points()); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("the same layer gave other bytes")
	}
	empty(t, dir)
	path := filepath.Join(dir, "copy.gpkg")
	if err := os.WriteFile(path, a.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	db := pool(peeking(path, true), 1)
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), `SELECT f.geom, f.code, f."开业", n, r, b, x.minx <= 118.9 FROM "fac""ilities" f JOIN "rtree_fac""ilities_geom" x ON x.id = f.fid ORDER BY fid`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var got []string
	for rows.Next() {
		var geom []byte
		var code, day *string
		var n *int64
		var r *float64
		var truth, near *bool
		if err := rows.Scan(&geom, &code, &day, &n, &r, &truth, &near); err != nil {
			t.Fatal(err)
		}
		g, err := decode(geom)
		if err != nil || near == nil || !*near {
			t.Fatalf("%v %v", err, near)
		}
		if code == nil {
			got = append(got, "nothing")
			continue
		}
		got = append(got, *code)
		if *code == "A" && (g != orb.Point{118.9, 29} || !strings.HasPrefix(*day, "2026-01-02") || *n != 3 || *r != 0.1 || !*truth) {
			t.Errorf("%v %v %v %v %v", g, *day, *n, *r, *truth)
		}
	}
	if strings.Join(got, " ") != "A B nothing" || rows.Err() != nil {
		t.Errorf("%v %v", got, rows.Err())
	}
	var changed string
	var minX float64
	if err := db.QueryRowContext(t.Context(), `SELECT last_change, min_x FROM gpkg_contents`).Scan(&changed, &minX); err != nil || !strings.HasPrefix(changed, "2026-11-23T00:00:00") || minX != 118.7 {
		t.Errorf("%s %v %v", changed, minX, err)
	}
}

func empty(t *testing.T, dir string) {
	t.Helper()
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// TestWriteCopyFails leaves nothing behind, and nothing in the writer but after a
// failure of its own.
func TestWriteCopyFails(t *testing.T) {
	failed := errors.New("no more")
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	with := func(rs iter.Seq2[shapefile.Record, error]) Layer {
		l := points()
		l.Records = rs
		return l
	}
	for name, x := range map[string]struct {
		ctx  context.Context
		l    Layer
		want string
	}{
		"cancelled": {cancelled, points(), "context canceled"},
		"records":   {t.Context(), with(func(yield func(shapefile.Record, error) bool) { yield(shapefile.Record{}, failed) }), "no more"},
		"values":    {t.Context(), with(sequence(shapefile.Record{Geometry: orb.Point{}, Values: []any{"A"}})), "1 values for 5 columns"},
		"too many":  {t.Context(), with(sequence(shapefile.Record{Geometry: orb.Point{}, Values: make([]any, 6)})), "6 values for 5 columns"},
		"geometry":  {t.Context(), with(sequence(shapefile.Record{Values: make([]any, 5)})), "cannot be kept"},
		"NaN":       {t.Context(), with(sequence(shapefile.Record{Geometry: orb.Point{math.NaN(), 0}, Values: make([]any, 5)})), "no place"},
	} {
		var b bytes.Buffer
		dir := t.TempDir()
		if err := WriteCopy(x.ctx, &b, dir, x.l); err == nil || !strings.Contains(err.Error(), x.want) || b.Len() > 0 {
			t.Errorf("%s: %v, %d bytes", name, err, b.Len())
		}
		empty(t, dir)
	}
	r, w := io.Pipe()
	r.CloseWithError(failed)
	if err := WriteCopy(t.Context(), w, t.TempDir(), points()); !errors.Is(err, failed) {
		t.Error(err)
	}
	var none bytes.Buffer
	if err := WriteCopy(t.Context(), &none, t.TempDir(), with(sequence())); err != nil || none.Len() == 0 {
		t.Errorf("a layer without features: %v, %d bytes", err, none.Len())
	}
}

// Package mbtiles writes vector tiles as an MBTiles archive (specification 1.3), an SQLite
// database that many GIS programs open.
package mbtiles

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	_ "modernc.org/sqlite" // the driver
)

// Tile is a tile of Web Mercator, compressed by gzip: X from the west, Y from the north.
type Tile struct {
	Z    uint8
	X, Y uint32
	Body []byte
}

// Metadata describes the tiles.
type Metadata struct {
	Name, Description, Attribution, Version string
	MinZoom, MaxZoom                        int
	Bounds                                  []float64 // west, south, east, north, nil for none
	Center                                  []float64 // lon, lat, zoom, nil for none
	Layers                                  any       // the vector_layers of TileJSON
}

// schema keeps each content once: a view joins tiles and contents as readers want it.
const schema = `
CREATE TABLE metadata (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE contents (id INTEGER PRIMARY KEY, tile_data BLOB NOT NULL);
CREATE TABLE places (zoom_level INTEGER NOT NULL, tile_column INTEGER NOT NULL, tile_row INTEGER NOT NULL, content INTEGER NOT NULL,
	PRIMARY KEY (zoom_level, tile_column, tile_row)) WITHOUT ROWID;
CREATE VIEW tiles AS SELECT zoom_level, tile_column, tile_row, tile_data FROM places JOIN contents ON contents.id = places.content;
`

// Write writes tiles as an archive. It is complete in a temporary folder in dir, "" for the
// system's, before its first byte reaches w; the folder is removed. Memory holds some 50 bytes
// for each content. The same tiles in the same order give the same bytes. The error is that of the tiles, of
// ctx, of w or of the disk.
func Write(ctx context.Context, w io.Writer, dir string, m Metadata, tiles iter.Seq2[Tile, error]) (err error) {
	dir, err = os.MkdirTemp(dir, "towngrid-mbtiles-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "tiles.mbtiles")
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?_pragma=journal_mode(memory)&_pragma=synchronous(0)&_pragma=temp_store(2)")
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	if err := errors.Join(fill(ctx, db, m, tiles), db.Close()); err != nil {
		return fmt.Errorf("write MBTiles: %w", err)
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(w, f)
	return err
}

func fill(ctx context.Context, db *sql.DB, m Metadata, tiles iter.Seq2[Tile, error]) error {
	const mbtiles = 0x4d504258 // "MPBX", by which programs know the format
	if _, err := db.ExecContext(ctx, "PRAGMA application_id = "+strconv.Itoa(mbtiles)); err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // without effect once committed
	if _, err := tx.ExecContext(ctx, schema); err != nil {
		return err
	}
	if err := describe(ctx, tx, m); err != nil {
		return err
	}
	if err := insert(ctx, tx, tiles); err != nil {
		return err
	}
	return tx.Commit()
}

// describe writes the metadata.
func describe(ctx context.Context, tx *sql.Tx, m Metadata) error {
	layers, err := json.Marshal(map[string]any{"vector_layers": m.Layers})
	if err != nil {
		return err
	}
	for _, row := range [][2]string{
		{"name", m.Name}, {"format", "pbf"}, {"type", "overlay"}, {"version", m.Version}, {"description", m.Description}, {"attribution", m.Attribution},
		{"minzoom", strconv.Itoa(m.MinZoom)}, {"maxzoom", strconv.Itoa(m.MaxZoom)}, {"bounds", listed(m.Bounds)}, {"center", listed(m.Center)}, {"json", string(layers)},
	} {
		if row[1] == "" {
			continue
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO metadata VALUES (?, ?)`, row[0], row[1]); err != nil {
			return err
		}
	}
	return nil
}

// listed writes numbers with commas between them.
func listed(vs []float64) string {
	texts := make([]string, len(vs))
	for i, v := range vs {
		texts[i] = strconv.FormatFloat(v, 'f', -1, 64)
	}
	return strings.Join(texts, ",")
}

// insert puts the tiles in, each content once. Rows count from the south, as the format has it.
func insert(ctx context.Context, tx *sql.Tx, tiles iter.Seq2[Tile, error]) error {
	contents, err := tx.PrepareContext(ctx, `INSERT INTO contents VALUES (?, ?)`)
	if err != nil {
		return err
	}
	defer contents.Close()
	places, err := tx.PrepareContext(ctx, `INSERT INTO places VALUES (?, ?, ?, ?)`)
	if err != nil {
		return err
	}
	defer places.Close()
	ids := map[[16]byte]int64{}
	for t, err := range tiles {
		if err != nil {
			return err
		}
		sum := sha256.Sum256(t.Body)
		id, known := ids[[16]byte(sum[:16])]
		if !known {
			id = int64(len(ids) + 1)
			ids[[16]byte(sum[:16])] = id
			if _, err := contents.ExecContext(ctx, id, t.Body); err != nil {
				return err
			}
		}
		south := uint32(1)<<t.Z - 1 - t.Y
		if _, err := places.ExecContext(ctx, int64(t.Z), int64(t.X), int64(south), id); err != nil {
			return err
		}
	}
	return nil
}

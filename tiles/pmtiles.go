package tiles

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"os"

	"github.com/klauspost/compress/gzip"
)

// The sizes that version 3 of the PMTiles specification fixes: header and root directory lie in the
// first 16 KiB, which a reader asks for in one request.
const (
	pmtilesHeader = 127
	pmtilesRoot   = 16384 - pmtilesHeader
)

// pmtilesEntry is an entry of a directory: run tiles from id on have the same content.
type pmtilesEntry struct {
	id, offset  uint64
	length, run uint32
}

// WritePMTiles writes tiles, which must come as Archive.Tiles gives them, as a PMTiles archive of version
// 3: clustered, each content once, runs of the same content in one entry. The tiles lie in a
// temporary file in dir, "" for the system's, before the first byte reaches w; memory holds some 100 bytes for
// each content. The same tiles give the same bytes. The error is that of the tiles, of w or of the disk.
func WritePMTiles(w io.Writer, dir string, d TileJSON, tiles iter.Seq2[Packed, error]) (err error) {
	spool, err := os.CreateTemp(dir, "towngrid-pmtiles-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, spool.Close(), os.Remove(spool.Name())) }()
	p := pmtiles{spool: bufio.NewWriterSize(spool, 1<<20), contents: map[[16]byte]pmtilesEntry{}}
	for t, err := range tiles {
		if err == nil {
			err = p.add(t)
		}
		if err != nil {
			return err
		}
	}
	if err := p.spool.Flush(); err != nil {
		return err
	}
	head, err := p.head(d)
	if err != nil {
		return err
	}
	if _, err := w.Write(head); err != nil {
		return err
	}
	if _, err := spool.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err = io.Copy(w, spool)
	return err
}

// pmtiles gathers what an archive is made of.
type pmtiles struct {
	spool     *bufio.Writer
	size      uint64 // of the spooled contents
	contents  map[[16]byte]pmtilesEntry
	entries   []pmtilesEntry // by id
	addressed uint64
}

// add takes up the next tile.
func (p *pmtiles) add(t Packed) error {
	id := pmtilesID(t.Address)
	if n := len(p.entries); n > 0 && id < p.entries[n-1].id+uint64(p.entries[n-1].run) {
		return fmt.Errorf("tiles: %v comes after tiles that follow it", t.Address)
	}
	sum := sha256.Sum256(t.Body)
	c, known := p.contents[[16]byte(sum[:16])]
	if !known {
		c = pmtilesEntry{offset: p.size, length: uint32(len(t.Body))}
		p.contents[[16]byte(sum[:16])] = c
		p.size += uint64(len(t.Body))
		if _, err := p.spool.Write(t.Body); err != nil {
			return err
		}
	}
	p.addressed++
	if n := len(p.entries); n > 0 {
		if last := &p.entries[n-1]; last.offset == c.offset && last.id+uint64(last.run) == id {
			last.run++
			return nil
		}
	}
	p.entries = append(p.entries, pmtilesEntry{id, c.offset, c.length, 1})
	return nil
}

// pmtilesID numbers the tiles of all zooms, each zoom along its Hilbert curve.
func pmtilesID(a Address) uint64 {
	return (uint64(1)<<(2*a.Z)-1)/3 + hilbert(a.Z, a.X, a.Y)
}

// head is all that stands before the tiles: header, root directory, metadata and leaf directories.
func (p *pmtiles) head(d TileJSON) ([]byte, error) {
	root, leaves, err := pmtilesDirectories(p.entries)
	if err != nil {
		return nil, err
	}
	meta, err := d.json()
	if err == nil {
		meta, err = pmtilesPacked(meta)
	}
	if err != nil {
		return nil, err
	}
	h := append(make([]byte, 0, pmtilesHeader), "PMTiles\x03"...)
	at := uint64(pmtilesHeader)
	for _, length := range []uint64{uint64(len(root)), uint64(len(meta)), uint64(len(leaves)), p.size} {
		h = binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(h, at), length)
		at += length
	}
	for _, n := range []uint64{p.addressed, uint64(len(p.entries)), uint64(len(p.contents))} {
		h = binary.LittleEndian.AppendUint64(h, n)
	}
	const clustered, byGzip, mvt = 1, 2, 1
	h = append(h, clustered, byGzip, byGzip, mvt, byte(d.MinZoom), byte(d.MaxZoom))
	bounds, centre := d.Bounds, d.Center
	if bounds == nil {
		bounds, centre = []float64{-180, -85, 180, 85}, []float64{0, 0, float64(d.MinZoom)}
	}
	for _, v := range bounds {
		h = appendE7(h, v)
	}
	h = appendE7(appendE7(append(h, byte(centre[2])), centre[0]), centre[1])
	return append(append(append(h, root...), meta...), leaves...), nil
}

func appendE7(b []byte, degrees float64) []byte {
	return binary.LittleEndian.AppendUint32(b, uint32(int32(math.Round(degrees*1e7))))
}

// pmtilesDirectories are the root directory and the leaf directories, one after the other. The root
// holds all entries where it has room, else one for each leaf.
func pmtilesDirectories(entries []pmtilesEntry) (root, leaves []byte, err error) {
	if root, err = pmtilesDirectory(entries); err != nil || len(root) <= pmtilesRoot {
		return root, nil, err
	}
	for size := 4096; ; size += size / 4 {
		var tops []pmtilesEntry
		leaves = leaves[:0]
		for from := 0; from < len(entries); from += size {
			leaf, err := pmtilesDirectory(entries[from:min(from+size, len(entries))])
			if err != nil {
				return nil, nil, err
			}
			// A run of 0 says that the entry leads to a leaf.
			tops = append(tops, pmtilesEntry{entries[from].id, uint64(len(leaves)), uint32(len(leaf)), 0})
			leaves = append(leaves, leaf...)
		}
		if root, err = pmtilesDirectory(tops); err != nil || len(root) <= pmtilesRoot {
			return root, leaves, err
		}
	}
}

// pmtilesDirectory is a directory as it is kept: its number of entries, then their members column by column.
func pmtilesDirectory(entries []pmtilesEntry) ([]byte, error) {
	b := binary.AppendUvarint(nil, uint64(len(entries)))
	last := uint64(0)
	for _, e := range entries {
		b = binary.AppendUvarint(b, e.id-last)
		last = e.id
	}
	for _, e := range entries {
		b = binary.AppendUvarint(b, uint64(e.run))
	}
	for _, e := range entries {
		b = binary.AppendUvarint(b, uint64(e.length))
	}
	for i, e := range entries {
		if i > 0 && e.offset == entries[i-1].offset+uint64(entries[i-1].length) {
			b = append(b, 0) // it follows the one before it
		} else {
			b = binary.AppendUvarint(b, e.offset+1)
		}
	}
	return pmtilesPacked(b)
}

// pmtilesPacked compresses directories and metadata, always to the same bytes.
func pmtilesPacked(b []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(b); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

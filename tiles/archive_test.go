package tiles_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"go.uber.org/goleak"

	"towngrid/geo"
	"towngrid/geo/geotest"
	"towngrid/geo/snapshot"
	"towngrid/tiles"
)

// archiveOf is an archive of the cells.
func archiveOf(lowest, highest uint8) tiles.Archive {
	return tiles.Archive{
		Tileset: tiles.Tileset{Attribution: "审图号", Request: tiles.Request{Collections: []geo.Collection{geo.Cells}}},
		MinZoom: lowest, MaxZoom: highest,
	}
}

// pmtilesOf writes an archive.
func pmtilesOf(t *testing.T, s *snapshot.Snapshot, a tiles.Archive) []byte {
	t.Helper()
	d, err := a.Metadata(s)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := tiles.WritePMTiles(&b, t.TempDir(), d, a.Tiles(t.Context(), s, nil)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// pmFile is a PMTiles archive as the specification reads it.
type pmFile struct {
	n        [11]uint64 // the numbers of the header
	flags    []byte
	places   []int32
	metadata map[string]any
	tiles    map[uint64][]byte // by ID, compressed
	contents map[uint64]bool   // their offsets
	entries  int
}

// readPM reads an archive by the words of the specification, and wants it clustered.
func readPM(t *testing.T, file []byte) (f pmFile) {
	t.Helper()
	if string(file[:8]) != "PMTiles\x03" {
		t.Fatalf("magic %q", file[:8])
	}
	for i := range f.n {
		f.n[i] = binary.LittleEndian.Uint64(file[8+8*i:])
	}
	f.flags = file[96:102]
	for i := range 4 {
		f.places = append(f.places, int32(binary.LittleEndian.Uint32(file[102+4*i:])))
	}
	if err := json.Unmarshal(unpacked(t, file[f.n[2]:f.n[2]+f.n[3]], tiles.Gzip), &f.metadata); err != nil {
		t.Fatal(err)
	}
	if f.n[0] != 127 || f.n[0]+f.n[1] > 16384 || f.n[6]+f.n[7] != uint64(len(file)) {
		t.Fatalf("header %v of a file of %d bytes", f.n, len(file))
	}
	f.tiles, f.contents = map[uint64][]byte{}, map[uint64]bool{}
	next := uint64(0) // offset of the first content that is new
	f.directory(t, file, file[f.n[0]:f.n[0]+f.n[1]], &next)
	return f
}

func (f *pmFile) directory(t *testing.T, file, packed []byte, next *uint64) {
	t.Helper()
	r := bytes.NewReader(unpacked(t, packed, tiles.Gzip))
	read := func() uint64 {
		v, err := binary.ReadUvarint(r)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	n := read()
	column := func() []uint64 {
		vs := make([]uint64, n)
		for i := range vs {
			vs[i] = read()
		}
		return vs
	}
	ids, runs, lengths, offsets := column(), column(), column(), column()
	for i := range ids {
		if i > 0 {
			ids[i] += ids[i-1]
		}
		if offsets[i] == 0 {
			offsets[i] = offsets[i-1] + lengths[i-1]
		} else {
			offsets[i]--
		}
		if runs[i] == 0 {
			at := f.n[4] + offsets[i]
			f.directory(t, file, file[at:at+lengths[i]], next)
			continue
		}
		f.entries++
		if offsets[i] > *next {
			t.Fatalf("tile %d lies at %d, and nothing at %d: not clustered", ids[i], offsets[i], *next)
		}
		*next = max(*next, offsets[i]+lengths[i])
		f.contents[offsets[i]] = true
		for k := range runs[i] {
			if _, twice := f.tiles[ids[i]+k]; twice {
				t.Fatalf("tile %d stands twice", ids[i]+k)
			}
			f.tiles[ids[i]+k] = file[f.n[6]+offsets[i] : f.n[6]+offsets[i]+lengths[i]]
		}
	}
}

// An archive holds every tile that is not empty, as it is served, and no other, in the order that
// the specification wants; the same version gives the same bytes.
func TestPMTilesHoldEveryTile(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	s := snapshotOf(t, geotest.Tessellation(4, 150, district))
	a := archiveOf(0, 11)
	file := pmtilesOf(t, s, a)
	if !bytes.Equal(file, pmtilesOf(t, snapshotOf(t, geotest.Tessellation(4, 150, district)), a)) {
		t.Error("the same version gives other bytes")
	}
	f := readPM(t, file)
	if !slices.Equal(f.flags, []byte{1, 2, 2, 1, 0, 11}) || f.n[8] != uint64(len(f.tiles)) || f.n[9] != uint64(f.entries) || f.n[10] != uint64(len(f.contents)) {
		t.Errorf("%v %v: %d tiles, %d entries, %d contents", f.flags, f.n, len(f.tiles), f.entries, len(f.contents))
	}
	if f.metadata["attribution"] != "审图号" || len(f.metadata["vector_layers"].([]any)) != 3 {
		t.Errorf("%v", f.metadata)
	}
	b, _ := s.Bound(geo.Cells)
	if w, e := float64(f.places[0])/1e7, float64(f.places[2])/1e7; w > b.Min[0] || e < b.Max[0] || e-w > 2*(b.Max[0]-b.Min[0]) {
		t.Errorf("bounds %v", f.places)
	}
	var builder tiles.Builder
	left := len(f.tiles)
	first := uint64(0) // ID of the first tile of the zoom
	for z := uint8(0); z <= 11; z++ {
		corner := addressOf(z, orb.Point{district.Min[0], district.Max[1]})
		for id := range uint64(1) << (2 * z) {
			x, y := unhilbert(z, id)
			near := x+2 >= corner.X && x < corner.X+30 && y+2 >= corner.Y && y < corner.Y+30
			packed, has := f.tiles[first+id]
			if !near && !has {
				continue
			}
			want := body(t, &builder, s, tiles.Request{Collections: a.Collections, Address: tiles.Address{Z: z, X: x, Y: y}})
			if has != (len(want) > 0) || has && !bytes.Equal(unpacked(t, packed, tiles.Gzip), want) {
				t.Errorf("tile %d/%d/%d is another one than is served: there %t", z, x, y, has)
			}
			if has {
				left--
			}
		}
		first += uint64(1) << (2 * z)
	}
	if left != 0 || len(f.tiles) < 20 {
		t.Errorf("%d of %d tiles are none", left, len(f.tiles))
	}
}

// unhilbert finds the square of a place along the curve by the specification's own way, from the
// smallest square up.
func unhilbert(z uint8, at uint64) (x, y uint32) {
	for s := uint32(1); s < 1<<z; s *= 2 {
		rx, ry := uint32(1&(at/2)), uint32(1&(at^uint64(1&(at/2))))
		if ry == 0 {
			if rx == 1 {
				x, y = s-1-x, s-1-y
			}
			x, y = y, x
		}
		x, y, at = x+s*rx, y+s*ry, at/4
	}
	return x, y
}

// Many entries go to leaf directories, equal tiles are kept once, and runs of them in one entry.
func TestPMTilesOfMany(t *testing.T) {
	same := []byte("same")
	const z = 9
	all := func(yield func(tiles.Packed, error) bool) {
		for id := range uint64(1) << (2 * z) {
			x, y := unhilbert(z, id)
			p := tiles.Packed{Address: tiles.Address{Z: z, X: x, Y: y}, Body: same}
			if id%100 < 50 {
				p.Body = fmt.Append(nil, id*7919%65537)
			}
			if !yield(p, nil) {
				return
			}
		}
	}
	var b bytes.Buffer
	if err := tiles.WritePMTiles(&b, t.TempDir(), tiles.TileJSON{MinZoom: z, MaxZoom: z}, all); err != nil {
		t.Fatal(err)
	}
	f := readPM(t, b.Bytes())
	if len(f.tiles) != 1<<(2*z) || f.n[5] == 0 || f.entries > 140_000 || len(f.contents) > 65_538 {
		t.Errorf("%d tiles in %d entries with %d contents, %v", len(f.tiles), f.entries, len(f.contents), f.n)
	}
	backwards := func(yield func(tiles.Packed, error) bool) {
		_ = yield(tiles.Packed{Address: tiles.Address{Z: 1, X: 1}, Body: same}, nil) &&
			yield(tiles.Packed{Address: tiles.Address{Z: 1}, Body: same}, nil)
	}
	if err := tiles.WritePMTiles(io.Discard, t.TempDir(), tiles.TileJSON{}, backwards); err == nil {
		t.Error("tiles in no order are taken")
	}
}

// The bound and the zooms limit an archive; one that there cannot be is refused.
func TestArchivesAreLimited(t *testing.T) {
	s := snapshotOf(t, geotest.Tessellation(4, 150, district))
	a := archiveOf(8, 11)
	c := district.Center()
	a.Bound = &orb.Bound{Min: c, Max: orb.Point{c[0] + 0.05, c[1] + 0.05}}
	n := 0
	for at := range a.Addresses(s) {
		if n++; !at.Bound().Intersects(*a.Bound) || at.Z < 8 || at.Z > 11 {
			t.Errorf("%+v lies outside", at)
		}
	}
	d, err := a.Metadata(s)
	if err != nil || n == 0 || d.Bounds[0] < c[0]-1e-9 || d.Bounds[3] > c[1]+0.05+1e-9 || d.Center[2] < 8 || d.MinZoom != 8 || d.VectorLayers[0].MaxZoom > 11 {
		t.Errorf("%d tiles, %+v, %v", n, d, err)
	}
	deep := archiveOf(8, 22)
	if deep.Grid = tiles.CGCS2000Quad; deep.Check() == nil || deep.CheckMercator() == nil || a.CheckMercator() != nil {
		t.Error("zoom 22 of a grid that ends at 21, or a grid of degrees in a format without one")
	}
	for want, change := range map[string]func(*tiles.Archive){
		"bad_zooms":        func(a *tiles.Archive) { a.MinZoom = 12 },
		"unknown_grid":     func(a *tiles.Archive) { a.Grid = "EPSG:4490" },
		"unknown_property": func(a *tiles.Archive) { a.Properties = []string{"nothing"} },
		"not_public":       func(a *tiles.Archive) { a.Collections = []geo.Collection{geo.Incidents} },
	} {
		bad := archiveOf(8, 11)
		change(&bad)
		var e *geo.Error
		if err := bad.Check(); !errors.As(err, &e) || e.Code != want {
			t.Errorf("%v instead of %s", err, want)
		}
		for _, err := range bad.Tiles(t.Context(), s, nil) {
			if !errors.As(err, &e) {
				t.Error(err)
			}
		}
	}
}

// An archive that is given up leaves nothing behind.
func TestAnArchiveIsGivenUp(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	s := snapshotOf(t, geotest.Tessellation(4, 150, district))
	a, dir := archiveOf(0, 14), t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	var done int
	err := tiles.WritePMTiles(io.Discard, dir, tiles.TileJSON{}, a.Tiles(ctx, s, func(n int) {
		if done = n; n == 20 {
			cancel()
		}
	}))
	if !errors.Is(err, context.Canceled) || done > 100 {
		t.Errorf("%v after %d tiles", err, done)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("%v is left, %v", left, err)
	}
	next, stop := iter.Pull2(a.Tiles(t.Context(), s, nil))
	next()
	stop()
}

// Other programs read the archive: pmtiles' own verify, and its JavaScript as MapLibre uses it.
func TestPMTilesForOthers(t *testing.T) {
	s := snapshotOf(t, geotest.Tessellation(4, 150, district))
	path := filepath.Join(t.TempDir(), "cells.pmtiles")
	if err := os.WriteFile(path, pmtilesOf(t, s, archiveOf(0, 12)), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Run("verify", func(t *testing.T) {
		verify, err := exec.LookPath("go-pmtiles")
		if err != nil {
			missing(t, "go-pmtiles; go install github.com/protomaps/go-pmtiles@v1.30.3")
		}
		if out, err := exec.Command(verify, "verify", path).CombinedOutput(); err != nil || bytes.Contains(out, []byte("WARN")) {
			t.Errorf("%v: %s", err, out)
		}
	})
	t.Run("javascript", func(t *testing.T) {
		node, err := exec.LookPath("node")
		if err != nil {
			missing(t, "node; install nodejs")
		}
		web := filepath.Join("..", "api", "web")
		if _, err := os.Stat(filepath.Join(web, "node_modules", "pmtiles")); err != nil {
			missing(t, "pmtiles of the map application's packages; run npm ci in api/web")
		}
		at := addressOf(11, district.Center())
		cmd := exec.Command(node, "--input-type=module", "-e", pmtilesScript, path, fmt.Sprint(at.Z), fmt.Sprint(at.X), fmt.Sprint(at.Y))
		cmd.Dir = web
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		want := body(t, new(tiles.Builder), s, tiles.Request{Collections: []geo.Collection{geo.Cells}, Address: at})
		if got := strings.TrimSpace(string(out)); got != fmt.Sprintf("0 12 true 审图号 %x", want) {
			t.Errorf("JavaScript reads %.100s", got)
		}
	})
}

// pmtilesScript prints the zooms, the attribution and a tile of an archive.
const pmtilesScript = `
import { PMTiles } from 'pmtiles';
import { readFileSync } from 'node:fs';
const [path, z, x, y] = process.argv.slice(1);
const file = readFileSync(path);
const source = { getKey: () => path, getBytes: async (at, n) => ({ data: file.buffer.slice(file.byteOffset + at, file.byteOffset + at + n) }) };
const archive = new PMTiles(source);
const header = await archive.getHeader();
const { attribution } = await archive.getMetadata();
const tile = await archive.getZxy(+z, +x, +y);
console.log(header.minZoom, header.maxZoom, header.clustered, attribution, Buffer.from(tile.data).toString('hex'));
`

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
	"github.com/schollz/progressbar/v3"

	"towngrid/data/mbtiles"
	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/snapshot"
	"towngrid/tiles"
)

// archives are the flags of "export" for archives of tiles.
type archives struct {
	MinZoom     int     `help:"Lowest zoom of an archive of tiles (0)."`
	MaxZoom     int     `default:"14" help:"Highest zoom of an archive of tiles."`
	Bbox        string  `help:"Only tiles that meet this box: west,south,east,north in degrees."`
	Datum       string  `default:"wgs84" help:"Datum of the map that an archive of tiles lies on: wgs84, gcj02 or bd09."`
	Content     string  `help:"Layers of an archive of tiles: fills, labels and borders with commas between them; all when none is given."`
	Properties  *string `help:"Properties in an archive of tiles, with commas between them; all when none is given."`
	Attribution string  `env:"TOWNGRID_ATTRIBUTION" help:"Shown on maps made from an archive of tiles, such as a map approval number (审图号)."`
}

// archived says whether a format is one of an archive of tiles.
func archived(format string) bool { return format == "pmtiles" || format == "mbtiles" }

// archive is the archive that the flags ask for.
func (f archives) archive(collections string) (a tiles.Archive, err error) {
	if a.Collections, err = tiles.ParseCollections(collections); err != nil {
		return a, err
	}
	if a.Datum, err = crs.ParseDatum(f.Datum); err != nil {
		return a, err
	}
	if a.Content, err = tiles.ParseContent(f.Content); err != nil {
		return a, err
	}
	if f.Properties != nil {
		if a.Properties, err = tiles.ParseProperties(*f.Properties); err != nil {
			return a, err
		}
	}
	if a.Bound, err = parseBound(f.Bbox); err != nil {
		return a, err
	}
	a.MinZoom, a.MaxZoom = zoom(f.MinZoom), zoom(f.MaxZoom)
	a.Attribution = f.Attribution
	return a, a.Check()
}

// zoom is a zoom as a flag gives it; what is none stays none.
func zoom(n int) uint8 {
	if n < 0 || n > 255 {
		return 255
	}
	return uint8(n)
}

// parseBound reads west,south,east,north; "" is no bound.
func parseBound(s string) (*orb.Bound, error) {
	if s == "" {
		return nil, nil
	}
	bad := geo.Errorf("bad_bbox", "--bbox %q 应为 西,南,东,北 四个度数", "--bbox %q: wanted are west,south,east,north in degrees", s)
	var v [4]float64
	parts := strings.Split(s, ",")
	if len(parts) != len(v) {
		return nil, bad
	}
	for i, p := range parts {
		n, err := strconv.ParseFloat(strings.TrimSpace(p), 64)
		if limit := float64(180 - 90*(i%2)); err != nil || !(n >= -limit && n <= limit) {
			return nil, bad
		}
		v[i] = n
	}
	if v[0] > v[2] || v[1] > v[3] {
		return nil, bad
	}
	return &orb.Bound{Min: orb.Point{v[0], v[1]}, Max: orb.Point{v[2], v[3]}}, nil
}

// archive writes an archive of tiles, with a bar on standard error.
func (e *exports) archive(ctx context.Context, out io.Writer) error {
	if e.Division != "" || e.CRS != "" || e.Encoding != "" {
		return geo.Errorf("bad_flag", "瓦片包不能用 --division、--crs 或 --encoding；范围用 --bbox", "an archive of tiles takes no --division, --crs or --encoding; --bbox limits it")
	}
	a, err := e.archives.archive(e.Collection)
	if err != nil {
		return err
	}
	r, err := e.existing(ctx)
	if err != nil {
		return err
	}
	n, err := e.pack(ctx, r.Snapshot(), a)
	if err == nil {
		fmt.Fprintf(out, "%s: %d tiles\n", e.To, n)
	}
	return errors.Join(err, r.Close())
}

// pack makes the archive's file and counts its tiles.
func (e *exports) pack(ctx context.Context, s *snapshot.Snapshot, a tiles.Archive) (n int, err error) {
	a.Description = notices(s, a.Collections)
	meta, err := a.Metadata(s)
	if err != nil {
		return 0, err
	}
	all := 0
	for range a.Addresses(s) {
		if all++; all%1024 == 0 && ctx.Err() != nil {
			return 0, ctx.Err()
		}
	}
	if all == 0 {
		return 0, geo.Errorf("nothing_published", "所选范围和级别内没有已发布的内容", "nothing is published within that box and those zooms")
	}
	bar := progressbar.NewOptions(all, progressbar.OptionSetWriter(os.Stderr), progressbar.OptionSetDescription(e.Format),
		progressbar.OptionShowCount(), progressbar.OptionSetWidth(30), progressbar.OptionOnCompletion(func() { fmt.Fprintln(os.Stderr) }))
	made := func(yield func(tiles.Packed, error) bool) {
		for t, err := range a.Tiles(ctx, s, func(done int) { _ = bar.Set(done) }) {
			if n++; !yield(t, err) {
				return
			}
		}
	}
	err = create(e.To, func(f io.Writer) error {
		if e.Format == "pmtiles" {
			return tiles.WritePMTiles(f, "", meta, made)
		}
		return mbtiles.Write(ctx, f, "", mbtiles.Metadata{
			Name: meta.Name, Description: meta.Description, Attribution: meta.Attribution, Version: meta.Version,
			MinZoom: meta.MinZoom, MaxZoom: meta.MaxZoom, Bounds: meta.Bounds, Center: meta.Center, Layers: meta.VectorLayers,
		}, unpacked(made))
	})
	return n, err
}

// unpacked gives tiles as MBTiles takes them.
func unpacked(made iter.Seq2[tiles.Packed, error]) iter.Seq2[mbtiles.Tile, error] {
	return func(yield func(mbtiles.Tile, error) bool) {
		for t, err := range made {
			if !yield(mbtiles.Tile{Z: t.Z, X: t.X, Y: t.Y, Body: t.Body}, err) {
				return
			}
		}
	}
}

// notices is what the versions of some collections declare of themselves.
func notices(s *snapshot.Snapshot, cs []geo.Collection) string {
	var said []string
	for _, c := range cs {
		for _, p := range s.Parts(c) {
			if n := p.Version().Source.Notice; n != "" && !slices.Contains(said, n) {
				said = append(said, n)
			}
		}
	}
	return strings.Join(said, " ")
}

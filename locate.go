package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"

	"towngrid/data"
	"towngrid/data/batch"
	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/snapshot"
)

// locate is the command of the same name.
type locate struct {
	database
	From    string `arg:"" optional:"" type:"path" help:"The file to read; standard input when none is given."`
	To      string `short:"o" type:"path" help:"The file to write, which must not be there yet; standard output when none is given."`
	Format  string `help:"ndjson, csv, geojson or geojsonseq; by the file's name, else ndjson."`
	CSV     bool   `name:"csv" help:"The same as --format csv."`
	ID      string `name:"id" help:"Column or member of the ID."`
	Lon     string `help:"Column or member of the longitude."`
	Lat     string `help:"Column or member of the latitude."`
	Charset string `help:"gb18030 for a CSV in GBK or GB18030."`
	Keep    bool   `help:"Give the rows' own columns back behind the answer's."`
	Datum   string `default:"wgs84" help:"Datum of the positions: wgs84, gcj02 or bd09."`
	At      string `help:"Match to what was live at this moment, as in RFC 3339."`
	Compare string `help:"Tell the cell at this moment as well, and whether it is another one."`
	Unpack  string `help:"gzip or zstd, where standard input is; a file's name tells it."`
	Pack    string `help:"gzip or zstd, for standard output; a file's name tells it."`
	Lang    string `default:"zh" enum:"zh,en" help:"Language of problems: zh or en."`
}

// Run matches row by row.
func (l *locate) Run(ctx context.Context, out io.Writer) error {
	o, err := l.options()
	if err != nil {
		return err
	}
	r, err := l.existing(ctx)
	if err != nil {
		return err
	}
	if o.Snapshot, err = moment(ctx, r, l.At); err == nil && l.Compare != "" {
		o.Against, err = moment(ctx, r, l.Compare)
	}
	if err == nil {
		err = l.run(ctx, out, o)
	}
	return errors.Join(err, r.Close())
}

// options are those that need no database.
func (l *locate) options() (o batch.Options, err error) {
	o = batch.Options{
		Charset: l.Charset, Names: batch.Names{ID: l.ID, Lon: l.Lon, Lat: l.Lat}, Keep: l.Keep, Lang: l.Lang,
		Begin: func() {},
	}
	if o.Datum, err = crs.ParseDatum(l.Datum); err != nil {
		return o, err
	}
	named, byName := batch.Extension(l.From)
	switch {
	case l.CSV:
		o.Format = batch.CSV
	case l.Format != "":
		o.Format, err = batch.ParseFormat(l.Format)
	case byName:
		o.Format = named
	default:
		o.Format = batch.NDJSON
	}
	if l.Charset != "" {
		_, o.Charset, err = batch.ParseMedia("text/csv; charset=" + l.Charset)
	}
	return o, err
}

// moment is the Snapshot of a moment, the present one for "".
func moment(ctx context.Context, r *data.Registry, at string) (*snapshot.Snapshot, error) {
	if at == "" {
		return r.Snapshot(), nil
	}
	t, err := time.Parse(time.RFC3339Nano, at)
	if err != nil {
		return nil, geo.Errorf("bad_time", "%q 应为 RFC 3339 时间", "%q: wanted is a time as in RFC 3339", at)
	}
	return r.At(ctx, t)
}

// run opens both ends.
func (l *locate) run(ctx context.Context, out io.Writer, o batch.Options) error {
	in := os.Stdin
	if l.From != "" {
		f, err := os.Open(l.From)
		if err != nil {
			return err
		}
		in = f
	}
	defer in.Close()
	stop := func() { _ = in.Close() } // ends a read that waits
	defer context.AfterFunc(ctx, stop)()
	o.Stop = stop
	unpacked, err := batch.Unpack(watched(in, os.Stderr), packing(l.Unpack, l.From))
	if err != nil {
		return err
	}
	defer unpacked.Close()
	write := func(w io.Writer) error {
		packed, err := batch.Pack(bufio.NewWriterSize(w, 64<<10), packing(l.Pack, l.To))
		if err != nil {
			return err
		}
		return errors.Join(batch.Run(unpacked, packed, o), packed.Close())
	}
	if l.To != "" {
		return create(l.To, write)
	}
	return write(out)
}

// packing is what a flag says, else what a file's name does.
func packing(flag, name string) batch.Packing {
	switch {
	case flag != "":
		return batch.Packing(flag)
	case strings.HasSuffix(name, ".gz"):
		return batch.Gzip
	case strings.HasSuffix(name, ".zst"):
		return batch.Zstd
	}
	return batch.Plain
}

// watched draws a bar while a file is read, where there is a terminal to draw it on.
func watched(in *os.File, progress *os.File) io.Reader {
	at, err := in.Stat()
	terminal, terr := progress.Stat()
	if err != nil || terr != nil || terminal.Mode()&os.ModeCharDevice == 0 || !at.Mode().IsRegular() {
		return in
	}
	bar := progressbar.NewOptions64(at.Size(), progressbar.OptionSetWriter(progress), progressbar.OptionShowBytes(true),
		progressbar.OptionSetWidth(30), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionOnCompletion(func() { fmt.Fprintln(progress) }))
	r := progressbar.NewReader(in, bar)
	return &r
}

package export

import (
	"context"
	"io"
	"strings"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/ledger"
	"towngrid/geo/snapshot"
)

// Options say what a file is to be like.
type Options struct {
	Format Format
	// CRS is the system of the coordinates; the zero CRS stands for CGCS2000 degrees.
	CRS crs.CRS
	// Encoding is that of a shapefile's or boundary-point file's text: "GBK", also for
	// "", or "UTF-8". All other formats are in UTF-8.
	Encoding string
	// Bound, in CGCS2000 degrees, leaves out features that have no point in it, borders included.
	Bound *orb.Bound
	// Notice is what the reader of the file must know of the data. It goes into the
	// README of a shapefile, the description of a GeoPackage and the member "notice"
	// of GeoJSON; the other formats have no place for it.
	Notice geo.Text
	// Spool is the folder for the temporary file behind a shapefile or GeoPackage, ""
	// for the system's. The file is removed before Write returns.
	Spool string
}

// Report tells what was written.
type Report struct {
	Features int
	// Cut lists what the format could not hold as it is: texts shortened, characters
	// replaced, numbers rounded, names changed, columns left out. Record counts from 1
	// in the order of the file. Of each kind the first hundred are listed, and a count.
	Cut []geo.Violation
}

// mostCuts is how many cuts of one kind are listed one by one.
const mostCuts = 100

// Write exports a collection's features of a division and all within it, "" for all
// divisions. Memory holds one feature, and for each what package shapefile says; a
// shapefile and a GeoPackage are complete in a temporary file before the first byte
// reaches w. It ends with ctx's error when ctx does.
//
// Apart from errors of w, ctx and the disk the error is a *[geo.Error], before anything
// is written, of code
//
//	unknown_format, unknown_encoding, unknown_collection
//	not_public          the collection is not for export: incidents
//	nothing_published   there is no version of the collection in the division
//	crs_not_allowed     the format, or any file, cannot be in the system
//	crs_out_of_reach    the features lie where the system has no coordinates, or misleading ones
//	not_polygons        boundary points of a collection of points
//	not_gauss_krueger   boundary points in another system
//	not_encodable       a code, or a reference to one, has characters that the encoding lacks
//	too_many_columns    more than a shapefile (255) or GeoPackage (1998) can hold
//	too_large           more than the 4 GiB that a shapefile can hold
func Write(ctx context.Context, w io.Writer, s *snapshot.Snapshot, c geo.Collection, d geo.Division, o Options) (Report, error) {
	j, err := newJob(ctx, s, c, d, o)
	if err != nil {
		return Report{}, err
	}
	if err := j.survey(); err != nil {
		return Report{}, err
	}
	write := map[Format]func(io.Writer) error{
		Shapefile: j.shapefile, GeoJSON: j.geoJSON, GeoJSONSeq: j.geoJSON, GeoPackage: j.geoPackage, JZD: j.jzd, CSV: j.csv,
	}[o.Format]
	err = write(contextWriter{ctx, w})
	return Report{Features: j.count, Cut: j.cuts.List()}, err
}

// job is one run of Write.
type job struct {
	Options
	ctx      context.Context
	schema   geo.Schema
	division geo.Division
	parts    []*snapshot.Part
	columns  []column
	count    int
	cuts     *ledger.Ledger
	told     bool // all features have been written once, and every cut is listed
}

func newJob(ctx context.Context, s *snapshot.Snapshot, c geo.Collection, d geo.Division, o Options) (*job, error) {
	if _, err := ParseFormat(string(o.Format)); err != nil {
		return nil, err
	}
	if _, err := geo.ParseCollection(string(c)); err != nil {
		return nil, err
	}
	j := &job{Options: o, ctx: ctx, schema: c.Schema(), division: d, cuts: ledger.New(nil, mostCuts, 0)}
	if !j.schema.Public {
		return nil, geo.Errorf("not_public", "%[1]s不对外公开，不能导出", "%[2]s are not public and are not exported", j.schema.Title.ZH, j.schema.Title.EN)
	}
	for _, p := range s.Parts(c) {
		if d.Contains(p.Version().Division) {
			j.parts = append(j.parts, p)
		}
	}
	if j.parts == nil {
		return nil, geo.Errorf("nothing_published", "区划 %[3]q 内没有已发布的%[1]s", "no %[2]s are published in division %[3]q", j.schema.Title.ZH, j.schema.Title.EN, string(d))
	}
	if err := j.chooseEncoding(); err != nil {
		return nil, err
	}
	return j, j.chooseCRS()
}

// chooseEncoding completes and checks Encoding.
func (j *job) chooseEncoding() error {
	name := strings.ToUpper(j.Encoding)
	choice := j.Format == Shapefile || j.Format == JZD
	switch {
	case name == "" && choice:
		name = inGBK
	case name == "", name == "UTF8":
		name = inUTF8
	}
	if name != inUTF8 && (name != inGBK || !choice) {
		return geo.Errorf("unknown_encoding", "格式 %s 不能用编码 %q；Shapefile 和界址点文件可用 GBK 或 UTF-8，其余为 UTF-8",
			"%s cannot be written as %q; a shapefile and a boundary-point file can be GBK or UTF-8, all others are UTF-8", string(j.Format), j.Encoding)
	}
	j.Encoding = name
	return nil
}

// stem is the name of the file without extension, and that of the layer in it.
func (j *job) stem() string {
	if j.division == "" {
		return string(j.schema.Collection)
	}
	return string(j.schema.Collection) + "_" + string(j.division)
}

// cut lists something that the format does not hold as it is.
func (j *job) cut(check string, record int, zh, en string, args ...any) {
	if j.told {
		return
	}
	j.cuts.Add(geo.Breach(check, geo.Notice, geo.Textf(zh, en, args...), geo.Text{}).At(record, geo.None, geo.None))
}

// contextWriter stops writing once its context has ended.
type contextWriter struct {
	ctx context.Context
	w   io.Writer
}

// Write writes b unless the context has ended.
func (c contextWriter) Write(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.w.Write(b)
}

package jzd

import (
	"errors"
	"io"
	"iter"
	"slices"

	"towngrid/geo"
	"towngrid/geo/ledger"
	"towngrid/geo/shapefile"
)

// File is a boundary-point file open for reading. It must not be used by several
// goroutines at a time.
type File struct {
	Header Header
	// Fields are 编号, 名称, 类型, 图幅, 用途, 面积, 点数, and 地类编码 where some parcel
	// has one: text, but for the area, a float64 in the unit of the file (hectares by
	// custom), and the count of points, an int64 as stated.
	Fields []shapefile.Field
	// Records is how many parcels there are, with those that cannot be read.
	Records int
	// Refused counts the records that were not yielded, each named by a violation of
	// severity Refusal; it is 0 until Features has run.
	Refused  int
	Encoding shapefile.Encoding
	// CRS is the ID of the system, such as "EPSG:4528", where the header says CGCS2000,
	// Xian 1980 or Beijing 1954 and agrees with the numbers, else "".
	CRS         string
	CRSEvidence geo.Text
	// Exchanged, set before Features runs, says that X is the easting and Y the northing.
	Exchanged bool
	// Violations is what was noticed, complete once Features has run to its end.
	// Places are records, parts (rings) and vertices; sentences name the line.
	Violations []geo.Violation

	r     io.ReaderAt
	size  int64
	lim   shapefile.Limits
	base  []geo.Violation
	stray bool
}

// Open runs over the file for its header and its fields. The error is that of r or a
// *[geo.Error] of code
//
//	not_jzd            there are no parcels, nor a section for them
//	line_too_long      a line has more than 4096 bytes
//	too_many_features  more than lim.Features parcels
func Open(r io.ReaderAt, size int64, lim shapefile.Limits) (*File, error) {
	encoding, err := tellEncoding(r, size)
	if err != nil {
		return nil, err
	}
	s := survey{text: newText(r, size, encoding.Name)}
	if err := s.run(lim); err != nil {
		return nil, err
	}
	if !s.isFile() {
		return nil, geo.Errorf("not_jzd",
			"文件不是界址点坐标文件：没有 [地块坐标]，开头是 %q；请按国土资源部界址点坐标交换格式导出",
			"the file is no boundary-point file: it has no section [地块坐标] and begins with %q; export it in the format of the land departments", begins(r, size))
	}
	f := &File{
		Header: s.header, Fields: fields(s.areaDecimals, s.landUse), Records: s.records, Encoding: encoding,
		r: r, size: size, lim: lim, stray: s.stray,
	}
	f.CRS, f.CRSEvidence, f.base = s.notes()
	f.Violations = slices.Clone(f.base)
	return f, nil
}

// Features streams the parcels in file order. One that is refused is not yielded.
//
// An error ends the sequence, with an empty record: a *[geo.Error] of code
//
//	too_many_vertices  more than lim.PolygonVertices in one, or lim.Vertices in all
//	too_many_refusals  more than lim.Refusals refused records, listed in the error
//
// or the error of the reader. Features may be ranged over again; it then starts afresh.
// Geometry and values belong to the caller.
func (f *File) Features() iter.Seq2[shapefile.Record, error] {
	return func(yield func(shapefile.Record, error) bool) {
		f.Refused = 0
		s := &scan{f: f, text: newText(f.r, f.size, f.Encoding.Name), led: ledger.New(f.base, f.lim.Listed, f.lim.Refusals), yield: yield}
		err := s.run()
		f.Refused, f.Violations = s.led.Refused(), s.led.List()
		if err != nil && err != errStop {
			yield(shapefile.Record{}, err)
		}
	}
}

// errStop ends a run whose caller wants no more.
var errStop = errors.New("jzd: stopped")

package geojson

import (
	"errors"
	"io"
	"iter"

	"towngrid/geo"
	"towngrid/geo/ledger"
	"towngrid/geo/shapefile"
)

// File is a GeoJSON file open for reading. It must not be used by several goroutines
// at a time.
type File struct {
	Kind Kind
	// Fields are all properties in the order in which they were first met. Type is C
	// for text and for values of several kinds, N for int64, F for float64 with
	// Decimals as many as were met (at most 15), L for bool. Length is 0.
	Fields []shapefile.Field
	// IDField is which of Fields holds the Features' own ids, -1 where they have none or
	// a property has that name.
	IDField int
	// Records is how many Features and geometries there are, with those that cannot
	// be read. Counting ends where more are broken than lim.Refusals.
	Records int
	// Refused counts the records that were not yielded, each named by a violation of
	// severity Refusal; it is 0 until Features has run.
	Refused int
	// CRS is the name in the crs member of the GeoJSON of 2008, such as
	// "urn:ogc:def:crs:EPSG::4490" or "EPSG:4528", and "" where there is none. RFC 7946
	// then means WGS84, which a planner's file need not follow. Coordinates stand x
	// before y even where the named system has its northern axis first.
	CRS         string
	CRSEvidence geo.Text
	// Exchanged, set before Features runs, says that coordinates stand north first: they
	// are yielded east first, and the winding of rings says nothing.
	Exchanged bool
	// Violations is what was noticed, complete once Features has run to its end.
	// Places are records, parts (rings) and vertices.
	Violations []geo.Violation

	r       io.ReaderAt
	size    int64
	lim     shapefile.Limits
	columns columns
	base    []geo.Violation
}

// Open runs over the file for its fields. The error is that of r or a *[geo.Error] of
// code
//
//	not_geojson        it is something else, or breaks off before the first feature
//	not_utf8           its text is GBK
//	too_deep           arrays and objects are nested more than 32 deep
//	record_too_large   one feature takes more than 64 MiB
//	too_many_features  more than lim.Features
//	too_many_fields    more than lim.Fields different properties
func Open(r io.ReaderAt, size int64, lim shapefile.Limits) (*File, error) {
	in := newSource(r, size)
	s := newSurvey(in, lim)
	start := append([]byte(nil), in.buf[in.at:min(len(in.buf), in.at+24)]...)
	err := s.run()
	if in.err == nil && in.bad >= 0 {
		if e := notUTF8(r, size, in.bad); e != nil {
			return nil, e
		}
	}
	var broken *refusal
	if err != nil && err != errStop && !errors.As(err, &broken) {
		return nil, err
	}
	if s.collections+s.arrays+s.whole == 0 || s.fileKind() == "" {
		return nil, s.unknown(start, broken)
	}
	if err := s.columns.close(); err != nil {
		return nil, err
	}
	f := &File{
		Kind: s.fileKind(), Fields: s.columns.fields(), IDField: s.columns.id, Records: s.items,
		CRS: s.system.name, CRSEvidence: s.system.evidence,
		r: r, size: size, lim: lim, columns: s.columns, base: s.notes(),
	}
	f.Violations = f.base
	if broken != nil {
		f.Violations = append(f.base[:len(f.base):len(f.base)], broken.Violation)
	}
	return f, nil
}

// unknown is the error of a file in which no feature can be found.
func (s *survey) unknown(start []byte, broken *refusal) error {
	why := geo.Textf("type 为 %.60q", "its type is %.60q", s.kind)
	switch {
	case broken != nil:
		why = broken.Message
	case s.wrong != geo.Text{}:
		why = s.wrong
	}
	return notJSON(start, why)
}

// notes are the violations of the file's head.
func (s *survey) notes() []geo.Violation {
	found := s.found
	if s.collections > 0 && s.head != string(FeatureCollection) {
		found = append(found, typeMissing.breach(string(FeatureCollection), s.head))
	}
	return found
}

// errChanged is the error of a file that is not what it was when it was opened.
var errChanged = errors.New("geojson: the file has changed since it was opened")

// errStop ends a run whose caller wants no more.
var errStop = errors.New("geojson: stopped")

// Features streams the records in file order. A record that is refused is not yielded.
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
		s := newScan(f)
		s.visit = func(it item) error {
			r, taken, err := s.item(it)
			if err == nil && taken && !yield(r, nil) {
				return errStop
			}
			return err
		}
		err := s.run()
		s.close(err)
		var broken *refusal
		if err != nil && err != errStop && !errors.As(err, &broken) {
			yield(shapefile.Record{}, err)
		}
	}
}

// scan is one run over the records of a file.
type scan struct {
	walk
	f       *File
	led     *ledger.Ledger
	tallies tallies
	shapes  shapes
	values  values
}

func newScan(f *File) *scan {
	f.Refused = 0
	s := &scan{f: f, led: ledger.New(f.base, f.lim.Listed, f.lim.Refusals), shapes: shapes{lim: f.lim, exchanged: f.Exchanged, rings: shapefile.Rings{Wound: !f.Exchanged}}}
	s.in = newSource(f.r, f.size)
	s.values = newValues(&f.columns, s.led, &s.tallies)
	return s
}

// close leaves what was noticed in the file.
func (s *scan) close(err error) {
	s.tallies.note(s.led)
	var broken *refusal
	if errors.As(err, &broken) {
		s.led.Add(broken.Violation)
	}
	s.f.Refused = s.led.Refused()
	s.f.Violations = s.led.List()
}

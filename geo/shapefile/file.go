package shapefile

import (
	"fmt"
	"io"
	"iter"
	"strings"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// Options are the planner's choices for one layer.
type Options struct {
	// Encoding of the .dbf, see [Encodings]; "" leaves it to be found out.
	Encoding string
	// Force makes differing counts of records in .shp, .dbf and .shx a warning
	// instead of a refusal. A .shx that lists the records in another order stays
	// a refusal: attributes would go to other shapes.
	Force bool
	// Exchanged says that the coordinates stand north first: they are yielded east
	// first. Windings are those of the points so exchanged; that all are reversed is
	// nothing to tell of then.
	Exchanged bool
}

// Record is a shape with its attributes.
type Record struct {
	// Number is the record's place in the .shp from 1, whatever number it bears.
	Number int
	// Geometry is an orb.MultiPolygon, orb.MultiLineString, orb.MultiPoint or
	// orb.Point in the coordinates of the file, nil for a null shape.
	Geometry orb.Geometry
	// Rings tells for each ring of an orb.MultiPolygon, counted over its polygons,
	// which ring of the file it is.
	Rings []Origin
	// Values are string, int64, float64, bool or nil, one for each field. Blank
	// text is nil; dates are text as in "2026-11-23".
	Values []any
}

// Origin is where a ring of a geometry comes from: part i of the record, from 0, as
// Origin(i); where it was turned, ^Origin(i).
type Origin int32

// turnedFirst is the origin of the ring of most records: there is one, and ESRI
// prescribes the other winding. It is shared and never changed.
var turnedFirst = []Origin{^Origin(0)}

// Part is the part of the record that the ring is.
func (o Origin) Part() int {
	if o < 0 {
		return int(^o)
	}
	return int(o)
}

// Vertex is which vertex of the part in the file vertex i of the ring is, and the other
// way round; vertices is how many the ring has, its closing one included.
func (o Origin) Vertex(i, vertices int) int {
	if o >= 0 || vertices < 2 {
		return i
	}
	return (vertices - 1 - i) % (vertices - 1)
}

// Edge is the vertex of the part in the file at which the edge begins that begins at
// vertex i of the ring.
func (o Origin) Edge(i, vertices int) int {
	if o < 0 {
		i++ // the edge ends there in the file's direction
	}
	return o.Vertex(i, vertices)
}

// File is one layer of an archive, open for reading. It must not be used by
// several goroutines at a time.
type File struct {
	Layer     Layer
	PRJ       string // the .prj as it is, "" if there is none
	ShapeType string // Polygon, PolygonZ, PolygonM, … as the header states
	Encoding  Encoding
	Fields    []Field

	// Records is how many records the .shp holds, without those whose row is
	// marked as deleted, which Deleted counts. Until Features has run to its
	// end they are what the .dbf or .shx promises.
	Records, Deleted int
	// Refused counts the records that were not yielded; each is named by a
	// violation of severity Refusal.
	Refused int
	// Violations is what was noticed: by Read in the heads of the files, and
	// complete once Features has run to its end. Places are records, parts and
	// vertices; positions on the map are left to the caller, who knows the CRS.
	Violations []geo.Violation

	set    set
	opt    Options
	lim    Limits
	header header
	table  *table // nil without a .dbf
	// halves says that half a character at the end of a text which does not
	// fill its field was lost in an earlier cut, as the rest is in order;
	// otherwise it speaks against the encoding.
	halves bool
	index  *index // nil without a usable .shx
	base   []geo.Violation
}

func (s set) read(opt Options, lim Limits) (*File, error) {
	f := &File{Layer: s.layer, set: s, opt: opt, lim: lim}
	var err error
	if f.header, err = s.parts["shp"].readHeader(); err != nil {
		return nil, err
	}
	f.ShapeType = f.header.kind.String()
	for _, step := range []func() error{f.readPRJ, f.readTable, f.readIndex} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	f.noteHeader()
	f.Violations = f.base
	return f, nil
}

func (f *File) note(file string, c check, args ...any) {
	f.base = append(f.base, whole(file).on(c.breach(args...)))
}

func (f *File) noteHeader() {
	if f.header.version != version {
		f.note(f.Layer.Path, shpVersion, f.header.version)
	}
	if k := f.header.kind; k.hasZ() || k.hasM() {
		f.note(f.Layer.Path, planes, k)
	}
}

func (f *File) readPRJ() error {
	p := f.set.parts["prj"]
	if p == nil {
		return nil
	}
	if p.size > maxPRJ {
		f.note(p.name, prjTooLong, maxPRJ)
		return nil
	}
	b, err := p.head(maxPRJ)
	f.PRJ = string(b)
	return err
}

func (f *File) readTable() error {
	choice, err := choose(f.opt.Encoding)
	if err != nil {
		return err
	}
	p := f.set.parts["dbf"]
	if p == nil {
		f.note(f.Layer.Path, noDBF)
		return nil
	}
	if f.table, err = readTable(p, f.lim); err != nil {
		return err
	}
	st := choice
	if st == nil {
		if st, err = f.stated(); err != nil {
			return err
		}
	}
	var s sample
	if st != nil && st.set == big5 {
		s.big5 = newDecoder(big5)
	}
	deleted, err := f.table.survey(p, &s)
	if err != nil {
		return err
	}
	f.Records, f.Deleted = f.table.rows-deleted, deleted
	f.settle(choice, st, &s, p.name)
	f.halves = charset(f.Encoding.Name) == utf8Set || s.mostlyChinese()
	f.nameFields(p.name)
	return nil
}

// stated is what the .cpg says, else what the .dbf says.
func (f *File) stated() (*stated, error) {
	if p := f.set.parts["cpg"]; p != nil {
		b, err := p.head(maxCPG)
		if err != nil {
			return nil, err
		}
		if st := stateCPG(string(b)); st != nil {
			return st, nil
		}
		if len(strings.TrimSpace(string(b))) > 0 {
			f.note(p.name, cpgUnknown)
		}
	}
	return stateLDID(f.table.ldid), nil
}

// settle decides on the encoding. The user's choice is not doubted: text that
// does not fit it is refused.
func (f *File) settle(choice, st *stated, s *sample, file string) {
	if choice != nil {
		f.Encoding = Encoding{string(choice.set), choice.evidence}
		return
	}
	var contradicted bool
	f.Encoding, contradicted = settle(st, s)
	switch {
	case contradicted:
		f.note(file, contradiction, f.Encoding.Name, f.Encoding.Evidence.ZH, f.Encoding.Evidence.EN)
	case st == nil && s.ambiguous(""), st != nil && s.ambiguous(st.set):
		f.note(file, ambiguity, s.texts, f.Encoding.Name)
	}
}

func (f *File) nameFields(file string) {
	t := f.table
	t.nameColumns(newDecoder(charset(f.Encoding.Name)))
	for _, c := range t.columns {
		f.Fields = append(f.Fields, c.Field)
		if c.read == readNothing {
			t.note(fieldUnknown, c.Name, printable(c.Type))
		}
	}
	f.base = append(f.base, t.notes...)
}

func printable(c byte) string {
	if ' ' < c && c < utf8.RuneSelf-1 {
		return string(rune(c))
	}
	return fmt.Sprintf("0x%02X", c)
}

// Features streams the records in file order; memory is bounded by the largest
// of them. A record that is refused is not yielded; neither is one whose row is
// deleted. A file without .dbf has records without values.
//
// An error ends the sequence, with an empty record: a *[geo.Error] of code
//
//	too_many_features  more than lim.Features records
//	too_many_vertices  more than lim.PolygonVertices in one, or lim.Vertices in all
//	too_many_refusals  more than lim.Refusals refused records, listed in the error
//	zip_damaged        the rest does not unpack, or its checksum is wrong
//
// or the error of the reader under the archive. Features may be ranged over
// again; it then starts afresh. Geometry and values belong to the caller.
func (f *File) Features() iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		s, err := f.scan()
		if err != nil {
			yield(Record{}, err)
			return
		}
		defer s.close()
		for {
			r, err := s.next()
			switch {
			case err == io.EOF:
				return
			case err != nil:
				yield(Record{}, err)
				return
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}

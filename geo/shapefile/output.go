package shapefile

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"strings"
	"time"

	"github.com/klauspost/compress/flate"

	"towngrid/geo"
)

// Output is one layer to be written.
type Output struct {
	Name string // of the files, without extension
	PRJ  string // text of the .prj; none is written for ""
	// Encoding of the .dbf: "UTF-8" (also for "") or "GBK", which ArcMap and
	// Chinese Windows programs expect. A character that GBK lacks is an error
	// that names the value; none is ever replaced by another.
	Encoding string
	// Fields are of type C, N, F, D or L. A Length of 0 makes the field as wide
	// as its widest value (text at most 254 bytes). Names longer than 10 bytes
	// are cut by whole characters and made distinct.
	Fields []Field
	// ShapeType is Polygon, PolyLine, Point or MultiPoint.
	ShapeType string
	// Records is ranged over twice, to measure and to write, and must give the
	// same both times. Values follow Fields: string, int64, float64, bool or nil;
	// dates as "2026-11-23". Record numbers are not looked at. A nil or empty
	// geometry becomes a null shape.
	Records iter.Seq2[Record, error]
	// Modified dates the files; the zero time stands for 1980-01-01.
	Modified time.Time
	// ZipNamesGBK writes the names of the zip's entries in GBK without a flag
	// that says so, as Chinese Windows programs do and expect.
	ZipNamesGBK bool
	// Report is told of every text and field name that was too long and was
	// cut. Where it is nil, a text that is too long is an error.
	Report func(geo.Violation)
}

// Write streams a zip with .shp, .shx, .dbf, .cpg and .prj of each layer. All
// records are measured and checked before the first byte is written, so an error
// of theirs leaves w untouched; it is a *[geo.Error] of code not_in_gbk,
// value_too_long, bad_value, bad_geometry or too_large, which names record and
// field. Memory holds 4 bytes of each record and the packed .dbf of one layer.
func Write(w io.Writer, layers ...Output) error {
	plans := make([]*plan, len(layers))
	names := make(map[string]bool, len(layers))
	for i := range layers {
		p, err := newPlan(&layers[i])
		if err != nil {
			return err
		}
		if fold := strings.ToLower(layers[i].Name); names[fold] {
			return fmt.Errorf("shapefile: two layers named %q", layers[i].Name)
		} else {
			names[fold] = true
		}
		plans[i] = p
	}
	zw := zip.NewWriter(w)
	zw.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.DefaultCompression)
	})
	for _, p := range plans {
		if err := p.write(zw); err != nil {
			return err
		}
	}
	return zw.Close()
}

// plan is a layer that has been measured.
type plan struct {
	*Output
	kind    kind
	text    *encoder
	columns []*outColumn
	lengths []uint32 // of each record's content, in words of 16 bits
	words   int64    // of the .shp
	lo, hi  [2]float64
}

func newPlan(o *Output) (*plan, error) {
	p := &plan{Output: o, words: headerBytes / 2}
	var ok bool
	if p.kind, ok = parseKind(o.ShapeType); !ok {
		return nil, fmt.Errorf("shapefile: no shape type %q to write", o.ShapeType)
	}
	if o.Records == nil || safePath(o.Name) != nil || strings.ContainsAny(o.Name, `/\`) {
		return nil, fmt.Errorf("shapefile: a layer needs records and a plain name, not %q", o.Name)
	}
	var err error
	if p.text, err = newEncoder(o.Encoding); err != nil {
		return nil, err
	}
	if p.columns, err = p.newColumns(); err != nil {
		return nil, err
	}
	return p, p.measure()
}

// measure runs over the records once: for the lengths, the bounds, the widths of
// fields, and every error that there may be.
func (p *plan) measure() error {
	p.lo, p.hi = [2]float64{math.Inf(1), math.Inf(1)}, [2]float64{math.Inf(-1), math.Inf(-1)}
	var content []byte
	for r, err := range p.Records {
		if err != nil {
			return err
		}
		number := len(p.lengths) + 1
		if content, err = appendShape(content[:0], p.kind, r.Geometry); err != nil {
			return badGeometry(p.Name, number, err)
		}
		p.extend(content)
		p.lengths = append(p.lengths, uint32(len(content)/2))
		p.words += int64(frameBytes+len(content)) / 2
		if p.words > math.MaxInt32 {
			return geo.Errorf("too_large", "图层 %q 超过 4 GiB，Shapefile 放不下", "the layer %q exceeds the 4 GiB that a shapefile can hold", p.Name)
		}
		if err := p.measureValues(r, number); err != nil {
			return err
		}
	}
	if p.lo[0] > p.hi[0] {
		p.lo, p.hi = [2]float64{}, [2]float64{}
	}
	return p.checkWidth()
}

func (p *plan) extend(content []byte) {
	lo, hi, ok := contentBound(content)
	if ok {
		for k := range 2 {
			p.lo[k], p.hi[k] = min(p.lo[k], lo[k]), max(p.hi[k], hi[k])
		}
	}
}

func badGeometry(layer string, record int, err error) error {
	return geo.Errorf("bad_geometry",
		"图层 %[1]q 第 %[2]d 条记录的图形无法写入：%[3]v", "the shape of record %[2]d in layer %[1]q cannot be written: %[3]v", layer, record, err)
}

func (p *plan) write(zw *zip.Writer) error {
	dbf, err := p.writeSHP(zw)
	if err != nil {
		return err
	}
	if err := p.writeSHX(zw); err != nil {
		return err
	}
	if err := dbf.copyTo(zw, p); err != nil {
		return err
	}
	if err := p.writeText(zw, "cpg", p.text.name); err != nil || p.PRJ == "" {
		return err
	}
	return p.writeText(zw, "prj", p.PRJ)
}

// entry is the head of one of the layer's files in the zip.
func (p *plan) entry(ext string) (*zip.FileHeader, error) {
	h := &zip.FileHeader{Name: p.Name + "." + ext, Method: zip.Deflate, Modified: p.modified()}
	if p.ZipNamesGBK {
		gbk, err := newEncoder("GBK")
		if err != nil {
			return nil, err
		}
		b, err := gbk.bytes(h.Name)
		if err != nil {
			return nil, fmt.Errorf("shapefile: the name %q is not in GBK: %w", h.Name, err)
		}
		h.Name, h.NonUTF8 = string(b), true
	}
	return h, nil
}

func (p *plan) create(zw *zip.Writer, ext string) (io.Writer, error) {
	h, err := p.entry(ext)
	if err != nil {
		return nil, err
	}
	return zw.CreateHeader(h)
}

func (p *plan) modified() time.Time {
	if first := time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC); p.Modified.Before(first) {
		return first
	}
	return p.Modified
}

func (p *plan) writeText(zw *zip.Writer, ext, text string) error {
	w, err := p.create(zw, ext)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, text)
	return err
}

var errChanged = errors.New("shapefile: the records differ from those measured before")

// writeSHP writes the .shp and, from the same run over the records, packs the
// rows of the .dbf, which must wait for its turn in the zip.
func (p *plan) writeSHP(zw *zip.Writer) (*spool, error) {
	w, err := p.create(zw, "shp")
	if err != nil {
		return nil, err
	}
	if _, err = w.Write(header{kind: p.kind, length: 2 * p.words}.appendTo(nil, p.lo, p.hi)); err != nil {
		return nil, err
	}
	dbf, err := newSpool()
	if err != nil {
		return nil, err
	}
	if err := dbf.write(p.dbfHead()); err != nil {
		return nil, err
	}
	if err := p.writeRecords(w, dbf); err != nil {
		return nil, err
	}
	return dbf, dbf.write([]byte{dbfEnd})
}

func (p *plan) writeRecords(shp io.Writer, dbf *spool) error {
	var b, row []byte
	n := 0
	for r, err := range p.Records {
		if err != nil {
			return err
		}
		if b, err = appendShape(appendFrame(b[:0], n+1), p.kind, r.Geometry); err != nil {
			return badGeometry(p.Name, n+1, err)
		}
		if n == len(p.lengths) || len(b) != frameBytes+2*int(p.lengths[n]) {
			return errChanged
		}
		setFrameLength(b, p.lengths[n])
		if _, err = shp.Write(b); err != nil {
			return err
		}
		if row, err = p.appendRow(row[:0], r, n+1); err != nil {
			return err
		}
		if err = dbf.write(row); err != nil {
			return err
		}
		n++
	}
	if n != len(p.lengths) {
		return errChanged
	}
	return nil
}

func (p *plan) writeSHX(zw *zip.Writer) error {
	w, err := p.create(zw, "shx")
	if err != nil {
		return err
	}
	b := header{kind: p.kind, length: headerBytes + indexEntry*int64(len(p.lengths))}.appendTo(nil, p.lo, p.hi)
	at := uint32(headerBytes / 2)
	for _, length := range p.lengths {
		b = appendIndexEntry(b, at, length)
		at += frameBytes/2 + length
		if len(b) >= 64<<10 {
			if _, err := w.Write(b); err != nil {
				return err
			}
			b = b[:0]
		}
	}
	_, err = w.Write(b)
	return err
}

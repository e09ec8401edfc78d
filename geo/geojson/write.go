package geojson

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"towngrid/geo"
	"towngrid/geo/shapefile"
)

// Options are what a writer may choose.
type Options struct {
	// Sequence writes a text sequence with record separators (RFC 8142,
	// application/geo+json-seq) in place of a FeatureCollection.
	Sequence bool
	// CRS is the name to be written into the crs member of the GeoJSON of 2008, such
	// as "urn:ogc:def:crs:EPSG::4528", which GDAL and ArcGIS read. RFC 7946 has no
	// such member: leave it "" for longitude and latitude. A sequence has no place
	// for it.
	CRS string
	// Foreign are further members (RFC 7946, section 6.1), of the FeatureCollection
	// or of each Feature of a sequence. Their names must not be those of GeoJSON's own.
	Foreign geo.Properties
}

// Write writes the records as Features, in the shortest decimal digits that give the
// same numbers again. Rings are closed and wound as RFC 7946 says. Values follow fields:
// string, int64, float64, bool or nil; a float64 always has a point or an exponent, so
// that it is read back as one. Record numbers are not looked at; a nil or empty geometry
// is null. Memory holds one record.
//
// The error is that of w or records, or a *[geo.Error] of code bad_value or
// bad_geometry, which names the record; the output is then incomplete.
func Write(w io.Writer, records iter.Seq2[shapefile.Record, error], fields []shapefile.Field, opt Options) error {
	if opt.Sequence && opt.CRS != "" {
		return errors.New("geojson: a sequence cannot state a CRS")
	}
	out := bufio.NewWriterSize(w, 64<<10)
	p, err := newPen(fields)
	if err != nil {
		return err
	}
	foreign, err := opt.foreign()
	if err != nil {
		return err
	}
	var b []byte
	if opt.Sequence {
		p.foreign = foreign
	} else {
		out.Write(opt.appendHead(nil, foreign))
	}
	n := 0
	for r, err := range records {
		if err != nil {
			return err
		}
		n++
		if b, err = p.appendFeature(opt.appendBefore(b[:0], n), r, n); err != nil {
			return err
		}
		if opt.Sequence {
			b = append(b, '\n')
		}
		if _, err := out.Write(b); err != nil {
			return err
		}
	}
	if !opt.Sequence {
		out.WriteString("\n]}\n")
	}
	return out.Flush()
}

// foreign are the foreign members as text, each with a comma behind it.
func (opt Options) foreign() (b []byte, err error) {
	for _, m := range opt.Foreign {
		if slices.Contains([]string{"", "type", "features", "geometry", "properties", "id", "bbox", "crs", "coordinates", "geometries"}, m.Name) || !utf8.ValidString(m.Name) {
			return nil, fmt.Errorf("geojson: no foreign member can be named %q", m.Name)
		}
		var ok bool
		if b, ok = appendValue(append(appendText(b, m.Name), ':'), m.Value); !ok {
			return nil, fmt.Errorf("geojson: the member %q cannot be %v", m.Name, m.Value)
		}
		b = append(b, ',')
	}
	return b, nil
}

func (opt Options) appendHead(b, foreign []byte) []byte {
	b = append(append(b, `{"type":"FeatureCollection",`...), foreign...)
	if opt.CRS != "" {
		b = append(b, `"crs":{"type":"name","properties":{"name":`...)
		b = append(appendText(b, opt.CRS), "}},"...)
	}
	return append(b, `"features":[`...)
}

// appendBefore appends what stands before Feature n.
func (opt Options) appendBefore(b []byte, n int) []byte {
	switch {
	case opt.Sequence:
		return append(b, separator)
	case n > 1:
		b = append(b, ',')
	}
	return append(b, '\n')
}

// pen writes Features of one set of fields.
type pen struct {
	fields []shapefile.Field
	names  [][]byte // of the fields, as texts

	foreign []byte // members of each Feature
}

func newPen(fields []shapefile.Field) (*pen, error) {
	p := &pen{fields: fields}
	for i, f := range fields {
		if !utf8.ValidString(f.Name) {
			return nil, fmt.Errorf("geojson: the field name %q is not valid text", f.Name)
		}
		if slices.ContainsFunc(fields[:i], func(g shapefile.Field) bool { return g.Name == f.Name }) {
			return nil, fmt.Errorf("geojson: two fields named %q", f.Name)
		}
		p.names = append(p.names, appendText(nil, f.Name))
	}
	return p, nil
}

func (p *pen) appendFeature(b []byte, r shapefile.Record, number int) ([]byte, error) {
	if len(r.Values) != len(p.fields) {
		return b, fmt.Errorf("geojson: record %d has %d values for %d fields", number, len(r.Values), len(p.fields))
	}
	b = append(append(b, `{"type":"Feature",`...), p.foreign...)
	b = append(b, `"properties":{`...)
	for i, v := range r.Values {
		if i > 0 {
			b = append(b, ',')
		}
		var ok bool
		b = append(append(b, p.names[i]...), ':')
		if b, ok = appendValue(b, v); !ok {
			return b, geo.Errorf("bad_value", "第 %d 条记录字段 %q 的值 %v 不能写入 GeoJSON",
				"the value in field %[2]q of record %[1]d, %[3]v, cannot be written to GeoJSON", number, p.fields[i].Name, v)
		}
	}
	b, err := appendGeometry(append(b, `},"geometry":`...), r.Geometry)
	if err != nil {
		return b, geo.Errorf("bad_geometry", "第 %d 条记录的图形无法写入：%v", "the shape of record %d cannot be written: %v", number, err)
	}
	return append(b, '}'), nil
}

// appendValue appends a property's value; ok is false for one that JSON cannot say.
func appendValue(b []byte, v any) (out []byte, ok bool) {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...), true
	case bool:
		return strconv.AppendBool(b, v), true
	case int64:
		return strconv.AppendInt(b, v, 10), true
	case float64:
		from := len(b)
		b = appendFloat(b, v)
		if !slices.ContainsFunc(b[from:], func(c byte) bool { return c == '.' || c == 'e' }) {
			b = append(b, ".0"...)
		}
		return b, !math.IsNaN(v) && !math.IsInf(v, 0)
	case string:
		return appendText(b, v), utf8.ValidString(v)
	}
	return b, false
}

// appendFloat appends the shortest digits that mean v, with an exponent only where
// there would be many zeros.
func appendFloat(b []byte, v float64) []byte {
	if a := math.Abs(v); a != 0 && (a < 1e-6 || a >= 1e21) {
		return strconv.AppendFloat(b, v, 'e', -1, 64)
	}
	return strconv.AppendFloat(b, v, 'f', -1, 64)
}

// appendText appends a string. What JSON allows to stand for itself does.
func appendText(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	from := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[from:i]...)
		from = i + 1
		if c < ' ' {
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		} else {
			b = append(b, '\\', c)
		}
	}
	return append(append(b, s[from:]...), '"')
}

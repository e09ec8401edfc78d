package export

import (
	"archive/zip"
	"errors"
	"io"
	"os"
	"time"

	"towngrid/geo"
	"towngrid/geo/shapefile"
)

// The widths that a .dbf gives to values.
const (
	maxText    = 254
	maxColumns = 255
	// maxFigures is the widest number and maxDecimals the most digits after the point
	// that GIS programs write and read.
	maxFigures, maxDecimals = 24, 15
)

// shapefile writes the zip to a temporary file and from there, behind a README, to w.
func (j *job) shapefile(w io.Writer) (err error) {
	f, err := os.CreateTemp(j.Spool, "towngrid-export-*.zip")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	t, err := j.dbf()
	if err != nil {
		return err
	}
	if err := shapefile.Write(f, t.output()); err != nil {
		return err
	}
	return t.explain(w, f)
}

// dbf is the table of a shapefile.
type dbf struct {
	*job
	letters *letters
	fields  []shapefile.Field
}

func (j *job) dbf() (*dbf, error) {
	if err := j.checkWidth(maxColumns); err != nil {
		return nil, err
	}
	t := &dbf{job: j, letters: newLetters(j.Encoding)}
	j.reportMixed()
	names := j.planners(t.letters)
	for i := range j.columns {
		f := j.dbfField(&j.columns[i])
		f.Name = names[i]
		t.fields = append(t.fields, f)
	}
	return t, nil
}

// checkWidth refuses more columns than the format holds.
func (j *job) checkWidth(limit int) error {
	if n := len(j.columns); n > limit {
		return geo.Errorf("too_many_columns", "共有 %d 个字段，格式 %s 最多 %d 个；请改用 GeoJSON",
			"there are %d fields, and %s holds %d; choose GeoJSON", n, string(j.Format), limit)
	}
	return nil
}

// dbfField is the type and width of a column.
func (j *job) dbfField(c *column) shapefile.Field {
	switch c.kind {
	case geo.Bool:
		return shapefile.Field{Type: 'L'}
	case geo.Date:
		return shapefile.Field{Type: 'D'}
	case geo.Integer:
		return shapefile.Field{Type: 'N', Length: wholeWidth(c.tally.figures.longest)}
	case geo.Number:
		return j.realField(c)
	}
	if c.tally.texts+c.tally.wholes+c.tally.reals+c.tally.truths == 0 {
		return shapefile.Field{Type: 'C', Length: 50}
	}
	return shapefile.Field{Type: 'C'} // as wide as its widest value
}

// wholeWidth is that of whole numbers of up to n characters. GIS programs read up to 9
// as 32 bits and up to 18 as 64.
func wholeWidth(n int) int {
	switch {
	case n <= 9:
		return 9
	case n <= 18:
		return 18
	}
	return n
}

// realField gives numbers all the decimals that they have, as far as there is room, and
// at least two. Numbers too large for any field are written as text.
func (j *job) realField(c *column) shapefile.Field {
	f := &c.tally.figures
	if f.whole > maxFigures-2 {
		j.cut("numbers_as_text", geo.None, "字段 %q 有 %d 位整数，超出数值字段，写成文本", "the field %q has numbers of %d digits, beyond what a number can be; they are written as text", c.field.Name, f.whole)
		c.kind = geo.String
		return shapefile.Field{Type: 'C'}
	}
	after := max(min(f.decimals(), maxDecimals, maxFigures-1-f.whole), 2)
	after = min(after, maxFigures-1-f.whole)
	if n := f.beyond(after); n > 0 {
		j.cut("numbers_rounded", geo.None, "字段 %q 有 %d 个值四舍五入到 %d 位小数", "of the field %q, %d values are rounded to %d decimals", c.field.Name, n, after)
	}
	return shapefile.Field{Type: 'N', Length: min(max(f.whole+1+after, 12), maxFigures), Decimals: after}
}

func (t *dbf) output() shapefile.Output {
	shape := "Polygon"
	if t.schema.Geometry == geo.Point {
		shape = "Point"
	}
	return shapefile.Output{
		Name: t.stem(), PRJ: t.CRS.WKT(), Encoding: t.Encoding, Fields: t.fields, ShapeType: shape,
		Records: t.records(t.row), Modified: t.stamp(), Report: func(v geo.Violation) { t.cuts.Add(v) },
	}
}

// row is what the .dbf says of a feature.
func (t *dbf) row(it item) ([]any, error) {
	values := make([]any, len(t.columns))
	for i := range t.columns {
		c := &t.columns[i]
		v := c.as(c.value(it))
		s, is := v.(string)
		if !is || c.kind == geo.Date {
			values[i] = v
			continue
		}
		if label := c.field.Labels[s]; label != "" {
			s = label
		}
		s, err := t.spelled(c, t.letters, maxText, it, s)
		if err != nil {
			return nil, err
		}
		if s != "" {
			values[i] = s
		}
	}
	return values, nil
}

// stamp is the date of all files in the zip, which has none before 1980.
func (t *dbf) stamp() time.Time {
	first := time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)
	if at := t.published().Truncate(2 * time.Second); at.After(first) {
		return at
	}
	return first
}

// explain copies the zip in f to w and puts a README.txt before its entries.
func (t *dbf) explain(w io.Writer, f *os.File) error {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	r, err := zip.NewReader(f, size)
	if err != nil {
		return err
	}
	zw := zip.NewWriter(w)
	readme, err := zw.CreateHeader(&zip.FileHeader{Name: "README.txt", Method: zip.Deflate, Modified: t.stamp()})
	if err != nil {
		return err
	}
	if _, err := io.WriteString(readme, t.readme()); err != nil {
		return err
	}
	for _, entry := range r.File {
		if err := zw.Copy(entry); err != nil {
			return err
		}
	}
	return zw.Close()
}

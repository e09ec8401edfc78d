package export

import (
	"bufio"
	"encoding/csv"
	"io"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/crs"
)

// csv writes rows with a header in UTF-8, whose mark at the beginning tells Excel so.
// Polygons are WKT; points are two columns, lon and lat, or x (east) and y (north) in
// metres. A system other than CGCS2000 degrees is named in a column of its own.
func (j *job) csv(w io.Writer) error {
	out := bufio.NewWriterSize(w, 64<<10)
	if _, err := out.WriteString("\ufeff"); err != nil {
		return err
	}
	rows := csv.NewWriter(out)
	rows.UseCRLF = true
	t := &sheet{job: j}
	if err := rows.Write(t.header()); err != nil {
		return err
	}
	for r, err := range j.records(j.values) {
		if err != nil {
			return err
		}
		if err := rows.Write(t.row(r.Number, r.Values, r.Geometry)); err != nil {
			return err
		}
	}
	rows.Flush()
	if err := rows.Error(); err != nil {
		return err
	}
	return out.Flush()
}

// sheet is the table of a CSV file.
type sheet struct {
	*job
	cells []string // of the row at hand
	wkt   []byte
}

func (t *sheet) header() []string {
	place := t.placeColumns()
	names := t.names(place...)
	for i, name := range names {
		names[i] = t.guarded(geo.None, name, name)
	}
	return append(names, place...)
}

// placeColumns are the names of the columns that hold the geometry.
func (t *sheet) placeColumns() (names []string) {
	switch {
	case t.schema.Geometry != geo.Point:
		names = []string{"wkt"}
	case t.CRS.Geographic():
		names = []string{"lon", "lat"}
	default:
		names = []string{"x", "y"}
	}
	if t.CRS != crs.CGCS2000() {
		names = append(names, "crs")
	}
	return names
}

func (t *sheet) row(number int, values []any, g orb.Geometry) []string {
	t.cells = t.cells[:0]
	for i, v := range values {
		s := text(v)
		if _, is := v.(string); is {
			s = t.guarded(number, t.columns[i].field.Name, s)
		}
		t.cells = append(t.cells, s)
	}
	switch g := g.(type) {
	case orb.Point:
		t.cells = append(t.cells, text(g[0]), text(g[1]))
	case orb.MultiPolygon:
		t.wkt = appendWKT(t.wkt[:0], g)
		t.cells = append(t.cells, string(t.wkt))
	}
	if t.CRS != crs.CGCS2000() {
		t.cells = append(t.cells, t.CRS.ID())
	}
	return t.cells
}

// guarded is a text that no spreadsheet takes for a formula, and lists what had to change.
func (t *sheet) guarded(number int, field, s string) string {
	safe := geo.Guarded(s)
	if safe != s {
		t.cut("formula_guarded", number, "字段 %q 的值 %.80q 会被表格软件当作公式，前面加了单引号",
			"the value in %q, %.80q, would be a formula to a spreadsheet and has an apostrophe before it", field, s)
	}
	return safe
}

// appendWKT appends a MULTIPOLYGON in the shortest digits that give the same numbers again.
func appendWKT(b []byte, mp orb.MultiPolygon) []byte {
	b = append(b, "MULTIPOLYGON ("...)
	for i, p := range mp {
		b = append(comma(b, i), '(')
		for k, r := range p {
			b = append(comma(b, k), '(')
			for n, v := range r {
				b = appendNumber(comma(b, n), v[0])
				b = appendNumber(append(b, ' '), v[1])
			}
			b = append(b, ')')
		}
		b = append(b, ')')
	}
	return append(b, ')')
}

func comma(b []byte, i int) []byte {
	if i == 0 {
		return b
	}
	return append(b, ", "...)
}

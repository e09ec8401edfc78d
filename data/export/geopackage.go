package export

import (
	"io"
	"strings"

	"towngrid/data/gpkg"
	"towngrid/geo"
)

// maxTableColumns is what SQLite allows by default, less fid and geom.
const maxTableColumns = 2000 - 2

// geoPackage writes one table, whose description says what it was made from.
func (j *job) geoPackage(w io.Writer) error {
	if err := j.checkWidth(maxTableColumns); err != nil {
		return err
	}
	j.reportMixed()
	l := gpkg.Layer{
		Name: string(j.schema.Collection), Title: j.schema.Title.ZH, Description: j.description(),
		Geometry: j.schema.Geometry, Records: j.records(j.typed), Changed: j.published(),
	}
	for i, name := range j.names("fid", "geom") {
		l.Columns = append(l.Columns, geo.Field{Name: name, Type: j.columns[i].kind})
	}
	return gpkg.WriteCopy(j.ctx, w, j.Spool, l)
}

func (j *job) description() string {
	lines := []string{j.schema.Title.ZH + " / " + j.schema.Title.EN, "版本 versions: " + j.versions()}
	if j.Notice != (geo.Text{}) {
		lines = append([]string{j.Notice.ZH, j.Notice.EN}, lines...)
	}
	return strings.Join(lines, "\n")
}

// typed are a feature's values in the types of their columns.
func (j *job) typed(it item) ([]any, error) {
	values := make([]any, len(j.columns))
	for i := range j.columns {
		values[i] = j.columns[i].as(j.columns[i].value(it))
	}
	return values, nil
}

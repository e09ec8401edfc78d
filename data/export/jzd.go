package export

import (
	"io"
	"math"
	"slices"

	"towngrid/geo"
	"towngrid/geo/jzd"
	"towngrid/geo/shapefile"
)

// jzd writes boundary points: code, name, area, and of parcels use and land-use code.
// Other columns that hold something are listed as left out.
func (j *job) jzd(w io.Writer) error {
	if j.schema.Geometry != geo.MultiPolygon {
		return geo.Errorf("not_polygons", "界址点文件只能保存面，不能保存%s", "a boundary-point file holds polygons; of %[2]s there are only points", j.schema.Title.ZH, j.schema.Title.EN)
	}
	header, err := jzd.NewHeader(j.CRS)
	if err != nil {
		return err
	}
	header.Date = j.published().Format("2006-1-2")
	t := &parcels{job: j, letters: newLetters(j.Encoding), columns: []*column{&j.columns[0], &j.columns[1], j.column("land_use_name"), j.column("land_use")}}
	t.reportLeftOut()
	j.cut("coordinates_rounded", geo.None, "界址点坐标四舍五入到 %v 米", "coordinates are rounded to %v m", header.Precision)
	if err := t.check(); err != nil {
		return err
	}
	fields := []shapefile.Field{{Name: "编号"}, {Name: "名称"}, {Name: "用途"}, {Name: "地类编码"}, {Name: "面积"}}
	return jzd.Write(w, j.records(t.row), fields, jzd.Options{Header: header, Encoding: j.Encoding, Report: func(v geo.Violation) { j.cuts.Add(v) }})
}

// column is the schema's column of a parcels field, nil where the collection has none.
func (j *job) column(name string) *column {
	for i := range j.columns {
		if c := &j.columns[i]; c.own && c.field.Name == name {
			return c
		}
	}
	return nil
}

// parcels is what a boundary-point file says of features.
type parcels struct {
	*job
	letters *letters
	columns []*column // of the texts, nil for none
}

// check runs over the texts once, so that an error comes before the first byte.
func (t *parcels) check() error {
	for it, err := range t.items() {
		if err == nil {
			_, err = t.texts(it)
		}
		if err != nil {
			return err
		}
	}
	t.told = true
	return nil
}

func (t *parcels) row(it item) ([]any, error) {
	values, err := t.texts(it)
	return append(values, math.Round(geo.AreaM2(it.Geometry))/1e4), err // hectares, as is the custom
}

func (t *parcels) texts(it item) ([]any, error) {
	values := make([]any, 0, len(t.columns)+1)
	for _, c := range t.columns {
		s := ""
		if c != nil {
			var err error
			if s, err = t.spelled(c, t.letters, maxText, it, text(c.value(it))); err != nil {
				return nil, err
			}
		}
		values = append(values, s)
	}
	return values, nil
}

func (t *parcels) reportLeftOut() {
	for i := range t.job.columns {
		c := &t.job.columns[i]
		if n := c.tally.texts + c.tally.wholes + c.tally.reals + c.tally.truths; n > 0 && !slices.Contains(t.columns, c) {
			t.cut("field_left_out", geo.None, "界址点文件没有字段 %q 的位置，未写出 %d 个值", "the field %q has no place in a boundary-point file; %d values are left out", c.field.Name, n)
		}
	}
}

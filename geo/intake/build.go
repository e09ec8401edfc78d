package intake

import (
	"math"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/shapefile"
)

// build turns the records into features: geometry to CGCS2000 degrees, values to
// the schema's types. Each record either becomes a feature or is named in a refusal.
func (r *reader) build() error {
	r.result.Features = make([]geo.Feature, 0, len(r.records))
	r.numbers = make([]int, 0, len(r.records))
	r.origins = make([][]shapefile.Origin, 0, len(r.records))
	for i, rec := range r.records {
		if i%1024 == 0 {
			if err := r.ctx.Err(); err != nil {
				return err
			}
			r.job.Progress(false, 0.3+0.3*float64(i)/float64(len(r.records)))
		}
		if f, ok := r.feature(rec); ok {
			r.result.Features = append(r.result.Features, f)
			r.numbers = append(r.numbers, rec.Number)
			r.origins = append(r.origins, rec.Rings)
		}
	}
	r.result.Counts.Features = len(r.result.Features)
	r.records = nil
	r.placeViolations()
	return nil
}

// feature is a record as a feature; ok is false where a refusal names the record.
func (r *reader) feature(rec shapefile.Record) (f geo.Feature, ok bool) {
	g, ok := r.geometry(rec)
	f.Geometry = g
	f.Properties = make(geo.Properties, 0, len(r.fields.fields)+len(r.fields.extra))
	for i, field := range r.fields.fields {
		column := r.fields.columns[i]
		if column == absent {
			continue
		}
		v, fits := value(field, rec.Values[column])
		if !fits {
			r.add(unfit(field, r.fields.names[column], rec.Values[column]).At(rec.Number, geo.None, geo.None))
			ok = false
			continue
		}
		switch {
		case i == 0:
			f.Code = geo.Code(text(v))
		case i == 1:
			f.Name = text(v)
		case v != nil:
			f.Properties = append(f.Properties, geo.Property{Name: field.Name, Value: v})
		case field.Required:
			r.add(empty(field).At(rec.Number, geo.None, geo.None))
			ok = false
		}
	}
	if r.system != "" {
		f.Properties = append(f.Properties, geo.Property{Name: "code_system", Value: r.system})
	}
	for _, column := range r.fields.extra {
		if column == r.file.idField && text(rec.Values[column]) == string(f.Code) {
			continue // said once is enough
		}
		if v := rec.Values[column]; v != nil && v != "" {
			f.Properties = append(f.Properties, geo.Property{Name: r.fields.names[column], Value: v})
		}
	}
	return f, ok
}

// unfit tells of a value that its field cannot take.
func unfit(f geo.Field, column string, v any) geo.Violation {
	fix := geo.Textf("请改为%s类型的值", "give a value of type %s", string(f.Type))
	if len(f.Enum) > 0 {
		fix = geo.Text{ZH: "可用的值：" + listed(f), EN: "the values that can stand here: " + listed(f)}
	}
	return geo.Breach("bad_value", geo.Refusal,
		geo.Textf("字段 %s 的值 %.60q 不能作为 %s", "field %s: %.60q cannot stand for %s", column, text(v), f.Name), fix)
}

func listed(f geo.Field) string {
	s := ""
	for i, v := range f.Enum {
		if i > 0 {
			s += ", "
		}
		s += v
		if l := f.Labels[v]; l != "" {
			s += " (" + l + ")"
		}
	}
	return s
}

func empty(f geo.Field) geo.Violation {
	return geo.Breach("missing_value", geo.Refusal,
		geo.Textf("必填字段 %s 为空", "the required field %s is empty", f.Name), geo.Text{ZH: "请补填", EN: "fill it in"})
}

// geometry brings a record's geometry to the schema's kind and to CGCS2000 degrees.
func (r *reader) geometry(rec shapefile.Record) (orb.Geometry, bool) {
	switch g := rec.Geometry.(type) {
	case nil:
		r.add(geo.Breach("missing_geometry", geo.Refusal,
			geo.Text{ZH: "记录没有图形", EN: "the record has no geometry"},
			geo.Text{ZH: "请删除该记录或补上图形", EN: "delete the record or draw its geometry"}).At(rec.Number, geo.None, geo.None))
		return nil, false
	case orb.Point:
		if r.schema.Geometry == geo.Point {
			return r.point(rec.Number, g)
		}
	case orb.MultiPoint:
		if r.schema.Geometry == geo.Point && len(g) == 1 {
			return r.point(rec.Number, g[0])
		}
	case orb.MultiPolygon:
		if r.schema.Geometry == geo.MultiPolygon {
			return r.polygons(rec, g)
		}
	}
	r.add(geo.Breach("wrong_geometry", geo.Refusal,
		geo.Textf("图形类型 %s 不能作为 %s（应为 %s）", "a geometry of type %s cannot stand in %s, which holds %s",
			rec.Geometry.GeoJSONType(), string(r.schema.Collection), string(r.schema.Geometry)),
		geo.Text{ZH: "请确认选择了正确的图层集", EN: "check that this is the right collection"}).At(rec.Number, geo.None, geo.None))
	return nil, false
}

func (r *reader) point(record int, p orb.Point) (orb.Geometry, bool) {
	lon, lat := r.crs.ToGeographic(p[0], p[1])
	if !crs.InChina(lon, lat) {
		r.add(r.abroad(lon, lat).At(record, 0, 0))
		return nil, false
	}
	return orb.Point{lon, lat}, true
}

// polygons transforms in place; the first vertex that falls outside China refuses the record.
func (r *reader) polygons(rec shapefile.Record, mp orb.MultiPolygon) (orb.Geometry, bool) {
	n := 0
	for _, p := range mp {
		for _, ring := range p {
			r.crs.ToGeographicAll(ring)
			for v, at := range ring {
				if !crs.InChina(at.Lon(), at.Lat()) {
					part, vertex := inFile(rec.Rings, n, v, len(ring))
					r.add(r.abroad(at.Lon(), at.Lat()).At(rec.Number, part, vertex))
					return nil, false
				}
			}
			n++
		}
	}
	return mp, true
}

// abroad tells of a position outside China, with what was read and what it would mean.
// Of a system of the operator's own it tells neither: together they give part of the
// parameters away.
func (r *reader) abroad(lon, lat float64) geo.Violation {
	x, y := r.crs.FromGeographic(lon, lat)
	message := geo.Textf("坐标 (%.3f, %.3f) 换算后为 %.6f°, %.6f°，不在中国范围内", "the coordinates (%.3f, %.3f) come to %.6f°, %.6f°, which is not in China", x, y, lon, lat)
	known := !math.IsNaN(x) && !math.IsNaN(y)
	if !known || r.crs.Own() {
		message = geo.Text{ZH: "该点换算后不在中国范围内", EN: "the vertex does not come to lie in China"}
	}
	v := geo.Breach("outside_china", geo.Refusal, message,
		geo.Text{ZH: "请检查坐标系、带号以及 X/Y 顺序", EN: "check the reference system, its zone, and the order of X and Y"})
	if known && !r.crs.Own() {
		v = v.On(lon, lat)
	}
	return v
}

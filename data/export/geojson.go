package export

import (
	"io"

	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/geojson"
	"towngrid/geo/shapefile"
)

// geoJSON writes a FeatureCollection, with what was exported in foreign members, or a
// text sequence. Degrees that are shifted are flagged, so that nobody takes them for
// true ones: by the member datum, in a sequence of each Feature, and in a collection by
// the member crs of the GeoJSON of 2008 as well.
func (j *job) geoJSON(w io.Writer) error {
	var fields []shapefile.Field
	for _, name := range j.names() {
		fields = append(fields, shapefile.Field{Name: name})
	}
	opt := geojson.Options{Sequence: j.Format == GeoJSONSeq}
	moved := shifted(j.CRS) != crs.WGS84
	if !opt.Sequence {
		opt.Foreign = j.members()
	}
	if moved {
		opt.Foreign = append(geo.Properties{{Name: "datum", Value: j.datum()}}, opt.Foreign...)
		if !opt.Sequence {
			opt.CRS = j.CRS.ID()
		}
	}
	return geojson.Write(w, j.records(j.values), fields, opt)
}

// members say what the file was made from.
func (j *job) members() geo.Properties {
	ps := geo.Properties{
		{Name: "collection", Value: string(j.schema.Collection)},
		{Name: "versions", Value: j.versions()},
		{Name: "timeStamp", Value: j.published().Format("2006-01-02T15:04:05Z")},
	}
	if j.Notice != (geo.Text{}) {
		ps = append(ps, geo.Property{Name: "notice", Value: j.Notice.ZH + " / " + j.Notice.EN})
	}
	return ps
}

// values are a feature's values as they are; empty text is null.
func (j *job) values(it item) ([]any, error) {
	values := make([]any, len(j.columns))
	for i := range j.columns {
		if v := j.columns[i].value(it); v != "" {
			values[i] = v
		}
	}
	return values, nil
}

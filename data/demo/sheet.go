package demo

import (
	"iter"
	"math"
	"time"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/shapefile"
)

// sheet is one collection as a shapefile holds it.
type sheet struct {
	name    string // of the files in the zip
	shape   string
	fields  []shapefile.Field
	records iter.Seq2[shapefile.Record, error]
}

// The kinds of fields. The width of text is that of the widest value.
func text(name string) shapefile.Field { return shapefile.Field{Name: name, Type: 'C'} }
func whole(name string, width int) shapefile.Field {
	return shapefile.Field{Name: name, Type: 'N', Length: width}
}
func decimal(name string, width, decimals int) shapefile.Field {
	return shapefile.Field{Name: name, Type: 'N', Length: width, Decimals: decimals}
}

// sheet gives a collection the field names that planners use for it.
func (d *District) sheet(c geo.Collection) sheet {
	switch c {
	case geo.Towns:
		return sheet{"示范区_特色小镇", "Polygon", []shapefile.Field{
			text("XZBM"), text("XZMC"), whole("XZLB", 1), text("XZLX"), text("JSJD"), whole("CZRK", 8), text("QHQ"), decimal("GHMJ", 15, 2), text("BZ"),
		}, rows(d.towns, townRow)}
	case geo.Units:
		return sheet{"示范区_网格单元", "Polygon", []shapefile.Field{
			text("DYBM"), text("DYMC"), text("DYCJ"), text("SJDYBM"), decimal("ZDJD", 12, 7), decimal("ZDWD", 12, 7),
			whole("WGJC", 4), whole("ZDYS", 4), whole("XFJ", 4), whole("WGYS", 4), text("BZ"),
		}, rows(d.units, unitRow)}
	case geo.Cells:
		return sheet{"示范区_网格", "Polygon", []shapefile.Field{
			text("WGBM"), text("WGMC"), text("SSDYBM"), {Name: "QYRQ", Type: 'D'}, text("BZ"),
		}, rows(d.cells, cellRow)}
	case geo.Parcels:
		return sheet{"示范区_用地图斑", "Polygon", []shapefile.Field{
			text("TBBH"), text("YDYHFLDM"), text("YDYHFLMC"), text("SFJSYD"), text("XZBM"), decimal("JSMJ", 15, 2), text("BZ"),
		}, rows(d.parcels, parcelRow)}
	case geo.Facilities:
		return sheet{"示范区_设施", "Point", []shapefile.Field{
			text("SSBM"), text("SSMC"), text("SSLX"), text("SSCY"), text("DZ"), text("BZ"),
		}, rows(d.facilities, facilityRow)}
	}
	return sheet{"示范区_事件", "Point", []shapefile.Field{
		text("SJBH"), text("FSSJ"), text("SJLX"), text("SJLY"), text("SJZT"),
	}, incidentRows(d.incidents())}
}

// rows makes records of things.
func rows[T any](things []T, row func(T) (orb.Geometry, []any)) iter.Seq2[shapefile.Record, error] {
	return func(yield func(shapefile.Record, error) bool) {
		for _, t := range things {
			g, values := row(t)
			if !yield(shapefile.Record{Geometry: g, Values: values}, nil) {
				return
			}
		}
	}
}

func townRow(t town) (orb.Geometry, []any) {
	var residents any
	if t.Residents > 0 {
		residents = int64(t.Residents)
	}
	return t.shape, []any{string(t.Code), t.Name, int64(t.Class), t.Type, t.Stage, residents, "III", cents(t.area), Note}
}

func unitRow(u unit) (orb.Geometry, []any) {
	field, _ := geo.Units.Schema().Field("level")
	seat := geographic(u.seat)
	police, officers := any(nil), any(nil)
	if u.level == geo.LevelStation {
		police, officers = int64(1), int64(u.officers)
	}
	return u.shape, []any{string(u.code), u.name, field.Labels[u.level], string(u.parent), seat[0], seat[1], police, police, police, officers, Note}
}

func cellRow(c cell) (orb.Geometry, []any) {
	start, _ := Year()
	return c.shape, []any{string(c.code), c.name, string(c.unit), start.Format(time.DateOnly), Note}
}

func parcelRow(p parcel) (orb.Geometry, []any) {
	built := "否"
	if construction(p.use) {
		built = "是"
	}
	return p.shape, []any{string(p.code), p.use, useNames()[p.use], built, string(p.town), cents(p.area), Note}
}

func facilityRow(f facility) (orb.Geometry, []any) {
	field, _ := geo.Facilities.Schema().Field("kind")
	return f.at, []any{string(f.code), f.name, field.Labels[f.kind], f.industry, f.address, Note}
}

func incidentRows(all iter.Seq[incident]) iter.Seq2[shapefile.Record, error] {
	return func(yield func(shapefile.Record, error) bool) {
		for in := range all {
			r := shapefile.Record{Geometry: in.at, Values: []any{in.id, in.time.Format(time.RFC3339), in.kind, in.source, in.status}}
			if !yield(r, nil) {
				return
			}
		}
	}
}

// cents rounds an area to the two decimals that its field has.
func cents(m2 float64) float64 { return math.Round(m2*100) / 100 }

package intake

import (
	"context"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/shapefile"
)

// ShapeKind is what the shapes of a file are wanted as.
type ShapeKind string

// The kinds of shapes.
const (
	AsPolygons ShapeKind = "polygons" // polygons only
	AsLines    ShapeKind = "lines"    // lines, and the rings of polygons
	AsPoints   ShapeKind = "points"   // points only
)

// mostShapeVertices bounds the vertices of all shapes of a file.
const mostShapeVertices = 2_000_000

// Shape is a record of a file that belongs to no collection, such as a block or a road:
// its geometry in CGCS2000 degrees and its columns as they are.
type Shape struct {
	Record int // in the file, from 1
	// Geometry is an orb.MultiPolygon, orb.MultiLineString or orb.MultiPoint by the kind.
	Geometry orb.Geometry
	Values   geo.Properties
}

// Shapes reads a file of any schema, in the formats and within the bounds of Read. Of the
// job the collection, division and progress are not looked at. What was repaired is
// listed; the error is a *geo.Error where anything was refused, with the violations, and
// "needs_choice" where a question is open that only the planner's choice answers.
func Shapes(ctx context.Context, job Job, kind ShapeKind) ([]Shape, []geo.Violation, error) {
	job.Progress, job.Final = func(bool, float64) {}, true
	r := reader{ctx: ctx, job: job}
	if err := job.Choice.Check(); err != nil {
		return nil, nil, err
	}
	for _, step := range []func() error{r.open, r.decode, r.locateCRS} {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		if err := step(); err != nil {
			return nil, nil, err
		}
		if q := r.result.Question; q != nil {
			return nil, nil, undecided(job.File, *q)
		}
	}
	names := make([]string, len(r.file.fields))
	for i, f := range r.file.fields {
		names[i] = f.Name
	}
	shapes, left := make([]Shape, 0, len(r.records)), mostShapeVertices
	for i, rec := range r.records {
		if i%1024 == 0 && ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		g, ok := r.shape(rec, kind, &left)
		if left < 0 {
			return nil, nil, geo.Errorf("too_many_vertices", "%.60q 的顶点超过 %d 个；请简化或分区处理", "%.60q has over %d vertices; simplify it or work in parts", job.File, mostShapeVertices)
		}
		if !ok {
			continue
		}
		s := Shape{Record: rec.Number, Geometry: g}
		for c, v := range rec.Values {
			if c < len(names) && v != nil && v != "" {
				s.Values = append(s.Values, geo.Property{Name: names[c], Value: v})
			}
		}
		shapes = append(shapes, s)
	}
	if geo.Refused(r.result.Violations) {
		return nil, nil, &geo.Error{Code: "refused", Text: geo.Textf("文件 %.60q 未通过检查", "the file %.60q did not pass the checks", job.File), Violations: r.result.Violations}
	}
	return shapes, r.result.Violations, nil
}

// undecided tells of an open question, with the answers as violations.
func undecided(file string, q Question) error {
	err := geo.Errorf("needs_choice", "文件 %.60[1]q：%[2]s", "the file %.60[1]q: %[3]s", file, q.Text.ZH, q.Text.EN)
	for _, o := range q.Options {
		err.Violations = append(err.Violations, geo.Breach(q.About, geo.Refusal, o.Label, geo.Textf("可选 %.80s", "one may choose %.80s", o.Value)).In(file))
	}
	return err
}

// shape brings a record's geometry to the kind and to degrees. left is how many vertices
// the file may still have.
func (r *reader) shape(rec shapefile.Record, kind ShapeKind, left *int) (orb.Geometry, bool) {
	degrees := func(pts []orb.Point, n int) bool {
		if *left -= len(pts); *left < 0 {
			return false
		}
		r.crs.ToGeographicAll(pts)
		for v, p := range pts {
			if !crs.InChina(p.Lon(), p.Lat()) {
				part, vertex := inFile(rec.Rings, n, v, len(pts))
				r.add(r.abroad(p.Lon(), p.Lat()).At(rec.Number, part, vertex))
				return false
			}
		}
		return true
	}
	switch g := rec.Geometry.(type) {
	case orb.MultiPolygon:
		if kind == AsPoints {
			break
		}
		var lines orb.MultiLineString
		for _, p := range g {
			for _, ring := range p {
				if !degrees(ring, len(lines)) {
					return nil, false
				}
				lines = append(lines, orb.LineString(ring))
			}
		}
		if kind == AsLines {
			return lines, true
		}
		return g, true
	case orb.LineString:
		if kind == AsLines {
			return orb.MultiLineString{g}, degrees(g, 0)
		}
	case orb.MultiLineString:
		if kind != AsLines {
			break
		}
		for i, l := range g {
			if !degrees(l, i) {
				return nil, false
			}
		}
		return g, true
	case orb.Point:
		if ps := []orb.Point{g}; kind == AsPoints {
			return orb.MultiPoint(ps), degrees(ps, 0)
		}
	case orb.MultiPoint:
		if kind == AsPoints {
			return g, degrees(g, 0)
		}
	}
	name := "null"
	if rec.Geometry != nil {
		name = rec.Geometry.GeoJSONType()
	}
	r.add(geo.Breach("wrong_geometry", geo.Refusal,
		geo.Textf("图形类型 %s 不能用作 %s", "a geometry of type %s cannot be used as %s", name, string(kind)),
		geo.Text{ZH: "请确认选择了正确的文件", EN: "check that this is the right file"}).At(rec.Number, geo.None, geo.None))
	return nil, false
}

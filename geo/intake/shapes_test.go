package intake_test

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"math"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/intake"
	"towngrid/geo/shapefile"
	"towngrid/geo/snapshot"
)

func shapeJob(file string, data []byte) intake.Job {
	return intake.Job{File: file, Source: bytes.NewReader(data), Size: int64(len(data)), Live: intake.Published(snapshot.Empty())}
}

// roadsZip is a zipped shapefile of lines in Gauss-Krüger metres.
func roadsZip(t *testing.T, at orb.Point) []byte {
	t.Helper()
	c, err := crs.FromEPSG(4549)
	if err != nil {
		t.Fatal(err)
	}
	x, y := c.FromGeographic(at[0], at[1])
	var records iter.Seq2[shapefile.Record, error] = func(yield func(shapefile.Record, error) bool) {
		yield(shapefile.Record{Number: 1, Geometry: orb.MultiLineString{{{x, y}, {x + 100, y}}, {{x, y}, {x, y + 50}}}, Values: []any{"示范路", 12.5}}, nil)
	}
	var out bytes.Buffer
	if err := shapefile.Write(&out, shapefile.Output{
		Name: "roads", PRJ: c.WKT(), ShapeType: "PolyLine", Records: records,
		Fields: []shapefile.Field{{Name: "NAME", Type: 'C', Length: 20}, {Name: "WIDTH", Type: 'N', Length: 8, Decimals: 1}},
	}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestShapesReadLines(t *testing.T) {
	at := orb.Point{118.9, 29}
	shapes, notices, err := intake.Shapes(context.Background(), shapeJob("roads.zip", roadsZip(t, at)), intake.AsLines)
	if err != nil || len(shapes) != 1 || len(notices) != 0 {
		t.Fatalf("%v, %v, %v", shapes, notices, err)
	}
	lines := shapes[0].Geometry.(orb.MultiLineString)
	if len(lines) != 2 || math.Hypot(lines[0][0][0]-at[0], lines[0][0][1]-at[1]) > 1e-9 || shapes[0].Values.Text("NAME") != "示范路" {
		t.Errorf("%+v", shapes[0])
	}
	if w, ok := shapes[0].Values.Number("WIDTH"); !ok || w != 12.5 {
		t.Errorf("width %v", shapes[0].Values)
	}
}

func TestShapesOfKinds(t *testing.T) {
	const point, line, polygon = `{"type":"Point","coordinates":[118.9,29]}`, `{"type":"LineString","coordinates":[[118.9,29],[118.91,29]]}`,
		`{"type":"Polygon","coordinates":[[[118.9,29],[118.91,29],[118.91,29.01],[118.9,29]]]}`
	for _, c := range []struct {
		geometry string
		kind     intake.ShapeKind
		want     string
	}{
		{point, intake.AsPoints, "MultiPoint"}, {line, intake.AsLines, "MultiLineString"}, {polygon, intake.AsPolygons, "MultiPolygon"},
		{polygon, intake.AsLines, "MultiLineString"}, {point, intake.AsLines, ""}, {line, intake.AsPolygons, ""}, {polygon, intake.AsPoints, ""},
	} {
		file := []byte(`{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"n":3},"geometry":` + c.geometry + `}]}`)
		job := shapeJob("a.geojson", file)
		job.Choice.CRS = "EPSG:4490"
		shapes, _, err := intake.Shapes(context.Background(), job, c.kind)
		if c.want == "" {
			var refused *geo.Error
			if !errors.As(err, &refused) || refused.Code != "refused" || refused.Violations[0].Check != "wrong_geometry" || refused.Violations[0].Record != 1 {
				t.Errorf("%s as %s: %v", c.geometry, c.kind, err)
			}
			continue
		}
		if err != nil || len(shapes) != 1 || shapes[0].Geometry.GeoJSONType() != c.want {
			t.Errorf("%s as %s: %v, %v", c.geometry, c.kind, shapes, err)
		}
	}
}

func TestShapesRefuse(t *testing.T) {
	refused := func(file string, choice intake.Choice) string {
		job := shapeJob("a", []byte(file))
		job.Choice = choice
		_, _, err := intake.Shapes(context.Background(), job, intake.AsLines)
		var known *geo.Error
		if !errors.As(err, &known) {
			t.Fatalf("%.40s: %v", file, err)
		}
		return known.Code
	}
	line := func(coordinates string) string { return `{"type":"LineString","coordinates":[` + coordinates + `]}` }
	if got := refused(line("[118.9,29],[118.91,29]"), intake.Choice{}); got != "needs_choice" {
		t.Errorf("no system: %s", got)
	}
	if got := refused(line("[500000,3209800],[500001,3209800]"), intake.Choice{CRS: "EPSG:4490"}); got != "crs_contradicted" {
		t.Errorf("metres as degrees: %s", got)
	}
	if got := refused("rubbish", intake.Choice{}); got == "" {
		t.Error("rubbish is taken")
	}
	long := strings.Repeat("[118.9,29],[118.91,29],", 240_000)
	if got := refused("["+strings.Repeat(`{"type":"Feature","properties":{},"geometry":`+line(long[:len(long)-1])+"},", 4)+`{"type":"Feature","properties":{},"geometry":`+line(long[:len(long)-1])+"}]", intake.Choice{CRS: "EPSG:4490"}); got != "too_many_vertices" {
		t.Errorf("too many vertices: %s", got)
	}
}

package intake

import (
	"errors"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/crs"
)

const someGeoJSON = `{"type":"FeatureCollection"%s,"features":[
{"type":"Feature","properties":{"WGBM":"C1","WGMC":"东街","SSDYBM":"U1","人数":3},"geometry":{"type":"Polygon","coordinates":[[[118.9,29],[118.91,29],[118.91,29.01],[118.9,29.01],[118.9,29]]]}}]}`

func TestGeoJSONIsReadToo(t *testing.T) {
	plain := []byte(strings.Replace(someGeoJSON, "%s", "", 1))
	res := mustRead(t, geo.Cells, Choice{}, plain)
	if res.Question == nil || res.Question.About != AboutCRS {
		t.Fatalf("degrees of an unknown datum: %+v", res)
	}
	res = mustRead(t, geo.Cells, Choice{CRS: "GCJ-02"}, plain)
	if len(res.Features) != 1 || res.Features[0].Name != "东街" || res.CRS.Name != "GCJ-02" {
		t.Fatalf("%+v %v", res, found(res))
	}
	if n, ok := res.Features[0].Properties.Value("人数").(int64); !ok || n != 3 {
		t.Errorf("%+v", res.Features[0].Properties)
	}
	want := crs.GCJ02.ToCGCS2000(orb.Point{118.9, 29})
	if d := geo.DistanceM(anyPoint(res.Features[0].Geometry), want); d > 1e-3 {
		t.Errorf("%g m off", d)
	}
	named := []byte(strings.Replace(someGeoJSON, "%s", `,"crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::4490"}}`, 1))
	if res = mustRead(t, geo.Cells, Choice{}, named); res.Question != nil || len(res.Features) != 1 || res.CRS.Name != "EPSG:4490" {
		t.Errorf("%+v", res)
	}
}

func TestBoundaryPointTextIsReadToo(t *testing.T) {
	gk, err := crs.GaussKrueger(3, 40, true)
	if err != nil {
		t.Fatal(err)
	}
	e, n := gk.FromGeographic(118.9, 29)
	text := func(dx, dy float64) string {
		return strings.TrimRight(strings.TrimRight(format3(n+dy), "0"), ".") + "," + strings.TrimRight(strings.TrimRight(format3(e+dx), "0"), ".")
	}
	file := "[属性描述]\n格式版本号=1.01\n坐标系=2000国家大地坐标系\n几度分带=3\n投影类型=高斯克吕格\n计量单位=米\n带号=40\n精度=0.001\n[地块坐标]\n" +
		"5,1.0,P1,一号,面,,居住,0701,@\nJ1,1," + text(0, 0) + "\nJ2,1," + text(0, 100) + "\nJ3,1," + text(100, 100) + "\nJ4,1," + text(100, 0) + "\nJ1,1," + text(0, 0) + "\n"
	res := mustRead(t, geo.Parcels, Choice{CodeSystem: geo.LandUse2023}, []byte(file))
	if res.Question != nil || len(res.Features) != 1 || res.CRS.Name != "EPSG:4528" || res.Features[0].Code != "P1" || res.Features[0].Properties.Text("land_use") != "0701" {
		t.Fatalf("%+v %v", res, found(res))
	}
	if m2 := geo.AreaM2(res.Features[0].Geometry); m2 < 9990 || m2 > 10010 {
		t.Errorf("%v m²", m2)
	}
}

func format3(v float64) string { return text(float64(int64(v*1000)) / 1000) }

func TestAGeoPackageIsNoUpload(t *testing.T) {
	_, err := read(t, geo.Cells, Choice{}, []byte("SQLite format 3\x00 and more"))
	var refused *geo.Error
	if !errors.As(err, &refused) || refused.Code != "geopackage_not_accepted" {
		t.Errorf("%v", err)
	}
}

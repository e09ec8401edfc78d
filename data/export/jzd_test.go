package export

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/jzd"
	"towngrid/geo/shapefile"
)

// TestBoundaryPointsComeBack reads parcels again: code, name, use and each vertex to
// the millimetre.
func TestBoundaryPointsComeBack(t *testing.T) {
	s := furnished(t)
	want := features(s, geo.Parcels)
	six, err := crs.GaussKrueger(6, 20, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []crs.CRS{zone(t), six} {
		for _, encoding := range []string{"", "UTF-8"} {
			b, rep := written(t, s, geo.Parcels, Options{Format: JZD, CRS: c, Encoding: encoding})
			f, err := jzd.Open(bytes.NewReader(b), int64(len(b)), shapefile.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			i := 0
			for r, err := range f.Features() {
				if err != nil {
					t.Fatal(err)
				}
				number, _ := shapefileValue(f.Fields, r, "编号").(string)
				use, _ := shapefileValue(f.Fields, r, "地类编码").(string)
				hectares, _ := shapefileValue(f.Fields, r, "面积").(float64)
				if number != string(want[i].Code) || use != want[i].Properties.Text("land_use") || hectares*1e4-geo.AreaM2(want[i].Geometry) > 0.51 {
					t.Errorf("%v, want %+v", r.Values, want[i])
				}
				p, q := vertices(want[i].Geometry), vertices(r.Geometry)
				if len(p) != len(q) {
					t.Fatalf("%s: %d vertices, want %d", number, len(q), len(p))
				}
				for k := range p {
					x, y := c.FromGeographic(p[k][0], p[k][1])
					if d := max(x-q[k][0], q[k][0]-x, y-q[k][1], q[k][1]-y); d > 0.00051 {
						t.Fatalf("%s: %g m off", number, d)
					}
				}
				i++
			}
			if i != len(want) || f.Refused > 0 || f.CRS != zone(t).ID() && c != six || f.Header.Date != "2026-11-23" {
				t.Errorf("%d of %d parcels, %s, %+v", i, len(want), f.CRS, f.Header)
			}
			if !listed(rep, "coordinates_rounded") || !listed(rep, "field_left_out") {
				t.Errorf("%+v", rep.Cut)
			}
		}
	}
}

func shapefileValue(fields []shapefile.Field, r shapefile.Record, name string) any {
	for i, f := range fields {
		if f.Name == name {
			return r.Values[i]
		}
	}
	return nil
}

func listed(r Report, check string) bool {
	for _, v := range r.Cut {
		if v.Check == check {
			return true
		}
	}
	return false
}

// TestNorthingComesFirst: X of the file is the northing.
func TestNorthingComesFirst(t *testing.T) {
	s := publish(t, cells(t, 20), geo.Towns, division, []geo.Feature{{Code: "T", Name: "甲,乙", Geometry: square(0)}})
	b, rep := written(t, s, geo.Towns, Options{Format: JZD, CRS: zone(t), Encoding: "UTF-8"})
	x, y := zone(t).FromGeographic(118.8, 28.8)
	if want := fmt.Sprintf("J1,1,%.3f,%.3f\r\n", y, x); !strings.Contains(string(b), want) {
		t.Errorf("no %q in\n%s", want, b)
	}
	if !strings.Contains(string(b), ",T,甲，乙,面,") || !listed(rep, "value_changed") {
		t.Errorf("%+v\n%s", rep, b)
	}
	var far orb.Bound // a zero bound is the point 0, 0
	if _, rep := written(t, s, geo.Towns, Options{Format: JZD, CRS: zone(t), Bound: &far}); rep.Features != 0 {
		t.Errorf("%+v", rep)
	}
}

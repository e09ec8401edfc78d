package export

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/snapshot"
)

func ordered(fs []geo.Feature) []geo.Feature {
	fs = slices.Clone(fs)
	slices.SortFunc(fs, func(a, b geo.Feature) int { return a.Code.Compare(b.Code) })
	for i := range fs {
		ps := slices.DeleteFunc(slices.Clone(fs[i].Properties), func(p geo.Property) bool { return p.Value == nil || p.Value == "" })
		slices.SortFunc(ps, func(a, b geo.Property) int { return cmp.Compare(a.Name, b.Name) })
		fs[i].Properties = ps
	}
	return fs
}

// options are those under which each format can write cells.
func options(t testing.TB, f Format) Options {
	o := Options{Format: f, Notice: geo.Text{ZH: "合成数据", EN: "synthetic data"}, Spool: t.TempDir()}
	if f == JZD {
		o.CRS = zone(t)
	}
	return o
}

func TestFormats(t *testing.T) {
	for _, f := range Formats() {
		if got, err := ParseFormat(strings.ToUpper(string(f))); got != f || err != nil {
			t.Errorf("%s: %q %v", f, got, err)
		}
		if f.Extension() == "" || f.MediaType() == Format("").MediaType() {
			t.Errorf("%s: %q %q", f, f.Extension(), f.MediaType())
		}
	}
	if _, err := ParseFormat("dwg"); code(err) != "unknown_format" {
		t.Error(err)
	}
}

func code(err error) string {
	var e *geo.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return fmt.Sprint(err)
}

func TestRefusals(t *testing.T) {
	s := cells(t, 25)
	point := publish(t, s, geo.Facilities, division, []geo.Feature{{Code: "F", Geometry: orb.Point{118.8, 28.8}}})
	named := func(c crs.CRS, err error) crs.CRS {
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	operator, err := crs.ReadOperator(strings.NewReader(`{"systems":[{"id":"local:x","title":{"zh":"本地","en":"local"},
		"projection":{"central_meridian":118.5,"false_easting":500000},"ellipsoid":{"a":6378137,"inverse_flattening":298.257222101},
		"helmert":{"convention":"position_vector","dx":1,"dy":2,"dz":3,"rx":0,"ry":0,"rz":0,"scale":0}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	local, _ := operator.Parse("local:x")
	far := named(crs.GaussKrueger(3, 30, true))
	near, gcj := zone(t), named(crs.Parse("GCJ-02"))
	for _, x := range []struct {
		name string
		s    *snapshot.Snapshot
		c    geo.Collection
		d    geo.Division
		o    Options
		want string
	}{
		{"format", s, geo.Cells, "", Options{Format: "dwg"}, "unknown_format"},
		{"no format", s, geo.Cells, "", Options{}, "unknown_format"},
		{"collection", s, "lamps", "", Options{Format: CSV}, "unknown_collection"},
		{"incidents", s, geo.Incidents, "", Options{Format: CSV}, "not_public"},
		{"nothing", s, geo.Towns, "", Options{Format: CSV}, "nothing_published"},
		{"elsewhere", s, geo.Cells, "110101", Options{Format: CSV}, "nothing_published"},
		{"encoding", s, geo.Cells, "", Options{Format: Shapefile, Encoding: "Big5"}, "unknown_encoding"},
		{"encoding of CSV", s, geo.Cells, "", Options{Format: CSV, Encoding: "GBK"}, "unknown_encoding"},
		{"metres in GeoJSON", s, geo.Cells, "", Options{Format: GeoJSON, CRS: near}, "crs_not_allowed"},
		{"metres in a sequence", s, geo.Cells, "", Options{Format: GeoJSONSeq, CRS: near}, "crs_not_allowed"},
		{"metres in a GeoPackage", s, geo.Cells, "", Options{Format: GeoPackage, CRS: near}, "crs_not_allowed"},
		{"GCJ-02 in a GeoPackage", s, geo.Cells, "", Options{Format: GeoPackage, CRS: gcj}, "crs_not_allowed"},
		{"GCJ-02 in a shapefile", s, geo.Cells, "", Options{Format: Shapefile, CRS: gcj}, "crs_not_allowed"},
		{"operator's in a shapefile", s, geo.Cells, "", Options{Format: Shapefile, CRS: local}, "crs_not_allowed"},
		{"operator's in CSV", s, geo.Cells, "", Options{Format: CSV, CRS: local}, "crs_not_allowed"},
		{"approximate", s, geo.Cells, "", Options{Format: Shapefile, CRS: named(crs.Parse("EPSG:2364~100m"))}, "crs_not_allowed"},
		{"far zone", s, geo.Cells, "", Options{Format: Shapefile, CRS: far}, "crs_out_of_reach"},
		{"jzd in degrees", s, geo.Cells, "", Options{Format: JZD}, "not_gauss_krueger"},
		{"jzd of points", point, geo.Facilities, "", Options{Format: JZD, CRS: near}, "not_polygons"},
	} {
		t.Run(x.name, func(t *testing.T) {
			var b bytes.Buffer
			if _, err := Write(t.Context(), &b, x.s, x.c, x.d, x.o); code(err) != x.want || b.Len() > 0 {
				t.Errorf("%v, %d bytes; want %s", err, b.Len(), x.want)
			}
		})
	}
}

// TestSameBytes writes everything twice.
func TestSameBytes(t *testing.T) {
	s := cells(t, 40)
	for _, f := range Formats() {
		a, rep := written(t, s, geo.Cells, options(t, f))
		b, again := written(t, s, geo.Cells, options(t, f))
		if !bytes.Equal(a, b) || fmt.Sprint(rep) != fmt.Sprint(again) {
			t.Errorf("%s: %d bytes and then others, %d", f, len(a), len(b))
		}
		if rep.Features != 40 {
			t.Errorf("%s: %+v", f, rep)
		}
	}
}

// TestBound leaves out what lies outside, and counts what is left.
func TestBound(t *testing.T) {
	s := cells(t, 60)
	b := orb.Bound{Min: orb.Point{118.7, 28.6}, Max: orb.Point{118.8, 28.7}}
	want := 0
	for _, f := range features(s, geo.Cells) {
		if geo.Intersects(f.Geometry, b) {
			want++
		}
	}
	if want < 2 || want > 50 {
		t.Fatalf("%d cells are no test", want)
	}
	for _, f := range Formats() {
		o := options(t, f)
		o.Bound = &b
		if _, rep := written(t, s, geo.Cells, o); rep.Features != want {
			t.Errorf("%s: %d features, want %d", f, rep.Features, want)
		}
		nowhere := orb.Bound{Min: orb.Point{80, 40}, Max: orb.Point{81, 41}}
		o.Bound = &nowhere
		if _, rep := written(t, s, geo.Cells, o); rep.Features != 0 {
			t.Errorf("%s: %d features of none", f, rep.Features)
		}
	}
}

// TestDivisions exports two divisions together and apart.
func TestDivisions(t *testing.T) {
	s := cells(t, 30)
	other := awkward(20)
	for i := range other {
		other[i].Code = "X" + other[i].Code
	}
	s = publish(t, s, geo.Cells, "330803", other)
	for d, want := range map[geo.Division]int{"": 50, "3308": 50, "330803": 20, division: 30} {
		rep, err := Write(t.Context(), io.Discard, s, geo.Cells, d, Options{Format: CSV})
		if err != nil || rep.Features != want {
			t.Errorf("%q: %+v %v, want %d", d, rep, err, want)
		}
	}
	b, _ := written(t, s, geo.Cells, Options{Format: GeoJSON})
	if !bytes.Contains(b, []byte(`"versions":"330803 v3, 330890 v3"`)) || bytes.Count(b, []byte(`"division":"330803"`)) != 20 {
		t.Errorf("%.800s", b)
	}
	zipped, _ := written(t, s, geo.Cells, Options{Format: Shapefile})
	fs := read(t, s, geo.Cells, zipped, noChoice)
	if fs[0].Properties.Text("XZQDM") != "330803" || fs[49].Properties.Text("XZQDM") != string(division) {
		t.Errorf("%+v", fs[0].Properties)
	}
}

// failing is a writer whose disk is full after so many bytes.
type failing int

var errFull = errors.New("full")

func (f *failing) Write(b []byte) (int, error) {
	if *f -= failing(len(b)); *f < 0 {
		return 0, errFull
	}
	return len(b), nil
}

// TestInterrupted ends every export by its context, before it and in it, and by its writer.
func TestInterrupted(t *testing.T) {
	s := cells(t, 600)
	for _, f := range Formats() {
		o := options(t, f)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := Write(ctx, io.Discard, s, geo.Cells, "", o); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", f, err)
		}
		for calls := range 4 {
			ctx := &counted{Context: t.Context(), left: 1 + 3*calls}
			if _, err := Write(ctx, io.Discard, s, geo.Cells, "", o); !errors.Is(err, context.Canceled) {
				t.Errorf("%s after %d looks: %v", f, 1+3*calls, err)
			}
		}
		room := failing(1000)
		if _, err := Write(t.Context(), &room, s, geo.Cells, "", o); !errors.Is(err, errFull) {
			t.Errorf("%s to a full disk: %v", f, err)
		}
		if left, err := os.ReadDir(o.Spool); err != nil || len(left) > 0 {
			t.Errorf("%s left %v behind (%v)", f, left, err)
		}
		if _, err := Write(t.Context(), io.Discard, s, geo.Cells, "", Options{Format: f, CRS: o.CRS, Spool: o.Spool + "/none"}); (f == Shapefile || f == GeoPackage) != errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s without a folder: %v", f, err)
		}
	}
}

// counted is a context that ends after it was looked at so many times.
type counted struct {
	context.Context
	left int
}

func (c *counted) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

package demo_test

import (
	"bytes"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/paulmach/orb"
	"github.com/tidwall/geodesic"

	"towngrid/data/demo"
	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/shapefile"
)

// row is one record of a written file, read back.
type row struct {
	values map[string]any
	shape  orb.MultiPolygon // of areas, on the grid of EPSG:4528
	at     orb.Point        // of points
}

func (r row) text(field string) string    { s, _ := r.values[field].(string); return s }
func (r row) number(field string) float64 { return number(r.values[field]) }

func number(v any) float64 {
	switch x := v.(type) {
	case int64:
		return float64(x)
	case float64:
		return x
	}
	return 0
}

// district is the demonstration district as it was written and read back, once for all tests.
type district struct {
	dir   string
	files map[geo.Collection]demo.File
	rows  map[geo.Collection][]row
}

var written = sync.OnceValues(func() (*district, error) {
	dir, err := os.MkdirTemp("", "towngrid-demo-")
	if err != nil {
		return nil, err
	}
	files, err := demo.Write(dir, demo.Options{})
	if err != nil {
		return nil, err
	}
	d := &district{dir: dir, files: map[geo.Collection]demo.File{}, rows: map[geo.Collection][]row{}}
	for _, f := range files {
		d.files[f.Collection] = f
		b, err := os.ReadFile(f.Path)
		if err != nil {
			return nil, err
		}
		if d.rows[f.Collection], err = read(b); err != nil {
			return nil, err
		}
	}
	return d, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if d, err := written(); err == nil {
		os.RemoveAll(d.dir)
	}
	os.Exit(code)
}

func open(t *testing.T) *district {
	t.Helper()
	d, err := written()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func read(zipped []byte) ([]row, error) {
	a, err := shapefile.Open(bytes.NewReader(zipped), int64(len(zipped)), shapefile.DefaultLimits())
	if err != nil {
		return nil, err
	}
	f, err := a.Read(a.Layers()[0], shapefile.Options{})
	if err != nil {
		return nil, err
	}
	var rows []row
	for r, err := range f.Features() {
		if err != nil {
			return nil, err
		}
		out := row{values: map[string]any{}}
		for i, field := range f.Fields {
			out.values[field.Name] = r.Values[i]
		}
		switch g := r.Geometry.(type) {
		case orb.MultiPolygon:
			out.shape = g
		case orb.Point:
			out.at = g
		}
		rows = append(rows, out)
	}
	if vs := f.Violations; len(vs) > 0 {
		return nil, &geo.Error{Code: vs[0].Check, Text: vs[0].Message, Violations: vs}
	}
	return rows, nil
}

func path(t *testing.T, c geo.Collection) string { return filepath.Clean(open(t).files[c].Path) }

// degrees brings polygons from the grid to CGCS2000 longitude and latitude.
func degrees(t *testing.T, mp orb.MultiPolygon) orb.MultiPolygon {
	t.Helper()
	g := gauss(t)
	out := mp.Clone()
	for _, p := range out {
		for _, r := range p {
			for i, v := range r {
				r[i][0], r[i][1] = g.ToGeographic(v[0], v[1])
			}
		}
	}
	return out
}

func gauss(t *testing.T) crs.CRS {
	t.Helper()
	g, err := crs.FromEPSG(4528)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// ellipsoidal is the area in m² on the CGCS2000 ellipsoid of polygons in degrees.
func ellipsoidal(mp orb.MultiPolygon) float64 {
	e := geodesic.NewEllipsoid(6378137, 1/298.257222101)
	sum := 0.0
	for _, p := range mp {
		for i, r := range p {
			ring := e.PolygonInit(false)
			for _, v := range r[:len(r)-1] {
				ring.AddPoint(v[1], v[0])
			}
			var area float64
			ring.Compute(false, true, &area, nil)
			sum += []float64{1, -1}[min(i, 1)] * max(area, -area)
		}
	}
	return sum
}

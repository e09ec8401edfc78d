package batch

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/geotest"
	"towngrid/geo/snapshot"
)

var ground = orb.Bound{Min: orb.Point{118, 28}, Max: orb.Point{120, 30}}

// district is a picture of cells with units above them.
var district = sync.OnceValue(func() *snapshot.Snapshot { return published(7, "C") })

func published(seed uint64, prefix string) *snapshot.Snapshot {
	cells := geotest.Tessellation(seed, 400, ground)
	fs := make([]geo.Feature, len(cells))
	for i, c := range cells {
		fs[i] = geo.Feature{Code: geo.Code(fmt.Sprintf("%s%04d", prefix, i)), Geometry: c, Properties: geo.Properties{{Name: "unit", Value: "S1"}}}
	}
	units := []geo.Feature{
		{Code: "S1", Geometry: cells[0], Properties: geo.Properties{{Name: "level", Value: geo.LevelStation}, {Name: "parent", Value: "R1"}}},
		{Code: "R1", Geometry: cells[0], Properties: geo.Properties{{Name: "level", Value: geo.LevelRoom}, {Name: "parent", Value: "Z1"}}},
		{Code: "Z1", Geometry: cells[0], Properties: geo.Properties{{Name: "level", Value: geo.LevelCentre}}},
	}
	snap := snapshot.Empty()
	for c, fs := range map[geo.Collection][]geo.Feature{geo.Cells: fs, geo.Units: units} {
		p, err := snapshot.NewPart(geo.Version{ID: prefix + string(c), Collection: c, Division: "330890", Number: 1, State: geo.Published}, fs)
		if err != nil {
			panic(err)
		}
		snap = snap.With(p)
	}
	return snap
}

// randomPoints are positions in and around the district.
func randomPoints(r *rand.Rand, n int) []orb.Point {
	ps := make([]orb.Point, n)
	for i := range ps {
		ps[i] = orb.Point{117.9 + 2.2*r.Float64(), 27.9 + 2.2*r.Float64()}
	}
	return ps
}

// options are those of a plain batch.
func options(f Format) Options {
	return Options{Format: f, Lang: "en", Snapshot: district(), Begin: func() {}}
}

// answered runs a batch that is to go well.
func answered(t testing.TB, in io.Reader, o Options) string {
	t.Helper()
	var out bytes.Buffer
	if err := Run(in, &out, o); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// written writes positions as rows of a format, with a further column or member.
func written(f Format, ps []orb.Point) string {
	var b strings.Builder
	switch f {
	case CSV:
		b.WriteString("id,lon,lat,note\n")
	case GeoJSON:
		b.WriteString(`{"type":"FeatureCollection","name":"x","features":[`)
	}
	for i, p := range ps {
		switch f {
		case CSV:
			fmt.Fprintf(&b, "%d,%v,%v,n%d\n", i, p[0], p[1], i)
		case NDJSON:
			fmt.Fprintf(&b, `{"id":%d,"lon":%v,"lat":%v,"note":"n%d"}`+"\n", i, p[0], p[1], i)
		default:
			if f == GeoJSONSequence {
				b.WriteString("\x1e")
			} else if i > 0 {
				b.WriteString(",\n")
			}
			fmt.Fprintf(&b, `{"type":"Feature","id":%d,"geometry":{"type":"Point","coordinates":[%v,%v]},"properties":{"note":"n%d"}}`, i, p[0], p[1], i)
			if f == GeoJSONSequence {
				b.WriteString("\n")
			}
		}
	}
	if f == GeoJSON {
		b.WriteString("]}")
	}
	return b.String()
}

// formats are all formats.
var formats = []Format{NDJSON, CSV, GeoJSON, GeoJSONSequence}

// pieces gives a reader's bytes in pieces of random sizes.
type pieces struct {
	r    *rand.Rand
	rest []byte
	most int
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.rest) == 0 {
		return 0, io.EOF
	}
	n := min(len(b), len(p.rest), 1+p.r.IntN(p.most))
	copy(b, p.rest[:n])
	p.rest = p.rest[n:]
	return n, nil
}

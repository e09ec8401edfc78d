package api

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/crs"
)

// inside finds a point well inside a feature: the middle of a horizontal line through
// the bound's centre between two crossings of the border.
func inside(t testing.TB, f *geo.Feature) orb.Point {
	t.Helper()
	mp := f.Geometry.(orb.MultiPolygon)
	b := mp.Bound()
	for i := 1; i < 64; i++ {
		for j := 1; j < 64; j++ {
			p := orb.Point{b.Min[0] + (b.Max[0]-b.Min[0])*float64(i)/64, b.Min[1] + (b.Max[1]-b.Min[1])*float64(j)/64}
			if d, _ := geo.BorderDistanceM(mp, p); geo.SideOf(mp, p) == geo.Inside && d > 1 {
				return p
			}
		}
	}
	t.Fatalf("no point inside %s", f.Code)
	return orb.Point{}
}

func TestLocateAnswersWithCellChainAndTown(t *testing.T) {
	s := demoServer(t)
	snap := s.registry.Snapshot()
	part := snap.Parts(geo.Cells)[0]
	for i := 0; i < part.Len(); i += 97 {
		f := part.At(i)
		p := inside(t, f)
		for _, d := range []crs.Datum{crs.WGS84, crs.GCJ02, crs.BD09} {
			shown := d.FromCGCS2000(p)
			m := getJSON[matchView](t, s, fmt.Sprintf("/locate?lon=%v&lat=%v&datum=%s", shown[0], shown[1], d))
			if m.Cell == nil || m.Cell.Code != string(f.Code) || m.Cell.Name != f.Name || m.Side != "inside" {
				t.Fatalf("%s %s: %+v", f.Code, d, m)
			}
			if m.Point.Lon != shown[0] || m.Point.Lat != shown[1] || m.Point.Datum != string(d) {
				t.Errorf("the position is not echoed: %+v, sent %v", m.Point, shown)
			}
			if len(m.Chain) != 3 || m.Chain[0].Level != "station" || m.Chain[1].Level != "room" || m.Chain[2].Level != "centre" {
				t.Errorf("chain %+v", m.Chain)
			}
			if m.Chain[0].Code != f.Properties.Text("unit") {
				t.Errorf("station %s, the cell says %s", m.Chain[0].Code, f.Properties.Text("unit"))
			}
			want, _ := geo.BorderDistanceM(f.Geometry.(orb.MultiPolygon), p)
			if m.BorderDistanceM == nil || math.Abs(*m.BorderDistanceM-want) > 0.002 {
				t.Errorf("border distance %v, want %v", m.BorderDistanceM, want)
			}
			if m.Nearest != nil || len(m.Others) != 0 || m.Versions["cells"]["330890"] != 1 {
				t.Errorf("%+v", m)
			}
		}
	}
	town := snap.Parts(geo.Towns)[0].At(0)
	p := inside(t, town)
	if m := getJSON[matchView](t, s, fmt.Sprintf("/locate?lon=%v&lat=%v", p[0], p[1])); m.Town == nil || m.Town.Code != string(town.Code) {
		t.Errorf("town %+v, want %s", m.Town, town.Code)
	}
}

func TestLocateOutsideNamesTheNearestCell(t *testing.T) {
	m := getJSON[matchView](t, demoServer(t), "/locate?lon=117&lat=29")
	if m.Cell != nil || m.Side != "outside" || m.Nearest == nil || m.Nearest.DistanceM < 10_000 || m.BorderDistanceM != nil || len(m.Chain) != 0 {
		t.Errorf("%+v", m)
	}
	if m.SignedBorderM == nil || *m.SignedBorderM != -m.Nearest.DistanceM || m.Neighbour != nil {
		t.Errorf("signed distance %v, neighbour %v", m.SignedBorderM, m.Neighbour)
	}
}

// TestLocateTellsMore asks for the neighbour, the Beidou code and further collections.
func TestLocateTellsMore(t *testing.T) {
	s := demoServer(t)
	snap := s.registry.Snapshot()
	for _, c := range []geo.Collection{geo.Parcels, geo.Towns, geo.Cells} {
		f := snap.Parts(c)[0].At(3 % snap.Parts(c)[0].Len())
		p := inside(t, f)
		m := getJSON[matchView](t, s, fmt.Sprintf("/locate?lon=%v&lat=%v&collections=cells,towns,parcels", p[0], p[1]))
		found, ok := m.Found[string(c)]
		if len(m.Found) != 3 || !ok || found.Match == nil || found.Match.Code != string(f.Code) || found.Side != "inside" || found.Others == nil {
			t.Errorf("%s %s: %+v", c, f.Code, m.Found)
		}
		if m.Versions["parcels"]["330890"] == 0 {
			t.Errorf("versions %v do not tell those of the parcels", m.Versions)
		}
		if want, _ := crs.BeidouCode(p[0], p[1], 10); m.Beidou == nil || *m.Beidou != want {
			t.Errorf("Beidou code %v, want %s", m.Beidou, want)
		}
		if m.Cell == nil {
			continue
		}
		if m.SignedBorderM == nil || *m.SignedBorderM != *m.BorderDistanceM || m.Neighbour == nil || m.Neighbour.Code == m.Cell.Code || m.Neighbour.DistanceM < *m.BorderDistanceM-0.002 {
			t.Errorf("%+v: signed %v, neighbour %+v", p, m.SignedBorderM, m.Neighbour)
		}
	}
	if m := getJSON[matchView](t, s, "/locate?lon=118.9&lat=-29"); m.Beidou != nil || m.Found != nil {
		t.Errorf("%+v", m)
	}
}

func TestPositionsThatAreNone(t *testing.T) {
	s := demoServer(t)
	for query, code := range map[string]string{
		"":                               "missing_parameter",
		"lon=118.9":                      "missing_parameter",
		"lon=NaN&lat=29":                 "bad_coordinate",
		"lon=118.9&lat=Inf":              "bad_coordinate",
		"lon=181&lat=29":                 "bad_coordinate",
		"lon=118.9&lat=-90.5":            "bad_coordinate",
		"lon=1e400&lat=29":               "bad_coordinate",
		"lon=0x1p3&lat=29":               "bad_coordinate",
		"lon=118.9&lat=29&datum=wgs72":   "unknown_datum",
		"lon=118.9&lat=29&lat=30":        "repeated_parameter",
		"lon=118.9&lat=29&collections=x": "bad_collections",
		"lon=1&lat=2&collections=cells,facilities": "bad_collections",
		"lon=118.9&lat=29&longitude=118":           "unknown_parameter",
		"lon=%zz":                                  "bad_query",
	} {
		rec := get(t, s, "/locate?"+query, http.StatusBadRequest)
		var p Problem
		if err := json.Unmarshal(rec.Body.Bytes(), &p); err != nil || p.Code != code || p.Detail == "" || p.Status != 400 {
			t.Errorf("%s: %+v %v, want %s", query, p, err, code)
		}
	}
	zh, en := get(t, s, "/locate", 400), get(t, s, "/locate", 400, "Accept-Language", "en-GB,zh;q=0.5")
	if !strings.Contains(zh.Body.String(), "缺少参数") || !strings.Contains(en.Body.String(), "is missing") {
		t.Errorf("languages: %s %s", zh.Body, en.Body)
	}
}

// TestBatchAnswersRowByRow holds NDJSON and CSV against single look-ups, with bad
// rows between the good ones.
func TestBatchAnswersRowByRow(t *testing.T) {
	s := demoServer(t)
	part := s.registry.Snapshot().Parts(geo.Cells)[0]
	var nd, cs strings.Builder
	cs.WriteString("lat,note,id,lon\r\n")
	var want []string
	for i := 0; i < part.Len(); i += 50 {
		p := inside(t, part.At(i))
		fmt.Fprintf(&nd, "{\"id\":%d,\"lon\":%v,\"lat\":%v}\n", i, p[0], p[1])
		fmt.Fprintf(&cs, "%v,\"a, \"\"b\"\"\",%d,%v\r\n", p[1], i, p[0])
		want = append(want, string(part.At(i).Code))
	}
	nd.WriteString("{\"id\":\"x\",\"lon\":null,\"lat\":29}\nnot json\n{\"id\":\"far\",\"lon\":100,\"lat\":30}\n{\"id\":\"off\",\"lon\":1000,\"lat\":30}")
	cs.WriteString("29,,x,abc\n29,far,far,100\n1,2\n")

	rec := send(t, s, http.MethodPost, "/locate", nd.String(), "Content-Type", "application/x-ndjson; charset=utf-8")
	lines := strings.Split(strings.TrimSuffix(rec.Body.String(), "\n"), "\n")
	if rec.Code != 200 || len(lines) != len(want)+4 {
		t.Fatalf("%d, %d lines for %d rows: %.300s", rec.Code, len(lines), len(want)+4, rec.Body)
	}
	for i, line := range lines {
		var row struct {
			ID                                any
			Cell, Station, Room, Centre, Town *string
			Side                              string
			Problem                           *struct{ Code, Detail string }
		}
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		switch {
		case i < len(want):
			if row.Cell == nil || *row.Cell != want[i] || row.Station == nil || row.Room == nil || row.Centre == nil || row.Side != "inside" {
				t.Errorf("row %d: %s, want cell %s", i, line, want[i])
			}
		case i == len(want)+2:
			if row.ID != "far" || row.Cell != nil || row.Side != "outside" || row.Problem != nil {
				t.Errorf("a point outside: %s", line)
			}
		default:
			if row.Problem == nil || row.Problem.Code == "" || row.Problem.Detail == "" {
				t.Errorf("a bad row: %s", line)
			}
		}
	}

	rec = send(t, s, http.MethodPost, "/locate", cs.String(), "Content-Type", "text/csv")
	lines = strings.Split(strings.TrimSuffix(rec.Body.String(), "\n"), "\n")
	if rec.Code != 200 || lines[0] != "id,cell,station,room,centre,town,side" || len(lines) != 1+len(want)+3 {
		t.Fatalf("%d %.300s", rec.Code, rec.Body)
	}
	for i, code := range want {
		f := strings.Split(lines[1+i], ",")
		if f[0] != fmt.Sprint(i*50) || f[1] != code || f[6] != "inside" {
			t.Errorf("row %d: %s, want %s", i, lines[1+i], code)
		}
	}
	for i, line := range []string{"x,,,,,,problem:bad_coordinate", "far,,,,,,outside", ",,,,,,problem:bad_row"} {
		if got := lines[1+len(want)+i]; got != line {
			t.Errorf("%q, want %q", got, line)
		}
	}
}

func TestBatchesThatAreNone(t *testing.T) {
	s := demoServer(t)
	for _, tc := range []struct {
		media, encoding, body string
		status                int
	}{
		{"application/json", "", "{}", 415},
		{"", "", "{}", 415},
		{"text/csv", "", "a,b,c\n1,2,3\n", 400},
		{"text/csv", "", "", 400},
		{"text/csv", "br", "id,lon,lat\n", 415},
		{"text/csv", "gzip", "id,lon,lat\n", 400},
		{"text/csv", "zstd", "id,lon,lat\n", 400},
		{"text/csv; charset=big5", "", "id,lon,lat\n", 415},
		{"application/geo+json", "", `{"type":"Feature"}`, 400},
	} {
		rec := send(t, s, http.MethodPost, "/locate", tc.body, "Content-Type", tc.media, "Content-Encoding", tc.encoding)
		if rec.Code != tc.status || rec.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%+v: %d %s", tc, rec.Code, rec.Body)
		}
	}
	long := `{"id":"` + strings.Repeat("x", 64<<10) + `","lon":118.9,"lat":29}` + "\n" + `{"id":2,"lon":118.9,"lat":29}`
	rec := send(t, s, http.MethodPost, "/locate", long, "Content-Type", "application/x-ndjson")
	lines := strings.Split(rec.Body.String(), "\n")
	if len(lines) != 3 || !strings.Contains(lines[0], "row_too_long") || !strings.Contains(lines[1], `"id":2,"cell"`) {
		t.Errorf("a row without end: %.300s", rec.Body)
	}
}

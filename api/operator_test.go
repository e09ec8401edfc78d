package api

import (
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/data"
	"towngrid/geo"
	"towngrid/geo/crs"
)

// operatorsFile has a system on Xi'an 1980 by seven parameters and a local one by control
// points. The numbers are made up; secrets are the digits of all of them. local brings
// metres of zone 40 to the local grid.
func operatorsFile() (file string, secrets []string, local func(x, y float64) (float64, float64)) {
	seven := []string{"31.41592653", "27.18281828", "16.18033988", "1.41421356", "1.73205081", "2.23606798", "3.31662479"}
	const turn, scale, east, north = 0.0125348437, 1.0000123457, -345678.1259, -3111222.3758
	local = func(x, y float64) (float64, float64) {
		sin, cos := math.Sincos(turn)
		return scale*(cos*x-sin*y) + east, scale*(sin*x+cos*y) + north
	}
	var points []string
	for _, p := range [][2]float64{{366000, 3209000}, {372000, 3210000}, {371000, 3222000}, {365500, 3221000}} {
		x, y := local(p[0], p[1])
		points = append(points, fmt.Sprintf(`{"east":%.4f,"north":%.4f,"grid_east":%v,"grid_north":%.0f}`, x, y, p[0], p[1]))
		secrets = append(secrets, strings.TrimPrefix(fmt.Sprintf("%.4f", x), "-"), strings.TrimPrefix(fmt.Sprintf("%.4f", y), "-"))
	}
	secrets = append(secrets, seven...)
	secrets = append(secrets, "0.0125348", "1.0000123457", "345678.12", "3111222.37")
	return fmt.Sprintf(`{"systems":[
		{"id":"xian80:zone40","title":{"zh":"西安80 40带","en":"Xi'an 80, zone 40"},"replaces":"xian1980","projection":{"epsg":2364},
		 "helmert":{"convention":"position_vector","dx":%s,"dy":%s,"dz":%s,"rx":%s,"ry":%s,"rz":%s,"scale":%s}},
		{"id":"local:trial","title":{"zh":"试验坐标系","en":"Trial grid"},"onto":{"epsg":4549},"max_residual":0.01,"control_points":[%s]}]}`,
		seven[0], seven[1], seven[2], seven[3], seven[4], seven[5], seven[6], strings.Join(points, ",")), secrets, local
}

// TestTheOperatorsParametersStayHis sends files in the operator's systems, sound ones and
// such as are refused, publishes one, and looks for every number of his file in all that
// the service says, logs and keeps.
func TestTheOperatorsParametersStayHis(t *testing.T) {
	text, secrets, local := operatorsFile()
	operator, err := crs.ReadOperator(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	h, log := logged(t, Config{}, func(o *data.Options) { o.Operator = operator })
	var said []string
	ask := func(method, path, body string, headers ...string) {
		t.Helper()
		rec := send(t, h.Server, method, path, body, headers...)
		said = append(said, fmt.Sprint(rec.Header()), rec.Body.String())
	}
	tell := func(v verdict) {
		for _, lang := range []string{"zh", "en"} {
			ask(http.MethodGet, "/uploads/"+v.view.ID, "", "Accept-Language", lang)
			ask(http.MethodGet, "/uploads/"+v.view.ID+"/violations", "", "Accept-Language", lang)
		}
	}
	// A cell in metres of zone 40 on CGCS2000, without a .prj, and the same on the local grid.
	at := orb.Point{368000, 3215000}
	square := func(move func(x, y float64) (float64, float64)) orb.MultiPolygon {
		var ring orb.Ring
		for _, d := range [][2]float64{{0, 0}, {500, 0}, {500, 500}, {0, 500}, {0, 0}} {
			x, y := move(at[0]+d[0], at[1]+d[1])
			ring = append(ring, orb.Point{x, y})
		}
		return orb.MultiPolygon{{ring}}
	}
	file := func(g orb.MultiPolygon) []byte {
		return layer(t, "UTF-8", cellRecord{g, [3]string{"C1", "格", "S1"}}).with("prj", nil).zip("wg")
	}
	own := file(square(local))
	asked := h.sendFile(t, cellsQuery, own)
	tell(asked)
	if q := asked.view.Question; q == nil || len(q.Options) != 1 || q.Options[0].Value != "local:trial" {
		t.Fatalf("%+v", asked.view.Question)
	}
	ask(http.MethodPatch, "/uploads/"+asked.view.ID, `{"crs":"local:unknown"}`)
	if rec := send(t, h.Server, http.MethodPatch, "/uploads/"+asked.view.ID, `{"crs":"local:trial"}`); rec.Code != http.StatusAccepted {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	u := settled(t, h.Server, asked.view.ID)
	if u.State != data.UploadDraft || u.CRS.ID != "local:trial" {
		t.Fatalf("%+v", u)
	}
	// It lies where the same square in zone 40 lies.
	ask(http.MethodGet, "/uploads/"+u.ID+"/diff", "", "Accept", "application/geo+json")
	ask(http.MethodPost, "/uploads/"+u.ID+"/publish", "")
	got := getJSON[featureCollection](t, h.Server, "/collections/cells/items?limit=1")
	zone, err := crs.GaussKrueger(3, 40, false)
	if err != nil {
		t.Fatal(err)
	}
	lon, lat := zone.ToGeographic(at[0], at[1])
	if m := getJSON[matchView](t, h.Server, fmt.Sprintf("/locate?lon=%v&lat=%v", lon+1e-7, lat+1e-7)); m.Cell == nil || len(got.Features) != 1 {
		t.Errorf("the cell is not at %v, %v", lon, lat)
	}
	// Refused in every way: a vertex astray, all of it elsewhere, a Xi'an file of another zone.
	astray := square(local)
	astray[0][0][2][0] += 9e6
	for query, file := range map[string][]byte{
		"&crs=local:trial":   file(astray),
		"&crs=xian80:zone40": file(square(func(x, y float64) (float64, float64) { return x, y })),
		"&crs=EPSG:2364":     file(square(func(x, y float64) (float64, float64) { return x + 41e6, y })),
	} {
		v := h.sendFile(t, cellsQuery+query, file)
		// Of one that is elsewhere as a whole the system is asked for again.
		refused := v.view.State == data.UploadRefused && v.list[0].Severity == geo.Refusal
		asked := v.view.State == data.UploadNeedsChoice && strings.Contains(v.view.Question.Text, "请重新指定")
		if !refused && !asked || asked == (query == "&crs=local:trial") {
			t.Errorf("%s: %v %+v %+v", query, v, v.view.Question, v.list)
		}
		tell(v)
	}
	if v := h.sendFile(t, cellsQuery+"&crs=EPSG:2364", file(square(func(x, y float64) (float64, float64) { return x + 40e6, y }))); v.view.State != data.UploadDraft || v.view.CRS.ID != "xian80:zone40" {
		t.Errorf("%v %+v", v, v.list)
	} else {
		tell(v)
	}
	for _, path := range []string{"/uploads", "/versions", "/collections/cells/items", "/style.json", "/tiles/cells.json", "/readyz", "/metrics", "/api", "/backup"} {
		ask(http.MethodGet, path, "")
	}
	kept := 0
	err = filepath.WalkDir(h.dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			b, rerr := os.ReadFile(path)
			said, kept, err = append(said, string(b)), kept+1, rerr
		}
		return err
	})
	if err != nil || kept == 0 {
		t.Fatal(kept, err)
	}
	said = append(said, log.String())
	for _, s := range secrets {
		for _, text := range said {
			if strings.Contains(text, s) {
				t.Errorf("%s is told: %.300q", s, around(text, s))
			}
		}
	}
	t.Logf("%d numbers in %d answers, %d files and the log", len(secrets), len(said)-kept-1, kept)
	if !strings.Contains(strings.Join(said, ""), "local:trial") || len(said) < 30 {
		t.Error("nothing was looked at")
	}
}

// around is a text near where another stands in it.
func around(text, s string) string {
	i := strings.Index(text, s)
	return text[max(0, i-100):min(len(text), i+100)]
}

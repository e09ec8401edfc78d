package api

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"towngrid/data"
	"towngrid/geo/crs"
	"towngrid/geo/geotest"
	"towngrid/geo/shapefile"
)

// largeUpload is a file that is nearly as large as an upload may be: 80,000 cells with
// 4.9 million vertices in Gauss-Krüger metres.
func largeUpload(t testing.TB) []byte {
	grid, err := crs.FromEPSG(4528)
	if err != nil {
		t.Fatal(err)
	}
	cells, _ := geotest.District(7, 80_000, 100)
	var out bytes.Buffer
	err = shapefile.Write(&out, shapefile.Output{
		Name: "网格", PRJ: grid.WKT(), Encoding: "GBK", ShapeType: "Polygon", Fields: []shapefile.Field{{Name: "WGBM", Type: 'C', Length: 20}, {Name: "SSDYBM", Type: 'C', Length: 20}},
		Records: func(yield func(shapefile.Record, error) bool) {
			for i, mp := range cells {
				if !yield(shapefile.Record{Number: i + 1, Geometry: mp, Values: []any{fmt.Sprintf("G%09d", i), "S1"}}, nil) {
					return
				}
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// BenchmarkLocateBesideAnUpload asks 500 times a second over HTTP where a position lies,
// first with nothing else to do and then while a file of 4.9 million vertices is taken
// in, and gives the 99th percentile of both in microseconds and their ratio.
func BenchmarkLocateBesideAnUpload(b *testing.B) {
	file := largeUpload(b)
	for b.Loop() {
		h := newHouse(b, Config{}, func(o *data.Options) { o.Apart = readApart(b) })
		small := upload(b, h.Server, cellsQuery, layerZip(b, "GBK", soundCells(500)...))
		if rec := send(b, h.Server, http.MethodPost, "/uploads/"+small.ID+"/publish", ""); rec.Code != http.StatusCreated {
			b.Fatalf("%d %s", rec.Code, rec.Body)
		}
		srv := httptest.NewServer(h.Server)
		ask := func(until func() bool) (p99 time.Duration) {
			var took []time.Duration
			tick := time.NewTicker(2 * time.Millisecond)
			defer tick.Stop()
			for !until() {
				<-tick.C
				began := time.Now()
				res, err := srv.Client().Get(srv.URL + "/locate?lon=118.605&lat=29.005")
				if err != nil {
					b.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, res.Body)
				if res.Body.Close(); res.StatusCode != http.StatusOK {
					b.Fatal(res.Status)
				}
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			return took[len(took)*99/100]
		}
		began := time.Now()
		quiet := ask(func() bool { return time.Since(began) > 5*time.Second })
		rec := post(b, h.Server, "/uploads?collection=cells&division=330803", file)
		if rec.Code != http.StatusAccepted {
			b.Fatalf("%d %s", rec.Code, rec.Body)
		}
		id := rec.Header().Get("Location")[len("http://127.0.0.1/uploads/"):]
		began = time.Now()
		var u uploadView
		busy := ask(func() bool {
			u = getJSON[uploadView](b, h.Server, "/uploads/"+id)
			return u.State.Settled()
		})
		if u.State != data.UploadDraft || u.Counts.Features != 80_000 {
			b.Fatalf("%+v", u)
		}
		b.ReportMetric(time.Since(began).Seconds(), "upload-s")
		b.ReportMetric(float64(quiet.Microseconds()), "quiet-p99-µs")
		b.ReportMetric(float64(busy.Microseconds()), "busy-p99-µs")
		b.ReportMetric(float64(busy)/float64(quiet), "ratio")
		srv.Close()
	}
}

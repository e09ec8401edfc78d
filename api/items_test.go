package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/crs"
)

// TestPagesYieldEachFeatureOnce follows next links through every collection.
func TestPagesYieldEachFeatureOnce(t *testing.T) {
	s := demoServer(t)
	for _, col := range geo.Collections() {
		if col == geo.Incidents {
			continue
		}
		seen := map[string]bool{}
		next, pages := "/collections/"+string(col)+"/items?limit=37", 0
		for ; next != ""; pages++ {
			fc := getJSON[featureCollection](t, s, next)
			if fc.NumberMatched != s.registry.Snapshot().Len(col) || fc.NumberReturned != len(fc.Features) {
				t.Fatalf("%s: %+v", next, fc.NumberMatched)
			}
			for _, f := range fc.Features {
				if seen[f.ID] {
					t.Fatalf("%s comes twice", f.ID)
				}
				seen[f.ID] = true
				if f.Properties["code"] != f.ID || f.Geometry.Type != string(col.Schema().Geometry) {
					t.Fatalf("%+v", f)
				}
			}
			next = ""
			for _, l := range fc.Links {
				if l.Rel == "next" {
					u, err := url.Parse(l.Href)
					if err != nil {
						t.Fatal(err)
					}
					next = u.RequestURI()
				}
			}
		}
		if len(seen) != s.registry.Snapshot().Len(col) {
			t.Errorf("%s: %d of %d features on %d pages", col, len(seen), s.registry.Snapshot().Len(col), pages)
		}
	}
}

// TestPagingIsNotDisturbedByPublishing publishes between two pages.
func TestPagingIsNotDisturbedByPublishing(t *testing.T) {
	s := emptyServer(t, Config{})
	wkt := crs.CGCS2000().WKT()
	publish := func(cells ...testCell) {
		u := upload(t, s, cellsQuery, cellsZip(t, wkt, cells...))
		if rec := send(t, s, http.MethodPost, "/uploads/"+u.ID+"/publish", ""); rec.Code != http.StatusCreated {
			t.Fatalf("%d %s %v", rec.Code, rec.Body, checks(t, s, u.ID))
		}
	}
	publish(testCell{"C1", 118.90, 29}, testCell{"C2", 118.91, 29}, testCell{"C3", 118.92, 29})
	first := getJSON[featureCollection](t, s, "/collections/cells/items?limit=2")
	publish(testCell{"C0", 118.90, 29}, testCell{"C9", 118.91, 29})
	var next string
	for _, l := range first.Links {
		if l.Rel == "next" {
			u, _ := url.Parse(l.Href)
			next = u.RequestURI()
		}
	}
	second := getJSON[featureCollection](t, s, next)
	if len(second.Features) != 1 || second.Features[0].ID != "C3" || second.NumberMatched != 3 {
		t.Errorf("%+v", second)
	}
	for i := range 20 {
		publish(testCell{fmt.Sprintf("D%d", i), 118.90, 29})
	}
	if rec := get(t, s, next, http.StatusGone); !strings.Contains(rec.Body.String(), "cursor_expired") {
		t.Errorf("%s", rec.Body)
	}
}

// TestBoxSelectsWhatMeetsIt holds the selection against a plain look at every feature.
func TestBoxSelectsWhatMeetsIt(t *testing.T) {
	s := demoServer(t)
	part := s.registry.Snapshot().Parts(geo.Cells)[0]
	b := part.Bound()
	for i := range 8 {
		f := float64(i) / 10
		box := orb.Bound{
			Min: orb.Point{b.Min[0] + f*(b.Max[0]-b.Min[0]), b.Min[1] + f*(b.Max[1]-b.Min[1])},
			Max: orb.Point{b.Min[0] + (f+.15)*(b.Max[0]-b.Min[0]), b.Min[1] + (f+.2)*(b.Max[1]-b.Min[1])},
		}
		want := map[string]bool{}
		for j := range part.Len() {
			if meetsPlainly(part.At(j).Geometry.(orb.MultiPolygon), box) {
				want[string(part.At(j).Code)] = true
			}
		}
		fc := getJSON[featureCollection](t, s, fmt.Sprintf("/collections/cells/items?limit=10000&bbox=%v,%v,%v,%v", box.Min[0], box.Min[1], box.Max[0], box.Max[1]))
		if len(fc.Features) != len(want) || fc.NumberMatched != len(want) {
			t.Errorf("%d features in %v, want %d", len(fc.Features), box, len(want))
		}
		for _, f := range fc.Features {
			if !want[f.ID] {
				t.Errorf("%s does not meet %v", f.ID, box)
			}
		}
	}
}

// meetsPlainly says whether a polygon meets a box, by cutting each edge with each side.
func meetsPlainly(mp orb.MultiPolygon, b orb.Bound) bool {
	corners := []orb.Point{b.Min, {b.Max[0], b.Min[1]}, b.Max, {b.Min[0], b.Max[1]}, b.Min}
	for _, p := range mp {
		for _, r := range p {
			for i := 1; i < len(r); i++ {
				if b.Contains(r[i]) {
					return true
				}
				for j := 1; j < len(corners); j++ {
					p, q, u, v := r[i-1], r[i], corners[j-1], corners[j]
					if geo.Orient(p, q, u)*geo.Orient(p, q, v) <= 0 && geo.Orient(u, v, p)*geo.Orient(u, v, q) <= 0 {
						return true
					}
				}
			}
		}
	}
	return geo.SideOf(mp, b.Min) != geo.Outside
}

func TestBoxesOfOGCClients(t *testing.T) {
	s := demoServer(t)
	all := s.registry.Snapshot().Len(geo.Towns)
	for query, want := range map[string]int{
		"bbox=-180,-90,180,90":              all,
		"bbox=-180,-90,0,180,90,9000":       all,
		"bbox=177,65,-177,70":               0,
		"bbox=-1.5,50,1.5,53":               0,
		"bbox=100,0,-100,89":                all,
		"bbox=118,28,120,30&limit=10000000": all,
		"bbox=1,2,3":                        -1,
		"bbox=1,2,3,nan":                    -1,
		"bbox=1,40,3,2":                     -1,
		"bbox=1e400,2,3,4":                  -1,
		"limit=0":                           -1,
		"limit=-1":                          -1,
		"limit=abc":                         -1,
		"limit=99999999999999999999999":     all,
		"cursor=AAAA":                       -1,
		"unknownQueryParameter=1":           -1,
		"offset=3":                          -1,
	} {
		if want < 0 {
			get(t, s, "/collections/towns/items?"+query, http.StatusBadRequest)
			continue
		}
		if fc := getJSON[featureCollection](t, s, "/collections/towns/items?"+query); fc.NumberMatched != want {
			t.Errorf("%s: %d, want %d", query, fc.NumberMatched, want)
		}
	}
}

func TestItemIsTheFeatureThatWasPublished(t *testing.T) {
	s := demoServer(t)
	part := s.registry.Snapshot().Parts(geo.Cells)[0]
	f := part.At(part.Len() / 2)
	rec := get(t, s, "/collections/cells/items/"+string(f.Code), 200)
	if ct := rec.Header().Get("Content-Type"); ct != "application/geo+json" {
		t.Errorf("Content-Type %s", ct)
	}
	var got struct {
		ID         string
		Geometry   struct{ Coordinates orb.MultiPolygon }
		Properties map[string]any
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.ID != string(f.Code) || !orb.Equal(got.Geometry.Coordinates, f.Geometry) || got.Properties["unit"] != f.Properties.Text("unit") {
		t.Errorf("%+v", got.Properties)
	}
	get(t, s, "/collections/cells/items/nothing", http.StatusNotFound)
	get(t, s, "/collections/incidents", http.StatusNotFound)
	get(t, s, "/collections/incidents/items", http.StatusNotFound)
}

// TestUnchangedAnswersAre304 asks again with the ETag of the first answer, and once
// more after a publication.
func TestUnchangedAnswersAre304(t *testing.T) {
	s := demoServer(t)
	cell := firstItem(t, s, "cells")
	town := firstItem(t, s, "towns")
	for _, path := range []string{
		"/collections/cells/items?limit=5", "/collections/cells/items/" + cell, "/tiles/cells.json", "/towns/" + town + "/compliance",
		"/style.json", "/collections", "/collections/cells", "/versions", "/tiles/cells/8/212/106.mvt",
	} {
		etag := get(t, s, path, 200).Header().Get("ETag")
		if etag == "" || strings.HasPrefix(etag, "W/") {
			t.Errorf("%s: ETag %q", path, etag)
		}
		for _, header := range []string{etag, `"x", ` + etag, "W/" + etag, "*"} {
			if rec := get(t, s, path, http.StatusNotModified, "If-None-Match", header); rec.Body.Len() != 0 || rec.Header().Get("ETag") != etag {
				t.Errorf("%s: a 304 with %d bytes", path, rec.Body.Len())
			}
		}
		get(t, s, path, 200, "If-None-Match", `"other"`)
	}
	e := emptyServer(t, Config{})
	before := get(t, e, "/collections/cells/items", 200).Header().Get("ETag")
	u := upload(t, e, cellsQuery, cellsZip(t, crs.CGCS2000().WKT(), testCell{"C1", 118.9, 29}))
	if _, err := e.registry.PublishUpload(t.Context(), u.ID, 0); err != nil {
		t.Fatal(err)
	}
	if after := get(t, e, "/collections/cells/items", 200, "If-None-Match", before).Header().Get("ETag"); after == before {
		t.Error("the ETag outlives what it stood for")
	}
}

package storetest

import (
	"fmt"
	"math"
	"testing"
	"time"

	"towngrid/data"
	"towngrid/geo"
	"towngrid/geo/intake"
)

// upload is an upload in which nothing is zero, received so many minutes after noon.
func upload(id string, minutes int) data.Upload {
	at := kept(noon().Add(time.Duration(minutes) * time.Minute))
	return data.Upload{
		ID: id, Collection: geo.Cells, Division: division, State: data.UploadNeedsChoice, Progress: 1.0 / 3,
		File: "网格\u2028.zip", Size: 1 << 40, SHA256: "00ff", Layer: "WG",
		Encoding: intake.Evidence{Name: "GB18030", Evidence: geo.Text{ZH: "由 .cpg 得知", EN: "said by the .cpg"}},
		CRS:      intake.Evidence{Name: "EPSG:4528", Evidence: geo.Text{ZH: "由 .prj 得知", EN: "said by the .prj"}},
		Counts:   intake.Counts{Records: 10, Features: 8, Refused: 2}, Base: 3, Version: "v", Author: "规划员",
		Choice: intake.Choice{Layer: "WG", CRS: "EPSG:4528", Encoding: "GBK", Fields: map[string]string{"code": "WGBM"}, CodeSystem: geo.LandUse2023, Force: true},
		Question: &intake.Question{About: intake.AboutCRS, Text: geo.Text{ZH: "哪一个？", EN: "which?"},
			Options: []intake.Option{{Value: "EPSG:4528", Label: geo.Text{ZH: "带号", EN: "with zone"}}}},
		Created: at, Updated: at.Add(time.Second),
		Violations: []geo.Violation{
			geo.Breach("gap", geo.Warning, geo.Text{ZH: "缝隙", EN: "a gap"}, geo.Text{}),
			geo.Breach("self_crossing", geo.Refusal, geo.Text{ZH: "自相交", EN: "it crosses itself"}, geo.Text{ZH: "改", EN: "mend it"}).
				At(12, 0, 34).On(118.9, math.Nextafter(29, 30)).In("WG.shp"),
		},
		Truncated: true,
	}
}

// testUploads: an upload comes back as it was last saved.
func testUploads(t *testing.T, e Engine) {
	s, ctx := e.Open(t), t.Context()
	get := func(id string) data.Upload {
		u, err := s.Upload(ctx, id)
		must(t, err)
		return u
	}
	recent := func(limit int) (ids []string) {
		us, err := s.RecentUploads(ctx, limit)
		must(t, err)
		for _, u := range us {
			ids = append(ids, u.ID)
			if u.Violations != nil {
				t.Errorf("the list shows violations of %s", u.ID)
			}
		}
		return ids
	}
	for i, id := range []string{"b", "a", "d", "c"} {
		must(t, s.SaveUpload(ctx, upload(id, i)))
	}
	same(t, "an upload", upload("d", 2), get("d"))
	same(t, "the newest first", []string{"c", "d", "a", "b"}, recent(0))
	same(t, "the newest two", []string{"c", "d"}, recent(2))

	u := upload("a", 1)
	u.State, u.Question, u.Violations, u.Choice, u.Truncated = data.UploadPublished, nil, nil, intake.Choice{}, false
	must(t, s.SaveUpload(ctx, u))
	same(t, "an upload saved again", u, get("a"))
	same(t, "the list has it once, in its place", []string{"c", "d", "a", "b"}, recent(0))

	must(t, s.ForgetUpload(ctx, "d"))
	must(t, s.ForgetUpload(ctx, "d")) // it is gone already
	_, err := s.Upload(ctx, "d")
	isError(t, "an upload that was forgotten", err, data.ErrNotFound)
	same(t, "the list without it", []string{"c", "a", "b"}, recent(0))

	many := upload("m", 10)
	for i := range 10_000 {
		many.Violations = append(many.Violations, geo.Breach("overlap", geo.Refusal,
			geo.Textf("与 %d 重叠", "it overlaps %d", i), geo.Text{}).At(i+1, geo.None, geo.None).On(118+float64(i)/7e4, 29))
	}
	must(t, s.SaveUpload(ctx, many))
	same(t, "an upload with 10,000 violations", many, get("m"))
	_, err = s.Upload(ctx, "")
	isError(t, "an upload without an ID", err, data.ErrNotFound)
	together(8, func(i int) { must(t, s.SaveUpload(ctx, upload(fmt.Sprint("race", i%2), i))) })
	if n := len(recent(0)); n != 6 {
		t.Errorf("there are %d uploads and not 6", n)
	}
}

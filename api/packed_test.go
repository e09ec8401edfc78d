package api

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// unpackedBody is a body without what its Content-Encoding says.
func unpackedBody(t *testing.T, encoding string, body []byte) string {
	t.Helper()
	var r io.Reader = bytes.NewReader(body)
	var err error
	switch encoding {
	case "gzip":
		r, err = gzip.NewReader(r)
	case "zstd":
		var z *zstd.Decoder
		if z, err = zstd.NewReader(r); err == nil {
			defer z.Close()
			r = z
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(all)
}

// TestDocumentsArePacked asks for documents in each packing: the same text, under an ETag of its own, and
// nothing packed that is small, a refusal or a workbook.
func TestDocumentsArePacked(t *testing.T) {
	s := demoServer(t)
	town := firstItem(t, s, "towns")
	for path, packs := range map[string]bool{
		"/collections": true, "/collections/cells/items?limit=50": true, "/collections/cells/items/" + firstItem(t, s, "cells"): true, "/style.json": true, "/api": true,
		"/tiles/towns,units,cells.json": true, "/versions": true, "/nearest?lon=118.9&lat=29&limit=100": true, "/towns/" + town + "/compliance": true, "/towns/" + town + "/compliance?f=html": true,
		"/towns/" + town + "/compliance?f=xlsx": false, "/conformance": false, "/nearest?lon=118.9&lat=29&limit=1": false,
	} {
		plain := get(t, s, path, http.StatusOK)
		if e := plain.Header().Get("Content-Encoding"); e != "" {
			t.Errorf("%s: %s for nobody", path, e)
		}
		for accept, want := range map[string]string{"gzip, deflate, br": "gzip", "gzip, deflate, br, zstd": "zstd", "zstd;q=0.1, gzip": "gzip", "br": "", "gzip;q=0": ""} {
			rec := get(t, s, path, http.StatusOK, "Accept-Encoding", accept)
			h := rec.Header()
			encoding, tag := h.Get("Content-Encoding"), h.Get("ETag")
			if packs && encoding != want || !packs && encoding != "" {
				t.Errorf("%s: %q for %q", path, encoding, accept)
			}
			if encoding != "" && (h.Get("Content-Length") != strconv.Itoa(rec.Body.Len()) || rec.Body.Len() >= plain.Body.Len()) {
				t.Errorf("%s: %s bytes said, %d of %d given", path, h.Get("Content-Length"), rec.Body.Len(), plain.Body.Len())
			}
			if got := unpackedBody(t, encoding, rec.Body.Bytes()); got != plain.Body.String() {
				t.Errorf("%s: another text in %q", path, encoding)
			}
			if !strings.Contains(strings.Join(h.Values("Vary"), ","), "Accept-Encoding") {
				t.Errorf("%s varies by %v", path, h.Values("Vary"))
			}
			if tag == "" {
				continue
			}
			if (tag == plain.Header().Get("ETag")) != (want == "") {
				t.Errorf("%s: %q has the ETag %s", path, encoding, tag)
			}
			if rec := get(t, s, path, http.StatusNotModified, "Accept-Encoding", accept, "If-None-Match", tag); rec.Body.Len() != 0 || rec.Header().Get("ETag") != tag || rec.Header().Get("Content-Encoding") != "" {
				t.Errorf("%s: a 304 of %d bytes with %v", path, rec.Body.Len(), rec.Header())
			}
		}
	}
	for path, status := range map[string]int{"/collections/roads/items": 404, "/tiles/cells.json?properties=" + strings.Repeat("code,", 500): 400} {
		if rec := get(t, s, path, status, "Accept-Encoding", "gzip"); rec.Header().Get("Content-Encoding") != "" || !strings.HasPrefix(rec.Body.String(), "{") {
			t.Errorf("%s: %v", path, rec.Header())
		}
	}
}

// TestPackersAreLentToOneAtATime asks from many sides at once.
func TestPackersAreLentToOneAtATime(t *testing.T) {
	s := demoServer(t)
	paths := []string{"/collections/cells/items?limit=20", "/collections/units/items?limit=20", "/style.json"}
	var all sync.WaitGroup
	for i := range 8 {
		path, encoding := paths[i%3], []string{"gzip", "zstd"}[i%2]
		want := get(t, s, path, http.StatusOK).Body.String()
		all.Go(func() {
			for range 20 {
				rec := send(t, s, http.MethodGet, path, "", "Accept-Encoding", encoding)
				if got := unpackedBody(t, rec.Header().Get("Content-Encoding"), rec.Body.Bytes()); got != want {
					t.Errorf("%s in %s: another text", path, encoding)
				}
			}
		})
	}
	all.Wait()
}

package web

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// coding is a content coding in which a file is stored.
type coding string

const (
	identity coding = ""
	gzip     coding = "gzip"
	brotli   coding = "br"
)

// formOf splits the name of a stored form into the file's own name and its coding.
func formOf(name string) (string, coding) {
	if plain, ok := strings.CutSuffix(name, ".gz"); ok {
		return plain, gzip
	}
	if plain, ok := strings.CutSuffix(name, ".br"); ok {
		return plain, brotli
	}
	return name, identity
}

// file is one file of the application in the codings it is stored in.
type file struct {
	mediaType string
	// lasting says that the name changes with the content.
	lasting bool
	forms   map[coding]form
}

// form is a file's bytes in one coding, and their strong entity tag.
type form struct {
	body []byte
	etag string
}

func newFile(name string) *file {
	return &file{
		mediaType: mediaType(name),
		lasting:   strings.HasPrefix(name, "assets/"),
		forms:     map[coding]form{},
	}
}

func (f *file) set(c coding, body []byte) {
	sum := sha256.Sum256(body)
	f.forms[c] = form{body: body, etag: `"` + hex.EncodeToString(sum[:16]) + `"`}
}

// mediaType is fixed here rather than asked of the machine, whose tables differ.
func mediaType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".json":
		return "application/json"
	case ".png":
		return "image/png"
	}
	return "application/octet-stream"
}

// cacheControl lets a file whose name changes with its content be kept for a year,
// and any other be kept but asked after each time.
func (f *file) cacheControl() string {
	if f.lasting {
		return "public, max-age=31536000, immutable"
	}
	return "no-cache"
}

// serve writes the form that the caller prefers, or 304 where the caller has it.
func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	c := f.choose(r.Header.Values("Accept-Encoding"))
	stored := f.forms[c]
	h := w.Header()
	h.Set("Cache-Control", f.cacheControl())
	h.Set("ETag", stored.etag)
	h.Add("Vary", "Accept-Encoding")
	if holds(r.Header.Values("If-None-Match"), stored.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", f.mediaType)
	h.Set("Content-Length", strconv.Itoa(len(stored.body)))
	if c != identity {
		h.Set("Content-Encoding", string(c))
	}
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return
	}
	// The caller may have gone; there is nobody left to tell.
	_, _ = w.Write(stored.body)
}

// choose picks the stored coding with the highest quality value; Brotli before gzip
// where they are equal. The plain form serves everyone who names no other (RFC 9110, 12.5.3).
func (f *file) choose(accept []string) coding {
	best, quality := identity, 0.0
	for _, c := range []coding{brotli, gzip} {
		if _, ok := f.forms[c]; !ok {
			continue
		}
		if q := qualityOf(accept, c); q > quality {
			best, quality = c, q
		}
	}
	if best != identity && qualityOf(accept, "identity") > quality {
		return identity
	}
	return best
}

// qualityOf is the quality value that Accept-Encoding gives a coding: its own, else
// that of "*", else 0. A value that is none counts as 0.
func qualityOf(accept []string, c coding) float64 {
	star := 0.0
	for _, header := range accept {
		for item := range strings.SplitSeq(header, ",") {
			name, parameter, _ := strings.Cut(item, ";")
			switch strings.ToLower(strings.TrimSpace(name)) {
			case string(c):
				return quality(parameter)
			case "*":
				star = quality(parameter)
			}
		}
	}
	if c == "identity" {
		return 0
	}
	return star
}

func quality(parameter string) float64 {
	parameter = strings.ToLower(strings.TrimSpace(parameter))
	if parameter == "" {
		return 1
	}
	value, ok := strings.CutPrefix(parameter, "q=")
	q, err := strconv.ParseFloat(value, 64)
	if !ok || err != nil || !(q >= 0 && q <= 1) {
		return 0
	}
	return q
}

// holds says whether an If-None-Match names the tag; weak tags are compared as strong ones.
func holds(headers []string, etag string) bool {
	for _, header := range headers {
		for item := range strings.SplitSeq(header, ",") {
			item = strings.TrimSpace(item)
			if item == "*" || strings.TrimPrefix(item, "W/") == etag {
				return true
			}
		}
	}
	return false
}

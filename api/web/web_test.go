package web

import (
	"bytes"
	stdgzip "compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

const script = "console.log(1)"

func builtFiles() fstest.MapFS {
	return fstest.MapFS{
		unbuilt:                   {Data: []byte("how to build")},
		"dist/.gitkeep":           {},
		"dist/index.html":         {Data: []byte("<!doctype html>")},
		"dist/assets/a-1.js":      {Data: []byte(script)},
		"dist/assets/a-1.js.gz":   {Data: []byte("gzip form")},
		"dist/assets/a-1.js.br":   {Data: []byte("brotli form")},
		"dist/assets/b-2.css":     {Data: []byte("p{}")},
		"dist/assets/c-3.svg":     {Data: []byte("<svg/>")},
		"dist/assets/d-4.unknown": {Data: []byte("?")},
	}
}

func open(t *testing.T, fsys fs.FS) *site {
	t.Helper()
	s, err := newSite(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ask(h http.Handler, method, path string, header ...string) *http.Response {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestPaths(t *testing.T) {
	s := open(t, builtFiles())
	for _, c := range []struct {
		path, mediaType, cache string
		status                 int
	}{
		{"/", "text/html; charset=utf-8", "no-cache", 200},
		{"/index.html", "text/html; charset=utf-8", "no-cache", 200},
		{"/assets/a-1.js", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable", 200},
		{"/assets/b-2.css", "text/css; charset=utf-8", "public, max-age=31536000, immutable", 200},
		{"/assets/c-3.svg", "image/svg+xml", "public, max-age=31536000, immutable", 200},
		{"/assets/d-4.unknown", "application/octet-stream", "public, max-age=31536000, immutable", 200},
		{"/assets/a-1.js.gz", "text/plain; charset=utf-8", "no-store", 404},
		{"/assets/", "text/plain; charset=utf-8", "no-store", 404},
		{"/assets/../index.html", "text/plain; charset=utf-8", "no-store", 404},
		{"/.gitkeep", "text/plain; charset=utf-8", "no-store", 404},
		{"/dist/index.html", "text/plain; charset=utf-8", "no-store", 404},
	} {
		r := ask(s, http.MethodGet, c.path)
		if r.StatusCode != c.status || r.Header.Get("Content-Type") != c.mediaType || r.Header.Get("Cache-Control") != c.cache {
			t.Errorf("%s: %d %q %q, want %d %q %q", c.path, r.StatusCode, r.Header.Get("Content-Type"),
				r.Header.Get("Cache-Control"), c.status, c.mediaType, c.cache)
		}
		if r.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: the type may be sniffed", c.path)
		}
	}
}

func TestCoding(t *testing.T) {
	s := open(t, builtFiles())
	for _, c := range []struct{ accept, coding string }{
		{"", ""},
		{"identity", ""},
		{"gzip", "gzip"},
		{"br", "br"},
		{"gzip, deflate, br, zstd", "br"},
		{"br;q=0.5, gzip;q=0.8", "gzip"},
		{"br;q=0, gzip", "gzip"},
		{"br;q=0, gzip;q=0", ""},
		{"*", "br"},
		{"br;q=0, *;q=0.1", "gzip"},
		{"GZIP", "gzip"},
		{"gzip;q=0.5, identity", ""},
		{"gzip;q=2", ""},
		{"gzip;q=NaN", ""},
		{"gzip;level=9", ""},
		{"zstd", ""},
		{",;,;q=1,", ""},
	} {
		r := ask(s, http.MethodGet, "/assets/a-1.js", "Accept-Encoding", c.accept)
		want := map[string]string{"": script, "gzip": "gzip form", "br": "brotli form"}[c.coding]
		if got := body(t, r); r.Header.Get("Content-Encoding") != c.coding || got != want {
			t.Errorf("%q: %q %q, want %q %q", c.accept, r.Header.Get("Content-Encoding"), got, c.coding, want)
		}
		if r.Header.Get("Vary") != "Accept-Encoding" || r.ContentLength != int64(len(want)) {
			t.Errorf("%q: Vary %q, length %d", c.accept, r.Header.Get("Vary"), r.ContentLength)
		}
	}
}

func TestCodingOnlyWhereStored(t *testing.T) {
	r := ask(open(t, builtFiles()), http.MethodGet, "/assets/b-2.css", "Accept-Encoding", "br, gzip")
	if got := r.Header.Get("Content-Encoding"); got != "" || body(t, r) != "p{}" {
		t.Errorf("a file without other forms came in coding %q", got)
	}
}

func TestNotModified(t *testing.T) {
	s := open(t, builtFiles())
	plain := ask(s, http.MethodGet, "/assets/a-1.js").Header.Get("ETag")
	packed := ask(s, http.MethodGet, "/assets/a-1.js", "Accept-Encoding", "br").Header.Get("ETag")
	if plain == packed || !regexp.MustCompile(`^"[0-9a-f]{32}"$`).MatchString(plain) {
		t.Fatalf("tags %s and %s must be strong and differ by coding", plain, packed)
	}
	for _, c := range []struct {
		tag    string
		status int
	}{
		{plain, 304}, {"W/" + plain, 304}, {`"x", ` + plain, 304}, {"*", 304}, {packed, 200}, {`"x"`, 200}, {"", 200},
	} {
		r := ask(s, http.MethodGet, "/assets/a-1.js", "If-None-Match", c.tag)
		if r.StatusCode != c.status || r.Header.Get("ETag") != plain {
			t.Errorf("If-None-Match %s: %d, want %d", c.tag, r.StatusCode, c.status)
		}
		if r.StatusCode == 304 && body(t, r) != "" {
			t.Errorf("If-None-Match %s: a 304 with a body", c.tag)
		}
	}
}

func TestMethods(t *testing.T) {
	s := open(t, builtFiles())
	head := ask(s, http.MethodHead, "/assets/a-1.js")
	if head.StatusCode != 200 || head.ContentLength != int64(len(script)) || body(t, head) != "" {
		t.Errorf("HEAD: %d, length %d", head.StatusCode, head.ContentLength)
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions} {
		r := ask(s, method, "/")
		if r.StatusCode != http.StatusMethodNotAllowed || r.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: %d, Allow %q", method, r.StatusCode, r.Header.Get("Allow"))
		}
	}
}

func TestPolicy(t *testing.T) {
	for _, path := range []string{"/", "/assets/a-1.js"} {
		got := ask(open(t, builtFiles()), http.MethodGet, path).Header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'self'", "worker-src 'self'", "img-src 'self' data: blob:", "object-src 'none'"} {
			if !strings.Contains(got, want) {
				t.Errorf("%s: policy %q lacks %q", path, got, want)
			}
		}
		if strings.Contains(got, "unsafe-eval") || strings.Contains(got, "script-src") {
			t.Errorf("%s: policy %q widens what scripts may run", path, got)
		}
	}
}

func TestWithoutBuild(t *testing.T) {
	fsys := builtFiles()
	delete(fsys, built)
	s := open(t, fsys)
	r := ask(s, http.MethodGet, "/", "Accept-Encoding", "br, gzip")
	if r.StatusCode != 200 || r.Header.Get("Cache-Control") != "no-cache" || body(t, r) != "how to build" {
		t.Errorf("no page for a program without the application: %d", r.StatusCode)
	}
	if r := ask(s, http.MethodGet, "/assets/a-1.js"); r.StatusCode != 404 {
		t.Errorf("a part of a build without its page was served: %d", r.StatusCode)
	}
}

func TestUnbuiltPageSpeaksBothLanguages(t *testing.T) {
	page, err := fs.ReadFile(files, unbuilt)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"npm ci", "npm run build", "地图应用尚未构建", "has not been built", `lang="en"`} {
		if !bytes.Contains(page, []byte(want)) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if regexp.MustCompile(`(?i)(src|href)="?(https?:)?//`).Match(page) {
		t.Error("the page refers to another site")
	}
}

// TestEmbedded holds for a program with and without the application; CI runs it with.
func TestEmbedded(t *testing.T) {
	page := body(t, ask(Handler(), http.MethodGet, "/"))
	if !Built() {
		if !strings.Contains(page, "npm run build") {
			t.Error("without the application the page must say how to build it")
		}
		const missing = "the map application is not built, so its files were not checked: run npm ci && npm run build in api/web"
		if os.Getenv("TOWNGRID_REQUIRE_TOOLS") == "1" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	parts := regexp.MustCompile(`(?:src|href)="\./(assets/[^"]+)"`).FindAllStringSubmatch(page, -1)
	if len(parts) < 3 {
		t.Fatalf("the page names %d parts, want script, styles and icon:\n%s", len(parts), page)
	}
	for _, part := range parts {
		path := "/" + part[1]
		plain := body(t, ask(Handler(), http.MethodGet, path))
		packed, err := stdgzip.NewReader(ask(Handler(), http.MethodGet, path, "Accept-Encoding", "gzip").Body)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		unpacked, err := io.ReadAll(packed)
		if err != nil || string(unpacked) != plain || plain == "" {
			t.Errorf("%s: the gzip form is not the plain one (%v)", path, err)
		}
		if ask(Handler(), http.MethodGet, path, "Accept-Encoding", "br").Header.Get("Content-Encoding") != "br" {
			t.Errorf("%s: no Brotli form", path)
		}
	}
}

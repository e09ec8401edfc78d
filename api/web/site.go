package web

import (
	"errors"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

const (
	built   = "dist/index.html"
	unbuilt = "static/unbuilt.html"
)

// policy lets the page load from the service alone: no script within the text, no
// eval, no frame on another site. MapLibre needs pictures from data and blob
// addresses, its worker is a file of the build.
const policy = "default-src 'self'; worker-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; " +
	"base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'self'"

// site is the files of the application by the path under which they are served.
type site struct{ files map[string]*file }

// newSite reads the application from fsys: dist where it holds a built page, else
// the page that says how to build it.
func newSite(fsys fs.FS) (*site, error) {
	if _, err := fs.Stat(fsys, built); errors.Is(err, fs.ErrNotExist) {
		return newUnbuilt(fsys)
	}
	dist, err := fs.Sub(fsys, path.Dir(built))
	if err != nil {
		return nil, err
	}
	s := &site{files: map[string]*file{}}
	err = fs.WalkDir(dist, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		return s.add(dist, name)
	})
	if err != nil {
		return nil, err
	}
	s.files["/"] = s.files["/index.html"]
	return s, nil
}

func newUnbuilt(fsys fs.FS) (*site, error) {
	page, err := fs.ReadFile(fsys, unbuilt)
	if err != nil {
		return nil, err
	}
	f := newFile("index.html")
	f.set(identity, page)
	return &site{files: map[string]*file{"/": f, "/index.html": f}}, nil
}

// add takes one file of the build; name.gz and name.br are forms of the file name.
func (s *site) add(dist fs.FS, name string) error {
	body, err := fs.ReadFile(dist, name)
	if err != nil {
		return err
	}
	plain, coding := formOf(name)
	f := s.files["/"+plain]
	if f == nil {
		f = newFile(plain)
		s.files["/"+plain] = f
	}
	f.set(coding, body)
	return nil
}

// ServeHTTP answers one request.
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "此地址只能读取 / this address can only be read", http.StatusMethodNotAllowed)
		return
	}
	f := s.files[r.URL.Path]
	if f == nil {
		h.Set("Cache-Control", "no-store")
		http.Error(w, "没有这个文件 / there is no such file", http.StatusNotFound)
		return
	}
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "same-origin")
	f.serve(w, r)
}

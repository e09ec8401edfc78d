// Package web carries the map application in the binary and serves it: a page in
// TypeScript, built by Vite into dist. dist is not kept with the source; a program
// compiled without it serves a page that says how to build it.
package web

import (
	"embed"
	"io/fs"
	"net/http"
	"sync"
)

// files holds the page for a program without the application, and the application
// where it was built; dist/.gitkeep keeps the pattern valid where it was not.
//
//go:embed static all:dist
var files embed.FS

// embedded reads the files once; they cannot change while the program runs.
var embedded = sync.OnceValues(func() (*site, error) { return newSite(files) })

// Handler serves the map application that was compiled into the program: the page
// at / and /index.html, its parts under /assets/. It answers GET and HEAD, 404 for
// any other path and 405 for any other method.
func Handler() http.Handler {
	s, err := embedded()
	if err != nil {
		// Only a folder missing from the binary can bring this about, which the compiler rules out.
		panic(err)
	}
	return s
}

// Built says whether the program was compiled with the built map application.
func Built() bool {
	_, err := fs.Stat(files, built)
	return err == nil
}

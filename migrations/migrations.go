// Package migrations holds the SQL that makes and changes the stores' tables, one
// folder for each engine, applied in the order of the files' numbers. A file that
// was released is never edited: a change is a new file. There is no way back down;
// the way back is a backup.
package migrations

import (
	"embed"
	"io/fs"
)

//go:embed gpkg/*.sql postgis/*.sql
var files embed.FS

// GPKG holds the migrations of the GeoPackage engine.
func GPKG() fs.FS { return folder("gpkg") }

// PostGIS holds the migrations of the PostGIS engine.
func PostGIS() fs.FS { return folder("postgis") }

func folder(name string) fs.FS {
	sub, err := fs.Sub(files, name)
	if err != nil {
		panic(err) // the name is a constant that was embedded
	}
	return sub
}
